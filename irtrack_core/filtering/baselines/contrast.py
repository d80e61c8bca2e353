r"""Local contrast filters, which compare a cell with its eight neighbours as human vision does: LCM, MPCM, RLCM.

A window is 3 x 3 cells of u x u px; cell 0 is in the middle, cells 1..8 around it, 1 and 5, 2 and 6, ... opposite each
other. Interface and border mode: see the package. Ratios of grey values ask for an image that has no negative ones.
"""

import cv2
import numpy as np

from irtrack_core.filtering import check_image
from irtrack_core.filtering.baselines.ranked import largest_means

AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))  # i and i + 4 are opposite
LARGEST_CELL = 21  # px; the papers stay below 10


def lcm(image, *, cells=(3, 5, 7, 9)):
    r"""Multi-scale local contrast measure, :math:`\max_u \min_i L^2 / m_i`, (H, W) float32, in grey values.

    C. L. P. Chen, H. Li, Y. Wei, T. Xia, Y. Y. Tang, "A local contrast method for small infrared target detection", IEEE
    Trans. Geoscience and Remote Sensing 52(1), 2014. L: largest value of cell 0, m_i: mean of cell i. cells: sides u,
    odd. A mean of 0 counts as one grey level (a 255th of the largest value for float32).
    """
    image, least = _positive(image)
    found = []
    for u in check_cells(cells):
        top = cv2.dilate(image, np.ones((u, u), np.uint8), borderType=cv2.BORDER_REFLECT)
        around = np.max(neighbours(cell_means(image, u), u), axis=0)
        found.append(top * top / np.maximum(around, least))  # L is the same for all i: the brightest neighbour decides
    return np.max(found, axis=0)


def mpcm(image, *, cells=(3, 5, 7, 9)):
    r"""Multiscale patch-based contrast :math:`\max_u \min_{i=1..4} (m_0 - m_i)(m_0 - m_{i+4})`, (H, W) float32.

    Y. Wei, X. You, H. Li, "Multiscale patch-based contrast measure for small infrared target detection", Pattern Recognition
    58, 2016. In grey values *squared*, so any SNR of it in decibels counts double. As in the paper it
    answers to dark targets too. cells: sides u, odd; m: a cell's mean.
    """
    image, found = check_image(image).astype(np.float32), []
    for u in check_cells(cells):
        means = cell_means(image, u)
        middle = means[u : u + image.shape[0], u : u + image.shape[1]]
        steps = [middle - one for one in neighbours(means, u)]
        found.append(np.min([steps[i] * steps[i + 4] for i in range(4)], axis=0))
    return np.max(found, axis=0)


def rlcm(image, *, cell=9, counts=((2, 4), (5, 9), (9, 16))):
    r"""Multiscale relative local contrast :math:`\max_K \min_i (I_0 / I_i) I_0 - I_0`, (H, W) float32, in grey values.

    J. Han, K. Liang, B. Zhou, X. Zhu, J. Zhao, L. Zhao, "Infrared small target detection utilizing the multiscale relative
    local contrast measure", IEEE Geoscience and Remote Sensing Letters 15(4), 2018. I_0: mean of the K1 largest
    values of cell 0, I_i: mean of the K2 largest of cell i; the scales are the pairs `counts` = (K1, K2). A mean of 0
    counts as one grey level, as in `lcm`. cell: side, odd.
    """
    image, least = _positive(image)
    (cell,) = check_cells([cell])
    if any(not 1 <= int(k) == k <= cell**2 for pair in counts for k in pair) or any(len(pair) != 2 for pair in counts):
        raise ValueError(f"counts are pairs of whole numbers from 1 to cell^2 = {cell**2}; got {counts}")
    wanted = sorted({int(k) for pair in counts for k in pair})
    largest = dict(zip(wanted, largest_means(padded(image, cell + cell // 2), cell, wanted)))
    found = []
    for k1, k2 in counts:
        own = largest[k1][cell : cell + image.shape[0], cell : cell + image.shape[1]]
        around = np.max(neighbours(largest[k2], cell), axis=0)
        found.append(own * own / np.maximum(around, least) - own)
    return np.max(found, axis=0)


# -- parameters from the target's size (w, h)


def fit_cells(size):
    """Parameters of `lcm` and `mpcm` for a target of size (w, h): three cells about its mean side."""
    middle = odd_side(np.sqrt(size[0] * size[1]))
    return {"cells": tuple(range(max(middle - 2, 3), middle + 3, 2))}


def fit_cell(size):
    """Parameters of `rlcm` for a target of size (w, h): the paper's cell, or one of its mean side, counts in proportion."""
    cell = max(9, odd_side(np.sqrt(size[0] * size[1])))
    share = (cell / 9) ** 2
    return {"cell": cell, "counts": tuple((round(a * share), round(b * share)) for a, b in ((2, 4), (5, 9), (9, 16)))}


def odd_side(side):
    """The odd number of pixels nearest above `side`, at most LARGEST_CELL."""
    return min(2 * int(np.ceil(side) // 2) + 1, LARGEST_CELL)


def check_cells(cells):
    """The sides of cells as a list of odd whole numbers. Raises ValueError for others."""
    cells = [int(u) for u in cells if u == int(u)]
    if not cells or any(u < 1 or u % 2 == 0 for u in cells):
        raise ValueError(f"cells have odd sides of at least 1 px, so that one can be centred on a pixel; got {cells}")
    return cells


def _positive(image):
    """(image as float32, least mean to divide by). Raises ValueError for negative grey values."""
    image = check_image(image)
    least = 1.0 if image.dtype.kind == "u" else float(image.max()) / 255 or 1.0
    if image.min() < 0:
        raise ValueError(
            f"a ratio of grey values needs an image without negative ones; the least here is {image.min()}"
        )
    return image.astype(np.float32), np.float32(least)


def padded(image, margin):
    """The image (H + 2 margin, W + 2 margin), mirrored at its edges."""
    return cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REFLECT)


def cell_means(image, u):
    """Means of the u x u cells about each pixel of the frame and of u px around it: (H + 2u, W + 2u)."""
    half = u // 2
    means = cv2.boxFilter(padded(image, u + half), -1, (u, u))
    return means[half : means.shape[0] - half, half : means.shape[1] - half]


def neighbours(values, u):
    """The eight neighbours' values at each pixel of the frame, from (H + 2u, W + 2u), in the order of AROUND."""
    height, width = values.shape[0] - 2 * u, values.shape[1] - 2 * u
    return [values[u + u * dy : u + u * dy + height, u + u * dx : u + u * dx + width] for dy, dx in AROUND]
