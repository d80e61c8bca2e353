"""The made-up cameras of benchmarks/odd_cameras.py: whole frames, true boxes, drawn from kind and number alone."""

import sys
from pathlib import Path

import numpy as np
import pytest

from irtrack_core import boxes as bx
from irtrack_core import trackers

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import odd_cameras


@pytest.mark.parametrize("kind", odd_cameras.KINDS)
def test_a_clip_is_whole_and_drawn_from_its_number_alone(kind):
    frames, boxes = odd_cameras.make(kind, 0, count=4)
    again, same = odd_cameras.make(kind, 0, count=4)
    others, elsewhere = odd_cameras.make(kind, 1, count=4)
    assert len(frames) == 4 and boxes.shape == (4, 4)
    assert len({(frame.shape, frame.dtype) for frame in [*frames, *others]}) == 1 and frames[0].ndim == 2
    for one in (boxes, elsewhere):
        corners = bx.to_xyxy(one)
        assert (corners >= 0).all() and (corners <= np.tile(frames[0].shape[::-1], 2)).all()
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(frames, again))
    np.testing.assert_array_equal(boxes, same)
    assert not any(np.array_equal(a, b, equal_nan=True) for a, b in zip(frames, others))


@pytest.mark.parametrize("kind", ["approach", "desert", "five_fps", "tiny_frames", "twelve_alike"])
def test_the_target_stays_in_the_frame_to_the_end(kind):
    frames, boxes = odd_cameras.make(kind, 2)
    corners = bx.to_xyxy(boxes)
    assert (corners >= 0).all() and (corners <= np.tile(frames[0].shape[::-1], 2)).all()


@pytest.mark.parametrize("kind", ["desert", "analog_comb", "twelve_alike", "raw_14_bits", "large_frames", "hand_held"])
def test_the_box_holds_what_is_warm(kind):
    """Over several clips: inside the box it is warmer than around it, by far more than chance allows."""
    contrasts = []
    for number in range(3):
        frames, boxes = odd_cameras.make(kind, number, count=3)
        for frame, (x, y, w, h) in zip(frames, boxes):
            x0, y0, x1, y1 = int(x), int(y), int(np.ceil(x + w)), int(np.ceil(y + h))
            around = frame[max(y0 - 4, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 4].astype(float)
            contrasts.append((frame[y0:y1, x0:x1].mean() - around.mean()) / around.std())
    assert np.mean(contrasts) > 0.3


def test_a_shutter_hides_the_target_for_four_frames():
    frames, boxes = odd_cameras.make("microbolometer", 0, count=70)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(boxes[:, 0])), [60, 61, 62, 63])
    across = [np.median(np.std(frame.astype(float), axis=0)) for frame in frames]  # rows differ by noise alone
    assert np.argmin(across) in (60, 61, 62, 63) and max(across[60:64]) < min(across[:60])


def test_gain_and_polarity_change_in_their_frames():
    for kind, before, after in [("gain_up", 10, 40), ("gain_down", 40, 10)]:
        frames, _ = odd_cameras.make(kind, 0, count=42)
        assert np.std(frames[41].astype(float)) / np.std(frames[39].astype(float)) == pytest.approx(
            after / before, rel=0.05
        )
    frames, _ = odd_cameras.make("black_hot", 0, count=42)
    warm = [frame.astype(float).ravel() for frame in frames[38:42]]
    assert np.corrcoef(warm[0], warm[1])[0, 1] > 0.5 and np.corrcoef(warm[1], warm[2])[0, 1] < -0.5


def test_measures_are_those_of_frames_with_a_target():
    frames, boxes = odd_cameras.make("raw_14_bits", 0, count=12)
    found = odd_cameras.measure(trackers.create("peak"), frames, boxes)
    assert found["p5"] == 1 and found["lost_on"] == 0 and 0.6 < found["ao"] <= 1
    boxes[6:] += 100  # half of what follows is elsewhere
    assert odd_cameras.measure(trackers.create("peak"), frames, boxes)["p5"] == pytest.approx(5 / 11)
    boxes[6:] = np.nan
    assert odd_cameras.measure(trackers.create("peak"), frames, boxes) == pytest.approx(found, abs=0.05)
