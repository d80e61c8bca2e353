r"""Where exactly is a target of a few pixels at the noise? Its picture has no shape to lay over another: it is a spot.

With the matched filter's response g(x), in standard deviations of what it is elsewhere in the window, and the amplitude a
that the target had so far, the place x has the posterior density

.. math:: p(x) \propto N(x; x_p, C)\, N(x; x_n, s_n^2)\, \Bigl[1 - P_D + P_D \frac{p_1(g(x))}{p_0(g(x))}\Bigr]

where x_p is the predicted place and x_n the network's, which has decided already which spot it is. Its mean and variance
are the measurement: probabilistic data association with amplitude (Lerro, Bar-Shalom, Interacting multiple model tracking
with target amplitude feature, IEEE Trans. Aerospace and Electronic Systems, 1993). p_1 is normal about a, p_0 normal up to
a high quantile and exponential above it, with the mean excess that this window has.

All this is about noise. Where the responses' tail is longer than noise's, there is clutter in the window, in which what is
bright need not be the target: the network, which sees shapes, then knows better, and nothing is said.
"""

import cv2
import numpy as np

LIKE = 0.9  # likeness of a picture and the template's from which on it is the picture that tells the place
SMALL = 10.0  # frame pixels, the longer side: larger targets have a shape, and a spot in them is not their middle
WIDTH, LEAST_WIDTH = (
    0.18,
    0.7,
)  # standard deviation of the matched filter: sides of the target, and frame pixels at least
SURROUNDINGS = 8.0  # half the side of the square whose mean is subtracted, times that
DETECTED = 0.95  # P_D, that a target that is there shows in a frame
QUANTILE = 0.9  # of the responses, from which on their tail is exponential
NOISE = 1.6  # least rate of that tail, per standard deviation, that is noise's; normal noise has 2.1
LEAST_AMPLITUDE = 2.0
RATE = 0.03  # least share of this frame's in the means over frames
LIFTED = 0.9  # of the largest of several responses, which noise has lifted
SPREAD = 1.5  # of the predicted place: times its variance, for targets manoeuvre
LEAST_VARIANCE = 0.1  # of it, frame pixels squared
# s_n: sides of the target at score 1, more at score 0, frame pixels. Twice what was measured, for both see the same noise
NETWORK_STD = 0.10, 0.66, 0.12
PIXEL = 0.02  # variance that no measurement falls below, frame pixels squared
FINER, FEW = 3, 16  # places weighed for a crop's pixel along each axis, where so many pixels come into question
NEAR = 5.0  # standard deviations about the predicted place within which places are weighed
LARGEST = 60.0  # of a logarithm of odds
QUIET = 1e-4  # share of a window's largest deviation below which there is no noise in it


class Spot:
    """Measures the place of a small target, frame after frame.

    channel: (S, S) of the search crop about the target where it is known, with the target bright; None: nowhere. side, zoom:
    of it, as later. amplitude: mean of the `count` responses at the target, rate: of the tail elsewhere in so many `frames`;
    the last ones count for more.
    """

    def __init__(self, channel=None, side=0.0, zoom=1.0):
        self.amplitude, self.count, self.rate, self.frames = LEAST_AMPLITUDE, 0, 0.0, 0
        self.asked = False  # in the last frame
        if channel is not None and not (response := Response(channel, side, zoom)).flat:
            middle = slice(len(channel) // 2 - 2, len(channel) // 2 + 3)
            self._remember(LIFTED * float(response.at(middle, middle, (5, 5)).max()))

    @classmethod
    def of(cls, tracker, frame):
        """A Spot for the target of a SiameseTracker that has just begun on `frame`."""
        if tracker.size.max() > SMALL:
            return cls()
        (seen,) = tracker.look(frame, [tracker.center])
        return cls(seen.crop[tracker.channel], tracker.side, seen.zoom)

    def measure(self, tracker, frame, expected, center, likeness):
        """(place (2,), variance, shown) in frame pixels of the target that is expected at one place (2,) and seen by the net
        at another; None where it is not small, its picture tells more, or nothing says. likeness: of its picture.
        """
        self.asked = likeness < LIKE and tracker.size.max() <= SMALL
        if not self.asked:
            return None
        seen = tracker.observation
        crop = seen.crop
        if crop.shape[-1] < tracker.net.settings.search_size:  # what its noise is, only the whole window says
            (crop,), _ = tracker.crops(frame, [seen.center])
        places = expected - seen.center, tracker.motion.variance, center - seen.center
        answer = self(crop[tracker.channel], tracker.side, seen.zoom, *places, seen.score, seen.share)
        return answer and (tracker.clipped(seen.center + answer[0]), *answer[1:])

    def __call__(self, channel, side, zoom, predicted, variance, found, score, share=0.0):
        """(place (2,), variance, shown): where the target is, the variance of that along one axis, and the probability that
        it shows in this frame; None where there is clutter, or nothing says.

        channel: (S, S) of the search crop, with the target bright; side: root of the target's width times height; zoom: crop
        pixels for one frame pixel. predicted, found: the predicted place and the network's (2,), variance: of the first,
        score and share: of the second, as Observation has them; all in frame pixels from the crop's centre.
        """
        response, size = Response(channel, side, zoom), len(channel)
        wide, more, least = NETWORK_STD
        network = ((wide + more * (1 - score)) * side + least) ** 2
        spread = max(variance, LEAST_VARIANCE) * SPREAD
        # farther off than both explain: it has manoeuvred, if nearly all of the evidence lies there
        spread += share**2 * max(float(np.square(found - predicted).sum()) / 2 - spread - network, 0.0)
        spans = [_about(c * zoom, NEAR * zoom * spread**0.5, size) for c in predicted]
        if response.flat or any(span.stop <= span.start for span in spans):  # or it is predicted outside the window
            return None
        tail = response.tail(spans[1])
        self.frames += 1
        self.rate += (tail[1] - self.rate) * max(1 / self.frames, RATE)
        if self.rate < NOISE:
            return None

        def prior(x, y):
            along, down = (-((at - p) ** 2) / (2 * spread) - (at - n) ** 2 / (2 * network)
                           for at, p, n in zip((x, y), predicted, found))  # fmt: skip
            return along[None] + down[:, None]

        place, variance, shown, now = self._weigh(response, tail, spans, prior, zoom)
        if max(span.stop - span.start for span in spans) > FEW:  # the grid was coarse: once more, about what it found
            spans = [_about(c * zoom, FEW / 2 - 1, size) for c in place]
            finer, left, _, now = self._weigh(response, tail, spans, prior, zoom)
            place, variance = (finer, left) if variance < (FEW / 8 / zoom) ** 2 else (place, variance)
        self._remember(now)
        return place, variance + PIXEL, shown

    def _weigh(self, response, tail, spans, prior, zoom):
        """(place (2,), variance, shown, response at the most probable place) of the posterior over two spans of a crop."""
        x, y = ((_finer(span) - (len(response.raw) - 1) / 2) / zoom for span in spans)
        before = prior(x, y)
        seen = response.at(*spans[::-1], before.shape)
        ratio = self._ratio(seen, *tail)
        ratio -= max(float(ratio.max()) - LARGEST, 0.0)  # beside that, not to have been seen is nothing
        before = np.exp(before - before.max())
        posterior = before * (1 - DETECTED + DETECTED * np.exp(ratio))
        whole = float(posterior.sum())
        along, down = posterior.sum(axis=0) / whole, posterior.sum(axis=1) / whole
        place = np.array([along @ x, down @ y])
        variance = float(along @ (x - place[0]) ** 2 + down @ (y - place[1]) ** 2) / 2
        shown = 1 - (1 - DETECTED) * float(before.sum()) / whole
        return place, variance, shown, float(seen.flat[posterior.argmax()])

    def _ratio(self, response, edge, rate):
        """ln(p_1 / p_0) of responses, without the constant that both have. edge, rate: of `Response.tail`."""
        tail = np.log((1 - QUANTILE) * rate * np.sqrt(2 * np.pi)) - rate * (response - edge)
        clutter = np.where(response < edge, -0.5 * response**2, tail)
        target = -0.5 * np.minimum(response - self.amplitude, 0.0) ** 2  # brighter than it was speaks for it
        return target - clutter

    def _remember(self, response):
        self.count += 1
        rate = max(1 / self.count, RATE)
        self.amplitude = max(self.amplitude + rate * (response - self.amplitude), LEAST_AMPLITUDE)


class Response:
    """The matched filter's output in a crop's channel (S, S), in standard deviations of what it is elsewhere in the crop.

    side: of the target, frame pixels; zoom: crop pixels for one frame pixel. flat: True where half of the crop is, so that
    nothing says what noise does there.
    """

    def __init__(self, channel, side, zoom):
        width = max(WIDTH * side, LEAST_WIDTH) * zoom
        around = 2 * round(SURROUNDINGS * width) + 1
        self.raw = cv2.GaussianBlur(channel, (0, 0), width) - cv2.blur(channel, (around, around))
        self.few = self.raw[::2, ::2]
        self.middle = _quantile(self.few.ravel(), 0.5)
        apart = np.abs(self.few - self.middle).ravel()
        self.noise = 1.4826 * _quantile(apart, 0.5)
        self.flat = not self.noise > QUIET * float(apart.max())

    def at(self, rows, columns, shape):
        """The output in a part of the crop, resampled to `shape`."""
        part = cv2.resize(self.raw[rows, columns], shape[::-1], interpolation=cv2.INTER_CUBIC)
        return (part - self.middle) / self.noise

    def tail(self, rows):
        """(edge, rate): the QUANTILE of the output and the rate of its exponential tail, above and below the rows in which
        the target may be; of the whole crop where these are most of it.
        """
        outside = np.ones(len(self.few), bool)
        outside[rows.start // 2 : (rows.stop + 1) // 2] = False
        few = self.few[outside] if outside.sum() >= len(self.few) / 4 else self.few
        values = (few.ravel() - self.middle) / self.noise
        edge = _quantile(values, QUANTILE)
        return edge, (1 - QUANTILE) / max(float(np.maximum(values - edge, 0).mean()), 1e-4)


def _quantile(values, share):
    """The value that this share of `values` (N,) does not exceed; for so few NumPy's own is slower by far."""
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
