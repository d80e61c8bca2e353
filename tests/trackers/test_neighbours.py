"""Targets that meet and part, and what is no other target."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import boxes as bx
from irtrack_core import trackers
from irtrack_core.trackers.kalman import Kalman
from irtrack_core.trackers.neighbours import BELIEVED, ERRORS, Neighbour, Neighbours

SHAPE, SIZE = (200, 260), 8.0


def with_spots(rng, places, levels, noise=2.0, ground=100.0):
    """A frame with soft round spots of SIZE px at these places, in 8 bits."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    frame = ground + rng.normal(0, noise, SHAPE)
    for (a, b), level in zip(places, levels):
        frame = frame + level * np.exp(-np.log(2) * ((x - a) ** 2 + (y - b) ** 2) / (SIZE / 2) ** 2)
    return np.clip(np.rint(frame), 0, 255).astype(np.uint8)


def crossing(seed, degrees=60.0, speed=1.4, count=70, aside=2.0, levels=(40, 40)):
    """(frames, places (N, 2) of the target, places of the other one): they meet in the middle of the clip."""
    rng, time = np.random.default_rng(seed), np.arange(count)[:, None] - count / 2
    a = np.deg2rad(degrees)
    ways = [
        np.array([130.0, 100 + offset]) + speed * time * [np.cos(t), np.sin(t)] for t, offset in ((0, 0), (a, aside))
    ]
    return [with_spots(rng, places, levels) for places in zip(*ways)], *ways


def follow(tracker, frames, way):
    """Centres (N, 2) of the boxes in all frames but the first."""
    tracker.init(frames[0], bx.from_centers(way[0], np.array([SIZE, SIZE])))
    return np.array([bx.centers(tracker.update(frame)) for frame in frames[1:]])


@pytest.fixture(scope="module")
def siamese():
    return trackers.create("siamese")


@pytest.mark.parametrize("degrees, speed", [(60, 1.4), (100, 1.4), (120, 1.0)])
@pytest.mark.parametrize("name", ["siamese", "motion"])
def test_each_of_two_that_cross_keeps_its_own(name, degrees, speed):
    tracker = trackers.create(name)
    frames, *ways = crossing(0, degrees, speed)
    for way in ways:
        off = np.linalg.norm(follow(tracker, frames, way) - way[1:], axis=1)
        assert off[-20:].max() < 2
        assert off.max() < 0.75 * SIZE  # nor is the box drawn far away while they are one


def test_without_neighbours_one_of_the_two_is_lost(siamese):
    siamese.neighbours_of = None  # of this one alone
    try:
        frames, *ways = crossing(0)
        ends = [np.linalg.norm(follow(siamese, frames, way)[-1] - way[-1]) for way in ways]
    finally:
        del siamese.neighbours_of
    assert max(ends) > 2 * SIZE


def test_a_target_that_is_alone_has_the_same_boxes_to_the_last_bit(siamese):
    rng, way = np.random.default_rng(3), np.array([60.0, 80.0]) + np.arange(50)[:, None] * [1.2, 0.4]
    frames = [with_spots(rng, [place], [40]) for place in way]
    mine = follow(siamese, frames, way)
    assert not siamese.neighbours.all
    siamese.neighbours_of = None
    try:
        np.testing.assert_array_equal(follow(siamese, frames, way), mine)
    finally:
        del siamese.neighbours_of


def test_a_spot_that_stays_beside_the_target_meets_it_never(siamese):
    rng, way = np.random.default_rng(4), np.array([60.0, 80.0]) + np.arange(50)[:, None] * [1.2, 0.4]
    frames = [with_spots(rng, [place, place + [1.8 * SIZE, 0]], [40, 40]) for place in way]
    siamese.init(frames[0], bx.from_centers(way[0], np.array([SIZE, SIZE])))
    for frame, place in zip(frames[1:], way[1:]):
        found = bx.centers(siamese.update(frame))
        assert siamese.neighbours.meeting is None
        assert np.linalg.norm(found - place) < 2


def test_a_cut_and_a_jump_forget_all(siamese):
    frames, way, _ = crossing(0)
    follow(siamese, frames[:30], way)
    others = siamese.neighbours
    assert others.all
    siamese.camera_motion.changed = True
    others.update(siamese, siamese.expected)
    assert all(one.seen == 1 for one in others.all)  # seen in this frame for the first time
    others.restart()
    assert (others.all, others.meeting, others.own, others.spot) == ([], None, None, None)


def test_all_move_with_the_picture():
    others = Neighbours()
    others.all = [Neighbour(np.array([3.0, 4.0])), Neighbour(np.array([5.0, 6.0]))]
    others.shift(np.array([10.0, -1.0]))
    np.testing.assert_array_equal([one.center for one in others.all], [[13, 3], [15, 5]])


@given(
    start=st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    velocity=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    count=st.integers(25, 40),
)
@settings(max_examples=40, deadline=None)
def test_a_neighbour_at_constant_velocity_is_followed(start, velocity, count):
    start, velocity = np.array(start), np.array(velocity)
    one = Neighbour(start)
    for k in range(1, count):
        one.center = one.center + one.velocity
        place = start + k * velocity
        one.move(place, float(np.abs(place - one.center).max()) / SIZE)
    assert len(one.errors) <= ERRORS
    # an alpha-beta filter ends without an error: with these gains what is left falls by 0.77 a frame
    np.testing.assert_allclose(one.velocity, velocity, atol=0.05 * np.abs(velocity).max() + 1e-9)
    np.testing.assert_allclose(one.center, place, atol=0.05 * np.abs(velocity).max() + 1e-9)


def test_one_is_believed_that_was_outside_looks_like_the_target_and_goes_evenly():
    one = Neighbour(np.zeros(2), score=0.9, outside=BELIEVED, errors=[0.05])
    assert one.believed
    for change in ({"score": 0.1}, {"outside": BELIEVED - 1}, {"errors": [0.5]}, {"errors": []}):
        assert not Neighbour(np.zeros(2), **{"score": 0.9, "outside": BELIEVED, "errors": [0.05]} | change).believed


@given(
    truth=st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    other=st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
    part=st.floats(0.1, 1.0),
)
@settings(max_examples=50, deadline=None)
def test_a_blended_place_without_noise_tells_the_target_s_own(truth, other, part):
    """z = part x_t + (1 - part) x_n, both known but x_t: as the noise goes to 0, x_t is what follows from it."""
    truth, other, expected = np.array(truth), np.array(other), np.zeros(2)
    motion = Kalman(expected, SIZE, 0.95)
    seen = part * truth + (1 - part) * other
    motion.blended(expected, seen - (part * expected + (1 - part) * other), part, 1e-12, SIZE)
    np.testing.assert_allclose(motion.center, truth, atol=1e-6)


def test_a_blended_place_is_weighed_as_bayes_has_it():
    """Against the normal equations of the joint density, by linear algebra."""
    motion = Kalman(np.zeros(2), SIZE, 0.95)
    for step in ([0.4, -0.2], [0.6, 0.1]):
        motion.update(motion.center + motion.velocity, motion.center + motion.velocity + step, 0.9, 1.0, SIZE)
    place, both, velocity = motion._predicted()
    before = np.array([[place, both], [both, velocity]])
    expected, speed, step, part, variance = motion.center + motion.velocity, motion.velocity, 1.7, 0.5, 0.8
    look = np.array([[part, 0.0]])
    information = np.linalg.inv(before) + look.T @ look / variance
    gain = np.linalg.solve(information, look.T / variance)
    motion.blended(expected, np.array([step, 0.0]), part, variance, SIZE)
    np.testing.assert_allclose(motion.covariance, np.linalg.inv(information), rtol=1e-9)
    np.testing.assert_allclose(motion.center, expected + [gain[0, 0] * step, 0], rtol=1e-9)
    np.testing.assert_allclose(motion.velocity, speed + [gain[1, 0] * step, 0], rtol=1e-9)


def test_two_at_one_place_are_one_spot_in_the_middle():
    """What is seen halfway between the two leaves both where they were expected."""
    others, motion = Neighbours(), Kalman(np.array([50.0, 50.0]), SIZE, 0.95)
    others.meeting, others.spot = Neighbour(np.array([54.0, 50.0])), np.array([52.0, 50.0])
    clipped = SimpleNamespace(motion=motion, side=SIZE, size=np.array([SIZE, SIZE]), clipped=lambda place: place)
    place = np.array([53.0, 50.0])
    assert others.place(clipped, np.array([50.0, 50.0]), place, place)
    np.testing.assert_allclose(motion.center, [50, 50])
    others.meeting = None
    assert not others.place(clipped, np.array([50.0, 50.0]), place, place)


def test_a_place_in_its_own_spot_is_left_to_network_and_alignment():
    others, motion = Neighbours(), Kalman(np.array([50.0, 50.0]), SIZE, 0.95)
    others.meeting, others.two, others.own = Neighbour(np.array([58.0, 50.0])), True, np.array([50.2, 50.0])
    tracker = SimpleNamespace(motion=motion, side=SIZE, size=np.array([SIZE, SIZE]), clipped=lambda place: place)
    expected = np.array([50.0, 50.0])
    assert not others.place(tracker, expected, expected, np.array([50.5, 50.0]))
    # drawn to the other one: its own spot counts
    assert others.place(tracker, expected, np.array([53.0, 50.0]), np.array([53.0, 50.0]))
    assert 50 < motion.center[0] < 50.2
