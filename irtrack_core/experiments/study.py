"""The experiments' common ground: which sequences, folds, trackers and weights, and where raw boxes are kept.

Raw boxes lie in results/<profile>/boxes/<dataset>/<sequence>__<tracker>__seed<n>.csv: every table of the experiments can
be computed again from them, by other code too.
"""

import hashlib
import warnings
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from irtrack_core import evaluation, metrics, trackers
from irtrack_core.boxes import iou
from irtrack_core.config import PyramidSettings, TrackerSettings
from irtrack_core.datasets import FunctionFrames, data_root, in_memory, load
from irtrack_core.datasets.unreadable import attempt
from irtrack_core.evaluation import limits
from irtrack_core.evaluation.grouping import recording_means
from irtrack_core.evaluation.intervals import COLUMNS, bounds_of
from irtrack_core.experiments import cached, dependencies
from irtrack_core.experiments.compared.notes import BARE, BARE_REGION
from irtrack_core.experiments.protocol import (
    SIMULATION_ALONE,
    TRAINED,
    boxes_path,
    parse,
    shown_steps,
    test_folds,
    weights_of,
    weights_path,
)

HOW_TO_GET_DATA = (
    "No real sequences: set IRTRACK_DATA to a folder that has them; data/README.md says where to get them."
)


def make_tracker(name, results, fold=0, seed=0, step=None):
    """The tracker `name`; a compared method with the weights of its fold and seed, which never saw the test sequences.

    The compared methods run in one bare frame (`compared.notes.BARE`). step: the weights after so many training steps.
    """
    if name == SIMULATION_ALONE:
        return trackers.create("siamese", weights=weights_of(name, results, fold, seed), name=name)
    if name not in TRAINED:
        return trackers.create(name)
    method, _ = parse(name)
    settings = TrackerSettings(**BARE_REGION) if method in ("paper", "ref14") else PyramidSettings(**BARE)
    weights = weights_path(results, fold, seed, step, name)
    return trackers.create(method, weights=weights, name=name, settings=settings)


def head(sequence, count):
    """The first `count` frames from the first annotated one on; count 0: all of them."""
    start = sequence.first
    boxes = sequence.boxes[start : start + count] if count else sequence.boxes[start:]
    frames = sequence.frames
    picked = FunctionFrames(len(boxes), frames.shape, frames.dtype, lambda index: frames[start + index])
    components = sequence.components and (lambda index: sequence.components(start + index))
    return replace(sequence, frames=picked, boxes=boxes, components=components)


def real_sequences(frames=0):
    """The validation list of the Svanström set, cut to `frames` frames each (0: whole); [] when IRTRACK_DATA is not set.

    [] and a warning when it names a folder with other sets alone. Raises FileNotFoundError when it names no folder.
    """
    root = data_root()
    if root is None:
        return []
    try:
        return [head(one, frames) for one in load("svanstrom", root)]
    except FileNotFoundError as error:
        warnings.warn(f"no Svanstrom set, which is left out: {error}", stacklevel=2)
        return []


def random_frames(sequences, count, rng, least=10):
    """[(sequence, frame)]: random sequences, each once, and a random frame of each, for pictures.

    The frame shows a target, `least` frames or more after the start: nearer to it every box still stands where it was given.
    Of a sequence that has none so late the last one is taken.
    """
    chosen = []
    for index in rng.choice(len(sequences), min(count, len(sequences)), replace=False):
        sequence = sequences[index]
        frames = np.flatnonzero(sequence.present)
        late = frames[frames >= sequence.first + least]
        chosen.append((sequence, int(rng.choice(late if late.size else frames[-1:]))))
    return chosen


def track(sequences, names, results, *, fold=0, seed=0, step=None, resets=None, made=None, progress=None):
    """The list of TrackResult of each tracker on each sequence; their raw boxes are saved.

    What is there already, made by the same code, weights and sequence, is read instead, so that a run that was killed goes
    on where it was. step: weights of that training step. resets: frames to wait after a failure, see `evaluation.run`.
    made: name -> tracker, where it is at hand. progress: e.g. tqdm, wraps the list of sequences.
    """
    trackers_of, done = dict(made or {}), []
    for sequence in progress(sequences) if progress else sequences:
        held = None
        for name in names:
            path = boxes_path(results, sequence.dataset, sequence.name, name, seed, resets is not None, step)
            key = _key(sequence, name, weights_of(name, results, fold, seed, step), resets)
            if name in (made or {}) or evaluation.provenance_of(path) != key:
                result = None if name in (made or {}) else _equal_run(sequence, name, results, fold, seed, step, resets)
                if result is None:
                    held = held or in_memory(sequence)
                    if name not in trackers_of:
                        trackers_of[name] = make_tracker(name, results, fold, seed, step)
                    result = evaluation.run(trackers_of[name], held, resets=resets)
                evaluation.save_boxes([result], path, provenance=key)
            done += evaluation.load_boxes(path)
    return done


def _equal_run(sequence, name, results, fold, seed, step, resets):
    """The saved TrackResult of a plain run that must come out the same, or None: one with the same weights under another
    name (the last training step), and for a run with resets one that never lost the target."""
    key = _key(sequence, name, weights_of(name, results, fold, seed, step), None)
    for plain in {step, None}:
        path = boxes_path(results, sequence.dataset, sequence.name, name, seed, step=plain)
        if evaluation.provenance_of(path) == key:
            (result,) = evaluation.load_boxes(path)
            if resets is None or not (evaluation.overlaps(result, sequence) == 0).any():
                return result
    return None


@lru_cache(maxsize=1)
def _code():
    return dependencies.digest(__file__)


@lru_cache(maxsize=64)
def _file_digest(path, modified):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=64)
def _pixels(sequence):
    """Hash of the first, middle and last frame: another recording, simulation or reader shows in them."""
    total = hashlib.sha256()
    for index in (0, len(sequence) // 2, len(sequence) - 1):
        frame, problem = attempt(sequence.frames, index)
        frame = np.ascontiguousarray(() if problem else frame)  # one that cannot be read now is another one later
        total.update(f"{frame.dtype}{frame.shape}".encode() + frame.tobytes())
    return total.hexdigest()


def _key(sequence, name, weights, resets):
    """Digest of what raw boxes depend on: code, weights, and the sequence: its name, boxes, size and pixels."""
    files = [] if weights is None else [weights, *sorted(weights.parent.glob(f"{weights.stem}.*.onnx"))]  # and graphs
    digests = [_file_digest(file, file.stat().st_mtime_ns) for file in files if file.is_file()]
    which = [sequence.dataset, sequence.name, sequence.shape, _pixels(sequence), sequence.boxes.tolist()]
    return cached.key(code=_code(), tracker=name, sequence=which, resets=resets, weights=digests)


def run_folds(profile, names, results, seed=0, *, resets=None, progress=None):
    """(results, sequences): every tracker on the test sequences of every fold; raw boxes are kept.

    Of several seeds (profile.seeds), only the compared methods run each: the others do not depend on it.
    """
    done, tested = [], []
    for fold, _, test in test_folds(profile, seed):
        tested += test
        for number in range(profile.seeds):
            chosen = [name for name in names if number == 0 or name in TRAINED]
            if chosen:
                options = dict(fold=fold, seed=seed + number, resets=resets, progress=progress)
                done += track(test, chosen, results, **options)
    return done, tested


def load_folds(profile, names, results, seed=0):
    """(results, sequences) as `run_folds` gave them, read from the raw boxes."""
    tested = [one for _, _, test in test_folds(profile, seed) for one in test]
    loaded = load_results(tested, names, results, seed=seed)
    for number in range(1, profile.seeds):
        loaded += load_results(tested, [name for name in names if name in TRAINED], results, seed=seed + number)
    return loaded, tested


def by_step(sequences, results, *, names=("paper",), fold=0, seed=0, profile=None, progress=None):
    """Table tracker, dataset, sequence, recording, aor, p5, p20, step: compared methods at the kept training steps,
    with a profile at those of `protocol.shown_steps`.

    Empty where no weights were kept.
    """
    chosen, rows = [(name, step) for name in names for step in shown_steps(results, fold, seed, name, profile)], []
    columns = ["tracker", "dataset", "sequence", "recording", "aor", "p5", "p20"]
    for name, step in progress(chosen) if progress else chosen:
        done = track(sequences, [name], results, fold=fold, seed=seed, step=step)
        table = evaluation.evaluate(done, sequences)
        rows.append(table[columns].assign(step=step))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=[*columns, "step"])


def load_results(sequences, names, results, *, seed=0):
    """Raw boxes that `track` kept.

    Raises FileNotFoundError when they are missing and ValueError when they were made on other sequences (the simulator
    or the seed changed since), saying which notebook makes them.
    """
    loaded = []
    for sequence in sequences:
        for name in names:
            path = boxes_path(results, sequence.dataset, sequence.name, name, seed)
            if not path.exists():
                raise FileNotFoundError(
                    f"{path} is not there yet: first run notebooks/11_experiment_overlap.ipynb with this profile and seed"
                )
            (result,) = evaluation.load_boxes(path)
            if not np.array_equal(result.boxes[0], sequence.boxes[result.start]):
                raise ValueError(
                    f"{path} was made on another version of the sequence: run notebooks/11_experiment_overlap.ipynb again"
                )
            loaded.append(result)
    return loaded


def overlap_by_frame(results, sequences):
    """Table dataset, sequence, tracker, frame (since the start, from 1), iou; frames without a target are left out."""
    by_key = {(one.dataset, one.name): one for one in sequences}
    tables = []
    for result in results:
        truth = by_key[result.dataset, result.sequence].boxes[result.start :: result.stride][: len(result.boxes)]
        frame = np.flatnonzero(~np.isnan(truth).any(axis=1))
        frame = frame[frame > 0]  # at 0 the box was given
        values = np.nan_to_num(iou(result.boxes[frame], truth[frame]))  # no box where there is a target: a miss
        table = pd.DataFrame({"frame": frame, "iou": values})
        tables.append(table.assign(dataset=result.dataset, sequence=result.sequence, tracker=result.tracker))
    return pd.concat(tables, ignore_index=True)[["dataset", "sequence", "tracker", "frame", "iou"]]


def aor_limit(sequence, frames=3):
    """The best AOR that the noise of a simulated sequence allows: the Cramér-Rao bound on a Gaussian spot's position.

    A mean over `frames` frames of `limits.best_aor` at the box's size and the target's peak SNR. It bounds trackers
    that look at one frame at a time; one that averages over frames may stand above it.
    """
    present = np.flatnonzero(sequence.present)
    values = []
    for index in present[np.linspace(0, len(present) - 1, frames).astype(int)]:
        parts = sequence.components(int(index))
        peak = float(np.abs(parts.target).max())
        if peak > 0:
            sigma = limits.cramer_rao_sigma(peak / metrics.noise_sigma(parts.image))
            values.append(limits.best_aor(sequence.boxes[index, 2:], sigma))
    return float(np.mean(values))


def with_intervals(table, rng, measure="aor", by="tracker"):
    """Means over recordings with intervals: dataset, `by`, sequences, recordings, mean, low, high, kind.

    table: dataset, sequence, `by`, the measure, and recording if known; rows of one sequence (seeds) are averaged first.
    Dataset "all" is the mean over all recordings. low, high, kind: of `evaluation.interval`.
    """
    rows, each = [], recording_means(table, [measure], [by])
    for dataset, part in [*each.groupby("dataset", sort=False), ("all", each)]:
        for name, group in part.groupby(by, sort=False):
            found = evaluation.interval(group[measure], rng=rng, bounds=bounds_of(measure))
            rows.append((dataset, name, group["sequences"].sum(), *found.row()))
    return pd.DataFrame(rows, columns=["dataset", by, "sequences", *COLUMNS])
