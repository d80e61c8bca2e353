"""`irtrack track --all`: find and follow all small targets of a recording; or, with several --box, those."""

import sys
from contextlib import ExitStack

from irtrack_core.cli.arguments import exit_code
from irtrack_core.cli.track import SHOWN, first_frame, tell_notes
from irtrack_core.optional import need


def run(arguments):
    """Run the command `track` for several targets; returns the exit code."""
    from irtrack_core.datasets.open_frames import open_frames
    from irtrack_core.provenance import limit_threads
    from irtrack_core.trackers.multi import MultiTracker

    need("scipy.optimize", "evaluation")  # before the frames are opened: nothing is written where it is missing
    frames = open_frames(arguments.path)
    tell_notes(frames)
    limit_threads()
    tracker, frame = (
        MultiTracker(births=arguments.all, polarity=arguments.polarity or "bright"),
        first_frame(frames, arguments.start),
    )
    # boxes that cannot be right are told before any file is made
    tracks = tracker.init(frame, arguments.box)
    return _follow(tracker, frames, frame, tracks, arguments)


def _follow(tracker, frames, frame, tracks, arguments):
    """Track, write the files and print what was done; returns the exit code."""
    from irtrack_core.cli.output import MotOutput, TracksOutput, VideoOutput

    start, code, counts = arguments.start, 0, {"done": 0, "bad": 0, "crowded": 0}
    seen = set()
    with ExitStack() as stack:
        # the CSV is closed first: the boxes are kept whatever happens to the video
        out = arguments.out
        video = stack.enter_context(VideoOutput(out, getattr(frames, "fps", 30.0))) if out else None
        files = [stack.enter_context(MotOutput(arguments.mot))] if arguments.mot else []
        files.append(stack.enter_context(TracksOutput(arguments.csv)))
        try:
            for index, shown, found in _steps(tracker, frames, frame, tracks, start, counts):
                for file in files:
                    file.write(index, found)
                if video:
                    video.write_tracks(shown, found)
                seen |= {one.id for one in found}
                counts["done"] += 1
        except KeyboardInterrupt as stop:
            if not counts["done"]:
                raise
            print(f"irtrack: stopped after {counts['done']} frames; they are kept", file=sys.stderr)
            code = exit_code(stop)
    if video and video.note:
        print(f"irtrack: {video.note}", file=sys.stderr)
    if counts["crowded"]:
        most = tracker.settings.candidates
        print(
            f"irtrack: {counts['crowded']} frames had more than {most} candidates: {most} were looked at",
            file=sys.stderr,
        )
    written = ", ".join(str(file) for file in (arguments.csv, arguments.mot, arguments.out) if file)
    done, bad = counts["done"], counts["bad"]
    print(
        f"{done} frame{'s' * (done != 1)}, {bad} of them unreadable, {len(seen)} target{'s' * (len(seen) != 1)}; "
        f"written: {written}"
    )
    if not seen:
        print("irtrack: nothing small was seen to move: name targets with --box x,y,w,h", file=sys.stderr)
    return code


def _steps(tracker, frames, frame, tracks, start, counts):
    """Iterator of (index, frame, tracks); a frame that cannot be read or used is told, None, and has no tracks."""
    from tqdm import tqdm

    yield start, frame, tracks
    for index in tqdm(range(start + 1, len(frames)), initial=1, total=len(frames) - start, unit="frame"):
        try:
            frame = frames[index]
            tracks = tracker.update(frame)
        except (ValueError, OSError) as error:
            final = getattr(error, "final", False)
            counts["bad"] += 1
            if counts["bad"] <= SHOWN:
                end = "keeping the frames before it" if final else "going on"
                more = "" if counts["bad"] < SHOWN else " (further ones are only counted)"
                where = "" if f"frame {index}" in str(error) or final else f"frame {index}: "
                tqdm.write(f"irtrack: {where}{error}; {end}{more}", file=sys.stderr)
            yield index, None, []
            if final:
                return
        else:
            counts["crowded"] += bool(tracker.left_out)
            yield index, frame, tracks
