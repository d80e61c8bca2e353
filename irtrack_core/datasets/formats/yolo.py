"""YOLO text files, one an image.

| | |
|---|---|
| files | images/NAME.jpg and labels/NAME.txt, or both in one folder |
| row | class cx cy w h with blanks; a sixth value is a track's number when whole, a score otherwise |
| pixels | shares of the frame's width and height, 0 to 1; centre and size |
| frames | the images in natural order |
| absent | no file, an empty file |
| several targets | by the sixth value; without it linked by overlap |
| source | Ultralytics' docs, datasets/detect; the sixth value is provisional (tools write either) |
"""

from functools import partial

import numpy as np

from irtrack_core.boxes import from_centers
from irtrack_core.datasets.box_file import numbers
from irtrack_core.datasets.formats import objects
from irtrack_core.datasets.formats.row_truth import images_in
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.image_names import image_files
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.text import text_rows


def items(root, *, track=None, classes=None, fps=None, dataset="yolo"):
    """The sequence of a folder with images and labels, or those of its folders: [(name, read)], one an object.

    track: this identity alone; classes: numbers of the classes to keep. Raises FileNotFoundError, ValueError (file and
    line) for a bad row.
    """
    folders, options = objects.inner(root, label_folder), (track, objects.chosen(classes), fps, dataset)
    if not folders:
        raise FileNotFoundError(f"no labels/*.txt, or .txt beside images, in {root}")
    return [(folder.resolve().name, partial(_read, folder, place, *options)) for folder, place in folders]


def label_folder(folder):
    """The folder of label files: `labels` (also train/val below it), or this one when images of their names are there."""
    for name in ("labels", "labels/train"):
        if listed(folder / name, "*.txt"):
            return folder / name
    return folder if any(file.with_suffix(".txt").is_file() for file in image_files(folder)[:200]) else None


def _read(folder, place, track, classes, fps, dataset):
    images = images_in(folder, ("images", "images/train", "."))
    if not images:
        raise FileNotFoundError(f"no images in {folder}/images or {folder}")
    frames, lists, scored = ImageFrames(images), [], False
    notes = objects.stray_labels(listed(place, "*.txt"), {image.stem for image in images}, place)
    for image in images:
        file, objects_here = place / f"{image.stem}.txt", []
        for line, fields in text_rows(file) if file.is_file() else ():
            if fields:
                row, who, score = _row(fields, f"{file}, line {line}", frames.shape)
                scored |= score
                if classes is None or row[0] in classes:
                    objects_here.append((who, row[1:]))
        lists.append(objects_here)
    if scored:
        notes += ("the labels have scores: they look like a detector's output, not like the truth",)
    more = dict(notes=notes, track=track, fps=fps, name=folder.resolve().name)
    return objects.sequences(place, dataset, frames, objects.tracks_of(lists, place), **more)


def _row(fields, where, shape):
    """((class, x, y, w, h), identity or None, has a score) of a row. Raises ValueError that begins with `where`."""
    if len(fields) not in (5, 6):
        raise ValueError(f"{where}: {len(fields)} values; class cx cy w h are needed (outlines are not read)")
    row = numbers(fields, where, "class cx cy w h")
    if not (np.isfinite(row).all() and (row[1:5] >= 0).all() and (row[1:5] <= 1).all()):
        raise ValueError(f"{where}: {' '.join(fields)!r}: cx cy w h must be shares of the frame, 0 to 1")
    size = np.array([shape[1], shape[0]])
    box = from_centers(row[1:3] * size, row[3:5] * size)
    whole = len(row) == 6 and row[5] % 1 == 0
    return np.concatenate([row[:1], box]), int(row[5]) if whole else None, len(row) == 6 and not whole
