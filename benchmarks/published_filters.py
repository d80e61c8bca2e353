"""Speed of the published filters, side by side in one loop: ms a frame of 640 x 480, and the ratio to MPCM.

    python benchmarks/published_filters.py [repeats] [filters]

Medians of processor time on one thread; all take turns, so that a busy machine is unfair to none. filters: names of
`filtering.baselines`; none: all but the slow ones.
"""

import sys
import time

import cv2
import numpy as np

from irtrack_core.filtering import baselines

SLOW = ("tdlms", "max-median", "rlcm", "ipi", "pstnn")


def main(repeats=20, *names):
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    frame = cv2.GaussianBlur(rng.integers(0, 256, (480, 640)).astype(np.uint8), (0, 0), 1.5)
    names = names or [name for name in baselines.available() if name not in ("none", *SLOW)]
    took = {name: [] for name in ("mpcm", *(name for name in names if name != "mpcm"))}
    for _ in range(int(repeats)):
        for name, times in took.items():
            filtered, begin = baselines.create(name), time.process_time()
            filtered(frame)
            times.append(1e3 * (time.process_time() - begin))
    medians = {name: float(np.median(times)) for name, times in took.items()}
    for name, ms in medians.items():
        print(f"{name:12}{ms:10.2f} ms{ms / medians['mpcm']:8.2f} x mpcm")


if __name__ == "__main__":
    main(*sys.argv[1:])
