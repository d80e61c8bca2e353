"""The annotations of KAIST in their three kinds: text, XML in both dialects, and the MATLAB files of Dollar's toolbox."""

from pathlib import Path

import numpy as np

from irtrack_core.boxes import from_xyxy
from irtrack_core.datasets.formats.objects import floats, read_xml_file
from irtrack_core.datasets.text import as_number
from irtrack_core.optional import need


def read_text(path):
    """[(label, box)] of a text annotation: `person x y w h occlusion xv yv wv hv ignore angle`; ignored ones left out."""
    lines = Path(path).read_text(encoding="latin-1").splitlines()
    if not lines or not lines[0].replace(" ", "").lower().startswith("%bbgtversion=3"):
        raise ValueError(f"{path} does not begin with '% bbGt version=3'")
    objects = []
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split()
        if not fields:
            continue
        try:
            box, ignore = np.array([as_number(field) for field in fields[1:5]]), int(fields[10])
        except (ValueError, IndexError):
            raise ValueError(f"{path}, line {number}: {line!r} is not a label and eleven numbers") from None
        if not ignore:
            objects.append((fields[0], box))
    return objects


def read_xml(path):
    """[(label, box)] of an XML annotation; <bndbox> with x, y, w, h or with xmin, ymin, xmax, ymax."""
    found = []
    for number, one in enumerate(read_xml_file(path).iter("object"), start=1):
        sized = one.find("bndbox/w") is not None
        keys = ("x", "y", "w", "h") if sized else ("xmin", "ymin", "xmax", "ymax")
        values = [one.findtext(f"bndbox/{key}") for key in keys]
        box = floats(values, f"{path}, object {number}", "x, y, w, h, or xmin, ymin, xmax, ymax of bndbox")
        found.append((one.findtext("name", "").strip(), box if sized else from_xyxy(box)))
    return found


def read_vbb(path):
    """A list of frames, each [(label, box, identity)], of a `.vbb` (a MATLAB file of Piotr Dollar's toolbox)."""
    io = need("scipy.io", "readers")
    try:
        content = io.loadmat(path, squeeze_me=True, struct_as_record=False)["A"]
        labels = np.atleast_1d(content.objLbl)
        frames = []
        for entry in np.atleast_1d(content.objLists)[: int(content.nFrame)]:
            objects = [thing for thing in np.atleast_1d(entry) if hasattr(thing, "pos")]
            frames.append([(str(labels[int(o.id) - 1]), np.array(o.pos, dtype=np.float64), int(o.id)) for o in objects])
        return frames
    except Exception as error:  # scipy raises whatever a damaged file makes it
        raise ValueError(f"{path} is not a readable .vbb file ({error}): copy it again") from error
