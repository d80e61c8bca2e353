"""Labs and their grader: `python -m irtrack_core.teaching release|grade|check`, see docs/teaching.md.

A lab is one percent source in notebooks/labs/, with solutions, visible and hidden tests, points and typical mistakes (`lab`).
From it come the students' notebook, the solution sheet and nbgrader's source (`build`). The grader runs a submission's cells
in a process that holds neither solutions nor tests (`student`, `sandbox`, `session`), calls the functions in it from outside
and compares what they return with what the solution returns (`marks`).
"""
