"""Files of a folder in the order in which they were recorded, by their names."""

import os
import re
from collections import defaultdict
from pathlib import Path

DATE = re.compile(r"(?<!\d)(\d{1,2})([-_.])(\d{1,2})\2((?:19|20)\d\d)(?!\d)")
HALF_DAY = re.compile(r"(?<!\d)(\d{1,2})(\D\d{2}(?:\D\d{2})?(?:\.\d+)?)[ _-]?([ap])\.?m(?![a-z])", re.I)


def natural_key(path):
    """Sorting key by which 2.bmp stands before 10.bmp.

    >>> sorted(["10.bmp", "0.bmp", "2.bmp"], key=natural_key)
    ['0.bmp', '2.bmp', '10.bmp']
    """
    return _parts(Path(path).name)


def _parts(name):
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in re.findall(r"\d+|\D+", name)]


def is_hidden(path):
    """True for what file managers leave behind: ._name and .DS_Store of macOS, Thumbs.db, desktop.ini, __MACOSX."""
    name = os.path.basename(path)
    return name.startswith(".") or name.lower() in ("thumbs.db", "desktop.ini", "__macosx")


def listed(folder, pattern="*"):
    """The paths below a folder that match, sorted, without what file managers leave behind; [] where it is no folder."""
    folder = Path(folder)
    if not folder.is_dir():
        return []
    if pattern == "*":  # glob is silent about a folder that it may not read
        return sorted(p for p in folder.iterdir() if not is_hidden(p))
    found = folder.glob(pattern)
    return sorted(p for p in found if not any(map(is_hidden, p.relative_to(folder).parts)))


def for_decoders(path):
    """The absolute path as a text, for OpenCV and FFmpeg, to which 12:30.avi alone is an address of the kind "12".

    Raises ValueError for a name whose bytes are no UTF-8 (from a ZIP file of another system, say): OpenCV cannot open it.
    """
    text = os.path.abspath(path)  # not resolved: a link's own ending says what it is
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = text.encode(errors="backslashreplace").decode()
        raise ValueError(f"{shown}: the name is not UTF-8, and cannot be opened as it is: rename it") from None
    return text


def inside(root, *names):
    """The first of the folders `names` that is there in `root`, else `root` itself, as a Path."""
    root = Path(root)
    return next((root / name for name in names if (root / name).is_dir()), root)


def folders_in(folder):
    """The folders in a folder, sorted, as `listed`."""
    return [path for path in listed(folder) if path.is_dir()]


def in_order(files):
    """The files sorted as they were recorded: by the numbers in their names, or by time stamps where these are such.

    Seconds may have a fraction, the day or the month may stand before the year, hours may be of the twelve-hour clock.

    >>> in_order(["12.5.png", "12.25.png", "12.png", "9.75.png"])
    ['9.75.png', '12.png', '12.25.png', '12.5.png']
    >>> in_order(["1.10.png", "1.9.png", "1.11.png"])
    ['1.9.png', '1.10.png', '1.11.png']
    >>> in_order(["01-02-2024 1-00-00 PM.png", "31-01-2024 9-30-00 PM.png", "01-02-2024 12-59-59 PM.png"])
    ['31-01-2024 9-30-00 PM.png', '01-02-2024 12-59-59 PM.png', '01-02-2024 1-00-00 PM.png']
    """
    files = list(files)
    names = [os.path.basename(file) for file in files]
    suffixes = [suffix if (suffix := os.path.splitext(name)[1])[1:2].isalpha() else "" for name in names]
    stems = [name.removesuffix(suffix) for name, suffix in zip(names, suffixes)]
    dates = [found for stem in stems for found in DATE.findall(stem)]
    # where neither number tells, the day comes first
    month_first = any(int(found[2]) > 12 for found in dates) and not any(int(found[0]) > 12 for found in dates)
    stems = [DATE.sub(r"\4-\1-\3" if month_first else r"\4-\3-\1", stem) for stem in stems]
    stems = [HALF_DAY.sub(_whole_day, stem) for stem in stems]
    if _have_fractions(stems):
        stems = [re.sub(r"(\d)(?:[.,](\d+))?$", lambda m: f"{m[1]}.{m[2] or '0':0<12}", stem) for stem in stems]
    keys = {file: (_parts(stem), suffix) for file, stem, suffix in zip(files, stems, suffixes)}
    return sorted(files, key=keys.get)


def _whole_day(found):
    """1-00-00 PM -> 13-00-00."""
    return f"{int(found[1]) % 12 + 12 * (found[3].lower() == 'p')}{found[2]}"


def _have_fractions(stems):
    """True when all names end in decimal numbers, of seconds say, and not in two counters such as clip.frame."""
    found = [re.fullmatch(r"(.*?)(\d+)(?:[.,](\d+))?", stem) for stem in stems]
    if not all(found):
        return False
    groups, fractions = defaultdict(list), [one[3] for one in found if one[3]]
    if (
        len(fractions) == len(found) and len({len(part) for part in fractions}) == 1
    ):  # of one length: in order as they are
        return False
    for one in found:
        groups[one[1], one[2]].append(one[3] or "0")
    if any(len({part.rstrip("0") for part in group}) < len(group) for group in groups.values()):
        return False  # 1.1 and 1.10 are two frames
    long = all(len(one[2]) >= 9 for one in found)  # seconds since 1970
    padded = any(len(part) > 1 and part[0] == "0" for part in fractions)
    steps = {b - a for group in groups.values() for a, b in _pairs(sorted(map(int, group)))}
    return bool(fractions) and (long or padded or len(steps) > 1)


def _pairs(values):
    return zip(values, values[1:])
