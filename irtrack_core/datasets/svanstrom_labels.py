"""The labels of the Svanström set: MATLAB groundTruth objects or decoded CSV, fitted to as many frames as a video has."""

from pathlib import Path

import numpy as np

from irtrack_core.datasets.box_file import read_alone
from irtrack_core.optional import need


def read_mat(path):
    """Boxes (N, 4) float64 xywh, 0-based, of a `*_LABELS.mat`; NaN rows where absent.

    MATLAB counts pixels from 1: 1 is taken off x and y. Raises FileNotFoundError, or ValueError when nothing is found.
    """
    decoder, path = need("mcos_decoder", "readers"), Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no label file {path}")
    try:
        rows = decoder.load_groundtruth(path)
    except Exception as error:  # scipy and the decoder raise whatever a damaged file makes them
        raise ValueError(f"{path} is not a readable MATLAB groundTruth file ({error}): copy it again") from error
    if not rows:
        raise ValueError(f"{path} holds no labels that can be decoded: export them as CSV, frame,x,y,w,h")
    boxes = np.array([(np.nan,) * 4 if row is None else row for row in rows], dtype=np.float64)
    boxes[:, :2] -= 1
    return boxes


def labels_of(video, labels):
    """(boxes, file) of one video: decoded CSV first, then the native .mat, unless `labels` asks for one of them."""
    name = video.stem
    csv = [video.parent.parent / "boxes" / f"{name}.csv", video.with_suffix(".csv")]
    mat = [video.with_name(f"{name}_LABELS.mat")]
    candidates = {"auto": csv + mat, "csv": csv, "mat": mat}[labels]
    file = next((file for file in candidates if file.is_file()), None)
    if file is None:
        raise FileNotFoundError(f"no labels for {video}: looked for {', '.join(map(str, candidates))}")
    if file.suffix == ".mat":
        return read_mat(file), file
    return read_alone(file), file  # as many frames as its numbers say: a row that was lost shifts nothing


def fitted(boxes, count, file, shift_late):
    """Boxes cut or padded with NaN to `count` frames, and what had to be done, as a tuple of sentences."""
    extra = len(boxes) - count
    if shift_late and extra == 1 and np.isnan(boxes[0]).all():
        return boxes[1:], (f"{file.name} has an empty first label more than the video has frames: dropped",)
    if extra == 0:
        return boxes, ()
    doubt = "; so many: the video may be cut, or the labels belong to another" if abs(extra) > 2 else ""
    if extra > 0:
        what = f"{extra} label(s) more than the video has frames: dropped at the end"
        return boxes[:count], (f"{file.name} has {what}{doubt}",)
    padding = np.full((-extra, 4), np.nan)
    return np.concatenate([boxes, padding]), (f"{file.name} has {-extra} label(s) too few: padded as absent{doubt}",)
