"""Results that are cached: tables made once, so that a study that was stopped goes on, and the cards that say how."""

import argparse
import hashlib
import json
from pathlib import Path
from typing import get_args

import cv2
import pandas as pd

from irtrack_core.provenance import limit_threads
from irtrack_core.whole_files import whole_file, write_whole


def key(**parts):
    """A short digest of what a result depends on: settings, seeds, `dependencies.digest` of the code."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]


def table(path, make):
    """The table in the CSV file `path`; where there is none, what `make()` returns is written there first.

    Read back either way, so that a study that was stopped and resumed equals one that was not. A kill leaves no half file.
    """
    path = Path(path)
    if not path.exists():
        made = make()
        with whole_file(path) as part:
            made.to_csv(part, index=False)
    return pd.read_csv(path)


def write_card(path, command, made_by, **more):
    """Write the card of a stored table beside it, `path` with .json: the command, what else is to be said, and what made it.

    made_by: `provenance()`, taken before the run: the code may be edited while it runs.
    """
    card = {"command": command} | more | made_by
    write_whole(Path(path).with_suffix(".json"), (json.dumps(card, indent=1) + "\n").encode())


def rows_so_far(path, card, made_by):
    """The rows of a table that was begun, a list of dicts to go on with; [] where there is none.

    path: CSV; card: its card, see `write_card`; made_by: `provenance()`. Raises ValueError for rows of another commit.
    """
    path, card = Path(path), Path(card)
    if not path.is_file():
        return []
    before = json.loads(card.read_text(encoding="utf-8"))["commit"] if card.is_file() else None
    if before != made_by["commit"]:
        raise ValueError(
            f"{path} has rows of commit {before}, this is {made_by['commit']}: take another --out, or remove the file"
        )
    return pd.read_csv(path).to_dict("records")


def command_line(program, title, settings, arguments, *, out, first=None, **more):
    """(settings, other options, command) of a study whose results go to the folder --out, on one thread.

    settings: a Settings class, each field of which is an option; first: the field given as the first word. out: help of
    --out; more: options of `add_argument` by name. command: the line that runs the same again, for the card.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=title)
    parser.add_argument("--out", type=Path, required=True, help=out)
    for name, options in more.items():
        parser.add_argument(f"--{name}", **options)
    for name, field in settings.model_fields.items():
        options = {"choices": get_args(field.annotation)} if get_args(field.annotation) else {"type": field.annotation}
        if name == first:
            parser.add_argument(name, **options)
        else:
            parser.add_argument(f"--{name.replace('_', '-')}", default=field.default, help=field.description, **options)
    chosen = vars(parser.parse_args(arguments))
    words = [
        f"--{name.replace('_', '-')} {value}" for name, value in chosen.items() if name != first and value is not None
    ]
    command = " ".join([f"python -m {program}", *([chosen[first]] if first else []), *words])
    limit_threads(1)
    cv2.setNumThreads(1)
    return settings(**{name: chosen.pop(name) for name in settings.model_fields}), chosen, command
