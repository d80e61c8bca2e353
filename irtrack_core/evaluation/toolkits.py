"""Measures exactly as other toolkits compute them, oddities included, so that numbers can be laid beside published ones.

They differ from `metrics` in what counts: all three take the given first frame in. Use them to compare with published
tables, and `metrics` for everything else.
"""

import numpy as np

from irtrack_core.boxes import as_boxes, center_error, iou
from irtrack_core.metrics import IOU_THRESHOLDS, PIXEL_THRESHOLDS, SIZE_THRESHOLDS


def state_accuracy(predicted, truth, exist=None):
    """Anti-UAV's State Accuracy of one sequence, 0 to 1: mean of the IoU where the target is, of "no box" where it is not.

    predicted, truth: (N, 4), a row of NaN is no box. exist: (N,) bool, the label file's `exist`; by default where the truth
    has a box. A frame with exist 1 but no box is left out. As Anti-UAV410's Evaluation_for_SA.py; a set's is the mean
    over its sequences. Raises ValueError for no frame at all or other lengths.
    """
    predicted, truth = _pair(predicted, truth)
    sized, found = ~np.isnan(truth[:, 0]), ~np.isnan(predicted[:, 0])
    exist = sized if exist is None else np.asarray(exist, dtype=bool)
    if exist.shape != sized.shape:
        raise ValueError(f"exist has {len(exist)} values for {len(truth)} frames")
    values = np.where(exist, np.nan_to_num(iou(predicted, truth)), ~found)
    return _mean(values[~exist | sized])


def lasot_curves(predicted, truth, absent=None):
    """(success, precision, normalised precision) curves of LaSOT's toolkit for one sequence: (21,), (51,), (51,).

    predicted, truth: (N, 4) as in the files; absent: (N,) bool, by default where the truth is NaN. The first frame counts
    as exact. An invalid prediction is replaced by the one before it. Absent frames are left out of the sums, but not of
    the number they are divided by; a true box with x or y of 0 or less counts as precise at every threshold and as a miss
    in the success curve. As LaSOT_Evaluation_Toolkit, utils/eval_tracker.m and calc_seq_err_robust.m; the thresholds are
    those of `metrics`. Scores: the mean of the success curve, precision[20], the mean of the normalised curve.
    """
    predicted, truth = (boxes.copy() for boxes in _pair(predicted, truth))
    absent = np.isnan(truth[:, 0]) if absent is None else np.asarray(absent, dtype=bool)
    for k in range(1, len(truth)):
        if not (predicted[k, 2:] > 0).all() or np.isnan(predicted[k]).any():
            predicted[k] = predicted[k - 1]
    predicted[0] = truth[0]
    a, b = predicted[~absent], truth[~absent]
    valid = (b > 0).all(axis=1)
    scale = np.tile(b[:, 2:], 2)
    overlap = np.where(valid, np.nan_to_num(iou(a, b)), -1.0)
    error = np.where(valid, np.nan_to_num(center_error(a, b), nan=np.inf), -1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(valid, np.nan_to_num(center_error(a / scale, b / scale), nan=np.inf), -1.0)
    count = len(truth) + np.finfo(np.float64).eps
    return (
        (overlap[:, None] > IOU_THRESHOLDS).sum(axis=0) / count,
        (error[:, None] <= PIXEL_THRESHOLDS).sum(axis=0) / count,
        (relative[:, None] <= SIZE_THRESHOLDS).sum(axis=0) / count,
    )


def vot_overlaps(predicted, truth, shape=None):
    """(N,) overlaps as VOT's toolkit counts them: in whole pixels, within the frame of `shape` (H, W) where given.

    predicted, truth: (N, 4); NaN is an empty region. Two empty regions overlap by 1, and so do two boxes of one row or one
    column of pixels that lie in the same one. As vot-toolkit 0.9.0, vot/region/raster.py.
    """
    predicted, truth = (np.round(boxes) for boxes in _pair(predicted, truth))
    low, high = zip(*(_edges(boxes) for boxes in (predicted, truth)))
    from_, to = np.minimum(*low), np.maximum(*high)
    flat = (from_ >= to).any(axis=1)
    if shape is not None:
        from_, to = np.maximum(from_, 0), np.minimum(to, (shape[1] - 1, shape[0] - 1))
    sides = [
        np.clip(np.minimum(h, to) - np.maximum(lo, from_) + 1, 0, None)
        for lo, h in ((low[0], high[0]), (low[1], high[1]), (np.maximum(*low), np.minimum(*high)))
    ]
    a, b, both = (side.prod(axis=1) for side in sides)
    there = [~np.isnan(boxes[:, 0]) for boxes in (predicted, truth)]
    a, b, both = a * there[0], b * there[1], both * there[0] * there[1]
    union = a + b - both
    values = np.where(union > 0, both / np.where(union > 0, union, 1), 0.0)
    return np.where(flat, 1.0, np.where((from_ >= to).any(axis=1), 0.0, values))


def vot_multistart(sequences, *, low=115, high=755, threshold=0.1, grace=10):
    """{"accuracy", "robustness", "eao"} of VOT's multi-start protocol (short-term, from VOT2020 on).

    sequences: a list of (length, passes), one a sequence; a pass is (overlaps (K,), present (K,) bool) from one anchor on,
    the first frame included, `vot_overlaps` in order. A pass fails where `grace` overlaps in a row are not above
    `threshold` with the target present. low, high: the frames over which the EAO curve is averaged (VOT2022's short-term
    stacks; provisional for other years). As vot-toolkit 0.9.0, vot/analysis/multistart.py.
    """
    rows, curve, weight = [], np.zeros(high), np.zeros(high)
    for length, passes in sequences:
        reached = [_reach(overlaps, present, threshold, grace) for overlaps, present in passes]
        good = sum(reached)
        kept = sum(float(np.sum(overlaps[:end])) for (overlaps, _), end in zip(passes, reached))
        rows.append((kept / good if good else 0.0, good / sum(len(o) for o, _ in passes), good, length))
        for (overlaps, _), end in zip(passes, reached):
            one, active = _expected(np.asarray(overlaps, dtype=np.float64), end, high)
            curve, weight = curve + one, weight + active
    accuracy, robustness, progress, lengths = np.array(rows, dtype=np.float64).T
    curve = np.divide(curve, weight, out=np.zeros(high), where=weight > 0)
    return {
        "accuracy": float(np.average(accuracy, weights=progress)) if progress.sum() else 0.0,
        "robustness": float(np.average(robustness, weights=lengths)),
        "eao": float(np.mean(curve[low : high + 1])),
    }


def _reach(overlaps, present, threshold, grace):
    """How many frames of a pass count before it fails; all where it does not."""
    left = grace
    for k, (overlap, there) in enumerate(zip(overlaps, present)):
        left = left - 1 if overlap <= threshold and there else grace
        if left == 0:
            return k + 1 - grace
    return len(overlaps)


def _expected(overlaps, end, high):
    """(sum, weight) of one pass in the EAO curve: a failed one goes on with zeros, another ends with its frames."""
    failed, length = end < len(overlaps), len(overlaps)
    overlaps = np.where(np.arange(length) < end, overlaps, 0.0)
    total, place = np.concatenate([[0.0], np.cumsum(overlaps[1:])]), np.arange(1, high)
    inside = place < length
    values = np.where(inside, total[np.minimum(place, length - 1)] / place, total[-1] / np.maximum(place - 1, 1))
    active = inside | failed
    return np.concatenate([[0.0], np.where(active, values, 0.0)]), np.concatenate([[0.0], active.astype(float)])


def _edges(boxes):
    """((N, 2), (N, 2)) first and last pixel of boxes in whole pixels; 0 for no box."""
    boxes = np.nan_to_num(boxes)
    return boxes[:, :2], np.where(boxes.any(axis=1)[:, None], boxes[:, :2] + boxes[:, 2:] - 1, 0)


def _pair(predicted, truth):
    predicted, truth = as_boxes(predicted), as_boxes(truth)
    if len(predicted) != len(truth) or not len(truth):
        raise ValueError(
            f"{len(predicted)} predicted boxes for {len(truth)} true ones: they must pair up frame by frame"
        )
    return predicted, truth


def _mean(values):
    if not len(values):
        raise ValueError("no frame counts: nothing to average over")
    return float(np.mean(values))
