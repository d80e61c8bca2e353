r"""How the background moved between two frames: the past tile is laid onto the present one, to a fraction of a pixel.

With the present tile P, a past one Q and a motion W(x; p) of a few parameters, least squares of Q(W(x; p)) - P(x) over the
tile, by the inverse compositional algorithm (Baker and Matthews, IJCV 2004): the matrix depends on P alone, and each round
is one resampling and a few sums. Coarse to fine on a pyramid of halvings. Three things keep the answer that of the *scene*:

- pixels with a large difference do not count in a round (moving targets, sparks);
- nor does the box of the target itself, which before an empty sky is all that there is to lay on;
- stripes along rows and columns are taken off: they stay with the sensor, and would hold the motion at zero.
"""

from math import ceil, floor

import cv2
import numpy as np

MODELS = ("translation", "euclidean", "similarity", "affine")
LEVELS = 3  # of the pyramid, the finest of half the picture's resolution: 24 px of motion between two frames are found
ROUNDS = 3  # on each level
OUTLIER = 3.0  # mean differences above which a pixel does not count
MARGIN = 2  # px of a level at the tile's edge that do not count: there the gradient is the edge's
STRIPE = 9  # rows or columns of the finest level whose means a stripe is compared with
LEAST = 8  # px: a level with a shorter side is left out
ENOUGH = 0.01  # px of the level: a smaller step ends the rounds
AS_USUAL = 1.2  # times the usual misfit, up to which the finest level alone has found the motion
LARGEST = 3.0  # px of the level: no step is larger
# a motion is its two rows, as plain numbers: for so few NumPy's own work is the larger part
STILL = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
SHORTEST = 1e-3  # share of the matrix added to its diagonal: a flat sky moves nothing


class Pyramid:
    """A tile (h, w) float32 halved, without stripes, smoothed, halved again...: `levels` tiles, by number, finest first.

    A stripe is what the mean of a row or column differs from those beside it. A level is made when it is first asked for.
    """

    def __init__(self, tile, levels=LEVELS):
        tile = _halved(tile)
        mean, deviation = (np.float32(value.item()) for value in cv2.meanStdDev(tile))
        tile = tile - mean
        within = np.minimum(tile, 2 * deviation)  # a bright target is no stripe
        np.maximum(within, -2 * deviation, out=within)
        rows, columns = (cv2.reduce(within, axis, cv2.REDUCE_AVG) for axis in (1, 0))
        tile -= rows - cv2.blur(rows, (1, STRIPE), borderType=cv2.BORDER_REFLECT)
        tile -= columns - cv2.blur(columns, (STRIPE, 1), borderType=cv2.BORDER_REFLECT)
        self.sharp, self.smooth = [tile], []
        halvings = max(min(tile.shape) // LEAST, 1).bit_length()
        self.levels = min(levels, halvings)

    def __len__(self):
        return self.levels

    def __getitem__(self, k):
        if not 0 <= k < self.levels:
            raise IndexError(k)
        while len(self.smooth) <= k:
            if len(self.sharp) == len(self.smooth):
                self.sharp.append(_halved(self.sharp[-1]))
            self.smooth.append(cv2.GaussianBlur(self.sharp[-1], (3, 3), 0.8, borderType=cv2.BORDER_REPLICATE))
        return self.smooth[k]


def structure(levels):
    """The mean size of a Pyramid's finest level, which has no mean: grey values."""
    return cv2.norm(levels[0], cv2.NORM_L1) / levels[0].size


def _halved(tile):
    return cv2.resize(tile, (max(tile.shape[1] // 2, 1), max(tile.shape[0] // 2, 1)), interpolation=cv2.INTER_AREA)


def to_tiles(motion, past, present):
    """A motion between places of the frames as one between places of tiles with these origins (x, y)."""
    (a, b, right), (c, d, down) = motion
    (px, py), (x, y) = past, present
    return (a, b, right + a * x + b * y - px), (c, d, down + c * x + d * y - py)


def to_frames(motion, past, present):
    """What `to_tiles` turned into a motion between tiles with these origins."""
    (a, b, right), (c, d, down) = motion
    (px, py), (x, y) = past, present
    return (a, b, right + px - a * x - b * y), (c, d, down + py - c * x - d * y)


def compose(outer, inner):
    """The motion x -> outer(inner(x)).

    >>> compose(((1, 0, 2.0), (0, 1, 0.0)), ((1, 0, 0.5), (0, 1, 1.0)))
    ((1, 0, 2.5), (0, 1, 1.0))
    """
    (a, b, right), (c, d, down) = outer
    (e, f, x), (g, h, y) = inner
    first = (a * e + b * g, a * f + b * h, a * x + b * y + right)
    return first, (c * e + d * g, c * f + d * h, c * x + d * y + down)


def warp(tile, motion, size, *, border=cv2.BORDER_CONSTANT, dst=None):
    """The past tile (h, w) float32 at the present places, of size (w, h); bilinear; NaN beyond it, but for another border."""
    motion, flags = np.array(motion, dtype=np.float64), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(tile, motion, size, dst=dst, flags=flags, borderMode=border, borderValue=float("nan"))


class Registration:
    """Lays past tiles onto a present one.

    present: its `Pyramid`; model: of MODELS; box: (x0, y0, x1, y1) of the target in tile pixels, or None: it does not count.
    Raises ValueError for an unknown model.
    """

    def __init__(self, present, model="translation", box=None):
        if model not in MODELS:
            raise ValueError(f"unknown model of motion {model!r}: use one of {', '.join(MODELS)}")
        self.model, self.box, self.present, self.levels = model, box, present, [None] * len(present)

    def _level(self, k):
        """(present tile, columns (p, N), inverse matrix (p rows)) of a level of the pyramid, made when it is first needed."""
        if self.levels[k] is None:
            tile = self.present[k]
            columns = np.empty((self._parameters, *tile.shape), np.float32)
            cv2.Sobel(tile, cv2.CV_32F, 1, 0, dst=columns[0], scale=1 / 8)
            cv2.Sobel(tile, cv2.CV_32F, 0, 1, dst=columns[1], scale=1 / 8)
            self._complete(columns)
            _blank(columns, k + 1, self.box)
            columns = columns.reshape(-1, tile.size)
            matrix = (columns @ columns.T).astype(np.float64)
            matrix.flat[:: self._parameters + 1] *= 1 + SHORTEST
            matrix.flat[:: self._parameters + 1] += 1e-9 * tile.size
            # it is positive definite; NumPy's inverse takes three times as long for so few numbers
            self.levels[k] = tile, columns, cv2.invert(matrix, flags=cv2.DECOMP_CHOLESKY)[1]
        return self.levels[k]

    @property
    def _parameters(self):
        return {"translation": 2, "euclidean": 3, "similarity": 4, "affine": 6}[self.model]

    def _complete(self, columns):
        """Set the change of the picture with the parameters beside the shift's; places are counted from the tile's middle."""
        if self.model == "translation":
            return
        right, down = columns[:2]
        y, x = (np.arange(n, dtype=np.float32) - (n - 1) / 2 for n in right.shape)
        y = y[:, None]
        if self.model != "affine":
            columns[2] = x * down - y * right
            columns[3:] = x * right + y * down  # of a similarity alone
        else:
            columns[2:] = x * right, y * right, x * down, y * down

    def __call__(self, past, start, *, usual=None, rounds=ROUNDS):
        """(motion, misfit): where the present places lie in the past tile, W(x) = A x + t, and what is left there.

        past: the past tile's `Pyramid`; start: the motion to begin with. usual: of the misfit, where it is known: the finest
        level is tried first, and those above it only where it does not fit as usual. The misfit is the mean difference on
        the finest level in its own units, before the last round; infinite where less than a quarter of the tiles is common.
        """
        if usual is not None:
            motion, misfit = self._refine(past, 0, start, rounds)
            if misfit <= AS_USUAL * usual:
                return motion, misfit
        motion, misfit = start, np.inf
        for k in range(min(len(past), len(self.levels)) - 1, -1, -1):
            motion, misfit = self._refine(past, k, motion, rounds)
        return motion, misfit

    def once(self, pasts, starts):
        """A list of motions: of several past tiles, from those to begin with on, after one round on the finest level.

        pasts: their pyramids. It is the same round, of all at once: the work is mostly in the number of calls.
        """
        present, columns, inverse = self._level(0)
        rest, motions = np.empty((len(pasts), *present.shape), np.float32), [_scaled(start, 0.5) for start in starts]
        for one, past, motion in zip(rest, pasts, motions):
            warp(past[0], motion, present.shape[::-1], border=cv2.BORDER_REPLICATE, dst=one)
        rest -= present
        apart, limits = np.abs(rest), np.zeros((len(pasts), 1, 1), np.float32)
        for k, motion in enumerate(motions):
            if (common := _common(motion, present.shape)) is not None:
                part = apart[k][common]
                limits[k] = OUTLIER * cv2.norm(part, cv2.NORM_L1) / part.size + 1e-6
                _outside(apart[k], common, np.inf)
        counts = (apart < limits).astype(np.float32).reshape(len(pasts), -1)
        kept = rest.reshape(len(pasts), -1)
        kept *= counts
        ones = np.ones(present.size, np.float32)
        levels = (kept @ ones) / np.maximum(counts @ ones, 1)
        steps = inverse @ (columns @ kept.T - levels * (columns @ counts.T))
        return [_scaled(self._moved(*each, present.shape)[0], 2.0) for each in zip(motions, steps.T.tolist())]

    def _refine(self, past, k, motion, rounds):
        """(motion, misfit) after so many rounds on level k."""
        present, columns, inverse = self._level(k)
        past, scale, misfit, size = past[k], 2.0 ** (k + 1), np.inf, present.shape[::-1]
        motion = _scaled(motion, 1 / scale)
        for _ in range(rounds):
            rest = warp(past, motion, size, border=cv2.BORDER_REPLICATE)
            rest -= present
            if (common := _common(motion, present.shape)) is None:
                misfit = np.inf
                break
            part = rest[common]
            misfit = cv2.norm(part, cv2.NORM_L1) / part.size
            limit = OUTLIER * misfit + 1e-6
            counts = cv2.inRange(rest, -limit, limit)  # without moving things and sparks
            _outside(counts, common, 0)
            rest -= np.float32(cv2.mean(rest, counts)[0])  # a camera's level changes
            step = inverse @ (columns @ cv2.copyTo(rest, counts).ravel())
            motion, largest = self._moved(motion, step.tolist(), present.shape)
            if largest < ENOUGH:
                break
        return _scaled(motion, scale), misfit

    def _moved(self, motion, step, shape):
        """(motion, largest shift): a level's motion after a step of its parameters.

        The present picture moved by the step would look like the past one seen there: the step is taken back.
        """
        right, down = (min(max(value, -LARGEST), LARGEST) for value in step[:2])
        if self.model == "translation":
            (a, b, x), (c, d, y) = motion
            motion = (a, b, x - right), (c, d, y - down)
        else:
            motion = compose(motion, _inverse(self._small([right, down, *step[2:]], shape)))
        return motion, max(abs(right), abs(down))

    def _small(self, step, shape):
        """The motion of small parameters on a level of that shape."""
        right, down, *linear = step
        a, b, c, d = linear if self.model == "affine" else _turned(*linear)
        y, x = ((n - 1) / 2 for n in shape)
        return (1 + a, b, right - a * x - b * y), (c, 1 + d, down - c * x - d * y)


def _turned(turn, growth=0.0):
    """The four linear parameters of a small turn, and growth, of the picture."""
    return growth, -turn, turn, growth


def _common(motion, shape):
    """The slices of a level (h, w) whose places lie in the past one too, by the motion of its middle; None for less than a
    quarter of it."""
    (a, b, right), (c, d, down) = motion
    height, width = shape
    x, y = (width - 1) / 2, (height - 1) / 2
    spans = []
    for step, length in ((c * x + d * y + down - y, height), (a * x + b * y + right - x, width)):
        spans.append(slice(max(ceil(-step), 0), min(floor(-step), 0) + length))
    rows, columns = (max(span.stop - span.start, 0) for span in spans)
    return tuple(spans) if 4 * rows * columns >= height * width else None


def _outside(level, common, value):
    """Set a level (h, w) to a value outside the slices `common`, in place."""
    rows, columns = common
    level[: rows.start] = level[rows.stop :] = value
    level[:, : columns.start] = level[:, columns.stop :] = value


def _blank(columns, level, box):
    """Set a level's columns (p, h, w) to 0 at the edge and in the target's box, in place: what lies there does not count."""
    columns[:, :MARGIN] = columns[:, -MARGIN:] = columns[:, :, :MARGIN] = columns[:, :, -MARGIN:] = 0
    if box is not None:
        x0, y0 = (max(floor(v / 2**level), 0) for v in box[:2])
        x1, y1 = (max(ceil(v / 2**level), 0) for v in box[2:])
        columns[:, y0:y1, x0:x1] = 0


def _scaled(motion, factor):
    """The motion on a picture enlarged by `factor`, whose pixel centres lie at (x + 1/2) factor - 1/2."""
    shift = (factor - 1) / 2
    return tuple((a, b, factor * t + shift - (a + b) * shift) for a, b, t in motion)


def _inverse(motion):
    (a, b, x), (c, d, y) = motion
    det = a * d - b * c
    a, b, c, d = d / det, -b / det, -c / det, a / det
    return (a, b, -a * x - b * y), (c, d, -c * x - d * y)
