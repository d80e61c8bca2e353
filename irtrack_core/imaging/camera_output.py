"""From kelvin to counts: gain control, rounding, and lossy compression, as a camera's output stage does it."""

import cv2
import numpy as np


def gain_and_offset(sensor, background, sigma):
    """Gain (counts per K) and offset (counts at 0 K) for a frame with this background (H, W) in K and noise sigma in K.

    Radiometric output has one scale for all frames. AGC spreads the background from its `agc_clip` to its
    100 - `agc_clip` percentile over 80 % of the range (a target brighter than that saturates), but stretches the noise no
    further than `agc_noise` counts.
    """
    full = 2**sensor.bits - 1
    if sensor.output == "radiometric":
        return full / sensor.span, full / 2
    low, high = np.percentile(background[::4, ::4], [sensor.agc_clip, 100 - sensor.agc_clip])
    scale = min(0.8 * full / max(high - low, 1e-9), sensor.agc_noise / sigma)
    return scale, full / 2 - scale * (low + high) / 2


def subtract_local_mean(image, share, size):
    """image - share * local mean, (H, W) float32: detail enhancement, which leaves halos along strong edges.

    size: sigma of the Gaussian mean in pixels. The mean is taken on a grid four times coarser, which is as smooth.
    """
    height, width = image.shape
    small = cv2.resize(image, (max(width // 4, 2), max(height // 4, 2)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), size / 4, borderType=cv2.BORDER_REFLECT)
    return image - np.float32(share) * cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def digitise(raw, sensor):
    """Counts (H, W) uint8 or uint16 of raw float32 counts, which are overwritten: rounded, clipped, compressed."""
    np.rint(raw, out=raw)
    np.clip(raw, 0, 2**sensor.bits - 1, out=raw)
    image = raw.astype(np.uint8 if sensor.bits == 8 else np.uint16)
    if sensor.quality < 100:
        _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, sensor.quality])
        image = cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)
    return image
