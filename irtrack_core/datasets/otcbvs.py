"""OTCBVS 01, the OSU thermal pedestrian set: folders `00001` ... `00010` of `img_00001.bmp`, 360 x 240, 8 bit.

| | |
|---|---|
| files | groundTruth.txt beside the images of each folder |
| label | `img_00001.bmp 2 (x1 y1 x2 y2) (x1 y1 x2 y2)`: an image, how many, corners; % begins a comment |
| pixels | edges from 0, corners in either order |
| frames | by the images' names |
| absent | no line, or 0 |
| several targets | no identities: linked by overlap |
| source | J. Davis, M. Keck, WACV 2005; provisional, for it was written without the set at hand |
"""

import re
from functools import partial
from pathlib import Path

import numpy as np

from irtrack_core.boxes import from_xyxy
from irtrack_core.datasets.box_file import checked
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.image_names import image_files, numbering_note
from irtrack_core.datasets.linking import link
from irtrack_core.datasets.names import inside, listed
from irtrack_core.datasets.sequence import NothingToTrack, Sequence


def read_truth(path, names, shape):
    """N lists of boxes (4,) xywh, one list for each of the N image names. Raises ValueError that names file and line."""
    index_of = {name.lower(): index for index, name in enumerate(names)}
    frames = [[] for _ in names]
    for number, line in enumerate(Path(path).read_text(encoding="latin-1").splitlines(), start=1):
        line, where = line.strip(), f"{path}, line {number}"
        if not line or line.startswith("%"):
            continue
        head = re.match(r"(\S+)\s+(\d+)\b", line)
        groups = [re.findall(r"-?\d+(?:\.\d+)?", group) for group in re.findall(r"\(([^)]*)\)", line)]
        if not head or any(len(group) != 4 for group in groups):
            raise ValueError(f"{where}: {line!r} does not read NAME COUNT (x1 y1 x2 y2) ...")
        if int(head[2]) != len(groups):
            raise ValueError(f"{where}: {head[2]} targets are announced, {len(groups)} given")
        if head[1].lower() not in index_of:
            raise ValueError(f"{where}: there is no image {head[1]!r}")
        for group in groups:
            corners = np.array(group, dtype=np.float64).reshape(2, 2)
            box = from_xyxy([*corners.min(axis=0), *corners.max(axis=0)])
            frames[index_of[head[1].lower()]].append(checked(box, shape, where))
    return frames


def items(root, *, max_gap=0, min_length=2):
    """The set's folders below `root` or `root/otcbvs`: [(name, read)]; sequences NAME-1, NAME-2, ..., the longest first.

    A sequence is one person. The set has no identities: boxes are linked from frame to frame (`linking.link`).
    max_gap: frames a person may be without box; min_length: boxes a person needs.
    Raises FileNotFoundError when images or truth are missing, ValueError when they are bad.
    """
    root = inside(root, "otcbvs")
    folders = (
        [root] if (root / "groundTruth.txt").is_file() else [file.parent for file in listed(root, "*/groundTruth.txt")]
    )
    if not folders:
        raise FileNotFoundError(f"no folder with groundTruth.txt in {root}")
    return [(folder.name, partial(_read, folder, max_gap, min_length)) for folder in folders]


def _read(folder, max_gap, min_length):
    files = image_files(folder)
    if not files:
        raise FileNotFoundError(f"no images in {folder}")
    frames = ImageFrames(files)
    truth = read_truth(folder / "groundTruth.txt", [f.name for f in files], frames.shape)
    tracks = [boxes for boxes in link(truth, max_gap=max_gap) if np.isfinite(boxes[:, 0]).sum() >= min_length]
    if not tracks:
        count = sum(map(len, truth))
        raise NothingToTrack(f"{len(files)} frames, {count} boxes; nobody has {min_length} of them", len(files), count)
    notes = numbering_note([file.stem for file in files])
    more = dict(notes=notes, recording=folder.name)
    return [Sequence(f"{folder.name}-{k + 1}", "otcbvs", frames, boxes, **more) for k, boxes in enumerate(tracks)]
