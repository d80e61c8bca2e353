"""The gap between the simulated sets and the real ones they stand for: both in the same measures, and the differences."""

import numpy as np

from irtrack_core.boxes import centers
from irtrack_core.datasets import data_root, load
from irtrack_core.datasets.synthetic import random_sequence
from irtrack_core.datasets.unreadable import readable
from irtrack_core.imaging.image_statistics import fit_slope, radial_spectrum
from irtrack_core.metrics import noise_sigma, target_mask

COUNTERPARTS = {"sim-aircraft": "hui", "sim-pedestrian": "kaist", "sim-otcbvs": "otcbvs"}
LAG = 5  # frames: of a slow target annotated in whole pixels most steps from one frame to the next are 0
# of `statistics` -> (title, how to state the difference)
MEASURES = {
    "width": ("width, px", "ratio"),
    "height": ("height, px", "ratio"),
    "step": ("step, px a frame", "ratio"),
    "contrast": ("SCR", "ratio"),
    "spread": ("spread of grey values", "ratio"),
    "noise": ("noise, grey values", "ratio"),
    "slope": ("slope of the spectrum", "difference"),
}


def counterpart(name):
    """Sequences of the real set that a simulated one stands for, from IRTRACK_DATA; [] when they are not there.

    Single annotated images count as sequences of one frame. Raises ValueError for an unknown simulated set.
    """
    if name not in COUNTERPARTS:
        raise ValueError(f"unknown simulated set {name!r}: use one of {sorted(COUNTERPARTS)}")
    return _found(COUNTERPARTS[name], **({"min_length": 1} if name == "sim-pedestrian" else {}))


def training_samples(count=40, *, seed=0):
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
    """Statistics of each sequence that shows its target: a list of dicts, see `statistics`."""
    rows = []
    for sequence in sequences:
        if sequence.present.any():
            rows.append(dict(dataset=sequence.dataset, sequence=sequence.name, frames=len(sequence)))
            rows[-1] |= statistics(sequence, frames=frames)
        if hasattr(sequence.frames, "close"):
            sequence.frames.close()
    return rows


def statistics(sequence, *, frames=6):
    """Measures of a sequence's difficulty, a dict: medians over up to `frames` frames that show the target.

    width, height: of the box, pixels; step: of the centre, pixels a frame, the mean over spans of `LAG` frames; contrast:
    largest |difference| inside the box from the mean of a surround 10 pixels wide, over the surround's standard deviation
    (SCR); spread: standard deviation of the frame; noise: `metrics.noise_sigma`, grey values; slope: of the spectrum from
    0.03 to 0.2 cycles per pixel. NaN where it cannot be measured. Raises ValueError when no frame shows the target.
    """
    seen = np.flatnonzero(sequence.present)
    if not len(seen):
        raise ValueError(f"sequence {sequence.name} never shows its target")
    rows = []
    for i, frame in readable(sequence, seen[np.unique(np.linspace(0, len(seen) - 1, frames).astype(int))]):
        image = frame.astype(np.float64)
        slope = fit_slope(*radial_spectrum(image), 0.03, 0.2)[0]
        rows.append((_contrast(image, sequence.boxes[i]), image.std(), noise_sigma(frame), slope))
    contrast, spread, noise, slope = np.nanmedian(rows, axis=0)
    width, height = np.nanmedian(sequence.boxes[:, 2:], axis=0)
    step = _step(centers(sequence.boxes))
    return dict(width=width, height=height, step=step, contrast=contrast, spread=spread, noise=noise, slope=slope)


def _step(places):
    """Pixels a frame of places (N, 2), the mean; NaN where no two frames within `LAG` show the target."""
    for lag in range(min(LAG, len(places) - 1), 0, -1):
        steps = np.hypot(*(places[lag:] - places[:-lag]).T) / lag
        if np.isfinite(steps).any():
            return float(np.nanmean(steps))
    return np.nan


def _contrast(image, box):
    inside, near, wide = (target_mask(image.shape, box, grow=grow) for grow in (0, 2, 12))
    around = wide & ~near
    if around.sum() < 10:
        return np.nan
    return np.abs(image[inside] - image[around].mean()).max() / max(image[around].std(), 0.3)


def compare(simulated, real):
    """Rows of a table, one a measure: medians of both lists of `measure`, and their difference, stated as text.

    simulated, real: as `measure` gives them; real may be empty. Ratios are simulated over real; the range is that from
    the 10th to the 90th percentile of the sequences.
    """
    rows = []
    for key, (title, kind) in MEASURES.items():
        ours, theirs = ([row[key] for row in table if np.isfinite(row[key])] for table in (simulated, real))
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
