"""KAIST multispectral pedestrian set: LWIR and visible pairs, 640 x 512 LWIR files.

| | |
|---|---|
| files | images/set00/V000/{lwir,visible}/I00000.jpg, or flat images/set06_V001_I00459_lwir.png; below any annotations*/ |
| label | text `% bbGt version=3`; XML with x, y, w, h or xmin, ymin, xmax, ymax; set00/V000.vbb, which alone has identities |
| pixels | from 0, as the set's converters take them; corner and size, or edges |
| frames | by the images' numbers, 20 a second; the official test list keeps every 20th |
| absent | no object of the label; an image without an annotation file is told |
| several targets | by identity, else linked by overlap |
| source | S. Hwang et al., "Multispectral pedestrian detection: benchmark dataset and baseline", CVPR 2015 |
"""

from collections import Counter
from functools import partial

import numpy as np

from irtrack_core.datasets import kaist_files
from irtrack_core.datasets.box_file import checked
from irtrack_core.datasets.formats.objects import chosen
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.image_names import numbering_note
from irtrack_core.datasets.linking import follow
from irtrack_core.datasets.names import inside
from irtrack_core.datasets.sequence import NothingToTrack, Sequence

MAX_STEP = 20  # frames between two images for one person to be followed: the official test list keeps every 20th


def items(root, *, modality="lwir", sets=None, labels=("person",), min_length=10, max_gap=0):
    """The set's videos below `root`: [(name, read)]; a sequence is one person, from the first box to the last.

    modality: "lwir" or "visible"; sets: None or e.g. ("set00",) (set00-05 train, set06-11 test); labels: of what is a
    target, of person, people, cyclist, person?, ...; None: all; boxes of others are told. min_length: boxes a person needs;
    max_gap: frames a person may be without box when the annotation has no identities and boxes are linked
    (`linking.link`). `kaist_files.pair` gives the other modality.
    Raises FileNotFoundError when images or annotations are missing, ValueError when they are bad or all too short.
    """
    root = inside(root, "kaist", "kaist_sample")
    if modality not in kaist_files.MODALITIES:
        raise ValueError(f"modality must be 'lwir' or 'visible'; got {modality!r}")
    images = kaist_files.images(root)
    other, sets = kaist_files.MODALITIES[modality == "lwir"], chosen(sets)
    videos = {key: files for key, files in images[modality].items() if sets is None or key[0] in sets}
    if not videos:
        raise FileNotFoundError(f"no images/setXX/VYYY/{modality}/I*.jpg below {root} (sets: {sets or 'all'})")
    single = {key: set(files) - set(images[other].get(key, ())) for key, files in videos.items()}
    options = (chosen(labels), min_length, max_gap)
    return [("_".join(key), partial(_read, root, key, files, single[key], *options)) for key, files in videos.items()]


def _read(root, key, files, single, labels, min_length, max_gap):
    names, paths, video = list(files), list(files.values()), "_".join(key)
    objects, where, told = kaist_files.annotations(root, key, names)
    shape = ImageFrames(paths[:1]).shape
    for name, frame in zip(names, objects):
        for _, box, _ in frame or []:
            checked(box, shape, f"{where}, {name}")
    kept = [frame and [(who, box) for label, box, who in frame if not labels or label in labels] for frame in objects]
    others = Counter(label for frame in objects for label, _, _ in frame or () if labels and label not in labels)
    bare = [name for name, frame in zip(names, objects) if frame is None]
    notes = numbering_note(names) + told
    left = ", ".join(f"{count} of {label!r}" for label, count in others.most_common())
    notes += (f"boxes left out: {left}; labels= chooses, None takes all",) if left else ()
    notes += (f"{len(bare)} of {len(names)} images have no annotation file, the first: {bare[0]}",) if bare else ()
    notes += (f"{len(single)} images lack their partner of the other modality",) if single else ()
    sequences = []
    for boxes in follow(kept, [int(name[1:]) for name in names], max_step=MAX_STEP, max_gap=max_gap):
        seen = np.flatnonzero(np.isfinite(boxes[:, 0]))
        if len(seen) >= min_length:
            part = slice(seen[0], seen[-1] + 1)
            name, images = f"{video}-{len(sequences) + 1}", ImageFrames(paths[part])
            sequences.append(Sequence(name, "kaist", images, boxes[part], 20.0, notes=notes, recording=video))
    if not sequences:
        count = sum(len(frame or []) for frame in kept)
        told = f"{len(names)} images, {count} boxes; nobody has {min_length} of them: lower min_length"
        raise NothingToTrack("; ".join((told, *notes)), len(names), count)
    return sequences
