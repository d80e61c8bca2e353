"""The protocol, its checks, and the tracker `peak` on targets whose true path is known."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import trackers
from irtrack_core.boxes import MOST, center_error, centers
from irtrack_core.filtering import filter_window, line_elements, rectangle
from irtrack_core.trackers import IdentityTracker, Tracker, create, to_gray
from irtrack_core.trackers.base import GrayView, ScaledView, in_unit, unit_of


def scene(path, *, shape=(90, 110), sigma=1.5, height=120.0, noise=3.0, dtype=np.uint8, seed=0, level=60.0):
    """Frames (N, H, W) of a Gaussian spot that follows `path` (N, 2) over a slope with an edge, and white noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    ground = level + 0.2 * x + 30 * (y > 0.6 * shape[0])
    frames = [
        ground + height * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * sigma**2)) + rng.normal(0, noise, shape)
        for cx, cy in path
    ]
    return np.clip(frames, 0, 255).astype(dtype) if dtype == np.uint8 else np.array(frames, dtype)


def boxes_of(path, size=(7.0, 7.0)):
    return np.concatenate([path - np.array(size) / 2, np.tile(size, (len(path), 1))], axis=1)


def line(count=30, start=(30.0, 30.0), step=(1.4, 0.9)):
    return np.array(start) + np.arange(count)[:, None] * np.array(step)


def follow(tracker, frames, box):
    tracker.init(frames[0], box)
    return np.array([box, *(tracker.update(frame) for frame in frames[1:])])


# --- protocol ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["identity", "peak"])
def test_protocol(name):
    tracker = create(name)
    assert isinstance(tracker, Tracker) and tracker.name == name
    frames, box = scene(line(4)), boxes_of(line(4))[0]
    tracker.init(frames[0], box)
    assert 0 <= tracker.score <= 1
    result = tracker.update(frames[1])
    assert result.shape == (4,) and result.dtype == np.float64 and 0 <= tracker.score <= 1
    result[:] = 0  # the caller's own
    assert tracker.update(frames[2])[2] == 7


@pytest.mark.parametrize("name", ["identity", "peak"])
def test_before_init_there_is_nothing_to_follow(name):
    with pytest.raises(RuntimeError, match=f"'{name}' follows nothing yet"):
        trackers.create(name).update(np.zeros((20, 20), np.uint8))


def test_identity_stays():
    result = follow(IdentityTracker(), scene(line(5)), boxes_of(line(5))[0])
    np.testing.assert_array_equal(result, np.tile(boxes_of(line(1)), (5, 1)))


@pytest.mark.parametrize("name", ["identity", "peak"])
def test_same_input_same_output_and_nothing_changed(name):
    frames, box = scene(line(10)), boxes_of(line(10))[0]
    before = frames.copy(), box.copy()
    np.testing.assert_array_equal(follow(create(name), frames, box), follow(create(name), frames, box))
    np.testing.assert_array_equal(frames, before[0])
    np.testing.assert_array_equal(box, before[1])


def test_unknown_and_taken_names():
    with pytest.raises(ValueError, match=r"unknown tracker 'kalman'.*identity.*peak"):
        create("kalman")
    assert {"identity", "peak", "siamese", "paper"} <= set(trackers.available())
    with pytest.raises(ValueError, match="taken"):
        trackers.register("peak", dict)
    with pytest.raises(ValueError, match="wings"):
        create("peak", wings=2)


def test_registered_tracker(monkeypatch):
    monkeypatch.setattr(trackers, "REGISTRY", dict(trackers.REGISTRY))
    trackers.register("still", IdentityTracker)
    assert isinstance(create("still"), IdentityTracker)


def test_peak_needs_no_torch():
    code = "import sys, irtrack_core.trackers as t; t.create('peak'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


# --- units ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["peak", "peak-motion", "siamese", "motion"])
@pytest.mark.parametrize("exponent", [-10, -24, -30])
def test_boxes_do_not_depend_on_the_unit_of_float_frames(name, exponent):
    path = line(12)
    frames = scene(path, dtype=np.float32)
    box, tracker = boxes_of(path)[0], create(name)
    expected, score = follow(tracker, frames, box), tracker.score
    small = create(name)
    np.testing.assert_array_equal(follow(small, frames * np.float32(2.0**exponent), box), expected)
    assert small.score == score


@pytest.mark.parametrize("exponent", [0, -24])
def test_a_tracker_begins_anew_in_another_unit(exponent):
    path = line(6)
    frames, box, tracker = scene(path, dtype=np.float32), boxes_of(path)[0], create("motion")
    expected = follow(create("motion"), frames, box)
    follow(tracker, frames * np.float32(2.0**-12), box)
    with pytest.raises(ValueError, match="empty"):  # and is then as it was
        tracker.init(frames[0] * np.float32(2.0**exponent), (30, 30, 0, 0))
    assert tracker.unit == 2.0**12
    np.testing.assert_array_equal(follow(tracker, frames * np.float32(2.0**exponent), box), expected)


def test_the_unit_of_a_frame():
    frame = scene(line(1), dtype=np.float32)[0]
    assert unit_of(frame) == unit_of(frame * 1e6) == unit_of(frame.astype(np.uint8)) == 1
    assert unit_of((frame / 100).astype(np.uint8)) == unit_of(np.full((9, 9), 3e-4, np.float32)) == 1
    kelvin = 300 + frame / 2048
    kelvin[::7, ::5], kelvin[1::9, ::5] = np.nan, 3e38  # missing pixels, as files mark them
    assert unit_of(kelvin) == 2048 and unit_of(np.full((9, 9), np.nan, np.float32)) == 1
    assert 16 <= (unit_of(frame / 255) * frame / 255).std() < 32
    point = np.zeros((90, 110), np.float32)
    point[30:34, 40:44] = 1e-5  # before nothing at all
    assert 16 <= (unit_of(point) * point).std() < 32
    view = in_unit(frame / 1024, 1024.0)
    assert isinstance(view, ScaledView) and in_unit(frame, 1.0) is frame
    np.testing.assert_array_equal(view[3:9, 5:7], frame[3:9, 5:7])
    np.testing.assert_array_equal(np.asarray(view), frame)


# --- frames and boxes that cannot be used -----------------------------------------------------------------------------


def test_to_gray():
    grey = np.arange(12, dtype=np.uint16).reshape(3, 4)
    np.testing.assert_array_equal(to_gray(grey), grey)
    np.testing.assert_array_equal(to_gray(np.repeat(grey[..., None], 3, axis=2)), grey)
    np.testing.assert_array_equal(to_gray(grey[..., None]), grey)
    red = np.zeros((2, 2, 3), np.float32)
    red[..., 0] = 100
    np.testing.assert_allclose(to_gray(red), 29.9, atol=0.01)
    assert to_gray(grey[:, ::2]).flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_colour_frame_turns_grey_where_it_is_looked_at(dtype):
    frame = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(dtype)
    whole, view = to_gray(frame), to_gray(frame, finite=False)
    assert isinstance(view, GrayView) and view.shape == (60, 80) and view.dtype == dtype and view.ndim == 2
    np.testing.assert_allclose(view[7:31, 50:79], whole[7:31, 50:79], rtol=1e-6 if dtype == np.float32 else 0)
    np.testing.assert_array_equal(np.asarray(view), whole)
    lines = line_elements(7, 4)
    for mine, twin in zip(
        filter_window(view, (40, 20, 16, 12), lines, rectangle(3, 3)),
        filter_window(whole, (40, 20, 16, 12), lines, rectangle(3, 3)),
    ):
        np.testing.assert_allclose(mine, twin, atol=1e-4 if dtype == np.float32 else 0)
    with pytest.raises(ValueError, match="the ones before were"):
        to_gray(frame, (60, 81), finite=False)


@pytest.mark.parametrize("name", ["identity", "peak"])
@pytest.mark.parametrize(
    "bad, error, message",
    [
        (lambda f: f.astype(np.float64), TypeError, "float64: convert"),
        (lambda f: f.astype(np.int32), TypeError, "int32"),
        (lambda f: f > 50, TypeError, "bool"),
        (lambda f: np.where(np.arange(f.size).reshape(f.shape) == 77, np.nan, f).astype(np.float32), ValueError, "NaN"),
        (lambda f: np.where(f > 0, np.inf, f).astype(np.float32), ValueError, "infinite"),
        (lambda f: f[None], ValueError, r"\(H, W\)"),
        (lambda f: f[:0], ValueError, r"\(H, W\)"),
        (lambda f: f[:-3], ValueError, "the ones before were"),
    ],
)
def test_bad_frames(name, bad, error, message):
    frames, box = scene(line(2)), boxes_of(line(2))[0]
    tracker = create(name)
    if "before" not in message:
        with pytest.raises(error, match=message):
            tracker.init(bad(frames[0]), box)
    tracker.init(frames[0], box)
    with pytest.raises(error, match=message):
        tracker.update(bad(frames[1]))
    assert center_error(tracker.update(frames[1]), boxes_of(line(2))[1]) < 3  # still usable after it


@pytest.mark.parametrize("name", ["identity", "peak"])
@pytest.mark.parametrize(
    "box, message",
    [
        ((200, 10, 5, 5), "outside the 110 x 90 frame"),
        ((-9, 10, 5, 5), "outside"),
        ((20, 10, 0, 5), "is empty"),
        ((20, 10, 5, -1), "is empty"),
        ((20, np.nan, 5, 5), "NaN"),
        ((20, 10, 5), "four numbers"),
    ],
)
def test_bad_boxes(name, box, message):
    with pytest.raises(ValueError, match=message):
        create(name).init(scene(line(1))[0], np.array(box, dtype=float))


# --- peak -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype, factor", [(np.uint8, 1), (np.uint16, 60), (np.float32, 0.01)])
def test_peak_follows_to_a_fraction_of_a_pixel(dtype, factor):
    path = line(40, step=(1.4, 0.9))
    frames = (scene(path, dtype=np.float32) * factor).astype(dtype)
    found = follow(create("peak"), frames, boxes_of(path)[0])
    error = center_error(found, boxes_of(path))
    # the residual of a discrete line filter is off by up to a quarter pixel with the target's place within its pixel
    assert np.sqrt(np.mean(error**2)) < 0.35 and error.max() < 1.0
    np.testing.assert_array_equal(found[:, 2:], 7)


def test_peak_carries_the_offset_of_a_loose_box():
    path = line(30)
    loose = boxes_of(path, (13, 9)) + [2.5, -1.5, 0, 0]
    found = follow(create("peak"), scene(path), loose[0])
    assert center_error(found, loose).max() < 1.0


def test_peak_follows_dark_targets():
    path = line(30)
    frames = scene(path, height=-50.0, level=120.0)
    assert center_error(follow(create("peak"), frames, boxes_of(path)[0]), boxes_of(path)).max() < 1.2


def test_peak_follows_a_fast_target_by_its_velocity():
    path = line(8, start=(12.0, 14.0), step=(13.0, 8.0))
    assert center_error(follow(create("peak"), scene(path), boxes_of(path)[0]), boxes_of(path)).max() < 1.0


def test_peak_prefers_the_near_target_to_a_brighter_one_far_off():
    path = line(25, start=(60.0, 30.0), step=(0.5, 0.3))
    frames = scene(path, height=70.0).astype(int)
    frames[:, 30:33, 20:23] += 110
    found = follow(create("peak"), np.clip(frames, 0, 255).astype(np.uint8), boxes_of(path)[0])
    assert center_error(found, boxes_of(path)).max() < 1.5


def test_peak_coasts_while_hidden_and_finds_the_target_again():
    path = line(30, start=(20.0, 30.0), step=(1.5, 0.6))
    frames, empty = scene(path, noise=1.0), scene(path, noise=1.0, height=0.0)
    frames[12:18] = empty[12:18]
    tracker = create("peak")
    tracker.init(frames[0], boxes_of(path)[0])
    found, scores = [], []
    for frame in frames[1:]:
        found.append(tracker.update(frame))
        scores.append(tracker.score)
    error = center_error(found, boxes_of(path)[1:])
    assert max(scores[11:17]) < 0.25 < min(scores[:11] + scores[17:])
    assert error[11:17].max() < 6 and error[17:].max() < 1.2


@pytest.mark.parametrize("path", [line(20, (2.0, 2.0), (0.4, 0.0)), line(30, (107.0, 70.0), (0.0, 0.6))])
def test_peak_at_the_border(path):
    found = follow(create("peak"), scene(path), boxes_of(path)[0])
    assert center_error(found, boxes_of(path)).max() < 1.5


def test_peak_on_a_target_of_one_pixel():
    frames = np.full((20, 40, 40), 50, np.uint8)
    for index, frame in enumerate(frames):
        frame[10 + index // 2, 8 + index] = 90
    truth = np.array([[8 + i, 10 + i // 2, 1, 1] for i in range(20)], float)
    np.testing.assert_allclose(follow(create("peak"), frames, truth[0]), truth, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_peak_on_a_flat_sequence_stays(dtype):
    frames = np.full((4, 30, 30), 7, dtype)
    found = follow(create("peak"), frames, [10, 12, 4, 4])
    assert np.isfinite(found).all() and center_error(found, [10, 12, 4, 4]).max() < 1e-9


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_peak_on_any_frame_size_and_box(height, width, data):
    cx, cy = data.draw(st.floats(0, width - 0.01)), data.draw(st.floats(0, height - 0.01))
    most = min(60, MOST * max(width, height))
    w, h = data.draw(st.floats(0.1, most)), data.draw(st.floats(0.1, most))
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 255, (3, height, width), dtype=np.uint8)
    box = np.array([cx - w / 2, cy - h / 2, w, h])
    if not (0 <= centers(box)[0] < width and 0 <= centers(box)[1] < height):
        return
    found = follow(create("peak"), frames, box)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:, 2:], np.tile([w, h], (3, 1)))


def test_peak_starts_afresh_on_a_second_init():
    path = line(10)
    tracker = create("peak")
    follow(tracker, scene(line(12, (70.0, 60.0), (-2.0, 0.0)), seed=5), boxes_of(line(1, (70.0, 60.0)), (9, 5))[0])
    again = follow(tracker, scene(path), boxes_of(path)[0])
    np.testing.assert_array_equal(again, follow(create("peak"), scene(path), boxes_of(path)[0]))


@pytest.mark.parametrize("name", ["siamese", "motion", "peak"])
@pytest.mark.parametrize("mark", [1e30, -3.4e38, np.nan])
def test_a_mark_for_a_missing_pixel_spoils_one_frame_and_no_later_one(name, mark):
    """Some cameras' float files mark a pixel that is missing by the largest number there is."""
    path = line(12)
    frames, boxes = scene(path, dtype=np.float32), boxes_of(path)
    tracker = create(name)
    tracker.init(frames[0], boxes[0])
    marked = frames[4].copy()
    marked[tuple(np.rint(path[4]).astype(int)[::-1] + 6)] = mark
    for k in range(1, 12):
        if k == 4:
            with pytest.raises(ValueError, match="too large|NaN"):
                tracker.update(marked)
        else:
            box = tracker.update(frames[k])
    assert np.linalg.norm(centers(box) - path[-1]) < 1.5
    with pytest.raises(ValueError, match="too large|NaN"):
        create(name).init(marked, boxes[4])
