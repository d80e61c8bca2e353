#!/bin/bash
# Above 1000 frames a second cv2.VideoWriter drops most frames of an AVI and notes 600 frames a second in it.
#
# Guess that was wrong: the rate of an AVI is two whole numbers, so that any rate is stored, or isOpened() is False.
# isOpened() is True. At 1000 all frames are there, at 1001 24 of 40, at 5000 10 of 40, whichever the codec; the rate in the
# file is 600. FFmpeg writes complaints to standard error, which notebooks do not show. MP4 keeps frames and rate, and AVI files of
# such rates made by others are read as they are.
# What to do: MP4, or at most 1000 frames a second; and count the frames that can be read back.
. "$(dirname "$0")/common.sh"
setup opencv-python-headless==5.0.0.93 numpy==2.4.6
OPENCV_LOG_LEVEL=SILENT OPENCV_FFMPEG_LOGLEVEL=-8 run <<'PYTHON'
import cv2
import numpy as np
from finding import expect, versions

frames = np.random.default_rng(0).integers(0, 255, (40, 48, 64, 3), dtype=np.uint8)
versions("opencv-python-headless", "numpy")


def written(file, code, fps):
    """(opened, frames that can be read, frames a second)."""
    writer = cv2.VideoWriter(file, cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*code), fps, (64, 48))
    opened = writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    reader, count = cv2.VideoCapture(file), 0
    while reader.read()[0]:
        count += 1
    return opened, count, reader.get(cv2.CAP_PROP_FPS)


for code in ("MJPG", "FFV1", "XVID"):
    expect(f"{code}, AVI, 1000: opened, frames, rate", written("a.avi", code, 1000.0), (True, 40, 1000.0))
    expect(f"{code}, AVI, 1001: opened, frames, rate", written("b.avi", code, 1001.0), (True, 24, 600.0))
    expect(f"{code}, AVI, 5000: opened, frames, rate", written("c.avi", code, 5000.0), (True, 10, 600.0))
expect("mp4v, MP4, 5000: opened, frames, rate", written("d.mp4", "mp4v", 5000.0), (True, 40, 5000.0))

head = bytearray(open("a.avi", "rb").read())
at = head.index(b"strh") + 8 + 20  # scale and rate
head[at : at + 8] = np.array([1, 5000], "<u4").tobytes()
open("e.avi", "wb").write(head)
expect("an AVI that says 5000 is read as", cv2.VideoCapture("e.avi").get(cv2.CAP_PROP_FPS), 5000.0)
PYTHON
