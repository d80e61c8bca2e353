"""Where the tracker looks for a target it has lost."""

import numpy as np
import pytest

from irtrack_core import trackers
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
