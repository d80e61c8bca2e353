"""How large the target is by the picture alone: the connected support of U about it, and its second moments."""

from dataclasses import dataclass

import cv2
import numpy as np

from irtrack_core.filtering import element_length, filter_window, line_elements, rectangle

LEVEL = 0.3  # share of the peak above which a pixel belongs to the target
NOISE = 1.5  # times the upper quartile of U's values around: what is no higher is no target
REACH, MARGIN = 1.2, 3.0  # half sides of the window, in sides of the target, and pixels more
CORE, AROUND = (
    0.35,
    0.7,
)  # half sides, in sides of the target, within which its peak lies, and beyond which nothing of it
LONGER, SHORTEST = 1.6, 5  # lines are so many times longer than the target, and at least so many pixels
SOFT = 0.6  # sigma in px of the blur before the level is applied: noise cuts no target in two
LEAST_VARIANCE = 1 / 12  # of a pixel


@dataclass(frozen=True)
class Support:
    """A target's support: center (2,) in frame pixels and sigma (2,), the roots of the second moments along x and y."""

    center: np.ndarray
    sigma: np.ndarray


def support(frame, center, size, polarity="bright"):
    """The `Support` of a target about `center` (x, y) of about `size` (w, h) pixels; None where none is found.

    U of eq. (3), by lines longer than the target, holds it and little else. Of its pixels above a share of the peak
    those count that hang together with the peak, each by its U. Where they reach the window's edge, it is no object of that
    size: None.
    frame: (H, W) array or view; polarity: "bright" or "dark". Raises ValueError for NaN in the window.
    """
    center, size, limits = np.asarray(center, float), np.asarray(size, float), np.array(frame.shape[::-1])
    half = REACH * size + MARGIN
    low = np.clip(np.floor(center - half), 0, limits - 1).astype(int)
    high = np.clip(np.ceil(center + half), low + 1, limits).astype(int)
    longest = min(frame.shape) - 1 + min(frame.shape) % 2
    lines = line_elements(min(element_length(LONGER * size, SHORTEST), longest), 4)
    _, U, _ = filter_window(frame, (*low, *(high - low)), lines, rectangle(1, 1), polarity=polarity)
    U = U.astype(np.float32)
    x, y = (np.arange(a, b) + 0.5 - c for a, b, c in zip(low, high, center))
    mine = _connected(U, *(np.abs(each) for each in (x, y)), size)
    if mine is None or _cut(mine, low > 0, high < limits):
        return None
    weight = U * mine
    weight /= weight.sum()
    across, down = weight.sum(axis=0), weight.sum(axis=1)
    mean = np.array([across @ x, down @ y])
    variance = np.array([across @ (x - mean[0]) ** 2, down @ (y - mean[1]) ** 2])
    return Support(center + mean, np.sqrt(np.maximum(variance, LEAST_VARIANCE)))


def _connected(U, x, y, size):
    """The pixels (h, w) bool that hang together with the peak near the window's centre; None where there is no peak.

    x (w,), y (h,): distances of the pixels from the centre.
    """
    soft = cv2.GaussianBlur(U, (0, 0), SOFT)
    near = (x <= CORE * size[0] + 1) & (y <= CORE * size[1] + 1)[:, None]
    around = (x > AROUND * size[0] + 1) | (y > AROUND * size[1] + 1)[:, None]
    noise = NOISE * float(np.percentile(U[around], 75)) if around.any() else 0.0
    core = np.where(near, soft, -1)
    at = np.unravel_index(np.argmax(core), core.shape)
    if core[at] <= noise:
        return None
    _, labels = cv2.connectedComponents((soft > max(LEVEL * core[at], noise)).astype(np.uint8))
    mine = labels == labels[at]
    return mine if U[mine].any() else None


def _cut(mine, low, high):
    """Whether the pixels reach an edge of the window that is not the frame's own; low, high: (2,) bool, which are not."""
    edges = [(mine[:, 0], low[0]), (mine[0], low[1]), (mine[:, -1], high[0]), (mine[-1], high[1])]
    return any(edge.any() and inside for edge, inside in edges)
