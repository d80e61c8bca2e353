"""Other toolkits' measures: worked by hand, against a plain loop of what their source says, and VOT's itself."""

import numpy as np
import pytest

from irtrack_core import metrics
from irtrack_core.evaluation.toolkits import lasot_curves, state_accuracy, vot_multistart, vot_overlaps

NAN = [np.nan] * 4


def walk(seed, count=60, absent=0.15, lost=0.15):
    """(predicted, truth) of a target that moves, with frames without either."""
    rng = np.random.default_rng(seed)
    truth = np.column_stack([rng.uniform(-2, 40, (count, 2)), rng.uniform(1, 20, (count, 2))])
    predicted = truth + rng.normal(0, 3, truth.shape)
    predicted[:, 2:] = np.abs(predicted[:, 2:])
    truth[1:][rng.random(count - 1) < absent] = np.nan
    predicted[1:][rng.random(count - 1) < lost] = np.nan
    predicted[np.isnan(predicted[:, 0]) & (rng.random(count) < 0.3)] = [5, 5, -1, 3]
    return predicted, truth


# --- Anti-UAV ---------------------------------------------------------------------------------------------------------


def test_state_accuracy_by_hand():
    truth = [[0, 0, 4, 4], NAN, NAN, [0, 0, 4, 4], [0, 0, 4, 4]]
    predicted = [[2, 0, 4, 4], NAN, [1, 1, 2, 2], NAN, [0, 0, 4, 4]]
    assert state_accuracy(predicted, truth) == pytest.approx((1 / 3 + 1 + 0 + 0 + 1) / 5)
    # exist 1 without a box: left out; exist 0 with one: right when there is no box
    assert state_accuracy(predicted, truth, [1, 1, 0, 1, 0]) == pytest.approx((1 / 3 + 0 + 0 + 0) / 4)


def source_iou(a, b):
    """The overlap as the toolkit's loop has it."""
    x0, y0 = max(a[0], b[0]), max(a[1], b[1])
    x1, y1 = min(a[0] + a[2], b[0] + b[2]), min(a[1] + a[3], b[1] + b[3])
    if x1 - x0 <= 0 or y1 - y0 <= 0:
        return 0
    inner = (x1 - x0) * (y1 - y0)
    return inner / (a[2] * a[3] + b[2] * b[3] - inner)


@pytest.mark.parametrize("seed", range(5))
def test_state_accuracy_equals_the_toolkits_loop(seed):
    predicted, truth = walk(seed)
    predicted[predicted[:, 2] <= 0] = np.nan  # the toolkit takes an empty list for no box
    rects = [[] if np.isnan(box[0]) else box.tolist() for box in truth]
    results = [[] if np.isnan(box[0]) else box.tolist() for box in predicted]
    exist = np.random.default_rng(seed).random(len(truth)) < 0.8
    values = []
    for result, rect, there in zip(results, rects, exist):
        if not there:
            values.append(1.0 if len(result) in (0, 1) else 0.0)
        elif len(rect) == 4 and sum(rect) != 0:
            values.append(source_iou(result, rect) if len(result) == 4 else 0.0)
    assert state_accuracy(predicted, truth, exist) == pytest.approx(np.mean(values), abs=1e-9)


# --- LaSOT ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_lasot_equals_the_toolkits_loop(seed):
    predicted, truth = walk(seed)
    absent = np.isnan(truth[:, 0])
    results = predicted.copy()
    for k in range(1, len(truth)):
        if np.isnan(results[k]).sum() or results[k, 2] <= 0 or results[k, 3] <= 0:
            results[k] = results[k - 1]
    results[0] = truth[0]
    success, precision, normalised = np.zeros(21), np.zeros(51), np.zeros(51)
    for box, true in zip(results[~absent], truth[~absent]):
        middle, goal = box[:2] + (box[2:] - 1) / 2, true[:2] + (true[2:] - 1) / 2
        error, relative = np.hypot(*(middle - goal)), np.hypot(*((middle - goal) / true[2:]))
        overlap = min(source_iou(box, true), 1)  # rounding may give a little more
        if not (true > 0).all():
            overlap = error = relative = -1
        success += overlap > np.arange(21) * 0.05
        precision += error <= np.arange(51)
        normalised += relative <= np.arange(51) / 100
    for ours, theirs in zip(lasot_curves(predicted, truth), (success, precision, normalised)):
        np.testing.assert_allclose(ours, theirs / len(truth), atol=1e-6)


def test_lasot_and_ours_agree_where_nothing_is_odd():
    predicted, truth = walk(1, absent=0, lost=0)
    truth[:, :2], predicted[0] = np.abs(truth[:, :2]) + 1, truth[0]
    _, precision, normalised = lasot_curves(predicted, truth)
    np.testing.assert_allclose(precision, metrics.precision_curve(predicted, truth), atol=1e-12)
    np.testing.assert_allclose(normalised, metrics.normalized_precision_curve(predicted, truth), atol=1e-12)


# --- VOT --------------------------------------------------------------------------------------------------------------


def test_vot_overlaps_by_hand():
    assert vot_overlaps([[0, 0, 4, 4]], [[2, 0, 4, 4]])[0] == pytest.approx(8 / 24)
    assert vot_overlaps([[0.4, 0, 4, 4]], [[0, 0, 4.4, 4]])[0] == 1  # whole pixels
    assert vot_overlaps([NAN, NAN], [NAN, [1, 1, 5, 5]]).tolist() == [1, 0]
    assert vot_overlaps([[5, 1, 1, 3]], [[5, 20, 1, 3]])[0] == 1  # one column: "identical"
    assert vot_overlaps([[-4, 0, 8, 4]], [[0, 0, 4, 4]], (10, 10))[0] == 1  # outside the frame nothing counts


def rasters(a, b, shape):
    """The overlap of two boxes by painting them."""
    low = np.minimum(np.round(a[:2]), np.round(b[:2])).astype(int)
    high = np.maximum(np.round(a[:2]) + np.round(a[2:]), np.round(b[:2]) + np.round(b[2:])).astype(int) - 1
    if (low >= high).any():
        return 1.0
    low, high = np.maximum(low, 0), np.minimum(high, [shape[1] - 1, shape[0] - 1])
    if (low >= high).any():
        return 0.0
    y, x = np.mgrid[low[1] : high[1] + 1, low[0] : high[0] + 1]
    inside = [(x >= r[0]) & (x < r[0] + r[2]) & (y >= r[1]) & (y < r[1] + r[3]) for r in (np.round(a), np.round(b))]
    union = (inside[0] | inside[1]).sum()
    return (inside[0] & inside[1]).sum() / union if union else 0.0


@pytest.mark.parametrize("seed", range(4))
def test_vot_overlaps_equal_painted_boxes_and_the_toolkit(seed):
    rng = np.random.default_rng(seed)
    a, b = (np.column_stack([rng.uniform(-10, 50, (300, 2)), rng.uniform(0.6, 30, (300, 2))]) for _ in range(2))
    ours = vot_overlaps(a, b, (48, 64))
    np.testing.assert_allclose(ours, [rasters(p, q, (48, 64)) for p, q in zip(a, b)], atol=1e-12)
    region = pytest.importorskip("vot.region", reason="vot-toolkit has an environment of its own")
    shapes = pytest.importorskip("vot.region.shapes", reason="vot-toolkit has an environment of its own")
    regions = [[shapes.Rectangle(*box) for box in boxes] for boxes in (a, b)]
    np.testing.assert_allclose(ours, region.calculate_overlaps(*regions, (64, 48)), atol=1e-6)


def test_vot_multistart_by_hand():
    good = (np.array([1.0, 0.5, 0.5, 0.5]), np.ones(4, bool))
    fails = (np.array([1.0, 0.8, 0.0, 0.1, 0.0]), np.ones(5, bool))
    found = vot_multistart([(5, [good, fails])], low=1, high=4, grace=3)
    # the second pass counts its first two frames; one that is absent does not count as a failure
    assert found["robustness"] == pytest.approx((4 + 2) / 9)
    assert found["accuracy"] == pytest.approx((2.5 + 1.8) / 6)
    assert found["eao"] == pytest.approx(np.mean([(0.5 + 0.8) / 2, (0.5 + 0.4) / 2, (0.5 + 0.8 / 3) / 2]))
    absent = (fails[0], np.array([True, True, False, False, False]))
    assert vot_multistart([(5, [absent])], low=1, high=4, grace=3)["robustness"] == 1


@pytest.mark.parametrize("seed", range(4))
def test_vot_multistart_equals_the_toolkit(seed):
    theirs = pytest.importorskip("vot.analysis.multistart", reason="vot-toolkit has an environment of its own")
    rng, high, curves, sequences = np.random.default_rng(seed), 40, [], []
    for _ in range(3):
        passes = []
        for _ in range(4):
            overlaps = rng.uniform(0, 1, rng.integers(12, 60)) * (rng.random() < 0.7)
            overlaps[rng.integers(5, len(overlaps)) :] *= rng.integers(0, 2)
            overlaps[0] = 1
            passes.append((overlaps, rng.random(len(overlaps)) < 0.95))
        sequences.append((int(max(len(o) for o, _ in passes)), passes))
        lists, good = [], []
        for overlaps, present in passes:  # the loop of EAOCurves.subcompute
            grace, end = 10, len(overlaps)
            for j, overlap in enumerate(overlaps):
                if overlap <= 0.1 and present[j]:
                    grace -= 1
                    if grace == 0:
                        end = j + 1 - 10
                        break
                else:
                    grace = 10
            values = overlaps.tolist()
            values[end:] = (len(values) - end) * [0.0]
            lists.append(values), good.append(end == len(values))
        curves.append(theirs.compute_eao_partial(lists, good, high))
    total = np.sum([np.multiply(phi, active) for phi, active in curves], axis=0)
    weight = np.sum([active for _, active in curves], axis=0)
    curve = np.divide(total, weight, out=np.zeros(high), where=weight > 0)
    found = vot_multistart(sequences, low=5, high=high)
    assert found["eao"] == pytest.approx(np.mean(curve[5:]), abs=1e-6)


def test_other_lengths_are_refused():
    with pytest.raises(ValueError, match="2 predicted boxes for 1 true"):
        state_accuracy([NAN, NAN], [NAN])
    with pytest.raises(ValueError, match="exist has 1 values for 2 frames"):
        state_accuracy([NAN, NAN], [NAN, NAN], [True])
    with pytest.raises(ValueError, match="nothing to average"):
        state_accuracy([NAN], [NAN], [True])
