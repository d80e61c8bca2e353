"""Runs that are started at the same time in one checkout: nothing is mixed up, and whoever cannot run is told so."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from kills import IRTRACK
from media import write_video
from processes import ROOT, environment

from irtrack_core import whole_files
from irtrack_core.whole_files import lock, only_writer
from irtrack_core.workbook import batch, runner, tasks

HOLD = """
import sys, time
from irtrack_core.whole_files import only_writer
with only_writer(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def hold():
    """A function that has another process write to a file or folder until it is killed; returns the process."""
    started = []

    def begin(path):
        words = [sys.executable, "-c", HOLD, str(path)]
        started.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment()))
        assert started[-1].stdout.readline() == "held\n"
        return started[-1]

    yield begin
    for one in started:
        one.kill()
        one.communicate()


@pytest.mark.parametrize("name", ["folder", "file", "new"])
def test_one_writer_at_a_time(tmp_path, hold, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    there = sorted(os.listdir(tmp_path))
    other = hold(tmp_path / name)
    with pytest.raises(OSError, match=rf"^cannot write .*{name}: another run is writing there: wait for it"):
        with only_writer(tmp_path / name):
            pass
    with only_writer(tmp_path / "else"):  # another file
        pass
    other.kill()
    other.wait()
    with only_writer(tmp_path / name):
        assert name == "folder" or f".{name}.lock" in os.listdir(tmp_path)
    assert sorted(os.listdir(tmp_path)) == there


def test_a_device_is_everybodys_and_stays(hold):
    hold(os.devnull)
    with only_writer(os.devnull):
        pass
    assert os.path.exists(os.devnull) and not os.path.exists("/dev/.null.lock")


def test_a_file_in_a_folder_that_may_not_be_written_to(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(whole_files, "lock", refused)  # root may write everywhere
    with only_writer(tmp_path / "file"):
        assert not os.listdir(tmp_path)


def test_a_lock_is_of_the_file_that_is_there(tmp_path):
    """A part that was moved to its place meanwhile keeps nobody from the next part."""
    first = lock(tmp_path / "part", make=True)
    os.replace(tmp_path / "part", tmp_path / "whole")
    second = lock(tmp_path / "part", make=True)
    assert os.path.samestat(os.fstat(second), os.stat(tmp_path / "part"))
    for handle in (first, second):
        os.close(handle)


@pytest.mark.parametrize("several", [False, True])
def test_two_trackings_into_one_file(tmp_path, several):
    y, x = np.mgrid[:64, :64] + 0.5
    film = [60 + 150 * np.exp(-((x - 20 - i / 4) ** 2 + (y - 30) ** 2) / 8) for i in range(12)]
    write_video(tmp_path / "film.avi", np.array(film).astype(np.uint8))
    words = ["track", str(tmp_path / "film.avi"), "--csv", "b.csv", "--out", "o.avi"]
    words += ["--all"] if several else ["--box", "16,26,8,8", "--tracker", "peak"]

    def run():
        every = [sys.executable, "-c", IRTRACK, *words]
        return subprocess.run(every, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=100)

    for name in ("b.csv", "o.avi"):
        held = tmp_path / f".{name.replace('.', '.part.')}"
        handle = lock(held, make=True)  # as another run has it
        there = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
        refused = run()
        assert refused.returncode == 2 and f"cannot write {name}: another run is writing there" in refused.stderr
        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == there
        os.close(handle)
        held.unlink()
    done = run()
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(tmp_path)) == ["b.csv", "film.avi", "o.avi"]


def test_evaluations_into_one_folder(tmp_path, hold):
    film = np.zeros((4, 40, 40), np.uint8)
    film[:, 18:22, 18:22] = 200
    np.save(tmp_path / "film.npy", film)
    (tmp_path / "film.csv").write_text("frame,x,y,w,h\n" + "".join(f"{k},16,16,8,8\n" for k in range(4)))
    (tmp_path / "out").mkdir()
    other = hold(tmp_path / "out")
    words = [
        sys.executable,
        "-c",
        IRTRACK,
        "evaluate",
        "peak",
        str(tmp_path / "film.npy"),
        "--out",
        str(tmp_path / "out"),
    ]
    run = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=100)
    assert run.returncode == 2 and "out: another run is writing there" in run.stderr
    assert not os.listdir(tmp_path / "out") and other.poll() is None


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A checkout with two small notebooks."""
    folder = tmp_path / "checkout"
    source = folder / "notebooks" / "src"
    source.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('name = "irtrack-core"\n')
    cells = ["profile: str = 'quick'\nseed: int = 0", "import time\ntime.sleep(1)\nprint('seed', seed)"]
    for slug in ("90_small", "91_small"):
        (source / f"{slug}.py").write_text(f'# %% tags=["parameters"]\n{cells[0]}\n# %%\n{cells[1]}\n')
        runner.build(source / f"{slug}.py", execute=False)
    return folder


def test_notebooks_run_at_once_and_two_into_one_file_do_not(place, tmp_path):
    """Four runs of two notebooks; two of them are given one output."""
    words = [sys.executable, "-m", "irtrack_core.workbook", "run"]
    outputs = ["a", "b", "b", "c"]
    runs = [
        subprocess.Popen(
            [*words, f"notebooks/9{k % 2}_small.ipynb", str(tmp_path / f"{out}.ipynb"), "-p", "seed", str(k)],
            cwd=place, env=environment(), stderr=subprocess.PIPE, text=True,
        )
        for k, out in enumerate(outputs)
    ]  # fmt: skip
    errors = [run.communicate(timeout=120)[1] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 0, 0, 2], errors
    lost = next(k for k, run in enumerate(runs) if run.returncode)
    assert outputs[lost] == "b" and "b.ipynb: another run is writing there" in errors[lost]
    for k, out in enumerate(outputs):
        if k != lost:
            assert f'"seed {k}\\n"' in (tmp_path / f"{out}.ipynb").read_text()
    assert sorted(os.listdir(tmp_path)) == ["a.ipynb", "b.ipynb", "c.ipynb", "checkout"]


def test_results_touch_no_lock_of_another_run(tmp_path, monkeypatch):
    """Snakemake takes away all locks at the end of each run, and fails where another run does so at its start."""
    monkeypatch.setenv("IRTRACK_RESULTS", str(tmp_path))
    started = []
    monkeypatch.setattr(batch, "_ended", lambda command, root: started.append(command) or 1)
    assert batch.results("quick") == 1 and len(started) == 1 and "--nolock" in started[0]


def test_an_environment_is_installed_by_one_at_a_time(tmp_path, monkeypatch, hold):
    monkeypatch.setattr(tasks, "find_root", lambda: tmp_path)
    (tmp_path / ".venv-baselines").mkdir()
    hold(tmp_path / ".venv-baselines")
    with pytest.raises(OSError, match="another run is writing there"):
        tasks.baselines()


STUB = """#!/bin/sh
echo "begin $*" >> log
case "$*" in
    "-m venv"*) mkdir -p .venv/bin && ln -s ../../stub .venv/bin/python ;;
    "-m pip"*) sleep 0.2 ;;
    "-c import fcntl"*) exec {python} "$@" ;;
esac
echo "end $*" >> log
"""


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_of_several_makes_in_a_fresh_checkout_one_installs(tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "overrides.json"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "stub").write_text(STUB.format(python=sys.executable))
    (tmp_path / "stub").chmod(0o755)
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    words = [["make", "results", f"PROFILE={name}", "PYTHON=./stub"] for name in ("quick", "medium", "full", "quick")]
    runs = [
        subprocess.Popen(one, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for one in words
    ]
    errors = [run.communicate(timeout=60)[1] for run in runs]
    assert [run.returncode for run in runs] == [0] * 4, errors
    lines = (tmp_path / "log").read_text().splitlines()
    installing = [line for line in lines if "-m pip" in line or "-m venv" in line]
    assert sum("begin -m venv" in line for line in lines) == 1, lines
    for first, second in zip(installing[::2], installing[1::2]):  # one after the other
        assert first.removeprefix("begin") == second.removeprefix("end")
    assert sum("begin -m irtrack_core.workbook results" in line for line in lines) == 4
