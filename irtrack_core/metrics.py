r"""The paper's measures, eqs. (13)-(16), and the ones needed to read them honestly. Arrays in, numbers out.

Images: (H, W) arrays of any real type. Boxes: (N, 4) xywh (see `boxes`). Frames whose truth is NaN, where the target is
absent, are left out; a prediction of NaN where the target *is* there counts as a miss. Leaving out the first frame, in
which the box was given, is up to the caller (`evaluation.evaluate` does it).
"""

from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from irtrack_core.boxes import as_boxes, center_error, iou

IOU_THRESHOLDS = np.linspace(0, 1, 21)  # 0:.05:1
PIXEL_THRESHOLDS = np.arange(51)  # 0..50 px
SIZE_THRESHOLDS = np.linspace(0, 0.5, 51)  # shares of the target's size
_NORMAL = NormalDist()

# -- one image: how much of the target stands out


def target_mask(shape, box, *, grow=0):
    """(H, W) bool, read-only: the pixels that `box`, grown by `grow` px on each side, touches. ValueError for none."""
    return _mask(tuple(shape), tuple(map(float, box)), grow)


@lru_cache(maxsize=32)  # every measure of a frame asks for the same few
def _mask(shape, box, grow):
    x, y, w, h = box
    if not np.isfinite([x, y, w, h]).all():
        raise ValueError(f"box {box} holds NaN: the target is absent from this frame, so it has no SNR")
    rows, columns = np.arange(shape[0]), np.arange(shape[1])
    inside_y = (rows + 1 > y - grow) & (rows < y + h + grow)
    inside_x = (columns + 1 > x - grow) & (columns < x + w + grow)
    if not (inside_y.any() and inside_x.any()):
        raise ValueError(f"box {box} touches no pixel of the {shape[1]} x {shape[0]} frame")
    mask = inside_y[:, None] & inside_x
    mask.setflags(write=False)
    return mask


def background_region(shape, box, *, guard=3, margin=20):
    """(H, W) bool: the ring of `margin` px around the box, `guard` px left free. margin=None: the rest of the frame.

    Take it once, from the box, and use it for the image before *and* after a filter: a region that is chosen after
    looking at the result can be chosen to flatter it.
    """
    ring = np.ones(shape, bool) if margin is None else target_mask(shape, box, grow=guard + margin)
    ring = ring & ~target_mask(shape, box, grow=guard)
    if not ring.any():
        raise ValueError("no background is left around the box: use a smaller guard or a larger margin")
    return ring


def noise_sigma(image, region=None):
    """Standard deviation of the white noise of a *raw* frame: the floor for every sigma measured after a filter.

    Median absolute value of the diagonal detail (a - b - c + d) / 2 of each 2 x 2 block, which clouds hardly enter,
    times 1.4826. Integer images: the noise with that of rounding, not below 1/sqrt(12), and as smooth in the noise as in
    images of floats, although their details come in steps of a half (`_rounded_sigma`).
    """
    image = np.asarray(image)
    a = image.astype(np.float64)
    detail = a[:-1, :-1] - a[:-1, 1:] - a[1:, :-1] + a[1:, 1:]
    values = np.abs(detail if region is None else detail[np.asarray(region)[:-1, :-1]])
    if values.size == 0:
        raise ValueError("no 2 x 2 block of pixels to measure the noise on")
    if image.dtype.kind in "iu":
        return max(_rounded_sigma(values) / 2, 12**-0.5)
    return float(1.4826 * np.median(values) / 2)


def _rounded_sigma(values):
    """Standard deviation of a normal variable of mean 0, from the absolute values of its whole numbers.

    The quantile that 68 % of them do not exceed (one sigma of a normal) is read between the steps k - 1/2 and k + 1/2 of
    their distribution, on a scale on which a normal one is a straight line. The median would more often lie in the step of
    0, where there is nothing to read. 1/12 is what Sheppard's correction adds for the steps.
    """
    share = 2 * _NORMAL.cdf(1) - 1
    k = float(np.quantile(values, share, method="inverted_cdf"))
    below, upto = (
        _NORMAL.inv_cdf((1 + min(float(np.mean(values <= edge)), 1 - 0.5 / values.size)) / 2) for edge in (k - 1, k)
    )
    lower = k - 0.5 if k > 0 else 0.0
    sigma = lower + (k + 0.5 - lower) * (1 - below) / (upto - below)
    return (sigma**2 + 1 / 12) ** 0.5


class Levels(NamedTuple):
    """Grey values of one image: the target's peak and mean, and mean and standard deviation over the background region."""

    peak: float
    target: float
    mean: float
    sigma: float

    def snr(self, *, literal=False, floor=0.0):
        return _ratio(self.peak - (0 if literal else self.mean), max(self.sigma, floor))

    def scr(self, *, floor=0.0):
        return _ratio(abs(self.target - self.mean), max(self.sigma, floor))

    def scrg(self, before, *, floor=0.0):
        return _ratio(self.scr(floor=floor), before.scr(floor=floor))

    def bsf(self, before, *, floor=0.0):
        return _ratio(max(before.sigma, floor), max(self.sigma, floor))

    def retention(self, before):
        return _ratio(self.peak - self.mean, before.peak - before.mean)


def levels(image, box, region):
    """Levels of an image (H, W) with a target in `box`, from which the measures below are computed.

    Raises ValueError for a region that is no bool mask of the image's shape, or is empty.
    """
    image, region = np.asarray(image), np.asarray(region)
    if region.dtype != bool or region.shape != image.shape:
        raise ValueError(f"region must be a bool mask of the image's shape {image.shape}; see background_region")
    if not region.any():
        raise ValueError("region is empty: there is no background to measure on")
    around, target = (image[mask].astype(np.float64) for mask in (region, target_mask(image.shape, box)))
    return Levels(target.max(), target.mean(), around.mean(), around.std())


def snr(image, box, region, *, literal=False, floor=0.0):
    r"""Signal-to-noise ratio, eq. (13): :math:`SNR = I / \sigma`.

    The usable form (default) takes as I the target's peak above the mean of the background `region` (bool mask);
    literal=True takes the peak itself, as the equation is printed. sigma is the standard deviation over `region`, but
    never less than `floor`. After the filter most of the background is exactly 0, so without a floor the ratio can be
    infinite: give `noise_sigma` of the raw frame.
    """
    return levels(image, box, region).snr(literal=literal, floor=floor)


def decibel(ratio):
    """20 log10 of an amplitude ratio; 35 dB is a ratio of 56. A ratio of 0 or below gives -inf."""
    ratio = np.asarray(ratio, dtype=np.float64)
    return 20 * np.log10(ratio, out=np.full(ratio.shape, -np.inf), where=ratio > 0)[()]


def scr(image, box, region, *, floor=0.0):
    """Signal-to-clutter ratio |mean over the box - mean over the region| / sigma, sigma as in `snr`."""
    return levels(image, box, region).scr(floor=floor)


def scrg(before, after, box, region, *, floor=0.0):
    """Gain in signal-to-clutter ratio, SCR after the filter over SCR before it."""
    return levels(after, box, region).scrg(levels(before, box, region), floor=floor)


def bsf(before, after, box, region, *, floor=0.0):
    """Background suppression factor: sigma over the region before the filter over sigma after it."""
    return levels(after, box, region).bsf(levels(before, box, region), floor=floor)


def retention(before, after, box, region):
    """Share of the target's peak (above the region's mean) that a filter left: 1 = whole, 0 = the target is gone."""
    return levels(after, box, region).retention(levels(before, box, region))


def target_retention(image, responses, empty, others, box):
    """dict name -> the most that the target adds to a response in its box over the most that it changes the image; none: 1.

    empty (H, W) and others: the image and the responses (dict name -> (H, W)) without the target.
    """
    inside = target_mask(image.shape, box)
    whole = np.abs(image[inside].astype(np.float64) - empty[inside]).max()
    adds = {name: np.max(responses[name][inside].astype(np.float64) - others[name][inside]) for name in others}
    return {name: _ratio(value, whole) for name, value in adds.items()} | {"none": 1.0}


def zero_share(image, region=None):
    """Share of pixels (of the region) that are exactly 0: what makes the SNR of a filtered image gameable."""
    values = np.asarray(image) if region is None else np.asarray(image)[region]
    return float(np.mean(values == 0))


# -- one sequence: how well the boxes fit


def aor(predicted, truth):
    r"""Average overlap ratio, eq. (14): mean IoU of predicted and true boxes, (N, 4) each; AO elsewhere."""
    return float(_overlaps(predicted, truth).mean())


def precision(predicted, truth, threshold=20):
    """Precision, eq. (15), as a share (x 100 for %): frames with a centre error <= threshold px; 20 as in OTB."""
    return float(np.mean(_errors(predicted, truth) <= threshold))


def fps(lengths, seconds):
    r"""Frames per second, eq. (16): :math:`FPS = \sum_j l_j / \sum_j t_j`, over sequences of l_j frames in t_j seconds."""
    lengths, seconds = _filled(lengths, "sequences"), _filled(seconds, "times")
    if lengths.shape != seconds.shape or (lengths < 0).any() or (seconds < 0).any() or seconds.sum() == 0:
        raise ValueError(f"fps needs a length >= 0 and a time > 0 for each sequence; got {lengths} and {seconds}")
    return float(lengths.sum() / seconds.sum())


def success_curve(predicted, truth, thresholds=IOU_THRESHOLDS):
    """S(tau): share of frames with IoU > tau (strictly), for each tau. Its mean is the AUC."""
    return _share(-_overlaps(predicted, truth), -np.asarray(thresholds), side="left")


def precision_curve(predicted, truth, thresholds=PIXEL_THRESHOLDS):
    """P(T): share of frames with a centre error <= T px, for each T."""
    return _share(_errors(predicted, truth), thresholds)


def normalized_precision_curve(predicted, truth, thresholds=SIZE_THRESHOLDS):
    """P(T) with the error counted in widths and heights of the true box (as in TrackingNet), T = 0:.01:.5."""
    return _share(_errors(predicted, truth, in_sizes=True), thresholds)


def auc(curve):
    """Area under a success or precision curve: the mean of its values."""
    return float(np.mean(_filled(curve, "values")))


def success_rate(predicted, truth, threshold=0.5):
    """Share of frames with IoU > threshold: SR0.5, SR0.75."""
    return float(np.mean(_overlaps(predicted, truth) > threshold))


def loss_rate(predicted, truth, threshold=0.0):
    """Share of frames in which the target is lost, IoU <= threshold."""
    return float(np.mean(_overlaps(predicted, truth) <= threshold))


def first_loss(predicted, truth, threshold=0.0):
    """Number of frames tracked before the first loss (IoU <= threshold); all of them when it is never lost."""
    lost = _overlaps(predicted, truth) <= threshold
    return int(np.argmax(lost)) if lost.any() else len(lost)


def centroid_rmse(predicted, truth, *, footprint=1.0):
    """Root mean square centre error in samples or, with footprint = samples per detector width, in detectors d.

    Frames without a prediction cannot enter (read it beside `loss_rate`); NaN when there is no frame at all.
    """
    errors = _errors(predicted, truth)
    errors = errors[np.isfinite(errors)]
    return float(np.sqrt(np.mean(errors**2)) / footprint) if errors.size else float("nan")


# -- shared by the functions above


def _ratio(a, b):
    """a / b as a float; x / 0 is inf and 0 / 0 is NaN, without a warning: both are answers the caller must see."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(a) / np.float64(b))


def _filled(values, what):
    values = np.asarray(values, dtype=np.float64)
    if values.size == 0:
        raise ValueError(f"no {what} to average over")
    return values.ravel()


def _pairs(predicted, truth):
    predicted, truth = as_boxes(predicted), as_boxes(truth)
    if len(predicted) != len(truth):
        raise ValueError(
            f"{len(predicted)} predicted boxes for {len(truth)} true ones: they must pair up frame by frame"
        )
    present = ~np.isnan(truth).any(axis=1)
    if not present.any():
        raise ValueError("no frame has a true box, so there is nothing to measure")
    return (predicted, truth) if present.all() else (predicted[present], truth[present])


def _share(values, thresholds, side="right"):
    """Share of values <= each threshold ("left": <). Sorted: a table of all by all of hours of video is large."""
    return np.searchsorted(np.sort(values), np.asarray(thresholds), side=side) / len(values)


def _overlaps(predicted, truth):
    return np.nan_to_num(_in_parts(iou, *_pairs(predicted, truth)), nan=0.0)


def _errors(predicted, truth, in_sizes=False):
    predicted, truth = _pairs(predicted, truth)
    if in_sizes:
        scale = np.tile(truth[:, 2:], 2)
        predicted, truth = predicted / scale, truth / scale
    return np.nan_to_num(_in_parts(center_error, predicted, truth), nan=np.inf, posinf=np.inf)


def _in_parts(function, *boxes, rows=8192):
    """function(*boxes), so many rows at a time: what it makes in between is large for hours of video."""
    parts = [[one[k : k + rows] for one in boxes] for k in range(0, len(boxes[0]), rows)]
    return np.concatenate([function(*part) for part in parts])
