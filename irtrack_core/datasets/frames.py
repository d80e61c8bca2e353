"""Lazy frames: `len(frames)`, `frames[i] -> (H, W)`, iteration in order; each is read when it is asked for.

Grey frames of uint8, uint16 or float32 come out, whatever went in: colour is converted once, here. All classes can be
pickled.
"""

from collections import Counter
from collections.abc import Sequence as SequenceABC
from contextlib import suppress
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from irtrack_core.datasets.names import for_decoders
from irtrack_core.datasets.pictures import DTYPES, EXACT, FrameError, page_count, read_head, read_image, read_page
from irtrack_core.optional import need


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


class TiffStack(Frames):
    """Frames of a TIFF that stores them as one page or as the planes of one colour image; needs the extra `media`.

    Raises ModuleNotFoundError without it, ValueError for what is no stack of grey frames.
    """

    def __init__(self, path):
        self.path, self._array, self._white_is_zero = Path(path), None, read_head(path).white_is_zero
        array = self._opened()
        self.shape, self.dtype = array.shape[1:], array.dtype.newbyteorder("=")
        if self.dtype in EXACT:
            self.dtype = np.dtype("float32")
        if self.dtype not in DTYPES:
            raise ValueError(
                f"{path} holds {array.dtype} pixels; uint8, uint16 and float32 are supported: convert them"
            )

    def __len__(self):
        return len(self._opened())

    def __getstate__(self):
        return self.__dict__ | {"_array": None}

    def _opened(self):
        """The array (N, H, W), mapped from the file where it is not compressed."""
        if self._array is None:
            tifffile = need("tifffile", "media")
            try:
                with tifffile.TiffFile(self.path) as file:
                    series = file.series[0]
                    mapped = series.dataoffset is not None
                    array = tifffile.memmap(self.path, mode="r") if mapped else series.asarray()
                array = array.reshape([n for n in series.shape[:-2] if n > 1] + list(series.shape[-2:]))
            except Exception as error:  # struct, value, key and its own errors
                raise ValueError(f"{self.path} is not a readable TIFF stack ({error}): copy it again") from error
            if array.ndim != 3:
                raise ValueError(
                    f"{self.path} holds an array {series.shape} ({series.axes}), not (N, H, W): save one plane"
                )
            self._array = array
        return self._array

    def _read(self, index):
        frame = np.array(self._opened()[index], dtype=self.dtype)
        whole = self._white_is_zero and frame.dtype != np.float32
        return np.iinfo(frame.dtype).max - frame if whole else frame


def open_pages(path):
    """The pages of a TIFF file, or the frames of one that stores them otherwise, as lazy frames.

    Raises FrameError when none can be read, ModuleNotFoundError where a stack of one page needs the extra `media`.
    """
    head = read_head(path)
    if head.pixels == "float16" or head.frames > 1 and cv2.imcount(for_decoders(path)) < 2:
        frames = TiffStack(path)
    else:
        count, read = page_count(path), partial(read_page, path)
        model = _first_readable(read, range(count), "page")
        frames = FunctionFrames(count, model.shape, model.dtype, read)
    if "channels" in head.axes or len(head.axes) > 1:
        told = " x ".join(f"{count} {name}" for name, count in head.axes.items())
        frames.notes = (f"{Path(path).name} has {told}: each picture is a frame, in the order of the file",)
    return frames


def _first_readable(read, items, what):
    """`read(item)` of the first of the items with which it succeeds. Raises FrameError when there is none."""
    first = None
    for item in items:
        try:
            return read(item)
        except (FrameError, OSError) as error:
            first = first or error
    raise FrameError(f"no readable {what} among {len(items)}; the first: {first}") from first


def _most_common(files):
    """(shape, dtype) of the first readable image; of the middle and the last one, where these agree on another."""
    first = _first_readable(read_image, files, "image")
    found = [(first.shape, first.dtype)]
    for file in (files[len(files) // 2], files[-1]):
        with suppress(FrameError, OSError):
            image = read_image(file)
            found.append((image.shape, image.dtype))
    return Counter(found).most_common(1)[0][0]


class ImageFrames(Frames):
    """One image file a frame, in the order given (see `natural_key`); 8 and 16 bit, grey or colour.

    Shape and dtype are those of the first readable image, or of the middle and the last one where it alone is another; one
    that differs, or is damaged, raises FrameError when read.
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
        self.shape, self.dtype = _most_common(self.files)

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
                f"but the sequence is of {self.shape} {self.dtype}",
                index,
            )
        return frame
