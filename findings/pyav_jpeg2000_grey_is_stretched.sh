#!/bin/bash
# 12-bit grey JPEG 2000 is read by PyAV (FFmpeg) as 16-bit grey, each value 16 times as large.
#
# Guess that was wrong: a codec without loss gives back the numbers it was given, as FFV1 does for grey of 12 bits. FFmpeg's
# decoder has no grey of 12 bits to offer here: it says gray16le and moves the values to the upper bits, and neither the
# frame nor the stream says that it did. Counts of a camera are then no longer its counts.
# What to do: the depth stands in the code stream's SIZ marker; shift the values back by 16 less that depth.
. "$(dirname "$0")/common.sh"
setup av==18.1.0 numpy==2.4.6
run <<'PYTHON'
import av
import numpy as np
from finding import expect, versions

versions("av", "numpy")
counts = (np.arange(48 * 64) % 4096).astype(np.uint16).reshape(48, 64)


def copy(name, code, pixels, **options):
    """(pixel format, median of read over written values, written == read) of one frame."""
    with av.open(name, "w") as container:
        stream = container.add_stream(code, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        stream.codec_context.options = options
        frame = av.VideoFrame(64, 48, pixels)
        rows = np.frombuffer(memoryview(frame.planes[0]), np.uint16).reshape(48, -1)
        rows[:, :64] = counts
        frame.pts = 0
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    with av.open(name) as container:
        frame = next(container.decode(video=0))
        read = np.frombuffer(memoryview(frame.planes[0]), np.uint16).reshape(48, -1)[:, :64].astype(int)
    ratio = float(np.median(read[counts > 0] / counts[counts > 0]))
    return frame.format.name, ratio, bool((read == counts).all())


lossless = {"pred": "dwt53"}
expect("JPEG 2000, 12 bits", copy("a.mkv", "jpeg2000", "gray12le", **lossless), ("gray16le", 16.0, False))
expect("JPEG 2000, 16 bits", copy("b.mkv", "jpeg2000", "gray16le", **lossless), ("gray16le", 1.0, True))
expect("FFV1, 12 bits", copy("c.mkv", "ffv1", "gray12le"), ("gray12le", 1.0, True))
PYTHON
