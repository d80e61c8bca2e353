"""Every setting of the project in one place: frozen, checked, with its default and the reason for it.

Those of the imaging model, eq. (1), lie in `config_scan`, those of the trackers in `config_track`, and are imported from
here like all others. A misspelled or impossible setting is an error that names it. `settings.replace(length=21)` gives a
changed copy.
"""

from typing import Literal

from pydantic import Field

from irtrack_core.config_scan import ScanSettings, SceneSettings, Settings, TargetSettings
from irtrack_core.config_track import JumpSettings, MotionSettings, PeakSettings, PyramidSettings, TrackerSettings

__all__ = [
    "Settings",
    "ScanSettings",
    "SceneSettings",
    "TargetSettings",
    "FilterSettings",
    "NetworkSettings",
    "SamplingSettings",
    "TrainingSettings",
    "JumpSettings",
    "MotionSettings",
    "TrackerSettings",
    "PeakSettings",
    "PyramidSettings",
    "Profile",
    "PROFILES",
    "network_preset",
    "profile",
    "training_preset",
]


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
    anchor_base: Literal["nominal", "fixed", "template"] = Field(
        "nominal",
        description="anchors of anchor_size, less where window_floor widened the crop; of anchor_size always, as in SiamRPN, "
        "which has no floor; or as large as the template's own box",
    )
    anchor_size: float = Field(
        64.0, description="side of an anchor in crop pixels, scale 8 x stride 8: that of a target in its template crop"
    )
    anchor_ratios: tuple[float, ...] = Field((0.33, 0.5, 1.0, 2.0, 3.0), description="height / width; m of them")
    backbone_norm: bool = Field(
        True, description="batch norm after each convolution; False: AlexNet's own, with biases"
    )
    conv5_relu: bool = Field(
        False, description="rectify conv5 too; the reading keeps its sign, for correlation needs both"
    )
    reduce: bool = Field(
        False,
        description="average windows that shrink to their crop over whole blocks of pixels before the filter, not after it: "
        "no work grows with the target",
    )
    negate_dark: bool = Field(False, description="show the negative where the target is darker than its surroundings")
    unit: Literal["crop", "template"] = Field(
        "crop",
        description="deviation that suppressed channels are divided by: of each crop, or of the template's frame",
    )
    squash: bool = Field(False, description="inputs through arcsinh: a bright roof no longer dwarfs a faint target")
    head: Literal["up-channel", "depthwise"] = Field(
        "up-channel",
        description="eqs. (8), (9) as SiamRPN does them, or channel by channel with two convolutions after them",
    )
    fusion: bool = Field(True, description="False: conv5 alone, for the ablation")
    fusion_pool: Literal["centred", "adaptive"] = Field(
        "centred", description="p of eq. (5): 5x5 and 3x3 of stride 1, or whatever windows divide the map into conv5's"
    )
    fusion_kernel: Literal[1, 3] = Field(1, description="side of the convolution of eq. (7); the paper gives none")
    correlation_scale: bool = Field(True, description="divide eqs. (8), (9) by the root of their number of terms")
    region: bool = Field(
        True,
        description="False: a score map alone, as SiamFC, for the ablation; needs a pyramid of scales to track with",
    )
    filter: FilterSettings = Field(
        FilterSettings(length=None), description="filter of the inputs; lines as long as the target needs"
    )

    @property
    def m(self):
        """Number of anchors at one position; a score map alone has one score there."""
        return len(self.anchor_ratios) if self.region else 1


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
    hard: float = Field(0.0, ge=0, le=1, description="share of the negatives that lie where the filter sees something")
    transpose: float = Field(0.0, ge=0, le=1, description="share with rows and columns exchanged")
    variety: float = Field(0.0, ge=0, le=1, description="share of pairs shown as another camera might have (`augment`)")
    positive: float = Field(0.5, description="overlap from which an anchor is a positive")
    negative: float = Field(0.3, description="overlap below which an anchor is a negative")
    radius: float = Field(
        0.25, gt=0, description="without region selection: positions this near the target, in its sizes, are positives"
    )


class TrainingSettings(Settings):
    """Stochastic gradient descent on eq. (11), as eq. (12) asks."""

    iterations: int = Field(1000, ge=1, description="the paper's upper limit")
    batch: int = Field(16, ge=1)
    lr_first: float = Field(0.05, gt=0, description="log-spaced from lr_first ...")
    lr_last: float = Field(0.0001, gt=0, description="... to lr_last")
    lr_decay: Literal["log", "linear"] = Field("log", description="how it falls; the paper gives the two ends only")
    momentum: float = 0.9
    weight_decay: float = 5e-4
    loss_base: Literal["e", "10"] = Field("e", description="logarithm of eq. (11): natural, or the paper's lg")
    loss_mean: bool = Field(
        True, description="1/F' of eq. (11) as one over the number of positions; False: the plain sum"
    )
    balanced: bool = Field(True, description="positives and negatives half the loss each; False: eq. (11) literally")
    hardest: float = Field(
        1.0, gt=0, le=1, description="share of the negatives, the worst of a batch, that count in the balanced loss"
    )
    regression_weight: float = Field(1.2, description="lambda of the smooth-L1 term, as in SiamRPN")
    regression_beta: float = Field(0.1, gt=0, description="where smooth-L1 turns linear: low, for sub-pixel boxes")
    freeze: float = Field(
        0.3,
        ge=0,
        le=1,
        description="share of the iterations after which batch norm keeps its statistics: template and search crops "
        "differ in theirs, and a tracker must give both the stored ones",
    )
    clip: float = Field(10.0, gt=0, description="largest norm of a gradient; keeps lr 0.05 stable in the first steps")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="of convolutions: auto is bfloat16 on a GPU that has it, else float32"
    )
    seed: int = 0
    checkpoint_every: int = Field(100, ge=1, description="iterations between two checkpoints")


def training_preset(name, **changes):
    """TrainingSettings `literal`, `paper` or `convergence`, with changes. Raises ValueError for another name.

    `literal`: the paper's words and nothing else: eq. (11) with lg and a plain mean, no help for lr 0.05 or batch norm.
    `paper`: its schedule with the readings that make it work (the defaults). `convergence`: until nothing more is gained.
    """
    presets = {
        "literal": dict(loss_base="10", balanced=False, clip=1e9, freeze=1.0),
        "paper": {},
        "convergence": dict(iterations=20_000, batch=32, lr_first=0.02, lr_last=0.00002),
    }
    if name not in presets:
        raise ValueError(f"unknown training preset {name!r}: use one of {sorted(presets)}")
    return TrainingSettings(**(presets[name] | changes))


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
