r"""Where will the target be, and how far is that to be trusted? Two answers with the same three methods.

`Follow` takes every place that is seen at its word and smooths the velocity, as Siamese trackers do. `Kalman` weighs what is
seen against what was expected. Its state is place x and velocity v, the same covariance C for both axes,

.. math:: x' = x + v, \quad C' = F C F^T + q^2 g g^T, \quad F = \begin{pmatrix}1 & 1\\0 & 1\end{pmatrix}, \quad
          g = (1/2,\ 1)^T

and a place seen with deviation r moves it by the gain K = C'_{\cdot 0} / (C'_{00} + r^2), times the share of the evidence
that this place has: probabilistic data association (Bar-Shalom, Tse, Tracking in a cluttered environment, Automatica 1975).
How restless the target is, q, is learnt from how far it is seen from where it was expected.
"""

import numpy as np

__all__ = ["Follow", "Kalman"]


class Follow:
    """The place seen last, and a smoothed velocity.

    center: (2,) pixels; rate: of the smoothing; coasting: share of the velocity that is kept in a frame without target.
    """

    spread = 0.0

    def __init__(self, center, rate, coasting):
        self.rate, self.coasting = rate, coasting
        self.restart(center)

    def restart(self, center, side=None):
        """Begin anew at `center` (2,), at rest."""
        self.center, self.velocity = np.array(center, dtype=np.float64), np.zeros(2)

    def see(self, expected, center, score, share, side):
        """Take over the place `center` (2,) seen with `score`; `expected` (2,) is where it was looked for."""
        self.velocity = self.velocity + self.rate * score * (center - expected)
        self.center = center

    def coast(self, expected, side):
        """Not seen: on to the expected place, slower and slower."""
        self.center, self.velocity = expected, self.velocity * self.coasting


class Kalman:
    """A Kalman filter for a target at nearly constant velocity; the module has the equations.

    center: (2,) pixels; side: of the target, the unit of the lengths in `settings`, a MotionSettings; coasting as in Follow.
    """

    def __init__(self, center, side, settings, coasting):
        self.settings, self.coasting = settings, coasting
        self.unrest = (settings.unrest * side) ** 2  # q^2, the variance of a frame's change of velocity
        self.restart(center, side)

    def restart(self, center, side):
        """Begin anew at `center` (2,), at rest as far as is known."""
        self.center, self.velocity = np.array(center, dtype=np.float64), np.zeros(2)
        self.variances = (self.settings.sure * side) ** 2, 0.0, (self.settings.speed * side) ** 2

    @property
    def covariance(self):
        """C (2, 2) of place and velocity along one axis, after what was seen last."""
        place, both, velocity = self.variances
        return np.array([[place, both], [both, velocity]])

    def _predicted(self):
        """The three different numbers of C' = F C F^T + q^2 g g^T."""
        place, both, velocity = self.variances
        q2 = self.unrest
        return place + 2 * both + velocity + q2 / 4, both + velocity + q2 / 2, velocity + q2

    @property
    def spread(self):
        """Deviation of the place that is expected in the next frame, pixels."""
        return self._predicted()[0] ** 0.5

    def see(self, expected, center, score, share, side):
        """Weigh the place `center` (2,) seen with `score` against the `expected` one (2,).

        score: probability that the target is there; share: of all the evidence, that of this place, 0 to 1.
        """
        s, step, (place, both, velocity) = self.settings, center - expected, self._predicted()
        noise = ((s.sure + s.unsure * (1 - score) ** 2) * side) ** 2
        surprise = float(step @ step) / 2
        # farther off than both explain: it has manoeuvred, if nearly all of the evidence lies there
        more = share**2 * max(surprise - place - noise, 0.0)
        place, both, velocity = place + more, both + more, velocity + more
        gain, gain_velocity = (share * c / (place + noise) for c in (place, both))
        self.center, self.velocity = expected + gain * step, self.velocity + gain_velocity * step
        self._keep(place * (1 - gain), both * (1 - gain), velocity - gain_velocity * both, side)
        unrest = self.unrest + s.adapt * share * (max(surprise - noise, 0.0) - self.unrest)
        self.unrest = min(max(unrest, (s.least * side) ** 2), (s.most * side) ** 2)

    def coast(self, expected, side):
        """Not seen: on to the expected place, slower and slower, and less and less sure."""
        self.center, self.velocity = expected, self.velocity * self.coasting
        self._keep(*self._predicted(), side)

    def _keep(self, place, both, velocity, side):
        """However long nothing is seen, the target is looked for near by: farther off the re-detection is at work."""
        shrink = min(1.0, (self.settings.widest * side) ** 2 / place)
        self.variances = place * shrink, both * shrink, velocity * shrink
