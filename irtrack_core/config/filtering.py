"""Settings of the filter, eqs. (2)-(4)."""

from typing import Literal

from pydantic import Field

from irtrack_core.config.base import Settings


class FilterSettings(Settings):
    """The multi-level filter, eqs. (2)-(4)."""

    length: int | None = Field(15, ge=1, description="pixels of a line element a_i, odd; None: from the target's size")
    angles: int = Field(4, ge=1, le=64, description="n, the number of line elements, evenly spread over 180 degrees")
    rectangle: tuple[int, int] = Field((3, 3), description="height, width of s in eq. (4), both odd; (1, 1): none")
    polarity: Literal["bright", "both"] = Field(
        "bright",
        description="of targets that are kept; the paper's filter keeps what is brighter than its surroundings",
    )
