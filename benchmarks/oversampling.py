"""Does oversampling help a tracker? Centre error in detector widths d, shares of frames within so many d, AO, at M = 1 to 4.

    python benchmarks/oversampling.py [--sequences 24] [--frames 40] [--out FILE.csv]

24 simulated sequences a point, half of them points, half aircraft of 4 d, SNR 4 to 16, before clouds. Equal detectors: M^2
times as many samples at one frame rate. Equal data rate: frames M^2 times as seldom. What is held fixed stands in
`irtrack_core/experiments/oversampling.py`. Trackers: `peak`, `siamese` with both shipped weights, and `identity`, which
never moves.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from irtrack_core.experiments import oversampling, protocol, study
from irtrack_core.experiments.cached import write_card
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.workbook import progress

TRACKERS = ("identity", "peak", "siamese", protocol.SIMULATION_ALONE)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=24, help="at each point")
    parser.add_argument("--frames", type=int, default=40, help="of each sequence")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="CSV file; its card is written beside it")
    options = parser.parse_args()
    made_by = provenance()  # of the code as it is loaded now
    limit_threads(1)
    cv2.setNumThreads(1)
    made = {name: study.make_tracker(name, Path()) for name in TRACKERS}
    known = dict(sequences=options.sequences, frames=options.frames, seed=options.seed)
    table = oversampling.sweep(made, **known, progress=progress)
    rng = np.random.default_rng(options.seed)
    for made_of in (oversampling.means(table, rng), oversampling.differences(table, rng)):
        print(made_of.round(3).to_string(index=False))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        table.round(4).to_csv(options.out, index=False)
        write_card(options.out, " ".join(["python", "benchmarks/oversampling.py", *sys.argv[1:]]), made_by)


if __name__ == "__main__":
    main()
