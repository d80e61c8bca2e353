"""The paper's preprocessing for tracking: frames brought to 640 x 480, by letterbox or stretched, beside the native size."""

from dataclasses import replace

import pandas as pd

from irtrack_core import evaluation
from irtrack_core.datasets import in_memory, preprocess
from irtrack_core.evaluation.grouping import recording_means
from irtrack_core.evaluation.intervals import COLUMNS, bounds_of
from irtrack_core.experiments import real_sets

SIZE = (640, 480)  # width, height
KEYS = ["dataset", "tracker", "mode"]


def compare(sequences, made, *, modes=preprocess.MODES, size=SIZE, progress=None):
    """Table mode and the columns of `real_sets.measure`: each tracker on each sequence, its frames brought to `size` (W, H).

    made: name -> tracker. mode: of `preprocess.fit`, "none": native size. Boxes are brought back to the native frame before
    they are measured, so that a pixel is the same in all modes. Sequences that have the size already are left out.
    """
    rows = []
    for one in progress(sequences) if progress else sequences:
        if one.shape == size[::-1]:
            continue
        held = in_memory(one)
        for mode in modes:
            placed, resized = preprocess.fit(one.shape, size, mode), preprocess.resize(held, size, mode)
            results = [evaluation.run(tracker, resized) for tracker in made.values()]
            back = [replace(r, tracker=name, boxes=placed.restore(r.boxes)) for name, r in zip(made, results)]
            rows.append(real_sets.measure(back, [one]).assign(mode=mode))
    table = pd.concat(rows, ignore_index=True)
    return table[["mode", *table.columns.drop("mode")]]


def means(table):
    """Table of `real_sets.means` for each mode: means over recordings, first within each."""
    parts = [real_sets.means(part).assign(mode=mode) for mode, part in table.groupby("mode", sort=False)]
    made = pd.concat(parts, ignore_index=True)
    return made[[*KEYS, *made.columns.drop(KEYS)]].sort_values(["dataset", "tracker"], kind="stable", ignore_index=True)


def changes(table, rng, measures=("p5", "aor")):
    """Table dataset, tracker, mode, measure, recordings, mean, low, high, kind: what a mode changes against native size.

    Paired by recording; mean to kind: of `evaluation.paired_interval`. A measure that a set does not have is left out.
    """
    each, rows = recording_means(table, measures, KEYS), []
    for (dataset, tracker), part in each.groupby(["dataset", "tracker"], sort=False):
        by_mode = {mode: p.set_index("recording") for mode, p in part.groupby("mode", sort=False)}
        native = by_mode.pop("none")
        for mode, other in by_mode.items():
            for measure in [m for m in measures if native[m].notna().all()]:
                values = other.loc[native.index, measure], native[measure]
                found = evaluation.paired_interval(*values, rng=rng, bounds=bounds_of(measure))
                rows.append([dataset, tracker, mode, measure, *found.row()])
    return pd.DataFrame(rows, columns=["dataset", "tracker", "mode", "measure", *COLUMNS])
