"""Where the files of KAIST lie: images of both modalities, and the annotation of each."""

import re
from pathlib import Path

from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.kaist_labels import read_text, read_vbb, read_xml
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.pictures import IMAGE_SUFFIXES

MODALITIES = ("lwir", "visible")
KEY = re.compile(r"(set\d\d)[/_\\](V\d\d\d)[/_\\](?:(lwir|visible)[/\\])?(I\d{5})(?:_(lwir|visible))?$")


def images(root):
    """{modality: {(set, video): {frame: file}}}, sorted."""
    found = {modality: {} for modality in MODALITIES}
    for file in listed(root / "images", "**/*"):
        match = file.suffix.lower() in IMAGE_SUFFIXES and KEY.search(file.with_suffix("").as_posix())
        if match and (match[3] or match[5]):
            found[match[3] or match[5]].setdefault((match[1], match[2]), {})[match[4]] = file
    return found


def pair(sequence):
    """Frames of the other modality, image by image: visible for an LWIR sequence and the other way round."""
    swap = {"lwir": "visible", "visible": "lwir"}
    files = [
        Path(re.sub(r"(lwir|visible)(?=[^a-z]*(?:I\d{5})?[^/\\]*$)", lambda m: swap[m[1]], str(f)))
        for f in sequence.frames.files
    ]
    return ImageFrames(files)


def annotations(root, key, names):
    """(frames of (label, box, identity or None), or None without a file; where they are from; notes on other places)."""
    folders = listed(root, "annotations*")
    others = [folder.name for folder in folders if folder.is_dir()]
    for folder in folders:
        vbb = folder / key[0] / f"{key[1]}.vbb"
        if vbb.is_file():
            frames = read_vbb(vbb)
            last = int(names[-1][1:])
            if last >= len(frames):
                raise ValueError(f"{vbb} has {len(frames)} frames, but there is an image {names[-1]}")
            return [frames[int(name[1:])] for name in names], vbb, _told(vbb, others)
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
    return frames, found.parent, _told(found.parent, others)


def _told(place, folders):
    return (f"annotations are read from {place}; there are {', '.join(folders)}",) if len(folders) > 1 else ()
