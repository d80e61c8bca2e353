r"""Small things in a whole frame, for a tracker of several targets: peaks of the joint evidence of U and D.

Each response R, U of eq. (3) and D of `temporal`, is divided by its mean in the surroundings, and the two are added:

.. math:: e = \sum_{R \in \{U, D\}} \frac{R}{\bar R + 0.3\,\langle R\rangle}

with :math:`\bar R` over five lines' lengths and :math:`\langle R\rangle` over the frame. Values of a filtered background fall
about exponentially, so e is the sum of -ln of the probabilities of so high values by chance (Fisher's joint evidence), in
calm sky as before trees. A target that hovers is found by U alone, one over its like by D alone.

`candidates.propose` looks more closely, at several sizes, and takes a hundred times as long.
"""

from math import ceil, floor
from typing import NamedTuple

import cv2
import numpy as np

from irtrack_core.filtering.background_motion import to_tiles, warp
from irtrack_core.filtering.candidates import FLOOR, GROWTH, LEVEL, PAD, SURROUND
from irtrack_core.filtering.elements import rectangle
from irtrack_core.filtering.multilevel import filled, multilevel_filter
from irtrack_core.filtering.temporal import FLOOR as NOISE

COARSE = 4  # px that are averaged before means of the surroundings are taken: they are wide
NOISE_MEAN = 0.1  # of D over Gaussian noise: less tells of a compressed video, and not of a quieter one
STEP_MEAN = 0.5  # steps of grey that U is taken for on the mean at least, likewise
BORDER = 2  # px round a peak in which nothing is higher; at the frame's edge, where lines have no room, nothing is looked for


class Sightings(NamedTuple):
    """Small things of one frame, strongest first: places (m, 2) xy, sizes (m, 2) wh, strengths e (m,), changes (m,).

    changes: the share of D in e. left_out: how many weaker ones there were beyond those that were asked for.
    """

    places: np.ndarray
    sizes: np.ndarray
    strengths: np.ndarray
    changes: np.ndarray
    left_out: int


def sightings(frame, temporal, lines, *, polarity="bright", least=10.0, most=200):
    """The `most` strongest `Sightings` of a frame (H, W) with an evidence e of `least` or more.

    temporal: a TemporalFilter whose tile covers the frame and that has seen it; lines: the line elements of eq. (2). NaN
    pixels count as background.
    """
    frame = filled(frame)
    _, U, _ = multilevel_filter(frame, lines, rectangle(1, 1), polarity=polarity)
    length = max(max(line.shape) for line in lines)
    # single noisy pixels count for less than a blob
    U = _blurred(U, length / 15)
    step = 1.0 if frame.dtype.kind == "u" else 0.0
    small = relative(U, length, STEP_MEAN * step)
    change = _laid(temporal, change_map(temporal, polarity, step), frame.shape, length)
    evidence = small + change
    places, strengths, left_out = _peaks(evidence, least, most)
    reach = length // 2 + 1
    ends = _ends(evidence, places, reach)
    sizes = np.stack([ends[0] + ends[1], ends[2] + ends[3]], axis=1).astype(np.float64)
    kept = _single(places[:, ::-1], sizes)
    left_out, kept = left_out + max(len(kept) - most, 0), kept[:most]
    centers = _centroids(evidence, places[kept], ends[:, kept], reach)
    changes = change[tuple(places[kept].T)].astype(np.float64)
    return Sightings(centers, sizes[kept] * GROWTH + PAD, strengths[kept], changes, left_out)


def _blurred(response, sigma):
    """(H, W) float32: a Gaussian blur; of whole numbers in one pass with their conversion."""
    kernel = cv2.getGaussianKernel(2 * ceil(4 * sigma) + 1, sigma, cv2.CV_32F)
    return cv2.sepFilter2D(response, cv2.CV_32F, kernel, kernel)


def change_map(temporal, polarity="bright", step=0.0):
    """D (h, w) float32 of the whole tile of a TemporalFilter, in its blocks; 0 where the past saw nothing.

    step: of the grey levels; rho is taken for no less, since a compressed video changes by steps where it changes at
    all. As `TemporalFilter.residual`, but that s is the distance from the median to the nearer of its neighbours in order of
    size: of many targets one has often just been where another is now, which would raise a standard deviation and hide it.
    """
    D, size = np.zeros(temporal.tile.shape, np.float32), temporal.tile.shape[::-1]
    if not temporal.chosen:
        return D
    motions = [to_tiles(one.motion, one.origin, temporal.origin) for one in temporal.chosen]
    past = zip(temporal.chosen, motions, temporal.level)
    # repeating the edge keeps NaN, and its slow ways, out of the order
    planes = [warp(one.tile, motion, size, border=cv2.BORDER_REPLICATE) + level for one, motion, level in past]
    before, spread = _ordered(planes)
    change = before - temporal.tile if polarity == "dark" else temporal.tile - before
    change = np.abs(change) if polarity == "both" else np.maximum(change, 0)
    change /= spread + np.float32(NOISE * max(temporal.rho, step) + 1e-6)
    left, top, right, bottom = _seen(motions, [one.tile.shape for one in temporal.chosen], D.shape)
    D[top:bottom, left:right] = change[top:bottom, left:right]
    return D


def _ordered(planes):
    """(median, distance from it to the nearer neighbour in order), (h, w) each, over a list of planes; 0 over one alone."""
    planes, n = list(planes), len(planes)
    for i in range(n - 1):
        for j in range(n - 1 - i):
            planes[j], planes[j + 1] = cv2.min(planes[j], planes[j + 1]), cv2.max(planes[j], planes[j + 1])
    middle = n // 2
    gaps = [cv2.absdiff(planes[middle], planes[k]) for k in (middle - 1, middle + 1) if 0 <= k < n]
    return planes[middle], cv2.min(*gaps) if len(gaps) == 2 else gaps[0] if gaps else np.float32(0)


def _seen(motions, shapes, shape):
    """(left, top, right, bottom) of the present tile's part that all past tiles saw, by their corners."""
    (height, width), left, top = shape, 0.0, 0.0
    right, bottom = width, height
    for motion, (past_height, past_width) in zip(motions, shapes):
        (a, b, dx), (c, d, dy) = motion
        x = [a * u + b * v + dx for u in (0, width) for v in (0, height)]
        y = [c * u + d * v + dy for u in (0, width) for v in (0, height)]
        left, top = max(left, -min(x)), max(top, -min(y))
        right, bottom = min(right, width - max(x) + past_width), min(bottom, height - max(y) + past_height)
    return ceil(left), ceil(top), max(floor(right), 0), max(floor(bottom), 0)


def relative(response, length, least=0.0):
    """(H, W) float32: a response over its mean in surroundings of `SURROUND` lengths and a share of the frame's.

    least: of what it is divided by. 0 where the response is 0 all over the frame.
    """
    height, width = response.shape
    coarse = (max(width // COARSE, 1), max(height // COARSE, 1))
    small = cv2.resize(response, coarse, interpolation=cv2.INTER_AREA)
    side = min(int(SURROUND * length / COARSE) | 1, 2 * min(coarse) - 1)  # no wider than the frame mirrored at its edge
    around = cv2.blur(small, (side, side)) + np.float32(FLOOR * cv2.mean(small)[0] + 1e-6)
    around = np.maximum(around, np.float32(least)) if least else around
    return cv2.multiply(response, cv2.resize(1 / around, (width, height), interpolation=cv2.INTER_NEAREST))


def _laid(temporal, D, shape, length):
    """D (h, w) of the tile's blocks as evidence in every pixel of the frame (H, W); 0 beyond the tile."""
    x, y, w, h = temporal.window
    D = cv2.resize(relative(D, length / temporal.block, NOISE_MEAN), (w, h))
    if D.shape == shape:
        return D
    laid = np.zeros(shape, np.float32)
    laid[y : y + h, x : x + w] = D
    return laid


def _peaks(evidence, least, most):
    """((m, 2) rows and columns, (m,) evidence, left out) of the highest peaks, twice `most` at the most, strongest first."""
    evidence[:BORDER] = evidence[-BORDER:] = evidence[:, :BORDER] = evidence[:, -BORDER:] = 0
    rows, columns = np.divmod(np.flatnonzero(evidence.ravel() >= np.float32(least)), evidence.shape[1])
    values = evidence[rows, columns]
    # few pixels are left: to look round each is faster than round all of them
    near = np.arange(-BORDER, BORDER + 1)
    highest = values >= evidence[rows[:, None, None] + near[:, None], columns[:, None, None] + near].max(axis=(1, 2))
    places, values = np.stack([rows, columns], axis=1)[highest], values[highest]
    order = np.argsort(-values, kind="stable")
    return places[order[: 2 * most]], values[order[: 2 * most]].astype(np.float64), max(len(order) - 2 * most, 0)


def _ends(evidence, places, reach):
    """(4, m): px from the peaks at (m, 2) rows and columns to where the evidence falls to half: left, right, up, down.

    `reach` px at the most.
    """
    rows, columns = places.T[..., None]
    span, half = np.arange(reach + 1), LEVEL * evidence[rows, columns]
    lines = (rows, columns - span), (rows, columns + span), (rows - span, columns), (rows + span, columns)
    return np.stack([_end(_at(evidence, *line), half) for line in lines])


def _at(evidence, rows, columns):
    """The evidence at rows and columns, beyond the frame that at its edge."""
    height, width = evidence.shape
    return evidence[np.minimum(np.maximum(rows, 0), height - 1), np.minimum(np.maximum(columns, 0), width - 1)]


def _centroids(evidence, places, ends, reach):
    """(m, 2) xy: the centroids of what stands above half the peaks at (m, 2) rows and columns, within their ends (4, m)."""
    reach = min(reach, int(ends.max(initial=0)) + 1)
    span = np.arange(-reach, reach + 1)
    rows, columns = places.T[..., None] + span
    weights = _at(evidence, rows[:, :, None], columns[:, None, :])
    weights = np.maximum(weights - LEVEL * weights[:, reach : reach + 1, reach : reach + 1], 0)
    left, right, up, down = ends[..., None] + 1
    across, along = weights.sum(axis=1), weights.sum(axis=2)
    across *= (span >= -left) & (span <= right)
    along *= (span >= -up) & (span <= down)
    moved = np.stack([one @ span / (one.sum(axis=1) + 1e-9) for one in (across, along)], axis=1)
    return places[:, ::-1] + 0.5 + moved


def _end(values, half):
    """(m,): where the values (m, k), falling from a peak at index 0 on, first come below half (m, 1), between two of them."""
    below = values < half
    k = np.where(below.any(axis=1), below.argmax(axis=1), values.shape[1] - 1)
    k = np.maximum(k, 1)
    row = np.arange(len(values))
    above, under = values[row, k - 1], values[row, k]
    step = np.maximum(above - under, 1e-12)
    return k - 1 + np.clip((above - half[:, 0]) / step, 0, 1)


def _single(centers, sizes):
    """Indices of the sightings, strongest first, whose centre lies in no stronger one: flanks are no things of their own."""
    (x, y), (w, h) = centers.T.astype(np.float32), (sizes.T / 2 + 0.5).astype(np.float32)
    inside = (np.abs(x[:, None] - x) <= w) & (np.abs(y[:, None] - y) <= h)  # [i, j]: i lies in j
    return np.flatnonzero(~np.tril(inside, -1).any(axis=1))
