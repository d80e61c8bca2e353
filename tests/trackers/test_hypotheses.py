"""Several hypotheses of one target: their weights by hand, who is believed when, and that noise leaves none."""

from types import SimpleNamespace

import numpy as np
import pytest

from irtrack_core.trackers.hypotheses import BIRTH, DETECTED, LEAST, Hypotheses
from irtrack_core.trackers.kalman import Kalman
from irtrack_core.trackers.select_proposal import GATE, TEMPERATURE, Observation, log_odds

SIZE = np.array([8.0, 8.0])
CENTER = np.array([50.0, 40.0])
N = 13
# 13 x 13 places, 4 crop pixels apart; two crop pixels for one of the frame
GRID = np.stack(np.meshgrid(*2 * [4.0 * (np.arange(N) - N // 2)]), axis=-1)
UNEXPECTED = np.full((N, N), 1 / (4.0 * N) ** 2)


def tracker(changed=False):
    return SimpleNamespace(
        size=SIZE,
        side=8.0,
        unexpected=UNEXPECTED,
        clipped=lambda place: place,
        redetection=SimpleNamespace(scene_changed=changed),
    )


def seen(scores):
    """The Observation of a window about CENTER; scores: {(row, column): score}, all others 0.01."""
    table = np.full((1, N, N), 0.01)
    for (row, column), score in scores.items():
        table[0, row, column] = score
    proposals = np.concatenate([GRID, np.full((N, N, 2), 16.0)], axis=-1)[None]
    odds = log_odds(table, proposals, SIZE, 0.0)
    return Observation(CENTER, 47.5, np.zeros((2, 95, 95)), table, proposals, table, 0, odds=odds)


def place(row, column):
    return CENTER + GRID[row, column] / 2


def hypotheses(most=5):
    return Hypotheses(Kalman(CENTER, 8.0, 0.95), most)


def step(several, scores, changed=False):
    """One frame; the tracker moves the believed one by the place it sees."""
    main = several.main
    found, _, expected = several.update(tracker(changed), seen(scores), main.motion.center + main.motion.velocity)
    main = several.main
    main.motion.update(expected, main.place, main.score, main.share, 8.0)
    return found


def odds(score):
    return (score / (1 - score)) ** (1 / TEMPERATURE)


def test_weights_equal_the_loop():
    several = hypotheses()
    step(several, {(6, 6): 0.6, (1, 11): 0.8})
    (other,) = several.others
    variance = hypotheses().main.motion.std ** 2 + GATE**2 * 64
    u, main, born = 4 * UNEXPECTED[0, 0], 0.0, 0.0  # of the frame's square pixels
    table = seen({(6, 6): 0.6, (1, 11): 0.8}).scores[0]
    for row, column in np.ndindex(N, N):
        away, o = place(row, column) - CENTER, odds(table[row, column])
        if np.abs(away).max() < 4:
            main += o * np.exp(-(away @ away) / 2 / variance) / (2 * np.pi * variance)
        if np.abs(place(row, column) - place(1, 11)).max() < 4:
            born += o * u
    main, born = (1 - DETECTED) * u + DETECTED * main, BIRTH * DETECTED * born
    assert several.main.weight / other.weight == pytest.approx(main / born)
    assert several.main.weight + other.weight == pytest.approx(1)


@pytest.mark.parametrize("steady", [True, False])
def test_what_looks_better_for_long_is_believed(steady):
    """The tracker sits on clutter; its target shines beside it, or noise shines now here and now there."""
    several, rng, first = hypotheses(), np.random.default_rng(3), None
    for _ in range(3):
        step(several, {(6, 6): 0.97})
    for k in range(12):
        row, column = (1, 11) if steady else rng.choice([0, 1, 11, 12], 2)
        found = step(several, {(6, 6): 0.5, (row, column): 0.9})
        if first is None and np.abs(several.main.motion.center - place(1, 11)).max() < 3:
            first = k
    if steady:
        assert 1 <= first <= 8, "one frame alone makes nobody believed"
        assert found.best == N + 11 and found.share > 0.5
    else:
        assert np.abs(several.main.motion.center - CENTER).max() < 3


def test_a_clear_target_has_no_other_beside_it():
    several = hypotheses()
    for _ in range(5):
        step(several, {(6, 6): 0.999, (1, 11): 0.5})
    assert not several.others and several.main.weight == pytest.approx(1)


def test_a_target_that_is_hidden_and_shows_again_elsewhere_is_followed_on():
    """Two cross: the one whose evidence lasts is believed, and the other is forgotten."""
    several = hypotheses()
    for _ in range(3):
        step(several, {(6, 6): 0.97, (1, 11): 0.9})
    for _ in range(8):
        step(several, {(1, 11): 0.97})
    np.testing.assert_allclose(several.main.motion.center, place(1, 11), atol=2)


@pytest.mark.parametrize("most", [1, 2, 5])
def test_there_are_at_most_so_many(most):
    several, rng = hypotheses(most), np.random.default_rng(0)
    for _ in range(20):
        step(several, {tuple(rng.integers(0, N, 2)): 0.95 for _ in range(6)})
        everyone = [several.main, *several.others]
        assert len(everyone) <= most and all(LEAST <= one.weight <= 1 for one in everyone)
        assert all(np.isfinite(one.motion.center).all() and np.isfinite(one.motion.std) for one in everyone)


def test_one_hypothesis_is_the_plain_kalman_filter():
    one = hypotheses(1)
    for _ in range(6):
        step(one, {(6, 6): 0.9, (1, 11): 0.95})
    np.testing.assert_allclose(one.main.motion.center, CENTER, atol=0.5)


def test_another_scene_leaves_one():
    several = hypotheses()
    step(several, {(6, 6): 0.6, (1, 11): 0.9})
    assert len(several.others) == 1
    step(several, {(6, 6): 0.97}, changed=True)
    assert not several.others


def test_the_others_move_with_the_picture():
    several = hypotheses()
    step(several, {(6, 6): 0.6, (1, 11): 0.9})
    before = several.others[0].motion.center
    several.shift(np.array([7.0, -3.0]))
    np.testing.assert_allclose(several.others[0].motion.center, before + [7, -3])


def test_sizes_without_any_sense_do_no_harm():
    several, strange = hypotheses(), seen({})
    strange.proposals[..., 2:] = 1.6, 1e-9
    strange.odds = log_odds(strange.scores, strange.proposals, SIZE, 0.1)
    several.update(tracker(), strange, CENTER)
    assert np.isfinite(several.main.place).all() and np.isfinite(several.main.share)
