"""[10] with a true visible image: ref10 on KAIST's pairs, with the visible image and with the gradient in its place.

    python -m irtrack_core.experiments.compared.kaist_pairs FOLDER --out results/kaist_pairs.csv

trains both on the sets 00 to 05 and tests them on 06 to 11, the official split; same pairs, steps and seeds. FOLDER is laid
out as `datasets.kaist` says.
"""

import argparse
import sys
from pathlib import Path

import cv2
import torch

from irtrack_core import evaluation
from irtrack_core.config import SamplingSettings, TrainingSettings
from irtrack_core.datasets import load
from irtrack_core.experiments.compared.nets import ComparedSettings, build
from irtrack_core.experiments.compared.pairs import VisibleSampler, with_visible
from irtrack_core.experiments.compared.tracker import ComparedTracker
from irtrack_core.training.loop import train
from irtrack_core.training.sampling import PairSampler

TRAIN, TEST = (tuple(f"set{number:02d}" for number in part) for part in (range(6), range(6, 12)))
MEASURES = ["aor", "sr50", "p5", "p20"]


def paired(root, sets, **options):
    """[(infrared sequence, the same with frames (H, W, 2))] of the KAIST sequences of some sets below `root`.

    options: of `datasets.kaist.items`. Sequences without a visible image for every frame are left out. Raises
    FileNotFoundError when none is left, or there are none.
    """
    pairs = []
    for sequence in load("kaist", root, sets=sets, **options):
        try:
            pairs.append((sequence, with_visible(sequence)))
        except FileNotFoundError:
            continue
    if not pairs:
        raise FileNotFoundError(f"no sequence of {sets[0]} to {sets[-1]} in {root} has a visible image for every frame")
    return pairs


def compare(learn, test, plan, *, width=1.0, seed=0, progress=False):
    """Table of `evaluation.evaluate` for `ref10` (gradient) and `ref10-visible`, trained on one list, tested on another.

    learn, test: of `paired`; plan: TrainingSettings; seed: of weights and pairs.
    """
    results = []
    for visible in (False, True):
        settings = ComparedSettings(method="ref10", width=width, inputs=("image",), visible=visible)
        net = build(settings, seed)
        kind = VisibleSampler if visible else PairSampler
        options = dict(sampling=SamplingSettings(), loose=False, seed=seed)
        train(
            net, kind([pair[visible] for pair in learn], settings, net.positions(), **options), plan, progress=progress
        )
        tracker = ComparedTracker(net.cpu().eval(), name="ref10-visible" if visible else "ref10")
        results += [evaluation.run(tracker, pair[visible]) for pair in test]
    return evaluation.evaluate(results, [infrared for infrared, _ in test])


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m irtrack_core.experiments.compared.kaist_pairs", description=__doc__.splitlines()[0]
    )
    parser.add_argument("root", type=Path, metavar="FOLDER")
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--width", type=float, default=1.0, help="width factor of both networks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--min-length", type=int, default=10, help="boxes that a person needs")
    parser.add_argument("--out", type=Path, help="CSV with a row a sequence and network")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        learn, test = (paired(chosen.root, sets, min_length=chosen.min_length) for sets in (TRAIN, TEST))
    except (ValueError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    plan = TrainingSettings(iterations=chosen.iterations, batch=chosen.batch, seed=chosen.seed)
    table = compare(learn, test, plan, width=chosen.width, seed=chosen.seed, progress=True)
    if chosen.out:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(chosen.out, index=False)
    print(f"{len(learn)} sequences to train, {len(test)} to test")
    print(table.groupby("tracker", sort=False)[MEASURES].mean().round(3).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
