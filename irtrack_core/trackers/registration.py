r"""Where exactly is the target? Its picture is laid over the template's, to a fraction of a pixel.

A network with a stride of several pixels regresses a place whose error is a share of that stride. The picture itself says
more: with the template's patch T and the patch I found, both on the same grid u of the target's size,

.. math:: I(u) \approx a\,T(u + d) + b \approx a\,T(u) + b + a\,d \cdot \nabla T(u)

is linear in (a d, a, b), so the shift d is one small least-squares problem whose matrix depends on the template alone. A few
rounds of it are the inverse compositional algorithm of Baker and Matthews (Lucas-Kanade 20 years on, IJCV 2004), with gain
a and offset b because cameras change both.
"""

from math import sqrt

import cv2
import numpy as np

SAMPLES = 25  # of a patch, along one side
REACH = 1.5  # half a patch, in half sizes of the target: some of its surroundings show where it ends
LEAST = 6.0  # half a patch is never smaller, in crop pixels
SIGMA = 0.5  # of the weight about the centre, in half patches
POWER = 3.0  # exponent of the correlation: the share by which the aligned place is taken over
LARGEST = 0.6  # sides of the target; a longer step has found something else


def patch(channel, center, half, samples=SAMPLES):
    """The rectangle of half sides `half` (w, h) about `center` of a crop's channel (S, S), as (samples, samples) float32.

    center, half: crop pixels; center from the crop's centre. Bilinear.
    """
    (x, y), (w, h), middle = center, half, (channel.shape[0] - 1) / 2
    matrix = np.array(((2 * w / (samples - 1), 0, x - w + middle), (0, 2 * h / (samples - 1), y - h + middle)))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(channel, matrix, (samples, samples), flags=flags, borderMode=cv2.BORDER_REPLICATE)


class Alignment:
    """Finds a target by its first picture.

    template: one channel of the template crop (T, T) float32; size: (w, h) of the target there, crop pixels.
    """

    def __init__(self, template, size):
        size = np.asarray(size, dtype=np.float64)
        self.ratio = np.maximum(REACH / 2, LEAST / size)  # half a patch over the target's size
        picture = patch(template, (0, 0), self.ratio * size).astype(np.float64)
        u = np.linspace(-1, 1, SAMPLES)
        weight = np.exp(
            -(u[None] ** 2 + u[:, None] ** 2) / (4 * SIGMA**2)
        ).ravel()  # the root of the weight of a square
        down, right = np.gradient(picture, u[1] - u[0])
        columns = [right.ravel(), down.ravel(), picture.ravel(), np.ones(picture.size)]
        self.weight, self.design = weight, np.stack(columns, axis=1) * weight[:, None]  # (N,), (N, 4)
        self.energy = float(weight @ weight)
        # a flat picture has no place: the pseudo-inverse then gives no shift
        self.solve = np.linalg.pinv(self.design, rcond=1e-6)  # (4, N)

    def __call__(self, channel, center, size, rounds=3):
        """(centre (2,), likeness): where the picture lies in a channel (S, S) of a search crop, and how like it is.

        center: where to begin, crop pixels from the crop's centre; size (w, h) in crop pixels. likeness: the correlation of
        the picture there with the template's, 0 to 1; -1 where it shows the negative or nothing.
        """
        # plain numbers: for two of them NumPy's own work is the larger part
        (w, h), (x, y) = (self.ratio * size).tolist(), (float(c) for c in center)
        for _ in range(rounds):
            seen = patch(channel, (x, y), (w, h)).ravel() * self.weight
            answer = self.solve @ seen
            right, down, gain, _ = answer.tolist()
            if gain <= 0:
                return np.array([x, y]), -1.0
            right, down = (min(max(step / gain, -1.0), 1.0) * side for step, side in ((right, w), (down, h)))
            x, y = x - right, y - down
            if max(abs(right), abs(down)) < 0.05:
                break
        rest = seen - self.design @ answer
        spread = seen - self.weight * ((seen @ self.weight) / self.energy)
        return np.array([x, y]), sqrt(max(0.0, 1 - float(rest @ rest) / max(float(spread @ spread), 1e-12)))

    def measure(self, tracker, center):
        """(centre (2,), likeness): the given one, in frame pixels, moved towards where the template's picture fits best in
        what a SiameseTracker observed, the more the better it fits there; likeness: 0 where it does not.
        """
        seen = tracker.observation
        size = tracker.size * seen.zoom
        start = (center - seen.center) * seen.zoom
        place, correlation = self(seen.crop[tracker.channel], start, size, tracker.settings.alignment_rounds)
        if correlation < 0 or np.abs(place - start).max() > LARGEST * size.max():
            return center, 0.0
        return seen.center + (start + correlation**POWER * (place - start)) / seen.zoom, correlation

    def likeness(self, tracker, size):
        """How like the template's picture is what a SiameseTracker observed at its centre, for a target of `size` (2,)."""
        seen = tracker.observation
        start = (tracker.center - seen.center) * seen.zoom
        return self(seen.crop[tracker.channel], start, size * seen.zoom, tracker.settings.alignment_rounds)[1]
