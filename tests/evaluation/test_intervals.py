"""Intervals hold the true mean as often as they say, counted in simulations; few and equal values are told apart."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from irtrack_core.evaluation import intervals, paired_interval
from irtrack_core.evaluation.intervals import Interval, bca, interval

COUNTS = (10, 19, 26, 29)
TRIALS, RESAMPLES = 800, 999


def hard(rng, shape):
    """Values of two trackers on the same recordings: one ahead by a skewed amount where there is room."""
    other = rng.beta(2, 1, shape)
    return np.minimum(1, other + 0.1 * rng.exponential(1, shape)), other


def limits(values, alike, bounds, rng):
    """(low, high) of many samples (trials, n): exact limits where `alike`, by their formula, else by bootstrap."""
    differ, low, high = 1 - 0.025 ** (1 / values.shape[1]), *np.empty((2, len(values)))
    low[alike] = values[alike].min(axis=1, initial=1) * (1 - differ) + bounds[0] * differ
    high[alike] = values[alike].max(axis=1, initial=-1) * (1 - differ) + bounds[1] * differ
    low[~alike], high[~alike] = bca(values[~alike], rng=rng, resamples=RESAMPLES)
    for i in np.flatnonzero(alike)[:1]:
        found = interval(values[i], rng=rng, bounds=bounds)
        assert (found.kind, found.low, found.high) == ("exact", pytest.approx(low[i]), pytest.approx(high[i]))
    return low, high


# draw(rng, shape) -> values, and their true mean
POPULATIONS = {
    "normal": (lambda rng, shape: rng.normal(0.6, 0.2, shape), 0.6),
    "skewed: exponential": (lambda rng, shape: rng.exponential(1, shape), 1),
    "shares near 1: Beta(8, 1)": (lambda rng, shape: rng.beta(8, 1, shape), 8 / 9),
    "paired difference": (lambda rng, shape: np.subtract(*hard(rng, shape)), None),
}


@pytest.mark.parametrize("name", POPULATIONS)
@pytest.mark.parametrize("n", COUNTS)
def test_an_interval_holds_the_true_mean_as_often_as_it_says(name, n):
    draw, mean = POPULATIONS[name]
    if mean is None:
        mean = draw(np.random.default_rng(9), 2_000_000).mean()
    rng = np.random.default_rng(n)
    low, high = bca(draw(rng, (TRIALS, n)), rng=rng, resamples=RESAMPLES)
    assert 0.90 <= np.mean((low <= mean) & (mean <= high)) <= 0.98


@pytest.mark.parametrize("n", [10, 26])
@pytest.mark.parametrize("often, rest", [(0.05, 1.0), (0.1, 1.0), (0.25, 1.0), (0.05, 0.97), (0.1, 0.97)])
def test_shares_near_1_with_rare_failures_are_covered_too(n, often, rest):
    """A recording fails with probability `often` and then has any share, or else `rest` to 1; in many samples none fails."""
    rng = np.random.default_rng(n)
    values = rng.uniform(rest, 1, (TRIALS, n))
    values = np.where(rng.random((TRIALS, n)) < often, rng.random((TRIALS, n)), values)
    low, high = limits(values, values.min(axis=1) >= 1 - intervals.NEAR, (0, 1), rng)
    mean = often / 2 + (1 - often) * (rest + 1) / 2
    assert np.mean((low <= mean + 1e-12) & (mean <= high)) >= 0.90  # exact limits hold it more often than they say


@pytest.mark.parametrize("n", COUNTS)
def test_exact_limits_hold_every_share_at_least_as_often_as_they_say(n):
    """Not by simulation: the binomial probabilities of the k whose limits hold p, added up, for many p."""
    rng, k = np.random.default_rng(0), np.arange(n + 1)
    found = [interval(np.arange(n) < hits, rng=rng, bounds=(0, 1)) for hits in k]
    assert {one.kind for one in found} == {"exact"} and [one.mean for one in found] == pytest.approx(k / n)
    low, high = (np.array([getattr(one, name) for one in found]) for name in ("low", "high"))
    p = np.linspace(0.01, 0.99, 197)[:, None]
    covered = (stats.binom.pmf(k, n, p) * ((low <= p) & (p <= high))).sum(axis=1)
    assert covered.min() >= 0.95 and covered.mean() <= 0.985  # those of a share near 0 or 1 hold it more often


def test_plain_bca_would_fail_where_ours_passes():
    """Why the level is raised: ten skewed values."""
    rng = np.random.default_rng(10)
    values = rng.exponential(1, (TRIALS, 10))
    plain = stats.bootstrap((values,), np.mean, axis=-1, n_resamples=RESAMPLES, rng=rng, batch=100).confidence_interval
    assert np.mean((plain.low <= 1) & (1 <= plain.high)) < 0.90


def test_the_interval_of_one_sample_is_that_of_the_simulations():
    values = np.random.default_rng(3).beta(8, 1, (2, 26))
    low, high = bca(values, rng=np.random.default_rng(0))
    for i in (0, 1):
        found = interval(values[i], rng=np.random.default_rng(0), bounds=(0, 1))
        assert (
            (found.low, found.high) == pytest.approx((low[i], high[i]), abs=1e-12)
            and found.kind == "interval"
            and found.n == 26
        )
        assert found.low < found.mean < found.high and found.mean == values[i].mean() and found.clear


@pytest.mark.parametrize("better, worse", [(0.3, 0.05), (0.1, 0.1), (0.6, 0.0)])
def test_differences_of_hits_and_misses_are_covered(better, worse):
    """Values -1, 0 and 1, of which means come in steps; where one is never worse, the interval holds the mean more often."""
    rng = np.random.default_rng(0)
    drawn = rng.random((TRIALS, 20))
    values = 1.0 * (drawn < better) - (drawn > 1 - worse)
    low, high = limits(values, np.ptp(values, axis=1) == 0, (-1, 1), rng)
    assert 0.90 <= np.mean((low <= better - worse) & (better - worse <= high)) <= (0.98 if worse else 1)


def test_n_of_n_and_0_of_n_have_their_binomial_limit():
    """(alpha / 2)^(1 / n): the share of successes of which n of n are seen once in forty times."""
    rng = np.random.default_rng(0)
    for n in (1, 3, 26):
        every, none = (interval(np.full(n, value), rng=rng, bounds=(0, 1)) for value in (1.0, 0.0))
        assert (every.kind, every.mean, every.high) == ("exact", 1, 1)
        assert every.low == pytest.approx(0.025 ** (1 / n))
        assert (none.low, none.high) == pytest.approx((0, 1 - every.low))
        assert every.clear == (n >= 10) and not none.clear
    near = interval([*np.ones(25), 0.96], rng=rng, bounds=(0, 1))
    assert near.kind == "exact" and near.low == pytest.approx(0.96 * 0.025 ** (1 / 26)) and near.high == 1
    assert interval([*np.ones(25), 0.94], rng=rng, bounds=(0, 1)).kind == "interval"
    same = paired_interval(
        np.ones(26), np.ones(26), rng=rng, bounds=(0, 1)
    )  # no difference seen, which may yet be there
    assert (same.mean, same.kind, same.clear) == (0, "exact", False)
    assert (same.low, same.high) == pytest.approx((-(1 - 0.025 ** (1 / 26)), 1 - 0.025 ** (1 / 26)))


def test_fewer_than_ten_have_a_range_and_are_never_clear():
    rng = np.random.default_rng(0)
    few = interval([0.5, 0.7, 0.6], rng=rng, bounds=(0, 1))
    assert few == Interval(3, pytest.approx(0.6), 0.5, 0.7, "range") and not few.clear
    assert interval([0.4], rng=rng) == Interval(1, 0.4, 0.4, 0.4, "range")
    assert interval(np.arange(9.0) + 1, rng=rng).kind == "range"
    ten = interval(np.arange(10.0) + 1, rng=rng)
    assert ten.kind == "interval" and ten.clear
    assert few.text() == "0.60 (range 0.50 to 0.70, n = 3)"


def test_equal_values_without_bounds_say_nothing_of_their_spread():
    found = interval(np.full(20, 3.0) + 1e-15, rng=np.random.default_rng(0))
    assert found.kind == "range" and found.low == found.high == pytest.approx(3) and not found.clear


@pytest.mark.parametrize("values", [[], [1, np.nan], [1, np.inf], [[1, 2]]])
def test_unusable_values_are_refused(values):
    with pytest.raises(ValueError, match="no NaN"):
        interval(values, rng=np.random.default_rng(0))


def test_values_outside_their_bounds_and_unpaired_ones_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="do not lie in the bounds"):
        interval([0.5, 62.0], rng=rng, bounds=(0, 1))  # percent
    with pytest.raises(ValueError, match="one shape"):
        paired_interval([1, 2], [1, 2, 3], rng=rng)


def test_a_small_difference_between_unequal_recordings_is_seen():
    rng = np.random.default_rng(0)
    hard = rng.uniform(0, 0.9, 30)
    a, b = hard + 0.02 + rng.normal(0, 0.01, 30), hard
    found, single = paired_interval(a, b, rng=rng), interval(a, rng=rng)
    assert found.mean == pytest.approx(np.mean(a) - np.mean(b)) and 0 < found.low < found.mean < found.high
    assert found.clear and single.high - single.low > 5 * (found.high - found.low)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=24), st.booleans())
def test_limits_lie_about_the_mean_and_turn_with_the_values(eighths, share):
    values = np.array(eighths) / 8
    bounds = (0, 1) if share else None
    found, turned = (interval(v, rng=np.random.default_rng(0), bounds=bounds) for v in (values, 1 - values))
    assert found.low <= found.mean + 1e-12 and found.mean <= found.high + 1e-12 and 0 <= found.low <= found.high <= 1
    assert turned.kind == found.kind
    assert (1 - turned.high, 1 - turned.low) == pytest.approx((found.low, found.high), abs=0.05)


def test_text_and_label_name_what_is_no_interval():
    rows = [
        Interval(26, 0.62, 0.31, 0.8, "interval"),
        Interval(26, 1.0, 0.868, 1.0, "exact"),
        Interval(6, 0.5, 0, 1, "range"),
    ]
    table = pd.DataFrame([one.row() for one in rows], columns=intervals.COLUMNS)
    assert intervals.texts(table) == [
        "0.62 (0.31 to 0.80, n = 26)", "1.00 (exact 0.87 to 1.00, n = 26)", "0.50 (range 0.00 to 1.00, n = 6)",
    ]  # fmt: skip
    assert rows[0].text(1, sign="+", scale=100, count=False) == "+62.0 (+31.0 to +80.0)"
    whole = "95 % interval, n = 26; exact binomial limits, n = 26; range, no interval, n = 6"
    assert intervals.label(table) == intervals.label([one.row() for one in rows]) == whole
    assert intervals.label(table.assign(kind="interval")) == "95 % interval, n = 6 to 26"
