"""Peers that run from files of their own: which files each takes, and how a command names them."""

from pathlib import Path

# in the order in which a command names them: the options of `trackers.create`
FILES = {
    "nanotrack": ("backbone", "head"),
    "vittrack": ("net",),
    "dasiamrpn": ("model", "kernel_r1", "kernel_cls1"),
    "lighttrack": ("template", "search"),
}
HELP = "a peer and its ONNX files: " + ", ".join(
    " ".join([name, *map(str.upper, keys)]) for name, keys in FILES.items()
)


def files_of(words):
    """{name: {option: path}} of lists such as ["nanotrack", "backbone.onnx", "head.onnx"], each a peer and its files.

    Raises ValueError for another name, another number of files, or a peer named twice, FileNotFoundError for a file that is
    not there.
    """
    found = {}
    for name, *paths in words:
        if name not in FILES:
            raise ValueError(f"{name!r} is no peer that runs from files: use one of {', '.join(FILES)}")
        keys = FILES[name]
        if len(paths) != len(keys):
            raise ValueError(f"{name} runs from {len(keys)} files, {' '.join(keys)} in this order; got {len(paths)}")
        if name in found:
            raise ValueError(f"{name} is named twice: give its files once")
        found[name] = dict(zip(keys, map(Path, paths)))
        for path in found[name].values():
            if not path.is_file():
                raise FileNotFoundError(f"no weights of {name} at {path}")
    return found
