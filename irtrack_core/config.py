"""Every setting of the project in one place: frozen, checked, with its default and the reason for it.

A misspelled or impossible setting is an error that names it. `settings.replace(length=21)` gives a changed copy.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "Settings",
    "ScanSettings",
    "SceneSettings",
    "TargetSettings",
    "FilterSettings",
    "NetworkSettings",
    "SamplingSettings",
    "TrainingSettings",
    "TrackerSettings",
    "PeakSettings",
    "PyramidSettings",
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


# --- imaging model, eq. (1) -------------------------------------------------------------------------------------------
# d is the detector's side; a pixel of the image is one sample: d / oversampling. sigma_w is the white noise after TDI.


class ScanSettings(Settings):
    """The oversampled-scan sensor. Image rows are channels (detectors); columns are instants of the scan."""

    shape: tuple[int, int] = Field((480, 640), description="height, width in pixels: channels, samples of a scan")
    detector: float = Field(25.0, gt=0, description="d, side of a square detector, micrometres")
    f_number: float = Field(2.5, gt=0, description="F of the optics")
    wavelength: float = Field(4.0, gt=0, description="micrometres; Airy diameter 2.44 lambda F, here about d")
    psf: Literal["gaussian", "airy"] = Field("gaussian", description="gaussian: sigma = 0.44 lambda F")
    oversampling_scan: float = Field(2.0, ge=1, le=8, description="M_s: samples per d along a row")
    oversampling_cross: float = Field(2.0, ge=1, le=8, description="M_x: rows per d; 2 for two staggered rows")
    smear: float = Field(0.25, ge=0, le=4, description="l, path of the scan during one integration, in d")
    stages: int = Field(8, ge=1, le=256, description="N of TDI: the noise falls by sqrt(N)")
    mismatch: float = Field(
        0.0, ge=-1, le=1, description="delta, wrong step of a TDI stage, in d: blurs along the scan"
    )
    stagger: float = Field(2.0, ge=0, le=64, description="distance of the two detector rows along the scan, in d")
    jitter: float = Field(0.05, ge=0, le=1, description="rms error of the scan's position, in d, common to all rows")
    jitter_length: float = Field(20.0, gt=0, description="correlation length of the jitter, samples")
    netd: float = Field(30.0, gt=0, description="noise-equivalent temperature difference of one stage, mK")
    gain: float = Field(0.005, ge=0, le=0.5, description="rms residual gain error of a channel")
    offset: float = Field(0.5, ge=0, description="rms residual offset of a channel, in sigma_w")
    odd_even: float = Field(0.3, ge=0, description="offset of the odd rows against the even ones, in sigma_w")
    knee: float = Field(0.02, ge=0, le=0.5, description="f_k, where 1/f noise equals white noise, cycles per sample")
    drift: float = Field(0.3, ge=0, description="rms slow change of a channel's offset over a sequence, in sigma_w")
    dead: float = Field(0.0, ge=0, le=0.5, description="share of dead channels: whole rows without signal")
    spikes: float = Field(2e-4, ge=0, le=0.1, description="share of samples hit by a spike of one sample")
    spike_size: float = Field(15.0, ge=0, description="mean height of a spike, in sigma_w")
    bits: Literal[8, 14, 16] = 14
    output: Literal["radiometric", "agc"] = Field(
        "radiometric", description="counts proportional to temperature, or stretched frame by frame to fill the range"
    )
    span: float = Field(40.0, gt=0, description="K across the whole radiometric range")
    agc_noise: float = Field(3.0, gt=0, description="AGC never stretches sigma_w over this many counts")
    agc_clip: float = Field(0.5, ge=0, le=40, description="AGC saturates about this many per cent at each end")
    detail: float = Field(
        0.0, ge=0, le=1, description="share of the local mean that the AGC takes away: halos at edges"
    )
    detail_size: float = Field(24.0, ge=4, description="sigma of that local mean, pixels")
    quality: int = Field(100, ge=5, le=100, description="of JPEG compression of 8-bit output; 100: none")

    @model_validator(mode="after")
    def _usable(self):
        if min(self.shape) < 8 or max(self.shape) > 8192:
            raise ValueError(f"shape {self.shape} must lie between 8 and 8192 pixels each way (height, width)")
        if self.quality < 100 and self.bits != 8:
            raise ValueError(f"quality={self.quality}: only 8-bit output can be compressed, and bits={self.bits}")
        if self.detail and self.output != "agc":
            raise ValueError(f"detail={self.detail} is a part of the AGC: set output='agc'")
        return self


class SceneSettings(Settings):
    """The background, and how the platform moves over it."""

    kind: Literal["flat", "clouds", "cloud_edges", "horizon", "terrain", "buildings", "trees", "sea"] = "clouds"
    beta: float = Field(3.0, ge=0, le=5, description="P(k) ~ (k0^2 + k^2)^(-beta/2); clouds and terrain 2.6-3.4")
    outer_scale: float = Field(200.0, gt=0, description="1 / k0, pixels: the largest structure")
    std: float = Field(0.15, ge=0, description="rms contrast of the scene, K")
    skew: float = Field(0.3, ge=0, le=1.5, description="sigma of the log-normal remap; 0: Gaussian")
    pan: tuple[float, float] = Field((0.3, 0.0), description="drift of the view over the scene, x, y, pixels a frame")
    wander: float = Field(0.0, ge=0, description="amplitude of a slow sway of the line of sight, pixels")
    vibration: float = Field(0.0, ge=0, description="rms displacement from frame to frame, pixels")
    hot_spots: int = Field(0, ge=0, le=500, description="small warm objects fixed in the scene")
    distractors: int = Field(
        0, ge=0, le=50, description="moving objects like the target; they belong to the background"
    )
    distractor_snr: float = Field(0.7, ge=0, description="their peak contrast, times the target's")
    crossing: int = Field(0, ge=0, le=50, description="how many of the distractors cross the target's path")


class TargetSettings(Settings):
    """The target and its motion."""

    kind: Literal["point", "aircraft", "drone", "bird", "pedestrian", "vehicle"] = "point"
    size: float = Field(8.0, gt=0, le=200, description="largest extent, pixels across the scan; a point has none")
    snr: float = Field(8.0, description="peak contrast over sigma_w; below 0: colder than its surroundings")
    speed: float = Field(1.0, ge=0, description="pixels a frame")
    manoeuvre: float = Field(0.03, ge=0, description="rms turn, radians a frame")
    vertical: float = Field(
        1.0, ge=0, le=1, description="share of vertical motion: 1 free, near 0 for walkers and cars"
    )
    region: tuple[float, float] = Field(
        (0.0, 1.0), description="top, bottom of where its centre moves, in frame heights"
    )
    cadence: float = Field(0.06, ge=0, le=0.5, description="steps or wing beats a frame: the shape changes")
    growth: float = Field(0.0, ge=-2, le=2, description="ln of the size's change from first to last frame")
    leave: bool = Field(False, description="may leave the frame and come back")
    flicker: float = Field(0.0, ge=0, le=1, description="rms change of the contrast from frame to frame, relative")
    occlusion: float = Field(0.0, ge=0, lt=1, description="share of the frames in the middle, hidden behind something")

    @model_validator(mode="after")
    def _usable(self):
        if not 0 <= self.region[0] < self.region[1] <= 1:
            raise ValueError(f"region {self.region} must be 0 <= top < bottom <= 1, in frame heights")
        return self


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
    radius: float = Field(
        0.25, gt=0, description="without region selection: positions this near the target, in its sizes, are positives"
    )


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
    freeze: float = Field(
        0.3,
        ge=0,
        le=1,
        description="share of the iterations after which batch norm keeps its statistics: template and search crops "
        "differ in theirs, and a tracker must give both the stored ones",
    )
    clip: float = Field(10.0, gt=0, description="largest norm of a gradient; keeps lr 0.05 stable in the first steps")
    seed: int = 0
    checkpoint_every: int = Field(100, ge=1, description="iterations between two checkpoints")


class TrackerSettings(Settings):
    """How a Siamese tracker turns score maps into a box."""

    window_influence: float = Field(0.3, ge=0, le=1, description="weight of the cosine window against the score")
    penalty: float = Field(0.1, ge=0, description="k of exp(-k (change of size and ratio - 1)); 0: none")
    size_rate: float = Field(
        0.02, ge=0, le=1, description="share of a new size taken over, times the score: low, for one frame tells little"
    )
    velocity_rate: float = Field(0.3, ge=0, le=1, description="smoothing of the constant-velocity prediction; 0: none")
    lost_below: float = Field(0.3, ge=0, le=1, description="a score below this counts as a miss")
    patience: int = Field(3, ge=0, description="misses in a row after which the whole frame is searched")
    found_above: float = Field(0.7, ge=0, le=1, description="score that a candidate elsewhere needs to be taken")
    candidates: int = Field(5, ge=0, description="places looked at in a frame while lost; 0: no re-detection")
    coasting: float = Field(0.8, ge=0, le=1, description="velocity kept from frame to frame while the target is missed")


class PyramidSettings(TrackerSettings):
    """A tracker with a score map alone finds the size by looking at several; defaults are SiamFC's."""

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
