"""Filtering, eqs. (2)-(4): structuring elements, morphology, the multi-level filter; `baselines` holds other filters."""

from irtrack_core.filtering.elements import (
    drawn_element,
    element_length,
    fitted_lines,
    line_element,
    line_elements,
    rectangle,
    shape_element,
)
from irtrack_core.filtering.morphology import check_image, closing, dilation, erosion, opening
from irtrack_core.filtering.multilevel import (
    background,
    block_means,
    build,
    filled,
    filter_stack,
    filter_window,
    multilevel_filter,
    open_rectangle,
    support,
    suppress,
    target_polarity,
)
from irtrack_core.filtering.temporal import TemporalFilter, without_target

__all__ = [
    "TemporalFilter",
    "background",
    "block_means",
    "build",
    "check_image",
    "closing",
    "dilation",
    "drawn_element",
    "element_length",
    "erosion",
    "filled",
    "filter_stack",
    "filter_window",
    "fitted_lines",
    "line_element",
    "line_elements",
    "multilevel_filter",
    "open_rectangle",
    "opening",
    "rectangle",
    "shape_element",
    "support",
    "suppress",
    "target_polarity",
    "without_target",
]
