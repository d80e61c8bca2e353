r"""The multi-level filter, eqs. (2)-(4): a small bright target stays, everything longer than it goes.

===========  =====  =========================================================================================
symbol       eq.    meaning
===========  =====  =========================================================================================
:math:`I`    (1)    image, (H, W) uint8, uint16 or float32
:math:`a_i`         line element: a short line of ones at one of n angles, odd and point-symmetric
:math:`E`    (2)    background: what a line of at least one angle fits under
:math:`U`    (3)    suppressed image: what no line fits under
:math:`s`           rectangle, no larger than the target
:math:`M`    (4)    filtered image: what of U the rectangle fits under
===========  =====  =========================================================================================

Images are uint8, uint16 or float32, (H, W), and so are the results, which are equal for equal values. Border mode: see
`morphology`; it keeps E <= I up to the border. A whole frame, one window of it (`filter_window`) and a stack of frames
(`filter_stack`) give the same bits. In float32, -0.0 counts as 0.0.
"""

from functools import reduce

import cv2
import numpy as np

from irtrack_core.filtering.elements import element_length, line_elements, rectangle
from irtrack_core.filtering.line_opening import largest_opening
from irtrack_core.filtering.morphology import LARGEST, check_image, family, is_usable, opening

POLARITIES = ("bright", "dark", "both")
BLOCK = 16  # the sides of what filter_window reads are multiples of this: few sizes, so that the fast way's memory is reused


def background(image, elements):
    r"""Background estimate E, eq. (2): :math:`E = \max_i\,(I \circ a_i)`, the largest of the n openings.

    image (H, W), elements: list of 2-D arrays (non-zero = belongs to the element). Returns (H, W), E <= I.

    >>> image = np.array([[1, 1, 1, 1, 1], [1, 9, 1, 1, 1], [7, 7, 7, 7, 7]], np.uint8)
    >>> background(image, [np.ones((1, 3))])  # the point goes, the line stays
    array([[1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1],
           [7, 7, 7, 7, 7]], dtype=uint8)
    """
    openings = [opening(image, element) for element in elements]
    if not openings:
        raise ValueError("at least one element is needed, e.g. line_elements(15, 4)")
    return reduce(np.maximum, openings)


def suppress(image, background):
    r"""Background-suppressed image U, eq. (3): :math:`U = I - E`, never negative because E <= I.

    Raises ValueError when the shapes differ or E is above I somewhere (an unsigned difference would wrap round).
    """
    image, background = check_image(image), check_image(background)
    if image.shape != background.shape or image.dtype != background.dtype:
        raise ValueError(
            f"image {image.shape} {image.dtype} and background {background.shape} {background.dtype} "
            "must have one shape and one type"
        )
    if (background > image).any():
        raise ValueError("the background is above the image somewhere; eq. (3) needs E <= I, as background() gives it")
    return image - background


def open_rectangle(suppressed, rectangle):
    r"""Filtered image M, eq. (4): :math:`M = U \circ s`; removes what the rectangle s does not fit under.

    Bright noise smaller than s goes, and so does a *target* smaller than s. A 1 x 1 rectangle changes nothing.
    """
    return opening(suppressed, rectangle)


def multilevel_filter(image, elements, rectangle, *, polarity="bright"):
    """Eqs. (2), (3), (4) in turn: returns (E, U, M), each (H, W) of the image's type. No argument is changed.

    polarity "bright" is the paper's. "dark" finds dark targets by the dual: E = min of closings, U = E - I.
    "both" keeps at each pixel the stronger U of the two and the E it came from, so that U = |I - E|.
    """
    image = check_image(image)
    lines, s = family(elements).fits(image.shape), family([rectangle]).fits(image.shape)
    E, U = _levels(image, lines, polarity)
    return E, U, _opened(U, s.kernels[0])


def filter_window(image, window, elements, rectangle, *, polarity="bright"):
    """(E, U, M) of one window only, bit-identical to the same window cut out of the whole frame's result.

    window: x, y, width, height, whole pixels inside the frame. Only the window and a halo of at least `support` pixels
    around it are read, which is what makes it exact and fast. Raises ValueError for a window that is empty or leaves the
    frame, and what `multilevel_filter` raises; NaN or infinity only where it is read. The image may be a view that makes its
    pixels as they are read (`lazy`): it has shape and slices.
    """
    if not getattr(image, "lazy", False):
        image = check_image(image, values=False)
    x, y, w, h = _window(window, image.shape)
    lines, s = family(elements).fits(image.shape), family([rectangle]).fits(image.shape)
    (kernel,) = s.kernels
    # U is needed so far around the window that the rectangle finds all it looks at, I twice a line's radius further
    around_y, around_x = (2 * (side // 2) for side in kernel.shape)
    top, rows = _interval(y, h, around_y, 2 * (lines.rows // 2), image.shape[0])
    left, columns = _interval(x, w, around_x, 2 * (lines.columns // 2), image.shape[1])
    part = image[top : top + rows, left : left + columns]
    # where the frame's border cuts the halo short, the part's own border is the frame's: the results stay equal
    E, U = _levels(check_image(part), lines, polarity)
    y0, x0 = max(y - around_y - top, 0), max(x - around_x - left, 0)
    y, x = y - top, x - left
    M = _opened(U[y0 : y + h + around_y, x0 : x + w + around_x], kernel)
    return E[y : y + h, x : x + w], U[y : y + h, x : x + w], M[y - y0 : y - y0 + h, x - x0 : x - x0 + w]


def filled(part):
    """The part (H, W) of an image, its NaN, infinite and far too large pixels replaced by the median of the others.

    For searches that must not end at a dead pixel, which some files mark by 3e38. Zeros where no pixel is known.

    >>> filled(np.array([[1, np.nan], [3, 2]], np.float32)).tolist()
    [[1.0, 2.0], [3.0, 2.0]]
    """
    if is_usable(part):
        return part
    known = np.abs(part) <= LARGEST
    return np.where(known, part, np.median(part[known]) if known.any() else np.float32(0)).astype(np.float32)


def block_means(image, block):
    """Means over blocks of block x block pixels of image (H, W), (H // block, W // block); what is left over is left out.

    The type stays: whole numbers are rounded.
    """
    height, width = (n // block for n in image.shape)
    part = np.ascontiguousarray(image[: height * block, : width * block])
    return cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)


def filter_stack(frames, elements, rectangle, *, polarity="bright", window=None, progress=None):
    """(E, U, M), each (N, H, W), of a video of N frames, each filtered by itself: bit-identical to frame after frame.

    frames: (N, H, W), or any sequence of N frames of one size and type, e.g. `Sequence.frames`, of which one at a time is
    in memory. window: the same window of every frame, see `filter_window`. progress: e.g. tqdm. All three results are
    kept in memory: for a long video call multilevel_filter in a loop and keep what you need.
    Raises ValueError or TypeError with the number of the frame that cannot be used.
    """
    if len(frames) == 0:
        raise ValueError("the stack holds no frames")
    if np.ndim(frames[0]) < 2:
        raise ValueError(f"a stack is (N, H, W); one of shape {np.shape(frames)} is not: put a single frame in a list")
    elements, first, results = list(elements), None, None
    numbers = range(len(frames))
    for i in numbers if progress is None else progress(numbers):
        frame = frames[i]
        try:
            frame = check_image(frame, values=False)
            first = frame if first is None else first
            if frame.shape != first.shape or frame.dtype != first.dtype:
                raise ValueError(
                    f"{frame.shape} {frame.dtype} differs from frame 0, {first.shape} {first.dtype}: all frames of a "
                    "stack have one size and type"
                )
            if window is None:
                levels = multilevel_filter(frame, elements, rectangle, polarity=polarity)
            else:
                levels = filter_window(frame, window, elements, rectangle, polarity=polarity)
        except (TypeError, ValueError) as error:
            raise type(error)(f"frame {i}: {error}") from error
        if results is None:
            results = tuple(np.empty((len(frames), *level.shape), level.dtype) for level in levels)
        for result, level in zip(results, levels):
            result[i] = level
    return results


def target_polarity(image, box, *, angles=4):
    """The polarity, "bright" or "dark", of the target in `box` (xywh): that of the stronger U within the box.

    Where the two are equal, as on a flat image, it is "bright".
    """
    x, y, w, h = (float(v) for v in box)
    low = np.clip([int(x), int(y)], 0, np.array(image.shape[::-1]) - 1)
    high = np.clip(np.ceil([x + w, y + h]).astype(int), low + 1, image.shape[::-1])
    longest = min(image.shape) - 1 + min(image.shape) % 2
    lines = line_elements(min(element_length((w, h)), longest), angles)
    window = (*low, *(high - low))
    bright, dark = (
        filter_window(image, window, lines, rectangle(1, 1), polarity=polarity)[1].max()
        for polarity in ("bright", "dark")
    )
    return "dark" if dark > bright else "bright"


def build(settings, size=None):
    """The line elements and the rectangle of FilterSettings; `size` (w, h) of the target is needed when length is None."""
    if settings.length is None and size is None:
        raise ValueError("FilterSettings.length is None, so the target's size (w, h) in pixels must be given")
    length = element_length(size) if settings.length is None else settings.length
    return line_elements(length, settings.angles), rectangle(*settings.rectangle)


def support(elements, rectangle=None):
    """The filter's support in pixels: the largest distance at which a pixel can change a result.

    An opening is an erosion and a dilation, so it reaches twice the element's radius: 14 for a line of 15.
    """
    lines = family(elements)
    reach = 2 * (max(lines.rows, lines.columns) // 2)
    return reach if rectangle is None else reach + 2 * (max(np.shape(rectangle)) // 2)


def _levels(image, lines, polarity):
    """(E, U) of a checked image by a family of elements that fit."""
    if image.dtype.kind == "f":
        image = image + image.dtype.type(0)  # no -0.0: equal values then have equal bits, in whatever order they come
    if polarity == "bright":
        E = _background(image, lines, cv2.MORPH_OPEN, cv2.max)
        return E, cv2.subtract(image, E)  # eq. (3) without the check of suppress(): an opening is never above its image
    if polarity == "dark":
        E = _background(image, lines, cv2.MORPH_CLOSE, cv2.min)
        return E, cv2.subtract(E, image)
    if polarity != "both":
        raise ValueError(f"polarity must be one of {', '.join(POLARITIES)}, not {polarity!r}")
    (E, U), (E_dark, U_dark) = _levels(image, lines, "bright"), _levels(image, lines, "dark")
    return np.where(U_dark > U, E_dark, E), cv2.max(U, U_dark)


def _background(image, lines, operation, better):
    """What background() gives, or its dual: several lines together where that is faster, else one after the other."""
    E = largest_opening(image, lines, dark=operation == cv2.MORPH_CLOSE) if lines.lines else None
    return reduce(better, (cv2.morphologyEx(image, operation, one) for one in lines.kernels)) if E is None else E


def _opened(suppressed, kernel):
    """M of eq. (4)."""
    return cv2.morphologyEx(suppressed, cv2.MORPH_OPEN, kernel) if kernel.size > 1 else suppressed.copy()


def _interval(begin, size, around, reach, length):
    """(first, count) of the pixels to read for `size` pixels from `begin` on, with their halo, within 0 ... length.

    The count is rounded up and the interval moved into the frame: more pixels than are needed change nothing.
    """
    count = min(-(-(size + 2 * (around + reach)) // BLOCK) * BLOCK, length)
    return min(max(begin - around - reach, 0), length - count), count


def _window(window, shape):
    x, y, w, h = window
    if not all(value == int(value) for value in (x, y, w, h)):
        raise ValueError(f"a window is x, y, width, height in whole pixels, not {window}")
    if w < 1 or h < 1 or x < 0 or y < 0 or x + w > shape[1] or y + h > shape[0]:
        raise ValueError(f"window {window} (x, y, width, height) is empty or leaves the {shape[1]} x {shape[0]} frame")
    return int(x), int(y), int(w), int(h)
