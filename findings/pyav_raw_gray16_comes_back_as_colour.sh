#!/bin/bash
# Raw 16-bit grey video written by PyAV (FFmpeg) to AVI or MOV comes back as colours of 5 bits a channel.
#
# Guess that was wrong: uncompressed video is the safe way to keep 16 bits. The container stores "16 bits a pixel" and no name
# of the pixel format; the reader takes that for RGB555, of which the highest bit is dropped. Writing and reading raise
# nothing.
# What to do: FFV1 keeps grey of every depth.
. "$(dirname "$0")/common.sh"
setup av==18.1.0 numpy==2.4.6
run <<'PYTHON'
import av
import numpy as np
from finding import expect, versions

versions("av", "numpy")
truth = (np.arange(48 * 64, dtype=np.uint16) * 21).reshape(48, 64)


def copy(name, code):
    """(pixel format, values kept) of one frame written and read again."""
    with av.open(name, "w") as container:
        stream = container.add_stream(code, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "gray16le"
        frame = av.VideoFrame.from_ndarray(truth, format="gray16le")
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    with av.open(name) as container:
        frame = next(container.decode(video=0))
    return frame.format.name, frame.format.name == "gray16le" and bool(np.array_equal(frame.to_ndarray(), truth))


expect("raw, AVI", copy("raw.avi", "rawvideo"), ("rgb555le", False))
expect("raw, MOV", copy("raw.mov", "rawvideo"), ("rgb555be", False))
expect("FFV1, AVI", copy("ffv1.avi", "ffv1"), ("gray16le", True))
PYTHON
