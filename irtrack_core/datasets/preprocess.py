"""Sequences resized to one frame size, boxes included: letterbox (isotropic, default) or stretch (the paper's wording)."""

from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from irtrack_core.datasets.frames import FunctionFrames

MODES = ("letterbox", "stretch", "none")


@dataclass(frozen=True)
class Fit:
    """Placement of a resized frame: x' = scale * x + offset, in the continuous coordinates of `boxes.py`, exactly.

    scale: (sx, sy); offset: (ox, oy) whole pixels; inner: (w, h) of the resized frame; size: (W, H) with its borders.
    """

    scale: tuple
    offset: tuple
    inner: tuple
    size: tuple

    def boxes(self, boxes):
        """Boxes (..., 4) xywh of the source frame, in the resized one."""
        boxes = np.asarray(boxes, dtype=np.float64)
        return boxes * (*self.scale, *self.scale) + (*self.offset, 0, 0)

    def restore(self, boxes):
        """Inverse of `boxes`."""
        boxes = np.asarray(boxes, dtype=np.float64)
        return (boxes - (*self.offset, 0, 0)) / (*self.scale, *self.scale)

    def frame(self, frame):
        """A resized frame (H', W') of the same dtype; borders take the frame's mean grey."""
        (width, height), (left, top) = self.inner, self.offset
        if frame.shape != (height, width):
            shrinks = width < frame.shape[1] or height < frame.shape[0]
            # area averaging loses no small target to aliasing when the frame shrinks
            frame = cv2.resize(frame, self.inner, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        if self.inner == self.size:
            return frame
        mean = frame.mean(dtype=np.float64)
        out = np.full(self.size[::-1], mean if frame.dtype == np.float32 else round(mean), frame.dtype)
        out[top : top + height, left : left + width] = frame
        return out


def fit(shape, size=(640, 480), mode="letterbox"):
    """The `Fit` of a frame of `shape` (H, W) into `size` (W, H).

    letterbox: one scale for both axes, centred, up to half a pixel in the side that does not fill the frame.
    stretch: fills the frame, distorts. none: as it is. Raises ValueError for another mode or a bad size.

    >>> fit((256, 256), (640, 480)).inner, fit((256, 256), (640, 480)).offset
    ((480, 480), (80, 0))
    """
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}: use one of {', '.join(MODES)}")
    if len(size) != 2 or min(size) < 1 or any(int(side) != side for side in size):
        raise ValueError(f"size must be two whole numbers, width and height; got {size}")
    height, width = shape
    size = tuple(int(side) for side in size)
    if mode == "none":
        size = inner = (width, height)
    elif mode == "stretch":
        inner = size
    else:
        scale = min(size[0] / width, size[1] / height)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    offset = ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2)
    return Fit((inner[0] / width, inner[1] / height), offset, inner, size)


def resize(sequence, size=(640, 480), mode="letterbox"):
    """The sequence with frames of `size` (W, H), resized one at a time when read, and boxes that follow exactly.

    mode: see `fit`. The exact components of a simulated sequence are not resized: a changed size drops them, since
    rounding would break I = I_e + I_b + I_n.
    """
    placed = fit(sequence.shape, size, mode)
    if placed.size == placed.inner == sequence.shape[::-1]:
        return sequence
    frames = sequence.frames
    resized = FunctionFrames(len(frames), placed.size[::-1], frames.dtype, partial(_read_resized, frames, placed))
    boxes = placed.boxes(sequence.boxes)
    return replace(sequence, frames=resized, boxes=boxes, components=None, oversampling=None)


def _read_resized(frames, placed, index):
    return placed.frame(frames[index])
