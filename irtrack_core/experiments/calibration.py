"""Does a score of 0.8 mean that the box is right in eight of ten frames, and is a target as large as the network says?

The reliability diagram and its error; the lines by which scores and sizes are corrected.
"""

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from irtrack_core.boxes import as_boxes, centers, iou
from irtrack_core.trackers.select_proposal import vote


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


def outcomes(results, sequences, *, threshold=0.5):
    """(scores (N,), right (N,) bool) of all frames of the results but the given first ones.

    A box is right when it overlaps the true one by more than `threshold`. A frame without the target has no right box: there
    the score should be low. Raises KeyError for a result whose sequence is not among `sequences`.
    """
    by_key, scores, right = {(one.dataset, one.name): one for one in sequences}, [], []
    for result in results:
        truth = as_boxes(by_key[result.dataset, result.sequence].boxes)[result.start :: result.stride]
        overlap = np.nan_to_num(iou(result.boxes, truth[: len(result.boxes)]))
        scores.append(result.scores[1:])
        right.append(overlap[1:] > threshold)
    return np.concatenate(scores), np.concatenate(right)


def calibration(results, sequences, *, threshold=0.5, bins=10):
    """`reliability` of the `outcomes` of all results together. results: TrackResults."""
    return reliability(*outcomes(results, sequences, threshold=threshold), bins)


def calibration_error(table):
    """Expected calibration error of a `reliability` table: the mean |share right - score| over frames, 0 at best.

    Guo et al., On calibration of modern neural networks, ICML 2017.
    """
    return float(np.average(np.abs(table.right - table.score), weights=table.frames))


def platt(scores, right, weights=None):
    """(gain, offset) of the line that turns the logits of scores into those of probabilities: logistic regression.

    scores (N,) in [0, 1]; right (N,) bool; weights (N,) >= 0, equal when None. Scores of 0.8 of which one in two is right
    become 0.5. Platt, Probabilistic outputs for support vector machines, 1999. Raises ValueError when all or none are right.
    """
    logits = np.log(np.clip(scores, 1e-6, 1 - 1e-6))
    logits = logits - np.log1p(-np.exp(logits))
    right = np.asarray(right, dtype=np.float64)
    weights = np.full(len(right), 1 / len(right)) if weights is None else np.asarray(weights) / np.sum(weights)
    if not 0 < weights @ right < 1:
        raise ValueError("all boxes are right, or none: a probability cannot be fitted to that")

    def loss(line):
        z = line[0] * logits + line[1]
        return weights @ (np.logaddexp(0, z) - right * z)

    return tuple(float(value) for value in minimize(loss, [0.5, 0.0]).x)


def sizes(tracker, sequences, rng, *, each=25, spread=0.4):
    """(true (N,), predicted (N,)): logarithms of targets' sizes and of those that the net predicts, over its anchor's.

    In `each` random frames of every sequence the window lies on the target, and is too wide or too narrow for it by a
    random factor, up to e^spread. Frames in which the target is not seen (score up to 0.5) are left out.
    """
    true, told = [], []
    for sequence in sequences:
        tracker.init(sequence.frames[sequence.first], sequence.boxes[sequence.first])
        for number in np.sort(rng.choice(np.flatnonzero(sequence.present), each)):
            box = sequence.boxes[number]
            tracker.size = box[2:] * np.exp(rng.uniform(-spread, spread))
            seen = tracker.look(tracker.read(sequence.frames[number], tracker.shape), [centers(box)])[0]
            if seen.score > 0.5:
                anchor = tracker.anchor(seen)
                true.append(np.log(box[2:] / anchor).mean())
                told.append(np.log(vote(seen, tracker.settings.vote_radius)[1] / anchor).mean())
    return np.array(true), np.array(told)


def size_shrinkage(true, told, weights=None):
    """(slope, offset) of the line told = slope true + offset, by least squares; weights (N,) >= 0, equal when None.

    A net that was trained on boxes drawn by hand leans towards the size that it was given: slope < 1. Raises ValueError
    where all are of one size, or none was seen.
    """
    if len(np.unique(true)) < 2:
        raise ValueError(f"{len(true)} targets of one size: a line cannot be fitted to that")
    weights = np.ones(len(true)) if weights is None else np.asarray(weights)
    return tuple(float(value) for value in np.polyfit(true, told, 1, w=np.sqrt(weights)))
