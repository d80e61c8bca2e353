"""Where the tracker looks for a target it has lost."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from irtrack_core import trackers
from irtrack_core.config import TrackerSettings
from irtrack_core.network.crops import tiles
from irtrack_core.trackers import redetection

HERE = np.array([450.0, 300.0])


@pytest.fixture
def tracker():
    """On a spot at HERE in a frame of 900 x 640, which takes 3 x 2 tiles; more than eight brighter ones are far from it."""
    rng = np.random.default_rng(0)
    frame = rng.normal(100, 1, (640, 900))
    for x, y in [(320 + 30 * k, 180) for k in range(9)] + [HERE + [40, 20]]:
        frame[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2] += 60 if y == 180 else 40
    tracker = trackers.create("siamese")
    tracker.init(np.rint(frame).astype(np.uint8), [*(HERE - 4), 8, 8])
    tracker.frame = np.rint(frame).astype(np.uint8)
    return tracker


def turn(tracker):
    """`_turn`, with whether anything is near in place of the place that it is near to."""
    tile, near, scale = tracker.redetection._next_look(tracker.center)
    assert near is None or np.array_equal(near, tracker.center)
    return tile, near is not None, scale


def test_in_time_every_tile_is_looked_at_at_every_size(tracker):
    about, *cover = tiles(tracker.shape, HERE)
    scales = redetection.SCALES
    looks = []
    for tracker.redetection.frames_in_doubt in range(2 * len(cover) * len(scales)):
        looks.append(turn(tracker))
    assert looks[::2] == [(about, True, scale) for scale in scales for _ in cover]
    assert looks[1::2] == [(tile, False, scale) for scale in scales for tile in cover]


def test_a_small_frame_is_looked_at_with_and_without_regard_to_what_is_near():
    tracker = trackers.create("siamese")
    tracker.init(np.random.default_rng(0).integers(90, 110, (200, 300)).astype(np.uint8), [100, 100, 8, 8])
    looks = []
    for tracker.redetection.frames_in_doubt in range(4):
        looks.append(turn(tracker))
    whole, scales = (0, 0, 300, 200), redetection.SCALES
    assert looks == [(whole, near, scale) for scale in scales[:2] for near in (True, False)]


@pytest.mark.parametrize("when", ["in the frame of the cut", "after it"])
def test_after_a_cut_nothing_is_near(tracker, when):
    if when == "after it":
        tracker.redetection.frozen = 3
    else:
        tracker.camera_motion.changed = True
    parts, looks = tiles(tracker.shape, HERE), []
    for tracker.redetection.frames_in_doubt in range(2 * len(parts)):
        looks.append(turn(tracker))
    assert looks == [(tile, False, scale) for scale in redetection.SCALES[:2] for tile in parts]


def test_a_fainter_place_near_by_is_among_the_candidates(tracker):
    """One that stands out less than eight others, but is as near as most targets are that were lost."""
    tile, near, _ = tracker.redetection._next_look(HERE)
    np.testing.assert_array_equal(near, HERE)

    def distance(near):
        places = tracker.redetection._candidates(tracker.frame, tile, near)
        assert len(places) == tracker.settings.candidates
        return np.abs(np.array(places) - (HERE + [40, 20])).max(axis=1).min()

    assert distance(near=HERE) < 3
    assert distance(near=None) > 30


def test_it_looks_about_the_expected_place(tracker):
    """Not about the one where the target was in the frame before."""
    expected = HERE + [-120, 40]
    tile, near, _ = tracker.redetection._next_look(expected)
    assert tile == tiles(tracker.shape, expected)[0] != tiles(tracker.shape, HERE)[0]
    np.testing.assert_array_equal(near, expected)


@dataclass
class Scores:
    """A stand-in for a tracker whose observations have the scores (logits) that a test says."""

    first: float = 8.0
    center: np.ndarray = field(default_factory=lambda: np.zeros(2))
    camera_motion: None = None

    def __post_init__(self):
        self.settings = TrackerSettings(candidates=0)
        self.observation = self.look(None, [None])[0]
        self.redetection = redetection.Redetection(self, None)

    def look(self, frame, centers):
        return [SimpleNamespace(score=1 / (1 + np.exp(-self.first)))]

    def see(self, *scores):
        """[in doubt, before the reference has learnt from it] for scores of frames that follow each other."""
        doubts = []
        for score in scores:
            self.observation = SimpleNamespace(score=1 / (1 + np.exp(-score)))
            doubts.append(self.redetection.in_doubt)
            self.redetection.learn(None, missed=0)
            assert self.redetection.in_doubt == doubts[-1]  # what `lost` says after the frame
        return doubts


@pytest.fixture
def scores():
    """Its reference is 6 to begin with, two below the first score."""
    return Scores()


def test_the_reference_rises_at_once_and_falls_slowly(scores):
    """A cloud in the place of a hidden target scores a little lower than it; learnt from, it would soon be the target."""
    assert not any(scores.see(*[4.5] * 10))
    assert scores.redetection.reference == pytest.approx(6 - 10 * redetection.REFERENCE_DECAY)
    before = scores.redetection.reference
    scores.see(6.5)
    assert scores.redetection.reference == pytest.approx(before + 0.1 * (6.5 - before))


def test_to_a_score_that_no_cloud_has_the_reference_falls_as_fast_as_it_rises(scores):
    scores.redetection.reference = 9.0
    scores.see(7.5)
    assert scores.redetection.reference == pytest.approx(9 - 0.1 * 1.5)


def test_several_low_scores_together_are_doubt_where_each_alone_is_none(scores):
    low = 6 - 2.9  # the fall that is doubt at once is 3; 0.9 less what the reference falls meanwhile are summed up
    assert scores.see(low, low, low, low) == [False, False, False, True]
    assert scores.see(6.0, low) == [False, False]


@pytest.mark.parametrize("frames", [3, 100])
def test_any_doubt_ends_after_two_scores_like_the_reference(scores, frames):
    scores.see(*[0.0] * frames)
    assert scores.redetection.in_doubt
    assert scores.see(7.0, 7.0)[-1] is False


def test_after_a_jump_the_scores_of_the_place_left_do_not_count(scores):
    scores.see(2.0, 2.0, 2.0)
    there = SimpleNamespace(score=1 / (1 + np.exp(-5.0)))
    scores.motion = SimpleNamespace(velocity=np.zeros(2))
    scores.log_growth = np.zeros(2)
    scores.redetection._jump(there, np.zeros(2))
    assert not scores.redetection.in_doubt


def test_a_hidden_target_stays_lost_while_something_fainter_is_in_its_place():
    """For 40 frames a blob of a third of its contrast is where it was: it is never taken for the target."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:240, :320]

    def frame(contrast, sigma):
        spot = contrast * np.exp(-((x - 160) ** 2 + (y - 120) ** 2) / 2 / sigma**2)
        return np.clip(np.rint(100 + rng.normal(0, 2, x.shape) + spot), 0, 255).astype(np.uint8)

    tracker, lost = trackers.create("siamese"), []
    tracker.init(frame(60, 2), [156, 116, 9, 9])
    for k in range(80):
        tracker.update(frame(60, 2) if k < 20 or k >= 60 else frame(22, 2.5))
        lost.append(tracker.lost)
    assert not any(lost[:20]) and not any(lost[63:])
    assert np.mean(lost[20:60]) > 0.9


def video(places, contrasts, flashes=()):
    """uint8 frames (N, 240, 320): a spot at places (N, 2), of contrasts (N,); flashes: {frame: (x, y)} of others."""
    rng, frames = np.random.default_rng(5), []
    y, x = np.mgrid[:240, :320]
    clouds = 100 + 40 * gaussian_filter(rng.normal(0, 4, x.shape), 4)
    for k, ((px, py), contrast) in enumerate(zip(places, contrasts)):
        picture = clouds + rng.normal(0, 2, x.shape) + contrast * np.exp(-((x - px) ** 2 + (y - py) ** 2) / 8)
        if k in flashes:
            picture += 60 * np.exp(-((x - flashes[k][0]) ** 2 + (y - flashes[k][1]) ** 2) / 8)
        frames.append(np.clip(np.rint(picture), 0, 255).astype(np.uint8))
    return frames


def errors(frames, places):
    """(N - 1,) px that `siamese`, begun on the first of the places, is from each of the others."""
    tracker = trackers.create("siamese")
    tracker.init(frames[0], [places[0][0] - 4, places[0][1] - 4, 9, 9])
    boxes = np.array([tracker.update(frame) for frame in frames[1:]])
    return np.hypot(*(boxes[:, :2] + boxes[:, 2:] / 2 - np.array(places[1:]) - 0.5).T)


def test_a_flash_is_not_taken_for_a_target_that_is_still_to_be_seen():
    """It looks as the target did, for one frame in which that is fainter: a glint on the sea."""
    places, contrasts = np.tile([160.0, 120.0], (40, 1)), np.full(40, 60.0)
    contrasts[20:23] = 30
    flashes = {k: (160 + 30 * (-1) ** k, 150) for k in (20, 21, 22)}
    assert (errors(video(places, contrasts, flashes), places) < 3).all()


def test_a_clear_target_that_has_left_its_place_is_found_in_the_same_frame():
    places = np.array([[160.0, 120.0]] * 20 + [[220.0, 140.0]] * 10)
    assert (errors(video(places, np.full(30, 60.0)), places) < 3).all()
