"""Odd answers to the labs' tasks, right and wrong ones: each gets its points, and feedback that says what is wrong."""

import re
import warnings
from pathlib import Path

import nbformat
import pytest

from irtrack_core.teaching import build, grade, lab
from irtrack_core.teaching.session import Inside

TEXT = Path(__file__).with_name("odd_answers.txt").read_text(encoding="utf-8")
ODD = {
    name: (start, task, int(points), said, code)
    for start, task, points, said, name, code in re.findall(
        r"^# %% (\w+) (\w+) (\d) \| (.*) \| (.*)\n((?:(?!# %%).*\n)+)", TEXT, re.M
    )
}


def test_there_are_ten_for_each_lab():
    labs = [start for start, *_ in ODD.values()]
    assert all(labs.count(name[:4]) >= 10 for name in lab.names()) and len(ODD) == TEXT.count("# %%")


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_gets_what_it_deserves(name, tmp_path):
    start, task, points, said, code = ODD[name]
    one = lab.load(start)
    chosen = next(each for each in one.tasks if each.name == task)
    made = build.filled(one, "s1234567")
    (cell,) = [each for each in made.cells if each.metadata.irtrack == {"tag": "task", "name": task}]
    cell.source = f"# task: {task} ({chosen.points} points)\n{code}"
    nbformat.write(made, tmp_path / "s1234567.ipynb")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of the student's own arithmetic
        result = grade.one(tmp_path / "s1234567.ipynb", one, Inside)
    rows = result["tasks"][task]
    assert sum(row["got"] for row in rows) == points, rows
    reasons = [row["why"] for row in rows if row["why"]]
    assert all(said in why for why in reasons[-1:]) and bool(reasons) == (points < chosen.points), reasons
    assert result["total"] == one.points - chosen.points + points  # it costs no other task anything
