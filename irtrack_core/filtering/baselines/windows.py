r"""Sliding-window filters: top-hat, max-mean, max-median, DoG, LoG, two-dimensional least mean squares.

Interface and border mode: see the package. A response is the image minus an estimate of its background, in grey values.
"""

import cv2
import numpy as np

from irtrack_core.filtering import check_image, opening
from irtrack_core.filtering.elements import element_length, shape_element
from irtrack_core.optional import Lazy

linalg, ndimage = Lazy("scipy.linalg", "evaluation"), Lazy("scipy.ndimage", "evaluation")
BORDER = cv2.BORDER_REFLECT


def tophat(image, *, size=5, shape="square"):
    r"""White top-hat :math:`I - I \circ b` by one flat element, (H, W) of the image's type, never negative.

    V. T. Tom, T. Peli, M. Leung, J. E. Bondaryk, "Morphology-based algorithm for point target detection in infrared
    backgrounds", Proc. SPIE 1954, 1993. The element has to be larger than the target; 5 is a choice, the paper's images
    hold points. size: odd, px; shape: see `elements.shape_element`.
    """
    return check_image(image) - opening(image, shape_element(shape, size))


def max_mean(image, *, length=5):
    r"""Max-mean filter, :math:`I - \max_{i=1..4} Z_i`, Z_i the mean of `length` pixels in direction i, through the pixel.

    S. D. Deshpande, M. H. Er, R. Venkateswarlu, P. Chan, "Max-mean and max-median filters for detection of small targets",
    Proc. SPIE 3809, 1999. Directions 0, 45, 90, 135 degrees; (H, W) float32, negative beside edges. length: odd, px.
    """
    image = check_image(image).astype(np.float32)
    means = [cv2.filter2D(image, -1, line / length, borderType=BORDER) for line in _lines(length)]
    return image - np.max(means, axis=0)


def max_median(image, *, length=5):
    r"""Max-median filter: as `max_mean` with medians. A target narrower than half the length leaves no median at all.

    S. D. Deshpande, M. H. Er, R. Venkateswarlu, P. Chan, 1999, as `max_mean`. (H, W) float32. length: odd, px.
    """
    image, half = check_image(image).astype(np.float32), int(length) // 2
    _lines(length)  # checks it
    if half == 0:
        return np.zeros_like(image)  # each pixel is its own median
    height, width = image.shape
    padded = np.pad(image, half, mode="symmetric")
    across = padded.shape[1]
    medians = [_medians_along(padded, 2 * half + 1, step) for step in (1, across - 1, across, across + 1)]
    return image - np.max(medians, axis=0)[half : half + height, half : half + width]


def dog(image, *, sigma=1.5, ratio=1.6):
    r"""Difference of Gaussians :math:`(G_\sigma - G_{r\sigma}) * I`, (H, W) float32.

    D. Marr, E. Hildreth, "Theory of edge detection", Proc. R. Soc. Lond. B 207, 1980: at a ratio r of 1.6 it is close to
    the Laplacian of a Gaussian. sigma: px, of the narrow Gaussian.
    """
    if ratio <= 1:
        raise ValueError(f"ratio must be above 1, the wide Gaussian over the narrow one; got {ratio}")
    image = check_image(image).astype(np.float32)
    return _gauss(image, sigma) - _gauss(image, ratio * sigma)


def log(image, *, sigma=1.5):
    r"""Scale-normalised Laplacian of Gaussian :math:`-\sigma^2 \nabla^2 G_\sigma * I`, bright spots positive, (H, W) float32.

    D. Marr, E. Hildreth, 1980, as `dog`; with sigma chosen by the target's size as in S. Kim, J. Lee, "Scale invariant
    small target detection by optimizing signal-to-clutter ratio in heterogeneous background for infrared search and
    track", Pattern Recognition 45, 2012. The Laplacian is the five-point one, applied to the blurred image. sigma: px.
    """
    blurred = _gauss(check_image(image).astype(np.float32), sigma)
    kernel = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32) * np.float32(sigma**2)
    return cv2.filter2D(blurred, -1, kernel, borderType=BORDER)


def tdlms(image, *, window=5, step=2e-4, delay=1):
    r"""Residual of an adaptive linear prediction in raster order, (H, W) float32.

        y = sum_{l,k} W_j(l, k) X(m - l, n - k),   e = X(m + delay, n + delay) - y,   W_{j+1} = W_j + 2 mu e X

    M. M. Hadhoud, D. W. Thomas, "The two-dimensional adaptive LMS (TDLMS) algorithm", IEEE Trans. Circuits and Systems
    35(5), 1988; as a detector of small objects: T. Soni, J. R. Zeidler, W. H. Ku, "Performance evaluation of 2-D adaptive
    prediction filters for detection of small objects in image data", IEEE Trans. Image Processing 2(3), 1993.
    window: side of the square of weights, which lies `delay` px above and to the left. step: mu for an image of mean 0 and
    standard deviation 1, to which it is brought, so that it does not depend on gain. W starts as the window's mean, not as
    the paper's 0, whose first rows are all errors; and 2 mu is held below 1 / |X|^2, so that no single bright target makes
    the weights run away. The errors of a row solve one triangular system, for W_j = W_0 + sum_{i < j} g_i e_i X_i.
    Raises ValueError for a step that cannot be stable even in white noise, mu >= 1 / window^2.
    """
    image = check_image(image).astype(np.float64)
    if window < 1 or window != int(window) or delay < 1 or delay != int(delay):
        raise ValueError(f"window and delay are whole numbers of pixels, 1 or more; got {window} and {delay}")
    if not 0 <= step < 1 / window**2:
        raise ValueError(f"step must lie in [0, 1/window^2 = {1 / window**2:.4g}), or the weights run away; got {step}")
    scale = image.std() or 1.0
    values = (image - image.mean()) / scale
    margin = int(delay) + int(window) - 1
    padded = np.pad(values, ((margin, 0), (margin, 0)), mode="symmetric")
    weights = np.full(window * window, 1 / window**2)
    residual = np.empty_like(values)
    inputs = np.lib.stride_tricks.sliding_window_view(padded, (window, window))
    for row in range(values.shape[0]):
        x = inputs[row, : values.shape[1]].reshape(values.shape[1], -1)
        products = x @ x.T
        gains = np.minimum(2 * step, 1 / np.maximum(products.diagonal(), 1e-9))
        wanted = values[row] - x @ weights
        options = dict(lower=True, unit_diagonal=True, check_finite=False)
        residual[row] = linalg.solve_triangular(products * gains, wanted, **options)
        weights += (gains * residual[row]) @ x
    return (scale * residual).astype(np.float32)


# -- parameters from the target's size (w, h)


def fit_tophat(size):
    """Parameters of `tophat` for a target of size (w, h): a square as long as the lines of the multi-level filter."""
    return {"size": element_length(size)}


def fit_line(size):
    """Parameters of `max_mean` and `max_median`: a line of twice the target and one more, so that a median is background."""
    return {"length": 2 * int(np.ceil(max(size))) + 1}


def fit_sigma(size):
    """Parameters of `dog` and `log`: the sigma of strongest response to a disc as large as the target."""
    return {"sigma": max(float(np.sqrt(size[0] * size[1])) / 8**0.5, 0.7)}


def fit_delay(size):
    """Parameters of `tdlms`: a delay as long as the target, so that it does not predict itself."""
    return {"delay": int(np.ceil(max(size)))}


def _lines(length):
    if length != int(length) or length < 1 or length % 2 == 0:
        raise ValueError(f"the length of a line must be odd and positive, not {length}: it goes through the pixel")
    length = int(length)
    level, slope = np.zeros((length, length), np.float32), np.eye(length, dtype=np.float32)
    level[length // 2] = 1
    return level, slope[::-1], level.T, slope


def _medians_along(image, length, step):
    """Medians of `length` pixels about each, `step` apart in the image's memory: (H, W); wrong where a line leaves the image.

    Every step-th pixel, one behind the other, and then the next ones: one long line, which SciPy filters in one go, whatever
    the length.
    """
    rest = -image.size % step
    lines = np.append(image, np.zeros(rest, image.dtype)).reshape(-1, step).T
    medians = ndimage.median_filter(lines.ravel(), length).reshape(lines.shape)
    return medians.T.ravel()[: image.size].reshape(image.shape)


def _gauss(image, sigma):
    if not sigma > 0:
        raise ValueError(f"sigma must be above 0 px; got {sigma}")
    side = 2 * int(np.ceil(4 * sigma)) + 1
    return cv2.GaussianBlur(image, (side, side), sigma, borderType=BORDER)
