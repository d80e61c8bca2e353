"""Frames per second, eq. (16): measured so that it can be believed, and the machine it was measured on."""

import os
import platform
from pathlib import Path

import pandas as pd

from irtrack_core import evaluation, study

__all__ = ["hardware", "measure"]


def measure(sequences, names, results, *, fold=0, seed=0, repeats=3, warmup=5, progress=None):
    """Table dataset, tracker, repeat, frames, seconds, fps: eq. (16) for each set, end to end, `repeats` times over.

    Timed are the calls of update: filter, crops, network and decoding, not the reading of files. Before a tracker is
    timed it runs over `warmup` frames of each sequence, so that no first call counts.
    """
    held = [study.in_memory(one) for one in sequences]
    made = {name: study.make_tracker(name, results, fold, seed) for name in names}
    turns = [(repeat, name) for repeat in range(repeats) for name in names]  # interleaved: a busy spell hits all alike
    rows = []
    for repeat, name in progress(turns) if progress else turns:
        for one in held:
            if repeat == 0:
                evaluation.run(made[name], study.head(one, warmup + 1))
            result = evaluation.run(made[name], one)
            rows.append((one.dataset, name, repeat, result.frames, result.seconds))
    table = pd.DataFrame(rows, columns=["dataset", "tracker", "repeat", "frames", "seconds"])
    table = table.groupby(["dataset", "tracker", "repeat"], sort=False, as_index=False).sum()
    return table.assign(fps=table["frames"] / table["seconds"])


def hardware():
    """The processor's name as far as the system tells it, and the number of cores."""
    name = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").is_file():  # Linux knows the model, other systems have said all they know
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores"
