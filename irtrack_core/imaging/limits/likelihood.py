"""The maximum-likelihood estimate of a target in a patch: a matched filter at all places, then Fisher scoring."""

import numpy as np

from irtrack_core.imaging.limits.blobs import box_sides, images, profiles
from irtrack_core.imaging.limits.fisher import PARAMETERS, PLACE
from irtrack_core.optional import Lazy

linalg = Lazy("scipy.linalg", "evaluation")

STEPS, SETTLED = 12, 1e-4  # of Fisher scoring at most; px, of a step after which it ends
BLOCK = 64  # patches at a time: what they need stays in the processor's cache
LARGEST = 0.4  # px, of one step of place or size


def locate(patches, sensor, kind, sides, *, window=None, free=PLACE, amplitude=None, covariance=None, bright=False):
    """PARAMETERS (N, 5) of the target in each patch (N, H, W): those in `free` estimated, the others as given.

    patches: in sigma_w, background level 0 unless the covariance leaves it open; sides: (w, h) of the true box, px,
    where the search begins; window: (x0, y0, x1, y1), px, where the centre may lie, by default all but half a box at
    the border. amplitude: needed where it is not free. covariance: (P, P) of the noise; None: white. bright: dark
    targets are not looked for.

    Raises ValueError for a window without a place in it, or a missing amplitude.
    """
    patches = np.asarray(patches, dtype=np.float64)
    count, height, width = patches.shape
    sides = np.broadcast_to(np.asarray(sides, dtype=np.float64), 2)
    if "amplitude" not in free and amplitude is None:
        raise ValueError("the amplitude is not free: give it")
    factor = None if covariance is None else linalg.cholesky(covariance, lower=True)
    data = _whiten(patches.reshape(count, -1), factor)
    if window is None:
        window = (*(sides / 2), *(np.array([width, height]) - sides / 2))
    places = _places(window)
    found = np.empty((count, 5))
    found[:, :2], found[:, 4] = _search(data, places, sensor, kind, sides, (height, width), factor, bright)
    found[:, 2:4] = sides
    if "amplitude" not in free:
        found[:, 4] = amplitude
    chosen = [PARAMETERS.index(one) for one in free]
    low, high = np.array(window[:2]) - 0.5, np.array(window[2:]) + 0.5
    for begin in range(0, count, BLOCK):
        part = np.s_[begin : begin + BLOCK]
        found[part] = _score(data[part], found[part], chosen, (low, high), sensor, kind, (height, width), factor)
    return found


def _score(data, found, chosen, limits, sensor, kind, shape, factor):
    """Fisher scoring from `found` (n, 5) on, until the parameters `chosen` (numbers) move no more."""
    found, least = found.copy(), box_sides(sensor) * (1 + 1e-6)
    largest = np.array([np.inf if PARAMETERS[one] == "amplitude" else LARGEST for one in chosen])
    for _ in range(STEPS):
        columns = _whitened(found, sensor, kind, shape, factor)  # the image itself first
        left = data - found[:, 4:] * columns[:, 0]
        columns = columns[:, [(one + 1) % 5 for one in chosen]]
        columns *= np.where(np.array(chosen) == 4, 1.0, found[:, 4:])[..., None]
        known = columns @ columns.transpose(0, 2, 1)
        known += 1e-12 * np.trace(known, axis1=1, axis2=2)[:, None, None] * np.eye(len(chosen))
        step = np.clip(np.linalg.solve(known, columns @ left[:, :, None])[..., 0], -largest, largest)
        found[:, chosen] += step
        found[:, :2] = np.clip(found[:, :2], *limits)
        if 2 in chosen or 3 in chosen:
            found[:, 2:4] = np.maximum(found[:, 2:4], least)
        if np.abs(step[:, largest < np.inf]).max(initial=0) < SETTLED:
            break
    return found


def _places(window):
    """Candidate places (K, 2), half a pixel apart."""
    x0, y0, x1, y1 = window
    if not (x1 >= x0 and y1 >= y0):
        raise ValueError(
            f"the window {tuple(float(v) for v in window)} (x0, y0, x1, y1) holds no place: patch too small"
        )
    x, y = np.arange(x0, x1 + 1e-9, 0.5), np.arange(y0, y1 + 1e-9, 0.5)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _search(data, places, sensor, kind, sides, shape, factor, bright):
    """(places (N, 2), amplitudes (N,)) at which the matched filter explains most of each patch."""
    best, score, amplitude = np.zeros(len(data), int), np.full(len(data), -np.inf), np.zeros(len(data))
    for begin in range(0, len(places), 8 * BLOCK):
        some = places[begin : begin + 8 * BLOCK]
        boxes = np.column_stack([some, np.tile(sides, (len(some), 1))])
        shown = _whiten(images(sensor, kind, boxes, shape).reshape(len(some), -1), factor)
        energy = np.einsum("kp,kp->k", shown, shown)
        found = data @ shown.T / energy
        scores = (found if bright else np.abs(found)) * np.sqrt(energy)
        here = np.argmax(scores, axis=1)
        each = np.arange(len(data))
        better = scores[each, here] > score
        best[better], score[better] = begin + here[better], scores[each, here][better]
        amplitude[better] = found[each, here][better]
    return places[best], amplitude


def _whitened(parameters, sensor, kind, shape, factor):
    """Images of peak 1 and their slopes by x, y, w, h: (N, 5, P), whitened."""
    (p, p_x, p_w), (q, q_y, q_h) = (
        profiles(sensor, axis, parameters[:, axis], parameters[:, 2 + axis], shape[1 - axis], kind) for axis in (0, 1)
    )
    down, along = np.stack([q, q, q_y, q, q_h], axis=1), np.stack([p, p_x, p, p_w, p], axis=1)
    rows = (down[..., :, None] * along[..., None, :]).reshape(-1, shape[0] * shape[1])
    return _whiten(rows, factor).reshape(len(p), 5, -1)


def _whiten(rows, factor):
    return rows if factor is None else linalg.solve_triangular(factor, rows.T, lower=True).T
