#!/bin/bash
# OpenCV inverts TIFFs in which 0 is white (MinIsWhite) where they have 8 bits, and leaves those of 16 bits as they are.
#
# Guess that was wrong: the tag is either followed or not. An 8-bit picture comes out with 0 as black, the same picture saved
# with 16 bits comes out inverted beside it: hot and cold change places, silently.
# What to do: look at the tag PhotometricInterpretation (0: white is zero) and subtract 16-bit values from 65535.
. "$(dirname "$0")/common.sh"
setup opencv-python-headless==5.0.0.93 tifffile==2026.3.3 numpy==2.4.6
run <<'PYTHON'
import cv2
import numpy as np
import tifffile
from finding import expect, versions

versions("opencv-python-headless", "tifffile", "numpy")
stored = np.arange(24).reshape(4, 6) * 10
for bits, inverted in ((8, True), (16, False)):
    kind = np.dtype(f"uint{bits}")
    tifffile.imwrite("picture.tif", stored.astype(kind), photometric="miniswhite")
    picture = cv2.imread("picture.tif", cv2.IMREAD_UNCHANGED)
    expected = np.iinfo(kind).max - stored if inverted else stored
    expect(f"{bits} bits, dtype", str(picture.dtype), str(kind))
    expect(f"{bits} bits, white is zero, inverted", bool(np.array_equal(picture, expected)) and inverted, inverted)
PYTHON
