"""Speed of eqs. (2) and (3), and of one window, side by side with the plain OpenCV loop on this machine.

    python benchmarks/filtering.py [repeats]

All ways take turns in one loop, so that a busy machine is unfair to none; medians in ms, ratio to plain OpenCV below 1 is
faster. The results are compared first: every way gives the same bits.
"""

import sys
import time
from functools import partial

import cv2
import numpy as np

from irtrack_core import flat
from irtrack_core.filtering import filter_window, line_elements, multilevel_filter, rectangle

NONE = rectangle(1, 1)


def plain(image, elements):
    """The loop one would write: open by each element, keep the largest, subtract."""
    largest = cv2.morphologyEx(image, cv2.MORPH_OPEN, elements[0])
    for element in elements[1:]:
        largest = cv2.max(largest, cv2.morphologyEx(image, cv2.MORPH_OPEN, element))
    return cv2.subtract(image, largest)


def ours(image, elements):
    """The package's filter without the rectangle, all checks included."""
    return multilevel_filter(image, elements, NONE)[1]


def passes(image, elements):
    """The flat passes of `flat`, compiled when numba is installed, in NumPy otherwise."""
    return cv2.subtract(image, flat.max_of_openings(image, elements))


def race(ways, repeats):
    """Median seconds of each function, called in turn."""
    seconds = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(repeats):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - begin)
    return {name: float(np.median(values)) for name, values in seconds.items()}


def main(repeats=100):
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    frame = cv2.GaussianBlur(rng.integers(0, 256, (480, 640)).astype(np.uint8), (0, 0), 1.5)
    print(f"640 x 480, lines of 15, one thread; OpenCV {cv2.__version__}, numba {'yes' if flat.COMPILED else 'no'}")
    print(
        f"{'type':8} {'n':>2} {'plain OpenCV':>13} {'this package':>13} {'ratio':>6} {'flat passes':>12} {'ratio':>6}"
    )
    for dtype in (np.uint8, np.uint16, np.float32):
        image = frame.astype(dtype)
        for n in (4, 8):
            elements = line_elements(15, n)
            ways = {way.__name__: partial(way, image, elements) for way in (plain, ours, passes)}
            assert all(np.array_equal(way(), ways["plain"]()) for way in ways.values())
            took = race(ways, repeats)
            base = took["plain"]
            print(
                f"{np.dtype(dtype).name:8} {n:2} {1e3 * base:13.3f} {1e3 * took['ours']:13.3f} {took['ours'] / base:6.2f}"
                f" {1e3 * took['passes']:12.3f} {took['passes'] / base:6.2f}"
            )
    elements, s = line_elements(15, 4), rectangle(3, 3)
    ways = {
        "whole frame, E U M": lambda: multilevel_filter(frame, elements, s),
        "64 px window, E U M": lambda: filter_window(frame, (288, 208, 64, 64), elements, s),
    }
    for name, value in race(ways, 5 * repeats).items():
        print(f"{name:22} {1e3 * value:8.3f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
