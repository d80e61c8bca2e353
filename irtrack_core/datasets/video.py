"""Lazy frames that can only be decoded in order, and those of video files, numbered as recorded even where some are lost."""

import os
import threading
from collections import OrderedDict
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from irtrack_core.datasets.containers import (
    COUNTING,
    GRAY16,
    TAGS_OF_8_BITS,
    avi_chunks,
    ends_as_stored,
    frames_left_out,
    is_cut,
    may_be_stretched,
    pixel_tag,
    repeat_note,
    repeats,
    too_deep,
)
from irtrack_core.datasets.frames import FrameError, Frames
from irtrack_core.datasets.names import for_decoders
from irtrack_core.datasets.no_video import VIDEO_SUFFIXES, not_a_video, text_in_place
from irtrack_core.datasets.pictures import gray

MAX_ATTEMPTS = 64  # grabs that may fail in a row before a video counts as ended: damage spans a few


def open_video(path):
    """Lazy frames of a video file, (H, W) uint8, uint16 or float32, with nothing cut to 8 bits.

    OpenCV reads what it reads rightly: 8 bits, in a container that stores how many frames it has. The rest is read by PyAV
    where that is installed (extra `media`), else by OpenCV as far as it can. Raises FileNotFoundError, ValueError when it
    is no video or cannot be read as it is.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no video {path}")
    if path.suffix.lower() in VIDEO_SUFFIXES and text_in_place(path):
        raise ValueError(not_a_video(path))
    plain = find_spec("av") is not None and _is_plain(path)
    if find_spec("av") and not plain:
        from irtrack_core.datasets.av_video import AvFrames

        return AvFrames(path)
    return VideoFrames(path, believe=plain)


def _is_plain(path):
    """True when OpenCV reads every frame of a video, as it is, under its number."""
    capture = cv2.VideoCapture(for_decoders(path))
    try:
        if path.suffix.lower() not in COUNTING or not capture.isOpened() or pixel_tag(capture) not in TAGS_OF_8_BITS:
            return False
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return avi_chunks(path) is not None or count > 0 and (ends_as_stored(capture, count) or is_cut(path))
    finally:
        capture.release()


class SequentialFrames(Frames):
    """Base class of frames that can only be decoded in order: going back starts again, going on decodes what is between.

    The latest frames, `cache_bytes` at most, are kept, so that a short recording is decoded once only. At most MAX_OPEN
    recordings hold a decoder and a cache at one time: memory stays bounded however long or many they are. Can be pickled;
    an open recording is reopened on the other side, and after a fork. Threads may share it: one decodes at a time.
    `notes`: what was found about the recording, one sentence each.
    """

    MAX_OPEN = 8
    notes = ()
    _open = OrderedDict()  # id -> the frames that hold a decoder, the least recently used first
    _one_at_a_time = threading.RLock()  # a decoder that two threads use aborts the process
    _forked = []  # decoders of the parent: to let go of them would wait for threads that the child does not have

    def __init__(self, path, cache_bytes):
        self.path, self.cache_bytes = Path(path), int(cache_bytes)
        self._decoder, self._latest, self._next, self._pid, self._cache = None, None, 0, None, OrderedDict()
        self._damaged, self._repeated = set(), {}  # numbers without a picture; number -> the one whose picture it shows

    def __len__(self):
        return self._length

    def __getstate__(self):
        return self.__dict__ | {"_decoder": None, "_latest": None, "_next": 0, "_cache": OrderedDict()}

    def close(self):
        """Let go of the decoder and of the kept frames; reading opens them again."""
        with self._one_at_a_time:
            self._let_go()
            self._latest, self._next, self._cache = None, 0, OrderedDict()
            self._open.pop(id(self), None)

    def _let_go(self):
        if self._decoder is not None and self._pid == os.getpid():
            self._release(self._decoder)
        elif self._decoder is not None:
            self._forked.append(self._decoder)
        self._decoder = None

    def _read(self, index):
        with self._one_at_a_time:
            return self._read_alone(index)

    def _read_alone(self, index):
        index = self._repeated.get(index, index)
        if index not in self._cache and index not in self._damaged:
            self._open[id(self)] = self
            self._open.move_to_end(id(self))
            while len(self._open) > self.MAX_OPEN:
                next(iter(self._open.values())).close()
            # after a fork two processes would share one file position: start again there
            if self._decoder is None or index < self._next or self._pid != os.getpid():
                self._let_go()
                self._decoder, self._next, self._pid = self._start(), 0, os.getpid()
            reached = -1
            while reached < index:
                reached = self._advance()
            if reached < self._length and reached not in self._damaged:  # else the end: what is left is damaged
                frame = self._cache[reached] = self._retrieve(reached)
                while len(self._cache) > 1 and len(self._cache) * frame.nbytes > self.cache_bytes:
                    self._cache.popitem(last=False)
        if index in self._damaged:
            raise FrameError(f"{self.path}: frame {index} is damaged and was left out by the decoder", index)
        if index in self._repeated:  # found out on the way
            return self._read_alone(index)
        return self._cache[index].copy()

    def _checked(self, frame, index):
        """The frame itself. Raises FrameError when the picture's size changes on the way."""
        if frame.shape != self.shape or frame.dtype != self.dtype:
            was, now = (f"{shape[1]} x {shape[0]}" for shape in (self.shape, frame.shape))
            raise FrameError(
                f"{self.path}: frame {index} is {now} {frame.dtype}, but the first is {was} {self.dtype}", index
            )
        return frame


def _free_in_child():
    SequentialFrames._one_at_a_time = threading.RLock()  # a thread of the parent may have held it


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_in_child)


class VideoFrames(SequentialFrames):
    """Frames of a video file through OpenCV, (H, W) uint8, or uint16 for 16-bit grey; `open_video` reads more kinds.

    OpenCV's own seeking is not exact for every codec: frames are counted while decoding, by their time stamps where a
    container may leave pictures out. believe: the container's count has been checked. Raises FileNotFoundError, ValueError
    when it is no video or its pixels would be cut to 8 bits, FrameError when it breaks off early.
    """

    def __init__(self, path, *, cache_bytes=16 * 2**20, believe=False):
        super().__init__(path, cache_bytes)
        self._tag, self._counts, self._counted = TAGS_OF_8_BITS, (), False
        capture = self._start()
        self._tag = pixel_tag(capture)
        if self._tag not in TAGS_OF_8_BITS | {GRAY16} or self._tag == GRAY16 and may_be_stretched(capture):
            raise ValueError(too_deep(self.path, self._tag))
        self.dtype = np.dtype("uint16" if self._tag == GRAY16 else "uint8")
        size = (capture.get(cv2.CAP_PROP_FRAME_HEIGHT), capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        self.shape = tuple(int(side) for side in size)
        self.fps = float(capture.get(cv2.CAP_PROP_FPS)) or 30.0
        self._origin, chunks = 0, avi_chunks(self.path)
        stored = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if self.path.suffix.lower() in COUNTING else 0
        self._length = max(stored, 0) if chunks is None else len(chunks)
        # in this container alone a chunk may be empty, which means: as before; its clock counts such chunks
        self._clock = self.path.suffix.lower() == ".avi" and chunks is None
        if chunks is not None:
            self._repeated = repeats(chunks > 0)
            self._damaged = set(np.flatnonzero(chunks == 0).tolist()).difference(
                self._repeated
            )  # before the first picture
        elif stored <= 0 or not (believe or ends_as_stored(capture, stored) or is_cut(self.path)):
            self._counted = True
            self._count(self._start())
        if 0 < stored != self._length:
            why = "" if chunks is not None else ": an edit list may hide the others; if it is damaged, copy it again"
            self._counts += (f"the file says that it has {stored} frames; there are {self._length}{why}",)
        capture.release()
        if self._length == 0 or min(self.shape) <= 0:
            raise ValueError(f"{self.path} holds no video frame: it may be truncated; copy or download it again")

    @property
    def notes(self):
        """What was found about the recording so far, one sentence each."""
        return (*self._counts, *repeat_note(self._repeated))

    def _count(self, capture):
        """Number the frames by decoding them all. Where a grab failed, the time stamps tell how many are missing there."""
        stamps, holes, failed = [], [], 0
        while failed < MAX_ATTEMPTS:
            if not capture.grab():
                failed += 1
                continue
            if failed:
                holes.append(len(stamps) + len(holes))  # one frame at least was lost here
            stamps.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            failed = 0
        if self._clock:
            self._length = 0
            for stamp in stamps:
                self._length = 1 + self._number(self._length, stamp, len(stamps) * 100)
            return
        begin = holes[:1] if holes[:1] == [0] else []  # when the first frame is lost, its time is still 0
        left_out = frames_left_out(begin + stamps, self.fps, capture.get(cv2.CAP_PROP_FRAME_COUNT))
        numbers = np.arange(len(left_out)) + np.cumsum(left_out) if left_out is not None else np.zeros(1)
        missing = set(range(int(numbers[-1]) + 1)).difference(numbers.astype(int).tolist())
        if holes:
            self._damaged = set(holes) if left_out is None else missing.union(begin)
        elif missing:
            self._counts = (
                f"the time stamps leave out {len(missing)} frame(s), the first before frame {min(missing)}: left out by the "
                "recorder, or lost by damage, in which case the numbers after it are too low; pip install "
                "'irtrack-core[media]' tells which",
            )
        self._length = len(stamps) + len(self._damaged)

    def _number(self, least, stamp, most):
        """Number of the frame with the time stamp (s) in a container whose clock counts empty chunks: `least` or more."""
        tick = round(stamp * self.fps)
        if least == 0:
            self._origin = tick  # where frames are stored in another order than shown, the first comes later
        number = max(least, tick - self._origin)
        return number if number < most else least

    def _start(self):
        if not self.path.is_file():
            raise FileNotFoundError(f"no video {self.path}")
        capture = cv2.VideoCapture(for_decoders(self.path))
        if not capture.isOpened():
            raise ValueError(not_a_video(self.path))
        if self._tag == GRAY16:
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)  # else it is cut to 8 bits
        return capture

    def _release(self, capture):
        capture.release()

    def _advance(self):
        """Decode one more frame and return its index, which is above `_next` when those between have no picture."""
        for attempt in range(MAX_ATTEMPTS):
            if self._decoder.grab():
                index, stamp = self._next, self._decoder.get(cv2.CAP_PROP_POS_MSEC) / 1000
                if self._clock:
                    index = self._number(index, stamp, self._length)
                elif not attempt or self._counted:
                    while index in self._damaged or index in self._repeated:
                        index += 1
                else:
                    # after a failure the time stamp tells where decoding went on; containers without one count on
                    index = max(index, round(stamp * self.fps))
                between = [k for k in range(self._next, index) if k not in self._repeated]
                if self._clock and not attempt:
                    self._repeated.update(dict.fromkeys(between, self._next - 1))
                else:
                    self._damaged.update(between)
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
        return self._checked(gray(frame), index)
