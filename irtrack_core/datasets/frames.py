"""Lazy frames: `len(frames)`, `frames[i] -> (H, W)`, iteration in order; each is read when it is asked for.

Grey frames of uint8, uint16 or float32 come out, whatever went in: colour is converted once, here. All classes can be
pickled.
"""

import re
from collections.abc import Sequence as SequenceABC
from functools import partial
from pathlib import Path

import cv2
import numpy as np

DTYPES = tuple(np.dtype(name) for name in ("uint8", "uint16", "float32"))
IMAGE_SUFFIXES = (".bmp", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pgm")


class FrameError(ValueError):
    """The error of a frame that cannot be read: `index` tells which. `final`: nothing after it can be read either."""

    def __init__(self, message, index=None, final=False):
        super().__init__(message)
        self.index, self.final = index, final

    def __reduce__(self):
        return type(self), (self.args[0], self.index, self.final)


class Frames(SequenceABC):
    """Base class of lazy frames: checked integer indexing, `shape` (H, W) and `dtype` of every frame."""

    shape: tuple
    dtype: np.dtype

    def __getitem__(self, index):
        if not isinstance(index, (int, np.integer)):
            raise TypeError(f"frames are taken one at a time by an integer; got {index!r}")
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"frame {index} of a sequence of {count} frames")
        return self._read(int(index) % count)

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


def gray(frame):
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
    try:
        frame = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if len(content) else None
    except cv2.error:  # a damaged header may ask for an absurd size
        frame = None
    if frame is None:
        raise FrameError(f"{name} is not a readable image ({len(content)} bytes): it may be damaged; copy it again")
    return _checked(frame, name)


def _checked(frame, name):
    """(H, W) uint8, uint16 or float32 of what OpenCV decoded; `name` stands in the error's text."""
    if frame.dtype == np.float64:
        frame = frame.astype(np.float32)
    if frame.dtype not in DTYPES:
        raise FrameError(f"{name} holds {frame.dtype} pixels; uint8, uint16 and float32 are supported")
    return gray(frame)


def page_count(path):
    """Number of frames in an image file: the pages of a TIFF, 1 for any other image.

    A second page of another size is no frame but a thumbnail, or the same image made smaller: that counts 1, too.
    """
    if Path(path).suffix.lower() not in (".tif", ".tiff"):
        return 1
    count = cv2.imcount(str(path))
    if count < 2:
        return 1
    sizes = {page.shape[:2] for page in _pages(path, 0, 2)}
    return count if len(sizes) < 2 else 1


def _pages(path, start, count):
    """Pages of a TIFF file as OpenCV decodes them; fewer than `count` when they are damaged."""
    try:
        return cv2.imreadmulti(str(path), start, count, flags=cv2.IMREAD_UNCHANGED)[1]
    except cv2.error:  # as in `decode_image`
        return ()


def read_page(path, index):
    """One page of a TIFF file, counted from 0, as (H, W) uint8, uint16 or float32. Raises FrameError when unreadable."""
    pages = _pages(path, index, 1)
    if not pages:
        raise FrameError(
            f"page {index} of {path} is not a readable image: it may be damaged; copy the file again", index
        )
    return _checked(pages[0], f"page {index} of {path}")


def open_pages(path):
    """The pages of a TIFF file as lazy frames. Raises FrameError when none can be read."""
    count, read = page_count(path), partial(read_page, path)
    model = _first_readable(read, range(count), "page")
    return FunctionFrames(count, model.shape, model.dtype, read)


def _first_readable(read, items, what):
    """`read(item)` of the first of the items with which it succeeds. Raises FrameError when there is none."""
    first = None
    for item in items:
        try:
            return read(item)
        except (FrameError, OSError) as error:
            first = first or error
    raise FrameError(f"no readable {what} among {len(items)}; the first: {first}") from first


class ImageFrames(Frames):
    """One image file a frame, in the order given (see `natural_key`); 8 and 16 bit, grey or colour.

    The first readable image fixes shape and dtype; one that differs, or is damaged, raises FrameError when read.
    Raises FileNotFoundError for missing files, ValueError for none at all or for files of several pages, FrameError
    when none can be read.
    """

    def __init__(self, files):
        self.files = [Path(file) for file in files]
        if not self.files:
            raise ValueError("no image files: a sequence needs at least one frame")
        missing = [str(file) for file in self.files if not file.is_file()]
        if missing:
            raise FileNotFoundError(f"{len(missing)} image file(s) missing, the first: {missing[0]}")
        for file in self.files:
            if (pages := page_count(file)) > 1:
                raise ValueError(
                    f"{file} holds {pages} pages: give that file itself to read its pages as frames, or split it into "
                    "one file a frame"
                )
        model = _first_readable(read_image, self.files, "image")
        self.shape, self.dtype = model.shape, model.dtype

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
