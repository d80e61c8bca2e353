"""The command line: `irtrack track`, `check`, `convert`, `fetch`, `trax`, `doctor`."""
