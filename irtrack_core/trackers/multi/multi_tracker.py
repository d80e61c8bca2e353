"""`MultiTracker`: several targets over one filter, one registration and one assignment a frame. No learning.

A frame goes through `filtering.sightings` once. Confirmed tracks choose among the sightings first, then those that are not
confirmed yet; each sighting that is left starts one. A track is confirmed, and gets its number, when M of N frames have had a
sighting for it, the odds say that it is no clutter, and it has moved against the background. A lost track goes on as it went.
It takes a sighting as long as the odds are for it; later, a newly confirmed track takes over its number where place and
velocity fit. Two targets that cross give one sighting for a while: the one without it is not counted as lost.
"""

import cv2
import numpy as np

from irtrack_core.boxes import centers, check_box, iou
from irtrack_core.config import MultiSettings
from irtrack_core.filtering import TemporalFilter, element_length, line_elements
from irtrack_core.filtering.background_motion import warp
from irtrack_core.filtering.sightings import sightings
from irtrack_core.filtering.temporal import JUMP, UNEXPLAINED
from irtrack_core.trackers.base import in_unit, shape_of, to_gray, unit_of
from irtrack_core.trackers.multi.assignment import Clutter, gains, match
from irtrack_core.trackers.multi.births import Strays, came, drift, likely, moved, steady
from irtrack_core.trackers.multi.meetings import Meetings
from irtrack_core.trackers.multi.stitching import stitch
from irtrack_core.trackers.multi.track_table import GIVEN, GONE, SURE, TrackTable

BLOCK = 2  # px a side averaged for the filter in time: a small target is wider, and it is four times as fast
LARGEST_TILE = 1024  # blocks a side
ALIKE = 0.9  # IoU of two given boxes above which they are of one target
MOST = 200  # tracks at a time that are confirmed, and as many that are not: the time of a frame is bounded
FORSAKEN = -3.0  # logit below which a track that is not confirmed ends
CHANGED = 0.5  # share of D in the evidence of what moves; of edges of clouds and of lamps it is 0.1 to 0.4
PROBATION = 40, 8.0  # frames after which a track that has come no farther than so many px ends; later it may hover
YOUNG = 5, 10  # frames for which a track is lost that ends at once, where it was seen in fewer frames since its birth
TOGETHER = 15  # frames in a row that two tracks share one target's sightings, at one velocity: they are one
SUPPORTED = 0.95, 0.5  # share of the misfit left by a registration of more px than that: else it lays noise on noise
STILL = 100  # frames after that in which no motion is looked for: a sky without structure


class MultiTracker:
    """Finds and follows small targets. `init(frame)`, or `init(frame, boxes)`; then `update(frame)` for each frame after it.

    Both return the list of `Track` of the confirmed targets in the frame, lost ones too. settings: MultiSettings, or its
    values by name; births: whether other targets than those given are looked for. `left_out` counts the candidates of the
    last frame beyond `settings.candidates`; `ended` lists the tracks that ended in it.
    """

    name = "multi"

    def __init__(self, settings=None, *, births=True, **options):
        self.settings, self.births = (settings or MultiSettings()).replace(**options), births

    def init(self, frame, boxes=None):
        """Start on the targets in boxes (n, 4), numbered from 1 in their order, or on none.

        Raises ValueError for an unusable frame or box, which it names, two boxes of one target, more than MOST of them, or
        no box at all where none is to be found.
        """
        frame = to_gray(frame, finite=False)
        unit = unit_of(frame)
        frame = np.asarray(in_unit(frame, unit))  # all of it is looked at
        boxes = _checked(boxes, frame.shape, self.births)
        s, shape = self.settings, frame.shape
        longest = min(shape) - 1 + min(shape) % 2
        needed = [element_length(box[2:], s.length) for box in boxes]
        self.lines = line_elements(min(max([s.length, *needed]), longest), 4)
        self.shape, self.unit, self.ended, self.still, self.usual = shape, unit, [], 0, np.inf
        self.block = max(min(BLOCK, min(shape)), -(-max(shape) // LARGEST_TILE))
        self._restart(s.temporal.model)
        self.table, self.clutter, self.strays, self.given = TrackTable(), Clutter(s.least), Strays(), len(boxes)
        self.meetings = Meetings()
        self.next_id = 1 + len(boxes)
        self._push(frame)
        seen = self._look(frame)
        free = self._start_given(boxes, seen)
        if self.births:
            self._start(seen, free)
        return self.tracks

    def update(self, frame):
        """The tracks in the next frame. Raises ValueError for one of another size, RuntimeError before `init`."""
        frame = np.asarray(in_unit(to_gray(frame, shape_of(self), finite=False), self.unit))
        self.ended = []
        self._push(frame)
        if self.temporal.repeated:  # a frame that stands still: nothing has moved, and nothing is learnt
            return self.tracks
        if self._changed():  # another scene: what was followed is not in it
            self._keep(np.zeros(len(self.table), bool))
        self.table.predict(self._shift(), self.settings.turn)
        self.strays.go_on(self._shift())
        seen = self._look(frame)
        free = np.ones(len(seen.places), bool)
        self._assign(np.flatnonzero(self.table.confirmed), seen, free)
        # what follows a lamp is not confirmed, and is clutter
        self.clutter.learn(seen.strengths[free], frame.size)
        self._assign(np.flatnonzero(~self.table.confirmed), seen, free)
        self._share()
        self.meetings.watch(self.table)
        self.table.birth = self.table.birth + drift(self.table)
        self._confirm()
        self._end()
        if self.births:
            self._start(seen, free)
        return self.tracks

    @property
    def tracks(self):
        """The confirmed tracks whose centre lies in the frame, by number."""
        t = self.table
        middle = t.place + t.offset
        inside = t.confirmed & (middle >= 0).all(axis=1) & (middle < self.shape[::-1]).all(axis=1)
        rows = np.flatnonzero(inside)
        return t.tracks(rows[np.argsort(t.id[rows])])

    def _restart(self, model):
        tile = min(max(-(-max(self.shape) // self.block), 32), LARGEST_TILE)
        self.temporal = TemporalFilter(self.settings.temporal.replace(tile=tile, model=model), block=self.block)

    def _push(self, frame):
        """Give the frame to the filter in time; before a sky without structure nothing is laid on."""
        middle = np.array(self.shape[::-1]) / 2
        self.temporal.push(frame, middle)
        self.still -= 1
        if self.still == 0:
            self._restart(self.settings.temporal.model)
            self.temporal.push(frame, middle)
        elif not self._supported():
            self._restart("still")
            self.temporal.push(frame, middle)
            self.still = STILL

    def _changed(self):
        """Whether this frame has nothing in common with the last; the filter in time tells where it lays frames on."""
        if self.temporal.covered:  # a shutter is no other scene
            return False
        if self.temporal.settings.model != "still" or not self.temporal.past:
            self.usual = np.inf
            return self.temporal.changed
        now, before = self.temporal.levels[0], self.temporal.past[-1].levels[0]
        misfit, usual = cv2.mean(cv2.absdiff(now, before))[0], self.usual
        self.usual = min(misfit, 1.5 * usual)
        return misfit > max(JUMP * usual, UNEXPLAINED * cv2.mean(cv2.absdiff(now, 0.0))[0])

    def _supported(self):
        """Whether the frame before, laid on by the background's motion, fits better than where it was."""
        least, shift = SUPPORTED[1], self.temporal.shift
        if not np.abs(shift).max() > least:  # no motion, or none known
            return True
        now, before = self.temporal.levels[0], self.temporal.past[-1].levels[0]
        x, y = -shift / (2 * self.block)  # the finest level is half the tile
        motion = np.array([[1.0, 0, x], [0, 1.0, y]])
        moved = warp(before, motion, now.shape[::-1], border=cv2.BORDER_REPLICATE)
        left, stayed = (cv2.mean(cv2.absdiff(now, one))[0] for one in (moved, before))
        return left <= SUPPORTED[0] * stayed

    def _shift(self):
        return np.nan_to_num(self.temporal.shift)

    def _look(self, frame):
        s = self.settings
        options = dict(polarity=s.polarity, least=s.least, most=s.candidates)
        seen = sightings(frame, self.temporal, self.lines, **options)
        self.left_out = seen.left_out
        return seen

    def _assign(self, rows, seen, free):
        """Give the rows of the table the free sightings that fit them best; marks these as taken."""
        t, columns = self.table, np.flatnonzero(free)
        part = seen._replace(**{name: getattr(seen, name)[columns] for name in seen._fields[:-1]})
        gain = gains(t, rows, part, self.clutter, self.settings.detection)
        # what was lost for long has to be likely after all
        i, j = match(gain + np.minimum(t.logit[rows], 0)[:, None])
        hit, column = rows[i], columns[j]
        t.logit[rows] += np.log(1 - self.settings.detection)
        t.logit[hit] += gain[i, j]
        t.update(hit, seen.places[column], t.noise(hit))
        t.remember(hit, seen.sizes[column], seen.strengths[column], seen.changes[column])
        free[column] = False
        t.logit = np.where(t.confirmed, np.clip(t.logit, GONE, SURE), t.logit)

    def _share(self):
        """A confirmed track without sighting beside one that has one: the two may cross, and give one for both."""
        t = self.table
        rows, hit = np.flatnonzero(t.confirmed & (t.lost > 0)), np.flatnonzero(t.confirmed & (t.lost == 0))
        if not len(rows) or not len(hit):
            t.shared[rows] = 0
            return
        near = np.abs(t.place[rows][:, None] - t.place[hit]) <= (t.size[rows][:, None] + t.size[hit]) / 2
        near = near.all(axis=2)
        alike = np.linalg.norm(t.velocity[rows][:, None] - t.velocity[hit], axis=2) <= 0.2 * t.side[rows][:, None]
        t.shared[rows] = np.where((near & alike).any(axis=1), t.shared[rows] + 1, 0)
        explained = rows[near.any(axis=1)]
        t.logit[explained] -= np.log(1 - self.settings.detection)

    def _confirm(self):
        """Number the tracks that are targets now, or give them the number of a lost one that they go on."""
        t, (hits, frames) = self.table, self.settings.confirm
        logit = -np.log(self.settings.false_start)
        sure = ~t.confirmed & (t.recent(frames) >= hits) & (t.logit >= logit)
        if self.settings.moving:
            sure &= t.change >= CHANGED * np.exp(t.strength)
            far = moved(t)
            sure &= likely(t, sure, far, self.strays, logit)
            sure &= came(t, sure, far, self.strays, self.shape[0] * self.shape[1])
            sure &= steady(t, self.settings.detection)
        new = np.flatnonzero(sure)
        new = new[np.argsort(-t.logit[new])][: max(MOST - int(t.confirmed.sum()), 0)]
        for row in new:
            old = stitch(t, row, self.settings.speed, self.shape)
            if old is not None:
                t.id[row], t.given[row], t.id[old] = t.id[old], t.given[old], -1
                if t.given[row]:
                    t.size[row], t.offset[row] = t.size[old], t.offset[old]
                continue
            t.id[row], self.next_id = self.next_id, self.next_id + 1
            t.born[row] = t.seen[row]

    def _end(self):
        """End what is lost for good, what is clutter, what left the frame, and what follows another's target."""
        t, s = self.table, self.settings
        beyond = 2 * t.side[:, None]
        gone = ((t.place < -beyond) | (t.place > np.array(self.shape[::-1]) + beyond)).any(axis=1)
        bad = np.where(t.confirmed, (t.lost > s.keep) | (t.shared > TOGETHER), (t.logit < FORSAKEN) | gone)
        bad |= t.id < 0
        young = np.zeros(len(t), bool)
        if s.moving:  # it hopped about, or stood: it was no target
            age, far = PROBATION
            bad |= t.confirmed & ~t.given & (t.age == age) & (np.linalg.norm(t.place - t.birth, axis=1) < far)
            frames, few = YOUNG  # born, and lost at once: neither was that
            young = t.confirmed & ~t.given & (t.lost == frames) & (t.shared == 0) & (t.seen - t.born < few)
            t.way[young] = np.linalg.norm(t.place - t.birth, axis=1)[young]
            bad |= young
        nothing = bad & ~t.given & (~t.confirmed & (t.id == 0) | young)
        self.strays.learn_odds(t.odds[nothing & (t.odds > 0)])
        nothing &= t.way > 0
        self.strays.learn(t.place[nothing], t.way[nothing])
        rows = np.flatnonzero(~t.confirmed & ~bad)
        bad[rows[np.argsort(-t.logit[rows])][MOST:]] = True
        self._keep(~bad)

    def _keep(self, rows):
        ended = self.table.id[~rows]
        self.ended += [int(who) for who in ended if who > 0]
        self.table.keep(rows)

    def _start(self, seen, free):
        """Begin a track, not confirmed yet, at each sighting that is left."""
        columns = np.flatnonzero(free)[: max(MOST - int((~self.table.confirmed).sum()), 0)]
        chosen = (seen.places[columns], seen.sizes[columns], seen.strengths[columns], seen.changes[columns])
        self.table.add(*chosen, speed=self.settings.speed)

    def _start_given(self, boxes, seen):
        """Begin a confirmed track in each box, at the strongest sighting in it, if any; (m,) bool: the others."""
        free, places = np.ones(len(seen.places), bool), centers(boxes).reshape(-1, 2)
        strengths, changes = np.full(len(boxes), 2 * self.settings.least), np.zeros(len(boxes))
        blobs = places.copy()
        for k, box in enumerate(boxes):
            inside = free & (np.abs(seen.places - places[k]) <= box[2:] / 2 + 1).all(axis=1)
            for column in np.flatnonzero(inside)[:1]:
                blobs[k], strengths[k], changes[k] = seen.places[column], seen.strengths[column], seen.changes[column]
            free &= ~inside
        more = dict(id=np.arange(1, len(boxes) + 1), offset=places - blobs, given=True, logit=GIVEN)
        self.table.add(blobs, boxes[:, 2:], strengths, changes, speed=self.settings.speed, **more)
        return free


def _checked(boxes, shape, births):
    """Boxes (n, 4) given by a user; see `MultiTracker.init`."""
    if boxes is None or len(boxes) == 0:
        if boxes is not None or not births:
            raise ValueError(
                "there is no box to start on: give one for each target, or leave boxes out to find targets"
            )
        return np.zeros((0, 4))
    if len(boxes) > MOST:
        raise ValueError(f"{len(boxes)} boxes are given: {MOST} targets can be followed at a time")
    found = []
    for k, box in enumerate(boxes):
        try:
            found.append(check_box(box, shape))
        except ValueError as error:
            raise ValueError(f"box {k} of {len(boxes)} (counted from 0): {error}") from error
    found = np.array(found)
    alike = np.triu(iou(found[:, None], found[None]) > ALIKE, 1)
    if alike.any():
        one, other = np.argwhere(alike)[0]
        raise ValueError(
            f"boxes {one} and {other} (counted from 0) are of the same target, {found[one].tolist()} and "
            f"{found[other].tolist()}: give each target one box"
        )
    return found
