"""D of the filter in time: scenes whose background, target and motion are known."""

import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from test_background_motion import about_middle, picture, scene

from irtrack_core.filtering import TemporalFilter, without_target
from irtrack_core.filtering.over_frames import deviation, median

SIZE = 128
CENTER = (64.0, 64.0)
ALL = (0, 0, SIZE, SIZE)


def spot(frame, x, y, height=60.0, sigma=1.0):
    """The frame with a point target whose centre is at pixel (x, y)."""
    rows, columns = np.mgrid[: frame.shape[0], : frame.shape[1]]
    return frame + height * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2)).astype(np.float32)


def video(n, *, pan=(0.0, 0.0), speed=(1.0, 0.5), start=(40, 50), seed=0, noise=1.0, height=60.0):
    """n frames (128, 128) float32 of a panning camera, and the target's places (n, 2) in them."""
    level, rng = scene(seed), np.random.default_rng(seed + 100)
    places = np.array(start) + np.arange(n)[:, None] * np.array(speed)
    frames = [picture(level, about_middle(np.eye(2), np.array(pan) * t)) for t in range(n)]
    frames = [f + rng.normal(0, noise, f.shape).astype(np.float32) for f in frames]
    return [spot(f, *place, height) for f, place in zip(frames, places)], places


def pushed(frames, **options):
    temporal = TemporalFilter(**options)
    for frame in frames:
        temporal.push(frame, CENTER)
    return temporal


def strongest(D):
    row, column = np.unravel_index(np.argmax(D), D.shape)
    return np.array([column, row])


@pytest.mark.parametrize("pan", [(0, 0), (1.5, -0.7)])
def test_a_faint_moving_point_is_the_strongest_before_a_strong_background(pan):
    # the background varies by 60, the point is 30 high
    frames, places = video(24, pan=pan, height=30.0)
    D = pushed(frames).residual(ALL)
    assert np.abs(strongest(D[8:-8, 8:-8]) + 8 - places[-1]).max() <= 1
    away = D.copy()
    away[int(places[-1][1]) - 4 :, int(places[-1][0]) - 4 :][:9, :9] = 0
    assert D.max() > 3 * np.quantile(away[8:-8, 8:-8], 0.999)


def test_a_target_that_hovers_is_forgotten():
    frames, _ = video(30, speed=(0, 0))
    seen = [pushed(frames[: n + 1], gaps=(4, 8)).residual(ALL)[50, 40] for n in (6, 29)]
    assert seen[1] < 0.5


def test_the_first_frame_without_its_target_shows_it_in_the_second():
    frames, places = video(2, speed=(0.3, 0))
    box = np.array([*(places[0] - 3.5), 8, 8])
    plain, known = TemporalFilter(), TemporalFilter()
    plain.push(frames[0], CENTER)
    known.push(frames[0], CENTER, target_free=without_target(frames[0], box))
    for temporal in (plain, known):
        temporal.push(frames[1], CENTER)
    here = tuple(places[1][::-1].astype(int))
    assert known.residual(ALL)[here] > 3 * plain.residual(ALL)[here]
    assert np.abs(strongest(known.residual(ALL)) - places[1]).max() <= 1


def test_without_target_is_the_frame_but_for_the_box():
    (frame,), places = video(1)
    box = np.array([*(places[0] - 3.5), 8, 8])
    seen = without_target(frame, box)((20, 30, 60, 50))
    changed = seen != frame[30:80, 20:80]
    rows, columns = np.nonzero(changed)
    assert rows.min() >= 46 - 1 - 30 and rows.max() <= 54 + 1 - 30 and columns.min() >= 36 - 1 - 20
    assert columns.max() <= 44 + 1 - 20
    assert seen[20, 20] == pytest.approx(frame[50, 40] - 60, abs=25)  # the background under it varies by so much


@pytest.mark.parametrize("polarity", ["bright", "dark", "both"])
def test_polarities(polarity):
    height = -60 if polarity == "dark" else 60
    frames, places = video(24, height=height)
    temporal = pushed(frames)
    assert np.abs(strongest(temporal.residual(ALL, polarity)) - places[-1]).max() <= 1
    bright, dark, both = (temporal.residual(ALL, p) for p in ("bright", "dark", "both"))
    assert (np.maximum(bright, dark) == both).all() and (np.minimum(bright, dark) == 0).all()


@settings(max_examples=8, deadline=None)
@given(st.floats(0.2, 50), st.floats(-100, 5000))
def test_gain_and_level_of_the_camera_drop_out(gain, level):
    frames, _ = video(13)
    D = pushed(frames).residual(ALL)
    changed = pushed([np.float32(gain) * f + np.float32(level) for f in frames]).residual(ALL)
    assert np.abs(D - changed).max() < 0.02 * D.max()


def test_a_jump_of_the_level_is_no_change_of_the_scene():
    frames, places = video(24)
    jumped = [*frames[:-1], frames[-1] + 300]
    temporal = pushed(jumped)
    assert not temporal.changed
    assert np.abs(temporal.residual(ALL) - pushed(frames).residual(ALL)).max() < 0.2


@settings(max_examples=20, deadline=None)
@given(st.integers(-20, 120), st.integers(-20, 120), st.integers(1, 60), st.integers(1, 60))
def test_a_window_is_cut_out_of_the_tile(x, y, w, h):
    D = MOVING.residual(ALL)
    padded = np.pad(D, 200)
    cut = padded[200 + y : 200 + y + h, 200 + x : 200 + x + w]
    assert MOVING.residual((x, y, w, h)) == pytest.approx(cut, abs=2e-3)


MOVING = pushed(video(14, pan=(1, 0.4))[0])


def test_blocks_are_the_same_filter_on_a_smaller_picture():
    frames, _ = video(14)
    large = [np.kron(f, np.ones((2, 2), np.float32)) for f in frames]
    temporal = TemporalFilter(block=2)
    for frame in large:
        temporal.push(frame, (128.0, 128.0))
    assert temporal.window == (0, 0, 256, 256)
    assert temporal.residual(ALL) == pytest.approx(pushed(frames).residual(ALL), abs=1e-4)


def test_without_registration_a_panning_background_hides_the_target():
    frames, places = video(24, pan=(1.5, -0.7), height=30.0)
    still, laid = pushed(frames, model="still"), pushed(frames)
    there = tuple(places[-1][::-1].astype(int))
    inner = np.s_[8:-8, 8:-8]
    ranks = [(t.residual(ALL)[inner] > t.residual(ALL)[there]).mean() for t in (still, laid)]
    assert ranks[0] > 20 * ranks[1] and (still.shift == 0).all()
    fixed, _ = video(24)
    same = pushed(fixed, model="still").residual(ALL)[inner]
    assert same == pytest.approx(pushed(fixed).residual(ALL)[inner], abs=0.5)


def test_the_shift_of_the_background_is_told():
    frames, _ = video(6, pan=(2.0, -1.0))
    temporal = TemporalFilter()
    temporal.push(frames[0], CENTER)
    assert np.isnan(temporal.shift).all()
    for frame in frames[1:]:
        temporal.push(frame, CENTER)
        # the camera looks farther right, so the picture moves left
        assert temporal.shift == pytest.approx([-2.0, 1.0], abs=0.1)


def test_a_far_jump_is_followed():
    wide = np.random.default_rng(5).normal(1000, 200, (200, 200)).astype(np.float32)
    wide = cv2.GaussianBlur(wide, (0, 0), 2)
    frames = [wide[30 : 30 + SIZE, 10 + t : 10 + t + SIZE] for t in range(8)] + [wide[4 : 4 + SIZE, 57 : 57 + SIZE]]
    temporal = pushed(frames)
    assert not temporal.changed and temporal.shift == pytest.approx([-40, 26], abs=0.5)


def test_a_cut_begins_anew_and_a_repeated_frame_teaches_nothing():
    frames, _ = video(12)
    other = picture(scene(99))
    temporal = pushed(frames)
    D, known = temporal.residual(ALL), len(temporal.past)
    temporal.push(frames[-1].copy(), CENTER)
    assert temporal.repeated and len(temporal.past) == known and (temporal.residual(ALL) == D).all()
    temporal.push(other, CENTER)
    assert temporal.changed and not temporal.past and not temporal.residual(ALL).any()


@pytest.mark.parametrize("level", [0.0, 1000.0, 4000.0])
def test_a_shutter_is_no_past_of_the_scene(level):
    frames, places = video(26, pan=(1.0, 0.3))
    rng = np.random.default_rng(0)
    closed = [rng.normal(level, 1.0, (SIZE, SIZE)).astype(np.float32) for _ in range(3)]
    temporal = pushed([*frames[:24], closed[0]])
    known = len(temporal.past)
    assert temporal.covered == 1 and not temporal.changed and not temporal.residual(ALL).any()
    for frame in closed[1:]:
        temporal.push(frame, CENTER)
    assert temporal.covered == 3 and len(temporal.past) == known
    temporal.push(frames[24], CENTER)
    # the scene is back at once, as if nothing had been between
    assert temporal.covered == 0 and not temporal.changed
    assert temporal.residual(ALL) == pytest.approx(pushed(frames[:25]).residual(ALL), abs=1e-3)


def test_a_cover_that_stays_is_the_scene():
    frames, _ = video(8)
    rng = np.random.default_rng(0)
    temporal = pushed(frames)
    for _ in range(40):
        temporal.push(rng.normal(1000, 1.0, (SIZE, SIZE)).astype(np.float32), CENTER)
    assert temporal.covered == 0 and len(temporal.past) >= 10


def test_what_is_remembered_is_bounded_and_no_view_of_a_frame():
    frames, _ = video(30)
    temporal = TemporalFilter(tile=64)
    buffer = np.empty_like(frames[0])
    for frame in frames:
        buffer[:] = frame
        temporal.push(buffer, CENTER)
    buffer[:] = 0
    assert len(temporal.past) == 20 and all(one.tile.shape == (64, 64) for one in temporal.past)
    fresh = pushed(frames, tile=64)
    assert (temporal.residual((40, 40, 50, 50)) == fresh.residual((40, 40, 50, 50))).all()


def test_another_size_of_frames_begins_anew():
    frames, _ = video(8)
    temporal = pushed(frames)
    temporal.push(frames[0][:100, :90], CENTER)
    assert not temporal.past and temporal.residual((0, 0, 90, 100)).shape == (100, 90)


def test_dead_pixels_of_float_frames_are_no_targets():
    frames, places = video(24)
    for frame in frames:
        frame[20, 30] = np.nan
    D = pushed(frames).residual(ALL)
    assert np.isfinite(D).all() and np.abs(strongest(D) - places[-1]).max() <= 1


def test_misuse_is_told():
    temporal = TemporalFilter()
    with pytest.raises(RuntimeError, match="call push"):
        temporal.residual(ALL)
    temporal.push(np.zeros((40, 40), np.uint8), (20, 20))
    with pytest.raises(ValueError, match="polarity must be one of bright, dark, both, not 'red'"):
        temporal.residual((0, 0, 9, 9), "red")
    for gaps in ((0, 1), (3, 2), (2, 2), ()):
        with pytest.raises(ValueError, match="gaps"):
            TemporalFilter(gaps=gaps)


values = arrays(np.float32, (5, 3, 4), elements=st.floats(-100, 100, width=32) | st.just(np.nan))


@settings(deadline=None)
@given(values, st.integers(1, 5))
def test_median_and_deviation_leave_unknown_pixels_out(stack, n):
    planes = [*stack[:n]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        middle, spread = np.nanmedian(stack[:n], axis=0), np.nanstd(stack[:n].astype(np.float64), axis=0)
    assert median(planes) == pytest.approx(middle, nan_ok=True, abs=1e-4)
    assert deviation(planes) == pytest.approx(spread, nan_ok=True, abs=1e-3)
