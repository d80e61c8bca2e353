"""Re-detection: other places where the target may be, and the evidence that one of them needs.

A tracker looks at other places only in doubt: when the target's score has fallen well below its running reference. Another
place must look better for several frames, for noise does not repeat itself. And nothing may have stood there before, beside
the target and less like it: such a thing is a distractor.
"""

import numpy as np

from irtrack_core.network.crops import local_contrast, strongest, tiles
from irtrack_core.trackers.places import Candidate, Surroundings
from irtrack_core.trackers.select_proposal import logit, most_probable, vote

# in logits
FIRST_REFERENCE = 2.0  # the reference begins this far below the score in the given frame, which is the template's own
REFERENCE_DECAY = 0.03  # the reference falls by this in a frame in which the target is missed or in doubt, else at most
SURE = 6.5  # a score above this is no cloud's: the reference falls to it at the usual rate
ALLOWED = 2.0  # by which the score may fall short of the reference, frame after frame
SHORTFALL = 3.0  # sum of what it falls short beyond that, over the last frames, from which the target is in doubt
LARGEST_SHORTFALL = 6.0  # of that sum, so that two scores like the reference end the doubt that it is
REFERENCE_SLACK = 3.0  # another place may score this far below the reference ...
CLEAR = 5.0  # ... or this much, which noise never has; for a reference above it one frame may be enough
LEAD = 3.0  # by which another place must score higher than the present one
CUT_LEAD = 1.5  # the same in the window after a scene cut
RETURN_LEAD = -1.0  # the same for the place that was left by the last jump
DISTRACTOR_MARGIN = 2.0  # within which a thing looks as it did, or as much like the target as that did
# scores
FOUND = 0.92  # least score of another place
RETURN_SCORE = 0.25  # least score of the place that was left
SEEN_WELL = 0.5  # least score at which the surroundings are stored, and other places have to wait
# others
REFERENCE_RATE = 0.1  # share of a new score in the reference
NEAR = 80.0  # pixels from the predicted place at which a residual counts for half, in every second look
SCALES = (1.0, 0.6, 1.7)  # sizes tried in turn, times the last one
RENEWED = 5  # frames after which the surroundings are stored again: not every frame is worth a copy
NEIGHBOURS = 0.3  # vote radius where the tracker itself takes the best proposal alone


class Redetection:
    """Re-detection for one target. tracker: its SiameseTracker, just initialised on `frame`.

    reference: running reference score of the target, a logit; shortfall: cumulative sum (CUSUM) of what the scores fell short
    of it, the last one counted being that of the observation `counted`; frames_in_doubt: since when it is in doubt; frozen:
    frames left, after a scene cut and in doubt, in which the reference learns nothing. previous: the Candidate left by the
    last jump; candidate: one elsewhere in the frame that scores higher. surroundings: stored when the target was last seen
    well; surroundings_reference: the reference then.
    """

    def __init__(self, tracker, frame):
        self.tracker, self.settings = tracker, tracker.settings
        self.reference = logit(tracker.look(frame, [tracker.center])[0].score) - FIRST_REFERENCE
        self.shortfall, self.counted, self.frames_in_doubt, self.frozen = 0.0, None, 0, 0
        self.previous = self.candidate = self.surroundings = None
        self.surroundings_reference = self.reference
        # of use to nothing but the search; no smaller than the filter's elements
        wanted = self.settings.surroundings if self.settings.candidates else 0
        self.extent = wanted and max(wanted, 2 * tracker.maker.halo)
        if self.extent:
            self.surroundings = Surroundings(frame, tracker.center, self.extent)

    def __call__(self, frame, expected):
        """True when the tracker's `observation` has been replaced by one of another place than the `expected` one (2,)."""
        after_cut = False
        if not (moved := self._back_to_previous(frame)):
            after_cut = self._best_after_cut(frame)
            moved = self.in_doubt and self._search(frame, expected)
        if not self.in_doubt:
            self.candidate, self.frames_in_doubt, self.frozen = None, 0, 0
        else:
            self.frames_in_doubt += 1
            left = self.settings.return_frames if self.scene_changed else max(self.frozen - 1, 0)
            self.frozen = 0 if moved else left
        return after_cut or moved

    def learn(self, frame, missed):
        """Update the reference score and the surroundings after a frame; missed: True when the target was not seen in it."""
        now = logit(self.tracker.observation.score)
        doubtful, self.shortfall, self.counted = self.in_doubt, self._shortfall(), self.tracker.observation
        # in doubt what is seen may be anything: learnt from, a cloud in the target's place would soon be the target
        if missed or doubtful and not self.frozen:
            self.reference -= REFERENCE_DECAY
        elif not self.frozen:
            step = REFERENCE_RATE * (now - self.reference)
            # without doubt too it may be a cloud, for a target that was hidden a little at a time
            self.reference += step if now > SURE else max(step, -REFERENCE_DECAY)
        if self.surroundings:
            self.surroundings.age += 1
        if self.scene_changed:
            self.surroundings = None
        # after a jump, or at a much lower score than the target had, this may be a distractor and the target beside it
        sure = self.previous is None and now > self.surroundings_reference - DISTRACTOR_MARGIN
        well = sure and not missed and not self.in_doubt and self.tracker.observation.score > SEEN_WELL
        if self.extent and well and (self.surroundings is None or self.surroundings.age >= RENEWED):
            self.surroundings = Surroundings(frame, self.tracker.center, self.extent)
            self.surroundings_reference = self.reference

    @property
    def in_doubt(self):
        """True when the score, or the last ones together, are so low that the window's best may not be the target."""
        score = self.tracker.observation.score
        return score < self.settings.lost_below or not self.near_reference(score) or self._shortfall() > SHORTFALL

    @property
    def busy(self):
        """True while other places than the target's are of interest, or the target has not been seen as usual."""
        return bool(self.in_doubt or self.scene_changed or self.previous or self.candidate or self.frozen)

    def near_reference(self, score):
        """True when a score is not far below the running reference."""
        return logit(score) >= self.reference - self.settings.doubt_drop

    def _shortfall(self):
        """`shortfall` with this frame's score: one low score is chance, several in a row are not."""
        if (seen := self.tracker.observation) is self.counted:
            return self.shortfall
        return min(max(self.shortfall + self.reference - logit(seen.score) - ALLOWED, 0.0), LARGEST_SHORTFALL)

    @property
    def scene_changed(self):
        """True when the whole picture has changed in this frame."""
        return self.tracker.camera_motion is not None and self.tracker.camera_motion.changed

    def _back_to_previous(self, frame):
        """True when the place left by the last jump was taken again: the target may only have been hidden there.

        For a while after a jump it is looked at too. It need not score higher: a target is more often hidden than elsewhere.
        """
        if (previous := self.previous) is None:
            return False
        previous.coast(self.settings.velocity_decay)
        previous.center = self.tracker.clipped(previous.center)
        found = self._look(frame, [previous.center], previous.log_scale)
        better = bool(found) and found[0].score > RETURN_SCORE and self._lead(found[0]) > RETURN_LEAD
        if better:
            (self.tracker.observation,) = found
        if better or previous.frames > self.settings.return_frames:
            self.previous = None
        return better

    def _best_after_cut(self, frame):
        """True when, after a scene cut, the best of the window was taken, whatever place was expected.

        It is looked at in a window of its own, as other places are: at a window's edge all scores are lower.
        """
        tracker, settings = self.tracker, self.settings
        if not (settings.kalman and self.scene_changed and self.in_doubt):
            return False
        now = tracker.observation
        size = tracker.size * now.zoom
        best, _, _ = most_probable(now.odds, now.proposals, size, tracker.unexpected, np.inf)
        if best == now.best:
            return False
        other = now.at(best)
        own_window = tracker.look_where_valid(frame, [tracker.clipped(other.found[0])])
        other = max([other, *own_window], key=lambda one: one.score)
        if self._lead(other) < CUT_LEAD:
            return False
        tracker.observation = other
        return True

    def _search(self, frame, expected):
        """True when a place elsewhere, or the negative of this one, is clearly better and was taken.

        Looked at are the places of one tile of the frame where the filter has its largest residuals, at one of a few sizes,
        see `_next_look`. One that scores higher becomes the candidate, which is looked at in the next frames too. The
        negative: a camera may switch between white-hot and black-hot.
        """
        settings, tracker = self.settings, self.tracker
        if not settings.candidates:
            return False
        if (candidate := self.candidate) is not None:
            for there in self._look(frame, [tracker.clipped(candidate.expected)], candidate.log_scale):
                candidate.update(self._place(there), self._lead(there))
                if self._accepted(there, candidate.lead / candidate.frames):
                    return candidate.frames >= settings.confirm_frames and self._jump(there, expected)
            self.candidate = None
        tile, near, scale = self._next_look(expected)
        log_scale = float(tracker.log_growth.mean() + np.log(scale))
        others = self._look(frame, self._candidates(frame, tile, near), log_scale)
        negative = self._negative(frame, expected)
        for best in sorted([*others, negative] if negative else others, key=lambda one: -one.score):
            if not self._accepted(best, self._lead(best)):
                return False
            if best is negative:
                tracker.maker.negate()
                tracker.observation = best
                return True
            if not self._is_distractor(best, log_scale):
                self.candidate = Candidate(self._place(best), log_scale=log_scale, lead=self._lead(best))
                # glints score as clear targets do, and are gone again while the target stays
                gone = self.reference > CLEAR and tracker.observation.score < SEEN_WELL
                at_once = settings.confirm_frames == 1 or self.scene_changed or gone
                return at_once and self._jump(best, expected)
        return False

    def _place(self, there):
        """The target's centre (2,) in an observation."""
        return vote(there, self.settings.vote_radius or NEIGHBOURS)[0]

    def _negative(self, frame, expected):
        """The observation of the window's negative; None where the net is to tell bright from dark."""
        tracker = self.tracker
        if not tracker.net.settings.negate_dark:
            return None
        tracker.maker.negate()
        seen = tracker.look(frame, [expected])[0]
        tracker.maker.negate()
        return seen

    def _next_look(self, expected):
        """(tile, near, scale): the tile (x, y, w, h) that this frame looks at, the place (2,) near which residuals count for
        more, or None, and the share of the target's size.

        Every second frame in doubt looks about the place where the target was expected, for most have not gone far;
        those between look at the tiles that cover the frame, in turn. After a scene cut no place is nearer than another. When
        all were looked at, the next scale comes.
        """
        about, *cover = tiles(self.tracker.shape, expected)
        if self.scene_changed or self.frozen:
            looks = [(tile, None) for tile in (about, *cover)]
        else:
            looks = [look for tile in cover or [about] for look in ((about, expected), (tile, None))]
        rounds, turn = divmod(self.frames_in_doubt, len(looks))
        return *looks[turn], SCALES[rounds % len(SCALES)]

    def _candidates(self, frame, tile, near):
        """Centres of the largest residuals in a tile of the frame, those far from the place `near` counting for less."""
        tracker = self.tracker
        residual, block = tracker.maker.residual(frame, tile)
        apart = max(tracker.size.max() / 2 / block, 3)
        standing = local_contrast(residual, len(tracker.maker.elements[0]))
        if near is not None:
            center, reach = (near - tile[:2]) / block, NEAR / block
            x, y = (np.arange(n, dtype=np.float32) - np.float32(c) for n, c in zip(standing.shape[::-1], center))
            standing /= 1 + (x**2 + y[:, None] ** 2) / np.float32(reach**2)
        return list(strongest(standing, self.settings.candidates, apart) * block + tile[:2])

    def _is_distractor(self, there, log_scale):
        """True when what is seen `there` stood there already, beside the target and less like it."""
        before, size = self.surroundings, self.tracker.size.max()
        place = before.place(there.found[0]) if before else None
        if place is None or np.abs(place - before.center).max() < size:
            return False
        if not (found := self._look(before.picture, [place], log_scale)):
            return False
        (then,) = found
        at = then.center + then.proposals[..., :2] / then.zoom
        # what is found there may have moved a little since; the target itself, seen in the same window, does not count
        beside = np.abs(at - place).max(-1) < 1.5 * size
        beside &= np.abs(at - before.center).max(-1) >= 0.7 * size
        score = logit(then.scores[beside].max(initial=0.0))
        # what looked as much like the target as that did may be the target: then the tracker has followed something else
        return logit(there.score) - DISTRACTOR_MARGIN < score < self.surroundings_reference - DISTRACTOR_MARGIN

    def _jump(self, there, expected):
        """True, after the tracker's observation was replaced by that of another place and the place left was stored."""
        tracker = self.tracker
        if self.previous is None and self.settings.return_frames:
            self.previous = Candidate(expected, tracker.motion.velocity, float(tracker.log_growth.mean()))
        tracker.observation, self.candidate, self.shortfall = there, None, 0.0
        return True

    def _lead(self, there):
        """Logits by which another place scores higher than the present one."""
        return logit(there.score) - logit(self.tracker.observation.score)

    def _accepted(self, there, lead):
        """True where another place scores as the target does, and higher than the present one by the margin LEAD."""
        # after a cut the target may look worse than it did, and still clearer than anything else
        enough = max(min(self.reference - REFERENCE_SLACK, CLEAR), logit(FOUND))
        return lead > LEAD and logit(there.score) > enough

    def _look(self, frame, centers, log_scale):
        """Observations about each of the centres that has no NaN about it, for a target of that size."""
        scale = float(np.exp(log_scale - self.tracker.log_growth.mean()))
        return self.tracker.look_where_valid(frame, centers, scale)
