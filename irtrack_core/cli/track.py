"""`irtrack track`: follow one target through a video or a folder of images, from a given box or a candidate of the filter."""

import sys
import warnings
from contextlib import ExitStack

import numpy as np

from irtrack_core.cli.arguments import exit_code

SHOWN = 10  # problems that are printed; further ones are only counted


def run(arguments):
    """Run the command `track`; returns the exit code."""
    from irtrack_core.boxes import check_box
    from irtrack_core.datasets.open_frames import open_frames

    frames, box = open_frames(arguments.path), arguments.box[0] if arguments.box else None
    tell_notes(frames)
    shape = first_frame(frames, arguments.start).shape
    if box is None:
        boxes, strengths = _candidates(frames, arguments.start)
        if arguments.list:
            _table(boxes, strengths, sys.stdout)
            return 0
        box = boxes[_choice(boxes, strengths, arguments.pick)]
    box = check_box(box, shape)  # before the tracker, which takes longer to make
    if box[2] < 1 and box[3] < 1:
        print("irtrack: the box is smaller than a pixel: x,y,w,h are pixels, not shares of the frame", file=sys.stderr)
    return _follow(make_tracker(arguments), frames, box, arguments)


def tell_notes(frames):
    """Print what was found out about the frames, the names of images included."""
    from irtrack_core.datasets.image_names import numbering_note

    names = [file.stem for file in getattr(frames, "files", ())]
    for note in (*getattr(frames, "notes", ()), *numbering_note(names)):
        print(f"irtrack: {note}", file=sys.stderr)


def make_tracker(arguments):
    """The tracker that --tracker, --weights, --backend and --precision name. Errors: see `arguments.check_network`."""
    from irtrack_core.cli.arguments import check_network
    from irtrack_core.provenance import limit_threads
    from irtrack_core.trackers import create

    check_network(arguments)
    limit_threads()  # small nets: a second thread costs more than it brings, and a busy machine stalls it
    words = {name: getattr(arguments, name) for name in ("weights", "backend", "precision")}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        tracker = create(arguments.tracker, **{name: value for name, value in words.items() if value})
    for warning in caught:
        print(f"irtrack: {warning.message}", file=sys.stderr)
    return tracker


def _follow(tracker, frames, box, arguments):
    """Track, write the files and print what was done; returns the exit code."""
    from tqdm import tqdm

    from irtrack_core.cli.output import FOUND, LOST, CsvOutput, VideoOutput
    from irtrack_core.trackers.sureness import LEVELS, sureness

    start, csv, out, known = arguments.start, arguments.csv, arguments.out, None
    steps = track(tracker, frames, box, start)
    with ExitStack() as stack:
        # the CSV is closed first: the boxes are kept whatever happens to the video
        video = stack.enter_context(VideoOutput(out, getattr(frames, "fps", 30.0))) if out else None
        rows = stack.enter_context(CsvOutput(csv, arguments.sure))
        done, bad, lost, code = 0, 0, 0, 0
        try:
            for index, frame, box, score, problem in tqdm(steps, total=len(frames) - start, unit="frame"):
                if problem and bad < SHOWN:
                    more = "" if bad < SHOWN - 1 else " (further ones are only counted)"
                    tqdm.write(f"irtrack: {problem}{more}", file=sys.stderr)
                unsure = frame is not None and bool(getattr(tracker, "lost", False))
                if arguments.sure:
                    known = None if frame is None else sureness(tracker)
                rows.write(index, box, score, known)
                if video:
                    rings = [known.axes(level) for level in LEVELS] if known else ()
                    video.write(frame, box, LOST if unsure else FOUND, rings)
                done, bad, lost = done + 1, bad + bool(problem), lost + unsure
        except KeyboardInterrupt as stop:
            if not done:
                raise
            print(f"irtrack: stopped after {done} frames; they are kept", file=sys.stderr)
            code = exit_code(stop)
    if video and video.note:
        print(f"irtrack: {video.note}", file=sys.stderr)
    if video and video.codec == "MPEG-4":
        more = "pip install 'irtrack-core[media]' writes H.264"
        print(f"irtrack: {out} is MPEG-4, which browsers and Jupyter do not play: {more}", file=sys.stderr)
    written = ", ".join(str(file) for file in (csv, out) if file)
    state = f", target lost in {lost}" if lost else ""
    print(f"{done} frame{'s' * (done != 1)}, {bad} of them unreadable{state}; written: {written}")
    if len(frames) == 1:
        print("irtrack: there is only one frame, and so nothing to follow", file=sys.stderr)
    return code


def _candidates(frames, start):
    """(boxes, strengths) of the filter's candidates in frame `start`. Raises ValueError where there are none."""
    from irtrack_core.filtering.candidates import propose
    from irtrack_core.trackers import to_gray

    boxes, strengths = propose(to_gray(first_frame(frames, start)))
    if not len(boxes):
        raise ValueError(f"nothing stands out of frame {start}: name the target with --box x,y,w,h, or another --start")
    return boxes, strengths


def _table(boxes, strengths, file):
    print("rank,x,y,w,h,strength", file=file)
    for rank, (box, strength) in enumerate(zip(boxes, strengths), start=1):
        print(rank, *(f"{value:.1f}" for value in box), f"{strength:.1f}", sep=",", file=file)


def _choice(boxes, strengths, pick):
    """Index of the candidate to follow. pick: its number, from 1; None: ask in a terminal, else take the strongest."""
    if pick is None:
        _table(boxes, strengths, sys.stderr)
        pick = 1
        if sys.stdin is not None and sys.stdin.isatty():
            print(f"Which one? 1-{len(boxes)}, Enter for 1: ", end="", file=sys.stderr, flush=True)
            answer = sys.stdin.readline().strip() or "1"
            pick = int(answer) if answer.isdecimal() else 0
        else:
            print("irtrack: no --box: following the strongest candidate (others: --pick K)", file=sys.stderr)
    if not 1 <= pick <= len(boxes):
        raise ValueError(f"no such candidate: choose 1 to {len(boxes)} (--list shows them), or give --box")
    return pick - 1


def first_frame(frames, start):
    """Frame `start`. Raises ValueError where there is none."""
    if not 0 <= start < len(frames):
        raise ValueError(f"start frame {start}: there are {len(frames)} frames (0 to {len(frames) - 1})")
    return frames[start]


def track(tracker, frames, box, start=0):
    """Iterator of (index, frame, box, score, problem), from frame `start`, where `box` xywh is given, to the last.

    A frame that cannot be read or used does not stop the tracking: its box is NaN, its score 0, its frame None, and problem
    gives the reason. A truncated video ends there. Raises ValueError for a box or first frame that cannot be used.
    """
    frame = first_frame(frames, start)
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
