"""The probes on fields and sequences whose answer is known, and the figures' numbers."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from irtrack_core import boxes, probes, scan
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.datasets import Sequence
from irtrack_core.figures import scan as draw
from irtrack_core.figures import style

CALM = dict(shape=(64, 64), gain=0, offset=0, odd_even=0, knee=0, drift=0, spikes=0, jitter=0, stagger=0)


def test_white_noise_has_a_flat_spectrum_of_its_variance():
    k, power = probes.radial_spectrum(3.0 * np.random.default_rng(0).standard_normal((256, 256)))
    assert k.min() > 0 and k.max() <= 0.5
    high = k > 0.1  # many modes a bin
    np.testing.assert_allclose(power[high], 9.0, rtol=0.15)
    assert probes.fit_slope(k, power, 0.05, 0.5)[0] == pytest.approx(0, abs=0.05)


def test_a_sine_appears_at_its_frequency():
    wave = np.tile(np.sin(2 * np.pi * 0.125 * np.arange(128)), (128, 1))
    k, power = probes.radial_spectrum(wave)
    assert k[power.argmax()] == pytest.approx(0.125, rel=0.15)


def test_bad_spectra_are_refused():
    with pytest.raises(ValueError, match="16 pixels"):
        probes.radial_spectrum(np.zeros((8, 40)))
    with pytest.raises(ValueError, match="widen"):
        probes.fit_slope(np.array([0.1, 0.2]), np.array([1.0, 2.0]), 0.05, 0.3)


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


def test_window_stays_inside_the_frame():
    assert draw.window((50, 60), [0, 0, 4, 4], 20) == (0, 0)
    assert draw.window((50, 60), [58, 47, 4, 4], 20) == (40, 30)
    x, y = draw.window((50, 60), [20, 22, 4, 6], 20)
    assert (x + 10, y + 10) == tuple(boxes.centers([20, 22, 4, 6]))


def test_sequence_statistics_on_a_sequence_made_for_it():
    rng = np.random.default_rng(0)
    frames = rng.normal(100, 4, (6, 128, 128)).astype(np.float32)
    path = np.array([[40.0 + 3 * i, 50.0 + 4 * i] for i in range(6)])
    for frame, (x, y) in zip(frames, path.astype(int)):
        frame[y - 3 : y + 3, x - 2 : x + 2] += 80
    sequence = Sequence("made", "test", frames, np.column_stack([path - [2, 3], np.tile([4.0, 6.0], (6, 1))]))
    found = probes.sequence_statistics(sequence)
    assert (found["width"], found["height"]) == (4, 6)
    assert found["step"] == pytest.approx(5.0)
    assert found["contrast"] == pytest.approx(80 / 4, rel=0.2)
    assert found["noise"] == pytest.approx(4.0, rel=0.05)
    absent = Sequence("gone", "test", frames, np.full((6, 4), np.nan))
    with pytest.raises(ValueError, match="never shows"):
        probes.sequence_statistics(absent)
