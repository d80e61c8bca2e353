"""What is measured on simulated frames, to hold against closed forms: spectra, width of a blob, noise, SNR."""

import numpy as np

from irtrack_core.imaging import optics
from irtrack_core.imaging.scan import sigma_w


def radial_spectrum(field, bins=24, *, sensor=None):
    """Power spectrum of an image (H, W), averaged over directions: (k, power), k in cycles per pixel up to 1/2.

    Hann-windowed, because a frame is not periodic: without it the steep spectra of clouds would leak. The bins are
    spaced evenly in log k; empty ones are left out. sensor: divide its h out, which leaves the scene's own spectrum, as
    far as h lets at least 5 % of the power through. Raises ValueError when the field is not an image of 16 px or more.
    """
    field = np.asarray(field, dtype=np.float64)
    if field.ndim != 2 or min(field.shape) < 16:
        raise ValueError(f"a spectrum needs an image (H, W) of at least 16 pixels each way; got {field.shape}")
    window = np.outer(np.hanning(field.shape[0]), np.hanning(field.shape[1]))
    power = np.abs(np.fft.rfft2((field - field.mean()) * window)) ** 2 / (window**2).sum()
    k = np.hypot(np.fft.fftfreq(field.shape[0])[:, None], np.fft.rfftfreq(field.shape[1])[None])
    if sensor is not None:
        passed = optics.otf_grid(sensor, *field.shape, 1).astype(np.float64) ** 2
        k, power = k[passed > 0.05], power[passed > 0.05] / passed[passed > 0.05]
    return _binned(k, power, 1.5 / min(field.shape), bins)


def expected_spectrum(scene, sensor, bins=24):
    """The closed form that clouds follow, (k0^2 + k^2)^(-beta/2) |H|^2, binned as `radial_spectrum` does: (k, power).

    power is relative: the scene's rms is not in it.
    """
    height, width = sensor.shape
    k = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    law = (1 / scene.outer_scale**2 + k * k) ** (-scene.beta / 2)
    return _binned(k, law * optics.otf_grid(sensor, height, width, 1) ** 2, 1.5 / min(sensor.shape), bins)


def _binned(k, power, lowest, bins):
    """Means over bins that are even in log k from `lowest` to 1/2; empty ones are left out."""
    which = np.digitize(k, np.geomspace(lowest, 0.5, bins + 1))
    used = [b for b in range(1, bins + 1) if (which == b).any()]
    return np.array([k[which == b].mean() for b in used]), np.array([power[which == b].mean() for b in used])


def fit_slope(k, power, low, high):
    """(exponent, factor) of power ~ factor k^exponent by least squares in logarithms over low <= k <= high.

    >>> k = np.linspace(0.01, 0.5, 50)
    >>> round(fit_slope(k, 2 * k**-3, 0.02, 0.3)[0], 6)
    -3.0

    Raises ValueError when fewer than three points lie there.
    """
    inside = (k >= low) & (k <= high) & (power > 0)
    if inside.sum() < 3:
        raise ValueError(f"only {inside.sum()} points of the spectrum lie between {low} and {high}: widen the range")
    exponent, offset = np.polyfit(np.log(k[inside]), np.log(power[inside]), 1)
    return float(exponent), float(np.exp(offset))


def scan_mtf(simulation, reference, *, frames=1):
    """MTF along the scan of what blurs one simulation but not the other, same scene: (frequency in cycles per d, MTF).

    The ratio of the amplitude spectra of their backgrounds' rows, Hann-windowed; zero frequency is left out.
    """
    power = [
        _row_power([one.components(i).background for i in range(frames)], (0, 1)) for one in (simulation, reference)
    ]
    frequency = np.fft.rfftfreq(reference.sensor.shape[1]) * reference.sensor.oversampling_scan
    return frequency[1:], np.sqrt(power[0] / power[1])[1:]


def row_spectrum(simulation, frames=4, bins=20):
    """Power spectrum of the clutter's rows, in units of sigma_w^2: (f, power), f in cycles per sample up to 1/2.

    White noise alone gives 1 at every f; radiometric output only. The rows' means, their offsets, are taken out.
    """
    sensor = simulation.sensor
    sigma = (2**sensor.bits - 1) / sensor.span * sigma_w(sensor)
    power = _row_power([simulation.components(i).clutter for i in range(frames)], 1) / sigma**2
    return _binned(np.fft.rfftfreq(sensor.shape[1]), power, 2.5 / sensor.shape[1], bins)


def _row_power(images, axes):
    """Power spectrum (W // 2 + 1,) of the images' rows, Hann-windowed, averaged; axes: over which their mean is taken off."""
    power, window = [], np.hanning(images[0].shape[1])
    for image in images:
        rows = (image - image.mean(axis=axes, keepdims=True, dtype=np.float64)) * window
        power.append((np.abs(np.fft.rfft(rows, axis=1)) ** 2).mean(axis=0) / (window**2).sum())
    return np.mean(power, axis=0)


def blob_width(simulation, frames=None):
    """Root mean second moment (x, y) in pixels of the target component, averaged over frames, so sub-pixel phases."""
    count = len(simulation) if frames is None else min(frames, len(simulation))
    variance = np.zeros(2)
    for i in range(count):
        target = np.abs(simulation.components(i).target.astype(np.float64))
        for axis in (0, 1):
            profile = target.sum(axis=axis)
            position = np.arange(len(profile))
            mean = np.average(position, weights=profile)
            variance[axis] += np.average((position - mean) ** 2, weights=profile) / count
    return np.sqrt(variance)


def clutter_deviation(simulation, frames=4):
    """Standard deviation in counts of the clutter component over the first frames."""
    return float(np.std([simulation.components(i).clutter for i in range(min(frames, len(simulation)))]))


def peak_snr(simulation):
    """Largest |target| over all frames, over the clutter's standard deviation.

    With pure white noise and a target that drifts through the sub-pixel phases, this is the SNR that was asked for.
    """
    peak = max(float(np.abs(simulation.components(i).target).max()) for i in range(len(simulation)))
    return peak / clutter_deviation(simulation)
