import copy
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import papermill
import pytest

from irtrack_core import boxes, workbook
from irtrack_core.experiments import dependencies
from irtrack_core.workbook import __main__ as command_line
from irtrack_core.workbook import parameters, runner
from irtrack_core.workbook.__main__ import main
from irtrack_core.workbook.book import keep_figures


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("IRTRACK_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("IRTRACK_FIGURES", str(tmp_path / "figures"))
    return workbook.start("02_filter_an_image", seed=5, length=15)


def picture(height=1.0):
    figure, axes = plt.subplots(figsize=(1, 1))
    axes.plot([0, height])
    plt.close(figure)
    return figure


@pytest.mark.parametrize(
    "slug, options, error, text",
    [
        ("filter", {}, ValueError, "slug 'filter'"),
        ("../02_filter", {}, ValueError, "slug"),
        ("02_a", {"profile": "fast"}, ValueError, "unknown profile 'fast'"),
        ("02_a", {"seed": 1.5}, TypeError, "seed must be an integer"),
        ("02_a", {"seed": True}, TypeError, "seed must be an integer"),
        ("02_a", {"seed": -1}, ValueError, "seed must be 0 or above"),
        ("02_a", {"length": np.zeros(3)}, TypeError, "parameter length"),
        ("02_a", {"sizes": [3, {}]}, TypeError, "parameter sizes"),
        ("02_a", {"snr": float("nan")}, ValueError, "parameter snr"),
    ],
)
def test_impossible_parameters_are_named(slug, options, error, text):
    with pytest.raises(error, match=text):
        workbook.start(slug, **options)


def test_start_finds_the_repository_from_anywhere(book, root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert workbook.find_root() == root
    assert book.results == tmp_path / "results" / "quick"
    monkeypatch.delenv("IRTRACK_RESULTS")
    monkeypatch.delenv("IRTRACK_FIGURES")
    (tmp_path / "clone" / "notebooks").mkdir(parents=True)
    (tmp_path / "clone" / "pyproject.toml").write_text('[project]\nname = "irtrack-core"\n')
    monkeypatch.chdir(tmp_path / "clone" / "notebooks")
    other = workbook.start("02_a")  # a notebook belongs to the clone it stands in
    assert (other.root, other.results, other.figures) == (
        tmp_path / "clone",
        tmp_path / "clone" / "results" / "quick",
        tmp_path / "clone" / "results" / "quick" / "figures",
    )


def test_no_two_runs_write_to_the_same_folders(tmp_path, root, monkeypatch):
    places = {}
    for results in (None, tmp_path / "a", tmp_path / "b"):
        monkeypatch.delenv("IRTRACK_FIGURES", raising=False)
        if results is None:
            monkeypatch.delenv("IRTRACK_RESULTS", raising=False)
        else:
            monkeypatch.setenv("IRTRACK_RESULTS", str(results))
        places |= {(results, name): workbook.folders(name) for name in ("quick", "medium", "full")}
    assert places[None, "quick"] == (root / "results" / "quick", root / "results" / "quick" / "figures")
    assert places[None, "medium"] == (root / "results" / "medium", root / "results" / "medium" / "figures")
    assert places[tmp_path / "a", "quick"] == (tmp_path / "a" / "quick", tmp_path / "a" / "quick" / "figures")
    every = [folder for pair in places.values() for folder in pair]
    assert len(set(every)) == len(every) == 18
    monkeypatch.setenv("IRTRACK_FIGURES", str(tmp_path / "f"))
    assert workbook.folders("full") == (tmp_path / "b" / "full", tmp_path / "f" / "full")


def test_same_seed_same_draws(book):
    again = workbook.start("11_experiment_overlap", seed=5)
    assert book.rng.random(4).tolist() == again.rng.random(4).tolist()
    assert workbook.start("02_a", seed=6).rng.random() != workbook.start("02_a", seed=5).rng.random()


def test_tables_and_json_go_round(book):
    table = pd.DataFrame({"tracker": ["peak", "siamese"], "aor": [0.5, np.nan]})
    book.save_table(table, "means")
    path = book.results / "02_filter_an_image__means.csv"
    assert path.is_file()
    pd.testing.assert_frame_equal(book.load_table("02_filter_an_image", "means"), table)
    book.save_json({"a": np.arange(3), "b": np.float32(0.5), "c": book.profile, "d": path})
    assert book.load_json("02_filter_an_image")["a"] == [0, 1, 2]
    with pytest.raises(TypeError, match="cannot be saved as JSON: object"):
        book.save_json({"a": object()})
    assert book.load_json("02_filter_an_image")["b"] == 0.5  # what was there before is still there
    with pytest.raises(ValueError, match="becomes part of a file's name"):
        book.save_table(table, "../elsewhere")


def test_missing_results_name_the_notebook_to_run(book):
    with pytest.raises(FileNotFoundError, match=r"first run notebooks/05_train_the_tracker.ipynb"):
        book.load_table("05_train_the_tracker")


def test_a_figure_is_recorded_and_repeats_to_the_byte(book):
    book.save_figure(picture(), "lines")
    path = book.figures / "02_filter_an_image__lines.png"
    first = path.read_bytes()
    entry = json.loads((book.figures / "manifest.json").read_text())["02_filter_an_image__lines.png"]
    assert entry["notebook"] == "notebooks/02_filter_an_image.ipynb"
    assert entry["parameters"] == {"profile": "quick", "seed": 5, "length": 15}
    assert {"commit", "dirty"} <= set(entry) and entry["versions"]["numpy"] == np.__version__
    book.save_figure(picture(), "lines")
    assert path.read_bytes() == first
    with pytest.raises(ValueError, match="name the figure"):
        book.save_figure(picture(), "")


def test_a_run_that_changes_no_number_changes_no_file(book, monkeypatch):
    """Not even at another commit with other packages; a changed number or parameter is written, with what made it."""
    path, manifest = book.figures / "02_filter_an_image__lines.png", book.figures / "manifest.json"

    def made():
        return json.loads(manifest.read_text())[path.name]

    figure, axes = plt.subplots(figsize=(3, 2))
    (line,), label = axes.plot([0, 1], [0, 1]), axes.set_title("AOR 0.48")
    book.save_figure(figure, "lines")
    before, first = (path.read_bytes(), manifest.read_bytes()), made()
    later = {"commit": "later", "dirty": True, "versions": {"numpy": "9"}}
    monkeypatch.setattr("irtrack_core.workbook.book.provenance", lambda: later)
    line.set_ydata([0, 1 + 1e-9])
    book.save_figure(figure, "lines")
    assert (path.read_bytes(), manifest.read_bytes()) == before
    label.set_text("AOR 0.49")
    book.save_figure(figure, "lines")
    assert path.read_bytes() != before[0] and made() == first | later
    monkeypatch.undo()
    replace(book, parameters={"length": 9}).save_figure(figure, "lines")
    assert made()["parameters"]["length"] == 9 and made()["commit"] == first["commit"]
    plt.close(figure)


def test_times_of_this_machine_stay_out_of_the_repository(book):
    book.save_figure(picture(), "fps", of_machine=True)
    assert (book.results / "figures" / "02_filter_an_image__fps.png").is_file() and not list(book.figures.iterdir())


def test_a_run_in_batch_shows_the_saved_picture_and_draws_no_other(book, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    for batch in ("1", "run"):
        monkeypatch.setenv("IRTRACK_BATCH", batch)
        figure, axes = plt.subplots(figsize=(2, 1), dpi=80)
        axes.plot([0, 1])
        book.save_figure(figure, "curve")
        # a figure that pyplot still knows would be drawn below the cell
        assert plt.fignum_exists(figure.number) == (batch == "1")
    (image,) = shown
    picture = (book.figures / "02_filter_an_image__curve.png").read_bytes()
    assert image.data == picture
    assert image.width == round(plt.imread(book.figures / "02_filter_an_image__curve.png").shape[1] * 80 / 110)
    plt.close("all")


def test_a_figure_that_cannot_be_written_leaves_the_old_one(book):
    book.save_figure(picture(), "lines")
    path = book.figures / "02_filter_an_image__lines.png"
    before = path.read_bytes()

    class Broken:
        def savefig(self, target, **options):
            target.write(b"half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        book.save_figure(Broken(), "lines")
    assert path.read_bytes() == before
    assert sorted(p.name for p in book.figures.glob("*.png")) == [path.name]
    assert not list(book.figures.glob("*.part")) and not list(book.figures.glob(".*.part"))


def test_notebooks_saving_at_once_lose_no_entry(book):
    code = (
        "import sys; from irtrack_core import workbook\n"
        "class Figure:\n"
        "    def savefig(self, target, **options): target.write(b'x' * 1000)\n"
        "book = workbook.start(sys.argv[1])\n"
        "for number in range(8): book.save_figure(Figure(), f'f{number}')\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, f"0{n}_many"]) for n in range(4)]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * 4
    entries = json.loads((book.figures / "manifest.json").read_text())
    assert set(entries) == {f"0{n}_many__f{k}.png" for n in range(4) for k in range(8)}


def test_start_does_not_import_torch(tmp_path):
    code = "import sys; from irtrack_core import workbook; workbook.start('02_a'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_source_is_shown_as_it_stands():
    shown = workbook.show_source(boxes.iou).data
    assert "def iou(a, b):" in shown and "eq. (14)" in shown
    assert "eq. (14)" not in workbook.show_source(boxes.iou, docstring=False).data


@pytest.fixture
def notebook(tmp_path):
    """A small notebook: parameters of each kind, one cell that fails when asked."""
    folder = tmp_path / "notebooks" / "src"
    folder.mkdir(parents=True)
    source = folder / "90_small.py"
    source.write_text(
        '# %% tags=["parameters"]\n'
        'profile: str = "quick"  # quick | full\n'
        "count: int = 1  # how many\nshare: float = 0.5\nfail: bool = False\nsizes: list = [1, 2]\n"
        "# %%\nimport sys\nprint('progress', file=sys.stderr)\nassert not fail, 'asked to fail'\n"
        "# %%\nprint(count, share, sizes, profile)\n# %%\nprint('same')\n# %%\nprint('same')\n"
    )
    return runner.build(source)


def test_build_is_stable_and_keeps_no_progress(notebook):
    first = notebook.read_text()
    cells = json.loads(first)["cells"]
    assert "progress" not in json.dumps([cell["outputs"] for cell in cells if cell["cell_type"] == "code"])
    assert cells[2]["outputs"][0]["text"] == ["1 0.5 [1, 2] quick\n"]
    assert len({cell["id"] for cell in cells}) == len(cells)  # two equal cells have two ids
    runner.build(notebook.parent / "src" / "90_small.py")
    assert notebook.read_text() == first


def test_printed_text_in_parts_becomes_one(notebook):
    """A busy kernel sends what a cell prints in parts; progress between them, on the other stream, is dropped."""
    one = nbformat.read(notebook, as_version=4)
    (cell,) = [cell for cell in one.cells if cell.source == "print(count, share, sizes, profile)"]
    names = ("stdout", "stderr", "stdout")
    parts = [nbformat.v4.new_output("stream", name=name, text=f"{k}\n") for k, name in enumerate(names)]
    cell.outputs = [*parts, nbformat.v4.new_output("display_data", data={"text/plain": "3"}), copy.copy(parts[0])]
    runner.clean(one)
    assert [output.get("text") for output in cell.outputs] == ["0\n2\n", None, "0\n"]


def test_a_failing_cell_leaves_the_stored_notebook(notebook):
    before = notebook.read_text()
    source = notebook.parent / "src" / "90_small.py"
    source.write_text(source.read_text().replace("fail: bool = False", "fail: bool = True"))
    with pytest.raises(Exception, match="asked to fail"):
        runner.build(source)
    assert notebook.read_text() == before


@pytest.mark.parametrize(
    "words, message",
    [
        (["-p", "cuont", "3"], "no parameter 'cuont'; it has: profile, count, share, fail, sizes"),
        (["-p", "count", "3.5"], "parameter count must be int"),
        (["-p", "count", "many"], "parameter count must be int"),
        (["-p", "fail", "1"], "parameter fail must be bool"),
        (["-p", "share", "true"], "parameter share must be float"),
        (["-p", "count", "1", "-p", "count", "2"], "parameter given twice: count"),
    ],
)
def test_run_refuses_wrong_parameters(notebook, tmp_path, capsys, words, message):
    assert main(["run", str(notebook), str(tmp_path / "out.ipynb"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out.ipynb").exists()


def test_run_passes_parameters_on_and_reports(notebook, tmp_path, capsys):
    out = tmp_path / "deep" / "out.ipynb"
    words = ["-p", "count", "7", "-p", "share", "1", "-p", "sizes", "[3]", "-p", "profile", "full"]
    assert main(["run", str(notebook), str(out), *words]) == 0
    assert "7 1.0 [3] full" in out.read_text()
    assert "90_small" in capsys.readouterr().err


def test_run_keeps_the_failed_notebook(notebook, tmp_path, capsys):
    out = tmp_path / "out.ipynb"
    assert main(["run", str(notebook), str(out), "-p", "fail", "true"]) == 1
    assert "AssertionError" in out.read_text()
    assert "asked to fail" in capsys.readouterr().err


def test_a_value_may_begin_with_a_dash(notebook, capsys, monkeypatch):
    given = []
    monkeypatch.setattr(runner, "run", lambda path, output, values: given.append(values) or 0)
    for text, value in (("-1e-3", -0.001), ("-2", -2.0), ("-.5", -0.5)):
        assert main(["run", str(notebook), "out.ipynb", "-p", "share", text, "-p", "count", "3"]) == 0
        assert given[-1] == {"share": value, "count": 3}
    assert main(["run", str(notebook), "out.ipynb", "-p", "profile", "-x"]) == 2
    assert "unknown profile '-x'" in capsys.readouterr().err


def test_a_killed_process_odd_names_and_other_editors(notebook, tmp_path, capsys):
    """Braces in a path are names of parameters to papermill; a process that is killed is no error of a cell to it."""
    content = nbformat.read(notebook, as_version=4)
    content.metadata = {}  # no language, as some editors write it
    content.cells[2].source = "print('before')\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    place = tmp_path / "{run}"
    place.mkdir()
    nbformat.write(content, place / "a{0}.ipynb")
    assert main(["run", str(place / "a{0}.ipynb"), str(place / "{seed}.ipynb"), "-p", "count", "7"]) == 1
    told = capsys.readouterr().err
    assert "was killed, or ended itself; was there too little memory?" in told and "Traceback" not in told
    assert "count = 7" in (place / "{seed}.ipynb").read_text()


def test_an_old_kind_of_notebook_says_so(tmp_path, capsys):
    (tmp_path / "old.ipynb").write_text('{"nbformat": 3, "worksheets": [{"cells": []}], "metadata": {}}')
    assert main(["run", str(tmp_path / "old.ipynb"), str(tmp_path / "out.ipynb")]) == 2
    assert "of an old kind, nbformat 3; open it in JupyterLab and save it" in capsys.readouterr().err


def test_missing_notebook_is_named(tmp_path, capsys):
    assert main(["run", str(tmp_path / "none.ipynb"), str(tmp_path / "out.ipynb")]) == 2
    assert "none.ipynb" in capsys.readouterr().err
    assert main(["build", "77"]) == 2
    assert "no notebook source begins with '77'" in capsys.readouterr().err


def test_digest_follows_code_not_outputs(notebook):
    before = dependencies.digest(notebook)
    content = json.loads(notebook.read_text())
    content["cells"][2]["outputs"] = []
    notebook.write_text(json.dumps(content))
    assert dependencies.digest(notebook) == before
    content["cells"][2]["source"] = ["print(count + 1)"]
    notebook.write_text(json.dumps(content))
    assert dependencies.digest(notebook) != before


def test_closure_is_what_is_imported(tmp_path, root):
    script = tmp_path / "script.py"
    script.write_text("def later():\n    from irtrack_core import metrics\n")
    names = {path.name for path in dependencies.closure(script)}
    assert {"metrics.py", "boxes.py"} <= names and "network.py" not in names
    assert dependencies.imports(script) == {"irtrack_core", "irtrack_core.metrics"}


PLACES = """# %% tags=["parameters"]
video: str = ""  # a video or a folder of images of your own; empty: none
name: str = ""  # what it is called
seed: int = 0
box: list[float] = []  # x, y, w, h
place: int = 4  # number of the sequence, 0 to 9
# %%
print(repr(video), repr(name), place)
"""


@pytest.fixture
def places(tmp_path):
    source = tmp_path / "notebooks" / "src" / "91_places.py"
    source.parent.mkdir(parents=True)
    source.write_text(PLACES)
    return runner.build(source, execute=False)


def test_a_relative_path_is_seen_from_where_the_user_stands(places, tmp_path, root, monkeypatch):
    (tmp_path / "here" / "clip").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    check = partial(parameters.check, places, root=root)
    assert check({"video": "clip", "name": "clip", "seed": "3"}) == {
        "video": str(tmp_path / "here" / "clip"),
        "name": str(tmp_path / "here" / "clip"),
        "seed": 3,
    }
    assert check({"video": "README.md"}) == {"video": str(root / "README.md")}  # else from the repository, as before
    assert check({"video": "", "name": "Anna"}) == {"video": "", "name": "Anna"}
    assert check({"video": str(tmp_path)}) == {"video": str(tmp_path)}
    assert check({"name": "~nobody-of-that-name"}) == {"name": "~nobody-of-that-name"}
    with pytest.raises(FileNotFoundError, match="~nobody-of-that-name"):  # of whom no home folder is known
        check({"video": "~nobody-of-that-name/clip"})
    (tmp_path / "here" / "results").mkdir()
    monkeypatch.setenv("IRTRACK_RESULTS", "results")
    monkeypatch.setenv("IRTRACK_DATA", "clip")
    assert main(["run", str(places), "out.ipynb", "-p", "video", "clip"]) == 0
    assert repr(str(tmp_path / "here" / "clip")) in (tmp_path / "here" / "out.ipynb").read_text()
    assert os.environ["IRTRACK_RESULTS"] == str(tmp_path / "here" / "results")


@pytest.mark.parametrize(
    "words, message",
    [
        (["-p", "video", "gone.avi"], "parameter video: no file or folder 'gone.avi'"),
        (["-p", "video", "/gone/clip"], "parameter video: no file or folder '/gone/clip'"),
        (["-p", "seed", "-1"], "seed must be 0 or above; got -1"),
        (["-p", "place", "10"], "parameter place must be 0 to 9; got 10"),
        (["-p", "box", "[1, 'a']"], "parameter box must be list[float]; got"),
        (["-p", "seed", "[" * 5000], "parameter seed must be int"),
    ],
)
def test_a_wrong_value_is_told_before_anything_runs(places, tmp_path, capsys, words, message):
    assert main(["run", str(places), str(tmp_path / "out.ipynb"), *words]) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1 and error[0].startswith("error: ") and message in error[0]
    assert not (tmp_path / "out.ipynb").exists()


def test_every_notebook_names_its_profiles_and_the_command_line_knows_them(root):
    from irtrack_core.config import PROFILES

    assert tuple(PROFILES) == command_line.PROFILES
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        known = papermill.inspect_notebook(str(path))  # what will fill them in sees the same
        mine = parameters.parameters(parameters.read_notebook(path))
        assert {name: one.kind for name, one in mine.items()} == {
            name: one["inferred_type_name"] for name, one in known.items()
        }
        with pytest.raises(ValueError, match="unknown profile 'fast': use one of quick, medium, full"):
            parameters.check(path, {"profile": "fast"}, root)
        with pytest.raises(ValueError, match="seed must be 0 or above"):
            parameters.check(path, {"seed": "-1"}, root)
    assert parameters.check(root / "notebooks/01_scan_an_image.ipynb", {"oversampling": "2"}, root) == {
        "oversampling": 2.0
    }
    with pytest.raises(ValueError, match="oversampling must be 1 to 4"):
        parameters.check(root / "notebooks/01_scan_an_image.ipynb", {"oversampling": "9"}, root)


@pytest.mark.parametrize("output", [".", "gone/deep/../../file/out.ipynb", "91_places.ipynb"])
def test_an_output_that_cannot_be_written_is_told_before_anything_runs(places, capsys, monkeypatch, output):
    monkeypatch.chdir(places.parent)
    (places.parent / "file").touch()
    before = places.read_bytes()
    assert main(["run", str(places), output]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1 and places.read_bytes() == before


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 3}', '{"cells": []}', '{"cells": [{}]}', "[" * 100_000])
def test_what_is_no_notebook_is_told_in_one_line(tmp_path, capsys, text):
    (tmp_path / "no.ipynb").write_text(text)
    assert main(["run", str(tmp_path / "no.ipynb"), str(tmp_path / "out.ipynb")]) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1 and len(error[0]) < 400 and "no.ipynb is" in error[0]


def test_a_data_folder_that_is_not_there_is_told_at_once(places, capsys, monkeypatch):
    monkeypatch.setenv("IRTRACK_DATA", "gone")
    assert main(["run", str(places), "out.ipynb"]) == 2
    assert "IRTRACK_DATA names 'gone', which is not a folder" in capsys.readouterr().err


HEAVY = "papermill nbformat numpy cv2 pydantic torch pandas tqdm".split()


@pytest.mark.parametrize(
    "words",
    [
        ["irtrack_core", "track", "gone.mp4"],
        ["irtrack_core", "track", "notebooks", "--tracker", "magic"],
        ["irtrack_core", "track", "notebooks", "--tracker", "ref8"],
        ["irtrack_core", "track", "notebooks", "--weights", "README.md"],
        ["irtrack_core", "track", "notebooks", "--backend", "tensorrt"],
        ["irtrack_core", "track", "notebooks", "--csv", "gone/b.csv"],
        ["irtrack_core", "check", "folder", "gone"],
        ["irtrack_core.workbook", "run", "gone.ipynb", "out.ipynb"],
        ["irtrack_core.workbook", "run", "notebooks/06_track_a_sequence.ipynb", "o.ipynb", "-p", "video", "gone.avi"],
        ["irtrack_core.workbook", "run", "notebooks/06_track_a_sequence.ipynb", "o.ipynb", "-p", "profile", "fast"],
        ["irtrack_core.workbook", "results", "--profile", "fast"],
    ],
    ids=lambda words: " ".join(words[1:]),
)
def test_a_wrong_word_is_answered_before_anything_heavy_is_loaded(words, root):
    code = (
        "import runpy, sys\nsys.argv = sys.argv[1:]\n"
        "try: runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)\n"
        f"except SystemExit as end: print(end.code, *(name for name in {HEAVY} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.stdout == "2\n" and "Traceback" not in done.stderr, done.stdout + done.stderr


def test_a_change_of_text_keeps_the_outputs(notebook):
    """`build --keep`: the outputs stay, a link is at the end; code that changed is refused."""
    source = notebook.parent / "src" / "90_small.py"
    runner.build(source)
    before = nbformat.read(notebook, as_version=4).cells
    source.write_text(source.read_text() + "\n# %% [markdown]\n# The end.\n")
    runner.build(source, keep=True)
    after = nbformat.read(notebook, as_version=4).cells
    assert [cell.outputs for cell in after if cell.cell_type == "code"] == [
        c.outputs for c in before if c.cell_type == "code"
    ]
    assert after[-2].source.endswith("The end.") and "[Contents](00_start_here.ipynb)" in after[-1].source
    source.write_text(source.read_text() + "\n# %%\nnew = 1\n")
    with pytest.raises(ValueError, match="its code has changed"):
        runner.build(source, keep=True)


def test_links_lead_through_the_notebooks_and_exist(root):
    sources = {path.stem: path for path in runner.sources()}
    slugs = ("00_start_here", "03_build_the_network", "30_neural_networks", "31_scan_checks")
    first, third, primer, checks = (runner.links(sources[slug]) for slug in slugs)
    assert "←" not in first and "(01_scan_an_image.ipynb) →" in first
    assert third.startswith("← [30 ") and "(04_match_and_learn.ipynb) →" in third
    assert primer.startswith("← [02 ") and "(03_build_the_network.ipynb) →" in primer
    assert checks.startswith("← [01 ") and "(02_filter_an_image.ipynb) →" in checks
    assert "→" not in runner.links(sources["20_report"])
    for path in sources.values():
        for link in re.findall(r"\]\(([^)]+)\)", runner.links(path)):
            assert (root / "notebooks" / link).is_file()


def test_figures_of_a_run_take_the_place_of_those_that_documents_show_when_asked_to(root, tmp_path, monkeypatch):
    clone = tmp_path / "clone"
    (clone / "notebooks").mkdir(parents=True)
    (clone / "pyproject.toml").write_text('[project]\nname = "irtrack-core"\n')
    monkeypatch.chdir(clone / "notebooks")
    monkeypatch.delenv("IRTRACK_RESULTS", raising=False)
    with pytest.raises(FileNotFoundError, match="first `make results`"):
        keep_figures()
    monkeypatch.setenv("IRTRACK_FIGURES", str(clone / "figures"))  # as where stored notebooks are built
    stored = workbook.start("02_a")
    for what in ("same", "other"):
        stored.save_figure(picture(), what)
    before = {path.name: path.read_bytes() for path in (clone / "figures").glob("*.*")}
    monkeypatch.delenv("IRTRACK_FIGURES")
    run = workbook.start("02_a", length=9)
    run.save_figure(picture(), "same")
    run.save_figure(picture(2.0), "other")
    run.save_figure(picture(), "new")
    run.save_figure(picture(), "fps", of_machine=True)
    assert {path.name: path.read_bytes() for path in (clone / "figures").glob("*.*")} == before
    assert keep_figures() == ["02_a__other.png"]
    assert sorted(path.name for path in (clone / "figures").glob("*.png")) == ["02_a__other.png", "02_a__same.png"]
    assert (clone / "figures" / "02_a__other.png").read_bytes() == (run.figures / "02_a__other.png").read_bytes()
    entries = json.loads((clone / "figures" / "manifest.json").read_text())
    assert entries["02_a__other.png"]["parameters"]["length"] == 9
    assert "length" not in entries["02_a__same.png"]["parameters"] and len(entries) == 2
    assert keep_figures() == []
