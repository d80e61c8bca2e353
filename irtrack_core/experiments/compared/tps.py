"""[3]: background motion by a thin-plate spline on matched points; a reconstruction, see `notes`.

Corners of the present frame are found again in a past one. The displacements that agree with a plane are smoothed by a
thin-plate spline (F. L. Bookstein, "Principal warps", IEEE Trans. Pattern Analysis and Machine Intelligence 11(6), 1989), so
that ground at different depths may move differently, and the past frame is laid onto the present one by it. What moves
otherwise stays.
"""

import cv2
import numpy as np

from irtrack_core.optional import Lazy

interpolate = Lazy("scipy.interpolate", "evaluation")
CORNERS, QUALITY, APART = 150, 0.01, 8  # corners at most, their least strength over the largest, px between two
WINDOW, BACK = 15, 0.5  # px of the matching window; px by which the way there and back may differ
AGREE = 2.0  # px from the plane beyond which a match is a moving thing, or wrong
SMOOTH = 1.0  # of the spline: 0 goes through every match
GRID = 16  # px between the places at which the spline is evaluated
LEAST = 6  # matches


def matches(present, past):
    """(places (n, 2) in the present frame, displacements (n, 2) to the past one), px, of corners found there and back."""
    now, then = (_bytes(frame, present) for frame in (present, past))
    corners = cv2.goodFeaturesToTrack(now, CORNERS, QUALITY, APART)
    if corners is None:
        return np.empty((0, 2)), np.empty((0, 2))
    options = dict(winSize=(WINDOW, WINDOW), maxLevel=3)
    there, seen, _ = cv2.calcOpticalFlowPyrLK(now, then, corners, None, **options)
    back, again, _ = cv2.calcOpticalFlowPyrLK(then, now, there, None, **options)
    good = (seen & again).astype(bool).ravel() & (np.linalg.norm(back - corners, axis=-1).ravel() < BACK)
    return corners[good, 0].astype(np.float64), (there - corners)[good, 0].astype(np.float64)


def laid(past, present):
    """The past frame (H, W) at the present places, float32, NaN beyond it. None where fewer than LEAST matches agree."""
    places, steps = matches(present, past)
    if len(places) >= LEAST:
        agree = _plane(places, steps)
        places, steps = places[agree], steps[agree]
    if len(places) < LEAST:
        return None
    height, width = present.shape
    # the nodes lie where cv2.resize takes the middles of its coarse pixels to be
    rows, columns = -(-height // GRID), -(-width // GRID)
    x, y = (np.arange(columns) + 0.5) * width / columns - 0.5, (np.arange(rows) + 0.5) * height / rows - 0.5
    nodes = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    spline = interpolate.RBFInterpolator(places, steps, smoothing=SMOOTH, kernel="thin_plate_spline")
    field = spline(nodes).reshape(rows, columns, 2).astype(np.float32)
    field = cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)
    across = np.arange(width, dtype=np.float32)[None] + field[..., 0]
    down = np.arange(height, dtype=np.float32)[:, None] + field[..., 1]
    border = dict(borderMode=cv2.BORDER_CONSTANT, borderValue=float("nan"))
    return cv2.remap(past.astype(np.float32), across, down, cv2.INTER_LINEAR, **border)


def background(present, past):
    """(K, H, W) float32: those of the past frames that can be laid onto the present one, in their order; None where none can.

    past: list of frames (H, W) of the same shape. What a past frame does not show is as in the present one: unchanged.
    """
    known = [laid(each, present) for each in past]
    known = [np.where(np.isnan(one), present, one) for one in known if one is not None]
    return np.stack(known).astype(np.float32) if known else None


def residual(present, known):
    """(H, W) float32: what is brighter than the median of `background`; all 0 without one. Dark targets: give negatives."""
    present = present.astype(np.float32)
    return np.zeros_like(present) if known is None else np.maximum(present - np.median(known, axis=0), 0)


def _plane(places, steps):
    """Which displacements lie within AGREE px of a plane that is fitted again without those that do not; bool (n,)."""
    design, agree = np.column_stack([places, np.ones(len(places))]), np.ones(len(places), bool)
    middle = np.median(steps, axis=0)
    agree = np.linalg.norm(steps - middle, axis=1) < 4 * AGREE
    for _ in range(3):
        if agree.sum() < LEAST:
            break
        fit = np.linalg.lstsq(design[agree], steps[agree], rcond=None)[0]
        agree = np.linalg.norm(steps - design @ fit, axis=1) < AGREE
    return agree


def _bytes(frame, reference):
    """The frame as uint8, by the range of another."""
    low, high = np.percentile(reference, [0.5, 99.5])
    return np.clip((frame.astype(np.float32) - low) * (255 / max(float(high - low), 1e-6)), 0, 255).astype(np.uint8)
