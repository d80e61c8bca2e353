"""Text files of numbers as people and programs write them: their encoding, separators, quotes and decimal commas."""

import csv
import re
from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np

COMMENT = re.compile("[#%]")
DECIMAL_COMMA = re.compile(r"[+-]?\d+(,\d+)?")


def as_number(field):
    """The float that a field says. Raises ValueError, also for 1_0, which Python takes for 10 and files do not mean so.

    >>> as_number("1.5")
    1.5
    """
    if isinstance(field, str) and "_" in field:
        raise ValueError(f"{field!r} is not a number")
    return float(field)


def read_text_file(path):
    """The text of a file in UTF-8 or UTF-16, with or without its mark. Raises FileNotFoundError, ValueError when binary."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif b"\0" in data[:4096]:  # every other byte of digits in UTF-16 is zero
        even, odd = data[:4096:2].count(0), data[1:4096:2].count(0)
        if max(even, odd) < len(data[:4096]) / 4:
            raise ValueError(f"{path} is not a text file: give a text file with one box a row")
        encoding = "utf-16-le" if odd > even else "utf-16-be"
    else:
        encoding = "utf-8-sig"
    return data.decode(encoding, errors="replace").removeprefix("\ufeff")


def text_rows(path):
    """The Rows (line number, fields) of each line but comments (# and %), in lower case; an empty line has no fields.

    Fields stand between semicolons, tabs, commas or blanks, whichever comes first in this order; they may be quoted.
    A comma between digits is a decimal comma in fields between semicolons or tabs, and in quoted ones. A row raises
    ValueError, with file and line, where a comma can mean either.
    """
    text = read_text_file(path).replace("\r\n", "\n").replace("\r", "\n")
    places, end, number = array("q"), -1, 0
    while end < len(text):
        begin, number = end + 1, number + 1
        end = text.find("\n", begin)
        end = len(text) if end < 0 else end
        line = text[begin:end]
        if (end < len(text) or line) and (not line.strip() or COMMENT.split(line)[0].strip(" ")):
            places.extend((number, begin, end))
    return Rows(path, text, np.frombuffer(places, np.int64).reshape(-1, 3))


class Rows(Sequence):
    """Rows of a text: a line is split when it is asked for, so that a box a frame of hours costs little memory."""

    def __init__(self, path, text, places):
        self.path, self.text, self.places = path, text, places

    def __len__(self):
        return len(self.places)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Rows(self.path, self.text, self.places[index])
        number, begin, end = self.places[index].tolist()
        text = COMMENT.split(self.text[begin:end])[0].strip(" ").lower()
        fields = [field.strip() for field in _split(text, f"{self.path}, line {number}")]
        return number, fields if any(fields) else []

    def filled(self):
        """The Rows that have fields."""
        return Rows(self.path, self.text, self.places[np.array([bool(fields) for _, fields in self], bool)])


def _split(text, where):
    mark = next((mark for mark in ";\t" if mark in text), None)
    if mark:
        fields = [field.strip().strip("\"'") for field in text.split(mark)]
        if mark == ";" or all(DECIMAL_COMMA.fullmatch(field) for field in fields if field):
            return [_point(field) for field in fields]
        return re.split("[,\t]", re.sub(",[ ]*\t|\t[ ]*,", "\t", text))
    if "," not in text:
        return [field.strip("\"'") for field in text.split()]
    if '"' in text:
        return [_point(field) for field in next(csv.reader([text], skipinitialspace=True))]
    words = text.split()
    if len(words) > 3 and all(DECIMAL_COMMA.fullmatch(word) for word in words):
        raise ValueError(
            f"{where}: {text!r} has commas and blanks: for decimal commas put ; between the numbers, else only commas"
        )
    return [field.strip().strip("'") for field in text.split(",")]


def _point(field):
    """A number with a decimal point for one with a decimal comma; anything else as it is."""
    return field.replace(",", ".") if DECIMAL_COMMA.fullmatch(field) else field
