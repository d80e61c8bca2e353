"""COCO JSON of videos or of one folder of images.

| | |
|---|---|
| files | one .json: `images` (id, file_name, width, height), `annotations` (image_id, bbox, category_id), `categories` |
| box | bbox [x, y, w, h]; masks are not needed |
| pixels | from 0, edges: fractions allowed |
| frames | images of one `video_id`, by `frame_id` or `frame_index`, else by file name in natural order |
| absent | an image without annotation; `iscrowd` 1 is left out |
| several targets | by `track_id` or `instance_id`, also in `attributes` (CVAT's export); without them linked by overlap |
| source | cocodataset.org, format-data; pycocotools 2.0.11; CocoVID of mmtracking for videos |
"""

from collections import Counter
from functools import partial

from irtrack_core.datasets.formats import objects
from irtrack_core.datasets.formats.json_file import read_json
from irtrack_core.datasets.frames import ImageFrames
from irtrack_core.datasets.names import natural_key
from irtrack_core.datasets.suspicions import output_hint, size_hint

WHO = ("track_id", "instance_id")


def items(root, *, track=None, labels=None, frames=None, fps=None, dataset="coco"):
    """The sequences of a .json file, or of the one in a folder: [(name, read)], one Sequence an object.

    track: this identity alone; labels: names of the categories to keep; frames: the video or folder of images, where the
    images do not lie as file_name says. Raises FileNotFoundError, ValueError that names the file.
    """
    file = objects.one_file(root, "*.json", "annotations/*.json")
    content = read_json(file)
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list) or not isinstance(content.get("annotations"), list) or not images:
        raise ValueError(f"{file} has no lists 'images' and 'annotations': is it a COCO file?")
    if not all(isinstance(one, dict) and "id" in one and "file_name" in one for one in images):
        raise ValueError(f"{file}: every image needs an id and a file_name")
    videos = {}
    for image in images:
        videos.setdefault(image.get("video_id"), []).append(image)
    names = {one.get("id"): one.get("name") for one in content.get("videos", []) if isinstance(one, dict)}
    titles = {key: str(names.get(key) or (file.stem if len(videos) == 1 else f"{file.stem}-{key}")) for key in videos}
    options = (track, objects.chosen(labels), frames, fps, dataset)
    return [(title, partial(_read, file, content, videos[key], title, *options)) for key, title in titles.items()]


def _read(file, content, images, name, track, labels, frames, fps, dataset):
    key = next((k for k in ("frame_id", "frame_index") if all(k in image for image in images)), None)
    images = sorted(images, key=lambda image: image[key] if key else natural_key(image["file_name"]))
    found = objects.find_frames(file, frames) if frames is not None else ImageFrames(_files(file, images))
    if len(found) != len(images):
        raise ValueError(f"{file}: {len(images)} images for {len(found)} frames")
    index, lists = {image["id"]: k for k, image in enumerate(images)}, [[] for _ in images]
    if len(index) < len(images):
        raise ValueError(f"{file}: image id {Counter(i['id'] for i in images).most_common(1)[0][0]} occurs twice")
    kinds = {one.get("id"): one.get("name") for one in content.get("categories", []) if isinstance(one, dict)}
    known = {image["id"] for image in content["images"]}
    for where, one in ((f"{file}, annotation {k}", one) for k, one in enumerate(content["annotations"])):
        image, box = (one.get("image_id"), one.get("bbox")) if isinstance(one, dict) else (None, None)
        if image not in known or not isinstance(box, list) or len(box) != 4:
            raise ValueError(f"{where}: image_id {image!r} is not there, or bbox {box!r} is not x,y,w,h")
        wanted = labels is None or kinds.get(one.get("category_id")) in labels
        if image in index and wanted and not one.get("iscrowd"):
            attributes = {**(one.get("attributes") or {}), **one}
            who = next((attributes[k] for k in WHO if attributes.get(k) is not None), None)
            lists[index[image]].append((who, objects.floats(box, where, "the four of bbox")))
    size, tracks = (images[0].get("width"), images[0].get("height")), objects.tracks_of(lists, file)
    told = size_hint(size, found.shape) + output_hint(content["annotations"])
    return objects.sequences(file, dataset, found, tracks, name=name, notes=told, track=track, fps=fps)


def _files(file, images):
    """The image files, below the folder of the .json or the one above. Raises FileNotFoundError."""
    for folder in (file.parent, file.parent.parent):
        for place in (folder, *(folder / name for name in objects.IMAGES)):
            paths = [place / image["file_name"].replace("\\", "/") for image in images]  # as Windows writes them
            if paths[0].is_file():
                return paths
    raise FileNotFoundError(f"{file} names {images[0]['file_name']}, which is not beside it: give frames=")
