r"""The target's image through the scanner's h, and its derivatives by place and size, from the transfer function.

Along one axis a target with transform T and extent e is seen as

.. math:: p(x) = \int H(f)\, T(f; e) \cos(2\pi f x)\, df \Big/ \int H(f)\, T(f; e)\, df,

1 at its centre; the image is the product of both axes, for the PSF is Gaussian. T is 1 for a point, exp(-2 (pi f e /
4)^2) for a Gaussian of sigma e/4, sinc(f e) for a uniform rectangle. The size is counted as the side b of the true box,
b^2 = e^2 + (4 blob sigma)^2: unlike e it has a finite derivative at a point.
"""

import numpy as np

from irtrack_core.imaging import optics

KINDS = ("point", "gaussian", "uniform")
_SMALL = 1e-6  # pixels: an extent below it has the limits of a point


def box_sides(sensor, extents=0.0):
    """Sides (w, h) of the true box in pixels of a target with these extents: sqrt(extent^2 + (4 blob sigma)^2)."""
    return np.hypot(np.asarray(extents, dtype=np.float64), 4 * np.array(optics.blob_sigma(sensor)))


def check_kind(sensor, kind):
    """Raises ValueError for an unknown kind of target, or a PSF whose image is no product of two axes."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of target {kind!r}: use one of {', '.join(KINDS)}")
    if sensor.psf != "gaussian":
        raise ValueError(f"bounds are worked out for psf='gaussian'; got psf={sensor.psf!r}: use its Gaussian core")


def profiles(sensor, axis, centers, sides, count, kind="uniform"):
    """(p, dp/dcenter, dp/dside), each (N, count): the image along one axis at pixels 0 ... count - 1.

    axis: 0 along the scan (x), 1 across (y); centers (N,): places in pixels; sides (N,): of the box, pixels. A point's
    derivative by the side is that of a Gaussian at no extent. Raises ValueError for a box smaller than a point's.
    """
    check_kind(sensor, kind)
    centers, sides = np.broadcast_arrays(np.atleast_1d(centers), np.atleast_1d(sides))
    least = 4 * optics.blob_sigma(sensor)[axis]
    if (sides < least * (1 - 1e-9)).any():
        raise ValueError(f"a box side of {sides.min():.3g} px is smaller than a point's, {least:.3g} px")
    squared = np.maximum(sides.astype(np.float64) ** 2 - least**2, 0) if kind != "point" else np.zeros(sides.shape)
    samples = np.arange(count) + 0.5
    farthest = max(float(np.abs(samples[[0, -1]] - centers[:, None]).max()), 1.0)
    f, response = _frequencies(sensor, axis, farthest, float(np.sqrt(squared.max())))
    target, by_squared = _target(f, squared[:, None], kind)
    weight, change = response * target, response * by_squared * 2 * sides[:, None]
    angle, shift = 2 * np.pi * f[:, None] * samples, 2 * np.pi * f * centers[:, None]
    cosine, sine, even, odd = np.cos(angle), np.sin(angle), np.cos(shift), np.sin(shift)

    def series(weights):  # sum of weights cos(2 pi f (sample - center))
        return (weights * even) @ cosine + (weights * odd) @ sine

    top, top_change = weight.sum(axis=1)[:, None], change.sum(axis=1)[:, None]
    value = series(weight) / top
    slope = 2 * np.pi * f * weight
    by_center = ((slope * even) @ sine - (slope * odd) @ cosine) / top
    return value, by_center, series(change) / top - value * top_change / top


def images(sensor, kind, places, shape):
    """Images (N, H, W) of peak 1 of targets whose true boxes are centred at x, y: places (N, 4), x, y, w, h in pixels."""
    x, y, w, h = np.asarray(places, dtype=np.float64).T
    along, across = profiles(sensor, 0, x, w, shape[1], kind)[0], profiles(sensor, 1, y, h, shape[0], kind)[0]
    return across[:, :, None] * along[:, None]


def gradients(sensor, kind, box, shape):
    """Image of peak 1 and its derivatives by x, y, w, h: (5, H, W) float64, for a target whose true box is centred at x, y.

    box: (4,) x, y of the centre, w, h in pixels; shape: (H, W) of the patch.
    """
    x, y, w, h = np.asarray(box, dtype=np.float64)
    along, across = profiles(sensor, 0, x, w, shape[1], kind), profiles(sensor, 1, y, h, shape[0], kind)
    return products(*(tuple(one[0] for one in each) for each in (along, across)))


def products(along, across):
    """Image of peak 1 and its derivatives, as `gradients` gives them, from one target's three `profiles` of each axis."""
    (p, p_x, p_w), (q, q_y, q_h) = along, across
    return np.stack([np.outer(q, p), np.outer(q, p_x), np.outer(q_y, p), np.outer(q, p_w), np.outer(q_h, p)])


def _frequencies(sensor, axis, farthest, extent):
    """(f (K,) in cycles a pixel, H (K,) with the weights of the sum); its period keeps copies of the target out of sight."""
    factor = (sensor.oversampling_scan, sensor.oversampling_cross)[axis]
    sigma = optics.psf_sigma(sensor)
    along = sensor.smear + abs(sensor.mismatch) * (sensor.stages - 1) if axis == 0 else 0.0
    reach = factor * (0.5 + along / 2 + 7 * sigma) + 1.75 * extent
    period = farthest + reach
    highest = 1.2 / (sigma * factor)  # there the optics let 4e-13 through
    f = np.arange(int(np.ceil(highest * period)) + 1) / period
    d = f * factor
    response = optics.otf(sensor, d, np.zeros(1)) if axis == 0 else optics.otf(sensor, np.zeros(1), d)
    return f, response * np.where(f == 0, 1, 2) / period


def _target(f, squared, kind):
    """(T, dT / d(e^2)) at f (K,) for squared extents (N, 1)."""
    rate = 2 * (np.pi * f / 4) ** 2
    if kind != "uniform":
        target = np.exp(-rate * squared)
        return target, -rate * target
    extent = np.sqrt(squared)
    target = np.sinc(f * extent)
    safe = np.maximum(extent, _SMALL)
    by_squared = (np.cos(np.pi * f * safe) - np.sinc(f * safe)) / (2 * safe**2)
    return target, np.where(extent > 1e-3, by_squared, -((np.pi * f) ** 2) / 6)
