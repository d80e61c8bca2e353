"""Masks of small targets, one an image: IRDST, NUDT-MIRSDT and sets in their manner.

| | |
|---|---|
| files | images/SEQ/1.bmp and masks/SEQ/1.bmp (IRDST); SEQ/images/00001.png and SEQ/masks/00001.png (NUDT-MIRSDT) |
| .mat | SEQ/Mix/00001.mat: frames up to this one (T, H, W), the last is read; masks, too, as (H, W) |
| box | the box round each connected part of the mask's non-zero pixels (eight neighbours) |
| points | SEQ/masks_centroid, where there are no masks: a pixel a target; size= gives the side of the boxes round them |
| pixels | whole: a part of one pixel has w = h = 1 |
| frames | the images in natural order; masks by the same name |
| absent | an empty mask; an image without mask is refused |
| several targets | linked by overlap |
| source | public loaders of both sets (IRDST: bmp, 1, 2, ...; NUDT-MIRSDT: the variable Mix, masks as .png or .mat) |
"""

from functools import partial

import cv2
import numpy as np

from irtrack_core.boxes import centers, from_centers
from irtrack_core.datasets.formats import objects
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.image_names import image_files
from irtrack_core.datasets.names import folders_in, in_order, listed
from irtrack_core.datasets.pictures import read_image

NAMES = ("masks", "mask", "Mix_masks", "masks_centroid", "Mix_masks_centroid")


def items(root, *, size=None, track=None, fps=None, dataset="irdst"):
    """The sequences below `root`: [(name, read)], one Sequence a target.

    size: side in pixels of the boxes round centres, where there are no masks. Raises FileNotFoundError without images or
    masks, ValueError where they do not match, or for centres without size.
    """
    for name in NAMES:
        folders = [(p.name, root / "images" / p.name, p) for p in folders_in(root / name)]
        inner = [p for p in [root, *folders_in(root)] if files_of(p / name)]
        inner = [(p, next((p / name for name in ("images", "Mix") if files_of(p / name)), p / "images")) for p in inner]
        folders = folders or [(p.resolve().name, images, p / name) for p, images in inner]
        points = name.endswith("centroid")
        if folders and points and not size:
            raise ValueError(f"{folders[0][2]} holds centres alone: give size=, the pixels of a side of their boxes")
        if folders:
            return [(one[0], partial(_read, *one, size if points else None, track, fps, dataset)) for one in folders]
    raise FileNotFoundError(f"no masks/SEQ beside images/SEQ, and no SEQ/masks beside SEQ/images, in {root}")


def files_of(folder):
    """The image files of a folder, else its .mat files; none where it is not there."""
    return image_files(folder) or in_order(listed(folder, "*.mat"))


def _read(name, images, masks, size, track, fps, dataset):
    files, known = files_of(images), {file.stem: file for file in files_of(masks)}
    if not files:
        raise FileNotFoundError(f"no images in {images} for the masks in {masks}")
    if missing := [file for file in files if file.stem not in known]:
        raise ValueError(f"{len(missing)} of {len(files)} images have no mask in {masks}, the first: {missing[0].name}")
    frames = ImageFrames(files)
    found = objects.tracks_of([[(None, box) for box in parts(known[f.stem], frames.shape, size)] for f in files], masks)
    return objects.sequences(masks, dataset, frames, found, track=track, fps=fps, name=name, points=bool(size))


def parts(path, shape, size=None):
    """Boxes (K, 4) xywh round each connected part of a mask, or of a given size about its centre.

    Raises ValueError for a mask of another size than `shape` (H, W).
    """
    if (mask := read_image(path)).shape != tuple(shape):
        raise ValueError(f"{path} is {mask.shape[1]} x {mask.shape[0]}, its image {shape[1]} x {shape[0]}")
    _, _, stats, _ = cv2.connectedComponentsWithStats((mask > 0).astype(np.uint8), connectivity=8)
    boxes = stats[1:, :4].astype(np.float64)
    return from_centers(centers(boxes), [size, size]) if size else boxes


def detect(root):
    """(certainty, why) when `root` looks like images with masks, else None. Raises FileNotFoundError where it does not."""
    return 0.8, f"{len(items(root, size=1))} folders of masks beside images"
