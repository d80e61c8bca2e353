"""Settings of the training pairs and of the training, eqs. (11), (12)."""

from typing import Literal

from pydantic import Field

from irtrack_core.config.base import Settings


class SamplingSettings(Settings):
    """How training pairs are drawn and augmented."""

    max_gap: int = Field(30, ge=1, description="frames between template and search frame, at most")
    scale: float = Field(0.2, ge=0, description="largest log change of the search crop's scale")
    negatives: float = Field(0.1, ge=0, le=1, description="share of pairs whose search crop lacks the target")
    hard_negatives: float = Field(
        0.0, ge=0, le=1, description="share of those whose search crop is put where the filter responds most"
    )
    looseness: tuple[float, float] = Field(
        (0.8, 2.0), description="range of the factor on the size of simulated boxes, for annotators differ; one a pair"
    )
    misdrawn: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of pairs whose template is cut by a wrongly drawn box: where the target really is and how large, "
        "the net has to see in the search crop",
    )
    transpose: float = Field(0.0, ge=0, le=1, description="share of pairs with rows and columns exchanged")
    photometric: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of pairs with photometric augmentation: gain, gamma, blur, noise, JPEG, symbols",
    )
    history_steps: tuple[int, ...] = Field(
        (1, 1, 2), description="frames between those that the filter in time compares, one of these a pair"
    )
    noise: float = Field(0.15, ge=0, description="largest sigma of noise added to a crop, in its standard deviations")


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
        True, description="1/F' of eq. (11) is one over the number of positions; False: a plain sum"
    )
    balanced: bool = Field(True, description="positives and negatives half the loss each; False: eq. (11) literally")
    hardest: float = Field(
        1.0,
        gt=0,
        le=1,
        description="share of a batch's negatives, of the largest loss, in the balanced loss: hard-example mining",
    )
    regression_weight: float = Field(1.2, description="lambda of the smooth-L1 term, as in SiamRPN")
    regression_beta: float = Field(0.1, gt=0, description="where smooth-L1 turns linear: low, for sub-pixel boxes")
    # template and search crops differ in their statistics, and a tracker normalises both by the stored ones
    freeze: float = Field(0.3, ge=0, le=1, description="share of the iterations after which batch norms keep theirs")
    clip: float = Field(10.0, gt=0, description="largest norm of a gradient; keeps lr 0.05 stable in the first steps")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="of convolutions: auto is bfloat16 on a GPU that has it, else float32"
    )
    seed: int = 0
    checkpoint_every: int = Field(100, ge=1, description="iterations between two checkpoints")


def training_preset(name, **changes):
    """TrainingSettings `literal`, `paper` or `convergence`, with changes. Raises ValueError for another name.

    `literal`: the paper's words and nothing else: eq. (11) with lg and a plain mean, no help for lr 0.05 or batch norm.
    `paper`: its schedule with the readings that make it work (the defaults). `convergence`: twenty times as many steps, in
    larger batches.
    """
    presets = {
        "literal": dict(loss_base="10", balanced=False, clip=1e9, freeze=1.0),
        "paper": {},
        "convergence": dict(iterations=20_000, batch=32, lr_first=0.02, lr_last=0.00002),
    }
    if name not in presets:
        raise ValueError(f"unknown training preset {name!r}: use one of {sorted(presets)}")
    return TrainingSettings(**(presets[name] | changes))
