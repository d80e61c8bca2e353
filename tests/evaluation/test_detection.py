"""detection.py: boxes compared with boxes. Where there is no target, Pd is the Pfa."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from irtrack_core.evaluation.detection import Detection, detection, pd_at_pfa, pfa_by_frame, pfa_one_threshold
from irtrack_core.metrics import target_mask


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5.3, 4.4), (12, 25), (26, 48)])
def test_in_pure_noise_pd_is_pfa(size):
    """Compared with single pixels, 30 % of boxes of 12 x 25 and 78 % of 26 x 48 are "found" at a Pfa of 0.001."""
    rng, count, found = np.random.default_rng(5), 600, []
    for _ in range(count):
        noise = rng.normal(100, 3, (150, 180)).astype(np.float32)
        box = (*rng.uniform(0, np.array([180, 150]) - size), *size)
        found.append(detection(noise, box))
    for pfas, least in (pfa_by_frame(found), pfa_one_threshold(found)):
        for pfa in (0.001, 0.01, 0.05, 0.1, 0.3):
            got = pd_at_pfa(pfas, pfa, least)
            low, high = binom.ppf([1e-3, 1 - 1e-3], count, pfa) / count
            if np.isnan(got):  # the frames are too small to tell: then nothing may be found, either
                assert least.max() > pfa and np.mean(pfas <= pfa) <= high
            else:
                assert low - 0.2 * pfa <= got <= high + 0.2 * pfa


def test_one_threshold_for_all_frames_is_set_by_the_restless_one():
    rng, found = np.random.default_rng(2), []
    for k in range(40):
        noise = rng.normal(0, 10 if k % 4 == 0 else 1, (100, 100)).astype(np.float32)
        noise[50:53, 50:53] = 8  # above everything in the calm frames
        found.append(detection(noise, (50, 50, 3, 3)))
    assert pd_at_pfa(pfa_by_frame(found)[0], 0.01) == 0.75
    assert pd_at_pfa(pfa_one_threshold(found)[0], 0.01) == 0


def by_hand(response, box, guard):
    """Maxima of all boxes at every half box that touch no pixel of the guarded one, place by place."""
    inside, kept = target_mask(response.shape, box), target_mask(response.shape, box, grow=guard)
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    h, w = len(rows), len(columns)
    maxima = [
        response[y : y + h, x : x + w].max()
        for y in range(0, response.shape[0] - h + 1, max(h // 2, 1))
        for x in range(0, response.shape[1] - w + 1, max(w // 2, 1))
        if not kept[y : y + h, x : x + w].any()
    ]
    return response[inside].max(), sorted(maxima), (~kept).sum() / (h * w)


@given(
    st.integers(0, 99),
    st.floats(-3, 28),
    st.floats(-3, 20),
    st.floats(1, 9),
    st.floats(1, 9),
    st.integers(0, 4),
    st.sampled_from([np.uint8, np.uint16, np.float32, np.float64]),
)
@settings(max_examples=60, deadline=None)
def test_a_detection_equals_every_box_looked_at_alone(seed, x, y, w, h, guard, dtype):
    response, box = np.random.default_rng(seed).integers(0, 250, (24, 32)).astype(dtype), (x, y, w, h)
    if x + w <= 0 or y + h <= 0:
        return
    peak, maxima, boxes = by_hand(response, box, guard)
    if not maxima:
        with pytest.raises(ValueError, match="no room"):
            detection(response, box, guard=guard)
        return
    got = detection(response, box, guard=guard)
    assert got.peak == peak and got.boxes == pytest.approx(boxes)
    np.testing.assert_array_equal(got.maxima, maxima)


def test_pfa_by_hand():
    """Of 75 pixels away from the target and its guard two are as strong: (1 + 2) / (1 + 75)."""
    response = np.zeros((10, 10))
    response[4, 4], response[0, 0], response[9, 9], response[4, 6] = 5, 5, 7, 99
    pfa, least = pfa_by_frame([detection(response, (4, 4, 1, 1), guard=2)])
    assert pfa == pytest.approx(3 / 76) and least == pytest.approx(1 / 76)
    response[4, 4] = 0  # a target that a filter has erased ties with every 0
    assert pfa_by_frame([detection(response, (4, 4, 1, 1), guard=2)])[0] == 1
    with pytest.raises(ValueError, match="no room"):
        detection(response, (0, 0, 10, 10))


def test_one_threshold_by_hand():
    """Frames count the same: half of the one's boxes and a tenth of the other's are at least 3."""
    one, other = Detection(3.0, np.array([1, 2, 3, 4]), 4.0), Detection(9.0, np.r_[np.ones(9), 5], 10.0)
    (first, second), least = pfa_one_threshold([one, other])
    assert first == pytest.approx((1 + 14 * 0.3) / 15) and second == pytest.approx(1 / 15)
    assert least.tolist() == [1 / 15] * 2
    with pytest.raises(ValueError, match="no targets"):
        pfa_one_threshold([])


def test_pd_at_pfa_by_hand():
    pfas = [1e-5, 1e-4, 1e-3, 1]
    np.testing.assert_allclose(pd_at_pfa(pfas, [0, 1e-4, 5e-4, 1e-3, 0.5, 1]), [0, 0.5, 0.5, 0.75, 0.75, 1])
    assert pd_at_pfa(pfas, 1e-3) == 0.75
    assert pd_at_pfa(pfas, 1e-3, [1e-3, 1e-5, 1e-5, 1e-5]) == 0.75
    assert np.isnan(pd_at_pfa(pfas, 1e-3, [2e-3, 1e-5, 1e-5, 1e-5]))
    with pytest.raises(ValueError, match="no targets"):
        pd_at_pfa([], 0.1)
