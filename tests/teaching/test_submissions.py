"""What students hand in: read whatever became of it, and what cannot be graded is told while the others are graded."""

import csv
import json
import os
import re

import labs as toy
import nbformat
import pytest

from irtrack_core.teaching import feedback, grade, submission
from irtrack_core.teaching.session import Inside


def graded(path):
    return grade.one(path, toy.LAB, Inside)


def moved(order):
    """The notebook of student s with its cells in another order."""
    made = toy.notebook("s")
    made.cells = [made.cells[i] for i in order]
    return made


def changed(change):
    made = toy.notebook("s")
    change(made)
    return made


def _bare(made):
    made.metadata = {}
    for cell in made.cells:
        cell.metadata = {}


def _kernel(made):
    made.metadata["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}


def _outputs(made):
    made.cells[3].outputs = [{"output_type": "stream", "name": "stdout", "text": "x" * 50_000_000}]


def _easier(made):
    made.cells[4].source = "assert True"
    made.cells[2].source = "seed = 0"


def _helper(made):
    made.cells.insert(
        3, type(made.cells[3])(cell_type="code", source="def two():\n    return 2", metadata={}, outputs=[])
    )
    made.cells[4].source = "# task: double (2 points)\n%matplotlib inline\ndef double(x):\n    return two() * x"


@pytest.mark.parametrize(
    "made, total, note",
    [
        (toy.notebook("s"), 3, ""),
        (toy.build.filled(toy.LAB, "s", {}), 0, ""),
        (toy.notebook(""), 3, "no student id"),
        (moved([0, 1, 5, 6, 4, 3, 2, 7]), 3, "another order"),
        (moved([0, 1, 2, 4, 5, 6, 7]), 1, "cells are missing: double"),
        (moved([0, 1, 2, 3, 3, 4, 5, 6, 7]), 3, "more than one cell: double"),
        (changed(_bare), 3, ""),
        (changed(_kernel), 3, "kernel for R"),
        (changed(_easier), 3, "graded with the lab's own"),
        (changed(_helper), 3, ""),
        (changed(_outputs), 3, ""),
        (toy.notebook("s", double="def double(x:\n    return 1"), 1, ""),
        (toy.notebook("s", double="double = 7"), 1, ""),
        (toy.notebook("s", number="number = object()"), 2, ""),
    ],
    ids=[
        *(
            "right",
            "untouched",
            "no id",
            "reordered",
            "deleted",
            "doubled",
            "no metadata",
            "other kernel",
            "tests changed",
        ),
        *("helper", "outputs", "syntax error", "no function", "object"),
    ],
)
def test_a_notebook_gets_its_points(tmp_path, made, total, note):
    result = graded(toy.put(tmp_path, "s", made))
    assert result["error"] == "" and result["total"] == total
    assert note in "; ".join(result["notes"]) and bool(note) == bool(result["notes"])
    lost = [row for rows in result["tasks"].values() for row in rows if row["got"] < row["of"]]
    assert all(row["why"] for row in lost)


def _colab(made):
    """As Colab saves: its own metadata and ids, minor format 0, sources as lists of lines; and a visible test fails."""
    made.metadata, made.nbformat_minor = {"colab": {"provenance": []}, "kernelspec": {"name": "python3"}}, 0
    for number, cell in enumerate(made.cells):
        del cell["id"]
        cell.metadata, cell.source = {"id": f"c{number}", "outputId": "x"}, cell.source.splitlines(True)
    made.cells[3].source = ["def double(x):\n", "    return 2 * x + 1"]


def _vscode(made):
    """As an editor on Windows saves: other metadata, no ids of cells, ends of lines of two characters."""
    for cell in made.cells:
        del cell["id"]
        cell.metadata, cell.source = {"vscode": {"languageId": "python"}}, cell.source.replace("\n", "\r\n")


def _scratch(made):
    """Cells of the student's own that fail: before a task, between and after all."""
    for place in (7, 5, 3):
        made.cells.insert(place, nbformat.v4.new_code_cell("undefined + 1"))


def _headless(made):
    """The line that names the task is gone, and so are the metadata: the variable tells."""
    _bare(made)
    for cell in made.cells:
        cell.source = re.sub("^# task: .*\n", "", cell.source)


@pytest.mark.parametrize(
    "change, total",
    [(_colab, 1), (_vscode, 3), (_scratch, 3), (_headless, 3)],
    ids="colab vscode scratch headless".split(),
)
def test_other_programs_and_cells_of_their_own(tmp_path, change, total):
    result = graded(toy.put(tmp_path, "s", changed(change)))
    assert result["error"] == "" and result["total"] == total and not result["notes"]


def test_a_notebook_with_a_mark_and_one_of_an_old_format(tmp_path):
    text = json.dumps(toy.notebook("s"))
    old = json.dumps(nbformat.convert(nbformat.reads(text, as_version=4), 3))
    for made in ("\ufeff" + text, old):
        assert graded(toy.put(tmp_path, "s", made))["total"] == 3
    assert "old format and damaged" in graded(toy.put(tmp_path, "s", '{"worksheets": 3, "nbformat": 3}'))["error"]


HABITS = {
    "names of Python": ("sum = 0\nmax = [1]\nint = 3", 3, ""),
    "given names": ("seed = offset = 7\nSTUDENT = 'other'", 3, ""),
    "cell magic": ("%%time", 3, ""),
    "help, a shell, a magic": ("int?\nfiles = !ls\n!pip install x\n%timeit 1 + 1", 3, ""),
    "a line that begins with a sign": ("seven = (21\n  % 14)\nassert seven == 7", 3, ""),
    "syntax": ("if True\n    pass", 1, "SyntaxError: expected ':' (task double, line 1)"),
}


@pytest.mark.parametrize("name", HABITS)
def test_habits_cost_at_most_their_task(tmp_path, name):
    first, total, why = HABITS[name]
    right = toy.RIGHT["number"].replace("offset + 2", "sum([offset, 2])")
    made = toy.notebook("s", double=f"{first}\n{toy.RIGHT['double']}", number=right)
    result = graded(toy.put(tmp_path, "s", made))
    assert result["total"] == total and why in result["tasks"]["double"][0]["why"]


ANSWERS = {
    "nothing": ("print(2 * x)", 0, "is `return` missing?"),
    "half precision": ("import numpy as np\n    return np.float32(2 * x)", 2, ""),
    "text": ("return str(2 * x)", 0, "expected another value than '"),
    "a generator": ("yield 2 * x", 0, "an object of the class generator"),
    "without end": ("return double(x)", 0, "RecursionError"),
    "the stub's line left": ("raise NotImplementedError('double')\n    return 2 * x", 0, "still stands there"),
    "equal to all": (
        "class E(int):\n        __eq__ = lambda *a: True\n        __hash__ = None\n    return E(3)",
        0,
        "than 3",
    ),
    "too large": ("import numpy as np\n    return np.zeros(9 << 20)", 0, "larger than 64 MB"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_wrong_answer_is_told_why(tmp_path, name):
    body, points, why = ANSWERS[name]
    result = graded(toy.put(tmp_path, "s", toy.notebook("s", double=f"def double(x):\n    {body}")))
    rows = result["tasks"]["double"]
    assert sum(row["got"] for row in rows) == points and all(why in row["why"] for row in rows)
    assert result["total"] == points + 1


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "the file is empty"),
        ("  \n", "the file is empty"),
        ('{"cells": [\n<<<<<<< HEAD\n1,\n=======\n2\n>>>>>>> other\n]}', "merge markers"),
        ("print(1)", "no notebook"),
        ("[1, 2]", "no notebook of format 4"),
        ('{"cells": 3}', "no notebook of format 4"),
        ('{"cells": []}', "no cell of a task"),
        ('{"cells": [1, {"cell_type": "code", "source": 5, "metadata": 7}], "metadata": 3}', "no cell of a task"),
        ('{"cells": [], "metadata": {"irtrack": {"lab": "lab1_morphology"}}}', "another lab: lab1_morphology"),
    ],
)
def test_what_cannot_be_graded_says_why(tmp_path, text, reason):
    result = graded(toy.put(tmp_path, "x", text))
    assert reason in result["error"] and result["total"] == 0


def test_other_files_and_empty_folders_are_told(tmp_path):
    (tmp_path / "anna").mkdir()
    (tmp_path / "essay.pdf").write_bytes(b"%PDF")
    (tmp_path / "bytes.ipynb").write_bytes(b"\xff\xfe\x00")
    found = {path.name: graded(path)["error"] for path in grade.find(tmp_path, tmp_path / "out")}
    assert (
        "no notebook is in it" in found["anna"]
        and ".pdf is no notebook" in found["essay.pdf"]
        and "not even text" in found["bytes.ipynb"]
    )
    with pytest.raises(FileNotFoundError, match="is empty"):
        grade.find(tmp_path / "anna", tmp_path)


def results(tmp_path, **made):
    paths = [toy.put(tmp_path, name, one) for name, one in made.items()]
    return [graded(path) | {"file": path.name} for path in paths]


def test_the_table_and_the_pages(tmp_path):
    found = results(
        tmp_path, a=toy.notebook("id1"), b=toy.notebook("id1", double="def double(x):\n    return x * x"), c=""
    )
    assert feedback.write(found, toy.LAB, tmp_path / "out")
    with open(tmp_path / "out" / "grades.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["total"] for row in rows] == ["3", "1", "0"] and rows[0]["why (by hand)"] == ""
    assert (
        rows[1]["reason"].startswith("the same student id is in a.ipynb")
        and "double: this is the square" in rows[1]["reason"]
    )
    assert rows[2]["reason"] == "the file is empty"
    page = (tmp_path / "out" / "feedback" / "b.ipynb.html").read_text()
    assert "1 of 3" in page and "this is the square" in page and "up to 2 more" in page


def test_a_page_shows_code_as_text(tmp_path):
    (found,) = results(tmp_path, a=toy.notebook("<b>x</b>", double="raise ValueError('<script>alert(1)</script>')"))
    page = feedback.page(found, toy.LAB)
    assert "<script>" not in page and "&lt;script&gt;" in page and "<b>x</b>" not in page


def test_no_formula_in_the_table(tmp_path):
    (found,) = results(tmp_path, a=toy.notebook("=1+1"))
    assert "'=1+1" in feedback.grades([found], toy.LAB) and ",=1+1" not in feedback.grades([found], toy.LAB)


def test_alike_submissions_are_listed(tmp_path):
    long = "def double(x):\n    total = 0\n" + "".join(
        f"    if x > {i}:\n        total = total + x - {i}\n" for i in range(20)
    )
    renamed = long.replace("total", "summe").replace("    if", "    # a comment\n    if")
    other = "def double(x):\n    values = [x, x]\n" + "".join(
        f"    values.append({i} * values[-1] ** 0)\n" for i in range(20)
    )
    found = results(
        tmp_path,
        a=toy.notebook("1", double=long),
        b=toy.notebook("2", double=renamed),
        c=toy.notebook("3", double=other),
    )
    rows = feedback.similar(found, toy.LAB).splitlines()[1:]
    assert rows == ["double,a.ipynb,b.ipynb,1.00"]


def test_a_full_disk_is_told_and_the_others_are_written(tmp_path, monkeypatch, capsys):
    found, write = results(tmp_path, a=toy.notebook("1"), b=toy.notebook("2")), feedback.write_whole

    def full(path, content):
        if path.name == "a.ipynb.html":
            raise OSError(28, os.strerror(28))
        return write(path, content)

    monkeypatch.setattr(feedback, "write_whole", full)
    assert not feedback.write(found, toy.LAB, tmp_path / "out")
    assert (
        "1 files could not be written" in capsys.readouterr().err
        and (tmp_path / "out" / "feedback" / "b.ipynb.html").is_file()
    )


def test_a_stopped_run_goes_on(tmp_path, monkeypatch):
    path = toy.put(tmp_path, "a", toy.notebook("1"))
    key = grade._key(path, toy.LAB)
    assert key == grade._key(path, toy.LAB)
    path.write_text(json.dumps(json.loads(path.read_text())) + " ")
    assert grade._key(path, toy.LAB) != key


def test_nbgrader_asks_the_same_checks(monkeypatch, capsys):
    monkeypatch.setattr(grade.labs, "load", lambda name: toy.LAB)
    names = {"STUDENT": "s", "double": lambda x: x * x, "number": 0}
    assert grade.points_of("lab9_toy", "double", names) == 0 and "this is the square" in capsys.readouterr().out
    assert grade.points_of("lab9_toy", "double", names | {"double": lambda x: x + x}) == 2


def test_ids(tmp_path):
    made = toy.notebook("s")
    made.cells[1].source = "STUDENT = input()"
    assert "not plain text" in submission.read(toy.put(tmp_path, "x", made), toy.LAB).notes[0]
