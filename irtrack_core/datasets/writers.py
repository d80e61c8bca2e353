"""Boxes in the files of other toolkits, one writer each: what `formats` reads, and `irtrack convert` writes.

A writer takes a folder that is there and boxes (N, 4) xywh from 0, a row of NaN where there is none, and returns the
paths of what it wrote, in the names of its format. Numbers have six decimals at most, without needless zeros.
"""

import json
from pathlib import Path

import numpy as np

from irtrack_core.boxes import as_boxes
from irtrack_core.datasets.frames import ImageFrames


def write(name, folder, boxes, *, shape=None, files=None, fps=30.0):
    """Paths of the files written in `folder`, which is made, for boxes (N, 4) in the format `name`, of WRITERS.

    shape: (H, W) of the frames, needed for "coco"; files: the images' names, by default 000001.jpg, ...; fps: for "mot".
    Raises ValueError for an unknown format, or infinite, half NaN or empty boxes.
    """
    if name not in WRITERS:
        raise ValueError(f"unknown format {name!r}: use one of {', '.join(WRITERS)}")
    boxes, folder = as_boxes(boxes), Path(folder)
    absent = np.isnan(boxes)
    bad = (absent.any(axis=1) & ~absent.all(axis=1)) | np.isinf(boxes).any(axis=1) | (boxes[:, 2:] <= 0).any(axis=1)
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"the box of frame {k}, {boxes[k].tolist()}, cannot be written: it is empty, infinite or half NaN"
        )
    folder.mkdir(parents=True, exist_ok=True)
    files = [f"{k + 1:06d}.jpg" for k in range(len(boxes))] if files is None else [Path(file).name for file in files]
    if len(files) != len(boxes):
        raise ValueError(f"{len(files)} image names for {len(boxes)} boxes")
    return WRITERS[name](folder, boxes, shape=shape, files=files, fps=fps)


def write_sequence(name, folder, sequence):
    """Paths of the files written for the true boxes of a Sequence; see `write`."""
    files = sequence.frames.files if isinstance(sequence.frames, ImageFrames) else None
    return write(name, folder, sequence.boxes, shape=sequence.shape, files=files, fps=sequence.fps)


def otb(folder, boxes, **_):
    """groundtruth_rect.txt: x,y,w,h from 1; 0,0,0,0 where absent."""
    return [_text(folder / "groundtruth_rect.txt", (_row(box + (1, 1, 0, 0)) for box in boxes))]


def got10k(folder, boxes, **_):
    """groundtruth.txt, x,y,w,h from 0, and absence.label, 1 where absent (there the row is 0,0,0,0)."""
    label = _text(folder / "absence.label", (str(int(gone)) for gone in np.isnan(boxes[:, 0])))
    return [_text(folder / "groundtruth.txt", map(_row, boxes)), label]


def lasot(folder, boxes, **_):
    """groundtruth.txt, full_occlusion.txt and out_of_view.txt; absent frames count as out of view, for NaN says no more."""
    gone = ",".join(str(int(value)) for value in np.isnan(boxes[:, 0]))
    none = ",".join("0" for _ in boxes)
    flags = [_text(folder / f"{name}.txt", [text]) for name, text in (("full_occlusion", none), ("out_of_view", gone))]
    return [_text(folder / "groundtruth.txt", map(_row, boxes)), *flags]


def vot(folder, boxes, **_):
    """groundtruth.txt: x,y,w,h from 0; the special code 0 where absent."""
    return [_text(folder / "groundtruth.txt", ("0" if np.isnan(box[0]) else _row(box) for box in boxes))]


def mot(folder, boxes, *, shape, files, fps):
    """gt/gt.txt, frame,1,x,y,w,h,1,1,1 with frames and pixels from 1, no row where absent; and seqinfo.ini."""
    (folder / "gt").mkdir(exist_ok=True)
    rows = [mot_row(k, 1, box, 1, 1, 1) for k, box in enumerate(boxes, start=1) if not np.isnan(box[0])]
    info = [
        "[Sequence]",
        f"name={folder.resolve().name}",
        "imDir=img1",
        f"frameRate={fps:g}",
        f"seqLength={len(boxes)}",
    ]
    info += [f"imWidth={shape[1]}", f"imHeight={shape[0]}"] if shape else []
    info += [f"imExt={Path(files[0]).suffix}"] if files else []
    return [_text(folder / "gt/gt.txt", rows), _text(folder / "seqinfo.ini", info)]


def mot_row(frame, who, box, *rest):
    """A row of an MOT file: the frame, counted from 1, the target's number, its box xywh (4,), which is from 0, and the rest.

    >>> mot_row(1, 7, np.array([0, 2.5, 4, 4]), 0.9, -1, -1, -1)
    '1,7,1,3.5,4,4,0.9,-1,-1,-1'
    """
    return ",".join(map(str, (frame, who, _row(box + (1, 1, 0, 0)), *rest)))


def coco(folder, boxes, *, shape, files, fps):
    """annotations.json: images, annotations with bbox x,y,w,h from 0, area and track_id 1, the category "target"."""
    if shape is None:
        raise ValueError("COCO files hold the size of the images: give it (width and height)")
    size = {"width": int(shape[1]), "height": int(shape[0])}
    images = [{"id": k, "file_name": name, "frame_id": k - 1, **size} for k, name in enumerate(files, start=1)]
    rounded = [[float(_number(value)) for value in box] for box in boxes]
    found = [
        {"id": k, "image_id": k, "category_id": 1, "track_id": 1, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
        for k, box in enumerate(rounded, start=1)
        if not np.isnan(box[0])
    ]
    content = {"images": images, "annotations": found, "categories": [{"id": 1, "name": "target"}]}
    return [_text(folder / "annotations.json", [json.dumps(content, allow_nan=False)])]


def csv(folder, boxes, **_):
    """boxes.csv: frame,x,y,w,h with frames and pixels from 0; no numbers where absent."""
    rows = (f"{k},,,," if np.isnan(box[0]) else f"{k},{_row(box)}" for k, box in enumerate(boxes))
    return [_text(folder / "boxes.csv", ["frame,x,y,w,h", *rows])]


WRITERS = {function.__name__: function for function in (otb, got10k, lasot, vot, mot, coco, csv)}


def _number(value):
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _row(box):
    return "0,0,0,0" if np.isnan(box[0]) else ",".join(map(_number, box))


def _text(path, rows):
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path
