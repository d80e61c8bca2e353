"""The results on real sequences as a Markdown table with 95 % intervals: those of the README and of docs/results.md.

    python benchmarks/real_intervals.py [FILE.csv]

FILE: as `benchmarks/real_sequences.py --out` writes it; default: data/results/real/svanstrom_validation.csv. Means are over
recordings, intervals of `evaluation.interval`; the differences are of `compact-sim` and of `siamese` minus another tracker on
the same sequences. An interval says how much a mean depends on which of such recordings are in the list, and nothing about
recordings of another kind.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from irtrack_core import evaluation
from irtrack_core.evaluation.grouping import recording_means
from irtrack_core.evaluation.intervals import bounds_of

COLUMNS = {"aor": "AO", "sr50": "SR0.5", "p5": "P@5 px", "p20": "P@20 px"}
DEFAULT = Path(__file__).parents[1] / "data" / "results" / "real" / "svanstrom_validation.csv"
REFERENCES = ("compact-sim", "siamese")


def tables(path=DEFAULT):
    """{(stride, title): Markdown rows} of means, and of differences to each reference; the title ends in n."""
    table, found = pd.read_csv(path, dtype={"recording": str}), {}
    table = table if "dataset" in table else table.assign(dataset="svanstrom")
    for stride, part in table.groupby("stride"):
        means = recording_means(part, COLUMNS, ["tracker"]).set_index(["dataset", "recording"])
        by_tracker = dict(list(means.groupby("tracker", sort=False)[list(COLUMNS)]))
        counts = " or ".join(map(str, sorted({len(values) for values in by_tracker.values()})))
        found[stride, f"means, n = {counts} recordings"] = [row(*item) for item in by_tracker.items()]
        pairs = part.pivot(index=["dataset", "sequence"], columns="tracker", values=list(COLUMNS)).swaplevel(axis=1)
        places = part.drop_duplicates(["dataset", "sequence"]).drop(columns=list(COLUMNS))
        for one in REFERENCES:
            rows, counts = [], set()
            for name in (name for name in by_tracker if name not in REFERENCES):
                each = (pairs[one] - pairs[name]).dropna().reset_index().merge(places, on=["dataset", "sequence"])
                each = recording_means(each, COLUMNS)
                rows.append(row(name, each, "+"))
                counts.add(len(each))
            found[stride, f"{one} minus, n = {' or '.join(map(str, sorted(counts)))} recordings"] = rows
    return found


def row(name, values, sign=""):
    """A Markdown row. values: a row a recording; sign "+": they are differences."""
    return f"| `{name}` | {' | '.join(cell(values[column], column, sign) for column in COLUMNS)} |"


def cell(values, column, sign):
    bounds = bounds_of(column) if not sign else (-1, 1)
    return evaluation.interval(values, rng=np.random.default_rng(0), bounds=bounds).text(3, sign=sign, count=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=DEFAULT)
    head = [f"| | {' | '.join(COLUMNS.values())} |", "|---" * (1 + len(COLUMNS)) + "|"]
    for (stride, title), rows in tables(parser.parse_args().file).items():
        print(f"\nevery {f'{stride}th ' if stride > 1 else ''}frame, {title}\n", *head, *rows, sep="\n")


if __name__ == "__main__":
    main()
