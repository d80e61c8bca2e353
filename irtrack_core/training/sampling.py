"""From sequences to training pairs. Everything random comes from the generator that is passed in."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from irtrack_core import boxes as bx
from irtrack_core import filtering
from irtrack_core.config import SamplingSettings
from irtrack_core.network import anchors as an
from irtrack_core.network.crops import CropMaker, standing_out, strongest, template_side
from irtrack_core.training import augment

__all__ = [
    "MixedSampler",
    "Pair",
    "PairSampler",
    "SequenceStream",
    "View",
    "collate",
]


class View(NamedTuple):
    """Where a pair was cut: for samplers that add to a pair what they know of its sequence."""

    sequence: object  # Sequence
    frames: tuple  # (template, search) frame numbers
    center: np.ndarray  # (2,) of the search window, frame pixels
    side: float  # of the search window, frame pixels
    mirror: np.ndarray  # (2,) x and y: -1 where the crops are mirrored, else 1


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
    """A batch: arrays of the pairs' fields, stacked along a new first axis: template, search, labels, deltas."""
    return tuple(
        np.stack([getattr(pair, name) for pair in pairs]) for name in ("template", "search", "labels", "deltas")
    )


class SequenceStream:
    """An endless supply of sequences of which a few are kept: batch k draws from numbers k to k + pool - 1.

    make: number -> Sequence, always the same for a number. Each batch retires one sequence and admits one, so that memory
    stays bounded, making frames stays cheap, and what batch k sees still depends on k alone.
    """

    def __init__(self, make, pool=64):
        self.make, self.pool = make, pool
        self.get = lru_cache(maxsize=pool)(make)

    def at(self, index):
        """The sequences batch `index` draws from, as a function rng -> Sequence."""
        return lambda rng: self.get(index + int(rng.integers(self.pool)))


class PairSampler:
    """Draws training pairs from sequences.

    sequences: a list of `Sequence`, or a `SequenceStream`. positions: n, see `SiameseNet.positions`. loose: draw boxes of
    varied looseness (for simulated sequences, whose truth is tight).
    Batch k depends on (seed, k) alone: an interrupted training resumes with the very same pairs.
    """

    crop_maker = CropMaker

    def __init__(self, sequences, settings, positions, *, sampling=None, loose=True, seed=0):
        if not isinstance(sequences, SequenceStream) and not len(sequences):
            raise ValueError("no sequences to draw training pairs from")
        self.sequences, self.settings, self.positions = sequences, settings, positions
        self.sampling, self.loose, self.seed = sampling or SamplingSettings(), loose, seed

    def batch(self, index, size):
        """Batch number `index`: `size` pairs, collated."""
        rng = np.random.default_rng([self.seed, index])
        return collate([self.draw(rng, index) for _ in range(size)])

    def pick(self, rng, index=0):
        """A sequence and two of its annotated frames at most `max_gap` apart."""
        stream = isinstance(self.sequences, SequenceStream)
        choose = self.sequences.at(index) if stream else (lambda rng: self.sequences[rng.integers(len(self.sequences))])
        for _ in range(100):
            sequence = choose(rng)
            present = np.flatnonzero(sequence.present)
            if len(present) == 0:
                continue
            first = rng.choice(present)
            near = present[np.abs(present - first) <= self.sampling.max_gap]
            return sequence, int(first), int(rng.choice(near))
        raise ValueError("100 sequences in a row hold no annotated frame: nothing to train on")

    def draw(self, rng, index=0):
        """One Pair for batch `index`: the template's target at its crop's centre, the search target anywhere within
        `shift` of it."""
        s, a = self.settings, self.sampling
        sequence, i, j = self.pick(rng, index)
        boxes = sequence.boxes[[i, j]].copy()
        if self.loose:
            boxes = self._redraw(boxes, rng)
        absent = rng.random() < a.negatives
        maker = self.crop_maker(s, boxes[0, 2:], sequence.shape)
        first = template_side(boxes[0, 2:], s)
        side = template_side(boxes[1, 2:], s) * s.search_size / s.template_size * np.exp(rng.uniform(-a.scale, a.scale))
        center = bx.centers(boxes[1]) - rng.uniform(-a.shift, a.shift, 2) * side
        if absent:
            center = self._elsewhere(np.asarray(sequence.frames[j]), boxes[1], side, rng)
        centers, sides = [bx.centers(boxes[0]), center], [first * s.search_size / s.template_size, side]
        patches, places = self._patches(sequence, (i, j), boxes, centers, sides, rng)
        template, search = maker.template(patches[0], places[0], first), maker(patches[1], places[1], side)
        zoom = s.search_size / side
        truth = np.concatenate([(bx.centers(boxes[1]) - center) * zoom, boxes[1, 2:] * zoom])
        half = s.search_size / 2
        if absent and (np.abs(truth[:2]) - truth[2:] / 2 < half).all():
            absent = False  # the frame was too small to look away: the target is still in sight

        mirror = np.ones(2)
        for axis in (1, 2):  # up-down, left-right
            if rng.random() < a.flip:
                template, search = np.flip(template, axis), np.flip(search, axis)
                truth[2 - axis] *= -1
                mirror[2 - axis] = -1
        given = boxes[0, 2:] * s.template_size / first
        if a.transpose and rng.random() < a.transpose:  # rows for columns
            template, search = template.swapaxes(1, 2), search.swapaxes(1, 2)
            truth, given = truth[[1, 0, 3, 2]], given[::-1]
        template, search = (self._noisy(x, rng) for x in (template, search))
        anchors = an.make_anchors(an.anchor_sizes(s, given), self.positions, s.stride)
        rule = dict(positive=a.positive, negative=a.negative) if s.region else dict(radius=a.radius)
        q = (an.labels if s.region else an.near_labels)(anchors, None if absent else truth, **rule)
        deltas = np.moveaxis(an.encode(truth, anchors), -1, 0).astype(np.float32)
        view = View(sequence, (i, j), center, side, mirror)
        return Pair(template, search, q, deltas, None if absent else truth, view)

    def _patches(self, sequence, numbers, boxes, centers, sides, rng):
        """The parts of both frames that the crops and the filter read, varied, and the centres in them."""
        if not self.sampling.variety:
            return [np.asarray(sequence.frames[number]) for number in numbers], centers
        reach = filtering.element_length(boxes[0, 2:]) + 4  # the halo of an opening, and a margin for the resampling
        patches, origins = [], []
        for number, center, side in zip(numbers, centers, sides):
            frame = sequence.frames[number]
            low = np.clip(np.floor(center - side / 2 - reach), 0, np.array(frame.shape[::-1]) - 1).astype(int)
            high = np.ceil(center + side / 2 + reach).astype(int)
            patches.append(np.asarray(frame[low[1] : high[1], low[0] : high[0]], dtype=np.float32))
            origins.append(low)
        local = [box - [*origin, 0, 0] for box, origin in zip(boxes, origins)]
        patches = augment.vary(patches, local, rng, self.sampling.variety)
        if sequence.frames.dtype == np.uint8:  # stays what it was: the filter is four times as fast on bytes
            patches = [np.rint(patch).astype(np.uint8) for patch in patches]
        return patches, [center - origin for center, origin in zip(centers, origins)]

    def _elsewhere(self, frame, box, side, rng):
        """A place (x, y) half a window or more away from the target; where the filter sees something, in the share
        `hard` of the cases, as a tracker that has lost its target will look there."""
        frame = frame if frame.ndim == 2 else frame[..., 0]
        place, shape = bx.centers(box), np.array(frame.shape[::-1])
        if rng.random() < self.sampling.hard:
            length = min(filtering.element_length(box[2:]), min(frame.shape) - 1 + min(frame.shape) % 2)
            elements = filtering.line_elements(length, 4)
            polarity = filtering.target_polarity(frame, box)
            _, residual, _ = filtering.multilevel_filter(frame, elements, filtering.rectangle(1, 1), polarity=polarity)
            found = strongest(standing_out(residual, length), 12, max(box[2:].max() / 2, 3))
            found = found[np.abs(found - place).max(axis=1) > side / 2] if len(found) else found
            if len(found):
                return np.clip(found[rng.integers(len(found))] + rng.uniform(-0.1, 0.1, 2) * side, 0, shape - 1e-6)
        away = rng.choice([-1, 1], 2) * rng.uniform(0.8, 2.0, 2) * side
        return np.clip(place + away, 0, shape - 1e-6)

    def _redraw(self, boxes, rng):
        """The same target as another annotator would box it: one looseness and one offset for both frames."""
        a = self.sampling
        factor = np.exp(rng.uniform(*np.log(a.looseness)))
        aspect = np.exp(rng.uniform(-0.15, 0.15) * np.array([1, -1]))
        size = boxes[:, 2:] * factor * aspect
        return bx.from_centers(bx.centers(boxes) + rng.uniform(-a.offset, a.offset, 2) * size, size)

    def _noisy(self, channels, rng):
        sigma = self.sampling.noise * rng.random()
        return (channels + sigma * rng.standard_normal(channels.shape, dtype=np.float32)).astype(np.float32)


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
