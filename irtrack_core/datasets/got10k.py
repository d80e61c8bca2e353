"""Folders in the manner of GOT-10k and OTB: images and a `groundtruth.txt` or `groundtruth_rect.txt`, a row a frame.

GOT-10k: NAME/00000001.jpg, groundtruth.txt (x,y,w,h), absence.label (1 = absent). OTB: NAME/img/0001.jpg,
groundtruth_rect.txt (comma, tab or blanks), whose pixels count from 1. A row 0,0,0,0 means absent.
"""

from functools import partial
from pathlib import Path

import numpy as np

from irtrack_core.datasets.folder import box_problem, image_files, numbering_note
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.sequence import Sequence

__all__ = ["load", "items"]

TRUTHS = ("groundtruth.txt", "groundtruth_rect.txt")


def items(root, *, first_pixel=None, fps=30.0, dataset="got10k"):
    """[(name, read)]: what `load` would load, each sequence read by calling `read()`."""
    root = Path(root)
    folders = [root] if _truth(root) else sorted(p for p in root.iterdir() if p.is_dir() and _truth(p))
    if not folders:
        raise FileNotFoundError(f"no folder with {' or '.join(TRUTHS)} in {root}")
    return [(folder.name, partial(_read, folder, first_pixel, fps, dataset)) for folder in folders]


def load(root, **options):
    """The sequence in folder `root`, or those in its folders.

    Options: first_pixel=None, the number of the upper left pixel in the file: None means 1 for OTB's
    groundtruth_rect.txt and 0 for groundtruth.txt. fps=30.0; dataset="got10k", the name the sequences get.
    A file with a single row, as in hidden test sets, gives NaN from the second frame on.
    Raises FileNotFoundError without images or truth, ValueError (file and line) when a box is bad.
    """
    return [read() for _, read in items(root, **options)]


def _truth(folder):
    return next((folder / name for name in TRUTHS if (folder / name).is_file()), None)


def _read(folder, first_pixel, fps, dataset):
    truth, images = _truth(folder), folder / "img" if (folder / "img").is_dir() else folder
    files = image_files(images)
    if not files:
        raise FileNotFoundError(f"no images in {images}")
    frames = ImageFrames(files)
    if first_pixel is None:
        first_pixel = 1 if truth.name == "groundtruth_rect.txt" else 0
    lines = [line for line in truth.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    gaps = numbering_note([file.stem for file in files])
    if len(lines) not in (1, len(files)):
        why = "; ".join(["one row a frame is needed", *gaps])
        raise ValueError(f"{truth}: {len(lines)} rows for {len(files)} images; {why}")
    boxes = np.full((len(files), 4), np.nan)
    for index, line in enumerate(lines):
        where = f"{truth}, line {index + 1}"
        try:
            box = np.array([float(value) for value in line.replace(",", " ").split()])
        except ValueError:
            raise ValueError(f"{where}: {line.strip()!r} is not four numbers x,y,w,h") from None
        if len(box) != 4:
            raise ValueError(f"{where}: {len(box)} values; x,y,w,h are needed (polygons are not read)")
        if np.isnan(box).all() or not box.any():
            continue
        box[:2] -= first_pixel
        problem = box_problem(box, frames.shape)
        if problem:
            raise ValueError(f"{where}: box {box.tolist()} {problem}")
        boxes[index] = box
    absence = folder / "absence.label"
    if absence.is_file():
        absent = np.array(absence.read_text().split(), dtype=int)
        if len(absent) != len(files):
            raise ValueError(f"{absence}: {len(absent)} values for {len(files)} images")
        boxes[absent == 1] = np.nan
    return Sequence(folder.name, dataset, frames, boxes, fps, notes=gaps)
