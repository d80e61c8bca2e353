"""Every setting of the project in one place: frozen, checked, with its default and the reason for it.

A misspelled or impossible setting is an error that names it. `settings.replace(length=21)` gives a changed copy.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Settings",
    "FilterSettings",
    "NetworkSettings",
    "SamplingSettings",
    "TrainingSettings",
    "TrackerSettings",
    "Profile",
    "PROFILES",
    "network_preset",
    "profile",
]


class Settings(BaseModel):
    """A frozen group of settings; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def replace(self, **changes):
        """A checked copy with some settings changed."""
        return type(self)(**(self.model_dump() | changes))


class FilterSettings(Settings):
    """The multi-level filter, eqs. (2)-(4)."""

    length: int | None = Field(15, ge=1, description="pixels of a line element a_i, odd; None: from the target's size")
    angles: int = Field(4, ge=1, le=64, description="n, the number of line elements, evenly spread over 180 degrees")
    rectangle: tuple[int, int] = Field((3, 3), description="height, width of s in eq. (4), both odd; (1, 1): none")


class NetworkSettings(Settings):
    """The improved Siamese network, eqs. (5)-(10). Defaults are the preset `paper`."""

    preset: Literal["paper", "compact"] = "paper"
    width: float = Field(1.0, gt=0, le=4, description="multiplies every channel count; the topology stays")
    inputs: tuple[Literal["image", "suppressed", "filtered"], ...] = Field(
        ("filtered",), description="channels of a crop: I, U and M of eqs. (1)-(4); the paper feeds the filtered image"
    )
    template_size: int = Field(127, description="pixels of a template crop's side, after resampling")
    search_size: int = Field(255, description="pixels of a search crop's side, after resampling")
    context: float = Field(0.5, description="template side = sqrt((w+p)(h+p)), p = context * (w+h)")
    window_floor: float = Field(16.0, description="smallest template side in frame pixels: sized for the motion")
    stride: int = 8
    anchor_base: Literal["fixed", "template"] = Field(
        "fixed", description="anchors of a fixed size in the crop, or as large as the template's own box"
    )
    anchor_size: float = Field(64.0, description="side in crop pixels of a fixed anchor: scale 8 x stride 8")
    anchor_ratios: tuple[float, ...] = Field((0.33, 0.5, 1.0, 2.0, 3.0), description="height / width; m of them")
    fusion: bool = Field(True, description="False: conv5 alone, for the ablation")
    filter: FilterSettings = Field(
        FilterSettings(length=None), description="filter of the inputs; lines as long as the target needs"
    )

    @property
    def m(self):
        """Number of anchors at one position."""
        return len(self.anchor_ratios)


def network_preset(name, **changes):
    """NetworkSettings of the preset `paper` or `compact`, with changes. Raises ValueError for another name.

    `compact` is designed for targets of 5-30 px: stride 4; crops scaled so that the target spans a third of the template
    and a sixth of the search crop, which leaves it 1.5 times its own size to move in a frame; image and suppressed image
    as input; and one anchor, the given box itself, so that the net learns how the target *differs* from the box it was
    given and carries the annotator's box convention. Crop sizes are odd so that every stage is centred on the crop.
    """
    presets = {
        "paper": {},
        "compact": dict(
            inputs=("image", "suppressed"),
            template_size=47,
            search_size=95,
            context=1.0,
            window_floor=30.0,
            stride=4,
            anchor_base="template",
            anchor_ratios=(1.0,),
        ),
    }
    if name not in presets:
        raise ValueError(f"unknown network preset {name!r}: use one of {sorted(presets)}")
    return NetworkSettings(**(dict(preset=name) | presets[name] | changes))


class SamplingSettings(Settings):
    """How training pairs are drawn and varied."""

    max_gap: int = Field(30, ge=1, description="frames between template and search frame, at most")
    shift: float = Field(0.22, ge=0, description="target's largest offset from the crop's centre, in search crop sides")
    scale: float = Field(0.2, ge=0, description="largest log change of the search crop's scale")
    negatives: float = Field(0.1, ge=0, le=1, description="share of pairs whose search crop lacks the target")
    looseness: tuple[float, float] = Field(
        (0.8, 2.0), description="simulated boxes are drawn this many times their size: annotators differ"
    )
    offset: float = Field(0.1, ge=0, description="largest shift of such a box, in box sizes; the same in both frames")
    flip: float = Field(0.5, ge=0, le=1, description="share mirrored, left-right and up-down independently")
    noise: float = Field(0.15, ge=0, description="largest sigma of noise added to the image, in crop sigmas")
    positive: float = Field(0.5, description="overlap from which an anchor is a positive")
    negative: float = Field(0.3, description="overlap below which an anchor is a negative")


class TrainingSettings(Settings):
    """Stochastic gradient descent on eq. (11), as eq. (12) asks."""

    iterations: int = Field(1000, ge=1, description="the paper's upper limit")
    batch: int = Field(16, ge=1)
    lr_first: float = Field(0.05, gt=0, description="log-spaced from lr_first ...")
    lr_last: float = Field(0.0001, gt=0, description="... to lr_last")
    momentum: float = 0.9
    weight_decay: float = 5e-4
    loss_base: Literal["e", "10"] = Field("e", description="logarithm of eq. (11): natural, or the paper's lg")
    balanced: bool = Field(True, description="positives and negatives half the loss each; False: eq. (11) literally")
    regression_weight: float = Field(1.2, description="lambda of the smooth-L1 term, as in SiamRPN")
    regression_beta: float = Field(0.1, gt=0, description="where smooth-L1 turns linear: low, for sub-pixel boxes")
    clip: float = Field(10.0, gt=0, description="largest norm of a gradient; keeps lr 0.05 stable in the first steps")
    seed: int = 0
    checkpoint_every: int = Field(100, ge=1, description="iterations between two checkpoints")


class TrackerSettings(Settings):
    """How a Siamese tracker turns score maps into a box."""

    window_influence: float = Field(0.3, ge=0, le=1, description="weight of the cosine window against the score")
    penalty: float = Field(0.1, ge=0, description="k of exp(-k (change of size and ratio - 1)); 0: none")
    size_rate: float = Field(0.2, ge=0, le=1, description="share of a new size taken over, times the score")
    velocity_rate: float = Field(0.3, ge=0, le=1, description="smoothing of the constant-velocity prediction; 0: none")


class Profile(Settings):
    """How much of the study is run."""

    name: Literal["quick", "full"]
    frames: int = Field(description="frames of each simulated sequence")
    folds: int = Field(description="of the five folds, how many are run")
    seeds: int
    iterations: int = Field(description="training iterations")
    width: float = Field(description="width factor of the preset `paper`")


PROFILES = {
    "quick": Profile(name="quick", frames=40, folds=1, seeds=1, iterations=200, width=0.125),
    # 33,925 frames in 30 sequences, as in the paper: 1,130 a sequence
    "full": Profile(name="full", frames=1130, folds=5, seeds=3, iterations=1000, width=1.0),
}


def profile(name):
    """The profile `quick` or `full`. Raises ValueError for another name."""
    if name not in PROFILES:
        raise ValueError(f"unknown profile {name!r}: use one of {sorted(PROFILES)}")
    return PROFILES[name]
