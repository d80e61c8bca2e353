r"""Filters that decompose an image into a low-rank background and sparse targets: IPI and PSTNN.

Patches of one background look alike: stacked, they have a low rank; a small target is in few of them. Interface: see
the package. Both stretch the image to a fixed range first, which their constants suppose, and give the target part in
grey values of the image, (H, W) float32; most of it is exactly 0.
"""

from math import sqrt

import cv2
import numpy as np

from irtrack_core.filtering import check_image
from irtrack_core.optional import Lazy

linalg = Lazy("scipy.linalg", "evaluation")


def ipi(image, *, patch=50, step=10, weight=None, **options):
    r"""Infrared patch-image model: :math:`\min \|B\|_* + \lambda \|T\|_1` over patch-images B + T close to that of I.

    C. Gao, D. Meng, Y. Yang, Y. Wang, X. Zhou, A. G. Hauptmann, "Infrared patch-image model for small target detection in a
    single image", IEEE Trans. Image Processing 22(12), 2013: each column is a patch, solved by
    accelerated proximal gradient, overlapping patches joined by their median. patch: side, step: px from
    patch to patch. weight: lambda, None: 1 / sqrt(max(m, n)) of the (m, n) patch-image. options: of `low_rank_and_sparse`.
    The last patches are aligned with the frame's end, so that no border is left out.
    Raises ValueError for a patch that does not fit into the image.
    """
    image = check_image(image)
    stretched, scale = _stretched(image, 1.0)
    patches, corners = cut_patches(stretched, patch, step)
    columns = patches.reshape(len(patches), -1).T  # (patch^2, patches)
    weight = 1 / np.sqrt(max(columns.shape)) if weight is None else weight
    _, sparse = low_rank_and_sparse(columns, weight, **options)
    target = place_patches(sparse.T.reshape(patches.shape), corners, image.shape, median=True)
    return (scale * target).astype(np.float32)


def low_rank_and_sparse(data, weight, *, rate=0.9, least=0.005, tolerance=1e-6, iterations=1000, early=True):
    r"""(B, T) minimising :math:`\mu (\|B\|_* + \lambda \|T\|_1) + \tfrac12 \|D - B - T\|_F^2`, mu falling to mu_bar.

    Accelerated proximal gradient, Gao et al. 2013 (after Lin et al., "Fast convex optimization algorithms for
    exact recovery of a corrupted low-rank matrix", 2009), with the constants of the authors' published program: mu
    starts at the second singular value, is multiplied by `rate` and ends at mu_bar = `least` x the fourth. early: also
    stop, as theirs does, once the rank has stayed for 10 iterations and T for 20 entries, or the rank exceeds 0.3 min(m, n).
    data: (m, n); B, T: the same, float32 when the data are.
    """
    data = np.asarray(data)
    flip = data.shape[0] < data.shape[1]
    D = np.ascontiguousarray(data.T if flip else data)
    gram = (D.T @ D).astype(np.float64)
    singular = np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[::-1], 0))
    # Python's floats keep float32 arrays float32, NumPy's would not
    mu, end = float(singular[min(1, len(singular) - 1)]), least * float(singular[min(3, len(singular) - 1)])
    weight = float(weight)
    B = B_old = np.zeros_like(D)
    T = T_old = np.zeros_like(D)
    t, t_old, same, rank_old, count_old = 1.0, 1.0, 0, -1, 0
    for _ in range(iterations):
        momentum = (t_old - 1) / t
        Y_B, Y_T = B + momentum * (B - B_old), T + momentum * (T - T_old)
        half = (Y_B + Y_T - D) / 2
        B_old, T_old = B, T
        B, rank = _shrink_singular(Y_B - half, mu / 2)
        T = _soft(Y_T - half, weight * mu / 2)
        change = B + T - Y_B - Y_T
        size = np.sqrt(_square(2 * (Y_B - B) + change) + _square(2 * (Y_T - T) + change))
        if size <= tolerance * 2 * max(1.0, np.sqrt(_square(B) + _square(T))):
            break
        count = np.count_nonzero(T)
        if rank == rank_old:
            same += 1
            if early and same > 10 and abs(count - count_old) < 20:
                break
        else:
            same, count_old = 0, count
        if early and rank > 0.3 * min(D.shape):
            break
        rank_old = rank
        mu, t_old, t = max(rate * mu, end), t, (1 + sqrt(1 + 4 * t * t)) / 2
    return (B.T, T.T) if flip else (B, T)


def pstnn(image, *, patch=None, step=None, weight=0.7, **options):
    r"""Partial sum of the tensor nuclear norm: :math:`\min \|B\|_{PSTNN} + \lambda \|T \odot W\|_1`, I = B + T.

    L. Zhang, Z. Peng, "Infrared small target detection based on partial sum of the tensor nuclear norm", Remote Sensing 11(4)
    382, 2019. The patches make a tensor (patch, patch, n_3); W favours corners, by the structure tensor's
    eigenvalues a >= b: W = a b / (a + b) max(a, b), stretched to [0, 1]. lambda = `weight` / sqrt(patch n_3). Solved by
    ADMM, `partial_sum_tensor`, with the constants of the authors' published program, which suppose 8-bit images: the
    image is stretched to 0..255. patch: side, None: 40 as in the paper, but in an image below 280 px a seventh of it (16
    at least): with few patches a bright target is among the singular values that are kept, and lost. step: None: the
    patch's side. Overlapping patches are joined by their mean. options: of `partial_sum_tensor`.
    Raises ValueError for a patch that does not fit into the image.
    """
    image = check_image(image)
    stretched, scale = _stretched(image, 255.0)
    patch = min(40, max(16, min(image.shape) // 7), *image.shape) if patch is None else patch
    step = patch if step is None else step
    patches, corners = cut_patches(stretched.astype(np.float64), patch, step)
    prior, _ = cut_patches(_corner_prior(stretched.astype(np.float64)), patch, step)
    weight = weight / np.sqrt(patch * len(patches))
    _, sparse = partial_sum_tensor(patches, weight, prior=prior, **options)
    return (scale * place_patches(sparse, corners, image.shape)).astype(np.float32)


def partial_sum_tensor(
    data, weight, *, kept=None, prior=1.0, mu=2e-3, growth=1.05, tolerance=1e-3, iterations=500, reweighted=True
):
    r"""(B, T) with B + T = D, B of low tubal rank and T sparse, by ADMM, after Zhang and Peng 2019.

    data: (n_3, n_1, n_2), frontal slices first. kept: N, singular values of each Fourier slice that are not shrunk; None:
    how many of the slices' unfolding exceed a tenth of its largest. prior: W, larger where a target is likelier.
    reweighted: T's weights are N / (|T| + 0.01) / W after each iteration, else 1. It also ends when T's support stays.
    """
    D = np.asarray(data, dtype=np.float64)
    if kept is None:
        spectrum = np.linalg.eigvalsh(_unfolded_gram(D))[::-1]
        kept = int(np.count_nonzero(np.sqrt(np.maximum(spectrum, 0)) >= 0.1 * np.sqrt(spectrum[0])))
    kept = min(max(kept, 1), min(D.shape[1:]))
    B, T, Y, weights, before = np.zeros_like(D), np.zeros_like(D), np.zeros_like(D), np.ones_like(D), 0
    for _ in range(iterations):
        B = _shrink_slices(D - T - Y / mu, kept, 1 / mu)
        T = _soft(D - B - Y / mu, weights * (weight / mu))
        if reweighted:
            weights = kept / (np.abs(T) + 0.01) / np.maximum(prior, 1e-12)
        gap = B + T - D
        count = np.count_nonzero(T > 0)
        settled = reweighted and before > 0 and count == before
        if np.linalg.norm(gap) < tolerance * np.linalg.norm(D) or settled:
            break
        Y, mu, before = Y + mu * gap, min(growth * mu, 1e10), count
    return B, T


# -- patches


def cut_patches(image, patch, step):
    """(patches (n, patch, patch), corners): every `step` px, the last ones aligned with the frame's end.

    Raises ValueError for a patch larger than the image, or a step below 1 or beyond the patch, which would leave gaps.
    """
    height, width = image.shape
    if not 1 <= patch <= min(height, width) or not 1 <= step <= patch:
        raise ValueError(
            f"patches of {patch} px every {step} px do not fit into an image of {height} x {width}: "
            f"use a patch of at most {min(height, width)} and a step from 1 to the patch's side"
        )
    corners = [(y, x) for y in _starts(height, patch, step) for x in _starts(width, patch, step)]
    return np.stack([image[y : y + patch, x : x + patch] for y, x in corners]), corners


def place_patches(patches, corners, shape, *, median=False):
    """The image (H, W) put together from patches: at each pixel the mean, or the median, of all that cover it."""
    side, width = patches.shape[1:]
    count = np.zeros(shape, int)
    for y, x in corners:
        count[y : y + side, x : x + width] += 1
    if not median:
        total = np.zeros(shape)
        for (y, x), one in zip(corners, patches):
            total[y : y + side, x : x + width] += one
        return total / count
    layers, used = np.full((count.max(), *shape), np.inf, patches.dtype), np.zeros(shape, int)
    rows, columns = np.mgrid[:side, :width]
    for (y, x), one in zip(corners, patches):
        layers[used[y : y + side, x : x + width], y + rows, x + columns] = one
        used[y : y + side, x : x + width] += 1
    layers.sort(axis=0)
    low, high = (np.take_along_axis(layers, index[None], axis=0)[0] for index in ((count - 1) // 2, count // 2))
    return (low + high) / 2


def _starts(length, patch, step):
    return sorted({*range(0, length - patch + 1, int(step)), length - patch})


# -- proximal steps


def _soft(values, threshold):
    return values - np.clip(values, -threshold, threshold)


def _shrink_singular(matrix, threshold):
    """(the matrix with its singular values lowered by the threshold, its new rank); rows >= columns.

    By the eigenvectors of the small Gram matrix, and only of those values that stay: far cheaper than a full SVD.
    """
    gram = (matrix.T @ matrix).astype(np.float64)
    squares, vectors = linalg.eigh(gram, subset_by_value=(threshold**2, np.inf), check_finite=False)
    if not len(squares):
        return np.zeros_like(matrix), 0
    shrunk = (vectors * (1 - threshold / np.sqrt(squares))).astype(matrix.dtype)
    return (matrix @ shrunk) @ vectors.T.astype(matrix.dtype), len(squares)


def _shrink_slices(tensor, kept, threshold):
    """Each Fourier slice with all but its `kept` largest singular values lowered by the threshold."""
    slices = np.fft.rfft(tensor, axis=0)
    squares, vectors = np.linalg.eigh(np.conj(slices.swapaxes(1, 2)) @ slices)  # rising
    values = np.sqrt(np.maximum(squares, 0))
    factors = np.divide(np.maximum(values - threshold, 0), values, out=np.zeros_like(values), where=values > 0)
    factors[:, values.shape[1] - kept :] = 1
    shrunk = slices @ ((vectors * factors[:, None]) @ np.conj(vectors.swapaxes(1, 2)))
    return np.fft.irfft(shrunk, len(tensor), axis=0)


def _unfolded_gram(tensor):
    flat = tensor.reshape(len(tensor), -1)
    return flat @ flat.T


def _corner_prior(image):
    """The weight W of `pstnn`, in [0, 1]: 3 x 3 Gaussians of sigma 2 before and 9 after the gradient."""
    blur = lambda values, sigma: cv2.GaussianBlur(values, (3, 3), sigma, borderType=cv2.BORDER_REFLECT)  # noqa: E731
    gy, gx = np.gradient(blur(image, 2))
    xx, xy, yy = blur(gx * gx, 9), blur(gx * gy, 9), blur(gy * gy, 9)
    root = np.sqrt((xx - yy) ** 2 + 4 * xy**2)
    a, b = (xx + yy + root) / 2, (xx + yy - root) / 2
    strength = np.divide(a * b, a + b, out=np.zeros_like(a), where=a + b > 0) * a
    spread = strength.max() - strength.min()
    return (strength - strength.min()) / spread if spread > 0 else np.ones_like(strength)


def _stretched(image, top):
    """(image from 0 to top as float32, grey values per unit of it); a flat image becomes 0."""
    low, high = float(image.min()), float(image.max())
    scale = (high - low) / top or 1.0
    return ((image.astype(np.float64) - low) / scale).astype(np.float32), scale


def _square(values):
    return float(np.vdot(values, values))
