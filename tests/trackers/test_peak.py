"""PEAK with a blur matched to the target."""

import cv2
import numpy as np

from irtrack_core.trackers import create, peak


def test_a_blurred_window_is_cut_from_the_blurred_frame():
    frame = np.random.default_rng(0).integers(0, 255, (60, 70)).astype(np.uint8)
    whole = cv2.GaussianBlur(frame.astype(np.float32), (17, 17), 2.0, borderType=cv2.BORDER_REPLICATE)
    view = peak._Blurred(frame, 2.0)
    for rows, columns in ((slice(0, 9), slice(3, 40)), (slice(30, 60), slice(60, 70)), (slice(20, 41), slice(20, 41))):
        np.testing.assert_allclose(view[rows, columns], whole[rows, columns], rtol=1e-5)


def test_a_matched_blur_finds_a_blob_in_noise_that_single_pixels_hide():
    rng, x = np.random.default_rng(0), np.arange(96) - 48
    blob = 3 * np.exp(-(x[:, None] ** 2 + x**2) / (2 * 3.0**2))
    frames = (blob + rng.normal(0, 2, (30, 96, 96))).astype(np.float32)
    found = {}
    for name in ("peak", "peak-blur"):
        tracker = create(name)
        tracker.init(frames[0], (42, 42, 13, 13))
        errors = [np.hypot(*(tracker.update(frame)[:2] - 42)) for frame in frames[1:]]
        found[name] = np.mean(np.array(errors) < 3)
    assert found["peak-blur"] > 0.9 and found["peak"] < 0.7
