"""`irtrack track`: follow one target through a video or a folder of images, from a box or from what the filter proposes."""

import argparse
import os
import sys
import warnings
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from tqdm import tqdm

__all__ = ["add_parser", "run", "track"]

SHOWN = 10  # problems told one by one; the rest are only counted
WITH_NET = ("siamese", "paper", "pyramid", "ref8", "ref9", "ref10", "ref11")  # trackers that take weights
WITH_BACKEND = ("siamese", "paper")  # and a backend
FOUND, LOST = (0, 255, 255), (150, 150, 150)  # colours of the box, B G R


def add_parser(commands):
    """Add the command `track` to the subparsers of argparse."""
    one = commands.add_parser(
        "track",
        help="follow one target through a video, a folder of images or a .npy array",
        description="Follow one target. Without --box the filter proposes candidates in the first frame: you are asked which "
        "one where there is a terminal to ask in, else the strongest is taken.",
    )
    one.add_argument("path", type=Path, metavar="VIDEO_OR_FOLDER", help="or an array (N, H, W) in a .npy file")
    one.add_argument("--box", type=_box, metavar="X,Y,W,H", help="the target in the first frame, pixels")
    one.add_argument("--pick", type=int, metavar="K", help="without --box: take candidate K, 1 is the strongest")
    one.add_argument("--list", action="store_true", help="print the candidates as CSV (rank,x,y,w,h,strength) and stop")
    one.add_argument("--start", type=int, default=0, metavar="N", help="first frame to track, counted from 0")
    one.add_argument("--tracker", default="siamese", help="default: siamese")
    one.add_argument("--weights", type=Path, metavar="FILE", help="of the network; default: those that are shipped")
    one.add_argument("--backend", help="torch (default), onnxruntime or openvino: what computes the network")
    one.add_argument("--precision", help="f32 (default), bf16 or int8, where the backend has it")
    one.add_argument("--csv", type=Path, help="boxes, one row a frame; default: NAME_TRACKER.csv in this folder")
    one.add_argument(
        "--out", type=Path, metavar="VIDEO", help="video (.mp4 or .avi) with the box drawn, grey while lost"
    )
    one.set_defaults(command=run)


def _box(text):
    try:
        box = np.array([float(part) for part in text.replace(",", " ").split()])
    except ValueError:
        box = np.zeros(0)
    if len(box) != 4:
        raise argparse.ArgumentTypeError(f"{text!r} is not a box: give four numbers x,y,w,h in pixels")
    return box


def run(arguments):
    """The command `track`; returns the exit code."""
    from irtrack_core.datasets.folder import open_frames

    if arguments.box is not None and (arguments.list or arguments.pick is not None):
        raise ValueError("--list and --pick are about the filter's candidates: leave --box out")
    tracker = None if arguments.list else _tracker(arguments)
    frames = open_frames(arguments.path)
    path = arguments.path.resolve()
    csv = arguments.csv or Path(f"{path.name if path.is_dir() else path.stem}_{arguments.tracker}.csv")
    if arguments.out and arguments.out.resolve() == csv.resolve():
        raise ValueError(f"--csv and --out both name {csv}: name another file for one of them")
    for file in filter(None, (csv, arguments.out)):
        if file.resolve() == path or file.is_dir():
            raise ValueError(f"{file} would be overwritten: name another file")
        if not file.resolve().parent.is_dir():
            raise FileNotFoundError(f"no folder {file.resolve().parent} to write {file.name} into")
    box = arguments.box
    if box is None:
        boxes, strengths = _candidates(frames, arguments.start)
        if arguments.list:
            _table(boxes, strengths, sys.stdout)
            return 0
        box = boxes[_choice(boxes, strengths, arguments.pick)]
    if box[2] < 1 and box[3] < 1:
        print("irtrack: the box is smaller than a pixel: x,y,w,h are pixels, not shares of the frame", file=sys.stderr)
    return _follow(tracker, frames, box, arguments.start, csv, arguments.out)


def _tracker(arguments):
    from irtrack_core.provenance import limit_threads
    from irtrack_core.trackers import create

    limit_threads()  # small nets: a second thread costs more than it brings, and a busy machine stalls it
    options = {}
    for name, able in (("weights", WITH_NET), ("backend", WITH_BACKEND), ("precision", WITH_BACKEND)):
        value = getattr(arguments, name)
        if value and arguments.tracker not in able:
            raise ValueError(f"tracker {arguments.tracker!r} has no {name}: only {', '.join(able)}")
        options |= {name: value} if value else {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        tracker = create(arguments.tracker, **options)
    for warning in caught:
        print(f"irtrack: {warning.message}", file=sys.stderr)
    return tracker


def _follow(tracker, frames, box, start, csv, out):
    """Track, write and report; returns the exit code."""
    with ExitStack() as stack:
        # the boxes are closed first: they are kept whatever comes of the video
        video = stack.enter_context(_VideoOut(out, frames)) if out else None
        rows = stack.enter_context(_CsvOut(csv))
        steps = track(tracker, frames, box, start)
        done, bad, lost, code = 0, 0, 0, 0
        try:
            for index, frame, box, score, problem in tqdm(steps, total=len(frames) - start, unit="frame"):
                if problem and bad < SHOWN:
                    more = "" if bad < SHOWN - 1 else " (further ones are only counted)"
                    tqdm.write(f"irtrack: {problem}{more}", file=sys.stderr)
                unsure = frame is not None and bool(getattr(tracker, "lost", False))
                rows.write(index, box, score)
                if video:
                    video.write(frame, box, LOST if unsure else FOUND)
                done, bad, lost = done + 1, bad + bool(problem), lost + unsure
        except KeyboardInterrupt:
            print(f"irtrack: stopped after {done} frames; they are kept", file=sys.stderr)
            code = 130
    written = ", ".join(str(file) for file in (csv, out) if file)
    state = f", target lost in {lost}" if lost else ""
    print(f"{done} frame{'s' * (done != 1)}, {bad} of them unreadable{state}; written: {written}")
    if len(frames) == 1:
        print("irtrack: there is only one frame, and so nothing to follow", file=sys.stderr)
    return code


def _candidates(frames, start):
    """What the filter proposes in frame `start`. Raises ValueError when nothing stands out, or there is no such frame."""
    from irtrack_core.filtering.candidates import propose
    from irtrack_core.trackers import to_gray

    boxes, strengths = propose(to_gray(_frame(frames, start)))
    if not len(boxes):
        raise ValueError(f"nothing stands out of frame {start}: name the target with --box x,y,w,h, or another --start")
    return boxes, strengths


def _table(boxes, strengths, file):
    print("rank,x,y,w,h,strength", file=file)
    for rank, (box, strength) in enumerate(zip(boxes, strengths), start=1):
        print(rank, *(f"{value:.1f}" for value in box), f"{strength:.1f}", sep=",", file=file)


def _choice(boxes, strengths, pick):
    """Index of the candidate to follow: `pick` counts from 1; None: ask in a terminal, else the strongest."""
    if pick is None:
        _table(boxes, strengths, sys.stderr)
        pick = 1
        if sys.stdin is not None and sys.stdin.isatty():
            print(f"Which one? 1-{len(boxes)}, Enter for 1: ", end="", file=sys.stderr, flush=True)
            answer = sys.stdin.readline().strip() or "1"
            pick = int(answer) if answer.isdigit() else 0
        else:
            print("irtrack: no --box: following the strongest candidate (others: --pick K)", file=sys.stderr)
    if not 1 <= pick <= len(boxes):
        raise ValueError(f"no such candidate: choose 1 to {len(boxes)} (--list shows them), or give --box")
    return pick - 1


def _frame(frames, start):
    if not 0 <= start < len(frames):
        raise ValueError(f"start frame {start}: there are {len(frames)} frames (0 to {len(frames) - 1})")
    return frames[start]


def track(tracker, frames, box, start=0):
    """Follow a target: an iterator of (index, frame, box, score, problem) from frame `start`, on which `box` is given, on.

    A frame that cannot be read or used does not stop the tracking: its box is NaN, its score 0, frame None, and problem
    says why. A video that breaks off ends there. Raises ValueError for a box or first frame that cannot be used.
    """
    frame = _frame(frames, start)
    tracker.init(frame, box)
    return _steps(tracker, frames, frame, np.asarray(box, dtype=np.float64), start)


def _steps(tracker, frames, frame, box, start):
    yield start, frame, box, 1.0, ""
    for index in range(start + 1, len(frames)):
        try:
            frame = frames[index]
            box = tracker.update(frame)
        except (ValueError, OSError) as error:
            final = getattr(error, "final", False)
            where = "" if f"frame {index}" in str(error) or final else f"frame {index}: "
            end = "keeping the frames before it" if final else "going on"
            yield index, None, np.full(4, np.nan), 0.0, f"{where}{error}; {end}"
            if final:
                return
        else:
            yield index, frame, box, tracker.score, ""


class _Replacing:
    """A file written beside its place and moved there at the end: what was there survives an error in between.

    A link stays a link, and what is no file, such as /dev/null or a pipe, is written to as it is.
    """

    def __init__(self, path):
        self.path, self.target, self.begun = path, Path(path).resolve(), False
        special = self.target.exists() and not self.target.is_file()
        self.part = self.target if special else self.target.with_name(f".{self.target.stem}.part{self.target.suffix}")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        whole = False
        try:
            self.close()
            whole = self.begun and kind is None
        except OSError as trouble:
            raise self.cannot(trouble) from trouble
        finally:
            if self.part != self.target:
                if whole:
                    os.replace(self.part, self.target)
                else:
                    self.part.unlink(missing_ok=True)

    def begin(self, mode="w"):
        """The opened file. Raises OSError naming the file that was asked for, not the one beside it."""
        try:
            file = open(self.part, mode, encoding=None if "b" in mode else "utf-8")
        except OSError as trouble:
            raise self.cannot(trouble) from trouble
        self.begun = True
        return file

    def cannot(self, trouble):
        return OSError(f"cannot write {self.path}: {trouble.strerror or trouble}")


class _CsvOut(_Replacing):
    """Rows frame,x,y,w,h,score; the box is empty where there is none."""

    def write(self, index, box, score):
        if not self.begun:
            self.file = self.begin()
            print("frame,x,y,w,h,score", file=self.file)
        numbers = ["" if np.isnan(value) else f"{value:.3f}" for value in box]
        print(index, *numbers, f"{score:.4f}", sep=",", file=self.file)

    def close(self):
        if self.begun:
            self.file.close()


class _VideoOut(_Replacing):
    """The frames with the box drawn round the target, as many as were given: where one could not be read, the last again.

    16-bit and float frames: the first frame's 1 to 99.9 % range. Odd sides grow by a pixel, for codecs want even ones.
    """

    CODECS = {".mp4": "mp4v", ".avi": "MJPG"}

    def __init__(self, path, frames):
        super().__init__(path)
        if self.path.suffix.lower() not in self.CODECS:
            raise ValueError(f"{path}: a video is written as .mp4 or .avi")
        self.fps, self.writer, self.written = getattr(frames, "fps", 30.0), None, 0

    def write(self, frame, box, colour=FOUND):
        """One more frame (H, W) and its box; None: it could not be read."""
        import cv2

        if self.writer is None:
            self._open(frame)
        if frame is not None:
            low, gain = self.levels
            gray = np.nan_to_num(np.clip((frame.astype(np.float32) - low) * gain, 0, 255)).astype(np.uint8)
            height, width = gray.shape
            even = cv2.copyMakeBorder(gray, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
            self.picture = cv2.cvtColor(even, cv2.COLOR_GRAY2BGR)
        picture = self.picture.copy()
        if frame is not None:
            # a box covers [x, x + w): the line runs through the pixels just outside it, so that the target stays in view
            x0, y0 = np.floor(box[:2]).astype(int) - 1
            x1, y1 = np.ceil(box[:2] + box[2:]).astype(int)
            cv2.rectangle(picture, (int(x0), int(y0)), (int(x1), int(y1)), colour, 1)
        self.writer.write(picture)
        self.written += 1

    def _open(self, frame):
        import cv2

        known = frame[np.isfinite(frame)] if frame.dtype == np.float32 else frame
        low, high = (0, 255) if frame.dtype == np.uint8 else np.percentile(known, [1, 99.9])
        self.levels = low, 255 / max(high - low, 1e-9)
        self.begin("wb").close()  # tells why, where it cannot be written
        size = tuple(length + length % 2 for length in frame.shape[::-1])
        code = cv2.VideoWriter.fourcc(*self.CODECS[self.path.suffix.lower()])
        self.writer = cv2.VideoWriter(str(self.part), code, self.fps, size)
        if not self.writer.isOpened():
            raise OSError(f"cannot write the video {self.path}: this OpenCV lacks its codec; try .avi")

    def close(self):
        import cv2

        if self.writer:
            self.writer.release()
            # a writer says nothing when the disk is full
            count = max(int(cv2.VideoCapture(str(self.part)).get(cv2.CAP_PROP_FRAME_COUNT)), 0)
            if count < self.written:
                raise OSError(f"of {self.written} frames only {count} can be read back; is the disk full?")
