"""The files that `irtrack track` writes: boxes as CSV, and a video with the box drawn."""

import os
from pathlib import Path

import cv2
import numpy as np

FOUND, LOST = (0, 255, 255), (150, 150, 150)  # colours of the box, B G R


class _Output:
    """A file that replaces an older one of its name only when it is complete, at the end of a `with` block without an error.

    Until then it is written to `part`, a file in the same folder. A link stays a link; what is no regular file, such as
    /dev/null or a pipe, is written to directly. Raises OSError that names `path` where it cannot be written.
    """

    def __init__(self, path):
        self.path, self.target = path, Path(path).resolve()
        special = self.target.exists() and not self.target.is_file()
        self.part = self.target if special else self.target.with_name(f".{self.target.stem}.part{self.target.suffix}")

    def open(self, mode="w"):
        """The opened file."""
        try:
            # rows go out one by one: a killed process leaves all of them in the part
            return open(self.part, mode, **({} if "b" in mode else {"encoding": "utf-8", "buffering": 1}))
        except OSError as error:
            raise self.cannot(error) from error

    def cannot(self, error):
        return OSError(f"cannot write {self.path}: {error.strerror or error}")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            self.close()
            if kind is None and self.part != self.target:
                os.replace(self.part, self.target)
        except OSError as trouble:
            raise self.cannot(trouble) from trouble
        finally:
            if self.part != self.target:
                self.part.unlink(missing_ok=True)


class CsvOutput(_Output):
    """Rows frame,x,y,w,h,score; the four numbers of the box are empty where there is none."""

    def __init__(self, path):
        super().__init__(path)
        self.file = self.open()
        print("frame,x,y,w,h,score", file=self.file)

    def write(self, index, box, score):
        """Add the row of one frame."""
        numbers = ["" if np.isnan(value) else f"{value:.3f}" for value in box]
        print(index, *numbers, f"{score:.4f}", sep=",", file=self.file)

    def close(self):
        self.file.close()


class VideoOutput(_Output):
    """A video of the frames with the box drawn. An unreadable frame is replaced by the one before it, without a box.

    16-bit and float frames: the 1 to 99.9 percentiles of the first frame become 0 to 255. Odd sides grow by one pixel, since
    codecs need even ones. Raises ValueError for another ending than .mp4 or .avi.
    """

    CODECS = {".mp4": "mp4v", ".avi": "MJPG"}

    def __init__(self, path, fps):
        super().__init__(path)
        if path.suffix.lower() not in self.CODECS:
            raise ValueError(f"{path}: a video is written as .mp4 or .avi")
        self.fps, self.writer, self.written = fps, None, 0

    def write(self, frame, box, colour=FOUND):
        """Add one frame (H, W) with its box xywh; frame None: it could not be read."""
        if self.writer is None:
            self._start(frame)
        if frame is not None:
            low, gain = self.levels
            gray = np.nan_to_num(np.clip((frame.astype(np.float32) - low) * gain, 0, 255)).astype(np.uint8)
            height, width = gray.shape
            even = cv2.copyMakeBorder(gray, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
            self.picture = cv2.cvtColor(even, cv2.COLOR_GRAY2BGR)
        picture = self.picture.copy()
        if frame is not None:
            # a box covers [x, x + w): the line runs through the pixels just outside it, so that the target stays visible
            x0, y0 = np.floor(box[:2]).astype(int) - 1
            x1, y1 = np.ceil(box[:2] + box[2:]).astype(int)
            cv2.rectangle(picture, (int(x0), int(y0)), (int(x1), int(y1)), colour, 1)
        self.writer.write(picture)
        self.written += 1

    def _start(self, frame):
        known = frame[np.isfinite(frame)] if frame.dtype == np.float32 else frame
        low, high = (0, 255) if frame.dtype == np.uint8 else np.percentile(known, [1, 99.9])
        self.levels = low, 255 / max(high - low, 1e-9)
        self.open("wb").close()  # gives the reason where it cannot be written; VideoWriter gives none
        size = tuple(length + length % 2 for length in frame.shape[::-1])
        code = cv2.VideoWriter.fourcc(*self.CODECS[self.path.suffix.lower()])
        self.writer = cv2.VideoWriter(str(self.part), code, self.fps, size)
        if not self.writer.isOpened():
            raise OSError(f"cannot write the video {self.path}: this OpenCV lacks its codec; try .avi")

    def close(self):
        if self.writer:
            self.writer.release()
            # VideoWriter reports no error when the disk is full
            count = max(int(cv2.VideoCapture(str(self.part)).get(cv2.CAP_PROP_FRAME_COUNT)), 0)
            if count < self.written:
                raise OSError(f"of {self.written} frames only {count} can be read back; is the disk full?")
