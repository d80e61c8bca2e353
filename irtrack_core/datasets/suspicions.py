"""What true boxes betray about mistakes in their file: corners given as sizes, shares as pixels, x and y swapped."""

import numpy as np

from irtrack_core.boxes import centers

STEADY = 0.25  # corners minus corners vary this much less than the far corners do, where they are corners
MOVES = 5  # px


def suspicions(boxes, shape):
    """Sentences, in a tuple, on boxes (N, 4) xywh that look like something else on frames of `shape` (H, W)."""
    boxes = np.asarray(boxes, dtype=np.float64)
    seen, told = boxes[np.isfinite(boxes).all(axis=1)], ()
    if not len(seen):
        return told
    if (seen <= 1).all() and (seen[:, 2:] < 1).all():
        told += ("all numbers lie between 0 and 1: are they shares of the frame? x,y,w,h must be pixels",)
    elif _corners(seen, shape):
        told += ("the boxes look like corners x1,y1,x2,y2 (the sizes grow with the place): x,y,w,h are read",)
    if _swapped(seen, shape):
        told += ("the boxes fit the frame only with x and y swapped: x counts to the right, y down",)
    return told


def _corners(seen, shape):
    """The last two numbers are far corners rather than sizes."""
    height, width = shape
    near, far = seen[:, :2], seen[:, 2:]
    if not ((far > near).all() and (far <= (width, height)).all() and (near >= 0).all()):
        return False
    beyond = (near + far > (width, height)).any(axis=1).mean() > 0.5
    moving = np.ptp(near, axis=0) >= MOVES
    steady = (far - near).std(axis=0) < STEADY * far.std(axis=0)
    return bool(beyond or (len(seen) > 2 and moving.any() and steady[moving].all()))


def _swapped(seen, shape):
    """Some centres lie outside the frame, and with x and y swapped all lie inside."""
    height, width = shape
    center = centers(seen)
    return bool((center >= (width, height)).any() and (center < (height, width)).all() and (center >= 0).all())


def output_hint(entries):
    """A sentence, in a tuple, where entries of a label file have scores; () where they have none."""
    if any(isinstance(one, dict) and {"score", "confidence"} & set(one) for one in entries):
        return ("the annotations have scores: they look like a detector's output, not like the truth",)
    return ()


def size_hint(said, shape):
    """A question, in a tuple, where labels say another (width, height) than the frames' shape (H, W); () where they say none.

    >>> size_hint(("640", "512"), (512, 640)), size_hint((None, None), (512, 640)), size_hint((0, 0), (512, 640))
    ((), (), ())
    """
    try:
        width, height = (float(value) for value in said)
    except (TypeError, ValueError):
        return ()
    if width <= 0 or height <= 0 or (height, width) == tuple(shape):
        return ()
    frames = f"{shape[1]} x {shape[0]}"
    return (
        f"the labels are of {width:g} x {height:g} frames, these are {frames}: resized? Boxes are read as they stand",
    )


def count_hint(rows, count):
    """What to do about `rows` rows for `count` frames, when every k-th frame seems to be annotated; else ""."""
    step = round(count / rows) if rows else 0
    if rows < 2 or step < 2 or rows not in (-(-count // step), count // step):
        return ""
    return f"; is only every {ordinal(step)} frame annotated? Then write a boxes.csv of rows frame,x,y,w,h"


def numbering_notes(numbers, count):
    """Sentences, in a tuple, on the frame numbers of a file's boxes: counted from 1, or every k-th frame alone."""
    numbers, told = sorted(numbers), ()
    if not numbers:
        return told
    if numbers[0] == 1 and count > 1:
        told += ("no box for frame 0, the first is 1: are your frames counted from 1? Then give first_frame=1",)
    steps = set(np.diff(numbers).tolist())
    if len(numbers) > 2 and len(steps) == 1 and min(steps) > 1 and numbers[-1] + min(steps) >= count:
        told += (f"only every {ordinal(min(steps))} frame has a box: the others are left out of every measure",)
    return told


def ordinal(number):
    """1st, 2nd, 3rd, 4th ... as text."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
