"""[3] and [4]: a detector in a predicted gate with trajectories that confirm, and background motion by thin-plate splines."""

import cv2
import numpy as np
import pytest
from toys import moving_spot, spot

from irtrack_core import boxes as bx
from irtrack_core import evaluation, trackers
from irtrack_core.experiments.compared import gated, tps
from irtrack_core.experiments.in_time import scene_video


def test_ref4_follows_a_spot():
    sequence = moving_spot(frames=20)
    result = evaluation.run(trackers.create("ref4"), sequence)
    assert np.abs(bx.centers(result.boxes[1:]) - bx.centers(sequence.boxes[1:])).max() < 1.5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_ref4_coasts_through_a_gap_and_finds_its_target_again(dtype):
    centers = np.stack([30 + 2.0 * np.arange(24), 60 - 1.0 * np.arange(24)], axis=1)
    frames = [(50 + 150 * spot((100, 120), c)).astype(dtype) for c in centers]
    for gone in (12, 13, 14):
        frames[gone] = np.full((100, 120), 50, dtype)
    tracker = trackers.create("ref4")
    tracker.init(frames[0], [*(centers[0] - 4), 8, 8])
    found = [bx.centers(tracker.update(frame)) for frame in frames[1:]]
    assert np.abs(found[13] - centers[14]).max() < 2.5  # where it is not seen it goes on as before
    assert np.abs(np.array(found[15:]) - centers[16:]).max() < 1.5 and tracker.score == pytest.approx(1.0)


def test_a_single_flash_is_no_trajectory():
    still = 50 + 100 * spot((100, 120), (60.0, 50.0))
    tracker = trackers.create("ref4")
    tracker.init(still, [56, 46, 8, 8])
    flash = 50 + 300 * spot((100, 120), (68.0, 50.0))
    for frame in (still, flash, np.full_like(still, 50), still, still):
        box = tracker.update(frame)
    assert np.abs(bx.centers(box) - [60, 50]).max() < 1.5


def test_three_hits_of_five_confirm_and_a_path_keeps_its_velocity():
    path = gated.Path(np.array([0.0, 0.0]))
    assert not path.confirmed
    path.follow(np.array([1.0, 0.0]), 1.0)
    path.follow(None, 0.0)
    assert not path.confirmed and path.place.tolist() == [1.4, 0.0]  # RATE of the step of 1
    path.follow(np.array([1.8, 0.0]), 1.0)
    assert path.confirmed and path.velocity.tolist() == pytest.approx([0.4, 0.0])


def test_ref4_needs_a_box_and_frames_of_one_shape():
    tracker = trackers.create("ref4")
    with pytest.raises(ValueError, match="box"):
        tracker.init(np.zeros((40, 40), np.uint8), [np.nan] * 4)
    with pytest.raises(RuntimeError):
        tracker.update(np.zeros((40, 40), np.uint8))


def test_a_brighter_spot_that_passes_by_is_another_trajectory():
    frames = [
        50 + 100 * spot((100, 120), (30 + 1.0 * t, 50.0)) + 180 * spot((100, 120), (60 - 1.0 * t, 58.0))
        for t in range(30)
    ]
    tracker = trackers.create("ref4")
    tracker.init(frames[0], [26, 46, 8, 8])
    found = np.array([bx.centers(tracker.update(frame)) for frame in frames[1:]])
    assert np.abs(found - [[30 + t, 50] for t in range(1, 30)]).max() < 2


# -- [3]


def ground(shape=(120, 150), seed=0):
    return cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 400, shape).astype(np.float32), (0, 0), 2.5) + 500


def bent(picture, strength):
    """The picture seen by a camera that moved (3, -2) px, nearer ground on the right by up to `strength` px more."""
    height, width = picture.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return cv2.remap(
        picture, x + 3 + strength * (x / width) ** 2, y - 2, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


@pytest.mark.parametrize("strength", [0.0, 4.0])
def test_the_spline_follows_ground_that_moves_by_its_depth(strength):
    past = ground()
    present = bent(past, strength)
    middle = np.s_[20:-20, 20:-20]
    left = tps.laid(past, present)[middle] - present[middle]
    assert np.sqrt(np.mean(left**2)) < 0.15 * past.std()
    moved = (
        cv2.warpAffine(past, np.array([[1, 0, -3 - strength / 3], [0, 1, 2.0]]), past.shape[::-1])[middle]
        - present[middle]
    )
    assert strength == 0 or np.sqrt(np.mean(left**2)) < 0.6 * np.sqrt(
        np.mean(moved**2)
    )  # better than one shift for all


def test_what_moves_against_the_ground_is_left_and_the_ground_is_not():
    past = [bent(ground(), 4.0 * k / 3) for k in (0, 1, 2)]
    present = bent(ground(), 4.0) + 120 * spot((120, 150), (70.0, 60.0))
    found = tps.residual(present, tps.background(present, past))
    row, column = np.unravel_index(found[20:-20, 20:-20].argmax(), (80, 110))
    assert abs(row - 39.5) <= 1.5 and abs(column - 49.5) <= 1.5 and found.max() > 60


def test_without_matches_there_is_no_background_to_take_off():
    flat = np.full((60, 60), 100, np.uint16)
    known = tps.background(flat, [flat, flat])
    assert known is None and not tps.residual(flat, known).any()


# -- a network along time


def test_the_network_finds_the_point_that_moves_in_a_scene_it_has_not_seen():
    pytest.importorskip("torch")
    from irtrack_core.experiments.compared import profile_net

    frames, boxes = scene_video(1.2, 1.0, height=40, seed=5)
    past = [frames[-1 - gap] for gap in profile_net.GAPS]
    found = profile_net.response(frames[-1], tps.background(frames[-1], past))
    assert not profile_net.response(frames[-1], tps.background(frames[-1], past[1:])).any()  # one is lacking
    x, y = boxes[-1][:2] + boxes[-1][2:] / 2
    row, column = np.unravel_index(found[20:-20, 20:-20].argmax(), (88, 88))
    assert abs(row + 20.5 - y) < 3 and abs(column + 20.5 - x) < 3


def test_a_profile_is_told_from_flicker_and_a_step():
    """Of a pixel whose present value alone stands out, of one that trembles as much, and of one that stays bright."""
    torch = pytest.importorskip("torch")
    from irtrack_core.experiments.compared import profile_net

    net = profile_net.trained()
    assert sum(p.numel() for p in net.parameters()) == 168
    cases = np.array([[0, 0, 0, 0, 0, 6], [6, -6, 6, -6, 6, 6], [0, 0, 0, 0, 0, 0]], np.float32)
    target, flicker, nothing = net(torch.from_numpy(cases)[:, None]).detach().numpy().ravel()
    assert target > flicker and target > nothing and target > 0 > nothing
