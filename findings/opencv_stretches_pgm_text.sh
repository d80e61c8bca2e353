#!/bin/bash
# OpenCV stretches the values of a PGM written as text where its maximum is below 255, and keeps those of a binary one.
#
# Guess that was wrong: P2 (text) and P5 (binary) with the same numbers give the same array. With maximum 100 the text comes
# out as 0 to 255, the binary as 0 to 100; above 255 both are kept. A text without a line end after its last number, as
# many programs write it, is not read at all.
# What to do: read the text yourself (NumPy), or scale by the maximum that the head gives.
. "$(dirname "$0")/common.sh"
setup opencv-python-headless==5.0.0.93 numpy==2.4.6
OPENCV_LOG_LEVEL=SILENT run <<'PYTHON'
import cv2
import numpy as np
from finding import expect, versions

versions("opencv-python-headless", "numpy")


def highest(content):
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    return None if picture is None else int(picture.max())


for most, text_gives in ((100, 255), (255, 255), (1023, 1023), (16383, 16383)):
    counts = np.linspace(0, most, 24).astype(np.uint16)
    head = f"6 4\n{most}\n"
    text = f"P2\n{head}{' '.join(map(str, counts))}".encode()
    binary = f"P5\n{head}".encode() + counts.astype(">u2" if most > 255 else "u1").tobytes()
    expect(f"maximum {most}, binary", highest(binary), most)
    expect(f"maximum {most}, text", highest(text + b"\n"), text_gives)
    expect(f"maximum {most}, text without a last line end", highest(text), None)
PYTHON
