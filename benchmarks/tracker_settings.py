"""The score of `motion` against each of its settings, the others as they are: is any of them where the score falls steeply?

    python benchmarks/tracker_settings.py [--jobs 2] --out data/results/tracker_settings

Tracked are sequences that no other table reports: clips of the Svanstrom training list at every 6th frame, as they are, with
cuts, and through a window that is knocked about; simulated sequences of seed 78; and faint targets, of SNR 3. AO of each of
the five, and their mean. settings.csv has a row for every value, settings.svg the plots, a dot at the value in use.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from limits import sequence_of
from tqdm import tqdm
from tracker_parts import knocked, with_cuts

from irtrack_core import datasets, evaluation, trackers
from irtrack_core.config import TrackerSettings
from irtrack_core.datasets import in_memory, subsample
from irtrack_core.experiments.cached import write_card
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.trackers.shipped import MOTION

VALUES = {
    "kalman": (False, True),
    "hypotheses": (1, 2, 5, 10),
    "window_influence": (0.1, 0.3, 0.5),
    "penalty": (0.0, 0.1, 0.3, 1.0),
    "velocity_rate": (0.1, 0.3, 0.6),
    "velocity_decay": (0.8, 0.95, 1.0),
    "size_rate": (0.0, 0.03, 0.06, 0.15),
    "size_dead_zone": (0.0, 0.15, 0.3, 0.5),
    "vote_radius": (0.0, 0.15, 0.3, 0.6),
    "alignment_rounds": (0, 1, 3),
    "mend": (0.0, 0.25, 0.5, 1.0),
    "camera_tile": (0, 128, 256),
    "lost_below": (0.02, 0.1, 0.3),
    "doubt_drop": (1.5, 3.0, 5.0),
    "candidates": (0, 4, 8, 16),
    "confirm_frames": (1, 3, 6),
    "return_frames": (0, 30, 60, 120),
    "surroundings": (0, 320, 640),
}
COSINE = ("window_influence", "velocity_rate")  # of use without the Kalman filter alone


@lru_cache(maxsize=1)
def sets():
    """{name: list of sequences in memory}."""
    clips = [in_memory(subsample(one, 6)) for one in datasets.load("svanstrom", split="train")[6::15]]
    rng = np.random.default_rng(78)
    simulated = [one for name in datasets.SIMULATED for one in datasets.load(name, frames=40, sequences=3, seed=78)]
    return {
        "real": clips,
        "real, cuts": [with_cuts(one, rng) for one in clips],
        "real, knocked": [knocked(one, rng) for one in clips],
        "simulated": [in_memory(one) for one in simulated],
        "SNR 3": [in_memory(sequence_of(label, 3, 200 + k)) for label in ("point", "5 px") for k in range(4)],
    }


def score(setting, value):
    """The row of a setting's value: AO by set, and their mean."""
    limit_threads()
    base = MOTION.replace(kalman=False) if setting in COSINE else MOTION
    tracker, row = trackers.create("motion", settings=base.replace(**{setting: value}), threads=1), {}
    for name, sequences in sets().items():
        table = evaluation.evaluate([evaluation.run(tracker, one) for one in sequences], sequences)
        row[name] = float(table["aor"].mean())
    return {"setting": setting, "value": value} | row | {"mean": float(np.mean([*row.values()]))}


def draw(table, path):
    """One small plot a setting: the mean in black, the sets behind it."""
    names = [name for name in table.columns if name not in ("setting", "value", "mean")]
    figure, axes = plt.subplots(6, 3, figsize=(9, 13), sharey=True, layout="constrained")
    for ax, (setting, rows) in zip(axes.ravel(), table.groupby("setting", sort=False)):
        x = np.arange(len(rows))
        for name in names:
            ax.plot(x, rows[name], lw=1, label=name)
        ax.plot(x, rows["mean"], "k", lw=2, label="mean of the sets")
        used = rows["value"].astype(str).tolist().index(str(getattr(MOTION, setting)))
        if setting not in COSINE:
            ax.plot(used, rows["mean"].iloc[used], "ko")
        ax.set_xticks(x, rows["value"].astype(str))
        ax.set_title(setting + (" (without the Kalman filter)" if setting in COSINE else ""), fontsize=9)
    for ax in axes[:, 0]:
        ax.set_ylabel("AO")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2, help="settings that are tried side by side")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    options = parser.parse_args()
    if datasets.data_root() is None:
        parser.error("IRTRACK_DATA does not name the folder of the Svanstrom set: see docs/own_data.md")
    if missing := set(TrackerSettings.model_fields) ^ set(VALUES):
        parser.error(f"no values for, or no such setting: {', '.join(sorted(missing))}")
    made_by = provenance()
    work = [(setting, value) for setting, values in VALUES.items() for value in values]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        rows = list(tqdm(pool.map(score, *zip(*work)), total=len(work)))
    table = pd.DataFrame(rows).round(3)
    options.out.mkdir(parents=True, exist_ok=True)
    table.to_csv(options.out / "settings.csv", index=False)
    write_card(
        options.out / "settings.csv", " ".join(["python", "benchmarks/tracker_settings.py", *sys.argv[1:]]), made_by
    )
    draw(table, options.out / "settings.svg")
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
