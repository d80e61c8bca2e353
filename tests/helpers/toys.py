"""Small sequences that several tests share."""

import numpy as np

from irtrack_core import boxes as bx
from irtrack_core.datasets import Sequence


def spot(shape, center, sigma=2.0):
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    return np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / (2 * sigma**2)).astype(np.float32)


def moving_spot(frames=12, noise=0.01):
    rng = np.random.default_rng(0)
    centers = np.stack([40 + 1.3 * np.arange(frames), 50 - 0.7 * np.arange(frames)], axis=1)
    images = np.stack([spot((100, 120), c) for c in centers])
    images += rng.normal(0, noise, images.shape).astype(np.float32)
    return Sequence(name="spot", dataset="test", frames=images, boxes=bx.from_centers(centers, np.array([8.0, 8.0])))
