"""The paper's study: what only its experiments, ablations, compared methods and recipes need."""
