"""Tracks the sequences of the experiments with OpenCV's trackers, the baselines a user would pick: `make baselines`.

    python -m irtrack_core.experiments.opencv_baselines --profile quick

needs OpenCV's contrib build and neither torch nor Jupyter: the Makefile keeps an environment of its own for it. Peers that
run from files of their own come in with `--peer nanotrack BACKBONE HEAD` and the like. Raw boxes go beside those of the other
trackers, in the same format, the times of eq. (16) into opencv__speed.csv, and opencv.json says what made them.
Notebooks 11-13 take in what they find.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import cv2

from irtrack_core import config, trackers
from irtrack_core.experiments import protocol, real_sets, speed, study
from irtrack_core.provenance import provenance
from irtrack_core.trackers import opencv, peers


def run(profile, results, names, *, seed=0, real_frames=60, options=None, progress=None):
    """Track the test sequences of the profile's folds, and the real ones where IRTRACK_DATA is set; returns a card.

    names: of protocol.OPENCV. options: name -> options of its constructor. What is there already is made anew.
    Times are taken as in notebook 13, with `peak` beside them: the measure that both runs have in common.
    """
    origin = provenance()  # before the run: the code may be edited while it runs
    sequences = [one for _, _, test in protocol.test_folds(profile, seed) for one in test]
    real = study.real_sequences(real_frames)
    timed = [study.head(one, 16) for one in protocol.test_folds(profile, seed)[0][2] + real[:4]]
    sequences += real + real_sets.real_sets(real_sets.FRAMES)[0]
    made = {name: trackers.create(name, **(options or {}).get(name, {})) for name in names}
    study.track(sequences, names, results, seed=seed, progress=progress, made=made)
    made["peak"] = trackers.create("peak")
    turns = speed.measure(timed, [*names, "peak"], results, made=made, progress=progress)
    turns.assign(hardware=speed.hardware()).to_csv(Path(results) / "opencv__speed.csv", index=False)
    card = {"trackers": list(names), "seed": seed, "sequences": len(sequences), "real_frames": real_frames}
    return card | {"least_side": opencv.LEAST_SIDE, "opencv": opencv.version()} | origin


def there(sequences, results, seed=0):
    """Names of OpenCV's trackers whose raw boxes lie there for every one of the sequences."""

    def whole(name):
        return all(protocol.boxes_path(results, s.dataset, s.name, name, seed).is_file() for s in sequences)

    return [name for name in protocol.OPENCV if sequences and whole(name)]


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m irtrack_core.experiments.opencv_baselines", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "names", nargs="*", help="csrt kcf mil, and peers; none: all that this OpenCV has, and those named"
    )
    parser.add_argument("--profile", default="quick", choices=sorted(config.PROFILES))
    parser.add_argument("--seed", type=int, default=0, help="of the sequences and folds")
    parser.add_argument("--real-frames", type=int, default=60, help="of each real sequence, as in notebook 11; 0: all")
    parser.add_argument(
        "--peer",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "FILE"),
        help=f"{peers.HELP}; may be repeated",
    )
    parser.add_argument("--results", type=Path, help="folder of the study; default: results/PROFILE")
    chosen = parser.parse_args(arguments)
    results = chosen.results or Path(os.environ.get("IRTRACK_RESULTS") or "results") / chosen.profile
    cv2.setNumThreads(1)
    from tqdm import tqdm

    try:
        options = peers.files_of(chosen.peer)
        names = chosen.names or [*opencv.available(), *options]
        known = dict(seed=chosen.seed, real_frames=chosen.real_frames, options=options)
        card = run(config.profile(chosen.profile), results, names, **known, progress=tqdm)
    except (ValueError, ImportError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    (results / "opencv.json").write_text(json.dumps(card, indent=1) + "\n")
    print(f"boxes of {', '.join(names)} on {card['sequences']} sequences: {results / 'boxes'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
