"""UAV123 and UAV20L.

| | |
|---|---|
| files | data_seq/UAV123/FOLDER/000001.jpg ..., anno/UAV123/NAME.txt, anno/UAV20L/NAME.txt |
| row | x,y,w,h with commas |
| pixels | from 1 (MATLAB; provisional: got10k takes the numbers as they are), corner and size |
| frames | row k is the k-th image; NAME_2 begins in the middle of FOLDER NAME, at the image in `STARTS` |
| absent | NaN,NaN,NaN,NaN |
| several targets | no |
| source | got10k 0.1.3, got10k/datasets/uav123.py and uav123.json (the starts of configSeqs.m) |
"""

import re
from functools import partial
from pathlib import Path

from irtrack_core.datasets.formats import row_truth
from irtrack_core.datasets.formats.row_truth import Layout
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.text import text_rows

LAYOUT = Layout("uav123", (), first_pixel=1)
# the first image, from 1, of NAME_2, NAME_3, ...; NAME_1 begins at 1
STARTS = {
    "bird1": (775, 1573), "car1": (751, 1627), "car6": (487, 1807, 2953, 3925), "car8": (1357,), "car16": (415,),
    "group1": (1333, 2515, 3925), "group2": (907, 1771), "group3": (1567, 2827, 4369), "person2": (1189,),
    "person4": (1501,), "person5": (877,), "person7": (1249,), "person8": (1075,), "person12": (601,),
    "person14": (847, 1813), "person17": (1501,), "person19": (1243, 2791), "truck4": (577,), "uav1": (1555, 2473),
}  # fmt: skip


def items(root, *, first_pixel=1, fps=30.0, dataset="uav123", part="UAV123"):
    """The sequences of the set at `root`: [(name, read)]. part: the annotations, "UAV123" or "UAV20L".

    Raises FileNotFoundError without images or truth, ValueError (file and line) when a box is bad.
    """
    folders, files = Path(root) / "data_seq/UAV123", listed(Path(root) / "anno" / part, "*.txt")
    if not files or not folders.is_dir():
        raise FileNotFoundError(f"no anno/{part}/*.txt and data_seq/UAV123 in {root}")
    layout = row_truth.with_options(LAYOUT, first_pixel, fps, dataset)
    return [(file.stem, partial(_read, file, folders, layout)) for file in files]


def _read(file, folders, layout):
    name, start = file.stem, 0
    piece = re.fullmatch(r"(\w+?)_(\d)", name)
    if not (folders / name).is_dir() and piece and piece[1] in STARTS:
        name, start = piece[1], (1, *STARTS[piece[1]])[int(piece[2]) - 1] - 1
    images = row_truth.images_in(folders / name, (".",)) if (folders / name).is_dir() else []
    if not images:
        raise FileNotFoundError(f"no images in {folders / name}, which {file} is about")
    rows = sum(bool(fields) for _, fields in text_rows(file))
    piece_of = images[start : start + rows] if name != file.stem else images
    (one,) = row_truth.read_folder(folders / name, layout, files=[file], images=piece_of, name=file.stem)
    return [row_truth.replace(one, recording=name)]


def detect(root):
    """(certainty, why) when `root` looks like UAV123, else None."""
    found = (root / "anno/UAV123").is_dir() and (root / "data_seq/UAV123").is_dir()
    return (0.95, "anno/UAV123 and data_seq/UAV123") if found else None
