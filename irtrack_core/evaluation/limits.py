"""The limit drawn in figures: position of a well sampled Gaussian spot in white noise, and the overlap it allows.

The scanner's own bounds, with size, clutter and several frames, are in `imaging.limits`.
"""

from statistics import NormalDist

import numpy as np


def cramer_rao_sigma(snr):
    """Smallest possible standard deviation (px, on each axis) of the position of a Gaussian spot in white noise.

    snr: peak / noise sigma. The spot's width cancels where it is well sampled, from a sigma of 0.6 px on:
    sqrt(2 / pi) / snr = 0.8 / snr.
    """
    snr = np.asarray(snr, dtype=np.float64)
    if (snr <= 0).any():
        raise ValueError("the SNR must be above 0")
    return (np.sqrt(2 / np.pi) / snr)[()]


def best_aor(size, sigma):
    """Expected IoU of a box of the right size whose position errs by a normal `sigma` px on each axis.

    size: side in px, or (w, h). The limit to draw beside a measured AOR, e.g. with sigma from `cramer_rao_sigma`.
    """
    w, h = np.broadcast_to(np.asarray(size, dtype=np.float64), 2)
    if not (w > 0 and h > 0 and sigma >= 0):
        raise ValueError(f"size must be above 0 and sigma at least 0; got {size}, {sigma}")
    # |error| at 400 equally likely levels
    error = sigma * np.array([NormalDist().inv_cdf(0.5 + (level + 0.5) / 800) for level in range(400)])
    shared = np.clip(w - error, 0, None)[:, None] * np.clip(h - error, 0, None)
    return float(np.mean(shared / (2 * w * h - shared)))
