"""Folders in the manner of GOT-10k and OTB: images and a `groundtruth.txt` or `groundtruth_rect.txt`, a row a frame.

GOT-10k: NAME/00000001.jpg, groundtruth.txt (x,y,w,h), absence.label (1 = absent). OTB: NAME/img/0001.jpg,
groundtruth_rect.txt (comma, tab or blanks), whose pixels count from 1. A row 0,0,0,0 means absent.
"""

from functools import partial
from pathlib import Path

import numpy as np

from irtrack_core.datasets.box_file import checked, four_numbers, text_rows
from irtrack_core.datasets.folder import image_files, numbering_note
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.sequence import Sequence

TRUTHS = ("groundtruth.txt", "groundtruth_rect.txt")


def items(root, *, first_pixel=None, fps=30.0, dataset="got10k"):
    """The sequence in folder `root`, or those in its folders: [(name, read)].

    first_pixel: the number of the upper left pixel in the file; None: 1 for OTB's groundtruth_rect.txt, 0 for
    groundtruth.txt. fps, dataset: what the sequences get. A file with a single row, as in hidden test sets, gives NaN from
    the second frame on. Raises FileNotFoundError without images or truth, ValueError (file and line) when a box is bad.
    """
    root = Path(root)
    folders = [root] if _truth(root) else sorted(p for p in root.iterdir() if p.is_dir() and _truth(p))
    if not folders:
        raise FileNotFoundError(f"no folder with {' or '.join(TRUTHS)} in {root}")
    return [(folder.name, partial(_read, folder, first_pixel, fps, dataset)) for folder in folders]


def _truth(folder):
    return next((folder / name for name in TRUTHS if (folder / name).is_file()), None)


def _read(folder, first_pixel, fps, dataset):
    truth, files = _truth(folder), image_files(folder / "img" if (folder / "img").is_dir() else folder)
    if not files:
        raise FileNotFoundError(f"no images in {folder}")
    frames, gaps = ImageFrames(files), numbering_note([file.stem for file in files])
    rows = [(line, fields) for line, fields in text_rows(truth) if fields]
    if len(rows) not in (1, len(files)):
        why = "; ".join(["one row a frame is needed", *gaps])
        raise ValueError(f"{truth}: {len(rows)} rows for {len(files)} images; {why}")
    if first_pixel is None:
        first_pixel = 1 if truth.name == "groundtruth_rect.txt" else 0
    boxes = np.full((len(files), 4), np.nan)
    for index, (line, fields) in enumerate(rows):
        where = f"{truth}, line {line}"
        if len(fields) != 4:
            raise ValueError(f"{where}: {len(fields)} values; x,y,w,h are needed (polygons are not read)")
        box = four_numbers(fields, where)
        if box.any():
            boxes[index] = checked(box - (first_pixel, first_pixel, 0, 0), frames.shape, where)
    absence = folder / "absence.label"
    if absence.is_file():
        absent = np.array(absence.read_text().split(), dtype=int)
        if len(absent) != len(files):
            raise ValueError(f"{absence}: {len(absent)} values for {len(files)} images")
        boxes[absent == 1] = np.nan
    return [Sequence(folder.name, dataset, frames, boxes, fps, notes=gaps)]
