"""CVAT for video 1.1.

| | |
|---|---|
| files | annotations.xml beside images/ or the video |
| box | <track id label><box frame xtl ytl xbr ybr outside keyframe rotation></track> |
| pixels | from 0, edges, fractions: w = xbr - xtl |
| frames | from 0 of the task; a task that begins later or leaves frames out is refused |
| absent | outside="1", from that box to the next; no box after the last one |
| several targets | one sequence a track: NAME-0, NAME-1 |
| between boxes | straight lines (CVAT itself writes every frame); told |
| source | CVAT's docs, XML annotation format 1.1; rotation is about the box's centre |
"""

from functools import partial
from pathlib import Path

from irtrack_core.boxes import from_xyxy
from irtrack_core.datasets.formats import objects
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.suspicions import size_hint

NUMBERS = ("frame", "xtl", "ytl", "xbr", "ybr", "outside", "rotation")


def items(root, *, track=None, labels=None, frames=None, fps=None, dataset="cvat"):
    """The sequences of an annotations.xml, or of the folder that has it: [(name, read)], one Sequence a track.

    track: this id alone; labels: names to keep; frames: the video or folder of images where it is not beside the file.
    Raises FileNotFoundError, ValueError that names file and track.
    """
    if not (found := annotations(Path(root))):
        raise FileNotFoundError(f"no annotations.xml in {root} or its folders")
    return [(n, partial(_read, file, n, track, objects.chosen(labels), frames, fps, dataset)) for n, file in found]


def annotations(root):
    """[(name, file)] of the annotations at `root`, or in its folders."""
    if root.is_file():
        return [(root.parent.resolve().name if root.name == "annotations.xml" else root.stem, root)]
    files = listed(root, "annotations.xml") or listed(root, "*/annotations.xml")
    return [(file.parent.resolve().name, file) for file in files]


def _read(file, name, track, labels, frames, fps, dataset):
    root = objects.read_xml_file(file)
    if root.tag != "annotations" or root.find("image") is not None:
        raise ValueError(f"{file} is not of CVAT for video: export the task as 'CVAT for video 1.1'")
    found, tracks = objects.find_frames(file, frames), {}
    notes = size_hint([root.findtext(f".//original_size/{side}") for side in ("width", "height")], found.shape)
    _check_task(root, file, len(found))
    for one in (one for one in root.iter("track") if labels is None or one.get("label") in labels):
        tracks[one.get("id")], filled, turned = _track(one, f"{file}, track {one.get('id')}", len(found))
        notes += objects.told(f"track {one.get('id')}", filled, turned)
    return objects.sequences(file, dataset, found, tracks, notes=notes, track=track, fps=fps, name=name)


def _track(one, where, count):
    """(boxes (count, 4), frames interpolated, turned boxes) of a <track>."""
    keys, turned = {}, 0
    for box in one.iter("box"):
        values = [box.get(key, "0" if key in ("outside", "rotation") else None) for key in NUMBERS]
        frame, *corners, outside, rotation = objects.floats(values, where, ", ".join(NUMBERS))
        frame = objects.whole(frame, count, where)
        sized = objects.rotated(from_xyxy(corners), rotation, about=(0.5, 0.5)) if rotation else from_xyxy(corners)
        turned += bool(rotation)
        if frame in keys:
            raise ValueError(f"{where}: two boxes in frame {frame}")
        keys[frame] = None if outside else sized
    return *objects.between(keys, count), turned


def _check_task(root, file, count):
    """Raise ValueError where the task is not about all `count` frames."""
    task = next((found for part in ("task", "job") if (found := root.find(f"meta/{part}")) is not None), root)
    size, start, rule = ((task.findtext(key) or "").strip() for key in ("size", "start_frame", "frame_filter"))
    if start not in ("", "0") or rule:
        raise ValueError(f"{file}: the task leaves frames out (start_frame {start}, {rule!r})")
    if size.isdecimal() and int(size) != count:
        raise ValueError(f"{file}: the task has {size} frames, but there are {count}: give frames=")
