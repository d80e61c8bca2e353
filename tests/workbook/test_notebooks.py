"""Stored notebooks equal their sources, hold checked outputs, and give the same again when they are run."""

import json
import os
import re
import subprocess
import sys

import nbformat
import papermill
import pytest

from irtrack_core import workbook
from irtrack_core.widgets import quiz
from irtrack_core.workbook import runner
from irtrack_core.workbook.__main__ import main

ROOT = workbook.find_root()
SOURCES = {path.stem: path for path in runner.sources()}
SLUGS = sorted(SOURCES)
CHECKED = "nbval-check-output"
# Less where no checked cell tells the difference: here a notebook has to run and to say the same, and `make results` is
# there for the numbers. All else, the checked cells included, is run as it is stored.
METHODS = ["paper", "ref9"]  # of the compared methods that experiments 11-13 track
SMALLER = {slug: {"methods": METHODS} for slug in SLUGS if slug.startswith(("11", "12", "13"))}
# steps of the trainings of the profile quick
STEPS = {"05_train_the_tracker": 60, "07_compared_methods": 40, "14_ablation": 40}
SHORTER = """
from irtrack_core import config
from irtrack_core.experiments.compared import train_methods

config.PROFILES["quick"] = config.profile("quick").replace(iterations={})
train_methods.SHARES = (0.5, 1)
del config, train_methods
"""
# a figure that is saved has been drawn: it is not drawn once more below its cell
DRAWN_ONCE = """
def _draw_once():
    from matplotlib import pyplot
    from irtrack_core.workbook import Workbook

    save = Workbook.save_figure

    def save_and_close(book, figure, *words, **options):
        save(book, figure, *words, **options)
        pyplot.close(figure)

    Workbook.save_figure = save_and_close


_draw_once()
"""


def stored(slug):
    return ROOT / "notebooks" / f"{slug}.ipynb"


def cells(slug):
    return nbformat.read(stored(slug), as_version=4).cells


def checked_outputs(notebook):
    """Printed text of each cell that nbval compares."""
    tagged = [cell for cell in notebook if CHECKED in cell.metadata.get("tags", [])]
    return ["".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in c.outputs) for c in tagged]


def nbval(folder, **environment):
    """Run a folder's notebooks anew and compare their checked cells with the stored ones; returns the finished process."""
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--nbval-lax", "--nbval-current-env"]
    words += ["--nbval-sanitize-with", str(ROOT / "tests" / "nbval_sanitize.cfg"), "--nbval-cell-timeout", "1200"]
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "IRTRACK_DATA", "MPLBACKEND"))}
    surroundings |= {"IRTRACK_BATCH": "1"} | environment
    notebooks = sorted(path.name for path in folder.glob("*.ipynb"))
    command = [sys.executable, *words, "--rootdir", str(folder), "-o", "addopts=", *notebooks]
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=3000, cwd=folder)


def test_every_notebook_has_a_source_and_every_source_a_notebook():
    assert {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} == set(SLUGS)
    assert "00_start_here" in SLUGS


@pytest.mark.parametrize("slug", SLUGS)
def test_stored_notebook_equals_its_source(slug):
    def essence(notebook):
        return [(c.id, c.cell_type, c.source, c.metadata.get("tags")) for c in notebook.cells]

    there = nbformat.read(stored(slug), as_version=4)
    assert essence(there) == essence(runner.from_source(SOURCES[slug])), f"rebuild it: make notebooks NB={slug[:2]}"


@pytest.mark.parametrize("slug", SLUGS)
def test_stored_notebook_is_executed_small_and_quiet(slug):
    path = stored(slug)
    nbformat.validate(nbformat.read(path, as_version=4))
    assert path.stat().st_size < 3_000_000
    code = [cell for cell in cells(slug) if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for output in (output for cell in code for output in cell.outputs):
        assert output.output_type != "error" and output.get("name") != "stderr"
        assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
    assert "widgets" not in nbformat.read(path, as_version=4).metadata


@pytest.mark.parametrize("slug", SLUGS)
def test_stored_notebook_shows_its_figures(slug):
    drawing = [c for c in cells(slug) if c.cell_type == "code" and re.search(r"^book\.save_figure\(", c.source, re.M)]
    for cell in drawing:
        assert any("image/png" in output.get("data", {}) for output in cell.outputs), cell.source


@pytest.mark.parametrize("slug", SLUGS)
def test_stored_notebook_holds_checked_text(slug):
    texts = checked_outputs(cells(slug))
    assert texts, f"{slug} has no cell tagged {CHECKED}"
    assert all(text.strip() for text in texts), f"{slug}: a checked cell has no stored output, so it checks nothing"


@pytest.mark.parametrize("slug", SLUGS)
def test_parameters_are_annotated_literals(slug):
    known = papermill.inspect_notebook(str(stored(slug)))
    assert {"profile", "seed"} <= set(known)
    assert all(entry["inferred_type_name"] != "None" for entry in known.values()), "annotate: `seed: int = 0  # help`"
    (cell,) = [cell for cell in cells(slug) if "parameters" in cell.metadata.get("tags", [])]
    assert all(re.match(r"\w+: ?[\w\[\], |]+ = ", line) for line in cell.source.splitlines() if line.strip())


@pytest.mark.parametrize("slug", SLUGS)
def test_cells_are_short_and_lead_to_files(slug):
    code = [cell.source for cell in cells(slug) if cell.cell_type == "code"]
    assert max(len(source.splitlines()) for source in code) <= 25
    assert f'workbook.start("{slug}"' in "\n".join(code)


@pytest.fixture
def shared(tmp_path):
    """Folders of their own for what the notebooks write; those after them read it."""
    return {"IRTRACK_RESULTS": str(tmp_path / "results"), "IRTRACK_FIGURES": str(tmp_path / "figures")}


def test_running_gives_the_stored_outputs(shared, tmp_path):
    """One test for all, in their order: a notebook reads what those before it wrote, and workers share nothing."""
    for slug in SLUGS:
        notebook = papermill.iorw.load_notebook_node(str(stored(slug)))
        if slug in SMALLER:
            notebook = papermill.parameterize.parameterize_notebook(notebook, SMALLER[slug])
        first = DRAWN_ONCE + (SHORTER.format(STEPS[slug]) if slug in STEPS else "")
        notebook.cells.insert(0, nbformat.v4.new_code_cell(first))
        nbformat.write(notebook, tmp_path / f"{slug}.ipynb")
    done = nbval(tmp_path, **shared)
    assert done.returncode == 0, done.stdout + done.stderr[-1000:]


def test_a_tampered_output_fails(shared, tmp_path):
    content = json.loads(stored("00_start_here").read_text())
    (tmp_path / "as_it_is.ipynb").write_text(json.dumps(content))
    (cell,) = [cell for cell in content["cells"] if CHECKED in cell["metadata"].get("tags", [])]
    text = "".join(cell["outputs"][0]["text"])
    cell["outputs"][0]["text"] = re.sub(r"\d\.\d+$", "0.123", text.strip()) + "\n"
    assert cell["outputs"][0]["text"] != text
    (tmp_path / "tampered.ipynb").write_text(json.dumps(content))
    done = nbval(tmp_path, **shared)
    assert done.returncode == 1 and "0.123" in done.stdout
    assert re.findall(r"^FAILED (\w+)", done.stdout, re.M) == ["tampered"]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_misspelled_parameter_is_refused(slug, tmp_path, capsys):
    out = tmp_path / "out.ipynb"
    assert main(["run", str(stored(slug)), str(out), "-p", "profil", "quick"]) == 2
    assert "has no parameter 'profil'" in capsys.readouterr().err and not out.exists()


def test_the_first_lesson_is_short():
    assert len(cells("01_scan_an_image")) <= 40


@pytest.mark.parametrize("slug", SLUGS)
def test_a_notebook_is_a_lesson(slug):
    """What it holds for a reader: a question with a folded answer, what to remember, a quiz, exercises, links."""
    text = "\n\n".join(cell.source for cell in cells(slug) if cell.cell_type == "markdown")
    folded = re.findall(r"<details><summary>Answer</summary>(.+?)</details>", text, re.S)
    assert folded and text.count("**Predict") == len(folded)
    assert "## What to remember\n\n- " in text and "## Check yourself" in text
    assert 4 <= len(quiz.load(ROOT / "notebooks" / "quiz" / f"{slug}.toml")) <= 6
    exercises = text.split("**Exercises.**\n\n")[1].split("\n\n")[0]
    assert 2 <= len(re.findall(r"^\d\. ", exercises, re.M)) <= 4
    assert (ROOT / "notebooks" / "solutions" / f"{slug}.py").is_file()
    last = cells(slug)[-1].source
    targets = re.findall(r"\]\((.+?)\)", last)
    assert all((ROOT / "notebooks" / one).is_file() for one in targets)
    wanted = ["00_start_here.ipynb", f"solutions/{slug}.py", "../docs/glossary.md"]
    assert set(wanted) <= set(targets) and len(targets) >= len(wanted) + (slug[:2] not in ("00", "20"))
    assert ("←" in last) == (slug[:2] != "00") and ("→" in last) == (slug[:2] != "20")
