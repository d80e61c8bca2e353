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

SMALL = 10.0  # frame pixels, the longer side: larger targets have a shape, and a spot in them is not their middle
WIDTH, LEAST_WIDTH = (
    0.18,
    0.7,
)  # standard deviation of the matched filter: sides of the target, and frame pixels at least
SURROUNDINGS = 8.0  # half the side of the square whose mean is subtracted, times that
DETECTED = 0.95  # P_D, that a target that is there shows in a frame
QUANTILE = 0.9  # of the responses, from which on their tail is exponential
LEAST_AMPLITUDE = 2.0
AMPLITUDE_RATE = 0.03  # share of this frame's in the amplitude
SPREAD = 1.5  # of the predicted place: times its variance, for targets manoeuvre
LEAST_VARIANCE = 0.1  # of it, frame pixels squared
NETWORK_STD = 0.35, 1.0, 0.3  # s_n: sides of the target at score 1, more at score 0, and frame pixels
PIXEL = 0.02  # variance that no measurement falls below, frame pixels squared
FINER, FEW = 3, 16  # places weighed for a crop's pixel along each axis, where so many pixels come into question
NEAR = 5.0  # standard deviations about the predicted place within which places are weighed
LARGEST = 60.0  # of a logarithm of odds
QUIET = 1e-4  # share of a window's largest deviation below which there is no noise in it


class Spot:
    """Measures the place of a small target, frame after frame. amplitude: of the last response at it; None before any."""

    def __init__(self):
        self.amplitude = {}

    def __call__(self, channels, side, zoom, predicted, variance, found, score, share=0.0):
        """(place (2,), variance, shown): where the target is, the variance of that along one axis, and the probability that
        it shows in this frame; None where nothing says.

        channels: by name, (S, S) each of the search crop, with the target bright; side: root of the target's width times
        height; zoom: crop pixels for one frame pixel. predicted, found: the predicted place and the network's (2,),
        variance: of the first, score and share: of the second, as Observation has them; all in frame pixels from the
        crop's centre.
        """
        responses = {name: Response(channel, side, zoom) for name, channel in channels.items()}
        responses = {name: response for name, response in responses.items() if not response.flat}
        if not responses:
            return None
        size = len(next(iter(channels.values())))
        wide, more, least = NETWORK_STD
        network = ((wide + more * (1 - score)) * side + least) ** 2
        spread = max(variance, LEAST_VARIANCE) * SPREAD
        # farther off than both explain: it has manoeuvred, if nearly all of the evidence lies there
        spread += share**2 * max(float(np.square(found - predicted).sum()) / 2 - spread - network, 0.0)
        spans = [_about(c * zoom, NEAR * zoom * spread**0.5, size) for c in predicted]
        if any(span.stop <= span.start for span in spans):  # it is predicted outside the window
            return None

        def prior(x, y):
            along, down = (-((at - p) ** 2) / (2 * spread) - (at - n) ** 2 / (2 * network)
                           for at, p, n in zip((x, y), predicted, found))  # fmt: skip
            return along[None] + down[:, None]

        place, variance, shown, now = self._weigh(responses, spans, prior, zoom, size)
        if max(span.stop - span.start for span in spans) > FEW:  # the grid was coarse: once more, about what it found
            spans = [_about(c * zoom, FEW / 2 - 1, size) for c in place]
            finer, left, _, now = self._weigh(responses, spans, prior, zoom, size)
            place, variance = (finer, left) if variance < (FEW / 8 / zoom) ** 2 else (place, variance)
        for name, value in now.items():
            self._remember(name, self.amplitude[name] + AMPLITUDE_RATE * (value - self.amplitude[name]))
        return place, variance + PIXEL, shown

    def _weigh(self, responses, spans, prior, zoom, size):
        """(place (2,), variance, shown, response at the most probable place by name) over two spans of a crop."""
        x, y = ((_finer(span) - (size - 1) / 2) / zoom for span in spans)
        before, seen, ratio = prior(x, y), {}, 0.0
        for name, response in responses.items():
            seen[name] = response.at(*spans[::-1], before.shape)
            if name not in self.amplitude:
                # the largest where it is most likely: noise has lifted it
                self._remember(name, 0.9 * float(seen[name][before > before.max() - 0.5].max()))
            ratio = ratio + self._ratio(name, seen[name], response.elsewhere(spans[1])) / len(responses)
        ratio -= max(float(ratio.max()) - LARGEST, 0.0)  # beside that, not to have been seen is nothing
        before = np.exp(before - before.max())
        posterior = before * (1 - DETECTED + DETECTED * np.exp(ratio))
        whole = float(posterior.sum())
        posterior /= whole
        along, down = posterior.sum(axis=0), posterior.sum(axis=1)
        place = np.array([along @ x, down @ y])
        variance = float(along @ (x - place[0]) ** 2 + down @ (y - place[1]) ** 2) / 2
        shown = 1 - (1 - DETECTED) * float(before.sum()) / whole
        return place, variance, shown, {name: float(values.flat[posterior.argmax()]) for name, values in seen.items()}

    def _remember(self, name, amplitude):
        self.amplitude[name] = max(amplitude, LEAST_AMPLITUDE)

    def measure(self, tracker, expected, center):
        """(place (2,), variance, shown) in frame pixels of the target that is expected at one place (2,) and seen by the net
        at another; None where it is not small, or nothing says.
        """
        if tracker.size.max() > SMALL:
            return None
        seen, inputs = tracker.observation, tracker.net.settings.inputs
        channels = {inputs[tracker.channel]: seen.crop[tracker.channel]}
        # over rough ground the filter in time alone tells a point from the rest
        if "temporal" in inputs and seen.crop[inputs.index("temporal")].any():
            channels["temporal"] = seen.crop[inputs.index("temporal")]
        predicted, found = expected - seen.center, center - seen.center
        places = predicted, tracker.motion.variance, found
        answer = self(channels, tracker.side, seen.zoom, *places, seen.score, seen.share)
        return answer and (tracker.clipped(seen.center + answer[0]), *answer[1:])

    def _ratio(self, name, response, elsewhere):
        """ln(p_1 / p_0) of responses, without the constant that both have."""
        edge = _quantile(elsewhere, QUANTILE)
        decay = 1 / max(float(np.maximum(elsewhere - edge, 0).mean()) / (1 - QUANTILE), 1e-3)
        tail = np.log((1 - QUANTILE) * decay * np.sqrt(2 * np.pi)) - decay * (response - edge)
        clutter = np.where(response < edge, -0.5 * response**2, tail)
        target = -0.5 * np.minimum(response - self.amplitude[name], 0.0) ** 2  # brighter than it was speaks for it
        return target - clutter


class Response:
    """The matched filter's output in a crop's channel (S, S), in standard deviations of what it is elsewhere in the crop.

    side: of the target, frame pixels; zoom: crop pixels for one frame pixel. flat: True where half of the crop is, so that
    nothing says what noise does there.
    """

    def __init__(self, channel, side, zoom):
        width = max(WIDTH * side, LEAST_WIDTH) * zoom
        self.raw = cv2.GaussianBlur(channel, (0, 0), width) - cv2.blur(
            channel, (2 * round(SURROUNDINGS * width) + 1,) * 2
        )
        self.few = self.raw[::2, ::2]
        self.middle = _quantile(self.few.ravel(), 0.5)
        apart = np.abs(self.few - self.middle).ravel()
        self.noise = 1.4826 * _quantile(apart, 0.5)
        self.flat = not self.noise > QUIET * float(apart.max())

    def at(self, rows, columns, shape):
        """The output in a part of the crop, resampled to `shape`."""
        part = cv2.resize(self.raw[rows, columns], shape[::-1], interpolation=cv2.INTER_CUBIC)
        return (part - self.middle) / self.noise

    def elsewhere(self, rows):
        """Outputs (N,) above and below the rows in which the target may be; of the whole crop where these are most of it."""
        outside = np.ones(len(self.few), bool)
        outside[rows.start // 2 : (rows.stop + 1) // 2] = False
        few = self.few[outside] if outside.sum() >= len(self.few) / 4 else self.few
        return (few.ravel() - self.middle) / self.noise


def _quantile(values, share):
    """The value (N,) that this share of them does not exceed; for so few NumPy's own is slower by far."""
    place = int(share * (len(values) - 1))
    return float(np.partition(values, place)[place])


def _about(center, reach, length):
    """The slice of a crop's `length` pixels within `reach` of `center`, pixels from the crop's centre."""
    first = int(np.ceil(max(center - reach + (length - 1) / 2, 0)))
    return slice(first, int(np.floor(min(center + reach + (length - 1) / 2, length - 1))) + 1)


def _finer(span):
    """Coordinates of the places that are weighed in a slice."""
    pixels = span.stop - span.start
    each = FINER if pixels <= FEW else 1
    return span.start - 0.5 + (np.arange(each * pixels) + 0.5) / each
