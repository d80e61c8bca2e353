"""Settings of the trackers. Lengths in pixels of the frame where nothing else is said; times in frames."""

from typing import Literal

from pydantic import Field, model_validator

from irtrack_core.config.base import Settings
from irtrack_core.config.filtering import TemporalSettings


class TrackerSettings(Settings):
    """How a Siamese tracker turns score maps into a box. What nobody has a reason to touch is a constant in `trackers`."""

    kalman: bool = Field(
        True,
        description="proposals are weighed against the place that a Kalman filter predicts; False: as in SiamRPN, by a "
        "cosine window and a smoothed velocity",
    )
    hypotheses: int = Field(
        5,
        ge=1,
        description="places in the window that are followed at once until the evidence of several frames decides; 1: the one",
    )
    window_influence: float = Field(0.3, ge=0, le=1, description="weight of the cosine window against the score")
    penalty: float = Field(0.1, ge=0, description="k of exp(-k (change of size and ratio - 1)); 0: none")
    velocity_rate: float = Field(0.3, ge=0, le=1, description="share of a new velocity in the smoothed one; 0: none")
    velocity_decay: float = Field(0.95, ge=0, le=1, description="share of the velocity kept in a frame without target")
    size_rate: float = Field(
        0.06, ge=0, le=1, description="share of a new size taken over, times the score: low, for one frame tells little"
    )
    size_dead_zone: float = Field(
        0.3,
        ge=0,
        description="changes of size below this logarithm are not followed: most are the annotator's. Larger ones are, less "
        "the square of this over them",
    )
    vote_radius: float = Field(
        0.3, ge=0, description="proposals this near the best, in sides of the target, are averaged; 0: the best alone"
    )
    alignment_rounds: int = Field(3, ge=0, description="rounds of aligning the picture with the template's; 0: none")
    mend: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share taken over of what the net, looking at the first frame itself, sees wrong in the given box; for a "
        "net that was trained on wrongly drawn ones. 0: the given box is the truth",
    )
    camera_tile: int = Field(
        256,
        ge=0,
        description="side of the tile about the target in which sudden camera motion and zooms are looked for; 0: nowhere",
    )
    lost_below: float = Field(0.1, ge=0, le=1, description="a score below this counts as a frame without target")
    doubt_drop: float = Field(
        3.0,
        ge=0,
        description="fall of the score, in logits, below its running reference from which re-detection starts",
    )
    candidates: int = Field(8, ge=0, description="places looked at in a frame in doubt; 0: no re-detection")
    confirm_frames: int = Field(
        3,
        ge=1,
        description="frames in which another place must have been better, on the mean: noise does not repeat itself",
    )
    return_frames: int = Field(
        60,
        ge=0,
        description="frames after a jump in which the place left is looked at too, and after a scene cut in which what is "
        "seen in doubt does not change the reference score",
    )
    surroundings: int = Field(
        640, ge=0, description="side of the picture kept of what stood beside the target; 0: none is kept"
    )


class DeformingSettings(Settings):
    """Which parts of a tracker follow a target that changes its shape; without them it is the tracker below it."""

    elements: bool = Field(
        True, description="the lines of eq. (2) are made anew for the target's size in each direction"
    )
    size: bool = Field(True, description="the support of U about the target tells its size beside the network")
    template: bool = Field(True, description="half of the template is renewed where the target is seen well")
    gate: bool = Field(
        False, description="a side keeps the tracker's own size until support and network agree that it has changed"
    )
    polarity: bool = Field(
        False, description="in doubt the negative is looked at too: the target may have turned from warm to cold"
    )


class PyramidSettings(TrackerSettings):
    """A tracker with a score map alone finds the size by looking at several; defaults are SiamFC's."""

    kalman: bool = Field(False, description="its window is the cosine one")
    size_dead_zone: float = Field(0.0, ge=0, description="a scale is a few per cent: every one counts")
    vote_radius: float = Field(0.0, ge=0, description="the enlarged map has found the place already")
    alignment_rounds: int = Field(0, ge=0, description="likewise")
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
    """The tracker `peak`. Chosen on real sequences outside the validation list."""

    length: int = Field(15, ge=1, description="shortest line element, odd; longer ones follow from the target's size")
    angles: int = Field(4, ge=1, le=64, description="number of line elements, evenly spread over 180 degrees")
    temporal: TemporalSettings | None = Field(
        None, description="the filter in time, whose D counts beside U; None: U alone"
    )
    pre_blur: float = Field(
        0.0,
        ge=0,
        le=1,
        description="sigma of a blur before the filter, in sides of the given box; a blob in its box: 0.25",
    )
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


class MultiSettings(Settings):
    """`MultiTracker`: several targets over one filter and one registration of the whole frame."""

    length: int = Field(
        15,
        ge=3,
        description="px of a line element, odd; what is longer is no target. Grows with the boxes that are given",
    )
    polarity: Literal["bright", "dark", "both"] = Field(
        "bright", description="of targets against their surroundings; both: half again as slow, and more clutter"
    )
    temporal: TemporalSettings = Field(
        TemporalSettings(gaps=(6, 12, 18), tile=1024),
        description="the filter in time; three frames rather than five, for each that is laid on costs time",
    )
    least: float = Field(
        12.0, gt=0, description="evidence of a candidate, -ln of the chance that noise is so strong: a few a frame pass"
    )
    candidates: int = Field(
        200, ge=1, le=1000, description="the strongest are looked at, so that the time of a frame is bounded"
    )
    speed: float = Field(10.0, gt=0, description="px a frame against the background that a new target moves at most")
    turn: float = Field(0.06, ge=0, description="radians a frame, rms, by which a target changes its course")
    detection: float = Field(
        0.85, gt=0, lt=1, description="probability that a target that is there gives a candidate in a frame"
    )
    confirm: tuple[int, int] = Field(
        (4, 6), description="M, N: a track is born when M of N frames have had a candidate for it"
    )
    false_start: float = Field(
        1e-12,
        gt=0,
        lt=1,
        description="probability that clutter becomes a track, were its sightings independent: 30 starts a frame at 30 "
        "frames a second are 3 million an hour; they persist, and two say what one does, so it is the square of that",
    )
    moving: bool = Field(
        True,
        description="only what moves against the background is born, else every lamp is; a given box need not move",
    )
    keep: int = Field(60, ge=0, description="frames that a lost target is remembered: two seconds behind a tree")

    @model_validator(mode="after")
    def _usable(self):
        hits, frames = self.confirm
        if not 1 <= hits <= frames <= 32:
            raise ValueError(f"confirm={self.confirm} must be M of N frames, 1 <= M <= N <= 32")
        if self.length % 2 == 0:
            raise ValueError(f"length={self.length} must be odd: a line has a centre pixel")
        return self
