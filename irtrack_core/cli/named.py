"""Trackers and sets as the words of a command name them: `siamese`, `my.safetensors`, `paper=w.safetensors`; `got10k=FOLDER`.

What can be said of a word at once is said before anything is loaded.
"""

import os
from pathlib import Path

WEIGHTS = ".safetensors"


def tracker_words(texts):
    """{label: (tracker's name, weights or None)} of texts such as "peak,my.safetensors", each checked as far as it goes.

    Weights are called by their file's name; weights alone are those of `siamese`. Raises ValueError for an unknown tracker,
    one that takes no weights, or two of one label, FileNotFoundError for weights that are not there.
    """
    found = {}
    for word in (part.strip() for text in texts for part in text.split(",")):
        name, equals, file = word.partition("=")
        if not equals and name.endswith(WEIGHTS):
            name, file = "siamese", word
        label = Path(file).stem if file else name
        if label in found:
            raise ValueError(
                f"two trackers are called {label!r}: name each once (weights are called by their file's name)"
            )
        _check(name, Path(file) if file else None)
        found[label] = (name, Path(file) if file else None)
    return found


def _check(name, weights):
    from types import SimpleNamespace

    from irtrack_core.cli.arguments import check_network

    check_network(SimpleNamespace(tracker=name, weights=weights, backend=None, precision=None))


def set_words(texts):
    """[(reader's name or None, path or None)] of texts: a set's name, a path, or NAME=PATH. None as name: to be found out.

    Raises ValueError for a name that is neither a set nor a file, FileNotFoundError for a path that is not there.
    """
    from irtrack_core.datasets import GENERATED, REGISTRY

    found = []
    for text in texts:
        name, equals, path = text.partition("=")
        known = name in REGISTRY or name in GENERATED
        if equals and known:
            if name in GENERATED:
                raise ValueError(f"{name} is simulated: it has no path")
            if not os.path.exists(os.path.expanduser(path)):
                raise FileNotFoundError(f"no such file or folder: {path}")
            found.append((name, Path(os.path.expanduser(path))))
        elif known:
            found.append((name, None))
        elif os.path.exists(os.path.expanduser(text)):
            found.append((None, Path(os.path.expanduser(text))))
        else:
            raise FileNotFoundError(
                f"{text!r} is neither a file or folder nor the name of a set (irtrack check x lists all)"
            )
    return found


def load_sets(words, options):
    """The sequences of `set_words`; notes of the readers are told. options: of the readers, a dict.

    Raises ValueError where a reader lacks an option, or two sequences cannot be told apart.
    """
    import sys

    from irtrack_core.cli.detected import detected
    from irtrack_core.datasets import load

    sequences, seen = [], {}
    for name, path in words:
        name = name or detected(path)
        try:
            new = load(name, path, **options)
        except TypeError as error:
            if "unexpected keyword argument" not in str(error):
                raise
            raise ValueError(f"the reader of {name!r} has no option {str(error).split()[-1]}") from error
        for one in new:
            place = str(path or name)
            if (one.dataset, one.name) in seen:
                other = seen[one.dataset, one.name]
                raise ValueError(
                    f"{place} and {other} both have a sequence {one.dataset}/{one.name}: evaluate them apart"
                )
            seen[one.dataset, one.name] = place
            for note in one.notes:
                print(f"irtrack: {one.dataset}/{one.name}: {note}", file=sys.stderr)
        sequences += new
    return sequences
