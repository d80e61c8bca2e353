"""Several targets at once: who is who, who is born, who ends."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import spot

from irtrack_core import boxes as bx
from irtrack_core.config import TemporalSettings
from irtrack_core.filtering.sightings import Sightings
from irtrack_core.trackers.multi import MultiTracker, meetings, multi_tracker
from irtrack_core.trackers.multi.assignment import Clutter, gains, match
from irtrack_core.trackers.multi.stitching import stitch
from irtrack_core.trackers.multi.track_table import TrackTable

SHAPE = (120, 160)
SCENE = np.random.default_rng(5).normal(0, 1, SHAPE).cumsum(axis=0).cumsum(axis=1) * 0.05


def frame(places, t=0, height=60.0, dtype=np.uint8):
    rng = np.random.default_rng(t)
    image = 100 + SCENE + rng.normal(0, 2, SHAPE) + sum(height * spot(SHAPE, at, 1.3) for at in places)
    return np.clip(image, 0, 255).astype(dtype)


def follow(places, count, tracker=None, boxes=None, **more):
    """[tracks of each frame] of a tracker over frames with spots at places(t), a list of (x, y)."""
    tracker = tracker or MultiTracker()
    return [
        tracker.update(frame(places(t), t, **more)) if t else tracker.init(frame(places(0), 0, **more), boxes)
        for t in range(count)
    ]


def at(tracks, place, within=2.5):
    """The number of the track that is seen there, or None."""
    near = [one for one in tracks if one.lost == 0 and np.linalg.norm(bx.centers(one.box) - place) < within]
    return near[0].id if near else None


# --- who is who -------------------------------------------------------------------------------------------------------


def test_two_alike_that_cross_keep_their_numbers():
    def places(t):
        return [(20.5 + 2 * t, 30.5 + t), (20.5 + 2 * t, 90.5 - t)]  # they meet in frame 30

    tracks = follow(places, 60)
    before, after = ([at(tracks[t], place) for place in places(t)] for t in (20, 55))
    assert None not in before and before == after and len({one.id for some in tracks for one in some}) == 2


def test_two_of_different_contrast_that_turn_back_when_they_meet_keep_their_numbers():
    """By motion alone they would seem to have crossed."""

    def places(t):
        way = 1.5 * min(t, 60 - t)  # they meet in frame 30, and go back
        return [(30.5 + way, 60.5), (122.5 - way, 61.5)]

    def seen(t):
        one, other = places(t)  # of 40 and 120 grey values
        return frame([one], t, height=40.0).astype(int) + frame([other], t, 120.0) - frame([], t)

    tracker = MultiTracker()
    tracks = [(tracker.update if t else tracker.init)(np.clip(seen(t), 0, 255).astype(np.uint8)) for t in range(58)]
    before, after = ([at(tracks[t], place) for place in places(t)] for t in (22, 55))
    assert None not in before and before == after


def test_the_odds_of_an_exchange_need_a_difference():
    assert meetings.odds([2.0, 3.0], [3.0, 2.0]) > meetings.SURE > 0 > meetings.odds([2.0, 3.0], [2.1, 2.8])
    assert meetings.odds([2.0, 2.0], [3.0, 1.0]) == 0


def test_one_that_is_hidden_comes_back_under_its_number():
    def places(t):
        return [(20.5 + 1.5 * t, 60.5)] if not 25 <= t < 45 else []

    tracks = follow(places, 60)
    assert at(tracks[20], places(20)[0]) == at(tracks[58], places(58)[0]) == 1
    assert [one.lost for one in tracks[40]] == [16] and tracks[40][0].score < 0.05


def test_a_lost_one_goes_on_as_it_went():
    tracks = follow(lambda t: [(20.5 + 2 * t, 60.5)] if t < 25 else [], 35)
    (last,) = tracks[34]
    assert np.linalg.norm(bx.centers(last.box) - (88.5, 60.5)) < 3 and np.linalg.norm(last.velocity - (2, 0)) < 0.3
    (seen,) = tracks[24]
    assert last.covariance[0, 0] > 10 * seen.covariance[0, 0]


# --- born and ended ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count, born", [(3, False), (12, True)])
def test_a_target_is_born_from_m_of_n_frames(count, born):
    tracks = follow(lambda t: [(20.5 + 3 * t, 60.5)] if 8 <= t < 8 + count else [], 24)
    assert any(tracks) == born
    if born:
        first = next(t for t, some in enumerate(tracks) if some)
        assert 8 + 3 <= first <= 8 + 7


def test_one_ends_when_it_was_lost_for_long_and_its_number_is_not_used_again():
    def places(t):
        return [(20.5 + 2 * t, 40.5)] if t < 20 else [(20.5 + 2 * (t - 45), 90.5)] if t >= 45 else []

    tracker = MultiTracker(keep=20)
    tracks = follow(places, 65, tracker)
    assert [one.id for one in tracks[15]] == [1] and [one.id for one in tracks[42]] == []
    assert [one.id for one in tracks[64]] == [2]


def test_what_stands_before_the_background_is_no_target_unless_asked_for():
    def places(t):
        return [(60.5, 60.5)]

    assert not any(follow(places, 20))
    assert at(follow(places, 20, MultiTracker(moving=False, least=6.0))[-1], (60.5, 60.5)) == 1


@pytest.mark.parametrize("model", ["translation", "still"])
def test_another_scene_ends_all(model):
    tracker = MultiTracker(temporal=TemporalSettings(gaps=(6, 12, 18), model=model))
    assert [one.id for one in follow(lambda t: [(20.5 + 2 * t, 60.5)], 15, tracker)[-1]] == [1]
    other = np.random.default_rng(9).normal(0, 1, SHAPE).cumsum(axis=0).cumsum(axis=1)
    assert tracker.update(np.clip(100 + other, 0, 255).astype(np.uint8)) == [] and tracker.ended == [1]


@pytest.mark.parametrize("exponent", [-8, -24])
def test_tracks_do_not_depend_on_the_unit_of_float_frames(exponent):
    frames = [frame([(30 + 2 * t, 60)], t, dtype=np.float32) for t in range(12)]
    small = [image * np.float32(2.0**exponent) for image in frames]
    (mine, twin) = MultiTracker(), MultiTracker()
    tracks, others = ([one.init(f[0]), *map(one.update, f[1:])] for one, f in ((mine, frames), (twin, small)))
    assert len(tracks[-1]) == 1 and [len(now) for now in tracks] == [len(now) for now in others]
    for now, then in zip(tracks, others):
        for one, other in zip(now, then):
            np.testing.assert_allclose(one.box, other.box, atol=1e-4)


def test_colour_frames_of_any_type_are_taken():
    for dtype in (np.uint8, np.uint16, np.float32):
        tracker = MultiTracker()
        for t in range(12):
            image = np.repeat(frame([(30 + 2 * t, 60)], t)[..., None], 3, axis=2).astype(dtype)
            tracks = tracker.update(image) if t else tracker.init(image)
        assert at(tracks, (52, 60)) == 1


def test_a_frame_that_stands_still_changes_nothing():
    tracker = MultiTracker()
    tracks = follow(lambda t: [(20.5 + 2 * t, 60.5)], 15, tracker)[-1]
    again = tracker.update(frame([(48.5, 60.5)], 14))
    assert [one.id for one in again] == [1] and again[0].lost == 0
    np.testing.assert_array_equal(again[0].box, tracks[0].box)


# --- boxes that are given ---------------------------------------------------------------------------------------------


def test_given_boxes_are_numbered_in_their_order_and_keep_their_size():
    def places(t):
        return [(30.5 + t, 40.5), (120.5 - t, 80.5)]

    boxes = [[116, 75, 9, 11], [27, 37, 7, 7]]
    tracks = follow(places, 30, MultiTracker(births=False), boxes)
    assert [one.id for one in tracks[0]] == [one.id for one in tracks[29]] == [1, 2]
    np.testing.assert_allclose(tracks[0][0].box, boxes[0], atol=1e-9)
    np.testing.assert_allclose([one.box[2:] for one in tracks[29]], [[9, 11], [7, 7]])
    np.testing.assert_allclose(bx.centers(tracks[29][1].box), (59.5, 40.5), atol=1.5)


def test_others_are_born_beside_a_given_box():
    def places(t):
        return [(30.5 + t, 40.5), (140.5 - 2 * t, 80.5)]

    tracks = follow(places, 25, boxes=[[27, 37, 7, 7]])
    assert at(tracks[24], places(24)[0]) == 1 and at(tracks[24], places(24)[1]) == 2


@pytest.mark.parametrize(
    "boxes, births, message",
    [
        ([[10, 10, 5, 5], [40, 40, 5, 5], [10, 10, 5, 5]], True, "boxes 0 and 2 .* same target"),
        ([[10, 10, 5, 5], [400, 40, 5, 5]], True, r"box 1 of 2 .*outside the 160 x 120 frame"),
        ([[10, 10, 5, 0]], True, r"box 0 of 1 .*is empty"),
        ([[10, 10, np.nan, 5]], True, r"box 0 of 1 .*holds NaN"),
        ([], True, "no box to start on"),
        (None, False, "no box to start on"),
        ([[2 + k % 150, 2 + k // 150, 1, 1] for k in range(201)], True, "201 boxes .* 200 targets"),
    ],
)
def test_boxes_that_cannot_be_right_are_named(boxes, births, message):
    with pytest.raises(ValueError, match=message):
        MultiTracker(births=births).init(frame([]), boxes)


def test_frames_that_cannot_be_right_are_refused():
    tracker = MultiTracker()
    with pytest.raises(RuntimeError, match="call init"):
        tracker.update(frame([]))
    tracker.init(frame([]))
    with pytest.raises(ValueError, match="init again"):
        tracker.update(np.zeros((10, 10), np.uint8))
    with pytest.raises(ValueError, match="M of N"):
        MultiTracker(confirm=(5, 3))


def test_of_more_than_200_candidates_the_strongest_are_looked_at_and_the_others_counted():
    tracker, rng = MultiTracker(least=3.0), np.random.default_rng(0)
    for t in range(8):
        sky = rng.normal(100, 2, (288, 384))
        sky[8::16, 8::16] += rng.uniform(40, 80, (18, 24))  # 432 things that do not stand still
        sky = np.roll(np.clip(sky, 0, 255).astype(np.uint8), 3 * t, axis=1)
        tracks = tracker.update(sky) if t else tracker.init(sky)
        assert tracker.left_out >= 150 and len(tracks) <= multi_tracker.MOST
        assert len(tracker.table) <= 2 * multi_tracker.MOST


# --- the parts --------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.randoms(use_true_random=False))
def test_the_assignment_is_the_best_of_all(k, m, random):
    gain = np.array([[random.choice([-np.inf, random.uniform(-5, 10)]) for _ in range(m)] for _ in range(k)])
    rows, columns = match(gain)
    assert len(set(rows)) == len(rows) and len(set(columns)) == len(columns) and (gain[rows, columns] > 0).all()
    wide = np.maximum(np.hstack([gain, np.zeros((k, k))]), 0)  # a track may go without
    best = max(sum(wide[i, j] for i, j in enumerate(order)) for order in permutations(range(m + k), k))
    assert gain[rows, columns].sum() == pytest.approx(best)


def test_the_filter_is_the_textbooks():
    """The table's filter against the matrices of a Kalman filter of four states."""
    rng, table = np.random.default_rng(3), TrackTable()
    table.add(np.array([[10.0, 20.0]]), np.array([[6.0, 6.0]]), np.array([20.0]), np.zeros(1), speed=8.0)
    F, H = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1.0]]), np.eye(2, 4)
    x, R = np.array([10, 20, 0, 0.0]), np.eye(2) * table.noise([0])[0]
    P = np.diag([R[0, 0], R[0, 0], 16, 16])
    for _ in range(8):
        q2 = 0.1**2 + 0.05**2 * (x[2:] @ x[2:])
        g = np.array([[0.5, 0], [0, 0.5], [1, 0], [0, 1.0]])
        shift = rng.normal(0, 1, 2)
        x, P = F @ x + np.array([*shift, 0, 0]), F @ P @ F.T + q2 * g @ g.T
        table.predict(shift, 0.05)
        z = x[:2] + rng.normal(0, 1, 2)
        K = P @ H.T @ np.linalg.inv(H @ P @ H.T + R)
        x, P = x + K @ (z - H @ x), (np.eye(4) - K @ H) @ P
        table.update(np.array([0]), z[None], table.noise([0]))
        np.testing.assert_allclose([*table.place[0], *table.velocity[0]], x)
    np.testing.assert_allclose(table.tracks([0])[0].covariance, P, atol=1e-12)


def test_the_gain_is_the_ratio_of_the_densities():
    from scipy.stats import norm

    table, clutter = TrackTable(), Clutter(10.0)
    table.add(np.array([[10.0, 20.0]]), np.array([[6.0, 6.0]]), np.array([20.0]), np.zeros(1), speed=8.0)
    table.predict(np.zeros(2), 0.0)
    seen = Sightings(np.array([[13.0, 17.0]]), np.array([[6.0, 6.0]]), np.array([14.0]), np.zeros(1), 0)
    std = np.sqrt(table.variances[0, 0] + table.noise([0])[0])
    target = 0.8 * norm.pdf(3, 0, std) * norm.pdf(-3, 0, std) * norm.pdf(np.log(14), np.log(20), 0.4)
    noise = 0.2 * clutter.density * clutter.kappa * (14 / 10) ** -clutter.kappa
    assert gains(table, [0], seen, clutter, 0.8)[0, 0] == pytest.approx(np.log(target / noise))


def test_clutter_is_learnt():
    clutter, rng = Clutter(10.0), np.random.default_rng(0)
    for _ in range(300):
        clutter.learn(10 * np.exp(rng.exponential(1 / 5, rng.poisson(40))), 200_000)
    assert clutter.density == pytest.approx(2e-4, rel=0.1) and clutter.kappa == pytest.approx(5, rel=0.15)


@pytest.mark.parametrize(
    "place, velocity, same", [((42, 20), (2, 0), True), ((42, 20), (-2, 0), False), ((90, 60), (2, 0), False)]
)
def test_a_new_track_goes_on_a_lost_one_where_place_and_velocity_fit(place, velocity, same):
    table = TrackTable()
    table.add(np.array([[10.0, 20.0]]), np.array([[6.0, 6.0]]), np.array([20.0]), np.zeros(1), speed=8.0)
    for k in range(16):
        table.predict(np.zeros(2), 0.02)
        if k < 8:
            table.update(np.array([0]), np.array([[12.0 + 2 * k, 20.0]]), table.noise([0]))
    table.id[0] = 1
    table.add(np.array([place], float), np.array([[6.0, 6.0]]), np.array([20.0]), np.zeros(1), speed=1.0)
    table.velocity[1] = velocity
    assert (stitch(table, 1, 10.0, SHAPE) == 0) == same


# --- whatever is shown ------------------------------------------------------------------------------------------------

moves = st.tuples(
    st.floats(5, 155), st.floats(5, 115), st.floats(-4, 4), st.floats(-4, 4), st.integers(0, 20), st.integers(1, 25)
)


@settings(max_examples=12, deadline=None)
@given(st.lists(moves, max_size=6), st.integers(0, 24), st.sampled_from(["calm", "cut", "nan", "flat", "repeated"]))
def test_numbers_are_unique_and_never_used_again_and_all_is_finite(targets, moment, event):
    tracker, gone, newest = MultiTracker(keep=6), set(), 0
    for t in range(25):
        places = [(x + dx * t, y + dy * t) for x, y, dx, dy, begin, length in targets if begin <= t < begin + length]
        image = frame(places, t if event != "repeated" else t // 2, dtype=np.float32)
        if t >= moment and event in ("cut", "flat"):
            image = image[::-1].copy() if event == "cut" else np.full_like(image, 3)
        if t == moment and event == "nan":
            image[20:60, 30:90] = np.nan
        tracks = tracker.update(image) if t else tracker.init(image)
        numbers = [one.id for one in tracks]
        assert numbers == sorted(set(numbers)) and not gone & set(numbers)
        gone |= set(tracker.ended)
        assert all(number <= newest or number == max(numbers) or number > newest for number in numbers)
        newest = max([newest, *numbers])
        assert newest < tracker.next_id and len(tracker.table) <= 2 * multi_tracker.MOST
        for one in tracks:
            assert (
                np.isfinite(one.box).all() and np.isfinite(one.velocity).all() and 0 <= one.score <= 1 and one.lost >= 0
            )
            assert (one.box[2:] > 0).all() and (np.linalg.eigvalsh(one.covariance) > -1e-9).all()
