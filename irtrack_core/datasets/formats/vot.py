"""VOT and VOT-TIR, short-term and long-term, from VOT2013 on.

| | |
|---|---|
| files | NAME/00000001.jpg, or `color/`, `ir/`; `groundtruth.txt`, for several targets `groundtruth_ID.txt`; `sequence` |
| row | 4 numbers x,y,w,h; 8 or more: a polygon x1,y1,x2,y2,...; 1: a special code; m x0,y0,w,h,RLE: a mask |
| pixels | from 0 (provisional: the toolkit takes the numbers as they are); a polygon's rectangle is that of its corners |
| frames | row k is the k-th image; fewer rows are refused (the toolkit takes the rest as unknown) |
| absent | a special code (0, 1, 2), NaN, an empty mask |
| several targets | one file each: NAME-1, NAME-2 |
| source | vot-toolkit 0.9.0, vot/region/io.py and vot/dataset/common.py |
"""

import numpy as np

from irtrack_core.datasets.box_file import four_numbers, numbers
from irtrack_core.datasets.formats import row_truth
from irtrack_core.datasets.formats.row_truth import Layout
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.text import text_rows

MOST = 2**26  # pixels of a mask


def region(fields, where):
    """(box (4,) xywh, what it was made from) of a row: rectangle, polygon, mask or code; NaN where absent.

    >>> region(["1", "2", "5", "2", "5", "8", "1", "8"], "a.txt, line 1")[0].tolist()
    [1.0, 2.0, 4.0, 6.0]
    >>> region(["m3", "5", "2", "2", "0", "4"], "a.txt, line 1")[0].tolist()
    [3.0, 5.0, 2.0, 2.0]
    """
    if fields[0].startswith("m"):
        return _mask([fields[0][1:], *fields[1:]], where), "masks are read as their boxes"
    if len(fields) == 1 and fields[0] in ("0", "1", "2", "nan"):
        return np.full(4, np.nan), ""
    if len(fields) == 4:
        return four_numbers(fields, where), ""
    if len(fields) < 6 or len(fields) % 2:
        raise ValueError(f"{where}: {len(fields)} values; 4 (x,y,w,h), 8 (a polygon) or 1 (absent) are needed")
    corners = numbers(fields, where, "x1,y1,x2,y2,...").reshape(-1, 2)
    low, high = corners.min(axis=0), corners.max(axis=0)
    level = np.isin(corners, [low, high]).all() and len(corners) == 4
    return np.concatenate([low, high - low]), "" if level else "rotated polygons are read as the rectangles round them"


def _mask(fields, where):
    """The box (4,) of a run-length coded mask x0,y0,w,h,zeros,ones,zeros,..., NaN when it is empty."""
    try:
        x, y, width, height, *runs = (int(field) for field in fields)
        if max(map(abs, (x, y))) > 10**6 or min(width, height, *runs) < 0 or not sum(runs) <= width * height <= MOST:
            raise ValueError
        cells = np.repeat(np.arange(len(runs)) % 2, runs)
        mask = np.pad(cells, (0, width * height - len(cells))).reshape(height, width)
    except ValueError:
        raise ValueError(f"{where}: the mask is not x,y,w,h and run lengths that fill w x h pixels") from None
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return np.full(4, np.nan)
    return np.array([x + columns.min(), y + rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1], dtype=np.float64)


LAYOUT = Layout("vot", ("groundtruth.txt", "groundtruth_[!r]*.txt"), row=region)


def items(root, *, first_pixel=0, fps=30.0, dataset="vot"):
    """The sequences in folder `root`: [(name, read)]; options and errors as of `got10k`."""
    return row_truth.items(root, row_truth.with_options(LAYOUT, first_pixel, fps, dataset))


def detect(root):
    """(certainty, why) when `root` looks like VOT, else None."""
    file = next((file for part in (".", "*", "*/*") for file in listed(root, f"{part}/groundtruth*.txt")), None)
    if file is None or file.name.startswith("groundtruth_r"):
        return None
    if (file.parent / "sequence").is_file():
        return 0.95, "groundtruth.txt and a file `sequence`"
    widths = {"m" if fields[0][:1] == "m" else len(fields) for _, fields in text_rows(file)[:200] if fields}
    odd = widths & {1, 6, 8, "m"}
    return (0.9, f"rows of {', '.join(map(str, sorted(odd, key=str)))} values") if odd else None
