"""Raw boxes: the result of one tracker on one sequence, and the CSV files in which results are kept."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from irtrack_core.optional import Lazy
from irtrack_core.whole_files import whole_file

pd = Lazy("pandas", "evaluation")
ROWS = 4096  # of a table that are read at a time


@dataclass(frozen=True, eq=False)
class TrackResult:
    """Boxes, scores and time of one tracker on one sequence: enough to compute every number of the tables again.

    boxes (N, 4), scores (N,): of the frames start, start + stride, ...; boxes[0] is the given one, a row of NaN is
    "no box". seconds: time of the `frames` calls of update, filter included, reading the files not. protocol, trial: which
    pass this is, see `protocols`. unreadable: frames that could not be used, which have no box and the score 0.
    """

    sequence: str
    dataset: str
    tracker: str
    boxes: np.ndarray
    scores: np.ndarray
    seconds: float
    frames: int
    start: int = 0
    stride: int = 1
    protocol: str = "OPE"
    trial: int = 0
    unreadable: int = 0


def save_boxes(results, path, *, provenance=""):
    """The path of a CSV written with a row a frame; numbers in full, so that load_boxes gives the very same ones.

    provenance: a key of what they were computed with, e.g. of code and weights; a column that `provenance_of` reads.
    """
    if not results:
        raise ValueError("no results to save")
    with whole_file(path) as part, open(part, "w", encoding="utf-8", newline="") as file:
        for number, table in enumerate(_tables(results, provenance)):
            table.to_csv(file, index=False, na_rep="nan", header=number == 0, lineterminator="\n")
    return Path(path)


def _tables(results, provenance):
    """The rows of the results, ROWS at a time."""
    for result in results:
        known = {name: value for name, value in vars(result).items() if name not in ("boxes", "scores")}
        for begin in range(0, max(len(result.boxes), 1), ROWS):
            boxes, scores = (values[begin : begin + ROWS] for values in (result.boxes, result.scores))
            number = result.start + result.stride * np.arange(begin, begin + len(boxes))
            table = pd.DataFrame({"frame": number, **dict(zip("xywh", boxes.T)), "score": scores})
            yield table.assign(**known, provenance=provenance)


def provenance_of(path):
    """The `provenance` of a table that save_boxes wrote; "" when there is none."""
    path = Path(path)
    if not path.is_file():
        return ""
    table = pd.read_csv(path, dtype=str, keep_default_na=False, nrows=1)
    return table["provenance"].iloc[0] if "provenance" in table and len(table) else ""


def load_boxes(path):
    """The list of TrackResult that save_boxes wrote. Raises FileNotFoundError, or ValueError for another table."""
    fields = [name for name in TrackResult.__dataclass_fields__ if name not in ("boxes", "scores")]
    newer = {"protocol": "OPE", "trial": "0", "unreadable": "0"}
    types, found = {"seconds": float} | dict.fromkeys(("frames", "start", "stride", "trial", "unreadable"), int), {}
    # as text: every version of pandas then reads it exactly; in parts: text takes a lot of memory
    with pd.read_csv(path, dtype=str, keep_default_na=False, chunksize=ROWS) as tables:
        for table in tables:
            table = table.assign(**{name: value for name, value in newer.items() if name not in table})
            missing = {*"xywh", "score", *fields} - set(table.columns)
            if missing:
                raise ValueError(f"{path} is no table of boxes: it lacks the columns {sorted(missing)}")
            for key, rows in table.groupby(fields, sort=False):
                found.setdefault(key, []).append(rows[[*"xywh", "score"]].to_numpy(np.float64))
    results = []
    for key, parts in found.items():
        one, values = {name: types.get(name, str)(value) for name, value in zip(fields, key)}, np.concatenate(parts)
        results.append(TrackResult(**one, boxes=values[:, :4].copy(), scores=values[:, 4].copy()))
    return results
