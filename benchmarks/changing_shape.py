"""Targets that change their shape within 30 frames: the fixed design beside adaptive elements, size from evidence and a gated
template, alone and together, and the same targets without the change.

    python benchmarks/changing_shape.py [--base siamese] [--sequences 30] [--seed 0] [--out FOLDER]

The rows are kept sequence after sequence in FOLDER/BASE_rows.csv: a run that was stopped goes on, at the same commit.
FOLDER/BASE.csv has the summary (`experiments.changing_shape.summary`) of the sequences done so far. The
remedies were chosen on other seeds.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from irtrack_core.experiments import changing_shape
from irtrack_core.experiments.cached import rows_so_far, write_card
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.workbook import progress


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="siamese", choices=("siamese", "motion"))
    parser.add_argument(
        "--methods", default=",".join(changing_shape.METHODS), help="with commas between them; fixed is needed"
    )
    parser.add_argument("--sequences", type=int, default=30, help="of each change")
    parser.add_argument("--frames", type=int, default=75)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("data/results/changing_shape"))
    options = parser.parse_args()
    limit_threads()
    made_by = provenance()
    made = {method: changing_shape.create(method, options.base) for method in options.methods.split(",")}
    path = options.out / f"{options.base}_rows.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    card = path.with_name(f"{options.base}.json")
    try:
        rows = rows_so_far(path, card, made_by)
    except ValueError as error:
        parser.error(error)
    command = " ".join(["python", "benchmarks/changing_shape.py", *sys.argv[1:]])
    write_card(card, command, made_by)
    done = len({row["sequence"].rpartition("-")[2] for row in rows})
    for number in progress(range(done, options.sequences)):
        rows += changing_shape.measure(made, number, frames=options.frames, seed=options.seed)
        pd.DataFrame(rows).round(4).to_csv(path, index=False)
    summary = pd.concat(
        [
            changing_shape.summary(pd.DataFrame(rows), measure=name).assign(measure=name)
            for name in changing_shape.MEASURES
        ]
    )
    summary.round(3).to_csv(options.out / f"{options.base}.csv", index=False)
    print(summary.round(3).to_string())


if __name__ == "__main__":
    main()
