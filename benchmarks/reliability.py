"""Is a score of 0.8 right in eight of ten frames? The calibration error by camera, on recordings that no training has seen.

    python benchmarks/reliability.py [--trackers siamese,motion] [--boxes FOLDER] [--out FILE.csv]

Takes the raw boxes that `benchmarks/real_sequences.py --sets svanstrom,hui` leaves, the first pass over every frame. Right is
a box that overlaps the true one by more than half; on sets that give no sizes, one whose centre is off by less than 3 px.
error: the mean difference of score and share right, over ten bins of the score; score, right: their means.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from irtrack_core import datasets, evaluation
from irtrack_core.boxes import center_error, iou
from irtrack_core.experiments import cached, calibration, real_sets
from irtrack_core.provenance import provenance

NEAR = 3.0  # px


def outcomes(result, sequence, centres):
    """(scores (N,), right (N,) bool) of the annotated frames after the first."""
    truth = sequence.boxes[result.start :: result.stride][: len(result.boxes)]
    right = center_error(result.boxes, truth) < NEAR if centres else iou(result.boxes, truth) > 0.5
    known = np.isfinite(truth[:, 0])
    known[0] = False
    return result.scores[known], right[known]


def rows_of(name, tracker, folder):
    """A row for the set and tracker; none where it left no boxes."""
    file = folder / f"{name}__{tracker}.csv"
    if not file.is_file():
        print(f"no {file}: run benchmarks/real_sequences.py --sets {name} --trackers {tracker}", file=sys.stderr)
        return []
    sequences = {one.name: one for one in datasets.load(name)}
    passes = [one for one in evaluation.load_boxes(file) if (one.protocol, one.stride) == ("OPE", 1)]
    pairs = [outcomes(one, sequences[one.sequence], name in real_sets.CENTRES) for one in passes]
    scores, right = map(np.concatenate, zip(*pairs))
    error = calibration.calibration_error(calibration.reliability(scores, right))
    row = {"set": name, "tracker": tracker, "frames": len(scores), "error": error}
    return [row | {"score": scores.mean(), "right": right.mean()}]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="svanstrom,hui", help="names, with commas between them")
    parser.add_argument("--trackers", default="siamese,motion", help="names, with commas between them")
    parser.add_argument("--boxes", type=Path, default=Path("results/real/boxes"), help="folder of raw boxes")
    parser.add_argument("--out", type=Path, help="CSV file; its card is written beside it")
    options = parser.parse_args()
    made_by = provenance()
    pairs = [(name, tracker) for name in options.sets.split(",") for tracker in options.trackers.split(",")]
    table = pd.DataFrame([row for pair in pairs for row in rows_of(*pair, options.boxes)]).round(3)
    print(table.to_string(index=False))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(options.out, index=False)
        cached.write_card(options.out, " ".join(["python", "benchmarks/reliability.py", *sys.argv[1:]]), made_by)


if __name__ == "__main__":
    main()
