"""Zooms of the camera: known ones of a larger picture, and what must not count as one."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import boxes as bx
from irtrack_core import trackers
from irtrack_core.trackers.camera_zoom import CameraZoom, TargetZoom
from irtrack_core.trackers.select_proposal import garrote

HEIGHT, WIDTH = 300, 400
MIDDLE, SIZE = np.array([200.0, 150.0]), np.array([12.0, 9.0])


def view(world, zoom=1.0, shift=(0.0, 0.0), turn=0.0):
    """The world (HEIGHT, WIDTH) as a camera sees it that looks at its middle, moved by `shift` world pixels."""
    c, s = np.cos(turn) / zoom, np.sin(turn) / zoom
    linear = np.array([[c, -s], [s, c]])
    middle = np.array(world.shape[::-1]) / 2 + shift
    where = np.column_stack([linear, middle - linear @ MIDDLE])
    world = 0.75 * (world - 100) + 100  # the target stands out from it
    return cv2.warpAffine(world, where, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def with_target(frame, center, size, rng):
    """The frame in 8 bits, with noise of one count and a warm blob of that size at `center`, which hides what is behind."""
    y, x = np.mgrid[: frame.shape[0], : frame.shape[1]] + 0.5
    away = ((x - center[0]) / size[0]) ** 2 + ((y - center[1]) / size[1]) ** 2
    cover = np.minimum(1.5 * np.exp(-6 * away), 1)
    frame = frame * (1 - cover) + cover * (130 + 50 * np.exp(-8 * away))
    return np.clip(np.rint(frame + rng.normal(0, 1, frame.shape)), 0, 255).astype(np.uint8)


def measured(frames, center=MIDDLE, size=SIZE):
    """The logarithms of the zoom that are known after each of the frames."""
    zoom = CameraZoom(frames[0], center, size)
    return np.cumsum([zoom(frame, center, size) for frame in frames[1:]])


@pytest.mark.parametrize("rate", [0.004, -0.004, 0.012, -0.012])
def test_a_zoom_is_measured_while_the_camera_pans(world, rate):
    rng = np.random.default_rng(0)
    frames = [with_target(view(world, np.exp(rate * k), (0.8 * k, 0.3 * k)), MIDDLE, SIZE, rng) for k in range(41)]
    found = measured(frames)
    true = rate * np.arange(1, 41)
    assert np.abs(found - true).max() < 0.02 + 8 * abs(rate)  # it is known some frames later
    assert found[-1] == pytest.approx(true[-1], rel=0.06)


def test_a_zoom_that_begins_late_is_noticed(world):
    rng, zooms = np.random.default_rng(1), np.exp(0.01 * np.maximum(np.arange(70) - 40, 0))
    found = measured([with_target(view(world, zoom), MIDDLE, SIZE, rng) for zoom in zooms])
    assert np.abs(found[:39]).max() < 0.003
    assert found[-1] == pytest.approx(np.log(zooms[-1]), rel=0.08)


@pytest.mark.parametrize("bits", ["uint8", "uint16", "float32"])
def test_pans_targets_and_gains_are_no_zoom(world, bits):
    """The target grows twofold; level and gain of the camera change."""
    rng, frames, sizes = np.random.default_rng(2), [], np.exp(np.linspace(0, 0.7, 40))
    for k, grown in enumerate(sizes):
        seen = (1 + 0.005 * k) * view(world, shift=(1.5 * k, -k)) + 0.3 * k
        frame = with_target(seen, MIDDLE, grown * SIZE, rng)
        frames.append({"uint8": frame, "uint16": frame * np.uint16(100), "float32": frame / np.float32(255)}[bits])
    zoom = CameraZoom(frames[0], MIDDLE, SIZE)
    assert abs(sum(zoom(f, MIDDLE, grown * SIZE) for f, grown in zip(frames[1:], sizes[1:]))) < 0.01


def test_nothing_is_said_of_noise_cuts_and_turns(world):
    rng = np.random.default_rng(3)
    noise = [with_target(np.full((HEIGHT, WIDTH), 90.0), MIDDLE, SIZE, rng) for _ in range(20)]
    assert (measured(noise) == 0).all()
    cuts = [with_target(view(world, shift=rng.uniform(-150, 150, 2)), MIDDLE, SIZE, rng) for _ in range(20)]
    assert (measured(cuts) == 0).all()
    turned = [with_target(view(world, turn=0.01 * k), MIDDLE, SIZE, rng) for k in range(20)]
    assert (measured(turned) == 0).all()


@settings(max_examples=25, deadline=None)
@given(st.tuples(st.integers(1, 80), st.integers(1, 80)), st.integers(0, 9), st.booleans())
def test_frames_of_any_size_with_unknown_pixels(shape, seed, unknown):
    rng = np.random.default_rng(seed)
    frames = rng.normal(100, 5, (7, *shape)).astype(np.float32)
    if unknown:
        frames[3, : (shape[0] + 1) // 2] = np.nan
    center, size = np.array(shape[::-1]) / 2, np.minimum(np.array(shape[::-1]), [5.0, 4.0])
    assert np.isfinite(measured(frames, center, size)).all()


def test_of_a_target_that_fills_the_tile_nothing_is_known(world):
    rng = np.random.default_rng(4)
    frames = [with_target(view(world, np.exp(0.01 * k)), MIDDLE, SIZE, rng) for k in range(12)]
    assert (measured(frames, size=np.array([220.0, 150.0])) == 0).all()


def follow(frames, box, zoom_of):
    """Sides (N, 2) of the boxes by `siamese`, from the first frame on."""
    tracker = trackers.create("siamese")
    tracker.zoom_of = zoom_of
    tracker.init(frames[0], box)
    return np.array([tracker.update(frame) for frame in frames[1:]])[:, 2:]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_target_grows_with_the_picture(world, sign):
    rng = np.random.default_rng(5)
    zooms = np.exp(sign * np.linspace(0, 0.6, 60)) * (1 if sign > 0 else np.exp(0.6))
    frames = [with_target(view(world, zoom), MIDDLE, zoom * SIZE, rng) for zoom in zooms]
    first = bx.from_centers(MIDDLE, zooms[0] * SIZE)
    true = zooms[-1] * SIZE
    with_zoom, without = (np.abs(np.log(follow(frames, first, one)[-1] / true)) for one in (TargetZoom, None))
    assert with_zoom.max() < 0.2
    assert without.min() > 0.25  # the dead zone


def test_a_target_that_does_not_grow_with_its_background_keeps_its_size(world):
    """The camera flies towards the background, and the target ahead of it keeps its distance."""
    rng = np.random.default_rng(6)
    frames = [with_target(view(world, zoom), MIDDLE, 2 * SIZE, rng) for zoom in np.exp(np.linspace(0, 0.6, 60))]
    sides = follow(frames, bx.from_centers(MIDDLE, 2 * SIZE), TargetZoom)
    assert np.abs(np.log(sides[-1] / (2 * SIZE))).max() < 0.1
    assert np.abs(np.log(sides / (2 * SIZE))).max() < 0.35  # nor for long while that was not known


@given(st.floats(-3, 3), st.floats(0, 1))
def test_small_changes_of_size_are_not_followed_and_large_ones_nearly(growth, zone):
    followed = garrote(np.array([growth]), zone)[0]
    assert followed == 0 or abs(growth) > zone or zone < 1e-5
    assert followed != 0 or abs(growth) < zone + 1e-5
    assert 0 <= followed * np.sign(growth) <= abs(growth)
    assert garrote(np.array([-growth]), zone)[0] == pytest.approx(-followed)
