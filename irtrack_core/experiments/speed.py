"""Frames per second, eq. (16): measured so that it can be believed, and the machine it was measured on."""

import os
import platform
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from unittest.mock import patch

import pandas as pd

from irtrack_core import evaluation, filtering
from irtrack_core.datasets import in_memory
from irtrack_core.experiments import study
from irtrack_core.experiments.compared import gated, kcf
from irtrack_core.trackers import peak
from irtrack_core.training.sampling import CropMaker

STAGES = ("filter", "crops", "network", "rest")


def measure(sequences, names, results, *, fold=0, seed=0, repeats=3, warmup=5, made=None, progress=None):
    """Table dataset, tracker, repeat, frames, seconds, fps: eq. (16) for each set, end to end, `repeats` times over.

    Timed are the calls of update: filter, crops, network and decoding, not the reading of files. Before a tracker is
    timed it runs over `warmup` frames of each sequence, so that no first call counts. What comes off the device as an array
    has been waited for. made: name -> tracker, where it is at hand.
    """
    held = [in_memory(one) for one in sequences]
    made = made or {name: study.make_tracker(name, results, fold, seed) for name in names}
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


class Clock:
    """Adds up the time of nested stages, each without the stages inside it."""

    def __init__(self):
        self.seconds, self.open = dict.fromkeys(STAGES, 0.0), []

    def timed(self, function, stage):
        """The function, its time counted as that stage's."""

        def run(*arguments, **options):
            begin, inner = perf_counter(), [0.0]
            self.open.append(inner)
            try:
                return function(*arguments, **options)
            finally:
                whole = perf_counter() - begin
                self.open.pop()
                self.seconds[stage] += whole - inner[0]
                if self.open:
                    self.open[-1][0] += whole

        return run


@contextmanager
def _clocked(tracker, clock):
    """While this is open, the clock counts the tracker's filter, crops and network."""
    filtered = clock.timed(filtering.filter_window, "filter")
    with ExitStack() as stack:
        for place in (filtering, peak, kcf, gated):  # these import the function by name
            stack.enter_context(patch.object(place, "filter_window", filtered))
        stack.enter_context(patch.object(CropMaker, "__call__", clock.timed(CropMaker.__call__, "crops")))
        if hasattr(tracker, "engine"):
            stack.enter_context(patch.object(tracker.engine, "search", clock.timed(tracker.engine.search, "network")))
        yield clock.timed(tracker.update, "rest")


def stages_of(tracker, sequences):
    """Dict stage -> ms of one tracker, see `stages`; one pass over the sequences, as warm as the tracker is."""
    clock, frames = Clock(), 0
    for one in sequences:
        tracker.init(one.frames[one.first], one.boxes[one.first])
        with _clocked(tracker, clock) as update:
            for number in range(one.first + 1, len(one)):
                update(one.frames[number])
        frames += len(one) - one.first - 1
    return {stage: 1e3 * seconds / frames for stage, seconds in clock.seconds.items()}


def stages(sequences, names, results, *, fold=0, seed=0, warmup=5, progress=None):
    """Table tracker, stage, ms: milliseconds a frame in the filter, in the other work on crops, in the network, and the rest.

    The rest is checking the frame, decoding and choosing the box. Means over all frames of all sequences, one pass after a
    warm-up; the clock itself costs a few microseconds a stage.
    """
    held, rows = [in_memory(one) for one in sequences], []
    for name in progress(names) if progress else names:
        tracker = study.make_tracker(name, results, fold, seed)
        evaluation.run(tracker, study.head(held[0], warmup + 1))
        rows += [(name, stage, ms) for stage, ms in stages_of(tracker, held).items()]
    return pd.DataFrame(rows, columns=["tracker", "stage", "ms"])


def hardware():
    """The processor's name as far as the system tells it, and the number of cores."""
    name = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").is_file():  # Linux knows the model, other systems have said all they know
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores"
