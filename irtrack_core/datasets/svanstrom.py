"""Infrared part of the Drone-detection-dataset of F. Svanström (CC0): drones, birds, aircraft, helicopters, 320 x 256.

One target a sequence, 5-30 px, 30 frames a second. Two layouts are read: the native one, `IR_*.mp4` beside
`IR_*_LABELS.mat` (a MATLAB groundTruth object), and `videos/IR_*.mp4` with decoded `boxes/IR_*.csv`.

F. Svanström, F. Alonso-Fernandez, C. Englund, "A dataset for multi-sensor drone detection", Data in Brief 39, 2021.
"""

import warnings
from functools import cache, partial
from pathlib import Path

import numpy as np

from irtrack_core.datasets import recordings
from irtrack_core.datasets.box_file import checked, read_alone
from irtrack_core.datasets.formats.objects import chosen
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.sequence import Sequence
from irtrack_core.datasets.video import open_video
from irtrack_core.optional import need

# where the videos may lie below the folder given: decoded copy, the set's own archive, or right there
FOLDERS = ("videos", "Data/Video_IR", "Video_IR", ".")


def read_mat(path):
    """Boxes (N, 4) float64 xywh, 0-based, of a `*_LABELS.mat`; NaN rows where absent.

    MATLAB counts pixels from 1: 1 is taken off x and y. Raises FileNotFoundError, or ValueError when nothing is found.
    """
    decoder, path = need("mcos_decoder", "readers"), Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no label file {path}")
    try:
        rows = decoder.load_groundtruth(path)
    except Exception as error:  # scipy and the decoder raise whatever a damaged file makes them
        raise ValueError(f"{path} is not a readable MATLAB groundTruth file ({error}): copy it again") from error
    if not rows:
        raise ValueError(f"{path} holds no labels that can be decoded: export them as CSV, frame,x,y,w,h")
    boxes = np.array([(np.nan,) * 4 if row is None else row for row in rows], dtype=np.float64)
    boxes[:, :2] -= 1
    return boxes


def _labels(video, labels):
    """(boxes, file) of one video: decoded CSV first, then the native .mat, unless `labels` asks for one of them."""
    name = video.stem
    csv = [video.parent.parent / "boxes" / f"{name}.csv", video.with_suffix(".csv")]
    mat = [video.with_name(f"{name}_LABELS.mat")]
    candidates = {"auto": csv + mat, "csv": csv, "mat": mat}[labels]
    file = next((file for file in candidates if file.is_file()), None)
    if file is None:
        raise FileNotFoundError(f"no labels for {video}: looked for {', '.join(map(str, candidates))}")
    if file.suffix == ".mat":
        return read_mat(file), file
    return read_alone(file), file  # as many frames as its numbers say: a row that was lost shifts nothing


def _fit(boxes, count, file, shift_late):
    """Boxes cut or padded with NaN to `count` frames, and what had to be done, as a tuple of sentences."""
    extra = len(boxes) - count
    if shift_late and extra == 1 and np.isnan(boxes[0]).all():
        return boxes[1:], (f"{file.name} has an empty first label more than the video has frames: dropped",)
    if extra == 0:
        return boxes, ()
    doubt = "; so many: the video may be cut, or the labels belong to another" if abs(extra) > 2 else ""
    if extra > 0:
        what = f"{extra} label(s) more than the video has frames: dropped at the end"
        return boxes[:count], (f"{file.name} has {what}{doubt}",)
    padding = np.full((-extra, 4), np.nan)
    return np.concatenate([boxes, padding]), (f"{file.name} has {-extra} label(s) too few: padded as absent{doubt}",)


def find_videos(root):
    """The set's videos below `root`, which is the set itself or holds it as `svanstrom_ir/`: sorted paths; may be none."""
    root = Path(root)
    root = next((root / sub for sub in ("svanstrom_ir", "svanstrom") if (root / sub).is_dir()), root)
    return next((found for sub in FOLDERS if (found := listed(root / sub, "IR_*.mp4"))), [])


@cache
def _extended(videos):
    """{clip: (recording, part)} of videos, ((path, time of change), ...): decoded only where there are unknown ones."""
    table, clips = recordings.read_table(), {}
    if all(path.stem in table for path, _ in videos):
        return table
    for path, _ in videos:
        try:
            frames = open_video(path)
            clips[path.stem] = [frames[0], frames[len(frames) - 1]]
        except ValueError:  # damaged: said when the clip is read
            table.setdefault(path.stem, (path.stem, "train"))
    return recordings.extend(table, clips)


def _table(videos):
    """{clip: (recording, part)} of the shipped table and further videos; a validation.txt beside the videos, or in the
    folder above, makes a split of its own."""
    table = _extended(tuple((path, path.stat().st_mtime_ns) for path in videos))
    folder = videos[0].parent
    listed = next((f for f in (folder.parent / "validation.txt", folder / "validation.txt") if f.is_file()), None)
    if listed is None:
        return table
    names = listed.read_text().split()
    unknown = [name for name in names if name not in table]
    if unknown:
        raise ValueError(
            f"{listed} names {unknown[0]}, which is no clip of the set: correct the name, or remove the line"
        )
    aside = {table[name][0] for name in names}
    parts = {True: "validation", False: "unused"}
    return {
        name: (recording, parts[name in names] if recording in aside else "train")
        for name, (recording, _) in table.items()
    }


def items(root, *, split="validation", names=None, labels="auto", shift_late=False):
    """The set's sequences below `root`, which is the set itself or holds it as `svanstrom_ir/`: [(name, read)].

    split: "validation" (29 clips of 26 recordings), "train" (the clips of all other recordings), "unused" (further clips of
    the validation recordings) or "all"; names: these clips instead. See `recordings` for how clips are told to belong
    together; a validation.txt in the folder names other validation clips.
    labels: "auto" (decoded CSV where there is one, else .mat), "csv" or "mat".
    shift_late: in 61 of the 260 sequences there is one label too many and the first is empty; there label i + 1 fits frame
    i better than label i does (0.64 against 0.74 px mean distance from a tracked blob). True drops the first label; the
    default keeps the files' own numbers, as results elsewhere do.
    A label count that differs from the frame count is cut or padded at the end, and told in `Sequence.notes`.
    Raises FileNotFoundError when videos or labels are missing, ValueError when they are bad.
    """
    if labels not in ("auto", "csv", "mat"):
        raise ValueError(f"labels must be 'auto', 'csv' or 'mat'; got {labels!r}")
    if split not in (*recordings.PARTS, "all"):
        raise ValueError(f"unknown split {split!r}: use one of validation, train, unused, all")
    videos = {path.stem: path for path in find_videos(root)}
    if not videos:
        raise FileNotFoundError(f"no IR_*.mp4 in {root} or its {', '.join(FOLDERS[:-1])}: see data/README.md")
    folder = next(iter(videos.values())).parent
    table = _table(list(videos.values()))
    names = chosen(names)
    if names is None:
        wanted = sorted(name for name, (_, part) in table.items() if split in (part, "all"))
        names = [name for name in wanted if name in videos]
        if split == "validation" and len(names) < len(wanted):
            missing = f"{len(wanted) - len(names)} of the {len(wanted)} validation sequences are missing"
            warnings.warn(missing, stacklevel=4)
    if not names:
        raise FileNotFoundError(f"none of the {split} sequences is in {folder}")
    return [
        (name, partial(_read, folder / f"{name}.mp4", table.get(name, (name,))[0], labels, shift_late))
        for name in names
    ]


def _read(video, recording, labels, shift_late):
    frames = open_video(video)
    boxes, file = _labels(video, labels)
    boxes, notes = _fit(boxes, len(frames), file, shift_late)
    for index in np.flatnonzero(~np.isnan(boxes).all(axis=1)):
        checked(boxes[index], frames.shape, f"{file}, frame {index}")
    return [
        Sequence(video.stem, "svanstrom", frames, boxes, frames.fps, notes=frames.notes + notes, recording=recording)
    ]
