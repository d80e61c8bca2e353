"""Experiment 1 under controlled conditions: targets of given SNR and size over clouds, one condition varied at a time."""

from itertools import product

import numpy as np
import pandas as pd

from irtrack_core import evaluation
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.evaluation.intervals import COLUMNS
from irtrack_core.experiments.snr import FILTERS, measure, one_threshold
from irtrack_core.imaging.scan import simulate

SENSOR = ScanSettings(shape=(128, 160))
CLOUDS = SceneSettings(kind="clouds", std=0.03, outer_scale=120)  # rms three times the white noise


def grid(
    snrs, sizes, names=FILTERS, *, repeats=20, seed=0, sensor=SENSOR, scene=CLOUDS, angles=4, side=3, progress=None
):
    """Targets of given SNR (peak over white noise) and size (largest extent before the blur, 1: a point) over clouds.

    `repeats` independent scenes for each pair, one frame of each; the same clouds, noise and place for every SNR and
    size. Every filter is told the target's size. Returns a DataFrame: snr_in, size, repeat, filter, the columns of
    `evaluation.evaluate_filter` (retention against the raw peak), and `one_threshold`'s for the scenes of a pair.
    """
    options = dict(repeats=repeats, seed=seed, angles=angles, side=side, progress=progress)
    return _tables([(sensor, scene)], snrs, sizes, names, **options)[0]


def sweep(setting, values, sizes, names=FILTERS, *, snr=8, progress=None, **options):
    """`grid` at one SNR for each value of one setting of the sensor or the scene, e.g. "spikes" or "beta".

    "oversampling" sets both directions; options: of `grid`. Returns a DataFrame with setting, value and `grid`'s columns.
    """
    cases = []
    for value in values:
        sensor, scene = SENSOR, CLOUDS
        if setting == "oversampling":
            sensor = sensor.replace(oversampling_scan=value, oversampling_cross=value)
        elif setting in ScanSettings.model_fields:
            sensor = sensor.replace(**{setting: value})
        else:
            scene = scene.replace(**{setting: value})
        cases.append((sensor, scene))
    tables = _tables(cases, [snr], sizes, names, progress=progress, **options)
    return pd.concat(
        [table.assign(setting=setting, value=value) for table, value in zip(tables, values)], ignore_index=True
    )


def _tables(cases, snrs, sizes, names, *, repeats=20, seed=0, angles=4, side=3, progress=None):
    """A table of `grid` for each (sensor, scene) of the cases."""
    rows = [{size: [] for size in sizes} for _ in cases]
    # one scene after the other: what all its frames have in common is drawn once
    for repeat in range(repeats) if progress is None else progress(range(repeats)):
        draw = int(np.random.default_rng([seed, repeat]).integers(2**31))
        for (sensor, scene), own in zip(cases, rows):
            for size, value in product(sizes, snrs):
                target = TargetSettings(kind="point" if size <= 1 else "vehicle", size=size, snr=value)
                frame = simulate(sensor, scene, target, frames=1, seed=draw).components(0)
                found = measure(frame.image, frame.box, names, angles=angles, side=side)
                own[size] += [{"snr_in": value, "size": size, "repeat": repeat} | row for row in found]
    by = ["size", "snr_in", "filter"]
    return [one_threshold([row for part in own.values() for row in part], by) for own in rows]


def found(table, by, *, pfa, rng):
    """Pd at `pfa` with its interval over the independent scenes: columns *by, recordings, pd, low, high, kind, clear.

    recordings: scenes. low, high, kind: of `evaluation.interval`; where each scene was a hit or none, exact limits.

    One threshold for all scenes of a case. table: of `grid` or `sweep`; by: columns to keep apart, the filter among them;
    over the others Pd is a mean. ValueError for a Pfa that so few scenes cannot tell.
    """
    hit = _hits(table, pfa)
    return _intervals(hit.pivot_table(index="repeat", columns=by, values="hit"), "pd", (0, 1), rng)


def gain(table, by, *, pfa, rng, filters=("M", "U")):
    """Pd of the first filter less Pd of the second at `pfa`, paired: columns *by, recordings, gain, low, high, kind, clear.

    Both saw the same scenes. clear: an interval over 10 scenes or more that leaves out 0.
    """
    hit = _hits(table, pfa)
    one, other = (hit[hit["filter"] == name].pivot_table(index="repeat", columns=by, values="hit") for name in filters)
    return _intervals(one - other, "gain", (-1, 1), rng)


def _hits(table, pfa):
    if (least := table["pfa_one_least"].max()) > pfa:
        raise ValueError(f"the background of these scenes is too small for a Pfa of {pfa:g}: at least {least:.2g}")
    return table.assign(hit=(table["pfa_one"] <= pfa).astype(float))


def _intervals(wide, name, bounds, rng):
    """From a row a scene and a column a case: each case's interval, one row a case."""
    found = [evaluation.interval(wide[case], rng=rng, bounds=bounds) for case in wide]
    columns = [name if column == "mean" else column for column in COLUMNS]
    table = pd.DataFrame([one.row() for one in found], columns=columns).assign(clear=[one.clear for one in found])
    return pd.concat([wide.columns.to_frame(index=False), table], axis=1)
