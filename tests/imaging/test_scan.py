"""The simulator against closed forms computed here in another way, and its algebra."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.special import erf

from irtrack_core import boxes
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.imaging import optics, scan, scene, shapes, targets

# a sensor that adds nothing but white noise and rounding
PLAIN = dict(gain=0, offset=0, odd_even=0, knee=0, drift=0, spikes=0, jitter=0, stagger=0)
FLAT = SceneSettings(kind="flat")


def plain(**changes):
    return ScanSettings(**(dict(shape=(64, 64), bits=16, span=20.0) | PLAIN | changes))


def counts(sensor, kelvin):
    """Counts of a temperature difference, radiometric output."""
    return kelvin * (2**sensor.bits - 1) / sensor.span


def peak_counts(sensor, snr):
    return counts(sensor, snr * sensor.netd * 1e-3 / np.sqrt(sensor.stages))


# --- optics ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("smear, stages, mismatch", [(0, 1, 0), (0.5, 1, 0), (0.25, 8, 0.1), (0, 4, -0.2)])
def test_footprint_is_the_convolution_it_claims_to_be(smear, stages, mismatch):
    sigma, du = 0.2, 1e-3
    u = np.arange(-6, 6 + du / 2, du)
    response = np.exp(-(u**2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))
    for width in (1.0, smear):
        if width:
            box = (np.abs(u) < width / 2).astype(float)
            response = np.convolve(response, box / box.sum(), mode="same")
    shifts = (np.arange(stages) - (stages - 1) / 2) * mismatch
    expected = np.mean([np.interp(u, u + shift, response) for shift in shifts], axis=0)
    np.testing.assert_allclose(optics.footprint(u, sigma, smear, stages, mismatch), expected, atol=4e-3)


def test_footprint_integrates_to_one_and_is_even():
    u = np.linspace(-5, 5, 2001)
    g = optics.footprint(u, 0.3, 0.4)
    assert np.trapezoid(g, u) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(g, g[::-1], atol=1e-12)
    with pytest.raises(ValueError, match="sigma"):
        optics.footprint(u, 0.0)


@given(st.floats(0, 3), st.integers(1, 32), st.floats(-0.5, 0.5))
def test_tdi_mtf_is_the_mean_of_the_stages_phasors(frequency, stages, mismatch):
    shifts = (np.arange(stages) - (stages - 1) / 2) * mismatch
    expected = np.exp(2j * np.pi * frequency * shifts).mean().real
    assert optics.tdi_mtf(frequency, stages, mismatch) == pytest.approx(expected, abs=1e-6)


def test_airy_transfer_function_stops_at_the_diffraction_limit():
    sensor = ScanSettings(psf="airy", wavelength=10.0, f_number=2.0, detector=20.0, smear=0)  # limit: 1 cycle per d
    assert optics.otf(sensor, 0.0, 0.0) == pytest.approx(1)
    assert optics.otf(sensor, 0.9, 0.0) > 0
    assert optics.otf(sensor, 0.9, 0.9) == pytest.approx(0, abs=1e-12)
    # at half the limit: 2/pi (acos 1/2 - 1/2 sqrt(3/4)) = 0.391, times the detector's sinc
    assert optics.otf(sensor, 0.5, 0.0) == pytest.approx(0.39100 * 2 / np.pi, rel=1e-4)


# --- point targets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_a_point_target_has_the_erf_profile(seed):
    sensor = plain(smear=0.0, oversampling_scan=3.0, oversampling_cross=2.0)
    sequence = scan.simulate(sensor, FLAT, TargetSettings(snr=2000, speed=0), frames=1, seed=seed)
    x0, y0 = boxes.centers(sequence.boxes[0])
    sigma = 0.44 * sensor.wavelength * sensor.f_number / sensor.detector
    g = lambda u: 0.5 * (erf((u + 0.5) / (np.sqrt(2) * sigma)) - erf((u - 0.5) / (np.sqrt(2) * sigma)))  # noqa: E731
    gx, gy = g((np.arange(64) + 0.5 - x0) / 3), g((np.arange(64) + 0.5 - y0) / 2)
    expected = peak_counts(sensor, 2000) * np.outer(gy, gx) / g(0) ** 2
    np.testing.assert_allclose(sequence.components(0).target, expected, atol=1 / scan.GRID)


@pytest.mark.parametrize(
    "changes",
    [
        dict(),
        dict(oversampling_scan=4.0, smear=1.0),
        dict(oversampling_scan=3.0, oversampling_cross=3.0, f_number=5.0),
        dict(stages=16, mismatch=0.08, oversampling_scan=4.0),
    ],
)
def test_blob_width_follows_the_closed_form(changes):
    sensor = plain(**changes)
    sequence = scan.simulate(sensor, FLAT, TargetSettings(snr=3000, speed=0.37), frames=60, seed=2)
    position = np.arange(64) + 0.5
    variance = np.zeros(2)
    for i in range(60):  # the mean over sub-pixel phases: at M = 2 a blob is not sampled finely enough for each alone
        target = sequence.components(i).target.astype(float)
        for axis, profile in enumerate((target.sum(axis=0), target.sum(axis=1))):
            mean = (profile * position).sum() / profile.sum()
            variance[axis] += (profile * (position - mean) ** 2).sum() / profile.sum() / 60
    measured = np.sqrt(variance)
    sigma = 0.44 * sensor.wavelength * sensor.f_number / sensor.detector
    tdi = sensor.mismatch**2 * (sensor.stages**2 - 1) / 12
    expected_x = sensor.oversampling_scan * np.sqrt(sigma**2 + 1 / 12 + sensor.smear**2 / 12 + tdi)
    expected_y = sensor.oversampling_cross * np.sqrt(sigma**2 + 1 / 12)
    np.testing.assert_allclose(measured, [expected_x, expected_y], rtol=0.01)
    np.testing.assert_allclose(optics.blob_sigma(sensor), [expected_x, expected_y])
    np.testing.assert_allclose(sequence.boxes[0, 2:], [4 * expected_x, 4 * expected_y])


def test_boxes_lie_on_the_measured_centroid():
    sensor = plain(jitter=0.0)
    sequence = scan.simulate(sensor, FLAT, TargetSettings(snr=800, speed=1.7, manoeuvre=0.2), frames=25, seed=5)
    for i in range(25):
        y, x = ndimage.center_of_mass(sequence.components(i).target)
        assert np.hypot(*(boxes.centers(sequence.boxes[i]) - (x + 0.5, y + 0.5))) < 0.1


def test_measured_snr_is_the_one_asked_for():
    sensor = plain(span=60.0)
    sequence = scan.simulate(sensor, FLAT, TargetSettings(snr=9.0, speed=0.37, manoeuvre=0), frames=300, seed=1)
    peak = max(sequence.components(i).target.max() for i in range(300))  # over all sub-pixel phases
    noise = np.concatenate([sequence.components(i).clutter.ravel() for i in range(8)]).std()
    assert peak / noise == pytest.approx(9.0, rel=0.02)


def test_a_negative_snr_is_a_cold_target():
    target = scan.simulate(plain(), FLAT, TargetSettings(snr=-20, speed=0), frames=1).components(0).target
    assert target.min() < 0 and target.max() <= 0


@pytest.mark.parametrize("psf", ["gaussian", "airy"])
def test_the_sampled_image_of_a_point_agrees_with_its_closed_form(psf):
    sensor = plain(psf=psf, smear=0.3)
    image, origin, step = scan_point(sensor)
    x = origin[0] + np.arange(image.shape[1]) / step
    y = origin[1] + np.arange(image.shape[0]) / step
    gx, gy = optics.point_profiles(sensor, x, y)
    # Airy rings reach further than a Gaussian: only about the same core
    assert np.abs(image - np.outer(gy, gx)).max() < (2e-3 if psf == "gaussian" else 0.06)


def scan_point(sensor):
    return targets.silhouette(sensor, [], np.array([10.3, 11.8]), np.array([9.0, 9.0]))


# --- extended targets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(shapes.KINDS))
def test_an_extended_target_fills_its_box(kind):
    sensor = plain(shape=(96, 96))
    settings_ = TargetSettings(kind=kind, size=36, snr=2000, speed=1, cadence=0.1)
    sequence = scan.simulate(sensor, FLAT, settings_, frames=6, seed=3)
    for i in (0, 5):
        target = sequence.components(i).target
        rows, columns = np.nonzero(target > 0.15 * target.max())
        seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        np.testing.assert_allclose(boxes.to_xyxy(sequence.boxes[i]), seen, atol=2.0)
        assert target.max() == pytest.approx(peak_counts(sensor, 2000), rel=0.03)


def test_legs_move_the_box_and_growth_enlarges_it():
    walker = TargetSettings(kind="pedestrian", size=40, cadence=0.1, growth=0.4)
    sequence = scan.simulate(plain(shape=(128, 128)), FLAT, walker, frames=21)
    assert np.ptp(sequence.boxes[:, 2]) > 3
    assert sequence.boxes[20, 3] / sequence.boxes[0, 3] == pytest.approx(np.exp(0.4), rel=0.05)


def test_unknown_shape_is_named():
    with pytest.raises(ValueError, match="submarine"):
        shapes.shape("submarine", 10)


@given(seed=st.integers(0, 1000), leave=st.booleans(), vertical=st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_paths_are_smooth_and_keep_to_the_frame(seed, leave, vertical):
    rng = np.random.default_rng(seed)
    target = TargetSettings(speed=2.0, manoeuvre=0.05, vertical=vertical, leave=leave)
    positions, velocity = targets.path(rng, 150, (100, 120), target, margin=10)
    steps = np.diff(positions, axis=0)
    assert np.hypot(*steps.T).max() <= 2.0 * 1.2 + 1e-9
    assert np.abs(steps[:, 1]).max() <= 2.4 * vertical + 1e-9
    if not leave:
        assert (positions >= 1).all() and (positions <= [119, 99]).all()


def test_a_target_out_of_the_frame_has_no_box():
    leaving = TargetSettings(speed=4, leave=True, manoeuvre=0.1)
    found = [np.isnan(scan.simulate(plain(), FLAT, leaving, frames=120, seed=s).boxes) for s in range(6)]
    assert any(absent.any() for absent in found)
    assert all((absent.any(axis=1) == absent.all(axis=1)).all() for absent in found)
    assert any((np.diff(absent[:, 0].astype(int)) == -1).any() for absent in found)  # one comes back


# --- noise -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stages", [1, 4, 16])
def test_tdi_divides_the_noise_by_the_root_of_its_stages(stages):
    sensor = plain(stages=stages, shape=(128, 128))
    clutter = scan.simulate(sensor, FLAT, TargetSettings(snr=0.0), frames=1).components(0).clutter
    assert clutter.std() == pytest.approx(counts(sensor, 0.030 / np.sqrt(stages)), rel=0.02)


def test_one_over_f_noise_has_its_knee():
    sensor = plain(shape=(256, 512), knee=0.05, netd=100.0)
    sequence = scan.simulate(sensor, FLAT, TargetSettings(snr=0.0), frames=4)
    rows = np.concatenate([sequence.components(i).clutter for i in range(4)])
    power = (np.abs(np.fft.rfft(rows * np.hanning(512), axis=1)) ** 2).mean(axis=0)
    f = np.fft.rfftfreq(512)
    white = power[(f > 0.4)].mean() / (1 + 0.05 / 0.45)
    for low, high in ((0.01, 0.02), (0.03, 0.06), (0.1, 0.2)):
        band = (f > low) & (f < high)
        assert power[band].mean() / white == pytest.approx((1 + 0.05 / f[band]).mean(), rel=0.12)
    middle = scan.flicker_noise(sensor, (256, 512), np.random.default_rng(0))
    assert abs(np.corrcoef(middle)[0, 1:].mean()) < 0.02  # rows are independent


def test_channels_differ_as_asked():
    sensor = plain(shape=(256, 256), odd_even=4.0)
    clutter = scan.simulate(sensor, FLAT, TargetSettings(snr=0.0), frames=1).components(0).clutter
    step = clutter[1::2].mean() - clutter[0::2].mean()
    assert step == pytest.approx(peak_counts(sensor, 4.0), rel=0.03)
    sensor = plain(shape=(256, 256), offset=3.0)
    clutter = scan.simulate(sensor, FLAT, TargetSettings(snr=0.0), frames=1).components(0).clutter
    assert clutter.mean(axis=1).std() == pytest.approx(peak_counts(sensor, 3.0), rel=0.2)


def test_dead_channels_are_whole_rows_and_spikes_single_samples(monkeypatch):
    monkeypatch.setattr(scan, "SPIKE", 200.0)
    sensor = plain(shape=(128, 128), dead=0.05, spikes=1e-3)
    image = scan.simulate(sensor, FLAT, TargetSettings(snr=0.0), frames=1).frame(0).astype(float)
    dead = np.ptp(image, axis=1) == 0
    assert dead.sum() == 6
    alive = image[~dead]
    high = alive > np.median(alive) + peak_counts(sensor, 8.0)
    assert 5 <= high.sum() <= 35  # 16 expected; Poisson
    labels, found = ndimage.label(high)
    assert np.bincount(labels.ravel())[1:].max() <= 2


def test_jitter_has_its_rms_and_is_common_to_the_rows():
    sensor = ScanSettings(jitter=0.2, oversampling_scan=4.0)
    errors = np.concatenate([scan.scan_jitter(sensor, 640, np.random.default_rng(s)) for s in range(60)])
    assert errors.std() == pytest.approx(0.8, rel=0.05)
    shaky = plain(jitter=0.3, stages=16)
    target = scan.simulate(shaky, FLAT, TargetSettings(snr=3000, speed=0), frames=1, seed=4).components(0).target
    bright = target[target.max(axis=1) > 0.2 * target.max()]
    profiles = bright / bright.max(axis=1, keepdims=True)
    np.testing.assert_allclose(profiles, profiles[:1].repeat(len(profiles), 0), atol=2e-3)


def test_staggered_rows_comb_a_jittered_target():
    comb = plain(jitter=0.3, jitter_length=3.0, stagger=10.0)
    target = scan.simulate(comb, FLAT, TargetSettings(snr=3000, speed=0), frames=1, seed=4).components(0).target
    x = np.arange(64)
    bright = np.flatnonzero(target.max(axis=1) > 0.05 * target.max())
    centroids = (target[bright] * x).sum(axis=1) / target[bright].sum(axis=1)
    even, odd = centroids[bright % 2 == 0], centroids[bright % 2 == 1]
    assert abs(even.mean() - odd.mean()) > 0.05
    assert np.ptp(even) < 0.02 and np.ptp(odd) < 0.02


# --- background ------------------------------------------------------------------------------------------------------


def slope(field, low, high):
    """Exponent of the radial power spectrum of a Hann-windowed field, fitted over low < k < high, cycles per pixel."""
    window = np.outer(np.hanning(field.shape[0]), np.hanning(field.shape[1]))
    power = np.abs(np.fft.fft2((field - field.mean()) * window)) ** 2
    k = np.hypot(np.fft.fftfreq(field.shape[0])[:, None], np.fft.fftfreq(field.shape[1])[None])
    edges = np.geomspace(low, high, 12)
    which = np.digitize(k, edges)
    mean_k = [np.log(k[which == b]).mean() for b in range(1, 12)]
    mean_p = [np.log(power[which == b].mean()) for b in range(1, 12)]
    return np.polyfit(mean_k, mean_p, 1)[0]


@pytest.mark.parametrize("beta", [2.0, 2.6, 3.0, 3.4])
def test_power_law_has_the_slope_asked_for(beta):
    rng = np.random.default_rng(0)
    found = np.mean([slope(scene.power_law((512, 512), beta, 1e-3, rng), 0.02, 0.3) for _ in range(4)])
    assert found == pytest.approx(-beta, abs=0.1)


@pytest.mark.parametrize("skew", [0.0, 0.3])
def test_simulated_clouds_have_the_slope_asked_for(skew):
    clouds = SceneSettings(kind="clouds", beta=3.0, outer_scale=1000, std=0.5, skew=skew, pan=(0.3, 0.2))
    sensor = ScanSettings(shape=(384, 384))
    found = []
    for seed in range(6):
        sequence = scan.simulate(sensor, clouds, frames=2, seed=seed)
        found.append(slope(sequence.components(1).background, 0.02, 0.1))  # above that h makes it steeper
    assert np.mean(found) == pytest.approx(-3.0, abs=0.1)


def test_fine_sampling_adds_points_but_no_structure():
    coarse = scene.power_law((64, 96), 2.0, 0.02, np.random.default_rng(1))
    fine = scene.power_law((64, 96), 2.0, 0.02, np.random.default_rng(1), fine=2)
    assert fine.shape == (128, 192)
    assert np.corrcoef(coarse.ravel(), fine[::2, ::2].ravel())[0, 1] > 0.999
    with pytest.raises(ValueError, match="k0"):
        scene.power_law((8, 8), 2.0, 0.0, np.random.default_rng(0))


def test_the_background_is_seen_through_h():
    white = SceneSettings(kind="clouds", beta=0, std=0.5, skew=0, pan=(0, 0))
    sensor = plain(shape=(256, 256), smear=0.5)
    power = 0
    for seed in range(3):
        field = scan.simulate(sensor, white, frames=1, seed=seed).components(0).background
        power = power + np.abs(np.fft.fft2(field - field.mean())) ** 2
    f = np.fft.fftfreq(256) * 2  # cycles per d
    sigma = 0.44 * sensor.wavelength * sensor.f_number / sensor.detector
    gauss = np.exp(-2 * np.pi**2 * sigma**2 * (f[:, None] ** 2 + f**2))
    expected = (gauss * np.sinc(f) * np.sinc(0.5 * f) * np.sinc(f)[:, None]) ** 2
    reference = power[expected > 0.9].mean() / expected[expected > 0.9].mean()
    for low, high in ((0.6, 0.9), (0.2, 0.6), (0.05, 0.2)):
        band = (expected > low) & (expected < high)
        assert power[band].mean() / reference == pytest.approx(expected[band].mean(), rel=0.05)


@pytest.mark.parametrize("kind", sorted(scene._SCENES))
def test_every_scene_has_its_contrast_and_moves_with_the_pan(kind):
    sensor = plain(shape=(96, 96), span=100.0)
    sequence = scan.simulate(sensor, SceneSettings(kind=kind, std=0.5, pan=(2.0, 0.0), outer_scale=40), frames=3)
    first, last = sequence.components(0).background, sequence.components(2).background
    assert counts(sensor, 0.1) < first.std() < counts(sensor, 1.0)
    np.testing.assert_allclose(last[:, :-4], first[:, 4:], atol=counts(sensor, 0.01))


def test_platform_vibration_moves_target_and_background_alike():
    shaking = SceneSettings(kind="clouds", beta=2.6, outer_scale=30, std=1.0, pan=(0, 0), vibration=2.0)
    sequence = scan.simulate(plain(shape=(128, 128)), shaking, TargetSettings(snr=100, speed=0), frames=4, seed=7)
    move = np.diff(boxes.centers(sequence.boxes), axis=0)[2]
    before, after = (sequence.components(i).background for i in (2, 3))
    shifted = ndimage.shift(before, move[::-1], order=3, mode="nearest")
    inner = np.s_[16:-16, 16:-16]
    assert np.abs(shifted - after)[inner].std() < 0.1 * np.abs(before - after)[inner].std()


def test_wind_sways_parts_of_the_scene_apart_and_goes_with_it():
    here = np.array([scene.wind(1.5, (40.0, 10.0), (200, 300), index, 3) for index in range(0, 400, 5)])
    assert here.std(axis=(0, 2, 3)) == pytest.approx([1.5, 1.5], rel=0.15)
    near, far = (np.mean(here[..., :-step] * here[..., step:]) / 1.5**2 for step in (2, 40))
    assert near > 0.9 and far < 0.5
    there = np.array(scene.wind(1.5, (47.0, 10.0), (200, 300), 20, 3))  # the camera has turned by 7 px
    np.testing.assert_allclose(there[..., :-7], here[4][..., 7:], atol=1e-4)


def test_a_scene_in_the_wind_is_the_still_one_seen_at_swayed_places():
    still = SceneSettings(kind="trees", beta=3, std=0.5, pan=(0, 0), outer_scale=40)
    calm, windy = (
        scan.simulate(plain(shape=(96, 96)), one, frames=9, seed=7) for one in (still, still.replace(wind=2.0))
    )
    before, after = calm.components(8).background, windy.components(8).background
    right, down = scene.wind(2.0, calm._view[8], (96, 96), 8, 7)
    rows, columns = np.indices((96, 96))
    swayed = ndimage.map_coordinates(before, [rows + down, columns + right], order=3, mode="nearest")
    inner = np.s_[10:-10, 10:-10]
    assert np.abs(swayed - after)[inner].std() < 0.1 * np.abs(before - after)[inner].std()


# --- the sum, the seed, the settings ---------------------------------------------------------------------------------


@given(
    bits=st.sampled_from([8, 14, 16]),
    output=st.sampled_from(["radiometric", "agc"]),
    kind=st.sampled_from(sorted(scene._SCENES)),
    target=st.sampled_from(["point", *shapes.KINDS]),
    snr=st.floats(-300, 3000),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=40, deadline=None)
def test_image_is_exactly_the_sum_of_its_components(bits, output, kind, target, snr, seed):
    sensor = ScanSettings(shape=(40, 56), bits=bits, output=output, dead=0.05, spikes=0.01, gain=0.05)
    view = SceneSettings(kind=kind, std=2.0, distractors=1, hot_spots=2)
    sequence = scan.simulate(sensor, view, TargetSettings(kind=target, snr=snr, leave=True), frames=2, seed=seed)
    frame = sequence.components(1)
    assert frame.image.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert frame.target.dtype == frame.background.dtype == frame.clutter.dtype == np.float32
    assert (frame.image == frame.target + frame.background + frame.clutter).all()
    assert (frame.image == frame.clutter + frame.background + frame.target).all()
    np.testing.assert_array_equal(frame.image, sequence.frame(1))


@pytest.mark.parametrize("std, snr", [(1e4, 10.0), (0.1, 1e7), (1e4, -1e8)])
def test_the_sum_stays_exact_far_beyond_the_range(std, snr):
    sequence = scan.simulate(plain(span=0.5), SceneSettings(std=std), TargetSettings(snr=snr), frames=1)
    frame = sequence.components(0)
    np.testing.assert_array_equal(frame.image, frame.target + frame.background + frame.clutter)
    assert frame.image.max() == 65535 or frame.image.min() == 0


def test_frames_do_not_depend_on_the_order_of_access():
    view = SceneSettings(kind="horizon", distractors=1, vibration=0.5)
    make = lambda seed: scan.simulate(ScanSettings(shape=(48, 64)), view, frames=6, seed=seed)  # noqa: E731
    forward, backward = make(11), make(11)
    straight = [forward.frame(i) for i in range(6)]
    reverse = [backward.frame(i) for i in range(5, -1, -1)][::-1]
    np.testing.assert_array_equal(straight, reverse)
    np.testing.assert_array_equal(forward.boxes, backward.boxes)
    assert not np.array_equal(straight[0], straight[1])
    assert not np.array_equal(straight[0], make(12).frame(0))


def test_what_simulations_have_in_common_changes_no_bit():
    """Frames of several targets, in any order, are those of each simulation by itself."""
    sensor = ScanSettings(shape=(48, 64), spikes=1e-3)
    scenes = [SceneSettings(kind=kind, std=0.03) for kind in ("clouds", "flat")]
    targets_of = [TargetSettings(kind=kind, size=size, snr=snr) for kind, size, snr in
                  (("point", 1, 3), ("point", 1, 9), ("vehicle", 8, 3), ("vehicle", 8, 9))]  # fmt: skip
    cases = [(one, target, seed) for one in scenes for seed in (3, 4) for target in targets_of]
    alone = []
    for one, target, seed in cases:
        for index in (1, 0):
            scan._KEPT.clear()
            scan.draw_fixed.cache_clear()
            targets._silhouette.cache_clear()
            alone.append(scan.simulate(sensor, one, target, frames=2, seed=seed).frame(index))
    made = [scan.simulate(sensor, one, target, frames=2, seed=seed) for one, target, seed in cases]
    together = {(k, index): one.frame(index) for index in (1, 0) for k, one in enumerate(made)}
    for (k, index), frame in together.items():
        np.testing.assert_array_equal(frame, alone[2 * k + (index == 0)])


def test_agc_fills_the_range_but_does_not_blow_up_the_noise():
    busy = scan.simulate(
        ScanSettings(shape=(128, 128), bits=8, output="agc"), SceneSettings(kind="buildings", std=2.0), frames=1
    ).frame(0)
    assert np.ptp(np.percentile(busy, [1, 99])) > 150 and (busy == 255).mean() < 0.02
    empty = plain(shape=(128, 128), bits=8, output="agc", agc_noise=2.0)
    assert scan.simulate(empty, FLAT, TargetSettings(snr=0.0), frames=1).frame(0).std() == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: ScanSettings(oversampling_scan=0.5), "oversampling_scan"),
        (lambda: ScanSettings(bits=12), "bits"),
        (lambda: ScanSettings(shape=(4, 4)), "shape"),
        (lambda: ScanSettings(netdd=3), "netdd"),
        (lambda: ScanSettings(stages=0), "stages"),
        (lambda: SceneSettings(kind="moon"), "kind"),
        (lambda: SceneSettings(outer_scale=0), "outer_scale"),
        (lambda: TargetSettings(kind="ufo"), "kind"),
        (lambda: TargetSettings(size=-1), "size"),
        (lambda: scan.simulate(frames=0), "at least one frame"),
        (lambda: scan.simulate(seed=-1), "seed"),
        (lambda: scan.simulate(seed=1.5), "seed"),
    ],
)
def test_impossible_settings_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_frames_outside_the_sequence_raise():
    sequence = scan.simulate(plain(), FLAT, frames=2)
    with pytest.raises(IndexError, match="2 frames"):
        sequence.frame(2)
    np.testing.assert_array_equal(sequence.frame(-1), sequence.frame(1))


# --- several targets --------------------------------------------------------------------------------------------------


def test_several_targets_lie_on_the_paths_that_are_given():
    t = np.arange(4)[:, None]
    paths = np.array([[10, 12] + t * [3.0, 1], [50, 30] - t * [2.0, 0], [40, 40] + t * [0.0, 0]])
    sensor = ScanSettings(shape=(48, 64), spikes=0.0, jitter=0.0, bits=16)
    made = scan.simulate(sensor, SceneSettings(kind="flat"), TargetSettings(snr=200.0), frames=4, paths=paths)
    assert made.tracks.shape == (3, 4, 4)
    np.testing.assert_allclose(made.tracks[..., :2] + made.tracks[..., 2:] / 2, paths)
    np.testing.assert_array_equal(made.boxes, made.tracks[0])
    image = made.frame(2).astype(float)
    for x, y in paths[:, 2]:
        top, left = int(y) - 4, int(x) - 4
        row, column = np.unravel_index(image[top : top + 9, left : left + 9].argmax(), (9, 9))
        assert abs(row + top + 0.5 - y) <= 1 and abs(column + left + 0.5 - x) <= 1


@pytest.mark.parametrize(
    "paths", [np.zeros((2, 3, 2)), np.zeros((4, 2)), np.zeros((0, 4, 2)), np.full((1, 4, 2), np.nan)]
)
def test_paths_that_cannot_be_right_are_refused(paths):
    with pytest.raises(ValueError, match="paths must be finite"):
        scan.simulate(ScanSettings(shape=(48, 64)), frames=4, paths=paths)


def test_without_paths_nothing_is_drawn_otherwise():
    made = scan.simulate(ScanSettings(shape=(48, 64)), SceneSettings(distractors=2), frames=4)
    assert len(made.tracks) == 1 and len(made.objects) == 3
    np.testing.assert_array_equal(made.tracks[0], made.boxes)
