"""The trackers over the whole Svanström validation list, every frame and every 6th: the table of the README.

IRTRACK_DATA names the folder with the set. No tracker is tuned to a sequence; one pass. Speed is not measured here.
"""

import pandas as pd

from irtrack_core import datasets, evaluation, trackers
from irtrack_core.workbook import limit_threads, progress

NAMES = ("peak", "siamese")
COLUMNS = {"aor": "AO", "sr50": "SR0.5", "p5": "P@5", "p20": "P@20"}


def main():
    if datasets.data_root() is None:
        print("no real sequences: set IRTRACK_DATA (data/README.md says where to get them)")
        return
    limit_threads()
    sequences = datasets.load("svanstrom")
    made = {name: trackers.create(name) for name in NAMES}
    for stride in (1, 6):
        results = [
            evaluation.run(tracker, one, stride=stride) for one in progress(sequences) for tracker in made.values()
        ]
        table = evaluation.evaluate(results, sequences)
        means = table.groupby("tracker")[list(COLUMNS)].mean().rename(columns=COLUMNS)
        print(f"\nevery frame, {len(sequences)} sequences" if stride == 1 else f"\nevery {stride}th frame")
        print(means.round(3).to_string())
        wide = table.pivot(index="sequence", columns="tracker", values="aor")
        worst = wide.sort_values("siamese").head(5)
        with pd.option_context("display.width", 120):
            print("lowest overlaps of siamese\n" + worst.round(3).to_string())


if __name__ == "__main__":
    main()
