r"""[12] as a tracker: a kernelised correlation filter on pixels weighted by an object mask; a reconstruction, see `notes`.

C. Kim, H. Ko, "Weighted kernel filter based anti-air object tracking for thermal infrared systems", Sensors 20(15), 2020.
The filter is that of J. F. Henriques, R. Caseiro, P. Martins, J. Batista, "High-speed tracking with kernelized correlation
filters", IEEE Trans. Pattern Analysis and Machine Intelligence 37(3), 2015: with a circulant data matrix, kernel ridge
regression has the closed form :math:`\hat\alpha = \hat y / (\hat k^{xx} + \lambda)`.
"""

from functools import partial

import cv2
import numpy as np

from irtrack_core.boxes import centers, check_box, from_centers
from irtrack_core.filtering import element_length, filter_window, line_elements, rectangle, target_polarity
from irtrack_core.network.crops import crop, standardize
from irtrack_core.trackers.base import shape_of, to_gray

SIDE = 64  # cells along the window
PADDING, FLOOR = 3.0, 32.0  # window sides in sides of the target, and the least in frame pixels: sized for the motion
RIDGE, WIDTH, SPREAD = (
    1e-4,
    0.5,
    0.1,
)  # lambda and the kernel's sigma, Henriques et al.; sigma of y in sides of the target
RATE = 0.02  # share of a new frame in the model
SCALES, PENALTY = (1.0, 1.0375, 1 / 1.0375), 0.9745  # as in all compared methods
LEAST = 0.1  # of the mask: what surrounds the target keeps this share
MASK_RIDGE = 1e-2  # of the mask's regression, a share of the number of cells


class WeightedKCF:
    """Tracks one target by correlation; `score` is the peak of the response, 0 to 1.

    filtered: correlate U of eq. (3) and not the image. The mask is learned at `init` from the box alone, by ridge regression
    on four pictures of a cell: its grey value, that blurred twice, and the gradient's size.
    """

    def __init__(self, *, filtered=False, name=None):
        self.filtered, self.name, self.score = filtered, name or ("ref12-filtered" if filtered else "ref12"), 0.0
        profile = np.hanning(SIDE + 2)[1:-1].astype(np.float32)
        self.window = np.outer(profile, profile)

    def init(self, frame, box):
        frame = to_gray(frame)
        box = check_box(box, frame.shape)
        self.shape, self.center, self.size, self.score = frame.shape, centers(box), box[2:].copy(), 1.0
        self.initial, self.scale = self.size.copy(), 1.0
        self.sign = -1 if target_polarity(frame, box) == "dark" else 1
        offset = np.arange(SIDE) - SIDE // 2
        inside = [np.abs(np.arange(SIDE) - (SIDE - 1) / 2) <= SIDE * side / self.side / 2 for side in self.size]
        self.mask = fit_mask(self._plain(frame), np.outer(inside[1], inside[0]))
        sigma = SPREAD * SIDE * float(np.sqrt(self.size.prod())) / self.side
        bell = np.exp(-(offset**2) / (2 * sigma**2))
        self.wanted = np.fft.rfft2(np.fft.ifftshift(np.outer(bell, bell)))
        self.model = self._features(frame)
        self.alpha = self.wanted / (np.fft.rfft2(kernel(self.model, self.model)) + RIDGE)

    def update(self, frame):
        frame = to_gray(frame, shape_of(self))
        best = None
        for factor in SCALES:
            response = np.fft.irfft2(self.alpha * np.fft.rfft2(kernel(self._features(frame, factor), self.model)))
            peak = float(response.max()) * (1.0 if factor == 1 else PENALTY)
            if best is None or peak > best[0]:
                best = peak, factor, response
        self.score, factor, response = float(np.clip(best[0], 0, 1)), *best[1:]
        step = place(response) * self.side * factor / SIDE
        self.center = np.clip(self.center + step, 0, np.array(self.shape[::-1]) - 1e-6)
        self.scale = float(np.clip(self.scale * factor, 0.2, 5.0))
        self.size = np.clip(self.initial * self.scale, 1.0, self.shape[::-1])
        seen = self._features(frame)
        alpha = self.wanted / (np.fft.rfft2(kernel(seen, seen)) + RIDGE)
        self.model, self.alpha = ((1 - RATE) * a + RATE * b for a, b in ((self.model, seen), (self.alpha, alpha)))
        return from_centers(self.center, self.size)

    @property
    def side(self):
        """Of the window, frame pixels."""
        return max(PADDING * float(np.sqrt(self.size.prod())), FLOOR)

    def _plain(self, frame, factor=1.0):
        """The window's cells (SIDE, SIDE) float32, mean 0 and deviation 1, bright targets; `factor` times as wide."""
        side = self.side * factor
        if self.filtered:  # U is bright where the target is, whatever its sign
            part, center = self._suppressed(frame, side)
            return standardize(crop(part, center, side, SIDE))
        return standardize(self.sign * crop(frame, self.center, side, SIDE))

    def _suppressed(self, frame, side):
        """(U of the part of the frame that a window of `side` needs, the window's centre in it)."""
        low = np.clip(np.floor(self.center - side / 2 - 2), 0, np.array(self.shape[::-1]) - 1).astype(int)
        high = np.clip(np.ceil(self.center + side / 2 + 2), low + 1, self.shape[::-1]).astype(int)
        length = min(element_length(self.size), min(self.shape) - 1 + min(self.shape) % 2)
        polarity = "dark" if self.sign < 0 else "bright"
        window = (*low, *(high - low))
        _, U, _ = filter_window(frame, window, line_elements(length, 4), rectangle(1, 1), polarity=polarity)
        return U, self.center - low

    def _features(self, frame, factor=1.0):
        cells = self._plain(frame, factor)
        return cells * weights(cells, self.mask) * self.window


create_filtered = partial(WeightedKCF, filtered=True)


def pictures(cells):
    """What the mask is learned from, (5, H, W): 1, the cells, these blurred by 1 and 3 px, and the gradient's size."""
    near, far = (cv2.GaussianBlur(cells, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) for sigma in (1, 3))
    slope = np.hypot(*np.gradient(near))
    return np.stack([np.ones_like(cells), cells, near, far, slope])


def fit_mask(cells, inside):
    """Coefficients (5,) of the mask: ridge regression of `inside` (H, W), 1 in the box and 0 around, on `pictures`."""
    table = pictures(cells).reshape(5, -1).astype(np.float64)
    share = np.where(inside.ravel(), 0.5 / max(inside.sum(), 1), 0.5 / max((~inside).sum(), 1))  # both count half
    matrix = (table * share) @ table.T + MASK_RIDGE * np.diag([0, 1, 1, 1, 1])
    return np.linalg.solve(matrix, (table * share) @ inside.ravel())


def weights(cells, coefficients):
    """The weight of each cell, from LEAST to 1, (H, W) float32."""
    mask = np.tensordot(coefficients, pictures(cells), axes=1)
    return np.clip(mask, LEAST, 1).astype(np.float32)


def kernel(x, z):
    r"""Gaussian kernel of x with all cyclic shifts of z, (H, W): e to the power of minus their mean squared difference over
    :math:`\sigma^2`, :math:`(|x|^2 + |z|^2 - 2\, x \star z) / N`, by one Fourier transform each."""
    cross = np.fft.irfft2(np.fft.rfft2(x) * np.conj(np.fft.rfft2(z)))
    apart = (np.vdot(x, x) + np.vdot(z, z) - 2 * cross) / x.size
    return np.exp(-np.maximum(apart, 0) / WIDTH**2)


def place(response):
    """(2,) x, y of the peak of a cyclic response, in cells from the middle, between the cells by a parabola each way."""
    row, column = np.unravel_index(int(np.argmax(response)), response.shape)
    found = []
    for line, at in ((response[row], column), (response[:, column], row)):
        n = len(line)
        before, peak, after = line[at - 1], line[at], line[(at + 1) % n]
        bend = before - 2 * peak + after
        at = at + (0.5 * (before - after) / bend if bend < 0 else 0.0)
        found.append((at + n / 2) % n - n / 2)
    return np.array(found)
