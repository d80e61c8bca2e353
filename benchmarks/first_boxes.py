"""What a wrong first box costs, and what mending it gains: the table by which the settings of `motion` were chosen.

    python benchmarks/first_boxes.py

The simulated sets (eight sequences of 40 frames each, seed 78) and, where IRTRACK_DATA has it, every 8th clip of the
Svanstrom training list at every 3rd frame: nothing that any other table reports on. AO and P@5 from the right first box
(OPE) and from a wrong one (SRE-strong), means over the sets.
"""

import itertools
import sys

import cv2
import pandas as pd
from tqdm import tqdm

from irtrack_core import datasets, evaluation, trackers
from irtrack_core.config import TrackerSettings
from irtrack_core.datasets import in_memory

SHARES, ROUNDS = (0.0, 0.5, 1.0), (3, 1, 0)


def sets():
    """(sequence, stride) of all that is tracked."""
    for name in datasets.SIMULATED:
        yield from ((one, 1) for one in datasets.load(name, frames=40, sequences=8, seed=78))
    if datasets.data_root() is None:
        print("IRTRACK_DATA is not set: simulated sets alone", file=sys.stderr)
        return
    yield from ((one, 3) for one in datasets.load("svanstrom", split="train")[2::8])


def main():
    cv2.setNumThreads(1)
    makers = {"siamese": trackers.create("siamese")}
    for share, rounds in itertools.product(SHARES, ROUNDS):
        settings = TrackerSettings(mend=share, alignment_rounds=rounds)
        makers[f"motion, mend {share}, {rounds} rounds"] = trackers.create("motion", settings=settings)
    rows = []
    for sequence, stride in tqdm([*sets()], unit="sequence"):
        held = in_memory(sequence)
        for name, tracker in makers.items():
            results = evaluation.protocols.run_sequence(tracker, held, ("OPE", "SRE-strong"), (stride,))
            table = evaluation.evaluate(results, [held])
            rows.append(table.assign(set=sequence.dataset, tracker=name))
    table = pd.concat(rows).groupby(["protocol", "tracker", "set"], sort=False)[["aor", "p5"]].mean()
    print(table.unstack("set").round(3).to_string())
    print(table.groupby(["protocol", "tracker"], sort=False).mean().round(3).to_string())


if __name__ == "__main__":
    main()
