"""The trackers over the whole Svanström validation list, every frame and every 6th: the table of the README.

    python benchmarks/real_sequences.py [--trackers peak,siamese,compact-sim] [--baselines csrt,kcf,mil] [--out FILE.csv]

IRTRACK_DATA names the folder with the set. No tracker is tuned to a sequence; one pass. Speed is not measured here.
OpenCV's trackers need its contrib build and so an environment of their own, .venv-baselines, which `make baselines` makes:
where it is there this script calls itself in it, over the same sequences. All leave raw boxes, one CSV a tracker and
a stride, in
results/real/boxes, and one and the same code measures them. --out keeps the table with a row a sequence, tracker and stride,
and beside it, as .json, what made it.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from irtrack_core import boxes, datasets, evaluation, trackers
from irtrack_core.experiments.cached import write_card
from irtrack_core.network.weights import SHIPPED
from irtrack_core.provenance import find_root, limit_threads, provenance
from irtrack_core.trackers import opencv
from irtrack_core.workbook import progress

COLUMNS = {"aor": "AO", "sr50": "SR0.5", "p5": "P@5", "p20": "P@20"}
KEPT = ["stride", "tracker", "sequence", "annotated", *COLUMNS, "sr75", "p3", "loss_rate", "first_loss"]
STRIDES = (1, 6)
ROOT = find_root()
WEIGHTS = ("compact-sim",)  # of the siamese tracker, by the name of their shipped file
BASELINES = ROOT / ".venv-baselines" / "bin" / "python"


def create(name, weights=None):
    """The tracker `name`, or the siamese one with the shipped weights of that name, or with those of a file."""
    if name in WEIGHTS:
        return trackers.create("siamese", weights=SHIPPED / f"{name}.safetensors", name=name)
    return trackers.create(name, **({"weights": weights} if weights and name == "siamese" else {}))


def boxes_file(folder, name, stride):
    return Path(folder) / f"{name}_stride{stride}.csv"


def follow(sequences, names, folder, weights=None):
    """Run the trackers over the sequences and leave their raw boxes."""
    made, results = {name: create(name, weights) for name in names}, {}
    for one in progress(sequences):
        for stride in STRIDES:
            for name, tracker in made.items():
                results.setdefault((name, stride), []).append(evaluation.run(tracker, one, stride=stride))
    for (name, stride), done in results.items():
        evaluation.save_boxes(done, boxes_file(folder, name, stride), provenance=opencv.version())


def follow_baselines(python, names, folder):
    """The same in the environment of OpenCV's baselines."""
    words = [python, __file__, "--only-boxes", "--trackers", ",".join(names), "--boxes", str(folder)]
    subprocess.run(words, check=True, cwd=ROOT)


def fixed_box_bound(sequence, stride):
    """(AO, SR0.5) of a box of the first one's size, always centred on the true one: what a tracker that keeps the size can
    reach."""
    truth = sequence.boxes[sequence.first :: stride]
    truth = truth[np.isfinite(truth[:, 0])]
    overlap = boxes.iou(boxes.from_centers(boxes.centers(truth[1:]), truth[0, 2:]), truth[1:])
    return overlap.mean(), (overlap > 0.5).mean()


def report(table, sequences, stride):
    """Print the means of one stride, and where each tracker is worst."""
    means = table.groupby("tracker", sort=False)[list(COLUMNS)].mean().rename(columns=COLUMNS)
    print(f"\nevery frame, {len(sequences)} sequences" if stride == 1 else f"\nevery {stride}th frame")
    print(means.round(3).to_string())
    overlap, success = np.mean([fixed_box_bound(one, stride) for one in sequences], axis=0)
    print(f"true centres, first size: AO {overlap:.3f}, SR0.5 {success:.3f}")
    for name, part in table.groupby("tracker", sort=False):
        worst = part.sort_values("sr50").head(5)[["sequence", *COLUMNS]].rename(columns=COLUMNS)
        print(f"lowest success rates of {name}\n" + worst.round(3).to_string(index=False))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trackers", default="peak,siamese,compact-sim", help="names, with commas between them")
    parser.add_argument("--weights", help="of the siamese tracker; default: those that are shipped")
    parser.add_argument("--baselines", default="csrt,kcf,mil", help="of OpenCV, run in .venv-baselines; '': none")
    parser.add_argument(
        "--baselines-python", default=BASELINES, type=Path, help="of the environment with OpenCV's contrib build"
    )
    parser.add_argument("--keep-baselines", action="store_true", help="take the baselines' raw boxes that are there")
    parser.add_argument(
        "--boxes", default=ROOT / "results" / "real" / "boxes", type=Path, help="folder of the raw boxes"
    )
    parser.add_argument("--only-boxes", action="store_true", help="leave raw boxes, measure nothing")
    parser.add_argument("--out", type=Path, help="CSV file")
    options = parser.parse_args()
    options.trackers, options.baselines = (
        list(filter(None, t.split(","))) for t in (options.trackers, options.baselines)
    )
    return options


def main():
    options = parse()
    if datasets.data_root() is None:
        return print("no real sequences: set IRTRACK_DATA (data/README.md says where to get them)")
    limit_threads()
    made_by = provenance()  # of the code as it is loaded now
    sequences, names = datasets.load("svanstrom"), list(options.trackers)
    if options.only_boxes:
        return follow(sequences, names, options.boxes)
    wanted = [
        n for n in options.baselines if not options.keep_baselines or not boxes_file(options.boxes, n, 1).is_file()
    ]
    if options.baselines_python.is_file():
        if wanted:
            follow_baselines(options.baselines_python, wanted, options.boxes)
        names += options.baselines
    elif options.baselines:
        print(f"without {', '.join(options.baselines)}: `make baselines` makes the environment that they need")
    follow(sequences, options.trackers, options.boxes, options.weights)
    tables, opencvs = [], {}
    for stride in STRIDES:
        files = {name: boxes_file(options.boxes, name, stride) for name in names}
        opencvs |= {name: evaluation.provenance_of(file) for name, file in files.items()}
        results = [result for file in files.values() for result in evaluation.load_boxes(file)]
        tables.append(evaluation.evaluate(results, sequences))
        report(tables[-1], sequences, stride)
    if options.out:
        pd.concat(tables)[KEPT].round(4).to_csv(options.out, index=False)
        command = " ".join(["python", "benchmarks/real_sequences.py", *sys.argv[1:]])
        more = {"opencv": opencvs, "least_side": opencv.LEAST_SIDE, "sequences": len(sequences)}
        write_card(options.out, command, made_by, **more)


if __name__ == "__main__":
    main()
