"""Do the ellipses of 68 and 95 % hold the truth as often? On simulated sets of other seeds, and on real clips.

    [IRTRACK_DATA=<folder>] python benchmarks/sureness.py [--fit] [--frames 40] [--out FILE.csv]

Shares of the frames in which the tracker is on its target, means over sequences, then by set. --fit: first fits the
coefficients anew, as those in `irtrack_core/trackers/sureness.py` were made, and prints them.
"""

import argparse
import sys
from pathlib import Path

import cv2
import pandas as pd

from irtrack_core import datasets, trackers
from irtrack_core.evaluation.coverage import coverage
from irtrack_core.experiments import study, sureness_fit
from irtrack_core.experiments.cached import write_card
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.workbook import progress

SHARES = ["on_target", "place_68", "place_95", "size_68", "size_95"]
OTHER_SEEDS = (5, 22)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--frames", type=int, default=40, help="of a sequence, from its beginning")
    parser.add_argument("--trackers", nargs="+", default=["siamese", "motion"])
    parser.add_argument("--out", type=Path, help="CSV file, a row a sequence; its card is written beside it")
    options = parser.parse_args()
    made_by = provenance()  # of the code as it is loaded now
    limit_threads(1)
    cv2.setNumThreads(1)
    known = dict(frames=options.frames, sequences=6)
    chosen = [
        one for seed in OTHER_SEEDS for name in datasets.SIMULATED for one in datasets.load(name, seed=seed, **known)
    ]
    chosen += study.real_sequences(options.frames)
    tables = []
    for name in options.trackers:
        tracker = trackers.create(name)
        if options.fit:
            print(name, sureness_fit.fit(sureness_fit.collect(tracker, sureness_fit.sequences(), progress=progress)))
        tables.append(coverage(tracker, chosen, progress=progress).assign(tracker=name))
    table = pd.concat(tables)
    print(table.groupby(["tracker", "dataset"])[SHARES].mean().round(3).to_string())
    simulated = table[table["dataset"].isin(datasets.SIMULATED)]
    print("simulated, all\n", simulated.groupby("tracker")[SHARES].mean().round(3).to_string(), sep="")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        table.round(4).to_csv(options.out, index=False)
        write_card(options.out, " ".join(["python", "benchmarks/sureness.py", *sys.argv[1:]]), made_by)


if __name__ == "__main__":
    main()
