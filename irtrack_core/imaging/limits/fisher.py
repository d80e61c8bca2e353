r"""Fisher information and Cramér-Rao bounds of a target's place, size, amplitude and velocity.

With s(theta) the target's samples and C the noise's covariance,

.. math:: J_{ij} = \partial_i s^T\, C^{-1}\, \partial_j s, \qquad \operatorname{cov}(\hat\theta) \ge J^{-1}

for every unbiased estimator (Kay, Fundamentals of statistical signal processing, vol. 1, 1993, ch. 3). With several
frames the informations add up, each as the parameters reach it: x_t = x + t v_x.
"""

from functools import lru_cache

import numpy as np

from irtrack_core.imaging.limits.blobs import gradients, products, profiles
from irtrack_core.optional import Lazy

linalg, special = Lazy("scipy.linalg", "evaluation"), Lazy("scipy.special", "evaluation")

PARAMETERS = ("x", "y", "w", "h", "amplitude")  # centre and box in pixels, peak over sigma_w
TRACK = (*PARAMETERS, "vx", "vy")  # at time 0; pixels a frame
PLACE = ("x", "y", "amplitude")  # what is unknown of a target of known size


def patch(sides, center=(0.5, 0.5)):
    """((H, W), (x, y)): a patch that holds a target of this box (w, h) with one box more on each side, and its place there.

    center: only the fraction matters.
    """
    sides = np.broadcast_to(np.asarray(sides, dtype=np.float64), 2)
    half = np.ceil(sides * 1.5).astype(int)
    return tuple(int(n) for n in 2 * half[::-1] + 1), half + np.asarray(center, dtype=np.float64) % 1


def information(sensor, kind, sides, snr, *, center=(0.5, 0.5), covariance=None):
    """Fisher information (5, 5) of PARAMETERS in one frame.

    kind: of KINDS; sides: (w, h) of the true box, pixels; snr: peak over sigma_w; center: x, y, of which only the
    fraction of a pixel matters; covariance: function of the patch's shape (H, W) that gives (P, P), see `covariance`;
    None: white noise. The patch reaches one box beyond the target on each side: what lies farther out changes nothing
    even in clutter. Raises ValueError for a box smaller than a point's, an unknown kind, an SNR of 0.
    """
    shape, place = patch(sides, center)
    parts = gradients(sensor, kind, (*place, *np.broadcast_to(sides, 2)), shape)
    return _information(parts, snr, None if covariance is None else linalg.cholesky(covariance(shape), lower=True))


def _information(parts, snr, factor):
    """`information` from the (..., 5, H, W) of `gradients`; factor: lower Cholesky factor of the covariance, None: white."""
    if not snr:
        raise ValueError("at an SNR of 0 nothing is known of a target: give its peak over sigma_w")
    image, slopes = parts[..., :1, :, :], parts[..., 1:, :, :]
    rows = np.concatenate([snr * slopes, image], axis=-3).reshape(*parts.shape[:-2], -1)
    if factor is not None:
        rows = linalg.solve_triangular(factor, rows.reshape(-1, rows.shape[-1]).T, lower=True).T.reshape(rows.shape)
    return rows @ rows.swapaxes(-1, -2)


def bound(information, free=PLACE, names=PARAMETERS):
    """Covariance (..., n, n) that no unbiased estimator is better than, n = len(names); what is not in `free` is known: 0.

    information: (..., n, n) of `names`. Raises ValueError for an unknown name, or where the data do not tell the free ones
    apart.

    >>> bound(np.diag([4.0, 1, 1, 1, 1]), free=("x",)).max().item()
    0.25
    """
    unknown = set(free) - set(names)
    if unknown:
        raise ValueError(f"no parameter is called {sorted(unknown)}: use some of {', '.join(names)}")
    chosen = [names.index(one) for one in free]
    part = np.asarray(information)[(..., *np.ix_(chosen, chosen))]
    if not (np.linalg.cond(_scaled(part)) < 1e12).all():
        raise ValueError(f"{', '.join(free)} cannot all be told from these data: take out one, or add frames")
    found = np.zeros((*part.shape[:-2], len(names), len(names)))
    found[(..., *np.ix_(chosen, chosen))] = np.linalg.inv(part)
    return found


def mean_bound(sensor, kind, sides, snr, *, free=PLACE, phases=4, covariance=None):
    """`bound` of one frame, averaged over phases x phases places within a pixel, as a moving target has."""
    return bound(_over_a_pixel(sensor, kind, sides, snr, phases, covariance), free).mean(axis=0)


def track_information(informations, times, *, gain=False):
    """Fisher information (7, 7) of TRACK from frames of independent noise: the target moves as x + t vx, y + t vy.

    informations: (T, 5, 5), one a frame; times: (T,), in frames, negative before time 0. gain: the amplitude is another
    one in each frame, as behind an AGC: the information about it is then that of the frame at the smallest time from 0.
    """
    informations, times = np.asarray(informations, dtype=np.float64), np.asarray(times, dtype=np.float64)
    if informations.shape != (len(times), 5, 5):
        raise ValueError(f"needs (T, 5, 5) for T = {len(times)} times; got {informations.shape}")
    total, last = np.zeros((7, 7)), int(np.argmin(np.abs(times)))
    for number, (one, time) in enumerate(zip(informations, times)):
        if gain and number != last:  # this frame's own amplitude is taken out
            one = one - np.outer(one[:, 4], one[4]) / one[4, 4]
        moved = np.eye(5, 7)
        moved[0, 5] = moved[1, 6] = time
        total += moved.T @ one @ moved
    return total


def filtered_covariances(measured, process_noise, frames):
    """Covariances (frames, 2, 2) of place and velocity on one axis that a filter can reach after 1, 2, ... frames.

    The posterior bound (Tichavsky et al., IEEE Trans. Signal Processing 1998), which for linear motion is the Kalman
    filter's own: a target that manoeuvres by x' = x + v + n/2, v' = v + n, n of standard deviation `process_noise` px.
    measured: bound of the place in one frame, px^2. Nothing is known at first.
    """
    flow, push = np.array([[1.0, 1], [0, 1]]), np.array([0.5, 1.0])
    known = np.diag([1.0, 1e6]) * measured
    found = [known]
    for _ in range(1, frames):
        known = flow @ known @ flow.T + process_noise**2 * np.outer(push, push)
        known = known - np.outer(known[:, 0], known[0]) / (known[0, 0] + measured)
        found.append(known)
    return np.array(found)


def outliers(sensor, kind, sides, snr, area, *, frames=1, covariance=None):
    r"""Probability that noise somewhere in a search window is stronger than the target: there the bound no longer holds.

    The matched filter's output is a field of unit variance with the target's peak rho = snr sqrt(J_aa) on it. Its
    maxima over `area` px^2 exceed u with 1 - exp(-area sqrt(det L) u exp(-u^2 / 2) / (2 pi)^{3/2}), L = J_xy / rho^2
    (Adler, The geometry of random fields, 1981); the target's own, moved to where noise lifts it, has u^2 of noncentral
    chi squared with three degrees of freedom. snr: any shape, and that of the result; frames: the window is seen so many
    times with known motion.
    """
    known = _over_a_pixel(sensor, kind, sides, 1.0, 4, covariance)
    density = np.mean([np.sqrt(np.linalg.det(_spread(one))) for one in known]) / (2 * np.pi) ** 1.5
    rho = np.sqrt(np.mean([one[4, 4] for one in known]) * frames) * np.abs(np.asarray(snr, dtype=np.float64))
    u, lower = _lifted(tuple(rho.ravel().tolist()))
    u, lower = (one.reshape(*rho.shape, -1) for one in (u, lower))
    chance = -np.expm1(-area * density * u * np.exp(-u * u / 2))
    between = np.diff(lower, axis=-1) * (chance[..., 1:] + chance[..., :-1]) / 2
    return (lower[..., 0] * chance[..., 0] + between.sum(axis=-1))[()]


@lru_cache(maxsize=8)  # while a demo changes the window alone
def _lifted(rho):
    """(u, probability that the target's own maximum stays below u), each (K, 2001), for peaks rho (K,).

    u^2 is of noncentral chi squared with three degrees of freedom, whose distribution has a closed form: its general
    function takes most of a demo's time. The form divides by the peak, so that one of 0 is taken as 1e-5.
    """
    peaks = np.maximum(rho, 1e-5)
    u = np.linspace(1.0, peaks + 9, 2001, axis=-1)  # below 1 the formula for maxima ends; noise is stronger there
    below, above = u - peaks[:, None], u + peaks[:, None]
    tails = (np.exp(-(below**2) / 2) - np.exp(-(above**2) / 2)) / (np.sqrt(2 * np.pi) * peaks[:, None])
    return u, special.ndtr(below) + special.ndtr(above) - 1 - tails


def _over_a_pixel(sensor, kind, sides, snr, phases, covariance):
    """Informations (phases^2, 5, 5) at phases x phases places, evenly over a pixel."""
    steps, (w, h) = (np.arange(phases) + 0.5) / phases, np.broadcast_to(np.asarray(sides, dtype=np.float64), 2)
    shape, whole = patch((w, h), (0.0, 0.0))
    along = zip(*profiles(sensor, 0, whole[0] + steps, w, shape[1], kind))
    across = list(zip(*profiles(sensor, 1, whole[1] + steps, h, shape[0], kind)))
    factor = None if covariance is None else linalg.cholesky(covariance(shape), lower=True)
    return _information(np.stack([products(x, y) for x in along for y in across]), snr, factor)


def _spread(information):
    """Curvature (2, 2) of the matched filter's correlation at distance 0, by which its output changes from place to place.

    information: at an SNR of 1.
    """
    slope, energy = information[:2, 4], information[4, 4]
    return information[:2, :2] / energy - np.outer(slope, slope) / energy**2


def _scaled(matrix):
    """The matrices (..., n, n) with a diagonal of ones, so that units do not decide whether they can be inverted."""
    scale = np.sqrt(np.maximum(np.diagonal(matrix, axis1=-2, axis2=-1), 1e-300))
    return matrix / (scale[..., :, None] * scale[..., None, :])
