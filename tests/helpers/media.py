"""Tiny videos and image folders that the tests of readers make for themselves."""

import cv2
import numpy as np

SHAPE = (48, 64)  # H, W of every clip


def clip(count, seed=0):
    """(count, 48, 64) uint8: noise, and in the six left columns a white row that gives the frame's number away."""
    frames = np.random.default_rng(seed).integers(0, 40, (count, *SHAPE), dtype=np.uint8)
    frames[:, :, :6] = 0
    for index, frame in enumerate(frames):
        frame[index, :6] = 255
    return frames


def number(frame):
    """The number that `clip` wrote into a frame; survives lossy coding."""
    return int(frame[:, :6].mean(axis=1).argmax())


def write_video(path, frames, fps=25.0, code=None):
    """A video of grey frames (N, H, W) uint8, lossy unless `code` says otherwise: .mp4, .avi or what OpenCV can write."""
    code = cv2.VideoWriter.fourcc(*(code or ("MJPG" if path.suffix == ".avi" else "mp4v")))
    writer = cv2.VideoWriter(str(path), code, fps, frames.shape[:0:-1])
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def write_images(folder, frames, suffix=".png", name=str):
    """A folder of images 0.png, 1.png, ... without leading zeros, so that sorting by name alone would be wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, frame in enumerate(frames):
        assert cv2.imwrite(str(folder / f"{name(index)}{suffix}"), frame)
    return folder


def damage(path, start=0.5, length=3000):
    """Zeros in the middle of a file."""
    data = bytearray(path.read_bytes())
    at = int(len(data) * start)
    data[at : at + length] = bytes(len(data[at : at + length]))
    path.write_bytes(data)
    return path


def truncate(path, share=0.5):
    """Only the first part of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path
