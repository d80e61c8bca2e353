"""Whether tracking stays as it is over hours: memory and speed over a long video, and many trackers in one process.

    python benchmarks/soak.py [--frames 3000] [--trackers 64]      a whole hour at 30 fps: --frames 108000

Follows a target of 640 x 512 video that is made as it is read, by `irtrack track`'s own loop and files. The target hides for
a while, again and again, and a second one is about, so that re-detection stays busy. Every tenth frame a second tracker,
which begins anew all the time, takes a frame of the video's beginning: its cost tells how busy the machine is. Printed and
checked: growth of memory after the first tenth of the frames (at most 10 MB), speed beside that of the second tracker, at
the end over after the first tenth (at least 0.95), and that of so many trackers in one process each follows its own target.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from irtrack_core import trackers
from irtrack_core.boxes import iou
from irtrack_core.cli.output import CsvOutput
from irtrack_core.cli.track import track
from irtrack_core.datasets import FunctionFrames
from irtrack_core.provenance import limit_threads, provenance

SHAPE = (512, 640)
HIDDEN, PERIOD = 40, 240  # frames of a period in which the target is not to be seen
MOST_GROWTH, LEAST_SPEED = 10, 0.95
BESIDE = 10  # frames of the long video for one of the tracker beside it


def place(index, number=0):
    """(x, y) of target `number` in a frame: it wanders over the frame on a curve of its own."""
    turn = index / 240 + 2.4 * number
    return 320 + 250 * np.sin(turn), 256 + 190 * np.sin(0.7 * turn + number)


class Scene:
    """index -> frame (512, 640) uint8: clouds that drift, noise, the target where it is not hidden, and one like it."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        small = rng.normal(0, 1, (20, 44))
        self.clouds = cv2.resize(small, (1408, 640), interpolation=cv2.INTER_CUBIC) * 12 + 90
        self.noise = rng.normal(0, 2.5, (SHAPE[0] + 64, SHAPE[1] + 64))
        y, x = np.mgrid[-8:9, -8:9]
        self.spot = lambda dx, dy: 90 * np.exp(-((x - dx) ** 2 + (y - dy) ** 2) / 12)

    def __call__(self, index):
        left, (top, side) = index % 768, divmod(index * 2654435761 % 4096, 64)
        frame = (
            self.clouds[: SHAPE[0], left : left + SHAPE[1]] + self.noise[top : top + SHAPE[0], side : side + SHAPE[1]]
        )
        for number in (0, 1):
            if number or index % PERIOD < PERIOD - HIDDEN:
                self.draw(frame, place(index, number), 1.0 if number == 0 else 0.25)
        return np.clip(frame, 0, 255).astype(np.uint8)

    def draw(self, frame, at, strength):
        column, row = (int(np.floor(value)) for value in at)
        spot = self.spot(at[0] - column - 0.5, at[1] - row - 0.5) * strength
        frame[row - 8 : row + 9, column - 8 : column + 9] += spot


def box_of(at):
    return np.array([at[0] - 5, at[1] - 5, 10, 10], dtype=float)


def memory():
    """Resident memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def always_new():
    """An endless generator: a tracker follows the beginning of the video, again and again."""
    tracker, video = trackers.create("siamese"), FunctionFrames(PERIOD - HIDDEN, SHAPE, "uint8", Scene())
    while True:
        yield from track(tracker, video, box_of(place(0)))


def long_video(frames, folder):
    """Prints what tracking so many frames did to memory and speed; returns what is not as it should be."""
    video = FunctionFrames(frames, SHAPE, "uint8", Scene())
    tracker = trackers.create("siamese")
    part, marks, lost, hits, seen, seconds, ratios = max(frames // 20, 1), [], 0, 0, 0, [], []
    new, beside = always_new(), 0.0
    with CsvOutput(folder / "boxes.csv") as rows:
        begin = time.process_time()
        for index, _, box, score, _ in track(tracker, video, box_of(place(0))):
            rows.write(index, box, score)
            lost += tracker.lost
            if index % PERIOD < PERIOD - HIDDEN:
                seen += 1
                hits += float(iou(box, box_of(place(index)))) > 0.3
            if (index + 1) % BESIDE == 0:
                before = time.process_time()
                next(new)
                beside += time.process_time() - before
            if (index + 1) % part == 0:
                marks.append(memory())
                seconds.append(time.process_time() - begin - beside)
                ratios.append(beside / seconds[-1])
                rate, new_rate = part / seconds[-1], part / BESIDE / beside
                rates = f"{rate:.1f} frames a second, {new_rate:.1f} beside"
                print(f"  after {index + 1:6} frames {marks[-1]:.1f} MB, {rates}", flush=True)
                begin, beside = time.process_time(), 0.0
    growth = max(marks[2:]) - marks[1]
    speed = float(np.median(ratios[-3:]) / np.median(ratios[2:5]))
    print(f"{frames} frames: {part / np.median(seconds):.0f} a second of processor time, making them included")
    print(f"memory {marks[1]:.0f} MB after a tenth, {growth:+.1f} MB at most after that; speed last/first {speed:.3f}")
    print(f"lost in {lost} frames; on the target in {hits / max(seen, 1):.2f} of those that show it")
    bad = ["memory grows"] * (growth > MOST_GROWTH) + ["it becomes slower"] * (speed < LEAST_SPEED)
    return bad + ["re-detection was never busy"] * (lost == 0)


def many_trackers(count, frames=12):
    """Prints what so many trackers in one process cost; returns what is not as it should be."""
    scene, before = Scene(1), memory()
    ground = [scene(200 + i) for i in range(frames)]
    made = [trackers.create("siamese") for _ in range(count)]
    begin, right = time.process_time(), 0
    for number, tracker in enumerate(made):
        at = [(60 + 8 * (number % 64) + i, 80 + 5 * (number % 64) + i / 2) for i in range(frames)]
        for i, here in enumerate(at):
            frame = ground[i].astype(float)
            scene.draw(frame, here, 1.0)
            frame = np.clip(frame, 0, 255).astype(np.uint8)
            box = tracker.update(frame) if i else tracker.init(frame, box_of(here))
        right += float(iou(box, box_of(at[-1]))) > 0.3
    used = memory() - before
    print(f"{count} trackers: {used / count:.1f} MB each, {right} on their target; {time.process_time() - begin:.1f} s")
    return ["a tracker lost a clear target"] * (right < count)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--trackers", type=int, default=64)
    options = parser.parse_args()
    limit_threads()
    with tempfile.TemporaryDirectory() as folder:
        bad = long_video(options.frames, Path(folder))
    bad += many_trackers(options.trackers) if options.trackers else []
    print(f"commit {provenance()['commit']}")
    return f"not as it should be: {', '.join(bad)}" if bad else 0


if __name__ == "__main__":
    sys.exit(main())
