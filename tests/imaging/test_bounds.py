"""Bounds of place, size and motion, against closed forms, numerical derivatives and samples drawn by the simulator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from irtrack_core import metrics
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.evaluation import limits as by_hand
from irtrack_core.imaging import limits, optics, scan

SENSOR = ScanSettings(smear=0.4, stages=4, mismatch=0.05)
# optics so wide that the detector hardly matters, and finely sampled: the image is a Gaussian, seen everywhere
WIDE = ScanSettings(f_number=25.0, oversampling_scan=2, oversampling_cross=2, smear=0, stages=1)


def seen(sensor, axis, samples, center, extent, kind):
    """The image along one axis without Fourier sums: closed form of a point, averaged over the target."""
    factor = (sensor.oversampling_scan, sensor.oversampling_cross)[axis]
    along = (sensor.smear, sensor.stages, sensor.mismatch) if axis == 0 else ()
    sigma = optics.psf_sigma(sensor)
    if kind == "gaussian":
        sigma = np.hypot(sigma, extent / 4 / factor)
        parts = np.zeros(1)
    else:
        parts = (np.arange(4000) + 0.5) / 4000 * extent - extent / 2

    def mean(u):
        return optics.footprint((u[:, None] - parts) / factor, sigma, *along).mean(axis=1)

    return mean(samples - center) / mean(np.zeros(1))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(("kind", "extent"), [("point", 0.0), ("gaussian", 3.0), ("uniform", 0.7), ("uniform", 7.0)])
def test_image_and_its_slopes_equal_the_closed_form(axis, kind, extent):
    least, center, step = 4 * optics.blob_sigma(SENSOR)[axis], 10.3, 1e-3
    side = np.hypot(extent, least)
    value, by_center, by_side = (one[0] for one in limits.profiles(SENSOR, axis, [center], [side], 21, kind))
    samples = np.arange(21) + 0.5

    def oracle(c, b):
        return seen(SENSOR, axis, samples, c, np.sqrt(max(b * b - least**2, 0)), kind)

    np.testing.assert_allclose(value, oracle(center, side), atol=1e-6)
    slope = (oracle(center + step, side) - oracle(center - step, side)) / (2 * step)
    np.testing.assert_allclose(by_center, slope, atol=1e-5)
    (one,) = limits.images(SENSOR, kind, [[10.3, 9.1, *limits.box_sides(SENSOR, extent)]], (21, 21))
    np.testing.assert_array_equal(
        one, limits.gradients(SENSOR, kind, (10.3, 9.1, *limits.box_sides(SENSOR, extent)), (21, 21))[0]
    )
    if extent:
        slope = (oracle(center, side + step) - oracle(center, side - step)) / (2 * step)
        np.testing.assert_allclose(by_side, slope, atol=1e-4)


def test_box_of_a_target_is_the_simulator_s():
    simulation = scan.simulate(SENSOR, SceneSettings(kind="flat"), TargetSettings(kind="vehicle", size=9.0), frames=2)
    np.testing.assert_allclose(limits.box_sides(SENSOR, simulation.objects[0].extents(0)), simulation.boxes[0, 2:])


def expected_log_likelihood(theta, truth, covariance, shape):
    """Mean of ln p(samples of `truth` | theta) but for a constant; from the closed form of the image."""

    def image(x, y, w, h, amplitude):
        least = 4 * np.array(optics.blob_sigma(SENSOR))
        extents = np.sqrt(np.array([w, h]) ** 2 - least**2)
        along = seen(SENSOR, 0, np.arange(shape[1]) + 0.5, x, extents[0], "gaussian")
        across = seen(SENSOR, 1, np.arange(shape[0]) + 0.5, y, extents[1], "gaussian")
        return amplitude * np.outer(across, along).ravel()

    off = image(*theta) - image(*truth)
    return -0.5 * off @ np.linalg.solve(covariance, off)


def test_information_is_the_curvature_of_the_likelihood():
    """Differentiated numerically, in coloured noise, with the image from its closed form."""
    sides = limits.box_sides(SENSOR, (3.0, 5.0))
    shape, place = limits.patch(sides, (0.2, 0.7))

    def noise(size):
        return limits.white(size) + limits.exponential(size, 1.5, 3.0) + limits.flicker(size, SENSOR)

    covariance, truth = noise(shape), np.array([*place, *sides, 12.0])
    known = limits.information(SENSOR, "gaussian", sides, 12.0, center=(0.2, 0.7), covariance=noise)
    steps = np.diag([1e-2, 1e-2, 1e-2, 1e-2, 1e-1])
    value = {}

    def at(theta):
        key = tuple(theta)
        if key not in value:
            value[key] = expected_log_likelihood(theta, truth, covariance, shape)
        return value[key]

    for i in range(5):
        for j in range(5):
            a, b = steps[i], steps[j]
            mixed = at(truth + a + b) - at(truth + a - b) - at(truth - a + b) + at(truth - a - b)
            scale = np.sqrt(known[i, i] * known[j, j])
            assert -mixed / (4 * a[i] * b[j]) == pytest.approx(known[i, j], abs=2e-3 * scale)


def test_gaussian_in_white_noise_has_its_closed_form():
    """Continuous sampling: var x = 2 sigma_x / (pi A^2 sigma_y); size and amplitude from the 2 x 2 and 3 x 3 information."""
    extents, snr = np.array([6.0, 10.0]), 15.0
    sides = limits.box_sides(WIDE, extents)
    along, across = sides / 4
    known = limits.information(WIDE, "gaussian", sides, snr)
    area = np.pi * along * across
    assert known[0, 0] == pytest.approx(snr**2 * area / (2 * along**2), rel=2e-3)
    assert known[4, 4] == pytest.approx(area, rel=2e-3)
    # d/d sigma of A exp(-x^2 / 2 sigma^2): 3/4 area A^2 / sigma^2, and area A / 2 sigma with the amplitude; w = 4 sigma
    exact = area * np.array(
        [
            [0.75 * snr**2 / along**2 / 16, 0.25 * snr**2 / (along * across) / 16, snr / (2 * along) / 4],
            [0.25 * snr**2 / (along * across) / 16, 0.75 * snr**2 / across**2 / 16, snr / (2 * across) / 4],
            [snr / (2 * along) / 4, snr / (2 * across) / 4, 1],
        ]
    )
    np.testing.assert_allclose(known[2:, 2:], exact, rtol=5e-3)
    equal = limits.mean_bound(WIDE, "gaussian", limits.box_sides(WIDE, 5.0), snr)
    assert np.sqrt(equal[0, 0]) == pytest.approx(by_hand.cramer_rao_sigma(snr), rel=2e-3)


def test_clutter_s_information_equals_the_sum_over_frequencies():
    """On a torus stationary noise has J = sum |S'|^2 / P: no matrix, no patch. What lies beyond the patch adds little."""
    sensor, scene, n = SENSOR, SceneSettings(std=0.05, outer_scale=40.0), 512
    sides = limits.box_sides(sensor, 4.0)
    slope = limits.gradients(sensor, "uniform", (n / 2 + 0.5, n / 2 + 0.5, *sides), (n, n))[1]
    across, along = np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None]
    law = (1 / 40.0**2 + across**2 + along**2) ** (-scene.beta / 2)
    law[0, 0] = 0
    weight = np.where((along == 0) | (along == 0.5), 1, 2)
    variance = (law * weight).sum() / n**2
    power = 1 + law / variance * (scene.std / scan.sigma_w(sensor)) ** 2 * optics.otf_grid(sensor, n, n, 1) ** 2
    exact = (np.abs(np.fft.rfft2(slope)) ** 2 * weight / power).sum() / n**2

    def noise(shape):
        return limits.white(shape) + limits.clutter(shape, scene, sensor)

    known = limits.information(sensor, "uniform", sides, 1.0, covariance=noise)[0, 0]
    white = limits.information(sensor, "uniform", sides, 1.0)[0, 0]
    assert known == pytest.approx(exact, rel=2e-3) and exact < 0.3 * white


def test_covariances_are_those_of_drawn_noise():
    sensor = ScanSettings(shape=(400, 64), knee=0.1)
    drawn = np.concatenate([scan.flicker_noise(sensor, (400, 128), np.random.default_rng(k)) for k in range(10)])
    measured = drawn[:, :6].T @ drawn / 4000
    np.testing.assert_allclose(limits.flicker((1, 6), sensor), measured[:, :6], atol=0.05)
    sensor = ScanSettings(shape=(256, 256), knee=0, offset=0, odd_even=0, drift=0, gain=0, spikes=0)
    clouds = SceneSettings(std=0.5, outer_scale=20.0, skew=0)
    fields = [scan.simulate(sensor, clouds, frames=1, seed=k).components(0).background.astype(float) for k in range(4)]
    count = scan.sigma_w(sensor) * (2**14 - 1) / 40
    fields = [(one - one.mean()) / count for one in fields]
    asked = limits.clutter((1, 9), clouds, sensor)[0]
    for lag in (0, 2, 8):
        got = np.mean([np.mean(one[:, : 256 - lag] * one[:, lag:]) for one in fields])
        assert got == pytest.approx(asked[lag], rel=0.12)


def test_all_parts_of_the_settings_are_in_the_covariance():
    shape = (4, 5)
    quiet = ScanSettings(knee=0, offset=0, odd_even=0, drift=0)
    np.testing.assert_array_equal(limits.of_settings(shape, quiet, known_level=True), np.eye(20))
    noisy = ScanSettings(knee=0.02, offset=0.5, odd_even=0.3, drift=0.2)
    diagonal = np.diag(limits.of_settings(shape, noisy, known_level=True)).reshape(shape)
    extra = limits.flicker((1, 1), noisy)[0, 0]
    np.testing.assert_allclose(diagonal[0], 1 + extra + 0.29, atol=1e-9)
    np.testing.assert_allclose(diagonal[1], 1 + extra + 0.29 + 0.09, atol=1e-9)
    overlapping = limits.white((2, 4), ScanSettings(oversampling_scan=4, smear=1.0))
    assert overlapping[0].tolist() == [1, 0.75, 0.5, 0.25, 0, 0, 0, 0]
    with pytest.raises(ValueError, match="length above 0"):
        limits.exponential(shape, 1.0, 0)


def test_an_unknown_level_costs_size_not_place():
    sides = limits.box_sides(SENSOR, 4.0)
    free = limits.PARAMETERS
    known = limits.bound(limits.information(SENSOR, "gaussian", sides, 9.0), free)

    def unknown_level(shape):
        return limits.white(shape) + limits.level(shape)

    open_ = limits.bound(limits.information(SENSOR, "gaussian", sides, 9.0, covariance=unknown_level), free)
    ratio = np.diag(open_) / np.diag(known)
    np.testing.assert_allclose(ratio[:2], 1, atol=1e-3)
    assert ratio[2] > 1.03 and ratio[3] > 1.03


@pytest.mark.parametrize("frames", [2, 5, 12])
def test_constant_velocity_has_its_closed_form(frames):
    """A straight line through T places of equal variance: at its end 2 (2T - 1) / (T (T + 1)), slope 12 / (T (T^2 - 1))."""
    one = limits.information(SENSOR, "point", limits.box_sides(SENSOR), 8.0)
    single = limits.bound(one)
    whole = limits.track_information([one] * frames, np.arange(1 - frames, 1))
    found = limits.bound(whole, ("x", "y", "amplitude", "vx", "vy"), limits.TRACK)
    end = 2 * (2 * frames - 1) / (frames * (frames + 1))
    np.testing.assert_allclose(np.diag(found)[:2], end * np.diag(single)[:2], rtol=1e-6)
    np.testing.assert_allclose(np.diag(found)[5:], 12 / (frames * (frames**2 - 1)) * np.diag(single)[:2], rtol=1e-6)
    straight = limits.bound(whole, ("x", "y", "amplitude"), limits.TRACK)  # the motion is known
    np.testing.assert_allclose(np.diag(straight)[:2], np.diag(single)[:2] / frames, rtol=1e-6)
    np.testing.assert_allclose(
        limits.filtered_covariances(single[0, 0], 0.0, frames)[-1, 0, 0], end * single[0, 0], rtol=1e-5
    )


def test_a_gain_of_each_frame_equals_an_amplitude_of_each_frame():
    sides = limits.box_sides(SENSOR, 4.0)
    each = [limits.information(SENSOR, "uniform", sides, 7.0, center=(0.1 * k, 0.5)) for k in range(3)]
    times = np.array([-2.0, -1, 0])
    # all 9 unknowns: x, y, w, h, vx, vy and three amplitudes
    full = np.zeros((9, 9))
    for k, (one, time) in enumerate(zip(each, times)):
        moved = np.zeros((5, 9))
        moved[:4, :4], moved[0, 4], moved[1, 5], moved[4, 6 + k] = np.eye(4), time, time, 1
        full += moved.T @ one @ moved
    exact = np.linalg.inv(full)
    got = limits.bound(limits.track_information(each, times, gain=True), limits.TRACK, limits.TRACK)
    order = [0, 1, 2, 3, 8, 4, 5]
    np.testing.assert_allclose(got, exact[np.ix_(order, order)], rtol=1e-6, atol=1e-12)
    # one amplitude for all frames that nobody knows is no better; one that is known is, for the size
    joint = limits.track_information(each, times)
    shared = limits.bound(joint, limits.TRACK, limits.TRACK)
    np.testing.assert_allclose(np.diag(shared)[:4], np.diag(got)[:4], rtol=1e-3)
    calibrated = limits.bound(joint, ("x", "y", "w", "h", "vx", "vy"), limits.TRACK)
    assert calibrated[2, 2] < 0.8 * got[2, 2] and calibrated[0, 0] == pytest.approx(got[0, 0], rel=1e-3)


def test_the_mean_bound_is_that_of_each_place_by_itself():
    """White and coloured noise, over four places within a pixel; a stack of informations with one that tells nothing."""
    sensor = ScanSettings(smear=0.5)
    sides = limits.box_sides(sensor, 3.0)

    def coloured(shape):
        return limits.white(shape, sensor) + limits.exponential(shape, 1.5, 3.0)

    for covariance in (None, coloured):
        each = [
            limits.information(sensor, "uniform", sides, 5.0, center=(x, y), covariance=covariance)
            for x in (0.25, 0.75)
            for y in (0.25, 0.75)
        ]
        alone = np.mean([limits.bound(one, limits.PARAMETERS) for one in each], axis=0)
        options = dict(free=limits.PARAMETERS, phases=2, covariance=covariance)
        together = limits.mean_bound(sensor, "uniform", sides, 5.0, **options)
        np.testing.assert_allclose(together, alone, rtol=1e-6, atol=1e-9)
    with pytest.raises(ValueError, match="cannot all be told"):
        limits.bound(np.stack([each[0], np.zeros((5, 5))]))


def test_filtered_bound_settles_where_riccati_s_equation_says():
    measured, noise = 0.04, 0.1
    flow, push, seen_ = np.array([[1.0, 1], [0, 1]]), np.array([0.5, 1.0]), np.array([[1.0, 0]])
    ahead = linalg.solve_discrete_are(flow.T, seen_.T, noise**2 * np.outer(push, push), np.array([[measured]]))
    settled = ahead[0, 0] * measured / (ahead[0, 0] + measured)
    found = limits.filtered_covariances(measured, noise, 60)[:, 0, 0]
    assert found[0] == pytest.approx(measured) and (np.diff(found) < 1e-9).all()
    assert found[-1] == pytest.approx(settled, rel=1e-3)


def test_best_overlap_and_precision_equal_drawn_errors():
    rng, sides = np.random.default_rng(0), np.array([6.0, 4.0])
    root = rng.normal(0, 0.25, (4, 4))
    covariance = root @ root.T
    errors = rng.multivariate_normal(np.zeros(4), covariance, 200_000)
    drawn = np.concatenate([errors[:, :2] - (sides + errors[:, 2:]) / 2, sides + errors[:, 2:]], axis=1)
    truth = np.tile([*(-sides / 2), *sides], (len(drawn), 1))
    assert limits.best_overlap(sides, covariance) == pytest.approx(metrics.aor(drawn, truth), abs=1.5e-3)
    for distance in (0.2, 0.5, 1.0):
        share = np.mean(np.hypot(*errors[:, :2].T) <= distance)
        assert limits.best_precision(covariance, distance) == pytest.approx(share, abs=4e-3)
    place = np.diag([0.09, 0.09, 0, 0])
    assert limits.best_precision(place, 0.5) == pytest.approx(1 - np.exp(-(0.5**2) / 0.18), abs=1e-4)
    assert limits.best_overlap(5, place) == pytest.approx(by_hand.best_aor(5, 0.3), abs=1e-3)
    assert limits.best_overlap(5, 0 * place) == 1 and limits.best_precision(0 * place, 0.1) == 1


@settings(max_examples=30)
@given(st.floats(0.6, 20), st.floats(0.6, 20))
def test_rounded_overlap_equals_rounded_boxes(w, h):
    corner = (np.arange(60) + 0.5) / 60
    x, y = (one.ravel() for one in np.meshgrid(corner, corner))
    low, high = np.rint([x, y]), np.rint([x + w, y + h])
    rounded = np.column_stack([*low, *np.maximum(high - low, 0)])
    shared = np.prod(np.clip(np.minimum(high, [x + w, y + h]) - np.maximum(low, [x, y]), 0, None), axis=0)
    exact = shared / (w * h + rounded[:, 2] * rounded[:, 3] - shared)
    assert limits.rounded_overlap((w, h), places=60) == pytest.approx(exact.mean(), abs=1e-9)


def test_rounded_boxes_of_5_px_reach_082():
    assert limits.rounded_overlap(5) == pytest.approx(0.82, abs=0.01)
    assert limits.rounded_overlap(50) > 0.97 and limits.rounded_overlap(2) < 0.65


@pytest.mark.parametrize("step", [0.3, 1.0, 3.0, 8.0])
def test_information_after_rounding_equals_sampled_curvature(step):
    """The mean square of the score d ln p / d mean, from drawn and rounded noise."""
    rng = np.random.default_rng(0)
    phase, count = rng.uniform(0, step, 200_000), 200_000
    value = np.rint((rng.standard_normal(count) + phase) / step)

    def log_probability(mean):
        from scipy.stats import norm

        high, low = (value + 0.5) * step - mean, (value - 0.5) * step - mean
        return np.log(
            np.maximum(norm.cdf(np.where(high < 0, high, -low)) - norm.cdf(np.where(high < 0, low, -high)), 1e-300)
        )

    score = (log_probability(phase + 1e-3) - log_probability(phase - 1e-3)) / 2e-3
    assert limits.information_kept(step) == pytest.approx((score**2).mean(), rel=0.04)
    assert limits.information_kept(0) == 1


def test_grey_step_follows_the_background_behind_an_agc():
    calm, wide = np.zeros((64, 64)), np.linspace(0, 20, 4096).reshape(64, 64)
    agc = ScanSettings(bits=8, output="agc")
    assert limits.grey_step(agc, calm) == pytest.approx(1 / agc.agc_noise)
    assert limits.grey_step(agc, wide) > 5
    fixed = ScanSettings(bits=8, span=40.0)
    assert limits.grey_step(fixed, calm) == limits.grey_step(fixed, wide) == pytest.approx(40 / 255 / 0.0106, rel=1e-2)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: limits.information(SENSOR, "point", limits.box_sides(SENSOR), 0), "SNR of 0"),
        (lambda: limits.information(SENSOR, "square", 9.0, 5), "unknown kind"),
        (lambda: limits.information(SENSOR, "uniform", 1.0, 5), "smaller than a point's"),
        (lambda: limits.information(SENSOR.replace(psf="airy"), "point", 9.0, 5), "psf='airy'"),
        (lambda: limits.bound(np.eye(5), ("x", "z")), "no parameter is called"),
        (lambda: limits.bound(np.diag([1.0, 1, 1, 1, 0]), ("amplitude", "x")), "cannot all be told"),
        (lambda: limits.track_information(np.zeros((2, 5, 5)), [0, 1, 2]), "for T = 3"),
        (lambda: limits.best_overlap(0, np.eye(4)), "sides above 0"),
        (lambda: limits.best_precision(np.eye(2), 0), "above 0 px"),
        (lambda: limits.rounded_overlap((3, 0)), "sides above 0"),
        (lambda: limits.information_kept(-1), "at least 0 sigma"),
    ],
)
def test_bad_input_is_told(call, why):
    with pytest.raises(ValueError, match=why):
        call()
