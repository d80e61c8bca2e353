"""Settings of the trackers; imported from `config` by everything else."""

from pydantic import Field, model_validator

from irtrack_core.config.base import Settings

__all__ = ["JumpSettings", "MotionSettings", "PeakSettings", "PyramidSettings", "TrackerSettings"]


class JumpSettings(Settings):
    """How jumps of the whole picture are noticed, see `jumps`. Lengths in pixels."""

    tile: int = Field(256, ge=0, description="side of the tile about the target that is watched; 0: none is")
    halvings: int = Field(2, ge=0, description="times it is halved to be compared with the frame before")
    fall: float = Field(0.3, ge=0, description="fall of their correlation below its usual value that means a jump")
    response: float = Field(0.2, ge=0, le=1, description="least response of the phase correlation")
    least: float = Field(4.0, ge=0, description="shorter jumps are left to the window")
    margin: float = Field(0.5, ge=0, description="logits by which the place after the jump may look worse")


class MotionSettings(Settings):
    """What is expected of a target's motion, see `motion.Kalman` and `readout.likeliest`. Lengths in sides of the target."""

    unrest: float = Field(0.01, gt=0, description="deviation of a frame's change of velocity, at first")
    least: float = Field(0.003, gt=0, description="the least that is learnt for it")
    most: float = Field(0.3, gt=0, description="the most")
    adapt: float = Field(0.05, ge=0, le=1, description="share of each surprise in it")
    speed: float = Field(0.5, gt=0, description="deviation of the velocity in a frame, before any is known")
    sure: float = Field(0.03, gt=0, description="deviation of a place seen with score 1")
    unsure: float = Field(1.0, ge=0, description="what is added to it at score 0")
    gate: float = Field(0.15, gt=0, description="deviation of proposals about their target")
    widest: float = Field(1.0, gt=0, description="the most that the deviation of the place grows to, seeing nothing")
    elsewhere: float = Field(0.1, gt=0, lt=1, description="share of targets that do something else than was expected")
    trust: float = Field(0.85, gt=0, description="exponent of a score's odds: they are a little too sure")


class TrackerSettings(Settings):
    """How a Siamese tracker turns score maps into a box."""

    motion: MotionSettings | None = Field(
        MotionSettings(),
        description="evidence is weighed against what was expected; None: cosine window and velocity_rate",
    )
    window_influence: float = Field(0.3, ge=0, le=1, description="weight of the cosine window against the score")
    penalty: float = Field(0.1, ge=0, description="k of exp(-k (change of size and ratio - 1)); 0: none")
    size_rate: float = Field(
        0.06, ge=0, le=1, description="share of a new size taken over, times the score: low, for one frame tells little"
    )
    dead: float = Field(
        0.3,
        ge=0,
        description="changes of size below this logarithm are not followed: most are the annotator's. Larger ones are, "
        "less its square over them",
    )
    velocity_rate: float = Field(0.3, ge=0, le=1, description="smoothing of the constant-velocity prediction; 0: none")
    lost_below: float = Field(0.1, ge=0, le=1, description="a score below this counts as a miss")
    drop: float = Field(
        3.0, ge=0, description="fall of the score, in logits, below its usual value: look elsewhere too"
    )
    slack: float = Field(3.0, ge=0, description="logits by which a place elsewhere may stay below the usual score")
    return_frames: int = Field(
        60,
        ge=0,
        description="frames after a jump in which the place left is looked at too, and after a cut in "
        "which what is seen in doubt does not change the usual score",
    )
    return_margin: float = Field(1.0, ge=0, description="logits by which the place left may look worse")
    return_above: float = Field(0.25, ge=0, le=1, description="score that it needs all the same")
    at_first: float = Field(
        2.0, description="logits by which the usual score begins below that in the given frame, the template's own"
    )
    usual_rate: float = Field(0.1, ge=0, le=1, description="smoothing of the usual score")
    relax: float = Field(0.03, ge=0, description="the usual score, in logits, falls this much a frame while lost")
    margin: float = Field(3.0, ge=0, description="logits by which a place elsewhere must be better")
    ahead: float = Field(1.5, ge=0, description="the same for another place in the window")
    memory: int = Field(
        640, ge=0, description="pixels a side of the surroundings kept, to know what was beside the target; 0: none"
    )
    familiar: float = Field(
        2.0, ge=0, description="logits within which something looks as it did, or as much like the target as that did"
    )
    found_above: float = Field(0.92, ge=0, le=1, description="score that a place elsewhere needs to be taken")
    confirm: int = Field(
        3,
        ge=1,
        description="frames in which it must have been better, on the mean: noise does not repeat itself. One will do where "
        "the whole picture has changed, and for a target ...",
    )
    clear: float = Field(
        5.0,
        description="... whose usual score, in logits, is above this: noise never looks like it. A place elsewhere that "
        "looks so well is good enough, whatever the usual score",
    )
    candidates: int = Field(8, ge=0, description="places looked at in a frame while lost; 0: no re-detection")
    near: float = Field(
        80.0,
        gt=0,
        description="pixels from where it was expected at which what stands out counts for half, in every second of them",
    )
    lost_scales: tuple[float, ...] = Field(
        (1.0, 0.6, 1.7), description="sizes tried in turn while lost, times the last one"
    )
    vote: float = Field(
        0.3, ge=0, description="proposals this near the best, in sizes, are averaged; 0: the best alone"
    )
    coasting: float = Field(
        0.95, ge=0, le=1, description="velocity kept from frame to frame while the target is missed"
    )
    align: int = Field(3, ge=0, description="rounds of laying the target's picture over the template's; 0: none")
    align_power: float = Field(
        3.0, ge=0, description="exponent of the likeness: the share by which the place found so is taken over"
    )
    jump: JumpSettings = JumpSettings()


class PyramidSettings(TrackerSettings):
    """A tracker with a score map alone finds the size by looking at several; defaults are SiamFC's."""

    motion: None = Field(None, description="its window is the cosine one")
    dead: float = Field(0.0, ge=0, description="a scale is a few per cent: every one counts")
    vote: float = Field(0.0, ge=0, description="the enlarged map has found the place already")
    align: int = Field(0, ge=0, description="likewise")
    window_influence: float = Field(0.176, ge=0, le=1, description="weight of the cosine window against the score")
    size_rate: float = Field(0.59, ge=0, le=1, description="share of the best scale's size taken over, times the score")
    scales: int = Field(
        3, ge=1, le=15, description="search crops of different size in a frame, odd: the middle is the old size"
    )
    scale_step: float = Field(1.0375, gt=1, description="ratio of one scale to the next")
    scale_penalty: float = Field(
        0.9745, gt=0, le=1, description="factor on the score of every scale but the middle one"
    )
    upsample: int = Field(
        16, ge=1, le=64, description="the score map is enlarged this much, bicubic: places between cells"
    )

    @model_validator(mode="after")
    def _odd(self):
        if self.scales % 2 == 0:
            raise ValueError(f"scales={self.scales} must be odd: the old size is the middle one")
        return self


class PeakSettings(Settings):
    """The tracker `peak`. Lengths in pixels; chosen on real sequences outside the validation list."""

    length: int = Field(15, ge=1, description="shortest line element, odd; longer ones follow from the target's size")
    angles: int = Field(4, ge=1, le=64)
    window_floor: float = Field(24.0, gt=0, description="smallest half side of the window: sized for the motion")
    window_scale: float = Field(2.0, gt=0, description="half side of the window, in sides of the target")
    window_growth: float = Field(0.2, ge=0, description="growth of the window for each frame the target is lost")
    patience: int = Field(5, ge=0, description="lost frames after which the window grows no more")
    nearness: float = Field(0.5, gt=0, description="sigma of the weight around the prediction, in half windows")
    centroid_level: float = Field(0.5, ge=0, lt=1, description="share of the peak that is taken off before a centroid")
    velocity_rate: float = Field(0.6, ge=0, le=1, description="smoothing of the velocity; 0: no prediction")
    coasting: float = Field(0.8, ge=0, le=1, description="what is left of the velocity after a lost frame")
    amplitude_rate: float = Field(0.05, ge=0, le=1, description="how fast the remembered peak height follows")
    lost_below: float = Field(0.25, ge=0, le=1, description="share of that height below which the target is lost")
