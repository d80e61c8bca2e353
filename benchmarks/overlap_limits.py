"""What keeps the overlap of trackers below 1: their places, their sizes, or the way the boxes were drawn.

    IRTRACK_DATA=FOLDER python benchmarks/overlap_limits.py [RESULTS] [--set svanstrom] [--stride 1]

RESULTS: a folder as `benchmarks/real_sequences.py --out` leaves it; default: data/results/motion. From its raw boxes the
overlap is computed anew with the true place in every frame, with the true size, and with the size of the first annotated
box; means over recordings. The last row follows nothing: the first box's size on the true place, which is the most that a
tracker of fixed size can have.
"""

import argparse
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from irtrack_core import boxes as bx
from irtrack_core import datasets
from irtrack_core.evaluation.grouping import recording_means

RESULTS = Path(__file__).parents[1] / "data" / "results" / "motion"
COLUMNS = ["AO", "with the true place", "with the true size", "with the first size"]


def overlaps(mine, truth, first):
    """The means (4,) of COLUMNS. mine, truth: boxes (N, 4) of the same frames; first: the size (2,) of the first true box."""
    place, size = bx.centers(mine), mine[:, 2:]
    changed = [mine]
    changed += [bx.from_centers(bx.centers(truth), size), bx.from_centers(place, truth[:, 2:])]
    changed += [bx.from_centers(place, np.broadcast_to(first, size.shape))]
    return [float(np.nanmean(bx.iou(one, truth))) for one in changed]


def of_set(results, name, stride):
    """(table of `overlaps`, a row a tracker and protocol; AO of the first size on the true place), means over recordings."""
    sequences = {one.name: one for one in datasets.load(name)}
    rows, bound = [], []
    for one in sequences.values():
        truth = np.asarray(one.boxes)[one.first + 1 :]
        first = np.asarray(one.boxes)[one.first, 2:]
        fixed = bx.from_centers(bx.centers(truth), np.broadcast_to(first, (len(truth), 2)))
        bound.append((one.recording, float(np.nanmean(bx.iou(fixed, truth)))))
    with zipfile.ZipFile(results / "boxes.zip") as archive:
        for member in (one for one in archive.namelist() if one.startswith(f"{name}__")):
            table = pd.read_csv(archive.open(member)).query("stride == @stride")
            for (protocol, _, sequence), part in table.groupby(["protocol", "trial", "sequence"], sort=False):
                one, part = sequences[sequence], part[part["frame"] > sequences[sequence].first].dropna()
                truth, first = np.asarray(one.boxes)[part["frame"]], np.asarray(one.boxes)[one.first, 2:]
                tracker = member.partition("__")[2].removesuffix(".csv")
                mine = part[list("xywh")].to_numpy(float) / 100
                rows.append((tracker, protocol, one.recording, sequence, *overlaps(mine, truth, first)))
    by = ["tracker", "protocol"]
    table = pd.DataFrame(rows, columns=[*by, "recording", "sequence", *COLUMNS]).assign(dataset=name)
    means = recording_means(table, COLUMNS, by).groupby(by, sort=False)[COLUMNS].mean().reset_index()
    return means, pd.DataFrame(bound).groupby(0)[1].mean().mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?", default=RESULTS)
    parser.add_argument("--set", default="svanstrom", help="whose true boxes IRTRACK_DATA has")
    parser.add_argument("--stride", type=int, default=1, help="frames from one that was tracked to the next")
    options = parser.parse_args()
    table, bound = of_set(options.results, options.set, options.stride)
    print(table.round(3).to_string(index=False))
    print(f"the first box's size on the true place of every frame: {bound:.3f}")


if __name__ == "__main__":
    main()
