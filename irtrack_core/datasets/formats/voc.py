"""Pascal VOC XML, one an image, as LabelImg, DarkLabel, ImageNet VID and LSOTB-TIR's training part write it.

| | |
|---|---|
| files | Annotations/NAME.xml and JPEGImages/NAME.jpg, or both in one folder; VID: Annotations/SEQ, Data/SEQ |
| box | <object><name/><trackid/><bndbox><xmin/><ymin/><xmax/><ymax/></bndbox></object> |
| pixels | edges from 0, w = xmax - xmin (LabelImg, VID); VOC's own count from 1 and include xmax: first_pixel=1 |
| frames | the images in natural order |
| absent | no file, no <object> |
| several targets | by trackid or id; without it linked by overlap |
| source | VOC2012 devkit; ILSVRC2015 VID; first pixel provisional, since files do not say it: at most 1 px |
"""

from functools import partial

import numpy as np

from irtrack_core.boxes import from_xyxy
from irtrack_core.datasets.formats import objects
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.image_names import image_files
from irtrack_core.datasets.names import folders_in, listed
from irtrack_core.datasets.suspicions import size_hint

CORNERS = ("xmin", "ymin", "xmax", "ymax")
PAIRS = (("Annotations", "JPEGImages"), ("annotations", "images"), ("Annotations", "Data"), ("anno", "img"), (".", "."))


def items(root, *, track=None, labels=None, first_pixel=0, fps=None, dataset="voc"):
    """The sequence of a folder, or those of its folders: [(name, read)], one Sequence an object.

    track: this identity alone; labels: names to keep; first_pixel: 1 for files of the VOC challenge, which count from 1
    and include the last pixel. Raises FileNotFoundError, ValueError that names the file and object.
    """
    options, folders = (track, objects.chosen(labels), first_pixel, fps, dataset), objects.inner(root, label_folders)
    if not folders:
        raise FileNotFoundError(f"no .xml files with images of their names in {root}")
    return [(name, partial(_read, name, *pair, *options)) for _, found in folders for name, *pair in found]


def label_folders(root):
    """[(name, folder of .xml, folder of images)] at `root`, or of its sequences below Annotations and Data."""
    for one, two in PAIRS:
        xml, images = root / one, root / two
        if not (xml.is_dir() and images.is_dir()):
            continue
        if listed(xml, "*.xml") and image_files(images):
            return [(root.resolve().name, xml, images)]
        below = [p for p in folders_in(xml) if listed(p, "*.xml") and (images / p.name).is_dir()] if one != "." else []
        if below:
            return [(p.name, p, images / p.name) for p in below]
    return []


def _read(name, xml, images, track, labels, first_pixel, fps, dataset):
    if not (files := image_files(images)):
        raise FileNotFoundError(f"no images in {images}")
    notes, lists = objects.stray_labels(listed(xml, "*.xml"), {file.stem for file in files}, xml), []
    for file in files:
        label = xml / f"{file.stem}.xml"
        lists.append(_objects(label, labels, first_pixel) if label.is_file() else [])
    frames, first = ImageFrames(files), objects.read_xml_file(listed(xml, "*.xml")[0])
    notes += size_hint((first.findtext("size/width"), first.findtext("size/height")), frames.shape)
    more = dict(notes=notes, track=track, fps=fps, name=name)
    return objects.sequences(xml, dataset, frames, objects.tracks_of(lists, xml), **more)


def _objects(file, labels, first_pixel):
    """[(identity or None, box)] of a file."""
    root, found = objects.read_xml_file(file), []
    if root.tag != "annotation":
        raise ValueError(f"{file} begins with <{root.tag}>: Pascal VOC's begin with <annotation>")
    for number, one in enumerate(root.iter("object"), start=1):
        if labels is not None and one.findtext("name", "").strip() not in labels:
            continue
        corners = [one.findtext(f"bndbox/{key}") for key in CORNERS]
        corners = objects.floats(corners, f"{file}, object {number}", "xmin, ymin, xmax, ymax of bndbox")
        who = next((one.findtext(key) for key in ("trackid", "id") if one.findtext(key)), None)
        found.append((who, from_xyxy(corners - np.array([first_pixel, first_pixel, 0, 0]))))
    return found
