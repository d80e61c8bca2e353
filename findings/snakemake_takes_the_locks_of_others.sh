#!/bin/bash
# Snakemake 9.27.1 takes away the locks of all runs in a folder when one of them ends, so that a third may write what the first is making.
#
# Guess that was wrong: a run that made other files, and is through, gives back its own lock alone. The whole folder of locks goes:
# the same command, refused while the first run was alone, is let in beside it, and makes its file a second time.
# What to do: a lock of your own around each run, one for each set of outputs, and --nolock.
. "$(dirname "$0")/common.sh"
setup snakemake==9.27.1 pulp==3.3.2
run <<'PYTHON'
import subprocess
import sys
import time
from pathlib import Path

from finding import expect, versions

versions("snakemake")
Path("Snakefile").write_text('''
rule long:
    output: "long.txt"
    shell: "echo started >> began; while [ ! -e go ]; do sleep 0.1; done; echo done > {output}"
rule short:
    output: "short.txt"
    shell: "echo done > {output}"
''')
LOCKS = Path(".snakemake/locks")


def snakemake(*words):
    return subprocess.Popen([sys.executable, "-m", "snakemake", "--cores", "1", *words], stdout=-3, stderr=-1, text=True)


def wait_for(reached):
    end = time.monotonic() + 120
    while not reached() and time.monotonic() < end:
        time.sleep(0.1)


def began():
    return Path("began").read_text().count("started") if Path("began").exists() else 0


first = snakemake("long.txt")
wait_for(began)
told = snakemake("long.txt").communicate()[1]
expect("a second run of the same file beside it is refused", "LockException" in told, True)
expect("locks while it runs", len(list(LOCKS.glob("*"))) > 0, True)
expect("a run of another file ends with", snakemake("short.txt").wait(), 0)
expect("the first is still at work, and locks", (first.poll(), LOCKS.exists()), (None, False))
third = snakemake("long.txt")
wait_for(lambda: began() == 2)
expect("runs that are making the same file", began(), 2)
Path("go").touch()
for run in (first, third):
    run.communicate()
PYTHON
