r"""Eq. (2) computed faster, with the same result: the largest opening of an image by several lines, in flat arrays.

Four ideas, each exact.

(i) The image is laid out flat with a margin between its rows; a shift by (dy, dx) is then a shift of one number, and one
instruction of a vector unit handles 16 to 64 pixels.
(ii) A line is built from few shifted copies instead of one a pixel: 15 pixels in a row are 8 and the same 8 shifted by 7,
those are 4 and 4, ...: `plan` finds such a chain. A minimum over 15 pixels then takes 4 passes instead of 14.
(iii) The passes of one size of image are worked out once, as a `Program`: which stretch of memory is combined with which
into which. Each begins its output on a cache line, which saves a fifth.
(iv) Large images go through in strips that stay in the cache.

The passes run in NumPy or, where numba is installed (an optional extra: pip install -e .[fast]), two at a time in
one compiled call. `benchmarks/filtering.py` times both beside plain OpenCV.
"""

import threading
from functools import lru_cache
from typing import NamedTuple

import numpy as np

try:
    from numba import njit
except ImportError:
    njit = None

__all__ = ["COMPILED", "Program", "extremal_opening", "plan"]

COMPILED = njit is not None
KEPT = 24  # programs kept by each thread
STRIP = 320 << 10  # bytes of an image that is filtered in one go: five times as much stays in the cache
LINE = 64  # bytes of a cache line
SHIFTS = 24  # shifts that `plan` tries at each link
MINIMUM, MAXIMUM, MARGIN = 0, 1, 2  # what a step of a program does
_local = threading.local()


@lru_cache(maxsize=1024)
def plan(pixels):
    """Chain that builds a set of pixels from a single one: a tuple of (part, shift, extra), smallest part first.

    pixels: frozenset of (row, column). Each link makes the set `part | (part + shift) | extra`, the next link's part.
    Cost: a pass for each link and each extra pixel; found by search over shifts, not always the least possible.
    """
    return _plan(pixels)[1]


@lru_cache(maxsize=4096)
def _plan(pixels):
    if len(pixels) == 1:
        return 0, ()
    best = None
    shifts = {(b[0] - a[0], b[1] - a[1]) for a in pixels for b in pixels if a < b}
    half = max(map(max, zip(*[map(abs, shift) for shift in shifts]))) / 2
    parts = []
    # a part about half as long makes the chain shortest
    for dy, dx in sorted(shifts, key=lambda shift: (abs(max(abs(shift[0]), abs(shift[1])) - half), shift))[:SHIFTS]:
        part = frozenset(p for p in pixels if (p[0] + dy, p[1] + dx) in pixels)
        extra = pixels - part - {(y + dy, x + dx) for y, x in part}
        parts.append((len(extra), len(part), (dy, dx), part, extra))
    # few extra pixels and a small part promise a short chain; a handful of candidates is enough
    for _, _, shift, part, extra in sorted(parts, key=lambda entry: (2 * entry[0] + np.log2(entry[1]), entry[2]))[:6]:
        cost, chain = _plan(part)
        cost += 1 + len(extra)
        if best is None or cost < best[0]:
            best = cost, (*chain, (part, shift, tuple(sorted(extra))))
    return best


def extremal_opening(image, family, *, dark=False):
    """max over the family's kernels of the opening of image (H, W); dark: min of the closings. The border as in `morphology`.

    image: uint8, uint16 or finite float32; family: morphology.Family. Returns a new (H, W) array, or None where another way
    is no slower: when this size of image is met for the first time, for a program pays from its second use on, and for
    large uint16 and float32 images without numba, for the passes are then held up by the memory.
    """
    sizes, strips = _strips(*image.shape, image.itemsize, family.rows // 2)
    if not COMPILED and image.itemsize > 1 and len(strips) > 1:
        return None
    programs = [_program(*size, family, image.dtype, dark) for size in sizes]
    if None in programs:
        return None
    result = np.empty(image.shape, image.dtype)
    for begin, number in strips:
        rows, _, top, bottom = sizes[number]
        programs[number](image[begin : begin + rows], result[begin + top : begin + bottom])
    return result


@lru_cache(maxsize=256)
def _strips(height, width, itemsize, reach):
    """Cut an image into strips of rows: (sizes, strips). A size is what `Program` is made for: (rows, width, top, bottom),
    where `top` to `bottom` are wanted and the rest is the halo; a strip is its first row and the number of its size."""
    count = max(min(-(-height * width * itemsize // STRIP), height // (4 * reach + 1)), 1)
    cuts = [height * i // count for i in range(count + 1)]
    sizes, strips = {}, []
    for top, bottom in zip(cuts, cuts[1:]):
        begin, end = max(top - 2 * reach, 0), min(bottom + 2 * reach, height)
        strips.append((begin, sizes.setdefault((end - begin, width, top - begin, bottom - begin), len(sizes))))
    return tuple(sizes), strips


class Step(NamedTuple):
    """Combine `count` numbers from each of `sources` on, pixel by pixel, and write them from `out` on."""

    kind: int  # MINIMUM or MAXIMUM; MARGIN: fill `extent` numbers in each of `count` rows
    out: int
    sources: tuple
    count: int
    extent: int = 0  # 1: what stands at `out` already takes part


class Program:
    """The steps that give rows `top` to `bottom` of the extremal opening of a (height, width) image, and their memory.

    family, dtype, dark: see `extremal_opening`. Call it with an image (height, width) and the array (bottom - top, width)
    that takes the result; one thread at a time.
    """

    def __init__(self, height, width, top, bottom, family, dtype, dark=False):
        dtype = np.dtype(dtype)
        info = np.iinfo(dtype) if dtype.kind == "u" else np.finfo(dtype)
        erode, dilate = (MAXIMUM, MINIMUM) if dark else (MINIMUM, MAXIMUM)
        self.least, most = (info.max, info.min) if dark else (info.min, info.max)
        ry, rx = family.rows // 2, family.columns // 2
        word, line = 8 // dtype.itemsize, LINE // dtype.itemsize
        self.pitch = width + -(-rx // word) * word  # margins are filled 8 bytes at a time
        before = _up(ry * self.pitch + rx, line)  # what a line can reach before the first pixel, and after the last
        size = _up(before + height * self.pitch + before, line)
        self.space = _aligned(5 * size, dtype)
        source, eroded, best, *spare = range(0, 5 * size, size)
        self.space[source:eroded], self.space[eroded:best] = most, self.least
        self.image = self._rows(source + before, height)[:, :width]
        self.result = self._rows(best + before + top * self.pitch, bottom - top)[:, :width]

        def rows(begin, end):
            return before + max(begin, 0) * self.pitch, before + min(end, height) * self.pitch

        self.steps = []
        for i, kernel in enumerate(family.kernels):
            chain = _chain(kernel.shape, kernel.tobytes(), self.pitch)
            # only the rows that the dilation will look at are eroded
            self.steps += _steps(chain, erode, source, eroded, rows(top - ry, bottom + ry), spare)
            if rx:
                self.steps.append(Step(MARGIN, eroded + before + width, (), height, self.pitch - width))
            self.steps += _steps(chain, dilate, eroded, best, rows(top, bottom), spare, keep=i > 0)
        if COMPILED:
            self.table = np.array([_numbers(step) for step in _fused(self.steps)], np.int64)
        else:
            self.calls = [call for step in self.steps for call in self._calls(step)]

    def __call__(self, image, result):
        np.copyto(self.image, image)
        if COMPILED:
            _run(self.space, self.table, self.pitch, self.space.dtype.type(self.least))
        else:
            for best, a, b, out in self.calls:
                if best is None:
                    out.fill(a)
                else:
                    best(a, b, out=out)
        np.copyto(result, self.result)

    def _rows(self, at, count):
        return self.space[at : at + count * self.pitch].reshape(count, self.pitch)

    def _calls(self, step):
        """A step as NumPy's functions of two arrays: (function, array, array, out); (None, number, None, out) to fill."""
        kind, out, sources, count, extent = step
        size = self.space.itemsize
        if kind == MARGIN:
            words = np.ndarray((count, extent * size // 8), np.uint64, self.space, out * size, (self.pitch * size, 8))
            return [(None, np.full(8 // size, self.least, self.space.dtype).view(np.uint64)[0], None, words)]
        best = (np.minimum, np.maximum)[kind]
        out, *views = (self.space[at : at + count] for at in (out, *sources))
        return [(best, out, view, out) for view in views] if extent else [(best, *views, out)]


@lru_cache(maxsize=1024)
def _chain(shape, content, pitch):
    """(origin, links): the plan of a kernel in flat shifts. Each link is (shift, extra pixels); pixels count from the
    kernel's centre, `origin` is the single pixel that the plan begins with."""
    pixels = np.argwhere(np.frombuffer(content, np.uint8).reshape(shape)) - np.array(shape) // 2
    links = plan(frozenset(map(tuple, pixels.tolist())))

    def flat(pixel):
        return pixel[0] * pitch + pixel[1]

    origin = flat(*links[0][0]) if links else 0
    return origin, [(flat(shift), [flat(pixel) for pixel in extra]) for _, shift, extra in links]


def _steps(chain, kind, source, target, rows, spare, keep=False):
    """Steps of one erosion or dilation of the region `source`, its result to the region `target`, in positions `rows`.

    After link j a number at position p of its region is the extremum over the pixels of the plan's set j, moved so that
    its first pixel lies at p. keep: the result is combined with what the target holds.
    """
    origin, links = chain
    begin, end = rows
    if not links:
        return [Step(kind, target + begin, (source + begin,) * 2, end - begin, keep)]
    begin, end = begin + origin, end + origin
    ranges = []
    for shift, _ in reversed(links):  # the last link needs the rows, those before it what the next one looks at
        ranges.append((begin, end))
        begin, end = min(begin, begin + shift), max(end, end + shift)
    steps, region, at = [], source, 0  # position p is held at region + p - at
    for j, ((shift, extra), (begin, end)) in enumerate(zip(links, reversed(ranges))):
        last = j == len(links) - 1
        out, moved = (target, origin) if last else (spare[j % 2], begin)
        first = out + begin - moved
        here = region + begin - at
        steps.append(Step(kind, first, (here, here + shift), end - begin, last and keep))
        steps += [Step(kind, first, (source + begin - origin + one,), end - begin, 1) for one in extra]
        region, at = out, moved
    return steps


def _fused(steps):
    """The same steps, two at a time where the second only looks at what the first has written: four sources each."""
    fused = []
    for step in steps:
        last = fused[-1] if fused else None
        if last and len(last.sources) == len(step.sources) == 2 and last.kind == step.kind and not last.extent:
            moves = [at - last.out for at in step.sources]
            if all(0 <= move and move + step.count <= last.count for move in moves):
                fused[-1] = step._replace(sources=tuple(at + move for move in moves for at in last.sources))
                continue
        fused.append(step)
    return fused


def _numbers(step):
    """A step as a row of the compiled executor's table, its sources repeated up to four."""
    return step.kind, step.extent, step.out, step.count, *(step.sources * 4 or (0,) * 4)[:4]


def _run(space, table, pitch, least):
    for row in range(table.shape[0]):
        kind, extent, at, count = table[row, 0], table[row, 1], table[row, 2], table[row, 3]
        if kind == 2:
            for line in range(count):
                space[at + line * pitch : at + line * pitch + extent] = least
            continue
        out = space[at : at + count]
        a, b = space[table[row, 4] : table[row, 4] + count], space[table[row, 5] : table[row, 5] + count]
        c, d = space[table[row, 6] : table[row, 6] + count], space[table[row, 7] : table[row, 7] + count]
        if kind == 0 and extent == 0:
            for i in range(count):
                out[i] = min(min(a[i], b[i]), min(c[i], d[i]))
        elif kind == 0:
            for i in range(count):
                out[i] = min(out[i], min(min(a[i], b[i]), min(c[i], d[i])))
        elif extent == 0:
            for i in range(count):
                out[i] = max(max(a[i], b[i]), max(c[i], d[i]))
        else:
            for i in range(count):
                out[i] = max(out[i], max(max(a[i], b[i]), max(c[i], d[i])))


if COMPILED:
    _options = {"nogil": True, "fastmath": {"nnan", "ninf", "nsz"}}
    try:
        _run = njit(cache=True, **_options)(_run)
    except RuntimeError:  # no folder to keep the compiled code in: compiled anew in every process
        _run = njit(**_options)(_run)


def _program(*key):
    """This thread's program of that key, or None when the key is met for the first time. The least recently used go."""
    kept = _local.__dict__.setdefault("kept", {})
    program = kept.pop(key, False)  # None: met once
    kept[key] = Program(*key) if program is None else program or None
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
    return kept[key]


def _aligned(count, dtype):
    """Memory for `count` numbers that begins on a cache line."""
    raw = np.empty(count * dtype.itemsize + LINE, np.uint8)
    begin = -raw.ctypes.data % LINE
    return raw[begin : begin + count * dtype.itemsize].view(dtype)


def _up(number, step):
    return -(-number // step) * step
