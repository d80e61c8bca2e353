"""Anchors, proposals and labels, eqs. (10), (11): boxes as four numbers relative to a grid of anchors, and back.

A box here is (cx, cy, w, h) in crop pixels with the origin at the crop's centre. All functions are pure NumPy.
"""

import numpy as np

from irtrack_core import boxes as bx

POSITIVE, NEGATIVE = 0.5, 0.3  # overlap from which an anchor is a positive, and below which it is a negative


def grid(n, stride):
    """Centres (n,) of n positions `stride` crop pixels apart, symmetric about the crop's centre.

    >>> grid(3, 4).tolist()
    [-4.0, 0.0, 4.0]
    """
    return (np.arange(n) - (n - 1) / 2) * float(stride)


def anchor_sizes(settings, template_size=None):
    """Sizes (m, 2), w and h in crop pixels, of the anchors of one position.

    settings: NetworkSettings. `template_size` (w, h) is the given box as it appears in the template crop. The base is, by
    `anchor_base`: "template" that box itself; "nominal" a square of `anchor_size`, smaller where `window_floor` widened the
    crop and the target is smaller in it; "fixed" always that square. A ratio r = h / w reshapes the base at equal area.
    Raises ValueError when the base needs a box that is not given.
    """
    if settings.anchor_base != "fixed" and template_size is None:
        raise ValueError(
            f"anchor_base={settings.anchor_base!r} needs template_size (w, h): the given box in the template crop"
        )
    if settings.anchor_base == "template":
        base = np.asarray(template_size, dtype=np.float64)
    else:
        base = np.full(2, float(settings.anchor_size))
    if settings.anchor_base == "nominal":
        w, h = (float(v) for v in template_size)
        p = settings.context * (w + h)
        base *= min(1.0, ((w + p) * (h + p)) ** 0.5 / settings.template_size)  # < 1: the floor widened the window
    ratios = np.sqrt(np.asarray(settings.anchor_ratios if settings.region else (1.0,), dtype=np.float64))
    return np.stack([base[0] / ratios, base[1] * ratios], axis=1)


def make_anchors(sizes, n, stride):
    """Anchors (m, n, n, 4) of the given sizes (m, 2) at every position of an n x n score map."""
    sizes = np.asarray(sizes, dtype=np.float64)
    anchors = np.empty((len(sizes), n, n, 4))
    anchors[..., 0] = grid(n, stride)[None, None, :]  # x runs along columns
    anchors[..., 1] = grid(n, stride)[None, :, None]
    anchors[..., 2:] = sizes[:, None, None, :]
    return anchors


def encode(box, anchors):
    r"""The regression target of eq. (10): :math:`d_x = (x - x_a)/w_a,\ d_w = \ln(w / w_a)`, likewise y and h.

    box (..., 4) and anchors (..., 4) broadcast. Inverse of `decode`.
    """
    box, anchors = np.asarray(box, dtype=np.float64), np.asarray(anchors, dtype=np.float64)
    shift = (box[..., :2] - anchors[..., :2]) / anchors[..., 2:]
    return np.concatenate([shift, np.log(box[..., 2:] / anchors[..., 2:])], axis=-1)


def decode(deltas, anchors):
    r"""The proposals Q of eq. (10): :math:`x = x_a + d_x w_a,\ w = w_a e^{d_w}`, likewise y and h.

    >>> decode([0.5, 0, 0, 0], [10, 10, 8, 4]).tolist()
    [14.0, 10.0, 8.0, 4.0]
    """
    deltas, anchors = np.asarray(deltas, dtype=np.float64), np.asarray(anchors, dtype=np.float64)
    boxes = np.empty(np.broadcast_shapes(deltas.shape, anchors.shape))
    boxes[..., :2] = anchors[..., :2] + deltas[..., :2] * anchors[..., 2:]
    boxes[..., 2:] = anchors[..., 2:] * np.exp(deltas[..., 2:])
    return boxes


def labels(anchors, truth, *, positive=POSITIVE, negative=NEGATIVE):
    """The labels q of eq. (11) for anchors (..., 4) and one true box (4,), or None where there is no target.

    Returns int8 (...): +1 where the overlap reaches `positive`, -1 where it stays below `negative`, 0 (left out of the
    loss) between them. The anchor of the largest overlap is always +1, or a small target between two positions would have
    no positive. All anchors that hold the whole of a small target overlap it equally: the nearest is +1, and none is -1.
    """
    anchors = np.asarray(anchors, dtype=np.float64)
    q = np.full(anchors.shape[:-1], -1, dtype=np.int8)
    if truth is None:
        return q
    truth = np.asarray(truth, dtype=np.float64)
    overlap = bx.iou(bx.from_centers(anchors[..., :2], anchors[..., 2:]), bx.from_centers(truth[:2], truth[2:]))
    q[overlap >= negative] = 0
    q[overlap >= positive] = 1
    if overlap.max() > 0:
        best = overlap >= overlap.max() - 1e-9
        q[best & (q < 0)] = 0
        away = np.square(encode(truth, anchors)).sum(axis=-1)
        q.flat[np.argmin(np.where(best, away, np.inf))] = 1
    return q


def inside_labels(anchors, truth):
    """SiamFC++'s labels: +1 at the positions within the true box, -1 elsewhere, int8 (...); the nearest is always +1.

    anchors (..., 4), truth (4,) or None where there is no target.
    """
    anchors = np.asarray(anchors, dtype=np.float64)
    q = np.full(anchors.shape[:-1], -1, dtype=np.int8)
    if truth is None:
        return q
    away = np.abs(anchors[..., :2] - np.asarray(truth, dtype=np.float64)[:2])
    q[(away < np.asarray(truth)[2:] / 2).all(axis=-1)] = 1
    q.flat[np.argmin(np.hypot(*np.moveaxis(away, -1, 0)))] = 1
    return q


def near_labels(anchors, truth, *, radius=0.25):
    """SiamFC's labels for a score map without boxes: +1 within `radius` of the target's centre, -1 elsewhere, int8 (...).

    anchors (..., 4), truth (4,) or None where there is no target; radius in target sizes sqrt(w h): SiamFC's 16 crop pixels
    for a target of 64. The nearest position is always +1.
    """
    anchors = np.asarray(anchors, dtype=np.float64)
    q = np.full(anchors.shape[:-1], -1, dtype=np.int8)
    if truth is None:
        return q
    truth = np.asarray(truth, dtype=np.float64)
    distance = np.hypot(*np.moveaxis(anchors[..., :2] - truth[:2], -1, 0))
    q[distance <= radius * np.sqrt(truth[2] * truth[3])] = 1
    q.flat[np.argmin(distance)] = 1
    return q
