"""Measurements on frames, to hold against closed forms: spectrum and its slope, width of a blob, noise, SNR."""

import numpy as np

__all__ = ["radial_spectrum", "fit_slope", "blob_width", "noise_sigma", "peak_snr"]


def radial_spectrum(field, bins=24):
    """Power spectrum of an image (H, W), averaged over directions: (k, power), k in cycles per pixel up to 1/2.

    Hann-windowed, because a frame is not periodic: without it the steep spectra of clouds would leak. The bins are
    spaced evenly in log k; empty ones are left out. Raises ValueError when the field is not an image of 16 px or more.
    """
    field = np.asarray(field, dtype=np.float64)
    if field.ndim != 2 or min(field.shape) < 16:
        raise ValueError(f"a spectrum needs an image (H, W) of at least 16 pixels each way; got {field.shape}")
    window = np.outer(np.hanning(field.shape[0]), np.hanning(field.shape[1]))
    power = np.abs(np.fft.rfft2((field - field.mean()) * window)) ** 2 / (window**2).sum()
    k = np.hypot(np.fft.fftfreq(field.shape[0])[:, None], np.fft.rfftfreq(field.shape[1])[None])
    edges = np.geomspace(1.5 / min(field.shape), 0.5, bins + 1)
    which = np.digitize(k, edges)
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


def blob_width(simulation, frames=None):
    """Root mean second moment (x, y) in pixels of the target component, averaged over frames, so sub-pixel phases."""
    count = len(simulation) if frames is None else min(frames, len(simulation))
    variance = np.zeros(2)
    for i in range(count):
        target = np.abs(simulation.components(i).target.astype(np.float64))
        for axis in (0, 1):
            profile = target.sum(axis=axis)
            position = np.arange(len(profile))
            mean = (profile * position).sum() / profile.sum()
            variance[axis] += (profile * (position - mean) ** 2).sum() / profile.sum() / count
    return np.sqrt(variance)


def noise_sigma(simulation, frames=4):
    """Standard deviation in counts of the clutter component over the first frames."""
    return float(np.std([simulation.components(i).clutter for i in range(min(frames, len(simulation)))]))


def peak_snr(simulation):
    """Largest |target| over all frames, over the clutter's standard deviation.

    With pure white noise and a target that drifts through the sub-pixel phases, this is the SNR that was asked for.
    """
    peak = max(float(np.abs(simulation.components(i).target).max()) for i in range(len(simulation)))
    return peak / noise_sigma(simulation)
