import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irtrack_core import datasets, trackers
from irtrack_core.datasets import Sequence
from irtrack_core.evaluation import TrackResult
from irtrack_core.experiments.calibration import (
    calibration,
    calibration_error,
    platt,
    reliability,
    size_shrinkage,
    sizes,
)


def naive(scores, right, bins):
    """{interval: (frames, mean score, share right)} frame by frame."""
    held = {}
    for score, good in zip(scores, right):
        k = next(k for k in range(bins) if score < (k + 1) / bins or k == bins - 1)
        held.setdefault(k, []).append((score, good))
    return {k: (len(v), sum(s for s, _ in v) / len(v), sum(g for _, g in v) / len(v)) for k, v in held.items()}


@given(st.lists(st.tuples(st.integers(0, 64).map(lambda i: i / 64), st.booleans()), min_size=1, max_size=40))
def test_table_and_error_equal_the_loop(pairs):
    scores, right = zip(*pairs)
    expected = naive(scores, right, 8)
    table = reliability(scores, right, 8)
    assert [round(8 * low) for low in table.low] == sorted(expected)
    for row, key in zip(table.itertuples(), sorted(expected)):
        assert (row.frames, row.score, row.right) == pytest.approx(expected[key])
        assert row.low <= row.score <= row.high
    total = sum(n * abs(share - score) for n, score, share in expected.values()) / len(pairs)
    assert calibration_error(table) == pytest.approx(total)


def test_honest_scores_have_no_error_and_boasts_do():
    rng = np.random.default_rng(0)
    scores = rng.random(20_000)
    right = rng.random(20_000) < scores
    assert calibration_error(reliability(scores, right)) < 0.02
    assert calibration_error(reliability(np.ones(100), np.arange(100) < 60)) == pytest.approx(0.4)


def test_absent_targets_and_the_given_frame():
    boxes = np.tile([10.0, 10, 8, 8], (5, 1))
    truth = boxes.copy()
    truth[3] = np.nan  # gone
    truth[4] += [20, 0, 0, 0]  # elsewhere
    sequence = Sequence(name="a", dataset="d", frames=np.zeros((5, 40, 40), np.uint8), boxes=truth)
    scores = np.array([1.0, 0.9, 0.95, 0.1, 0.15])
    result = TrackResult("a", "d", "t", boxes, scores, 1.0, 4)
    table = calibration([result], [sequence])
    assert table.frames.tolist() == [2, 2] and table.right.tolist() == [0, 1]
    assert calibration_error(table) == pytest.approx((0.1 + 0.05 + 0.1 + 0.15) / 4)
    with pytest.raises(KeyError):
        calibration([TrackResult("b", "d", "t", boxes, scores, 1.0, 4)], [sequence])


@pytest.mark.parametrize("scores, right", [([], []), ([0.5], [True, False]), ([1.5], [True]), ([np.nan], [True])])
def test_unusable_scores(scores, right):
    with pytest.raises(ValueError):
        reliability(scores, right)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize(("gain", "offset"), [(0.4, 0.2), (1.0, 0.0), (2.0, -1.0)])
def test_platt_finds_the_line_that_made_the_scores(gain, offset):
    rng = np.random.default_rng(1)
    z = rng.normal(1, 2, 40_000)
    right = rng.random(len(z)) < sigmoid(gain * z + offset)
    assert platt(sigmoid(z), right) == pytest.approx((gain, offset), abs=0.06)


def test_platt_makes_a_boast_honest_and_weighs():
    rng = np.random.default_rng(2)
    scores, right = rng.uniform(0.9, 1, 20_000), rng.random(20_000) < 0.7
    gain, offset = platt(scores, right)
    honest = sigmoid(gain * np.log(scores / (1 - scores)) + offset)
    assert calibration_error(reliability(honest, right)) < 0.02 < calibration_error(reliability(scores, right))
    weights = np.where(right, 0.0, 1.0) + 1e-3
    gain, offset = platt(scores, right, weights)
    assert sigmoid(gain * np.log(scores / (1 - scores)) + offset).mean() < 0.05
    with pytest.raises(ValueError, match="all boxes are right"):
        platt(scores, np.ones(20_000, bool))


def test_a_tracker_shows_the_calibrated_score():
    from irtrack_core import trackers
    from irtrack_core.trackers.select_proposal import calibrated

    frame = np.random.default_rng(0).normal(100, 3, (120, 160)).astype(np.float32)
    frame[50:58, 70:78] += 60
    tracker = trackers.create("siamese")
    tracker.calibration = (0.5, -1.0)
    tracker.init(frame, [70, 50, 8, 8])
    tracker.update(frame)
    assert tracker.score == pytest.approx(calibrated(tracker.observation.score, 0.5, -1.0))
    assert tracker.score < tracker.observation.score
    assert calibrated(0.9, 1, 0) == pytest.approx(0.9)


def test_size_response_is_the_weighted_line():
    rng = np.random.default_rng(0)
    true = rng.uniform(-0.5, 0.5, 40)
    assert size_shrinkage(true, 0.4 * true + 0.05) == pytest.approx((0.4, 0.05))
    # as often as its weight says: the same as a repeated point
    told, weights = 0.4 * true + rng.normal(0, 0.1, 40), rng.integers(0, 4, 40)
    assert size_shrinkage(true, told, weights) == pytest.approx(
        size_shrinkage(np.repeat(true, weights), np.repeat(told, weights))
    )


def test_the_shipped_net_leans_to_the_size_that_it_was_given():
    """What its tracker corrects: of a change of size it tells about half."""
    sequences = datasets.load("sim-aircraft", frames=20, sequences=6, seed=8)
    true, told = sizes(trackers.create("siamese"), sequences, np.random.default_rng(0))
    assert len(true) == len(told) > 100
    assert np.abs(true).max() < 0.8
    slope, offset = size_shrinkage(true, told)
    assert 0.3 < slope < 0.8 and abs(offset) < 0.1
