"""JSON files of labels, read with errors that name the file and say what to do."""

import json
from pathlib import Path

MOST = 512 * 2**20  # bytes: larger is no file of labels


def read_json(path):
    """What a JSON file holds. Raises FileNotFoundError, ValueError that names file and line when it is damaged."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    if path.stat().st_size > MOST:
        raise ValueError(f"{path} is larger than any file of labels ({path.stat().st_size / 2**20:.0f} MiB)")
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"), parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {error.lineno}: not readable JSON ({error.msg}): copy it again") from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ValueError(f"{path} is not readable JSON ({error}): copy it again") from error


def _constant(text):
    """NaN is written by Python for an absent box; infinity is an error."""
    if text != "NaN":
        raise ValueError(f"it holds {text}")
    return float("nan")
