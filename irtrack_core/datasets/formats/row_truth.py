"""Folders with images and a truth file of a row a frame, as most benchmarks have: what their readers share."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from irtrack_core.datasets.box_file import check_boxes, four_numbers, header
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.image_names import image_files, numbering_note
from irtrack_core.datasets.names import folders_in, listed, natural_key
from irtrack_core.datasets.open_frames import open_frames
from irtrack_core.datasets.sequence import NothingToTrack, Sequence
from irtrack_core.datasets.suspicions import count_hint, suspicions
from irtrack_core.datasets.text import text_rows

FLAGS = ("absence.label", "full_occlusion.txt", "out_of_view.txt", "absent.txt")  # 1: the target is absent
IMAGES = ("img", "color", "ir", "infrared", ".")


def box_row(fields, where):
    """(box (4,) xywh, "") of a row of four numbers, NaN where absent. Raises ValueError that begins with `where`."""
    fields = fields[:4] if len(fields) == 5 and not fields[4] else fields  # a separator ends the row
    if len(fields) != 4:
        more = " (polygons are not read here, but as vot)" if len(fields) == 8 else ""
        raise ValueError(f"{where}: {len(fields)} values; x,y,w,h are needed{more}")
    return four_numbers(fields, where), ""


@dataclass(frozen=True)
class Layout:
    """How a format's folders are read. truths: patterns of truth files, the first that is there counts.

    first_pixel: the number of the upper left pixel; row: function of a row's fields, as `box_row`; step: every step-th
    image has a row; images: where they may lie; starts: {name: the image, from 0, of the first row}.
    """

    dataset: str
    truths: tuple
    first_pixel: float = 0
    row: object = box_row
    step: int = 1
    images: tuple = IMAGES
    starts: tuple = ()
    fps: float = 30.0


def truth_files(folder, truths):
    """The truth files of a folder, those of the first of the patterns that finds any, in natural order."""
    found = (sorted(listed(folder, pattern), key=natural_key) for pattern in truths)
    return next((files for files in found if files), [])


def images_in(folder, images=IMAGES):
    """The image files of a folder, from the first of its subfolders `images` that has any."""
    found = (image_files(folder / name) for name in images if (folder / name).is_dir())
    return next((files for files in found if files), [])


def frames_in(folder, videos, images=IMAGES):
    """The frames of a folder: the first of these videos that is there, else its images. Raises FileNotFoundError."""
    found, files = [folder / name for name in videos if (folder / name).is_file()], images_in(folder, images)
    if not (found or files):
        raise FileNotFoundError(f"no images and no {' or '.join(videos)} in {folder}")
    return open_frames(found[0]) if found else ImageFrames(files)


def items(root, layout):
    """The sequences in folder `root`, or in its folders or theirs: [(name, read)]; several truths are several sequences."""
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is no folder: give the folder with {' or '.join(layout.truths)}")
    folders = [root]
    for _ in range(2):  # the sequences of a set, or those of its parts and categories
        if any(truth_files(folder, layout.truths) for folder in folders):
            break
        folders = [inner for folder in folders for inner in folders_in(folder)]
    if not any(truth_files(folder, layout.truths) for folder in folders):
        raise FileNotFoundError(f"no folder with {' or '.join(layout.truths)} in {root}")
    folders = [folder for folder in folders if truth_files(folder, layout.truths) or images_in(folder, layout.images)]
    return [(folder.name, partial(read_folder, folder, layout)) for folder in folders]


def read_folder(folder, layout, files=None, images=None, name=None):
    """The Sequences of one folder, one a truth file. files, images: where they are not in it."""
    files = truth_files(folder, layout.truths) if files is None else files
    images = images_in(folder, layout.images) if images is None else images
    name = name or folder.resolve().name
    if not images:
        raise FileNotFoundError(f"no images in {folder}")
    if not files:
        raise NothingToTrack(f"{len(images)} images, but no {' or '.join(layout.truths)}: left out", len(images))
    bare = [file.name for file in files if not any(fields for _, fields in text_rows(file))]
    files = [file for file in files if file.name not in bare]
    if not files:
        raise ValueError(f"{folder / bare[0]} holds no boxes")
    told = tuple(f"{file} is empty: left out" for file in bare)
    others = sorted(
        {f.name for pattern in layout.truths for f in listed(folder, pattern)} - {f.name for f in files} - {*bare}
    )
    told += (f"{files[0].name} is read, and not {', '.join(others)}",) if others else ()
    flagged, frames, sequences = flags(folder, len(images)), ImageFrames(images), []
    for k, file in enumerate(files, start=1):
        boxes, notes = read_rows(file, [image.stem for image in images], frames.shape, layout, flagged, name)
        title = f"{name}-{k}" if len(files) > 1 else name
        more = dict(notes=numbering_note([image.stem for image in images]) + told + notes, recording=name)
        sequences.append(Sequence(title, layout.dataset, frames, boxes, layout.fps, **more))
    return sequences


def read_rows(path, names, shape, layout, flagged=None, name=""):
    """(boxes (N, 4), notes) of a truth file for the N images `names`; flagged: (N,) bool, absent by another file.

    A single row, as in hidden test sets, gives NaN from the second frame on. Raises ValueError that names file and line.
    """
    count, rows = len(names), text_rows(path).filled()
    if len(rows) and layout.row is box_row and header(rows[0][1], f"{path}, line {rows[0][0]}") == ["x", "y", "w", "h"]:
        rows = rows[1:]
    part = name in dict(layout.starts) and 1 < len(rows) < count  # known to have rows for a part of its images
    start = dict(layout.starts)[name] if part else 0
    places = range(start, min(count, start + len(rows)) if part else count, layout.step)
    if len(rows) != len(places) and len(rows) != 1:
        gaps = "; ".join(("one row a frame is needed", *numbering_note(names)))
        each = f" and a row every {layout.step} images" if layout.step > 1 else ""
        raise ValueError(f"{path}: {len(rows)} rows for {count} images{each}; {gaps}{count_hint(len(rows), count)}")
    boxes, lines, unsized, kinds = np.full((count, 4), np.nan), np.zeros(count, np.int64), [], {}
    flagged = np.zeros(count, bool) if flagged is None else flagged
    for index, (line, fields) in zip(places, rows):
        box, kind = layout.row(fields, f"{path}, line {line}")
        if kind:
            kinds.setdefault(kind, []).append(line)
        if not box.any() or flagged[index]:
            continue
        if (box[2:] <= 0).all():
            unsized.append(line)
            continue
        boxes[index], lines[index] = box - (layout.first_pixel, layout.first_pixel, 0, 0), line
    check_boxes(boxes, shape, lambda index: f"{path}, line {lines[index]}")
    notes = tuple(f"{path.name}: {len(each)} {kind}, the first in line {each[0]}" for kind, each in kinds.items())
    if unsized:
        notes += (f"{path.name}: {len(unsized)} rows without a size are taken as absent, the first: line {unsized[0]}",)
    if part:
        notes += (f"{path.name} is about images {names[start]} to {names[places[-1]]}, as the benchmark says",)
    if len(rows) == 1 < count:
        notes += (f"{path.name}: only the first frame has a box, as in hidden test sets: nothing can be measured",)
    return boxes, notes + suspicions(boxes, shape)


def flags(folder, count):
    """(count,) bool: the target is absent, as the folder's files of 0 and 1 say. Raises ValueError that names the file."""
    absent = np.zeros(count, bool)
    for file in (folder / name for name in FLAGS):
        if not file.is_file():
            continue
        values = [(line, field) for line, fields in text_rows(file) for field in fields if field]
        for line, field in values:
            if field not in ("0", "1", "0.0", "1.0"):
                raise ValueError(f"{file}, line {line}: {field!r} is neither 0 nor 1 (1: the target is absent)")
        if len(values) != count:
            raise ValueError(f"{file}: {len(values)} values for {count} images; one each is needed")
        absent |= np.array([float(field) == 1 for _, field in values])
    return absent


def with_options(layout, first_pixel=None, fps=None, dataset=None):
    """The layout with what a caller asked for in place of its own."""
    given = {"first_pixel": first_pixel, "fps": fps, "dataset": dataset}
    return replace(layout, **{key: value for key, value in given.items() if value is not None})
