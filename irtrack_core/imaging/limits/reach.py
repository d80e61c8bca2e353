"""What errors of the size of a bound allow: the overlap and the precision of boxes that err by a normal law."""

from functools import cache

import numpy as np

from irtrack_core.optional import Lazy

special = Lazy("scipy.special", "evaluation")

DRAWS = 4096  # each once more mirrored: the mean overlap is then right to about 5e-4


def best_overlap(sides, covariance):
    """Mean IoU, eq. (14), of boxes whose x, y, w, h err by a normal law: what an efficient estimator's AOR is.

    sides: (w, h) of the true box, pixels; covariance: (4, 4) of centre and sides, or larger with these first, as
    `fisher.bound` gives it. A side below 0 counts as 0. Raises ValueError where a side is not above 0.
    """
    sides = np.broadcast_to(np.asarray(sides, dtype=np.float64), 2)
    if not (sides > 0).all():
        raise ValueError(f"a box needs sides above 0; got {sides.tolist()}")
    errors = _errors(np.asarray(covariance, dtype=np.float64)[:4, :4]).T.copy()
    shared = area = 1.0  # as boxes.iou, an axis at a time: a demo asks for it 23 times a move
    for place, change, side in zip(errors[:2], errors[2:], sides):
        half = np.maximum(side + change, 1e-9) / 2
        shared = shared * np.maximum(np.minimum(side / 2, place + half) - np.maximum(-side / 2, place - half), 0)
        area = area * 2 * half
    return float((shared / (area + sides.prod() - shared)).mean())


def best_precision(covariance, distance):
    """Share of frames within `distance` pixels, eq. (15), when the centre errs by a normal law of this covariance.

    covariance: (2, 2) of x, y, or larger with these first. Exact: one axis is integrated by error functions.
    """
    variances, _ = np.linalg.eigh(np.asarray(covariance, dtype=np.float64)[:2, :2])
    low, high = np.sqrt(np.maximum(variances, 0))
    if not distance > 0:
        raise ValueError(f"the distance must be above 0 px; got {distance}")
    if high == 0:
        return 1.0
    angle = (np.arange(2000) + 0.5) / 2000 * np.pi / 2  # x = distance sin(angle), fine where the circle is steep
    x, half = distance * np.sin(angle), distance * np.cos(angle)
    inside = special.erf(half / (np.sqrt(2) * max(low, 1e-12)))
    density = np.exp(-((x / high) ** 2) / 2) * 2 / (np.sqrt(2 * np.pi) * high)
    return float(min((inside * density * half).sum() * np.pi / 4000, 1.0))


def _errors(covariance):
    """Normal errors (2 DRAWS, n), evenly spread (an additive recurrence; see Niederreiter 1992) and mirrored."""
    values, vectors = np.linalg.eigh(covariance)
    errors = _normal(len(covariance)) * np.sqrt(np.maximum(values, 0)) @ vectors.T
    return np.concatenate([errors, -errors])


@cache  # n is 4; they take longer than all that is done with them
def _normal(n):
    """Normal numbers (DRAWS, n) of deviation 1, evenly spread."""
    ratio = 2.0
    for _ in range(60):  # the root of r^(n+1) = r + 1
        ratio = (1 + ratio) ** (1 / (n + 1))
    return special.ndtri((0.5 + np.arange(1, DRAWS + 1)[:, None] * ratio ** -np.arange(1, n + 1.0)) % 1)
