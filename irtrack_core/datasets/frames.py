"""Lazy frames: `len(frames)`, `frames[i] -> (H, W)`, iteration in order; nothing is held that was not asked for.

Grey frames of uint8, uint16 or float32 come out, whatever went in: colour is converted once, here. All classes can be
pickled; an open video is reopened on the other side.
"""

import os
import re
from collections import OrderedDict
from collections.abc import Sequence as SequenceABC
from pathlib import Path

import cv2
import numpy as np

__all__ = [
    "FrameError",
    "ArrayFrames",
    "ImageFrames",
    "VideoFrames",
    "FunctionFrames",
    "natural_key",
    "decode_image",
    "read_image",
]

DTYPES = tuple(np.dtype(name) for name in ("uint8", "uint16", "float32"))
IMAGE_SUFFIXES = (".bmp", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pgm")
MAX_ATTEMPTS = 64  # grabs that may fail in a row before a video counts as ended: damage spans a few
VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".m4v", ".wmv", ".mpg", ".mpeg", ".webm")


class FrameError(ValueError):
    """A frame cannot be read: `index` tells which. `final`: nothing after it can be read either."""

    def __init__(self, message, index=None, final=False):
        super().__init__(message)
        self.index, self.final = index, final

    def __reduce__(self):
        return type(self), (self.args[0], self.index, self.final)


class Frames(SequenceABC):
    """Common part: checked integer indexing, `shape` (H, W) and `dtype` of every frame."""

    shape: tuple
    dtype: np.dtype

    def __getitem__(self, index):
        if not isinstance(index, (int, np.integer)):
            raise TypeError(f"frames are taken one at a time by an integer; got {index!r}")
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"frame {index} of a sequence of {count} frames")
        return self._read(int(index) % count)

    def __iter__(self):
        return (self._read(index) for index in range(len(self)))

    def __repr__(self):
        height, width = self.shape
        return f"{type(self).__name__}({len(self)} frames, {width} x {height}, {self.dtype})"


class ArrayFrames(Frames):
    """Frames already in memory (or memory-mapped): array (N, H, W) of uint8, uint16 or float32.

    Raises TypeError for another dtype, ValueError for another number of axes.
    """

    def __init__(self, array):
        if not hasattr(array, "dtype"):
            array = np.asarray(array)
        if array.dtype not in DTYPES:
            raise TypeError(f"frames must be uint8, uint16 or float32; got {array.dtype}: convert them first")
        if array.ndim != 3:
            raise ValueError(f"frames must have shape (N, H, W); got {array.shape}")
        self.array, self.shape, self.dtype = array, tuple(array.shape[1:]), array.dtype

    def __len__(self):
        return len(self.array)

    def _read(self, index):
        return np.asarray(self.array[index])


class FunctionFrames(Frames):
    """Frames computed on demand: `function(index) -> (H, W)`, of the promised shape (H, W) and dtype.

    A frame that breaks the promise raises FrameError when it is read.

    >>> FunctionFrames(3, (2, 2), "uint8", lambda i: np.full((2, 2), i, np.uint8))[2].tolist()
    [[2, 2], [2, 2]]
    """

    def __init__(self, length, shape, dtype, function):
        if length < 0:
            raise ValueError(f"a sequence cannot have {length} frames")
        if np.dtype(dtype) not in DTYPES:
            raise TypeError(f"frames must be uint8, uint16 or float32; got {np.dtype(dtype)}")
        self.length, self.shape, self.dtype, self.function = int(length), tuple(shape), np.dtype(dtype), function

    def __len__(self):
        return self.length

    def _read(self, index):
        frame = self.function(index)
        if frame.shape != self.shape or frame.dtype != self.dtype:
            raise FrameError(
                f"frame {index} came out as {frame.shape} {frame.dtype}, promised were {self.shape} {self.dtype}", index
            )
        return frame


def natural_key(path):
    """Sorting key by which 2.bmp stands before 10.bmp.

    >>> sorted(["10.bmp", "0.bmp", "2.bmp"], key=natural_key)
    ['0.bmp', '2.bmp', '10.bmp']
    """
    name = Path(path).name
    return [(0, int(part), part) if part.isdigit() else (1, 0, part) for part in re.findall(r"\d+|\D+", name)]


def _gray(frame):
    """(H, W) of a decoded OpenCV frame: BGR(A) by luminance weights, which keep R = G = B exactly."""
    if frame.ndim == 2:
        return frame
    if frame.shape[2] == 1:
        return np.ascontiguousarray(frame[..., 0])
    return cv2.cvtColor(np.ascontiguousarray(frame[..., :3]), cv2.COLOR_BGR2GRAY)


def read_image(path):
    """One image file as (H, W) uint8, uint16 or float32. Raises FileNotFoundError, FrameError when unreadable."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no image {path}")
    return decode_image(path.read_bytes(), path)  # OpenCV's own reader cannot open every Unicode path


def decode_image(content, name="the file"):
    """The bytes of an image file as (H, W), see `read_image`; `name` stands in the error's text."""
    frame = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if len(content) else None
    if frame is None:
        raise FrameError(f"{name} is not a readable image ({len(content)} bytes): it may be damaged; copy it again")
    if frame.dtype == np.float64:
        frame = frame.astype(np.float32)
    if frame.dtype not in DTYPES:
        raise FrameError(f"{name} holds {frame.dtype} pixels; uint8, uint16 and float32 are supported")
    return _gray(frame)


class ImageFrames(Frames):
    """One image file a frame, in the order given (see `natural_key`); 8 and 16 bit, grey or colour.

    The first image fixes shape and dtype; a later one that differs, or is damaged, raises FrameError when read.
    """

    def __init__(self, files):
        self.files = [Path(file) for file in files]
        if not self.files:
            raise ValueError("no image files: a sequence needs at least one frame")
        missing = [str(file) for file in self.files if not file.is_file()]
        if missing:
            raise FileNotFoundError(f"{len(missing)} image file(s) missing, the first: {missing[0]}")
        first = read_image(self.files[0])
        self.shape, self.dtype = first.shape, first.dtype

    def __len__(self):
        return len(self.files)

    def _read(self, index):
        try:
            frame = read_image(self.files[index])
        except (FrameError, OSError) as error:
            raise FrameError(f"frame {index}: {error}", index) from error
        if frame.shape != self.shape or frame.dtype != self.dtype:
            raise FrameError(
                f"frame {index}, {self.files[index]}, is {frame.shape} {frame.dtype}, "
                f"but the first is {self.shape} {self.dtype}",
                index,
            )
        return frame


class VideoFrames(Frames):
    """Frames of a video file through OpenCV, as (H, W) uint8.

    Reading in order decodes each frame once. Any other order is exact too: seeking in OpenCV is not exact for every
    codec, so a frame further on is reached by decoding up to it, and one before the last by starting again. The latest
    frames, `cache_bytes` at most, are kept, so that a short video is decoded once only. At most `MAX_OPEN` videos hold
    a decoder and a cache at one time: memory stays bounded however long or many the videos are.

    Raises FileNotFoundError, ValueError when it is not a video, FrameError when it breaks off early.
    """

    MAX_OPEN = 8
    _open = OrderedDict()  # id -> VideoFrames that hold a decoder, the least recently used first
    dtype = np.dtype("uint8")

    def __init__(self, path, *, cache_bytes=16 * 2**20):
        self.path, self.cache_bytes = Path(path), int(cache_bytes)
        self._capture, self._next, self._pid, self._cache, self._damaged = None, 0, None, OrderedDict(), set()
        capture = self._start()
        size = (capture.get(cv2.CAP_PROP_FRAME_HEIGHT), capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        self.shape = tuple(int(side) for side in size)
        self.fps = float(capture.get(cv2.CAP_PROP_FPS)) or 30.0
        # only these containers store the count; for others OpenCV guesses it from the duration, so count here
        stored = self.path.suffix.lower() in (".mp4", ".m4v", ".mov", ".avi")
        self._length = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if stored else 0
        if self._length <= 0:
            self._length = 0
            while capture.grab():
                self._length += 1
        capture.release()
        if self._length == 0 or min(self.shape) <= 0:
            raise ValueError(f"{self.path} holds no video frame: it may be truncated; copy or download it again")

    def __len__(self):
        return self._length

    def __getstate__(self):
        return self.__dict__ | {"_capture": None, "_next": 0, "_cache": OrderedDict()}

    def close(self):
        """Let go of the decoder and of the kept frames; reading opens them again."""
        if self._capture is not None:
            self._capture.release()
        self._capture, self._next, self._cache = None, 0, OrderedDict()
        VideoFrames._open.pop(id(self), None)

    def _start(self):
        if not self.path.is_file():
            raise FileNotFoundError(f"no video {self.path}")
        capture = cv2.VideoCapture(str(self.path))
        if not capture.isOpened():
            raise ValueError(
                f"{self.path} cannot be opened as a video ({self.path.stat().st_size} bytes): it may be truncated or "
                "of an unknown codec; copy it again, or convert it with: ffmpeg -i IN -c:v libx264 OUT.mp4"
            )
        return capture

    def _rewind(self):
        if self._capture is not None:
            self._capture.release()
        self._capture, self._next, self._pid = self._start(), 0, os.getpid()

    def _grab(self):
        """Decode one more frame and return its index, which is above `_next` when frames between are damaged."""
        for attempt in range(MAX_ATTEMPTS):
            if self._capture.grab():
                # after a failure the time stamp tells where decoding went on; containers without one count on
                seconds = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 if attempt else 0.0
                index = max(self._next, round(seconds * self.fps))
                self._damaged.update(range(self._next, index))
                self._next = index + 1
                return index
        raise FrameError(
            f"{self.path} breaks off: {self._next} of its {self._length} frames can be read; it is truncated or "
            "damaged, and damage in the middle shifts the frames after it: copy it again",
            self._next,
            final=True,
        )

    def _keep(self, index):
        good, frame = self._capture.retrieve()
        if not good:
            raise FrameError(f"{self.path}: frame {index} cannot be decoded: the file is damaged; copy it again", index)
        frame = self._cache[index] = _gray(frame)
        while len(self._cache) > 1 and len(self._cache) * frame.nbytes > self.cache_bytes:
            self._cache.popitem(last=False)

    def _read(self, index):
        if index not in self._cache and index not in self._damaged:
            VideoFrames._open[id(self)] = self
            VideoFrames._open.move_to_end(id(self))
            while len(VideoFrames._open) > self.MAX_OPEN:
                next(iter(VideoFrames._open.values())).close()
            # after a fork two processes would share one file position: start again there
            if self._capture is None or index < self._next or self._pid != os.getpid():
                self._rewind()
            reached = -1
            while reached < index:
                reached = self._grab()
            self._keep(reached)
        if index in self._damaged:
            raise FrameError(f"{self.path}: frame {index} is damaged and was left out by the decoder", index)
        return self._cache[index].copy()
