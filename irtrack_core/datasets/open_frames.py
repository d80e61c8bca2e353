"""Lazy frames of whatever holds frames: a video, a folder of images, a stack of pages, an array, a recording."""

from pathlib import Path

import cv2
import numpy as np

from irtrack_core.datasets.frames import ArrayFrames, ImageFrames, open_pages
from irtrack_core.datasets.image_names import image_files
from irtrack_core.datasets.names import for_decoders
from irtrack_core.datasets.pictures import IMAGE_SUFFIXES, page_count, read_head
from irtrack_core.datasets.video import open_video

LARGEST_HEADER = 10_000  # bytes of the words before an array's numbers, as NumPy allows them


def open_frames(path):
    """Lazy frames of a video file, a folder of images, a TIFF of several pages, or an array (N, H, W) in a .npy file.

    Raises FileNotFoundError, or ValueError or TypeError for what cannot be read as frames.
    """
    path = Path(path)
    if path.is_dir():
        files = image_files(path)
        if not files:
            raise FileNotFoundError(f"no images ({' '.join(IMAGE_SUFFIXES)}) in folder {path}")
        return open_pages(files[0]) if len(files) == 1 and page_count(files[0]) > 1 else ImageFrames(files)
    if path.suffix.lower() in IMAGE_SUFFIXES and not path.is_file():
        raise FileNotFoundError(f"no image {path}")
    if page_count(path) > 1:
        return open_pages(path)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        more = (
            " with a page of another size, such as a thumbnail"
            if read_head(path) and cv2.imcount(for_decoders(path)) > 1
            else ""
        )
        raise ValueError(f"{path} is a single image{more}: give the folder that holds the sequence, or a video")
    if path.suffix.lower() == ".cptv":
        from irtrack_core.datasets.cptv_frames import CptvFrames

        return CptvFrames(path)
    if path.suffix.lower() == ".hcc":
        from irtrack_core.datasets.hcc import HccFrames

        return HccFrames(path)
    if path.suffix.lower() == ".npy":
        return _array_frames(path)
    return open_video(path)


def _array_frames(path):
    """Frames of a .npy file, one read at a time."""
    if not path.is_file():
        raise FileNotFoundError(f"no array {path}")
    try:
        with open(path, "rb") as file:  # NumPy reads a header of any length before it says that it is too long
            version = np.lib.format.read_magic(file)
            length = int.from_bytes(file.read(2 if version == (1, 0) else 4), "little")
            if length > LARGEST_HEADER:
                raise ValueError(f"its header would have {length} bytes")
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # its header is Python's own syntax: a damaged one may be any error of Python's parser
        words = " ".join(str(error).split())[:200]
        raise ValueError(f"{path} cannot be read as a NumPy array: {words or type(error).__name__}") from error
    if array.ndim == 4 and array.shape[3] in (1, 3):
        raise ValueError(f"{path} holds colour frames {array.shape}: save one plane of them, as (N, H, W)")
    try:
        frames = ArrayFrames(array)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{path}: {error}") from error
    if not array.size:
        raise ValueError(f"{path} holds no frames: its shape is {array.shape}")
    frames.notes = _order_note(array)
    return frames


def _order_note(array):
    """A question, in a tuple, where the last axis of an array (N, H, W) changes as only time does; () elsewhere."""
    places = [slice(max(n // 2 - 16, 0), n // 2 + 16) for n in array.shape]
    part = np.asarray(array[tuple(places)], dtype=np.float64)
    if min(part.shape) < 8:
        return ()
    first, second, last = (float(np.abs(np.diff(part, axis=axis)).mean()) for axis in range(3))
    if not last < min(first, second) / 4:
        return ()
    count, height, width = array.shape
    return (
        f"{count} frames of {width} x {height}, but the last axis changes least: is the array (H, W, N)? Then save "
        "np.moveaxis(array, 2, 0)",
    )
