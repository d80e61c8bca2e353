"""Structuring elements: the lines a_i of eq. (2), the rectangle s of eq. (4), and other shapes to compare with.

An element is a 2-D uint8 array of 0 and 1 with odd sides, point-symmetric about its centre pixel.
"""

import numpy as np


def line_element(length, angle_degrees):
    """A line element a_i: (length, length) uint8, `length` ones at every angle, point-symmetric about its centre pixel.

    Angles count from the x axis towards the top of the image. One pixel for each step along the longer axis, so that
    steep lines neither gain nor lose pixels; a diagonal is therefore sqrt(2) times as long in pixel widths.
    Raises ValueError unless the length is odd and positive.

    >>> line_element(5, 45)
    array([[0, 0, 0, 0, 1],
           [0, 0, 0, 1, 0],
           [0, 0, 1, 0, 0],
           [0, 1, 0, 0, 0],
           [1, 0, 0, 0, 0]], dtype=uint8)
    """
    if length != int(length) or length < 1 or length % 2 == 0:
        raise ValueError(
            f"the length of a line element must be odd and positive, not {length}: it needs a centre pixel"
        )
    half = int(length) // 2
    direction = np.array([-np.sin(np.deg2rad(angle_degrees)), np.cos(np.deg2rad(angle_degrees))])  # row, column
    ends = np.arange(half + 1)[:, None] * direction / np.abs(direction).max()
    # rounded on one half and mirrored: symmetric by construction; 1e-9 lets 0.49999 and 0.50001 go the same way
    offsets = (np.sign(ends) * np.floor(np.abs(ends) + 0.5 - 1e-9)).astype(int)
    element = np.zeros((2 * half + 1, 2 * half + 1), np.uint8)
    for sign in (1, -1):
        rows, columns = (half + sign * offsets).T
        element[rows, columns] = 1
    return element


def line_elements(length=15, angles=4):
    """The family a_1 ... a_n: `angles` lines of `length` pixels, evenly spread over 180 degrees, from 0 on."""
    if angles != int(angles) or angles < 1:
        raise ValueError(f"the number of angles must be a whole number of at least 1, not {angles}")
    return [line_element(length, 180 * i / angles) for i in range(int(angles))]


def shape_element(shape, size):
    """A flat element of another shape, (size, size) uint8: "square", "cross", "disc", "diamond" or "ring" (1 px wide).

    A disc holds the pixels within size // 2 of the centre. Raises ValueError for another name or an even size.

    >>> shape_element("ring", 5)
    array([[0, 0, 1, 0, 0],
           [0, 1, 0, 1, 0],
           [1, 0, 0, 0, 1],
           [0, 1, 0, 1, 0],
           [0, 0, 1, 0, 0]], dtype=uint8)
    """
    square = rectangle(size, size)
    half = int(size) // 2
    y, x = np.abs(np.mgrid[-half : half + 1, -half : half + 1])
    disc = x**2 + y**2 <= half**2
    shapes = {
        "square": square,
        "cross": (x == 0) | (y == 0),
        "disc": disc,
        "diamond": x + y <= half,
        "ring": disc & ~((x + 1) ** 2 + y**2 <= half**2) | disc & ~(x**2 + (y + 1) ** 2 <= half**2),
    }
    if shape not in shapes:
        raise ValueError(f"unknown shape {shape!r}: use one of {', '.join(shapes)}, or line_elements")
    return shapes[shape].astype(np.uint8)


def drawn_element(text):
    """The element (H, W) uint8 that a text draws: a word a row, x for a pixel that belongs, . for one that does not.

    What it lacks of point symmetry is added: each x also counts at the opposite place. Raises ValueError for rows of
    unequal length, other characters, no x at all, or an even number of rows or columns.

    >>> drawn_element("..x .x. ...").tolist()
    [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    """
    rows = text.lower().split()
    if not rows or len({len(row) for row in rows}) != 1 or set("".join(rows)) - set("x."):
        raise ValueError(f"draw the element with rows of x and . of one length; got {text!r}")
    drawn = np.array([[pixel == "x" for pixel in row] for row in rows])
    if drawn.shape[0] % 2 == 0 or drawn.shape[1] % 2 == 0 or not drawn.any():
        raise ValueError(f"an element has an odd number of rows and columns and at least one x; got {drawn.shape}")
    return (drawn | drawn[::-1, ::-1]).astype(np.uint8)


def rectangle(height, width):
    """The rectangle s of eq. (4): (height, width) uint8 ones, both odd. (1, 1) switches the second opening off."""
    for side in (height, width):
        if side != int(side) or side < 1 or side % 2 == 0:
            raise ValueError(f"the sides of the rectangle must be odd and positive, not {height} x {width}")
    return np.ones((int(height), int(width)), np.uint8)


def element_length(size, minimum=15):
    """Odd number of pixels a line needs to be longer than a target of size (w, h) px in every direction.

    A box of width w can touch ceil(w) + 1 pixels when it is not aligned with the grid; the line has one more.

    >>> element_length((5, 5)), element_length((20.5, 8))
    (15, 23)
    """
    w, h = size
    if not (np.isfinite([w, h]).all() and w > 0 and h > 0):
        raise ValueError(f"a target's size must be two positive numbers of pixels, width and height; got {size}")
    needed = max(int(np.ceil(max(w, h))) + 2, int(minimum))
    return needed + (needed + 1) % 2


def fitted_lines(size, angles=4, *, minimum=15, longest=None):
    """The family of `line_elements`, each line as long as a target of size (w, h) px needs in the line's own direction.

    A line is longer than the longest chord of the target's box in its direction, and at least `minimum` pixels. So the lines
    across a long, flat target stay short, and take off more of what stands beside it.
    minimum, longest: pixels; longest is odd, None: no limit. Raises ValueError as `element_length` does.

    >>> [int(line.sum()) for line in fitted_lines((41, 5), minimum=9)]
    [43, 9, 9, 9]
    """
    element_length(size)  # checks it
    touched = np.ceil(np.asarray(size, float)) + 1  # pixels of a box that is not aligned with the grid
    lines = []
    for i in range(int(angles)):
        direction = np.abs([np.cos(np.pi * i / angles), np.sin(np.pi * i / angles)])
        # a line has one pixel a step along its longer axis, and so several in each row or column along the other
        steps = (touched * direction.max() / np.maximum(direction, 1e-9)).min()
        length = max(int(np.ceil(steps - 1e-9)) + 1, int(minimum))
        length += 1 - length % 2
        lines.append(line_element(length if longest is None else min(length, longest), 180 * i / angles))
    return lines
