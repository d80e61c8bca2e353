"""The one box convention: xywh, float64, in pixels; pixel (0, 0) covers the square [0, 1) x [0, 1).

`x, y` is the upper-left corner, x to the right, y down. A box of one whole pixel at row 3, column 7 is (7, 3, 1, 1) and
its centre is (7.5, 3.5). A row of NaN means: the target is absent from the frame.
"""

import numpy as np

MOST = 10  # the largest side of a box, in sides of the frame: no target is so large


def as_boxes(boxes):
    """Boxes as a float64 array (N, 4); a single box (4,) becomes (1, 4).

    Raises ValueError when the last axis is not 4 long.
    """
    boxes = np.asarray(boxes, dtype=np.float64)
    if boxes.ndim == 1:
        boxes = boxes[None]
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must have shape (N, 4), x y w h; got {boxes.shape}")
    return boxes


def centers(boxes):
    """Centres (..., 2) of boxes (..., 4)."""
    boxes = np.asarray(boxes, dtype=np.float64)
    return boxes[..., :2] + boxes[..., 2:] / 2


def from_centers(center, size):
    """Boxes (..., 4) with the given centres (..., 2) and sizes (..., 2), both x first."""
    center, size = np.asarray(center, dtype=np.float64), np.asarray(size, dtype=np.float64)
    if size.shape != center.shape:
        size = np.broadcast_to(size, center.shape)
    return np.concatenate([center - size / 2, size], axis=-1)


def to_xyxy(boxes):
    """Corners x0 y0 x1 y1 (..., 4) of xywh boxes; x1, y1 are the far edges, not the last pixels."""
    boxes = np.asarray(boxes, dtype=np.float64)
    return np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], axis=-1)


def from_xyxy(corners):
    """Inverse of `to_xyxy`."""
    corners = np.asarray(corners, dtype=np.float64)
    return np.concatenate([corners[..., :2], corners[..., 2:] - corners[..., :2]], axis=-1)


def iou(a, b):
    """Intersection over union of two lists of boxes, pair by pair: the summand of eq. (14).

    a, b: (..., 4) xywh, broadcast against each other. Returns (...) in [0, 1]; NaN where either box is NaN.
    Two boxes without area overlap by 0.

    >>> float(iou([0, 0, 4, 4], [2, 0, 4, 4]))
    0.3333333333333333
    """
    a, b = to_xyxy(a), to_xyxy(b)
    overlap = np.maximum(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0)
    sides_a, sides_b = a[..., 2:] - a[..., :2], b[..., 2:] - b[..., :2]
    intersection = overlap[..., 0] * overlap[..., 1]
    union = sides_a[..., 0] * sides_a[..., 1] + sides_b[..., 0] * sides_b[..., 1] - intersection
    empty = union == 0
    return np.where(empty, 0.0, intersection / np.where(empty, 1.0, union))


def center_error(a, b):
    """Euclidean distance (...) in pixels between the centres of boxes a and b (..., 4); NaN where either is NaN."""
    return np.linalg.norm(centers(a) - centers(b), axis=-1)


def check_box(box, shape):
    """The box as float64 (4,), checked to be usable on a frame of `shape` (H, W).

    A box may cross the frame's border, but its centre must lie in the frame. Raises ValueError for
    NaN, an empty box, a box outside the frame or MOST times as large as it, saying which.
    """
    box = np.asarray(box, dtype=np.float64)
    if box.shape != (4,):
        raise ValueError(f"a box has four numbers x, y, w, h; got an array of shape {box.shape}")
    if not np.isfinite(box).all():
        raise ValueError(f"box {box.tolist()} holds NaN or infinity: start on a frame where the target is annotated")
    if box[2] <= 0 or box[3] <= 0:
        raise ValueError(f"box {box.tolist()} is empty: width and height must be above 0 (the order is x, y, w, h)")
    x, y = centers(box)
    height, width = shape[:2]
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(
            f"box {box.tolist()} is centred at ({x:g}, {y:g}), outside the {width} x {height} frame (width x height)"
        )
    if max(box[2], box[3]) > MOST * max(width, height):
        raise ValueError(f"box {box.tolist()} is many times as large as the {width} x {height} frame (width x height)")
    return box
