"""Do the ellipses of 68 and 95 % hold the truth as often? On simulated sets of other seeds, and on real clips by camera.

    [IRTRACK_DATA=<folder>] python benchmarks/sureness.py [--fit] [--frames 40] [--sets hui] [--folders PATH ...]
        [--out FILE.csv]

Shares of the frames in which the tracker is on its target, means over sequences, then by set: the real ones are the
Svanstrom validation list, further sets by the name of their reader, and folders of frames with boxes.csv, each a camera.
--fit: first fits the coefficients anew on other simulated seeds and on training clips of the Svanstrom set, as those in
`irtrack_core/trackers/sureness.py` were made, and prints them.
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
    parser.add_argument("--sets", nargs="*", default=[], help="further sets of IRTRACK_DATA, e.g. hui")
    parser.add_argument(
        "--folders", nargs="*", type=Path, default=[], help="further recordings, each of a camera of its own"
    )
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
    for name in options.sets:
        chosen += [study.head(one, options.frames) for one in datasets.load(name, datasets.data_root())]
    for folder in options.folders:
        chosen += [study.head(one, options.frames) for one in datasets.load("folder", folder, dataset=folder.name)]
    tables, root = [], datasets.data_root()
    if options.fit and root is None:
        parser.error("--fit needs training recordings too: let IRTRACK_DATA name the folder of the Svanstrom set")
    learnt = sureness_fit.sequences() + sureness_fit.recordings(root) if options.fit else []
    for name in options.trackers:
        tracker = trackers.create(name)
        if options.fit:
            print(name, sureness_fit.fit(sureness_fit.collect(tracker, learnt, progress=progress)))
        tables.append(coverage(tracker, chosen, progress=progress).assign(tracker=name))
    table = pd.concat(tables)
    groups = table.groupby(["tracker", "dataset"])
    print(groups[SHARES].mean().assign(n=groups.size()).round(3).to_string())
    simulated = table[table["dataset"].isin(datasets.SIMULATED)]
    print("simulated, all\n", simulated.groupby("tracker")[SHARES].mean().round(3).to_string(), sep="")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        table.round(4).to_csv(options.out, index=False)
        write_card(options.out, " ".join(["python", "benchmarks/sureness.py", *sys.argv[1:]]), made_by)


if __name__ == "__main__":
    main()
