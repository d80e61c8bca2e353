r"""Which sighting is of which track: the sum of log-likelihood ratios, as large as it can be.

For a track with predicted place z', variance S along each axis and remembered log-strength a, a sighting at z with
log-strength x is likelier to be the target than clutter by

.. math:: \ln \frac{P_D\, N(z; z', S)\, N(x; a, s^2)}{(1 - P_D)\, \lambda\, p_c(x)}

against a frame in which the target gave no sighting. Clutter has the density :math:`\lambda` a pixel, and its strength
falls as a power above the least: :math:`p_c(x) = \kappa e^{-\kappa (x - x_0)}`. Both are learnt from the sightings that no
confirmed track takes.
"""

import numpy as np

from irtrack_core.optional import Lazy

optimize = Lazy("scipy.optimize", "evaluation")

STRENGTH_STD = 0.4  # of a target's log-strength from frame to frame
LARGEST_GAIN = 8.0  # of one sighting: the model of clutter is no better than that
LEARNT = 0.05  # share of a frame in the learnt clutter
FIRST_DENSITY = 1e-4  # a pixel: 30 in a frame of 640 x 480
LEAST_DENSITY = 3e-6  # a pixel: one in such a frame
FIRST_POWER, POWERS = 4.0, (1.5, 12.0)  # kappa at first, and what it is kept within


class Clutter:
    """What sightings there are without a target: `density` a pixel, and the power `kappa` by which their strength falls."""

    def __init__(self, least):
        self.least, self.density, self.kappa = np.log(least), FIRST_DENSITY, FIRST_POWER

    def learn(self, strengths, area):
        """Take in the strengths (m,) of the sightings of one frame of `area` px that no track takes."""
        self.density += LEARNT * (len(strengths) / area - self.density)
        self.density = max(self.density, LEAST_DENSITY)
        if len(strengths):
            excess = max(float(np.mean(np.log(strengths))) - self.least, 1 / POWERS[1])
            power = self.kappa + LEARNT * min(len(strengths) / 10, 1) * (1 / excess - self.kappa)
            self.kappa = min(max(power, POWERS[0]), POWERS[1])

    def log_intensity(self, strengths):
        """(m,): ln of the expected clutter a pixel and unit of log-strength, at these strengths."""
        return np.log(self.density * self.kappa) - self.kappa * (np.log(strengths) - self.least)


def gains(table, rows, seen, clutter, detection):
    """(k, m): log-likelihood ratio of "this sighting is this track's target" against "it gave none".

    table, rows: k tracks of a TrackTable; seen: m Sightings; -inf beyond five standard deviations.
    """
    step = table.place[rows][:, None] - seen.places
    variance = (table.variances[rows, 0] + table.noise(rows))[:, None]
    distance = (step**2).sum(axis=2) / variance
    strength = (np.log(seen.strengths) - table.strength[rows][:, None]) / STRENGTH_STD
    likely = -0.5 * (distance + strength**2) - np.log(2 * np.pi * variance)
    likely -= np.log(np.sqrt(2 * np.pi) * STRENGTH_STD)
    ratio = np.minimum(likely - clutter.log_intensity(seen.strengths), LARGEST_GAIN)
    return np.where(distance <= 25, ratio + np.log(detection / (1 - detection)), -np.inf)


def match(gain):
    """(rows, columns) of the pairs with the largest sum of gains (k, m); pairs that gain nothing are left out.

    >>> [part.tolist() for part in match(np.array([[5.0, 4.0], [4.0, -1.0]]))]
    [[0, 1], [1, 0]]
    """
    useful = gain > 0
    rows, columns = np.flatnonzero(useful.any(axis=1)), np.flatnonzero(useful.any(axis=0))
    if not len(rows):
        return rows, rows
    part = np.maximum(gain[np.ix_(rows, columns)], 0)
    i, j = optimize.linear_sum_assignment(part, maximize=True)
    taken = part[i, j] > 0
    return rows[i[taken]], columns[j[taken]]
