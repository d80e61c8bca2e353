"""The Siamese tracker: search window, filter, network, best proposal; and re-detection when the target may be elsewhere."""

import copy
from contextlib import suppress
from functools import partial

import numpy as np

from irtrack_core import boxes as bx
from irtrack_core.config import TrackerSettings
from irtrack_core.filtering import TemporalFilter, without_target
from irtrack_core.network import anchors as an
from irtrack_core.network import inference
from irtrack_core.network.crops import CropMaker, template_side
from irtrack_core.network.weights import load_graphs, load_weights, read_card
from irtrack_core.trackers.base import in_unit, infrared, shape_of, to_gray, unit_of
from irtrack_core.trackers.camera_motion import CameraMotion
from irtrack_core.trackers.camera_zoom import TargetZoom
from irtrack_core.trackers.hypotheses import Hypotheses
from irtrack_core.trackers.kalman import Kalman, SmoothedVelocity
from irtrack_core.trackers.near_window import NearWindow
from irtrack_core.trackers.neighbours import Neighbours
from irtrack_core.trackers.redetection import Redetection
from irtrack_core.trackers.registration import Alignment
from irtrack_core.trackers.runnable import runnable
from irtrack_core.trackers.select_proposal import Observation, calibrated, choose, garrote, vote
from irtrack_core.trackers.spot import Spot

SEEN = 0.5  # least score in the first frame at which a box is mended
LARGEST_MENDING = -0.7, 0.7  # of the logarithm of a side


class SiameseTracker:
    """Tracks one target with a SiameseNet.

    net: a SiameseNet, or its `inference.Graphs`; settings: TrackerSettings; how: backend, precision, device_name, threads:
    see `inference.engine`. calibration: (gain, offset) that turn the net's score into `score`, the probability that the box
    overlaps the target by more than half: see `calibration.platt`. size_line: (slope, offset) of predicted against true
    sizes, as logarithms over that of the anchor: see `calibration.size_shrinkage`.
    The state is the target's centre, size and velocity; `missed` counts the frames since its score was last above
    `lost_below`; `observation` is the network's answer in the last update.
    """

    # what frames and crops are: another net may need other ones. NaN is looked for in the window, by the filter: no work of a
    # frame grows with its size
    checked, crop_maker = staticmethod(partial(to_gray, finite=False)), CropMaker
    zoom_of = TargetZoom  # None: a zoom is what the net says of the size
    neighbours_of = Neighbours  # None: nothing else is followed

    calibration = size_line = (1.0, 0.0)

    def __init__(self, net, *, settings=None, name="siamese", calibration=(1.0, 0.0), size_line=(1.0, 0.0), **how):
        self.name, self.settings, self.net = name, settings or TrackerSettings(), net
        self.calibration, self.size_line = calibration, size_line
        self.engine = inference.engine(runnable(net, **how), **how)
        self.n = net.positions()
        profile = np.hanning(self.n + 2)[1:-1]  # without the zeros at the ends, which would forbid the border
        self.window = np.outer(profile, profile)
        density = self.window / (self.window.sum() * net.settings.stride**2)  # of unexpected places, per square pixel
        self.unexpected = np.tile(density, (net.settings.m, 1, 1))

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
        if known and "size_line" not in options:
            tracker.size_line = tuple(known.get("size", tracker.size_line))
        return tracker

    def __copy__(self):
        """A tracker with a state of its own, on the same network: what one follows, the other does not notice."""
        engine = object.__new__(type(self.engine))
        engine.__dict__.update(self.engine.__dict__)
        return copy.deepcopy(self, {id(self.net): self.net, id(self.engine): engine})

    def init(self, frame, box):
        """Start on the target in `box`. Raises ValueError for an unusable frame or box, and is then as it was."""
        unit = unit_of(frame := self.checked(frame))
        frame = in_unit(frame, unit)
        self._start(frame, bx.check_box(box, frame.shape[:2]))
        self.unit = unit
        if self.settings.mend and (box := self._mended(frame)) is not None:
            # NaN beside the mended box, found before anything is changed: the given one stays
            with suppress(ValueError):
                self._start(frame, box)

    def _mended(self, frame):
        """The given box (4,), with the share `mend` of the difference from where and how large the net sees the target; None
        where it sees none."""
        share, seen = self.settings.mend, self.look(frame, [self.center])[0]
        if seen.score < SEEN:
            return None
        center, size = vote(seen, self.settings.vote_radius) if self.settings.vote_radius else seen.found
        # as the net tells it: it was trained to say what is most likely after seeing the wrong box, and so shrinks by itself
        growth = np.clip(share * np.log(size / self.size), *LARGEST_MENDING)
        center = self.center + share * (center - self.center)
        return bx.from_centers(self.clipped(center), np.clip(self.size * np.exp(growth), 1.0, self.shape[::-1]))

    def _start(self, frame, box):
        """`init` on a frame that was read and a box that was checked."""
        t, s = self.settings, self.net.settings
        side, maker = template_side(box[2:], s), self.crop_maker(s, box[2:], frame.shape[:2])
        template = maker.template(frame, bx.centers(box), side)  # NaN is found here, before anything is changed
        self.shape, self.size, self.maker, self.template = frame.shape[:2], box[2:].copy(), maker, template
        self.farthest = np.array(self.shape[::-1]) - 1e-6  # a place in the frame
        if t.kalman:
            self.motion = Kalman(bx.centers(box), self.side, t.velocity_decay)
            self.hypotheses = Hypotheses(self.motion, t.hypotheses)
        else:
            self.hypotheses = None
            self.motion = SmoothedVelocity(bx.centers(box), t.velocity_rate, t.velocity_decay)
        self.score, self.missed = 1.0, 0
        self.initial_size, self.log_growth = self.size.copy(), np.zeros(2)
        self.engine.template(template)
        given = self.size * s.template_size / side
        self.anchors = an.make_anchors(an.anchor_sizes(s, given), self.n, s.stride)
        # the channel that shows the target best: U, or M, or I where there is nothing else
        self.channel = min(
            range(len(s.inputs)), key=lambda i: ("suppressed", "filtered", "image", "temporal").index(s.inputs[i])
        )
        self.alignment = Alignment(self.template[self.channel], given) if t.alignment_rounds else None
        self.camera_motion = CameraMotion(infrared(frame), self.center, t.camera_tile) if t.camera_tile else None
        self.zoom = (
            self.zoom_of and t.camera_tile and self.zoom_of(infrared(frame), self.center, self.size, t.camera_tile)
        )
        self.temporal = None
        if "temporal" in s.inputs:
            self.temporal, plane = TemporalFilter(s.temporal, block=self.maker.block), infrared(frame)
            self.temporal.push(plane, self.center, self.size, target_free=without_target(plane, box))
        self.observation, self.redetection = None, Redetection(self, frame)
        self.spot = Spot.of(self, frame) if self.alignment and self.hypotheses else None
        self.near = NearWindow(self)
        self.neighbours = self.neighbours_of() if self.neighbours_of and self.hypotheses else None

    def read(self, frame, shape=None):
        """A frame as this tracker looks at it, in the unit of the one it began on. Errors: as of `to_gray`."""
        return in_unit(self.checked(frame, shape), self.unit)

    def update(self, frame):
        """The target's box (4,) in the next frame; `score` is the probability that it is right."""
        frame = self.read(frame, shape_of(self))
        expected = self.expected
        self.attend(frame, expected)
        seen = self.near.look(self, frame, expected)
        return self.accept(frame, expected, seen or self.look(frame, [expected], std=self.motion.std)[0])

    def attend(self, frame, expected):
        """Give the filter in time, where the net has it, the next frame, before anything is looked at in it."""
        if self.temporal:
            self.temporal.push(infrared(frame), expected, self.size)
            self.maker.watch(self.temporal, frame)

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
        return self.clipped(self.motion.center + self.motion.velocity)

    def accept(self, frame, expected, observation):
        """The second half of `update`: the target's box, from the observation about the expected place."""
        self.observation = observation
        if self.camera_motion:
            expected = self.camera_motion.follow(self, frame, expected)
        # where another is too near nothing that is seen may begin a new hypothesis, or be jumped to
        meeting = self.neighbours is not None and self.neighbours.update(self, expected)
        if self.hypotheses and not meeting:
            self.observation, self.motion, expected = self.hypotheses.update(self, self.observation, expected)
        jumped = not meeting and self.redetection(frame, expected)
        self.missed = self.missed + 1 if self.observation.score < self.settings.lost_below else 0
        self.score = calibrated(self.observation.score, *self.calibration)
        if self.missed and not self.hypotheses:
            self.motion.coast(expected, self.side)
        else:
            self._move(frame, expected, jumped)
        self.redetection.learn(frame, self.missed)
        if self.camera_motion:
            self.camera_motion.keep(infrared(frame), self.center)
        return bx.from_centers(self.center, self.size)

    def _move(self, frame, expected, jumped):
        """Take over place, velocity and size from the observation."""
        t, seen = self.settings, self.observation
        net, size = vote(seen, t.vote_radius) if t.vote_radius else seen.found
        center, likeness = self.alignment.measure(self, net) if self.alignment else (net, 1.0)
        if self.neighbours and self.neighbours.place(self, expected, net, center):
            return
        center = self.clipped(center)
        measured = self.spot and not jumped and self.spot.measure(self, frame, expected, net, likeness)
        if jumped:
            self.motion.restart(center, self.side)
            for one in filter(None, (self.hypotheses, self.neighbours)):
                one.restart()
        elif measured:
            self.motion.assimilate(expected, *measured, self.side)
        else:
            self.motion.update(expected, center, seen.score, seen.share, self.side)
        rate = 1.0 if jumped else t.size_rate * seen.score
        log_size = self._corrected_log_size(size)
        if self.zoom:
            log_size = self.zoom.follow(self, infrared(frame), log_size)
        self.log_growth += rate * (log_size - self.log_growth)
        growth = garrote(self.log_growth, t.size_dead_zone)
        # never above the frame, whatever the net says
        self.size = np.minimum(np.maximum(self.initial_size * np.exp(growth), 1.0), self.shape[::-1])

    def _corrected_log_size(self, size):
        """Logarithm (2,) of a predicted size over the given one, corrected: see `calibration.size_shrinkage`."""
        (slope, offset), anchor = self.size_line, self.anchor(self.observation)
        return np.log(anchor / self.initial_size) + (np.log(size / anchor) - offset) / slope

    def anchor(self, observation):
        """Size (2,) in frame pixels of the chosen proposal's anchor: what the net compares the target's size with."""
        return self.anchors.reshape(-1, 4)[observation.best, 2:] / observation.zoom

    @property
    def lost(self):
        """True while nothing that is seen scores as the target did: the box is a guess, and other places are searched."""
        return self.missed > 0 or self.observation is not None and self.redetection.in_doubt

    def clipped(self, center):
        """The place (2,) in the frame that is nearest to `center`."""
        return np.minimum(np.maximum(center, 0.0), self.farthest)

    def look(self, frame, centers, scale=1.0, std=0.0):
        """Observations (a list) in windows about each of the centres, all in one batch.

        scale: of the window, times the usual one; std: as in `decode`.
        """
        if not len(centers):
            return []
        crops, side = self.crops(frame, centers, scale)
        return self.decode(centers, side, crops, *self.engine.search(crops), scale, std)

    def look_where_valid(self, frame, centers, scale=1.0):
        """`look` at other places than the tracker's own, leaving out those with NaN about them."""
        try:
            return self.look(frame, centers, scale)
        except ValueError:
            if len(centers) == 1:
                return []
            return [one for center in centers for one in self.look_where_valid(frame, [center], scale)]

    def crops(self, frame, centers, scale=1.0, size=None):
        """(crops (K, inputs, S, S), side): search crops about each of the centres, `scale` times as wide as usual.

        size: S of a near window, which is the middle of the crop; side is then that of the middle.
        """
        s = self.net.settings
        side = template_side(self.size * scale, s) * s.search_size / s.template_size
        made = [self.maker(frame, center, side, size) for center in centers]
        side = side if size is None else side * size / s.search_size
        return made[0][None] if len(made) == 1 else np.stack(made), side

    def decode(self, centers, side, crops, scores, deltas, scale=1.0, std=0.0):
        """Observations (a list) from the network's scores (K, m, n, n) and deltas (K, 4, m, n, n) of crops.

        std: standard deviation of the target's place about those centres, frame pixels.
        """
        zoom, t, found = crops.shape[-1] / side, self.settings, []
        reference = self.size * scale * zoom
        for center, crop, score, delta in zip(centers, crops, scores, deltas, strict=True):
            proposals = an.decode(delta.transpose(1, 2, 3, 0), self.anchors)
            chosen = choose(score, proposals, reference, self.window, self.unexpected, std * zoom, t)
            found.append(Observation(center, side, crop, score, proposals, *chosen))
        return found
