"""DarkLabel's text files.

| | |
|---|---|
| files | one .txt beside the video or the images (its .xml files are Pascal VOC's: `voc`) |
| row | fn,cname,id,x1,y1,w,h (format4); iname,cname,id,x1,y1,w,h (format5); another one by columns= |
| older versions | fn,n, and n times id,x1,y1,x2,y2,cname: columns="fn,n,id,x1,y1,x2,y2,cname" (provisional) |
| pixels | from 0, corner and size; x2,y2 are edges (provisional) |
| frames | fn from 0 |
| absent | no row |
| several targets | one sequence an id: NAME-1, NAME-2 |
| source | darklabel.yml of DarkLabel 2.x, formats 4 and 5 |
"""

from functools import partial

from irtrack_core.boxes import from_xyxy
from irtrack_core.datasets.formats import objects
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.text import text_rows

KNOWN = {"fn", "iname", "n", "cname", "classid", "id", "difficult", "x1", "y1", "x2", "y2", "cx", "cy", "w", "h"}


def items(root, *, columns=None, track=None, labels=None, frames=None, fps=None, dataset="darklabel"):
    """The sequences of a .txt file, or of the only one in a folder: [(name, read)], one Sequence an id.

    columns: the names of DarkLabel's data_fmt, with commas, where they are not those of format4 or format5.
    Raises FileNotFoundError, ValueError (file and line) for a bad row.
    """
    file = objects.one_file(root, "*.txt")
    if columns is not None and set(columns.split(",")) - KNOWN:
        raise ValueError(f"columns={columns!r}: use the names {', '.join(sorted(KNOWN))}")
    return [(file.stem, partial(_read, file, columns, track, objects.chosen(labels), frames, fps, dataset))]


def _read(file, columns, track, labels, frames, fps, dataset):
    found = objects.find_frames(file, frames)
    stems = {image.name.lower(): k for k, image in enumerate(found.files)} if isinstance(found, ImageFrames) else {}
    lists = [[] for _ in range(len(found))]
    for line, fields in text_rows(file):
        where = f"{file}, line {line}"
        for row in _groups(fields, columns, where) if fields else ():
            if labels is not None and row.get("cname") not in labels:
                continue
            if "iname" in row and row["iname"] not in stems:
                raise ValueError(f"{where}: there is no image {row['iname']!r}")
            (number,) = [stems[row["iname"]]] if "iname" in row else objects.floats([row.get("fn")], where, "fn")
            corner = (
                ("x1", "y1", "x2", "y2")
                if "x2" in row
                else ("cx", "cy", "w", "h")
                if "cx" in row
                else ("x1", "y1", "w", "h")
            )
            box = objects.floats([row.get(key) for key in corner], where, ",".join(corner))
            box = from_xyxy(box) if "x2" in row else box - [*box[2:] / 2, 0, 0] if "cx" in row else box
            objects.place(lists, number, (row.get("id"), box), where)
    return objects.sequences(file, dataset, found, objects.tracks_of(lists, file), track=track, fps=fps)


def _groups(fields, columns, where):
    """[{column: text}] of a row: one object, or n of them. Raises ValueError that begins with `where`."""
    names = (columns or f"{'fn' if fields[0].isdecimal() else 'iname'},cname,id,x1,y1,w,h").split(",")
    if "n" not in names:
        if len(fields) != len(names):
            raise ValueError(f"{where}: {len(fields)} values for the columns {','.join(names)}: give columns=")
        return [dict(zip(names, fields))]
    head = names[: names.index("n") + 1]
    each, rest = names[len(head) :], fields[len(head) :]
    count = fields[len(head) - 1] if len(fields) >= len(head) else ""
    if not count.isdecimal() or len(rest) != int(count) * len(each):
        raise ValueError(f"{where}: {count!r} objects are announced, {len(rest)} values follow, {len(each)} an object")
    groups = [rest[k : k + len(each)] for k in range(0, len(rest), len(each))]
    return [dict(zip(head, fields)) | dict(zip(each, group)) for group in groups]
