"""The near window: the middle of the search window, which is all that has to be looked at of a target seen clearly.

The work of a frame is that of filter and network, and both grow with the window's area. A target that was seen clearly is
expected within a fraction of its size, so the middle is looked at first: less than half of the network's work. No
convolution of the backbone is padded, and level and unit of the crop stay those of the whole window in this very frame, so
the scores there are those that the whole window would give. Where the target is not as clear as before, the whole window is
looked at in the same frame; and so it is in every `WHOLE`-th frame, for what comes near.
"""

import numpy as np

from irtrack_core.network.crops import middle
from irtrack_core.trackers.redetection import ALLOWED
from irtrack_core.trackers.registration import REACH
from irtrack_core.trackers.select_proposal import logit

POSITIONS = 7  # along a side of the near window's score map
TRUSTED = 2  # positions from its middle within which the target is taken: farther out the head's padding shows
SIGMAS = 3.0  # standard deviations of the expected place that have to lie within these
SHARE = 0.99  # least share of the evidence in the window that lies at the target
WHOLE = 8  # frames, one of which looks at the whole window: what comes near is seen before it is there


class NearWindow:
    """The near window of a SiameseTracker that has just begun.

    size: its side in crop pixels, None where there is none: without a Kalman filter nobody knows how far off the target can
    be, and where the unit of a filtered channel is that of the whole window, all of that has to be filtered.
    frames: since the last whole window.
    """

    def __init__(self, tracker):
        s = tracker.net.settings
        self.margin, self.frames = (tracker.n - POSITIONS) // 2, WHOLE
        self.size = s.search_size - 2 * self.margin * s.stride
        self.room = TRUSTED * s.stride  # crop pixels
        if tracker.hypotheses is None or s.unit != "template" or self.margin < 1:
            self.size = None
        elif not tracker.engine.takes(self.size):  # asked now, for it loads a graph: no frame has to wait for that
            self.size = None

    def look(self, tracker, frame, expected):
        """The Observation of the near window about the place `expected` (2,); None where the whole one is to be looked at."""
        if (cut := self.crops(tracker, frame, expected)) is None:
            return None
        return self.seen(tracker, expected, *cut[1:], *tracker.engine.search(cut[0]))

    def crops(self, tracker, frame, expected):
        """(near crops (1, inputs, size, size) to be searched, crops to be kept, side of these), or None for the whole window.

        Kept is the near crop itself, or the whole one where `Spot` will want that, as it did in the last frame.
        """
        self.frames += 1
        if self.frames >= WHOLE or not self._enough(tracker):
            self.frames = 0
            return None
        if not (tracker.spot and tracker.spot.asked):
            crops, side = tracker.crops(frame, [expected], size=self.size)
            return crops, crops, side
        crops, side = tracker.crops(frame, [expected])
        return np.stack([[middle(channel, self.size) for channel in crop] for crop in crops]), crops, side

    def _enough(self, tracker):
        """True where all that is known so far says that the target is in the near window, and clear."""
        if self.size is None or tracker.observation is None or tracker.hypotheses.others:
            return False
        if tracker.redetection.busy or tracker.observation.share < SHARE:
            return False
        if tracker.neighbours is not None and tracker.neighbours.near:
            return False
        zoom = tracker.observation.zoom
        picture = REACH * zoom * float(tracker.size.max()) / 2  # half of what is laid over the template's
        return SIGMAS * tracker.motion.std * zoom <= self.room and picture + self.room <= self.size / 2

    def seen(self, tracker, expected, crops, side, scores, deltas):
        """The Observation from the network's answer about the near crops, as of the whole window with nothing in its outer
        part; None where the target is not seen clearly there. crops, side: those to be kept."""
        whole = (self._whole(part, tracker.n) for part in (scores, deltas))
        (seen,) = tracker.decode([expected], side, crops, *whole, std=tracker.motion.std)
        row, column = divmod(seen.best % tracker.n**2, tracker.n)
        trusted = max(abs(row - tracker.n // 2), abs(column - tracker.n // 2)) <= TRUSTED
        if trusted and seen.share >= SHARE and logit(seen.score) >= tracker.redetection.reference - ALLOWED:
            return seen
        self.frames = 0
        return None

    def _whole(self, part, n):
        """The maps (..., n, n) of the whole window, of which `part` (..., POSITIONS, POSITIONS) is the middle, else 0."""
        whole, inside = np.zeros((*part.shape[:-2], n, n), part.dtype), slice(self.margin, n - self.margin)
        whole[..., inside, inside] = part
        return whole
