"""How `trackers.sureness.FITTED` was made: a tracker's errors in simulation and on training recordings, and their fit."""

import numpy as np
import pandas as pd

from irtrack_core import datasets
from irtrack_core.boxes import centers, iou
from irtrack_core.datasets import synthetic
from irtrack_core.experiments.study import head
from irtrack_core.optional import Lazy
from irtrack_core.trackers.sureness import LEVELS, Fitted, features

optimize = Lazy("scipy.optimize", "evaluation")

FREEDOM = 4  # of Student's law
SHRINK = 5.0  # weight of the squared coefficients against the log-likelihood: a few thousand errors hardly feel it
SIMULATED = (*datasets.SIMULATED, "random")  # names of the sets of `sequences`
X = [f"x{k}" for k in range(5)]


def sequences(seed=78, set_seed=21, *, random=35, of_set=6):
    """Simulated sequences to fit on: random ones of 18 frames, and some of each set of 28 frames, of their own seeds."""
    rng = np.random.default_rng(seed)
    made = [synthetic.random_sequence(rng, frames=18) for _ in range(random)]
    sets = (datasets.load(name, frames=28, sequences=of_set, seed=set_seed) for name in datasets.SIMULATED)
    return made + [one for each in sets for one in each]


def recordings(root, *, count=36, frames=30, seed=11):
    """Clips to fit on: the first frames of one clip of each of `count` training recordings of the Svanstrom set at `root`."""
    clips, chosen = datasets.load("svanstrom", root, split="train"), {}
    for k in np.random.default_rng(seed).permutation(len(clips)):
        chosen.setdefault(clips[k].recording, clips[k])
    return [head(one, one.first + frames) for one in list(chosen.values())[:count]]


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
    """The `Fitted` of a table of `collect`, from the frames in which the tracker is on its target.

    Each sequence counts alike, and all simulated ones together as much as all recordings: one law is to hold for both.
    """
    on = table[table["iou"] > 0]
    x, found, weight = on[X].to_numpy(), [], _weights(on)
    for names in (["dx", "dy"], ["dw", "dh"]):
        error = on[names].to_numpy()

        def cost(a, error=error):
            log = (x @ a)[:, None]
            scaled = error**2 * np.exp(-2 * log)
            tails = (FREEDOM + 1) / 2 * np.log1p(scaled / FREEDOM)
            return weight @ (log + tails).sum(axis=1) + SHRINK * (a[1:] ** 2).sum()

        a = optimize.minimize(cost, np.array([-3.0, 0, 0, 0, 0])).x
        radii = _quantiles(np.hypot(*error.T) * np.exp(-(x @ a)), weight, LEVELS)
        found.append((tuple(np.round(a, 3).tolist()), tuple(np.round(radii, 2).tolist())))
    (place, place_radii), (size, size_radii) = found
    return Fitted(place, size, place_radii, size_radii)


def _weights(on):
    """(n,) of the rows of a table, 1 on the mean."""
    kind = on["dataset"].isin(SIMULATED)
    rows = on.groupby(["dataset", "sequence"])["iou"].transform("size")
    count = (1 / rows).groupby(kind).transform("sum")
    weight = (1 / (rows * count)).to_numpy()
    return weight * len(on) / weight.sum()


def _quantiles(values, weight, shares):
    """(k,): the values (n,) below which these shares of the weights (n,) lie."""
    order = np.argsort(values)
    below = np.cumsum(weight[order])
    return values[order][np.searchsorted(below, np.array(shares) * below[-1]).clip(max=len(values) - 1)]
