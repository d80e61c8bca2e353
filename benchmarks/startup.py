"""What it costs to start: processor time and peak memory of whole processes, this checkout beside an older one, in one run.

    git worktree add ../older 9b1e906
    python benchmarks/startup.py --older ../older [--older-python ../older/.venv/bin/python] [--python PYTHON]

Every command is run `--repeats` times, the two checkouts in turn, and the median is printed. The install sizes are those of
the packages that a plain `pip install .` brings, with all that they require, as they lie in the environment of each.
"""

import argparse
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from packaging.requirements import Requirement

from irtrack_core.experiments.cached import write_card
from irtrack_core.provenance import find_root, provenance

ROOT = find_root()
OUT = ROOT / "data" / "results" / "startup"
CREATE = "from irtrack_core import trackers; trackers.create('siamese'{})"
# name -> (words of the new checkout, words of the older one, target ratio of processor time, of memory)
CASES = {
    "import irtrack_core": (["-c", "import irtrack_core"], None, None, None),
    "create, OpenCV's dnn": (["-c", CREATE.format(", backend='opencv'")], ["-c", CREATE.format("")], 0.2, None),
    "create, ONNX Runtime": (["-c", CREATE.format(", backend='onnxruntime'")], ["-c", CREATE.format("")], 0.2, None),
    "track, OpenCV's dnn": (["--backend", "opencv"], [], 0.4, 0.4),
    "track, ONNX Runtime": (["--backend", "onnxruntime"], [], 0.25, 0.4),
}


def video(path, frames=317, shape=(256, 320)):
    """A video of a bright spot that crosses a smooth, noisy background; its first box as x,y,w,h."""
    rng = np.random.default_rng(0)
    ground = cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), 12) * 120 + 90
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 30, shape[::-1])
    for k in range(frames):
        spot = 80 * np.exp(-((x - 60 - 0.6 * k) ** 2 + (y - 120 - 10 * np.sin(k / 40)) ** 2) / 18)
        frame = (ground + spot + rng.normal(0, 2, shape)).clip(0, 255).astype(np.uint8)
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    return "54,114,12,12"


# run in a small process of its own: what a large one forks has that one's memory until it starts the command
MEASURE = """
import json, os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
"""


def cost(python, checkout, words, folder):
    """(seconds of processor time, peak MB) of one process of a checkout. Raises RuntimeError when it fails."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-S", "-E", "-c", MEASURE, str(python), *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    status, seconds, memory = json.loads(done.stdout.splitlines()[-1])
    if status:
        raise RuntimeError(f"{python} {' '.join(words)} in {checkout} ended with {status}: {done.stderr[-500:]}")
    return seconds, memory


def measure(python, older, older_python, repeats):
    """Table case, processor_s, memory_mb, older_processor_s, older_memory_mb, ratios and targets; medians."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        box = video(Path(folder) / "clip.mp4")
        for name, (new, old, time_target, memory_target) in CASES.items():
            if name.startswith("track"):
                track = ["-m", "irtrack_core", "track", "clip.mp4", "--box", box, "--csv", "boxes.csv"]
                new, old = [*track, *new], [*track, *old]
            samples = {"": [], "older_": []}
            for _ in range(repeats):
                samples[""].append(cost(python, ROOT, new, folder))
                if older:
                    samples["older_"].append(cost(older_python, older, old or new, folder))
            row = {"case": name}
            for prefix, values in samples.items():
                if values:
                    seconds, memory = (round(statistics.median(each), 2) for each in zip(*values))
                    row |= {f"{prefix}processor_s": seconds, f"{prefix}memory_mb": round(memory)}
            if older:
                row["processor_ratio"] = round(row["processor_s"] / row["older_processor_s"], 3)
                row["memory_ratio"] = round(row["memory_mb"] / row["older_memory_mb"], 3)
            rows.append(row | {"processor_target": time_target, "memory_target": memory_target})
    return pd.DataFrame(rows)


def install_mb(checkout):
    """MB, as installed here, of the packages that `pip install checkout` brings; those not here are left out."""
    meta = tomllib.loads((Path(checkout) / "pyproject.toml").read_text())["project"]
    waiting, seen, size = [Requirement(line).name for line in meta["dependencies"]], set(), 0
    while waiting:
        name = waiting.pop().lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        size += sum(path.stat().st_size for file in found.files or [] if (path := Path(file.locate())).is_file())
        needs = [Requirement(line) for line in found.requires or []]
        waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return round(size / 2**20)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--older", type=Path, help="checkout of an older commit; without it only this one is measured")
    parser.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="the Python that this checkout runs with"
    )
    parser.add_argument("--older-python", type=Path, default=Path(sys.executable), help="the Python that it runs with")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--keep", action="store_true", help=f"write the table to {OUT.relative_to(ROOT)}")
    chosen = parser.parse_args()
    made_by = provenance()
    table = measure(chosen.python, chosen.older and chosen.older.resolve(), chosen.older_python, chosen.repeats)
    print(table.to_string(index=False))
    sizes = {"install_mb": install_mb(ROOT)} | ({"older_install_mb": install_mb(chosen.older)} if chosen.older else {})
    print(sizes)
    if chosen.keep:
        OUT.mkdir(parents=True, exist_ok=True)
        table.to_csv(OUT / "startup.csv", index=False)
        write_card(OUT / "startup.csv", "python benchmarks/startup.py --older CHECKOUT --keep", made_by, **sizes)


if __name__ == "__main__":
    main()
