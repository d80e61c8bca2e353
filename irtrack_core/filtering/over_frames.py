"""Median and deviation of a pixel over a few frames, of which some do not show its place (NaN).

For five planes NumPy's own functions take several times as long: they sort, or go through masked arrays.
"""

from math import isfinite

import cv2
import numpy as np


def median(planes, unknown=None):
    """(h, w): the median over a list of planes (h, w) float32, NaN left out; of two in the middle their mean.

    unknown: where NaN stands, see `unknown_in`.

    >>> median([np.float32([[1, 5]]), np.float32([[3, np.nan]]), np.float32([[2, 7]])]).tolist()
    [[2.0, 6.0]]
    """
    n, unknown = len(planes), unknown or unknown_in(planes)
    if all(mask is None for mask in unknown):
        ranked = _ranked(planes)
        return ranked[n // 2] if n % 2 else (ranked[n // 2 - 1] + ranked[n // 2]) / 2
    # the unknown values of a place are the largest and the smallest of all in turn, and once more the other way round:
    # what then stands in the middle is the middle of the known ones, or the two beside it
    turn, raised, lowered = np.full(planes[0].shape, np.inf, np.float32), [], []
    for plane, mask in zip(planes, unknown):
        raised.append(plane if mask is None else np.where(mask, turn, plane))
        lowered.append(plane if mask is None else np.where(mask, -turn, plane))
        if mask is not None:
            np.negative(turn, out=turn, where=mask)
    below, above = _ranked(lowered)[n // 2], _ranked(raised)[(n - 1) // 2]
    with np.errstate(invalid="ignore"):  # where nothing is known
        return (below + above) / 2


def _ranked(planes):
    """The planes with the values of each place in order, up to the middle ones from above; those below are in no order."""
    planes, n = list(planes), len(planes)
    for i in range(n // 2 + 1):  # the largest of the rest sinks to the end, until the middle ones are in place
        for j in range(n - 1 - i):
            planes[j], planes[j + 1] = np.minimum(planes[j], planes[j + 1]), np.maximum(planes[j], planes[j + 1])
    return planes


def deviation(planes, unknown=None):
    """(h, w): the standard deviation over a list of planes (h, w) float32, NaN left out; unknown: see `unknown_in`."""
    count, total, squares = np.float32(len(planes)), np.zeros_like(planes[0]), np.zeros_like(planes[0])
    unknown = unknown or unknown_in(planes)
    for plane, mask in zip(planes, unknown):
        if mask is not None:
            count = count - mask
            plane = np.where(mask, np.float32(0), plane)
        total += plane
    with np.errstate(invalid="ignore"):  # where nothing is known
        total /= count
        for plane, mask in zip(planes, unknown):
            apart = plane - total
            if mask is not None:
                apart[mask] = 0
            cv2.accumulateSquare(apart, squares)
        squares /= count
    return np.sqrt(squares, out=squares)


def unknown_in(planes):
    """A list: for each plane where it is NaN (h, w), or None where it has none."""
    return [None if finite(plane) else np.isnan(plane) for plane in planes]


def finite(plane):
    """True where no pixel is NaN or infinite; of one that is, the sum is too."""
    return isfinite(cv2.sumElems(plane)[0])
