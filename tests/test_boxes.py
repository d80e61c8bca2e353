import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irtrack_core import boxes as bx

box = st.tuples(*[st.integers(-20, 20)] * 2, *[st.integers(1, 20)] * 2)


@given(box, box)
def test_iou_counts_pixels(a, b):
    """Oracle: paint both boxes of whole pixels on a grid and count."""
    painted = []
    for x, y, w, h in (a, b):
        grid = np.zeros((80, 80), bool)
        grid[y + 30 : y + 30 + h, x + 30 : x + 30 + w] = True
        painted.append(grid)
    expected = (painted[0] & painted[1]).sum() / (painted[0] | painted[1]).sum()
    assert bx.iou(a, b) == pytest.approx(expected, abs=1e-12)


@given(box, st.floats(0.01, 100), st.floats(-50, 50))
def test_iou_is_symmetric_and_invariant(a, scale, shift):
    a, b = np.array(a, float), np.array(a, float) + [1, 2, 3, 1]
    assert bx.iou(a, b) == bx.iou(b, a)
    moved = [(q + [shift, shift, 0, 0]) * scale for q in (a, b)]
    assert bx.iou(*moved) == pytest.approx(float(bx.iou(a, b)), abs=1e-6)
    assert bx.iou(a, a) == pytest.approx(1)


def test_iou_without_area_and_with_absent_boxes():
    assert bx.iou([0, 0, 0, 0], [0, 0, 0, 0]) == 0
    assert np.isnan(bx.iou([0, 0, 2, 2], [np.nan] * 4))
    assert np.isnan(bx.center_error([0, 0, 2, 2], [np.nan] * 4))


@given(box)
def test_conversions_undo_each_other(a):
    a = np.array(a, float)
    np.testing.assert_array_equal(bx.from_xyxy(bx.to_xyxy(a)), a)
    np.testing.assert_array_equal(bx.from_centers(bx.centers(a), a[2:]), a)


def test_one_pixel_is_centred_half_a_pixel_in():
    assert bx.centers([7, 3, 1, 1]).tolist() == [7.5, 3.5]


@pytest.mark.parametrize(
    ("box", "word"),
    [
        ([np.nan] * 4, "NaN"),
        ([5, 5, 0, 3], "empty"),
        ([5, 5, 3, -1], "empty"),
        ([100, 5, 3, 3], "outside"),
        ([-20, 5, 3, 3], "outside"),
        ([1, 2, 3], "four numbers"),
        ([-470, 15, 1001, 9], "many times as large as the 60 x 40 frame"),
    ],
)
def test_unusable_boxes_are_refused(box, word):
    with pytest.raises(ValueError, match=word):
        bx.check_box(box, (40, 60))


def test_a_box_may_cross_the_border():
    assert bx.check_box([-2, 3, 10, 10], (40, 60)).tolist() == [-2, 3, 10, 10]


def test_as_boxes_wants_four_columns():
    assert bx.as_boxes([1, 2, 3, 4]).shape == (1, 4)
    with pytest.raises(ValueError, match=r"\(N, 4\)"):
        bx.as_boxes(np.zeros((3, 5)))
