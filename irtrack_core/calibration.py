"""Does a score of 0.8 mean that the box is right in eight of ten frames? The reliability diagram and its error."""

import numpy as np
import pandas as pd

from irtrack_core.boxes import as_boxes, iou

__all__ = ["reliability", "calibration", "calibration_error"]


def reliability(scores, right, bins=10):
    """The reliability diagram: a table with a row for each of `bins` equal intervals of the score that holds any frame.

    scores (N,) in [0, 1]; right (N,) bool: what the score promised came true. Columns: low, high (of the interval), frames,
    score (their mean), right (the share of them). Raises ValueError for other shapes, no frame, or scores outside [0, 1].
    """
    scores, right = np.asarray(scores, dtype=np.float64), np.asarray(right, dtype=bool)
    if scores.ndim != 1 or scores.shape != right.shape or not scores.size:
        raise ValueError(f"one score and one truth a frame, at least one; got {scores.shape} and {right.shape}")
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError("scores must lie in [0, 1]")
    number = np.minimum((scores * bins).astype(int), bins - 1)  # a score of 1 belongs to the last interval
    table = pd.DataFrame({"number": number, "score": scores, "right": right.astype(float)})
    groups = table.groupby("number")
    rows = groups.mean().assign(frames=groups.size()).reset_index()
    rows.insert(0, "low", rows.number / bins)
    rows.insert(1, "high", (rows.number + 1) / bins)
    return rows[["low", "high", "frames", "score", "right"]]


def calibration(results, sequences, *, threshold=0.5, bins=10):
    """`reliability` of all results together; a box is right when it overlaps the true one by more than `threshold`.

    results: TrackResults; the given first frame is left out. A frame without the target has no right box: there the score
    should be low. Raises KeyError for a result whose sequence is not among `sequences`.
    """
    by_key, scores, right = {(one.dataset, one.name): one for one in sequences}, [], []
    for result in results:
        truth = as_boxes(by_key[result.dataset, result.sequence].boxes)[result.start :: result.stride]
        overlap = np.nan_to_num(iou(result.boxes, truth[: len(result.boxes)]))
        scores.append(result.scores[1:])
        right.append(overlap[1:] > threshold)
    return reliability(np.concatenate(scores), np.concatenate(right), bins)


def calibration_error(table):
    """Expected calibration error of a `reliability` table: the mean |share right - score| over frames, 0 at best.

    Guo et al., On calibration of modern neural networks, ICML 2017.
    """
    return float(np.average(np.abs(table.right - table.score), weights=table.frames))
