"""Raw boxes: the result of one tracker on one sequence, and the CSV files in which results are kept."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from irtrack_core.optional import Lazy

pd = Lazy("pandas", "evaluation")


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
    tables = []
    for result in results:
        fields = asdict(result)
        boxes, scores = fields.pop("boxes"), fields.pop("scores")
        number = result.start + result.stride * np.arange(len(boxes))
        table = pd.DataFrame({"frame": number, **dict(zip("xywh", boxes.T)), "score": scores})
        tables.append(table.assign(**fields, provenance=provenance))
    if not tables:
        raise ValueError("no results to save")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:  # a run that is killed leaves no half table
        pd.concat(tables).to_csv(part, index=False, na_rep="nan")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def provenance_of(path):
    """The `provenance` of a table that save_boxes wrote; "" when there is none."""
    path = Path(path)
    if not path.is_file():
        return ""
    table = pd.read_csv(path, dtype=str, keep_default_na=False, nrows=1)
    return table["provenance"].iloc[0] if "provenance" in table and len(table) else ""


def load_boxes(path):
    """The list of TrackResult that save_boxes wrote. Raises FileNotFoundError, or ValueError for another table."""
    table = pd.read_csv(
        path, dtype=str, keep_default_na=False
    )  # as text: every version of pandas then reads it exactly
    fields = [name for name in TrackResult.__dataclass_fields__ if name not in ("boxes", "scores")]
    newer = {"protocol": "OPE", "trial": "0", "unreadable": "0"}
    table = table.assign(**{name: value for name, value in newer.items() if name not in table})
    missing = {*"xywh", "score", *fields} - set(table.columns)
    if missing:
        raise ValueError(f"{path} is no table of boxes: it lacks the columns {sorted(missing)}")
    types, results = {"seconds": float} | dict.fromkeys(("frames", "start", "stride", "trial", "unreadable"), int), []
    for key, rows in table.groupby(fields, sort=False):
        one = {name: types.get(name, str)(value) for name, value in zip(fields, key)}
        boxes, scores = rows[list("xywh")].to_numpy(np.float64), rows["score"].to_numpy(np.float64)
        results.append(TrackResult(**one, boxes=boxes, scores=scores))
    return results
