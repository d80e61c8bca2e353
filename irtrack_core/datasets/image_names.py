"""The images of a folder in the order of their names, and what is missing from their numbers."""

import re
from collections import Counter

from irtrack_core.datasets.names import in_order, listed
from irtrack_core.datasets.pictures import IMAGE_SUFFIXES

KINDS = 4  # of names in a folder, by what is not digits; where there are more, every name is its own


def image_files(folder):
    """Image files of a folder in the order of their names: 2.bmp before 10.bmp, time stamps in the order of time."""
    named = (f for f in listed(folder) if f.suffix.lower() in IMAGE_SUFFIXES)
    # not is_file: a broken link must be told as a missing image
    return in_order(f for f in named if not f.is_dir())


def numbering_note(names, first=None):
    """One sentence, in a tuple, on the numbers left out of image names such as img_00007; () when they run evenly.

    A name that occurs twice, as 7.png beside 7.jpg, or names of two kinds, as 7 and 7_mask, are told instead. names: in
    order, without suffix. A set that keeps every k-th image runs evenly, too. first: the number to begin with.

    >>> numbering_note(["a0", "a1", "a2", "a5"])
    ('images missing from the numbering: 3, 4',)
    """
    numbers, step = _numbers(names)
    if len(set(names)) < len(names):
        twice = [name for name, times in Counter(names).items() if times > 1]
        return (f"{len(twice)} names stand for several images each, the first: {twice[0]}: every file is a frame",)
    kinds = Counter(re.sub(r"\d+", "#", name) for name in names)
    if 1 < len(kinds) <= KINDS and "#" in "".join(kinds):
        told = ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common())
        return (f"names of {len(kinds)} kinds: {told}: every file is a frame, in the order of the names",)
    if not step:
        return ()
    begin = numbers[0] if first is None else first
    known = [begin - step, *numbers]
    missing = [n for a, b in zip(known, numbers) if b - a >= 2 * step for n in range(a + step, b, step)]
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    return (f"images missing from the numbering: {', '.join(map(str, missing[:5]))}{more}",) if missing else ()


def pieces(names, max_gap):
    """[(slice of the names, images missing before it)]: cut where more than `max_gap` numbers in a row are left out.

    Numbers are counted in the set's own step; names without an order that could have gaps are one piece.

    >>> pieces(["a0", "a1", "a2", "a9"], 5)
    [(slice(0, 3, None), 0), (slice(3, 4, None), 6)]
    """
    numbers, step = _numbers(names)
    missing = [(b - a) // step - 1 for a, b in zip(numbers, numbers[1:])] if step else []
    cuts = [(k, gap) for k, gap in enumerate(missing, start=1) if gap > max_gap]
    starts, ends = [(0, 0), *cuts], [*(k for k, _ in cuts), len(names)]
    return [(slice(start, end), gap) for (start, gap), end in zip(starts, ends)]


def _numbers(names):
    """(the last number in each name, the most frequent step); step 0 where they have no order that could have gaps."""
    digits = [re.findall(r"\d+", name) for name in names]
    numbers = [int(found[-1]) for found in digits if found]
    if len(numbers) < len(names) or len(numbers) < 3:
        return numbers, 0
    steps = Counter(b - a for a, b in zip(numbers, numbers[1:]))
    step, times = steps.most_common(1)[0]
    return numbers, step if min(steps) >= 1 and 2 * times >= len(numbers) - 1 else 0
