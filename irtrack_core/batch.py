"""All notebooks at once: Snakemake behind a lock that dies with its process."""

import subprocess
import sys

from filelock import FileLock, Timeout

from irtrack_core import config, workbook

__all__ = ["results", "where"]


def results(profile, cores=2):
    """Run all notebooks that are not up to date, then say where their tables and figures are; returns the exit status.

    Snakemake's own lock outlives a killed run and would block the next one. Ours is the system's: while we hold it no
    other run of this profile is alive here, so whatever lock lies about is stale and can go.
    """
    name, root = config.profile(profile).name, workbook.find_root()
    folder, _ = workbook.folders(name)
    folder.mkdir(parents=True, exist_ok=True)
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "workflow" / "Snakefile")]
    snakemake += ["--workflow-profile", str(root / "workflow" / "profiles" / "local"), "--cores", str(cores)]
    snakemake += ["--config", f"profile={name}"]
    try:
        with FileLock(folder / ".running.lock", timeout=0):
            subprocess.run([*snakemake, "--unlock"], cwd=root, capture_output=True)
            status = subprocess.run(snakemake, cwd=root).returncode
    except Timeout:
        print(f"error: {folder} is being written by another run: wait for it, or stop it", file=sys.stderr)
        return 1
    if status == 0:  # else the list of what failed stays the last thing to be read
        where(name)
    return status


def where(profile):
    """Print where the tables and figures of a profile are."""
    results, figures = workbook.folders(profile)
    print(f"\nexecuted notebooks  {results / 'notebooks'}")
    for title, folder, patterns in (("tables", results, ("*.csv", "*.json")), ("figures", figures, ("*.png",))):
        files = sorted(file for pattern in patterns for file in folder.glob(pattern) if file.name != "manifest.json")
        print(f"{title:<19} {folder}", *(f"  {file.name}" for file in files), sep="\n")
    print(f"report              {results / 'notebooks' / '20_report.ipynb'}")
