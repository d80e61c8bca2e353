"""How every shipped file of weights was made: `python -m irtrack_core.experiments.recipes NAME` makes it again.

compact-sim   preset `compact`, simulation alone: rebuilt by anyone, nothing to download
compact       preset `compact`, simulation and the CC0 real set (its training list; IRTRACK_DATA names the folder)
motion        `compact` with D of the filter in time as third input, trained on from its weights with the same data

Weights of the preset `paper` are made by notebook 05.
"""

import argparse
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch

from irtrack_core import datasets, evaluation
from irtrack_core.config import SamplingSettings, TrainingSettings, network_preset
from irtrack_core.datasets import in_memory, subsample
from irtrack_core.datasets.synthetic import random_sequence
from irtrack_core.experiments import calibration
from irtrack_core.network.siamese_net import SiameseNet
from irtrack_core.network.weights import SHIPPED, fill, load_weights, read_card, save_weights
from irtrack_core.provenance import provenance
from irtrack_core.trackers.siamese import SiameseTracker
from irtrack_core.training.export import graphs
from irtrack_core.training.loop import new_net, train
from irtrack_core.training.paste_targets import transplant
from irtrack_core.training.sampling import MixedSampler, PairSampler, SequenceStream

# seeds of training sequences start here; the simulated sets of the experiments are drawn from another sequence of seeds
TRAINING_SEED = 10_000_019


def simulated_stream(*, frames=4, gap=6, pool=64, seed=0):
    """Random simulated sequences for training: `frames` frames each, `gap` apart, held in memory while they are used."""
    return SequenceStream(partial(_simulated, frames, gap, seed), pool)


def _simulated(frames, gap, seed, number):
    rng = np.random.default_rng([TRAINING_SEED, seed, number])
    return in_memory(random_sequence(rng, frames=1 + (frames - 1) * gap), gap)


def transplanted_stream(real, *, frames=4, gap=6, pool=64, seed=0):
    """Targets of the `real` sequences in random simulated scenes, see `transplant`; in memory while they are used."""
    scenes = simulated_stream(frames=frames, gap=gap, seed=seed + 1000).make
    return SequenceStream(partial(_transplanted, real, scenes, seed), pool)


def _transplanted(real, scene, seed, number):
    rng = np.random.default_rng([TRAINING_SEED, seed, number, 1])
    return transplant(real[rng.integers(len(real))], scene(number), rng)


# any two frames of a sequence, cuts between them included; a quarter of the search crops without target, most of those where
# the filter sees something, as a tracker that looks for a lost target will
PAIRS = SamplingSettings(
    max_gap=300, negatives=0.25, hard_negatives=0.7, scale=0.4, photometric=0.6, transpose=0.5, noise=0.0
)


# the weights each goes on from, the rate of its first step, the frames of a simulated sequence and the gap between them, the
# share of pairs with a wrongly drawn template
FROM_SCRATCH, TRAINED_ON = (None, 0.02, 4, 6, 0.0), ("compact", 0.005, 7, 4, 0.5)
MADE_OF = {"compact": FROM_SCRATCH, "compact-sim": FROM_SCRATCH, "motion": TRAINED_ON}


def compact_sampler(settings, positions, *, real=None, seed=0, frames=4, gap=6, misdrawn=0.0):
    """Pairs for the preset `compact`: simulated ones, and where `real` sequences are given three in four from those.

    A quarter has real targets in simulated scenes. Some boxes of real targets are redrawn too, tighter or looser, the same
    way in both frames: how loose a box is must be read off the template, for annotators differ. frames, gap: of simulated
    sequences, see `simulated_stream`. misdrawn: share of pairs whose template is cut by a wrong box.
    """
    pairs = PAIRS.replace(misdrawn=misdrawn)
    options, length = dict(settings=settings, positions=positions, seed=seed), dict(frames=frames, gap=gap, seed=seed)
    simulated = PairSampler(simulated_stream(**length), sampling=pairs, **options)
    if not real:
        return simulated
    moved = PairSampler(transplanted_stream(real, **length), sampling=pairs.replace(looseness=(0.8, 1.4)), **options)
    given = PairSampler(real, sampling=pairs, loose=False, **options)
    redrawn = PairSampler(real, sampling=pairs.replace(looseness=(0.75, 1.5)), **options)
    return MixedSampler([simulated, moved, given, redrawn], [0.25, 0.25, 0.3, 0.2], seed=seed)


def scores(net, response):
    """What the card tells of a net: its tracker on ten sequences of each simulated set, and on the real validation list
    where IRTRACK_DATA has it; one pass, means over sequences. response: see `calibration.size_shrinkage`."""
    sets = {name: datasets.load(name, frames=60, seed=3) for name in datasets.SIMULATED}
    if datasets.data_root() is not None:
        sets["svanstrom validation"] = datasets.load("svanstrom")
    tracker, rows = SiameseTracker(net, size_line=response), {}
    for name, sequences in sets.items():
        table = evaluation.evaluate([evaluation.run(tracker, one) for one in sequences], sequences)
        rows[name] = {key: round(float(table[key].mean()), 3) for key in ("aor", "sr50", "p3", "p5", "p20")}
    return rows


def calibrate(net, real=None, *, sequences=10, frames=40):
    """{"size", "gain", "offset", "frames"}: `calibration.size_shrinkage`, and `calibration.platt` once sizes are corrected by
    it, for a net's tracker on sequences of its own kind.

    real: sequences, see `thinned`. Simulated ones of other seeds than those of `scores`, so many of each set, are the other
    kind; each weighs as much. Raises ValueError where the net finds nothing, or all, of them.
    """
    options = dict(sequences=sequences, frames=frames, seed=11)
    kinds = [[one for name in datasets.SIMULATED for one in datasets.load(name, **options)], *([real] if real else [])]
    rng, tracker = np.random.default_rng([TRAINING_SEED, 4]), SiameseTracker(net)
    size, _ = _fitted(calibration.size_shrinkage, [calibration.sizes(tracker, kind, rng) for kind in kinds])
    tracker = SiameseTracker(net, size_line=size)
    results = [[evaluation.run(tracker, one) for one in kind] for kind in kinds]
    line, frames = _fitted(calibration.platt, [calibration.outcomes(*each) for each in zip(results, kinds)])
    return {"size": size, "gain": line[0], "offset": line[1], "frames": frames}


def thinned(real):
    """Every other one of the real training sequences, every 6th frame, in memory. They were trained on: their scores are a
    little too good."""
    return [in_memory(subsample(one, 6), to_learn=True) for one in real[::2]]


def _fitted(fit, kinds):
    """(line rounded to 4 digits, frames of each kind): fit(x, y, weights) to pairs of arrays (x, y), each of which weighs as
    much as the others."""
    frames = [len(x) for x, _ in kinds]
    if not all(frames):
        raise ValueError("the net sees no target of one kind")
    weights = np.concatenate([np.full(n, 1 / n) for n in frames])
    return [round(value, 4) for value in fit(*map(np.concatenate, zip(*kinds)), weights)], frames


def rescore(name, path):
    """Calibrate and score the weights at `path` again with the present code, and write both into their card."""
    net, card = load_weights(path), read_card(path)
    real = None if name == "compact-sim" else datasets.load("svanstrom", split="train")
    if real is None:
        card["recordings"] = []
    card["calibration"] = calibrate(net, real and thinned(real))
    card |= {"scores": scores(net, card["calibration"]["size"]), "scored_at": provenance()["commit"]}
    save_weights(net, path, card, graphs(net, int8=True))
    return card


def with_time(net):
    """A copy of a SiameseNet with D of the filter in time as one more input, which counts for nothing yet."""
    settings = net.settings.replace(inputs=(*net.settings.inputs, "temporal"))
    tensors = {name: tensor.numpy().copy() for name, tensor in net.state_dict().items()}
    first = tensors["backbone.conv1.0.weight"]
    tensors["backbone.conv1.0.weight"] = np.concatenate([first, np.zeros_like(first[:, :1])], axis=1)
    return fill(SiameseNet(settings), tensors, "the widened net")


def build(name, out, *, iterations=8000, seed=0, workers=1, checkpoint=None, progress=True):
    """Train the weights `name`, one of MADE_OF, and write them to `out` with their card; returns the net."""
    before, rate, frames, gap, misdrawn = MADE_OF[name]
    net = (
        with_time(load_weights(SHIPPED / f"{before}.safetensors"))
        if before
        else new_net(network_preset("compact"), seed)
    )
    training = TrainingSettings(
        iterations=iterations,
        batch=32,
        lr_first=rate,
        hardest=0.1,
        freeze=0.0 if before else 0.2,
        precision="float32",
        seed=seed,
    )
    real = None
    if name != "compact-sim":
        real = [in_memory(one, 4, to_learn=True) for one in datasets.load("svanstrom", split="train")]
    sampler = compact_sampler(
        net.settings, net.positions(), real=real, seed=seed, frames=frames, gap=gap, misdrawn=misdrawn
    )
    history = train(net, sampler, training, checkpoint=checkpoint, workers=workers, progress=progress)
    tail = history.tail(max(1, iterations // 20))
    known = calibrate(net.cpu(), real and thinned(datasets.load("svanstrom", split="train")))
    card = {
        "name": name,
        **({"from": f"{before}, {read_card(SHIPPED / f'{before}.safetensors')['command']}"} if before else {}),
        "command": f"python -m irtrack_core.experiments.recipes {name} --iterations {iterations} --seed {seed}",
        "data": "simulated sequences" + (f" and {len(real)} of the Svanstrom infrared set (CC0)" if real else ""),
        "recordings": sorted({f"{one.dataset}/{one.recording}" for one in real or ()}),
        "training": training.model_dump(mode="json"),
        "loss_at_the_end": {key: round(float(tail[key].mean()), 4) for key in ("classification", "regression")},
        "calibration": known,
        "scores": scores(net, known["size"]),
        "scored_at": provenance()["commit"],
        **provenance(),
    }
    save_weights(net, out, card, graphs(net, int8=True))
    return net


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m irtrack_core.experiments.recipes", description="Train the shipped weights."
    )
    parser.add_argument("name", choices=list(MADE_OF))
    parser.add_argument("--out", type=Path, help="default: the shipped file")
    parser.add_argument("--iterations", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare batches")
    parser.add_argument("--checkpoint", type=Path, help="written as the training runs, resumed from when it exists")
    parser.add_argument("--rescore", action="store_true", help="train nothing: calibrate and score what is there again")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    out = options.out or SHIPPED / f"{options.name}.safetensors"
    if options.rescore:
        card = rescore(options.name, out)
        print(f"wrote {out}: {card['scores']}, {card['calibration']}")
        return
    keys = ("iterations", "seed", "workers", "checkpoint")
    build(options.name, out, **{key: getattr(options, key) for key in keys})
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
