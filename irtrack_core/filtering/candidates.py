"""Candidate targets in a frame without annotation: peaks of the multi-level filter's residual over their surroundings."""

import cv2
import numpy as np

from irtrack_core.boxes import centers, iou
from irtrack_core.filtering import line_elements, multilevel_filter, rectangle

LENGTHS = (15, 31, 63)  # of the lines: a length finds what is smaller than itself
LEVEL = 0.5  # share of a blob's peak at which its extent is taken
SURROUND, FLOOR = 5, 0.3  # side of the surroundings in lengths of a line; share of the frame's mean added to theirs
GROWTH, PAD = 1.6, 1.0  # a box is that extent times GROWTH, plus PAD pixels: what annotators draw round a blurred blob


def propose(frame, count=5, *, lengths=LENGTHS):
    """The `count` strongest candidates in frame (H, W): boxes (k, 4) xywh and strengths (k,), strongest first.

    Bright and dark ones, of any size below the longest line. Strength: the peak of the residual |I - E| over its mean in the
    surroundings, so that one target in a calm sky scores high and each leaf of a tree line low. k may be 0.
    """
    boxes, strengths = [], []
    for length in lengths:
        if length > min(frame.shape):
            continue
        _, residual, _ = multilevel_filter(frame, line_elements(length, 8), rectangle(1, 1), polarity="both")
        # single noisy pixels count for less than a blob of the size this length looks for
        smooth = cv2.GaussianBlur(residual.astype(np.float32), (0, 0), length / 15)
        around = cv2.blur(smooth, (SURROUND * length, SURROUND * length))
        strength = smooth / (around + FLOOR * float(smooth.mean()) + 1e-9)
        for _ in range(2 * count):
            row, column = np.unravel_index(np.argmax(strength), strength.shape)
            if strength[row, column] <= 0:
                break
            box, area = _blob(smooth, row, column, length)
            boxes.append(box)
            strengths.append(float(strength[row, column]))
            strength[area] = strength[row, column] = 0
    order = np.argsort(strengths, kind="stable")[::-1]
    chosen = []
    for i in order:
        if len(chosen) < count and not any(_same(boxes[i], boxes[j]) for j in chosen):
            chosen.append(i)
    return np.array([boxes[i] for i in chosen]).reshape(-1, 4), np.array([strengths[i] for i in chosen])


def propose_at(frame, point, *, reach=64, slack=2.0, least=1.8):
    """The box (4,) of the strongest candidate of frame (H, W) at a given point (x, y), or None where there is none.

    reach: pixels on each side of the point that are looked at; slack: pixels by which a box may miss the point; least:
    strength, of which noise alone reaches 1.4 in a window of 128 pixels.
    """
    point, shape = np.asarray(point, dtype=np.float64), np.array(frame.shape[::-1])
    low = np.clip(np.floor(point) - reach, 0, shape - 1).astype(int)
    high = np.clip(np.floor(point) + reach, low + 1, shape).astype(int)
    boxes, strengths = propose(frame[low[1] : high[1], low[0] : high[0]])
    boxes[:, :2] += low
    for box in boxes[strengths >= least]:
        if (np.abs(centers(box) - point) <= box[2:] / 2 + slack).all():
            return box
    return None


def _blob(smooth, row, column, length):
    """(box, area) of the blob round a peak: its extent at half height, and the slices it takes up."""
    top, left = max(row - length, 0), max(column - length, 0)
    part = smooth[top : row + length + 1, left : column + length + 1]
    _, labels, stats, _ = cv2.connectedComponentsWithStats((part >= LEVEL * smooth[row, column]).astype(np.uint8))
    x, y, w, h, _ = stats[labels[row - top, column - left]]
    x, y = x + left, y + top
    middle, grown = np.array([x + w / 2, y + h / 2]), np.array([w, h]) * GROWTH + PAD
    low = np.clip(middle - grown / 2, 0, None)
    high = np.minimum(middle + grown / 2, smooth.shape[::-1])
    # the blob's flanks are no candidates of their own
    area = np.s_[int(low[1]) : int(np.ceil(high[1])), int(low[0]) : int(np.ceil(high[0]))]
    return np.array([*low, *(high - low)]), area


def _same(a, b):
    """True when two boxes are of one object: they overlap well, or the centre of either lies in the other."""
    if iou(a, b) > 0.3:
        return True
    inside = [(np.abs(centers(p) - centers(q)) <= q[2:] / 2).all() for p, q in ((a, b), (b, a))]
    return any(inside)
