"""Reading 16-bit video beside the library that decodes it: frames a second, and memory over an hour of it.

`python benchmarks/media.py`: 1,000 frames of 640 x 512, FFV1 in Matroska, through `datasets.open_video` (opening, numbering,
every frame as an array) and through PyAV's bare decoding loop, in turns in one process; then 108,000 small frames, an hour at
30 frames a second, with the memory of the process after the first and after the last minute. Needs the extra `media`.
"""

import argparse
import os
import statistics
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from irtrack_core.datasets import open_video

FPS = 30


def write(path, shape, count, distinct=30, seed=0):
    """A video of `count` frames, 16-bit noise on a smooth scene, each of its own (no groups); `distinct` of them repeat."""
    rng = np.random.default_rng(seed)
    scene = cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), 12) * 3000 + 8000
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=FPS, options={"g": "1", "slices": "4"})
        stream.height, stream.width, stream.pix_fmt = *shape, "gray16le"
        packets = []
        for _ in range(distinct):
            pixels = (scene + rng.normal(0, 8, shape)).astype(np.uint16)
            packets += [
                bytes(packet) for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="gray16le"))
            ]
        packets += [bytes(packet) for packet in stream.encode()]
        for index in range(count):
            packet = av.Packet(packets[index % distinct])
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, FPS), True
            packet.pts = packet.dts = index
            packet.duration = 1
            container.mux(packet)
    return path


def bare(path):
    """Frames that PyAV decodes, and that is all."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        return sum(1 for _ in container.decode(stream))


def ours(path):
    """Frames that `open_video` gives."""
    frames = open_video(path)
    return sum(frame.dtype == np.uint16 for frame in frames)


def memory():
    """MB of memory that this process holds."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder) / "film.mkv", (512, 640), chosen.frames)
        rates = {bare: [], ours: []}
        for _ in range(chosen.repeats):
            for read in rates:
                start = time.perf_counter()
                assert read(file) == chosen.frames
                rates[read].append(chosen.frames / (time.perf_counter() - start))
        ratio = statistics.median(b / a for a, b in zip(rates[bare], rates[ours]))
        print(f"{chosen.frames} frames of 640 x 512, 16 bits, FFV1, frames a second:")
        print(
            f"  PyAV's bare loop {statistics.median(rates[bare]):.1f}, open_video {statistics.median(rates[ours]):.1f}"
        )
        print(f"  ratio of each turn, median: {ratio:.2f} (target: at least 0.8)")
        file.unlink()

        minute = 60 * FPS
        frames = open_video(write(Path(folder) / "long.mkv", (48, 64), chosen.minutes * minute))
        for index, _ in enumerate(frames):
            if index == minute:
                early = memory()
        print(f"{len(frames)} frames of 64 x 48, {chosen.minutes} minutes: memory {early:.0f} MB after the first,")
        print(f"  {memory():.0f} MB after the last: {memory() - early:+.1f} MB (target: at most +20)")


if __name__ == "__main__":
    main()
