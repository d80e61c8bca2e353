"""The results on real sequences as Markdown tables with 95 % intervals: those of the README and of docs/results.md.

    python benchmarks/real_intervals.py [FOLDER]

FOLDER: as `benchmarks/real_sequences.py --out` writes it; default: data/results/real. Means are over recordings, intervals of
`evaluation.interval`; differences are `siamese`, `compact-sim` and `motion` minus another tracker in the same passes. An
interval says how much a mean depends on which of such recordings are in the list, nothing about recordings of another kind.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from irtrack_core import evaluation
from irtrack_core.evaluation.grouping import recording_means
from irtrack_core.evaluation.intervals import bounds_of

COLUMNS = {"aor": "AO", "sr50": "SR0.5", "p3": "P@3 px", "p5": "P@5 px", "p20": "P@20 px"}
FOLDER = Path(__file__).parents[1] / "data" / "results" / "real"
REFERENCES = ("siamese", "compact-sim", "motion")


def tables(folder=FOLDER):
    """{title: Markdown lines} of every set, protocol and stride: means, then differences to each reference."""
    table = pd.read_csv(Path(folder) / "passes.csv", dtype={"recording": str}).rename(columns={"set": "dataset"})
    found = {}
    for (dataset, protocol, stride), part in table.groupby(["dataset", "protocol", "stride"], sort=False):
        columns = [name for name in COLUMNS if part[name].notna().any()]
        where = f"{dataset}, {protocol}, every {f'{stride}th ' if stride > 1 else ''}frame"
        means = recording_means(part, columns, ["tracker"]).set_index(["tracker", "recording"])
        each = {name: means.loc[name] for name in part["tracker"].unique()}
        counts = sorted({len(values) for values in each.values()})
        head = f"n = {' or '.join(map(str, counts))} recordings"
        rows = [row(name, values, columns) for name, values in each.items()]
        found[f"{where}, {head}"] = heading(columns) + rows
        # differences under the protocols that most of them ran
        if protocol not in ("OPE", "SRE-strong"):
            continue
        for one in filter(each.__contains__, REFERENCES):
            others = [name for name in each if name not in (one, "identity")]
            rows = [row(name, (each[one][columns] - each[name][columns]).dropna(), columns, "+") for name in others]
            found[f"{where}, {one} minus another, {head}"] = heading(columns) + rows
    return found


def heading(columns):
    return [f"| | {' | '.join(COLUMNS[name] for name in columns)} |", "|---" * (1 + len(columns)) + "|"]


def row(name, values, columns, sign=""):
    """A Markdown row. values: a row a recording; sign "+": they are differences. Bold: the interval leaves out 0."""
    return f"| `{name}` | {' | '.join(cell(values[column].to_numpy(), column, sign) for column in columns)} |"


def cell(values, column, sign):
    bounds = bounds_of(column) if not sign else (-1, 1)
    found = evaluation.interval(values, rng=np.random.default_rng(0), bounds=bounds)
    text = found.text(3, sign=sign, count=False)
    return f"**{text}**" if sign and found.clear else text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    for title, lines in tables(parser.parse_args().folder).items():
        print(f"\n{title}\n", *lines, sep="\n")


if __name__ == "__main__":
    main()
