"""Who is compared with whom, on which sequences and folds, and where weights and raw boxes of it lie.

Every compared method is run on two inputs. Its bare name is the method as published: `paper` looks at the filtered image, eq.
(4), `ref8` to `ref11` at the plain one. `paper-image` is the paper's network without the filter, `ref8-filtered` a compared
network with it: otherwise filter and network could not be told apart. `paper-both` is the paper's network behind a filter
that keeps dark targets as well as bright ones; eq. (3) erases dark ones.

`ref12` and `ref14` to `ref16` are trackers that the paper cites without comparing itself with them. They run in the same
frame, on both inputs; `ref12` has no network and learns nothing before it starts. `ref4`, cited too, lives on the filter and
has one input: it stands among the baselines.
"""

from functools import lru_cache
from pathlib import Path

from irtrack_core import evaluation
from irtrack_core.datasets import SIMULATED, load
from irtrack_core.network import weights
from irtrack_core.trackers import peers

BASELINES = ("identity", "peak", "siamese", "ref4")
METHODS = ("paper", "ref8", "ref9", "ref10", "ref11")
CITED = ("ref12", "ref14", "ref15", "ref16")  # trackers that the paper cites and does not compare itself with
OWN_INPUT = dict.fromkeys(METHODS + CITED, "image") | {"paper": "filtered"}
SWAPPED = ("paper-image", *(f"{method}-filtered" for method in METHODS[1:]))
BOTH = "paper-both"
COMPARED = METHODS + SWAPPED + (BOTH,)
STUDIED = COMPARED + CITED + tuple(f"{method}-filtered" for method in CITED)
UNTRAINED = ("ref12", "ref12-filtered")
TRAINED = tuple(name for name in STUDIED if name not in UNTRAINED)  # all that have weights of a fold and seed
OPENCV = ("csrt", "kcf", "mil", *peers.FILES)  # tracked by `opencv_baselines`
SHIPPED = weights.SHIPPED / "compact.safetensors"  # of `siamese`
SIMULATION_ALONE = "compact-sim"  # `siamese` with the shipped weights that saw no real sequence


def parse(name):
    """(method, input) of a compared name: "ref8" -> ("ref8", "image"), "ref8-filtered" -> ("ref8", "filtered"), "paper-both"
    -> ("paper", "both").

    Raises ValueError for a name that is not one of STUDIED.
    """
    if name not in STUDIED:
        raise ValueError(f"{name!r} is none of the compared methods: {', '.join(STUDIED)}")
    method, _, given = name.partition("-")
    return method, given or OWN_INPUT[method]


def pairs_of_inputs(method):
    """(name without the filter, name with it) of a method."""
    names = [name for name in STUDIED if parse(name)[0] == method and name != BOTH]
    return tuple(sorted(names, key=lambda name: parse(name)[1] == "filtered"))


def is_swapped(name):
    """Whether a tracker is a method on the input that it was not published with."""
    return name in STUDIED and name != BOTH and parse(name)[1] != OWN_INPUT[parse(name)[0]]


def restarted(name):
    """Whether notebook 11 runs a tracker with resets, too: all but the methods on an input that is not their own."""
    return not is_swapped(name) and name != BOTH


def on_all_inputs(methods):
    """Names of the methods on both inputs, and of the paper's network behind the filter of both polarities."""
    return [name for method in methods for name in pairs_of_inputs(method)] + [BOTH] * ("paper" in methods)


def simulated(profile, seed=0):
    """All sequences of the three simulated sets, with profile.frames frames each."""
    return list(_simulated(profile.frames, seed))


@lru_cache(maxsize=2)
def _simulated(frames, seed):
    return [one for name in SIMULATED for one in load(name, frames=frames, seed=seed)]


def runs(profile, names=None, seed=0):
    """[(name, fold, seed)] of all trainings of a profile; names: of TRAINED, None: all of these."""
    names = TRAINED if names is None else names
    return [(n, fold, seed + k) for fold in range(profile.folds) for k in range(profile.seeds) for n in names]


def command(names, profile, fold, seed, study_seed):
    """The command line of `jobs` that trains and tracks the trackers `names` on one fold."""
    options = f"--profile {profile.name} --fold {fold} --seed {seed} --study-seed {study_seed}"
    return f"python -m irtrack_core.experiments.jobs {names} {options}"


def test_folds(profile, seed=0):
    """(fold number, training sequences, test sequences) of those of the five folds that the profile runs."""
    split = evaluation.folds(simulated(profile, seed), k=5, seed=seed)
    return [(number, *split[number]) for number in range(profile.folds)]


def weights_path(results, fold, seed, step=None, name="paper"):
    """File of a compared method as trained on the training sequences of a fold; step: a checkpoint's.

    All are trained by `compared.train`: `paper` from notebook 05, the others from notebook 07, or as `jobs` of the workflow.
    """
    stem = f"{name}_fold{fold}_seed{seed}" + ("" if step is None else f"_step{step:05d}")
    return Path(results) / "weights" / f"{stem}.safetensors"


def weights_of(name, results, fold, seed, step=None):
    """The file that a tracker of the experiments has its weights from; None for one without any."""
    if name in TRAINED:
        return weights_path(results, fold, seed, step, name)
    if name == SIMULATION_ALONE:
        return weights.SHIPPED / f"{name}.safetensors"
    return SHIPPED if name == "siamese" else None


def steps(results, fold, seed, name="paper"):
    """Training steps of which the weights were kept, rising."""
    found = weights_path(results, fold, seed, name=name).parent.glob(f"{name}_fold{fold}_seed{seed}_step*.safetensors")
    return sorted(int(path.stem.rpartition("_step")[2]) for path in found)


def shown_steps(results, fold, seed, name, profile=None):
    """Those of `steps` at which notebook 11 tracks: all; in quick, for any but `paper`, three, the ends among them."""
    kept = steps(results, fold, seed, name)
    few = {*kept[:1], *kept[len(kept) // 2 :][:1], *kept[-1:]}
    return sorted(few) if profile is not None and profile.name == "quick" and name != "paper" else kept


def boxes_path(results, dataset, sequence, tracker, seed=0, resets=False, step=None):
    """The CSV of one tracker's raw boxes on one sequence; resets: of the run that is started anew after each failure.

    step: of the run with the weights of that training step.
    """
    stem = f"{sequence}__{tracker}{'' if step is None else f'@{step}'}__seed{seed}{'__resets' if resets else ''}"
    return Path(results) / "boxes" / dataset / f"{stem}.csv"
