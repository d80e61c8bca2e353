"""Settings of the imaging model: the sensor, the scene, the target. Part of `config`, from which all are imported."""

from typing import Literal

from pydantic import Field, model_validator

from irtrack_core.config.base import Settings

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
    beta: float = Field(3.0, ge=0, le=5, description="P(k) ~ (k0^2 + k^2)^(-beta/2) before h blurs it; clouds 2.6-3.4")
    outer_scale: float = Field(200.0, gt=0, description="1 / k0, pixels: the largest structure")
    std: float = Field(0.15, ge=0, description="rms contrast of the scene, K")
    skew: float = Field(0.3, ge=0, le=1.5, description="sigma of the log-normal remap; 0: Gaussian")
    pan: tuple[float, float] = Field((0.3, 0.0), description="drift of the view over the scene, x, y, pixels a frame")
    wander: float = Field(0.0, ge=0, description="amplitude of a slow sway of the line of sight, pixels")
    vibration: float = Field(0.0, ge=0, description="rms displacement from frame to frame, pixels")
    wind: float = Field(
        0.0,
        ge=0,
        le=10,
        description="rms px by which neighbouring parts of the scene sway against each other, as leaves do",
    )
    hot_spots: int = Field(0, ge=0, le=500, description="small warm objects fixed in the scene")
    distractors: int = Field(
        0, ge=0, le=50, description="moving objects like the target; they belong to the background"
    )
    distractor_snr: float = Field(0.7, ge=0, description="their peak contrast, times the target's")
    crossing: int = Field(0, ge=0, le=50, description="how many of the distractors cross the target's path")


class Deformation(Settings):
    """How a target changes its shape or contrast in flight: from frame `begin` on, over `frames` frames, then no more.

    Nothing is drawn at random, so that a target and the same one without it have one path.
    """

    begin: int = Field(15, ge=0, description="frame in which the change begins")
    frames: int = Field(30, ge=1, description="frames that it takes")
    start: tuple[float, float] = Field(
        (0.0, 0.0), description="ln of the stretch along and across the body before, in its own frame"
    )
    end: tuple[float, float] = Field(
        (0.0, 0.0), description="ln of the same after; between them it changes evenly: ln 4 is four times as long"
    )
    turn: float = Field(0.0, ge=-20, le=20, description="radians that the body turns in the picture, x towards y")
    contrast: float = Field(
        1.0, ge=-10, le=10, description="its contrast afterwards over that before; below 0 it changes its polarity"
    )
    flap: float = Field(
        0.0, ge=0, le=2, description="ln by which its extent across shrinks and returns in each cycle of its cadence"
    )

    @model_validator(mode="after")
    def _usable(self):
        if max(map(abs, self.start + self.end)) > 4:
            raise ValueError(f"start={self.start} and end={self.end} are logarithms of a stretch: keep them within 4")
        return self

    @property
    def alters_shape(self):
        """True where more than the contrast changes."""
        return bool(self.turn or self.flap or any(self.start + self.end))

    @property
    def held(self):
        """The same target without the change: it keeps the shape that it starts with."""
        return Deformation(begin=self.begin, frames=self.frames, start=self.start, end=self.start)


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
    deform: Deformation | None = Field(None, description="a change of its shape or contrast in flight; None: none")

    @model_validator(mode="after")
    def _usable(self):
        if self.kind == "point" and self.deform and self.deform.alters_shape:
            raise ValueError("a point has no shape to deform: choose another kind, or change its contrast alone")
        if not 0 <= self.region[0] < self.region[1] <= 1:
            raise ValueError(f"region {self.region} must be 0 <= top < bottom <= 1, in frame heights")
        return self
