"""Datasets by name: `load("sim-aircraft")`, `load("svanstrom")`, `load("folder", root="my_video.mp4")`.

A dataset is a function `(root, **options) -> list[Sequence]`; `register` adds one. Readers are imported when first
used. Real data are looked for in the folder that the environment variable IRTRACK_DATA names.
"""

import os
from importlib import import_module
from pathlib import Path

from irtrack_core.datasets.options import SIMULATION, check_options

# name -> the module of this package that has it; these load OpenCV: the names of the sets are had without it
LAZY = {name: "frames" for name in ("ArrayFrames", "FrameError", "FunctionFrames", "ImageFrames")}
LAZY |= {name: "sequence" for name in ("NothingToTrack", "Sequence", "in_memory", "subsample")}
LAZY |= {name: "video" for name in ("VideoFrames", "open_video")}

__all__ = [
    "Sequence",
    "in_memory",
    "subsample",
    "ArrayFrames",
    "FunctionFrames",
    "ImageFrames",
    "VideoFrames",
    "open_video",
    "FrameError",
    "NothingToTrack",
    "REGISTRY",
    "SIMULATED",
    "GENERATED",
    "register",
    "available",
    "load",
    "items",
    "data_root",
]

SIMULATED = (
    "sim-aircraft",
    "sim-pedestrian",
    "sim-otcbvs",
)  # in the manner of the paper's: the experiments run on them
GENERATED = (*SIMULATED, "sim-events", "sim-deforming")  # all that are made from a seed
# module of `formats` -> the names that it reads
FORMATS = {
    "otb": ("otb", "ptb-tir", "lsotb-tir"),
    "got10k": ("got10k",),
    "lasot": ("lasot",),
    "trackingnet": ("trackingnet",),
    "uav123": ("uav123",),
    "vot": ("vot", "vot-tir"),
    "antiuav": ("anti-uav",),
    "rgbt": ("rgbt234", "lasher", "gtot", "vtuav"),
    "mot": ("mot",),
    "coco": ("coco",),
    "yolo": ("yolo",),
    "cvat": ("cvat",),
    "labelstudio": ("label-studio",),
    "darklabel": ("darklabel",),
    "voc": ("voc",),
    "masks": ("irdst", "nudt-mirsdt"),
}
# name -> function, or the name of a module of this package whose `items` is the reader: imported when first used
REGISTRY = {name: name for name in ("cptv", "folder", "hui", "kaist", "otcbvs", "svanstrom")}
REGISTRY |= {name: f"formats.{module}" for module, names in FORMATS.items() for name in names}


def __getattr__(name):
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{LAZY[name]}", __name__), name)


def register(name, reader=None):
    """Make `reader(root, **options) -> list[Sequence]` known as `name`; also a decorator: `@register("mine")`.

    Raises ValueError when the name is taken by another reader.
    """

    def add(function):
        if name in GENERATED or REGISTRY.get(name, function) is not function:
            raise ValueError(f"dataset name {name!r} is taken: choose another")
        REGISTRY[name] = function
        return function

    return add if reader is None else add(reader)


def available():
    """Names that `load` takes, sorted."""
    return sorted((*GENERATED, *REGISTRY))


def data_root():
    """The folder that IRTRACK_DATA names, or None when it is not set. Raises FileNotFoundError when it is missing."""
    value = os.environ.get("IRTRACK_DATA", "").strip()
    if not value:
        return None
    root = Path(os.path.expanduser(value))
    if not root.is_dir():
        raise FileNotFoundError(
            f"IRTRACK_DATA names {value!r}, which is not a folder (seen from {Path.cwd()}): correct it, or unset it"
        )
    return root.resolve()


def load(name, root=None, **options):
    """Sequences of the dataset `name`; frames stay on disk until they are read.

    root: the dataset's folder or file; None: the folder that IRTRACK_DATA names. Simulated sets take no root, but
    frames=, sequences= (sim-events: events=; sim-deforming: also changes=, deformed=) and seed=; the options of the others
    stand in their modules, at `items`.
    Raises ValueError for an unknown name or where no target can be tracked, FileNotFoundError when there are no data.
    """
    if name in GENERATED:
        if root is not None:
            raise ValueError(f"{name} is simulated: it takes no root")
        check_options(options, SIMULATION)
        if name == "sim-events":
            return import_module(".events", __name__).event_set(**options)
        if name == "sim-deforming":
            return import_module(".shape_changes", __name__).deforming_set(**options)
        return import_module(".synthetic", __name__).simulated_set(name, **options)
    if callable(_reader(name)):
        return _reader(name)(_root(name, root), **options)
    from irtrack_core.datasets.sequence import NothingToTrack

    sequences, nothing = [], None
    for _, read in items(name, root, **options):
        try:
            sequences += read()
        except NothingToTrack as error:
            nothing = error
    if not sequences:
        raise nothing
    return sequences


def items(name, root=None, **options):
    """[(name, read)] of what `load` would load, so that one bad sequence does not hide the others.

    read() -> the sequences of one recording, one a target. A registered function is read at once, and its sequences are
    the items. Errors as for `load`.
    """
    if name not in GENERATED and not callable(_reader(name)):
        check_options(options)
        if name in (names := FORMATS.get(_reader(name).removeprefix("formats."), ())) and len(names) > 1:
            options = {"dataset": name, **options}
        return import_module("." + _reader(name), __name__).items(_root(name, root), **options)
    return [(sequence.name, lambda sequence=sequence: [sequence]) for sequence in load(name, root, **options)]


def _reader(name):
    """The function registered as `name`, or the name of a module. Raises ValueError for an unknown name."""
    if name not in REGISTRY:
        raise ValueError(f"unknown dataset {name!r}: use one of {', '.join(available())}, or register your own")
    return REGISTRY[name]


def _root(name, root):
    """The folder or file to read, checked to be there; by default the one that IRTRACK_DATA names."""
    root = data_root() if root is None else Path(os.path.expanduser(root))
    if root is None:
        raise FileNotFoundError(
            f"dataset {name!r} needs real data: set IRTRACK_DATA to the folder that has them, or give root="
            " (data/README.md tells where to get them)"
        )
    if not root.exists():
        raise FileNotFoundError(f"no such file or folder: {root}")
    return root
