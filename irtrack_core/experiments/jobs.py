"""Trains and tracks for experiments 11 and 12: a job does all for some methods on one fold with one seed.

    python -m irtrack_core.experiments.jobs ref8 ref8-filtered --profile quick --fold 0 --seed 0

trains both (results/quick/weights/ref8_fold0_seed0.safetensors, ...) and leaves the raw boxes that notebook 11 would make: of
plain runs, of runs with resets on the input as published and, for the published methods in the first fold, of runs with the
weights of kept steps.
Last comes a card that lists the boxes, results/quick/jobs/ref8+ref8-filtered_fold0_seed0.json: where it lies, all is there.
What was made by the same code from the same weights, settings and sequences is left as it is; a job that was killed goes on.
Methods share a process where its start and its sequences would take as long as a training.
"""

import argparse
import os
import shlex
import sys
from functools import lru_cache
from pathlib import Path

import cv2

from irtrack_core import config, evaluation
from irtrack_core.datasets import SIMULATED, in_memory
from irtrack_core.datasets.recordings import find_videos
from irtrack_core.experiments import cached, study
from irtrack_core.experiments.protocol import (
    BASELINES,
    METHODS,
    STUDIED,
    TRAINED,
    UNTRAINED,
    boxes_path,
    command,
    parse,
    restarted,
    shown_steps,
    test_folds,
    weights_of,
)
from irtrack_core.provenance import provenance

NAMES = BASELINES + STUDIED
REAL = "svanstrom"
# as in notebook 11
WAITING = 5  # frames between a failure and the new start
REAL_FRAMES = 60  # of each real sequence
# two processes of about the same length, for profiles with a single fold and seed: trainings on the same crops share them
HALVES = (
    [*UNTRAINED, *(name for name in TRAINED if parse(name)[1] != "image")],
    [name for name in TRAINED if parse(name)[1] == "image"],
)


def groups(profile, seed=0):
    """[(names, fold, seed)] of all jobs of a profile: a job a training, or two in all where there is one of each method."""
    if profile.folds == profile.seeds == 1:
        return [((*BASELINES, *HALVES[0]), 0, seed), (tuple(HALVES[1]), 0, seed)]
    found = [(BASELINES + UNTRAINED, fold, seed) for fold in range(profile.folds)]  # they depend on no seed of weights
    return found + [
        ((name,), fold, seed + k) for fold in range(profile.folds) for k in range(profile.seeds) for name in TRAINED
    ]


def card_path(results, names, fold, seed):
    """The file that says that a job is complete, and which boxes it left."""
    return Path(results) / "jobs" / f"{'+'.join(names)}_fold{fold}_seed{seed}.json"


def sets_of(name, fold, seed, study_seed=0):
    """Names of the sets on which notebook 11 reads a tracker's boxes; the real one where IRTRACK_DATA has it."""
    named = os.path.expanduser(os.environ.get("IRTRACK_DATA", "").strip())
    # a folder that is not there is told by the job, not by the plan
    real = bool(named) and (not os.path.isdir(named) or bool(find_videos(Path(named))))
    first = (fold, seed) == (0, study_seed)
    return (*SIMULATED, REAL) if real and first and name in BASELINES + METHODS else SIMULATED


def track(dataset, name, profile, results, *, fold=0, seed=0, study_seed=0, progress=None):
    """Makes the raw boxes of one tracker on one set; returns their paths.

    seed: of the weights; study_seed: of sequences and folds; progress: e.g. tqdm. Raises FileNotFoundError when the training
    or the real sequences are missing, saying how to get them.
    """
    weights = weights_of(name, results, fold, seed)
    if name in TRAINED and not weights.is_file():
        train = command(name, profile, fold, seed, study_seed)
        raise FileNotFoundError(
            f"{weights} is not there yet: train it first, with `{train} --results {shlex.quote(str(results))}`"
        )
    sequences, runs = _sequences(dataset, profile, fold, study_seed), [{}]
    if dataset != REAL:
        runs += [{"resets": WAITING}] if restarted(name) else []
        if name in METHODS and (fold, seed) == (0, study_seed):
            runs += [{"step": step} for step in shown_steps(results, fold, seed, name, profile)]
    paths = []
    for run in runs:
        study.track(sequences, [name], results, fold=fold, seed=seed, progress=progress, **run)
        places = {"resets": "resets" in run, "step": run.get("step")}
        paths += [boxes_path(results, dataset, one.name, name, seed, **places) for one in sequences]
    return paths


@lru_cache(maxsize=4)
def _sequences(dataset, profile, fold, study_seed):
    """The test sequences of one set, in memory: they are tracked many times."""
    if dataset == REAL:
        found = study.real_sequences(REAL_FRAMES)
        if not found:
            raise FileNotFoundError(study.HOW_TO_GET_DATA)
    else:
        found = test_folds(profile.replace(folds=fold + 1), study_seed)[fold][2]
    return [in_memory(one) for one in found if one.dataset == dataset]


def run(names, profile, results, *, fold=0, seed=0, study_seed=0, sets=None, only=None, progress=None, **options):
    """Does a job, or a part of it: some `sets`, `only` "train" or "track"; returns the path of its card.

    The card is written when everything that notebook 11 reads of these trackers is there, so not after `only="train"`, nor
    for some sets. options: batch, precision and workers, of `train_methods.learn`.
    """
    card, origin, boxes = card_path(results, names, fold, seed), provenance(), {}
    card.unlink(missing_ok=True)  # of what was made before: if this run is killed, nothing says that it is complete
    place = dict(fold=fold, seed=seed, study_seed=study_seed)
    learners = [name for name in names if name in TRAINED and only != "track"]
    if learners:
        # it loads torch, for which the others need not wait
        from irtrack_core.experiments.compared import train_methods

        for name in train_methods.by_crops(learners):
            train_methods.learn(name, profile, results, **place, keep=len(learners) > 1, **options)
            print(weights_of(name, results, fold, seed), flush=True)
        train_methods.crops_of.cache_clear()
    for name in names:
        for dataset in () if only == "train" else sets or sets_of(name, fold, seed, study_seed):
            paths = track(dataset, name, profile, results, **place, progress=progress)
            boxes |= {f"{dataset}/{path.name}": evaluation.provenance_of(path) for path in paths}
            print(paths[0].parent / f"*__{name}*", flush=True)
    if only != "train" and not sets:
        words = f"{command(' '.join(names), profile, fold, seed, study_seed)} --results {shlex.quote(str(results))}"
        cached.write_card(card, words, origin, boxes=boxes)
    return card


def main(arguments=None):
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m irtrack_core.experiments.jobs", description=__doc__.splitlines()[0]
    )
    parser.add_argument("names", nargs="+", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument(
        "--sets", nargs="+", choices=(*SIMULATED, REAL), metavar="SET", help="default: all that are read"
    )
    parser.add_argument("--only", choices=("train", "track"), help="one part of the job; default: both")
    parser.add_argument("--profile", default="quick", choices=sorted(config.PROFILES))
    parser.add_argument("--fold", type=int, default=0, choices=range(5))
    parser.add_argument("--seed", type=int, default=0, help="of weights and training pairs")
    parser.add_argument("--study-seed", type=int, default=0, help="of the sequences and folds")
    parser.add_argument("--batch", type=int, default=8, help="training pairs in a step")
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="of training's convolutions; bfloat16 pays on processors that have it, see benchmarks/training.py",
    )
    parser.add_argument("--workers", type=int, default=0, help="processes that prepare pairs beside the training")
    parser.add_argument("--results", type=Path, help="folder of the study; default: results/PROFILE")
    chosen = vars(parser.parse_args(arguments))
    profile = config.profile(chosen.pop("profile"))
    results = chosen.pop("results") or Path(os.environ.get("IRTRACK_RESULTS") or "results") / profile.name
    cv2.setNumThreads(1)
    if not set(TRAINED).isdisjoint(chosen["names"]):
        import torch

        torch.set_num_threads(1)
    from tqdm import tqdm

    try:
        card = run(profile=profile, results=results, progress=tqdm, **chosen)
    except (ValueError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(card if card.is_file() else "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
