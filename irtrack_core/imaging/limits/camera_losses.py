r"""What the camera's output and whole-number boxes take: grey steps, gain control, rounded corners."""

import numpy as np

from irtrack_core.imaging import camera_output
from irtrack_core.imaging.scan import sigma_w
from irtrack_core.optional import Lazy

special = Lazy("scipy.special", "evaluation")


def information_kept(step):
    r"""Share of the Fisher information about a mean that is left when normal noise of sigma 1 is rounded to steps of `step`.

    With p_k the probability of value k, sum (dp_k / dmean)^2 / p_k, averaged over where the mean lies between two
    values. The rule of thumb 1 / (1 + step^2 / 12), rounding as added noise, is near it up to steps of 2 sigma.

    >>> round(information_kept(1.0), 3), round(1 / (1 + 1 / 12), 3)
    (0.923, 0.923)
    """
    if not step >= 0:
        raise ValueError(f"a grey step must be at least 0 sigma; got {step}")
    if step < 1e-3:
        return 1.0
    count = int(np.ceil(9 / step)) + 2
    phase = (np.arange(200) + 0.5)[:, None] / 200 * step
    edges = np.concatenate([[-np.inf], np.arange(-count, count + 1) * step, [np.inf]]) + phase
    upper = special.ndtr(edges[:, 1:])
    probability = np.where(edges[:, :-1] > 0, special.ndtr(-edges[:, :-1]) - special.ndtr(-edges[:, 1:]), 0)
    probability = np.where(edges[:, :-1] > 0, probability, upper - special.ndtr(edges[:, :-1]))
    density = np.exp(-(edges**2) / 2) / np.sqrt(2 * np.pi)
    change = np.diff(density, axis=1) ** 2
    return float((change / np.maximum(probability, 1e-300))[:, :].sum(axis=1).mean())


def grey_step(sensor, background):
    """One grey value in units of sigma_w for a frame with this background (H, W) in K: what rounding costs is its square.

    With AGC it depends on the background: a wide one is squeezed into the same grey values.
    """
    scale, _ = camera_output.gain_and_offset(sensor, np.asarray(background, dtype=np.float32), sigma_w(sensor))
    return float(1 / (scale * sigma_w(sensor)))


def rounded_overlap(sides, places=400):
    """Mean IoU of a box (w, h) with itself after its corners are rounded to whole pixels, over all places within a pixel.

    No tracker that gives whole numbers can have a higher AOR, however well it sees.

    >>> round(rounded_overlap(5), 2)
    0.82
    """
    w, h = np.broadcast_to(np.asarray(sides, dtype=np.float64), 2)
    if not min(w, h) > 0:
        raise ValueError(f"a box needs sides above 0; got {(w, h)}")
    corner = (np.arange(places) + 0.5) / places

    def axis(side):  # (shared length, length of the rounded box) at each place
        low, high = np.rint(corner), np.rint(corner + side)
        return np.clip(np.minimum(high, corner + side) - np.maximum(low, corner), 0, None), high - low

    (shared_x, long_x), (shared_y, long_y) = axis(w), axis(h)
    shared = np.outer(shared_y, shared_x)
    union = w * h + np.outer(long_y, long_x) - shared
    return float((shared / union).mean())
