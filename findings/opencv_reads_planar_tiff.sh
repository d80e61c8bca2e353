#!/bin/bash
# OpenCV reads the colour planes of a TIFF as if they were interleaved, and tifffile stores 3 or 4 grey frames as such planes.
#
# Guess that was wrong: a stack of three grey frames written by tifffile is three pages, or else a picture whose channels are
# the frames. imread returns one picture of the right shape whose pixels are neighbours of the first frame, three by three;
# beyond the first third of its rows the values mean nothing. It says nothing. Five frames are pages and are read rightly.
# What to do: write with photometric="minisblack", read with tifffile, or look at the tag PlanarConfiguration (2: planes).
. "$(dirname "$0")/common.sh"
setup opencv-python-headless==5.0.0.93 tifffile==2026.3.3 numpy==2.4.6
OPENCV_LOG_LEVEL=ERROR run <<'PYTHON'
import warnings

import cv2
import numpy as np
import tifffile
from finding import expect, versions

versions("opencv-python-headless", "tifffile", "numpy")
warnings.simplefilter("ignore", DeprecationWarning)
for count in (3, 5):
    frames = np.arange(count * 24 * 32, dtype=np.uint16).reshape(count, 24, 32)
    tifffile.imwrite("stack.tif", frames)
    expect(f"{count} frames, pages that OpenCV sees", cv2.imcount("stack.tif"), {3: 1, 5: 5}[count])
    expect(f"{count} frames, tifffile exact", bool(np.array_equal(tifffile.imread("stack.tif"), frames)), True)
    picture = cv2.imread("stack.tif", cv2.IMREAD_UNCHANGED)
    if count == 3:
        expect("shape of the picture", picture.shape, (24, 32, 3))
        expect("its channels are the frames", bool(np.array_equal(picture[..., ::-1], np.moveaxis(frames, 0, 2))), False)
        expect("its first pixel, R G B", picture[0, 0, ::-1].tolist(), frames[0, 0, :3].tolist())
    else:
        expect("first page exact", bool(np.array_equal(picture, frames[0])), True)
PYTHON
