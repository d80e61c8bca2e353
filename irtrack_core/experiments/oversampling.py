"""Oversampling swept for tracking: the same target, scene and detectors, sampled M = 1 to 4 times a detector width d.

Two conditions, which are one at M = 2. "detectors": the frame rate stays, so that M^2 times as many samples are read. "rate":
as many samples a second are read, so that a frame of M^2 times as many comes M^2 times as seldom, and the target goes M^2
times as far from one to the next. A sample is integrated over a quarter of d whatever M is, so that its noise stays.
"""

import numpy as np
import pandas as pd

from irtrack_core import evaluation, metrics
from irtrack_core.boxes import center_error
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.datasets import in_memory
from irtrack_core.datasets.synthetic import as_sequence
from irtrack_core.evaluation.intervals import COLUMNS, bounds_of
from irtrack_core.imaging.scan import Simulation, sigma_w

CONDITIONS = ("detectors", "rate")
FACTORS = (1.0, 1.5, 2.0, 3.0, 4.0)
EXACT = 2.0  # M at which both conditions are the same
FIELD = 80  # side of the field of view, d
SPEED, PAN = 0.4, (0.12, 0.04)  # d a frame at M = 2: of the target, of the view over the scene
SNRS = np.geomspace(4, 16, 6)
LENGTH = 4.0  # d, extent of an aircraft
WITHIN = (0.25, 0.5, 1, 2)  # d, centre errors allowed


def settings(factor, condition, number):
    """(sensor, scene, target) of sequence `number` at `factor` samples per d each way; its first six show points.

    Lengths are the same in d for all factors, and SNR, peak over the noise of a sample, goes from 4 to 16. Raises ValueError
    for an unknown condition.
    """
    if condition not in CONDITIONS:
        raise ValueError(f"condition must be one of {', '.join(CONDITIONS)}, not {condition!r}")
    time = (factor / EXACT) ** 2 if condition == "rate" else 1.0  # between two frames
    side = round(FIELD * factor)
    sensor = ScanSettings(shape=(side, side), oversampling_scan=factor, oversampling_cross=factor)
    moved = tuple(float(v * factor * time) for v in PAN)
    scene = SceneSettings(kind="clouds", std=1.5 * sigma_w(sensor), outer_scale=60 * factor, pan=moved)
    snr, kind = float(SNRS[number % len(SNRS)]), ("point", "aircraft")[number // len(SNRS) % 2]
    size = LENGTH * factor if kind == "aircraft" else 1.0
    return sensor, scene, TargetSettings(kind=kind, size=size, snr=snr, speed=SPEED * factor * time)


def sequence_of(factor, condition, number, *, frames=40, seed=0):
    """A `Sequence` of the settings above; one number has one seed, whatever the factor and condition."""
    simulation = Simulation(*settings(factor, condition, number), frames=frames, seed=1000 * seed + number)
    return as_sequence(simulation, f"{condition}-{factor:g}-{number:02d}", "oversampling")


def measure(result, sequence):
    """dict of rmse_d, p0.25 ... p2 and aor of one run: errors in detector widths, the given first frame left out.

    rmse_d: root of the mean squared centre error over all frames with a target; a lost target is in it. p0.25: share of them
    with an error of at most 0.25 d.
    """
    detector = np.tile(sequence.oversampling, 2)
    truth, boxes = sequence.boxes[result.start + 1 :] / detector, result.boxes[1:] / detector
    row = {"rmse_d": metrics.centroid_rmse(boxes, truth)}
    row |= {f"p{t:g}": metrics.precision(boxes, truth, t) for t in WITHIN}
    return row | {"aor": metrics.aor(boxes, truth)}


def sweep(made, *, factors=FACTORS, sequences=24, frames=40, seed=0, progress=None):
    """Table condition, factor, sequence, kind, snr, side_d, step_d, tracker and the columns of `measure`.

    made: name -> tracker. At the factor where both conditions are the same both have the same rows. side_d: of the first
    box, in d; step_d: median distance between two frames.
    """
    points = [(condition, factor) for condition in CONDITIONS for factor in factors]
    rows = []
    for condition, factor in progress(points) if progress else points:
        for number in range(sequences):
            one = in_memory(sequence_of(factor, condition, number, frames=frames, seed=seed))
            target = settings(factor, condition, number)[2]
            step = np.nanmedian(center_error(one.boxes[1:], one.boxes[:-1])) / factor
            head = {
                "condition": condition,
                "factor": factor,
                "sequence": number,
                "kind": target.kind,
                "snr": target.snr,
            }
            head |= {"side_d": float(np.sqrt(one.boxes[one.first, 2:].prod())) / factor, "step_d": step}
            for name, tracker in made.items():
                rows.append(head | {"tracker": name} | measure(evaluation.run(tracker, one), one))
    return pd.DataFrame(rows)


def means(table, rng):
    """Table condition, tracker, factor, recordings, mean, low, high, kind, rmse_d, p0.25, p0.5, p1, p2.

    mean to kind: AO with its interval over the sequences, each a recording of its own, of `evaluation.interval`; rmse_d: the
    median over sequences; p0.25 to p2: means.
    """
    rows, shares = [], [f"p{t:g}" for t in WITHIN]
    for key, part in table.groupby(["condition", "tracker", "factor"], sort=False):
        found = evaluation.interval(part["aor"], rng=rng, bounds=bounds_of("aor"))
        rows.append([*key, *found.row(), part["rmse_d"].median(), *part[shares].mean()])
    return pd.DataFrame(rows, columns=["condition", "tracker", "factor", *COLUMNS, "rmse_d", *shares])


def differences(table, rng, measure="aor"):
    """Table condition, tracker, factor, recordings, mean, low, high, kind: what a factor changes against M = 2.

    Paired by sequence, of `evaluation.paired_interval`.
    """
    rows = []
    for key, part in table.groupby(["condition", "tracker"], sort=False):
        wide = part.pivot(index="sequence", columns="factor", values=measure)
        for factor in wide.columns.drop(EXACT):
            found = evaluation.paired_interval(wide[factor], wide[EXACT], rng=rng, bounds=bounds_of(measure))
            rows.append([*key, factor, *found.row()])
    return pd.DataFrame(rows, columns=["condition", "tracker", "factor", *COLUMNS])
