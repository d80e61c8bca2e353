"""Trackers by name: `create("peak")`. A tracker has `init(frame, box)`, `update(frame) -> box` and `score`."""

from importlib import import_module

from .base import IdentityTracker, Tracker, to_gray

__all__ = ["Tracker", "IdentityTracker", "to_gray", "REGISTRY", "register", "create", "available"]

# name -> callable(**options), or "module:callable" in this package, imported when first used (torch is slow to import)
REGISTRY = {
    "identity": IdentityTracker,
    "peak": "peak:PeakTracker",
    "siamese": "siamese:create_siamese",
    "paper": "siamese:create_paper",
    "pyramid": "siamese_pyramid:create_pyramid",
    "csrt": "opencv:create_csrt",
    "kcf": "opencv:create_kcf",
    "mil": "opencv:create_mil",
    "nanotrack": "opencv:create_nanotrack",
    "ref8": "compared:create_ref8",
    "ref9": "compared:create_ref9",
    "ref10": "compared:create_ref10",
    "ref11": "compared:create_ref11",
}


def register(name, factory):
    """Make `factory(**options) -> Tracker` known as `name`. Raises ValueError when the name is taken by another."""
    if REGISTRY.get(name, factory) is not factory:
        raise ValueError(f"tracker name {name!r} is taken: choose another")
    REGISTRY[name] = factory


def available():
    """Names that `create` takes, sorted."""
    return sorted(REGISTRY)


def create(name, /, **options):
    """A new tracker. Raises ValueError for an unknown name; options go to the tracker's constructor."""
    if name not in REGISTRY:
        raise ValueError(f"unknown tracker {name!r}: use one of {', '.join(available())}, or register your own")
    factory = REGISTRY[name]
    if isinstance(factory, str):
        module, attribute = factory.split(":")
        factory = getattr(import_module("." + module, __name__), attribute)
    return factory(**options)
