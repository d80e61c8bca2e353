"""The Kalman filter against the textbook's matrices, and what it is for: noise, gaps, manoeuvres."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irtrack_core.trackers import kalman
from irtrack_core.trackers.kalman import Kalman, SmoothedVelocity

SIDE = 10.0


def textbook(state, covariance, measured, noise, process_noise):
    """One step of the filter of a state (x, y, vx, vy), all four dimensions at once: (state, covariance)."""
    one, zero = np.eye(2), np.zeros((2, 2))
    f, h = np.block([[one, one], [zero, one]]), np.hstack([one, zero])
    g = np.vstack([one / 2, one])
    state, covariance = f @ state, f @ covariance @ f.T + process_noise * g @ g.T
    gain = covariance @ h.T @ np.linalg.inv(h @ covariance @ h.T + noise * one)
    return state + gain @ (measured - h @ state), (np.eye(4) - gain @ h) @ covariance


def test_it_is_the_textbooks_filter():
    """Where nothing surprises: the restlessness is then not learnt, and no manoeuvre suspected."""
    motion = Kalman((50.0, 40.0), SIDE, 0.9, learning_rate=0, largest_std=100)
    state, covariance = np.array([50.0, 40, 0, 0]), np.kron(motion.covariance, np.eye(2))
    rng = np.random.default_rng(0)
    for _ in range(30):
        score = rng.uniform(0.3, 1)
        expected = motion.center + motion.velocity
        measured = expected + 0.2 * motion.std * rng.uniform(-1, 1, 2)
        noise = (SIDE * (kalman.MEASUREMENT_NOISE + kalman.NOISE_OF_LOW_SCORES * (1 - score) ** 2)) ** 2
        state, covariance = textbook(state, covariance, measured, noise, motion.process_noise)
        motion.update(expected, measured, score, 1.0, SIDE)
        np.testing.assert_allclose([*motion.center, *motion.velocity], state)
        np.testing.assert_allclose(np.kron(motion.covariance, np.eye(2)), covariance)


def track(motion, places, scores=None, shares=None):
    out = []
    for k, place in enumerate(places):
        expected = motion.center + motion.velocity
        if place is None:  # all of the evidence is elsewhere
            motion.update(expected, expected, 0.01, 0.0, SIDE)
        else:
            score, share = scores[k] if scores is not None else 0.5, shares[k] if shares is not None else 1.0
            motion.update(expected, place, score, share, SIDE)
        out.append(motion.center)
    return np.array(out)


def test_it_averages_noise_away_where_a_target_moves_steadily():
    rng = np.random.default_rng(1)
    true = np.array([20.0, 30.0]) + np.arange(1, 81)[:, None] * [0.6, -0.3]
    seen = true + rng.normal(0, 1.5, true.shape)
    filtered = track(Kalman((20.0, 30.0), SIDE, 0.95), seen)
    followed = track(SmoothedVelocity((20.0, 30.0), 0.3, 0.95), seen)
    error = lambda path: np.hypot(*(path - true)[20:].T).mean()  # noqa: E731
    assert error(filtered) < 0.6 * error(followed)


def test_a_manoeuvre_is_followed_at_once_where_the_evidence_is_all_there():
    motion = Kalman((20.0, 30.0), SIDE, 0.95)
    track(motion, [np.array([20.0, 30.0])] * 20, scores=np.ones(20))
    place = np.array([60.0, 30.0])
    np.testing.assert_allclose(track(motion, [place], [1.0], [1.0])[-1], place, atol=1.0)


def test_an_outlier_with_little_of_the_evidence_moves_it_little():
    motion = Kalman((20.0, 30.0), SIDE, 0.95)
    track(motion, [np.array([20.0, 30.0])] * 20, scores=np.ones(20))
    assert abs(track(motion, [np.array([60.0, 30.0])], [0.3], [0.1])[-1][0] - 20) < 2


def test_unseen_it_goes_on_and_grows_unsure_but_not_without_end():
    motion = Kalman((0.0, 0.0), SIDE, 1.0)
    track(motion, np.arange(1, 30)[:, None] * [1.0, 0.5], scores=np.ones(29))
    before = motion.std
    path = track(motion, [None] * 10)
    np.testing.assert_allclose(path[-1], motion.velocity * 10 + [29, 14.5], atol=0.5)
    assert motion.std > before
    track(motion, [None] * 2000)
    assert motion.covariance[0, 0] <= (kalman.LARGEST_STD * SIDE) ** 2 * (1 + 1e-9)
    assert motion.std < 5 * SIDE


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40))
def test_its_covariance_stays_one(steps):
    """Symmetric and positive definite, whatever it is shown: else the filter would run away."""
    motion = Kalman((0.0, 0.0), SIDE, 0.9)
    for x, score, share in steps:
        motion.update(motion.center + motion.velocity, np.array([x, -x]), score, share, SIDE)
        np.testing.assert_allclose(motion.covariance, motion.covariance.T, rtol=1e-6, atol=1e-9)
        assert np.linalg.eigvalsh(motion.covariance).min() > 0
        assert np.isfinite([*motion.center, *motion.velocity]).all()


def test_follow_takes_a_place_at_its_word():
    motion = SmoothedVelocity((5.0, 5.0), 0.5, 0.8)
    motion.update(np.array([5.0, 5.0]), np.array([7.0, 5.0]), 1.0, 0.1, SIDE)
    assert motion.center.tolist() == [7, 5] and motion.velocity.tolist() == [1, 0]
    motion.coast(np.array([8.0, 5.0]), SIDE)
    assert motion.center.tolist() == [8, 5] and motion.velocity == pytest.approx([0.8, 0])


@pytest.mark.parametrize("process_noise", [0.003, 0.1])
def test_the_process_noise_is_right_for_restless_targets_alone(process_noise):
    """On the very motion that it assumes. For steady targets it is far too large: the module says why it stays so."""
    rng, learnt = np.random.default_rng(11), []
    place, velocity = np.array([50.0, 40.0]), np.zeros(2)
    motion = Kalman(place, SIDE, 0.95)
    for k in range(900):
        change = rng.normal(0, process_noise * SIDE, 2)
        place, velocity = place + velocity + change / 2, velocity + change
        measured = place + rng.normal(0, kalman.MEASUREMENT_NOISE * SIDE, 2)
        motion.update(motion.center + motion.velocity, measured, 1.0, 1.0, SIDE)
        if k > 300:
            learnt.append(motion.process_noise**0.5 / SIDE)
    expected = max(process_noise, 0.05)
    assert np.sqrt(np.mean(np.square(learnt))) == pytest.approx(expected, rel=0.15)
