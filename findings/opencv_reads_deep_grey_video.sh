#!/bin/bash
# OpenCV reads lossless grey videos of 10, 12 and 16 bits as 8 bits; what CAP_PROP_CONVERT_RGB=0 gives depends on the depth.
#
# Guess that was wrong: with CAP_PROP_CONVERT_RGB=0 a grey video of more than 8 bits arrives as uint16.
# So it does for 16 bits. For 10 and 12 bits read() returns True and a uint8 picture of the right shape: the first half of
# each row, low and high bytes in turn. Only a warning on stderr, shown once, tells of it. Without the property every depth
# arrives as 8-bit colour.
# What to do: read such videos with PyAV, which decodes all three exactly.
. "$(dirname "$0")/common.sh"
setup opencv-python-headless==5.0.0.93 av==18.1.0 numpy==2.4.6
OPENCV_LOG_LEVEL=ERROR run <<'PYTHON'
import av
import cv2
import numpy as np
from finding import expect, versions

HEIGHT, WIDTH = 48, 64
versions("opencv-python-headless", "av", "numpy")


def samples(frame):
    """The 16-bit samples of a PyAV frame, as a view."""
    plane = frame.planes[0]
    return np.frombuffer(plane, np.uint16).reshape(HEIGHT, plane.line_size // 2)[:, :WIDTH]


for bits in (10, 12, 16):
    truth = (20 * np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % 2**bits).astype(np.uint16)
    file, name = f"{bits}.mkv", f"gray{bits}le"
    with av.open(file, "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, name
        frame = av.VideoFrame(WIDTH, HEIGHT, name)
        samples(frame)[:] = truth
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    with av.open(file) as container:
        decoded = samples(next(container.decode(video=0)))
        expect(f"{name}, PyAV exact", bool(np.array_equal(decoded, truth)), True)
    plain, raw = cv2.VideoCapture(file), cv2.VideoCapture(file)
    read, picture = plain.read()
    expect(f"{name}, OpenCV", (read, str(picture.dtype), picture.shape), (True, "uint8", (HEIGHT, WIDTH, 3)))
    expect(f"{name}, CAP_PROP_CONVERT_RGB=0 accepted", raw.set(cv2.CAP_PROP_CONVERT_RGB, 0), True)
    read, picture = raw.read()
    dtype = "uint16" if bits == 16 else "uint8"
    expect(f"{name}, then", (read, str(picture.dtype), picture.shape), (True, dtype, (HEIGHT, WIDTH)))
    expect(f"{name}, then exact", bool(np.array_equal(picture, truth)), bits == 16)
    if bits < 16:
        half = truth[:, : WIDTH // 2].copy().view(np.uint8)
        expect(f"{name}, then the bytes of each row's first half", bool(np.array_equal(picture, half)), True)
PYTHON
