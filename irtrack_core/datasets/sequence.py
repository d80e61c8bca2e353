"""`Sequence`, lazy frames with the true boxes of one target: every dataset is a list of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from irtrack_core.boxes import as_boxes
from irtrack_core.datasets.frames import ArrayFrames, Frames, FunctionFrames
from irtrack_core.datasets.unreadable import HeldFrames, held, tell


class NothingToTrack(ValueError):
    """The error of a readable recording without a target that can be tracked; frames, boxes: how many it has."""

    def __init__(self, message, frames=0, boxes=0):
        super().__init__(message)
        self.frames, self.boxes = frames, boxes


@dataclass(frozen=True, eq=False)
class Sequence:
    """A sequence of frames with the true box of one target.

    name: unique in its dataset; dataset: name of the dataset.
    frames: lazy frames, see `frames.py`; a plain array (N, H, W) is taken too.
    boxes: (N, 4) float64 xywh in pixels; a row of NaN where the target is absent or not annotated.
    fps: frames a second.
    components: for simulated sequences, index -> object with .image .target .background .clutter (eq. 1), else None.
    notes: what the reader had to repair, one sentence each.
    oversampling: samples per detector width along x and y, where the sensor is known, else None.
    recording: what the sequence is cut from; sequences of one recording belong on one side of a split. Default: its name.
    points: the truth is the boxes' centres alone, and their size was given: overlap is not measured.

    Raises ValueError when boxes and frames do not match, or a box is infinite, half NaN or empty.
    """

    name: str
    dataset: str
    frames: Frames
    boxes: np.ndarray
    fps: float = 30.0
    components: Callable | None = None
    notes: tuple = field(default=())
    oversampling: tuple | None = None
    recording: str = ""
    points: bool = False

    def __post_init__(self):
        frames = self.frames if isinstance(self.frames, Frames) else ArrayFrames(self.frames)
        boxes = as_boxes(self.boxes).copy()
        where = f"sequence {self.dataset}/{self.name}"
        if len(boxes) != len(frames):
            raise ValueError(f"{where}: {len(boxes)} boxes for {len(frames)} frames; give a row of NaN where absent")
        absent = np.isnan(boxes)
        for bad, what in (
            (np.isinf(boxes).any(axis=1), "holds infinity"),
            (absent.any(axis=1) & ~absent.all(axis=1), "is NaN in part: a row is four numbers, or four NaN"),
            ((boxes[:, 2:] <= 0).any(axis=1), "is empty: width and height must be above 0"),
        ):
            if bad.any():
                i = int(np.flatnonzero(bad)[0])
                raise ValueError(f"{where}: the box of frame {i}, {boxes[i].tolist()}, {what}")
        if not self.fps > 0:
            raise ValueError(f"{where}: fps must be above 0; got {self.fps}")
        boxes.setflags(write=False)
        object.__setattr__(self, "frames", frames)
        object.__setattr__(self, "boxes", boxes)
        object.__setattr__(self, "recording", self.recording or self.name)

    def __len__(self):
        return len(self.frames)

    @property
    def shape(self):
        """(H, W) of every frame, pixels."""
        return self.frames.shape

    @property
    def present(self):
        """(N,) bool: the target is annotated."""
        return ~np.isnan(self.boxes[:, 0])

    @property
    def first(self):
        """Index of the first annotated frame, on which a tracker is started. Raises ValueError when there is none."""
        if not self.present.any():
            raise ValueError(f"sequence {self.dataset}/{self.name} has no annotated frame to start on")
        return int(np.argmax(self.present))

    def __repr__(self):
        height, width = self.shape
        return (
            f"Sequence({self.dataset}/{self.name}: {len(self)} frames {width} x {height}, {self.present.sum()} boxes)"
        )


def subsample(sequence, stride, *, start=0):
    """The sequence of every `stride`-th frame from frame `start` on, as of a faster target; lazy, the boxes follow.

    Raises ValueError when stride < 1 or start lies outside.
    """
    if stride < 1 or not 0 <= start < len(sequence):
        raise ValueError(f"stride must be at least 1 and start in 0..{len(sequence) - 1}; got {stride} and {start}")
    boxes, frames = sequence.boxes[start::stride], sequence.frames
    picked = FunctionFrames(len(boxes), frames.shape, frames.dtype, partial(_pick, frames.__getitem__, start, stride))
    components = sequence.components and partial(_pick, sequence.components, start, stride)
    return replace(sequence, frames=picked, boxes=boxes, fps=sequence.fps / stride, components=components)


def _pick(function, start, stride, index):
    return function(start + index * stride)


def in_memory(sequence, stride=1, *, to_learn=False):
    """The sequence of every `stride`-th frame, held in memory as one array: for work that reads a frame many times.

    Components are left out. A frame that cannot be read raises its error again where it is read; to_learn: it loses its
    box instead, with a warning, so that no training draws it. Raises ValueError when stride < 1, FrameError or OSError
    when no frame can be read.
    """
    sequence = sequence if stride == 1 else subsample(sequence, stride)
    array, problems = held(sequence.frames)
    if not problems:
        return replace(sequence, frames=array, components=None)
    frames, boxes = (
        FunctionFrames(len(array), array.shape[1:], array.dtype, HeldFrames(array, problems)),
        sequence.boxes,
    )
    if to_learn:
        boxes = boxes.copy()
        boxes[list(problems)] = np.nan
        tell(f"{sequence.dataset}/{sequence.name}", problems, "are left out")
    return replace(sequence, frames=frames, boxes=boxes, components=None)
