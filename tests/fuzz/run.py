"""Many cases of the tests in this folder, round after round, each from a seed of its own: `make fuzz`.

    python tests/fuzz/run.py [--cases 100000] [--minutes 60] [--seed N]

Stops when that many cases were tried or the time is over. A seed whose round fails is kept in .hypothesis/failed_seeds.txt
and tried first the next time, until it passes; --seed: that one alone, to see its failure. Exit code 1 when a round failed.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KEPT = ROOT / ".hypothesis" / "failed_seeds.txt"
TIMES = 5  # as many cases as in the daily run, in a round


def cases_of_a_round():
    """Cases that one round tries: the sum of what the tests say."""
    return TIMES * sum(
        int(n) for file in HERE.glob("test_*.py") for n in re.findall(r"\bcases\((\d+)", file.read_text())
    )


def passed(seed, seconds):
    """Whether the round of a seed passed; None when the time was over before it was through."""
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        f"--hypothesis-seed={seed}",
        str(HERE),
    ]
    environment = os.environ | {"IRTRACK_FUZZ": str(TIMES)}
    try:
        return subprocess.run(words, cwd=ROOT, env=environment, timeout=max(seconds, 1)).returncode == 0
    except subprocess.TimeoutExpired:
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    end, a_round = time.monotonic() + 60 * options.minutes, cases_of_a_round()
    kept = [int(word) for word in KEPT.read_text().split()] if KEPT.is_file() else []
    first = time.time_ns() // 10**9
    seeds = [options.seed] if options.seed is not None else [*kept, *range(first, first + -(-options.cases // a_round))]
    failed, done = set(kept), 0
    for seed in seeds:
        if time.monotonic() >= end:
            break
        print(f"== seed {seed}: {a_round} cases, {(end - time.monotonic()) / 60:.0f} minutes left", flush=True)
        well = passed(seed, end - time.monotonic())
        if well is None:
            print(f"the time is over in the round of seed {seed}")
            break
        (failed.discard if well else failed.add)(seed)
        done += a_round
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text("".join(f"{seed}\n" for seed in sorted(failed)))
    print(f"{done} cases; " + (f"seeds that failed, kept in {KEPT}: {sorted(failed)}" if failed else "no failure"))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
