"""Trackers by name: `create("peak")`. A tracker has `init(frame, box)`, `update(frame) -> box` and `score`."""

from importlib import import_module

from irtrack_core.optional import need

BASE = ("IdentityTracker", "Tracker", "to_gray")  # of `base`, which loads OpenCV: the names alone are had without it

__all__ = ["Tracker", "IdentityTracker", "to_gray", "REGISTRY", "register", "create", "available"]

# name -> callable(**options), or "module:callable", imported when first used: a tracker loads what it needs and nothing else
REGISTRY = {
    "identity": "irtrack_core.trackers.base:IdentityTracker",
    "peak": "irtrack_core.trackers.peak:PeakTracker",
    "peak-blur": "irtrack_core.trackers.peak:create_blurred",
    "peak-motion": "irtrack_core.trackers.peak:create_motion",
    "siamese": "irtrack_core.trackers.shipped:create_siamese",
    "motion": "irtrack_core.trackers.shipped:create_motion",
    "deforming": "irtrack_core.trackers.deforming:create_deforming",
    "paper": "irtrack_core.trackers.shipped:create_paper",
    "pyramid": "irtrack_core.trackers.pyramid:create_pyramid",
    "csrt": "irtrack_core.trackers.opencv:create_csrt",
    "kcf": "irtrack_core.trackers.opencv:create_kcf",
    "mil": "irtrack_core.trackers.opencv:create_mil",
    "nanotrack": "irtrack_core.trackers.opencv:create_nanotrack",
    "vittrack": "irtrack_core.trackers.opencv:create_vit",
    "dasiamrpn": "irtrack_core.trackers.opencv:create_dasiamrpn",
    "lighttrack": "irtrack_core.trackers.lighttrack:LightTracker",
    "ref4": "irtrack_core.experiments.compared.gated:GatedTracker",
    "ref8": "irtrack_core.experiments.compared.tracker:create_ref8",
    "ref9": "irtrack_core.experiments.compared.tracker:create_ref9",
    "ref10": "irtrack_core.experiments.compared.tracker:create_ref10",
    "ref11": "irtrack_core.experiments.compared.tracker:create_ref11",
    "ref12": "irtrack_core.experiments.compared.kcf:WeightedKCF",
    "ref12-filtered": "irtrack_core.experiments.compared.kcf:create_filtered",
    "ref14": "irtrack_core.experiments.compared.tracker:create_ref14",
    "ref15": "irtrack_core.experiments.compared.tracker:create_ref15",
    "ref16": "irtrack_core.experiments.compared.tracker:create_ref16",
}

# modules that import torch: a missing one is then named with its extra
NEED_TORCH = ("irtrack_core.trackers.pyramid", "irtrack_core.experiments.compared.tracker")


def __getattr__(name):
    if name not in BASE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".base", __name__), name)


def register(name, factory):
    """Make `factory(**options) -> Tracker` known as `name`. Raises ValueError when the name is taken by another."""
    if REGISTRY.get(name, factory) is not factory:
        raise ValueError(f"tracker name {name!r} is taken: choose another")
    REGISTRY[name] = factory


def available():
    """Names that `create` takes, sorted."""
    return sorted(REGISTRY)


def check(name):
    """Raises ValueError for the name of no tracker."""
    if name not in REGISTRY:
        raise ValueError(f"unknown tracker {name!r}: use one of {', '.join(available())}, or register your own")


def create(name, /, **options):
    """A new tracker. Raises ValueError for an unknown name; options go to the tracker's constructor."""
    check(name)
    factory = REGISTRY[name]
    if isinstance(factory, str):
        module, attribute = factory.split(":")
        if module in NEED_TORCH:
            need("torch", "train")
        factory = getattr(import_module(module), attribute)
    return factory(**options)
