"""The tracker of the paper: window, filter, Siamese network, best proposal; and re-detection when the target was lost."""

from functools import partial

import numpy as np

from irtrack_core import boxes as bx
from irtrack_core.config import TrackerSettings
from irtrack_core.network import anchors as an
from irtrack_core.network import inference
from irtrack_core.network.crops import CropMaker, template_side
from irtrack_core.network.weights import SHIPPED, load_graphs, load_weights, read_card
from irtrack_core.trackers.base import shape_of, to_gray
from irtrack_core.trackers.camera_motion import JumpWatch
from irtrack_core.trackers.kalman import Follow, Kalman
from irtrack_core.trackers.redetection import Elsewhere
from irtrack_core.trackers.registration import Alignment
from irtrack_core.trackers.select_proposal import Seen, best_proposal, calibrated, likeliest, logit, vote


class SiameseTracker:
    """Tracks one target with a SiameseNet.

    net: a SiameseNet, or its `inference.Graphs`; settings: TrackerSettings; how: backend, precision, device_name, threads:
    see `inference.engine`. calibration: (gain, offset) that turn the net's score into `score`, the probability that the box
    overlaps the target by more than half: see `calibration.platt`. response: (slope, offset) of the sizes that the net
    tells, as logarithms over that of its anchor, against true ones: see `calibration.size_response`.
    The state is the target's centre, size and velocity; `missed` counts the frames since it was last seen with any
    confidence; `seen` is what the last update looked at.
    """

    # what frames and crops are: another net may need other ones. NaN is looked for in the window, by the filter: no work of a
    # frame grows with its size
    read, crop_maker = staticmethod(partial(to_gray, finite=False)), CropMaker

    calibration = response = (1.0, 0.0)

    def __init__(self, net, *, settings=None, name="siamese", calibration=(1.0, 0.0), response=(1.0, 0.0), **how):
        self.name, self.settings, self.net = name, settings or TrackerSettings(), net
        self.calibration, self.response = calibration, response
        self.engine = inference.engine(_runnable(net, **how), **how)
        self.n = net.positions()
        profile = np.hanning(self.n + 2)[1:-1]  # without the zeros at the ends, which would forbid the border
        self.window = np.outer(profile, profile)
        self.wide = self.window / (self.window.sum() * net.settings.stride**2)  # as a density of places

    @classmethod
    def from_weights(cls, path, *, preset=None, **options):
        """A tracker with the weights stored at `path`, calibrated as their card says where `options` do not say otherwise.

        `load_weights` has the errors."""
        graphs = options.get("backend") != "torch" and options.get("device_name", "cpu") == "cpu"
        net = load_graphs(path, preset) if graphs and cls is SiameseTracker else None
        tracker = cls(load_weights(path, preset) if net is None else net, **options)
        known = read_card(path).get("calibration")
        if known and "calibration" not in options:
            tracker.calibration = known["gain"], known["offset"]
        if known and "response" not in options:
            tracker.response = tuple(known.get("size", tracker.response))
        return tracker

    def init(self, frame, box):
        """Start on the target in `box`. Raises ValueError for an unusable frame or box."""
        frame = self.read(frame)
        self.shape = frame.shape[:2]
        box = bx.check_box(box, self.shape)
        t, self.size = self.settings, box[2:].copy()
        self.motion = (
            Kalman(bx.centers(box), self.side, t.motion, t.coasting)
            if t.motion
            else Follow(bx.centers(box), t.velocity_rate, t.coasting)
        )
        self.score, self.missed = 1.0, 0
        self.given, self.growth = self.size.copy(), np.zeros(2)
        s = self.net.settings
        self.maker = self.crop_maker(s, self.size, self.shape)
        side = template_side(self.size, s)
        self.template = self.maker.template(frame, self.center, side)
        self.engine.template(self.template)
        given = self.size * s.template_size / side
        self.anchors = an.make_anchors(an.anchor_sizes(s, given), self.n, s.stride)
        # the channel that shows the target best: U, or M, or I where there is nothing else
        self.channel = min(range(len(s.inputs)), key=lambda i: ("suppressed", "filtered", "image").index(s.inputs[i]))
        self.alignment = Alignment(self.template[self.channel], given) if t.align else None
        watched = t.jump.tile and t.jump
        self.watch = JumpWatch(_plane(frame), self.center, watched) if watched else None
        self.seen, self.elsewhere = None, Elsewhere(self, frame)

    def update(self, frame):
        """The target's box (4,) in the next frame; `score` is the probability that it is right."""
        frame = self.read(frame, shape_of(self))
        expected = self.expected
        return self.take(frame, expected, self.look(frame, [expected], spread=self.motion.spread)[0])

    @property
    def center(self):
        """(2,) of the target, frame pixels."""
        return self.motion.center

    @property
    def side(self):
        """Of the target: the root of its box's area, frame pixels."""
        return float(self.size[0] * self.size[1]) ** 0.5

    @property
    def expected(self):
        """(2,) where the target should be in the next frame, by its velocity."""
        return self.inside(self.motion.center + self.motion.velocity)

    def take(self, frame, expected, seen):
        """The second half of `update`: the target's box, from what was seen about the expected place."""
        self.seen = seen
        expected = self._follow_picture(frame, expected)
        jumped = self.elsewhere(frame, expected)
        self.missed = self.missed + 1 if self.seen.score < self.settings.lost_below else 0
        self.score = calibrated(self.seen.score, *self.calibration)
        if self.missed:
            # what looks best here is not the target
            self.motion.coast(expected, self.side)
        else:
            self._move(expected, jumped)
        self.elsewhere.learn(frame, self.missed)
        if self.watch:
            self.watch.keep(_plane(frame), self.center)
        return bx.from_centers(self.center, self.size)

    def _move(self, expected, jumped):
        """Take over place, velocity and size from what was seen."""
        t = self.settings
        center, size = vote(self.seen, t.vote) if t.vote else self.seen.found
        if self.alignment:
            center = self._align(center)
        center = self.inside(center)
        if jumped:
            self.motion.restart(center, self.side)
        else:
            self.motion.see(expected, center, self.seen.score, self.seen.share, self.side)
        rate = 1.0 if jumped else t.size_rate * self.seen.score
        self.growth += rate * (self._unbiased(size) - self.growth)
        # the non-negative garrote: nothing up to `dead`, and all but dead^2 / growth of a large change
        growth = self.growth * np.maximum(1 - t.dead**2 / np.maximum(self.growth**2, 1e-12), 0)
        # never above the frame, whatever the net says
        self.size = np.clip(self.given * np.exp(growth), 1.0, self.shape[::-1])

    def _unbiased(self, size):
        """Logarithm (2,) of a size that was seen over the given one, corrected: see `calibration.size_response`."""
        (slope, offset), anchor = self.response, self.anchor(self.seen)
        return np.log(anchor / self.given) + (np.log(size / anchor) - offset) / slope

    def anchor(self, seen):
        """Size (2,) in frame pixels of the anchor of what was seen: what the net compares the target's size with."""
        return self.anchors.reshape(-1, 4)[seen.best, 2:] / seen.zoom

    def _align(self, center):
        """The given centre (2,), moved towards where the template's picture fits best as far as it is like that."""
        zoom, size = self.seen.zoom, self.size * self.seen.zoom
        start = (center - self.seen.center) * zoom
        place, likeness = self.alignment(self.seen.crop[self.channel], start, size, self.settings.align)
        if likeness < 0 or np.abs(place - start).max() > 0.6 * size.max():
            return center
        return self.seen.center + (start + likeness**self.settings.align_power * (place - start)) / zoom

    def _follow_picture(self, frame, expected):
        """The expected place, moved with the whole picture where that has jumped and the target is seen there."""
        shift = self.watch(_plane(frame), self.elsewhere.doubtful) if self.watch else None
        if shift is None:
            return expected
        moved = self.inside(expected + shift)
        if not (found := self.glance(frame, [moved])):
            return expected
        (there,) = found
        # a look-alike nearer to the place before the jump says nothing against a target that looks as usual after it
        nearly = self.watch.changed and logit(there.score) >= logit(self.seen.score) - self.settings.jump.margin
        if not (nearly or self.elsewhere.usually(there.score)):
            return expected
        self.seen = there
        if (home := self.elsewhere.home) is not None:
            home.center = home.center + shift
        return moved

    @property
    def lost(self):
        """True while the target is not seen: the box is then a guess, and other places are searched."""
        return self.missed > 0

    def inside(self, center):
        """The place (2,) in the frame that is nearest to `center`."""
        return np.clip(center, 0, np.array(self.shape[::-1]) - 1e-6)

    def look(self, frame, centers, scale=1.0, spread=0.0):
        """What the network sees in windows about each of the centres, all in one batch: a list of Seen."""
        if not len(centers):
            return []
        crops, side = self.cut(frame, centers, scale)
        return self.read_off(centers, side, crops, *self.engine.search(crops), scale, spread)

    def glance(self, frame, centers, scale=1.0):
        """`look` at other places than the tracker's own: those with NaN about them are left out."""
        try:
            return self.look(frame, centers, scale)
        except ValueError:
            if len(centers) == 1:
                return []
            return [seen for center in centers for seen in self.glance(frame, [center], scale)]

    def cut(self, frame, centers, scale=1.0):
        """(crops (K, inputs, S, S), side): search crops about each of the centres, `scale` times as wide as usual."""
        s = self.net.settings
        side = template_side(self.size * scale, s) * s.search_size / s.template_size
        return np.array([self.maker(frame, center, side) for center in centers]), side

    def read_off(self, centers, side, crops, scores, deltas, scale=1.0, spread=0.0):
        """A list of Seen from what the network says of crops: scores (K, m, n, n), deltas (K, 4, m, n, n).

        spread: deviation of the target's place about those centres, frame pixels."""
        zoom, t, found = self.net.settings.search_size / side, self.settings, []
        expected = self.size * scale * zoom
        for center, crop, score, delta in zip(centers, crops, scores, deltas, strict=True):
            proposals, share = an.decode(np.moveaxis(delta, 0, -1), self.anchors), 1.0
            if t.motion:
                best, share, weighed = likeliest(score, proposals, expected, self.wide, spread * zoom, t)
            else:
                best, weighed = best_proposal(score, proposals, expected, self.window, t)
            found.append(Seen(center, side, crop, score, proposals, weighed, best, share))
        return found


def _runnable(net, backend="auto", precision="f32", **_):
    """`net`, or the graphs of a SiameseNet where a backend is asked for that runs only graphs."""
    whole = isinstance(net, inference.Graphs) and (precision != "int8" or net.int8 is not None)
    if whole or backend in ("auto", "torch") or inference.missing(backend):
        return net
    inference.check(backend, precision)
    from irtrack_core.training.export import graphs

    return graphs(net, int8=precision == "int8")


def _plane(frame):
    """The infrared plane (H, W) of a frame; that of a pair with a visible image is its first."""
    return frame if frame.ndim == 2 else frame[..., 0]


def create_siamese(weights=None, **options):
    """The best tracker that is shipped: preset `compact`, weights in data/weights."""
    return SiameseTracker.from_weights(weights or SHIPPED / "compact.safetensors", **options)


def create_paper(weights=None, **options):
    """The preset `paper`. weights: a file made by notebook 05, results/<profile>/weights/paper_fold0_seed0.safetensors;
    none is shipped, so without it data/weights/paper.safetensors must have been put there."""
    path = weights or SHIPPED / "paper.safetensors"
    return SiameseTracker.from_weights(path, preset="paper", **{"name": "paper"} | options)
