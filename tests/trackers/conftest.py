"""What several tests of trackers look at."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def world():
    """(700, 800) float32 with structure at all scales, larger than any frame that shows it."""
    rng = np.random.default_rng(2)
    spectrum = np.fft.rfft2(rng.normal(size=(700, 800)))
    k = np.hypot(np.fft.fftfreq(700)[:, None], np.fft.rfftfreq(800)[None])
    picture = np.fft.irfft2(spectrum / (k + 0.01) ** 1.3, s=(700, 800))
    return (20 * picture / picture.std() + 100).astype(np.float32)
