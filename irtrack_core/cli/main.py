"""Command line: `irtrack track`, `irtrack check`, `irtrack fetch`, `irtrack doctor`.

Exit codes: 0 done; 1 a checked dataset cannot be used; 2 bad input, with a message on stderr; 130 stopped by Ctrl-C, and
the rows written until then are kept.
"""

import argparse
import ast
import os
import sys
from functools import partial
from pathlib import Path

from tqdm import tqdm

# a damaged file is reported once, by us, and not by the libraries too; set before OpenCV is imported
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

from irtrack_core.cli import doctor, track


def main(argv=None):
    """Run a command; returns the exit code."""
    arguments = _parser().parse_args(_joined(sys.argv[1:] if argv is None else argv))
    try:
        return arguments.command(arguments)
    except ImportError as error:
        if "libGL" in str(error) or "libgthread" in str(error) or "libglib" in str(error):
            return _fail(f"OpenCV lacks a system library ({error}); on Debian/Ubuntu: apt install libgl1 libglib2.0-0")
        more = "; or use another tracker or dataset" if isinstance(error, ModuleNotFoundError) else ""
        return _fail(f"{error}{more}")
    except (ValueError, TypeError, OSError) as error:
        return _fail(error)
    except KeyboardInterrupt:
        print("irtrack: stopped", file=sys.stderr)
        return 130


def _joined(words):
    """The words, with `--box -3,5,8,8` as one: a box may begin outside the frame, and argparse takes -3 for an option."""
    words = list(words)
    while "--box" in words[:-1]:
        place = words.index("--box")
        words[place : place + 2] = [f"--box={words[place + 1]}"]
    return words


def _fail(message):
    print(f"irtrack: error: {message}", file=sys.stderr)
    return 2


def _parser():
    parser = argparse.ArgumentParser(prog="irtrack", description="Track small targets in infrared sequences.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    track.add_parser(commands)
    doctor.add_parser(commands)

    two = commands.add_parser("check", help="say what a dataset holds and what is wrong with it")
    two.add_argument("dataset", help="svanstrom, folder, ... (an unknown name lists all)")
    two.add_argument("path", type=Path, nargs="?", help="its folder or file; default: what IRTRACK_DATA names")
    two.add_argument("--quick", action="store_true", help="do not read every frame")
    two.add_argument(
        "--option", action="append", default=[], type=_option, metavar="NAME=VALUE",
        help="an option of the dataset's reader, e.g. min_length=1, split=train; may be repeated",
    )  # fmt: skip
    two.set_defaults(command=_check)

    three = commands.add_parser("fetch", help="download a set of real sequences, or say how to get it")
    three.add_argument("dataset", help="svanstrom, hui, kaist, ...")
    three.add_argument("--to", type=Path, metavar="FOLDER", help="default: what IRTRACK_DATA names, or data/raw")
    three.add_argument("--checksum", metavar="sha256:HEX", help="or md5:HEX; default: what the set's host publishes")
    three.add_argument("--no-checksum", action="store_true", help="take the file as it comes")
    three.add_argument("--url", help="another place to download the same file from")
    three.add_argument("--record", help="where the host publishes address and checksum; default: Zenodo's record")
    three.set_defaults(command=_fetch)
    return parser


def _option(text):
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):  # plain words are strings
        return name, value


def _check(arguments):
    from irtrack_core.datasets import GENERATED
    from irtrack_core.datasets.check import check

    options = ({"split": "all"} if arguments.dataset == "svanstrom" else {}) | dict(arguments.option)
    if arguments.dataset in GENERATED and arguments.path is not None:
        raise ValueError(f"{arguments.dataset} is simulated: it has no path to check")
    bar = partial(tqdm, unit="sequence", leave=False)
    try:
        report = check(arguments.dataset, arguments.path, decode=not arguments.quick, progress=bar, **options)
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise ValueError(f"dataset {arguments.dataset!r} has no option {str(error).split()[-1]}") from error
    print(report)
    return 0 if report.usable else 1


def _fetch(arguments):
    from irtrack_core.datasets import data_root
    from irtrack_core.datasets.fetch import RECORD, fetch, instructions

    if arguments.dataset != "svanstrom":
        print(instructions(arguments.dataset))
        return 0
    folder = arguments.to or data_root() or Path("data/raw")
    source = {"checksum": arguments.checksum, "url": arguments.url, "record": arguments.record or RECORD}
    found = fetch(folder, checked=not arguments.no_checksum, **source)
    noted = next((folder / ".fetch").glob("*.sha256")).read_text().split()[0]
    print(f"SHA-256 of the archive: {noted}")
    print(f"{len(list(found.glob('videos/*.mp4')))} sequences in {found}; now: export IRTRACK_DATA={folder.resolve()}")
    return 0
