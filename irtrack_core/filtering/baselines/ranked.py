"""Means of the few largest values of every cell, which `contrast.rlcm` compares."""

import numpy as np

CHUNK = 1 << 18  # values sorted at a time: they stay in the processor's cache
MERGED = 16  # up to so many largest values sorted lists are merged; beyond it is faster to sort cell by cell


def largest_means(image, cell, counts):
    """For each k of counts (rising) the mean of the k largest values of every cell: (H - cell + 1, W - cell + 1) float32.

    image: (H, W) float32, cell: side.
    """
    shape = tuple(side - cell + 1 for side in image.shape)
    results = [np.empty(shape, np.float32) for _ in counts]
    largest, held = (_merged, 2 * MERGED) if counts[-1] <= MERGED else (_sorted, cell * cell)
    rows = max(1, CHUNK // (shape[1] * held))
    for first in range(0, shape[0], rows):
        part = largest(image[first : first + rows + cell - 1], cell, counts[-1])
        sums, done = np.zeros(part.shape[1:]), 0
        for k, result in zip(counts, results):
            for values in part[done:k]:  # one by one: NumPy's cumsum along the first axis takes many times as long
                sums += values
            result[first : first + rows], done = sums / k, k
    return results


def _sorted(image, cell, most):
    """The `most` largest values of every cell, falling: (most, H - cell + 1, W - cell + 1)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (cell, cell))
    part = windows.reshape(-1, cell * cell)  # a copy, sorted in place
    part.partition(cell * cell - most, axis=1)
    top = np.sort(part[:, -most:], axis=1)[:, ::-1]
    return top.T.reshape(most, *windows.shape[:2])


def _merged(image, cell, most):
    """As `_sorted`, from sorted lists: neighbours share theirs, along the columns first, then along the rows."""
    return _along(_along(image[None], cell, most), cell, most, across=True)


def _along(lists, length, most, across=False):
    """The `most` largest values of `length` neighbouring lists (n, H, W): lists of 1, 2, 4, ... of them are put together."""
    whole, done, span = None, 0, 1
    while True:
        if length & span:
            whole = lists if whole is None else _union(whole, _ahead(lists, done, across), most)
            done += span
        if 2 * span > length:
            return whole
        lists, span = _union(lists, _ahead(lists, span, across), most), 2 * span


def _ahead(lists, step, across):
    return lists[:, :, step:] if across else lists[:, step:]


def _union(one, other, most):
    """The `most` largest values of two falling lists at each place, falling, where both are there: a bitonic merge."""
    height, width = (min(sides) for sides in zip(one.shape[1:], other.shape[1:]))
    one, other = one[:, :height, :width], other[:, :height, :width]
    side = 1 << (max(len(one), len(other)) - 1).bit_length()
    both = np.full((side if side >= most else 2 * side, height, width), -np.inf, one.dtype)
    both[: len(one)] = one
    # the other from its least to its largest: of each pair of places the larger value belongs to the largest
    tail = both[len(both) - len(other) :]
    np.maximum(tail, other[::-1], out=tail)
    spare, half = np.empty_like(both), len(both) // 2
    while half:
        pairs, into = (values.reshape(-1, 2, half, height, width) for values in (both, spare))
        np.maximum(pairs[:, 0], pairs[:, 1], out=into[:, 0])
        np.minimum(pairs[:, 0], pairs[:, 1], out=into[:, 1])
        both, spare, half = spare, both, half // 2
    return both[: min(most, len(one) + len(other))]
