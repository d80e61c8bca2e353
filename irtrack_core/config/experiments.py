"""How much of the study is run: the profiles quick, medium and full."""

from typing import Literal

from pydantic import Field

from irtrack_core.config.base import Settings

__all__ = ["PROFILES", "Profile", "profile"]


class Profile(Settings):
    """How much of the study is run."""

    name: Literal["quick", "medium", "full"]
    frames: int = Field(description="frames of each simulated sequence")
    folds: int = Field(description="of the five folds, how many are run")
    seeds: int
    iterations: int = Field(description="training iterations")
    width: float = Field(description="width factor of the preset `paper`")


PROFILES = {
    "quick": Profile(name="quick", frames=40, folds=1, seeds=1, iterations=200, width=0.125),
    # the networks and sequences of quick, but every sequence is tested and every training done twice
    "medium": Profile(name="medium", frames=40, folds=5, seeds=2, iterations=200, width=0.125),
    # 33,925 frames in 30 sequences, as in the paper: 1,130 a sequence
    "full": Profile(name="full", frames=1130, folds=5, seeds=3, iterations=1000, width=1.0),
}


def profile(name):
    """The profile `quick`, `medium` or `full`. Raises ValueError for another name."""
    if name not in PROFILES:
        raise ValueError(f"unknown profile {name!r}: use one of {sorted(PROFILES)}")
    return PROFILES[name]
