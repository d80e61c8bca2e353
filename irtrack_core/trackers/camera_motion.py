"""Has the whole picture jumped? A camera that is knocked moves target and background alike, farther than any window.

Between two frames the picture's fine structure stays where it is, or moves by a little. When it suddenly no longer fits,
phase correlation tells the shift, and the target is looked for there too. Only a tile about the target is looked at: no work
grows with the frame, and the shift is computed in the frames that jumped alone.
"""

import cv2
import numpy as np

from irtrack_core.config import JumpSettings
from irtrack_core.filtering import filled

__all__ = ["JumpWatch", "shift_between"]


def _detail(tile, width):
    return tile - cv2.blur(tile, (width, width))


def shift_between(before, after):
    """((dx, dy), response): how far the picture moved from one tile (h, w) float32 to the next, pixels.

    By phase correlation. The response is the share of its energy about the peak: near 1 for a pure shift, near 0 when the two
    have nothing in common. Shifts up to about a third of the tile are found.
    """
    if min(before.shape) < 2:
        return (0.0, 0.0), 0.0  # a line has no window
    window = cv2.createHanningWindow(before.shape[::-1], cv2.CV_32F)
    return cv2.phaseCorrelate(_detail(before, 15), _detail(after, 15), window)


class JumpWatch:
    """Watches the surroundings of a target for jumps of the whole picture.

    frame: (H, W), the one the target was given in; center: (x, y) of the target. settings: JumpSettings.
    """

    def __init__(self, frame, center, settings=None):
        self.settings, self.usual, self.changed = settings or JumpSettings(), None, False
        self._place(frame, center)
        self.keep(frame, center)

    def keep(self, frame, center):
        """Remember this frame's tile for the next frame; the tile moves only when the target comes near its edge."""
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
        self.small, self.now = self.now, None

    def _place(self, frame, center):
        spans = []
        for length, middle in zip(frame.shape[1::-1], center):
            extent = min(self.settings.tile, length)
            first = min(max(int(middle - extent / 2), 0), length - extent)
            spans.append(slice(first, first + extent))
        self.where, self.now = spans[::-1], None

    def _small(self, tile):
        """The tile's fine structure, shrunk and of unit norm."""
        for _ in range(self.settings.halvings):  # twice by two takes a quarter of the time of once by four
            tile = cv2.resize(tile, (-(-tile.shape[1] // 2), -(-tile.shape[0] // 2)), interpolation=cv2.INTER_AREA)
        small = _detail(tile.astype(np.float32), 9)
        return small / max(float(np.linalg.norm(small)), 1e-9)

    def __call__(self, frame, doubt=False):
        """The picture's jump (2,) in pixels since the frame that was kept, or None when there was none that can be told.

        doubt: tell its shift also where the structure fits the frame before as well as usual, which is not at all while the
        camera pans: a jump then looks like every other frame.
        """
        now = filled(frame[self.where[0], self.where[1]])
        self.now = self._small(now)
        likeness = float(np.vdot(self.now, self.small))
        if self.usual is None:
            self.usual = likeness
        self.changed = likeness <= self.usual - self.settings.fall
        if not self.changed:
            self.usual += 0.1 * (likeness - self.usual)
            if not doubt:
                return None
        shift, response = shift_between(self.tile.astype(np.float32), now.astype(np.float32))
        there = response > self.settings.response and np.hypot(*shift) > self.settings.least
        return np.array(shift) if there else None
