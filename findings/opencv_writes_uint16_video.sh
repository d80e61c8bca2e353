#!/bin/bash
# cv2.VideoWriter takes uint16 frames, reports success, and writes their bytes as 8-bit pixels.
#
# Guess that was wrong: a writer that cannot store uint16 refuses the frame, or write() returns False.
# isOpened() and every write() are True. The video has as many frames, of the right size; each shows the low and high bytes of
# the left half of every row. With VIDEOWRITER_PROP_DEPTH=CV_16U FFV1 is exact, whereas MJPG and mp4v accept the property, too,
# and still store 8 bits.
# What to do: give the depth, use FFV1, and compare one frame with what a reader gives back.
. "$(dirname "$0")/common.sh"
setup opencv-python-headless==5.0.0.93 numpy==2.4.6
OPENCV_LOG_LEVEL=ERROR run <<'PYTHON'
import cv2
import numpy as np
from finding import expect, versions

HEIGHT, WIDTH = 48, 64
frames = [(20 * np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) + 300 * i).astype(np.uint16) for i in range(5)]
versions("opencv-python-headless", "numpy")


def written(file, code, *depth):
    """(opened, all written, frames that can be read, dtype and pixels of the first)."""
    options = [cv2.VIDEOWRITER_PROP_IS_COLOR, 0, *depth]
    writer = cv2.VideoWriter(file, cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*code), 25.0, (WIDTH, HEIGHT), options)
    opened, all_written = writer.isOpened(), all([writer.write(frame) for frame in frames])
    writer.release()
    reader = cv2.VideoCapture(file)
    reader.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    _, picture = reader.read()
    return opened, all_written, int(reader.get(cv2.CAP_PROP_FRAME_COUNT)), str(picture.dtype), picture


deep = (cv2.VIDEOWRITER_PROP_DEPTH, cv2.CV_16U)
*told, picture = written("plain.avi", "FFV1")
expect("FFV1: opened, written, frames, dtype read back", told, [True, True, 5, "uint8"])
half = frames[0][:, : WIDTH // 2].copy().view(np.uint8)
expect("FFV1: the bytes of each row's left half", bool(np.array_equal(picture, half)), True)
*told, picture = written("deep.avi", "FFV1", *deep)
expect("FFV1 with CV_16U: opened, written, frames, dtype read back", told, [True, True, 5, "uint16"])
expect("FFV1 with CV_16U: exact", bool(np.array_equal(picture, frames[0])), True)
for file, code in (("deep2.avi", "MJPG"), ("deep.mp4", "mp4v")):
    *told, picture = written(file, code, *deep)
    expect(f"{code} with CV_16U: opened, written, frames, dtype read back", told, [True, True, 5, "uint8"])
PYTHON
