"""The results on real sequences as a Markdown table with 95 % intervals: those of the README and of docs/results.md.

    python benchmarks/real_intervals.py [FILE.csv]

FILE: as `benchmarks/real_sequences.py --out` writes it; default: data/results/real/svanstrom_validation.csv. Intervals are
bias-corrected and accelerated bootstrap intervals (BCa, `scipy.stats.bootstrap`) of the mean over sequences, 9999 resamples;
the differences are of `compact-sim` and of `siamese` minus another tracker on the same sequences. An interval says how much
a mean depends on which of such sequences are in the list, and nothing about sequences of another kind.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

COLUMNS = {"aor": "AO", "sr50": "SR0.5", "p5": "P@5 px", "p20": "P@20 px"}
DEFAULT = Path(__file__).parents[1] / "data" / "results" / "real" / "svanstrom_validation.csv"
REFERENCES = ("compact-sim", "siamese")


def interval(values):
    """(low, high) of the mean of `values`, one per sequence; equal when all values are."""
    if np.ptp(values) == 0:
        return values[0], values[0]
    rng = np.random.default_rng(0)
    return bootstrap((values,), np.mean, n_resamples=9999, method="BCa", rng=rng).confidence_interval


def cell(values, sign=""):
    low, high = interval(values)
    return f"{np.mean(values):{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def tables(path=DEFAULT):
    """{(stride, title): Markdown rows} of means, and of differences to each reference."""
    table, found = pd.read_csv(path), {}
    for stride, part in table.groupby("stride"):
        wide = part.pivot(index="sequence", columns="tracker", values=list(COLUMNS)).swaplevel(axis=1)
        names = part["tracker"].unique()
        found[stride, "means"] = [row(name, wide[name]) for name in names]
        for one in REFERENCES:
            others = [name for name in names if name not in REFERENCES]
            found[stride, f"{one} minus"] = [row(name, wide[one] - wide[name], "+") for name in others]
    return found


def row(name, values, sign=""):
    cells = [cell(values[column].to_numpy(), sign) for column in COLUMNS]
    return f"| `{name}` | {' | '.join(cells)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=DEFAULT)
    head = [f"| | {' | '.join(COLUMNS.values())} |", "|---" * (1 + len(COLUMNS)) + "|"]
    for (stride, title), rows in tables(parser.parse_args().file).items():
        print(f"\nevery {f'{stride}th ' if stride > 1 else ''}frame, {title}\n", *head, *rows, sep="\n")


if __name__ == "__main__":
    main()
