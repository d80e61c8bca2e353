"""MOT Challenge text files.

| | |
|---|---|
| files | NAME/gt/gt.txt, NAME/img1/000001.jpg ..., NAME/seqinfo.ini; or one .txt or .csv beside a video or images |
| row | frame, id, x, y, w, h, conf, class, visibility (MOT16 and later), or conf, x, y, z (MOT15); no header |
| pixels | from 1, corner and size: 1 is taken off x and y (motmetrics 1.4 does the same) |
| frames | from 1 |
| absent | no row; a row whose conf is 0 is not to be evaluated, and left out |
| several targets | one sequence an id: NAME-1, NAME-2; `track=` chooses one |
| source | motmetrics 1.4.0, motmetrics/io.py; MOT16, arXiv 1603.00831 |
"""

import configparser
from functools import partial
from pathlib import Path

from irtrack_core.datasets.formats import objects
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.suspicions import size_hint
from irtrack_core.datasets.text import text_rows


def items(root, *, track=None, classes=None, frames=None, first_pixel=1, first_frame=1, fps=None, dataset="mot"):
    """The sequences of a file, a folder with gt/gt.txt, or of several such: [(name, read)], one Sequence an id.

    track: this id alone; classes: numbers of the classes to keep; frames: the video or folder of images, where it is
    not beside the file. Raises FileNotFoundError without frames, ValueError (file and line) when a row is bad.
    """
    root = Path(root)
    files = [root] if root.is_file() else [root / "gt/gt.txt"]
    if not files[0].is_file():
        files = listed(root, "*/gt/gt.txt") or listed(root, "*.txt")[:1]
    if not files:
        raise FileNotFoundError(f"no gt/gt.txt in {root} or its folders")
    options = (track, objects.chosen(classes), frames, first_pixel, first_frame, fps, dataset)
    return [(_name(file), partial(_read, file, *options)) for file in files]


def _name(file):
    return file.parent.parent.resolve().name if file.parent.name == "gt" else file.stem


def _read(file, track, classes, frames, first_pixel, first_frame, fps, dataset):
    found, info = objects.find_frames(file, frames), _info(file)
    lists, notes, scores, width = [[] for _ in range(len(found))], (), set(), 0
    for line, fields in text_rows(file):
        where = f"{file}, line {line}"
        if not fields:
            continue
        width = width or len(fields)
        if not 6 <= len(fields) <= 10 or len(fields) != width:
            raise ValueError(f"{where}: {len(fields)} values; {width} as in the first row, frame,id,x,y,w,h,...")
        row = objects.floats(fields, where, "frame,id,x,y,w,h,...")
        if not (row[:2] % 1 == 0).all():
            raise ValueError(f"{where}: frame {fields[0]} and id {fields[1]} must be whole numbers")
        conf = row[6] if len(row) > 6 else 1.0
        scores.add(float(conf))
        if conf == 0 or (classes is not None and len(row) > 7 and row[7] not in classes):
            continue
        box = row[2:6] - (first_pixel, first_pixel, 0, 0)
        who = None if row[1] < 0 else int(row[1])
        objects.place(lists, int(row[0]) - first_frame, (who, box), where, first_frame)
    if scores - {0.0, 1.0, -1.0}:
        notes += (f"{file.name} has scores in its 7th column: it looks like a tracker's output, not like the truth",)
    notes += size_hint((info.get("imWidth"), info.get("imHeight")), found.shape)
    fps = fps or info.getfloat("frameRate", fallback=None)
    more = dict(notes=notes, track=track, fps=fps, name=_name(file))
    return objects.sequences(file, dataset, found, objects.tracks_of(lists, file), **more)


def _info(file):
    parser = configparser.ConfigParser()
    parser.optionxform = str
    try:
        parser.read(file.parent.parent / "seqinfo.ini")
    except configparser.Error as error:
        raise ValueError(f"{file.parent.parent / 'seqinfo.ini'} is not readable: {error}") from error
    return parser["Sequence"] if parser.has_section("Sequence") else parser["DEFAULT"]
