"""How `trackers.sureness.FITTED` was made: errors of a tracker on simulated sequences, and the fit of their deviations."""

import numpy as np
import pandas as pd

from irtrack_core import datasets
from irtrack_core.boxes import centers, iou
from irtrack_core.datasets import synthetic
from irtrack_core.optional import Lazy
from irtrack_core.trackers.sureness import LEVELS, Fitted, features

optimize = Lazy("scipy.optimize", "evaluation")

FREEDOM = 4  # of Student's law
SHRINK = 5.0  # weight of the squared coefficients against the log-likelihood: a few thousand errors hardly feel it
X = [f"x{k}" for k in range(5)]


def sequences(seed=78, set_seed=21, *, random=70, of_set=10):
    """Sequences to fit on: 70 random ones of 18 frames, and ten of each simulated set of 28 frames, of their own seeds."""
    rng = np.random.default_rng(seed)
    made = [synthetic.random_sequence(rng, frames=18) for _ in range(random)]
    sets = (datasets.load(name, frames=28, sequences=of_set, seed=set_seed) for name in datasets.SIMULATED)
    return made + [one for each in sets for one in each]


def collect(tracker, chosen, *, progress=None):
    """Table dataset, sequence, frame, iou, x0 ... x4 (`features`), dx, dy in sides, dw, dh as logarithms."""
    rows = []
    for one in progress(chosen) if progress else chosen:
        first = one.first
        tracker.init(one.frames[first], one.boxes[first].copy())
        for number in range(first + 1, len(one)):
            box, truth = tracker.update(one.frames[number]), one.boxes[number]
            if np.isnan(truth).any():
                continue
            (dx, dy), (dw, dh) = (centers(box) - centers(truth)) / tracker.side, np.log(box[2:] / truth[2:])
            head = dict(dataset=one.dataset, sequence=one.name, frame=number, iou=float(iou(box, truth)))
            rows.append(head | dict(zip(X, features(tracker))) | dict(dx=dx, dy=dy, dw=dw, dh=dh))
    return pd.DataFrame(rows)


def fit(table):
    """The `Fitted` of a table of `collect`, from the frames in which the tracker is on its target."""
    on = table[table["iou"] > 0]
    x, found = on[X].to_numpy(), []
    for names in (["dx", "dy"], ["dw", "dh"]):
        error = on[names].to_numpy()

        def cost(a, error=error):
            log = (x @ a)[:, None]
            scaled = error**2 * np.exp(-2 * log)
            tails = (FREEDOM + 1) / 2 * np.log1p(scaled / FREEDOM)
            return (log + tails).sum() + SHRINK * (a[1:] ** 2).sum()

        a = optimize.minimize(cost, np.array([-3.0, 0, 0, 0, 0])).x
        radii = np.quantile(np.hypot(*error.T) * np.exp(-(x @ a)), LEVELS)
        found.append((tuple(np.round(a, 3).tolist()), tuple(np.round(radii, 2).tolist())))
    (place, place_radii), (size, size_radii) = found
    return Fitted(place, size, place_radii, size_radii)
