"""Candidates of the filter: that they are where something was put, and nowhere else."""

import numpy as np
import pytest
from toys import spot

from irtrack_core import boxes as bx
from irtrack_core.datasets import load
from irtrack_core.filtering.candidates import propose, propose_at

PLACES = [((30.5, 25.5), 1.2, 120.0), ((90.5, 60.5), 3.0, 90.0), ((60.5, 80.5), 1.5, -60.0)]  # centre, sigma, height


def frame(places, shape=(100, 120), level=100.0, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    image = level + rng.normal(0, noise, shape) + sum(h * spot(shape, c, s) for c, s, h in places)
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("dtype, gain", [(np.uint8, 1), (np.uint16, 200), (np.float32, 0.01)])
def test_bright_and_dark_spots_are_found_in_their_order(dtype, gain):
    boxes, strengths = propose((frame(PLACES).astype(np.float64) * gain).astype(dtype), 3)
    assert (np.diff(strengths) <= 0).all()
    found = bx.centers(boxes)
    for center, sigma, _ in PLACES:
        nearest = int(np.argmin(np.linalg.norm(found - center, axis=1)))
        assert np.abs(found[nearest] - center).max() < 1
        # +-2 sigma is the box of such a spot
        assert bx.iou(boxes[nearest], bx.from_centers(np.array(center), np.full(2, 4 * sigma))) > 0.4
    assert np.abs(found[2] - PLACES[2][0]).max() < 1  # the faintest comes last


def test_one_thing_is_proposed_once():
    boxes, _ = propose(frame(PLACES[1:2], noise=0.0), 5)
    near = np.abs(bx.centers(boxes) - PLACES[1][0]).max(axis=1) < 4
    assert near.sum() == 1


def test_boxes_stay_in_the_frame():
    boxes, _ = propose(frame([((1.0, 1.0), 2.0, 100.0), ((119.0, 99.0), 2.0, 100.0)]), 2)
    corners = bx.to_xyxy(boxes)
    assert (corners >= 0).all() and (corners <= [120, 100, 120, 100]).all()
    assert len(boxes) == 2


def test_nothing_stands_out_of_a_flat_frame_or_a_tiny_one():
    for flat in (np.full((40, 50), 9, np.uint8), np.arange(64, dtype=np.uint8).reshape(8, 8)):
        boxes, strengths = propose(flat)
        assert boxes.shape == (0, 4) and strengths.shape == (0,)


def test_targets_of_simulated_sequences_are_mostly_among_five():
    """Among warm spots and walkers that look like it; 9 of 10 when this was written."""
    firsts = load("sim-otcbvs", frames=3)
    missed = [bx.center_error(propose(one.frames[0])[0], one.boxes[0]).min() > one.boxes[0, 2:].max() for one in firsts]
    assert sum(missed) <= 3


def test_the_frame_is_left_alone():
    image = frame(PLACES)
    before = image.copy()
    propose(image)
    np.testing.assert_array_equal(image, before)


def test_what_is_pointed_at_is_found_though_stronger_things_are_elsewhere():
    rng = np.random.default_rng(0)
    frame = rng.normal(100, 1, (200, 300)).astype(np.float32)
    y, x = np.mgrid[:200, :300] + 0.5
    for i in range(8):
        frame += 80 * np.exp(-((x - 20 - 34 * i) ** 2 + (y - 30) ** 2) / 8)
    frame += 25 * np.exp(-((x - 150.5) ** 2 + (y - 160.5) ** 2) / 8)
    assert bx.center_error(propose(frame)[0], [148, 158, 5, 5]).min() > 20  # not among the five strongest
    box = propose_at(frame, (152, 159))
    assert bx.center_error(box, [148, 158, 5, 5]) < 1 and 3 < box[2] < 12
    assert propose_at(frame, (150, 110)) is None


@pytest.mark.parametrize("point", [(0, 0), (299.9, 199.9), (-3, 50)])
def test_pointing_at_the_border(point):
    frame = np.random.default_rng(0).normal(100, 1, (200, 300)).astype(np.float32)
    box = propose_at(frame, point)
    assert box is None or (np.abs(bx.centers(box) - point) <= box[2:] / 2 + 2).all()
