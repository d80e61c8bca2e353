"""Measures of several targets at once: HOTA and IDF1 by TrackEval, GOSPA by Stone Soup. Both are in the extra `several`.

Boxes of a few pixels hardly overlap when they are a pixel off, so a pair is alike by the distance d of its centres:
1 - d / (2 near), at least 0. IDF1 and identity switches count pairs of 0.5 and more, that is d <= near; HOTA is the mean over
19 such thresholds (Luiten et al., IJCV 2021). GOSPA has c = near, p = 2, alpha = 2 and is in px (Rahmathullah et al., 2017).
"""

import logging
from datetime import datetime

import numpy as np

from irtrack_core.boxes import as_boxes, centers
from irtrack_core.optional import Lazy, need

optimize = Lazy("scipy.optimize", "evaluation")
NEAR = 6.0  # px between centres that still count as found: the side of a small target
FALSE = 0.5  # share of a track's frames near a target, or thing to be left out, below which it is a false track


def several(truth, tracks, *, near=NEAR, left_out=(), fps=30.0):
    """{"HOTA", "DetA", "AssA", "IDF1", "GOSPA", "switches", "false tracks", "false tracks an hour"} of one sequence.

    truth: (K, N, 4) boxes of K targets in N frames, NaN where absent; tracks: {id: (N, 4)}. left_out: (L, N, 4) boxes of
    things that may be tracked or not, such as decoys: what is at one of them, and at no target, does not count. GOSPA is the
    mean over frames. Raises ValueError where the lengths differ or there is no true box.
    """
    truth, left_out = (np.array([as_boxes(one) for one in boxes]) for boxes in (truth, left_out))
    boxes = np.array([as_boxes(one) for one in tracks.values()])
    if not len(truth) or np.isnan(truth).all():
        raise ValueError("there is no true box: nothing to measure by")
    count = truth.shape[1]
    for name, some in (("tracks", boxes), ("left_out", left_out)):
        if len(some) and some.shape[1] != count:
            raise ValueError(f"{name} have {some.shape[1]} frames and the truth {count}: they must pair up")
    true, found, other = (_points(some, count) for some in (truth, boxes, left_out))
    near_any, frames = np.zeros(len(boxes)), []
    for t in range(count):
        (ids, at), (who, places), (_, things) = true[t], found[t], other[t]
        near_any[who] += _distances(places, np.concatenate([at, things])).min(axis=1, initial=np.inf) <= near
        kept = _counted(at, places, things, near)
        frames.append((ids, at, who[kept], places[kept]))
    there = np.array([np.isfinite(one[:, 0]).sum() for one in boxes], dtype=int).reshape(-1)
    false = int((near_any < FALSE * there).sum())
    hours = count / fps / 3600
    return _trackeval(frames, len(truth), len(boxes), near) | {
        "GOSPA": _gospa(frames, near),
        "false tracks": false,
        "false tracks an hour": false / hours,
    }


def _points(boxes, count):
    """[(indices, centres (k, 2))] of the boxes (K, N, 4) that are there, of each frame."""
    there = [np.flatnonzero(np.isfinite(boxes[:, t, 0])) if len(boxes) else np.zeros(0, int) for t in range(count)]
    return [(rows, centers(boxes[rows, t]) if len(rows) else np.zeros((0, 2))) for t, rows in enumerate(there)]


def _distances(a, b):
    return np.linalg.norm(a[:, None] - b[None], axis=2)


def _counted(truth, places, things, near):
    """Indices of the places that count: all but those that pair up with a thing to be left out."""
    if not len(things) or not len(places):
        return np.arange(len(places))
    cost = np.minimum(_distances(places, np.concatenate([truth, things])), 2 * near)
    cost[:, : len(truth)] -= 1e-6  # of equal ones a target
    rows, columns = optimize.linear_sum_assignment(cost)
    out = rows[(columns >= len(truth)) & (cost[rows, columns] <= near)]
    return np.setdiff1d(np.arange(len(places)), out)


def _trackeval(frames, targets, tracks, near):
    metrics = need("trackeval.metrics", "several")
    data = {
        "num_timesteps": len(frames),
        "num_gt_ids": targets,
        "num_tracker_ids": tracks,
        "num_gt_dets": sum(len(ids) for ids, *_ in frames),
        "num_tracker_dets": sum(len(who) for _, _, who, _ in frames),
        "gt_ids": [ids for ids, *_ in frames],
        "tracker_ids": [who for _, _, who, _ in frames],
        "similarity_scores": [np.clip(1 - _distances(at, p) / (2 * near), 0, 1) for _, at, _, p in frames],
    }
    quiet = {"PRINT_CONFIG": False, "THRESHOLD": 0.5}
    hota, identity = metrics.HOTA().eval_sequence(data), metrics.Identity(quiet).eval_sequence(data)
    clear = metrics.CLEAR(quiet).eval_sequence(data)
    # as its own tables: the mean over the thresholds
    means = {name: float(np.mean(hota[name])) for name in ("HOTA", "DetA", "AssA")}
    return means | {"IDF1": float(identity.get("IDF1", 0.0)), "switches": int(clear["IDSW"])}


def _gospa(frames, near):
    """Mean GOSPA over frames, px."""
    logging.getLogger("stonesoup").setLevel(logging.ERROR)
    metric = need("stonesoup.metricgenerator.ospametric", "several").GOSPAMetric(p=2, c=near)
    state, now = need("stonesoup.types.state", "several").State, datetime(2000, 1, 1)

    def states(places):
        return [state(place[:, None], timestamp=now) for place in places]

    # two empty lists have no time, which it takes for an error
    values = [
        metric.compute_gospa_metric(states(places), states(at))[0].value["distance"] if len(at) + len(places) else 0.0
        for _, at, _, places in frames
    ]
    return float(np.mean(values))
