"""Training to convergence: does more of it help, and does region selection need more than a score map?

The preset `paper` and its twin without region selection learn from the same pairs, once for the paper's 1000 iterations and
once for many more; at a few marks on the way both track the test sequences of the fold, in the bare frame of the compared
methods.

`python -m irtrack_core.experiments.convergence --out FOLDER` runs it. It can be stopped at any time and goes on where it
was; what it wrote holds the marks reached so far.
"""

from functools import partial
from pathlib import Path

import pandas as pd
from pydantic import Field
from tqdm import tqdm

from irtrack_core import evaluation
from irtrack_core.config import PROFILES, PyramidSettings, Settings, TrackerSettings, network_preset, training_preset
from irtrack_core.datasets import in_memory
from irtrack_core.experiments import cached, dependencies, protocol
from irtrack_core.experiments.compared import train_methods
from irtrack_core.experiments.compared.notes import BARE, BARE_REGION
from irtrack_core.provenance import provenance
from irtrack_core.trackers.pyramid import PyramidTracker
from irtrack_core.trackers.siamese import SiameseTracker
from irtrack_core.training.loop import new_net, train

NETWORKS = {"region selection": True, "score map": False}
SCHEDULES = ("paper", "convergence")  # of config.training_preset
MEASURES = ["aor", "p3", "p5", "p20"]


class ConvergenceSettings(Settings):
    """How long is trained, and how large the networks are."""

    width: float = Field(0.125, gt=0, le=4, description="width factor of the networks")
    iterations: int = Field(4000, ge=1, description="of the long schedule")
    batch: int = Field(8, ge=1)
    fold: int = Field(0, ge=0, le=4)
    seed: int = Field(0, ge=0, description="of sequences, folds, weights and pairs")
    frames: int = Field(40, ge=2, description="of every sequence")


def marks(iterations):
    """Iterations at which a training is looked at: 200, 500, 1000, 2000, ... and its end.

    >>> marks(3000)
    [200, 500, 1000, 2000, 3000]
    """
    steps = [part * 10**decade for decade in range(2, 7) for part in (1, 2, 5)]
    return [step for step in steps if 200 <= step < iterations] + [iterations]


def schedule(name, settings):
    """TrainingSettings of one of SCHEDULES: the paper's 1000 iterations (fewer if fewer are asked for), or the long one."""
    same = dict(batch=settings.batch, seed=settings.seed)
    if name == "paper":
        return training_preset(name, iterations=min(1000, settings.iterations), **same)
    return training_preset(name, iterations=settings.iterations, **same)


def jobs(settings):
    """[(schedule, mark, network)] in the order in which they are run: both networks reach a mark before the next."""
    return [
        (name, mark, network)
        for name in SCHEDULES
        for mark in marks(schedule(name, settings).iterations)
        for network in NETWORKS
    ]


def run_mark(name, mark, network, settings, checkpoint, test):
    """Train `network` by the schedule `name` up to iteration `mark`, from its checkpoint on, and track the sequences `test`.

    A table with a row a sequence. The losses are means over the last twentieth of the iterations so far.
    """
    plan, region = schedule(name, settings), NETWORKS[network]
    net = new_net(network_preset("paper", width=settings.width, region=region), settings.seed)
    profile = PROFILES["quick"].replace(frames=settings.frames)
    sampler = train_methods.sampler_of(
        net, *train_methods.training_sequences(profile, settings.fold, settings.seed), settings.seed
    )
    history = train(net, sampler, plan, checkpoint=checkpoint, stop_after=mark, progress=False)
    if region:
        tracker = SiameseTracker(net.cpu(), settings=TrackerSettings(**BARE_REGION))
    else:
        tracker = PyramidTracker(net.cpu(), settings=PyramidSettings(**BARE))
    table = evaluation.evaluate([evaluation.run(tracker, one) for one in test], test)
    last = history.tail(max(1, len(history) // 20))
    made = {"network": network, "schedule": name, "iterations": plan.iterations, "step": mark}
    made |= {loss: last[loss].mean() for loss in ("classification", "regression")}
    return table[["dataset", "sequence", *MEASURES]].assign(**made)[[*made, "dataset", "sequence", *MEASURES]]


def run(settings, folder, *, progress=None, reached=None):
    """The whole study, one file a mark below `folder`; marks that are there, made with these settings by this code, are kept.

    Returns the table. progress: e.g. tqdm, wraps the list of jobs. reached: called with the table so far after each mark.
    """
    folder, tables = Path(folder), []
    key = cached.key(settings=settings.model_dump(), code=dependencies.digest(__file__))
    profile, test = PROFILES["quick"].replace(frames=settings.frames, folds=settings.fold + 1), None
    for name, mark, network in progress(jobs(settings)) if progress else jobs(settings):
        stem = f"{name}_{network.replace(' ', '-')}"
        path = folder / f"{stem}_{mark:06d}_{key}.csv"
        if test is None and not path.exists():
            test = [in_memory(one) for one in protocol.test_folds(profile, settings.seed)[settings.fold][2]]
        checkpoint = folder / f"{stem}_{key}.safetensors"
        make = partial(run_mark, name, mark, network, settings, checkpoint, test)
        tables.append(cached.table(path, make))
        if reached is not None:
            reached(pd.concat(tables, ignore_index=True))
    return pd.concat(tables, ignore_index=True)


def main(arguments=None):
    settings, chosen, command = cached.command_line(
        "irtrack_core.experiments.convergence",
        __doc__.splitlines()[0],
        ConvergenceSettings,
        arguments,
        out="folder: OUT/simulated.csv, and OUT/marks/ to resume from",
    )
    made_by, out = provenance(), chosen["out"]

    def keep(table):
        table.to_csv(out / "simulated.csv", index=False, float_format="%.6g")
        done = {"settings": settings.model_dump(), "marks": len(table.groupby(["schedule", "step", "network"]))}
        cached.write_card(out / "simulated.csv", command, made_by, **done, of=len(jobs(settings)))

    table = run(settings, out / "marks", progress=lambda given: tqdm(given, desc="marks"), reached=keep)
    print(table.groupby(["schedule", "network", "step"], sort=False)[MEASURES].mean().round(3).to_string())


if __name__ == "__main__":
    main()
