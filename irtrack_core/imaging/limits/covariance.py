r"""Covariance of what hides a target, (P, P) for the P = H W pixels of a patch in row order, in units of sigma_w^2.

Parts add up: `white(shape) + clutter(shape, scene, sensor)`. What is not Gaussian (spikes, dead channels) or not
additive (gain, jitter) has no place here.
"""

import numpy as np

from irtrack_core.imaging import optics
from irtrack_core.imaging.scan import sigma_w

GRID = 512  # pixels, period of the fields whose spectra are summed


def white(shape, sensor=None):
    """White noise of a sample, variance 1. sensor: neighbours along the scan share noise where their integrations overlap.

    A sample integrates over l = `smear`; samples 1 / M apart share max(0, 1 - k / (M l)) of it, k samples away. That is
    so where one detector is read again and again; the simulator draws white noise.

    >>> from irtrack_core.config import ScanSettings
    >>> white((1, 3), ScanSettings(oversampling_scan=4, smear=0.5)).round(2).tolist()[0]
    [1.0, 0.5, 0.0]
    """
    if sensor is None:
        return np.eye(shape[0] * shape[1])
    length = max(sensor.smear * sensor.oversampling_scan, 1e-9)
    return _rows(shape, np.clip(1 - np.arange(shape[1]) / length, 0, None))


def flicker(shape, sensor):
    """The 1/f part of every row's noise, as the simulator draws it: power knee / f, rows independent.

    Its mean over two widths of the sensor's frame is zero.
    """
    width = 2 * sensor.shape[1]
    frequency = np.fft.rfftfreq(width)
    frequency[0] = np.inf
    lags = np.fft.irfft(sensor.knee / frequency, width)
    return _rows(shape, lags[: shape[1]])


def channel_offsets(shape, sensor):
    """Residual offsets of channels, constant along each row: rms `offset` and `drift`, and the odd rows' `odd_even`."""
    rows = np.arange(shape[0]) % 2 * 1.0
    own = (sensor.offset**2 + sensor.drift**2) * np.eye(shape[0]) + sensor.odd_even**2 * np.outer(rows, rows)
    return np.kron(own, np.ones((shape[1], shape[1])))


def level(shape, std=1e3):
    """An unknown background level, the same at all pixels: nothing is known of it when std is large."""
    return np.full((shape[0] * shape[1],) * 2, float(std) ** 2)


def clutter(shape, scene, sensor):
    """Clouds as the sensor sees them: P(k) ~ (k0^2 + k^2)^(-beta/2) |H|^2, `scene.std` K rms before h.

    Gaussian, periodic over 512 pixels; `skew` is left out.
    """
    across, along = np.fft.fftfreq(GRID)[:, None], np.fft.rfftfreq(GRID)[None]
    law = (1 / scene.outer_scale**2 + across**2 + along**2) ** (-scene.beta / 2)
    law[0, 0] = 0  # the mean over the field
    total = np.fft.irfft2(law, (GRID, GRID))[0, 0]
    seen = law * optics.otf_grid(sensor, GRID, GRID, 1).astype(np.float64) ** 2
    lags = np.fft.irfft2(seen, (GRID, GRID)) * ((scene.std / sigma_w(sensor)) ** 2 / total)
    return _stationary(shape, lambda y, x: lags[np.abs(y), np.abs(x)])


def exponential(shape, std, length):
    """Clutter of rms `std` (sigma_w) whose correlation falls as exp(-distance / length), length in pixels."""
    if not (std >= 0 and length > 0):
        raise ValueError(f"std must be at least 0 and length above 0; got {std}, {length}")
    return _stationary(shape, lambda y, x: std**2 * np.exp(-np.hypot(y, x) / length))


def of_settings(shape, sensor, scene=None, *, known_level=False):
    """All that the settings of a simulation put into the covariance; the level is unknown unless `known_level`.

    scene: SceneSettings, whose clutter is taken for that of clouds; None or flat: no clutter.
    """
    total = white(shape)
    if sensor.knee:
        total = total + flicker(shape, sensor)
    if sensor.offset or sensor.drift or sensor.odd_even:
        total = total + channel_offsets(shape, sensor)
    if scene is not None and scene.kind != "flat" and scene.std:
        total = total + clutter(shape, scene, sensor)
    return total if known_level else total + level(shape)


def _rows(shape, lags):
    """Independent rows whose covariance k samples apart is lags[k]."""
    k = np.arange(shape[1])
    return np.kron(np.eye(shape[0]), lags[np.abs(k[:, None] - k)])


def _stationary(shape, function):
    """Covariance function(dy, dx) of all pairs of pixels, each difference worked out once."""
    (y, x), (height, width) = (one.ravel() for one in np.indices(shape)), shape
    every = function(np.arange(1 - height, height)[:, None], np.arange(1 - width, width)[None])
    return every[y[:, None] - y + height - 1, x[:, None] - x + width - 1]
