"""From frames to crops, and from sequences to training pairs.

A crop is a square of the frame resampled to a fixed size. Its scale follows the box it is taken for, so that a target
always looks equally large to the network. Everything random comes from the generator that is passed in.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from irtrack_core import anchors as an
from irtrack_core import boxes as bx
from irtrack_core import filtering
from irtrack_core.config import SamplingSettings

__all__ = [
    "CropMaker",
    "MixedSampler",
    "Pair",
    "PairSampler",
    "SequenceStream",
    "View",
    "collate",
    "crop",
    "standardize",
    "template_side",
]


def template_side(size, settings):
    """Side in frame pixels of the template window of a target of `size` (w, h): sqrt((w+p)(h+p)), p = context (w+h).

    Never below `window_floor`: the window of a tiny target must still hold its motion.
    """
    w, h = (float(v) for v in size)
    p = settings.context * (w + h)
    return max(((w + p) * (h + p)) ** 0.5, settings.window_floor)


def crop(image, center, side, size, *, border=cv2.BORDER_REPLICATE):
    """The square of `side` pixels about `center` (x, y) of image (H, W), resampled to (size, size) float32.

    Bilinear, sub-pixel exact: output pixel i samples the frame at center + ((i + 0.5) / size - 0.5) * side. When the crop
    shrinks the frame, pixels are averaged first.
    """
    step = side / size
    image = np.asarray(image, dtype=np.float32)
    if step > 1.5:
        width = int(round(step)) | 1
        image = cv2.blur(image, (width, width), borderType=cv2.BORDER_REPLICATE)
    # OpenCV counts from the centre of pixel 0; our boxes from its corner
    first = [c - side / 2 + step / 2 - 0.5 for c in center]
    matrix = np.array([[step, 0, first[0]], [0, step, first[1]]], dtype=np.float64)
    return cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=border)


def standardize(channel):
    """The channel less its mean, over its standard deviation: levels and gain of the camera drop out; 0 if it is flat."""
    mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(channel))
    return (channel - mean) / deviation if deviation > 1e-6 * (1 + abs(mean)) else np.zeros_like(channel)


class CropMaker:
    """Cuts the network's input out of frames: filter (eqs. 2-4) on the window alone, resample, standardise.

    settings: NetworkSettings; size: (w, h) of the target, which sets the length of the line elements and so must be the
    same for template and search; shape: (H, W) of the frames, which no element may exceed.
    """

    def __init__(self, settings, size, shape):
        self.settings = settings
        longest = min(shape) - (1 - min(shape) % 2)  # odd, and within the frame
        length = settings.filter.length or filtering.element_length(size)
        filter_settings = settings.filter.replace(length=min(length, longest))
        self.elements, self.rectangle = filtering.build(filter_settings)
        if "filtered" not in settings.inputs:
            self.rectangle = filtering.rectangle(1, 1)  # eq. (4) is not looked at, so it is not paid for

    def __call__(self, frame, center, side):
        """The search crop (inputs, search_size, search_size) float32 of `side` frame pixels about center (x, y)."""
        size = self.settings.search_size
        height, width = frame.shape
        reach = side / 2 + 2  # a margin for the resampling
        x0, y0 = (int(np.clip(np.floor(c - reach), 0, n - 1)) for c, n in zip(center, (width, height)))
        x1, y1 = (int(np.clip(np.ceil(c + reach), low + 1, n)) for c, low, n in zip(center, (x0, y0), (width, height)))
        local = (center[0] - x0, center[1] - y0)
        window = frame[y0:y1, x0:x1]
        if self.settings.inputs != ("image",):
            _, suppressed, filtered = filtering.filter_window(
                frame, (x0, y0, x1 - x0, y1 - y0), self.elements, self.rectangle
            )
        channels = []
        for name in self.settings.inputs:
            if name == "image":
                channels.append(crop(window, local, side, size))
            else:
                part = suppressed if name == "suppressed" else filtered
                channels.append(crop(part, local, side, size, border=cv2.BORDER_CONSTANT))
        return np.stack([standardize(channel) for channel in channels])

    def template(self, frame, center, side):
        """The template crop: the middle of the search crop of the same frame, so that both are standardised alike.

        side: of the template, in frame pixels.
        """
        s = self.settings
        margin = (s.search_size - s.template_size) // 2
        whole = self(frame, center, side * s.search_size / s.template_size)
        return np.ascontiguousarray(whole[:, margin : margin + s.template_size, margin : margin + s.template_size])


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
        self.pool = pool
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
        frames = [np.asarray(sequence.frames[k]) for k in (i, j)]
        absent = rng.random() < a.negatives
        maker = self.crop_maker(s, boxes[0, 2:], sequence.shape)
        side = template_side(boxes[0, 2:], s)
        template = maker.template(frames[0], bx.centers(boxes[0]), side)

        side = template_side(boxes[1, 2:], s) * s.search_size / s.template_size * np.exp(rng.uniform(-a.scale, a.scale))
        center = bx.centers(boxes[1]) - rng.uniform(-a.shift, a.shift, 2) * side
        if absent:
            # look elsewhere in the same frame, a window away at least
            away = rng.choice([-1, 1], 2) * rng.uniform(0.8, 2.0, 2) * side
            height, width = sequence.shape
            center = np.clip(bx.centers(boxes[1]) + away, 0, [width, height])
        search = maker(frames[1], center, side)
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
        template, search = (self._noisy(x, rng) for x in (template, search))
        given = boxes[0, 2:] * s.template_size / template_side(boxes[0, 2:], s)
        anchors = an.make_anchors(an.anchor_sizes(s, given), self.positions, s.stride)
        rule = dict(positive=a.positive, negative=a.negative) if s.region else dict(radius=a.radius)
        q = (an.labels if s.region else an.near_labels)(anchors, None if absent else truth, **rule)
        deltas = np.moveaxis(an.encode(truth, anchors), -1, 0).astype(np.float32)
        view = View(sequence, (i, j), center, side, mirror)
        return Pair(template, search, q, deltas, None if absent else truth, view)

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
