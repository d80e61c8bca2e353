"""Text files of boxes, a row a frame: `x,y,w,h`, or `frame,x,y,w,h` with 0-based frame numbers (then rows may be missing).

Comma, semicolon, tab or blanks; a header line is optional, `#` and `%` begin comments. A row that is empty, or NaN,
means: absent.
"""

import re
from pathlib import Path

import numpy as np

from irtrack_core.boxes import centers

# spellings of a header's columns; the trailing 0 says "counted from 0"
COLUMNS = {"frame": "frame", "index": "frame", "x": "x", "left": "x", "y": "y", "top": "y"}
COLUMNS |= {"score": "score", "w": "w", "width": "w", "h": "h", "height": "h"}


def read_boxes(path, count, shape=None):
    """Boxes (count, 4) float64 xywh of a box file; NaN rows where absent.

    count: number of frames. shape: (H, W) of the frames; then a box centred outside them is an error.
    Raises FileNotFoundError, or ValueError that names file and line.
    """
    rows = text_rows(path)
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
        try:
            boxes[frame] = checked(four_numbers([row[key] for key in "xywh"], where), shape, where)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError(problems[0] + (f" ({len(problems)} bad boxes in all)" if len(problems) > 1 else ""))
    if not numbered and len(seen) != count:
        raise ValueError(
            f"{path}: {len(seen)} boxes for {count} frames; give one row a frame (an empty one where the target is "
            "absent), or put the 0-based frame number in a first column 'frame'"
        )
    return boxes


def text_rows(path):
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
    if not re.fullmatch(r"[+-]?\d+(\.0*)?(e\d{1,2})?", field):
        raise ValueError(f"{where}: frame number {field!r} is not a whole number")
    return int(float(field))


def four_numbers(fields, where):
    """The box (4,) that four texts say, NaN when all are empty. Raises ValueError that begins with `where`."""
    if all(field in ("", "nan") for field in fields):
        return np.full(4, np.nan)
    try:
        return np.array([float(field) for field in fields])
    except ValueError:
        raise ValueError(f"{where}: {','.join(fields)!r} is not four numbers x,y,w,h") from None


def checked(box, shape, where):
    """The box (4,) itself, when it is usable on frames of `shape` (H, W), or absent: all NaN. shape may be None.

    Raises ValueError that begins with `where` for NaN or infinity, an empty box, or a centre outside the frame.
    """
    if np.isnan(box).all():
        return box
    problem = ""
    if not np.isfinite(box).all():
        problem = "holds NaN or infinity; leave the whole row empty where the target is absent"
    elif (box[2:] <= 0).any():
        problem = "is empty: width and height must be above 0 (the order is x, y, w, h)"
    elif shape is not None:
        x, y = centers(box)
        if not (0 <= x < shape[1] and 0 <= y < shape[0]):
            problem = f"is centred at ({x:g}, {y:g}), outside the {shape[1]} x {shape[0]} frame (width x height)"
    if problem:
        raise ValueError(f"{where}: box {box.tolist()} {problem}")
    return box
