"""Python programs that tests run in processes of their own, with a time limit."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def environment(*folders, **more):
    """The environment of this process for another Python that finds the package, the helpers and these folders."""
    places = [*map(str, folders), str(ROOT / "tests" / "helpers"), str(ROOT)]
    return os.environ | {"PYTHONPATH": os.pathsep.join(places)} | more


def python(*words, timeout=60, env=None, **options):
    """The CompletedProcess of a Python with these words, once it and all that it started and that could write have ended.

    When the time is over all of them are killed and TimeoutExpired is raised.
    """
    words, pipe = [sys.executable, *map(str, words)], subprocess.PIPE
    env = environment() if env is None else env
    run = subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True, env=env, start_new_session=True, **options)
    try:
        out, errors = run.communicate(timeout=timeout)  # reads until no process is left that could write
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(words, run.returncode, out, errors)


def alive(pid):
    """Whether the process is there, and more than the remains of one that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
