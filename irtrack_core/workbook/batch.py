"""All notebooks at once: Snakemake behind a lock that dies with its process."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

from irtrack_core import config
from irtrack_core.workbook import book

PATIENCE = 20  # seconds for jobs that are told to stop, before they are told again


def results(profile, cores=2):
    """Run all notebooks that are not up to date, then say where their tables and figures are; returns the exit status.

    Snakemake's own locks are left alone: they outlive a killed run and would block the next one, and each run that ends
    takes away those of all others in the repository, be it of another profile. Ours is the system's, one for each folder of
    results: while we hold it no other run writes there.
    """
    name = config.profile(profile).name
    folder, _ = book.folders(name)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".running.lock", timeout=0):
            status = _ended([*_snakemake(name, cores), "--nolock"], book.find_root())
    except Timeout:
        print(f"error: {folder} is being written by another run: wait for it, or stop it", file=sys.stderr)
        return 1
    if status == 0:  # else the list of what failed stays the last thing to be read
        where(name)
    return status


def _ended(command, root):
    """The exit status of a command and all that it starts; what stops this process stops all of them.

    They are a session of their own: a Ctrl-C of the terminal, a SIGTERM and a closed terminal come here and are passed on, so
    that no job outlives the lock. Raises KeyboardInterrupt then.
    """
    run = subprocess.Popen(command, cwd=root, start_new_session=True)

    def stop(number, _):
        raise KeyboardInterrupt(number)

    known = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name)]  # Windows: two
    before = {number: signal.signal(number, stop) for number in known}
    try:
        return run.wait()
    except KeyboardInterrupt:
        for number in (
            signal.SIGINT,
            signal.SIGTERM,
            getattr(signal, "SIGKILL", signal.SIGTERM),
        ):  # as from a terminal, then with more weight
            end = time.monotonic() + PATIENCE
            while _signalled(run, number) and time.monotonic() < end:
                number = 0  # only looks whether one of them is still there
                time.sleep(0.05)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _signalled(run, number):
    """Whether a process of the session was there to be sent the signal."""
    run.poll()
    if not hasattr(os, "killpg"):  # Windows: the process alone can be ended, and what it started ends with its pipes
        if number:
            run.terminate()
        return run.returncode is None
    try:
        os.killpg(run.pid, number)
    except ProcessLookupError:
        return False
    return True


def plan(profile, cores=2):
    """Print the jobs that `results` would run, why, and how long each took when it last ran; returns the exit status.

    Nothing is run, and a run that is under way is not disturbed.
    """
    name = config.profile(profile).name
    folder, _ = book.folders(name)
    command = [*_snakemake(name, cores), "--summary", "--nolock"]
    done = subprocess.run(command, cwd=book.find_root(), capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return done.returncode
    jobs = list(csv.DictReader(done.stdout.splitlines(), delimiter="\t"))
    pending = [job for job in jobs if job["plan"] == "update pending"]
    known = []
    for job in pending:
        stem = Path(job["output_file"]).stem
        seconds = _last(folder / "log" / f"{stem}.tsv")
        known += [] if seconds is None else [seconds]
        print(f"{stem:<80} {'never run' if seconds is None else _time(seconds):>12}   {job['status']}")
    print(f"{len(pending)} of {len(jobs)} jobs of {name} would run", end="")
    print(f"; {len(known)} of them took {_time(sum(known))} in all when they last ran" if known else "")
    return 0


def _snakemake(name, cores):
    root = book.find_root()
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "workflow" / "Snakefile")]
    command += ["--workflow-profile", str(root / "workflow" / "profiles" / "local"), "--cores", str(cores)]
    return [*command, "--config", f"profile={name}"]


def _last(path):
    """Seconds that a job took, from the table that Snakemake's `benchmark` left; None when it never ran to its end."""
    if not path.is_file():
        return None
    with path.open() as file:
        return next((float(row["s"]) for row in csv.DictReader(file, delimiter="\t")), None)


def _time(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def executed(profile):
    """Paths of the executed notebooks of a profile. Raises FileNotFoundError where there are none."""
    place = book.folders(profile)[0] / "notebooks"
    notebooks = sorted(place.glob("*.ipynb"))
    if not notebooks:
        raise FileNotFoundError(f"no executed notebooks in {place}: first `make results PROFILE={profile}`")
    return notebooks


def where(profile):
    """Print where the tables, figures and notebooks of a profile are, and last the report, as a page that a browser opens."""
    results, figures = book.folders(profile)
    print(f"\nexecuted notebooks  {results / 'notebooks'}")
    tables = [*results.glob("*.csv"), *results.glob("*.json")]
    for title, files in (("tables", tables), ("figures", {*figures.glob("*.png"), *results.glob("figures/*.png")})):
        print(title)
        print(*(f"  {file}" for file in sorted(files)), sep="\n")
    report = results / "notebooks" / "20_report.ipynb"
    if report.is_file():
        from irtrack_core.workbook import site

        print(f"report              {site.write_page(report, results / '20_report.html')}")
