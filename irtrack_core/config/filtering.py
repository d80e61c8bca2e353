"""Settings of the filter, eqs. (2)-(4)."""

from typing import Literal

from pydantic import Field, model_validator

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


class TemporalSettings(Settings):
    """The filter's third level, in time: which past frames a pixel is compared with."""

    gaps: tuple[int, ...] = Field(
        (4, 8, 12, 16, 20),
        min_length=1,
        description="frames back, each of them compared with: so far apart that a small target has left its place",
    )
    tile: int = Field(
        128, ge=32, le=1024, description="side in px of what is remembered about the target and laid onto the past"
    )
    model: Literal["still", "translation", "euclidean", "similarity", "affine"] = Field(
        "translation",
        description="how the background moves; a rotating platform needs euclidean, a zoom similarity; still: nothing "
        "is laid on, as in plain frame differences",
    )

    @model_validator(mode="after")
    def _past(self):
        if min(self.gaps) < 1 or sorted(set(self.gaps)) != list(self.gaps):
            raise ValueError(f"gaps={self.gaps} must be whole frames from 1 on, rising")
        return self
