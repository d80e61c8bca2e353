"""Which format a file or folder is in, and how sure that is: `irtrack check PATH`."""

from importlib import import_module
from pathlib import Path

from irtrack_core.datasets import FORMATS
from irtrack_core.datasets.beside import BOX_NAMES, RECORDINGS, recordings
from irtrack_core.datasets.box_file import header
from irtrack_core.datasets.formats import signs
from irtrack_core.datasets.image_names import image_files
from irtrack_core.datasets.names import listed
from irtrack_core.datasets.text import text_rows

# name -> (certainty, what is looked for, why) of the sets that have a reader of their own
SETS = {
    "svanstrom": (
        0.95,
        [p + "IR_*.mp4" for p in ("", "videos/", "Data/Video_IR/", "svanstrom_ir/videos/")],
        "IR_*.mp4",
    ),
    "hui": (
        0.9,
        ("data*/*.bmp", "hui_dimsmall/data*/*.bmp", "groundtruth_daub.txt"),
        "data1, data2, ... of .bmp images",
    ),
    "kaist": (0.95, ("images/set*", "kaist*/images/set*"), "images of set00 ... set11"),
    "otcbvs": (0.95, ("groundTruth.txt", "*/groundTruth.txt"), "groundTruth.txt"),
    "cptv": (0.95, ("*.cptv", "cptv/*.cptv"), "*.cptv"),
}


def detect(path):
    """[(name, certainty, why)] of the formats that a file or folder may be in, the surest first; [] for none.

    certainty: 0 to 1; name: as `datasets.load` takes it. Raises FileNotFoundError when it is not there.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no such file or folder: {path}")
    found = [(name, sure, why) for name, (sure, patterns, why) in SETS.items() if _any(path, patterns)]
    for module, names in FORMATS.items():
        try:
            sign = getattr(signs, module, None) or import_module(f"irtrack_core.datasets.formats.{module}").detect
            answer = sign(path)
        except (OSError, ValueError):  # what cannot be read as this format is not in it
            answer = None
        found += [(names[0], *answer)] if answer else []
    found += [("folder", *answer)] if (answer := _folder(path)) else []
    return sorted(found, key=lambda one: -one[1])


def _any(path, patterns):
    """Whether one of the patterns is there below a folder, or is the file's own name."""
    if path.is_file():
        return any(path.match(pattern) for pattern in patterns)
    return any(listed(path, pattern) for pattern in patterns)


def _folder(path):
    """(certainty, why) of our own: a video or images with a box file, or folders of such."""
    for one in recordings(path)[:50]:
        video = one.is_file() and one.suffix.lower() in (*RECORDINGS, ".tif", ".tiff")
        if not video and not image_files(one):
            continue
        names = [one / name for name in BOX_NAMES if "groundtruth_rect" not in name] if one.is_dir() else []
        stem = one.name if one.is_dir() else one.stem
        for file in (*names, one.parent / f"{stem}.csv", one.parent / f"{stem}.txt"):
            if file.is_file():
                return (0.7 if _headed(file) else 0.5), f"{file.name} with a box a row"
    return None


def _headed(file):
    """Whether a box file says by its first line what its columns are."""
    first = next((fields for _, fields in text_rows(file) if fields), [])
    try:
        return header(first, str(file)) is not None
    except ValueError:
        return False


def certainty(value):
    """How sure a number from 0 to 1 is, in a word."""
    return "sure" if value >= 0.85 else "likely" if value >= 0.5 else "a guess"
