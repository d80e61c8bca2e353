"""How every shipped file of weights was made: `python -m irtrack_core.recipes NAME` makes it again.

compact-sim   preset `compact`, simulation alone: rebuilt by anyone, nothing to download
compact       preset `compact`, simulation and the CC0 real set (its training list; IRTRACK_DATA names the folder)

Weights of the preset `paper` are made by notebook 05.
"""

import argparse
import platform
from pathlib import Path

import cv2
import numpy as np
import torch

from irtrack_core import datasets
from irtrack_core.config import SamplingSettings, TrainingSettings, network_preset
from irtrack_core.datasets import Sequence, subsample
from irtrack_core.datasets.synthetic import random_sequence
from irtrack_core.sampling import MixedSampler, PairSampler, SequenceStream
from irtrack_core.training import new_net, train
from irtrack_core.weights import save_weights

__all__ = ["simulated_stream", "in_memory", "compact_sampler", "build"]

# seeds of training sequences start here; the simulated sets of the experiments are drawn from another sequence of seeds
TRAINING_SEED = 10_000_019


def in_memory(sequence, stride=1):
    """Every `stride`-th frame of a sequence, read once and kept as an array: training looks at a frame many times."""
    sequence = subsample(sequence, stride) if stride > 1 else sequence
    frames = np.stack([np.asarray(sequence.frames[i]) for i in range(len(sequence))])
    return Sequence(name=sequence.name, dataset=sequence.dataset, frames=frames, boxes=sequence.boxes, fps=sequence.fps)


def simulated_stream(*, frames=4, gap=6, pool=64, seed=0):
    """Random simulated sequences for training: `frames` frames each, `gap` apart, held in memory while they are used."""

    def make(number):
        rng = np.random.default_rng([TRAINING_SEED, seed, number])
        return in_memory(random_sequence(rng, frames=1 + (frames - 1) * gap), gap)

    return SequenceStream(make, pool)


def compact_sampler(settings, positions, *, real=None, seed=0):
    """Pairs for the preset `compact`: simulated ones, and where `real` sequences are given, six in ten from those."""
    simulated = PairSampler(simulated_stream(seed=seed), settings, positions, seed=seed)
    if not real:
        return simulated
    # frames of the real set are kept at a stride of 4: 12 of those are 48 frames, 1.6 s
    true = PairSampler(real, settings, positions, loose=False, sampling=SamplingSettings(max_gap=12), seed=seed)
    return MixedSampler([simulated, true], [0.4, 0.6], seed=seed)


def build(name, out, *, iterations=3000, seed=0, workers=1, checkpoint=None, progress=True):
    """Train the weights `name` ("compact" or "compact-sim") and write them to `out` with their card; returns the net."""
    settings = network_preset("compact")
    training = TrainingSettings(iterations=iterations, batch=32, lr_first=0.02, seed=seed)
    net = new_net(settings, seed)
    real = None
    if name == "compact":
        real = [in_memory(q, 4) for q in datasets.load("svanstrom", split="train")]
    sampler = compact_sampler(settings, net.positions(), real=real, seed=seed)
    history = train(net, sampler, training, checkpoint=checkpoint, workers=workers, progress=progress)
    tail = history.tail(max(1, iterations // 20))
    card = {
        "name": name,
        "command": f"python -m irtrack_core.recipes {name} --iterations {iterations} --seed {seed}",
        "data": "simulated sequences" + (f" and {len(real)} of the Svanstrom infrared set (CC0)" if real else ""),
        "training": training.model_dump(mode="json"),
        "loss_at_the_end": {key: round(float(tail[key].mean()), 4) for key in ("classification", "regression")},
        "versions": {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()},
    }
    save_weights(net.cpu(), out, card)
    return net


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m irtrack_core.recipes", description="Train the shipped weights.")
    parser.add_argument("name", choices=["compact", "compact-sim"])
    parser.add_argument("--out", type=Path, help="default: data/weights/NAME.safetensors")
    parser.add_argument("--iterations", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare batches")
    parser.add_argument("--checkpoint", type=Path, help="written as the training runs, resumed from when it exists")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    out = options.out or Path(__file__).resolve().parents[1] / "data" / "weights" / f"{options.name}.safetensors"
    keys = ("iterations", "seed", "workers", "checkpoint")
    build(options.name, out, **{key: getattr(options, key) for key in keys})
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
