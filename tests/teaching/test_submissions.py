"""What students hand in: read whatever became of it, and what cannot be graded is told while the others are graded."""

import csv
import json
import os

import labs as toy
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
