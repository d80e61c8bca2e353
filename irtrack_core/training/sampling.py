"""Training pairs from sequences. Every random draw comes from the generator that is passed in."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from irtrack_core import boxes as bx
from irtrack_core import filtering
from irtrack_core.config import SamplingSettings
from irtrack_core.filtering import TemporalFilter
from irtrack_core.network import anchors as an
from irtrack_core.network.crops import CropMaker, local_contrast, strongest, template_side
from irtrack_core.training import augment

SHIFT = 0.22  # the target's largest offset from the search crop's centre, in sides of the crop: its motion in a frame
MIRRORED = 0.5  # share of the pairs mirrored left-right, and of those mirrored up-down
SHORT = 0.25  # share of the pairs that know fewer past frames than there are
# of `loose` boxes: largest shift in box sizes, largest log change of width and height
BOX_SHIFT, BOX_ASPECT = 0.1, 0.15
# of `misdrawn` boxes: deviations of the sides' logarithm, up to a factor of 2, and of the centre in sides
MISDRAWN_SCALE, MISDRAWN_SHIFT = 0.25, 0.1


class View(NamedTuple):
    """Where in its sequence a pair was cut, for samplers that add to it what they know of the sequence."""

    sequence: object  # Sequence
    frames: tuple  # (template, search) frame numbers
    center: np.ndarray  # (2,) of the search window, frame pixels
    side: float  # of the search window, frame pixels
    mirror: np.ndarray  # (2,) x and y: -1 where the crops are mirrored, else 1


class Cut(NamedTuple):
    """What a pair shows, before any network's labels; see `PairSampler.cut`."""

    template: np.ndarray  # (inputs, T, T) float32
    search: np.ndarray  # (inputs, S, S) float32
    truth: np.ndarray  # (4,) cx cy w h in search crop pixels about the centre
    absent: bool  # the target lies outside the search crop
    given: np.ndarray  # (2,) the target's size in the template crop, pixels
    view: View


@dataclass
class Pair:
    """One training example; see `PairSampler.draw`."""

    template: np.ndarray  # (inputs, T, T) float32
    search: np.ndarray  # (inputs, S, S) float32
    labels: np.ndarray  # (m, n, n) int8: +1, 0, -1
    deltas: np.ndarray  # (4, m, n, n) float32, meaningful where labels are +1
    truth: np.ndarray | None  # (4,) cx cy w h in search crop pixels about the centre; None without a target
    view: View | None = None


def collate(pairs):
    """(template, search, labels, deltas) of a batch: the pairs' arrays, stacked along a new first axis."""
    return tuple(
        np.stack([getattr(pair, name) for pair in pairs]) for name in ("template", "search", "labels", "deltas")
    )


class SequenceStream:
    """An endless supply of sequences, `pool` of them in memory: batch k draws from the numbers k to k + pool - 1.

    make: number -> Sequence, always the same for a number. From one batch to the next one sequence leaves and one enters, so
    that memory stays bounded, few have to be made, and what batch k sees still depends on k alone.
    """

    def __init__(self, make, pool=64):
        self.make, self.pool = make, pool
        self.get = lru_cache(maxsize=pool)(make)

    def __reduce__(self):
        # workers that are not forked get a pickled sampler; their stream makes its sequences again
        return SequenceStream, (self.make, self.pool)

    def choose(self, rng, index):
        """One of the sequences of batch `index`, at random."""
        return self.get(index + int(rng.integers(self.pool)))


class PairSampler:
    """Draws training pairs from sequences.

    sequences: a list of `Sequence`, or a `SequenceStream`. positions: n, see `SiameseNet.positions`. loose: boxes are
    enlarged and shifted at random (for simulated sequences, whose true boxes are tight).
    Batch k depends on (seed, k) alone: an interrupted training resumes with the very same pairs.

    kept: a dict that keeps the crops of every batch, for samplers of the same sequences and seed whose settings differ in
    nothing that crops depend on; None keeps none. Labels are each sampler's own.
    """

    crop_maker, kept = CropMaker, None

    def __init__(self, sequences, settings, positions, *, sampling=None, loose=True, seed=0):
        if not isinstance(sequences, SequenceStream) and not len(sequences):
            raise ValueError("no sequences to draw training pairs from")
        self.sequences, self.settings, self.positions = sequences, settings, positions
        self.sampling, self.loose, self.seed = sampling or SamplingSettings(), loose, seed

    def batch(self, index, size):
        """Batch number `index`: `size` pairs, collated."""
        return collate([self.label(cut) for cut in self.cuts(index, size)])

    def cuts(self, index, size):
        """The list of the `size` Cuts of batch `index`."""
        if self.kept is not None and (index, size) in self.kept:
            return self.kept[index, size]
        rng = np.random.default_rng([self.seed, index])
        made = [self.cut(rng, index) for _ in range(size)]
        if self.kept is not None:
            self.kept[index, size] = made
        return made

    def pick(self, rng, index=0):
        """(sequence, template frame, search frame): two annotated frames of a sequence, at most `max_gap` apart.

        Raises ValueError when 100 sequences in a row have none.
        """
        stream = isinstance(self.sequences, SequenceStream)
        for _ in range(100):
            chosen = self.sequences.choose(rng, index) if stream else self.sequences[rng.integers(len(self.sequences))]
            present = np.flatnonzero(chosen.present)
            if len(present):
                first = rng.choice(present)
                near = present[np.abs(present - first) <= self.sampling.max_gap]
                return chosen, int(first), int(rng.choice(near))
        raise ValueError("100 sequences in a row hold no annotated frame: nothing to train on")

    def draw(self, rng, index=0):
        """One Pair for batch `index`: a `cut` with its labels."""
        return self.label(self.cut(rng, index))

    def cut(self, rng, index=0):
        """One Cut for batch `index`: the target in the middle of the template crop, and anywhere within SHIFT of the middle
        of the search crop; in the share `negatives` of the pairs outside the search crop."""
        s = self.settings
        sequence, *numbers = self.pick(rng, index)
        boxes = sequence.boxes[numbers]
        if self.loose:
            boxes = self._annotated_again(boxes, rng)
        if self.sampling.misdrawn and rng.random() < self.sampling.misdrawn:
            boxes = np.stack([misdrawn(boxes[0], rng), boxes[1]])
        first = template_side(boxes[0, 2:], s)
        center, side, absent = self._window(sequence, numbers[1], boxes[1], rng)
        zoom = s.search_size / side
        truth = np.concatenate([(bx.centers(boxes[1]) - center) * zoom, boxes[1, 2:] * zoom])
        # a small frame has no room for a window beside the target, which then stays in sight
        absent = absent and (np.abs(truth[:2]) - truth[2:] / 2 >= s.search_size / 2).any()
        windows = (bx.centers(boxes[0]), first * s.search_size / s.template_size), (center, side)
        patches, centers = self._patches(sequence, numbers, boxes, windows, rng)
        maker = self.crop_maker(s, boxes[0, 2:], sequence.shape)
        crops = [maker.template(patches[0], centers[0], first)]
        if "temporal" in s.inputs:
            maker.watch(self._history(sequence, numbers[1], center, maker.block, rng), patches[1], center - centers[1])
        crops.append(maker(patches[1], centers[1], side))

        down, right = np.where(rng.random(2) < MIRRORED, -1, 1)
        crops, mirror = [crop[:, ::down, ::right] for crop in crops], np.array([right, down], dtype=float)
        truth[:2] *= mirror
        given = boxes[0, 2:] * s.template_size / first
        if self.sampling.transpose and rng.random() < self.sampling.transpose:
            crops, truth, given = [crop.swapaxes(1, 2) for crop in crops], truth[[1, 0, 3, 2]], given[::-1]
        crops = [self._noisy(crop, rng) for crop in crops]
        return Cut(*crops, truth, absent, given, View(sequence, tuple(numbers), center, side, mirror))

    def label(self, cut):
        """The Pair of a Cut: labels and offsets of this network's anchors."""
        s = self.settings
        anchors = an.make_anchors(an.anchor_sizes(s, cut.given), self.positions, s.stride)
        label = an.near_labels if not s.region else an.inside_labels if s.head == "fcpp" else an.labels
        truth = None if cut.absent else cut.truth
        q = label(anchors, truth)
        deltas = np.moveaxis(an.encode(cut.truth, anchors), -1, 0).astype(np.float32)
        return Pair(cut.template, cut.search, q, deltas, truth, cut.view)

    def _history(self, sequence, number, center, block, rng):
        """A TemporalFilter that knows a sequence's frame and some before it, as many as a tracker would.

        They are `step` apart, for frames may come slowly. A share of the pairs is of a tracker's first frames.
        """
        gaps = range(1, len(self.settings.temporal.gaps) + 1)
        step = int(rng.choice(self.sampling.history_steps))
        known = min(number // step, int(rng.integers(len(gaps) + 1)) if rng.random() < SHORT else len(gaps))
        temporal = TemporalFilter(self.settings.temporal, gaps=tuple(gaps), block=block)
        for k in range(known, -1, -1):
            box = sequence.boxes[number - k * step]
            size = box[2:] if np.isfinite(box).all() else None
            temporal.push(_plane(sequence.frames[number - k * step]), center, size)
        return temporal

    def _window(self, sequence, number, box, rng):
        """(centre, side, absent) of a search window in frame pixels: moved and scaled at random, or put beside the target."""
        s, a = self.settings, self.sampling
        absent = rng.random() < a.negatives
        side = template_side(box[2:], s) * s.search_size / s.template_size * np.exp(rng.uniform(-a.scale, a.scale))
        center = bx.centers(box) - rng.uniform(-SHIFT, SHIFT, 2) * side
        return (
            (self._background(np.asarray(sequence.frames[number]), box, side, rng) if absent else center),
            side,
            absent,
        )

    def _background(self, frame, box, side, rng):
        """A place (x, y) half a window or more from the target, at random or, in the share `hard_negatives`, where the
        filter's residual has one of its strongest maxima: a tracker that has lost its target will look there."""
        frame = _plane(frame)
        center, shape = bx.centers(box), np.array(frame.shape[::-1])
        if rng.random() < self.sampling.hard_negatives:
            length = min(filtering.element_length(box[2:]), min(frame.shape) - 1 + min(frame.shape) % 2)
            elements = filtering.line_elements(length, 4)
            polarity = filtering.target_polarity(frame, box)
            _, residual, _ = filtering.multilevel_filter(frame, elements, filtering.rectangle(1, 1), polarity=polarity)
            found = strongest(local_contrast(residual, length), 12, max(box[2:].max() / 2, 3))
            found = found[np.abs(found - center).max(axis=1) > side / 2]
            if len(found):
                return np.clip(found[rng.integers(len(found))] + rng.uniform(-0.1, 0.1, 2) * side, 0, shape - 1e-6)
        away = rng.choice([-1, 1], 2) * rng.uniform(0.8, 2.0, 2) * side
        return np.clip(center + away, 0, shape - 1e-6)

    def _patches(self, sequence, numbers, boxes, windows, rng):
        """(patches, centres in them) of the template and the search window (centre, side): the whole frames, or, where
        there is photometric augmentation, the augmented parts that the crops and the filter read."""
        frames, share = [sequence.frames[number] for number in numbers], self.sampling.photometric
        if not share:
            return [np.asarray(frame) for frame in frames], [center for center, _ in windows]
        reach = filtering.element_length(boxes[0, 2:]) + 4  # the halo of an opening, and a margin for the resampling
        patches, origins = [], []
        for frame, (center, side) in zip(frames, windows):
            low = np.clip(np.floor(center - side / 2 - reach), 0, np.array(frame.shape[::-1]) - 1).astype(int)
            high = np.ceil(center + side / 2 + reach).astype(int)
            patches.append(np.asarray(frame[low[1] : high[1], low[0] : high[0]], dtype=np.float32))
            origins.append(low)
        local = [box - [*origin, 0, 0] for box, origin in zip(boxes, origins)]
        patches = augment.photometric(patches, local, rng, share)
        if sequence.frames.dtype == np.uint8:  # stays what it was: the filter is four times as fast on bytes
            patches = [np.rint(patch).astype(np.uint8) for patch in patches]
        return patches, [center - origin for (center, _), origin in zip(windows, origins)]

    def _annotated_again(self, boxes, rng):
        """The target's two boxes as another annotator might have drawn them: one enlargement, shape and shift for both."""
        factor = np.exp(rng.uniform(*np.log(self.sampling.looseness)))
        aspect = np.exp(rng.uniform(-BOX_ASPECT, BOX_ASPECT) * np.array([1, -1]))
        size = boxes[:, 2:] * factor * aspect
        return bx.from_centers(bx.centers(boxes) + rng.uniform(-BOX_SHIFT, BOX_SHIFT, 2) * size, size)

    def _noisy(self, channels, rng):
        sigma = self.sampling.noise * rng.random()
        return (channels + sigma * rng.standard_normal(channels.shape, dtype=np.float32)).astype(np.float32)


def misdrawn(box, rng):
    """The box (4,) as somebody in a hurry draws it: wrong sides, by MISDRAWN_SCALE, and a wrong centre, by MISDRAWN_SHIFT."""
    size = box[2:] * np.exp(np.clip(rng.normal(0, MISDRAWN_SCALE, 2), -np.log(2), np.log(2)))
    return bx.from_centers(bx.centers(box) + rng.normal(0, MISDRAWN_SHIFT, 2) * box[2:], size)


def _plane(frame):
    """The infrared plane (H, W) of a frame."""
    frame = np.asarray(frame)
    return frame if frame.ndim == 2 else frame[..., 0]


class MixedSampler:
    """Draws each pair from one of several samplers, in the given shares."""

    def __init__(self, samplers, shares, *, seed=0):
        if len(samplers) != len(shares) or not samplers or min(shares) < 0 or sum(shares) <= 0:
            raise ValueError(f"one share of 0 or above for each sampler, not all 0; got {len(samplers)} and {shares}")
        self.samplers, self.seed = list(samplers), seed
        self.shares = np.asarray(shares, dtype=float) / sum(shares)

    def batch(self, index, size):
        """Batch number `index`: `size` pairs, collated; depends on (seed, index) alone."""
        rng = np.random.default_rng([self.seed, index])
        return collate(
            [self.samplers[rng.choice(len(self.samplers), p=self.shares)].draw(rng, index) for _ in range(size)]
        )
