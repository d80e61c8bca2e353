"""A small lab and its submissions, for tests of the grader."""

import json

from irtrack_core.teaching import build, lab

SOURCE = '''# %% [markdown]
# # A lab

# %% tags=["student"]
STUDENT = ""  # your id

# %% tags=["setup"]
import zlib

seed = zlib.crc32(STUDENT.encode()) % 1000

# %% tags=["task"]
# task: double (2 points)
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% tags=["try"]
assert double(0) == 0

# %% tags=["check"]
OWN = ["irtrack_core.boxes:centers"]
MISTAKES = [("this is the square", 0, "2 * x", "x * x")]


def check(marks):
    marks.same("double", 4, points=1, what="four doubled")
    marks.same("double", 5, points=1, what="five doubled")

# %% tags=["setup"]
offset = seed + 1

# %% tags=["task"]
# task: number (1 point)
### BEGIN SOLUTION
number = offset + 2
### END SOLUTION

# %% tags=["check"]
OWN = []
MISTAKES = []


def check(marks):
    marks.value("number", points=1, what="your number")

# %% [markdown] tags=["answer"]
# **Answer why (2 points)** Why?

# %% [markdown] tags=["rubric"]
# Secret rubric.
'''
LAB = lab.parse(SOURCE, "lab9_toy")
RIGHT = {task.name: task.solution for task in LAB.tasks}


def notebook(student, **cells):
    """A submission: right but for the cells that are given by task."""
    return build.filled(LAB, student, RIGHT | cells)


def put(folder, name, made):
    """Write a notebook, or any text, into the folder; returns its path."""
    path = folder / f"{name}.ipynb"
    path.write_text(made if isinstance(made, str) else json.dumps(made))
    return path
