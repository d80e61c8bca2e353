"""Size by the picture, elements by the size, a template that is renewed: each against known answers, and bounded."""

import numpy as np
import pytest
from disturbances import simulate
from hypothesis import example, given, settings
from hypothesis import strategies as st

from irtrack_core import boxes as bx
from irtrack_core import filtering, trackers
from irtrack_core.config import Deformation
from irtrack_core.trackers import deforming
from irtrack_core.trackers.support import support


def blob(sx, sy, x=32.0, y=30.0, height=100.0, noise=0.0, shape=(64, 64)):
    """A Gaussian of sigmas sx, sy about (x, y) on a level of 500, float32."""
    u, v = np.arange(shape[1]) + 0.5 - x, np.arange(shape[0]) + 0.5 - y
    spot = np.exp(-(v[:, None] ** 2) / (2 * sy**2) - u**2 / (2 * sx**2))
    return (500 + height * spot + np.random.default_rng(0).normal(0, noise, shape)).astype(np.float32)


# --- the support ------------------------------------------------------------------------------------------------------


@given(st.floats(1.5, 4.0), st.floats(1.5, 4.0), st.floats(28, 36), st.floats(28, 36), st.floats(0.8, 1.25))
@example(1.5, 3.5, 28.0, 28.125, 1.0)  # 0.163 px off
@settings(max_examples=30, deadline=None)
def test_the_support_of_a_blob_has_its_centre_and_its_ratio(sx, sy, x, y, wrong):
    """Cut at 0.3 of its peak a Gaussian keeps one share of its sigma, whatever that is: the ratio of two is that of sizes."""
    one = support(blob(2.0, 2.0, x, y), (x, y), np.array([8.0, 8.0]))
    other = support(blob(sx, sy, x, y), (x, y), 4 * wrong * np.array([sx, sy]))
    np.testing.assert_allclose(other.center, (x, y), atol=0.2)
    np.testing.assert_allclose(other.sigma / one.sigma, np.array([sx, sy]) / 2, rtol=0.15)


def test_a_dark_target_has_the_same_support():
    bright = support(blob(2, 3), (32, 30), (8, 12))
    dark = support(1000 - blob(2, 3), (32, 30), (8, 12), "dark")
    np.testing.assert_allclose(dark.sigma, bright.sigma, rtol=1e-4)


def test_where_no_object_of_that_size_is_there_is_no_support():
    assert support(np.full((40, 40), 7, np.uint8), (20, 20), (6, 6)) is None
    assert support(blob(1.5, 1.5, x=10), (40, 30), (6, 6)) is None  # elsewhere
    step = np.zeros((40, 40), np.uint8)
    step[:, 20:] = 200  # half of the window: a line fits under it
    assert support(step, (20, 20), (6, 6)) is None


def test_a_support_that_leaves_its_window_is_none():
    """A bar that no short line fits along, as long as the frame, at an angle that lies between the lines'."""
    rows, columns = np.mgrid[:64, :64]
    bar = (np.abs((columns - 32) * np.sin(0.4) - (rows - 32) * np.cos(0.4)) < 1).astype(np.float32) * 100
    assert support(bar, (32, 32), (6, 6)) is None


# --- elements ---------------------------------------------------------------------------------------------------------


@given(st.floats(1, 60), st.floats(1, 60), st.integers(1, 8))
@settings(deadline=None)
def test_each_fitted_line_is_longer_than_the_target_in_its_direction(w, h, angles):
    """The oracle: opening a target's box by a line leaves nothing of it, in each direction by itself."""
    lines = filtering.fitted_lines((w, h), angles, minimum=1)
    even = filtering.line_elements(filtering.element_length((w, h), 1), angles)
    assert all(a.sum() <= b.sum() for a, b in zip(lines, even))
    side = 2 * int(max(w, h)) + 9
    image = np.zeros((side, side), np.uint8)
    x, y = (side - int(np.ceil(w))) // 2, (side - int(np.ceil(h))) // 2
    image[y : y + int(np.ceil(h)), x : x + int(np.ceil(w))] = 9
    for line in lines:
        assert max(line.shape) <= side and not filtering.opening(image, line).any()


def test_across_a_long_flat_target_lines_are_short_and_take_off_what_stands_beside_it():
    size, even = (31, 3), filtering.line_elements(filtering.element_length((31, 3)), 4)
    lines = filtering.fitted_lines(size)
    assert [int(line.sum()) for line in lines] == [33, 15, 15, 15] and {int(one.sum()) for one in even} == {33}
    image = np.zeros((80, 80), np.uint8)
    image[40:43, 20:51] = 100  # the target
    image[20:40, 60] = 100  # a mast, 20 px high: too short for a line of 33
    U = [filtering.multilevel_filter(image, family, filtering.rectangle(1, 1))[1] for family in (even, lines)]
    assert (U[0][20:40, 60] == 100).all() and not U[1][20:40, 60].any()
    assert all((one[40:43, 20:51] == 100).all() for one in U)
    assert max(max(one.shape) for one in filtering.fitted_lines((90, 90), longest=41)) == 41


# --- the tracker ------------------------------------------------------------------------------------------------------


def run(tracker, frames, boxes):
    tracker.init(frames[0], boxes[0])
    return np.array([boxes[0], *(tracker.update(frame) for frame in frames[1:])])


@pytest.fixture(scope="module")
def growing():
    change = Deformation(begin=8, frames=20, start=(0, 0), end=(np.log(3), np.log(3)))
    return simulate(45, deform=change, size=10, clouds=0.0, speed=0.5)


@pytest.fixture(scope="module")
def made():
    return {
        parts: trackers.create("deforming", **{part: part in parts for part in ("elements", "size", "template")})
        for parts in ((), ("size",), ("elements", "size", "template"))
    }


def test_without_its_parts_it_is_the_tracker_below(made, growing):
    np.testing.assert_array_equal(run(made[()], *growing), run(trackers.create("siamese"), *growing))


@pytest.mark.parametrize("parts", [("size",), ("elements", "size", "template")])
def test_the_size_follows_a_target_that_grows_threefold(made, growing, parts):
    frames, boxes = growing
    fixed, found = run(made[()], frames, boxes), run(made[parts], frames, boxes)
    overlap = [bx.iou(one[1:], boxes[1:]).mean() for one in (fixed, found)]
    assert overlap[1] > overlap[0] + 0.1 and overlap[1] > 0.7
    np.testing.assert_allclose(found[-1, 2:], boxes[-1, 2:], rtol=0.25)
    steps = np.abs(np.diff(np.log(found[:, 2:]), axis=0))
    assert steps.max() < 2.2 * deforming.LARGEST_STEP  # bounded; the dead zone's end is the steepest place


def test_elements_and_template_follow_and_the_first_template_stays(made, growing):
    tracker = made["elements", "size", "template"]
    frames, boxes = growing
    tracker.init(frames[0], boxes[0])
    kernels, elements = [np.copy(k) for k in tracker.kernels], tracker.tracker.maker.elements
    polarity, gains = tracker.tracker.maker.polarity, tracker.tracker.maker.gains
    for frame in frames[1:]:
        tracker.update(frame)
    inner = tracker.tracker
    assert max(map(len, inner.maker.elements)) > max(map(len, elements))
    assert (inner.maker.polarity, inner.maker.gains) == (polarity, gains)
    assert tracker.renewed > 0
    for first, kept, now in zip(kernels, tracker.kernels, inner.engine.kernels):
        np.testing.assert_array_equal(first, kept)
        assert not np.allclose(first, now)


def test_a_target_that_keeps_its_shape_keeps_its_size_and_template(made):
    frames, boxes = simulate(30, size=14, clouds=0.0, speed=0.5)
    tracker = made["elements", "size", "template"]
    found = run(tracker, frames, boxes)
    np.testing.assert_allclose(found[:, 2:], boxes[:, 2:], rtol=0.15)
    assert tracker.renewed == 0


def test_behind_the_gate_a_target_that_keeps_its_shape_has_the_trackers_own_boxes():
    frames, boxes = simulate(25, size=14, clouds=0.0, speed=0.5)
    gated = run(trackers.create("deforming", gate=True), frames, boxes)
    np.testing.assert_allclose(gated, run(trackers.create("siamese"), frames, boxes), atol=1e-9)


def test_the_gate_opens_for_a_target_that_grows(made, growing):
    frames, boxes = growing
    tracker = trackers.create("deforming", gate=True)
    fixed, found = run(made[()], frames, boxes), run(tracker, frames, boxes)
    assert tracker.open.all() and bx.iou(found[1:], boxes[1:]).mean() > bx.iou(fixed[1:], boxes[1:]).mean() + 0.1


def test_support_and_network_must_agree_before_a_side_is_followed():
    tracker = trackers.create("deforming", gate=True)
    tracker.said, tracker.agreed, tracker.open = np.zeros(2), np.zeros(2, int), np.zeros(2, bool)
    for _ in range(12):  # the width by both, the height by the support alone, as of a target that fades
        tracker._gate(np.array([0.6, -0.6]), np.array([0.2, 0.01]))
    assert tracker.open.tolist() == [True, False]
    for _ in range(12):
        tracker._gate(np.array([0.0, -0.6]), np.array([0.0, 0.2]))
    assert tracker.open.tolist() == [True, False]  # they contradict each other; what is open stays open


def test_a_target_that_turns_cold_is_taken_as_cold():
    change = Deformation(begin=8, frames=6, contrast=-1.0)
    frames, boxes = simulate(40, deform=change, size=12, clouds=0.0, speed=0.5)
    turning, plain = trackers.create("deforming", polarity=True, size=False), trackers.create("siamese")
    found, fixed = run(turning, frames, boxes), run(plain, frames, boxes)
    assert turning.tracker.maker.polarity == "dark"
    assert bx.iou(found[20:], boxes[20:]).mean() >= bx.iou(fixed[20:], boxes[20:]).mean()


def test_a_hidden_target_keeps_its_size(made):
    frames, boxes = simulate(30, size=14, clouds=0.0, speed=0.0)
    tracker = made["elements", "size", "template"]
    run(tracker, frames[:12], boxes[:12])
    size = tracker.tracker.size.copy()
    empty = np.full_like(frames[0], int(np.median(frames[0])))
    for _ in range(5):
        tracker.update(empty)
    assert tracker.lost
    np.testing.assert_array_equal(tracker.tracker.size, size)


def test_init_is_anew_each_time_and_over_motion_too(growing):
    frames, boxes = growing[0][:12], growing[1][:12]
    tracker = trackers.create("deforming", base="motion")
    one, two = run(tracker, frames, boxes), run(tracker, frames, boxes)
    np.testing.assert_array_equal(one, two)


def test_bad_input_is_named(growing):
    with pytest.raises(ValueError, match="stands on 'siamese' or 'motion'"):
        trackers.create("deforming", base="peak")
    tracker = trackers.create("deforming")
    with pytest.raises(RuntimeError, match="call init"):
        tracker.update(growing[0][0])
    with pytest.raises(ValueError, match="NaN"):
        tracker.init(np.full((64, 64), np.nan, np.float32), [20, 20, 8, 8])
