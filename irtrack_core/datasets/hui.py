"""Dim-small aircraft in infrared image sequences (Hui Bingwei et al., Science Data Bank, doi 10.11922/sciencedb.902).

22 segments, 30 tracks, 256 x 256, `dataN/0.bmp, 1.bmp, ...`. The set annotates centre points; boxes in circulation are
a fixed 8 x 8 pixels around them. Both are read, from a text file in the folder, or `labels/dataN.txt`, or `dataN.txt`:

    0.bmp 67,106,75,114,0            corners x1,y1,x2,y2 and a class; several targets stand one after the other
    0.bmp 71,110      0 71 110       centre x,y of image 0.bmp

The labels name no target. Where no frame has more than one box, all are of one target, which may move by more than its
box from frame to frame; where a frame has several, boxes are linked by overlap (`linking.link`).
"""

import re
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from irtrack_core.boxes import from_xyxy
from irtrack_core.datasets.box_file import checked
from irtrack_core.datasets.folder import image_files, numbering_note, pieces
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.linking import link
from irtrack_core.datasets.names import folders_in, listed, natural_key
from irtrack_core.datasets.sequence import Sequence
from irtrack_core.datasets.text import read_text_file


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
                values = [float(value) for value in group.split(",")]
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


def _centres(path):
    """Whether a label file that `read_labels` has read holds centres, and no corners."""
    lines = (line.split("#")[0].strip() for line in read_text_file(path).splitlines())
    first = next((line for line in lines if line), "")
    return len(re.sub(r"\s*,\s*", " ", first).split()) == 3


def _label_file(folder):
    inside = listed(folder, "*.txt")
    named = [p / f"{folder.name}.txt" for p in (folder.parent / "labels", folder.parent)]
    file = next((f for f in (*inside, *named) if f.is_file()), None)
    if file is None:
        raise FileNotFoundError(f"no labels for {folder}: looked for {', '.join(map(str, named))} and {folder}/*.txt")
    return file


def items(root, *, size=8.0, max_gap=5):
    """The segments `dataN` below `root` (the set, one segment, or a folder that holds `hui_dimsmall/`): [(name, read)].

    size: side in pixels of the box round an annotated centre; max_gap: images in a row that may be missing within a
    sequence, and annotations within the track of one of several targets. A segment with several targets, or cut where
    more images are missing, gives several sequences of one recording: data10, data10-2, ...
    Raises FileNotFoundError when images or labels are missing, ValueError when they are bad.
    """
    root = Path(root)
    root = root / "hui_dimsmall" if (root / "hui_dimsmall").is_dir() else root
    folders = (
        [root]
        if image_files(root)
        else sorted((p for p in folders_in(root) if p.name.startswith("data")), key=natural_key)
    )
    folders = [folder for folder in folders if image_files(folder)]
    if not folders:
        raise FileNotFoundError(f"no folder data1, data2, ... with images in {root}")
    return [(folder.name, partial(_read, folder, size, max_gap)) for folder in folders]


def _read(folder, size, max_gap):
    files, labels = image_files(folder), _label_file(folder)
    names = [file.stem for file in files]
    labelled, unknown = read_labels(labels, names, ImageFrames(files).shape, size)
    cut, tracks, bare = pieces(names, max_gap), [], ()
    for k, (part, before) in enumerate(cut):
        which = f"images {names[part][0]} to {names[part][-1]} of {folder.name}"
        notes = numbering_note(names[part], first=None if k else 0)
        notes += (f"{which}: {before} are missing before them",) if before else ()
        notes += (f"{which}: {cut[k + 1][1]} are missing after them",) if k + 1 < len(cut) else ()
        found = _tracks(labelled[part], max_gap)
        bare += () if len(found) else (f"{which} are left out: no target is annotated in them",)
        tracks += [(ImageFrames(files[part]), boxes, notes) for boxes in found]
    if not tracks:
        raise ValueError(f"{labels} annotates no target")
    others = [file.name for file in listed(folder, "*.txt") if file != labels]
    bare += (f"{labels.name} is read, and not {', '.join(others)}",) if others else ()
    points = _centres(labels)
    bare += (f"{len(unknown)} labelled images are not there, the first: {unknown[0]}",) if unknown else ()
    return [
        Sequence(title, "hui", frames, boxes, notes=notes + bare, recording=folder.name, points=points)
        for title, (frames, boxes, notes) in zip(_titles(folder.name), tracks)
    ]


def _tracks(frames, max_gap):
    """Boxes (N, 4) of each target in N lists of boxes."""
    if max(map(len, frames)) > 1:
        return link(frames, max_gap=max_gap)
    one = np.array([boxes[0] if boxes else [np.nan] * 4 for boxes in frames])
    return [one] if np.isfinite(one).any() else []


def _titles(name):
    """name, name-2, name-3, ..."""
    yield name
    yield from (f"{name}-{k}" for k in count(2))
