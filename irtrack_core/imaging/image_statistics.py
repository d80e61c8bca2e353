"""Measurements on frames, to hold against closed forms: spectrum and its slope, width of a blob, noise, SNR."""

import numpy as np

from irtrack_core.imaging import optics

__all__ = [
    "blob_width",
    "expected_spectrum",
    "fit_slope",
    "noise_sigma",
    "peak_snr",
    "radial_spectrum",
    "row_spectrum",
    "scan_mtf",
    "sequence_statistics",
]


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
    """What blurs one simulation along the scan but not the other, same scene: (frequency in cycles per d, ratio).

    The ratio of the amplitude spectra of their backgrounds' rows, Hann-windowed; zero frequency is left out.
    """
    amplitude = []
    for one in (simulation, reference):
        power = 0.0
        for i in range(frames):
            rows = one.components(i).background.astype(np.float64)
            rows = (rows - rows.mean()) * np.hanning(rows.shape[1])
            power = power + (np.abs(np.fft.rfft(rows, axis=1)) ** 2).sum(axis=0)
        amplitude.append(np.sqrt(power[1:]))
    frequency = np.fft.rfftfreq(reference.sensor.shape[1])[1:] * reference.sensor.oversampling_scan
    return frequency, amplitude[0] / amplitude[1]


def row_spectrum(simulation, frames=4, bins=20):
    """Power spectrum of the clutter's rows, in units of sigma_w^2: (f, power), f in cycles per sample up to 1/2.

    White noise alone gives 1 at every f; radiometric output only. The rows' means, their offsets, are taken out.
    """
    sensor = simulation.sensor
    sigma = (2**sensor.bits - 1) / sensor.span * sensor.netd * 1e-3 / np.sqrt(sensor.stages)
    window = np.hanning(sensor.shape[1])
    power = 0.0
    for i in range(frames):
        rows = simulation.components(i).clutter.astype(np.float64)
        rows = (rows - rows.mean(axis=1, keepdims=True)) * window
        power = power + (np.abs(np.fft.rfft(rows, axis=1)) ** 2).mean(axis=0) / frames
    power /= (window**2).sum() * sigma**2
    return _binned(np.fft.rfftfreq(sensor.shape[1]), power, 2.5 / sensor.shape[1], bins)


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


def sequence_statistics(sequence, *, frames=6):
    """What makes a sequence easy or hard, as a dict: medians over up to `frames` frames that show the target.

    width, height: of the box, pixels; step: of the centre, pixels a frame; contrast: largest |difference| inside the box
    from the mean of a surround 10 pixels wide, over the surround's standard deviation (SCR); spread: standard deviation
    of the frame; noise: from the difference to the four neighbours, grey values; slope: of the spectrum from 0.03 to 0.2
    cycles per pixel. NaN where it cannot be measured. Raises ValueError when no frame shows the target.
    """
    seen = np.flatnonzero(sequence.present)
    if not len(seen):
        raise ValueError(f"sequence {sequence.name} never shows its target")
    center = sequence.boxes[:, :2] + sequence.boxes[:, 2:] / 2
    steps = np.hypot(*np.diff(center, axis=0).T)
    rows = []
    for i in seen[np.unique(np.linspace(0, len(seen) - 1, frames).astype(int))]:
        image = sequence.frames[int(i)].astype(np.float64)
        slope = fit_slope(*radial_spectrum(image), 0.03, 0.2)[0]
        rows.append((_contrast(image, sequence.boxes[i]), image.std(), _noise(image), slope))
    contrast, spread, noise, slope = np.nanmedian(rows, axis=0)
    width, height = np.nanmedian(sequence.boxes[:, 2:], axis=0)
    step = float(np.nanmedian(steps)) if np.isfinite(steps).any() else np.nan
    return dict(width=width, height=height, step=step, contrast=contrast, spread=spread, noise=noise, slope=slope)


def _contrast(image, box):
    x, y, w, h = box
    rows, columns = np.ogrid[: image.shape[0], : image.shape[1]]
    across, down = np.abs(columns + 0.5 - x - w / 2), np.abs(rows + 0.5 - y - h / 2)
    inside = (across <= w / 2) & (down <= h / 2)
    around = (across <= w / 2 + 12) & (down <= h / 2 + 12) & ~((across <= w / 2 + 2) & (down <= h / 2 + 2))
    if not inside.any() or around.sum() < 10:
        return np.nan
    return np.abs(image[inside] - image[around].mean()).max() / max(image[around].std(), 0.3)


def _noise(image):
    """Robust sigma of what the four neighbours' mean does not explain: white noise gives its own sigma."""
    neighbours = (image[:-2, 1:-1] + image[2:, 1:-1] + image[1:-1, :-2] + image[1:-1, 2:]) / 4
    return 1.4826 * np.median(np.abs(image[1:-1, 1:-1] - neighbours)) / np.sqrt(1.25)
