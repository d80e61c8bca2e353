"""Packages that only some installs have: imported when first used, and named with their extra where they are missing."""

from importlib import import_module


def need(name, extra):
    """The module `name`. Raises ModuleNotFoundError that says which extra brings it, where its package is missing.

    >>> need("math", "evaluation").pi > 3
    True
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        package = name.split(".")[0]
        if error.name and error.name.split(".")[0] != package:  # it is there, and lacks something itself
            raise
        raise ModuleNotFoundError(
            f"{package} is not installed, which this needs: pip install 'irtrack-core[{extra}]'", name=error.name
        ) from error


def interrupted(error):
    """The KeyboardInterrupt behind an error, or None.

    A compiled module that is stopped while it is imported says no more than ImportError("initialization failed").
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


class Lazy:
    """A stand-in for the module `name` that `need` imports at the first use of one of its attributes."""

    def __init__(self, name, extra):
        self._name, self._extra = name, extra

    def __getattr__(self, attribute):
        return getattr(need(self._name, self._extra), attribute)
