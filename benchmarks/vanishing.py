"""A target that vanishes for 5 to 60 frames, leaves the frame, or has decoys about it: time to recover, false claims an hour.

    python benchmarks/vanishing.py [--trackers siamese,motion] [--sequences 3] [--out FOLDER]

`experiments.vanishing` says what is simulated and counted. Nothing was chosen on it.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from irtrack_core import trackers
from irtrack_core.experiments import vanishing
from irtrack_core.experiments.cached import write_card
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.workbook import progress


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trackers", default="siamese,motion", help="names, with commas between them")
    parser.add_argument("--sequences", type=int, default=3, help="of each kind and gap")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("data/results/vanishing"))
    options = parser.parse_args()
    limit_threads()
    made_by = provenance()
    made = {name: trackers.create(name) for name in options.trackers.split(",")}
    cases = [(kind, gap, k) for k in range(options.sequences) for kind in vanishing.KINDS for gap in vanishing.GAPS]
    rows = []
    options.out.mkdir(parents=True, exist_ok=True)
    for kind, gap, k in progress(cases):
        one = vanishing.simulation(kind, k, gap, options.seed)
        for name, tracker in made.items():
            rows.append(dict(kind=kind, asked=gap, number=k, tracker=name) | vanishing.measure(tracker, one))
        pd.DataFrame(rows).to_csv(options.out / "rows.csv", index=False)
    table = vanishing.summary(pd.DataFrame(rows))
    table.round(3).to_csv(options.out / "vanishing.csv", index=False)
    write_card(options.out / "vanishing.csv", " ".join(["python", "benchmarks/vanishing.py", *sys.argv[1:]]), made_by)
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
