r"""Grey-scale morphology by flat elements: erosion, dilation, opening, closing, and the checks of images and elements.

Border mode: OpenCV's default, pixels outside the frame are +infinity for an erosion and -infinity for a dilation, so
that they never decide anything and an opening stays below its image up to the border.

uint8, uint16 and float32 give equal results on equal values; the result has the image's type.
"""

from functools import lru_cache

import cv2
import numpy as np

TYPES = frozenset(map(np.dtype, (np.uint8, np.uint16, np.float32)))
LONGEST = 63  # pixels of a line for which `line_opening` looks for a fast way: the search takes longer than it saves
LARGEST = 1e12  # of float values: squares of larger ones, summed over a frame, overflow float32


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


def check_image(image, *, values=True):
    """The image as an array, checked: (H, W), uint8, uint16 or float32 and, unless values=False, usable float values.

    Raises TypeError for another type, ValueError for another rank, a colour image, an empty one, NaN or infinity, and
    for float values beyond LARGEST.
    """
    image = np.asarray(image)
    if image.ndim != 2 or image.size == 0:
        raise ValueError(_wrong_rank(image))
    if image.dtype not in TYPES:
        raise TypeError(f"an image must be uint8, uint16 or float32, not {image.dtype}: {_advice(image)}")
    if values and not is_usable(image):
        if np.isfinite(image).all():
            raise ValueError(
                f"values from {image.min():.3g} to {image.max():.3g} are too large to compute with, {LARGEST:g} at most: "
                "replace those that stand for missing pixels, or scale the image down first"
            )
        raise ValueError(
            "the image holds NaN or infinity: replace those pixels first, e.g. by their neighbours' median"
        )
    return image


def is_usable(image):
    """True for whole numbers, and for float values (H, W) none of which is NaN, infinite or beyond LARGEST either way."""
    return image.dtype.kind != "f" or bool(image.max() <= LARGEST and image.min() >= -LARGEST)  # NaN is neither


class Family:
    """Checked kernels of several elements, with what the filter asks of them. Equal only to itself: a key for caches.

    kernels: tuple of arrays; shapes: of the elements they come from; rows, columns: most that a kernel has;
    lines: True when each is a line, one pixel wide and at most LONGEST long.
    """

    def __init__(self, kernels, shapes):
        self.kernels = kernels
        self.rows, self.columns = (max(one.shape[axis] for one in kernels) for axis in (0, 1))
        # an element with empty outer rows reaches less far than its array, but must still fit into the image
        self.tallest, self.widest = (max(shape[axis] for shape in shapes) for axis in (0, 1))
        self.lines = all(kernel.sum() == max(kernel.shape) <= LONGEST for kernel in kernels)

    def fits(self, shape):
        """Raises ValueError when one of the elements is higher or wider than an image of `shape`."""
        if self.tallest > shape[0] or self.widest > shape[1]:
            raise ValueError(
                f"an element of {self.tallest} x {self.widest} is larger than the image of {shape[0]} x {shape[1]} "
                "(rows x columns): use a shorter one"
            )
        return self


def family(elements):
    """The Family of a list of elements; the same object again for equal elements.

    Raises ValueError unless each element is 2-D, odd on both sides, not empty and point-symmetric about its centre.
    """
    keys = tuple(map(_key, elements))
    if not keys:
        raise ValueError("at least one element is needed, e.g. line_elements(15, 4)")
    return _family(keys)


def _morphology(image, element, operation):
    image = check_image(image)
    return cv2.morphologyEx(image, operation, family([element]).fits(image.shape).kernels[0])


def _key(element):
    """Shape and pixels of an element, hashable: kernels are made once, however often the filter is called."""
    element = np.asarray(element)
    return element.shape, (element if element.dtype == np.uint8 else element.astype(bool)).tobytes()


@lru_cache(maxsize=256)
def _family(keys):
    return Family(tuple(_kernel(*key) for key in keys), tuple(shape for shape, _ in keys))


@lru_cache(maxsize=512)
def _kernel(shape, content):
    if len(shape) != 2 or shape[0] % 2 == 0 or shape[1] % 2 == 0:
        raise ValueError(f"an element must be 2-D with odd sides, so that it has a centre pixel; got shape {shape}")
    element = np.frombuffer(content, np.uint8).reshape(shape) != 0
    if not element.any():
        raise ValueError("an element must hold at least one non-zero pixel; this one is empty")
    if not np.array_equal(element, element[::-1, ::-1]):
        raise ValueError(
            "an element must be point-symmetric about its centre: OpenCV does not reflect it for the dilation, "
            "so with any other the result would not be an opening"
        )
    # without empty outer rows and columns a level line is a rectangle, which OpenCV does faster
    rows, columns = np.flatnonzero(element.any(axis=1)), np.flatnonzero(element.any(axis=0))
    return element[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8)


def _wrong_rank(image):
    if image.ndim == 3 and image.shape[-1] in (3, 4):
        return f"a colour image {image.shape} cannot be filtered: convert it to grey, one number a pixel (H, W)"
    if image.ndim == 3 and image.size:
        return f"an image must be 2-D (H, W); got shape {image.shape}: filter_stack filters a stack (N, H, W)"
    return f"an image must be 2-D (H, W) and not empty; got shape {image.shape}"


def _advice(image):
    """Which type holds the values of an image of another type, so that no conversion wraps round or rounds unseen."""
    if image.dtype.kind == "f":
        return "convert it with image.astype(np.float32)"
    if image.dtype.kind not in "iu":
        return "convert it to np.uint8, np.uint16 or np.float32"
    low, high = int(image.min()), int(image.max())
    for name in ("uint8", "uint16"):
        if low >= 0 and high <= np.iinfo(name).max:
            return f"its values, {low} to {high}, fit: image.astype(np.{name})"
    if max(-low, high) <= 1 << 24:
        return f"its values, {low} to {high}, would wrap round in uint16: use image.astype(np.float32)"
    return f"its values, {low} to {high}, overflow uint16 and are rounded in float32: scale the image down first"
