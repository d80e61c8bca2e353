"""Speed of the filter, whole frames and a tracker's window, side by side with the plain OpenCV loop on this machine.

    python benchmarks/filtering.py [repeats]

Both take turns in one loop, so that a busy machine is unfair to neither; medians in ms on one thread; a ratio below 1 is
faster than plain OpenCV. The results are compared first: both ways give the same bits.
"""

import sys
import time
from functools import partial

import cv2
import numpy as np

from irtrack_core.filtering import filter_window, line_elements, multilevel_filter, rectangle, support

NONE = rectangle(1, 1)


def plain(image, elements):
    """The loop one would write: open by each element, keep the largest, subtract. Returns U."""
    largest = cv2.morphologyEx(image, cv2.MORPH_OPEN, elements[0])
    for element in elements[1:]:
        largest = cv2.max(largest, cv2.morphologyEx(image, cv2.MORPH_OPEN, element))
    return cv2.subtract(image, largest)


def plain_window(image, window, elements, s):
    """The same on a window and its halo, with the rectangle after it. Returns M."""
    (x, y, w, h), halo = window, support(elements, s)
    part = image[y - halo : y + h + halo, x - halo : x + w + halo]
    return cv2.morphologyEx(plain(part, elements), cv2.MORPH_OPEN, s)[halo : halo + h, halo : halo + w]


def race(ways, repeats):
    """Median milliseconds of each function, called in turn."""
    took = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            took[name].append(time.perf_counter() - begin)
    return {name: 1e3 * float(np.median(values)) for name, values in took.items()}


def compare(label, plain_way, ours, repeats):
    """Print a line: both ways' times, and the ratio of the second to the first."""
    for _ in range(3):  # the package works out a size's passes when it meets it for the second time
        assert np.array_equal(ours(), plain_way())
    took = race({"plain": plain_way, "ours": ours}, repeats)
    print(f"{label:28}{took['plain']:14.3f}{took['ours']:14.3f}{took['ours'] / took['plain']:8.2f}")


def main(repeats=100):
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    frame = cv2.GaussianBlur(rng.integers(0, 256, (480, 640)).astype(np.uint8), (0, 0), 1.5)
    print(f"OpenCV {cv2.__version__}, NumPy {np.__version__}; lines of 15; ms")
    print(f"{'':28}{'plain OpenCV':>14}{'this package':>14}{'ratio':>8}")
    for dtype in (np.uint8, np.uint16, np.float32):
        image = frame.astype(dtype)
        for n in (4, 8):
            elements = line_elements(15, n)
            label = f"640 x 480 {np.dtype(dtype).name}, n = {n}"
            ours = partial(lambda image, elements: multilevel_filter(image, elements, NONE)[1], image, elements)
            compare(label, partial(plain, image, elements), ours, repeats)
    window, s = (288, 208, 64, 64), rectangle(3, 3)
    for dtype in (np.uint8, np.uint16, np.float32):
        image = frame.astype(dtype)
        for n in (4, 8):
            arguments = image, window, line_elements(15, n), s
            label = f"64 px window {np.dtype(dtype).name}, n = {n}"
            ours = partial(lambda *arguments: filter_window(*arguments)[2], *arguments)
            compare(label, partial(plain_window, *arguments), ours, 10 * repeats)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
