"""Label Studio's JSON of videos (VideoRectangle).

| | |
|---|---|
| files | one .json (JSON or JSON-MIN) beside the video, or with frames= |
| box | value.sequence: [{frame, x, y, width, height, rotation, enabled}], key frames |
| pixels | percent of the frame's width and height; corner and size |
| frames | from 1 |
| absent | after a key frame with enabled false, until the next one; before the first |
| several targets | one sequence a region: NAME-ID |
| between key frames | straight lines; after the last, if enabled, its box stays to the end of the video (provisional) |
| source | Label Studio's docs and issues 2539, 3405, 6453; rotation turns about the upper left corner |
"""

from functools import partial

from irtrack_core.datasets.formats import objects
from irtrack_core.datasets.formats.json_file import read_json

NUMBERS = ("frame", "x", "y", "width", "height")


def items(root, *, track=None, labels=None, frames=None, fps=None, dataset="label-studio"):
    """The sequences of an exported .json: [(name, read)], one Sequence a region.

    track: this region's id alone; labels: names to keep; frames: the video where it is not the only one beside the file.
    Raises FileNotFoundError, ValueError that names the file and region.
    """
    file = objects.one_file(root, "*.json")
    return [(file.stem, partial(_read, file, track, objects.chosen(labels), frames, fps, dataset))]


def regions(part, name="1", depth=0):
    """(id, value) of all regions of a video below `part`, whatever the export's nesting, which is never 20 deep."""
    if isinstance(part, dict) and isinstance(part.get("sequence"), list):
        yield name, part
    elif depth <= 20 and isinstance(part, dict):
        for key, inner in part.items():
            if key not in ("data", "predictions"):
                yield from regions(inner, str(part.get("id") or name) if key == "value" else name, depth + 1)
    elif depth <= 20 and isinstance(part, list):
        for k, inner in enumerate(part, start=1):
            yield from regions(inner, str(k) if len(part) > 1 else name, depth + 1)


def _read(file, track, labels, frames, fps, dataset):
    content = read_json(file)
    if isinstance(content, list) and len(content) > 1:
        raise ValueError(f"{file} holds {len(content)} tasks: export one task, that is one video, a file")
    known = list(regions(content))
    if not known:
        raise ValueError(f"{file} holds no regions of a video ('sequence'): is it an export of VideoRectangle?")
    found, tracks, notes = objects.find_frames(file, frames), {}, ()
    for name, value in (one for one in known if labels is None or set(labels) & set(one[1].get("labels", ()))):
        where, count = f"{file}, region {name}", value.get("framesCount")
        if isinstance(count, (int, float)) and count != len(found):
            notes += (f"region {name} is about {count:g} frames, the video has {len(found)}: are the numbers right?",)
        tracks[name], filled, turned = _region(value["sequence"], where, found)
        notes += objects.told(f"region {name}", filled, turned)
    return objects.sequences(file, dataset, found, tracks, notes=notes, track=track, fps=fps)


def _region(sequence, where, frames):
    """(boxes (N, 4), frames interpolated, turned boxes) of a region's key frames."""
    (height, width), count, keys, turned, enabled = frames.shape, len(frames), {}, 0, True
    if not all(isinstance(key, dict) for key in sequence):
        raise ValueError(f"{where}: a key frame is no object with frame, x, y, width, height")
    for key in sorted(sequence, key=lambda key: float(key.get("frame") or 0)):
        frame, x, y, w, h = objects.floats([key.get(name) for name in NUMBERS], where, ", ".join(NUMBERS))
        box = [x * width / 100, y * height / 100, w * width / 100, h * height / 100]
        if key.get("rotation"):
            turned, box = turned + 1, objects.rotated(box, float(key["rotation"]))
        place, enabled = objects.whole(frame, count, where, 1), bool(key.get("enabled", True))
        keys[place] = box
        if not enabled:
            keys.setdefault(place + 1, None)
    if enabled and keys:
        keys[count] = None  # it stays as it is to the end
    return *objects.between(keys, count), turned
