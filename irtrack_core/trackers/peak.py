"""PEAK: the strongest residual of eq. (3) near where the target should be. No learning: the baseline to beat."""

from functools import partial

import cv2
import numpy as np

from irtrack_core.boxes import centers, check_box, from_centers
from irtrack_core.config import PeakSettings, TemporalSettings
from irtrack_core.filtering import (
    TemporalFilter,
    element_length,
    filter_window,
    line_elements,
    rectangle,
    without_target,
)
from irtrack_core.trackers.base import in_unit, shape_of, to_gray, unit_of


class PeakTracker:
    """Line top-hat in a window around a constant-velocity prediction, then the largest residual near it.

    The box keeps its size: so does its offset from the blob's centroid, which carries the annotator's convention.
    Dark targets: the polarity with the stronger residual in the first box is taken. See `PeakSettings`.

    init and update raise ValueError or TypeError for an unusable frame or box.
    """

    score = 0.0

    def __init__(self, settings=None, *, name="peak", **options):
        self.settings, self.name = (settings or PeakSettings()).replace(**options), name

    def init(self, frame, box):
        frame = to_gray(frame)
        self.box, self.unit = check_box(box, frame.shape), unit_of(frame)
        frame = in_unit(frame, self.unit)
        self.shape, self.size, self.score = frame.shape, self.box[2:].copy(), 1.0
        longest = min(frame.shape) - 1 + min(frame.shape) % 2  # odd, and no longer than the frame is wide or high
        length = min(element_length(self.size, self.settings.length), longest)
        self.elements = line_elements(length, self.settings.angles)
        self.radius = max(self.settings.window_floor, self.settings.window_scale * self.size.max())
        center = centers(self.box)
        self.temporal, found = None, {}
        for self.polarity in ("bright", "dark"):
            residual, _, origin = self._responses(frame, center, self.size / 2 + 1)
            found[self.polarity] = self._refine(residual, origin, self._peak(residual, origin, center, self.size.max()))
        self.polarity = max(found, key=lambda polarity: found[polarity][1])
        blob, self.amplitude = found[self.polarity]
        # a flat first frame has no blob to measure an offset from
        self.offset = center - blob if self.amplitude > 0 else np.zeros(2)
        self.blob, self.velocity, self.lost = center - self.offset, np.zeros(2), 0
        if self.settings.temporal:
            self.temporal = TemporalFilter(self.settings.temporal)
            self.temporal.push(frame, center, self.size, target_free=without_target(frame, self.box))

    def update(self, frame):
        frame, s = in_unit(to_gray(frame, shape_of(self)), self.unit), self.settings
        expected = self.blob + self.velocity
        if self.temporal:
            self.temporal.push(frame, expected, self.size)
        expected = np.clip(expected, 0, np.array(self.shape[::-1]) - 1e-6)
        reach = self.radius * (1 + s.window_growth * min(self.lost, s.patience))
        residual, evidence, origin = self._responses(frame, expected, np.array([reach, reach]))
        place = self._peak(evidence, origin, expected, s.nearness * reach)
        if self.temporal:
            place = self._settle(residual, place)
        blob, peak = self._refine(residual, origin, place)
        strength = peak / self.amplitude if self.amplitude > 0 else float(peak > 0)
        self.score = float(np.clip(strength, 0, 1))
        if strength < s.lost_below:  # nothing like the target in sight: coast on, slower and slower, and look wider
            self.lost += 1
            self.velocity = self.velocity * s.coasting
            self.blob = expected
        else:
            step = blob - self.blob
            self.velocity = self.velocity + s.velocity_rate * (step - self.velocity) if not self.lost else step * 0
            self.amplitude += s.amplitude_rate * (peak - self.amplitude)
            self.blob, self.lost = blob, 0
        self.box = from_centers(self.blob + self.offset, self.size)
        return self.box.copy()

    def _responses(self, frame, center, reach):
        """(U, evidence, corner (x, y)) in the window center +- reach clipped to the frame; U of eq. (3) float32, and with the
        filter in time the joint evidence of U and D, else U once more."""
        height, width = frame.shape
        low = np.clip(np.floor(center - reach), 0, [width - 1, height - 1]).astype(int)
        high = np.clip(np.ceil(center + reach), low + 1, [width, height]).astype(int)
        window = (*low, *(high - low))
        if self.settings.pre_blur:
            frame = _Blurred(frame, self.settings.pre_blur * float(np.sqrt(self.size.prod())))
        _, residual, _ = filter_window(frame, window, self.elements, rectangle(1, 1), polarity=self.polarity)
        residual = residual.astype(np.float32)
        if self.temporal is None:
            return residual, residual, low
        return residual, joint_evidence(residual, self.temporal.residual(window, self.polarity)), low

    def _settle(self, residual, place):
        """The largest U within half a box of the strongest evidence: D is highest at the edge that a target moves with."""
        row, column = place
        reach = np.floor(self.size / 2).astype(int)
        top, left = max(row - reach[1], 0), max(column - reach[0], 0)
        part = residual[top : row + reach[1] + 1, left : column + reach[0] + 1]
        row, column = np.unravel_index(np.argmax(part), part.shape)
        return row + top, column + left

    def _peak(self, residual, origin, expected, sigma):
        """Row, column of the largest residual, weighted by a Gaussian of `sigma` pixels around the expected place."""
        y = np.arange(residual.shape[0]) + 0.5 + origin[1] - expected[1]
        x = np.arange(residual.shape[1]) + 0.5 + origin[0] - expected[0]
        weight = np.exp(-0.5 * (y / sigma) ** 2)[:, None] * np.exp(-0.5 * (x / sigma) ** 2)
        return np.unravel_index(np.argmax(residual * weight), residual.shape)

    def _refine(self, residual, origin, peak):
        """Centroid (x, y) of the residual around a peak, sub-pixel, and the peak's height.

        Only what stands above half the peak counts, within half a box of it: noise and neighbours do not pull.
        """
        row, column = peak
        reach = np.maximum(np.ceil(self.size / 2), 1).astype(int)
        top, left = max(row - reach[1], 0), max(column - reach[0], 0)
        part = residual[top : row + reach[1] + 1, left : column + reach[0] + 1]
        weight = np.maximum(part - self.settings.centroid_level * residual[peak], 0)
        total = weight.sum()
        if total == 0:  # a flat window: the peak's own pixel
            return np.array([column + 0.5, row + 0.5]) + origin, float(residual[peak])
        x = weight.sum(axis=0) @ (np.arange(part.shape[1]) + left + 0.5) / total
        y = weight.sum(axis=1) @ (np.arange(part.shape[0]) + top + 0.5) / total
        return np.array([x, y], dtype=np.float64) + origin, float(residual[peak])


def joint_evidence(*responses):
    """(H, W) float32: the sum of filter responses, each over its own mean in the window.

    Away from targets the values of a response fall about exponentially, so that value over mean is -ln of the
    probability of so high a value by chance, and the sum is Fisher's joint evidence. A response that is high
    everywhere, as U over trees or D before boiling clouds, so counts for little by itself.
    """
    return sum(response / np.float32(response.mean() + 1e-6) for response in responses)


class _Blurred:
    """A frame (H, W) seen through a Gaussian of `sigma` px, float32; only what is read is computed, as of the whole frame."""

    lazy = True

    def __init__(self, frame, sigma):
        self.frame, self.shape, self.sigma = frame, frame.shape, sigma
        self.reach = int(np.ceil(4 * sigma))

    def __getitem__(self, window):
        spans = [side.indices(length)[:2] for side, length in zip(window, self.shape)]
        wide = [(max(low - self.reach, 0), min(high + self.reach, n)) for (low, high), n in zip(spans, self.shape)]
        part = np.ascontiguousarray(self.frame[tuple(slice(*each) for each in wide)], np.float32)
        side = 2 * self.reach + 1
        soft = cv2.GaussianBlur(part, (side, side), self.sigma, borderType=cv2.BORDER_REPLICATE)
        return soft[tuple(slice(low - start, high - start) for (low, high), (start, _) in zip(spans, wide))]


# what moves counts beside what is small: the honest baseline of the filter in time
create_motion = partial(PeakTracker, temporal=TemporalSettings(), name="peak-motion")
# the simplest matched filter: noise of single pixels is smoothed as wide as the target is. In clutter it joins neighbours
create_blurred = partial(PeakTracker, pre_blur=0.25, name="peak-blur")
