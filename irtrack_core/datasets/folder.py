"""Any video, folder of images, TIFF of several pages or .npy array, with a text file of boxes (see `box_file`)."""

import re
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from irtrack_core.datasets.box_file import is_result, read_truth
from irtrack_core.datasets.containers import VIDEO_SUFFIXES
from irtrack_core.datasets.frames import ArrayFrames, ImageFrames, open_pages
from irtrack_core.datasets.names import folders_in, in_order, listed
from irtrack_core.datasets.pictures import IMAGE_SUFFIXES, page_count, read_head
from irtrack_core.datasets.sequence import NothingToTrack, Sequence
from irtrack_core.datasets.video import open_video

RECORDINGS = (*VIDEO_SUFFIXES, ".hcc", ".cptv", ".npy")
LARGEST_HEADER = 10_000  # bytes of the words before an array's numbers, as NumPy allows them
BOX_NAMES = ("boxes.csv", "boxes.txt", "groundtruth.txt", "groundtruth_rect.txt", "groundtruth.csv")
BENCHMARK = ("groundtruth.txt", "groundtruth_rect.txt")  # with conventions of their own: `formats.got10k`


def image_files(folder):
    """Image files of a folder in the order of their names: 2.bmp before 10.bmp, time stamps in the order of time."""
    named = (f for f in listed(folder) if f.suffix.lower() in IMAGE_SUFFIXES)
    # not is_file: a broken link must be told as a missing image
    return in_order(f for f in named if not f.is_dir())


def numbering_note(names, first=None):
    """One sentence, in a tuple, on the numbers left out of image names such as img_00007; () when they run evenly.

    A name that occurs twice, as 7.png beside 7.jpg, is told instead. names: in order, without suffix. A set that keeps
    every k-th image runs evenly, too. first: the number to begin with.

    >>> numbering_note(["a0", "a1", "a2", "a5"])
    ('images missing from the numbering: 3, 4',)
    """
    numbers, step = _numbers(names)
    if len(set(names)) < len(names):
        twice = [name for name, times in Counter(names).items() if times > 1]
        return (f"{len(twice)} names stand for several images each, the first: {twice[0]}: every file is a frame",)
    if not step:
        return ()
    begin = numbers[0] if first is None else first
    missing = sorted(set(range(begin, numbers[-1], step)) - set(numbers))
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    return (f"images missing from the numbering: {', '.join(map(str, missing[:5]))}{more}",) if missing else ()


def pieces(names, max_gap):
    """[(slice of the names, images missing before it)]: cut where more than `max_gap` numbers in a row are left out.

    Numbers are counted in the set's own step; names without an order that could have gaps are one piece.

    >>> pieces(["a0", "a1", "a2", "a9"], 5)
    [(slice(0, 3, None), 0), (slice(3, 4, None), 6)]
    """
    numbers, step = _numbers(names)
    missing = [(b - a) // step - 1 for a, b in zip(numbers, numbers[1:])] if step else []
    cuts = [(k, gap) for k, gap in enumerate(missing, start=1) if gap > max_gap]
    starts, ends = [(0, 0), *cuts], [*(k for k, _ in cuts), len(names)]
    return [(slice(start, end), gap) for (start, gap), end in zip(starts, ends)]


def _numbers(names):
    """(the last number in each name, the most frequent step); step 0 where they have no order that could have gaps."""
    digits = [re.findall(r"\d+", name) for name in names]
    numbers = [int(found[-1]) for found in digits if found]
    if len(numbers) < len(names) or len(numbers) < 3:
        return numbers, 0
    steps = Counter(b - a for a, b in zip(numbers, numbers[1:]))
    step, times = steps.most_common(1)[0]
    return numbers, step if min(steps) >= 1 and 2 * times >= len(numbers) - 1 else 0


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
            if read_head(path) and cv2.imcount(str(path)) > 1
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
    return frames


def recordings(root):
    """The files and folders of a file or folder `root` that hold the frames of one sequence each, in order.

    A folder of images is one sequence, unless they are TIFFs of several pages.
    """
    root, images = Path(root), image_files(root)
    if not root.is_dir() or images and (len(images) == 1 and not _box_files(images[0]) or page_count(images[0]) < 2):
        return [root]
    found = listed(root)
    files = in_order(p for p in found if (p.suffix.lower() in RECORDINGS or p in images) and not p.is_dir())
    return files + in_order(p for p in found if p.is_dir() and image_files(p))


def _box_files(path):
    """The box files that may belong to a video or folder of images, the likeliest first; a tracker's output is none."""
    beside = [path.with_suffix(".csv"), path.with_suffix(".txt")] if path.is_file() else []
    inside = [path / name for name in BOX_NAMES] if path.is_dir() else []
    path = path.resolve()  # "." has a name, too
    if path.is_dir():
        beside = [path.parent / f"{path.name}.csv", path.parent / f"{path.name}.txt"]
    return [file for file in inside + beside if file.is_file() and not is_result(file)]


def items(root, *, boxes=None, fps=None, dataset="folder", first_frame=0, size=None):
    """A video, array, stack or folder of images as one sequence, or a folder of several as many: [(name, read)].

    root: file, folder of images, or folder that holds such (each with its own box file).
    boxes: the box file; None: NAME.csv or NAME.txt beside it, or boxes.csv / groundtruth.txt in the folder of images.
    fps: frames a second; None: the video's own, 30 for images. dataset: the name the sequences get.
    first_frame: the number of the first frame in the box file. size: side in pixels of the boxes round annotated points.
    Raises FileNotFoundError when frames or boxes are missing, ValueError when they are bad.
    """
    root, paths = Path(root), recordings(root)
    if not paths:
        raise FileNotFoundError(f"neither images nor videos nor folders of images in {root}")
    if boxes is not None and len(paths) > 1:
        raise ValueError(f"{root} holds {len(paths)} sequences: one box file cannot serve them all")
    below = listed(root) if paths != [root] else ()
    deeper = [p for p in below if p.is_dir() and p not in paths and _inner(p)]
    options = (boxes, fps, dataset, first_frame, size)
    found = [(_name(p), partial(_read, p, *options)) for p in paths]
    return [*found, *((p.name, partial(_leave_out, p)) for p in deeper)]


def _name(path):
    """What a sequence is called; "." and ".." by the folder that they are."""
    return path.stem if path.is_file() else path.resolve().name


def _read(path, boxes, fps, dataset, first_frame, size):
    file, *others = [Path(boxes)] if boxes is not None else _box_files(path) or [None]
    if file is None:
        beside = f"{path.stem}.csv beside it" if path.is_file() else "boxes.csv in it"
        raise FileNotFoundError(
            f"no boxes for {path}: put {beside} with columns frame,x,y,w,h, or give boxes={_others(path)}"
        )
    if boxes is None and file.name in BENCHMARK:
        from irtrack_core.datasets.formats.got10k import items as benchmark

        found = benchmark(path, fps=fps or 30.0, dataset=dataset)[0][1]()
        return [replace(one, notes=(*one.notes, *_unread(file, others))) for one in found]
    frames = open_frames(path)
    gaps = numbering_note([image.stem for image in frames.files]) if isinstance(frames, ImageFrames) else ()
    try:
        truth, told, points = read_truth(file, len(frames), frames.shape, first_frame=first_frame, size=size)
    except ValueError as error:
        raise ValueError("; ".join((str(error), *gaps))) from error
    notes = (*getattr(frames, "notes", ()), *gaps)
    fps, notes = fps or getattr(frames, "fps", 30.0), (*notes, *told, *_unread(file, others))
    return [Sequence(_name(path), dataset, frames, truth, fps, notes=notes, points=points)]


def _unread(file, others):
    """A sentence, in a tuple, on further box files, of which nobody said which is the truth."""
    return (f"{file.name} is read, and not {', '.join(other.name for other in others)}",) if others else ()


def _inner(path):
    """The name of the first folder below `path` that holds images, or None."""
    return next((p.name for p in folders_in(path) if image_files(p)), None)


def _leave_out(path):
    raise NothingToTrack(
        f"left out, for its images lie in {_inner(path)}: is it of another format (irtrack check PATH)?"
    )


def _others(path):
    """What to say of the .csv files that are not taken for the truth, because nothing says that they are."""
    found = listed(path, "*.csv") if path.is_dir() else [f for f in (path.with_suffix(".csv"),) if f.is_file()]
    return f" (not taken without being named: {', '.join(file.name for file in found[:3])})" if found else ""
