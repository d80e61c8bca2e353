"""Anti-UAV: Anti-UAV300, Anti-UAV410, Anti-UAV600 and the challenges' label files.

| | |
|---|---|
| files | NAME/IR_label.json beside IR.mp4 or 000001.jpg ...; infrared.json, visible.json beside infrared.mp4, visible.mp4 |
| label | {"exist": [0 or 1, ...], "gt_rect": [[x, y, w, h], ...]}, one entry a frame |
| pixels | from 0, corner and size, whole numbers |
| frames | entry k is frame k, from 0 |
| absent | exist 0, or a box that is empty, [0, 0, 0, 0] or without a size; where the two disagree it is told |
| several targets | no |
| source | Anti-UAV410, Evaluation_for_SA.py; 100 real files: absent is mostly [], seldom zeros |
"""

from functools import partial

import numpy as np

from irtrack_core.datasets.box_file import check_boxes
from irtrack_core.datasets.formats.json_file import read_json
from irtrack_core.datasets.formats.row_truth import frames_in
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.sequence import Sequence
from irtrack_core.datasets.suspicions import suspicions

LABELS = {"infrared": ("IR_label.json", "infrared.json"), "visible": ("RGB_label.json", "visible.json")}


def read_labels(path, count, shape):
    """(boxes (count, 4), notes) of a label file; NaN where absent. Raises ValueError that names the file and frame."""
    content = read_json(path)
    exist, rects = (content.get(key) if isinstance(content, dict) else None for key in ("exist", "gt_rect"))
    if not (isinstance(exist, list) and isinstance(rects, list)):
        raise ValueError(f"{path} has no lists 'exist' and 'gt_rect': is it an Anti-UAV label file?")
    if not len(exist) == len(rects) == count:
        raise ValueError(f"{path}: {len(exist)} times exist and {len(rects)} boxes for {count} frames")
    boxes, odd = np.full((count, 4), np.nan), {"exist 0 with a box": [], "exist 1 without a box": []}
    for frame, (there, rect) in enumerate(zip(exist, rects)):
        try:
            box = np.array([] if rect is None else rect, dtype=np.float64).ravel()
        except (TypeError, ValueError):
            box = np.zeros(1)
        if there not in (0, 1) or len(box) not in (0, 4):
            raise ValueError(f"{path}, frame {frame}: exist {there!r} and box {rect!r} are not 0 or 1 and x,y,w,h")
        sized = len(box) == 4 and not (box[2:] <= 0).all()
        if there and sized:
            boxes[frame] = box
        elif there or sized:
            odd["exist 1 without a box" if there else "exist 0 with a box"].append(frame)
    check_boxes(boxes, shape, lambda frame: f"{path}, frame {frame}")
    notes = [f"{path.name}: {len(f)} frames have {w}: absent, the first is {f[0]}" for w, f in odd.items() if f]
    return boxes, (*notes, *suspicions(boxes, shape))


def items(root, *, modality="infrared", fps=None, dataset="anti-uav"):
    """The sequences in folder `root`, at any depth: [(name, read)]. modality: "infrared" or "visible".

    Raises FileNotFoundError without frames or labels, ValueError (file and frame) when a label is bad.
    """
    if modality not in LABELS:
        raise ValueError(f"modality must be 'infrared' or 'visible'; got {modality!r}")
    files = sorted(file for name in LABELS[modality] for file in listed(root, f"**/{name}"))
    if not files:
        raise FileNotFoundError(f"no {' or '.join(LABELS[modality])} in {root} or below")
    return [(file.parent.resolve().name, partial(_read, file, modality, fps, dataset)) for file in files]


def _read(file, modality, fps, dataset):
    folder, stems = file.parent, [label.split("_")[0].split(".")[0] for label in LABELS[modality]]
    frames = frames_in(folder, [f"{stem}.mp4" for stem in stems], (".", modality, stems[0]))
    boxes, notes = read_labels(file, len(frames), frames.shape)
    name, notes = folder.resolve().name, (*getattr(frames, "notes", ()), *notes)
    return [Sequence(name, dataset, frames, boxes, fps or getattr(frames, "fps", 25.0), notes=notes)]


def detect(root):
    """(certainty, why) when `root` looks like Anti-UAV, else None."""
    names = (name for names in LABELS.values() for name in names)
    return next(((0.95, name) for name in names for part in ("", "*/", "*/*/") if listed(root, part + name)), None)
