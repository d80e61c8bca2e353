"""Sudden camera motion: a camera that is knocked moves target and background alike, farther than any search window.

Between two frames the picture's fine structure stays where it is, or moves by a little. When it suddenly no longer fits,
phase correlation tells the shift, and the target is looked for there too. Only a tile about the target is looked at, so that
no work grows with the frame, and the shift is computed in frames that do not fit alone.
"""

import cv2
import numpy as np

from irtrack_core.filtering import filled
from irtrack_core.trackers.base import infrared
from irtrack_core.trackers.select_proposal import logit

HALVINGS = 2  # times the tile is halved before it is compared with the frame before
FALL = 0.3  # of the correlation below its running reference from which the picture counts as changed
LEAST_RESPONSE = 0.2  # of the phase correlation
GAIN = 2.5  # factor by which the structure stands out more or less than before, from which on the gain has made a step
ALIKE = 0.5  # least correlation of frames whose structure can be compared: of noise there is none
SHORTEST = 4.0  # pixels; shorter shifts are left to the search window
MARGIN = 0.5  # logits by which the place after a sudden motion may score lower


def _detail(tile, width):
    return tile - cv2.blur(tile, (width, width))


def shift_between(before, after):
    """((dx, dy), response): the shift of the picture from one tile (h, w) float32 to the next, pixels, by phase correlation.

    The response is the share of its energy about the peak: near 1 for a pure shift, near 0 when the two have nothing in
    common. Shifts up to about a third of the tile are found.
    """
    if min(before.shape) < 2:
        return (0.0, 0.0), 0.0  # a line has no window
    window = cv2.createHanningWindow(before.shape[::-1], cv2.CV_32F)
    return cv2.phaseCorrelate(_detail(before, 15), _detail(after, 15), window)


class CameraMotion:
    """Detects scene cuts, sudden shifts of the picture about a target, and steps of the camera's gain.

    frame: (H, W), the one the target was given in; center: (x, y) of the target; tile: side of what is looked at, pixels.
    `changed` is True after a frame that does not fit the one before. `gain` is that of the last frame over the one before
    where it has changed in a step, as when a camera changes its range, and else 1.
    """

    def __init__(self, frame, center, tile=256):
        self.extent, self.reference, self.changed, self.gain = tile, None, False, 1.0
        self._place(frame, center)
        self.keep(frame, center)

    def keep(self, frame, center):
        """Store this frame's tile for the next frame; the tile moves only when the target comes near its edge."""
        rows, columns = self.where
        inside = all(
            span.start + 0.25 * (span.stop - span.start) <= c <= span.stop - 0.25 * (span.stop - span.start)
            or span.stop - span.start == length
            for c, span, length in zip(center, (columns, rows), frame.shape[1::-1])
        )
        if not inside:
            self._place(frame, center)
        self.tile = filled(frame[self.where[0], self.where[1]]).copy()
        if not inside or self.now is None:
            self.now = self._small(self.tile)
        (self.small, self.contrast), self.now = self.now, None

    def _place(self, frame, center):
        spans = []
        for length, middle in zip(frame.shape[1::-1], center):
            extent = min(self.extent, length)
            first = min(max(int(middle - extent / 2), 0), length - extent)
            spans.append(slice(first, first + extent))
        self.where, self.now = spans[::-1], None

    def _small(self, tile):
        """(the tile's fine structure, shrunk and of unit norm, its norm before)."""
        for _ in range(HALVINGS):  # twice by two takes a quarter of the time of once by four
            tile = cv2.resize(tile, (-(-tile.shape[1] // 2), -(-tile.shape[0] // 2)), interpolation=cv2.INTER_AREA)
        small = _detail(tile.astype(np.float32), 9)
        contrast = max(float(np.linalg.norm(small)), 1e-9)
        return small / contrast, contrast

    def __call__(self, frame, doubt=False):
        """The picture's shift (2,) in pixels since the frame that was kept, or None when there was none that can be told.

        doubt: tell the shift also where the structure fits the frame before as well as usual, which is not at all while the
        camera pans: a sudden shift then looks like every other frame.
        """
        now = filled(frame[self.where[0], self.where[1]])
        self.now = self._small(now)
        correlation, gain = float(np.vdot(self.now[0], self.small)), self.now[1] / self.contrast
        if self.reference is None:
            self.reference = correlation
        self.changed = correlation <= self.reference - FALL
        self.gain = gain if max(gain, 1 / gain) > GAIN and correlation > ALIKE and not self.changed else 1.0
        if not self.changed:
            self.reference += 0.1 * (correlation - self.reference)
            if not doubt:
                return None
        shift, response = shift_between(self.tile.astype(np.float32), now.astype(np.float32))
        return np.array(shift) if response > LEAST_RESPONSE and np.hypot(*shift) > SHORTEST else None

    def follow(self, tracker, frame, expected):
        """The expected place (2,) of a SiameseTracker's target, moved with the whole picture where the camera moved suddenly
        and the target is seen there: the tracker's `observation` is then the one of that place."""
        shift = self(infrared(frame), tracker.redetection.in_doubt)
        if self.gain != 1:
            tracker.maker.regain(self.gain)
            (tracker.observation,) = tracker.look(frame, [expected], std=tracker.motion.std)
        if shift is None:
            return expected
        # while the camera pans, the shift holds what the expected place holds already
        moved = [tracker.clipped(place + shift) for place in (expected, tracker.center)]
        there = max(tracker.look_where_valid(frame, moved), key=lambda one: one.score, default=None)
        if there is None:
            return expected
        # a look-alike nearer to the place before says nothing against a target that scores as usual after the motion
        lead = logit(there.score) - logit(tracker.observation.score)
        if not (self.changed and lead >= -MARGIN or tracker.redetection.near_reference(there.score)):
            return expected
        tracker.observation = there
        if (previous := tracker.redetection.previous) is not None:
            previous.center = previous.center + shift
        for one in filter(None, (tracker.hypotheses, tracker.neighbours)):
            one.shift(shift)
        return there.center
