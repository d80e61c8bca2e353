"""Jumps of the whole picture: known shifts of a larger picture, and what must not count as one."""

import numpy as np
import pytest

from irtrack_core import trackers
from irtrack_core.config import TrackerSettings
from irtrack_core.trackers.camera_motion import CameraMotion, shift_between


def view(world, x, y, rng):
    return world[y : y + 400, x : x + 500] + rng.normal(0, 1, (400, 500)).astype(np.float32)


@pytest.mark.parametrize("shift", [(60, 0), (-25, 41), (5, -7)])
def test_the_shift_is_found(world, shift):
    rng = np.random.default_rng(0)
    before, after = view(world, 100, 100, rng), view(world, 100 - shift[0], 100 - shift[1], rng)
    found, response = shift_between(before[72:328, 122:378], after[72:328, 122:378])
    assert found == pytest.approx(shift, abs=0.3)
    assert response > 0.1


def test_slow_drift_is_no_jump_and_a_jump_is_told_once(world):
    rng, x = np.random.default_rng(1), 100
    watch = CameraMotion(view(world, x, 100, rng), (250, 200))
    seen = []
    for step in (1, 1, 1, 1, 60, 1, 1):
        x += step
        frame = view(world, x, 100, rng)
        seen.append(watch(frame))
        watch.keep(frame, (250, 200))
    assert [one is None for one in seen] == [True] * 4 + [False] + [True] * 2
    assert seen[4] == pytest.approx((-60, 0), abs=0.5)


def test_a_jump_is_told_while_the_camera_pans_when_asked_in_doubt(world):
    """The structure never fits the frame before then, so that it fits no worse after a jump."""
    rng, x = np.random.default_rng(1), 100
    watch = CameraMotion(view(world, x, 100, rng), (250, 200))
    for _ in range(8):
        x += 12
        frame = view(world, x, 100, rng)
        assert watch(frame) is None
        watch.keep(frame, (250, 200))
    frame = view(world, x + 60, 100, rng)
    assert watch(frame) is None
    assert not watch.changed
    assert watch(frame, doubt=True) == pytest.approx((-60, 0), abs=0.5)


@pytest.mark.parametrize("always", [True, False])
def test_dead_pixels_do_not_blind_the_watch(world, always):
    rng, told = np.random.default_rng(1), []
    frames = [view(world, 100 + 60 * (step >= 6), 100, rng) for step in range(9)]
    for frame in frames if always else frames[2:3]:
        frame[150, 200], frame[250, 300:303] = np.nan, np.inf
    watch = CameraMotion(frames[0], (250, 200))
    for frame in frames[1:]:
        told.append(watch(frame))
        watch.keep(frame, (250, 200))
    assert [step for step, shift in enumerate(told, 1) if shift is not None] == [6]
    assert told[5] == pytest.approx((-60, 0), abs=0.3)


def test_another_scene_is_not_a_shift(world):
    rng = np.random.default_rng(1)
    watch = CameraMotion(view(world, 100, 100, rng), (250, 200))
    same = view(world, 100, 100, rng)
    assert watch(same) is None
    watch.keep(same, (250, 200))
    assert not watch.changed
    assert watch(view(world, 100, 100, rng)[:, ::-1].copy()) is None
    assert watch.changed


def test_noise_alone_never_jumps():
    rng = np.random.default_rng(3)
    frames = rng.normal(1000, 5, (20, 300, 300)).astype(np.uint16)
    watch = CameraMotion(frames[0], (150, 150))
    for frame in frames[1:]:
        assert watch(frame) is None
        watch.keep(frame, (150, 150))


def test_small_frames_and_corners(world):
    frame = world[:40, :50].copy()
    watch = CameraMotion(frame, (0, 39))
    assert watch(frame) is None
    watch.keep(frame, (49.9, 0))
    assert watch(frame) is None


@pytest.mark.parametrize("pan", [0, 9])
def test_the_tracker_follows_a_jump_beyond_its_window(world, pan):
    """A spot among others alike, and a camera that is knocked by 80 px: without the watch it takes another spot or none."""
    rng = np.random.default_rng(5)
    u = np.arange(-8, 9)
    spot = 60 * np.exp(-(u[None] ** 2 + u[:, None] ** 2) / 8)
    scene = (0.3 * (world - 100) + 100).astype(np.float32)
    for _ in range(25):
        y, x = rng.integers(20, 660), rng.integers(20, 760)
        scene[y - 8 : y + 9, x - 8 : x + 9] = np.maximum(scene[y - 8 : y + 9, x - 8 : x + 9], 100 + 0.9 * spot)
    target = np.array([400, 330])
    scene[target[1] - 8 : target[1] + 9, target[0] - 8 : target[0] + 9] += spot
    offsets = [(60 + pan * k + 80 * (k >= 6), 120) for k in range(12)]
    frames = [np.clip(view(scene, x, y, rng), 0, 255).astype(np.uint8) for x, y in offsets]
    boxes = [np.array([*(target - (x, y) + 0.5 - 5), 10, 10]) for x, y in offsets]
    tracker = trackers.create("siamese")
    tracker.init(frames[0], boxes[0])
    for frame, box in zip(frames[1:], boxes[1:]):
        found = tracker.update(frame)
        assert np.abs(found[:2] - box[:2]).max() < 5  # half a side: no other spot lies so near
    assert np.abs(found[:2] - box[:2]).max() < 2


@pytest.mark.parametrize("gain", [4.0, 0.25])
def test_a_step_of_the_gain_is_told_once(world, gain):
    rng, gains = np.random.default_rng(3), [1, 1, 1, gain, gain, 1.4 * gain, 1.4 * gain]
    frames = [one * view(world, 100 + k, 100, rng) + 50 for k, one in enumerate(gains)]
    watch = CameraMotion(frames[0], (250, 200))
    told = []
    for frame in frames[1:]:
        assert watch(frame) is None
        told.append(watch.gain)
        watch.keep(frame, (250, 200))
    assert told == [1, 1, pytest.approx(gain, rel=0.05), 1, 1, 1]


def test_noise_of_another_strength_is_no_gain():
    rng = np.random.default_rng(4)
    frames = [rng.normal(100, deviation, (400, 500)).astype(np.float32) for deviation in (1, 1, 5, 5, 1)]
    watch = CameraMotion(frames[0], (250, 200))
    for frame in frames[1:]:
        watch(frame)
        assert watch.gain == 1
        watch.keep(frame, (250, 200))


@pytest.mark.parametrize("gain", [4.0, 0.25])
def test_a_target_is_seen_as_before_after_a_step_of_the_gain(world, gain):
    rng = np.random.default_rng(6)
    u = np.arange(-8, 9)
    scene = (0.3 * (world - 100) + 100).astype(np.float32)
    scene[310:327, 340:357] += 50 * np.exp(-(u[None] ** 2 + u[:, None] ** 2) / 8)
    frames = [(80 * (gain if k >= 12 else 1) * view(scene, 100, 100, rng)).astype(np.uint16) for k in range(30)]
    tracker = trackers.create("siamese")
    tracker.init(frames[0], [243.5, 213.5, 10, 10])
    scores, lost = [], []
    for frame in frames[1:]:
        tracker.update(frame)
        scores.append(tracker.score)
        lost.append(tracker.lost)
    assert not any(lost)
    assert min(scores[11:]) > min(scores[:11]) - 0.05


def test_no_tile_no_watch():
    tracker = trackers.create("siamese", settings=TrackerSettings(camera_tile=0))
    tracker.init(np.random.default_rng(0).integers(0, 255, (100, 100)).astype(np.uint8), [40, 40, 10, 10])
    assert tracker.camera_motion is None


def test_a_target_that_was_hidden_is_preferred_to_its_likeness(world):
    """A spot is hidden for six frames while its twin stands elsewhere: whoever goes there must come back."""
    rng = np.random.default_rng(5)
    u = np.arange(-8, 9)
    spot = 60 * np.exp(-(u[None] ** 2 + u[:, None] ** 2) / 8)
    hidden = (0.3 * (world - 100) + 100).astype(np.float32)
    hidden[160:177, 90:107] += spot
    seen = hidden.copy()
    seen[260:277, 330:347] += spot
    frames = [
        np.clip(one[:400, :500] + rng.normal(0, 1, (400, 500)), 0, 255).astype(np.uint8)
        for one in [seen] * 6 + [hidden] * 6 + [seen] * 6
    ]
    box = np.array([338.5 - 5, 268.5 - 5, 10, 10])

    def path(**settings):
        tracker = trackers.create("siamese", settings=TrackerSettings(**settings))
        tracker.init(frames[0], box)
        return np.array([tracker.update(frame) for frame in frames[1:]])

    back, away = path(), path(return_frames=0)
    assert np.abs(back[10, :2] - box[:2]).max() > 50  # it does go there
    assert np.abs(back[-1, :2] - box[:2]).max() < 3
    assert np.abs(away[-1, :2] - box[:2]).max() > 50
