"""How label files of objects are recognised: path -> (certainty, why), None or OSError, ValueError, by the reader's name."""

from irtrack_core.datasets.formats.cvat import annotations
from irtrack_core.datasets.formats.json_file import read_json
from irtrack_core.datasets.formats.labelstudio import regions
from irtrack_core.datasets.formats.objects import one_file
from irtrack_core.datasets.formats.voc import label_folders
from irtrack_core.datasets.formats.yolo import label_folder
from irtrack_core.datasets.names import folders_in, listed
from irtrack_core.datasets.text import text_rows


def mot(root):
    """(certainty, why) when `root` looks like MOT, else None."""
    if (root / "gt/gt.txt").is_file() or listed(root, "*/gt/gt.txt"):
        return 0.95, "gt/gt.txt"
    if root.is_file() and root.suffix in (".txt", ".csv"):
        widths = {len(fields) for _, fields in text_rows(root)[:50] if fields}
        if len(widths) == 1 and widths <= {9, 10}:
            return 0.6, f"rows of {widths.pop()} values"
    return None


def coco(root):
    """(certainty, why) when `root` looks like COCO, else None."""
    content = read_json(one_file(root, "*.json", "annotations/*.json"))
    found = isinstance(content, dict) and {"images", "annotations"} <= set(content)
    return (0.95, "a .json with images and annotations") if found else None


def yolo(root):
    """(certainty, why) when `root` looks like YOLO, else None."""
    for folder in [root, *folders_in(root)[:20]]:
        place = label_folder(folder)
        rows = [r for file in listed(place, "*.txt")[:20] for r in text_rows(file)] if place else []
        if (rows := [fields for _, fields in rows if fields]) and all(map(_shares, rows)):
            return (0.9 if place.name == "labels" else 0.6), "a .txt an image, five or six numbers a row"
    return None


def cvat(root):
    """(certainty, why) when `root` looks like CVAT for video, else None."""
    for _, file in annotations(root) if root.is_dir() or root.suffix == ".xml" else ():
        content = file.read_bytes()
        return (0.95, "<annotations> with <track>") if b"<annotations" in content and b"<track" in content else None
    return None


def labelstudio(root):
    """(certainty, why) when `root` looks like Label Studio's, else None."""
    content = read_json(one_file(root, "*.json"))
    found = isinstance(content, (list, dict)) and next(regions(content), None)
    return (0.95, "a .json with a sequence of key frames") if found else None


def darklabel(root):
    """(certainty, why) when `root` looks like DarkLabel's, else None."""
    files = [root] if root.is_file() else listed(root, "*.txt")
    rows = [f for _, f in text_rows(files[0])[:50] if f] if len(files) == 1 and files[0].suffix == ".txt" else []
    found = rows and all(len(f) == 7 and not f[1].replace(".", "").isdecimal() and f[2].isdecimal() for f in rows)
    return (0.6, "rows of frame, class, id and four numbers") if found else None


def voc(root):
    """(certainty, why) when `root` looks like Pascal VOC, else None."""
    inner = [root, *folders_in(root)[:20]]
    xml = next((pair[1] for folder in inner for pair in label_folders(folder)), None)
    first = next(iter(listed(xml, "*.xml")), None) if xml else None
    found = first is not None and b"<annotation>" in first.read_bytes()[:2000]
    return (0.9, "an .xml with <annotation> an image") if found else None


def _shares(fields):
    """Whether a row may be YOLO's: a whole number, four shares, perhaps one number more."""
    try:
        row = [float(field) for field in fields]
    except ValueError:
        return False
    return len(row) in (5, 6) and row[0] % 1 == 0 and all(0 <= value <= 1 for value in row[1:5])
