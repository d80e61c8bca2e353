"""limits: the closed forms against a matched filter and against drawn errors."""

import numpy as np
import pytest

from irtrack_core import metrics
from irtrack_core.evaluation import limits


def test_cramer_rao_bound_is_reached_by_a_matched_filter():
    """Least-squares position of a known spot in noise: its scatter is the bound, within the trials' own error."""
    snr, sigma, trials = 20.0, 1.5, 4000
    u = np.arange(-8, 9)
    spot = np.exp(-(u[:, None] ** 2 + u**2) / (2 * sigma**2))
    slope = u / sigma**2 * spot  # d spot / d x
    noise = np.random.default_rng(0).normal(0, 1 / snr, (trials, *spot.shape))
    errors = (noise * slope).sum(axis=(1, 2)) / (slope**2).sum()
    assert errors.std() == pytest.approx(limits.cramer_rao_sigma(snr), rel=0.04)
    assert limits.cramer_rao_sigma(1) == pytest.approx(0.798, abs=1e-3)
    np.testing.assert_allclose(limits.cramer_rao_sigma([1, 2]) * [1, 2], 0.7979, atol=1e-4)
    with pytest.raises(ValueError, match="above 0"):
        limits.cramer_rao_sigma([1, 0])


@pytest.mark.parametrize("size, sigma", [(5, 0.26), ((8, 3), 0.5), (3, 2.0)])
def test_best_aor_equals_simulation(size, sigma):
    rng = np.random.default_rng(0)
    truth = np.tile([10.0, 10, *np.broadcast_to(size, 2)], (100_000, 1))
    predicted = truth + np.pad(rng.normal(0, sigma, (100_000, 2)), ((0, 0), (0, 2)))
    assert limits.best_aor(size, sigma) == pytest.approx(metrics.aor(predicted, truth), abs=3e-3)


def test_best_aor_limits():
    assert limits.best_aor(5, 0) == 1
    # an error of s/19 along one axis is an overlap of 0.9
    assert metrics.aor([[5 / 19, 0, 5, 5]], [[0, 0, 5, 5]]) == pytest.approx(0.9)
    with pytest.raises(ValueError):
        limits.best_aor(0, 1)
