"""Recordings of Telops cameras (.hcc): counts of 16 bits with a header before each frame, and what they mean."""

import struct
import warnings
from pathlib import Path

import numpy as np

from irtrack_core.datasets.frames import Frames
from irtrack_core.datasets.pictures import FrameError
from irtrack_core.optional import need


class HccFrames(Frames):
    """Frames of a recording: (H, W) float32 in the camera's unit (K, or corrected counts), or uint16, raw counts.

    calibrated: None: where the camera says that its counts are calibrated. Each frame is brought to its unit by its own
    header, so that a recalibration in between does not show. Needs the extra `thermal`. Raises FileNotFoundError, ValueError
    when it is no such recording, FrameError where it is cut.
    """

    def __init__(self, path, *, calibrated=None):
        self.path, self._reader, self._cut = Path(path), None, False
        if not self.path.is_file():
            raise FileNotFoundError(f"no recording {path}")
        reader = self._opened()
        known = reader.header_version[0] >= 10 and reader.calibration_mode >= 1
        if calibrated and not known:
            raise ValueError(f"{path} holds raw counts, which nothing in it calibrates: calibrated=False reads them")
        self.calibrated = known if calibrated is None else calibrated
        self.dtype = np.dtype("float32" if self.calibrated else "uint16")
        self.shape, self.fps = (reader.height, reader.width), float(reader.frame_rate) or 30.0
        self._whole = reader.n_frames
        self.notes = (f"the file ends within frame {self._whole}: copy it again",) if self._cut else ()

    def __len__(self):
        return self._whole + self._cut

    def __getstate__(self):
        return self.__dict__ | {"_reader": None}

    def close(self):
        """Let go of the file; reading opens it again."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def _opened(self):
        """The reader, which maps the file into memory."""
        if self._reader is None:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    self._reader = need("fasthcc", "thermal").HCCReader(self.path)
                except (ValueError, OSError, struct.error) as error:
                    raise ValueError(
                        f"{self.path} is not a readable .hcc recording ({error}): copy it again"
                    ) from error
            self._cut = any("trailing bytes" in str(warning.message) for warning in caught)
        return self._reader

    def _read(self, index):
        if index >= self._whole:
            raise FrameError(f"{self.path} breaks off within frame {index}: copy it again", index, final=True)
        reader = self._opened()
        counts = reader.read_frames(index, index + 1)[0]
        if not self.calibrated:
            return counts
        # not reader.to_calibrated: it looks at the headers of three frames alone
        try:
            (head,) = reader.read_metadata(index, index + 1)
        except (ValueError, struct.error) as error:
            raise FrameError(
                f"{self.path}: the header of frame {index} is damaged ({error}): copy it again", index
            ) from error
        return (counts * 2.0 ** head["DataExp"] + head["DataOffset"]).astype(np.float32)
