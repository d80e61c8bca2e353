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

Border mode everywhere: OpenCV's default, pixels outside the frame are +infinity for an erosion and -infinity for a
dilation, so that they never decide anything and E <= I holds up to the border. uint8, uint16 and float32 give equal
results on equal values; the result has the image's type.
"""

from functools import lru_cache, reduce

import cv2
import numpy as np

from irtrack_core import flat
from irtrack_core.elements import drawn_element, element_length, line_element, line_elements, rectangle, shape_element

__all__ = [
    "background",
    "suppress",
    "open_rectangle",
    "multilevel_filter",
    "filter_window",
    "line_element",
    "line_elements",
    "shape_element",
    "drawn_element",
    "rectangle",
    "element_length",
    "build",
    "support",
    "erosion",
    "dilation",
    "opening",
    "closing",
    "check_image",
]

FLAT_FROM = 1 << 15  # pixels: below it OpenCV's openings are faster than the compiled passes of `flat`


def background(image, elements):
    r"""Background estimate E, eq. (2): :math:`E = \max_i\,(I \circ a_i)`, the largest of the n openings.

    image (H, W), elements: list of 2-D arrays (non-zero = belongs to the element). Returns (H, W), E <= I.

    >>> image = np.array([[1, 1, 1, 1, 1], [1, 9, 1, 1, 1], [7, 7, 7, 7, 7]], np.uint8)
    >>> background(image, [np.ones((1, 3))])  # the point goes, the line stays
    array([[1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1],
           [7, 7, 7, 7, 7]], dtype=uint8)
    """
    return reduce(np.maximum, [opening(image, element) for element in _listed(elements)])


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
    image, elements = check_image(image), _listed(elements)
    if polarity == "bright":
        E = _fast_background(image, elements)
        U = cv2.subtract(image, E)  # eq. (3) without the check of suppress(): an opening is never above its image
    elif polarity == "dark":
        E = reduce(np.minimum, [closing(image, element) for element in elements])
        U = E - image
    elif polarity == "both":
        E_bright, U_bright, _ = multilevel_filter(image, elements, np.ones((1, 1)))
        E_dark, U_dark, _ = multilevel_filter(image, elements, np.ones((1, 1)), polarity="dark")
        E, U = np.where(U_dark > U_bright, E_dark, E_bright), np.maximum(U_bright, U_dark)
    else:
        raise ValueError(f"polarity must be 'bright', 'dark' or 'both', not {polarity!r}")
    return E, U, cv2.morphologyEx(U, cv2.MORPH_OPEN, _prepared(rectangle, U.shape))  # eq. (4)


def filter_window(image, window, elements, rectangle, *, polarity="bright"):
    """(E, U, M) of one window only, bit-identical to the same window cut out of the whole frame's result.

    window: x, y, width, height, whole pixels inside the frame. Only the window and a halo of `support` pixels around it
    are read, which is what makes it exact and fast. Raises ValueError for a window that is empty or leaves the frame.
    """
    image, elements = check_image(image, finite=False), _listed(elements)  # NaN: only the part that is read counts
    (x, y, w, h), (rows, columns) = _window(window, image.shape), image.shape
    for element in [*elements, rectangle]:
        _fits(np.shape(element), image.shape)
    halo = support(elements, rectangle)
    left, top = max(x - halo, 0), max(y - halo, 0)
    part = image[top : min(y + h + halo, rows), left : min(x + w + halo, columns)]
    # where the frame's border cuts the halo short, the part's own border is the frame's: the results stay equal
    results = multilevel_filter(part, elements, rectangle, polarity=polarity)
    return tuple(result[y - top : y - top + h, x - left : x - left + w] for result in results)


def build(settings, size=None):
    """(elements, rectangle) that FilterSettings asks for; `size` (w, h) of the target is needed when length is None."""
    if settings.length is None and size is None:
        raise ValueError("FilterSettings.length is None, so the target's size (w, h) in pixels must be given")
    length = element_length(size) if settings.length is None else settings.length
    return line_elements(length, settings.angles), rectangle(*settings.rectangle)


def support(elements, rectangle=None):
    """Halo in pixels: how far away a pixel can be and still decide a result of the filter.

    An opening is an erosion and a dilation, so it reaches twice the element's radius: 14 for a line of 15.
    """
    reach = 2 * max(max(np.shape(element)) // 2 for element in _listed(elements))
    return reach if rectangle is None else reach + 2 * (max(np.shape(rectangle)) // 2)


def erosion(image, element):
    r"""Erosion :math:`I \ominus a`: at each pixel the smallest value under the element."""
    return _morphology(image, element, cv2.MORPH_ERODE)


def dilation(image, element):
    r"""Dilation :math:`I \oplus a`: at each pixel the largest value under the element."""
    return _morphology(image, element, cv2.MORPH_DILATE)


def opening(image, element):
    r"""Opening :math:`I \circ a = (I \ominus a) \oplus a`: erosion (local minimum), then dilation (local maximum).

    Raises TypeError or ValueError for an image or an element that cannot be used, saying what to change.
    """
    return _morphology(image, element, cv2.MORPH_OPEN)


def closing(image, element):
    r"""Closing :math:`I \bullet a = (I \oplus a) \ominus a`, the opening's dual, for dark targets."""
    return _morphology(image, element, cv2.MORPH_CLOSE)


def check_image(image, *, finite=True):
    """The image as an array, checked: (H, W), uint8, uint16 or float32 and, unless finite=False, no NaN or infinity."""
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[-1] in (3, 4):
        raise ValueError(
            f"a colour image {image.shape} cannot be filtered: convert it to grey, one number a pixel (H, W)"
        )
    if image.ndim != 2 or 0 in image.shape:
        raise ValueError(f"an image must be 2-D (H, W) and not empty; got shape {image.shape}")
    if image.dtype not in (np.uint8, np.uint16, np.float32):
        advice = "image.astype(np.float32)" if image.dtype.kind in "fiu" else "np.uint8, np.uint16 or np.float32"
        raise TypeError(f"an image must be uint8, uint16 or float32, not {image.dtype}: convert it, e.g. {advice}")
    if finite and image.dtype == np.float32 and not np.isfinite(image).all():
        raise ValueError(
            "the image holds NaN or infinity: replace those pixels first, e.g. by their neighbours' median"
        )
    return image


def _morphology(image, element, operation):
    image = check_image(image)
    return cv2.morphologyEx(image, operation, _prepared(element, image.shape))


def _fast_background(image, elements):
    """What background() gives for a checked image, checking the elements only."""
    kernels = [_prepared(element, image.shape) for element in elements]
    if flat.COMPILED and image.size >= FLAT_FROM:
        return flat.max_of_openings(image, kernels)
    E = cv2.morphologyEx(image, cv2.MORPH_OPEN, kernels[0])
    for kernel in kernels[1:]:
        cv2.max(E, cv2.morphologyEx(image, cv2.MORPH_OPEN, kernel), E)
    return E


def _prepared(element, shape):
    """The checked kernel of an element that fits into an image of `shape`."""
    element = np.asarray(element)
    _fits(element.shape, shape)
    return _kernel(element.shape, (element if element.dtype == np.uint8 else element.astype(bool)).tobytes())


@lru_cache(maxsize=256)
def _kernel(shape, flags):
    """Checked OpenCV kernel without empty outer rows and columns: a level line is then a rectangle, which is faster."""
    if len(shape) != 2 or shape[0] % 2 == 0 or shape[1] % 2 == 0:
        raise ValueError(f"an element must be 2-D with odd sides, so that it has a centre pixel; got shape {shape}")
    element = np.frombuffer(flags, np.uint8).reshape(shape) != 0
    if not element.any():
        raise ValueError("an element must hold at least one non-zero pixel; this one is empty")
    if not np.array_equal(element, element[::-1, ::-1]):
        raise ValueError(
            "an element must be point-symmetric about its centre: OpenCV does not reflect it for the dilation, "
            "so with any other the result would not be an opening"
        )
    rows, columns = np.flatnonzero(element.any(axis=1)), np.flatnonzero(element.any(axis=0))
    return element[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8)


def _fits(element, image):
    if len(element) == 2 and (element[0] > image[0] or element[1] > image[1]):
        raise ValueError(
            f"an element of {element[0]} x {element[1]} is larger than the image of {image[0]} x {image[1]} "
            "(rows x columns): use a shorter one"
        )


def _listed(elements):
    elements = list(elements)
    if not elements:
        raise ValueError("at least one element is needed, e.g. line_elements(15, 4)")
    return elements


def _window(window, shape):
    x, y, w, h = window
    if not all(value == int(value) for value in (x, y, w, h)):
        raise ValueError(f"a window is x, y, width, height in whole pixels, not {window}")
    if w < 1 or h < 1 or x < 0 or y < 0 or x + w > shape[1] or y + h > shape[0]:
        raise ValueError(f"window {window} (x, y, width, height) is empty or leaves the {shape[1]} x {shape[0]} frame")
    return int(x), int(y), int(w), int(h)
