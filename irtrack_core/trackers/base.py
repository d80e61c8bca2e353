"""What a tracker is: `init(frame, box)`, then `update(frame) -> box` for each frame after it."""

from typing import Protocol, runtime_checkable

import cv2
import numpy as np

from irtrack_core.boxes import check_box
from irtrack_core.filtering.morphology import LARGEST, is_usable

SAMPLES = 128  # rows and columns of a frame at most that its unit is taken from
USUAL = 4  # of a picture in 8 bits, binary logarithm: it deviates by 16 to 32 grey levels
LARGEST_UNIT = 30  # binary logarithm: of a first frame that shows nothing, those after it stay below LARGEST


@runtime_checkable
class Tracker(Protocol):
    """The protocol. Frames: (H, W) or (H, W, 3) uint8, uint16, float32; boxes: (4,) float64 xywh in pixels."""

    name: str
    score: float  # confidence of the last update, 0 to 1

    def init(self, frame, box):
        """Start on the target that `box` frames. Raises ValueError for an unusable frame or box, and is then as it was."""

    def update(self, frame):
        """The target's box (4,) in the next frame."""


class IdentityTracker:
    """The smallest tracker: the target stays where it was. A first example, and the floor for every comparison."""

    name, score = "identity", 0.0

    def init(self, frame, box):
        shape = to_gray(frame).shape
        self.box = check_box(box, shape)
        self.shape, self.score = shape, 1.0

    def update(self, frame):
        to_gray(frame, shape_of(self))
        return self.box.copy()


def shape_of(tracker):
    """(H, W) of the frames that a tracker was started on. Raises RuntimeError before its `init`."""
    if not hasattr(tracker, "shape"):
        raise RuntimeError(f"the tracker {tracker.name!r} follows nothing yet: call init(frame, box) first")
    return tracker.shape


def to_gray(frame, shape=None, *, finite=True):
    """A frame as a contiguous (H, W) array of its own dtype; colour (H, W, 3) is R, G, B.

    frame: uint8, uint16 or float32. shape: (H, W) of the frames before, when known. finite=False: for a tracker that looks at
    a window: not every pixel of a float32 frame is looked at, and a colour frame becomes a `GrayView`.
    Raises TypeError for another dtype; ValueError for NaN, infinite or far too large pixels, another number of axes, a
    changed shape.

    >>> to_gray(np.full((2, 2, 3), 7, np.uint8)).tolist()
    [[7, 7], [7, 7]]
    """
    frame = np.asarray(frame)
    if frame.dtype not in (np.uint8, np.uint16, np.float32):
        raise TypeError(f"a frame must be uint8, uint16 or float32; got {frame.dtype}: convert it first")
    if frame.ndim == 3 and frame.shape[2] == 1:
        frame = frame[..., 0]
    if frame.ndim != 2 and not (frame.ndim == 3 and frame.shape[2] == 3) or frame.size == 0:
        raise ValueError(f"a frame must have shape (H, W) or (H, W, 3); got {frame.shape}")
    if shape is not None and frame.shape[:2] != tuple(shape):
        raise ValueError(f"the frame is {frame.shape[:2]} (H, W), the ones before were {tuple(shape)}: init again")
    if finite and not is_usable(frame):
        raise ValueError(
            "the frame holds pixels that are NaN, infinite or far too large: mask or interpolate them before tracking"
        )
    if frame.ndim == 3:
        view = GrayView(frame)
        return view[:, :] if finite else view
    return np.ascontiguousarray(frame)


def infrared(frame):
    """The infrared plane (H, W) of a frame; that of a pair with a visible image is its first."""
    return frame if frame.ndim == 2 else frame[..., 0]


class GrayView:
    """A colour frame (H, W, 3), R, G, B, that turns grey where it is looked at: `view[y0:y1, x0:x1]` is an array (h, w).

    So what a window costs does not grow with the frame. `np.asarray(view)` is the whole frame.

    >>> GrayView(np.full((4, 6, 3), 7, np.uint8))[1:3, :2].tolist()
    [[7, 7], [7, 7]]
    """

    ndim, lazy = 2, True

    def __init__(self, frame):
        self.frame, self.shape, self.dtype, self.size = frame, frame.shape[:2], frame.dtype, frame.size // 3

    def __getitem__(self, window):
        return cv2.cvtColor(np.ascontiguousarray(self.frame[window]), cv2.COLOR_RGB2GRAY)

    def __array__(self, dtype=None, copy=None):
        return self[:, :].astype(dtype or self.dtype, copy=False)


def unit_of(frame):
    """The power of two to multiply frames by, float, from the first of them as `to_gray` gives it; 1.0 for whole numbers.

    Radiances deviate by 1e-6 W / (cm^2 sr) and reflectances by 0.1: what guards a division or ends a search is made for grey
    levels. A float32 frame that deviates by less than one of them is brought to what pictures in 8 bits have. A power of two
    changes no digit, so that boxes do not depend on the unit.

    >>> unit_of(np.array([[0, 20], [40, 60]], np.float32)), unit_of(np.array([[0, 20], [40, 60]], np.float32) / 1024)
    (1.0, 1024.0)
    """
    if frame.dtype != np.float32:
        return 1.0
    few = frame[tuple(slice(None, None, -(-n // SAMPLES)) for n in frame.shape)]
    known = few[np.abs(few) <= LARGEST]
    deviation = float(known.std(dtype=np.float64)) if known.size else 0.0
    return 2.0 ** min(USUAL - int(np.floor(np.log2(deviation))), LARGEST_UNIT) if 0 < deviation < 1 else 1.0


def in_unit(frame, unit):
    """The frame (H, W) times `unit`, see `unit_of`: itself for 1, else a view that multiplies what is looked at."""
    return frame if unit == 1 else ScaledView(frame, unit)


class ScaledView:
    """A float32 frame (H, W) times a number, which is multiplied where it is looked at, as a `GrayView` turns grey."""

    lazy = True

    def __init__(self, frame, unit):
        self.frame, self.unit = frame, np.float32(unit)
        self.shape, self.ndim, self.dtype, self.size = frame.shape, frame.ndim, frame.dtype, frame.size

    def __getitem__(self, window):
        return self.frame[window] * self.unit

    def __array__(self, dtype=None, copy=None):
        return self[:, :].astype(dtype or self.dtype, copy=False)
