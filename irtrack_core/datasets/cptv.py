"""CPTV, raw 16-bit thermal clips of the Cacophony Project, 160 x 120.

A clip `NAME.cptv` may have a `NAME.txt` beside it, JSON with tracks: these are a tracker's output, not truth.
"""

import json
from collections import OrderedDict
from functools import partial
from pathlib import Path

import numpy as np

from irtrack_core.datasets.frames import FrameError, Frames
from irtrack_core.datasets.sequence import Sequence

__all__ = ["CptvFrames", "load", "items"]


class CptvFrames(Frames):
    """Frames of a clip as (H, W) uint16, decoded in order; going back starts again. The latest 64 are kept.

    The camera's own background frame, which some clips begin with, is left out.
    Raises FileNotFoundError, ValueError when it is no clip, FrameError when it is cut.
    """

    dtype = np.dtype("uint16")
    kept = 64

    def __init__(self, path):
        self.path = Path(path)
        self._restart()
        self.fps = float(getattr(self._reader, "fps", None) or 9.0)
        self.shape = (self._reader.y_resolution, self._reader.x_resolution)
        self._length, self.complete = 0, True
        try:
            while self._decode() is not None:
                self._length += 1
            self._reader.s.read(1)  # EOFError when the file ends before its compressed stream does
        except (FrameError, EOFError):
            self.complete = False
        if self._length == 0:
            raise ValueError(f"{self.path} holds no frame that can be read: it may be truncated; copy it again")
        self.close()

    def __len__(self):
        return self._length

    def __getstate__(self):
        return self.__dict__ | {"_file": None, "_reader": None, "_decoded": None, "_next": 0, "_cache": OrderedDict()}

    def close(self):
        """Let go of the file; reading opens it again."""
        if self._file is not None:
            self._file.close()
        self._file, self._reader, self._decoded, self._next, self._cache = None, None, None, 0, OrderedDict()

    def _restart(self):
        from cptv import CPTVReader

        if not self.path.is_file():
            raise FileNotFoundError(f"no clip {self.path}")
        self._file, self._next, self._cache = open(self.path, "rb"), 0, OrderedDict()
        try:
            self._reader = CPTVReader(self._file)
            self._decoded = iter(self._reader)
        except Exception as error:  # gzip, struct, zlib and its own errors
            self._file.close()
            raise ValueError(f"{self.path} is not a readable CPTV clip ({error}): copy it again") from error

    def _decode(self):
        """The next frame, or None at the end."""
        try:
            frame = next(self._decoded)
            while frame.background_frame:
                frame = next(self._decoded)
        except StopIteration:
            return None
        except Exception as error:
            raise FrameError(
                f"{self.path} breaks off at frame {self._next}: {error}", self._next, final=True
            ) from error
        return np.ascontiguousarray(frame.pix, dtype=np.uint16)

    def _read(self, index):
        if index in self._cache:
            return self._cache[index].copy()
        if self._reader is None or index < self._next:
            self._restart()
        while self._next <= index:
            frame = self._decode()
            if frame is None:
                raise FrameError(f"{self.path} breaks off at frame {self._next}", self._next, final=True)
            self._cache[self._next] = frame
            self._next += 1
            if len(self._cache) > self.kept:
                self._cache.popitem(last=False)
        return self._cache[index].copy()


def items(root):
    """[(name, read)]: what `load` would load, each sequence read by calling `read()`."""
    root = Path(root)
    root = root / "cptv" if (root / "cptv").is_dir() else root
    files = sorted(root.glob("*.cptv")) if root.is_dir() else [root]
    if not files:
        raise FileNotFoundError(f"no *.cptv in {root}")
    return [(file.stem, partial(_read, file)) for file in files]


def load(root):
    """The clip `root`, or the clips in a folder; boxes are those of the longest track in NAME.txt, else NaN.

    Raises FileNotFoundError without clips, ValueError when a clip is bad.
    """
    return [read() for _, read in items(root)]


def _read(path):
    frames = CptvFrames(path)
    boxes = np.full((len(frames), 4), np.nan)
    metadata = path.with_suffix(".txt")
    notes = ("no boxes: a clip has none of its own",)
    if metadata.is_file():
        try:
            tracks = json.loads(metadata.read_text(encoding="utf-8"))["tracks"]
            longest = max(tracks, key=lambda track: len(track["positions"]))["positions"]
            for p in longest:
                if not p.get("blank") and 0 <= p["frame_number"] < len(boxes):
                    boxes[p["frame_number"]] = p["x"], p["y"], p["width"], p["height"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{metadata} is not a CPTV track file ({error!r})") from error
        notes = (f"boxes of {metadata.name} are a tracker's output, not truth",)
    if not frames.complete:
        notes += (f"the clip breaks off after {len(frames)} frames: copy it again",)
    return Sequence(path.stem, "cptv", frames, boxes, frames.fps, notes=notes)
