"""The words of the command line and what can be said of them at once: nothing here imports more than Python itself.

A wrong word is answered before NumPy, OpenCV or a network are loaded.
"""

import argparse
import ast
import os
from pathlib import Path

from irtrack_core.cli import compare, convert, doctor, evaluate, export_onnx, train, trax

WITH_NET = (
    "siamese",
    "motion",
    "paper",
    "pyramid",
    "ref8",
    "ref9",
    "ref10",
    "ref11",
    "ref14",
    "ref15",
    "ref16",
)  # trackers that take weights
WITH_BACKEND = ("siamese", "motion", "paper")  # trackers that take a backend
ROWS = b"frame,x,y,w,h,score", b"frame,id,x,y,w,h,score,lost"  # what a file of our boxes begins with
VIDEOS = (".mp4", ".avi")  # endings of a video that is written
IMAGES = (".bmp", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pgm")


def parser(run_track, run_check, run_fetch):
    """The parser of `irtrack`; each command calls the function that is given for it."""
    whole = argparse.ArgumentParser(prog="irtrack", description="Track small targets in infrared sequences.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    _add_track(commands).set_defaults(command=run_track)

    two = commands.add_parser("check", help="say what a dataset holds and what is wrong with it")
    two.add_argument(
        "dataset", help="svanstrom, otb, ... (an unknown name lists all), or the path alone: it is found out"
    )
    two.add_argument("path", type=Path, nargs="?", help="its folder or file; default: what IRTRACK_DATA names")
    two.add_argument("--quick", action="store_true", help="do not read every frame")
    two.add_argument(
        "--option", action="append", default=[], type=option, metavar="NAME=VALUE",
        help="an option of the dataset's reader, e.g. min_length=1, split=train; may be repeated",
    )  # fmt: skip
    two.set_defaults(command=run_check)

    convert.add_parser(commands, option)
    evaluate.add_parser(commands, option)
    compare.add_parser(commands)
    export_onnx.add_parser(commands)
    train.add_parser(commands, option)
    trax.add_parser(commands)
    doctor.add_parser(commands)

    three = commands.add_parser("fetch", help="download a set of real sequences, or say how to get it")
    three.add_argument("dataset", help="svanstrom, hui, kaist, ...")
    three.add_argument("--to", type=Path, metavar="FOLDER", help="default: what IRTRACK_DATA names, or data/raw")
    three.add_argument("--checksum", metavar="sha256:HEX", help="or md5:HEX; default: what the set's host publishes")
    three.add_argument("--no-checksum", action="store_true", help="take the file as it comes")
    three.add_argument("--url", help="another place to download the same file from")
    three.add_argument("--record", help="where the host publishes address and checksum; default: Zenodo's record")
    three.set_defaults(command=run_fetch)
    return whole


def _add_track(commands):
    one = commands.add_parser(
        "track",
        help="follow one target through a video, a folder of images or a .npy array",
        description="Follow one target. Without --box the filter proposes candidates in the first frame: you are asked which "
        "one where there is a terminal to ask in, else the strongest is taken. With --all every small target that moves is "
        "found and followed under a number of its own; with several --box those are.",
    )
    one.add_argument("path", type=Path, metavar="VIDEO_OR_FOLDER", help="or an array (N, H, W) in a .npy file")
    one.add_argument(
        "--box", type=_box, action="append", metavar="X,Y,W,H",
        help="the target in the first frame, pixels; for several targets give several",
    )  # fmt: skip
    one.add_argument("--all", action="store_true", help="find all small targets that move, beside those given by --box")
    one.add_argument(
        "--polarity", choices=("bright", "dark", "both"),
        help="with several targets: are they brighter or darker than their surroundings? default: bright",
    )  # fmt: skip
    one.add_argument(
        "--mot", type=Path, metavar="FILE", help="with several targets: the boxes as MOT Challenge rows, too"
    )
    one.add_argument("--pick", type=int, metavar="K", help="without --box: take candidate K, 1 is the strongest")
    one.add_argument("--list", action="store_true", help="print the candidates as CSV (rank,x,y,w,h,strength) and stop")
    one.add_argument("--start", type=int, default=0, metavar="N", help="first frame to track, counted from 0")
    one.add_argument("--tracker", help="default: motion; with --weights, which know nothing of time: siamese")
    one.add_argument("--weights", type=Path, metavar="FILE", help="of the network; default: those that are shipped")
    one.add_argument("--backend", help="auto (default), onnxruntime, openvino, opencv or torch: what runs the network")
    one.add_argument("--precision", help="f32 (default), bf16 or int8, where the backend has it")
    one.add_argument("--csv", type=Path, help="boxes, one row a frame; default: NAME_TRACKER.csv in this folder")
    one.add_argument("--out", type=Path, metavar="VIDEO", help="video (.mp4, .avi) with the box drawn, grey while lost")
    one.add_argument(
        "--sure", action="store_true",
        help="how sure the place is: ellipses of 68 and 95 %% in --out, and columns sx,sy,sw,sh,r68,r95 (px) in --csv",
    )  # fmt: skip
    return one


def exit_code(stop):
    """The exit code of a command that a KeyboardInterrupt stopped: 128 and the number of the signal, 2 for Ctrl-C."""
    return 128 + (stop.args[0] if stop.args else 2)


def joined(words):
    """The words, with `--box -3,5,8,8` as one: a box may begin outside the frame, and argparse takes -3 for an option."""
    words = list(words)
    while "--box" in words[:-1]:
        place = words.index("--box")
        words[place : place + 2] = [f"--box={words[place + 1]}"]
    return words


def _box(text):
    try:
        box = [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        box = []
    if len(box) != 4:
        raise argparse.ArgumentTypeError(f"{text!r} is not a box: give four numbers x,y,w,h in pixels")
    return box


def option(text):
    """(name, value) of NAME=VALUE; the value is Python's where it can be."""
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):  # plain words are strings
        return name, value


def check_track(arguments):
    """Raises ValueError or OSError for arguments of `track` that cannot be right, whatever the frames hold.

    Sets arguments.tracker and arguments.csv where they are not given.
    """
    path, several = arguments.path, arguments.all or len(arguments.box or ()) > 1
    if several:
        _check_several(arguments)
    elif word := "--mot" if arguments.mot else "--polarity" if arguments.polarity else None:
        raise ValueError(f"{word} is about several targets: add --all, or a --box for each")
    arguments.tracker = "multi" if several else _tracker(arguments)
    if not path.exists():
        kinds = {".npy": "array", ".hcc": "recording", ".cptv": "recording"} | dict.fromkeys(IMAGES, "image")
        kind = kinds.get(path.suffix.lower(), "video")
        raise FileNotFoundError(f"no {kind} {path}")
    if arguments.box is not None and (arguments.list or arguments.pick is not None):
        raise ValueError("--list and --pick are about the filter's candidates: leave --box out")
    if not arguments.list and not several:
        check_network(arguments)
        _check_sure(arguments)
    _check_frames(path, arguments.start)
    _check_files(arguments)


def _check_frames(path, start):
    """Raises ValueError for a first frame that a folder of images does not have, and for text in the place of a video."""
    if path.is_dir():
        names = [name for name in os.listdir(path) if name.lower().endswith(IMAGES) and not name.startswith(".")]
        if len(names) > 1 and not 0 <= start < len(names):  # one alone may have several pages
            raise ValueError(f"start frame {start}: there are {len(names)} frames (0 to {len(names) - 1})")
        return
    from irtrack_core.datasets.no_video import VIDEO_SUFFIXES, not_a_video, text_in_place

    if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file() and text_in_place(path):
        raise ValueError(not_a_video(path))


def _check_several(arguments):
    """Raises ValueError for words of `track` that are about one target alone."""
    words = {
        name: getattr(arguments, name)
        for name in ("list", "pick", "tracker", "weights", "backend", "precision", "sure")
    }
    given = [f"--{name}" for name, value in words.items() if value not in (None, False)]
    if given:
        raise ValueError(
            f"{given[0]} is about one target: leave it out, or leave out --all and all but one --box "
            "(several targets are followed by the filter and a Kalman filter each, without a network)"
        )


def _check_sure(arguments):
    """Raises ValueError for --sure with a tracker, or weights, whose errors have not been measured."""
    if not arguments.sure:
        return
    from irtrack_core.trackers.sureness import FITTED

    if arguments.tracker not in FITTED or arguments.weights:
        what = "other weights" if arguments.weights else f"the tracker {arguments.tracker!r}"
        raise ValueError(f"--sure: the errors of {what} have not been measured: use {' or '.join(FITTED)} as shipped")


def _tracker(arguments):
    """The tracker that is named, or else the one that fits the weights."""
    return arguments.tracker or ("siamese" if arguments.weights else "motion")


def check_network(arguments):
    """Raises ValueError or FileNotFoundError where --tracker, --weights, --backend and --precision do not fit together."""
    from irtrack_core import trackers
    from irtrack_core.network import SHIPPED, backends
    from irtrack_core.network.header import check_header

    arguments.tracker = _tracker(arguments)
    trackers.check(arguments.tracker)
    name, weights = arguments.tracker, arguments.weights
    for option, able in (("weights", WITH_NET), ("backend", WITH_BACKEND), ("precision", WITH_BACKEND)):
        if getattr(arguments, option) and name not in able:
            raise ValueError(f"tracker {name!r} has no {option}: only {', '.join(able)}")
    if arguments.backend or arguments.precision:
        backends.check(arguments.backend or "auto", arguments.precision or "f32")
    if weights is not None:
        check_header(weights)
    elif name in WITH_NET and not (SHIPPED / f"{name}.safetensors").is_file() and name != "siamese":
        makers = {"paper": "notebook 05", "pyramid": "notebook 14, a net with region=False"}
        maker = makers.get(name, "notebook 07")
        raise ValueError(
            f"the tracker {name!r} needs weights, and none are shipped: give --weights; {maker} trains them"
        )


def _is_anothers(path):
    """Whether a file holds anything but a tracker's boxes: the truth, say, or a video."""
    if not path.is_file() or not os.access(path, os.R_OK):
        return False
    with open(path, "rb") as file:
        begin = file.read(max(map(len, ROWS)))
    return bool(begin) and not begin.startswith(ROWS)


def _check_files(arguments):
    """What is written must have a place, and must not replace what is read."""
    path = arguments.path.resolve()
    stem = path.name if path.is_dir() else path.stem
    arguments.csv = arguments.csv or Path(f"{stem}_{arguments.tracker.replace(os.sep, '-')}.csv")
    csv, out, mot = arguments.csv, arguments.out, arguments.mot
    if out and out.suffix.lower() not in VIDEOS:
        raise ValueError(f"{out}: a video is written as .mp4 or .avi")
    if out and out.resolve() == csv.resolve():
        raise ValueError(f"--csv and --out both name {csv}: name another file for one of them")
    if mot and mot.resolve() in [file.resolve() for file in (csv, out) if file]:
        raise ValueError(f"--mot names a file that is written too: {mot}; name another one")
    for file in filter(None, (csv, out, mot)):
        place = file.resolve().parent
        if file.resolve() == path or file.is_dir() or (file == csv and _is_anothers(csv)):
            raise ValueError(f"{file} would be overwritten: name another file")
        if not place.is_dir():
            raise FileNotFoundError(f"no folder {place} to write {file.name} into")
        if not file.exists() and not os.access(place, os.W_OK):
            raise PermissionError(f"cannot write into the folder {place}: name another place for {file.name}")
