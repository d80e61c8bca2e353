r"""Track before detect: several frames decide together where the target went, before any of them says where it is.

Each frame gives a map of log-likelihood ratios, target against noise. `best_path` finds the path with the largest sum
by dynamic programming (Barniv, Dynamic programming solution for detecting dim moving targets, IEEE Trans. AES 1985):
D_t(p) = L_t(p) + max of D_{t-1} over the pixels from which p can be reached in one frame. `stacked_places` sums along
straight lines instead.
"""

import cv2
import numpy as np

from irtrack_core.imaging.limits.blobs import profiles


def log_ratios(frames, sensor, kind, sides, snr):
    """Log-likelihood ratios (T, H, W) float32 of a target of this SNR centred at each pixel's centre, in white noise.

    frames: (T, H, W) in sigma_w, background level 0. snr (sum s z) - snr^2 (sum s^2) / 2, s the target's image of peak
    1; the frame is 0 beyond its border.
    """
    frames = np.asarray(frames, dtype=np.float32)
    sides = np.broadcast_to(np.asarray(sides, dtype=np.float64), 2)
    kernels = []
    for axis, side in enumerate(sides):
        count = 2 * int(np.ceil(side)) + 1
        kernels.append(profiles(sensor, axis, count / 2, side, count, kind)[0][0])
    energy = float(np.prod([(kernel**2).sum() for kernel in kernels]))
    options = dict(ddepth=cv2.CV_32F, borderType=cv2.BORDER_CONSTANT)
    seen = np.array([cv2.sepFilter2D(one, kernelX=kernels[0], kernelY=kernels[1], **options) for one in frames])
    return np.float32(snr) * seen - np.float32(snr**2 * energy / 2)


def best_path(ratios, reach):
    """(places (T, 2) int x, y, score): the path of largest summed ratio whose steps are at most `reach` px along each axis.

    ratios: (T, H, W). score: log-likelihood ratio of the path against noise alone, for a threshold.
    """
    ratios = np.asarray(ratios, dtype=np.float32)
    if ratios.ndim != 3 or reach < 0:
        raise ValueError(f"needs ratios (T, H, W) and a reach of at least 0; got {ratios.shape}, {reach}")
    around, totals = np.ones((2 * reach + 1,) * 2, np.uint8), [ratios[0]]
    for one in ratios[1:]:
        totals.append(one + cv2.dilate(totals[-1], around))  # beyond the border is nothing
    row, column = np.unravel_index(np.argmax(totals[-1]), ratios.shape[1:])
    path, score = [(column, row)], float(totals[-1][row, column])
    for total in totals[-2::-1]:
        top, left = max(row - reach, 0), max(column - reach, 0)
        part = total[top : row + reach + 1, left : column + reach + 1]
        down, along = np.unravel_index(np.argmax(part), part.shape)
        row, column = top + down, left + along
        path.append((column, row))
    return np.array(path[::-1], dtype=int), score


def stacked_places(ratios, velocities):
    """(place (2,) int x, y in the last frame, velocity (2,), score): the straight line of largest summed ratio.

    velocities: (V, 2) px a frame to try; steps are rounded to pixels.
    """
    ratios, best = np.asarray(ratios, dtype=np.float32), (-np.inf, None, None)
    back = np.arange(len(ratios))[::-1]
    for velocity in np.atleast_2d(np.asarray(velocities, dtype=np.float64)):
        total = np.zeros(ratios.shape[1:], np.float32)
        for one, (dx, dy) in zip(ratios, np.rint(back[:, None] * velocity).astype(int)):
            total += _moved(one, dx, dy)
        row, column = np.unravel_index(np.argmax(total), total.shape)
        if total[row, column] > best[0]:
            best = float(total[row, column]), np.array([column, row]), velocity
    return best[1], best[2], best[0]


def _moved(image, dx, dy):
    """The image moved by whole pixels; what comes in from beyond the border is as unlikely as its least likely pixel."""
    height, width = image.shape
    moved = np.full_like(image, image.min())
    if abs(dx) < width and abs(dy) < height:
        to = np.s_[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)]
        of = np.s_[max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)]
        moved[to] = image[of]
    return moved
