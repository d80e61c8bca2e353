"""Published filters for small targets, by name, to compare the multi-level filter with: `create("lcm")(image)`.

Every filter is a function `image -> response`: image (H, W) uint8, uint16 or float32, checked as by
`filtering.check_image`; response (H, W), float32 or of the image's type, large where there may be a *bright* target. For a
dark one give it `negative(image)`. No argument is changed.

==========  ==============================================================  ======================
name        idea                                                            module
==========  ==============================================================  ======================
none        the image itself: what references [8]-[11] of the paper have    here
tophat      image minus its opening by a square                             `windows`
max-mean    image minus the largest of four directional means               `windows`
max-median  the same with medians                                           `windows`
dog, log    difference of Gaussians, Laplacian of Gaussian                  `windows`
tdlms       residual of an adaptive linear prediction                       `windows`
lcm         local contrast: brightest pixel over the brightest neighbour    `contrast`
mpcm        patches brighter than opposite neighbours                       `contrast`
rlcm        local contrast of the few brightest pixels                      `contrast`
ipi         patches = low rank + sparse                                     `lowrank`
pstnn       tensor of patches = low rank + sparse, weighted by corners      `lowrank`
lpwc        [2]: product contrast weighted by dissimilarity                 `cited`
nfo         [5]: second differences in four directions over clutter         `cited`
mff         [7]: contrast x Gaussian shape x unlikeness                     `cited`
edges       [13]: morphological edges                                       `cited`
edge-s      [13] with eq. (4): M where the edges are, U elsewhere           `cited`
==========  ==============================================================  ======================

Those of [2] to [13], the paper's references, are reconstructions: `cited.ASSUMPTIONS`.

Border mode: `tophat`, `edges` and `edge-s` as in `filtering`; all others see the frame mirrored at its edge, edge pixels
repeated (OpenCV's BORDER_REFLECT, NumPy's "symmetric"); `ipi` and `pstnn` cut patches that lie inside the
frame and need no border.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from irtrack_core.filtering import check_image
from irtrack_core.filtering.baselines import cited, contrast, lowrank, windows

__all__ = ["Filter", "REGISTRY", "available", "create", "negative", "none", "register"]


@dataclass(frozen=True)
class Filter:
    """A filter function with the properties that the experiments need.

    fit(size) -> keyword arguments for a target of size (w, h) px, what a user would set who knows the target; None: it
    has no such parameter. power: the response is in grey values to this power (2: `numpy.sqrt` brings it back).
    linear: a sum of neighbours' grey values with fixed weights, whose overall scale is arbitrary.
    """

    function: Callable
    fit: Callable | None = None
    power: int = 1
    linear: bool = False


def none(image):
    """No filter: the image itself."""
    return check_image(image)


def negative(image):
    """The image with bright and dark exchanged, same type: integers from their type's top, floats within their range.

    >>> negative(np.array([[0, 10, 255]], np.uint8))
    array([[255, 245,   0]], dtype=uint8)
    """
    image = check_image(image)
    if image.dtype.kind == "u":
        return np.iinfo(image.dtype).max - image
    return image.max() + image.min() - image


REGISTRY = {
    "none": Filter(none),
    "tophat": Filter(windows.tophat, windows.fit_tophat),
    "max-mean": Filter(windows.max_mean, windows.fit_line),
    "max-median": Filter(windows.max_median, windows.fit_line),
    "dog": Filter(windows.dog, windows.fit_sigma, linear=True),
    "log": Filter(windows.log, windows.fit_sigma, linear=True),
    "tdlms": Filter(windows.tdlms, windows.fit_delay),
    "lcm": Filter(contrast.lcm, contrast.fit_cells),
    "mpcm": Filter(contrast.mpcm, contrast.fit_cells, power=2),
    "rlcm": Filter(contrast.rlcm, contrast.fit_cell),
    "ipi": Filter(lowrank.ipi),
    "pstnn": Filter(lowrank.pstnn),
    "lpwc": Filter(cited.lpwc, contrast.fit_cells, power=2),
    "nfo": Filter(cited.nfo, contrast.fit_cells),
    "mff": Filter(cited.mff, cited.fit_mff),
    "edges": Filter(cited.edges),
    "edge-s": Filter(cited.edge_s, cited.fit_edge_s),
}


def register(name, function=None, *, fit=None, power=1, linear=False):
    """`function(image, **options) -> response`, registered as `name`; also a decorator. fit, power, linear: see `Filter`.

    Raises ValueError when the name is taken by another function.
    """

    def add(function):
        if name in ("U", "M") or (name in REGISTRY and REGISTRY[name].function is not function):
            raise ValueError(f"filter name {name!r} is taken: choose another")
        REGISTRY[name] = Filter(function, fit, power, linear)
        return function

    return add if function is None else add(function)


def available():
    """Names that `create` takes, in the order of the table above."""
    return list(REGISTRY)


def create(name, *, target=None, **options):
    """The filter `name` as a function image -> response.

    target: its size (w, h) in px, if that is known: parameters follow from it as in `Filter.fit`; None: the paper's.
    options: override single parameters. Raises ValueError for an unknown name.
    """
    if name not in REGISTRY:
        raise ValueError(f"unknown filter {name!r}: use one of {', '.join(REGISTRY)}, or register your own")
    entry = REGISTRY[name]
    fitted = entry.fit(target) if entry.fit is not None and target is not None else {}
    return partial(entry.function, **(fitted | options))
