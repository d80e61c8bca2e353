"""Which clips of the Svanström set are cuts of one recording, and the split that follows: no recording on both sides.

    python -m irtrack_core.datasets.recordings FOLDER > svanstrom_recordings.csv

Clip k often begins where clip k - 1 ended. Two clips are of one recording when the last frame of one and the first frame
of the other, reduced to 80 x 64 pixels, correlate by 0.99 or more; links chain. One link more was made by eye: the same
field, fence and trees before and after a cloud came into view (correlation 0.966).
"""

import argparse
import csv
import sys
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from irtrack_core.datasets.names import inside, listed
from irtrack_core.datasets.video import open_video

TABLE = Path(__file__).with_name("svanstrom_recordings.csv")
LEAST_CORRELATION = 0.99
SIZE = (80, 64)  # width and height at which end frames are compared: noise averages out, the scene stays
BY_EYE = (("IR_DRONE_141", "IR_DRONE_148"),)
PARTS = ("train", "validation", "unused")
# where the videos may lie below the folder given: decoded copy, the set's own archive, or right there
FOLDERS = ("videos", "Data/Video_IR", "Video_IR", ".")


def end_frames(frames):
    """(2, 5120) float64, the first and the last frame reduced to 80 x 64, of mean 0 and norm 1; to be correlated."""
    small = [cv2.resize(np.float32(frames[i]), SIZE, interpolation=cv2.INTER_AREA) for i in (0, len(frames) - 1)]
    rows = np.reshape(small, (2, -1)).astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def linked(ends, others=None):
    """(N, M) bool: the last frame of one clip and the first of the other correlate by 0.99 or more, in either order.

    ends (N, 2, K), others (M, 2, K): of `end_frames`; others: by default `ends` themselves.
    """
    others = ends if others is None else others
    best = np.maximum(ends[:, 1] @ others[:, 0].T, ends[:, 0] @ others[:, 1].T)
    return best >= LEAST_CORRELATION


def groups(links):
    """(N,) int labels of what hangs together by `links` (N, N) bool, symmetric; the label is the group's first member."""
    label = np.arange(len(links))
    while True:  # each takes the least label among its neighbours until nothing changes
        least = np.where(links | np.eye(len(links), dtype=bool), label, len(links)).min(axis=1, initial=len(links))
        if np.array_equal(least, label):
            return label
        label = least


def recordings(clips):
    """{clip: number of its recording}, counted from 0 in the order of `clips`, a dict name -> frames of every clip."""
    names = list(clips)
    links = linked(np.stack([end_frames(frames) for frames in clips.values()]))
    for one, other in BY_EYE:
        if one in clips and other in clips:
            i, j = names.index(one), names.index(other)
            links[i, j] = links[j, i] = True
    _, numbers = np.unique(groups(links), return_inverse=True)
    return dict(zip(names, numbers.tolist()))


def read_table(path=TABLE):
    """{clip: (recording, part)} of a table clip,recording,part; part is "train", "validation" or "unused".

    "unused" are further clips of validation recordings. Raises ValueError for another table, an unknown part, a clip named
    twice, or a recording of which some clips are trained on and others are not.
    """
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"clip", "recording", "part"} <= set(rows[0]):
        raise ValueError(f"{path} is no table of recordings: its first line must be clip,recording,part")
    table, sides = {}, {}
    for row in rows:
        clip, recording, part = row["clip"], row["recording"], row["part"]
        if part not in PARTS:
            raise ValueError(f"{path}: unknown part {part!r} of {clip}: use one of {', '.join(PARTS)}")
        if clip in table:
            raise ValueError(f"{path} names {clip} twice")
        table[clip] = (recording, part)
        sides.setdefault(recording, {}).setdefault(part == "train", clip)
    check_sides(sides, path)
    return table


def check_sides(sides, where):
    """Raise ValueError when a recording has clips on both sides of a split.

    sides: {recording: {True: a clip that is trained on, False: one that is not}}.
    """
    for recording, side in sides.items():
        if len(side) > 1:
            raise ValueError(
                f"{where}: recording {recording} is on both sides of the split: {side[True]} is trained on and"
                f" {side[False]} is not; keep all clips of a recording on one side"
            )


def check_split(train, test, where="split"):
    """Raise ValueError when sequences of one recording of one dataset are both in `train` and in `test`."""
    sides = {}
    for trained, part in ((True, train), (False, test)):
        for one in part:
            sides.setdefault(f"{one.dataset}/{one.recording}", {}).setdefault(trained, one.name)
    check_sides(sides, where)


def extend(table, clips):
    """The table with clips that it does not name: {clip: (recording, part)}.

    clips: dict name -> frames of every clip that is there, known ones too. New clips that hang together are one recording.
    One that hangs on a validation recording, be it through other new clips, is "unused": what would join the two sides goes
    into neither. One that hangs on training recordings is of the first of them; others are recordings of their own; both
    are "train".
    """
    new, known = ([name for name in clips if (name in table) == there] for there in (False, True))
    if not new:
        return dict(table)
    ends = np.stack([end_frames(clips[name]) for name in new + known])
    ends, others = ends[: len(new)], ends[len(new) :]
    label, touches, extended = groups(linked(ends)), linked(ends, others), dict(table)
    for group in np.unique(label):
        members = [new[i] for i in np.flatnonzero(label == group)]
        near = [known[j] for j in np.flatnonzero(touches[label == group].any(axis=0))]
        beside = next((table[name] for name in near if table[name][1] != "train"), None)
        if beside is None:
            recording = table[near[0]][0] if near else f"of {members[0]}"
            extended |= dict.fromkeys(members, (recording, "train"))
        else:
            extended |= dict.fromkeys(members, (beside[0], "unused"))
    return extended


def find_videos(root):
    """The set's videos below `root`, which is the set itself or holds it as `svanstrom_ir/`: sorted paths; may be none."""
    root = inside(root, "svanstrom_ir", "svanstrom")
    return next((found for sub in FOLDERS if (found := listed(root / sub, "IR_*.mp4"))), [])


@cache
def _extended(videos):
    """{clip: (recording, part)} of videos, ((path, time of change), ...): decoded only where there are unknown ones."""
    table, clips = read_table(), {}
    if all(path.stem in table for path, _ in videos):
        return table
    for path, _ in videos:
        try:
            frames = open_video(path)
            clips[path.stem] = [frames[0], frames[len(frames) - 1]]
        except ValueError:  # damaged: said when the clip is read
            table.setdefault(path.stem, (path.stem, "train"))
    return extend(table, clips)


def split_of(videos):
    """{clip: (recording, part)} of the shipped table and further videos; a validation.txt beside the videos, or in the
    folder above, makes a split of its own."""
    table = _extended(tuple((path, path.stat().st_mtime_ns) for path in videos))
    folder = videos[0].parent
    own = next((f for f in (folder.parent / "validation.txt", folder / "validation.txt") if f.is_file()), None)
    if own is None:
        return table
    names = own.read_text().split()
    unknown = [name for name in names if name not in table]
    if unknown:
        raise ValueError(f"{own} names {unknown[0]}, which is no clip of the set: correct the name, or remove the line")
    aside = {table[name][0] for name in names}
    parts = {True: "validation", False: "unused"}
    return {
        name: (recording, parts[name in names] if recording in aside else "train")
        for name, (recording, _) in table.items()
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m irtrack_core.datasets.recordings",
        description="The table of recordings and parts of the Svanström set, derived from the videos.",
    )
    parser.add_argument("folder", type=Path, help="the set, or the folder that holds it")
    clips = {path.stem: open_video(path) for path in find_videos(parser.parse_args(arguments).folder)}
    numbers, shipped = recordings(clips), read_table()
    validation = {name for name, (_, part) in shipped.items() if part == "validation"}
    kept_aside = {numbers[name] for name in validation & set(clips)}
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["clip", "recording", "part"])
    for name, number in numbers.items():
        part = "validation" if name in validation else "unused" if number in kept_aside else "train"
        writer.writerow([name, number, part])


if __name__ == "__main__":
    main()
