"""`irtrack evaluate` over 30 sequences on two cores beside one: wall time of whole processes, in turns, and their ratio.

    python benchmarks/evaluate_cores.py [--frames 300] [--rounds 2]

The sequences are videos of noise with a moving spot, 320 x 256, which are written first. Each round is a run with one
worker and one with two, in changing order, start and tables included; the ratio is that of the shortest. On a machine that
does other work it says little: the load before each run is printed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SHAPE = (256, 320)


def write_set(folder, sequences, frames):
    """A folder of images-as-arrays would hide the decoding: 8-bit PNG files, as most sets have them."""
    import cv2

    from irtrack_core.datasets.writers import write

    for number in range(sequences):
        rng, place = np.random.default_rng(number), folder / f"clip{number:02d}"
        place.mkdir(parents=True)
        scene = cv2.GaussianBlur(rng.normal(0, 1, SHAPE), (0, 0), 8) * 200 + 90
        boxes = []
        for k in range(frames):
            x, y = 40 + 0.7 * k % 200, 60 + number * 3 + 20 * np.sin(k / 20)
            frame = scene + rng.normal(0, 3, SHAPE)
            frame[int(y) : int(y) + 6, int(x) : int(x) + 6] += 90
            cv2.imwrite(str(place / f"{k + 1:06d}.png"), frame.clip(0, 255).astype(np.uint8))
            boxes.append([int(x), int(y), 6, 6])
        write("got10k", place, np.array(boxes, dtype=float))


def seconds(place, out, workers, tracker):
    """Wall time of one evaluation by a process of its own."""
    words = ["-m", "irtrack_core", "evaluate", tracker, f"got10k={place}", "--out", str(out), "--workers", str(workers)]
    begin = time.perf_counter()
    known = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *words], check=True, capture_output=True, env=known)
    return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=30)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--tracker", default="siamese")
    options = parser.parse_args()
    found = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_set(folder / "set", options.sequences, options.frames)
        for number in range(options.rounds):
            for workers in (1, 2) if number % 2 == 0 else (2, 1):
                load = os.getloadavg()[0]
                spent = seconds(folder / "set", folder / f"out{number}{workers}", workers, options.tracker)
                found[workers].append(spent)
                print(f"{workers} worker{'s' * (workers > 1)}: {spent:.1f} s (load before: {load:.1f})", flush=True)
    ratio = min(found[1]) / min(found[2])
    print(f"{options.sequences} sequences of {options.frames} frames, {os.cpu_count()} cores: ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
