"""What does the picture tell of a target's size? The sizes that were drawn, against what network and support say of them.

    IRTRACK_DATA=FOLDER python benchmarks/size_evidence.py [--every 4] [--stride 3]

On clips of the Svanström training list, with the weights from simulation alone, which have seen none of them. In each frame
the network says a size, corrected as the tracker does it, and so does `trackers.support`, whose ratio to the box is learnt in
the first five frames. Both, and their running means, are regressors of the logarithm of the true size over the first one, by
least squares in which every clip counts alike; each recording is predicted by a fit to the others. Printed are the share of
the variance that is explained, and AO with the true places and three sizes: of the first box, the tracker's, the fitted one.
"""

import argparse
from contextlib import suppress

import numpy as np
import pandas as pd

from irtrack_core import boxes as bx
from irtrack_core import datasets
from irtrack_core.provenance import limit_threads
from irtrack_core.trackers.base import infrared
from irtrack_core.trackers.shipped import SHIPPED
from irtrack_core.trackers.siamese import SiameseTracker
from irtrack_core.trackers.support import support
from irtrack_core.workbook import progress

LEARNT = 5  # frames in which the support's ratio to the box is learnt
RATE = 0.1  # of the running means
RIDGE = 1e-3  # on the normal equations, whose unit is a clip
EVIDENCE = ["net", "support", "net on the mean", "support on the mean"]


class Spoken(SiameseTracker):
    """A tracker that keeps what its network said of the size last, corrected."""

    said = None

    def _corrected_log_size(self, size):
        log_size = super()._corrected_log_size(size)
        self.said = np.log(self.initial_size) + log_size
        return log_size


def of_clip(tracker, sequence):
    """A row a frame and axis with the true size, the tracker's and the evidence, logarithms over the first box's size."""
    boxes = np.asarray(sequence.boxes, float)
    tracker.init(sequence.frames[0], boxes[0])
    first, rows = np.log(boxes[0, 2:]), []
    for k in range(len(sequence)):
        tracker.said = None
        box = boxes[0] if k == 0 else tracker.update(sequence.frames[k])
        seen = None
        with suppress(ValueError):  # NaN about the target
            plane = infrared(tracker.read(sequence.frames[k]))
            seen = support(plane, tracker.center, tracker.size, tracker.maker.polarity)
        net = first if tracker.said is None else tracker.said
        sigma = np.log(seen.sigma) if seen else np.full(2, np.nan)
        for axis in (0, 1):
            true = np.log(boxes[k, 2 + axis]) if np.isfinite(boxes[k, 0]) else np.nan
            values = [each - first[axis] for each in (true, np.log(box[2 + axis]), net[axis])]
            rows.append((sequence.recording, sequence.name, k, axis, *values, sigma[axis]))
    columns = ["recording", "name", "frame", "axis", "true", "tracker", "net", "support"]
    table = pd.DataFrame(rows, columns=columns)
    early = table[table["frame"] < LEARNT].groupby("axis")["support"].mean()
    table["support"] -= table["axis"].map(early)
    for name in ("net", "support"):
        smoothed = table.groupby("axis")[name].transform(lambda one: one.ewm(alpha=RATE, ignore_na=True).mean())
        table[f"{name} on the mean"] = smoothed
    return table[table["frame"] > 0]


def fitted(table):
    """The true sizes as the evidence tells them (N,), each recording by a fit to the others."""
    known, weight = table[EVIDENCE].fillna(0.0), 1 / table.groupby("name")["frame"].transform("size").to_numpy()
    design, told = np.column_stack([known, np.ones(len(known))]), np.empty(len(table))
    for recording in table["recording"].unique():
        mine = (table["recording"] == recording).to_numpy()
        rest, w = design[~mine], weight[~mine, None]
        matrix = (rest * w).T @ rest + RIDGE * np.eye(rest.shape[1])
        told[mine] = design[mine] @ np.linalg.solve(matrix, (rest * w).T @ table["true"][~mine])
    return told


def overlap(table, column):
    """AO at the true places, of boxes whose sizes, logarithms over the first box's, are in that column: mean of the clips."""
    wide = table.pivot(index=["name", "frame"], columns="axis", values=["true", column])
    true, mine = np.exp(wide["true"].to_numpy()), np.exp(wide[column].to_numpy())
    middle = np.zeros_like(true)
    found = pd.Series(bx.iou(bx.from_centers(middle, mine), bx.from_centers(middle, true)), index=wide.index)
    return found.groupby("name").mean().mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=4, help="one clip in so many")
    parser.add_argument("--stride", type=int, default=3, help="frames from one that is tracked to the next")
    options = parser.parse_args()
    if datasets.data_root() is None:
        parser.error("the Svanström clips are needed: set IRTRACK_DATA to the folder that has them")
    limit_threads()
    tracker, clips = Spoken.from_weights(SHIPPED / "compact-sim.safetensors"), []
    for one in progress(datasets.load("svanstrom", split="train")[:: options.every]):
        one = datasets.subsample(one, options.stride)
        if one.present[0]:
            clips.append(of_clip(tracker, one))
    table = pd.concat(clips).dropna(subset=["true"])
    table = table.assign(first=0.0, told=fitted(table))
    by = table["name"]
    rest, whole = ((table["true"] - table[name]) ** 2 for name in ("told", "first"))
    explained = 1 - rest.groupby(by).mean().mean() / whole.groupby(by).mean().mean()
    print(f"{by.nunique()} clips of {table['recording'].nunique()} recordings; explained: {explained:.3f}")
    for name, column in (("first box", "first"), ("tracker", "tracker"), ("evidence", "told")):
        print(f"AO with the true place and the size of the {name}: {overlap(table, column):.3f}")


if __name__ == "__main__":
    main()
