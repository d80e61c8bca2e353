"""Oversampling swept for tracking: what stays the same in detector widths, and what is measured in them."""

import numpy as np
import pandas as pd
import pytest

from irtrack_core import trackers
from irtrack_core.boxes import center_error
from irtrack_core.evaluation import TrackResult
from irtrack_core.experiments import oversampling as o
from irtrack_core.imaging.scan import Simulation, sigma_w


def test_conditions_are_one_where_they_meet_and_only_there():
    assert o.settings(2.0, "detectors", 3) == o.settings(2.0, "rate", 3)
    assert o.settings(3.0, "detectors", 3) != o.settings(3.0, "rate", 3)
    with pytest.raises(ValueError, match="detectors, rate"):
        o.settings(2.0, "equal", 0)


@pytest.mark.parametrize("condition", o.CONDITIONS)
def test_lengths_are_fixed_in_detector_widths_and_samples_or_rate_grow(condition):
    sensors, scenes, targets = zip(*(o.settings(m, condition, 8) for m in o.FACTORS))
    squared = np.square(o.FACTORS)
    assert len({s.replace(shape=(80, 80), oversampling_scan=2, oversampling_cross=2) for s in sensors}) == 1
    np.testing.assert_allclose([np.prod(s.shape) for s in sensors], 80 * 80 * squared)
    assert len({sigma_w(s) for s in sensors}) == 1 and len({t.snr for t in targets}) == 1
    np.testing.assert_allclose([t.size for t in targets], 4 * np.array(o.FACTORS))
    step = np.array([t.speed for t in targets]) / o.FACTORS  # d a frame
    view = np.array([s.pan[0] for s in scenes]) / o.FACTORS
    samples = [np.prod(s.shape) for s in sensors]
    if condition == "rate":  # samples a second: of a frame, over the time between two, which the step shows
        np.testing.assert_allclose(samples / step, samples[2] / step[2])
        np.testing.assert_allclose(step / view, step[0] / view[0])
    else:
        np.testing.assert_allclose(step, 0.4)
        np.testing.assert_allclose(view, 0.12)


def test_the_simulated_target_covers_as_many_detectors_and_goes_as_far():
    sides, steps = [], []
    for m in (1.0, 4.0):
        one = o.sequence_of(m, "detectors", 9, frames=12)
        sides.append(one.boxes[0, 2:] / m)
        steps.append(np.median(center_error(one.boxes[1:], one.boxes[:-1])) / m)
        assert one.oversampling == (m, m)
    assert sides[0].prod() == pytest.approx(sides[1].prod(), rel=0.35)  # its heading, and so its box, is drawn anew
    np.testing.assert_allclose(steps, 0.4, rtol=0.25)


def test_peak_contrast_over_noise_is_what_is_asked_for_at_every_factor():
    for m in (1.0, 4.0):
        sensor, scene, target = o.settings(m, "rate", 5)
        quiet = sensor.replace(gain=0.0, jitter=0.0)
        parts = [Simulation(quiet, scene, target, frames=6, seed=1).components(i) for i in range(6)]
        counts = (2**sensor.bits - 1) / sensor.span
        peak = max(float(part.target.max()) for part in parts) / counts / sigma_w(sensor)
        assert (
            0.55 * target.snr < peak <= 1.01 * target.snr
        )  # a point's peak lies between samples, most of all at M = 1


def test_errors_are_counted_in_detector_widths():
    one = o.sequence_of(4.0, "detectors", 0, frames=5)
    boxes = one.boxes + np.array([[0, 0, 0, 0], [1, 0, 0, 0], [2, 0, 0, 0], [4, 0, 0, 0], [0, 12, 0, 0]])
    row = o.measure(TrackResult(one.name, one.dataset, "t", boxes, np.ones(5), 1.0, 4), one)
    assert [row[k] for k in ("p0.25", "p0.5", "p1", "p2")] == [0.25, 0.5, 0.75, 0.75]
    assert row["rmse_d"] == pytest.approx(np.sqrt((0.25**2 + 0.5**2 + 1 + 9) / 4), rel=1e-6)


def test_sweep_and_its_means():
    table = o.sweep({"identity": trackers.create("identity")}, factors=(1.0, 2.0), sequences=2, frames=6)
    assert len(table) == 2 * 2 * 2 and table["condition"].unique().tolist() == list(o.CONDITIONS)
    both = [table[(table["condition"] == c) & (table["factor"] == 2)] for c in o.CONDITIONS]
    pd.testing.assert_frame_equal(*(part.drop(columns="condition").reset_index(drop=True) for part in both))
    means = o.means(table, np.random.default_rng(0))
    first = table[(table["condition"] == "rate") & (table["factor"] == 1)]
    row = means[(means["condition"] == "rate") & (means["factor"] == 1)].iloc[0]
    assert row["mean"] == pytest.approx(first["aor"].mean()) and row["recordings"] == 2
    assert row["rmse_d"] == pytest.approx(first["rmse_d"].mean()) and row["p1"] == pytest.approx(first["p1"].mean())


def test_differences_are_paired_and_against_two_samples_a_detector():
    rows = [("rate", "t", m, k, k / 10 + 0.05 * m) for m in (1.0, 2.0, 4.0) for k in range(6)]
    table = pd.DataFrame(rows, columns=["condition", "tracker", "factor", "sequence", "error"])
    found = o.differences(table, np.random.default_rng(0), "error").set_index("factor")
    assert found.index.tolist() == [1.0, 4.0]
    assert found["kind"].tolist() == ["range", "range"]
    for factor, expected in ((1.0, -0.05), (4.0, 0.1)):  # the spread between sequences is not in a paired interval
        np.testing.assert_allclose(found.loc[factor, ["mean", "low", "high"]].astype(float), expected)
