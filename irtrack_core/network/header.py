"""The first bytes of a weights file, looked at before anything else reads it. Imports nothing but Python itself."""

import json
import os
from pathlib import Path

LARGEST = 16 * 2**20  # bytes of a header; that of a checkpoint holds its history and has less than one million


def check_header(path):
    """Raises FileNotFoundError where no file is, ValueError for one that cannot be a whole safetensors file.

    Its first 8 bytes say how long a header of JSON follows: nothing is read that could not be there.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {path}: train them with notebook 05, or check the path")
    with open(path, "rb") as file:
        length, there = int.from_bytes(file.read(8), "little"), os.fstat(file.fileno()).st_size - 8
        problem = f"its header has {length} bytes, the file {there}" if not 2 <= length <= there else ""
        if not problem and length > LARGEST:
            problem = f"its header has {length} bytes, more than {LARGEST}"
        try:
            if not problem and not isinstance(json.loads(file.read(length)), dict):
                problem = "its header is no JSON object"
        except (ValueError, RecursionError) as error:
            problem = f"its header is not JSON: {error}"
    if problem:
        raise ValueError(f"{path} is not a whole safetensors file ({problem}): make or copy it again")
