"""Photometric augmentation: what other cameras, compression and operators do to a frame. Pure functions on float32 patches.

A network that is to follow targets in video of any camera must not depend on the one that its training sequences come from.
Nothing here moves the target, so boxes stay as they are.
"""

import cv2
import numpy as np


def photometric(patches, boxes, rng, share=0.5):
    """A pair of patches (H, W) float32 as another camera might have shown them; new arrays, in counts of 0 to 255.

    boxes: the target's box xywh in each patch, for the size of blur and overlays. share: the probability that anything is
    changed but the range. Optics, compression and symbols on the screen are the camera's, alike in both patches; gain, noise
    and motion blur differ from frame to frame.
    """
    low, high = min(float(p.min()) for p in patches), max(float(p.max()) for p in patches)
    scale = 255.0 / max(high - low, 1e-6)
    patches = [(p - low) * scale for p in patches]
    if rng.random() >= share:
        return patches
    size = float(np.sqrt(np.prod(boxes[0][2:])))
    soft = rng.uniform(0.1, 0.12 * min(size, 12.0) + 0.2) if rng.random() < 0.3 else 0.0
    quality = int(rng.integers(25, 90)) if rng.random() < 0.25 else 0
    symbols = rng.integers(2**32) if rng.random() < 0.2 else None
    noise = rng.uniform(0.5, 12.0) if rng.random() < 0.4 else 0.0
    varied = []
    for number, (patch, box) in enumerate(zip(patches, boxes)):
        if soft:
            patch = blur(patch, soft)
        if number == 1 and rng.random() < 0.15:
            patch = blur(patch, rng.uniform(0.5, 0.25 * min(size, 16.0) + 0.5), angle=rng.uniform(0, np.pi))
        if rng.random() < 0.5:
            patch = stretch(patch, gain=rng.uniform(0.6, 1.6), level=rng.uniform(-40, 40), gamma=rng.uniform(0.7, 1.4))
        if noise:
            patch = patch + np.float32(noise) * rng.standard_normal(patch.shape, dtype=np.float32)
        if symbols is not None:
            patch = overlay(patch, np.random.default_rng(symbols), near=box, offset=rng.uniform(-2, 2, 2))
        if quality:
            patch = compress(patch, quality)
        varied.append(np.clip(patch, 0, 255))
    return varied


def blur(patch, sigma, *, angle=None):
    """The patch blurred by a Gaussian of `sigma` pixels; with an angle (radians) by motion of 4 sigma pixels along it."""
    if angle is None:
        return cv2.GaussianBlur(patch, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    half = max(1, int(round(2 * sigma)))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    dx, dy = int(round(half * np.cos(angle))), int(round(half * np.sin(angle)))
    cv2.line(kernel, (half - dx, half - dy), (half + dx, half + dy), 1.0)
    return cv2.filter2D(patch, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def stretch(patch, *, gain=1.0, level=0.0, gamma=1.0):
    """The patch as another automatic gain shows it: a gamma curve of counts 0 to 255, then gain about mid-grey, and level."""
    curve = 255 * (np.clip(patch, 0, 255) / 255) ** np.float32(gamma)
    return np.clip(np.float32(gain) * (curve - 128) + np.float32(128 + level), 0, 255)


def compress(patch, quality):
    """The patch after JPEG compression of this quality, 0 to 100."""
    done = cv2.imencode(".jpg", np.clip(patch, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(done, cv2.IMREAD_GRAYSCALE).astype(np.float32)


def overlay(patch, rng, *, near, offset=(0.0, 0.0)):
    """The patch with a symbol burnt in: a cross-hair, a gate around something, or text, of one random brightness.

    near: box xywh about which they are drawn; offset: of this frame's symbols from there, in box sizes: what is
    fixed to the screen moves against the target.
    """
    drawn = np.zeros(patch.shape, np.uint8)
    color = float(rng.choice([0.0, 255.0, rng.uniform(0, 255)]))
    size = np.asarray(near[2:], float)
    place = np.asarray(near[:2]) + size / 2 + np.asarray(offset) * size
    kind = rng.integers(3)
    if kind == 0:
        gap, arm = rng.uniform(0.0, 1.2) * size.max(), rng.uniform(1.5, 6.0) * size.max()
        for step in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            ends = [tuple(int(v) for v in place + np.array(step) * reach) for reach in (gap, gap + arm)]
            cv2.line(drawn, *ends, 1)
    elif kind == 1:
        half = size * rng.uniform(0.7, 2.0)
        cv2.rectangle(drawn, *[tuple(int(v) for v in place + sign * half) for sign in (-1, 1)], 1)
    else:
        letters = "".join(chr(c) for c in rng.integers(48, 91, rng.integers(2, 9)))
        at = tuple(int(v) for v in place + rng.choice([-1, 1], 2) * rng.uniform(0.8, 3.0, 2) * size)
        cv2.putText(drawn, letters, at, cv2.FONT_HERSHEY_PLAIN, rng.uniform(0.5, 1.2), 1)
    return np.where(drawn > 0, np.float32(color), patch)
