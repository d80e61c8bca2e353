"""Tables that are kept: made once, so that a study that was stopped goes on, and with a card that says how."""

import json
import os
from pathlib import Path

import pandas as pd

__all__ = ["table", "write_card"]


def table(path, make):
    """The table in the CSV file `path`; where there is none, what `make()` returns is written there first.

    Read back either way, so that a study that was stopped and resumed equals one that was not. A kill leaves no half file.
    """
    path = Path(path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        make().to_csv(part, index=False)
        os.replace(part, path)
    return pd.read_csv(path)


def write_card(path, command, made_by, **more):
    """Write the card of a stored table beside it, `path` with .json: the command, what else is to be said, and what made it.

    made_by: `provenance()`, taken before the run: the code may be edited while it runs.
    """
    card, path = {"command": command} | more | made_by, Path(path).with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)
