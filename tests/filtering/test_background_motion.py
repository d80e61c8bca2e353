"""The background's motion, against pictures that are known at every place: sums of waves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core.experiments.in_time import scene_video
from irtrack_core.filtering.background_motion import MODELS, Pyramid, Registration, compose, to_frames, to_tiles, warp

STILL = np.array([[1.0, 0, 0], [0, 1, 0]])
SIZE = 128


def scene(seed=0, waves=60, longest=60.0, shortest=9.0):
    """A function of places x, y that gives a grey level of about 1000 +- 60: waves of random direction and length."""
    rng = np.random.default_rng(seed)
    length = np.exp(rng.uniform(np.log(shortest), np.log(longest), waves))
    angle, phase = rng.uniform(0, 2 * np.pi, (2, waves))
    kx, ky = 2 * np.pi * np.cos(angle) / length, 2 * np.pi * np.sin(angle) / length

    def level(x, y):
        return 1000 + sum(60 * np.sqrt(2 / waves) * np.cos(a * x + b * y + p) for a, b, p in zip(kx, ky, phase))

    return level


def picture(level, motion=STILL, size=SIZE):
    """The scene (size, size) float32 as it is seen at the places W(x)."""
    y, x = np.mgrid[:size, :size]
    there = motion[:, 0, None, None] * x + motion[:, 1, None, None] * y + motion[:, 2, None, None]
    return level(*there).astype(np.float32)


def about_middle(linear, shift, size=SIZE):
    """The motion whose linear part leaves the middle of the picture where it is, and then shifts it."""
    middle = np.full(2, (size - 1) / 2)
    return np.column_stack([linear, middle - linear @ middle + shift])


def error(found, true, size=SIZE):
    """Largest distance in px between two motions at the corners of the middle half of the picture."""
    low, high = size / 4, 3 * size / 4
    places = np.array([[low, low, high, high], [low, high, low, high], [1, 1, 1, 1]])
    return float(np.abs((np.asarray(found) - true) @ places).max())


def found(now, before, model="translation", box=None, **options):
    return np.array(Registration(Pyramid(now), model, box)(Pyramid(before), STILL, **options)[0])


@settings(max_examples=25, deadline=None)
@given(st.floats(-12, 12), st.floats(-12, 12), st.integers(0, 5))
def test_a_shift_is_found_to_less_than_a_tenth_of_a_pixel(dx, dy, seed):
    level, true = scene(seed), about_middle(np.eye(2), [dx, dy])
    assert error(found(picture(level, true), picture(level)), true) < 0.08


@pytest.mark.parametrize("shift", [0.3, 1.5, 9.0])
def test_a_scene_without_fine_structure_is_followed_too(shift):
    # its grey values run far beyond the picture: what enters on one side has another mean than what leaves on the other
    frames, _ = scene_video(0.0, shift, frames=2, seed=3)
    assert np.abs(found(frames[1], frames[0])[:, 2] - [shift, 0]).max() < 0.1


@pytest.mark.parametrize("seed", range(4))
def test_rotation_and_affine_motion_are_found_by_their_models(seed):
    rng, level = np.random.default_rng(seed), scene(seed)
    a = np.deg2rad(rng.uniform(-3, 3))
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    turned = about_middle(turn, rng.uniform(-4, 4, 2))
    now, before = picture(level, turned), picture(level)
    assert error(found(now, before, "euclidean", rounds=8), turned) < 0.15
    grown = about_middle(np.exp(rng.uniform(-0.05, 0.05)) * turn, rng.uniform(-4, 4, 2))
    assert error(found(picture(level, grown), before, "similarity", rounds=8), grown) < 0.15
    sheared = about_middle(np.eye(2) + rng.uniform(-0.03, 0.03, (2, 2)), rng.uniform(-4, 4, 2))
    assert error(found(picture(level, sheared), before, "affine", rounds=8), sheared) < 0.4


def test_noise_costs_what_the_least_squares_bound_says():
    level, true, rng = scene(1), about_middle(np.eye(2), [1.3, -0.6]), np.random.default_rng(1)
    now, before = picture(level, true), picture(level)
    errors = []
    for _ in range(12):
        a, b = (image + rng.normal(0, 6, image.shape).astype(np.float32) for image in (now, before))
        errors.append((found(a, b) - true)[:, 2])
    # variance of both pictures' noise over the summed squared slopes of the scene
    slope = np.gradient(now)[1]
    bound = np.sqrt(2 * 6**2 / (slope[4:-4, 4:-4] ** 2).sum())
    assert np.std(errors) < 3 * bound + 0.01


def test_a_target_that_moves_by_itself_does_not_move_the_background():
    level, true = scene(2), about_middle(np.eye(2), [3.0, 1.0])
    now, before = picture(level, true), picture(level)
    now[50:74, 50:74] += 800
    before[44:68, 70:94] += 800
    assert error(found(now, before, box=(48, 48, 76, 76)), true) < 0.25


def test_before_an_empty_sky_the_target_alone_is_no_background():
    rng = np.random.default_rng(3)
    now, before = (rng.normal(1000, 2, (SIZE, SIZE)).astype(np.float32) for _ in range(2))
    now[60:70, 60:70] += 200
    before[60:70, 54:64] += 200
    with_box = found(now, before, box=(52, 58, 72, 72))
    assert np.abs(with_box[:, 2]).max() < 1  # the target moves by 6


def test_stripes_that_stay_with_the_sensor_do_not_hold_the_motion():
    rng, level, true = np.random.default_rng(4), scene(4), about_middle(np.eye(2), [4.0, -3.0])
    stripes = rng.normal(0, 40, (SIZE, 1)) + rng.normal(0, 40, (1, SIZE))
    now, before = picture(level, true) + stripes, picture(level) + stripes
    assert error(found(now.astype(np.float32), before.astype(np.float32)), true) < 0.15


def test_a_flat_picture_moves_nothing():
    flat = np.full((SIZE, SIZE), 7, np.float32)
    assert (found(flat, flat) == STILL).all()


@settings(deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=10, max_size=10))
def test_motions_between_tiles_and_frames(values):
    motion = STILL + np.reshape(values[:6], (2, 3)) / 100
    past, present = np.array(values[6:8]), np.array(values[8:])
    between = np.array(to_tiles(motion, past, present))
    place = np.array([3.0, 4.0])
    # a place of the present tile, through the frame, lies in the past tile
    assert between @ [*place, 1] == pytest.approx(motion @ [*(place + present), 1] - past)
    assert np.array(to_frames(between, past, present)) == pytest.approx(motion)
    assert np.array(compose(motion, STILL)) == pytest.approx(motion)


def test_what_is_beyond_the_past_tile_is_unknown():
    tile = np.arange(12, dtype=np.float32).reshape(3, 4)
    seen = warp(tile, np.array([[1.0, 0, 1], [0, 1, 0]]), (4, 3))
    # of its last row and column too: a place between a known pixel and an unknown one is unknown, at however small a share
    assert (seen[:2, :2] == tile[:2, 1:3]).all() and np.isnan(seen[:, 3]).all() and np.isnan(seen[2]).all()


def test_an_unknown_model_is_named():
    with pytest.raises(ValueError, match="'projective': use one of translation, euclidean, similarity, affine"):
        Registration(Pyramid(np.zeros((64, 64), np.float32)), "projective")
    assert MODELS[0] == "translation"
