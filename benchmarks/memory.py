"""Memory of `irtrack track` and `irtrack evaluate` over an hour of video beside that over a minute: whole processes.

    python benchmarks/memory.py [--minutes 60] [--tracker peak]

A video of 160 x 128 at 30 frames a second with a spot that wanders and its boxes are written; each command then follows the
spot through its first minute and through all of it. Printed and checked: the most memory that the process ever held, and by
how much more that is for the longer video (at most 20 MB).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

FPS, SHAPE, MOST = 30, (128, 160), 20


def write(folder, minutes):
    """A video of so many minutes in the folder, with its box file; returns its path."""
    video, rng = folder / f"film{minutes}.avi", np.random.default_rng(0)
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SHAPE[::-1], False)
    grounds = [rng.normal(80, 3, SHAPE) for _ in range(20)]
    rows = ["frame,x,y,w,h"]
    for k in range(minutes * 60 * FPS):
        x, y = int(76 + 50 * np.sin(k / 90)), int(60 + 40 * np.sin(k / 130))
        frame = grounds[k % 20].copy()
        frame[y : y + 6, x : x + 6] += 90
        writer.write(frame.clip(0, 255).astype(np.uint8))
        rows.append(f"{k},{x},{y},6,6")
    writer.release()
    video.with_suffix(".csv").write_text("\n".join(rows) + "\n")
    return video


def most(words, folder):
    """(MB that a process of `irtrack` held at most, seconds). Raises RuntimeError where the command fails."""
    begin = time.perf_counter()
    with open(folder / "log", "w") as log:
        process = subprocess.Popen([sys.executable, "-m", "irtrack_core", *words], cwd=folder, stdout=log, stderr=log)
        _, code, usage = os.wait4(process.pid, 0)
    if code:
        raise RuntimeError((folder / "log").read_text()[-500:])
    return usage.ru_maxrss / 1024, time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--tracker", default="peak")
    options = parser.parse_args()
    grown = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        videos = [write(folder, 1), write(folder, options.minutes)]
        for command in ("track", "evaluate"):
            held = []
            for number, video in enumerate(videos):
                if command == "track":
                    words = ["track", str(video), "--box", "76,60,6,6", "--tracker", options.tracker]
                else:
                    words = ["evaluate", options.tracker, f"folder={video}", "--out", f"out{number}", "--workers", "1"]
                memory, seconds = most(words, folder)
                held.append(memory)
                print(
                    f"irtrack {command}, {video.stem[4:]} minutes: {memory:.0f} MB at most, {seconds:.0f} s", flush=True
                )
            grown.append(held[1] - held[0])
            print(f"irtrack {command}: {grown[-1]:+.1f} MB over {options.minutes} minutes")
    return f"more than {MOST} MB" if max(grown) > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
