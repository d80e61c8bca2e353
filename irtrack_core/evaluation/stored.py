"""Evaluations in a folder: raw boxes kept as they are made, the measures of each sequence, and what they were measured on.

FOLDER/evaluation.json   trackers, sequences with the checksum of their truth, versions
FOLDER/boxes/TRACKER/DATASET/SEQUENCE.csv   of `save_boxes`
FOLDER/sequences.csv     a row for each tracker and sequence
FOLDER/table.csv         means over recordings and their intervals, a row for each set, tracker and measure
"""

import hashlib
import json
import re
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

from irtrack_core import metrics
from irtrack_core.evaluation.grouping import recording_means, recording_of
from irtrack_core.evaluation.intervals import bounds_of, interval
from irtrack_core.evaluation.protocols import run_all
from irtrack_core.evaluation.raw_boxes import ROWS, load_boxes, provenance_of, save_boxes
from irtrack_core.evaluation.runs import by_key, evaluate
from irtrack_core.evaluation.toolkits import state_accuracy
from irtrack_core.optional import Lazy

pd = Lazy("pandas", "evaluation")

# columns of the tables and what they are called
MEASURES = {
    "aor": "AO",
    "auc": "success AUC",
    "p5": "P@5",
    "p20": "P@20",
    "prec_auc": "precision AUC",
    "norm_auc": "normalised precision",
    "state": "State Accuracy",
}
# readers of formats that say that the target is absent; elsewhere a frame without a box may just not be annotated
TELL_ABSENCE = ("anti-uav", "got10k", "lasot", "uav123", "vot", "vot-tir")
SEED = 0  # of the bootstrap: the same boxes give the same intervals


def made(labels, makers):
    """The list of trackers of these labels, each called by its label. makers: {label: callable}."""
    trackers = [makers[label]() for label in labels]
    for label, tracker in zip(labels, trackers):
        tracker.name = label
    return trackers


def track_all(makers, sequences, folder, *, keys=None, processes=1, progress=None):
    """The TrackResults of several trackers over all sequences, with the first box given; boxes that are there are kept.

    makers: {label: callable that makes the tracker}, which can be pickled. folder: see the module; a sequence's boxes are
    written as soon as it is tracked, so that a run that was stopped goes on. keys: {label: text that says what the
    tracker is, e.g. the checksum of its weights}; boxes of another key, other truth or pixels of another type are made anew.
    Raises ValueError for two sequences of one name, or names that would share a file.
    """
    known, keys = by_key(sequences), keys or {}
    places = {(label, *key): boxes_path(folder, label, *key) for label in makers for key in known}
    if len(set(places.values())) < len(places):
        raise ValueError(
            "two trackers or sequences would share a file of boxes: give them names that differ in letters"
        )
    marks = {
        (label, *key): f"{keys.get(label, '')} {fingerprint(one)} {getattr(one.frames, 'dtype', '')}"
        for label in makers
        for key, one in known.items()
    }

    def missing(one):
        each = [(label, one.dataset, one.name) for label in makers]
        return tuple(key[0] for key in each if provenance_of(places[key]) != marks[key])

    def keep(_, results):
        for one in results:
            key = (one.tracker, one.dataset, one.sequence)
            save_boxes([one], places[key], provenance=marks[key])

    todo = sorted(((missing(one), key) for key, one in known.items()), key=lambda pair: pair[0])
    for labels, part in groupby(todo, key=lambda pair: pair[0]):
        if labels:
            part = [known[key] for _, key in part]
            run_all(
                partial(made, labels, makers), part, processes=min(processes, len(part)), progress=progress, keep=keep
            )
    return [replace(load_boxes(place)[0], tracker=label) for (label, *_), place in places.items()]


def boxes_path(folder, label, dataset, name):
    """Where the raw boxes of a tracker on a sequence are kept."""
    return Path(folder) / "boxes" / _plain(label) / _plain(dataset) / f"{_plain(name)}.csv"


def _plain(name):
    """A name that every file system takes: letters, digits, - _ + and dots inside it; the rest becomes _."""
    return re.sub(r"[^\w+.-]", "_", str(name)).strip(".") or "_"


def fingerprint(sequence):
    """A checksum of a sequence's true boxes and the size of its frames, 16 letters."""
    found = hashlib.sha256(f"{len(sequence)} {sequence.shape} {getattr(sequence, 'points', False)}".encode())
    for begin in range(0, len(sequence.boxes), ROWS):
        boxes = np.round(sequence.boxes[begin : begin + ROWS], 6) + 0.0  # -0 is 0
        found.update(boxes.astype("<f8").tobytes())
    return found.hexdigest()[:16]


def measured(results, sequences):
    """`evaluation.evaluate`'s table with the columns prec_auc and state, NaN where it makes no sense.

    prec_auc: mean of the precision curve, 0 to 50 px. state: Anti-UAV's State Accuracy from the first annotated frame on,
    where the format tells absence and the target is absent somewhere in the set.
    """
    known, table = by_key(sequences), evaluate(results, sequences)
    absent = {one.dataset for one in sequences if one.dataset in TELL_ABSENCE and not one.present[one.first :].all()}
    areas, states = [], []
    for one in results:
        truth = known[one.dataset, one.sequence].boxes[one.start :: one.stride][: len(one.boxes)]
        areas.append(metrics.auc(metrics.precision_curve(one.boxes[1:], truth[1:])))
        states.append(state_accuracy(one.boxes, truth) if one.dataset in absent else np.nan)
    return table.assign(prec_auc=areas, state=states)


def summary(table):
    """Means over recordings: dataset, tracker, measure, recordings, mean, low, high, kind; see `evaluation.interval`.

    table: of `measured`. A measure that no sequence of a set has is left out of it.
    """
    rows, names = [], [name for name in MEASURES if name in table]
    means = recording_means(table, names, ["tracker"])
    for (dataset, tracker), part in means.groupby(["dataset", "tracker"], sort=False):
        for name in names:
            values = part[name].dropna()
            if len(values):
                found = interval(values, rng=np.random.default_rng(SEED), bounds=bounds_of(name))
                rows.append((dataset, tracker, name, *found.row()))
    return pd.DataFrame(rows, columns=["dataset", "tracker", "measure", "recordings", "mean", "low", "high", "kind"])


def describe(sequences):
    """{"DATASET/NAME": {recording, frames, truth, points}} of sequences: what an evaluation was measured on."""
    return {
        f"{one.dataset}/{one.name}": {
            "recording": recording_of(one),
            "frames": len(one),
            "truth": fingerprint(one),
            "points": bool(getattr(one, "points", False)),
        }
        for one in sequences
    }


def load_evaluation(folder):
    """(what, table): evaluation.json and sequences.csv of a folder that `irtrack evaluate` wrote.

    Raises FileNotFoundError, or ValueError for files that are damaged.
    """
    folder = Path(folder)
    for name in ("evaluation.json", "sequences.csv"):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"no evaluation in {folder}: {name} is not there (irtrack evaluate writes it)")
    try:
        what = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
        lacking = [key for key in ("trackers", "sequences") if not isinstance(what.get(key), dict)]
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{folder / 'evaluation.json'} is damaged ({error}): evaluate again") from error
    if lacking:
        raise ValueError(f"{folder / 'evaluation.json'} lacks {lacking[0]!r}: evaluate again")
    text = dict.fromkeys(("dataset", "sequence", "recording", "tracker"), str)
    table = pd.read_csv(folder / "sequences.csv", dtype=text, keep_default_na=False, na_values=[""])
    missing = {*text, "aor", "p5"} - set(table)
    if missing:
        raise ValueError(f"{folder / 'sequences.csv'} lacks the columns {sorted(missing)}: evaluate again")
    return what, table
