"""Any video, folder of images, TIFF of several pages or .npy array, with a text file of boxes (see `box_file`).

| pixels | x, y, w, h from 0 |
| frames | from 0; rows without a number count them |
| absent | an empty row, a number alone, or NaN |
| source | our own format |
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

from irtrack_core.datasets.beside import box_files, recordings, unnamed, unread
from irtrack_core.datasets.box_file import read_truth
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.image_names import image_files, numbering_note
from irtrack_core.datasets.names import folders_in, listed
from irtrack_core.datasets.open_frames import open_frames
from irtrack_core.datasets.sequence import NothingToTrack, Sequence

BENCHMARK = ("groundtruth.txt", "groundtruth_rect.txt")  # with conventions of their own: `formats.got10k`


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
    file, *others = [Path(boxes)] if boxes is not None else box_files(path) or [None]
    if file is None:
        beside = f"{path.stem}.csv beside it" if path.is_file() else "boxes.csv in it"
        told = f"put {beside} with columns frame,x,y,w,h, or give boxes={unnamed(path)}"
        raise FileNotFoundError(f"no boxes for {path}: {told}")
    if boxes is None and file.name in BENCHMARK:
        from irtrack_core.datasets.formats.got10k import items as benchmark

        found = benchmark(path, fps=fps or 30.0, dataset=dataset)[0][1]()
        return [replace(one, notes=(*one.notes, *unread(file, others))) for one in found]
    frames = open_frames(path)
    gaps = numbering_note([image.stem for image in frames.files]) if isinstance(frames, ImageFrames) else ()
    try:
        truth, told, points = read_truth(file, len(frames), frames.shape, first_frame=first_frame, size=size)
    except ValueError as error:
        raise ValueError("; ".join((str(error), *gaps))) from error
    notes = (*getattr(frames, "notes", ()), *gaps)
    fps, notes = fps or getattr(frames, "fps", 30.0), (*notes, *told, *unread(file, others))
    return [Sequence(_name(path), dataset, frames, truth, fps, notes=notes, points=points)]


def _inner(path):
    """The name of the first folder below `path` that holds images, or None."""
    return next((p.name for p in folders_in(path) if image_files(p)), None)


def _leave_out(path):
    raise NothingToTrack(
        f"left out, for its images lie in {_inner(path)}: is it of another format (irtrack check PATH)?"
    )
