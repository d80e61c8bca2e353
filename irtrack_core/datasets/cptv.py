"""CPTV, raw 16-bit thermal clips of the Cacophony Project, 160 x 120.

A clip `NAME.cptv` may have a `NAME.txt` beside it, JSON with tracks: these are a tracker's output, not truth.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np

from irtrack_core.datasets.frames import FrameError
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.sequence import Sequence
from irtrack_core.datasets.video import SequentialFrames
from irtrack_core.optional import need


class CptvFrames(SequentialFrames):
    """Frames of a clip as (H, W) uint16. The camera's own background frame, which some clips begin with, is left out.

    Raises FileNotFoundError, ValueError when it is no clip, FrameError when it is cut.
    """

    dtype = np.dtype("uint16")

    def __init__(self, path, *, cache_bytes=4 * 2**20):
        super().__init__(path, cache_bytes)
        self._length, self.complete = 0, True
        try:
            for _ in self._start():
                self._length += 1
        except FrameError:
            self.complete = False
        if self._length == 0:
            raise ValueError(f"{self.path} holds no frame that can be read: it may be truncated; copy it again")

    def _start(self):
        """A generator of the clip's frames."""
        if not self.path.is_file():
            raise FileNotFoundError(f"no clip {self.path}")
        cptv, file = need("cptv", "thermal"), open(self.path, "rb")
        try:
            reader = cptv.CPTVReader(file)
        except Exception as error:  # gzip, struct, zlib and its own errors
            file.close()
            raise ValueError(f"{self.path} is not a readable CPTV clip ({error}): copy it again") from error
        self.fps, self.shape = float(getattr(reader, "fps", None) or 9.0), (reader.y_resolution, reader.x_resolution)
        return self._decoded(file, reader)

    def _decoded(self, file, reader):
        with file:
            try:
                for frame in reader:
                    if not frame.background_frame:
                        yield np.ascontiguousarray(frame.pix, dtype=np.uint16)
                reader.s.read(1)  # EOFError when the file ends before its compressed stream does
            except Exception as error:
                text = f"{self.path} breaks off at frame {self._next}: {error}"
                raise FrameError(text, self._next, final=True) from error

    def _release(self, decoded):
        decoded.close()

    def _advance(self):
        self._latest = next(self._decoder, None)
        if self._latest is None:
            raise FrameError(f"{self.path} breaks off at frame {self._next}", self._next, final=True)
        self._next += 1
        return self._next - 1

    def _retrieve(self, index):
        return self._latest


def items(root):
    """The clip `root`, or the clips in a folder: [(name, read)]; boxes are those of the longest track in NAME.txt, else NaN.

    Raises FileNotFoundError without clips, ValueError when a clip is bad.
    """
    root = Path(root)
    root = root / "cptv" if (root / "cptv").is_dir() else root
    files = listed(root, "*.cptv") if root.is_dir() else [root]
    if not files:
        raise FileNotFoundError(f"no *.cptv in {root}")
    return [(file.stem, partial(_read, file)) for file in files]


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
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"{metadata} is not a CPTV track file ({error!r})") from error
        notes = (f"boxes of {metadata.name} are a tracker's output, not truth",)
    if not frames.complete:
        notes += (f"the clip breaks off after {len(frames)} frames: copy it again",)
    return [Sequence(path.stem, "cptv", frames, boxes, frames.fps, notes=notes)]
