"""How long it takes to be told of a wrong word: `irtrack` and `workbook run`, this checkout beside an older one, in one run.

    git worktree add ../older fcee77d
    python benchmarks/cli_errors.py --older ../older [--repeats 5]

Each command is run in both checkouts in turn, in a folder of its own; medians of wall time, processor time of the process and
all that it started, and their ratio. Every one of them has to end with exit code 2 and one line here.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from irtrack_core.provenance import find_root, provenance

ROOT = find_root()
TARGET = 0.3  # seconds
BOX = ["--box", "30,20,4,4"]
IRTRACK, RUN = ["-m", "irtrack_core"], ["-m", "irtrack_core.workbook", "run"]
# in the words {notebooks} stands for the folder of the checkout's notebooks
CASES = {
    "no such video": [*IRTRACK, "track", "gone.mp4", *BOX],
    "no such image": [*IRTRACK, "track", "gone.png", *BOX],
    "not a video": [*IRTRACK, "track", "text.mp4", *BOX],
    "box outside": [*IRTRACK, "track", "images", "--box", "300,1,5,5"],
    "no such frame": [*IRTRACK, "track", "images", *BOX, "--start", "9"],
    "unknown tracker": [*IRTRACK, "track", "images", *BOX, "--tracker", "magic"],
    "no weights": [*IRTRACK, "track", "images", *BOX, "--weights", "gone.safetensors"],
    "weights that are none": [*IRTRACK, "track", "images", *BOX, "--weights", "text.mp4"],
    "tracker without weights": [*IRTRACK, "track", "images", *BOX, "--tracker", "ref8"],
    "unknown backend": [*IRTRACK, "track", "images", *BOX, "--backend", "tensorrt"],
    "no folder to write to": [*IRTRACK, "track", "images", *BOX, "--csv", "gone/boxes.csv"],
    "video of another ending": [*IRTRACK, "track", "images", *BOX, "--out", "drawn.gif"],
    "check: no such folder": [*IRTRACK, "check", "folder", "gone"],
    "check: unknown dataset": [*IRTRACK, "check", "imagenet"],
    "fetch: unknown set": [*IRTRACK, "fetch", "imagenet"],
    "run: no such notebook": [*RUN, "gone.ipynb", "out.ipynb"],
    "run: not a notebook": [*RUN, "text.mp4", "out.ipynb"],
    "run: unknown parameter": [*RUN, "{notebooks}/02_filter_an_image.ipynb", "out.ipynb", "-p", "lenght", "3"],
    "run: value of another type": [*RUN, "{notebooks}/02_filter_an_image.ipynb", "out.ipynb", "-p", "seed", "x"],
    "run: impossible seed": [*RUN, "{notebooks}/02_filter_an_image.ipynb", "out.ipynb", "-p", "seed", "-1"],
    "run: unknown profile": [*RUN, "{notebooks}/02_filter_an_image.ipynb", "out.ipynb", "-p", "profile", "fast"],
    "run: no such file": [*RUN, "{notebooks}/06_track_a_sequence.ipynb", "out.ipynb", "-p", "video", "gone.avi"],
}


def inputs(folder):
    """A folder of three images and a text file that calls itself a video."""
    (folder / "images").mkdir()
    for i in range(3):
        frame = np.full((48, 64), 60, np.uint8)
        frame[20:24, 30 + i : 34 + i] = 200
        cv2.imwrite(str(folder / "images" / f"{i}.png"), frame)
    (folder / "text.mp4").write_text("no video")


# run in a small process of its own, whose children's processor time is that of the command and of all that it started
MEASURE = """
import json, resource, subprocess, sys, time
begin = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
wall, usage = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("usage:")]
print(json.dumps([done.returncode, wall, usage.ru_utime + usage.ru_stime, lines]))
"""


def once(checkout, words, folder):
    """(exit code, wall seconds, processor seconds, lines of the answer) of one command."""
    words = [word.format(notebooks=checkout / "notebooks") for word in words]
    environment = os.environ | {
        "PYTHONPATH": str(checkout),
        "OMP_NUM_THREADS": "1",
        "IRTRACK_RESULTS": str(folder / "r"),
    }
    environment.pop("IRTRACK_DATA", None)
    command = [sys.executable, "-c", MEASURE, sys.executable, *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--older", type=Path, help="another checkout to compare with")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    checkouts, bad, sums = [ROOT, *([options.older.resolve()] if options.older else [])], [], [0.0, 0.0]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        inputs(folder)
        once(ROOT, [*IRTRACK, "--help"], folder)  # whatever the first start has to read
        print(f"{'':28} wall s   cpu s   older wall s   ratio")
        for name, words in CASES.items():
            found = [[] for _ in checkouts]
            for _ in range(options.repeats):
                for each, checkout in zip(found, checkouts):
                    each.append(once(checkout, words, folder))
            wall, cpu = (statistics.median(run[k] for run in found[0]) for k in (1, 2))
            text, sums[0] = f"{name:28} {wall:6.2f} {cpu:7.2f}", sums[0] + wall
            if options.older:
                older = statistics.median(run[1] for run in found[1])
                text, sums[1] = f"{text} {older:14.2f} {wall / older:7.2f}", sums[1] + older
            slow = " above the target" if min(run[1] for run in found[0]) > TARGET else ""
            code, _, _, lines = found[0][0]
            wrong = "" if code == 2 and len(lines) == 1 else f" ends with {code}, {len(lines)} lines"
            bad += [name] * bool(slow or wrong)
            print(text + slow + wrong, flush=True)
    more = f", {sums[1]:.1f} s in the older: ratio {sums[0] / sums[1]:.3f}" if options.older else ""
    print(f"all {len(CASES)}: {sums[0]:.1f} s{more}; commit {provenance()['commit']}")
    return f"not as they should be: {', '.join(bad)}" if bad else 0


if __name__ == "__main__":
    sys.exit(main())
