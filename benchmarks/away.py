"""A tracker that lives elsewhere takes its turns in a race: `tracking_speed.py` starts this with the Python of
.venv-baselines, whose OpenCV has CSRT and KCF, and which has no torch, or in the checkout of an older commit. It times
itself: nothing of the way between counts.

    python benchmarks/away.py csrt '{}'   then a line `CLIP.npz COUNT` a turn; answers a line `WALL CPU` in seconds a frame
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PYTHON = Path(__file__).resolve().parents[1] / ".venv-baselines" / "bin" / "python"
READY = "ready\n"


def run(tracker, frames, box, count=None):
    """(wall, cpu) seconds of an update, the wall's the median: a single stall does not count."""
    tracker.init(frames[0], box)
    seconds, spent, count = [], time.process_time(), count or len(frames)
    for i in range(1, count):
        begin = time.perf_counter()
        tracker.update(frames[i])
        seconds.append(time.perf_counter() - begin)
    return float(np.median(seconds)), (time.process_time() - spent) / (count - 1)


class Away:
    """The tracker `name` in the environment of `python`; `run(frames, box, count)` is its turn. Ends with this process.

    folder: of the checkout whose irtrack_core is taken, None: this one; options: of `trackers.create`. Raises RuntimeError
    where there is no such tracker; why stands on standard error.
    """

    def __init__(self, name, python=PYTHON, folder=None, **options):
        words = [str(python), __file__, name, json.dumps(options)]
        places = os.environ if folder is None else os.environ | {"PYTHONPATH": str(Path(folder).resolve())}
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=places, cwd=folder
        )
        self.folder, self.sent = tempfile.TemporaryDirectory(), {}
        if self.process.stdout.readline() != READY:
            raise RuntimeError(f"no {name} {options} in the other environment: its message stands above")

    def run(self, frames, box, count=None):
        if id(frames) not in self.sent:
            path = Path(self.folder.name) / f"{len(self.sent)}.npz"
            np.savez(path, frames=np.stack(list(frames)), box=box)
            self.sent[id(frames)] = path, frames  # kept, so that no other clip gets its id
        print(self.sent[id(frames)][0], count or 0, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the tracker in the other environment has stopped: its message stands above")
        return tuple(float(value) for value in answer.split())


def main():
    if len(sys.argv) < 3:
        return print("started by tracking_speed.py")
    import cv2

    from irtrack_core import trackers

    cv2.setNumThreads(1)
    tracker, clips = trackers.create(sys.argv[1], **json.loads(sys.argv[2])), {}
    print(READY, end="", flush=True)
    for line in sys.stdin:
        path, count = line.split()
        if path not in clips:
            with np.load(path) as stored:
                clips[path] = stored["frames"], stored["box"]
        print(*run(tracker, *clips[path], int(count)), flush=True)


if __name__ == "__main__":
    main()
