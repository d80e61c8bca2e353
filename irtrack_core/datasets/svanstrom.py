"""Infrared part of the Drone-detection-dataset of F. Svanström (CC0): drones, birds, aircraft, helicopters, 320 x 256.

| | |
|---|---|
| files | IR_*.mp4 beside IR_*_LABELS.mat, below Data/Video_IR; or videos/IR_*.mp4 and decoded boxes/IR_*.csv |
| label | a MATLAB groundTruth object; or frame,x,y,w,h |
| pixels | corner and size; .mat from 1, of which 1 is taken off, .csv from 0 |
| frames | one label a frame, 30 a second; a count that differs by a few is fitted at the end, and told |
| absent | an empty label |
| several targets | no: one a sequence, 5-30 px |
| source | F. Svanström, F. Alonso-Fernandez, C. Englund, Data in Brief 39, 2021 |
"""

import warnings
from functools import partial

import numpy as np

from irtrack_core.datasets import recordings
from irtrack_core.datasets.box_file import checked
from irtrack_core.datasets.formats.objects import chosen
from irtrack_core.datasets.sequence import Sequence
from irtrack_core.datasets.svanstrom_labels import fitted, labels_of
from irtrack_core.datasets.video import open_video


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
    videos = {path.stem: path for path in recordings.find_videos(root)}
    if not videos:
        raise FileNotFoundError(
            f"no IR_*.mp4 in {root} or its {', '.join(recordings.FOLDERS[:-1])}: see data/README.md"
        )
    folder = next(iter(videos.values())).parent
    table = recordings.split_of(list(videos.values()))
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
    boxes, file = labels_of(video, labels)
    boxes, notes = fitted(boxes, len(frames), file, shift_late)
    for index in np.flatnonzero(~np.isnan(boxes).all(axis=1)):
        checked(boxes[index], frames.shape, f"{file}, frame {index}")
    return [
        Sequence(video.stem, "svanstrom", frames, boxes, frames.fps, notes=frames.notes + notes, recording=recording)
    ]
