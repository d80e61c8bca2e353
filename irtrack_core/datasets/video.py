"""Lazy frames that can only be decoded in order, and those of video files, numbered as recorded even where some are lost."""

import os
from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np

from irtrack_core.datasets.frames import FrameError, Frames, gray

MAX_ATTEMPTS = 64  # grabs that may fail in a row before a video counts as ended: damage spans a few
VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".m4v", ".wmv", ".mpg", ".mpeg", ".webm")


def missing_frames(stamps, fps, count):
    """Numbers (a set) of the frames that a damaged video lost, from the time stamps of those that could be decoded.

    stamps: seconds, in order. count: frames that the container has room for. None when the time stamps cannot tell:
    they must follow each other evenly but for a few gaps. With a variable frame rate a gap says nothing.
    """
    steps = np.diff(stamps) * fps
    whole = np.round(steps)
    if not len(steps) or np.any(np.abs(steps - whole) > 0.25) or np.any(whole < 1):  # rounded to milliseconds is even
        return None
    numbers = np.concatenate([[0], np.cumsum(whole)])
    gaps = np.count_nonzero(whole > 1)
    # many gaps: frames were left out on purpose; some containers give the last frame no duration
    if 20 * gaps > len(steps) or abs(steps.sum() - numbers[-1]) > 0.5 or (gaps and numbers[-1] > count):
        return None
    return set(range(int(numbers[-1]) + 1)).difference(numbers.astype(int).tolist())


class SequentialFrames(Frames):
    """Base class of frames that can only be decoded in order: going back starts again, going on decodes what is between.

    The latest frames, `cache_bytes` at most, are kept, so that a short recording is decoded once only. At most MAX_OPEN
    recordings hold a decoder and a cache at one time: memory stays bounded however long or many they are. Can be pickled;
    an open recording is reopened on the other side.
    """

    MAX_OPEN = 8
    _open = OrderedDict()  # id -> the frames that hold a decoder, the least recently used first

    def __init__(self, path, cache_bytes):
        self.path, self.cache_bytes = Path(path), int(cache_bytes)
        self._decoder, self._next, self._pid, self._cache, self._damaged = None, 0, None, OrderedDict(), set()

    def __len__(self):
        return self._length

    def __getstate__(self):
        return self.__dict__ | {"_decoder": None, "_next": 0, "_cache": OrderedDict()}

    def close(self):
        """Let go of the decoder and of the kept frames; reading opens them again."""
        if self._decoder is not None:
            self._release(self._decoder)
        self._decoder, self._next, self._cache = None, 0, OrderedDict()
        self._open.pop(id(self), None)

    def _read(self, index):
        if index not in self._cache and index not in self._damaged:
            self._open[id(self)] = self
            self._open.move_to_end(id(self))
            while len(self._open) > self.MAX_OPEN:
                next(iter(self._open.values())).close()
            # after a fork two processes would share one file position: start again there
            if self._decoder is None or index < self._next or self._pid != os.getpid():
                if self._decoder is not None:
                    self._release(self._decoder)
                self._decoder, self._next, self._pid = self._start(), 0, os.getpid()
            reached = -1
            while reached < index:
                reached = self._advance()
            frame = self._cache[reached] = self._retrieve(reached)
            while len(self._cache) > 1 and len(self._cache) * frame.nbytes > self.cache_bytes:
                self._cache.popitem(last=False)
        if index in self._damaged:
            raise FrameError(f"{self.path}: frame {index} is damaged and was left out by the decoder", index)
        return self._cache[index].copy()


class VideoFrames(SequentialFrames):
    """Frames of a video file through OpenCV, as (H, W) uint8; OpenCV's own seeking is not exact for every codec.

    Raises FileNotFoundError, ValueError when it is not a video, FrameError when it breaks off early.
    """

    dtype = np.dtype("uint8")

    def __init__(self, path, *, cache_bytes=16 * 2**20):
        super().__init__(path, cache_bytes)
        capture = self._start()
        size = (capture.get(cv2.CAP_PROP_FRAME_HEIGHT), capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        self.shape = tuple(int(side) for side in size)
        self.fps = float(capture.get(cv2.CAP_PROP_FPS)) or 30.0
        # only these containers store the count; for others OpenCV guesses it from the duration, so count here
        stored = self.path.suffix.lower() in (".mp4", ".m4v", ".mov", ".avi")
        self._length = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if stored else 0
        self._counted = self._length <= 0
        if self._counted:
            self._count(capture)
        capture.release()
        if self._length == 0 or min(self.shape) <= 0:
            raise ValueError(f"{self.path} holds no video frame: it may be truncated; copy or download it again")

    def _count(self, capture):
        """Number the frames by decoding them all; those that are missing, as the time stamps tell, count as damaged."""
        stamps, holes, failed = [], [], 0
        while failed < MAX_ATTEMPTS:
            if not capture.grab():
                failed += 1
                continue
            if failed:
                holes.append(len(stamps) + len(holes))  # one frame at least was lost here
            stamps.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            failed = 0
        begin = holes[:1] if holes[:1] == [0] else []  # when the first frame is lost, its time is still 0
        missing = missing_frames(begin + stamps, self.fps, capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._damaged = set(holes) if missing is None else missing.union(begin)
        self._length = len(stamps) + len(self._damaged)

    def _start(self):
        if not self.path.is_file():
            raise FileNotFoundError(f"no video {self.path}")
        capture = cv2.VideoCapture(str(self.path))
        if not capture.isOpened():
            raise ValueError(
                f"{self.path} cannot be opened as a video ({self.path.stat().st_size} bytes): it may be truncated or "
                "of an unknown codec; copy it again, or convert it with: ffmpeg -i IN -c:v libx264 OUT.mp4"
            )
        return capture

    def _release(self, capture):
        capture.release()

    def _advance(self):
        """Decode one more frame and return its index, which is above `_next` when frames between are damaged."""
        for attempt in range(MAX_ATTEMPTS):
            if self._decoder.grab():
                index = self._next
                if self._counted:
                    while index in self._damaged:
                        index += 1
                elif attempt:
                    # after a failure the time stamp tells where decoding went on; containers without one count on
                    index = max(index, round(self._decoder.get(cv2.CAP_PROP_POS_MSEC) / 1000 * self.fps))
                    self._damaged.update(range(self._next, index))
                self._next = index + 1
                return index
        missing = self._length - self._next
        raise FrameError(
            f"{self.path} breaks off: {missing} of its {self._length} frames are missing somewhere: it is truncated "
            f"or damaged, and frame numbers and boxes after the damage may be too low by up to {missing}; copy it again",
            self._next,
            final=True,
        )

    def _retrieve(self, index):
        good, frame = self._decoder.retrieve()
        if not good:
            raise FrameError(f"{self.path}: frame {index} cannot be decoded: the file is damaged; copy it again", index)
        return gray(frame)
