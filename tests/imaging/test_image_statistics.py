"""Image statistics on fields and sequences whose answer is known, and the figures' numbers."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from irtrack_core import boxes
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.datasets import Sequence
from irtrack_core.figures import scan as draw
from irtrack_core.figures import style
from irtrack_core.imaging import image_statistics, scan

CALM = dict(shape=(64, 64), gain=0, offset=0, odd_even=0, knee=0, drift=0, spikes=0, jitter=0, stagger=0)


def test_white_noise_has_a_flat_spectrum_of_its_variance():
    k, power = image_statistics.radial_spectrum(3.0 * np.random.default_rng(0).standard_normal((256, 256)))
    assert k.min() > 0 and k.max() <= 0.5
    high = k > 0.1  # many modes a bin
    np.testing.assert_allclose(power[high], 9.0, rtol=0.15)
    assert image_statistics.fit_slope(k, power, 0.05, 0.5)[0] == pytest.approx(0, abs=0.05)


def test_a_sine_appears_at_its_frequency():
    wave = np.tile(np.sin(2 * np.pi * 0.125 * np.arange(128)), (128, 1))
    k, power = image_statistics.radial_spectrum(wave)
    assert k[power.argmax()] == pytest.approx(0.125, rel=0.15)


def test_bad_spectra_are_refused():
    with pytest.raises(ValueError, match="16 pixels"):
        image_statistics.radial_spectrum(np.zeros((8, 40)))
    with pytest.raises(ValueError, match="widen"):
        image_statistics.fit_slope(np.array([0.1, 0.2]), np.array([1.0, 2.0]), 0.05, 0.3)


@pytest.mark.parametrize("shape", [(192, 192), (240, 320), (480, 640)])
@pytest.mark.parametrize("beta", [2.6, 3.0, 3.4])
def test_the_scene_behind_h_has_the_slope_asked_for(shape, beta):
    sensor, sky = ScanSettings(shape=shape), SceneSettings(beta=beta, std=0.5, outer_scale=1000, skew=0)
    found = []
    for seed in range(5 if shape[0] < 400 else 2):
        field = scan.simulate(sensor, sky, TargetSettings(snr=0.0), frames=1, seed=seed).components(0).background
        found.append(image_statistics.fit_slope(*image_statistics.radial_spectrum(field, sensor=sensor), 0.03, 0.3)[0])
    assert np.mean(found) == pytest.approx(-beta, abs=0.1)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.25, 0.25), (0.3, 0.2)])
def test_the_spectrum_does_not_depend_on_where_the_view_lies(shift):
    """Between the texture's cells, a poor interpolation would blur: the second frame is shifted by parts of a pixel."""
    sensor, sky = ScanSettings(shape=(256, 256)), SceneSettings(beta=3.0, std=0.5, outer_scale=1000, skew=0, pan=shift)
    k, _ = image_statistics.radial_spectrum(np.zeros((256, 256)), sensor=sensor)
    ratio = 0
    for seed in range(3):
        sequence = scan.simulate(sensor, sky, TargetSettings(snr=0.0), frames=2, seed=seed)
        first, second = (
            image_statistics.radial_spectrum(sequence.components(i).background)[1][: len(k)] for i in (0, 1)
        )
        ratio = ratio + second / first / 3
    np.testing.assert_allclose(ratio[(k > 0.02) & (k < 0.3)], 1, atol=0.06)


def test_the_background_follows_the_law_times_h():
    sensor, sky = ScanSettings(shape=(512, 512)), SceneSettings(beta=3.0, std=0.5, skew=0, outer_scale=100)
    power = 0
    for seed in range(3):
        field = scan.simulate(sensor, sky, TargetSettings(snr=0.0), frames=1, seed=seed).components(0).background
        k, one = image_statistics.radial_spectrum(field)
        power = power + one
    form_k, form = image_statistics.expected_spectrum(sky, sensor)
    np.testing.assert_allclose(k, form_k)
    inside = (k > 0.02) & (k < 0.4)
    ratio = power[inside] / form[inside]
    np.testing.assert_allclose(ratio / np.median(ratio), 1, atol=0.25)  # over six decades of power


@pytest.mark.parametrize("stages, mismatch", [(16, 0.1), (8, 0.05), (4, -0.3)])
def test_measured_tdi_loss_is_the_sine_ratio(stages, mismatch):
    white = SceneSettings(beta=0.0, skew=0.0, std=0.5, pan=(0, 0))
    sensor = ScanSettings(**CALM | dict(shape=(96, 256), bits=16, stages=stages, oversampling_scan=4))
    right, wrong = (scan.simulate(s, white, frames=1) for s in (sensor, sensor.replace(mismatch=mismatch)))
    f, ratio = image_statistics.scan_mtf(wrong, right)
    use = (f > 0.05) & (f < 0.9)
    expected = np.abs(np.sin(np.pi * stages * f * mismatch) / (stages * np.sin(np.pi * f * mismatch)))
    np.testing.assert_allclose(ratio[use], expected[use], atol=0.03)


def test_row_spectrum_of_white_and_of_one_over_f_noise():
    flat = SceneSettings(kind="flat")
    for knee in (0.0, 0.05):
        sensor = ScanSettings(**CALM | dict(shape=(256, 512), bits=16, netd=100.0, knee=knee))
        f, power = image_statistics.row_spectrum(scan.simulate(sensor, flat, TargetSettings(snr=0.0), frames=4))
        np.testing.assert_allclose(power, 1 + knee / f, rtol=0.2)


def test_line_profile_draws_samples_on_the_closed_form():
    sequence = scan.simulate(ScanSettings(**CALM), SceneSettings(kind="flat"), TargetSettings(snr=80.0), frames=2)
    _, axes = style.new()
    draw.line_profile(axes, sequence, 1)
    curve, samples, _ = axes.lines
    on_curve = np.interp(samples.get_xdata(), curve.get_xdata(), curve.get_ydata())
    np.testing.assert_allclose(samples.get_ydata(), on_curve, atol=0.005 * on_curve.max())


def test_component_panel_shares_scales_and_labels_them():
    sequence = scan.simulate(ScanSettings(**CALM), SceneSettings(), TargetSettings(snr=20.0), frames=1)
    figure, axes = style.new(2, 2)
    draw.components(axes, sequence.components(0), side=24)
    image, background, target, clutter = (axis.images[0].get_clim() for axis in axes.flat)
    assert image == background and target == clutter
    assert sum(axis.get_ylabel() == "counts" for axis in figure.axes) == 4


def test_figures_hold_what_they_were_given():
    sensor, sky = ScanSettings(**CALM | dict(shape=(128, 128))), SceneSettings(std=0.5)
    field = scan.simulate(sensor, sky, frames=1).components(0).background
    _, axes = style.new()
    draw.spectrum(axes, field, sky, sensor)
    form, points, own, _ = axes.lines
    np.testing.assert_array_equal(points.get_ydata(), image_statistics.radial_spectrum(field)[1])
    assert (own.get_ydata() >= points.get_ydata()[: len(own.get_ydata())]).all()
    _, axes = style.new()
    rows = [dict(shape=(8, 9), beta=b, off=0.01, error=0.02) for b in (2.6, 3.0)]
    draw.slopes(axes, rows)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["9 × 8"]
    _, axes = style.new()
    f = np.linspace(0.01, 1.2, 100)
    draw.tdi_loss(axes, 16, {0.1: (f, f)})
    curve, measured, _ = axes.lines
    assert curve.get_ydata()[0] == pytest.approx(1) and set(measured.get_xdata()) < set(f)
    _, axes = style.new()
    draw.target_sheet(axes, ScanSettings(**CALM), ("bird", "vehicle"), (4, 10), moments=(0, 4))
    assert [t.get_text() for t in axes.get_xticklabels()] == ["4 px", "10 px", "4 frames later"]
    assert axes.images[0].get_array().shape == (2 * 21, 3 * 21)


def test_strips_show_where_the_target_was():
    boxes_ = np.tile([50.0, 20.0, 4.0, 4.0], (3, 1))
    boxes_[1] = np.nan
    sequence = Sequence(
        "sim-events-test", "sim-events", np.random.default_rng(0).integers(0, 9, (3, 48, 64)).astype(np.uint8), boxes_
    )
    _, axes = style.new(1, 3, squeeze=False)
    draw.strips(axes, [sequence], (0, 1, 2), side=16)
    assert [axis.get_title(loc="left") for axis in axes[0]] == ["frame 0", "frame 1, absent", "frame 2"]
    np.testing.assert_array_equal(axes[0, 1].images[0].get_array(), sequence.frames[1][14:30, 44:60])
    assert [len(axis.patches) for axis in axes[0]] == [1, 0, 1]
    draw.gallery(axes, {"one": sequence.frames[0]}, {"one": boxes_[0]})
    assert [axis.get_visible() for axis in axes[0]] == [True, False, False]


def test_window_stays_inside_the_frame():
    assert draw.window((50, 60), [0, 0, 4, 4], 20) == (0, 0)
    assert draw.window((50, 60), [58, 47, 4, 4], 20) == (40, 30)
    x, y = draw.window((50, 60), [20, 22, 4, 6], 20)
    assert (x + 10, y + 10) == tuple(boxes.centers([20, 22, 4, 6]))
