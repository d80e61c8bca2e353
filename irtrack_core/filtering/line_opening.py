r"""Eq. (2) faster than by OpenCV, with the same result: the largest opening of a uint8 or uint16 image by several lines.

(i) The image is laid out flat with a margin between its rows. A shift by (dy, dx) is then a shift of one number, and the
smaller of an image and its shifted copy is one pass over contiguous memory, 16 to 64 pixels an instruction.
(ii) A line is built from few shifted copies instead of one a pixel: 15 pixels in a row are 8 and the same 8 shifted by 7,
those are 4 and 4, ... `decomposition` finds such parts. A minimum over 15 pixels then takes 4 passes instead of 14.
(iii) The passes of one size of image are worked out once, as a `Program`.

`benchmarks/filtering.py` times it beside plain OpenCV.
"""

import threading
from functools import lru_cache
from math import ceil, log2

import numpy as np

KEPT = 24  # programs kept by each thread
LARGEST = 1 << 20  # bytes of an image: five times a larger one leaves the processor's cache, and nothing is gained
ALIGNED = 64  # bytes of a cache line, on which most passes begin their output: saves a tenth
_local = threading.local()


@lru_cache(maxsize=1024)
def decomposition(pixels):
    """The decomposition of an element into unions of shifted parts: a tuple of (part, shift, extra), smallest part first.

    pixels: frozenset of (row, column); the first part is a single one of them. Each link makes the set
    `part | (part + shift) | extra`, the next link's part, at the cost of one pass and one more for each extra pixel. Each
    link is the best by itself; the whole may not be.
    """
    chain = []
    while len(pixels) > 1:
        (y, x), *others = sorted(pixels)
        links = []
        for dy, dx in ((row - y, column - x) for row, column in others):
            part = frozenset(p for p in pixels if (p[0] + dy, p[1] + dx) in pixels)
            extra = pixels - part - {(row + dy, column + dx) for row, column in part}
            # what it costs and what building its part costs at least; then the smaller part
            links.append((len(extra) + ceil(log2(len(part))), len(part), (dy, dx), part, tuple(sorted(extra))))
        _, _, shift, pixels, extra = min(links, key=lambda link: link[:3])
        chain.append((pixels, shift, extra))
    return tuple(reversed(chain))


def largest_opening(image, lines, *, dark=False):
    """The largest of the openings of image (H, W) by the lines, or with dark=True the smallest of the closings.

    image: uint8 or uint16; lines: morphology.Family of lines. Border mode: as in `morphology`. Returns a new (H, W) array,
    or None where OpenCV is no slower: for other types and large images, and where this size is met for the first time.
    """
    if image.dtype.kind != "u" or image.nbytes > LARGEST:
        return None
    program = _program(*image.shape, image.dtype, lines)
    # the closing is the opening's dual: bright and dark exchanged before and after
    return program and (np.invert(program(np.invert(image))) if dark else program(image).copy())


def _program(*key):
    """This thread's `Program` of that key; None when the key is met for the first time. The least recently used go."""
    kept = _local.__dict__.setdefault("kept", {})
    program = kept.pop(key, False)  # None: met once
    kept[key] = Program(*key) if program is None else program or None
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
    return kept[key]


class Program:
    """The passes that give the largest opening of a (height, width) image, and their memory; for one thread at a time."""

    def __init__(self, height, width, dtype, lines):
        reach_y, reach_x = lines.rows // 2, lines.columns // 2
        word = 8 // dtype.itemsize  # margins are filled 8 bytes at a time
        self.pitch = width + -(-reach_x // word) * word
        before = -(-(reach_y * self.pitch + reach_x) // ALIGNED) * ALIGNED  # what a line can reach beyond the image
        source, eroded, best, *self.spare = (_zeros(2 * before + height * self.pitch, dtype) for _ in range(5))
        source.fill(np.iinfo(dtype).max)
        self.rows = slice(before, before + height * self.pitch)
        self.image, self.result = (a[self.rows].reshape(height, self.pitch)[:, :width] for a in (source, best))
        at, strides = (before + width) * dtype.itemsize, (self.pitch * dtype.itemsize, 8)
        margins = np.ndarray((height, (self.pitch - width) // word), np.uint64, eroded, at, strides)
        self.passes = []  # (function, array, array, output); no function: zeros into the output
        for number, kernel in enumerate(lines.kernels):
            self._add(np.minimum, kernel, source, eroded)
            self.passes.append((None, None, None, margins))
            self._add(np.maximum, kernel, eroded, best, keep=number > 0)

    def __call__(self, image):
        """The largest opening (H, W) of the image, in memory that the next call overwrites."""
        np.copyto(self.image, image)
        for better, a, b, out in self.passes:
            if better is None:
                out.fill(0)
            else:
                better(a, b, out=out)
        return self.result

    def _add(self, better, kernel, source, target, keep=False):
        """The passes of one erosion or dilation of `source` into `target`; keep: what stands in the target takes part."""
        pixels = np.argwhere(kernel) - np.array(kernel.shape) // 2
        chain = decomposition(frozenset(map(tuple, pixels.tolist())))
        links = [(self._flat(shift), [self._flat(pixel) for pixel in extra]) for _, shift, extra in chain]
        origin = self._flat(min(chain[0][0])) if chain else 0  # the single pixel that the chain begins with
        begin, end = self.rows.start + origin, self.rows.stop + origin
        ranges = []
        for shift, _ in reversed(links):  # the last link needs the rows, those before it what the next one looks at
            ranges.append((begin, end))
            begin, end = min(begin, begin + shift), max(end, end + shift)
        last, at = source, 0  # position p is held at last[p - at]
        for number, ((shift, extra), (begin, end)) in enumerate(zip(links, reversed(ranges))):
            final = number == len(links) - 1
            out = target[self.rows] if final else self.spare[number % 2][: end - begin]
            pair = [last[begin - at + move : end - at + move] for move in (0, shift)]
            more = [source[begin - origin + pixel : end - origin + pixel] for pixel in extra]
            first = out if final and keep else pair.pop()
            self.passes += [(better, first, pair.pop(0), out), *((better, out, one, out) for one in pair + more)]
            last, at = out, begin
        if not links:
            self.passes.append((better, source[self.rows], (target if keep else source)[self.rows], target[self.rows]))

    def _flat(self, pixel):
        return pixel[0] * self.pitch + pixel[1]


def _zeros(count, dtype):
    """`count` zeros that begin on a cache line."""
    raw = np.zeros(count * dtype.itemsize + ALIGNED, np.uint8)
    begin = -raw.ctypes.data % ALIGNED
    return raw[begin : begin + count * dtype.itemsize].view(dtype)
