"""Any video, or folder of images, with a text file of boxes; the box file's reader is shared by other datasets.

A box file has one row a frame: `x,y,w,h`, or `frame,x,y,w,h` with 0-based frame numbers (then rows may be missing).
Comma, semicolon, tab or blanks; a header line is optional, `#` and `%` begin comments. A row that is empty, or NaN,
means: absent.
"""

import re
from pathlib import Path

import numpy as np

from .frames import IMAGE_SUFFIXES, VIDEO_SUFFIXES, ImageFrames, VideoFrames, natural_key
from .sequence import Sequence

__all__ = ["load", "open_frames", "read_boxes", "image_files"]

# spellings of a header's columns; the trailing 0 says "counted from 0"
COLUMNS = {"frame": "frame", "index": "frame", "x": "x", "left": "x", "y": "y", "top": "y"}
COLUMNS |= {"w": "w", "width": "w", "h": "h", "height": "h"}
BOX_NAMES = ("boxes.csv", "boxes.txt", "groundtruth.txt", "groundtruth_rect.txt", "groundtruth.csv")


def image_files(folder):
    """Image files of a folder in natural order: 2.bmp before 10.bmp."""
    files = (f for f in Path(folder).iterdir() if f.suffix.lower() in IMAGE_SUFFIXES and not f.name.startswith("."))
    return sorted(files, key=natural_key)


def open_frames(path):
    """Lazy frames of a video file or of a folder of images. Raises FileNotFoundError or ValueError."""
    path = Path(path)
    if path.is_dir():
        files = image_files(path)
        if not files:
            raise FileNotFoundError(f"no images ({' '.join(IMAGE_SUFFIXES)}) in folder {path}")
        return ImageFrames(files)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        raise ValueError(f"{path} is a single image: give the folder that holds the sequence, or a video")
    return VideoFrames(path)


def _columns(fields, where):
    """Meaning of each column from the header's fields, or None when the line is no header."""
    if not any(re.search("[a-z]", field) and field not in ("nan", "inf", "-inf") for field in fields):
        return None
    columns = [COLUMNS.get(field.rstrip("0")) for field in fields]
    if None in columns or sorted(set(columns) - {"frame"}) != ["h", "w", "x", "y"] or len(set(columns)) != len(columns):
        raise ValueError(f"{where}: header {','.join(fields)!r} is not understood; use frame,x,y,w,h or x,y,w,h")
    return columns


def _fields(line):
    """Fields of a line: by comma or semicolon, else by tab, else by blanks."""
    for mark in (",", ";", "\t"):
        if mark in line:
            return [field.strip().lower() for field in line.split(mark)]
    return line.lower().split()


def read_boxes(path, count, shape=None):
    """Boxes (count, 4) float64 xywh of a box file (see this module); NaN rows where absent.

    count: number of frames. shape: (H, W) of the frames; then a box centred outside them is an error.
    Raises FileNotFoundError, or ValueError that names file and line.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no box file {path}")
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    boxes = np.full((count, 4), np.nan)
    columns, seen, header_possible = None, {}, True
    while lines and not lines[-1].strip() and len(lines) > count:  # blank lines at the end of the file
        lines.pop()
    for number, line in enumerate(lines, start=1):
        where = f"{path}, line {number}"
        line = re.split("[#%]", line)[0].rstrip() if re.search("[#%]", line) else line.rstrip()
        if not line and lines[number - 1].strip():
            continue  # a comment alone is no row
        fields = _fields(line)
        if header_possible and fields:
            header_possible = False
            columns = _columns(fields, where)
            if columns:
                continue
        if fields and columns is None:
            names = {4: ["x", "y", "w", "h"], 5: ["frame", "x", "y", "w", "h"]}
            if len(fields) not in names:
                raise ValueError(f"{where}: {len(fields)} values; expected x,y,w,h or frame,x,y,w,h")
            columns = names[len(fields)]
        if columns and "frame" in columns and not fields:
            continue
        if fields and len(fields) != len(columns):
            if "frame" in columns and len(fields) == 1 and len(line.split()) == 1 and line.strip().isdigit():
                fields = fields + [""] * 4  # a frame number alone: absent
            else:
                raise ValueError(f"{where}: {len(fields)} values; the file has columns {','.join(columns)}")
        row = dict(zip(columns or [], fields))
        frame = row.pop("frame", None)
        frame = len(seen) if frame is None else _frame_number(frame, where)
        if not 0 <= frame < count:
            raise ValueError(f"{where}: a box for frame {frame}, but there are {count} frames (0 to {count - 1})")
        if frame in seen:
            raise ValueError(f"{where}: a second box for frame {frame}; the first stands in line {seen[frame]}")
        seen[frame] = number
        boxes[frame] = _box([row.get(key, "") for key in "xywh"], where, shape)
    if columns is not None and "frame" not in columns and len(seen) != count:
        raise ValueError(
            f"{path}: {len(seen)} boxes for {count} frames; give one row a frame (an empty one where the target is "
            "absent), or put the 0-based frame number in a first column 'frame'"
        )
    return boxes


def _frame_number(field, where):
    try:
        value = float(field)
    except ValueError:
        value = np.nan
    if not value == int(value) if np.isfinite(value) else True:
        raise ValueError(f"{where}: frame number {field!r} is not a whole number")
    return int(value)


def _box(fields, where, shape):
    """Four numbers of a row, checked; NaN for an absent target."""
    if all(field in ("", "nan") for field in fields):
        return np.full(4, np.nan)
    try:
        box = np.array([float(field) for field in fields])
    except ValueError:
        raise ValueError(f"{where}: {','.join(fields)!r} is not four numbers x,y,w,h") from None
    problem = box_problem(box, shape)
    if problem:
        raise ValueError(f"{where}: box {box.tolist()} {problem}")
    return box


def box_problem(box, shape=None):
    """What is wrong with a box, as half a sentence; '' when it is good."""
    if not np.isfinite(box).all():
        return "holds NaN or infinity; leave the whole row empty where the target is absent"
    if (box[2:] <= 0).any():
        return "is empty: width and height must be above 0 (the order is x, y, w, h)"
    if shape is not None:
        x, y = box[:2] + box[2:] / 2
        if not (0 <= x < shape[1] and 0 <= y < shape[0]):
            return f"is centred at ({x:g}, {y:g}), outside the {shape[1]} x {shape[0]} frame (width x height)"
    return ""


def _box_file(path):
    """The box file that belongs to a video or folder of images, or None."""
    beside = [path.with_suffix(".csv"), path.with_suffix(".txt")] if path.is_file() else []
    inside = [path / name for name in BOX_NAMES] if path.is_dir() else []
    if path.is_dir():
        beside = [path.parent / f"{path.name}.csv", path.parent / f"{path.name}.txt"]
        inside += sorted(path.glob("*.csv"))
    return next((file for file in inside + beside if file.is_file()), None)


def load(root, *, boxes=None, fps=None, dataset="folder"):
    """A video or folder of images as one sequence, or a folder of several of either as many.

    root: video file, folder of images, or folder that holds such (each with its own box file).
    boxes: the box file; None: NAME.csv or NAME.txt beside it, or boxes.csv / groundtruth.txt in the folder of images.
    fps: frames a second; None: the video's own, 30 for images.
    Raises FileNotFoundError when frames or boxes are missing, ValueError when they are bad.
    """
    root = Path(root)
    items = [root]
    if root.is_dir() and not image_files(root):
        items = sorted((p for p in root.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES), key=natural_key)
        items += sorted((p for p in root.iterdir() if p.is_dir() and image_files(p)), key=natural_key)
        if not items:
            raise FileNotFoundError(f"neither images nor videos nor folders of images in {root}")
        if boxes is not None and len(items) > 1:
            raise ValueError(f"{root} holds {len(items)} sequences: one box file cannot serve them all")
    sequences = []
    for item in items:
        file = Path(boxes) if boxes is not None else _box_file(item)
        if file is None:
            beside = f"{item.stem}.csv beside it" if item.is_file() else "boxes.csv in it"
            raise FileNotFoundError(f"no boxes for {item}: put {beside} with columns frame,x,y,w,h, or give boxes=")
        frames = open_frames(item)
        sequences.append(
            Sequence(
                name=item.stem if item.is_file() else item.name,
                dataset=dataset,
                frames=frames,
                boxes=read_boxes(file, len(frames), frames.shape),
                fps=fps or getattr(frames, "fps", 30.0),
            )
        )
    return sequences
