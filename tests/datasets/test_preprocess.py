"""Resized frames and their boxes: against hand-computed placements, exact inverses, and a spot that must follow."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irtrack_core.boxes import centers, iou
from irtrack_core.datasets import Sequence
from irtrack_core.datasets.preprocess import MODES, fit, resize

SIDES = st.integers(8, 2000)


@pytest.mark.parametrize(
    "shape, mode, scale, offset, inner",
    [
        ((256, 256), "letterbox", (1.875, 1.875), (80, 0), (480, 480)),
        ((256, 256), "stretch", (2.5, 1.875), (0, 0), (640, 480)),  # the distortion of the paper's wording
        ((512, 640), "letterbox", (0.9375, 0.9375), (20, 0), (600, 480)),
        ((256, 320), "letterbox", (1.875, 1.875), (20, 0), (600, 480)),
        ((240, 320), "letterbox", (2, 2), (0, 0), (640, 480)),
        ((100, 640), "letterbox", (1, 1), (0, 190), (640, 100)),
        ((100, 200), "none", (1, 1), (0, 0), (200, 100)),
    ],
)
def test_known_placements(shape, mode, scale, offset, inner):
    placed = fit(shape, (640, 480), mode)
    assert (placed.scale, placed.offset, placed.inner) == (scale, offset, inner)


@given(
    SIDES,
    SIDES,
    SIDES,
    SIDES,
    st.sampled_from(MODES),
    st.tuples(*[st.floats(-50, 2000)] * 2, *[st.floats(0.01, 500)] * 2),
)
def test_boxes_there_and_back(height, width, out_width, out_height, mode, box):
    placed = fit((height, width), (out_width, out_height), mode)
    back = fit((height, width), (out_width, out_height), mode).restore(placed.boxes(np.array([box])))
    np.testing.assert_allclose(back, [box], rtol=1e-9, atol=1e-9)


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(MODES))
def test_whole_frame_maps_on_the_inner_rectangle(height, width, out_width, out_height, mode):
    placed = fit((height, width), (out_width, out_height), mode)
    np.testing.assert_allclose(placed.boxes([0, 0, width, height]), [*placed.offset, *placed.inner], atol=1e-9)
    assert all(0 <= o and o + i <= s for o, i, s in zip(placed.offset, placed.inner, placed.size))
    if mode == "letterbox":  # one side filled, isotropic to half a pixel (or the one pixel that is left)
        assert any(i == s for i, s in zip(placed.inner, placed.size))
        assert (
            abs(placed.scale[0] - placed.scale[1])
            <= (1.0 if min(placed.inner) == 1 else 0.5) / min(width, height) + 1e-12
        )


def spots(shape, places, sigma=2.5, dtype=np.uint8):
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    frames = [20 + 200 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * sigma**2)) for cx, cy in places]
    boxes = np.array([[cx - 4, cy - 3, 8, 6] for cx, cy in places])
    return Sequence("spots", "test", np.stack(frames).astype(dtype), boxes)


@pytest.mark.parametrize("mode", ["letterbox", "stretch"])
@pytest.mark.parametrize("shape, size", [((64, 64), (160, 120)), ((96, 120), (80, 60)), ((51, 77), (123, 91))])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_spot_stays_in_the_middle_of_its_box(mode, shape, size, dtype):
    sequence = spots(shape, [(30.3, 25.8), (22.5, 40.1)], dtype=dtype)
    resized = resize(sequence, size, mode)
    assert resized.shape == size[::-1] and resized.frames.dtype == dtype
    for frame, box in zip(resized.frames, resized.boxes):
        weight = np.clip(frame.astype(float) - 60, 0, None)  # the flat border is below
        y, x = np.mgrid[: size[1], : size[0]] + 0.5
        centroid = np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
        np.testing.assert_allclose(centroid, centers(box), atol=0.12)
    np.testing.assert_allclose(iou(fit(shape, size, mode).restore(resized.boxes), sequence.boxes), 1, atol=1e-9)


def test_letterbox_border_takes_the_mean_and_the_picture_stays():
    sequence = spots((60, 60), [(30, 30)])
    frame = resize(sequence, (80, 60)).frames[0]
    np.testing.assert_array_equal(frame[:, 10:70], sequence.frames[0])
    assert np.all(frame[:, :10] == round(sequence.frames[0].mean())) and np.all(frame[:, 70:] == frame[0, 0])


def test_absent_targets_stay_absent_and_pixels_stay_in_range():
    sequence = spots((60, 60), [(30, 30), (20, 20)])
    boxes = sequence.boxes.copy()
    boxes[1] = np.nan
    resized = resize(Sequence("a", "b", sequence.frames, boxes, components=lambda i: None), (640, 480))
    assert resized.present.tolist() == [True, False] and resized.components is None
    assert resized.frames[0].min() >= 19 and resized.frames[0].max() <= 220


def test_lazy_and_picklable():
    resized = pickle.loads(pickle.dumps(resize(spots((60, 60), [(30, 30)] * 3), (90, 60))))
    assert len(resized.frames) == 3 and resized.frames[2].shape == (60, 90)


def test_nothing_to_do_is_nothing_done():
    sequence = spots((48, 64), [(30, 30)])
    assert resize(sequence, (64, 48)) is sequence and resize(sequence, (640, 480), "none") is sequence


@pytest.mark.parametrize(
    "size, mode", [((640, 480), "crop"), ((0, 480), "stretch"), ((640.5, 480), "stretch"), ((3,), "none")]
)
def test_bad_requests(size, mode):
    with pytest.raises(ValueError, match="mode|size"):
        fit((10, 10), size, mode)
