"""`irtrack convert`: true boxes, or a tracker's, in the files of another toolkit."""

import argparse
from pathlib import Path

FORMATS = ("otb", "got10k", "lasot", "vot", "mot", "coco", "csv")  # of `datasets.writers`, which is imported when used


def add_parser(commands, option):
    """Add the command `convert` to the subparsers of argparse. option: the type of --option NAME=VALUE."""
    one = commands.add_parser(
        "convert",
        help="write boxes in the files of another toolkit",
        description="Write the true boxes of a dataset, a folder NAME for each sequence, or those of one box file.",
    )
    one.add_argument(
        "path", type=Path, metavar="SOURCE", help="a dataset's file or folder, or a box file of `irtrack track`"
    )
    one.add_argument("target", type=Path, metavar="FOLDER", help="where to write; a folder that is there is refused")
    one.add_argument("--to", required=True, choices=FORMATS, metavar="FORMAT", help=", ".join(FORMATS))
    one.add_argument("--from", dest="dataset", metavar="NAME", help="the format of SOURCE; default: it is found out")
    one.add_argument("--option", action="append", default=[], type=option, metavar="NAME=VALUE", help="of the reader")
    one.add_argument("--size", type=_size, metavar="WxH", help="of the frames, for --to coco from a box file")
    one.set_defaults(command=run)


def _size(text):
    width, mark, height = text.lower().partition("x")
    if not (mark and width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: give width x height, e.g. 640x512")
    return int(height), int(width)


def run(arguments):
    """Run the command `convert`; returns the exit code."""
    from irtrack_core.cli.detected import detected
    from irtrack_core.datasets import load
    from irtrack_core.datasets.box_file import read_alone
    from irtrack_core.datasets.writers import write, write_sequence

    source, target = arguments.path, arguments.target
    if not source.exists():
        raise FileNotFoundError(f"no such file or folder: {source}")
    if target.exists():
        raise ValueError(f"{target} is there already: name another folder")
    if arguments.dataset is None and source.is_file() and source.suffix.lower() in (".csv", ".txt"):
        boxes = read_alone(source)
        files = write(arguments.to, target, boxes, shape=arguments.size)
        print(
            f"{len(boxes)} frames, {int((boxes[:, 0] == boxes[:, 0]).sum())} boxes; written: {', '.join(map(str, files))}"
        )
        return 0
    dataset = arguments.dataset or detected(source)
    sequences = load(dataset, source, **dict(arguments.option))
    for one in sequences:
        for note in one.notes:
            print(f"{one.name}: note: {note}")
        write_sequence(arguments.to, target / one.name, one)
    print(f"{len(sequences)} sequences as {arguments.to} in {target}")
    return 0
