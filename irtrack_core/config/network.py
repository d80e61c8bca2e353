"""Settings of the network, eqs. (5)-(10), and of its two presets."""

from typing import Literal

from pydantic import Field, model_validator

from irtrack_core.config.base import Settings
from irtrack_core.config.filtering import FilterSettings, TemporalSettings


class NetworkSettings(Settings):
    """The improved Siamese network, eqs. (5)-(10). Defaults are the preset `paper`."""

    preset: Literal["paper", "compact"] = "paper"
    width: float = Field(1.0, gt=0, le=4, description="multiplies every channel count; the topology stays")
    inputs: tuple[Literal["image", "suppressed", "filtered", "temporal"], ...] = Field(
        ("filtered",),
        description="channels of a crop: I, U and M of eqs. (1)-(4), and D of the filter in time; the paper feeds M",
    )
    template_size: int = Field(127, le=2047, description="pixels of a template crop's side, after resampling")
    search_size: int = Field(255, le=4095, description="pixels of a search crop's side, after resampling")
    context: float = Field(0.5, description="template side = sqrt((w+p)(h+p)), p = context * (w+h)")
    window_floor: float = Field(16.0, description="smallest template side in frame pixels: sized for the motion")
    stride: int = 8
    anchor_base: Literal["nominal", "fixed", "template"] = Field(
        "nominal",
        description="size of the anchors: anchor_size, less where window_floor widened the crop; always anchor_size, as in "
        "SiamRPN, which has no floor; or that of the template's own box",
    )
    anchor_size: float = Field(
        64.0, description="side of an anchor in crop pixels, scale 8 x stride 8: that of a target in its template crop"
    )
    anchor_ratios: tuple[float, ...] = Field((0.33, 0.5, 1.0, 2.0, 3.0), description="height / width; m of them")
    backbone_norm: bool = Field(True, description="batch norm after each convolution; False: biases, as in AlexNet")
    conv5_relu: bool = Field(False, description="ReLU after conv5 too; without it conv5 keeps its sign for correlation")
    reduce: bool = Field(
        False,
        description="windows larger than their crop are averaged before the filter, whose work then stays the same",
    )
    negate_dark: bool = Field(False, description="crops are negated where the target is darker than its surroundings")
    unit: Literal["crop", "template"] = Field(
        "crop",
        description="whose standard deviation suppressed channels are divided by: each crop's, or the first one's",
    )
    squash: bool = Field(False, description="crops are compressed by arcsinh, so that bright clutter does not dominate")
    head: Literal["up-channel", "depthwise", "fcpp"] = Field(
        "up-channel",
        description="eqs. (8), (9) as in SiamRPN; or channel by channel with two convolutions after them; or without "
        "anchors as in SiamFC++: four distances, class and quality, which asks for one fixed anchor as their unit",
    )
    fusion: bool = Field(True, description="False: conv5 alone, for the ablation")
    fusion_pool: Literal["centred", "adaptive"] = Field(
        "centred", description="p of eq. (5): 5x5 and 3x3 of stride 1, or whatever windows divide the map into conv5's"
    )
    fusion_kernel: Literal[1, 3] = Field(1, description="side of the convolution of eq. (7); the paper gives none")
    correlation_scale: bool = Field(True, description="divide eqs. (8), (9) by the root of their number of terms")
    region: bool = Field(True, description="False: a score map alone, as in SiamFC, tracked with a pyramid of scales")
    filter: FilterSettings = Field(
        FilterSettings(length=None), description="filter of the inputs; lines as long as the target needs"
    )
    temporal: TemporalSettings = Field(
        TemporalSettings(tile=160), description="the filter in time, where it is an input; its tile holds a search crop"
    )

    @model_validator(mode="after")
    def _one_unit(self):
        if self.head == "fcpp" and (self.anchor_base, self.anchor_ratios) != ("fixed", (1.0,)):
            raise ValueError(
                "head='fcpp' measures distances in sides of one fixed square: it needs anchor_base='fixed' and "
                f"anchor_ratios=(1.0,), not {self.anchor_base!r} and {self.anchor_ratios}"
            )
        return self

    @property
    def planes(self):
        """Channels of a crop."""
        return len(self.inputs)

    @property
    def m(self):
        """Number of anchors at one position; a score map alone has one score there."""
        return len(self.anchor_ratios) if self.region else 1


def network_preset(name, **changes):
    """NetworkSettings of the preset `paper` or `compact`, with changes. Raises ValueError for another name.

    `compact` is designed for targets of 5-30 px: stride 4; image and suppressed image as input; and one anchor, the given
    box itself, so that the net learns how the target *differs* from that box and keeps the annotator's convention. The
    target spans a third of the template and a sixth of the search crop, and may move 1.5 times its own size in a frame.
    Crop sizes are odd so that every stage is centred on the crop.
    """
    presets = {
        "paper": {},
        "compact": dict(
            inputs=("image", "suppressed"),
            template_size=47,
            search_size=95,
            reduce=True,
            context=1.0,
            window_floor=30.0,
            stride=4,
            anchor_base="template",
            anchor_ratios=(1.0,),
            head="depthwise",
            negate_dark=True,
            unit="template",
            squash=True,
        ),
    }
    if name not in presets:
        raise ValueError(f"unknown network preset {name!r}: use one of {sorted(presets)}")
    return NetworkSettings(**(dict(preset=name) | presets[name] | changes))
