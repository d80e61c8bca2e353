"""Notebooks that were saved or joined in ways that no lab foresaw: what was done is graded, and what was odd is noted."""

import labs as toy
import pytest

from irtrack_core.teaching import grade
from irtrack_core.teaching.session import Inside


def graded(tmp_path, change):
    made = toy.notebook("s")
    change({cell.metadata.irtrack.tag + cell.metadata.irtrack.name: cell for cell in made.cells}, made)
    return grade.one(toy.put(tmp_path, "one", made), toy.LAB, Inside)


def _annotated(cells, made):
    cells["student"].source = 'STUDENT: str = "s"  # me'


def _joined(cells, made):
    cells["taskdouble"].source += "\n\n" + cells["tasknumber"].source
    made.cells.remove(cells["tasknumber"])


def _joined_bare(cells, made):
    """Without the lines that name the tasks, and without metadata."""
    _joined(cells, made)
    cells["taskdouble"].source = cells["taskdouble"].source.replace("# task: ", "# ")
    cells["taskdouble"].metadata = {}


def _text(cells, made):
    cell = cells["taskdouble"]
    cell.cell_type = "markdown"
    del cell["outputs"], cell["execution_count"]


@pytest.mark.parametrize(
    "change, note",
    [
        (_annotated, ""),
        (_joined, "number is in the cell of another task"),
        (_joined_bare, "number is in the cell of another task"),
        (_text, "the cell of double was saved as text"),
    ],
)
def test_what_was_done_is_graded(tmp_path, change, note):
    result = graded(tmp_path, change)
    assert (result["total"], result["student"], result["error"]) == (3, "s", "")
    assert note in " ".join(result["notes"]) and bool(note) == bool(result["notes"])


@pytest.mark.parametrize(
    "end, total",
    [
        ("plt.plot(double(3))", 3),  # no such name
        ("assert double(1) == 3", 3),
        ("raise SystemExit", 3),
        ("del double\nunknown", 1),
        ("double = 3 +", 1),
    ],
)
def test_a_cell_that_fails_behind_its_definition(tmp_path, end, total):
    def change(cells, made):
        cells["taskdouble"].source += "\n\n" + end

    result = graded(tmp_path, change)
    reasons = [row["why"] for row in result["tasks"]["double"] if row["why"]]
    assert result["total"] == total and reasons
    assert reasons[0].startswith("it fails in the end, and what it defined is graded: ") == (total == 3)


def test_a_lab_prints_nothing_where_it_is_graded(tmp_path, capsys, monkeypatch):
    talking = toy.SOURCE.replace("seed = zlib", 'print("write your id")\nseed = zlib')
    toy.lab.Solved(toy.lab.parse(talking, "lab9_toy"), "")
    assert capsys.readouterr().out == ""
