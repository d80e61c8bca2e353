"""Speed of the simulator: 640 x 480 frames a second on one thread, one line a setting.

    python benchmarks/simulator.py

The median over frames, the scene once made; and the time to make it. Beside it frames per second of processor time, which a
busy machine changes less. The first line is the unit of the ratios.
"""

import time

import cv2
import numpy as np

from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.datasets.synthetic import random_sequence
from irtrack_core.imaging.scan import simulate

CASES = {
    "defaults": ({}, {}, {}),
    "M = 4, TDI mismatch, person of 40 px": (
        dict(oversampling_scan=4, oversampling_cross=4, mismatch=0.05),
        dict(kind="cloud_edges"),
        dict(kind="pedestrian", size=40),
    ),
    "everything on: Airy, AGC, detail, JPEG, three distractors": (
        dict(psf="airy", bits=8, output="agc", detail=0.5, quality=80, dead=0.01, jitter=0.1),
        dict(kind="horizon", distractors=3, crossing=1, vibration=0.5, hot_spots=10),
        dict(kind="bird", size=30),
    ),
}


def timed(make, count):
    """(seconds to the first frame, median seconds of the others, their mean processor seconds)."""
    begin = time.perf_counter()
    frame = make()
    frame(0)
    first, times, used = time.perf_counter() - begin, [], time.process_time()
    for index in range(1, count):
        begin = time.perf_counter()
        frame(index)
        times.append(time.perf_counter() - begin)
    return first, float(np.median(times)), (time.process_time() - used) / (count - 1)


def main(count=40):
    cv2.setNumThreads(1)
    unit = None
    print(f"{'640 x 480, one thread':60s} first frame   frames/s   of processor time   ratio")
    for title, (sensor, scene, target) in CASES.items():
        settings = ScanSettings(**sensor), SceneSettings(**scene), TargetSettings(**target)
        first, each, used = timed(lambda settings=settings: simulate(*settings, frames=count).frame, count)
        unit = unit or used
        print(f"{title:60s} {first:9.2f} s {1 / each:10.0f} {1 / used:19.0f} {unit / used:7.2f}")
    rng = np.random.default_rng(0)
    pairs = [timed(lambda: random_sequence(rng, frames=20).frames.__getitem__, 20) for _ in range(20)]
    first, each, used = np.median(pairs, axis=0)
    title = "random training sequence, 192 x 192"
    print(f"{title:60s} {first:9.2f} s {1 / each:10.0f} {1 / used:19.0f} {unit / used:7.2f}")


if __name__ == "__main__":
    main()
