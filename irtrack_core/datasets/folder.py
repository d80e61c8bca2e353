"""Any video, folder of images, or .npy array, with a text file of boxes; the box file's reader is shared by other datasets.

A box file has one row a frame: `x,y,w,h`, or `frame,x,y,w,h` with 0-based frame numbers (then rows may be missing).
Comma, semicolon, tab or blanks; a header line is optional, `#` and `%` begin comments. A row that is empty, or NaN,
means: absent.
"""

import re
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np

from irtrack_core.datasets.frames import IMAGE_SUFFIXES, ArrayFrames, ImageFrames, natural_key, open_pages, page_count
from irtrack_core.datasets.sequence import Sequence
from irtrack_core.datasets.video import VIDEO_SUFFIXES, VideoFrames

__all__ = ["load", "items", "open_frames", "read_boxes", "image_files", "numbering_note"]

# spellings of a header's columns; the trailing 0 says "counted from 0"
COLUMNS = {"frame": "frame", "index": "frame", "x": "x", "left": "x", "y": "y", "top": "y"}
COLUMNS |= {"score": "score", "w": "w", "width": "w", "h": "h", "height": "h"}
BOX_NAMES = ("boxes.csv", "boxes.txt", "groundtruth.txt", "groundtruth_rect.txt", "groundtruth.csv")


def image_files(folder):
    """Image files of a folder in natural order: 2.bmp before 10.bmp."""
    named = (f for f in Path(folder).iterdir() if f.suffix.lower() in IMAGE_SUFFIXES and not f.name.startswith("."))
    # not is_file: a broken link must be told as a missing image
    return sorted((f for f in named if not f.is_dir()), key=natural_key)


def numbering_note(names, first=None):
    """One sentence, in a tuple, on the numbers left out of image names such as img_00007; () when they run evenly.

    names: in order, without suffix. A set that keeps every k-th image runs evenly, too. first: the number to begin with.

    >>> numbering_note(["a0", "a1", "a2", "a5"])
    ('images missing from the numbering: 3, 4',)
    """
    digits = [re.findall(r"\d+", name) for name in names]
    numbers = [int(found[-1]) for found in digits if found]
    if len(numbers) < len(names) or len(numbers) < 3:
        return ()
    steps = Counter(b - a for a, b in zip(numbers, numbers[1:]))
    step, times = steps.most_common(1)[0]
    if min(steps) < 1 or 2 * times < len(numbers) - 1:  # no order that could have gaps
        return ()
    begin = numbers[0] if first is None else first
    missing = sorted(set(range(begin, numbers[-1], step)) - set(numbers))
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    return (f"images missing from the numbering: {', '.join(map(str, missing[:5]))}{more}",) if missing else ()


def open_frames(path):
    """Lazy frames of a video file, a folder of images, a TIFF of several pages, or an array (N, H, W) in a .npy file.

    Raises FileNotFoundError, or ValueError or TypeError for what cannot be read as frames.
    """
    path = Path(path)
    if path.is_dir():
        files = image_files(path)
        if not files:
            raise FileNotFoundError(f"no images ({' '.join(IMAGE_SUFFIXES)}) in folder {path}")
        return ImageFrames(files)
    if page_count(path) > 1:
        return open_pages(path)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        raise ValueError(f"{path} is a single image: give the folder that holds the sequence, or a video")
    if path.suffix.lower() == ".cptv":
        from irtrack_core.datasets.cptv import CptvFrames

        return CptvFrames(path)
    if path.suffix.lower() == ".npy":
        return _array_frames(path)
    return VideoFrames(path)


def _array_frames(path):
    """Frames of a .npy file, one read at a time."""
    if not path.is_file():
        raise FileNotFoundError(f"no array {path}")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"{path} cannot be read as a NumPy array: {error}") from error
    if array.ndim == 4 and array.shape[3] in (1, 3):
        raise ValueError(f"{path} holds colour frames {array.shape}: save one plane of them, as (N, H, W)")
    try:
        frames = ArrayFrames(array)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{path}: {error}") from error
    if not array.size:
        raise ValueError(f"{path} holds no frames: its shape is {array.shape}")
    return frames


def read_boxes(path, count, shape=None):
    """Boxes (count, 4) float64 xywh of a box file (see this module); NaN rows where absent.

    count: number of frames. shape: (H, W) of the frames; then a box centred outside them is an error.
    Raises FileNotFoundError, or ValueError that names file and line.
    """
    rows = _rows(path)
    columns = _header(rows[0][1], f"{path}, line {rows[0][0]}") if rows else None
    rows = rows[1:] if columns else rows
    if columns is None:
        columns = _guess(rows, path)
    numbered = "frame" in columns
    while not numbered and len(rows) > count and not rows[-1][1]:  # blank lines at the end of the file
        rows.pop()
    boxes, seen, problems = np.full((count, 4), np.nan), {}, []
    for line, fields in rows:
        where = f"{path}, line {line}"
        if numbered and not fields:
            continue
        if numbered and len(fields) == 1 or not fields:  # a frame number alone, or an empty row: absent
            fields = fields + [""] * (len(columns) - len(fields))
        if len(fields) != len(columns):
            raise ValueError(f"{where}: {len(fields)} values; the file has the columns {','.join(columns)}")
        row = dict(zip(columns, fields))
        frame = _frame_number(row["frame"], where) if numbered else len(seen)
        if not 0 <= frame < count:
            raise ValueError(f"{where}: a box for frame {frame}, but there are {count} frames (0 to {count - 1})")
        if frame in seen:
            raise ValueError(f"{where}: a second box for frame {frame}; the first stands in line {seen[frame]}")
        seen[frame] = line
        boxes[frame], problem = _box([row[key] for key in "xywh"], where, shape)
        problems += [problem] if problem else []
    if problems:
        raise ValueError(problems[0] + (f" ({len(problems)} bad boxes in all)" if len(problems) > 1 else ""))
    if not numbered and len(seen) != count:
        raise ValueError(
            f"{path}: {len(seen)} boxes for {count} frames; give one row a frame (an empty one where the target is "
            "absent), or put the 0-based frame number in a first column 'frame'"
        )
    return boxes


def _rows(path):
    """(line number, fields) of each line but comments; an empty line has no fields. Split by , or ; or tab or blanks."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no box file {path}")
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1):
        text = re.split("[#%]", line)[0].strip(" ").lower()
        mark = next((mark for mark in ",;\t" if mark in text), None)  # None: runs of blanks
        if text or not line.strip():
            fields = [field.strip() for field in text.split(mark)]
            rows.append((number, fields if any(fields) else []))
    return rows


def _header(fields, where):
    """Meaning of each column from the header's fields, or None when the line is no header but numbers."""
    if not any(field[:1].isalpha() and field not in ("nan", "inf") for field in fields):
        return None
    columns = [COLUMNS.get(re.sub("0$", "", field)) for field in fields]
    if sorted(map(str, set(columns) - {"frame", "score"})) != ["h", "w", "x", "y"] or len(set(columns)) != len(columns):
        raise ValueError(f"{where}: header {','.join(fields)!r} is not understood; use frame,x,y,w,h or x,y,w,h")
    return columns


def _guess(rows, path):
    """Columns of a file without header: five are frame,x,y,w,h, four are x,y,w,h."""
    widths = {len(fields) for _, fields in rows if len(fields) > 1}
    if 5 in widths:
        return ["frame", "x", "y", "w", "h"]
    if widths and 4 not in widths:
        raise ValueError(f"{path}: rows of {min(widths)} values; expected x,y,w,h or frame,x,y,w,h")
    return ["x", "y", "w", "h"]


def _frame_number(field, where):
    try:
        value = float(field)
    except ValueError:
        value = np.nan
    if value % 1 != 0:  # NaN and infinity too
        raise ValueError(f"{where}: frame number {field!r} is not a whole number")
    return int(value)


def _box(fields, where, shape):
    """(box, problem) of a row: four numbers, NaN for an absent target; problem is None when all is well."""
    if all(field in ("", "nan") for field in fields):
        return np.full(4, np.nan), None
    try:
        box = np.array([float(field) for field in fields])
    except ValueError:
        return np.full(4, np.nan), f"{where}: {','.join(fields)!r} is not four numbers x,y,w,h"
    problem = box_problem(box, shape)
    return box, f"{where}: box {box.tolist()} {problem}" if problem else None


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


def items(root, *, boxes=None, fps=None, dataset="folder"):
    """[(name, read)]: what `load` would load, each sequence read by calling `read()`."""
    root = Path(root)
    paths = [root]
    if root.is_dir() and not image_files(root):
        paths = sorted(
            (p for p in root.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES and not p.is_dir()), key=natural_key
        )
        paths += sorted((p for p in root.iterdir() if p.is_dir() and image_files(p)), key=natural_key)
        if not paths:
            raise FileNotFoundError(f"neither images nor videos nor folders of images in {root}")
        if boxes is not None and len(paths) > 1:
            raise ValueError(f"{root} holds {len(paths)} sequences: one box file cannot serve them all")
    return [(p.stem if p.is_file() else p.name, partial(_read, p, boxes, fps, dataset)) for p in paths]


def load(root, **options):
    """A video or folder of images as one sequence, or a folder of several of either as many.

    root: video file, folder of images, or folder that holds such (each with its own box file).
    Options: boxes= the box file; None: NAME.csv or NAME.txt beside it, or boxes.csv / groundtruth.txt in the folder of
    images. fps= frames a second; None: the video's own, 30 for images. dataset= the name the sequences get.
    Raises FileNotFoundError when frames or boxes are missing, ValueError when they are bad.
    """
    return [read() for _, read in items(root, **options)]


def _read(path, boxes, fps, dataset):
    file = Path(boxes) if boxes is not None else _box_file(path)
    if file is None:
        beside = f"{path.stem}.csv beside it" if path.is_file() else "boxes.csv in it"
        raise FileNotFoundError(f"no boxes for {path}: put {beside} with columns frame,x,y,w,h, or give boxes=")
    frames = open_frames(path)
    return Sequence(
        name=path.stem if path.is_file() else path.name,
        dataset=dataset,
        frames=frames,
        boxes=read_boxes(file, len(frames), frames.shape),
        fps=fps or getattr(frames, "fps", 30.0),
        notes=numbering_note([image.stem for image in frames.files]) if isinstance(frames, ImageFrames) else (),
    )
