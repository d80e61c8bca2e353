r"""Eq. (2) computed faster, with the same result: the largest opening of an image by several elements, in flat arrays.

Three ideas, each exact. (i) The image is laid out flat with a margin between rows; a shift by (dy, dx) is then a shift of
one number. (ii) An element is built from few shifted copies instead of one a pixel: 15 pixels in a row are 8 and the same 8
shifted by 7, those are 4 and 4, ...: `plan` finds such a chain for any element. (iii) Two links of the chain make one pass
over the array, the smallest of four shifted copies, compiled by numba (an optional extra: pip install irtrack-core[fast]).
Without numba the same passes run in NumPy, which OpenCV's own opening about equals; `filtering` then uses OpenCV.
"""

import threading
from functools import lru_cache

import numpy as np

try:
    from numba import njit
except ImportError:
    njit = None

__all__ = ["COMPILED", "max_of_openings", "plan"]

COMPILED = njit is not None
KEPT = 8  # workspaces kept by each thread
_local = threading.local()


@lru_cache(maxsize=256)
def plan(pixels):
    """Chain that builds a set of pixels from single ones: a tuple of (part, shift, extra), smallest part first.

    pixels: frozenset of (row, column). Each step makes the set `part | (part + shift) | extra`, the next step's part.
    Cost: one pass for each step and each extra pixel; found by search over shifts, not always the least possible.
    """
    return _plan(pixels)[1]


@lru_cache(maxsize=4096)
def _plan(pixels):
    if len(pixels) == 1:
        return 0, ()
    best = None
    shifts = {(b[0] - a[0], b[1] - a[1]) for a in pixels for b in pixels if a < b}
    parts = []
    for dy, dx in shifts:
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


def max_of_openings(image, kernels):
    """max over kernels of the opening of image (H, W), of any real type; the border as in `filtering`.

    kernels: list of 2-D uint8 arrays, odd and point-symmetric. Returns a new (H, W) array.
    """
    height, width = image.shape
    rows, columns = (max(kernel.shape[axis] for kernel in kernels) // 2 for axis in (0, 1))
    pitch = width + columns
    first, count = rows * pitch + columns, height * pitch  # flat index of pixel (0, 0); pixels and margins after it
    space = _workspace(2 * first + count, count, image.dtype)
    source, eroded, best = space["source"], space["eroded"], space["best"]
    low, high = (-np.inf, np.inf) if image.dtype.kind == "f" else (0, np.iinfo(image.dtype).max)
    source[:first], source[first + count :] = high, high
    eroded[:first], eroded[first + count :] = low, low
    inner, outer = (buffer[first : first + count].reshape(height, pitch) for buffer in (source, eroded))
    inner[:, :width], inner[:, width:] = image, high
    for i, kernel in enumerate(kernels):
        base, passes = _passes(kernel.shape, kernel.tobytes(), pitch)
        _run(source[first + base :], eroded[first : first + count], passes, _lower, space)
        outer[:, width:] = low
        _run(eroded[first + base :], best, passes, _higher, space, _raise if i else _higher)
    return best.reshape(height, pitch)[:, :width].copy()


@lru_cache(maxsize=1024)
def _passes(shape, content, pitch):
    """(first offset, passes) of a kernel: each pass is (its 4 shifts, extra shifts, elements beyond the pixels)."""
    kernel = np.frombuffer(content, np.uint8).reshape(shape)
    pixels = frozenset((int(y) - shape[0] // 2, int(x) - shape[1] // 2) for y, x in np.argwhere(kernel))

    def flat(pixel):
        return pixel[0] * pitch + pixel[1]

    links = []  # (shift of the part, shift of its copy, extra shifts), all from the set's own first offset
    for part, shift, extra in plan(pixels):
        begin = min(map(flat, part))
        base = min(begin, begin + flat(shift), *map(flat, extra))
        links.append((begin - base, begin - base + flat(shift), tuple(flat(p) - base for p in extra), base))
    base = links[-1][3] if links else 0
    passes = []
    while links:
        left, right, extras, at = links.pop(0)
        shifts = (left, right, left, right)
        if links and not extras:  # two links in one pass
            left2, right2, extras, at = links.pop(0)
            shifts = (left2 + left, left2 + right, right2 + left, right2 + right)
        passes.append((shifts, extras, at - base))
    spare, done = 0, []
    for shifts, extras, at in reversed(passes):  # how far beyond the pixels the later passes look
        done.append((shifts, extras, spare, at))
        spare += max(shifts)
    return base, tuple(reversed(done))


def _run(source, out, passes, best_of, space, last=None):
    """out[i] = best of source[i + offset - first offset] over the element's pixels; `last` makes the last pass."""
    current, last = source, last or best_of
    if not passes:  # the element is one pixel
        passes = (((0, 0, 0, 0), (), 0, 0),)
    for i, (shifts, extras, spare, at) in enumerate(passes):
        final = i == len(passes) - 1
        target = out if final else space["ab"[i % 2]][: out.size + spare]
        (last if final else best_of)(*(current[shift : shift + target.size] for shift in shifts), target)
        for extra in extras:
            copy = source[at + extra : at + extra + target.size]
            (_raise if best_of is _higher else _sink)(copy, copy, copy, copy, target)
        current = target


def _lower(a, b, c, d, out):
    for i in range(out.size):
        out[i] = min(min(a[i], b[i]), min(c[i], d[i]))


def _higher(a, b, c, d, out):
    for i in range(out.size):
        out[i] = max(max(a[i], b[i]), max(c[i], d[i]))


def _sink(a, b, c, d, out):
    for i in range(out.size):
        out[i] = min(out[i], min(min(a[i], b[i]), min(c[i], d[i])))


def _raise(a, b, c, d, out):
    for i in range(out.size):
        out[i] = max(out[i], max(max(a[i], b[i]), max(c[i], d[i])))


def _in_numpy(best_of, keep):
    def run(a, b, c, d, out):
        best_of(a, out if keep else b, out=out)
        for other in (b, c, d) if keep else (c, d):
            best_of(out, other, out=out)

    return run


if COMPILED:
    _lower, _higher, _sink, _raise = (
        njit(cache=True, nogil=True, fastmath=True)(one) for one in (_lower, _higher, _sink, _raise)
    )
else:
    _lower, _higher = _in_numpy(np.minimum, False), _in_numpy(np.maximum, False)
    _sink, _raise = _in_numpy(np.minimum, True), _in_numpy(np.maximum, True)


def _workspace(padded, count, dtype):
    """Buffers of this thread for one size of image; the least recently used go when there are more than KEPT."""
    kept = _local.__dict__.setdefault("kept", {})
    key = padded, count, np.dtype(dtype)
    space = kept.pop(key, None)
    if space is None:
        space = {name: np.empty(padded, dtype) for name in ("source", "eroded", "a", "b")}
        space["best"] = np.empty(count, dtype)
    kept[key] = space
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
    return space
