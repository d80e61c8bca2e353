"""Masks of small targets, one an image: IRDST, NUDT-MIRSDT and sets in their manner.

| | |
|---|---|
| files | images/SEQ/1.bmp and masks/SEQ/1.bmp (IRDST); SEQ/images/00001.png and SEQ/masks/00001.png (NUDT-MIRSDT) |
| box | the box round each connected part of the mask's non-zero pixels (eight neighbours) |
| pixels | whole: a part of one pixel has w = h = 1 |
| frames | the images in natural order; masks by the same name |
| absent | an empty mask; an image without mask is refused |
| several targets | linked by overlap |
| source | public loaders of both sets (IRDST: bmp, 1, 2, ...); NUDT-MIRSDT's Mix/*.mat are not read: images must be there |
"""

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from irtrack_core.datasets.folder import image_files
from irtrack_core.datasets.formats import objects
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.names import folders_in
from irtrack_core.datasets.pictures import read_image

NAMES = ("masks", "mask")


def items(root, *, track=None, fps=None, dataset="irdst"):
    """The sequences below `root`: [(name, read)], one Sequence a target.

    Raises FileNotFoundError without images or masks, ValueError where they do not match.
    """
    root = Path(root)
    for name in NAMES:
        below = folders_in(root / name)
        pairs = [(p.name, root / "images" / p.name, p) for p in below]
        folders = [root, *folders_in(root)]
        pairs = pairs or [(p.resolve().name, p / "images", p / name) for p in folders if image_files_of(p / name)]
        if pairs:
            return [(name, partial(_read, name, images, masks, track, fps, dataset)) for name, images, masks in pairs]
    raise FileNotFoundError(f"no masks/SEQ beside images/SEQ, and no SEQ/masks beside SEQ/images, in {root}")


def image_files_of(folder):
    """The image files of a folder; none where it is not there."""
    return image_files(folder) if folder.is_dir() else []


def _read(name, images, masks, track, fps, dataset):
    files, known = image_files_of(images), {file.stem: file for file in image_files_of(masks)}
    if not files:
        raise FileNotFoundError(f"no images in {images} for the masks in {masks}")
    missing = [file for file in files if file.stem not in known]
    if missing:
        raise ValueError(f"{len(missing)} of {len(files)} images have no mask in {masks}, the first: {missing[0].name}")
    frames = ImageFrames(files)
    lists = [[(None, box) for box in parts(known[file.stem], frames.shape)] for file in files]
    return objects.sequences(masks, dataset, frames, objects.tracks_of(lists, masks), track=track, fps=fps, name=name)


def parts(path, shape):
    """[box (4,) xywh] of each connected part of a mask. Raises ValueError for another size than `shape` (H, W)."""
    mask = read_image(path)
    if mask.shape != tuple(shape):
        raise ValueError(f"{path} is {mask.shape[1]} x {mask.shape[0]}, its image {shape[1]} x {shape[0]}")
    _, _, stats, _ = cv2.connectedComponentsWithStats((mask > 0).astype(np.uint8), connectivity=8)
    return [stat[:4].astype(np.float64) for stat in stats[1:]]


def detect(root):
    """(certainty, why) when `root` looks like images with masks, else None."""
    try:
        return 0.8, f"{len(items(root))} folders of masks beside images"
    except (OSError, ValueError):
        return None
