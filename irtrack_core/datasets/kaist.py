"""KAIST multispectral pedestrian set: LWIR and visible pairs, 640 x 512 LWIR files.

Layouts: `images/set00/V000/{lwir,visible}/I00000.jpg`, or flat `images/set06_V001_I00459_lwir.png`. Annotations, below
any folder `annotations*`: text (`% bbGt version=3`), XML in both dialects (x, y, w, h or xmin, ymin, xmax, ymax), or
`set00/V000.vbb`, which alone knows who is who. Coordinates are taken as counted from 0, as the set's converters do.

S. Hwang et al., "Multispectral pedestrian detection: benchmark dataset and baseline", CVPR 2015.
"""

import re
from collections import Counter
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from irtrack_core.boxes import from_xyxy
from irtrack_core.datasets.box_file import checked
from irtrack_core.datasets.folder import numbering_note
from irtrack_core.datasets.formats.objects import chosen
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.linking import by_identity, link
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.pictures import IMAGE_SUFFIXES
from irtrack_core.datasets.sequence import NothingToTrack, Sequence
from irtrack_core.optional import need

MODALITIES = ("lwir", "visible")
MAX_STEP = 20  # frames between two images for one person to be followed: the official test list keeps every 20th
KEY = re.compile(r"(set\d\d)[/_\\](V\d\d\d)[/_\\](?:(lwir|visible)[/\\])?(I\d{5})(?:_(lwir|visible))?$")


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
            box, ignore = np.array(fields[1:5], dtype=np.float64), int(fields[10])
        except (ValueError, IndexError):
            raise ValueError(f"{path}, line {number}: {line!r} is not a label and eleven numbers") from None
        if not ignore:
            objects.append((fields[0], box))
    return objects


def read_xml(path):
    """[(label, box)] of an XML annotation; <bndbox> with x, y, w, h or with xmin, ymin, xmax, ymax."""
    try:
        tree = ElementTree.parse(path)
    except ElementTree.ParseError as error:
        raise ValueError(f"{path} is not readable XML ({error}): copy it again") from error
    objects = []
    for number, item in enumerate(tree.iter("object"), start=1):
        box = item.find("bndbox")
        values = {} if box is None else {child.tag: child.text for child in box if child.text}
        try:
            if "w" in values:
                box = np.array([float(values[key]) for key in "xywh"])
            else:
                box = from_xyxy([float(values[key]) for key in ("xmin", "ymin", "xmax", "ymax")])
        except (KeyError, ValueError):
            raise ValueError(f"{path}, object {number}: bndbox has neither x y w h nor xmin ymin xmax ymax") from None
        objects.append((item.findtext("name", "").strip(), box))
    return objects


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


def _images(root):
    """{modality: {(set, video): {frame: file}}}, sorted."""
    found = {modality: {} for modality in MODALITIES}
    for file in listed(root / "images", "**/*"):
        match = file.suffix.lower() in IMAGE_SUFFIXES and KEY.search(file.with_suffix("").as_posix())
        if match and (match[3] or match[5]):
            found[match[3] or match[5]].setdefault((match[1], match[2]), {})[match[4]] = file
    return found


def items(root, *, modality="lwir", sets=None, labels=("person",), min_length=10, max_gap=0):
    """The set's videos below `root`: [(name, read)]; a sequence is one person, from the first box to the last.

    modality: "lwir" or "visible"; sets: None or e.g. ("set00",) (set00-05 train, set06-11 test); labels: of what is a
    target, of person, people, cyclist, person?, ...; None: all; boxes of others are told. min_length: boxes a person needs;
    max_gap: frames a person may be without box when the annotation has no identities and boxes are linked
    (`linking.link`). `pair` gives the other modality.
    Raises FileNotFoundError when images or annotations are missing, ValueError when they are bad or all too short.
    """
    root = Path(root)
    root = next((root / sub for sub in ("kaist", "kaist_sample") if (root / sub).is_dir()), root)
    if modality not in MODALITIES:
        raise ValueError(f"modality must be 'lwir' or 'visible'; got {modality!r}")
    images = _images(root)
    other, sets = MODALITIES[modality == "lwir"], chosen(sets)
    videos = {key: files for key, files in images[modality].items() if sets is None or key[0] in sets}
    if not videos:
        raise FileNotFoundError(f"no images/setXX/VYYY/{modality}/I*.jpg below {root} (sets: {sets or 'all'})")
    single = {key: set(files) - set(images[other].get(key, ())) for key, files in videos.items()}
    options = (chosen(labels), min_length, max_gap)
    return [("_".join(key), partial(_read, root, key, files, single[key], *options)) for key, files in videos.items()]


def pair(sequence):
    """Frames of the other modality, image by image: visible for an LWIR sequence and the other way round."""
    swap = {"lwir": "visible", "visible": "lwir"}
    files = [
        Path(re.sub(r"(lwir|visible)(?=[^a-z]*(?:I\d{5})?[^/\\]*$)", lambda m: swap[m[1]], str(f)))
        for f in sequence.frames.files
    ]
    return ImageFrames(files)


def _objects(root, key, names):
    """(frames of (label, box, identity or None), or None without a file; where they are from, for messages)."""
    folders = listed(root, "annotations*")
    for folder in folders:
        vbb = folder / key[0] / f"{key[1]}.vbb"
        if vbb.is_file():
            frames = read_vbb(vbb)
            last = int(names[-1][1:])
            if last >= len(frames):
                raise ValueError(f"{vbb} has {len(frames)} frames, but there is an image {names[-1]}")
            return [frames[int(name[1:])] for name in names], vbb
    frames, found = [], None
    for name in names:
        stems = ["/".join((*key, name)), "_".join((*key, name))]
        options = [f / f"{s}{e}" for f in folders for s in stems for e in (".txt", ".xml")]
        file = next((file for file in options if file.is_file()), None)
        found = file or found
        objects = file and (read_text(file) if file.suffix == ".txt" else read_xml(file))
        frames.append(file and [(label, box, None) for label, box in objects])
    if found is None:
        raise FileNotFoundError(f"no annotations*/{key[0]}/{key[1]} (.vbb, or I*.txt, or I*.xml) in {root}")
    return frames, found.parent


def _tracks(names, frames, max_gap):
    """Boxes (N, 4) of each person; frames: N lists of (identity or None, box), or None where no annotation file is."""
    known = [i for i, frame in enumerate(frames) if frame is not None]
    if any(who is not None for i in known for who, _ in frames[i]):
        return list(by_identity([frame or [] for frame in frames]).values())
    jumps = np.diff([int(names[i][1:]) for i in known]) > MAX_STEP  # nobody is followed over these
    tracks = []
    for run in np.split(np.array(known), np.flatnonzero(jumps) + 1):
        for part in link([[box for _, box in frames[i]] for i in run], max_gap=max_gap):
            boxes = np.full((len(names), 4), np.nan)
            boxes[run] = part
            tracks.append(boxes)
    return tracks


def _read(root, key, files, single, labels, min_length, max_gap):
    names, paths = list(files), list(files.values())
    objects, where = _objects(root, key, names)
    shape = ImageFrames(paths[:1]).shape
    for name, frame in zip(names, objects):
        for _, box, _ in frame or []:
            checked(box, shape, f"{where}, {name}")
    kept = [frame and [(who, box) for label, box, who in frame if not labels or label in labels] for frame in objects]
    others = Counter(label for frame in objects for label, _, _ in frame or () if labels and label not in labels)
    bare = [name for name, frame in zip(names, objects) if frame is None]
    notes = numbering_note(names)
    left = ", ".join(f"{count} of {label!r}" for label, count in others.most_common())
    folders = [folder.name for folder in listed(root, "annotations*") if folder.is_dir()]
    notes += (f"annotations are read from {where}; there are {', '.join(folders)}",) if len(folders) > 1 else ()
    notes += (f"boxes left out: {left}; labels= chooses, None takes all",) if left else ()
    notes += (f"{len(bare)} of {len(names)} images have no annotation file, the first: {bare[0]}",) if bare else ()
    notes += (f"{len(single)} images lack their partner of the other modality",) if single else ()
    sequences = []
    for boxes in _tracks(names, kept, max_gap):
        seen = np.flatnonzero(np.isfinite(boxes[:, 0]))
        if len(seen) >= min_length:
            part = slice(seen[0], seen[-1] + 1)
            name, images = f"{'_'.join(key)}-{len(sequences) + 1}", ImageFrames(paths[part])
            more = dict(fps=20.0, notes=notes, recording="_".join(key))
            sequences.append(Sequence(name, "kaist", images, boxes[part], **more))
    if not sequences:
        count = sum(len(frame or []) for frame in kept)
        told = "; ".join(
            (f"{len(names)} images, {count} boxes; nobody has {min_length} of them: lower min_length", *notes)
        )
        raise NothingToTrack(told, len(names), count)
    return sequences
