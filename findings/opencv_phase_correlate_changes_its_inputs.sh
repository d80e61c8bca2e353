#!/bin/bash
# cv2.phaseCorrelate multiplies the caller's two images by the window, in place.
#
# Guess that was wrong: a function that returns a shift leaves the images it is given as they were.
# With a window, both arrays hold the windowed image afterwards, float32 and float64 alike, whatever their side; without
# one they stay. A second call on the same arrays windows them once more.
# What to do: give it copies, or images that nothing else needs.
. "$(dirname "$0")/common.sh"
setup opencv-python-headless==5.0.0.93 numpy==2.4.6
run <<'PYTHON'
import cv2
import numpy as np
from finding import expect, versions

versions("opencv-python-headless", "numpy")
rng = np.random.default_rng(0)
for side, kind, code in ((64, np.float32, cv2.CV_32F), (50, np.float32, cv2.CV_32F), (64, np.float64, cv2.CV_64F)):
    one = cv2.GaussianBlur(rng.normal(size=(side, side)), (0, 0), 1.5).astype(kind)
    two = np.roll(one, 3, axis=1)
    before, window = (one.copy(), two.copy()), cv2.createHanningWindow((side, side), code)
    cv2.phaseCorrelate(one, two)
    same = np.array_equal(one, before[0]) and np.array_equal(two, before[1])
    expect(f"{side} px, {kind.__name__}, no window: the images stay", same, True)
    cv2.phaseCorrelate(one, two, window)
    windowed = np.allclose(one, before[0] * window) and np.allclose(two, before[1] * window)
    expect(f"{side} px, {kind.__name__}, with a window: both are windowed now", windowed, True)
PYTHON
