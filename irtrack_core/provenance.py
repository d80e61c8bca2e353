"""What made a file: the commit, whether the code differed from it, and the versions of what computes."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

VERSIONS_OF = ("irtrack-core", "numpy", "scipy", "opencv-python", "torch", "pandas", "matplotlib")


def provenance():
    """{"commit", "dirty", "versions"} of the running code: what a card of weights or of a stored table has to say.

    commit is None outside a clone of the repository; dirty: the code differs from that commit.
    """
    try:
        commit, dirty = commit_of(find_root())
    except FileNotFoundError:
        commit, dirty = None, None
    return {"commit": commit, "dirty": dirty, "versions": versions()}


def find_root():
    """The repository's root: the nearest folder with this project's pyproject.toml, above here or above the package."""
    for begin in (Path.cwd(), Path(__file__).resolve().parent):
        for folder in (begin, *begin.parents):
            file = folder / "pyproject.toml"
            if file.is_file() and 'name = "irtrack-core"' in file.read_text(encoding="utf-8"):
                return folder.resolve()
    raise FileNotFoundError("the repository is not found: run the notebook from inside a clone of it")


def commit_of(root):
    """(commit, dirty): HEAD, and whether the code that makes figures differs from it; (None, None) without git."""
    try:
        head = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", "irtrack_core", "notebooks/src", "pyproject.toml")
    except (OSError, subprocess.CalledProcessError):
        return None, None
    return head, bool(changed)


def limit_threads(number=None):
    """Threads of the numerical libraries: IRTRACK_THREADS, else 1, so that a run by hand repeats the batch run exactly.

    Torch is only told when it is already imported; otherwise it reads OMP_NUM_THREADS once it is.
    """
    number = int(number or os.environ.get("IRTRACK_THREADS") or 1)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(number)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(number)


def versions():
    """Versions of Python and of the packages that can change a figure."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in VERSIONS_OF:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _git(root, *words):
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()
