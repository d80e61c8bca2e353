"""The label files of the Hui set: which there is for a folder of images, and the boxes or centres that it holds."""

import re
from pathlib import Path

import numpy as np

from irtrack_core.boxes import from_xyxy
from irtrack_core.datasets.box_file import checked
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.text import as_number, read_text_file


def read_labels(path, names, shape, size=8.0):
    """(frames, unknown): N lists of boxes (4,) xywh of a label file, and the images it names that are not there.

    names: the N image names without suffix; shape: (H, W); size: side in pixels of the box round a centre.
    Raises ValueError that names file and line.
    """
    index_of = {name: index for index, name in enumerate(names)}
    frames, unknown = [[] for _ in names], []
    for number, line in enumerate(read_text_file(path).splitlines(), start=1):
        name, *groups = re.sub(r"\s*,\s*", ",", line.split("#")[0]).split() or [""]
        if not name:
            continue
        where = f"{path}, line {number}"
        if Path(name).stem not in index_of:
            unknown.append(name)
            continue
        if len(groups) == 2 and "," not in "".join(groups):
            groups = [",".join(groups)]
        for group in groups:
            try:
                values = [as_number(value) for value in group.split(",")]
            except ValueError:
                values = []
            if len(values) in (4, 5):
                box = from_xyxy(values[:4])
            elif len(values) == 2:
                box = np.array([values[0] - size / 2, values[1] - size / 2, size, size])
            else:
                raise ValueError(f"{where}: {group!r} is neither x1,y1,x2,y2,class nor a centre x,y")
            frames[index_of[Path(name).stem]].append(checked(box, shape, where))
    if len(unknown) and not any(frames):
        raise ValueError(f"{path} names none of the images {names[0]} to {names[-1]}, but {unknown[0]}")
    return frames, unknown


def centres(path):
    """Whether a label file that `read_labels` has read holds centres, and no corners."""
    lines = (line.split("#")[0].strip() for line in read_text_file(path).splitlines())
    first = next((line for line in lines if line), "")
    return len(re.sub(r"\s*,\s*", " ", first).split()) == 3


def label_file(folder):
    inside = listed(folder, "*.txt")
    named = [p / f"{folder.name}.txt" for p in (folder.parent / "labels", folder.parent)]
    file = next((f for f in (*inside, *named) if f.is_file()), None)
    if file is None:
        raise FileNotFoundError(f"no labels for {folder}: looked for {', '.join(map(str, named))} and {folder}/*.txt")
    return file
