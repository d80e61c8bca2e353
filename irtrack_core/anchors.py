"""Anchors and proposals, eq. (10): where a box may be, and how the network's four numbers move it there.

Here a box is (cx, cy, w, h) in crop pixels with the origin at the crop's centre: the form in which the network sees it.
All functions are pure numpy.
"""

import numpy as np

from irtrack_core import boxes as bx

__all__ = ["response_size", "grid", "anchor_sizes", "make_anchors", "encode", "decode", "labels", "near_labels"]


def response_size(feature_template, feature_search):
    """Positions along one side of a score map: a 3x3 convolution on either side, then cross-correlation, unpadded."""
    return (feature_search - 2) - (feature_template - 2) + 1


def grid(n, stride):
    """Centres (n,) of n positions `stride` crop pixels apart, symmetric about the crop's centre.

    >>> grid(3, 4).tolist()
    [-4.0, 0.0, 4.0]
    """
    return (np.arange(n) - (n - 1) / 2) * float(stride)


def anchor_sizes(settings, template_size=None):
    """Sizes (m, 2), w and h in crop pixels, of the anchors of one position.

    settings: NetworkSettings. With `anchor_base="template"` the base is `template_size` (w, h), the given box as it appears
    in the template crop; else a square of `anchor_size`. A ratio r = h / w reshapes the base at equal area.
    """
    if settings.anchor_base == "template":
        if template_size is None:
            raise ValueError("anchor_base='template' needs template_size (w, h): the given box in the template crop")
        base = np.asarray(template_size, dtype=np.float64)
    else:
        base = np.full(2, float(settings.anchor_size))
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
    center = anchors[..., :2] + deltas[..., :2] * anchors[..., 2:]
    return np.concatenate([center, anchors[..., 2:] * np.exp(deltas[..., 2:])], axis=-1)


def labels(anchors, truth, *, positive=0.5, negative=0.3):
    """The labels q of eq. (11) for anchors (..., 4) and one true box (4,), or None where there is no target.

    Returns int8 (...): +1 where the overlap reaches `positive`, -1 where it stays below `negative`, 0 (left out of the
    loss) between them. The best anchor is always +1, or a small target that falls between positions would teach nothing.
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
        q.flat[np.argmax(overlap)] = 1
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
