"""The paper's preprocessing for tracking: frames of 640 x 480, by letterbox and stretched, beside the native size.

    python benchmarks/preprocessing.py [--frames 40] [--sequences 12] [--out FILE.csv]

Simulated aircraft (256 x 256) and roof scenes (320 x 240), and the aircraft of Hui et al. (256 x 256) where IRTRACK_DATA has
them, whole, for which centre errors alone are measured. Errors are in pixels of the native frame.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from irtrack_core import datasets
from irtrack_core.experiments import preprocessing, protocol, real_sets, study
from irtrack_core.experiments.cached import write_card
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.workbook import progress

TRACKERS = ("peak", "siamese", protocol.SIMULATION_ALONE)
SETS = ("sim-aircraft", "sim-otcbvs")  # sim-pedestrian has 640 x 480 of its own


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=40, help="of each simulated sequence")
    parser.add_argument("--sequences", type=int, default=12, help="of each simulated set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="CSV file; its card is written beside it")
    options = parser.parse_args()
    made_by = provenance()  # of the code as it is loaded now
    limit_threads(1)
    cv2.setNumThreads(1)
    made = {name: study.make_tracker(name, Path()) for name in TRACKERS}
    known = dict(frames=options.frames, sequences=options.sequences, seed=options.seed)
    sequences = [one for name in SETS for one in datasets.load(name, **known)]
    own, told = real_sets.real_sets()
    print(*told, sep="\n")
    table = preprocessing.compare(sequences + own, made, progress=progress)
    print(preprocessing.means(table).round(3).to_string(index=False))
    print(preprocessing.changes(table, np.random.default_rng(options.seed)).round(3).to_string(index=False))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        table.round(4).to_csv(options.out, index=False)
        write_card(options.out, " ".join(["python", "benchmarks/preprocessing.py", *sys.argv[1:]]), made_by, sets=told)


if __name__ == "__main__":
    main()
