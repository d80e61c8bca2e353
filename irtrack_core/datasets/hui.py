"""Dim-small aircraft in infrared image sequences (Hui Bingwei et al., Science Data Bank, doi 10.11922/sciencedb.902).

| | |
|---|---|
| files | dataN/0.bmp, 1.bmp, ..., 256 x 256; a .txt in the folder, or labels/dataN.txt, or dataN.txt |
| label | `0.bmp 67,106,75,114,0`: x1,y1,x2,y2 and a class, once a target; or a centre, `0.bmp 71,110`, `0 71 110` |
| pixels | from 0; corners, or centres (the set's own), round which a box of `size` is laid |
| frames | by the images' names; 22 segments |
| absent | no line, or no box in it |
| several targets | no identities: one target where no image has two boxes, however far it jumps; else linked by overlap |
| source | labels in circulation: centres, and boxes of 8 x 8 round them |
"""

from functools import partial
from itertools import count

import numpy as np

from irtrack_core.datasets.formats.objects import tracks_of
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.hui_labels import centres, label_file, read_labels
from irtrack_core.datasets.image_names import image_files, numbering_note, pieces
from irtrack_core.datasets.names import folders_in, inside, listed, natural_key
from irtrack_core.datasets.sequence import Sequence


def items(root, *, size=8.0, max_gap=5):
    """The segments `dataN` below `root` (the set, one segment, or a folder that holds `hui_dimsmall/`): [(name, read)].

    size: side in pixels of the box round an annotated centre; max_gap: images in a row that may be missing within a
    sequence, and annotations within the track of one of several targets. A segment with several targets, or cut where
    more images are missing, gives several sequences of one recording: data10, data10-2, ...
    Raises FileNotFoundError when images or labels are missing, ValueError when they are bad.
    """
    root = inside(root, "hui_dimsmall")
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
    files, labels = image_files(folder), label_file(folder)
    names = [file.stem for file in files]
    labelled, unknown = read_labels(labels, names, ImageFrames(files).shape, size)
    cut, tracks, bare = pieces(names, max_gap), [], ()
    for k, (part, before) in enumerate(cut):
        which = f"images {names[part][0]} to {names[part][-1]} of {folder.name}"
        notes = numbering_note(names[part], first=None if k else 0)
        notes += (f"{which}: {before} are missing before them",) if before else ()
        notes += (f"{which}: {cut[k + 1][1]} are missing after them",) if k + 1 < len(cut) else ()
        found = tracks_of([[(None, box) for box in boxes] for boxes in labelled[part]], labels, max_gap).values()
        found = [boxes for boxes in found if np.isfinite(boxes).any()]
        bare += () if len(found) else (f"{which} are left out: no target is annotated in them",)
        tracks += [(ImageFrames(files[part]), boxes, notes) for boxes in found]
    if not tracks:
        raise ValueError(f"{labels} annotates no target")
    others = [file.name for file in listed(folder, "*.txt") if file != labels]
    bare += (f"{labels.name} is read, and not {', '.join(others)}",) if others else ()
    points = centres(labels)
    bare += (f"{len(unknown)} labelled images are not there, the first: {unknown[0]}",) if unknown else ()
    return [
        Sequence(title, "hui", frames, boxes, notes=notes + bare, recording=folder.name, points=points)
        for title, (frames, boxes, notes) in zip(_titles(folder.name), tracks)
    ]


def _titles(name):
    """name, name-2, name-3, ..."""
    yield name
    yield from (f"{name}-{k}" for k in count(2))
