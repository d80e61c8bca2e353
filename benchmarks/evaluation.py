"""OPE, TRE and SRE of one tracker over the validation recordings: `evaluation.run_all` beside `evaluation.run` in a loop.

    git worktree add ../older 9b1e906
    python benchmarks/evaluation.py --older ../older [--older-python ../older/.venv/bin/python] [--sequences 29]

Both track the same passes, every frame and every 6th, with the weights of their checkout; the older one in a loop, as its
users had to. Wall time of whole processes, one after the other, start included. The table goes to data/results/evaluation.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from irtrack_core import datasets, evaluation
from irtrack_core.experiments.cached import write_card
from irtrack_core.provenance import find_root, provenance

OUT = find_root() / "data" / "results" / "evaluation" / "evaluation.csv"
PROTOCOLS, STRIDES = ("OPE", "TRE", "SRE"), (1, 6)
NEW = """
import sys
from functools import partial
from irtrack_core import datasets, evaluation, trackers
if __name__ == "__main__":
    names = sys.argv[2].split(",")
    sequences = datasets.load("svanstrom", names=names)
    make = partial(trackers.create, "siamese")
    results = evaluation.run_all(make, sequences, ("OPE", "TRE", "SRE"), (1, 6), processes=int(sys.argv[3]))
    print(sum(one.frames for one in results))
"""
# the older `run` starts on the first annotated frame with the true box: what is before it is hidden, that box is replaced
LOOP = """
import json, sys
from dataclasses import replace
import numpy as np, torch
from irtrack_core import datasets, evaluation, trackers
torch.set_num_threads(1)
passes, frames = json.load(open(sys.argv[1])), 0
for name in sys.argv[2].split(","):
    (sequence,) = datasets.load("svanstrom", names=[name])
    for start, box in passes[name]:
        boxes = sequence.boxes.copy()
        boxes[:start] = np.nan
        boxes[start] = boxes[start] if box is None else box
        for stride in (1, 6):
            frames += evaluation.run(trackers.create("siamese"), replace(sequence, boxes=boxes), stride=stride).frames
print(frames)
"""


def timed(python, root, code, *words):
    """(seconds, frames) of a script run in the checkout `root`."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        script.write_text(code)
        known = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
        begin = time.perf_counter()
        done = subprocess.run([python, script, *words], env=known, cwd=root, check=True, capture_output=True, text=True)
        return time.perf_counter() - begin, int(done.stdout.split()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--older", type=Path, required=True, help="checkout of 9b1e906")
    parser.add_argument("--older-python", type=Path, help="default: that of its .venv")
    parser.add_argument("--sequences", type=int, default=29, help="of the validation list, evenly picked")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    made_by, sequences = provenance(), datasets.load("svanstrom")
    sequences = sequences[:: max(1, len(sequences) // options.sequences)][: options.sequences]
    passes = {one.name: [(trial.start, trial.box) for trial in evaluation.passes(one, PROTOCOLS)] for one in sequences}
    names, rows = ",".join(passes), []
    older_python = options.older_python or options.older / ".venv" / "bin" / "python"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(passes, file)
        file.flush()
        for what, place in (
            ("run_all", (sys.executable, find_root(), NEW, file.name, names, str(options.processes))),
            ("run in a loop, older", (older_python, options.older.resolve(), LOOP, file.name, names)),
        ):
            seconds, frames = timed(*place)
            rows.append({"what": what, "sequences": len(sequences), "frames": frames, "seconds": round(seconds, 1)})
    table = pd.DataFrame(rows)
    table["ratio"] = (table["seconds"] / table["seconds"].iloc[-1]).round(3)
    print(table.to_string(index=False))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(OUT, index=False)
    write_card(OUT, f"python benchmarks/evaluation.py --older OLDER --sequences {len(sequences)}", made_by)


if __name__ == "__main__":
    main()
