"""What lies where: the recordings of a folder, and the box files that may belong to one."""

from pathlib import Path

from irtrack_core.datasets.box_file import is_result
from irtrack_core.datasets.image_names import image_files
from irtrack_core.datasets.names import in_order, listed
from irtrack_core.datasets.no_video import VIDEO_SUFFIXES
from irtrack_core.datasets.pictures import page_count

RECORDINGS = (*VIDEO_SUFFIXES, ".hcc", ".cptv", ".npy")
BOX_NAMES = ("boxes.csv", "boxes.txt", "groundtruth.txt", "groundtruth_rect.txt", "groundtruth.csv")


def recordings(root):
    """The files and folders of a file or folder `root` that hold the frames of one sequence each, in order.

    A folder of images is one sequence, unless they are TIFFs of several pages.
    """
    root, images = Path(root), image_files(root)
    if not root.is_dir() or images and (len(images) == 1 and not box_files(images[0]) or page_count(images[0]) < 2):
        return [root]
    found = listed(root)
    files = in_order(p for p in found if (p.suffix.lower() in RECORDINGS or p in images) and not p.is_dir())
    return files + in_order(p for p in found if p.is_dir() and image_files(p))


def box_files(path):
    """The box files that may belong to a video or folder of images, the likeliest first; a tracker's output is none."""
    beside = [path.with_suffix(".csv"), path.with_suffix(".txt")] if path.is_file() else []
    inside = [path / name for name in BOX_NAMES] if path.is_dir() else []
    path = path.resolve()  # "." has a name, too
    if path.is_dir():
        beside = [path.parent / f"{path.name}.csv", path.parent / f"{path.name}.txt"]
    return [file for file in inside + beside if file.is_file() and not is_result(file)]


def unread(file, others):
    """A sentence, in a tuple, on further box files, of which nobody said which is the truth."""
    return (f"{file.name} is read, and not {', '.join(other.name for other in others)}",) if others else ()


def unnamed(path):
    """What to say of the .csv files that are not taken for the truth, because nothing says that they are."""
    found = listed(path, "*.csv") if path.is_dir() else [f for f in (path.with_suffix(".csv"),) if f.is_file()]
    return f" (not taken without being named: {', '.join(file.name for file in found[:3])})" if found else ""
