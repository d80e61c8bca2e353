"""Births of tracks by the clutter that was measured: how far must something have come?"""

import numpy as np
import pytest
from scipy import ndimage

from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.imaging.scan import Simulation
from irtrack_core.trackers.multi import MultiTracker, births
from irtrack_core.trackers.multi.births import Strays
from irtrack_core.trackers.multi.track_table import TrackTable

AREA, NOWHERE = 320 * 256, (np.zeros((0, 2)), np.zeros(0))


def least(strays, place, others=NOWHERE):
    return float(strays.least_way(np.array([place], float), AREA, *others)[0])


def aged(frames, places=(), ways=()):
    strays = Strays()
    strays.learn(np.array(places, float).reshape(-1, 2), np.array(ways, float))
    for _ in range(frames):
        strays.go_on(np.zeros(2))
    return strays


def test_a_calm_sky_asks_for_a_few_pixels():
    assert 1 < least(aged(500), (100, 100)) < 5


def test_in_the_first_frames_more_is_asked_for():
    assert least(aged(3), (100, 100)) > least(aged(12), (100, 100)) > least(aged(30), (100, 100))


def test_one_in_an_hour_comes_farther_where_ways_are_exponential():
    """Strays of an hour, drawn: about one of them, anywhere in the frame, comes farther than the way that is asked for."""
    rng, rate, mean = np.random.default_rng(3), 0.2, 4.0  # a frame, px
    count = round(rate * births.MEMORY[0])
    places = rng.uniform([0, 0], [320, 256], (count, 2))
    strays = aged(births.MEMORY[0], places, rng.exponential(mean, count))
    hour = rng.exponential(mean, round(rate * births.HOUR))
    # the tail is taken for heavier than an exponential's, whose rms is sqrt(2) times its mean
    assert np.sum(hour > least(strays, (160, 128)) / (births.TAIL * np.sqrt(2))) == pytest.approx(1, abs=4)
    assert np.sum(hour > least(strays, (160, 128))) <= 1


def test_clutter_counts_most_where_it_is_and_moves_with_the_background():
    strays = aged(100, [[60, 60]] * 10, [6.0] * 10)
    here, there, calm = least(strays, (60, 60)), least(strays, (250, 60)), least(aged(100), (60, 60))
    assert here > 5 * calm and calm < there < here
    strays.go_on(np.array([190.0, 0]))
    assert least(strays, (250, 60)) > least(strays, (60, 60))


def test_those_that_are_there_still_count_too_and_old_ones_are_forgotten():
    crowd = np.full((5, 2), 60.0), np.full(5, 5.0)
    assert least(aged(100), (60, 60), crowd) > 3 * least(aged(100), (60, 60))
    strays = aged(births.MEMORY[0] + 2, [[60, 60]] * 10, [6.0] * 10)
    assert least(strays, (60, 60)) == least(aged(births.MEMORY[0] + 2), (60, 60))
    many = aged(0, np.zeros((3000, 2)), np.ones(3000))
    assert len(many.ways) == births.MEMORY[1]


def surer(frames, odds, others=()):
    """The excess of a logit that is asked for after so many frames, in which clutter of such odds came to nothing."""
    strays = aged(frames)
    strays.learn_odds(np.array(odds, float))
    return strays.least_odds(np.array(others, float))


def test_one_in_an_hour_is_surer_where_odds_are_exponential():
    """Clutter of an hour, drawn: of its odds about one exceeds what is asked for, but for the heavier tail."""
    rng, rate, mean = np.random.default_rng(4), 0.02, 4.0
    asked = surer(births.MEMORY[0], rng.exponential(mean, round(rate * births.MEMORY[0])))
    hour = rng.exponential(mean, round(rate * births.HOUR))
    assert np.sum(hour > asked / births.ODDS_TAIL) == pytest.approx(1, abs=4)
    assert np.sum(hour > asked) == 0


def test_clutter_that_persists_asks_for_surer_targets_and_is_forgotten():
    calm, flares = surer(500, []), surer(500, [20.0] * 10)
    assert calm < 20 < flares <= births.MOST_ODDS
    assert surer(500, [], [20.0] * 10) == flares  # also while it is there
    assert surer(500, [5.0] * 1000) <= surer(500, [500.0] * 2000) == births.MOST_ODDS
    strays = aged(0)
    strays.learn_odds(np.full(10, 20.0))
    for _ in range(births.MEMORY[0] + 1):
        strays.go_on(np.zeros(2))
    assert strays.least_odds(np.zeros(0)) == surer(births.MEMORY[0] + 1, [])


def test_where_clutter_flares_a_target_is_born_later():
    """Five spots shine for 15 of 25 frames and stand still; a moving one then needs more sightings than in a calm sky."""

    def births_frame(flares):
        rng, tracker = np.random.default_rng(0), MultiTracker()
        y, x = np.mgrid[:120, :160]
        clouds = 100 + 2 * ndimage.gaussian_filter(
            rng.normal(0, 100, x.shape), 6
        )  # what frames are laid on each other by
        for t in range(150):
            frame = clouds + rng.normal(0, 1, x.shape)
            spots = [(20 + 1.5 * (t - 100), 60)] if t >= 100 else []
            spots += [(30 + 25 * k, 20 + 80 * (t // 25 % 2)) for k in range(5)] if flares and t % 25 < 15 else []
            for a, b in spots:
                frame += 60 * np.exp(-((x - a) ** 2 + (y - b) ** 2) / 3)
            frame = np.clip(np.rint(frame), 0, 255).astype(np.uint8)
            for one in tracker.update(frame) if t else tracker.init(frame):
                if abs(one.box[1] + one.box[3] / 2 - 60) < 5:
                    return t, tracker
        return 150, tracker

    (calm, _), (late, tracker) = births_frame(False), births_frame(True)
    assert tracker.table.odds.max() > 10  # those that flare again and again are there still
    assert calm < late - 3 < 145


def test_the_drift_is_that_of_most_slow_tracks_and_of_none_where_there_are_few():
    def table(velocities):
        made = TrackTable()
        made.add(np.zeros((len(velocities), 2)), np.ones((len(velocities), 2)), np.ones(len(velocities)), 0.0, speed=5)
        made.velocity, made.seen = np.array(velocities, float), 4
        return made

    crowd = [(0.3, -0.1)] * 6 + [(0.0, 0.5), (4.0, 1.0), (3.0, 2.0)]
    np.testing.assert_allclose(births.drift(table(crowd)), (0.3, -0.1))
    np.testing.assert_array_equal(births.drift(table(crowd[3:])), (0, 0))


def track_through(places, detection=0.85):
    """Whether a track with sightings at places (frame by frame, None: without) is taken for one of a target by `steady`."""
    table = TrackTable()
    table.add(np.array([places[0]], float), np.full((1, 2), 5.0), np.array([20.0]), 0.0, speed=10.0)
    for place in places[1:]:
        table.predict(np.zeros(2), 0.06)
        if place is not None:
            table.update(np.array([0]), np.array([place], float), table.noise([0]))
    return bool(births.steady(table, detection)[0])


def test_a_target_is_steady_though_it_is_missed_now_and_then():
    way = [(10 + 0.7 * i, 20 + 0.2 * i) for i in range(40)]
    assert track_through(way) and track_through(way[:6])
    rng = np.random.default_rng(1)
    for _ in range(20):  # seen with the probability that is told
        assert track_through(way[:1] + [place if rng.random() < 0.85 else None for place in way[1:-1]] + way[-1:])


def test_flares_of_clutter_that_a_track_leaps_between_are_not_steady():
    flare, next_one = [(100.0, 180.0)] * 12, [(108.0, 190.0)] * 4
    assert not track_through(flare + [None] * 25 + next_one)  # seen in 16 of 41 frames
    assert not track_through(flare + next_one)  # in all, but it stood before it leapt
    # seen seldom once, and often of late
    assert not track_through([(50 + i, 50.0) if i % 3 == 0 or i > 80 else None for i in range(113)])


@pytest.mark.parametrize("pan", [(0.0, 0.0), (1.0, 0.2)])
def test_trees_in_the_wind_are_hardly_ever_targets(pan):
    """Without the measure 51 and 37 tracks are born in these four seconds."""
    sensor = ScanSettings(shape=(192, 240), bits=8, output="agc")
    scene = SceneSettings(kind="trees", std=0.3, pan=pan, wind=1.0)
    scan = Simulation(sensor, scene, TargetSettings(snr=0.0), frames=120, seed=4)
    tracker, born = MultiTracker(), set()
    tracker.init(scan.frame(0))
    for i in range(1, len(scan)):
        born |= {one.id for one in tracker.update(scan.frame(i))}
    assert len(born) <= 3
