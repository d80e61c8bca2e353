"""The trackers over the whole Svanström validation list, every frame and every 6th: the table of the README.

IRTRACK_DATA names the folder with the set. No tracker is tuned to a sequence; one pass. Speed is not measured here.
`--out FILE.csv` keeps the table with a row a sequence, a tracker and a stride.
"""

import argparse

import numpy as np
import pandas as pd

from irtrack_core import boxes, datasets, evaluation, metrics, trackers
from irtrack_core.workbook import limit_threads, progress

COLUMNS = {"aor": "AO", "sr50": "SR0.5", "p5": "P@5", "p20": "P@20"}


def fixed_box_bound(sequence, stride):
    """AO of a box of the first one's size, always centred on the true one: what a tracker that keeps the size can reach."""
    truth = sequence.boxes[sequence.first :: stride]
    truth = truth[np.isfinite(truth[:, 0])]
    return metrics.aor(boxes.from_centers(boxes.centers(truth[1:]), truth[0, 2:]), truth[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trackers", default="peak,siamese", help="names, with commas between them")
    parser.add_argument("--weights", help="of the siamese tracker; default: those that are shipped")
    parser.add_argument("--out", help="CSV file")
    options = parser.parse_args()
    if datasets.data_root() is None:
        print("no real sequences: set IRTRACK_DATA (data/README.md says where to get them)")
        return
    limit_threads()
    sequences, names, tables = datasets.load("svanstrom"), options.trackers.split(","), []
    weights = {"siamese": {"weights": options.weights}} if options.weights else {}
    made = {name: trackers.create(name, **weights.get(name, {})) for name in names}
    for stride in (1, 6):
        results = [
            evaluation.run(tracker, one, stride=stride) for one in progress(sequences) for tracker in made.values()
        ]
        table = evaluation.evaluate(results, sequences)
        tables.append(table)
        means = table.groupby("tracker")[list(COLUMNS)].mean().rename(columns=COLUMNS)
        print(f"\nevery frame, {len(sequences)} sequences" if stride == 1 else f"\nevery {stride}th frame")
        print(means.round(3).to_string())
        print(f"true centres, first size: AO {np.mean([fixed_box_bound(one, stride) for one in sequences]):.3f}")
        for name in names:
            worst = table[table["tracker"] == name].sort_values("sr50").head(5)
            print(f"lowest success rates of {name}\n" + worst[["sequence", *COLUMNS]].round(3).to_string(index=False))
    if options.out:
        kept = ["stride", "tracker", "sequence", "annotated", *COLUMNS, "sr75", "p3", "loss_rate", "first_loss"]
        pd.concat(tables)[kept].round(4).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
