"""What happens in the field: shutters, jumps of gain, lost frames, the frame's border, targets that go and come back."""

import numpy as np
import pytest
from disturbances import follow, found_again, simulate

from irtrack_core import boxes as bx
from irtrack_core import trackers

SEEDS = (3, 4, 5)


@pytest.fixture(scope="module", params=SEEDS)
def clip(request):
    return simulate(60, seed=request.param)


@pytest.fixture(scope="module")
def tracker():
    return trackers.create("siamese")


def hits(found, truth, within=5.0):
    """Share of the frames with a target whose centre is found within some pixels."""
    error = bx.center_error(found, truth)
    return float(np.mean(error[~np.isnan(error)] <= within))


def test_undisturbed(tracker, clip):
    found, scores, lost = follow(tracker, *clip)
    assert hits(found, clip[1]) == 1 and bx.iou(found, clip[1]).mean() > 0.6
    assert np.median(scores) > 0.8 and not lost.any()


def test_sixteen_bits_give_the_same_boxes(tracker, clip):
    frames, boxes = clip
    eight = follow(tracker, frames, boxes)[0]
    sixteen = follow(tracker, frames.astype(np.uint16) * 200 + 1000, boxes)[0]
    np.testing.assert_allclose(sixteen, eight, atol=0.05)


def test_fourteen_bit_radiometric_frames(tracker):
    frames, boxes = simulate(40, bits=14)
    assert frames.dtype == np.uint16 and np.ptp(frames[0]) > 255
    assert hits(follow(tracker, frames, boxes)[0], boxes) == 1


def test_gain_and_level_that_jump_in_every_frame(tracker, clip):
    frames, boxes = clip
    rng = np.random.default_rng(0)
    gain, level = rng.uniform(0.6, 1.3, (len(frames), 1, 1)), rng.uniform(-25, 25, (len(frames), 1, 1))
    jumping = np.clip(frames * gain + level, 0, 255).astype(np.uint8)
    assert hits(follow(tracker, jumping, boxes)[0], boxes) == 1


def test_a_shutter(tracker, clip):
    """Three frames show the shutter; after it the level is another one."""
    frames, boxes = clip[0].astype(float), clip[1]
    frames[30:33] = frames[29].mean()
    frames[33:] += 30
    found, scores, lost = follow(tracker, np.clip(frames, 0, 255).astype(np.uint8), boxes)
    assert lost[30:33].all() and (scores[30:33] < 0.3).all()
    assert not lost[36:].any() and hits(found[36:], boxes[36:]) == 1


def test_frames_that_stand_still(tracker, clip):
    """A camera that repeats its last picture while it corrects its non-uniformity."""
    frames, boxes = clip[0].copy(), clip[1]
    frames[30:34] = frames[29]
    assert hits(follow(tracker, frames, boxes)[0][34:], boxes[34:]) == 1


def test_dropped_frames(tracker, clip):
    kept = np.r_[0:20, 24:40, 45:60]
    frames, boxes = clip[0][kept], clip[1][kept]
    assert hits(follow(tracker, frames, boxes)[0], boxes) == 1


def test_every_third_frame(tracker):
    frames, boxes = simulate(90, seed=3)
    assert hits(follow(tracker, frames[::3], boxes[::3])[0], boxes[::3]) == 1


def along_the_border(shape=(120, 160), frames=50):
    """A spot of 8 px that runs along the upper border, a third of its box outside, and down into a corner."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    t = np.linspace(0, 1, frames)
    centers = np.stack([20 + 137 * np.minimum(1.5 * t, 1), 1.5 + 60 * np.maximum(1.5 * t - 1, 0)], axis=1)
    images = [60 + 90 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 8) + rng.normal(0, 2, shape) for cx, cy in centers]
    return np.clip(images, 0, 255).astype(np.uint8), bx.from_centers(centers, np.array([8.0, 8.0]))


def test_a_target_at_the_border(tracker):
    frames, boxes = along_the_border()
    found, _, _ = follow(tracker, frames, boxes)
    assert hits(found, boxes, within=4) == 1
    centers = bx.centers(found)
    assert ((centers >= 0) & (centers <= [160, 120])).all()


# --- black and white ----------------------------------------------------------------------------------------------------


def test_a_target_darker_than_the_sky(tracker, clip):
    frames, boxes = clip
    assert hits(follow(tracker, 255 - frames, boxes)[0], boxes) == 1


def test_black_hot_becomes_white_hot_on_the_way(tracker, clip):
    frames, boxes = clip[0].copy(), clip[1]
    frames[30:] = 255 - frames[30:]
    assert hits(follow(tracker, frames, boxes)[0][32:], boxes[32:]) > 0.9


# --- gone and back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_found_again_within_thirty_frames_of_an_occlusion(tracker, seed):
    """Hidden for 17 frames, while it moves on by more than its size."""
    frames, boxes = simulate(90, seed=seed, occlusion=0.2)
    back = np.flatnonzero(np.isnan(boxes[:, 0]))[-1] + 1
    found, _, _ = follow(tracker, frames, boxes)
    assert found_again(found, boxes, back) <= 30
    assert hits(found[-10:], boxes[-10:]) == 1


@pytest.mark.parametrize("seed, back", [(4, 104), (5, 116)])
def test_found_again_within_thirty_frames_of_coming_back_into_the_frame(tracker, seed, back):
    """Out of the frame for 42 and 86 frames, back somewhere else. The sky has little of the target's contrast: against
    clouds as strong as the target this fails."""
    frames, boxes = (part[: back + 26] for part in simulate(150, seed=seed, leave=True, speed=4, clouds=0.01))
    assert np.isnan(boxes[back - 1, 0]) and np.isfinite(boxes[back, 0])
    found, _, lost = follow(tracker, frames, boxes)
    gone = np.isnan(boxes[:, 0])
    assert lost[gone].any()
    assert found_again(found, boxes, back) <= 30
