"""Simulated sets beside the real ones they stand for, in the same measures: how far apart are they?"""

import numpy as np

from irtrack_core.datasets import data_root, load
from irtrack_core.datasets.synthetic import random_sequence
from irtrack_core.imaging.image_statistics import sequence_statistics

__all__ = ["MEASURES", "TWINS", "compare", "measure", "real_twin", "training_twins"]

TWINS = {"sim-aircraft": "hui", "sim-pedestrian": "kaist", "sim-otcbvs": "otcbvs"}
# sequence_statistics -> (title, how to state the difference)
MEASURES = {
    "width": ("width, px", "ratio"),
    "height": ("height, px", "ratio"),
    "step": ("step, px a frame", "ratio"),
    "contrast": ("SCR", "ratio"),
    "spread": ("spread of grey values", "ratio"),
    "noise": ("noise, grey values", "ratio"),
    "slope": ("slope of the spectrum", "difference"),
}


def real_twin(name):
    """Sequences of the real set that a simulated one stands for, from IRTRACK_DATA; [] when they are not there.

    Single annotated images count as sequences of one frame. Raises ValueError for an unknown simulated set.
    """
    if name not in TWINS:
        raise ValueError(f"unknown simulated set {name!r}: use one of {sorted(TWINS)}")
    return _found(TWINS[name], **({"min_length": 1} if name == "sim-pedestrian" else {}))


def training_twins(count=40, *, seed=0):
    """(simulated, real): `count` random training sequences, and about as many of Svanström's training list; [] if absent.

    The validation list is left alone: nothing about the simulator may be chosen by looking at it.
    """
    rng = np.random.default_rng(seed)
    real = _found("svanstrom", split="train")
    return [random_sequence(rng) for _ in range(count)], real[:: max(1, len(real) // count)]


def _found(name, **options):
    if data_root() is None:
        return []
    try:
        return load(name, **options)
    except (FileNotFoundError, ValueError):  # the folder holds other sets
        return []


def measure(sequences, *, frames=6):
    """Statistics of each sequence that shows its target: a list of dicts, see `probes.sequence_statistics`."""
    rows = []
    for sequence in sequences:
        if sequence.present.any():
            rows.append(dict(dataset=sequence.dataset, sequence=sequence.name, frames=len(sequence)))
            rows[-1] |= sequence_statistics(sequence, frames=frames)
        if hasattr(sequence.frames, "close"):
            sequence.frames.close()
    return rows


def compare(simulated, real):
    """Rows of a table, one a measure: medians of both lists of `measure`, and their difference, stated as text.

    simulated, real: as `measure` gives them; real may be empty. Ratios are simulated over real; the range is that from
    the 10th to the 90th percentile of the sequences.
    """
    rows = []
    for key, (title, kind) in MEASURES.items():
        ours, theirs = ([row[key] for row in rows_ if np.isfinite(row[key])] for rows_ in (simulated, real))
        row = {"measure": title, "simulated": _middle(ours), "real": _middle(theirs), "difference": "not measured"}
        if ours and theirs:
            a, b = np.median(ours), np.median(theirs)
            row["difference"] = f"x {a / b:.2f}" if kind == "ratio" and b else f"{a - b:+.2f}"
        rows.append(row)
    return rows


def _middle(values):
    if not values:
        return "-"
    low, middle, high = np.percentile(values, [10, 50, 90])
    return f"{middle:.2f}" if len(values) == 1 else f"{middle:.2f} ({low:.2f} to {high:.2f})"
