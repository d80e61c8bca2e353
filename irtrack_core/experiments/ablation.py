"""The ablation: filter off/on x feature fusion off/on x region selection off/on, each cell trained and tracked for itself.

The paper asserts that each part helps and shows no ablation. Here every cell gets the same sequences, pairs, schedule and
motion model, and no re-detection (whose candidates come from the filter). What differs:

- filter off: the image I goes in, instead of the preset's inputs;
- fusion off: conv5 alone, normalised and mixed as before, instead of conv3, conv4 and conv5;
- region selection off: a score map, and a pyramid of scales for the size, instead of anchors and box offsets.

`python -m irtrack_core.experiments.ablation simulated --out FOLDER` runs the study. It can be stopped at any time and
goes on where it was.
"""

import itertools
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field
from tqdm import tqdm

from irtrack_core import datasets, evaluation
from irtrack_core.config import (
    PROFILES,
    FilterSettings,
    PyramidSettings,
    SamplingSettings,
    Settings,
    TrackerSettings,
    TrainingSettings,
    network_preset,
)
from irtrack_core.datasets import in_memory
from irtrack_core.evaluation.grouping import with_recording
from irtrack_core.evaluation.intervals import COLUMNS, bounds_of
from irtrack_core.experiments import cached, dependencies, study
from irtrack_core.experiments.compared.train_methods import KEPT
from irtrack_core.provenance import provenance
from irtrack_core.trackers.pyramid import PyramidTracker
from irtrack_core.trackers.siamese import SiameseTracker
from irtrack_core.training.loop import new_net, train
from irtrack_core.training.sampling import PairSampler

FACTORS = ("filter", "fusion", "region")
CELLS = [dict(zip(FACTORS, on, strict=True)) for on in itertools.product((False, True), repeat=3)]
MEASURES = ["aor", "auc", "sr50", "sr75", "p3", "p5", "p20", "first_loss"]
STRIDE = 4  # every fourth frame is trained on: neighbours are nearly equal


class AblationSettings(Settings):
    """How large the ablation is. The defaults are `quick`: a demonstration, not a result."""

    world: Literal["simulated", "real"] = Field(
        "simulated",
        description="simulated: folds of the three simulated sets; real: Svanström's training and validation",
    )
    preset: Literal["paper", "compact"] = "paper"
    width: float = Field(0.0625, gt=0, le=4, description="width factor of the networks")
    polarity: Literal["bright", "both"] = Field(
        "bright", description="of the filter; the paper's erases targets darker than their surroundings"
    )
    iterations: int = Field(80, ge=1)
    batch: int = Field(8, ge=1)
    lr_first: float = Field(0.05, gt=0)
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="as TrainingSettings.precision")
    folds: int = Field(1, ge=1, le=5, description="of five; the real world has one, its validation list")
    seeds: int = Field(1, ge=1, description="trainings of every cell and fold")
    seed: int = Field(0, ge=0, description="the first of them; it also draws sequences and folds")
    frames: int = Field(40, ge=2, description="of every tested sequence")
    real_train: int = Field(60, ge=1, description="training sequences of the real world, spread over its list")

    @classmethod
    def of(cls, profile, **changes):
        """The settings of a config.Profile: `quick` two fifths of its steps and the defaults above, those of its 200 steps;
        `medium` and `full` its networks, folds and seeds."""
        sizes = dict(width=profile.width, iterations=profile.iterations, folds=profile.folds, seeds=profile.seeds)
        full = sizes | dict(batch=16, frames=200, real_train=1000)
        quick = dict(iterations=max(1, 2 * profile.iterations // 5))
        return cls(**({"quick": quick, "medium": sizes, "full": full}[profile.name] | changes))


def cell_name(cell):
    """`filter+region`, or `nothing`: what is switched on."""
    return "+".join(name for name in FACTORS if cell[name]) or "nothing"


def network_of(cell, settings):
    """NetworkSettings of a cell."""
    inputs = {} if cell["filter"] else {"inputs": ("image",)}
    parts = {"fusion": cell["fusion"], "region": cell["region"]}
    parts["filter"] = FilterSettings(length=None, polarity=settings.polarity)
    return network_preset(settings.preset, width=settings.width, **parts, **inputs)


# neither search elsewhere nor alignment nor watch for jumps: the trackers of all cells differ in the cell's parts alone
PLAIN = dict(kalman=False, lost_below=0.3, velocity_decay=0.8, candidates=0, alignment_rounds=0, camera_tile=0)


def tracker_of(cell, net):
    """The tracker of a cell: proposals, or a pyramid of scales; neither looks elsewhere when it has lost the target."""
    if cell["region"]:
        return SiameseTracker(
            net, settings=TrackerSettings(**PLAIN, size_rate=0.03, size_dead_zone=0.15), name=cell_name(cell)
        )
    return PyramidTracker(net, settings=PyramidSettings(**PLAIN), name=cell_name(cell))


def sequences_of(settings, fold):
    """(training sequences, test sequences) of a fold, both held in memory.

    Raises FileNotFoundError for the real world when IRTRACK_DATA names no folder with the Svanström set.
    """
    if settings.world == "real":
        listed = datasets.load("svanstrom", split="train")
        chosen = np.linspace(0, len(listed) - 1, min(settings.real_train, len(listed))).astype(int)
        learn, test = [listed[k] for k in chosen], study.real_sequences(settings.frames)
    else:
        profile = PROFILES["quick"].replace(frames=settings.frames, folds=settings.folds)
        _, learn, test = study.test_folds(profile, settings.seed)[fold]
    return [in_memory(one, STRIDE, to_learn=True) for one in learn], [in_memory(one) for one in test]


def run_cell(cell, settings, fold, seed, learn, test, *, checkpoint=None, progress=False, kept=None):
    """Train one cell on the sequences `learn`, track `test`; a table with a row a test sequence. kept: of the sampler."""
    network = network_of(cell, settings)
    net = new_net(network, seed)
    near = SamplingSettings(max_gap=28 // STRIDE)
    sampler = PairSampler(learn, network, net.positions(), sampling=near, loose=False, seed=seed)
    sampler.kept = kept
    same = {name: getattr(settings, name) for name in ("iterations", "batch", "lr_first", "precision")}
    training = TrainingSettings(**same, seed=seed)
    begin = perf_counter()
    history = train(net, sampler, training, checkpoint=checkpoint, progress=progress)
    trained = perf_counter() - begin
    tracker = tracker_of(cell, net)
    table = evaluation.evaluate([evaluation.run(tracker, one) for one in test], test)
    last = history.tail(max(1, len(history) // 20))
    made = {"world": settings.world, **cell, "fold": fold, "seed": seed, "loss": last["classification"].mean()}
    table = table[["dataset", "sequence", *MEASURES, "fps"]].assign(**made, training_s=trained)
    return table[[*made, "dataset", "sequence", *MEASURES, "training_s", "fps"]]


def run(settings, folder, *, cells=CELLS, progress=None):
    """The whole study, or some of its cells, one file a cell below `folder`; files that are there already are kept.

    Returns the table.
    A file counts only when it was made with these settings, on these sequences, by this code. progress: e.g. tqdm, wraps
    the list of (seed, fold, cell). Cells of one seed and fold follow each other, so that what is there can be compared.
    """
    folder, tables, held = Path(folder), [], (None, ((), ()))
    folds = 1 if settings.world == "real" else settings.folds
    code = dependencies.digest(__file__)
    # cells with the same input see the same crops, which are kept from one to the next where they are few
    crops, few = {}, settings.iterations * settings.batch <= 8 * KEPT
    jobs = [(settings.seed + k, fold, cell) for k in range(settings.seeds) for fold in range(folds) for cell in cells]
    for seed, fold, cell in progress(jobs) if progress else jobs:
        key = _key(settings, fold, seed, code)
        name = f"{settings.world}_{cell_name(cell)}_fold{fold}_seed{seed}"
        path = folder / f"{name}_{key}.csv"
        if not path.exists() and held[0] != fold:
            held = fold, sequences_of(settings, fold)
        place = (seed, fold, cell["filter"])
        if place not in crops:
            crops = {place: {} if few else None}
        checkpoint = path.with_suffix(".safetensors")
        make = partial(run_cell, cell, settings, fold, seed, *held[1], checkpoint=checkpoint, kept=crops[place])
        tables.append(cached.table(path, make))
        checkpoint.unlink(missing_ok=True)
    return pd.concat(tables, ignore_index=True)


def _key(settings, fold, seed, code):
    """Changes with everything a cell's result depends on, and not with how many folds and seeds are run."""
    data = str(datasets.data_root()) if settings.world == "real" else ""
    return cached.key(
        settings=settings.model_dump(exclude={"folds", "seeds"}), fold=fold, seed=seed, code=code, data=data
    )


def _cube(table, measure):
    """Values (recordings, seeds, 2, 2, 2) by factor off, on, and the number of sequences; only what every cell has."""
    place = ["dataset", "recording", "sequence"]
    wide = with_recording(table).pivot_table(index=place, columns=["seed", *FACTORS], values=measure).dropna()
    seeds = [s for s in sorted(table["seed"].unique()) if len(wide.get(s, pd.DataFrame()).columns) == len(CELLS)]
    if wide.empty or not seeds:
        raise ValueError("no sequence was tracked by all eight cells with one seed: let the study run on")
    columns = [(seed, *cell.values()) for seed in seeds for cell in CELLS]
    means = wide[columns].groupby(level=place[:2]).mean()
    return means.to_numpy().reshape(len(means), len(seeds), 2, 2, 2), len(wide)


def cell_means(table, rng, measure="aor"):
    """Mean of each cell over recordings: world, cell, filter, fusion, region, recordings, mean, low, high, kind.

    Seeds are averaged first. low, high, kind: of `evaluation.interval`.
    """
    rows = []
    for world, part in table.groupby("world", sort=False):
        cube, _ = _cube(part, measure)
        for cell in CELLS:
            values = cube[(..., *map(int, cell.values()))].mean(axis=1)
            found = evaluation.interval(values, rng=rng, bounds=bounds_of(measure))
            rows.append({"world": world, "cell": cell_name(cell), **cell} | dict(zip(COLUMNS, found.row())))
    return pd.DataFrame(rows)


def effects(table, rng, measure="aor"):
    """What switching each factor on changes, and how far two factors need each other, with intervals over recordings.

    table: of `run`. Main effect: mean with the factor on minus mean with it off, over all cells of the other two, paired
    by sequence and seed. Interaction a x b: effect of a with b on, minus that with b off. Columns: world, effect,
    recordings, change, low, high, kind, clear, seed_low, seed_high (the single seeds' extremes), sequences, seeds. low, high,
    kind: of `evaluation.interval`, seeds averaged first, so that it knows nothing of the chance in training; therefore clear
    asks that every seed by itself shows the effect, too.
    """
    rows = []
    for world, part in table.groupby("world", sort=False):
        cube, sequences = _cube(part, measure)
        contrasts = {}
        for axis, name in enumerate(FACTORS, start=2):
            contrasts[name] = np.diff(cube, axis=axis).mean(axis=(2, 3, 4))
        for (a, one), (b, two) in itertools.combinations(enumerate(FACTORS, start=2), 2):
            contrasts[f"{one} × {two}"] = np.diff(np.diff(cube, axis=a), axis=b).mean(axis=(2, 3, 4))
        for name, values in contrasts.items():
            seeds, found = values.mean(axis=0), evaluation.interval(values.mean(axis=1), rng=rng)
            row = {"world": world, "effect": name} | dict(zip(COLUMNS, found.row()))
            each = [evaluation.interval(one, rng=rng) for one in (values.T if found.clear else ())]
            # one training that failed moves every effect, in all of the recordings alike: no interval over these sees that
            row |= {
                "clear": found.clear and all(one.clear and one.mean * found.mean > 0 for one in each),
                "seed_low": seeds.min(),
                "seed_high": seeds.max(),
                "sequences": sequences,
                "seeds": len(seeds),
            }
            rows.append(row)
    return pd.DataFrame(rows).rename(columns={"mean": "change"})


def verdicts(table):
    """A sentence for each main effect of `effects`: raised, lowered, or not shown to change the measure."""
    lines = []
    for row in table[table["effect"].isin(FACTORS)].to_dict("records"):
        verb = "raises" if row["change"] > 0 else "lowers"
        shown = verb if row["clear"] else "is not shown to change"
        size = f"{row['change']:+.3f}, {row['kind']} {row['low']:+.3f} to {row['high']:+.3f}, n = {row['recordings']}"
        lines.append(f"{row['world']}: {row['effect']} {shown} the mean overlap ({size})")
    return lines


def main(arguments=None):
    settings, chosen, command = cached.command_line(
        "irtrack_core.experiments.ablation",
        __doc__.splitlines()[0],
        AblationSettings,
        arguments,
        first="world",
        out="folder: OUT/WORLD.csv, and OUT/cells/ to resume from",
        only=dict(choices=[cell_name(cell) for cell in CELLS], help="one cell instead of all eight"),
    )
    made, out, only = (
        provenance(),
        chosen["out"],
        chosen["only"],
    )  # before the run: the code may be edited while it runs
    cells = [cell for cell in CELLS if only in (None, cell_name(cell))]
    table = run(settings, out / "cells", cells=cells, progress=lambda jobs: tqdm(jobs, desc="cells"))
    table.to_csv(out / f"{settings.world}.csv", index=False, float_format="%.6g")
    cached.write_card(out / f"{settings.world}.csv", command, made, settings=settings.model_dump())
    summary = table[["aor", "p5", "p20"]].mean().to_frame().T if only else effects(table, np.random.default_rng(0))
    print(summary.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
