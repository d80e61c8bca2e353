"""Do the ellipses hold the truth as often as they say? `trackers.sureness` against true boxes."""

import numpy as np

from irtrack_core.boxes import centers, iou
from irtrack_core.optional import Lazy
from irtrack_core.trackers.sureness import LEVELS, sureness

pandas = Lazy("pandas", "evaluation")


def errors(tracker, sequence):
    """Table frame, place, size, on_target, one row a frame with a true box after the first one.

    place, size: distance of the true centre, and of the true sides' logarithms, in radii of the ellipse of 68 %, and of
    95 %: four columns place_68, place_95, size_68, size_95; at most 1 inside. on_target: the boxes overlap. Raises
    ValueError for a tracker that has no sureness.
    """
    rows, truth, first = [], sequence.boxes, sequence.first
    tracker.init(sequence.frames[first], truth[first].copy())
    for number in range(first + 1, len(sequence)):
        box = tracker.update(sequence.frames[number])
        if np.isnan(truth[number]).any():
            continue
        known = sureness(tracker)
        if known is None:
            raise ValueError(f"nothing is known of how sure {getattr(tracker, 'name', tracker)!r} is of its boxes")
        std = np.sqrt(np.diag(known.covariance))
        place = np.linalg.norm((centers(box) - centers(truth[number])) / std[:2])
        size = np.linalg.norm(np.log(box[2:] / truth[number][2:]) / (std[2:] / tracker.size))
        row = dict(frame=number, on_target=bool(iou(box, truth[number]) > 0))
        for k, level in enumerate(LEVELS):
            row[f"place_{level:.0%}"[:-1]] = place / known.place_radii[k]
            row[f"size_{level:.0%}"[:-1]] = size / known.size_radii[k]
        rows.append(row)
    return pandas.DataFrame(rows)


def coverage(tracker, sequences, *, progress=None):
    """Table dataset, sequence, recording, frames, on_target, place_68, place_95, size_68, size_95: shares of frames.

    The four shares, of true values inside the ellipse, are among the frames in which the tracker is on its target; NaN
    where there is none, and for the sizes of a target whose truth is points.
    """
    found, names = [], [f"{what}_{level:.0%}"[:-1] for what in ("place", "size") for level in LEVELS]
    for one in progress(sequences) if progress else sequences:
        table = errors(tracker, one)
        seen = table[table["on_target"]]
        row = dict(dataset=one.dataset, sequence=one.name, recording=one.recording, frames=len(table))
        row |= dict(on_target=float(table["on_target"].mean()))
        shares = {name: float((seen[name] <= 1).mean()) for name in names}
        found.append(row | shares | ({name: np.nan for name in names if "size" in name} if one.points else {}))
    return pandas.DataFrame(found)
