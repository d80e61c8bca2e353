"""Label files of several objects: where their frames lie, and one sequence an object, as the readers of such files share."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from irtrack_core.datasets.box_file import check_boxes
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.image_names import image_files, numbering_note
from irtrack_core.datasets.linking import by_identity, link
from irtrack_core.datasets.names import folders_in, listed
from irtrack_core.datasets.no_video import VIDEO_SUFFIXES
from irtrack_core.datasets.open_frames import open_frames
from irtrack_core.datasets.sequence import NothingToTrack, Sequence
from irtrack_core.datasets.suspicions import suspicions
from irtrack_core.datasets.text import as_number

IMAGES = (
    ".",
    "images",
    "img1",
    "img",
    "frames",
    "data",
    "obj_train_data",
    "JPEGImages",
    "images/train",
    "images/default",
)


def inner(root, find):
    """[(folder, find(folder))] of the folder `root`, else of its folders: those for which `find` finds something."""
    found = [(folder, find(folder)) for folder in [Path(root)]] if Path(root).is_dir() else []
    if not any(value for _, value in found):
        found = [(folder, find(folder)) for folder in folders_in(root)]
    return [(folder, value) for folder, value in found if value]


def find_frames(label, frames=None):
    """The frames that a label file or folder is about: `frames` where given, else a video or images beside it.

    Raises FileNotFoundError that says where was looked.
    """
    if frames is not None:
        return open_frames(frames)
    label = Path(label)
    folder = label if label.is_dir() else label.parent
    for place in (folder, folder.parent):  # MOT's truth lies in gt/, Label Studio's beside the video
        videos = [f for f in listed(place) if f.suffix.lower() in VIDEO_SUFFIXES and f.is_file()]
        named = [f for f in videos if f.stem == label.stem]
        if len(named or videos) == 1:
            return open_frames((named or videos)[0])
        files = next(
            (files for name in IMAGES if (place / name).is_dir() and (files := image_files(place / name))), None
        )
        if files:
            return ImageFrames(files)
    raise FileNotFoundError(f"no frames for {label}: looked for one video, or images, in {folder}; or give frames=")


def sequences(label, dataset, frames, tracks, *, notes=(), track=None, fps=None, name=None, points=False):
    """The Sequences of {identity: boxes (N, 4)} over `frames`: one an object, or only the object `track`.

    label: the file, for names and messages; points: the boxes are of a given size round centres.
    Raises ValueError for bad boxes or an unknown track, NothingToTrack for none.
    """
    name = name or (label.stem if Path(label).is_file() else Path(label).resolve().name)
    known = {str(identity): boxes for identity, boxes in tracks.items() if np.isfinite(boxes).any()}
    if track is not None and str(track) not in known:
        raise ValueError(f"{label} has no track {track!r}: it has {', '.join(list(known)[:10]) or 'none'}")
    if not known:
        raise NothingToTrack(f"{label}: {len(frames)} frames, and no box", len(frames))
    notes = (*getattr(frames, "notes", ()), *notes)  # what was found about the recording
    if isinstance(frames, ImageFrames):
        notes = numbering_note([file.stem for file in frames.files]) + notes
    found = []
    for identity, boxes in known.items():
        if track is not None and str(track) != identity:
            continue
        check_boxes(boxes, frames.shape, lambda k, who=identity: f"{label}, track {who}, frame {k}")
        title = name if len(known) == 1 else f"{name}-{identity}"
        more = dict(notes=(*notes, *suspicions(boxes, frames.shape)), recording=name, points=points)
        found.append(Sequence(title, dataset, frames, boxes, fps or getattr(frames, "fps", 30.0), **more))
    return found


def tracks_of(objects, where, max_gap=0):
    """{identity: boxes (N, 4)} of N lists of (identity or None, box); boxes without identity are linked by overlap.

    Where no frame has more than one box they are all of one object. max_gap: of `linking.link`. Raises ValueError,
    beginning with `where`, when an identity has two boxes in a frame, or only some boxes have one.
    """
    named = [who is not None for frame in objects for who, _ in frame]
    if any(named) and not all(named):
        raise ValueError(f"{where}: {named.count(False)} of {len(named)} boxes have no identity: give all one, or none")
    if any(named):
        try:
            return by_identity(objects)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
    boxes = [[box for _, box in frame] for frame in objects]
    if max(map(len, boxes), default=0) <= 1:
        return {1: np.array([frame[0] if frame else [np.nan] * 4 for frame in boxes], dtype=np.float64).reshape(-1, 4)}
    return dict(enumerate(link(boxes, max_gap=max_gap), start=1))


def place(objects, frame, entry, where, first=0):
    """Add an entry (identity, box) to the frame's list. Raises ValueError for a frame that is not there."""
    objects[whole(frame + first, len(objects), where, first)].append(entry)


def whole(frame, count, where, first=0):
    """The index from 0 of a frame by its number, the first one's being `first`. Raises ValueError where there is none."""
    if not first <= frame < first + count or frame % 1:
        last = count - 1 + first
        raise ValueError(f"{where}: frame {frame:.15g}, but there are {count} frames ({first} to {last})")
    return int(frame) - first


def between(keys, count):
    """(boxes (count, 4), filled) of {frame: box or None}: straight lines between neighbouring boxes; None ends one.

    filled: how many frames were interpolated.

    >>> between({0: [0, 0, 4, 4], 2: [2, 0, 4, 4], 3: None}, 5)[0][:, 0].tolist()
    [0.0, 1.0, 2.0, nan, nan]
    """
    boxes, order, filled = np.full((count, 4), np.nan), sorted(keys), 0
    for frame, after in zip(order, [*order[1:], None]):
        if keys[frame] is None:
            continue
        boxes[frame] = one = np.asarray(keys[frame], dtype=np.float64)
        if after is None:
            continue
        other = one if keys[after] is None else np.asarray(keys[after], dtype=np.float64)
        for k in range(frame + 1, after):
            boxes[k] = one + (other - one) * (k - frame) / (after - frame)
            filled += 1
    return boxes, filled


def told(who, filled, turned):
    """Notes on a track's key frames: frames interpolated between them, boxes that were turned."""
    notes = (f"{who}: {filled} frames between key frames are interpolated",) if filled else ()
    return notes + ((f"{who}: {turned} turned boxes are read as the rectangles round them",) if turned else ())


def chosen(values):
    """None for None, else a tuple of the names or numbers that a caller chose: one alone may be given, too."""
    return None if values is None else (values,) if isinstance(values, (str, int)) else tuple(values)


def rotated(box, degrees, about=(0, 0)):
    """The upright rectangle (4,) round a box xywh turned clockwise by `degrees` about a point of it.

    about: the point as shares of width and height: (0, 0) is the upper left corner, (0.5, 0.5) the centre.

    >>> rotated([0, 0, 4, 2], 90, (0.5, 0.5)).round(6).tolist()
    [1.0, -1.0, 2.0, 4.0]
    """
    corner, size, turn = np.array(box[:2], float), np.array(box[2:], float), np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    pivot = corner + size * about
    corners = pivot + (corner + size * [[0, 0], [1, 0], [0, 1], [1, 1]] - pivot) @ matrix.T
    return np.concatenate([corners.min(axis=0), np.ptp(corners, axis=0)])


def read_xml_file(path):
    """The root element of an XML file. Raises FileNotFoundError, ValueError that names file and line when damaged."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    try:
        return ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise ValueError(f"{path}, line {error.position[0]}: not readable XML ({error}): copy it again") from error


def stray_labels(labels, stems, where):
    """A note, in a tuple, on label files without an image of their name. Raises ValueError when all are."""
    labels = [file for file in labels if file.name != "classes.txt"]
    stray = [file for file in labels if file.stem not in stems]
    if stray and len(stray) == len(labels):
        raise ValueError(f"{stray[0]} has no image of its name, as all labels in {where}")
    return (f"labels without an image are left out: {len(stray)}, the first {stray[0].name}",) if stray else ()


def floats(values, where, names):
    """The finite numbers (K,) of K texts or None. Raises ValueError, beginning with `where`, that tells what is wrong."""
    try:
        found = np.array([as_number(value) for value in values])
    except (TypeError, ValueError):
        found = np.array([np.nan])
    if not np.isfinite(found).all():
        raise ValueError(f"{where}: {names} are not all numbers; got {list(values)}")
    return found


def one_file(root, *patterns):
    """The file `root`, or the only one of the patterns in that folder. Raises FileNotFoundError for none or several."""
    root = Path(root)
    found = [root] if root.is_file() else [file for pattern in patterns for file in listed(root, pattern)]
    if len(found) != 1:
        count = f"{len(found)} files" if found else "no file"
        raise FileNotFoundError(f"{count} {' or '.join(patterns)} in {root}: give the file itself")
    return found[0]
