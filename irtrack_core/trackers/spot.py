r"""Where exactly is a target of a few pixels? At the noise its picture has no shape to lay over another: it is a spot.

With the matched filter's response g(x), in standard deviations of what it is elsewhere in the window, and the amplitude a
that the target had so far, the place x has the posterior density

.. math:: p(x) \propto N(x; x_p, C)\, N(x; x_n, s_n^2)\, \Bigl[1 - P_D + P_D \frac{p_1(g(x))}{p_0(g(x))}\Bigr]

where x_p is the predicted place and x_n the network's, which has decided already which spot it is. Its mean and variance
are the measurement: probabilistic data association with amplitude (Lerro, Bar-Shalom, Interacting multiple model tracking
with target amplitude feature, IEEE Trans. Aerospace and Electronic Systems, 1993). p_1 is normal about a, p_0 normal up to
a high quantile and exponential above it, with the mean excess that this window has: in clutter a strong response says
little, and the network's place stays as it is.
"""

import cv2
import numpy as np

SMALL = 9.0  # frame pixels: larger targets have a shape, and a spot in them is not their middle
WIDTH, LEAST_WIDTH = (
    0.18,
    0.7,
)  # standard deviation of the matched filter: sides of the target, and frame pixels at least
SURROUNDINGS = 3.0, 3.0  # of what is subtracted: times that, and more crop pixels
DETECTED = 0.95  # P_D, that a target that is there shows in a frame
QUANTILE = 0.9  # of the responses, from which on their tail is exponential
LEAST_AMPLITUDE = 2.0
AMPLITUDE_RATE = 0.03  # share of this frame's in the amplitude
SPREAD = 1.5  # of the predicted place: times its variance, for targets manoeuvre
LEAST_VARIANCE = 0.1  # of it, frame pixels squared
NETWORK_STD = 0.35, 1.0, 0.3  # s_n: sides of the target at score 1, more at score 0, and frame pixels
PIXEL = 0.02  # variance that no measurement falls below, frame pixels squared
FINER = 3  # places that are weighed, for a crop's pixel, along each axis
NEAR = 5.0  # standard deviations about the predicted place within which places are weighed
QUIET = 1e-3  # share of a window's standard deviation below which there is no noise in it


class Spot:
    """Measures the place of a small target.

    channel: (S, S) of a search crop about the target in the frame where it is known, with the target bright; side: its
    root of width times height, frame pixels; zoom: crop pixels for one frame pixel. `amplitude`: g where the target is.
    """

    def __init__(self, channel, side, zoom):
        self.amplitude = LEAST_AMPLITUDE
        if (response := _response(channel, side, zoom)) is not None:
            middle = len(response) // 2
            seen = response[middle - 2 : middle + 3, middle - 2 : middle + 3]
            # the largest of some: noise has lifted it
            self.amplitude = max(0.9 * float(seen.max()), LEAST_AMPLITUDE)

    @classmethod
    def of(cls, tracker, frame):
        """A Spot for the target of a SiameseTracker that has just begun on `frame`; None where it is too large."""
        if tracker.side > SMALL:
            return None
        (seen,) = tracker.look(frame, [tracker.center])
        return cls(seen.crop[tracker.channel], tracker.side, seen.zoom)

    def measure(self, tracker, expected, center):
        """(place (2,), variance) in frame pixels of the target that is expected at one place (2,) and seen by the net at
        another; None where it has grown, or nothing says.
        """
        seen = tracker.observation
        if tracker.side > SMALL:
            return None
        predicted, found = expected - seen.center, center - seen.center
        picture = seen.crop[tracker.channel], tracker.side, seen.zoom
        answer = self(*picture, predicted, tracker.motion.variance, found, seen.score)
        return answer and (tracker.clipped(seen.center + answer[0]), answer[1])

    def __call__(self, channel, side, zoom, predicted, variance, found, score):
        """(place (2,), variance): where the target is, and the variance of that along one axis; None where nothing says.

        channel, side, zoom: as before, about the middle of this frame's window. predicted, found: the predicted place and the
        network's (2,), variance: of the first, score: of the second; all in frame pixels from the crop's centre.
        """
        if (response := _response(channel, side, zoom)) is None:
            return None
        spread = max(variance, LEAST_VARIANCE) * SPREAD
        wide, more, least = NETWORK_STD
        network = ((wide + more * (1 - score)) * side + least) ** 2
        columns, rows = (_about(c * zoom, NEAR * zoom * spread**0.5, len(response)) for c in predicted)
        if columns.stop <= columns.start or rows.stop <= rows.start:  # it is predicted outside the window
            return None
        x, y = ((_finer(span) - (len(response) - 1) / 2) / zoom for span in (columns, rows))
        prior = [
            -((at - p) ** 2) / (2 * spread) - (at - n) ** 2 / (2 * network)
            for at, p, n in zip((x, y), predicted, found)
        ]
        seen = cv2.resize(response[rows, columns], (x.size, y.size), interpolation=cv2.INTER_CUBIC)
        evidence = np.logaddexp(np.log(1 - DETECTED), np.log(DETECTED) + self._ratio(seen, _elsewhere(response, rows)))
        logarithm = prior[0][None] + prior[1][:, None] + evidence
        posterior = np.exp(logarithm - logarithm.max())
        whole = float(posterior.sum())
        along, down = posterior.sum(axis=0) / whole, posterior.sum(axis=1) / whole
        place = np.array([along @ x, down @ y])
        left = float(along @ (x - place[0]) ** 2 + down @ (y - place[1]) ** 2) / 2 + PIXEL
        now = float(seen.flat[posterior.argmax()])
        self.amplitude = max(self.amplitude + AMPLITUDE_RATE * (now - self.amplitude), LEAST_AMPLITUDE)
        return place, left

    def _ratio(self, response, elsewhere):
        """ln(p_1 / p_0) of responses, without the constant that both have."""
        edge = float(np.quantile(elsewhere, QUANTILE))
        decay = 1 / max(float(np.maximum(elsewhere - edge, 0).mean()) / (1 - QUANTILE), 1e-3)
        tail = np.log((1 - QUANTILE) * decay * np.sqrt(2 * np.pi)) - decay * (response - edge)
        clutter = np.where(response < edge, -0.5 * response**2, tail)
        target = -0.5 * np.minimum(response - self.amplitude, 0.0) ** 2  # brighter than it was speaks for it
        return target - clutter


def _response(channel, side, zoom):
    """g (S, S): the matched filter's output, less its median, over its standard deviation (from the absolute deviations).

    None where half of the window is flat: nothing then says what noise does there.
    """
    width = max(WIDTH * side, LEAST_WIDTH) * zoom
    times, more = SURROUNDINGS
    seen = cv2.GaussianBlur(channel, (0, 0), width) - cv2.GaussianBlur(channel, (0, 0), times * width + more)
    few = seen[::2, ::2]
    middle = np.median(few)
    noise = 1.4826 * float(np.median(np.abs(few - middle)))
    return (seen - middle) / noise if noise > QUIET * float(few.std()) else None


def _about(center, reach, length):
    """The slice of a crop's `length` pixels within `reach` of `center`, pixels from the crop's centre."""
    first = int(np.ceil(max(center - reach + (length - 1) / 2, 0)))
    return slice(first, int(np.floor(min(center + reach + (length - 1) / 2, length - 1))) + 1)


def _finer(span):
    """Coordinates of FINER places in each pixel of a slice."""
    return span.start - 0.5 + (np.arange(FINER * (span.stop - span.start)) + 0.5) / FINER


def _elsewhere(response, rows):
    """Responses (N,) above and below the rows in which the target may be; of the whole crop where these are most of it."""
    few = response[::2, ::2]
    outside = np.ones(len(few), bool)
    outside[rows.start // 2 : (rows.stop + 1) // 2] = False
    return few[outside] if outside.sum() >= len(few) / 4 else few
