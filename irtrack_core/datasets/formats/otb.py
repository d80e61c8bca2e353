"""OTB (OTB-50, OTB-100) and the thermal sets in its manner, PTB-TIR and LSOTB-TIR.

| | |
|---|---|
| files | NAME/img/0001.jpg ..., `groundtruth_rect.txt`; two targets: `groundtruth_rect.1.txt`, `.2.txt`; or `anno/NAME.txt` |
| row | x,y,w,h with commas, tabs or blanks, mixed within the set |
| pixels | from 1 (MATLAB), corner and size (PTB-TIR, LSOTB-TIR provisional: evaluated by the same MATLAB code) |
| frames | row k is the k-th image; David, Football1, Freeman3, Freeman4 and Diving have rows for a part of their images |
| absent | not annotated; a row 0,0,0,0 or NaN, or without a size, is read as absent |
| several targets | Jogging, Skating2: NAME-1, NAME-2 |
| source | got10k 0.1.3, got10k/datasets/otb.py; vot-toolkit 0.9.0, vot/dataset/otb.py; both thermal sets' toolkits |
"""

from functools import partial
from pathlib import Path

from irtrack_core.datasets.formats import row_truth
from irtrack_core.datasets.formats.row_truth import Layout
from irtrack_core.datasets.names import folders_in, listed

ANNOTATIONS = ("anno", "tiranno")  # beside the folders, or beside the folder that holds them
STARTS = (("David", 299), ("Football1", 0), ("Freeman3", 0), ("Freeman4", 0), ("Diving", 0))
LAYOUT = Layout("otb", ("groundtruth_rect*.txt",), first_pixel=1, starts=STARTS)


def items(root, *, first_pixel=1, fps=30.0, dataset="otb"):
    """The sequences in folder `root`: [(name, read)]; options and errors as of `got10k`."""
    root, layout = Path(root), row_truth.with_options(LAYOUT, first_pixel, fps, dataset)
    beside = _annotated(root)
    if not beside:
        return row_truth.items(root, layout)
    return [
        (folder.name, partial(row_truth.read_folder, folder, layout, files=[file] if file.is_file() else []))
        for folder, file in beside
    ]


def _annotated(root):
    """[(folder, truth file)] where the truth lies in a folder of its own; a folder without one has a file not there."""
    if not root.is_dir():
        return []
    for place in (root / name for name in ANNOTATIONS):
        for holder in (root, *(p for p in folders_in(root) if p != place)):
            folders = [p for p in folders_in(holder) if row_truth.images_in(p)]
            if any((place / f"{p.name}.txt").is_file() for p in folders):
                return [(p, place / f"{p.name}.txt") for p in folders]
    return []


def detect(root):
    """(certainty, why) when `root` looks like OTB, else None."""
    if not root.is_dir():
        return None
    if any(listed(root, f"{part}/groundtruth_rect*.txt") for part in (".", "*", "*/*")):
        return 0.9, "groundtruth_rect.txt"
    return (0.6, "anno/NAME.txt beside folders of images") if _annotated(root) else None
