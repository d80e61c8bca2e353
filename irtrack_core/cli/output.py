"""The files that `irtrack track` writes: boxes as CSV, and a video with the box drawn."""

import os
from contextlib import suppress
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from irtrack_core.datasets.names import for_decoders
from irtrack_core.datasets.writers import mot_row
from irtrack_core.whole_files import lock

FOUND, LOST, RING = (0, 255, 255), (150, 150, 150), (255, 160, 0)  # colours of the box, and of ellipses, B G R


class _Output:
    """A file that replaces an older one of its name only when it is complete, at the end of a `with` block without an error.

    Until then it is written to `part`, a file in the same folder, by one run at a time. A link stays a link; what is no
    regular file, such as /dev/null or a pipe, is written to directly. Raises OSError that names `path` where it cannot be
    written.
    """

    def __init__(self, path):
        self.path, self.target = path, Path(path).resolve()
        special = self.target.exists() and not self.target.is_file()
        self.part = self.target if special else self.target.with_name(f".{self.target.stem}.part{self.target.suffix}")
        self.ours, self.locked = special, None

    def open(self, mode="w"):
        """The opened file."""
        try:
            if not self.ours:
                self.locked, self.ours = lock(self.part, make=True), True
            # rows go out one by one: a killed process leaves all of them in the part
            return open(self.part, mode, **({} if "b" in mode else {"encoding": "utf-8", "buffering": 1}))
        except OSError as error:
            raise self.cannot(error) from error

    def cannot(self, error):
        return OSError(f"cannot write {self.path}: {error.strerror or error}")

    def _row(self, *fields):
        try:
            # in one piece: a stop between two pieces would leave half a row
            self.file.write(",".join(map(str, fields)) + "\n")
        except BrokenPipeError:  # the reader of a pipe has seen enough
            raise
        except OSError as error:
            with suppress(OSError):  # what is still to be written cannot be, either
                self.file.close()
            raise self.cannot(error) from error

    def close(self):
        self.file.close()

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
            if self.ours and self.part != self.target:
                self.part.unlink(missing_ok=True)
            if self.locked is not None:
                os.close(self.locked)


class CsvOutput(_Output):
    """Rows frame,x,y,w,h,score; the four numbers of the box are empty where there is none.

    sure: further columns sx,sy,sw,sh, standard deviations of the box's centre and sides, and r68,r95, radii about the
    centre that should hold the true one with that probability, all px; empty where nothing is known.
    """

    SURE = ("sx", "sy", "sw", "sh", "r68", "r95")

    def __init__(self, path, sure=False):
        super().__init__(path)
        self.file, self.sure = self.open(), sure
        self._row("frame", "x", "y", "w", "h", "score", *(self.SURE if sure else ()))

    def write(self, index, box, score, known=None):
        """Add the row of one frame; known: a `trackers.sureness.Sureness`, or None."""
        more = [np.nan] * len(self.SURE) if self.sure else []
        if self.sure and known is not None:
            more = [*np.sqrt(np.diag(known.covariance)), *(known.axes(level)[0] for level in (0.68, 0.95))]
        self._row(index, *map(_number, box), f"{score:.4f}", *map(_number, more))


def _number(value):
    return "" if np.isnan(value) else f"{value:.3f}"


class TracksOutput(_Output):
    """Rows frame,id,x,y,w,h,score,lost, one a target and frame; lost: frames since it was last seen."""

    def __init__(self, path):
        super().__init__(path)
        self.file = self.open()
        self._row("frame", "id", "x", "y", "w", "h", "score", "lost")

    def write(self, index, tracks):
        """Add the rows of one frame."""
        for one in tracks:
            self._row(index, one.id, *(f"{value:.3f}" for value in one.box), f"{one.score:.4f}", one.lost)


class MotOutput(_Output):
    """Rows of MOT Challenge results, frame,id,x,y,w,h,score,-1,-1,-1, frames and pixels from 1; lost targets have none."""

    def __init__(self, path):
        super().__init__(path)
        self.file = self.open()

    def write(self, index, tracks):
        """Add the rows of one frame."""
        for one in tracks:
            if not one.lost:
                self._row(mot_row(index + 1, one.id, one.box, f"{one.score:.4f}", -1, -1, -1))


class VideoOutput(_Output):
    """A video of the frames with the box drawn. An unreadable frame is replaced by the one before it, without a box.

    `codec` names what it is written with: in .mp4 H.264 (or VP9) by PyAV where that is installed, which browsers and Jupyter
    play, else OpenCV's MPEG-4, which they do not; in .avi Motion JPEG. 16-bit and float frames: the 1 to 99.9 percentiles of
    the first frame become 0 to 255. Odd sides grow by one pixel, since codecs need even ones. Raises ValueError for another
    ending than .mp4 or .avi. `note` tells where the file plays slower than was asked for, since it can hold no more frames
    a second.
    """

    CODECS = {".mp4": ("mp4v", "MPEG-4"), ".avi": ("MJPG", "Motion JPEG")}
    MOST = {".mp4": 65535, ".avi": 1000}  # frames a second: beyond it FFmpeg's AVI drops frames, and says 600

    def __init__(self, path, fps):
        super().__init__(path)
        suffix = path.suffix.lower()
        if suffix not in self.CODECS:
            raise ValueError(f"{path}: a video is written as .mp4 or .avi")
        for_decoders(self.part)
        self.rate = frame_rate(fps, self.MOST[suffix])
        slow = self.MOST[suffix] < fps < float("inf")
        self.note = f"{path} plays at {self.rate} frames a second, not {fps:g}: {suffix} takes no more" if slow else ""
        self.writer, self.written, self.codec = None, 0, ""

    def write(self, frame, box, colour=FOUND, rings=()):
        """Add one frame (H, W) with its box xywh; frame None: it could not be read. rings: half axes (x, y), px, of ellipses
        about the box's centre."""
        self._add(frame, [(box, colour, "")], rings)

    def write_tracks(self, frame, tracks):
        """Add one frame (H, W) with the boxes of all its tracks and their numbers; lost ones are grey."""
        self._add(frame, [(one.box, LOST if one.lost else colour_of(one.id), str(one.id)) for one in tracks])

    def _add(self, frame, drawn, rings=()):
        if self.writer is None:
            self._start(frame)
        if frame is not None:
            low, gain = self.levels
            gray = np.nan_to_num(np.clip((frame.astype(np.float32) - low) * gain, 0, 255)).astype(np.uint8)
            height, width = gray.shape
            even = cv2.copyMakeBorder(gray, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
            self.picture = cv2.cvtColor(even, cv2.COLOR_GRAY2BGR)
        picture = self.picture.copy()
        for box, colour, label in drawn if frame is not None else ():
            # a box covers [x, x + w): the line runs through the pixels just outside it, so that the target stays visible
            x0, y0 = (int(value) for value in np.floor(box[:2]) - 1)
            x1, y1 = (int(value) for value in np.ceil(box[:2] + box[2:]))
            cv2.rectangle(picture, (x0, y0), (x1, y1), colour, 1)
            if label:
                cv2.putText(picture, label, (x1 + 2, max(y0, 9)), cv2.FONT_HERSHEY_PLAIN, 0.8, colour, 1, cv2.LINE_AA)
            for half in rings:  # OpenCV counts from a pixel's centre, here in sixteenths
                middle = np.rint(16 * (box[:2] + box[2:] / 2 - 0.5)).astype(int).tolist()
                axes = np.rint(16 * np.minimum(half, max(picture.shape))).astype(int).tolist()
                cv2.ellipse(picture, middle, axes, 0, 0, 360, RING, 1, cv2.LINE_AA, 4)
        try:
            self.writer.write(picture)
        except OSError as error:
            raise self.cannot(error) from error
        self.written += 1

    def _start(self, frame):
        known = frame[np.isfinite(frame)] if frame.dtype == np.float32 else frame
        low, high = (0, 255) if frame.dtype == np.uint8 else np.percentile(known, [1, 99.9])
        self.levels = low, 255 / max(high - low, 1e-9)
        self.open("wb").close()  # gives the reason where it cannot be written; VideoWriter gives none
        size = tuple(length + length % 2 for length in frame.shape[::-1])
        suffix = self.path.suffix.lower()
        if suffix == ".mp4" and find_spec("av"):
            self.writer = _AvWriter(self.part, self.rate, size)
            self.codec = self.writer.codec
            return
        code, self.codec = self.CODECS[suffix]
        self.writer = cv2.VideoWriter(str(self.part), cv2.VideoWriter.fourcc(*code), float(self.rate), size)
        if not self.writer.isOpened():
            raise OSError(f"cannot write the video {self.path}: this OpenCV lacks its codec; try .avi")

    def close(self):
        if self.writer:
            self.writer.release()
            # VideoWriter reports no error when the disk is full
            count = max(int(cv2.VideoCapture(str(self.part)).get(cv2.CAP_PROP_FRAME_COUNT)), 0)
            if count < self.written:
                raise OSError(f"of {self.written} frames only {count} can be read back; is the disk full?")


class _AvWriter:
    """An MP4 by PyAV that browsers play: H.264, or VP9 where this PyAV lacks that. `write` and `release` as in OpenCV."""

    CODECS = (
        ("libx264", "H.264", {"preset": "superfast", "crf": "20"}),
        ("libvpx-vp9", "VP9", {"deadline": "realtime"}),
    )

    def __init__(self, path, rate, size):
        import av

        self.av = av
        name, self.codec, options = next(one for one in self.CODECS if one[0] in av.codecs_available)
        self.container = av.open(str(path), "w", options={"movflags": "faststart"})
        self.stream = self.container.add_stream(name, rate=rate, options=options)
        self.stream.width, self.stream.height = size
        self.stream.pix_fmt = "yuv420p"  # browsers play no other

    def write(self, picture):
        self.container.mux(self.stream.encode(self.av.VideoFrame.from_ndarray(picture, format="bgr24")))

    def release(self):
        try:
            self.container.mux(self.stream.encode())
        finally:
            self.container.close()


def colour_of(number):
    """B, G, R of a track by its number: neighbours differ well.

    >>> colour_of(1) == colour_of(1), colour_of(1) == colour_of(2)
    (True, False)
    """
    hue = np.uint8([[[number * 111 % 180, 200, 255]]])  # 222 degrees on: the golden angle
    return tuple(int(value) for value in cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0])


def frame_rate(fps, most=65535):
    """Frames a second, up to `most`, as a Fraction that codecs can hold: OpenCV takes decimals, MPEG-4 counts up to 65535.

    >>> [str(frame_rate(fps)) for fps in (211.222, 29.97, 30.0, float("nan"))]
    ['10561/50', '2997/100', '30', '30']
    """
    if not 0 < fps < float("inf"):
        return Fraction(30)
    fps = min(fps, most)
    unit = next(unit for unit in (1000, 100, 10, 1) if fps * unit <= 65535 or unit == 1)
    return Fraction(max(round(fps * unit), 1), unit)
