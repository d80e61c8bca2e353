"""Probability of detection (Pd) at a probability of false alarm (Pfa), with like compared to like.

A target is the largest of the many pixels in its box, so it is compared with the largest pixel of background boxes of the
same size: beside *single* background pixels the largest of 300 stands out in pure noise, too. The Pfa of a target is the
share of background boxes at least as strong as it, with the target counted among them,

.. math:: P_{fa} = \\frac{1 + n s}{1 + n},

s the share of the boxes at all places, which overlap, and n the number that lie side by side: the p value of a rank test
(Phipson, Smyth, Statistical Applications in Genetics and Molecular Biology 9, 2010), so that where there is no target Pd
is about Pfa. It cannot be less than 1 / (1 + n): a frame with 50 boxes cannot tell what happens at a Pfa of 0.001.

The threshold is set frame by frame, each from its own background, as a detector of constant false-alarm rate does; or it is
one for all frames, from the backgrounds of all of them together, and then one restless frame raises it for the others.
"""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from irtrack_core.metrics import target_mask


class Detection(NamedTuple):
    """One target and the background of its frame: what its Pfa is computed from.

    peak: the response's largest value in the target's box; maxima (K,) ascending: those of background boxes, neighbours
    half a box apart; boxes: how many boxes lie side by side in the background.
    """

    peak: float
    maxima: np.ndarray
    boxes: float


def detection(response, box, *, guard=3):
    """The Detection of the target in `box` in a response (H, W): uint8, uint16 or float.

    `guard` px around the box belong to neither. A box's pixels are all that it touches in the frame.
    Raises ValueError where no background box has room.
    """
    response = np.asarray(response)
    if response.dtype not in (np.uint8, np.uint16, np.float32):
        response = response.astype(np.float64)
    target, (height, width), places, away, boxes = _layout(response.shape, tuple(map(float, box)), guard)
    # the largest value of the box whose first pixel is (y, x), for all that lie in the frame
    largest = cv2.dilate(np.ascontiguousarray(response), np.ones((height, width), np.uint8), anchor=(0, 0))
    maxima = np.sort(largest[places][away])
    if not maxima.size:
        raise ValueError("the box and its guard leave no room for a background box of the same size")
    return Detection(float(response[target].max()), maxima, boxes)


@lru_cache(maxsize=8)  # all filters of a frame ask for the same
def _layout(shape, box, guard):
    """(slices of the target, (height, width) of a box, slices of the background boxes' first pixels, which of these lie
    away from the target, how many boxes have room side by side) of a frame."""
    (y, x), (height, width) = _extent(target_mask(shape, box))
    (top, left), (rows, columns) = _extent(target_mask(shape, box, grow=guard))
    places = (slice(0, shape[0] - height + 1, max(height // 2, 1)), slice(0, shape[1] - width + 1, max(width // 2, 1)))
    away = np.ones((shape[0] - height + 1, shape[1] - width + 1), bool)
    away[max(top - height + 1, 0) : top + rows, max(left - width + 1, 0) : left + columns] = False
    boxes = (shape[0] * shape[1] - rows * columns) / (height * width)
    return (slice(y, y + height), slice(x, x + width)), (height, width), places, away[places], boxes


def pfa_by_frame(detections):
    """(Pfa, least) of the targets, (N,) each, the threshold set frame by frame.

    least: the smallest Pfa that a target's frame can tell.
    """
    shares = np.array([_share(one.maxima, one.peak) for one in detections])
    boxes = np.array([one.boxes for one in detections])
    return _p(shares, boxes), 1 / (1 + boxes)


def pfa_one_threshold(detections):
    """(Pfa, least) of the targets, (N,) each, one threshold for all frames: their mean share of boxes above it is Pfa.

    Every frame counts the same, however many boxes it has. ValueError for no detection.
    """
    if not detections:
        raise ValueError("no targets to set a threshold for")
    peaks, boxes = np.array([one.peak for one in detections]), sum(one.boxes for one in detections)
    shares = np.mean([_share(one.maxima, peaks) for one in detections], axis=0)
    return _p(shares, boxes), np.full(len(peaks), 1 / (1 + boxes))


def pd_at_pfa(pfas, pfa, least=0.0):
    """Probability of detection at `pfa` (a number or an array): the share of the targets whose Pfa does not exceed it.

    pfas, least: of `pfa_by_frame` or `pfa_one_threshold`. NaN where any of the targets cannot be told at this Pfa, because
    its background is too small: a mean over the others would be one over the small targets. ValueError for no target.
    """
    pfas = np.asarray(pfas, dtype=np.float64).ravel()
    if pfas.size == 0:
        raise ValueError("no targets to average over")
    pfa = np.asarray(pfa, dtype=np.float64)
    found = np.mean(pfas <= pfa[..., None], axis=-1)
    return np.where(pfa < np.max(least), np.nan, found)[()]


def _share(maxima, peak):
    """Share of ascending maxima that are at least `peak` (a number or an array)."""
    return 1 - np.searchsorted(maxima, peak, side="left") / maxima.size


def _p(share, boxes):
    return (1 + boxes * share) / (1 + boxes)


def _extent(mask):
    """((row, column) of a rectangular mask's first pixel, (height, width))."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (int(rows[0]), int(columns[0])), (len(rows), len(columns))
