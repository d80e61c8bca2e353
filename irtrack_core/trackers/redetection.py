"""Is the target somewhere else than the tracker believes? Re-detection, and what speaks against a place that looks good.

A tracker looks elsewhere only in doubt: when the target's score has fallen below its usual one. What looks better then has to
last, for noise does not, and must not have been there before, beside the target and less like it: that is something else.
"""

import numpy as np

from irtrack_core.network.crops import standing_out, strongest, tiles
from irtrack_core.trackers.select_proposal import likeliest, logit, vote

__all__ = ["Elsewhere", "Place", "Surroundings"]


class Place:
    """A place other than the tracker's own where the target may be, and for how long it has looked better.

    center, velocity: (2,) frame pixels; growth: logarithm of the target's size there over the given one; lead: by how many
    logits it looks better, summed over `frames` frames.
    """

    def __init__(self, center, velocity=(0.0, 0.0), growth=0.0, lead=0.0):
        self.center, self.velocity, self.growth = np.array(center), np.array(velocity), growth
        self.lead, self.frames = lead, 1

    @property
    def expected(self):
        """(2,) where it should be in the next frame."""
        return self.center + self.velocity

    def meet(self, center, lead):
        """It was looked at again: what was there is now at `center`, and leads by `lead`."""
        self.velocity, self.center = (self.velocity + center - self.center) / 2, np.array(center)
        self.lead, self.frames = self.lead + lead, self.frames + 1

    def coast(self, keep):
        """A frame on, without a look; `keep`: share of the velocity that is kept."""
        self.center, self.velocity, self.frames = self.expected, self.velocity * keep, self.frames + 1


class Surroundings:
    """What stood about the target at `center` (2,): a copy of at most `extent` pixels a side of the frame (H, W)."""

    def __init__(self, frame, center, extent):
        size = np.minimum(extent, frame.shape[1::-1])
        self.corner = np.clip(np.asarray(center) - size / 2, 0, np.array(frame.shape[1::-1]) - size).astype(int)
        (x, y), (w, h) = self.corner.tolist(), size.tolist()
        self.picture, self.center, self.size, self.age = (
            frame[y : y + h, x : x + w].copy(),
            center - self.corner,
            size,
            0,
        )

    def place(self, center):
        """A place (2,) of the frame as one of the picture; None beyond it."""
        place = center - self.corner
        return place if ((place >= 0) & (place < self.size)).all() else None


class Elsewhere:
    """Re-detection for one target. tracker: its SiameseTracker, just initialised on `frame`.

    usual: logit of the score that the target usually has, at first that in the given frame less `at_first`; doubts: frames
    in doubt; adrift: frames left, after a cut and in doubt, in which `usual` learns nothing; home: the Place left by the
    last jump; rival: a Place elsewhere that looks better; nearby: one in the window; before: Surroundings when it was last
    seen well, and level: `usual` then.
    """

    RENEWED = 5  # frames after which the surroundings are copied again: not every frame is worth one

    def __init__(self, tracker, frame):
        self.tracker, self.settings = tracker, tracker.settings
        self.usual, self.doubts = logit(tracker.look(frame, [tracker.center])[0].score) - tracker.settings.at_first, 0
        self.level, self.adrift = self.usual, 0
        self.home = self.rival = self.nearby = self.before = None
        # of use to nothing but the search; no smaller than the filter's elements
        wanted = self.settings.memory if self.settings.candidates else 0
        self.extent = wanted and max(wanted, 2 * tracker.maker.halo)
        if self.extent:
            self.before = Surroundings(frame, tracker.center, self.extent)

    def __call__(self, frame, expected):
        """Look where it is called for; True when the tracker's `seen` is now another place than the `expected` one (2,)."""
        anew = False
        if not (elsewhere := self._return(frame)):
            anew = self._anew(frame)
            elsewhere = self._switch(expected) or self.doubtful and self._search(frame, expected)
        if not self.doubtful:
            self.rival, self.doubts, self.adrift = None, 0, 0
        else:
            self.doubts += 1
            left = self.settings.return_frames if self.changed else max(self.adrift - 1, 0)
            self.adrift = 0 if elsewhere else left
        return anew or elsewhere

    def learn(self, frame, missed):
        """After a frame: how the target usually looks, and what stands beside it while it looks so."""
        t, now = self.settings, self.tracker.seen.score
        if missed:
            self.usual -= t.relax
        elif not self.adrift:
            self.usual += t.usual_rate * (logit(now) - self.usual)
        if self.before:
            self.before.age += 1
        if self.changed:
            self.before = None  # another picture
        # after a jump, or where it looks much worse than the target did, this may be something else, and the target beside it
        sure = self.home is None and logit(now) > self.level - t.familiar
        well = sure and not missed and not self.doubtful and now > 0.5
        if self.extent and well and (self.before is None or self.before.age >= self.RENEWED):
            self.before, self.level = Surroundings(frame, self.tracker.center, self.extent), self.usual

    @property
    def doubtful(self):
        """True when the score has dropped: the best place in the window may not be the target."""
        now = self.tracker.seen.score
        return now < self.settings.lost_below or not self.usually(now)

    def usually(self, score):
        """True when the target looks as it usually does where it has this score."""
        return logit(score) >= self.usual - self.settings.drop

    @property
    def changed(self):
        """True when the whole picture has changed in this frame."""
        return self.tracker.watch is not None and self.tracker.watch.changed

    def _return(self, frame):
        """After a jump, look where the target was lost too, for a while: it may only have been hidden there.

        True, and `seen` replaced, when that place is the better one, or nearly: a target is more often hidden than elsewhere.
        """
        if (home := self.home) is None:
            return False
        t = self.settings
        home.coast(t.coasting)
        home.center = self.tracker.inside(home.center)
        found = self._look(frame, [home.center], home.growth)
        better = bool(found) and found[0].score > t.return_above and self._lead(found[0]) > -t.return_margin
        if better:
            (self.tracker.seen,) = found
        if better or home.frames > t.return_frames:
            self.home = None
        return better

    def _anew(self, frame):
        """When the picture has changed, nothing is known of the place: the best of the window, whatever was expected.

        It is looked at in a window of its own, as the places elsewhere are: at a window's edge all scores are lower.
        """
        tracker, t = self.tracker, self.settings
        if not (t.motion and self.changed and self.doubtful):
            return False
        seen = tracker.seen
        best, _, _ = likeliest(seen.scores, seen.proposals, tracker.size * seen.zoom, tracker.wide, np.inf, t)
        if best == seen.best:
            return False
        other = seen.at(best)
        other = max([other, *tracker.glance(frame, [tracker.inside(other.found[0])])], key=lambda one: one.score)
        if self._lead(other) < t.ahead:
            return False
        tracker.seen = other
        return True

    def _switch(self, expected):
        """Has something else in the window looked better for some frames than what is where the target was expected?

        True, and `seen` changed to it, then.
        """
        t, seen, known = self.settings, self.tracker.seen, self.nearby
        self.nearby = None
        if not t.motion or (best := int(np.argmax(seen.scores))) == seen.best:
            return False
        other = seen.at(best)
        center, lead, reach = other.found[0], self._lead(other), self.tracker.size.max() / 2
        if lead < 0 or np.abs(center - seen.found[0]).max() < reach:
            return False
        if known is None or np.abs(center - known.expected).max() > reach:
            self.nearby = Place(center, lead=lead)
            return False
        known.meet(center, lead)
        if known.frames < t.confirm or known.lead < t.ahead * known.frames:
            self.nearby = known
            return False
        return self._jump(other, expected)

    def _search(self, frame, expected):
        """Look for the target elsewhere, and for its negative here; True, and `seen` replaced, when one is clearly better.

        Elsewhere: the places of one tile of the frame where the filter sees something, at one of a few sizes, see `_turn`.
        One that looks better is a rival, which is looked at in the next frames too: noise does not stay. The negative: a
        camera may switch between white-hot and black-hot.
        """
        t, tracker = self.settings, self.tracker
        if not t.candidates:
            return False
        if (rival := self.rival) is not None:
            for there in self._look(frame, [tracker.inside(rival.expected)], rival.growth):
                rival.meet(vote(there, t.vote or 0.3)[0], self._lead(there))
                if self._better(there, rival.lead / rival.frames):
                    return rival.frames >= t.confirm and self._jump(there, expected)
            self.rival = None
        tile, near, scale = self._turn(expected)
        growth = float(tracker.growth.mean() + np.log(scale))
        others = self._look(frame, self._candidates(frame, tile, near), growth)
        negative = self._negative(frame, expected)
        places = [*others, negative] if negative else others
        for best in sorted(places, key=lambda seen: -seen.score):
            if not self._better(best, self._lead(best)):
                return False
            if best is negative:
                tracker.maker.negate()
                tracker.seen = best
                return True
            if not self._was_there(best, growth):
                self.rival = Place(vote(best, t.vote or 0.3)[0], growth=growth, lead=self._lead(best))
                at_once = t.confirm == 1 or self.changed or self.usual > t.clear
                return at_once and self._jump(best, expected)
        return False

    def _negative(self, frame, expected):
        """What is seen in the negative of the window; None where the net is to tell bright from dark."""
        tracker = self.tracker
        if not tracker.net.settings.negate_dark:
            return None
        tracker.maker.negate()
        seen = tracker.look(frame, [expected])[0]
        tracker.maker.negate()
        return seen

    def _turn(self, expected):
        """(tile, near, scale): where this frame looks, the place (2,) near which things count for more, or None, and for
        which share of the size.

        Every second frame in doubt looks about the place where the target was expected, for most have not gone far;
        those between look at the tiles that cover the frame, in turn. In another picture nothing is near. When all were
        looked at, the next scale comes.
        """
        about, *cover = tiles(self.tracker.shape, expected)
        if self.changed or self.adrift:
            looks = [(tile, None) for tile in (about, *cover)]
        else:
            looks = [look for tile in cover or [about] for look in ((about, expected), (tile, None))]
        rounds, turn = divmod(self.doubts, len(looks))
        return *looks[turn], self.settings.lost_scales[rounds % len(self.settings.lost_scales)]

    def _candidates(self, frame, tile, near):
        """Centres of what stands out most in a tile of the frame; what is far from the place `near` counts for less."""
        tracker = self.tracker
        residual, block = tracker.maker.residual(frame, tile)
        apart = max(tracker.size.max() / 2 / block, 3)
        standing = standing_out(residual, len(tracker.maker.elements[0]))
        if near is not None:
            center, reach = (near - tile[:2]) / block, self.settings.near / block
            x, y = (np.arange(n, dtype=np.float32) - np.float32(c) for n, c in zip(standing.shape[::-1], center))
            standing /= 1 + (x**2 + y[:, None] ** 2) / np.float32(reach**2)
        return list(strongest(standing, self.settings.candidates, apart) * block + tile[:2])

    def _was_there(self, there, growth):
        """Was what is seen `there` there already, beside the target and less like it, when that was last seen well?"""
        before, size = self.before, self.tracker.size.max()
        place = before.place(there.found[0]) if before else None
        if place is None or np.abs(place - before.center).max() < size:
            return False
        if not (found := self._look(before.picture, [place], growth)):
            return False
        (then,) = found
        at = then.center + then.proposals[..., :2] / then.zoom
        # what is found there may have moved a little since; the target itself, seen in the same window, does not count
        beside = np.abs(at - place).max(-1) < 1.5 * size
        beside &= np.abs(at - before.center).max(-1) >= 0.7 * size
        score, margin = logit(then.scores[beside].max(initial=0.0)), self.settings.familiar
        # what looked as much like the target as that did may be the target: then the tracker has followed something else
        return logit(there.score) - margin < score < self.level - margin

    def _jump(self, there, expected):
        """Go to where the target was seen instead; the place left is remembered. True."""
        tracker = self.tracker
        if self.home is None and self.settings.return_frames:
            self.home = Place(expected, tracker.motion.velocity, float(tracker.growth.mean()))
        tracker.seen, self.rival = there, None
        return True

    def _lead(self, there):
        """By how many logits it looks better there than here."""
        return logit(there.score) - logit(self.tracker.seen.score)

    def _better(self, there, lead):
        """True where a place elsewhere looks like the target, and better than the present one by a margin."""
        t = self.settings
        # after a cut the target may look worse than it did, and still clearer than anything else
        enough = max(min(self.usual - t.slack, t.clear), logit(t.found_above))
        return lead > t.margin and logit(there.score) > enough

    def _look(self, frame, centers, growth):
        """What is seen about each of the centres without NaN, were the target so large: a list of Seen."""
        return self.tracker.glance(frame, centers, float(np.exp(growth - self.tracker.growth.mean())))
