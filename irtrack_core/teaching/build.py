"""Notebooks of a lab: the students' copy, the solution sheet, nbgrader's source."""

import hashlib

import nbformat

from irtrack_core.teaching.lab import SOLUTION
from irtrack_core.whole_files import write_whole
from irtrack_core.workbook.runner import KERNEL

KINDS = ("release", "solution", "nbgrader")
LOCKED = ("setup", "look", "try", "")  # cells that a student does not need to change
OPEN = ("look", "task", "try")  # cells that fail until their task is done: *Run all* then goes on to the next task
WRITE = "\n\n*Write here.*"


def notebook(lab, kind):
    """The notebook of a Lab as a NotebookNode. kind: "release", "solution" or "nbgrader"."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    cells = []
    for cell in lab.cells:
        cells += _cells(lab, cell, kind)
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}, "irtrack": {"lab": lab.name, "kind": kind}}
    )
    for number, one in enumerate(cells):
        one.id = hashlib.sha256(f"{lab.name} {number} {one.cell_type}".encode()).hexdigest()[:10]
    return made


def write(lab, kind, path):
    """Write the notebook of a Lab; returns the path."""
    return write_whole(path, (nbformat.writes(notebook(lab, kind)) + "\n").encode())


def _cells(lab, cell, kind):
    """The cells of one of the source's."""
    if cell.tag == "check":
        return _nbgrader_check(lab, cell.name) if kind == "nbgrader" else []
    if cell.tag == "rubric" and kind != "solution":
        return []
    source = cell.source
    if cell.tag == "task" and kind != "nbgrader":
        task = next(one for one in lab.tasks if one.name == cell.name)
        source = (task.stub if kind == "release" else task.solution).rstrip("\n")
    if cell.tag == "answer" and kind != "solution":
        source += WRITE
    text = cell.tag in ("", "answer", "rubric")
    made = (nbformat.v4.new_markdown_cell if text else nbformat.v4.new_code_cell)(source)
    made.metadata = nbformat.from_dict({"irtrack": {"tag": cell.tag, "name": cell.name}})
    if cell.tag in LOCKED:
        made.metadata |= {"editable": False, "deletable": False}
    if kind != "solution" and cell.tag in OPEN:
        made.metadata["tags"] = ["raises-exception"]
    if kind == "nbgrader" and cell.tag == "task":
        made.metadata["nbgrader"] = _nbgrader(cell.name, solution=True)
    if kind == "nbgrader" and cell.tag == "answer":
        made.metadata["nbgrader"] = _nbgrader(cell.name, solution=True, points=lab.answers[cell.name])
    return [made]


def _nbgrader_check(lab, name):
    """nbgrader's own test of a task: its hidden part asks our checks, and its value is the points."""
    task = next(one for one in lab.tasks if one.name == name)
    lines = [
        f"# tests of {name}",
        "### BEGIN HIDDEN TESTS",
        "from irtrack_core.teaching.grade import points_of",
        f"points_of({lab.name!r}, {name!r}, globals())",
        "### END HIDDEN TESTS",
    ]
    made = nbformat.v4.new_code_cell("\n".join(lines))
    made.metadata["nbgrader"] = _nbgrader(f"{name}_tests", points=task.points)
    return [made]


def _nbgrader(name, *, solution=False, points=None):
    known = {"schema_version": 3, "grade_id": name, "solution": solution, "task": False, "locked": not solution}
    return nbformat.from_dict(known | {"grade": points is not None} | ({} if points is None else {"points": points}))


def filled(lab, student, cells=None):
    """A submission as a NotebookNode: the students' notebook with an id and, by task, the source of some cells.

    cells: {task: source}; None: all solutions. For tests and benchmarks.
    """
    made = notebook(lab, "release")
    chosen = (
        {task.name: SOLUTION.sub(lambda found: found[2], task.source) for task in lab.tasks} if cells is None else cells
    )
    for cell in made.cells:
        known = cell.metadata["irtrack"]
        if known["tag"] == "student":
            cell.source = cell.source.replace('STUDENT = ""', f"STUDENT = {student!r}")
        if known["tag"] == "task" and known["name"] in chosen:
            cell.source = chosen[known["name"]]
    return made
