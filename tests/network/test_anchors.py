import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from irtrack_core import boxes as bx
from irtrack_core.config import network_preset
from irtrack_core.network import anchors as an
from irtrack_core.network.crops import template_side

number, size = st.floats(-100, 100), st.floats(0.5, 80)
center_box = st.tuples(number, number, size, size)


@given(center_box, center_box)
def test_decode_undoes_encode(box, anchor):
    np.testing.assert_allclose(an.decode(an.encode(box, anchor), anchor), box, rtol=1e-9, atol=1e-9)


def test_decode_by_hand():
    # x = x_a + dx w_a, w = w_a e^dw, at two positions of two anchors
    anchors = an.make_anchors([[8, 4], [4, 8]], 2, 6)
    deltas = np.zeros_like(anchors)
    deltas[1, 0, 1] = [0.5, -0.25, np.log(2), np.log(0.5)]
    proposals = an.decode(deltas, anchors)
    assert proposals[0, 0, 0].tolist() == [-3, -3, 8, 4]
    np.testing.assert_allclose(proposals[1, 0, 1], [3 + 0.5 * 4, -3 - 0.25 * 8, 8, 4])


def test_decode_equals_the_loop():
    """Eq. (10) for every position and anchor on its own, in plain Python."""
    rng = np.random.default_rng(0)
    anchors = an.make_anchors([[8, 4], [4, 8], [6, 6]], 5, 4)
    deltas = rng.normal(size=anchors.shape)
    proposals = an.decode(deltas, anchors)
    for j, row, column in np.ndindex(3, 5, 5):
        x_a, y_a, w_a, h_a = anchors[j, row, column].tolist()
        assert (x_a, y_a) == (4 * column - 8, 4 * row - 8)
        dx, dy, dw, dh = deltas[j, row, column].tolist()
        expected = [x_a + dx * w_a, y_a + dy * h_a, w_a * math.exp(dw), h_a * math.exp(dh)]
        np.testing.assert_allclose(proposals[j, row, column], expected, rtol=1e-12)


def test_the_paper_has_five_anchors_of_equal_area():
    settings = network_preset("paper")
    sizes = an.anchor_sizes(settings, in_template((20, 20), settings))
    np.testing.assert_array_equal(sizes, an.anchor_sizes(settings.replace(anchor_base="fixed")))
    assert sizes.shape == (5, 2)
    np.testing.assert_allclose(sizes.prod(axis=1), 64**2)
    np.testing.assert_allclose(sizes[:, 1] / sizes[:, 0], (0.33, 0.5, 1, 2, 3))


def in_template(size, settings):
    """Size (w, h) that a target has in its template crop."""
    return np.array(size) * settings.template_size / template_side(size, settings)


@pytest.mark.parametrize("side", [2, 3, 4, 5, 6.5, 8, 12, 40, 200])
def test_an_anchor_is_as_large_as_its_target_however_small_that_is(side):
    """Below 8 px the window no longer shrinks with the target: an anchor of 64 px would overlap one of 4 px by a quarter."""
    settings = network_preset("paper")
    target = in_template((side, side), settings)
    ratios = list(settings.anchor_ratios)
    anchor = an.anchor_sizes(settings, target)[ratios.index(1.0)]
    np.testing.assert_allclose(anchor, target, rtol=0.01)
    if side >= 8:
        np.testing.assert_allclose(anchor, 64)


def test_compact_anchors_are_the_given_box():
    settings = network_preset("compact")
    np.testing.assert_allclose(an.anchor_sizes(settings, (12, 20)), [[12, 20]])
    with pytest.raises(ValueError, match="template_size"):
        an.anchor_sizes(settings)


def test_grid_is_symmetric_with_the_stride_as_step():
    for n in (2, 13, 17):
        grid = an.grid(n, 8)
        np.testing.assert_array_equal(grid, -grid[::-1])
        assert set(np.diff(grid)) == {8}


@given(st.tuples(st.floats(-20, 20), st.floats(-20, 20), st.floats(3, 30), st.floats(3, 30)))
def test_labels_follow_the_overlap(truth):
    anchors = an.make_anchors([[16, 16]], 13, 4)
    q = an.labels(anchors, truth)
    assert (q == 1).any()
    for index in np.ndindex(q.shape):  # naive: one anchor at a time
        a = anchors[index]
        overlap = bx.iou(bx.from_centers(a[:2], a[2:]), bx.from_centers(truth[:2], truth[2:]))
        if q[index] == -1:
            assert overlap < 0.3
        if overlap >= 0.5:
            assert q[index] == 1


@given(st.floats(-40, 40), st.floats(-40, 40), st.floats(3, 60), st.floats(3, 60))
def test_labels_of_the_mirrored_target_are_the_mirrored_labels(x, y, w, h):
    """A target smaller than its anchors overlaps many of them equally; none of those may win for standing first."""
    # halfway between two positions either may be the nearest
    assume(min(abs((v / 8) % 1 - 0.5) for v in (x, y)) > 1e-6)
    anchors = an.make_anchors(an.anchor_sizes(network_preset("paper", anchor_base="fixed")), 17, 8)
    q = an.labels(anchors, (x, y, w, h))
    np.testing.assert_array_equal(an.labels(anchors, (-x, y, w, h)), q[:, :, ::-1])
    np.testing.assert_array_equal(an.labels(anchors, (x, -y, w, h)), q[:, ::-1, :])


def test_the_positive_of_a_small_target_stands_on_it():
    anchors = an.make_anchors([[64, 64], [80, 51.2]], 17, 8)
    q = an.labels(anchors, (2.5, -10.0, 30, 28))
    assert [anchors[tuple(i)].tolist() for i in np.argwhere(q == 1)] == [[0, -8, 64, 64]]
    holding = (np.abs(anchors[..., :2] - (2.5, -10)) <= (anchors[..., 2:] - (30, 28)) / 2).all(axis=-1)
    assert holding.sum() > 20 and (q[holding] >= 0).all()  # as good as the best: not told that they are wrong


def test_labels_without_a_target_are_all_negative():
    anchors = an.make_anchors([[16, 16]], 5, 4)
    assert (an.labels(anchors, None) == -1).all()
    assert (an.labels(anchors, [500, 500, 16, 16]) == -1).all()
