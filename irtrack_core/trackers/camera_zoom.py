"""The camera's zoom, which makes target and background larger alike: the background tells by how much.

What a network says about sizes is half the annotator's habit, so changes of size are followed late or not at all. A zoom is
no such change. Every few frames the tile about the target is laid onto the one before by a shift, a turn and a scale
(`filtering.background_motion`; the target itself does not count), and the target's size is taken to have grown by that scale.
Where the tile has no structure, as in a calm sky, or the two do not fit, nothing is said.
"""

from math import atan2, exp, hypot, log

import cv2
import numpy as np

from irtrack_core.filtering import filled
from irtrack_core.filtering.background_motion import STILL, Pyramid, Registration, structure, to_frames, to_tiles

OFTEN, SELDOM = 2, 8  # frames from one measurement to the next: while the camera zooms or that is not known, and else
GROWING = 0.001  # of the logarithm of the scale, a frame, from which on the camera zooms
ROUNDS = 6  # of a registration, on each level: a scale takes longer than a shift
TURN = 0.01  # rad: nobody turns a camera while zooming; what seems to is no fit either
FITS = 0.25  # share of the tile's own structure, up to which what is left of it after a registration is a fit
GOOD = 0.04  # the same, up to which no coarser level is asked
PRIOR = 1.0  # logarithm of the odds that a target has the camera's zoom, before anything is known ...
CAP = 4.0  # ... and what these are kept within, so that they can change
LEAST = 0.05  # of the logarithm of the zoom, below which pictures with and without it are alike
HIGHEST = 0.99  # of a likeness: what is left then is noise
GAIN = (
    0.1  # of the logarithm of the tile's structure: where it changes by more the gain may have, which looks like a zoom
)
TINY = 1e-9  # a structure that is none, grey values
LARGEST = 0.5  # of the logarithm of the scale between two measurements
AROUND = 0.5  # sides of the target on each side of its box that do not count
SHARE = 0.5  # of the tile's side: a target larger than this leaves too little of the background


class TargetZoom:
    """The camera's zoom as far as the target has it: a camera that flies forward makes its background larger, and no target.

    What tells is the target's picture: it is laid over the template's with the size that the zoom gives it, and with the one
    that it has without. log_zoom: measured since the first frame; evidence: logarithm of the odds that the target has it.
    """

    def __init__(self, frame, center, size, tile=256):
        self.camera, self.log_zoom, self.evidence = CameraZoom(frame, center, size, tile), 0.0, PRIOR

    @property
    def applied(self):
        """Logarithm of the zoom that the target has."""
        return self.log_zoom if self.evidence > 0 else 0.0

    def follow(self, tracker, frame, log_size):
        """Let the size of a SiameseTracker's target grow with the zoom; frame: (H, W).

        log_size: (2,) what its network says, over the size that the target had with the former zoom. What is returned is over
        that with the present one.
        """
        before, believed = self.applied, self.evidence > 0
        self.log_zoom += self.camera(frame, tracker.center, tracker.size)
        if self.camera.measured and abs(self.log_zoom) > LEAST and tracker.alignment and not tracker.lost:
            self._weigh(tracker, before)
        grown = self.applied - before
        tracker.initial_size = tracker.initial_size * np.exp(grown)
        # what is believed otherwise now is no growth of the target
        tracker.log_growth = tracker.log_growth - (int(self.evidence > 0) - believed) * self.log_zoom
        return log_size - grown

    def _weigh(self, tracker, before):
        """Take a frame into the evidence; its residuals' variances are 1 - likeness^2."""
        size = tracker.size * np.exp(-before)
        zoomed, still = (tracker.alignment.likeness(tracker, size * np.exp(z)) for z in (self.log_zoom, 0.0))
        odds = log((1 - min(max(still, 0.0), HIGHEST) ** 2) / (1 - min(max(zoomed, 0.0), HIGHEST) ** 2))
        self.evidence = min(max(self.evidence + min(max(odds, -1.0), 1.0), -CAP), CAP)


class CameraZoom:
    """Measures how the picture about a target grows.

    frame: (H, W), the one the target was given in; center: (x, y), size: (w, h) of the target; tile: side of what is looked
    at, pixels.
    """

    def __init__(self, frame, center, size, tile=256):
        self.extent, self.frames = tile, 0
        self.motion, self.usual, self.interval, self.spanned = STILL, None, OFTEN, OFTEN
        self.before = self._look(frame, center, size)

    def __call__(self, frame, center, size):
        """Logarithm of the zoom since the last measurement; 0 in frames between, and where nothing can be told."""
        self.frames += 1
        self.measured = self.frames >= self.interval
        if not self.measured:
            return 0.0
        self.frames, (past, origin, _), self.before = 0, self.before, self._look(frame, center, size)
        now, here, box = self.before
        whole = structure(now)
        if box is None or not abs(log(max(whole, TINY) / max(structure(past), TINY))) < GAIN:
            return 0.0
        start = to_tiles(_times(self.motion, self.interval / self.spanned), origin, here)
        self.spanned, usual = self.interval, max(GOOD * whole, self.usual or 0.0)
        motion, misfit = Registration(now, "similarity", box)(past, start, usual=usual, rounds=ROUNDS)
        scale, turn = hypot(motion[0][0], motion[1][0]), atan2(motion[1][0], motion[0][0])
        if not (misfit <= FITS * whole and abs(turn) <= TURN and exp(-LARGEST) <= scale <= exp(LARGEST)):
            self.interval = min(2 * self.interval, SELDOM) if self.usual is None else OFTEN
            self.motion, self.usual = STILL, None
            return 0.0
        growing = abs(log(scale)) > GROWING * self.interval
        self.interval = OFTEN if growing else min(2 * self.interval, SELDOM)
        self.motion, self.usual = to_frames(motion, origin, here), misfit
        return -log(scale)

    def _look(self, frame, center, size):
        """(Pyramid, corner (x, y), box (x0, y0, x1, y1) of the target or None where it is too large) of the tile, halved, and
        in its pixels."""
        extents = [min(self.extent, length) for length in frame.shape[1::-1]]
        x, y = (min(max(int(c - e / 2), 0), n - e) for c, e, n in zip(center, extents, frame.shape[1::-1]))
        tile = filled(frame[y : y + extents[1], x : x + extents[0]])
        half = cv2.resize(tile, [max(e // 2, 1) for e in extents], interpolation=cv2.INTER_AREA).astype(np.float32)
        middle, reach = center - np.array([x, y]), (0.5 + AROUND) * size
        box = None if (size > SHARE * np.array(extents)).any() else (*((middle - reach) / 2), *((middle + reach) / 2))
        return Pyramid(half), (x / 2, y / 2), box


def _times(motion, factor):
    """A small motion that goes on for `factor` times as long."""
    return tuple(tuple(s + factor * (m - s) for m, s in zip(row, still)) for row, still in zip(motion, STILL))
