"""Pairs of infrared and visible images: RGBT234, LasHeR, GTOT, VTUAV.

| | RGBT234, LasHeR | GTOT | VTUAV |
|---|---|---|---|
| images | NAME/infrared, NAME/visible | NAME/i, NAME/v | NAME/ir, NAME/rgb |
| truth | `infrared.txt`, `visible.txt` | `groundTruth_i.txt`, `groundTruth_v.txt` | `ir.txt`, `rgb.txt` |
| row | x,y,w,h with commas | x1 y1 x2 y2, corners in any order | x y w h |
| pixels | from 0 (provisional: the trackers' code takes the numbers as they are) | the same | the same |
| frames | row k is the k-th image | the same | every 10th image has a row |
| absent | 0,0,0,0 | not annotated | 0,0,0,0 |
| source | public code of RGB-T trackers; each camera of RGBT234 has its own boxes | the same | the same |
"""

from functools import partial
from pathlib import Path

from irtrack_core.boxes import from_xyxy
from irtrack_core.datasets.formats import row_truth
from irtrack_core.datasets.formats.row_truth import Layout, box_row
from irtrack_core.datasets.names import folders_in


def corner_row(fields, where):
    """(box (4,) xywh, "") of a row x1 y1 x2 y2 whose corners may stand in any order."""
    corners = box_row(fields, where)[0].reshape(2, 2)
    return from_xyxy([*corners.min(axis=0), *corners.max(axis=0)]), ""


# (folder, truth) of infrared and visible, how rows are read, every which image has one
KINDS = (
    (("infrared", "infrared.txt"), ("visible", "visible.txt"), box_row, 1),
    (("i", "groundTruth_i.txt"), ("v", "groundTruth_v.txt"), corner_row, 1),
    (("ir", "ir.txt"), ("rgb", "rgb.txt"), box_row, 10),
)


def _kind(folder):
    return next((k for k in KINDS if any((folder / truth).is_file() for _, truth in k[:2])), None)


def items(root, *, modality="infrared", fps=30.0, dataset="rgbt234"):
    """The sequences in folder `root`: [(name, read)]. modality: "infrared" or "visible", whose images and boxes.

    Raises FileNotFoundError without images or truth, ValueError (file and line) when a box is bad.
    """
    if modality not in ("infrared", "visible"):
        raise ValueError(f"modality must be 'infrared' or 'visible'; got {modality!r}")
    root = Path(root)
    folders = [root] if _kind(root) else [p for p in folders_in(root) if _kind(p)]
    if not folders:
        raise FileNotFoundError(f"no folder with infrared.txt, groundTruth_i.txt or ir.txt in {root}")
    return [(folder.name, partial(_read, folder, modality == "visible", fps, dataset)) for folder in folders]


def _read(folder, second, fps, dataset):
    *sides, row, step = _kind(folder)
    images, truth = sides[second]
    if not (folder / truth).is_file():
        other = "infrared" if second else "visible"
        raise FileNotFoundError(f"no {truth} in {folder}; for the other camera give modality={other}")
    layout = Layout(dataset, (truth,), row=row, step=step, images=(images,), fps=fps)
    (one,) = row_truth.read_folder(folder, layout)
    told = ("only every 10th frame has a box: the others are left out of every measure",) if step > 1 else ()
    return [row_truth.replace(one, notes=one.notes + told)]


def detect(root):
    """(certainty, why) when `root` looks like a set of pairs, else None."""
    folders = [root, *folders_in(root)[:50]]
    kind = next((k for k in map(_kind, folders) if k), None)
    return (0.9, f"{kind[0][1]} or {kind[1][1]} beside its folder of images") if kind else None
