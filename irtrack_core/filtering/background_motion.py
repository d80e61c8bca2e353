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

MODELS = ("translation", "euclidean", "affine")
LEVELS = 3  # of the pyramid, the finest of half the picture's resolution: 24 px of motion between two frames are found
ROUNDS = 3  # on each level
OUTLIER = 3.0  # mean differences above which a pixel does not count
MARGIN = 2  # px of a level at the tile's edge that do not count: there the gradient is the edge's
STRIPE = 9  # rows or columns of the finest level whose means a stripe is compared with
LEAST = 8  # px: a level with a shorter side is left out
ENOUGH = 0.01  # px of the level: a smaller step ends the rounds
LARGEST = 3.0  # px of the level: no step is larger
SHORTEST = 1e-3  # share of the matrix added to its diagonal: a flat sky moves nothing


def pyramid(tile, levels=LEVELS):
    """A list of float32 tiles, finest first: the tile (h, w) float32 halved, without stripes, smoothed, halved again...

    A stripe is what the mean of a row or column differs from those beside it.
    """
    tile, found = _halved(tile), []
    mean, deviation = (float(value) for value in np.ravel(cv2.meanStdDev(tile)))
    # a bright target is no stripe
    within = np.clip(tile - np.float32(mean), -2 * deviation, 2 * deviation)
    rows, columns = (cv2.reduce(within, axis, cv2.REDUCE_AVG) for axis in (1, 0))
    tile = tile - (rows - cv2.blur(rows, (1, STRIPE), borderType=cv2.BORDER_REFLECT))
    tile -= columns - cv2.blur(columns, (STRIPE, 1), borderType=cv2.BORDER_REFLECT) + np.float32(mean)
    while True:
        found.append(cv2.GaussianBlur(tile, (3, 3), 0.8, borderType=cv2.BORDER_REPLICATE))
        if len(found) == levels or min(tile.shape) < 2 * LEAST:
            return found
        tile = _halved(tile)


def _halved(tile):
    return cv2.resize(tile, (max(tile.shape[1] // 2, 1), max(tile.shape[0] // 2, 1)), interpolation=cv2.INTER_AREA)


def to_tiles(motion, past, present):
    """(2, 3): a motion between places of the frames as one between places of tiles with these origins (x, y)."""
    moved = np.array(motion, dtype=np.float64)
    moved[:, 2] += moved[:, :2] @ np.asarray(present) - np.asarray(past)
    return moved


def to_frames(motion, past, present):
    """(2, 3): what `to_tiles` turned into a motion between tiles with these origins."""
    moved = np.array(motion, dtype=np.float64)
    moved[:, 2] += np.asarray(past) - moved[:, :2] @ np.asarray(present)
    return moved


def compose(outer, inner):
    """(2, 3): the motion x -> outer(inner(x)).

    >>> compose(np.array([[1, 0, 2.0], [0, 1, 0]]), np.array([[1, 0, 0.5], [0, 1, 1]])).tolist()
    [[1.0, 0.0, 2.5], [0.0, 1.0, 1.0]]
    """
    outer, inner = np.asarray(outer, dtype=np.float64), np.asarray(inner, dtype=np.float64)
    joined = outer[:, :2] @ inner
    joined[:, 2] += outer[:, 2]
    return joined


def warp(tile, motion, size, *, border=cv2.BORDER_CONSTANT):
    """The past tile (h, w) float32 at the present places, of size (w, h); bilinear; NaN beyond it, but for another border."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(tile, motion, size, flags=flags, borderMode=border, borderValue=float("nan"))


class Registration:
    """Lays past tiles onto a present one.

    present: its `pyramid`; model: of MODELS; box: (x0, y0, x1, y1) of the target in tile pixels, or None: it does not count.
    Raises ValueError for an unknown model.
    """

    def __init__(self, present, model="translation", box=None):
        if model not in MODELS:
            raise ValueError(f"unknown model of motion {model!r}: use one of {', '.join(MODELS)}")
        self.model, self.levels = model, []
        for k, tile in enumerate(present, start=1):
            right = cv2.Sobel(tile, cv2.CV_32F, 1, 0, scale=1 / 8)
            down = cv2.Sobel(tile, cv2.CV_32F, 0, 1, scale=1 / 8)
            columns = np.stack(self._columns(right, down))
            _blank(columns, k, box)
            columns = columns.reshape(-1, tile.size)
            matrix = (columns @ columns.T).astype(np.float64)
            matrix += np.diag(SHORTEST * np.diag(matrix) + 1e-9 * tile.size)
            self.levels.append((tile, columns, np.linalg.inv(matrix)))

    def _columns(self, right, down):
        """The change of the picture with each parameter, (h, w) each; places are counted from the tile's middle."""
        if self.model == "translation":
            return [right, down]
        y, x = (np.arange(n, dtype=np.float32) - (n - 1) / 2 for n in right.shape)
        y = y[:, None]
        if self.model == "euclidean":
            return [right, down, x * down - y * right]
        return [right, down, x * right, y * right, x * down, y * down]

    def __call__(self, past, start, *, finest=False, rounds=ROUNDS):
        """(motion (2, 3), misfit): where the present places lie in the past tile, W(x) = A x + t, and what is left there.

        past: the past tile's `pyramid`; start: (2, 3) to begin with; finest: look at the finest level alone. The misfit is
        the mean difference on the finest level in its own units, before the last round; infinite where less than a quarter
        of the tiles is common.
        """
        motion, misfit = np.array(start, dtype=np.float64), np.inf
        for k in [0] if finest else range(min(len(past), len(self.levels)) - 1, -1, -1):
            scale = 2.0 ** (k + 1)
            motion, misfit = self._refine(past[k], _scaled(motion, 1 / scale), *self.levels[k], rounds)
            motion = _scaled(motion, scale)
        return motion, misfit

    def _refine(self, past, motion, present, columns, inverse, rounds):
        misfit, size = np.inf, present.shape[::-1]
        for _ in range(rounds):
            rest = warp(past, motion, size, border=cv2.BORDER_REPLICATE) - present
            apart = np.abs(rest)
            if (common := _common(motion, present.shape)) is None:
                return motion, np.inf
            misfit = float(cv2.mean(apart[common])[0])
            counts = apart < OUTLIER * misfit + 1e-6  # without moving things and sparks
            counts[: common[0].start] = counts[common[0].stop :] = False
            counts[:, : common[1].start] = counts[:, common[1].stop :] = False
            rest -= np.float32(cv2.mean(rest, counts.view(np.uint8))[0])  # a camera's level changes
            step = inverse @ (columns @ (rest * counts).ravel())
            right, down = (min(max(float(v), -LARGEST), LARGEST) for v in step[:2])
            # the present picture moved by the step would look like the past one seen there: the step is taken back
            if self.model == "translation":
                motion[0, 2] -= right
                motion[1, 2] -= down
            else:
                step[:2] = right, down
                motion = compose(motion, _inverse(self._small(step, present.shape)))
            if abs(right) < ENOUGH and abs(down) < ENOUGH:
                break
        return motion, misfit

    def _small(self, step, shape):
        """The motion (2, 3) of small parameters on a level of that shape."""
        linear = step[2] * np.array([[0.0, -1.0], [1.0, 0.0]]) if self.model == "euclidean" else step[2:].reshape(2, 2)
        middle = (np.array(shape[::-1]) - 1) / 2
        return np.column_stack([np.eye(2) + linear, step[:2] - linear @ middle])


def _common(motion, shape):
    """The slices of a level (h, w) whose places lie in the past one too, by the motion of its middle; None for less than a
    quarter of it."""
    (a, b, right), (c, d, down) = motion.tolist()
    height, width = shape
    x, y = (width - 1) / 2, (height - 1) / 2
    spans = []
    for step, length in ((c * x + d * y + down - y, height), (a * x + b * y + right - x, width)):
        spans.append(slice(max(ceil(-step), 0), min(floor(-step), 0) + length))
    rows, columns = (max(span.stop - span.start, 0) for span in spans)
    return tuple(spans) if 4 * rows * columns >= height * width else None


def _blank(columns, level, box):
    """Set a level's columns (p, h, w) to 0 at the edge and in the target's box, in place: what lies there does not count."""
    columns[:, :MARGIN] = columns[:, -MARGIN:] = columns[:, :, :MARGIN] = columns[:, :, -MARGIN:] = 0
    if box is not None:
        x0, y0 = (max(int(np.floor(v / 2**level)), 0) for v in box[:2])
        x1, y1 = (max(int(np.ceil(v / 2**level)), 0) for v in box[2:])
        columns[:, y0:y1, x0:x1] = 0


def _scaled(motion, factor):
    """The motion on a picture enlarged by `factor`, whose pixel centres lie at (x + 1/2) factor - 1/2."""
    shift = (factor - 1) / 2
    scaled = motion.copy()
    scaled[:, 2] = factor * motion[:, 2] + shift - motion[:, :2].sum(axis=1) * shift
    return scaled


def _inverse(motion):
    linear = np.linalg.inv(motion[:, :2])
    return np.column_stack([linear, -linear @ motion[:, 2]])
