r"""Others near the target: they are followed too, so that two which meet are told apart when they part.

Two of one kind that meet are one spot for some frames. Who follows that spot learns the mean of two velocities, and takes
either when they part. So spots about the target are followed, each at constant velocity. One is believed that came from
outside the target's box, looks like the target and goes evenly. What is done with it depends on how far off it is:

- *beside*: what lies nearer to it than to the place where the target is expected is not the target;
- *close*, where two spots pull at each other: the target's own spot is its place, if the network's is drawn away from it;
- *one spot*: it lies in the middle between target t and neighbour n, with noise of variance s^2,

.. math:: z = \tfrac12 (x_t + x_n) + \epsilon, \quad \epsilon \sim N(0, s^2)

so that each goes on nearly as it went. Distances are in sides of the target, the larger of both axes.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from irtrack_core.trackers.bright_spots import alone, bright_spots
from irtrack_core.trackers.select_proposal import choose

NONE = 1e-6  # a score that is none
CLUTTER = 10  # spots in a whole window, from which on they are no targets
SELDOM = 8  # frames, one of which is looked at where they are none
SEEN = 0.6  # share of the last frames in which the target was a spot itself: a target that is none meets nobody
RECENT = 0.2  # share of a frame in these means
OUTSIDE, BELIEVED = 1.0, 3  # sides from the target, and frames: what has not been that far off so often is a part of it
SCORE, FADE = 0.5, 0.9  # least score by the network, and what is left of one in the next frame
EVEN, ERRORS = 0.15, 6  # sides: largest mean error of the place predicted, in so many frames
LOOKED = 0.4  # sides from a spot within which the network's scores are its own
GATE = 0.45  # sides from the predicted place within which a spot is taken; twice that before a velocity is known
KEPT = 6  # frames that a neighbour is kept unseen
WITHIN, PART = 0.6, 3  # sides and frames: a spot that stays so near is a part of the target
TERRITORY = 2.0  # sides within which a neighbour's surroundings are not the target's
CLOSE, ONE = 1.2, 1.1  # sides within which two pull at each other, and are one spot where no second one is seen
CLAIM = 0.8  # sides from either, within which a spot may be both
MEETING = 0.04  # sides a frame: two that come together more slowly fly side by side
LONGEST = 40  # frames that they may be together
PLACE, PULLED = 0.12, 0.12  # sides: noise of the target's own spot, and what the network's place may differ from it
UNSEEN = 0.5  # sides: noise of the network's place where the target has no spot of its own
MIDDLE, ASIDE = 0.08, 0.2  # noise of a spot in the middle: sides, and share of the distance of the two
GAINS, CAUTIOUS = (0.4, 0.2), (0.1, 0.02)  # of a neighbour's place and velocity; where spots pull at each other
FARTHEST, MOST = 4.0, 6  # sides from the target, and number, of neighbours that are followed
NEAR = 2.6  # sides, within which a neighbour asks for the whole window


@dataclass(eq=False)
class Neighbour:
    """A spot near the target. center, velocity: (2,) frame pixels; score: by the network, as far as it has looked there.

    seen, outside, unseen, within: in how many frames it was seen at all, and farther than OUTSIDE from the target; and in how
    many of the last ones in a row it was not, and nearer than WITHIN. errors: of the last predictions, sides.
    """

    center: np.ndarray
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))
    score: float = 0.0
    seen: int = 1
    outside: int = 1
    unseen: int = 0
    within: int = 0
    far: float = 0.0
    errors: list = field(default_factory=list)

    @property
    def even(self):
        """True where it goes as predicted."""
        return bool(self.errors) and sum(self.errors) / len(self.errors) < EVEN

    @property
    def believed(self):
        """True for another target."""
        return self.outside >= BELIEVED and self.score >= SCORE and self.even

    @property
    def stays(self):
        """True where it is worth following."""
        patience = KEPT if self.outside >= BELIEVED else 1
        return self.unseen < patience and self.within < PART and self.far < FARTHEST

    def move(self, place, error, cautious=False):
        """Take over a part of the difference from the place (2,) where it is seen; error: that difference in sides.

        cautious: True where spots pull at each other.
        """
        step = place - self.center
        at, speed = CAUTIOUS if cautious else GAINS
        if not cautious:  # the first frames count alike
            at, speed = max(at, 1 / (self.seen + 1)), max(speed, 1 / (self.seen + 0.5)) if self.seen > 1 else 1.0
        if self.seen > 1:
            self.errors = [*self.errors[1 - ERRORS :], error]
        self.center, self.velocity = self.center + at * step, self.velocity + speed * step
        self.seen, self.unseen = self.seen + 1, 0


class Neighbours:
    """The neighbours of the target of a SiameseTracker that has just begun.

    meeting: the one that is close, or one spot with the target, or None; own: place (2,) of the target's own spot, None where
    there is none; spot: place (2,) of the one that is both, None likewise; two: True where both have a spot of their own.
    all: a list of Neighbour, nearest first; together: frames that the meeting has lasted; brightness: of the target, not of
    both. On the mean of the last frames: shown, whether the target was a spot itself; count, the spots of a whole window.
    """

    def __init__(self):
        self.restart()
        self.shown, self.count, self.brightness, self.frames = 1.0, 0.0, None, 0

    def restart(self):
        """Forget all: the target is elsewhere."""
        self.all, self.meeting, self.own, self.spot, self.two, self.together = [], None, None, None, False, 0

    def shift(self, by):
        """Move all with the whole picture, by (2,) pixels."""
        for one in self.all:
            one.center = one.center + by

    @property
    def near(self):
        """True where something moves that near the target that the whole window has to be looked at."""
        return self._clear and any(one.even and one.far < NEAR for one in self.all)

    def update(self, tracker, expected):
        """True where the target meets another; from the tracker's `observation` what is another's is left out.

        expected: (2,) place of the target, frame pixels.
        """
        if tracker.redetection.scene_changed:
            self.restart()
        self.frames += 1
        if self.meeting is None and not self._clear:
            self.restart()
            if self.frames % SELDOM:
                return False
        seen, size = tracker.observation, tracker.size.tolist()
        channel, corner = seen.crop[tracker.channel], seen.center - seen.side / 2
        target = (tracker.center - corner) * seen.zoom, tracker.size * seen.zoom
        if not self.all and alone(channel, *target, OUTSIDE):
            self.shown += RECENT * (1 - self.shown)
            self.count += RECENT * (1 - self.count)
            return False
        for one in self.all:
            one.center = one.center + one.velocity
        spots, self.brightness = bright_spots(channel, *target, None if self.meeting is None else self.brightness)
        spots = corner + spots / seen.zoom
        whole = tracker.net.settings.search_size / seen.crop.shape[-1]
        self.count += RECENT * (len(spots) * whole**2 - self.count)
        places = np.array([expected, *(one.center for one in self.all)])
        off = (np.abs(places[:, None] - spots) / tracker.size).max(axis=-1)
        shared = self._meet(tracker, expected, off)
        self.spot = spots[shared[0]] if shared else None
        taken = self._assign(off)
        self.own = spots[taken[0]] if 0 in taken else None
        if self.meeting is None:
            self.shown += RECENT * ((self.own is not None) - self.shown)
            if not self._clear:
                return False
        self._follow(taken, spots, tracker, expected, size)
        self._keep({*taken.values(), *shared}, spots, expected, size)
        self._leave_out_others(tracker, expected)
        if self.meeting is not None:
            tracker.hypotheses.restart()
        return self.meeting is not None

    @property
    def _clear(self):
        """True where the target is a spot among few."""
        return self.shown > SEEN and self.count < CLUTTER

    def _meet(self, tracker, expected, off):
        """Set `meeting` and `two`; returns [the number of the spot that is both], [] where there is none.

        off: (1 + neighbours, spots) distances of spots from the predicted places, the target's first.
        """
        before, self.meeting, self.two = self.meeting, None, False
        for one in self.all:
            one.far = _sides(one.center, expected, tracker.size)
        known = [one for one in self.all if one is before or self._clear and one.believed]
        nearest = min(known, key=lambda one: one.far, default=None)
        self.together = self.together + 1 if nearest is not None and nearest is before else 0
        if nearest is None or nearest.far >= CLOSE or self.together > LONGEST:
            if self.together > LONGEST:
                nearest.outside = 0  # it flies beside the target, or is a part of it
            return []
        speed, gap = nearest.velocity - tracker.motion.velocity, nearest.center - expected
        if _sides(nearest.velocity, tracker.motion.velocity, tracker.size) <= MEETING or not (
            nearest is before or speed @ gap < 0
        ):
            return []
        self.meeting = nearest
        row = 1 + self.all.index(nearest)
        claimed = np.flatnonzero(np.minimum(off[0], off[row]) < CLAIM)
        self.two = len(claimed) > 1 or nearest.far > ONE
        if self.two:
            return []
        off[[0, row]], off[:, claimed] = np.inf, np.inf
        return claimed.tolist()

    def _assign(self, off):
        """{row: spot}: which spot the target (row 0) and each neighbour are, the nearest pairs first."""
        gates = np.array([GATE, *(GATE if one.seen > 2 else 2 * GATE for one in self.all)])[:, None]
        rows, spots = (each.tolist() for each in np.nonzero(off < gates))
        taken = {}
        for _, row, spot in sorted(zip(off[rows, spots].tolist(), rows, spots)):
            if row not in taken and spot not in taken.values():
                taken[row] = spot
        return taken

    def _follow(self, taken, spots, tracker, expected, size):
        """Move each neighbour to the spot that it is."""
        seen = tracker.observation
        proposals, scores = seen.proposals.reshape(-1, 4), seen.scores.ravel()
        for row, one in enumerate(self.all, 1):
            if row not in taken:
                one.unseen += one is not self.meeting
                continue
            place = spots[taken[row]]
            one.move(place, _sides(place, one.center, size), one is self.meeting)
            one.far = _sides(place, expected, size)
            one.outside += one.far > OUTSIDE
            one.within = one.within + 1 if one.far < WITHIN else 0
            away = np.abs(proposals[:, :2] - (place - seen.center) * seen.zoom)
            there = (away < LOOKED * seen.zoom * tracker.size).all(axis=1)
            if there.any():
                one.score = max(FADE * one.score, float(scores[there].max()))

    def _keep(self, used, spots, expected, size):
        """Forget what is not seen any more, is a part of the target or far off; begin with spots that are new.

        used: numbers of the spots that are known.
        """
        kept = [one for one in self.all if one is self.meeting or one.stays]
        for number, place in enumerate(spots):
            far = _sides(place, expected, size)
            if number not in used and far > OUTSIDE:
                kept.append(Neighbour(place))
                kept[-1].far = far
        self.all = sorted(kept, key=lambda one: one.far)[:MOST]

    def _leave_out_others(self, tracker, expected):
        """Take the proposals that lie nearer to another target out of the tracker's choice."""
        seen = tracker.observation
        others = [
            one for one in self.all if one is self.meeting or self._clear and one.believed and one.far < TERRITORY
        ]
        if not others or self.meeting is not None and not self.two:
            return
        x, y = (c + seen.proposals[..., i] / seen.zoom for i, c in enumerate(seen.center.tolist()))
        mine = np.hypot(x - expected[0], y - expected[1])
        theirs = np.min([np.hypot(x - one.center[0], y - one.center[1]) for one in others], axis=0)
        if not (out := theirs < mine).any() or out.all():
            return
        scores = np.where(out, np.minimum(seen.scores, NONE), seen.scores)
        about = (tracker.window, tracker.unexpected, tracker.motion.std * seen.zoom, tracker.settings)
        chosen = choose(scores, seen.proposals, tracker.size * seen.zoom, *about)
        chosen = dict(zip(("penalised", "best", "share", "odds"), chosen))
        tracker.observation = replace(seen, scores=scores, **chosen)

    def place(self, tracker, expected, place, aligned):
        """Move the tracker's Kalman filter where another is too near for the network's place (2,); True where that was done.

        aligned: (2,) the same after alignment.
        """
        other, motion, side = self.meeting, tracker.motion, tracker.side
        if other is None:
            return False
        if not self.two:
            place, middle = place if self.spot is None else self.spot, (expected + other.center) / 2
            noise = (MIDDLE * side) ** 2 + (ASIDE * float(np.abs(other.center - expected).max())) ** 2
            motion.blended(expected, place - middle, 0.5, noise, side)
        elif self.own is None:
            motion.blended(expected, place - expected, 1.0, (UNSEEN * side) ** 2, side)
        elif _sides(aligned, self.own, tracker.size) >= PULLED:
            motion.blended(expected, self.own - expected, 1.0, (PLACE * side) ** 2, side)
        else:
            return False
        motion.center = tracker.clipped(motion.center)
        return True


def _sides(one, other, size):
    """The distance of two places (x, y) in sides of the target, the larger of both axes."""
    return max(abs(float(one[0] - other[0])) / size[0], abs(float(one[1] - other[1])) / size[1])
