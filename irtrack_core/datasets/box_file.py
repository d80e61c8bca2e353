"""Text files of boxes, a row a frame: `x,y,w,h`, or `frame,x,y,w,h` with 0-based frame numbers (then rows may be missing).

Comma, semicolon, tab or blanks (see `text`); a header line is optional, `#` and `%` begin comments. A row that is empty,
or NaN, means: absent. A header may name centres, `cx,cy,w,h`, or points without a size, `frame,x,y`.
"""

import re

import numpy as np

from irtrack_core.boxes import centers
from irtrack_core.datasets.suspicions import count_hint, numbering_notes, suspicions
from irtrack_core.datasets.text import as_number, text_rows

# spellings of a header's columns; the trailing 0 says "counted from 0". "": the index that pandas writes without a name
COLUMNS = {"frame": "frame", "index": "frame", "x": "x", "left": "x", "y": "y", "top": "y", "cx": "cx", "cy": "cy"}
COLUMNS |= {
    "score": "score",
    "confidence": "score",
    "conf": "score",
    "w": "w",
    "width": "w",
    "h": "h",
    "height": "h",
    "": "index",
    "unnamed: ": "index",
}
SURE = ("sx", "sy", "sw", "sh", "r68", "r95")  # how sure a tracker is of its box, see `irtrack track --sure`: not read
COLUMNS |= {name: name for name in SURE}
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?(e[+-]?\d{1,2})?")  # of a frame; NumPy's savetxt writes 1.000000000000000000e+00
NOTHING = ("", "nan", "na", "none", "null")  # how programs write that there is no number
MOST = 10**7  # frames of a box file that is read without its frames
CORNERS = {"x2", "y2", "xmax", "ymax", "right", "bottom"}
RESULT = "has a column of scores: it looks like a tracker's output, not like the truth"
KINDS = ({"x", "y", "w", "h"}, {"cx", "cy", "w", "h"}, {"x", "y"}, {"cx", "cy"})  # the last two: points


def read_boxes(path, count, shape=None):
    """Boxes (count, 4) float64 xywh of a box file; NaN rows where absent.

    count: number of frames. shape: (H, W) of the frames; then a box centred outside them is an error.
    Raises FileNotFoundError, or ValueError that names file and line.
    """
    return read_truth(path, count, shape)[0]


def read_truth(path, count, shape=None, *, first_frame=0, size=None):
    """(boxes, notes, points) of a box file: boxes as `read_boxes`, what looks like a mistake, whether it holds points.

    first_frame: the number of the first frame in the file. size: side in pixels of the boxes round points; a file of
    points is an error without it. Raises FileNotFoundError, or ValueError that names file and line.
    """
    rows = text_rows(path)
    columns = header(rows[0][1], f"{path}, line {rows[0][0]}") if rows else None
    rows = rows[1:] if columns else rows
    columns = _with_end(columns or _guess(rows, path), rows)
    notes = (f"{path} {RESULT}",) if "score" in columns else ()
    keys = next(kind for kind in KINDS if kind <= set(columns))
    points = "w" not in keys
    if points and not size:
        raise ValueError(f"{path} holds points without a size: give size=, the side in pixels of the boxes round them")
    boxes, lines = np.full((count, 4), np.nan), np.zeros(count, np.int64)  # 0: no line
    names = [key for key in ("x", "cx", "y", "cy", "w", "h") if key in keys]
    for frame, line, row in _by_frame(rows, columns, lines, first_frame, path):
        found = numbers([row[key] for key in names], f"{path}, line {line}", ",".join(names))
        boxes[frame] = [*found, size, size] if points and not np.isnan(found).all() else np.resize(found, 4)
    if points or "cx" in keys:
        boxes[:, :2] -= boxes[:, 2:] / 2
    check_boxes(boxes, shape, lambda frame: f"{path}, line {lines[frame]}")
    if "frame" in columns:
        notes += numbering_notes(np.flatnonzero(~np.isnan(boxes[:, 0])).tolist(), count) if not first_frame else ()
    return boxes, notes + (suspicions(boxes, shape) if shape is not None else ()), points


def is_result(path):
    """Whether a box file has a header with a column of scores: a tracker's output, and not the truth."""
    first = next((fields for _, fields in text_rows(path) if fields), [])
    return any(COLUMNS.get(field) == "score" for field in first)


def _by_frame(rows, columns, lines, first_frame, path):
    """(frame, line, {column: text}) of each row; lines (N,), 0 as given: the line of each frame's row is written there.

    Raises ValueError for rows that fit neither the columns nor the frames.
    """
    numbered, count, found = "frame" in columns, len(lines), 0
    while not numbered and len(rows) > count and not rows[-1][1]:  # blank lines at the end of the file
        rows = rows[:-1]
    for line, fields in rows:
        where = f"{path}, line {line}"
        if numbered and not fields:
            continue
        if numbered and len(fields) == 1 or not fields:  # a frame number alone, or an empty row: absent
            fields = fields + [""] * (len(columns) - len(fields))
        if len(fields) != len(columns):
            told = ",".join(column for column in columns)
            raise ValueError(
                f"{where}: {len(fields)} values; the file has the columns {told}{_commas(fields, columns)}"
            )
        row = dict(zip(columns, fields))
        frame = _frame_number(row["frame"], where) - first_frame if numbered else found
        if not 0 <= frame < count:
            hint = _first(rows, columns, count) if numbered and not first_frame and not lines[:1].any() else ""
            last = count - 1 + first_frame
            frame += first_frame
            raise ValueError(
                f"{where}: a box for frame {frame}, but there are {count} frames ({first_frame} to {last}){hint}"
            )
        if lines[frame]:
            raise ValueError(f"{where}: a second box for frame {frame}; the first stands in line {lines[frame]}")
        lines[frame], found = line, found + 1
        yield frame, line, row
    if not numbered and found != count:
        raise ValueError(
            f"{path}: {found} boxes for {count} frames; give one row a frame (an empty one where the target is "
            f"absent), or put the 0-based frame number in a first column 'frame'{count_hint(found, count)}"
        )


def _first(rows, columns, count):
    """What to say of frame numbers that would fit if they began elsewhere; else ""."""
    place = columns.index("frame")
    found = [int(fields[place]) for _, fields in rows if len(fields) > place and fields[place].isdecimal()]
    fits = found and 0 < min(found) and max(found) - min(found) < count
    return f"; are the frames counted from {min(found)}? Then give first_frame={min(found)}" if fits else ""


def read_alone(path):
    """Boxes (N, 4) of a box file without its frames: N is what its rows say. Errors as of `read_boxes`."""
    rows = text_rows(path)
    while len(rows) and not rows[-1][1]:
        rows = rows[:-1]
    columns = header(rows[0][1], f"{path}, line {rows[0][0]}") if rows else None
    body = rows[1:] if columns else rows
    columns = columns or _guess(body, path)
    if "frame" not in columns:
        return read_boxes(path, len(body))
    place = columns.index("frame")
    found = [fields[place] for _, fields in body if len(fields) > place and NUMBER.fullmatch(fields[place])]
    last = max((int(float(number)) for number in found), default=-1)
    if last > MOST:
        raise ValueError(
            f"{path}: a box for frame {last}: is the column 'frame' the number of a frame, counted from 0?"
        )
    return read_boxes(path, last + 1)


def _commas(fields, columns):
    """What to say of a row that decimal commas may have torn apart."""
    torn = len(fields) == 2 * len(columns) or len(fields) > len(columns) and "frame" in columns
    return "; for decimal commas put ; between the numbers" if torn else ""


def header(fields, where):
    """Meaning of each column from the header's fields, or None when the line is no header but numbers.

    Raises ValueError, beginning with `where`, for a header that is not understood.
    """
    if not any(field[:1].isalpha() and field not in (*NOTHING, "inf") for field in fields):
        return None
    columns = [COLUMNS.get(field, COLUMNS.get(re.sub("0$", "", field))) for field in fields]
    if "index" in columns:  # beside a column of frames it says nothing; alone it numbers them
        columns[columns.index("index")] = "unused" if "frame" in columns else "frame"
    if set(columns) - {"frame", "score", "unused", *SURE} not in KINDS or len(set(columns)) != len(columns):
        corners = CORNERS & set(fields)
        more = "; of corners write the size, w = x2 - x1 and h = y2 - y1" if corners else ""
        raise ValueError(f"{where}: header {','.join(fields)!r} is not understood; use frame,x,y,w,h or x,y,w,h{more}")
    return columns


def _with_end(columns, rows):
    """The columns, and one more where a separator ends every row but not the header: it is empty."""
    ends = {(len(fields), fields[-1]) for _, fields in rows if len(fields) > 1}
    return [*columns, "unused"] if ends == {(len(columns) + 1, "")} and "unused" not in columns else columns


def _guess(rows, path):
    """Columns of a file without header: five are frame,x,y,w,h, four are x,y,w,h."""
    kinds = {(len(fields), bool(fields[-1]), bool(fields[-2])) for _, fields in rows if len(fields) > 1}
    widths, whole = {width for width, *_ in kinds}, any(last for _, last, _ in kinds)
    if widths == {5} and not whole and (5, False, True) in kinds:
        raise ValueError(
            f"{path}: every row ends in a separator or lacks its last value: leave the last separator out, or name the "
            "columns in a first line, e.g. x,y,w,h"
        )
    if 5 in widths or widths == {6} and not whole:
        return ["frame", "x", "y", "w", "h"]
    if widths and 4 not in widths:
        raise ValueError(f"{path}: rows of {min(widths)} values; expected x,y,w,h or frame,x,y,w,h")
    return ["x", "y", "w", "h"]


def _frame_number(field, where):
    if not NUMBER.fullmatch(field) or float(field) % 1:
        raise ValueError(f"{where}: frame number {field!r} is not a whole number")
    return int(float(field))


def four_numbers(fields, where):
    """The box (4,) that four texts say, NaN when all are empty. Raises ValueError that begins with `where`."""
    return numbers(fields, where, "x,y,w,h")


def numbers(fields, where, names):
    """The numbers (K,) that K texts say, NaN when all are empty. names: what they are, for the error's text."""
    if all(field in NOTHING for field in fields):
        return np.full(len(fields), np.nan)
    try:
        return np.array([as_number(field) for field in fields])
    except ValueError:
        count = {2: "two", 4: "four"}.get(len(fields), len(fields))
        raise ValueError(f"{where}: {','.join(fields)!r} is not {count} numbers {names}") from None


def check_boxes(boxes, shape, where):
    """Raise ValueError for the first of boxes (N, 4) that `checked` refuses, with their number and what they look like.

    where: function of the row's index, the beginning of the error.
    """
    problems = []
    for index in np.flatnonzero(~np.isnan(boxes).all(axis=1)):
        try:
            checked(boxes[index], shape, where(int(index)))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        more = f" ({len(problems)} bad boxes in all)" if len(problems) > 1 else ""
        hints = suspicions(boxes, shape) if shape is not None else ()
        raise ValueError("; ".join((problems[0] + more, *hints)))


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
        problem = (
            "is empty: width and height must be above 0 (the order is x, y, w, h; an empty row where it is absent)"
        )
    elif shape is not None:
        x, y = centers(box)
        if not (0 <= x < shape[1] and 0 <= y < shape[0]):
            problem = f"is centred at ({x:g}, {y:g}), outside the {shape[1]} x {shape[0]} frame (width x height)"
    if problem:
        raise ValueError(f"{where}: box {box.tolist()} {problem}")
    return box
