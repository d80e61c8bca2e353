"""What the Makefile's targets do, without make and bash: `python -m irtrack_core.workbook test|lab|demo|wheelhouse|...`."""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from irtrack_core.optional import need
from irtrack_core.provenance import find_root
from irtrack_core.whole_files import only_writer
from irtrack_core.workbook import offline

TORCH = "torch==2.13.0"  # as in pyproject.toml
BASELINES = "opencv-contrib-python numpy scipy pandas pydantic safetensors filelock tqdm mcos-decoder".split()
MADE = "results site slides labs .snakemake .pytest_cache .ruff_cache .hypothesis".split()
TEXT = (
    "# Track a small target\n\nChoose a clip, a filter and a tracker, put the box on the target, and press *Track it*."
)
PAGE = [
    ("markdown", f"{TEXT}\n\n{offline.DARK}"),
    ("code", "from irtrack_core.widgets.sandbox import sandbox\n\nsandbox()"),
]


def call(*words, python=sys.executable, **options):
    """The exit status of `python -m WORDS` in the repository, 0 when it went well."""
    return subprocess.run([str(python), "-m", *map(str, words)], cwd=find_root(), **options).returncode


def test(cores=2):
    """All tests: lint, format, pytest; returns the exit status of the first that fails."""
    pytest = ["pytest", "-n", cores, "--dist", "loadfile", "--no-loadscope-reorder", "--durations=10"]
    return call("ruff", "check", ".") or call("ruff", "format", "--check", ".") or call(*pytest)


def lab():
    """JupyterLab on the first notebook; returns its exit status."""
    return call("jupyterlab", "notebooks/00_start_here.ipynb", env=_live())


def demo(port=8866, browser=True):
    """The sandbox as a page that Voila serves on this machine alone; returns its exit status when it is stopped."""
    need("voila", "demo")
    import nbformat

    with tempfile.TemporaryDirectory(prefix="irtrack-demo-") as folder:
        page = nbformat.v4.new_notebook(cells=[getattr(nbformat.v4, f"new_{kind}_cell")(text) for kind, text in PAGE])
        nbformat.write(page, Path(folder) / "sandbox.ipynb")
        words = [f"{folder}/sandbox.ipynb", f"--port={port}", "--Voila.ip=127.0.0.1"]
        return call("voila", *words, *([] if browser else ["--no-browser"]), env=_live())


def _live():
    """The surroundings of notebooks that a person uses: demos are live there."""
    return {name: value for name, value in os.environ.items() if name != "IRTRACK_BATCH"}


def wheelhouse(index=""):
    """Writes wheelhouse/, all wheels for this system and Python; returns the exit status.

    index: address of the packages from which torch is taken; empty: pip's own.
    """
    root = find_root()
    # not `pip download`: what has no wheel is built here, for a room without a network has nothing to build it with
    words = ["pip", "wheel", "-q", "-w", "wheelhouse", "-c", "requirements.lock", "setuptools>=77", TORCH]
    status = call(*words, *(["--extra-index-url", index] if index else []), ".[workbook,runtime]")
    shutil.rmtree(root / "build", ignore_errors=True)
    if not status:
        print("wheelhouse/ holds all wheels for this system and Python: docs/teaching.md says how to install from it")
    return status


def baselines(profile="quick"):
    """Tracks by OpenCV's CSRT, KCF and MIL, in .venv-baselines: two builds of OpenCV cannot live in one environment."""
    place = find_root() / ".venv-baselines"
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    place.mkdir(exist_ok=True)
    with only_writer(place):
        status = _install_baselines(find_root(), place, python)
    return status or call("irtrack_core.experiments.opencv_baselines", "--profile", profile, python=python)


def _install_baselines(root, place, python):
    """Makes the environment `place` unless it is complete; returns the exit status."""
    stamp, known = place / ".complete", [root / "requirements.lock", root / "pyproject.toml"]
    if stamp.is_file() and stamp.stat().st_mtime >= max(path.stat().st_mtime for path in known):
        return 0
    venv.create(place, clear=True, with_pip=True)
    lock = known[0].read_text(encoding="utf-8").replace("\nopencv-python==", "\nopencv-contrib-python==")
    (place / "requirements.lock").write_text(lock, encoding="utf-8")
    status = call("pip", "install", "-c", place / "requirements.lock", *BASELINES, python=python)
    status = status or call("pip", "install", "--no-deps", "-e", ".", python=python)
    if not status:
        stamp.touch()
    return status


def bench():
    """Runs all benchmarks, up to the first that fails; returns its exit status."""
    for script in sorted((find_root() / "benchmarks").glob("*.py")):
        print(f"== {script.name}", flush=True)
        status = _script(script)
        if status:
            return status
    return 0


def fuzz(minutes=60):
    """Runs the fuzz cases for at most so many minutes; returns the exit status."""
    return _script("tests/fuzz/run.py", "--minutes", minutes)


def kill():
    """Stops work at random moments and starts it again; returns the exit status."""
    return _script("tests/helpers/kills.py")


def _script(path, *words):
    return subprocess.run([sys.executable, str(path), *map(str, words)], cwd=find_root(), env=_live()).returncode


def findings():
    """Runs the shell scripts of findings/; returns 1 where one is not as described. They alone need bash."""
    bash = shutil.which("bash")
    if bash is None:
        raise FileNotFoundError("the scripts in findings/ are written for bash, which is not on the path")
    scripts = [path for path in sorted((find_root() / "findings").glob("*.sh")) if path.name != "common.sh"]
    surroundings, changed = os.environ | {"PYTHON": sys.executable}, []
    for path in scripts:
        print(f"== {path.name}", flush=True)
        if subprocess.run([bash, str(path)], cwd=find_root(), env=surroundings).returncode:
            changed.append(path.name)
    print(f"changed, or not run: {' '.join(changed)}" if changed else "all findings as described")
    return int(bool(changed))


def clean():
    """Removes what the other commands made: results, pages, slides, labs and caches."""
    for name in MADE:
        shutil.rmtree(find_root() / name, ignore_errors=True)
    return 0


def teaching(command, *words):
    """`python -m irtrack_core.teaching COMMAND`: release, teach or grade; returns the exit status."""
    return call("irtrack_core.teaching", command, *words)
