"""Tracking for experiments 11 and 12 as jobs: one for each set, tracker, fold and seed.

    python -m irtrack_core.experiments.track_job ref8 --sets sim-aircraft --profile quick --fold 0 --seed 0

leaves the raw boxes that notebook 11 would make: of plain runs, of runs with resets and, for the published methods in the
first fold, of runs with the weights of each training step that was kept. Last comes a card that lists them, here
results/quick/boxes/sim-aircraft/ref8_fold0_seed0.json: where it lies, all is there. Boxes made by the same code, weights and
sequence are left as they are; a run that was killed goes on.
"""

import argparse
import os
import shlex
import sys
from pathlib import Path

import cv2

from irtrack_core import config, evaluation
from irtrack_core.datasets import SIMULATED, in_memory
from irtrack_core.experiments import cached, study
from irtrack_core.experiments.protocol import BASELINES, COMPARED, METHODS, boxes_path, steps, test_folds, weights_of
from irtrack_core.provenance import provenance

__all__ = ["NAMES", "REAL", "REAL_FRAMES", "WAITING", "card_path", "jobs", "main", "track"]

NAMES = BASELINES + COMPARED
REAL = "svanstrom"
# as in notebook 11
WAITING = 5  # frames between a failure and the new start
REAL_FRAMES = 60  # of each real sequence


def jobs(profile, seed=0, real=False):
    """[(set, tracker, fold, seed)] of all that notebooks 11 and 12 read; real: with the real sequences."""
    found = []
    for fold in range(profile.folds):
        for number in range(profile.seeds):
            names = COMPARED if number else NAMES  # the others depend on no seed
            found += [(dataset, name, fold, seed + number) for dataset in SIMULATED for name in names]
    return found + [(REAL, name, 0, seed) for name in BASELINES + METHODS if real]


def card_path(results, dataset, name, fold, seed):
    """The file that says that a job is complete, and which boxes it left."""
    return Path(results) / "boxes" / dataset / f"{name}_fold{fold}_seed{seed}.json"


def track(dataset, name, profile, results, *, fold=0, seed=0, study_seed=0, progress=None):
    """Make the raw boxes of one job, and its card; returns the card's path.

    seed: of the weights; study_seed: of sequences and folds; progress: e.g. tqdm. Raises FileNotFoundError when the training
    or the real sequences are missing, saying how to get them.
    """
    weights = weights_of(name, results, fold, seed)
    options = f"--profile {profile.name} --fold {fold} --seed {seed} --study-seed {study_seed}"
    options += f" --results {shlex.quote(str(results))}"
    if name in COMPARED and not weights.is_file():
        raise FileNotFoundError(
            f"{weights} is not there yet: train it first, with "
            f"`python -m irtrack_core.experiments.train_job {name} {options}`"
        )
    card, origin = card_path(results, dataset, name, fold, seed), provenance()
    sequences, runs = _sequences(dataset, profile, fold, study_seed), [{}]
    card.unlink(missing_ok=True)  # of what was made before: if this run is killed, nothing says that it is complete
    if dataset != REAL:
        runs.append({"resets": WAITING})
        if name in METHODS and (fold, seed) == (0, study_seed):
            runs += [{"step": step} for step in steps(results, fold, seed, name)]
    paths = []
    for run in runs:
        study.track(sequences, [name], results, fold=fold, seed=seed, progress=progress, **run)
        places = {"resets": "resets" in run, "step": run.get("step")}
        paths += [boxes_path(results, dataset, one.name, name, seed, **places) for one in sequences]
    command = f"python -m irtrack_core.experiments.track_job {name} --sets {dataset} {options}"
    boxes = {path.name: evaluation.provenance_of(path) for path in paths}
    cached.write_card(card, command, origin, boxes=boxes)
    return card


def _sequences(dataset, profile, fold, study_seed):
    """The test sequences of one set, in memory: they are tracked several times."""
    if dataset == REAL:
        found = study.real_sequences(REAL_FRAMES)
        if not found:
            raise FileNotFoundError(study.HOW_TO_GET_DATA)
    else:
        found = test_folds(profile.replace(folds=fold + 1), study_seed)[fold][2]
    return [in_memory(one) for one in found if one.dataset == dataset]


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m irtrack_core.experiments.track_job", description=__doc__.splitlines()[0]
    )
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--sets", nargs="+", default=SIMULATED, choices=(*SIMULATED, REAL), metavar="SET")
    parser.add_argument("--profile", default="quick", choices=sorted(config.PROFILES))
    parser.add_argument("--fold", type=int, default=0, choices=range(5))
    parser.add_argument("--seed", type=int, default=0, help="of the weights")
    parser.add_argument("--study-seed", type=int, default=0, help="of the sequences and folds")
    parser.add_argument("--results", type=Path, help="folder of the study; default: results/PROFILE")
    chosen = vars(parser.parse_args(arguments))
    name, sets, profile = chosen.pop("name"), chosen.pop("sets"), config.profile(chosen.pop("profile"))
    results = chosen.pop("results") or Path(os.environ.get("IRTRACK_RESULTS") or "results") / profile.name
    cv2.setNumThreads(1)
    if name in (*COMPARED, "siamese"):
        import torch  # takes seconds, which the others need not wait

        torch.set_num_threads(1)
    from tqdm import tqdm

    try:
        for dataset in sets:
            print(track(dataset, name, profile, results, progress=tqdm, **chosen))
    except (ValueError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
