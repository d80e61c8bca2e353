r"""Is a newly found target one that was lost? Its track then goes on under the old number.

The new track's place and velocity, and those predicted for the lost one, differ by the covariances of both. The density of
that difference is weighed against a target that has come anew, anywhere in the frame at any velocity:

.. math:: N(\Delta x, \Delta v; 0, C + C') > \frac{1}{A\, \pi v_{max}^2}
"""

import numpy as np

from irtrack_core.trackers.multi.assignment import STRENGTH_STD

LOST = 3  # frames that a track must be lost before another can take its number


def stitch(table, row, speed, shape):
    """The row of the lost track that the track `row` of a TrackTable goes on, or None.

    speed: px a frame, the largest of a new target; shape: (H, W) of the frame.
    """
    lost = np.flatnonzero((table.id > 0) & (table.lost >= LOST))
    if not len(lost):
        return None
    place, both, velocity = (table.variances[lost] + table.variances[row]).T
    moved, turned = table.place[lost] - table.place[row], table.velocity[lost] - table.velocity[row]
    # what the velocity differs by beyond what the place tells
    slope = both / place
    rest = velocity - slope * both
    turned = turned - slope[:, None] * moved
    fit = -0.5 * ((moved**2).sum(axis=1) / place + (turned**2).sum(axis=1) / rest)
    fit -= np.log(2 * np.pi * place) + np.log(2 * np.pi * rest)
    fit -= 0.5 * ((table.strength[lost] - table.strength[row]) / (2 * STRENGTH_STD)) ** 2
    best = int(np.argmax(fit))
    anew = -np.log(shape[0] * shape[1] * np.pi * speed * speed)
    return int(lost[best]) if fit[best] > anew else None
