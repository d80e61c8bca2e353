"""A tracker for targets that change their shape: adaptive elements, size from evidence, a template that is renewed.

It wraps the tracker `siamese` or `motion`, whose design stays as it is. Each of the three parts can be had alone.
"""

from contextlib import suppress

import numpy as np

from irtrack_core import boxes as bx
from irtrack_core import filtering
from irtrack_core.config import DeformingSettings
from irtrack_core.network import anchors as an
from irtrack_core.network.crops import template_side
from irtrack_core.trackers import create
from irtrack_core.trackers.base import infrared, shape_of
from irtrack_core.trackers.registration import Alignment
from irtrack_core.trackers.select_proposal import garrote, logit
from irtrack_core.trackers.support import support

# size from evidence; sizes are logarithms
FIRST = 5  # frames in which the ratio of the box to the support is learnt, and the size is not yet followed
TRIES = 10  # frames after which what was learnt has to do
RATIO = 4.8  # box over sigma where the first frames cannot tell it; of a blob in the project's own convention 4
POINT = 4.0  # px: for boxes smaller than this the given ratio counts less than RATIO
EVIDENCE_RATE, CENTER_RATE = 0.35, 0.3  # shares of what the support says that are taken over in a frame
LARGEST_DOUBT = 0.4  # a support that differs by more counts as if by this
LARGEST_STEP = 0.12  # of the size in one frame
DEAD_ZONE = 0.15  # as `TrackerSettings.size_dead_zone`, which is for the network's size
# the gate: until a side has changed its size is the tracker's own
SMOOTH = 0.3  # share of a frame in what the support says on the mean
OPEN = 0.25, 0.06  # mean change of a side by the support, and by the network to the same side, that tell of one
AGREED = 3  # frames in a row that they must
# elements and template
CHANGED = 0.15  # of a side since the elements were made, from which they are made anew
SHORTEST = 15  # pixels of a line: what the network was trained with
SCORE = 0.6  # least score of a frame that the template is renewed from
GRADUAL = 0.1, 0.5  # least and largest change of a side since the last template: less is noise, more is sudden
RENEWED = 5  # frames that a template is kept at least
TURNED = 1.0, 0.3, 3  # logits by which the negative must look better, its least score, and in how many frames in a row
SHARE = 0.5  # of the newest template; the rest is the first one, for ever


class DeformingTracker:
    """Tracks with another tracker and lets size, elements and template follow the target's shape.

    tracker: a SiameseTracker; settings: DeformingSettings, which of the parts. Errors are those of the tracker.
    """

    def __init__(self, tracker, *, settings=None, name="deforming", **options):
        self.tracker, self.name = tracker, name
        self.settings = (settings or DeformingSettings()).replace(**options)
        self.zone = tracker.settings.size_dead_zone
        if self.settings.size:  # the zone is applied here, after the evidence
            tracker.settings = tracker.settings.replace(size_dead_zone=0.0)

    @property
    def score(self):
        """The tracker's own: the probability that the box is right."""
        return self.tracker.score

    @property
    def lost(self):
        """True while the target is not seen."""
        return self.tracker.lost

    def init(self, frame, box):
        """Start on the target in `box`. Raises ValueError for an unusable frame or box, and is then as it was."""
        t = self.tracker
        t.init(frame, box)
        self.shape, self.age = t.shape, 0
        self.growth = np.zeros(2)
        self.ratios, self.offset = [], np.zeros(2)
        self.turned = 0
        self.said, self.agreed, self.open = np.zeros(2), np.zeros(2, int), np.full(2, not self.settings.gate)
        if self.settings.size:
            self._learn(self._support(t.read(frame)))
        self.given, self.kernels, self.template = self._in_template(), list(t.engine.kernels), t.template
        self.renewed, self.renewed_at = 0, np.zeros(2)

    def update(self, frame):
        """The target's box (4,) in the next frame."""
        shape_of(self)
        t, s = self.tracker, self.settings
        t.update(frame)
        frame, self.age = t.read(frame), self.age + 1
        if s.polarity:
            self._turn(frame)
        if s.size:
            self._follow(None if t.missed else self._support(frame))
        if s.elements and not t.missed:
            self._fit()
        if s.template and not t.missed:
            with suppress(ValueError):  # NaN in the wider window
                self._renew(frame)
        return bx.from_centers(t.center, t.size)

    def _turn(self, frame):
        """Take the negative where, in doubt, it looks more like the target for some frames: it has changed its polarity."""
        t, (lead, least, frames) = self.tracker, TURNED
        if not (t.redetection.in_doubt and t.net.settings.negate_dark):
            self.turned = 0
            return
        t.maker.negate()
        found = t.look_where_valid(frame, [t.center])
        better = bool(found) and found[0].score > least
        better = better and logit(found[0].score) - logit(t.observation.score) > lead
        self.turned = self.turned + 1 if better else 0
        if self.turned < frames:
            t.maker.negate()
            return
        (t.observation,), self.turned, t.missed = found, 0, 0
        t.motion.restart(t.clipped(found[0].found[0]), t.side)

    def _support(self, frame):
        """What `support` finds about the target; None where NaN lies about it."""
        t = self.tracker
        with suppress(ValueError):
            return support(infrared(frame), t.center, t.size, t.maker.polarity)

    def _learn(self, seen):
        """Take a frame into the ratio (2,) of box and support, and into the offset of their centres."""
        t = self.tracker
        if seen is not None:
            if not self.ratios:
                self.offset = (t.center - seen.center) / t.size
            self.ratios.append(np.log(t.initial_size / seen.sigma))
        # what a box of a point or two leaves of a support is its noise
        doubt = np.exp(-((t.initial_size / POINT) ** 2)) if self.ratios else 1.0
        known = np.mean(self.ratios, axis=0) if self.ratios else 0.0
        self.ratio = (1 - doubt) * known + doubt * np.log(RATIO)

    def _follow(self, seen):
        """Blend the network's size, which the tracker has taken over, with that of the support; set the tracker's size."""
        t, before = self.tracker, self.growth
        now = t.log_growth
        if seen is not None and len(self.ratios) < FIRST and self.age < TRIES:
            self._learn(seen)
            now = np.where(self.open, before, now)
        elif seen is not None:
            evidence = self.ratio + np.log(seen.sigma / t.initial_size)
            self._gate(evidence, now)
            blended = now + EVIDENCE_RATE * np.clip(evidence - now, -LARGEST_DOUBT, LARGEST_DOUBT)
            now = np.where(self.open, blended, now)
            away = seen.center + self.offset * t.size - t.center
            if self.open.any() and (np.abs(away) < t.size / 2 + 1).all():
                t.motion.center = t.clipped(t.motion.center + CENTER_RATE * away)
        steps = np.where(self.open, np.clip(now - before, -LARGEST_STEP, LARGEST_STEP), now - before)
        self.growth = before + steps
        t.log_growth = self.growth.copy()
        followed = garrote(self.growth, np.where(self.open, DEAD_ZONE, self.zone))
        t.size = np.clip(t.initial_size * np.exp(followed), 1.0, t.shape[::-1])

    def _gate(self, evidence, network):
        """Open the sides (2,) that support and network agree to have changed; those that are open stay so."""
        self.said += SMOOTH * (evidence - self.said)
        agree = (np.abs(self.said) > OPEN[0]) & (self.said * network > 0) & (np.abs(network) > OPEN[1])
        self.agreed = np.where(agree, self.agreed + 1, 0)
        self.open |= self.agreed >= AGREED

    def _fit(self):
        """Give the tracker elements for its present size, once that has changed."""
        t, old = self.tracker, self.tracker.maker
        if np.abs(np.log(t.size / old.size)).max() < CHANGED:
            return
        new = type(old)(t.net.settings, t.size, t.shape)
        vars(new).update({name: value for name, value in vars(old).items() if name not in OWN})
        if t.temporal is not None:
            new.block = old.block  # its memory is on that grid
        longest = min(t.shape) // new.block
        angles = t.net.settings.filter.angles
        longest -= 1 - longest % 2
        new.elements = filtering.fitted_lines(t.size / new.block, angles, minimum=SHORTEST, longest=longest)
        new.halo = new.block * filtering.support(new.elements, new.rectangle)
        t.maker = new

    def _renew(self, frame):
        """Renew half of the template where the target is seen well and has changed gradually since the last one."""
        t, s = self.tracker, self.tracker.net.settings
        growth = np.log(t.size / t.initial_size)
        change = np.abs(growth - self.renewed_at).max()
        unsure = t.score < SCORE or t.redetection.in_doubt
        if unsure or self.age - self.renewed < RENEWED or not GRADUAL[0] <= change <= GRADUAL[1]:
            return
        margin = (s.search_size - s.template_size) // 2
        middle = slice(margin, margin + s.template_size)
        wide = template_side(t.size, s) * s.search_size / s.template_size
        crop = np.ascontiguousarray(t.maker(frame, t.center, wide)[:, middle, middle])
        t.engine.template(crop)
        # eqs. (8), (9) are linear in the template's features: a mean of kernels is a mean of answers
        t.engine.kernels = [(1 - SHARE) * a + SHARE * b for a, b in zip(self.kernels, t.engine.kernels)]
        given = np.exp((1 - SHARE) * np.log(self.given) + SHARE * np.log(self._in_template()))
        t.anchors = an.make_anchors(an.anchor_sizes(s, given), t.n, s.stride)
        if t.alignment is not None:
            t.alignment = Alignment((1 - SHARE) * self.template[t.channel] + SHARE * crop[t.channel], given)
        self.renewed, self.renewed_at = self.age, growth

    def _in_template(self):
        """Size (2,) of the target in a template crop, crop pixels."""
        t, s = self.tracker, self.tracker.net.settings
        return t.size * s.template_size / template_side(t.size, s)


# what a CropMaker works out from the target's size; all else it has from the first frame
OWN = ("size", "block", "elements", "rectangle", "halo")


def create_deforming(
    base="siamese", *, name="deforming", elements=True, size=True, template=True, gate=False, polarity=False, **options
):
    """A DeformingTracker over `base`, "siamese" or "motion"; options go to that. Raises ValueError for another base."""
    if base not in ("siamese", "motion"):
        raise ValueError(f"base={base!r}: the tracker for changing shapes stands on 'siamese' or 'motion'")
    parts = dict(elements=elements, size=size, template=template, gate=gate, polarity=polarity)
    return DeformingTracker(create(base, **options), name=name, **parts)
