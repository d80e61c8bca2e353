"""Shared by all tests: one thread a process, results and figures into a temporary folder, long tests first."""

import os
import sys
from pathlib import Path

# before NumPy, OpenCV or torch start their pools: two test processes share two cores
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # damaged files are part of the tests
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import pytest  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
# started first, so that the run does not end with one process waiting for them; `make test` gives each file to one process
LONG = ("test_notebooks.py", "test_browser.py", "test_workflow.py", "test_loop.py")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture(scope="session")
def root():
    """The repository."""
    return ROOT


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    import cv2

    cv2.setNumThreads(1)


@pytest.fixture(scope="session", autouse=True)
def outputs(tmp_path_factory):
    """Folder with `results` and `figures` of this test process: nothing is written into the repository."""
    folder = tmp_path_factory.mktemp("outputs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IRTRACK_RESULTS", str(folder / "results"))
        patch.setenv("IRTRACK_FIGURES", str(folder / "figures"))
        yield folder


@pytest.fixture(autouse=True)
def _figures_closed():
    """pyplot warns of more than 20 open figures, and each warning is an error."""
    yield
    if plt := sys.modules.get("matplotlib.pyplot"):
        plt.close("all")


@pytest.fixture(scope="session")
def realdata():
    """The folder that IRTRACK_DATA names; the test is skipped without it."""
    from irtrack_core.datasets import data_root

    folder = data_root()
    if folder is None:
        pytest.skip("IRTRACK_DATA is not set: no real sequences to test with")
    return folder


BATCH = os.environ.get("IRTRACK_BATCH")


def _batch_as_at_first():
    if BATCH is None:
        os.environ.pop("IRTRACK_BATCH", None)
    else:
        os.environ["IRTRACK_BATCH"] = BATCH


@pytest.fixture(autouse=True)
def batch_as_it_was():
    """A command that a test, or a fixture of a whole module, calls in this process may say that it is a batch run: no other
    test is one for that."""
    _batch_as_at_first()
    yield
    _batch_as_at_first()
