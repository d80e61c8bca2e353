r"""How sure a tracker is of its box: the deviations of place and size, from what it knows after an update.

.. math:: \sigma = s\,e^{\,a \cdot x}, \quad x = (1,\ \ln(p/s),\ \ln(1 - \mathrm{score}),\ \ln s,\ m)

with s the target's side (1 for the logarithms of width and height), p the Kalman filter's deviation of the place, m 1
in a frame without the target. The coefficients a were fitted on simulated sequences and on training recordings, whose boxes
are drawn by hand, half and half, by Student's law of four degrees of freedom, whose tails errors of trackers have; so an
ellipse of 68 or 95 % has a radius of its own, also measured there.
Both are for a tracker that is on its target: of one that follows something else they know nothing, `score` does.
"""

from typing import NamedTuple

import numpy as np

LEVELS = (0.68, 0.95)
LEAST_DOUBT = 1e-4  # of 1 - score


class Fitted(NamedTuple):
    """Coefficients of the deviations of place and log size, and radii of the ellipses of LEVELS in these deviations."""

    place: tuple
    size: tuple
    place_radii: tuple
    size_radii: tuple


FITTED = {  # of `experiments.sureness_fit`, by `benchmarks/sureness.py --fit`
    "siamese": Fitted(
        (-0.108, 0.328, 0.209, -0.473, 0.325), (-3.714, -0.38, 0.238, 0.311, -0.049), (1.89, 5.16), (1.85, 5.05)
    ),
    "motion": Fitted(
        (-0.245, 0.372, 0.295, -0.204, 0.279), (-3.45, -0.376, 0.215, 0.18, -0.131), (1.79, 5.28), (1.8, 4.7)
    ),
}


class Sureness(NamedTuple):
    """What is known of a box's errors.

    covariance: (4, 4) of centre x, y and sides w, h, px^2, diagonal; place_radii, size_radii: of the ellipses that hold
    the true centre, and the true sides, with a probability of LEVELS, in deviations.
    """

    covariance: np.ndarray
    place_radii: tuple
    size_radii: tuple

    def axes(self, level):
        """Half axes (x, y), px, of the ellipse about the box's centre that holds the true one with probability `level`."""
        return self.place_radii[LEVELS.index(level)] * np.sqrt(np.diag(self.covariance)[:2])


def sureness(tracker):
    """The `Sureness` of a tracker's last box; None for one whose errors have not been measured, or before an update.

    tracker: `siamese` or `motion`, with the weights as shipped.
    """
    fitted = FITTED.get(getattr(tracker, "name", None))
    if fitted is None or getattr(tracker, "observation", None) is None:
        return None
    x, side = features(tracker), tracker.side
    place = side * float(np.exp(np.dot(fitted.place, x)))
    sides = tracker.size * float(np.exp(np.dot(fitted.size, x)))
    return Sureness(np.diag([place**2, place**2, *sides**2]), fitted.place_radii, fitted.size_radii)


def features(tracker):
    """x (5,) of the module's equation, after an update of a `SiameseTracker` with its Kalman filter."""
    side, doubt = tracker.side, min(max(1 - tracker.score, LEAST_DOUBT), 1.0)
    std = tracker.motion.covariance[0, 0] ** 0.5
    return np.array([1.0, np.log(std / side), np.log(doubt), np.log(side), float(tracker.missed > 0)])
