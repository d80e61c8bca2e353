"""metrics.py against values worked by hand, the got10k package and simulation."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import metrics
from irtrack_core.boxes import center_error, iou
from irtrack_core.evaluation import statistics
from irtrack_core.filtering import line_elements, multilevel_filter, rectangle

NAN = [np.nan] * 4


def got10k_metrics():
    """got10k's metrics module alone: the whole package wants wget, fire and others."""
    try:
        from got10k.utils import metrics as theirs

        return theirs
    except ImportError:
        spec = importlib.util.find_spec("got10k")
        path = Path(spec.submodule_search_locations[0]) / "utils" / "metrics.py"
        sys.modules.setdefault("shapely", type(sys)("shapely"))
        sys.modules.setdefault("shapely.geometry", type(sys)("shapely.geometry"))
        sys.modules["shapely.geometry"].box = sys.modules["shapely.geometry"].Polygon = None
        spec = importlib.util.spec_from_file_location("got10k_metrics", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def random_boxes(seed, n=200, spread=6.0):
    rng = np.random.default_rng(seed)
    truth = np.column_stack([rng.uniform(0, 300, (n, 2)), rng.uniform(2, 30, (n, 2))])
    predicted = truth + np.column_stack([rng.normal(0, spread, (n, 2)), rng.uniform(-1.5, 5, (n, 2))])
    return predicted, truth


# -- against got10k


@pytest.mark.parametrize("seed", range(3))
def test_overlap_success_and_precision_equal_got10k(seed):
    theirs = got10k_metrics()
    predicted, truth = random_boxes(seed)
    ious, errors = theirs.rect_iou(predicted, truth), theirs.center_error(predicted, truth)
    assert 0.1 < ious.mean() < 0.9
    assert metrics.aor(predicted, truth) == pytest.approx(ious.mean(), abs=1e-12)
    for threshold in (0.5, 0.75):
        assert metrics.success_rate(predicted, truth, threshold) == np.mean(ious > threshold)
    # the curves of its OTB experiment: 21 and 51 bins, > for IoU, <= for the error
    np.testing.assert_allclose(
        metrics.success_curve(predicted, truth), np.greater(ious[:, None], np.linspace(0, 1, 21)).mean(axis=0)
    )
    np.testing.assert_allclose(
        metrics.precision_curve(predicted, truth), np.less_equal(errors[:, None], np.arange(51)).mean(axis=0)
    )
    assert metrics.precision(predicted, truth) == metrics.precision_curve(predicted, truth)[20]


def test_got10k_experiment_code_gives_the_same_curves():
    otb = pytest.importorskip("got10k.experiments.otb", reason="got10k's experiments need packages of their own")
    experiment = object.__new__(otb.ExperimentOTB)
    experiment.nbins_iou, experiment.nbins_ce = 21, 51
    predicted, truth = random_boxes(7)
    success, precision = experiment._calc_curves(*experiment._calc_metrics(predicted, truth))
    np.testing.assert_allclose(metrics.success_curve(predicted, truth), success)
    np.testing.assert_allclose(metrics.precision_curve(predicted, truth), precision)


# -- boxes, by hand


def test_thresholds_are_strict_for_overlap_and_inclusive_for_error():
    truth = np.array([[0, 0, 4, 4]] * 2, float)
    predicted = np.array([[0, 0, 4, 2], [3, 4, 4, 4]], float)  # IoU 0.5 and 0.04, errors 1 and 5
    assert metrics.success_rate(predicted, truth, 0.5) == 0
    assert metrics.success_rate(predicted, truth, 0.49) == 0.5
    assert metrics.precision(predicted, truth, 5) == 1
    assert metrics.precision(predicted, truth, 4.99) == 0.5
    assert metrics.success_curve(truth, truth).tolist() == [1] * 20 + [0]  # even a perfect box has no IoU above 1
    assert metrics.auc(metrics.success_curve(truth, truth)) == pytest.approx(20 / 21)
    assert metrics.normalized_precision_curve(predicted, truth, [0.25, 0.5, 1.25]).tolist() == [0.5, 0.5, 1]


def test_absent_truth_is_left_out_and_absent_prediction_is_a_miss():
    truth = np.array([[0, 0, 4, 4], NAN, [0, 0, 4, 4]])
    predicted = np.array([[0, 0, 4, 4], [0, 0, 4, 4], NAN])
    assert metrics.aor(predicted, truth) == 0.5
    assert metrics.precision(predicted, truth, 1e9) == 0.5
    assert metrics.loss_rate(predicted, truth) == 0.5
    assert metrics.first_loss(predicted, truth) == 1
    assert metrics.centroid_rmse(predicted, truth) == 0
    assert np.isnan(metrics.centroid_rmse(np.array([NAN] * 3), truth))


def test_first_loss_and_rmse():
    truth = np.tile([10.0, 10, 4, 4], (4, 1))
    predicted = truth + np.array([[3, 0, 0, 0], [0, 4, 0, 0], [0, 0, 0, 0], [9, 0, 0, 0]])
    assert metrics.first_loss(truth, truth) == 4
    assert metrics.first_loss(predicted, truth) == 1  # touching boxes do not overlap
    assert metrics.loss_rate(predicted, truth) == 0.5
    assert metrics.loss_rate(predicted, truth, 0.2) == 0.75
    assert metrics.centroid_rmse(predicted, truth) == pytest.approx(np.sqrt((9 + 16 + 81) / 4))
    assert metrics.centroid_rmse(predicted, truth, footprint=2) == pytest.approx(np.sqrt((9 + 16 + 81) / 4) / 2)


def test_fps():
    assert metrics.fps([100, 300], [1, 3]) == 100
    assert metrics.fps([100, 100], [1, 4]) == 40  # not the mean of 100 and 25
    for lengths, seconds in ([], []), ([1], [0]), ([1, 2], [1]), ([1], [-1]):
        with pytest.raises(ValueError):
            metrics.fps(lengths, seconds)


def test_reset_summary():
    overlaps = [1, 0.9, 0.8, 0.7, 0, np.nan, np.nan, 1, 0.6, 0.5]
    result = statistics.reset_summary(overlaps, burn_in=2)
    assert result["failures"] == 1
    assert result["accuracy"] == pytest.approx((0.8 + 0.7 + 0.5) / 3)
    assert result["robustness"] == pytest.approx(np.exp(-30 / 10))
    assert np.isnan(statistics.reset_summary([1, 0, 0])["accuracy"])


@pytest.mark.parametrize(
    "measure",
    [
        metrics.aor,
        metrics.precision,
        metrics.success_curve,
        metrics.precision_curve,
        metrics.normalized_precision_curve,
        metrics.success_rate,
        metrics.loss_rate,
        metrics.first_loss,
        metrics.centroid_rmse,
    ],
)
def test_boxes_that_cannot_be_measured(measure):
    with pytest.raises(ValueError, match="no frame has a true box"):
        measure([NAN], [NAN])
    with pytest.raises(ValueError, match="pair up"):
        measure(np.ones((2, 4)), np.ones((3, 4)))
    with pytest.raises(ValueError, match="no frame"):
        measure(np.empty((0, 4)), np.empty((0, 4)))


@given(st.integers(0, 10_000), st.floats(0, 20))
@settings(max_examples=50, deadline=None)
def test_curves_are_monotonic_and_in_range(seed, spread):
    predicted, truth = random_boxes(seed, 30, spread)
    success, error = metrics.success_curve(predicted, truth), metrics.precision_curve(predicted, truth)
    assert (np.diff(success) <= 0).all() and (np.diff(error) >= 0).all()
    assert 0 <= success.min() and success.max() <= 1
    # the AUC approximates AO from both sides of a bin
    assert abs(metrics.auc(success) - metrics.aor(predicted, truth)) <= 0.05


# -- images, by hand


def checkerboard():
    """Background 9 and 11 (mean 10, sigma 1) with a target of 2 x 2 pixels, 30 16 / 16 10."""
    image = 10.0 + np.where(np.indices((30, 30)).sum(axis=0) % 2, 1, -1)
    image[10:12, 14:16] = [[30, 16], [16, 10]]
    box = (14, 10, 2, 2)
    return image, box, metrics.background_region(image.shape, box, guard=2, margin=None)


def test_snr_literal_and_usable():
    image, box, region = checkerboard()
    assert metrics.snr(image, box, region) == pytest.approx(20)
    assert metrics.snr(image, box, region, literal=True) == pytest.approx(30)
    assert metrics.snr(image, box, region, floor=4) == pytest.approx(5)
    assert metrics.scr(image, box, region) == pytest.approx(8)
    # the literal form rises when the whole image is lifted, the usable one does not
    assert metrics.snr(image + 100, box, region, literal=True) == pytest.approx(130)
    assert metrics.snr(image + 100, box, region) == pytest.approx(20)


def test_decibel():
    assert metrics.decibel(10) == pytest.approx(20)
    assert metrics.decibel(56.23) == pytest.approx(35, abs=0.01)
    assert metrics.decibel(0) == -np.inf
    assert metrics.decibel(np.inf) == np.inf
    np.testing.assert_allclose(metrics.decibel([1, 100, -3]), [0, 40, -np.inf])


def test_gain_suppression_and_retention():
    image, box, region = checkerboard()
    after = (image - 10) / 4  # target 5 above the mean, sigma 1/4
    assert metrics.bsf(image, after, box, region) == pytest.approx(4)
    assert metrics.retention(image, after, box, region) == pytest.approx(0.25)
    assert metrics.scrg(image, after, box, region) == pytest.approx(1)
    assert metrics.scrg(image, after, box, region, floor=1) == pytest.approx(0.25)


def test_without_a_floor_the_snr_is_infinite_and_with_one_it_is_not():
    image = np.random.default_rng(0).normal(100, 1, (60, 60)).astype(np.float32)
    image[30:33, 30:33] += 20
    box = (30, 30, 3, 3)
    region = metrics.background_region(image.shape, box, guard=3, margin=10)
    M = multilevel_filter(image, line_elements(9, 4), rectangle(3, 3))[2]
    M[region] = 0  # as a slightly higher threshold would leave it
    assert metrics.zero_share(M, region) == 1
    assert metrics.snr(M, box, region) == np.inf
    floor = metrics.noise_sigma(image, region)
    assert metrics.snr(M, box, region, floor=floor) == pytest.approx(M.max() / floor)
    assert np.isnan(metrics.snr(M * 0, box, region))  # 0 / 0: no target, no noise, no answer
    assert metrics.snr(M * 0, box, region, floor=floor) == 0


@given(st.floats(0.5, 50), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_noise_sigma_sees_the_noise_and_not_the_clouds(sigma, seed):
    y, x = np.mgrid[:128, :128]
    clouds = 3000 + 100 * np.sin(x / 20) * np.cos(y / 25)
    image = clouds + np.random.default_rng(seed).normal(0, sigma, clouds.shape)
    assert metrics.noise_sigma(image) == pytest.approx(sigma, rel=0.06)


@pytest.mark.parametrize("sigma", [0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.04, 1.3, 1.7, 2.5, 3.5, 5])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_noise_sigma_of_integers_moves_in_no_steps(sigma, dtype):
    """Details of integers are multiples of a half: their median alone reads 0.74 where the noise is 1.04."""
    y, x = np.mgrid[:256, :256]
    clouds = 100 + 0.03 * x + 0.041 * y + 15 * np.sin(x / 40) * np.cos(y / 50)
    rng = np.random.default_rng(7)
    image = np.round(clouds + rng.normal(0, sigma, clouds.shape)).astype(dtype)
    true = np.hypot(sigma, 12**-0.5)  # rounding adds its own
    assert metrics.noise_sigma(image) == pytest.approx(true, rel=0.035)
    region = np.zeros(image.shape, bool)
    region[30:200, 20:180] = True
    assert metrics.noise_sigma(image, region) == pytest.approx(true, rel=0.05)
    image[100:108, 90:98] = 255  # a target, a frame around all of it, and spikes
    image[3], image[:, 3], image[200], image[:, 200] = 255, 255, 0, 0
    image[rng.random(image.shape) < 2e-3] = 255
    assert metrics.noise_sigma(image) == pytest.approx(true, rel=0.1)


def test_noise_sigma_of_integers_grows_with_the_noise():
    noise, y = np.random.default_rng(3).normal(size=(200, 200)), np.arange(200)[:, None] * 0.083
    found = [metrics.noise_sigma(np.round(90 + y + s * noise).astype(np.uint8)) for s in np.linspace(0.05, 4, 80)]
    assert (np.diff(found) > -0.01).all() and np.diff(found).max() < 0.12  # the details' step is 0.74


def test_noise_sigma_of_integers_is_at_least_the_rounding():
    assert metrics.noise_sigma(np.zeros((9, 9), np.uint8)) == pytest.approx(12**-0.5)
    assert metrics.noise_sigma(np.zeros((9, 9), np.float32)) == 0
    with pytest.raises(ValueError, match="2 x 2"):
        metrics.noise_sigma(np.zeros((1, 9)))
    assert np.isfinite(metrics.noise_sigma(np.array([[0, 255], [255, 0]], np.uint8)))


def test_masks():
    assert metrics.target_mask((5, 5), (1.5, 2, 1, 1)).sum() == 2  # touches columns 1 and 2
    assert metrics.target_mask((5, 5), (1, 2, 1, 1)).sum() == 1
    assert metrics.target_mask((5, 5), (1, 2, 1, 1), grow=1).sum() == 9
    assert metrics.target_mask((5, 5), (-3, -3, 4, 4)).sum() == 1
    region = metrics.background_region((50, 50), (20, 20, 4, 4), guard=2, margin=3)
    assert region.sum() == 14**2 - 8**2
    assert metrics.background_region((50, 50), (20, 20, 4, 4), guard=2, margin=None).sum() == 50**2 - 8**2
    with pytest.raises(ValueError, match="touches no pixel"):
        metrics.target_mask((5, 5), (9, 9, 2, 2))
    with pytest.raises(ValueError, match="NaN"):
        metrics.target_mask((5, 5), NAN)
    with pytest.raises(ValueError, match="no background"):
        metrics.background_region((5, 5), (0, 0, 5, 5))


def test_measures_refuse_a_bad_region():
    image, box, region = checkerboard()
    for bad, message in [(region * 1, "bool"), (region[:5], "bool"), (region & False, "empty")]:
        with pytest.raises(ValueError, match=message):
            metrics.snr(image, box, bad)
        with pytest.raises(ValueError, match=message):
            metrics.bsf(image, image, box, bad)


def test_curves_equal_the_table_of_all_by_all():
    rng = np.random.default_rng(4)
    count = 20_000  # more than are taken at a time
    truth = np.column_stack([rng.integers(0, 40, (count, 2)), rng.integers(1, 9, (count, 2))]).astype(float)
    found = truth + rng.integers(-2, 3, (count, 4)) * [1, 1, 0, 0]
    truth[5:9], found[20:40] = np.nan, np.nan
    there = ~np.isnan(truth[:, 0])
    overlap = np.nan_to_num(iou(found, truth)[there])
    error = np.nan_to_num(center_error(found, truth)[there], nan=np.inf)
    expected = (overlap[:, None] > metrics.IOU_THRESHOLDS).mean(axis=0)
    np.testing.assert_array_equal(metrics.success_curve(found, truth), expected)
    expected = (error[:, None] <= metrics.PIXEL_THRESHOLDS).mean(axis=0)
    np.testing.assert_array_equal(metrics.precision_curve(found, truth), expected)
