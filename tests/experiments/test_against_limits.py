"""The experiment of notebook 16: sequences, distances, sampling and detection, against what must come out."""

import numpy as np
import pytest

from irtrack_core.boxes import centers, from_centers
from irtrack_core.experiments import against_limits
from irtrack_core.imaging import limits


class Erring:
    """Maximum likelihood about the brightest pixel, and normal errors of `sigma` px on top."""

    def __init__(self, sigma, factor):
        self.sigma, self.factor = sigma, factor

    def init(self, frame, box):
        self.rng, self.box = np.random.default_rng(int(frame[:4].sum())), np.asarray(box)

    def update(self, frame):
        row, column = np.unravel_index(np.argmax(frame), frame.shape)
        seen = (
            frame[row - 5 : row + 6, column - 5 : column + 6].astype(float) - against_limits.LEVEL
        ) / against_limits.GREY
        place = limits.locate(seen[None], against_limits.sensor_of(self.factor), "point", self.box[2:])
        return from_centers(place[0, :2] + [column - 5, row - 5] + self.rng.normal(0, self.sigma, 2), self.box[2:])


def test_sequences_are_what_the_limit_is_worked_out_for():
    label = "3 d, SNR 6"
    factor, kind, extent, snr = against_limits.CONDITIONS[label]
    one, same = (against_limits.sequence_of(label, 1, frames=12, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.frames[5], same.frames[5])
    sides = limits.box_sides(against_limits.sensor_of(factor), extent * factor)
    np.testing.assert_allclose(one.boxes[:, 2:], np.tile(sides, (12, 1)))
    steps = np.diff(centers(one.boxes), axis=0)
    np.testing.assert_allclose(np.hypot(*steps.T), against_limits.SPEED * factor)
    np.testing.assert_allclose(steps - steps[0], 0, atol=1e-9)
    seen = (np.array([one.frames[k] for k in range(12)], float) - against_limits.LEVEL) / against_limits.GREY
    assert np.std(seen[:, :20]) == pytest.approx(1, rel=0.02)
    x, y = np.floor(centers(one.boxes)).astype(int).T
    assert np.mean(seen[np.arange(12), y, x]) == pytest.approx(snr, abs=1.2)


def test_distance_of_a_tracker_with_known_errors():
    """Maximum likelihood and errors three times as large: 20 log10 sqrt(1 + 9) dB; and 0 dB for maximum likelihood alone."""
    label = "point, SNR 24"
    least = limits.mean_bound(
        against_limits.sensor_of(2.0), "point", limits.box_sides(against_limits.sensor_of(2.0)), 24.0
    )
    made = {"erring": Erring(3 * least[0, 0] ** 0.5, 2.0)}
    table = against_limits.distances(made, labels=[label], sequences=3, frames=30, trials=400)
    each = table.set_index("tracker")
    assert each.loc["erring", "decibels"] == pytest.approx(10, abs=1.5)
    assert each.loc["likelihood", "decibels"] == pytest.approx(-0.3, abs=1)
    assert (
        each.loc["erring", "aor"] < each.loc["likelihood", "aor"] == pytest.approx(each["aor_limit"].iloc[0], abs=0.01)
    )
    assert (each["lost"] == 0).all()


def test_sampling_pays_with_frames_that_are_free():
    table = against_limits.sampling((1.5, 2.0, 4.0), trials=600, phases=4).set_index("factor")
    assert table["bound_d"].is_monotonic_decreasing and table["detectors_d"].is_monotonic_decreasing
    assert table.loc[2.0, "rate_d"] == table.loc[2.0, "detectors_d"] and table.loc[4.0, "frames_at_rate"] == 10
    np.testing.assert_allclose(table["likelihood_d"] / table["bound_d"], 1, atol=4 / np.sqrt(2 * 600))
    np.testing.assert_allclose(table["overlapping_d"], table["bound_d"])  # a quarter of d: nothing overlaps up to M = 4
    whole = against_limits.sampling((2.0, 4.0), smear=1.0, phases=2).set_index("factor")
    gain = whole.loc[2.0] / whole.loc[4.0]
    assert gain["bound_d"] > 1.3 * gain["overlapping_d"] > 1.3


def test_error_at_any_time_is_that_of_a_drawn_target():
    """A random walk of the velocity, filtered; the mean square error between frames by simulation."""
    measured, noise, frames, count = 0.04, 0.1, 12, 4000
    rng = np.random.default_rng(0)
    found = limits.filtered_covariances(measured, noise, frames)[-1]
    errors = rng.multivariate_normal(np.zeros(2), found, count)
    tau = (np.arange(20) + 0.5) / 20
    # velocity as Brownian motion between the frames: its integral has variance tau^3 / 3
    walk = rng.standard_normal((count, 20)) * noise * np.sqrt(tau**3 / 3)
    off = errors[:, :1] + tau * errors[:, 1:] + walk
    assert against_limits._any_time(measured, noise, frames) == pytest.approx(np.sqrt((off**2).mean()), rel=0.04)


def test_more_frames_find_weaker_targets():
    table = against_limits.found_by_frames((1.5,), (1, 10), trials=25)
    found = table.pivot(index="frames", columns="way", values="found")
    assert found.loc[10, "path"] > found.loc[1, "path"] + 0.3
    assert found.loc[10, "known motion"] > 0.9 and found.loc[10, "foretold"] > 0.95
    assert found.loc[1, "known motion"] == found.loc[1, "path"]


def test_table_of_sizes_is_the_bound_s():
    table = against_limits.sizes_and_snrs((2.0,), (6.0, 12.0), (2.0,))
    sensor = against_limits.sensor_of(2.0)
    sides = limits.box_sides(sensor, 4.0)
    least = limits.mean_bound(sensor, "uniform", sides, 12.0, free=limits.PARAMETERS, phases=2)
    row = table.iloc[1]
    assert row["aor"] == pytest.approx(limits.best_overlap(sides, least))
    assert row["p_quarter"] == pytest.approx(limits.best_precision(least, 0.5))
    assert table["sigma_side"].iloc[0] == pytest.approx(2 * row["sigma_side"])
