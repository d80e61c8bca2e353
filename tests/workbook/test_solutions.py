"""The exercises' solutions run, and answer every exercise of their notebook."""

import re

import jupytext
import pytest

from irtrack_core import workbook
from irtrack_core.workbook import runner

ROOT = workbook.find_root()
SOLUTIONS = sorted((ROOT / "notebooks" / "solutions").glob("*.py"))
SOURCES = {path.stem: path for path in runner.sources()}


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_run_and_answer_every_exercise(path, capsys):
    asked = SOURCES[path.stem].read_text(encoding="utf-8").split("**Exercises.**")[1].split("# %%")[0]
    notebook = jupytext.read(path, fmt="py:percent")
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    numbers = re.findall(r"(?:^|[\s#])([1-9])\. [A-Z`\"]", asked)
    assert numbers and re.findall(r"^## (\d)$", text, re.M) == numbers
    names = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, path.name, "exec"), names)
