r"""Detectors after references [2], [5] and [7] of the paper: reconstructions, not the authors' code or numbers.

What was assumed stands in ASSUMPTIONS and is printed in notebook 10. Cells and borders as in `contrast`: m_0 is the mean of
the u x u px about a pixel, m_1..m_8 those of the cells around it, m_i and m_{i+4} opposite each other.
"""

import cv2
import numpy as np

from irtrack_core.filtering import check_image, multilevel_filter
from irtrack_core.filtering.baselines.contrast import cell_means, check_cells, neighbours, odd_side
from irtrack_core.filtering.elements import element_length, line_elements, rectangle

BORDER = cv2.BORDER_REFLECT
ASSUMPTIONS = {
    "lpwc": (
        "[2] Cai, Tan, Qiu 2021, locally weighted product contrast: title alone; neither text nor abstract was at hand.",
        "Product: the least of the four products of a cell's differences to opposite neighbours, none of them negative.",
        "Weight: the squared step to the surroundings over itself plus the window's variance: near 1 is unlike.",
        "Scales as in MPCM; the largest response counts. No threshold.",
    ),
    "nfo": (
        "[5] Xu, Wang 2021, a new feature operator: title alone; neither text nor abstract was at hand.",
        "Operator: the least of the second differences in four directions, over cells, none negative: an edge or a ridge is "
        "straight in one direction and has none there.",
        "Clutter: the mean second difference in a ring of 5 to 9 cells; the response is S^2 / (S + clutter).",
        "Scales as in MPCM; the largest response counts.",
    ),
    "mff": (
        "[7] Wu, Lin et al. 2022: its abstract names three traits, brighter than around, shaped as a Gaussian (covariance), "
        "unlike its neighbourhood; formulas and sizes it does not give.",
        "Contrast: cell less the ring of 3 cells. Shape: correlation of that window with a Gaussian. Unlikeness: the least "
        "step to one of the eight neighbours.",
        "Each from 0 to 1 over the image (the correlation is so by itself), multiplied; then in grey values again by the "
        "contrast's range, which changes no rank within a frame.",
        "One scale. The abstract's simple threshold is left to the experiment.",
    ),
    "edges": (
        "[13] Wang et al. 2021, morphological edges in infrared images: title alone; neither text nor abstract was at hand.",
        "Edge map: the largest of the gradients (dilation less erosion) by short lines at n angles; no smoothing, which "
        "would take the target.",
        "`edge-s`: of eqs. (3) and (4), M where the clutter mask lies and U elsewhere. Mask: the gradients differ between "
        "directions by more than the frame's mean plus its deviation; a spot has much the same in all directions.",
    ),
}


def lpwc(image, *, cells=(3, 5, 7, 9)):
    r"""Weighted product contrast :math:`\max_u W \min_{i=1..4} d_i d_{i+4}`, (H, W) float32, in grey values *squared*.

    After reference [2], see ASSUMPTIONS. :math:`d_i = \max(m_0 - m_i, 0)`, :math:`W = D^2 / (D^2 + v)`, D: m_0 less the
    mean of the eight cells around, v: the variance of the pixels of all nine. cells: sides u, odd.
    """
    image = check_image(image).astype(np.float32)
    image -= np.float32(image.mean())  # or the variance would be a small difference of large squares
    square, best = image * image, np.zeros_like(image)
    product, one, other, spare = (np.empty_like(image) for _ in range(4))
    for u in check_cells(cells):
        means = cell_means(image, u)
        middle, near = means[u : u + image.shape[0], u : u + image.shape[1]], neighbours(means, u)
        for i in range(4):
            one = _positive(cv2.subtract(middle, near[i], dst=one))
            other = _positive(cv2.subtract(middle, near[i + 4], dst=other))
            np.multiply(one, other, out=one)
            cv2.min(product if i else one, one, dst=product)
        window = dict(ksize=(3 * u, 3 * u), borderType=BORDER)
        level = cv2.boxFilter(image, cv2.CV_32F, dst=one, **window)
        spread = cv2.boxFilter(square, cv2.CV_32F, dst=other, **window)
        spread -= cv2.multiply(level, level, dst=spare)
        # the cell is one of the nine: it stands 9/8 as far above the ring of the others as above the window's mean
        step = cv2.addWeighted(middle, 9 / 8, level, -9 / 8, 0, dst=level)
        step *= step
        product *= _share(step, _positive(spread))
        cv2.max(best, product, dst=best)
    return best


def nfo(image, *, cells=(3, 5, 7, 9)):
    r"""Directional second differences over clutter, :math:`\max_u S^2 / (S + C)`, (H, W) float32, in grey values.

    After reference [5], see ASSUMPTIONS. :math:`S = \max(\min_{i=1..4} s_i, 0)`, :math:`s_i = m_0 - (m_i + m_{i+4}) / 2`;
    C: the mean of all |s_i| in the ring between squares of 5 u and 9 u about the pixel. cells: sides u, odd.
    """
    image = check_image(image).astype(np.float32)
    best, (bend, least, sizes, spare) = np.zeros_like(image), (np.empty_like(image) for _ in range(4))
    for u in check_cells(cells):
        means = cell_means(image, u)
        middle, near = means[u : u + image.shape[0], u : u + image.shape[1]], neighbours(means, u)
        sizes[:] = 0
        for i in range(4):
            np.add(near[i], near[i + 4], out=bend)
            bend *= np.float32(-0.5)
            bend += middle
            cv2.min(least if i else bend, bend, dst=least)
            sizes += np.abs(bend, out=bend)
        clutter = _positive(_ring(sizes, 5 * u, 9 * u, bend, spare))
        clutter *= np.float32(0.25)
        curved = _positive(least)
        spare[:] = curved
        curved *= _share(spare, clutter)
        cv2.max(best, curved, dst=best)
    return best


def mff(image, *, cell=5):
    r"""Three features multiplied: contrast, shape of a Gaussian, unlikeness; (H, W) float32, in grey values.

    After reference [7], see ASSUMPTIONS. Contrast c: m_0 less the mean of the ring 3 u wide; shape: the correlation of
    that window's pixels with a Gaussian of sigma u / 3; unlikeness: the least m_0 - m_i; none is negative. c and the
    unlikeness are taken from 0 to 1 over the image, the product times c's range. cell: side u, odd.
    """
    image, (u,) = check_image(image).astype(np.float32), check_cells([cell])
    image = image - np.float32(image.mean())
    means = cell_means(image, u)
    middle = np.ascontiguousarray(means[u : u + image.shape[0], u : u + image.shape[1]])
    brightest = None
    for one in neighbours(means, u):
        brightest = np.ascontiguousarray(one) if brightest is None else cv2.max(brightest, np.ascontiguousarray(one))
    contrast = _stretched(_positive(middle - _ring(image, u, 3 * u)))
    unlike = _stretched(_positive(middle - brightest))
    response = contrast[0] * contrast[1]
    return response * unlike[0] * _likeness(image, 3 * u, u / 3)


def edges(image, *, length=3, angles=4):
    r"""Morphological edge map :math:`\max_i\,(I \oplus a_i) - (I \ominus a_i)`, (H, W) of the image's type.

    After reference [13], see ASSUMPTIONS. length, angles: of the lines a_i, odd, px.
    """
    return _gradients(image, length, angles)[0]


def edge_mask(image, *, length=3, angles=4):
    """Where straight edges are, bool (H, W): the clutter mask for the choice of s in eq. (4).

    After reference [13], see ASSUMPTIONS: the largest less the least directional gradient exceeds its mean over the frame
    by more than its deviation.
    """
    largest, least = _gradients(image, length, angles)
    span = cv2.subtract(largest, least)
    mean, deviation = (float(value) for value in np.ravel(cv2.meanStdDev(span)))
    return span > mean + deviation


def edge_s(image, *, length=15, angles=4, side=3):
    """M of eq. (4) where `edge_mask` lies, U of eq. (3) elsewhere, (H, W) of the image's type: s chosen by the clutter.

    length, angles: of the lines of eq. (2); side: of the square s.
    """
    _, U, M = multilevel_filter(image, line_elements(length, angles), rectangle(side, side))
    return np.where(edge_mask(image), M, U)


# -- parameters from the target's size (w, h)


def fit_mff(size):
    """Parameters of `mff` for a target of size (w, h): a cell of its mean side."""
    return {"cell": max(odd_side(np.sqrt(size[0] * size[1])), 3)}


def fit_edge_s(size):
    """Parameters of `edge_s` for a target of size (w, h): lines as long as those of the multi-level filter."""
    return {"length": element_length(size)}


def _gradients(image, length, angles):
    """(largest, least) of the directional gradients."""
    image, most, least = check_image(image), None, None
    for line in line_elements(length, angles):
        one = cv2.morphologyEx(image, cv2.MORPH_GRADIENT, np.ascontiguousarray(line, dtype=np.uint8))
        most, least = (one, one) if most is None else (cv2.max(most, one), cv2.min(least, one))
    return most, least


def _ring(image, inner, outer, out=None, spare=None):
    """Mean of the pixels within a square of side `outer` and outside one of side `inner` about each pixel.

    out, spare: arrays to use; fresh memory for every step costs more than the step itself.
    """
    options = dict(normalize=False, borderType=BORDER)
    wide = cv2.boxFilter(image, cv2.CV_32F, (outer, outer), dst=out, **options)
    wide -= cv2.boxFilter(image, cv2.CV_32F, (inner, inner), dst=spare, **options)
    wide *= np.float32(1 / (outer**2 - inner**2))
    return wide


def _share(part, rest):
    """part / (part + rest) of values that are not negative, 0 where both are; both are written over."""
    rest += part
    rest += np.finfo(np.float32).tiny
    return np.divide(part, rest, out=rest)


def _positive(values):
    """The values with 0 in place of negative ones, written over them."""
    return cv2.threshold(values, 0, 0, cv2.THRESH_TOZERO, dst=values)[1]


def _stretched(values):
    """(values from 0 to 1 over the image, their range in the image's units); zeros where they are all equal."""
    low, high = float(values.min()), float(values.max())
    return (values - np.float32(low)) / np.float32((high - low) or 1), np.float32(high - low)


def _likeness(image, side, sigma):
    """Correlation of the `side` x `side` px about each pixel with a Gaussian of `sigma` px, from 0 to 1; 0 where flat."""
    profile = cv2.getGaussianKernel(side, sigma, cv2.CV_32F)
    shape = (profile @ profile.T).astype(np.float64)
    norm = np.sqrt(((shape - shape.mean()) ** 2).sum())
    matched = cv2.sepFilter2D(image, cv2.CV_32F, profile, profile, borderType=BORDER)
    mean = cv2.boxFilter(image, cv2.CV_32F, (side, side), borderType=BORDER)
    square = cv2.boxFilter(image * image, cv2.CV_32F, (side, side), borderType=BORDER)
    deviation = np.sqrt(_positive(square - mean * mean)) * np.float32(side * norm)
    covariance = _positive(matched - mean)  # the profile's sum is 1
    return np.minimum(covariance / np.maximum(deviation, np.float32(1e-6 * (np.abs(image).max() or 1))), 1)
