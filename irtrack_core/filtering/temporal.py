r"""The filter's third level, in time: what moves against the background stays, whatever the background looks like.

A frame I of time t, past frames laid onto it (`background_motion`), and over those at each pixel

.. math:: B = \operatorname{median}_k I_{t-k}, \qquad s^2 = \operatorname{var}_k I_{t-k}, \qquad
          D = \frac{\max(I - B, 0)}{s + 3\rho}

where :math:`\rho` is the root mean square of :math:`I - B` about the target. U of eq. (3) asks "is it smaller than the
background's structures?", D asks "was it here before?". D is in units of the scene's own changes, so 8 and 16 bits give the
same. Without :math:`\rho` each grey step in a calm sky would be a target, for s is 0 there.

Where registration errs by e px, a slope of g counts a pixel leaves g e of the background. A target that moves less than
its own size within the gaps is in B too, and D forgets it: a hovering target is for U.

Dark targets: max(B - I, 0). Both polarities: |I - B|.
"""

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from irtrack_core.config import TemporalSettings
from irtrack_core.filtering.background_motion import (
    STILL,
    Pyramid,
    Registration,
    compose,
    structure,
    to_frames,
    to_tiles,
    warp,
)
from irtrack_core.filtering.multilevel import POLARITIES, block_means, filled
from irtrack_core.filtering.over_frames import deviation, finite, median, unknown_in

FLOOR = 3.0  # of rho: a change must stand out from the scene's other changes, not only from those of its own pixel
LARGEST = 99  # per cent of |I - B| up to which it counts in rho: above are targets and sparks
GRID = 4  # px between the places at which rho is taken
JUMP = 4.0  # times the usual misfit: the scene is another, and there is nothing to compare with
UNEXPLAINED = 0.7  # share of the tile's own structure left by a registration above which a farther motion is looked for
COVERED = 0.25  # of the last frame's structure: one with less shows a shutter, or a lens cap, and no scene
LONGEST_COVER = 25  # frames that such a thing may last, about a second; then it is the scene
RENEWED = 0.1  # share of a new misfit in the usual one
STRAY = (
    1.5  # px by which a frame laid on directly may differ from the sum of the steps; farther, it fits something else
)
AROUND = 0.75  # sides of the target on each side of its centre that do not count where the background is looked at


@dataclass
class Past:
    """A past tile: pixels (h, w) float32, its Pyramid, its corner (x, y), and where the present places lie in its frame."""

    tile: np.ndarray
    levels: Pyramid
    origin: tuple
    motion: tuple


class TemporalFilter:
    """D of windows about a moving place, frame after frame; what is remembered are tiles, so memory is bounded.

    settings: TemporalSettings; block: px of the frame a side that are averaged into one of the tile, for large targets.
    `push` each frame, then ask for the `residual` of any window.
    shift: (2,) px by which the background moved in the last frame, NaN where that cannot be told. changed: True after a
    frame that has nothing in common with those before: the history begins anew. repeated: True after a frame equal to the
    one before it, which teaches nothing. covered: for how many frames a shutter has hidden the scene; they are not
    remembered, and D is 0 in them. window: (x, y, w, h) of the frame that the tile covers.
    """

    def __init__(self, settings=None, *, block=1, **options):
        self.settings, self.block = (settings or TemporalSettings()).replace(**options), block
        self.past, self.now, self.usual = deque(maxlen=max(self.settings.gaps)), None, None
        self.shift, self.changed, self.repeated, self.chosen, self.step = np.full(2, np.nan), False, False, [], STILL
        self.covered = 0

    def push(self, frame, center, size=None, *, target_free=None):
        """Take in the present frame (H, W); what is looked at and remembered is a tile about `center` (x, y).

        size: (w, h) of the target there, which tells nothing of the background. target_free: function of a window
        (x, y, w, h) that gives the frame without its target there, see `without_target`: it is remembered instead.
        """
        if self.now is not None and self.shape != frame.shape:
            self.past.clear()
            self.now, self.usual, self.step = None, None, STILL
        self.shape = frame.shape
        if self.now is not None and np.array_equal(self._cut(frame), self.tile):
            self.repeated, self.changed, self.shift = True, False, np.zeros(2)
            return
        extent = [self.block * min(self.settings.tile, n // self.block) for n in frame.shape[1::-1]]
        corner = [min(max(round(float(c) - e / 2), 0), n - e) for c, e, n in zip(center, extent, frame.shape[1::-1])]
        self.window, self.origin = (*corner, *extent), tuple(c / self.block for c in corner)
        self.tile = self._cut(frame)
        self.box = None if size is None else _around(center, size, corner, self.block)
        self.levels, self.repeated = Pyramid(self.tile), False
        if self._is_covered():
            self.changed, self.shift, self.chosen = False, np.full(2, np.nan), []
            return
        if self.now is not None:
            self.past.append(self.now)
        self._register()
        # without its target, the first frame can already be compared with
        remembered = self.tile if target_free is None else self._reduced(target_free(self.window))
        self.now = Past(remembered, self.levels, self.origin, STILL)
        self.chosen = [self.past[-gap] for gap in self.settings.gaps if gap <= len(self.past)] or [*self.past][:1]
        self._lay()
        self._measure()

    def residual(self, window, polarity="bright"):
        """D (h, w) float32 of a window (x, y, w, h) of the last frame; 0 beyond the tile and where nothing is known.

        It is that of the whole tile, to the rounding of a resampled place. With blocks, x and y are counted from the tile's
        corner, and all in blocks. Raises ValueError for an unknown polarity, RuntimeError before the first `push`.
        """
        if polarity not in POLARITIES:
            raise ValueError(f"polarity must be one of {', '.join(POLARITIES)}, not {polarity!r}")
        if self.now is None:
            raise RuntimeError("no frame is known yet: call push(frame, center) first")
        x, y, w, h = (int(v) for v in window)
        if self.block == 1:
            x, y = x - self.window[0], y - self.window[1]
        D, (height, width) = np.zeros((h, w), np.float32), self.tile.shape
        left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
        if not self.chosen or left >= right or top >= bottom:
            return D
        planes = self._planes((self.origin[0] + left, self.origin[1] + top), (right - left, bottom - top))
        for plane, level in zip(planes, self.level):
            plane += level
        unknown = unknown_in(planes)
        before, spread = median(planes, unknown), deviation(planes, unknown)
        seen = self.tile[top:bottom, left:right]
        change = before - seen if polarity == "dark" else seen - before
        change = np.abs(change) if polarity == "both" else np.maximum(change, 0)
        spread += np.float32(FLOOR * self.rho + 1e-6)
        change /= spread
        if not finite(change):
            change = np.nan_to_num(change, copy=False)
        D[top - y : bottom - y, left - x : right - x] = change
        return D

    def _cut(self, frame):
        x, y, w, h = self.window
        return self._reduced(np.ascontiguousarray(frame[y : y + h, x : x + w]))

    def _reduced(self, part):
        part = filled(part)
        return (block_means(part, self.block) if self.block > 1 else part).astype(np.float32)

    def _is_covered(self):
        """True where the present tile shows a shutter; counts for how long."""
        shows = self.now is None or structure(self.levels) >= COVERED * structure(self.now.levels)
        self.covered = 0 if shows or self.covered >= LONGEST_COVER else self.covered + 1
        return self.covered > 0

    def _register(self):
        """The present tile's place in the past frames: the last step, and with it all that are known."""
        self.changed, self.shift = False, np.full(2, np.nan)
        if not self.past:
            return
        if self.settings.model == "still":
            self.shift = np.zeros(2)
            return
        self.register, last = Registration(self.levels, self.settings.model, self.box), self.past[-1]
        # a camera goes on as it did
        start = to_tiles(compose(last.motion, self.step), last.origin, self.origin)
        motion, misfit = self.register(last.levels, start, usual=self.usual)
        usual = np.inf if self.usual is None else self.usual
        unexplained = UNEXPLAINED * structure(self.levels)
        if misfit > unexplained and not misfit <= 1.5 * usual < np.inf:
            far = self.register(last.levels, self._far(last))
            motion, misfit = min((motion, misfit), far, key=lambda found: found[1])
        if misfit > max(JUMP * usual, unexplained) or misfit == np.inf:
            self.changed, self.usual, self.step = True, None, STILL
            self.past.clear()
            return
        self.usual = misfit if self.usual is None else self.usual + RENEWED * (misfit - self.usual)
        step = self.step = to_frames(motion, last.origin, self.origin)
        for one in self.past:
            one.motion = compose(one.motion, step)
        x, y = (start + n / 2 for start, n in zip(self.origin, self.tile.shape[::-1]))
        (a, b, right), (c, d, down) = step
        self.shift = self.block * np.array([x - a * x - b * y - right, y - c * x - d * y - down])

    def _far(self, last):
        """A start for a motion that is too large for the pyramid, by phase correlation."""
        before, now = last.levels[0], self.levels[0]
        if before.shape != now.shape or min(now.shape) < 2:
            return to_tiles(last.motion, last.origin, self.origin)
        window = cv2.createHanningWindow(now.shape[::-1], cv2.CV_32F)
        # OpenCV 5.0 multiplies what it is given by the window, in place
        (dx, dy), _ = cv2.phaseCorrelate(now.copy(), before.copy(), window)
        return (1.0, 0.0, 2 * dx), (0.0, 1.0, 2 * dy)  # the finest level is half the picture

    def _lay(self):
        """Lay the chosen frames on directly, for the errors of single steps add up."""
        if self.settings.model == "still" or not self.chosen:
            return
        starts = [to_tiles(one.motion, one.origin, self.origin) for one in self.chosen]
        for one, start, motion in zip(
            self.chosen, starts, self.register.once([one.levels for one in self.chosen], starts)
        ):
            if max(abs(now[2] - then[2]) for now, then in zip(motion, start)) < STRAY:
                one.motion = to_frames(motion, one.origin, self.origin)

    def _planes(self, corner, size, step=1, **options):
        """The chosen frames at places `step` px apart from `corner` (x, y) on: a list of (h, w) float32."""
        grid = (step, 0.0, 0.0), (0.0, step, 0.0)
        motions = [compose(to_tiles(one.motion, one.origin, corner), grid) for one in self.chosen]
        return [warp(one.tile, motion, size, **options) for one, motion in zip(self.chosen, motions)]

    def _measure(self):
        """rho, and the grey level of the present frame over that of each chosen one, from a grid of places of the tile."""
        self.rho, self.level = 0.0, [0.0] * len(self.chosen)
        if not self.chosen:
            return
        seen = self.tile[::GRID, ::GRID]
        planes = self._planes(self.origin, seen.shape[::-1], GRID, border=cv2.BORDER_REPLICATE)
        apart = (seen - np.stack(planes)).reshape(len(planes), -1)
        middle = seen.size // 2
        self.level = np.partition(apart, middle)[:, middle].tolist()  # a camera's gain control moves it
        for plane, level in zip(planes, self.level):
            plane += level
        change = np.abs(seen - median(planes))
        if self.box is not None:
            x0, y0, x1, y1 = (max(int(v // GRID), 0) for v in self.box)
            change[y0 : y1 + 2, x0 : x1 + 2] = 0
        change = np.minimum(change, _middle(change.ravel(), LARGEST))
        self.rho = float(np.sqrt(np.vdot(change, change) / change.size))


def without_target(frame, box):
    """A function of a window (x, y, w, h) that gives `frame` there, its surroundings continued over the target in `box`.

    For the first frame, where the target's place is known: past frames that hold it would hide it in D.
    """
    box, shape = np.asarray(box, dtype=np.float64), np.array(frame.shape[1::-1])
    low = np.clip(np.floor(box[:2] - 1), 0, shape - 1).astype(int)
    high = np.clip(np.ceil(box[:2] + box[2:] + 1), low + 1, shape).astype(int)

    def seen(window):
        x, y, w, h = window
        part = filled(np.ascontiguousarray(frame[y : y + h, x : x + w])).astype(np.float32)
        mask = np.zeros(part.shape, np.uint8)
        (left, top), (right, bottom) = (np.clip(corner - [x, y], 0, [w, h]) for corner in (low, high))
        mask[top:bottom, left:right] = 1
        return part if mask.all() or not mask.any() else cv2.inpaint(part, mask, 3, cv2.INPAINT_TELEA)

    return seen


def _around(center, size, corner, block):
    """The target's box (x0, y0, x1, y1) in the tile at that corner."""
    reach = [max(AROUND * float(side), 2.0) for side in size]
    low, high = ([float(c) + sign * r - o for c, r, o in zip(center, reach, corner)] for sign in (-1, 1))
    return tuple(v / block for v in (*low, *high))


def _middle(values, percent):
    """The value below which `percent` of the values (N,) lie."""
    rank = min(values.size * percent // 100, values.size - 1)
    return np.partition(values, rank)[rank]
