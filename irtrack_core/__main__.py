"""Command line: `irtrack track`, `irtrack check`, `irtrack fetch`.

Exit codes: 0 done; 1 a checked dataset cannot be used; 2 bad input, told on stderr; 130 stopped by Ctrl-C, with what
was done until then kept.
"""

import argparse
import ast
import os
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from tqdm import tqdm

# a damaged file is reported once, by us, not in the libraries' own words as well; before OpenCV is imported
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

__all__ = ["main", "track"]


def main(argv=None):
    """Run a command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.command(arguments)
    except ImportError as error:
        if "libGL" in str(error) or "libgthread" in str(error) or "libglib" in str(error):
            return _fail(f"OpenCV lacks a system library ({error}); on Debian/Ubuntu: apt install libgl1 libglib2.0-0")
        return _fail(f"{error}: install it, or use another tracker or dataset")
    except (ValueError, TypeError, OSError) as error:
        return _fail(error)
    except KeyboardInterrupt:
        print("irtrack: stopped", file=sys.stderr)
        return 130


def _fail(message):
    print(f"irtrack: error: {message}", file=sys.stderr)
    return 2


def _parser():
    parser = argparse.ArgumentParser(prog="irtrack", description="Track small targets in infrared sequences.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("track", help="follow one target through a video or a folder of images")
    one.add_argument("path", type=Path, metavar="VIDEO_OR_FOLDER")
    one.add_argument("--box", type=_box, required=True, metavar="X,Y,W,H", help="the target in the first frame, pixels")
    one.add_argument("--start", type=int, default=0, metavar="N", help="frame, counted from 0, that --box belongs to")
    one.add_argument("--tracker", default="peak", help="default: peak")
    one.add_argument("--csv", type=Path, help="boxes, one row a frame; default: NAME_TRACKER.csv in this folder")
    one.add_argument("--out", type=Path, metavar="VIDEO", help="video (.mp4 or .avi) with the box drawn")
    one.set_defaults(command=_track)

    two = commands.add_parser("check", help="say what a dataset holds and what is wrong with it")
    two.add_argument("dataset", help="svanstrom, folder, ... (an unknown name lists all)")
    two.add_argument("path", type=Path, nargs="?", help="its folder or file; default: what IRTRACK_DATA names")
    two.add_argument("--quick", action="store_true", help="do not read every frame")
    two.add_argument(
        "--option", action="append", default=[], type=_option, metavar="NAME=VALUE",
        help="an option of the dataset's reader, e.g. min_length=1, split=train; may be repeated",
    )  # fmt: skip
    two.set_defaults(command=_check)

    three = commands.add_parser("fetch", help="download a set of real sequences, or say how to get it")
    three.add_argument("dataset", help="svanstrom, hui, kaist, ...")
    three.add_argument("--to", type=Path, metavar="FOLDER", help="default: what IRTRACK_DATA names, or data/raw")
    three.add_argument("--checksum", metavar="sha256:HEX", help="or md5:HEX; default: what the set's host publishes")
    three.add_argument("--no-checksum", action="store_true", help="take the file as it comes")
    three.add_argument("--url", help="another place to download the same file from")
    three.add_argument("--record", help="where the host publishes address and checksum; default: Zenodo's record")
    three.set_defaults(command=_fetch)
    return parser


def _box(text):
    try:
        box = np.array([float(part) for part in text.replace(",", " ").split()])
    except ValueError:
        box = np.zeros(0)
    if len(box) != 4:
        raise argparse.ArgumentTypeError(f"{text!r} is not a box: give four numbers x,y,w,h in pixels")
    return box


def _option(text):
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):  # plain words are strings
        return name, value


def _check(arguments):
    from .datasets import SIMULATED
    from .datasets.check import check

    options = ({"split": "all"} if arguments.dataset == "svanstrom" else {}) | dict(arguments.option)
    if arguments.dataset in SIMULATED and arguments.path is not None:
        raise ValueError(f"{arguments.dataset} is simulated: it has no path to check")
    bar = lambda found: tqdm(found, unit="sequence", leave=False)  # noqa: E731
    try:
        report = check(arguments.dataset, arguments.path, decode=not arguments.quick, progress=bar, **options)
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise ValueError(f"dataset {arguments.dataset!r} has no option {str(error).split()[-1]}") from error
    print(report)
    return 0 if report.usable else 1


def _fetch(arguments):
    from .datasets import data_root
    from .datasets.fetch import RECORD, fetch, instructions

    if arguments.dataset != "svanstrom":
        print(instructions(arguments.dataset))
        return 0
    folder = arguments.to or data_root() or Path("data/raw")
    found = fetch(
        folder,
        checksum=arguments.checksum,
        url=arguments.url,
        record=arguments.record or RECORD,
        checked=not arguments.no_checksum,
    )
    noted = next((folder / ".fetch").glob("*.sha256")).read_text().split()[0]
    print(f"SHA-256 of the archive: {noted}")
    print(f"{len(list(found.glob('videos/*.mp4')))} sequences in {found}; now: export IRTRACK_DATA={folder.resolve()}")
    return 0


def _track(arguments):
    from .datasets.folder import open_frames
    from .trackers import create

    tracker = create(arguments.tracker)
    frames = open_frames(arguments.path)
    csv = arguments.csv or Path(f"{arguments.path.resolve().stem}_{arguments.tracker}.csv")
    for file in filter(None, (csv, arguments.out)):
        if file.resolve() == arguments.path.resolve() or file.is_dir():
            raise ValueError(f"{file} would be overwritten: name another file")
        if not file.resolve().parent.is_dir():
            raise FileNotFoundError(f"no folder {file.resolve().parent} to write {file.name} into")
    with ExitStack() as stack:
        rows = stack.enter_context(_CsvOut(csv))
        video = stack.enter_context(_VideoOut(arguments.out, frames)) if arguments.out else None
        steps = track(tracker, frames, arguments.box, arguments.start)
        done, bad = 0, 0
        try:
            for index, frame, box, score, problem in tqdm(steps, total=len(frames) - arguments.start, unit="frame"):
                if problem:
                    tqdm.write(f"irtrack: {problem}", file=sys.stderr)
                rows.write(index, box, score)
                if video and frame is not None:
                    video.write(frame, box)
                done, bad = done + 1, bad + bool(problem)
        except KeyboardInterrupt:
            print(f"irtrack: stopped after {done} frames; they are kept", file=sys.stderr)
            code = 130
        else:
            code = 0
    written = ", ".join(str(file) for file in (csv, arguments.out) if file)
    print(f"{done} frames, {bad} of them unreadable; written: {written}")
    return code


def track(tracker, frames, box, start=0):
    """Follow a target: an iterator of (index, frame, box, score, problem) from frame `start`, on which `box` is given, on.

    A frame that cannot be read or used does not stop the tracking: its box is NaN, its score 0, frame None, and problem
    says why. A video that breaks off ends there. Raises ValueError for a box or first frame that cannot be used.
    """
    if not 0 <= start < len(frames):
        raise ValueError(f"start frame {start}: there are {len(frames)} frames (0 to {len(frames) - 1})")
    frame = frames[start]
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
    """A file written beside its place and moved there at the end: what was there survives an error in between."""

    def __init__(self, path):
        self.path = Path(path)
        self.part = self.path.with_name(f".{self.path.stem}.part{self.path.suffix}")
        self.begun = False

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()
        if self.begun and kind is None:
            os.replace(self.part, self.path)
        else:
            self.part.unlink(missing_ok=True)


class _CsvOut(_Replacing):
    """Rows frame,x,y,w,h,score; the box is empty where there is none."""

    def write(self, index, box, score):
        if not self.begun:
            self.begun, self.file = True, open(self.part, "w", encoding="utf-8")
            print("frame,x,y,w,h,score", file=self.file)
        numbers = ["" if np.isnan(value) else f"{value:.3f}" for value in box]
        print(index, *numbers, f"{score:.4f}", sep=",", file=self.file)

    def close(self):
        if self.begun:
            self.file.close()


class _VideoOut(_Replacing):
    """The frames with the box drawn round the target. 16-bit and float frames: the first frame's 1 to 99.9 % range."""

    CODECS = {".mp4": "mp4v", ".avi": "MJPG"}

    def __init__(self, path, frames):
        super().__init__(path)
        if self.path.suffix.lower() not in self.CODECS:
            raise ValueError(f"{path}: a video is written as .mp4 or .avi")
        self.fps, self.levels, self.writer = getattr(frames, "fps", 30.0), None, None

    def write(self, frame, box):
        import cv2

        if not self.begun:
            low, high = (0, 255) if frame.dtype == np.uint8 else np.percentile(frame, [1, 99.9])
            self.levels = low, 255 / max(high - low, 1e-9)
            code = cv2.VideoWriter.fourcc(*self.CODECS[self.path.suffix.lower()])
            self.writer = cv2.VideoWriter(str(self.part), code, self.fps, frame.shape[::-1])
            if not self.writer.isOpened():
                raise OSError(f"cannot write the video {self.path}: this OpenCV lacks its codec; try .avi")
            self.begun = True
        low, gain = self.levels
        gray = np.clip((frame.astype(np.float32) - low) * gain, 0, 255).astype(np.uint8)
        picture = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
        # a box covers [x, x + w): the line runs through the pixels just outside it, so that the target stays in view
        x0, y0 = np.floor(box[:2]).astype(int) - 1
        x1, y1 = np.ceil(box[:2] + box[2:]).astype(int)
        cv2.rectangle(picture, (int(x0), int(y0)), (int(x1), int(y1)), (0, 255, 255), 1)
        self.writer.write(picture)

    def close(self):
        if self.writer:
            self.writer.release()


if __name__ == "__main__":
    sys.exit(main())
