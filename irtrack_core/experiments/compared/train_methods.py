"""Training of the compared methods: `paper` and all others on the same folds, seeds, steps, crops and augmentation."""

from functools import lru_cache
from pathlib import Path

import pandas as pd

from irtrack_core.config import FilterSettings, SamplingSettings, TrainingSettings, network_preset
from irtrack_core.datasets import in_memory
from irtrack_core.experiments import dependencies, protocol
from irtrack_core.experiments.compared.nets import ComparedSettings, build
from irtrack_core.experiments.compared.pairs import HistorySampler
from irtrack_core.network.weights import read_card, save_weights
from irtrack_core.provenance import provenance
from irtrack_core.training.loop import new_net, train
from irtrack_core.training.sampling import PairSampler
from irtrack_core.whole_files import write_whole

STRIDE = 4  # of the training sequences' frames that are kept in memory
FCPP = dict(head="fcpp", fusion=False, anchor_base="fixed", anchor_ratios=(1.0,))  # the network of [14]
SHARES = (0.1, 0.25, 0.5, 1)  # of the steps, at which the weights are kept
KEPT = 256  # batches whose crops may be kept in memory for the next method, 2.6 MB each


def network_settings(name, width=1.0):
    """Settings of the compared method `name`, one of protocol.TRAINED."""
    method, given = protocol.parse(name)
    if method == "paper":
        if given == "both":
            return network_preset("paper", width=width, filter=FilterSettings(length=None, polarity="both"))
        return network_preset("paper", width=width, inputs=(given,))
    if method == "ref14":
        return network_preset("paper", width=width, inputs=(given,), **FCPP)
    return ComparedSettings(method=method, width=width, inputs=(given,))


def new_network(settings, seed=0):
    """The untrained network of `network_settings`."""
    return build(settings, seed) if isinstance(settings, ComparedSettings) else new_net(settings, seed)


def schedule(profile, seed=0, batch=8, precision="auto"):
    """TrainingSettings of a profile, the same for all methods."""
    return TrainingSettings(
        iterations=profile.iterations, batch=batch, seed=seed, precision=precision, checkpoint_every=50
    )


@lru_cache(maxsize=1)
def training_sequences(profile, fold, study_seed=0):
    """(sequences, tracks) of a fold: every 4th frame, held in memory, and all true boxes for the histories of ref9."""
    whole = protocol.test_folds(profile.replace(folds=fold + 1), study_seed)[fold][1]
    return [in_memory(one, STRIDE) for one in whole], {(one.dataset, one.name): one.boxes for one in whole}


def sampler_of(net, sequences, tracks, seed=0):
    """The pairs a network learns from; those of ref9 come with histories, the crops are the same for all."""
    near = SamplingSettings(max_gap=7)  # of every 4th frame: 28 frames at most
    options = dict(sampling=near, loose=False, seed=seed)
    if getattr(net.settings, "method", "") == "ref9":
        return HistorySampler(sequences, net.settings, net.positions(), tracks=tracks, stride=STRIDE, **options)
    return PairSampler(sequences, net.settings, net.positions(), **options)


# of NetworkSettings and those of the compared methods: what no crop depends on
OF_THE_NET = {
    "method",
    "visible",
    "width",
    "region",
    "head",
    "stride",
    "backbone_norm",
    "conv5_relu",
    "correlation_scale",
}
OF_THE_NET |= {"fusion", "fusion_pool", "fusion_kernel", "anchor_base", "anchor_size", "anchor_ratios"}


def crops_alike(settings):
    """A text that is equal for settings whose samplers cut the same crops: all that is not known to be the net's alone."""
    return f"{settings.planes} planes, {settings.model_dump_json(exclude=OF_THE_NET)}"


@lru_cache(maxsize=1)
def crops_of(alike, profile, fold, study_seed, seed):
    """The dict in which trainings on the same crops keep them (`PairSampler.kept`): that of the last kind of crops alone."""
    return {}


def by_crops(names):
    """The names in an order in which those that learn from the same crops follow each other."""
    inputs = [protocol.parse(name)[1] for name in names]
    return sorted(names, key=lambda name: inputs.index(protocol.parse(name)[1]))


def learn(
    name,
    profile,
    results,
    *,
    fold=0,
    seed=0,
    study_seed=0,
    batch=8,
    precision="auto",
    workers=0,
    progress=True,
    watch=None,
    keep=False,
):
    """Trains one compared method on one fold; returns its history, a row a step, also when it was there already.

    The weights go to protocol.weights_path, those of a few early steps beside them. What is there already, made with the same
    settings by the same code, is left as it is; a run that was killed goes on from its checkpoint.
    seed: of weights and pairs; study_seed: of sequences and folds; precision: as TrainingSettings.precision; watch: as in
    `training.loop.train`. keep: keep the crops in memory for the next call (`by_crops`), which learns the same from them as
    from its own. Raises ValueError for an unknown name, or a checkpoint of other settings.
    """
    settings, plan = network_settings(name, profile.width), schedule(profile, seed, batch, precision)
    path = protocol.weights_path(results, fold, seed, name=name)
    log = path.with_suffix(".csv")
    key = {"name": name, "fold": fold, "seed": seed, "study_seed": study_seed, "frames": profile.frames}
    key |= {"network": settings.model_dump(mode="json"), "training": plan.model_dump(mode="json")}
    key["code"] = code = dependencies.digest(__file__)
    if path.is_file() and log.is_file() and read_card(path).get("key") == key:
        return pd.read_csv(log)
    command = f"{protocol.command(name, profile, fold, seed, study_seed)} --batch {batch} --precision {precision}"
    card = {"command": command, "seeds": [seed]} | provenance()
    card |= {"data": f"simulated, training sequences of fold {fold}", "key": key}
    net = new_network(settings, seed)
    sampler = sampler_of(net, *training_sequences(profile, fold, study_seed), seed)
    if keep and not workers and plan.iterations <= KEPT:
        sampler.kept = crops_of(crops_alike(settings), profile, fold, study_seed, seed)
    checkpoint = Path(results) / "checkpoints" / f"{path.stem}_{code}.safetensors"  # other code goes on with no other's
    save_weights(net, protocol.weights_path(results, fold, seed, 0, name))
    for mark in sorted({max(1, round(plan.iterations * share)) for share in SHARES}):
        options = dict(checkpoint=checkpoint, workers=workers, stop_after=mark, progress=progress, watch=watch)
        history = train(net, sampler, plan, **options)
        if len(history) == mark < plan.iterations:  # a resumed run may be further already
            save_weights(net.cpu(), protocol.weights_path(results, fold, seed, mark, name))
    history.to_csv(log, index=False)
    last = protocol.weights_path(results, fold, seed, plan.iterations, name)
    save_weights(net.cpu(), last, card)
    # last: it says that all is there; the same file to the byte: what was tracked with one need not be with the other
    write_whole(path, last.read_bytes())
    for old in checkpoint.parent.glob(f"{path.stem}_*.safetensors"):
        old.unlink()
    return history


def train_missing(profile, results, names=None, *, seed=0, progress=None):
    """Trains those of `protocol.runs` that left no weights yet; returns them in that order. What is there is taken, whatever
    made it.

    names: trackers; those that are no compared methods need no training. progress: e.g. tqdm, wraps the list.
    """
    names = None if names is None else [name for name in names if name in protocol.TRAINED]
    every = protocol.runs(profile, names, seed)
    missing = [run for run in every if not protocol.weights_path(results, *run[1:], name=run[0]).is_file()]
    ordered = sorted(missing, key=lambda run: (run[1:], by_crops([one[0] for one in missing]).index(run[0])))
    for name, fold, run_seed in progress(ordered) if progress and ordered else ordered:
        learn(name, profile, results, fold=fold, seed=run_seed, study_seed=seed, progress=False, keep=len(ordered) > 1)
    crops_of.cache_clear()
    return ordered
