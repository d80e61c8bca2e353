"""Lazy frames of CPTV, the raw 16-bit thermal clips of the Cacophony Project, decoded by the package cptv."""

import numpy as np

from irtrack_core.datasets.frames import FrameError
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
