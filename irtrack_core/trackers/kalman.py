r"""The target's motion: where it is expected in the next frame, and with which standard deviation.

`SmoothedVelocity` takes over every place that is measured and smooths the velocity, as Siamese trackers do. `Kalman` weighs
what is measured against what was predicted. Its state is place x and velocity v, the same covariance C for both axes,

.. math:: x' = x + v, \quad C' = F C F^T + q^2 g g^T, \quad F = \begin{pmatrix}1 & 1\\0 & 1\end{pmatrix}, \quad
          g = (1/2,\ 1)^T

and a place measured with standard deviation r moves it by the gain K = C'_{\cdot 0} / (C'_{00} + r^2), times the share of the
evidence that this place has: probabilistic data association (Bar-Shalom, Tse, Tracking in a cluttered environment, Automatica
1975). The process noise q is learnt from the innovations, the distances of measured from predicted places.

What is learnt is q for restless targets alone: 0.1 is learnt as 0.10, but 0.003 to 0.03 as 0.05 to 0.06, for the prediction's
own variance is not taken out of the innovations. Matching the normalised innovation squared to 1 instead recovers all within
1.5, with a mean of 0.93 to 1.02, and loses fast targets: on 20 simulated aircraft at every third frame AO fell from 0.610 to
0.542, with any least q and with the former measurement noise too. Targets manoeuvre as the model's do not.
"""

import numpy as np

# standard deviations, in sides of the target
PROCESS_NOISE = 0.01  # q, of a frame's change of velocity, at first
PROCESS_NOISE_RANGE = (0.003, 0.3)  # what q is kept within while it is learnt
FIRST_VELOCITY = 0.5  # of the velocity in a frame, before any is known
MEASUREMENT_NOISE = 0.03  # r, of a place measured with score 1 ...
NOISE_OF_LOW_SCORES = 1.0  # ... and what is added to it at score 0
LARGEST_STD = 1.0  # of the place, however long nothing is seen: farther off re-detection is at work
# share of each innovation in the process noise
LEARNING_RATE = 0.05


class SmoothedVelocity:
    """Motion as the place measured last, and a smoothed velocity.

    center: (2,) pixels; rate: share of a new velocity; decay: share of the velocity that is kept in a frame without target.
    """

    std = 0.0

    def __init__(self, center, rate, decay):
        self.rate, self.decay = rate, decay
        self.restart(center)

    def restart(self, center, side=None):
        """Begin anew at `center` (2,), at rest."""
        self.center, self.velocity = np.array(center, dtype=np.float64), np.zeros(2)

    def update(self, expected, center, score, share, side):
        """Take over the place `center` (2,) measured with `score`; `expected` (2,) is where it was predicted."""
        self.velocity = self.velocity + self.rate * score * (center - expected)
        self.center = center

    def coast(self, expected, side):
        """A frame without measurement: on to the expected place, slower and slower."""
        self.center, self.velocity = expected, self.velocity * self.decay


class Kalman:
    """A Kalman filter for a target at nearly constant velocity; the module has the equations.

    center: (2,) pixels; side: of the target, pixels; decay: as in SmoothedVelocity. The keywords replace the constants of the
    same name, for tests of the filter itself.
    """

    def __init__(self, center, side, decay, *, learning_rate=LEARNING_RATE, largest_std=LARGEST_STD):
        self.decay, self.learning_rate, self.largest_std = decay, learning_rate, largest_std
        self.process_noise = (PROCESS_NOISE * side) ** 2  # q^2, a variance
        self.restart(center, side)

    def restart(self, center, side):
        """Begin anew at `center` (2,), at rest as far as is known."""
        self.center, self.velocity = np.array(center, dtype=np.float64), np.zeros(2)
        self.variances = (MEASUREMENT_NOISE * side) ** 2, 0.0, (FIRST_VELOCITY * side) ** 2

    @property
    def covariance(self):
        """C (2, 2) of place and velocity along one axis, after the last measurement."""
        place, both, velocity = self.variances
        return np.array([[place, both], [both, velocity]])

    def _predicted(self):
        """The three different numbers of C' = F C F^T + q^2 g g^T."""
        place, both, velocity = self.variances
        q2 = self.process_noise
        return place + 2 * both + velocity + q2 / 4, both + velocity + q2 / 2, velocity + q2

    @property
    def std(self):
        """Standard deviation of the place that is expected in the next frame, pixels."""
        return self.variance**0.5

    @property
    def variance(self):
        """Its square."""
        return self._predicted()[0]

    def update(self, expected, center, score, share, side):
        """Weigh the place `center` (2,) measured with `score` against the `expected` one (2,).

        score: probability that the target is there; share: of all the evidence, that of this place, 0 to 1.
        """
        step, (place, both, velocity) = center - expected, self._predicted()
        noise = ((MEASUREMENT_NOISE + NOISE_OF_LOW_SCORES * (1 - score) ** 2) * side) ** 2
        innovation = float(step @ step) / 2
        # farther off than both explain: it has manoeuvred, if nearly all of the evidence lies there
        more = share**2 * max(innovation - place - noise, 0.0)
        place, both, velocity = place + more, both + more, velocity + more
        gain, gain_velocity = (share * c / (place + noise) for c in (place, both))
        # unseen, it goes on slower and slower: nobody knows whether it does
        kept = share + self.decay * (1 - share)
        self.center, self.velocity = expected + gain * step, kept * (self.velocity + gain_velocity * step)
        self._store(place * (1 - gain), both * (1 - gain), velocity - gain_velocity * both, side)
        self._learn(innovation - noise, share, side)

    def assimilate(self, expected, center, variance, shown, side):
        """Take over a place `center` (2,) that holds the prediction already, with the variance that is left along one axis.

        It moves the velocity as a measurement would that leaves place and variance there. shown: probability that the target
        was seen.
        """
        step, (place, both, velocity) = center - expected, self._predicted()
        variance, gain = min(variance, place), both / place
        kept = shown + self.decay * (1 - shown)
        self.center, self.velocity = center, kept * (self.velocity + gain * step)
        self._store(variance, gain * variance, velocity - gain * (both - gain * variance), side)
        self._learn(float(step @ step) / 2 - variance, 1 - variance / place, side)

    def blended(self, expected, step, part, variance, side):
        """Weigh a place that is the target's by the share `part`, and another's by the rest; no manoeuvre is read out of it.

        step: (2,) from where both were expected to be seen to where they are; variance: of that along one axis.
        """
        place, both, velocity = self._predicted()
        whole = part**2 * place + variance
        gain, gain_velocity = part * place / whole, part * both / whole
        self.center, self.velocity = expected + gain * step, self.velocity + gain_velocity * step
        self._store(place * (1 - part * gain), both * (1 - part * gain), velocity - part * gain_velocity * both, side)

    def _learn(self, excess, share, side):
        """Draw the process noise towards what an innovation's square has in excess of what else explains it."""
        change = max(excess, 0.0) - self.process_noise
        low, high = PROCESS_NOISE_RANGE
        learnt = self.process_noise + self.learning_rate * share * change
        self.process_noise = min(max(learnt, (low * side) ** 2), (high * side) ** 2)

    def _store(self, place, both, velocity, side):
        shrink = min(1.0, (self.largest_std * side) ** 2 / place)
        self.variances = place * shrink, both * shrink, velocity * shrink
