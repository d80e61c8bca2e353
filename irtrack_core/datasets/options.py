"""What the readers' options may be, told before anything is read: `load("folder", PATH, size=(6, 6))` is one clear error."""

from numbers import Integral, Real
from os import PathLike

# name of an option -> (what it is, whether a value is one); None is left to the readers, where it is a default
POSITIVE = "a number above 0", lambda value: _number(value) and 0 < value < float("inf")
NUMBER = "a number", lambda value: _number(value) and abs(value) < float("inf")
WHOLE = "a whole number, 0 or more", lambda value: _number(value) and isinstance(value, Integral) and value >= 0
PLACE = "a path", lambda value: isinstance(value, (str, PathLike))
TEXT = "a word", lambda value: isinstance(value, str)
NAME = "a name or number", lambda value: isinstance(value, (str, Integral))
NAMES = "a name or number, or a list of them", lambda value: all(map(NAME[1], _listed(value)))
READERS = {"size": POSITIVE, "fps": POSITIVE, "first_pixel": NUMBER, "boxes": PLACE, "frames": PLACE, "track": NAME}
READERS |= {"first_frame": WHOLE, "min_length": WHOLE, "max_gap": WHOLE}
READERS |= {name: NAMES for name in ("labels", "classes", "names", "sets")}
READERS |= {name: TEXT for name in ("modality", "split", "part", "columns", "dataset")}
SIMULATION = {name: WHOLE for name in ("frames", "sequences", "seed")} | {"events": NAMES}
NEVER_NONE = ("first_frame", "min_length", "max_gap", "modality", "split", "part", "dataset", "seed", "sequences")


def check_options(options, kinds=READERS):
    """Raises ValueError that names the first of the options {name: value} whose value cannot be meant."""
    for name, value in options.items():
        if name not in kinds or value is None and name not in NEVER_NONE:
            continue
        what, fits = kinds[name]
        if not fits(value):
            raise ValueError(f"{name} is {what}; got {value!r}")


def _number(value):
    return isinstance(value, Real) and not isinstance(value, bool)


def _listed(value):
    if isinstance(value, (str, Integral)):
        return [value]
    return value if isinstance(value, (list, tuple, set, frozenset)) else [None]
