"""How far from what noise allows? Overlap by the target's size and SNR, beside the limit of the Cramér-Rao bound.

    python benchmarks/limits.py [--repeats 4] [--trackers siamese peak] [--out FILE.csv]

Simulated targets of several sizes and SNRs before a calm sky. The first box is exact. An aircraft turns, and its box with
it: that counts too. Printed are AOR and the share of frames within 3 px of each tracker, and the limit: the AOR of one that
knows the size of every frame's box and errs in its place by the Cramér-Rao bound of a single frame.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from irtrack_core import evaluation, trackers
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.datasets import in_memory
from irtrack_core.datasets.synthetic import as_sequence
from irtrack_core.experiments import study
from irtrack_core.experiments.cached import write_card
from irtrack_core.imaging.scan import Simulation, sigma_w
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.workbook import progress

SIZES = {"point": 0.0, "5 px": 3.0, "10 px": 9.0, "16 px": 15.5, "30 px": 30.0}  # box side: extent of an aircraft
SNRS = (3, 6, 12, 24)


def sequence_of(label, snr, repeat, frames=60):
    """A target of a size and SNR before clouds that are weaker than the noise."""
    sensor = ScanSettings(shape=(256, 256), bits=16)
    scene = SceneSettings(kind="clouds", std=0.5 * sigma_w(sensor), outer_scale=150.0, pan=(0.5, 0.2))
    kind = "point" if label == "point" else "aircraft"
    target = TargetSettings(kind=kind, size=SIZES[label] or 1.0, snr=float(snr), speed=1.0)
    simulation = Simulation(sensor, scene, target, frames=frames, seed=1000 * repeat + snr)
    return as_sequence(simulation, f"{label} snr {snr} #{repeat}", "limits")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=4, help="sequences of every size and SNR")
    parser.add_argument("--trackers", nargs="+", default=["siamese", "peak"])
    parser.add_argument("--out", type=Path, help="CSV file; its card is written beside it")
    options = parser.parse_args()
    made_by = provenance()  # of the code as it is loaded now
    limit_threads()
    made, rows = {name: trackers.create(name) for name in options.trackers}, []
    for label in progress(SIZES):
        for snr in SNRS:
            made_up = [sequence_of(label, snr, k) for k in range(options.repeats)]
            sequences = [in_memory(one) for one in made_up]
            row = {"target": label, "snr": snr, "side": np.mean([np.sqrt(s.boxes[0, 2:].prod()) for s in sequences])}
            for name, tracker in made.items():
                table = evaluation.evaluate([evaluation.run(tracker, one) for one in sequences], sequences)
                row |= {f"{name} aor": table["aor"].mean(), f"{name} p3": table["p3"].mean()}
            rows.append(row | {"limit": np.mean([study.aor_limit(one) for one in made_up])})
    table = pd.DataFrame(rows).round(3)
    print(table.to_string(index=False))
    if options.out:
        table.to_csv(options.out, index=False)
        write_card(options.out, " ".join(["python", "benchmarks/limits.py", *sys.argv[1:]]), made_by)


if __name__ == "__main__":
    main()
