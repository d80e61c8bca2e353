"""Crops, the network's input: squares of a frame about a point, filtered, resampled to a fixed size and standardised.

Their scale follows the target's box, so that every target looks equally large to the network.
"""

from math import ceil, floor

import cv2
import numpy as np

from irtrack_core import boxes as bx
from irtrack_core import filtering
from irtrack_core.filtering import block_means

TEMPORAL = (
    4.0  # D is divided by this times its mean in the crop: chance then stays about 1 or below, a target is far above
)
TILE = 320  # pixels of a tile's side: while the target is lost one tile a frame is filtered, however large the frame


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
    """The channel less its mean, over its standard deviation, so that level and gain of the camera drop out; 0 if flat."""
    mean, deviation = cv2.meanStdDev(channel)
    mean, deviation = mean.item(), deviation.item()
    return (channel - mean) / deviation if deviation > 1e-6 * (1 + abs(mean)) else np.zeros_like(channel)


def middle(channel, size):
    """The middle (size, size) of a channel (S, S), whose side differs by an even number of pixels."""
    margin = (len(channel) - size) // 2
    return channel[margin : margin + size, margin : margin + size]


def arcsinh(x):
    """arcsinh of a float32 array (N, ...) to 3e-7, in a seventh of the time that np.arcsinh takes for that type."""
    size = np.abs(x)
    root = size * size
    root += 1
    size += np.sqrt(root, out=root)
    cv2.log(size.reshape(len(x), -1), dst=root.reshape(len(x), -1))  # three times as fast as NumPy's
    return np.copysign(root, x, out=root)


def local_contrast(residual, length):
    """A residual U (H, W) over its mean in the surroundings, (H, W) float32: a map of candidates.

    length: of the line elements, pixels. A tree line or a roof leaves many strong residuals side by side, a target in the
    sky leaves one: divided by the mean over three lengths, the target has the highest value more often.
    """
    residual = residual.astype(np.float32)
    around = cv2.blur(residual, (3 * length, 3 * length))
    floor = 0.3 * float(residual.mean()) + 1e-6
    return cv2.GaussianBlur(residual, (0, 0), 0.5) / (around + floor)


def local_maxima(plane, across, down):
    """Where (H, W) bool a plane is highest among those at most so many whole pixels `across` and `down` from it."""
    return plane == cv2.dilate(plane, np.ones((2 * int(down) + 1, 2 * int(across) + 1), np.uint8))


def strongest(residual, count, apart):
    """Centres (k, 2), x first, of the `count` strongest local maxima of a residual (H, W), at least `apart` pixels apart."""
    rows, columns = np.nonzero(local_maxima(residual, apart, apart) & (residual > 0))
    order = np.argsort(residual[rows, columns], kind="stable")[::-1][:count]
    return np.stack([columns[order], rows[order]], axis=1) + 0.5


def tiles(shape, center):
    """A list of tiles (x, y, w, h), TILE pixels a side at most: one about `center`, then those that cover a frame (H, W)."""
    spans = []
    for length in shape[::-1]:
        count = -(-length // TILE)
        edges = np.linspace(0, length, count + 1).astype(int)
        spans.append(list(zip(edges[:-1].tolist(), np.diff(edges).tolist())))
    tiles = [(x, y, w, h) for x, w in spans[0] for y, h in spans[1]]
    if len(tiles) == 1:
        return tiles
    size = np.minimum(TILE, shape[::-1])
    corner = np.clip(np.asarray(center) - size / 2, 0, np.array(shape[::-1]) - size).astype(int)
    return [(*corner.tolist(), *size.tolist()), *tiles]


def _window(frame, center, side):
    """(x, y, w, h), whole pixels of a frame (H, W): what a crop of `side` pixels about `center` (x, y) is resampled from."""
    reach = side / 2 + 2  # a margin for the resampling
    (cx, cy), (height, width) = center, frame.shape
    x0, y0 = (min(max(floor(c - reach), 0), n - 1) for c, n in ((cx, width), (cy, height)))
    x1 = min(max(ceil(cx + reach), x0 + 1), width)
    y1 = min(max(ceil(cy + reach), y0 + 1), height)
    return x0, y0, x1 - x0, y1 - y0


class CropMaker:
    """Cuts the network's input out of frames: filter (eqs. 2-4) on the window alone, resample, standardise.

    settings: NetworkSettings; size: (w, h) of the target, which sets the length of the line elements and so must be the
    same for template and search; shape: (H, W) of the frames, which no element may exceed.

    `template` fixes two things for the search crops after it, where the settings ask for them: the polarity (of a target
    darker than its surroundings the network is given the negative, so that it only ever sees bright ones), and the gains of
    the suppressed channels (so that a faint object does not look like the target when nothing else is in the window).
    """

    def __init__(self, settings, size, shape):
        self.settings, self.size, self.polarity, self.gains = (
            settings,
            np.asarray(size, float),
            settings.filter.polarity,
            {},
        )
        step = template_side(size, settings) / settings.template_size
        # from 1.5 on, where `crop` would begin to average
        self.block = min(max(1, round(step)), min(shape)) if settings.reduce else 1
        least = min(shape) // self.block
        longest = least - (1 - least % 2)  # odd, and within the frame
        length = settings.filter.length or filtering.element_length(self.size / self.block)
        filter_settings = settings.filter.replace(length=min(length, longest))
        self.elements, self.rectangle = filtering.build(filter_settings)
        if "filtered" not in settings.inputs:
            self.rectangle = filtering.rectangle(1, 1)  # no need of eq. (4)
        self.halo = self.block * filtering.support(self.elements, self.rectangle)
        self.temporal = self.seen = None

    def watch(self, temporal, frame, offset=(0, 0)):
        """Take the channel "temporal" of crops of this frame from a TemporalFilter that has it; of others it is 0.

        offset: (x, y) of the frame's corner in those that the filter was given.
        """
        self.temporal, self.seen, self.offset = temporal, frame, offset

    def __call__(self, frame, center, side, size=None):
        """The search crop (inputs, search_size, search_size) float32 of `side` frame pixels about center (x, y).

        size: its middle alone, of so many pixels a side: the same numbers for less work.
        """
        channels = []
        for name, channel in self.channels(frame, center, side, size).items():
            if name == "temporal":
                channel = channel / np.float32(TEMPORAL * channel.mean() + 1e-6)
            else:
                channel = channel * self.gains[name] if name in self.gains else standardize(channel)
            channel = -channel if name == "image" and self.polarity == "dark" else channel
            channels.append(channel if size is None else middle(channel, size))
        crops = np.stack(channels)
        return arcsinh(crops) if self.settings.squash else crops

    def channels(self, frame, center, side, size=None):
        """{name: (search_size, search_size) float32} of a search crop before it is standardised; names: `settings.inputs`.

        size: of the middle that is wanted. Channels whose unit the template gave are then no larger, and so is what is
        filtered; the others are whole, for their unit is that of the whole crop.
        """
        whole = self.settings.search_size
        temporal = self._temporal(frame, center, side) if "temporal" in self.settings.inputs else None
        if self.block > 1:
            frame, center, side = self._reduced(frame, center, side)
        center = [float(c) for c in center]  # plain numbers: for two of them NumPy's own work is the larger part
        x0, y0, w, h = window = _window(frame, center, side)
        planes = {"image": frame[y0 : y0 + h, x0 : x0 + w]}
        near = side
        if size:
            filtering.check_image(planes["image"])  # the filter does not see all of it
            near = side * size / whole
            window = _window(frame, center, near)
        if {"suppressed", "filtered"} & set(self.settings.inputs):
            _, planes["suppressed"], planes["filtered"] = filtering.filter_window(
                frame, window, self.elements, self.rectangle, polarity=self.polarity
            )
        crops = {}
        for name in self.settings.inputs:
            if name == "temporal":
                crops[name] = temporal
            elif name == "image":
                crops[name] = crop(planes[name], (center[0] - x0, center[1] - y0), side, whole)
            else:
                at, border = (center[0] - window[0], center[1] - window[1]), cv2.BORDER_CONSTANT
                crops[name] = crop(planes[name], at, near, size or whole, border=border)
        return crops

    def _temporal(self, frame, center, side):
        """D of the filter in time, resampled as the other channels are; 0 where it is not known."""
        size = self.settings.search_size
        if self.temporal is None or frame is not self.seen:
            return np.zeros((size, size), np.float32)
        x, y = ((c + o - w) / self.block for c, o, w in zip(center, self.offset, self.temporal.window))
        reach = side / self.block / 2 + 2
        low, high = (floor(x - reach), floor(y - reach)), (ceil(x + reach), ceil(y + reach))
        low_in_frame = low if self.block > 1 else [v + w for v, w in zip(low, self.temporal.window)]
        D = self.temporal.residual((*low_in_frame, high[0] - low[0], high[1] - low[1]), self.polarity)
        return crop(D, (x - low[0], y - low[1]), side / self.block, size, border=cv2.BORDER_CONSTANT)

    def _reduced(self, frame, center, side):
        """(frame, center, side) of a crop in its surroundings averaged over blocks of `block` x `block` pixels.

        The crop would shrink them as much later; so the filter's work does not grow with the target.
        """
        block, reach = self.block, side / 2 + self.halo + 3 * self.block
        spans = []
        for c, length in zip(center, frame.shape[1::-1]):
            begin = min(max(floor(c - reach), 0), max(length - block, 0))
            count = max(min(ceil(c + reach), length) - begin, block) // block
            spans.append((begin, count))
        (x, w), (y, h) = spans
        part = block_means(frame[y : y + h * block, x : x + w * block], block)
        return part, ((center[0] - x) / block, (center[1] - y) / block), side / block

    def residual(self, frame, tile):
        """(U (h, w), frame pixels a side of one of its pixels) of a tile (x, y, w, h) of the frame, for re-detection."""
        nothing, block = filtering.rectangle(1, 1), self.block
        x, y, w, h = tile
        if block > 1:
            frame = block_means(filtering.filled(frame[y : y + h, x : x + w]), block)
            tile = (0, 0, *frame.shape[::-1])
        elif frame.dtype == np.float32:  # the only type that may hold NaN
            x0, y0 = max(x - self.halo, 0), max(y - self.halo, 0)
            frame = filtering.filled(frame[y0 : y + h + self.halo, x0 : x + w + self.halo])
            tile = (x - x0, y - y0, w, h)
        return filtering.filter_window(frame, tile, self.elements, nothing, polarity=self.polarity)[1], block

    def negate(self):
        """Change the polarity: from now on crops show the negative of what they showed."""
        self.polarity = "dark" if self.polarity == "bright" else "bright"

    def regain(self, gain):
        """From now on the camera's gain is this many times what it was: the units of the channels that have one follow."""
        self.gains = {name: value / gain for name, value in self.gains.items()}

    def template(self, frame, center, side):
        """The template crop (inputs, template_size, template_size) float32 of `side` frame pixels about center (x, y).

        It is the middle of the search crop of the same frame, so that both are standardised alike.
        """
        s, plane = self.settings, frame if frame.ndim == 2 else frame[..., 0]
        if s.negate_dark:
            self.polarity = filtering.target_polarity(plane, bx.from_centers(np.asarray(center), self.size))
        wide = side * s.search_size / s.template_size
        if s.unit == "template":
            channels = self.channels(plane, center, wide).items()
            given = [each for each in channels if each[0] not in ("image", "temporal")]
            self.gains = {name: 1 / max(float(channel.std()), 1e-6) for name, channel in given}
        margin = (s.search_size - s.template_size) // 2
        middle = slice(margin, margin + s.template_size)
        return np.ascontiguousarray(self(frame, center, wide)[:, middle, middle])
