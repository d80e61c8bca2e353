r"""Eq. (1), I = I_e + I_b + I_n: an oversampled-scan infrared sequence, every component and the truth returned.

    I[m, n] = (1 + a_n) (L * h)(m + eps_m, n) + b_n + c_n[m] + w[m, n] + spikes, quantised

I_e = (target * h), I_b = (background * h); the clutter I_n is all that the sensor adds: noise, pattern, rounding. Rows n are
channels, columns m instants of the scan. Each frame is drawn from its own generator (seed, frame), so any order of access
gives the same frames.
"""

from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import cv2
import numpy as np

from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.imaging import camera_output, scene
from irtrack_core.imaging.targets import MovingObject, path
from irtrack_core.optional import Lazy

fft = Lazy("scipy.fft", "evaluation")

# components are multiples of 1 / 64 count and stay below 2^17: float32 adds such numbers without rounding
GRID, LIMIT = 64, 2**17 - 1
_KEPT = {}  # what `Simulation._surroundings` made last
SPIKE = 15.0  # mean height of a spike in sigma_w: far out of the noise, as a hit in a detector is


class Components(NamedTuple):
    """One frame of eq. (1). image == target + background + clutter exactly, all (H, W), in counts.

    image: uint8 or uint16; the others float32. box: (4,) xywh pixels, NaN when the target is out of the frame.
    """

    image: np.ndarray
    target: np.ndarray
    background: np.ndarray
    clutter: np.ndarray
    box: np.ndarray


def simulate(sensor=None, scene=None, target=None, *, frames=40, seed=0, paths=None):
    """A `Simulation` of the given settings (their defaults when None). Raises ValueError for a bad length, seed or path.

    >>> scan = simulate(ScanSettings(shape=(48, 64)), frames=3).components(2)
    >>> bool((scan.image == scan.target + scan.background + scan.clutter).all())
    True
    """
    settings = (sensor or ScanSettings(), scene or SceneSettings(), target or TargetSettings())
    return Simulation(*settings, frames, seed, paths)


def check_seed(seed):
    """Raises ValueError unless the seed is an integer of 0 or above."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be an integer of 0 or above; got {seed!r}")


def sigma_w(sensor):
    """Standard deviation of the white noise after TDI in K, sigma_w = NETD / sqrt(N)."""
    return sensor.netd * 1e-3 / np.sqrt(sensor.stages)


def scan_jitter(sensor, count, rng):
    """Error of the scan's position (count,) in pixels: half its power AR(1), half a vibration at one frequency."""
    rms = sensor.jitter * sensor.oversampling_scan
    if rms == 0:
        return np.zeros(count)
    memory = np.exp(-1 / sensor.jitter_length)
    drive = rng.standard_normal(count) * np.sqrt(1 - memory**2)
    drive[0] /= np.sqrt(1 - memory**2)  # starts stationary
    period = sensor.jitter_length * rng.uniform(2, 8)
    sway = np.sqrt(2) * np.sin(2 * np.pi * (np.arange(count) / period + rng.uniform()))
    drift = np.fromiter(accumulate(drive.tolist(), lambda before, kick: kick + memory * before), float, count)
    return rms * np.sqrt(0.5) * (drift + sway)


def flicker_noise(sensor, shape, rng):
    """The 1/f part c_n[m] (H, W) of every row's noise, in sigma_w: power f_k / f, independent rows, zero row mean."""
    height, width = shape
    frequency = np.fft.rfftfreq(width)
    frequency[0] = np.inf
    spectrum = fft.rfft(rng.standard_normal((height, width), dtype=np.float32), axis=1)
    return fft.irfft(spectrum * np.sqrt(sensor.knee / frequency).astype(np.float32), width, axis=1)


class Fixed(NamedTuple):
    """What all frames of a sequence have in common: the scene's texture, and the sensor's fixed pattern in kelvin."""

    texture: np.ndarray
    gain: np.ndarray
    offset: np.ndarray
    drift: np.ndarray
    dead: np.ndarray
    stuck: np.ndarray
    flicker: np.ndarray | None


@lru_cache(maxsize=1)  # sequences that differ in the target alone, one after the other, have the same
def draw_fixed(sensor, scene_settings, texture_shape, state):
    """The Fixed of a sequence, drawn once, when its first frame is made. state: seed of its generator."""
    rng, sigma, height = np.random.default_rng(state), sigma_w(sensor), sensor.shape[0]
    texture = scene.texture(scene_settings, sensor, texture_shape, rng)
    gain = (sensor.gain * rng.standard_normal(height)).astype(np.float32)
    offset = sigma * (sensor.offset * rng.standard_normal(height) + sensor.odd_even * (np.arange(height) % 2))
    drift = sigma * sensor.drift * rng.standard_normal((2, height))
    dead = rng.permutation(height)[: round(sensor.dead * height)]
    stuck = sigma * rng.uniform(-30, 30, len(dead))
    flicker = flicker_noise(sensor, (height, 2 * sensor.shape[1]), rng) if sensor.knee else None
    return Fixed(texture, gain, offset, drift, dead, stuck, flicker)


class Simulation:
    """One simulated sequence: `boxes` (N, 4), `frame(i)`, `components(i)`; nothing is stored but one texture.

    paths: (K, N, 2) centres x, y of K targets of these settings, in place of the one whose path is drawn. Their boxes are
    `tracks` (K, N, 4); `boxes` and the components' target are the first one's, the others count as background.

    The target's centre moves by its own path plus the platform's sway and vibration; the scan jitter is an error of the
    sensor, which the boxes do not follow. SNR is the peak contrast between samples over sigma_w, exact by construction.
    """

    def __init__(self, sensor, scene_settings, target, frames=40, seed=0, paths=None):
        if frames < 1:
            raise ValueError(f"a sequence needs at least one frame; got frames={frames}")
        check_seed(seed)
        self.sensor, self.scene, self.target = sensor, scene_settings, target
        self.frames, self.seed = int(frames), int(seed)
        rng = np.random.default_rng([self.seed, 0])
        sway = self._platform(rng)
        self.objects = [self._object(target, rng, sway)] if paths is None else self._given(paths, rng)
        targets = len(self.objects)
        for number in range(self.scene.distractors):
            snr, size = target.snr * self.scene.distractor_snr, target.size * rng.uniform(0.7, 1.4)
            like = target.replace(snr=snr, size=size, occlusion=0.0)
            self.objects.append(self._object(like, rng, sway, crosses=number < self.scene.crossing))
        self.tracks = np.array([[one.box(i) for i in range(self.frames)] for one in self.objects[:targets]])
        self.boxes = self.tracks[0]
        self._rng_state = rng.integers(2**63)  # the texture and the pattern are made when first needed
        self._fixed = None

    def __len__(self):
        return self.frames

    @property
    def dtype(self):
        """dtype of the frames: uint8 for 8 bits, else uint16."""
        return np.dtype(np.uint8 if self.sensor.bits == 8 else np.uint16)

    def frame(self, index):
        """Frame `index`, (H, W) uint8 or uint16. Raises IndexError outside the sequence."""
        return self._scan(index)[0]

    def components(self, index):
        """`Components` of frame `index`. Raises IndexError outside the sequence."""
        image, signal, (rows, columns, samples) = self._scan(index)
        target = np.zeros(signal.shape, np.float32)
        target[rows, columns] = samples
        clutter = image.astype(np.float32) - signal
        return Components(image, target, signal - target, clutter, self.boxes[index].copy())

    def _platform(self, rng):
        """Sway and vibration of the line of sight (N, 2); sets the view's corner over the scene (N, 2), pixels."""
        time = np.arange(self.frames)[:, None]
        period, phase = rng.uniform(60, 200, (2, 2)), rng.uniform(0, 2 * np.pi, (2, 2))
        sway = 0.5 * self.scene.wander * np.sin(2 * np.pi * time[..., None] / period + phase).sum(axis=-1)
        sway = sway + self.scene.vibration * rng.standard_normal((self.frames, 2))
        view = time * np.array(self.scene.pan, dtype=float)
        height, width = self.sensor.shape
        self._texture_shape = tuple(-(-int(s) // 32) * 32 for s in (1.25 * height + 16, 1.4 * width + 16))
        if self.scene.kind in scene.LAYERED:  # swings about the middle instead of leaving the scene
            room = (self._texture_shape[0] - height) / 2
            view[:, 1] = room + 0.8 * room * np.sin(view[:, 1] / (0.8 * room))
            view = view + sway
            view[:, 1] = np.clip(view[:, 1], 1, 2 * room - 2)
        else:
            view = view + sway
        self._view = view
        return sway

    def _object(self, settings, rng, sway, crosses=False):
        margin = settings.size * 0.6 + 6 + self.scene.wander + 3 * self.scene.vibration
        position, velocity = path(rng, self.frames, self.sensor.shape, settings, margin)
        if crosses:  # meets the target near the middle of the sequence, at a steady relative velocity
            met, angle = self.frames * rng.uniform(0.3, 0.7), rng.uniform(0, 2 * np.pi)
            relative = 1.5 * settings.speed * np.array([np.cos(angle), np.sin(angle) * settings.vertical])
            position = self.objects[0].path + sway + (np.arange(self.frames)[:, None] - met) * relative
            velocity = self.objects[0].velocity + relative
        return MovingObject(settings, self.sensor, position - sway, velocity, rng)

    def _given(self, paths, rng):
        """The targets on the paths (K, N, 2) that a caller draws."""
        paths = np.asarray(paths, dtype=np.float64)
        if paths.ndim != 3 or paths.shape[1:] != (self.frames, 2) or not len(paths) or not np.isfinite(paths).all():
            raise ValueError(f"paths must be finite (K, {self.frames}, 2), x y of K targets; got {paths.shape}")
        return [MovingObject(self.target, self.sensor, one, _velocity(one), rng) for one in paths]

    def _scan(self, index):
        """(image, target + background in counts, (rows, columns, target's samples in counts)) of one frame."""
        if not -self.frames <= index < self.frames:
            raise IndexError(f"frame {index} of a simulated sequence of {self.frames} frames")
        index = int(index) % self.frames
        if self._fixed is None:
            lasting = self.sensor.replace(spikes=0.0)  # they are drawn frame by frame
            self._fixed = draw_fixed(lasting, self.scene, self._texture_shape, self._rng_state)
        sensor, sigma = self.sensor, sigma_w(self.sensor)
        shifts, lag, background, noise = self._surroundings(index)
        signal = background.copy()
        for thing in self.objects[1:]:
            rows, columns, samples = thing.render(index, shifts, lag)
            signal[rows, columns] += samples * np.float32(thing.contrast[index] * sigma)
        if sensor.detail:  # of the background alone: a small target hardly changes its surroundings' mean
            signal = camera_output.subtract_local_mean(signal, sensor.detail, sensor.detail_size)
        scale, zero = camera_output.gain_and_offset(sensor, signal, sigma)
        signal *= np.float32(scale * GRID)
        signal += np.float32(zero * GRID)
        np.clip(signal, -LIMIT * GRID, LIMIT * GRID, out=signal)  # far beyond the range, where the image is saturated
        np.rint(signal, out=signal)
        signal *= np.float32(1 / GRID)
        rows, columns, samples = self.objects[0].render(index, shifts, lag)
        samples = samples * np.float32(self.objects[0].contrast[index] * sigma * scale * GRID)
        samples = np.rint(np.clip(samples, -LIMIT * GRID, LIMIT * GRID)) / np.float32(GRID)
        signal[rows, columns] += samples
        raw = noise * np.float32(scale)
        raw += (signal - np.float32(zero)) * self._fixed.gain[:, None]
        raw += signal
        raw[self._fixed.dead] = (zero + scale * self._fixed.stuck[:, None]).astype(np.float32)
        return camera_output.digitise(raw, sensor), signal, (rows, columns, samples)

    def _surroundings(self, index):
        """(scan errors (2, W), lag of odd rows, background, noise) of a frame: all that the target has no part in.

        Kept until another frame is asked for: simulations of one seed that differ in the target have it in common.
        """
        sensor = self.sensor
        key = (sensor, self.scene, self.seed, self.frames, index, self._rng_state)
        found = _KEPT.get(key)
        if found is None:
            rng, width = np.random.default_rng([self.seed, 1, index]), sensor.shape[1]
            delay = round(sensor.stagger * sensor.oversampling_scan) if sensor.oversampling_cross > 1 else 0
            error = scan_jitter(sensor, width + delay, rng)
            shifts = np.stack([error[:width], error[delay:]])
            found = shifts, delay / width, self._background(index, shifts), self._noise(index, rng)
            _KEPT.clear()
            _KEPT[key] = found
        return found

    def _background(self, index, shifts):
        """The scene at the samples' jittered positions, (H, W) float32 K."""
        height, width = self.sensor.shape
        texture = self._fixed.texture
        if not texture.any():
            return np.zeros((height, width), np.float32)
        cells_y, cells_x = texture.shape
        # a view at whole pixels falls on cells: pixel centre m + 1/2 is cell FINE m
        (x, y), fine = self._view[index], scene.FINE
        right, low = scene.wind(self.scene.wind, (x, y), (height, width), index, self.seed)
        across = np.empty((height, width), np.float32)
        for odd in (0, 1):
            across[odd::2] = ((x + np.arange(width) + shifts[odd] + right[odd::2]) * fine) % cells_x
        down = ((y + np.arange(height)[:, None] + low) * fine) % cells_y
        down = np.ascontiguousarray(np.broadcast_to(down, across.shape), np.float32)
        return cv2.remap(texture, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)

    def _noise(self, index, rng):
        """White noise, 1/f noise, channel offsets with their drift, spikes: (H, W) float32 K."""
        sensor, sigma = self.sensor, np.float32(sigma_w(self.sensor))
        height, width = sensor.shape
        noise = rng.standard_normal((height, width), dtype=np.float32)
        flicker = self._fixed.flicker
        if flicker is not None:  # a stretch of the stored noise, with the channels moved round
            top, left = rng.integers(height), rng.integers(width)
            noise[top:] += flicker[: height - top, left : left + width]
            noise[:top] += flicker[height - top :, left : left + width]
        noise *= sigma
        angle = 2 * np.pi * index / max(self.frames, 200)
        offset = self._fixed.offset + self._fixed.drift[0] * np.cos(angle) + self._fixed.drift[1] * np.sin(angle)
        noise += offset.astype(np.float32)[:, None]
        count = rng.poisson(sensor.spikes * height * width)
        where = rng.integers(height * width, size=count)
        noise.reshape(-1)[where] += sigma * SPIKE * rng.exponential(size=count).astype(np.float32)
        return noise


def _velocity(path):
    """(N, 2) px a frame along a path (N, 2)."""
    return np.gradient(path, axis=0) if len(path) > 1 else np.zeros_like(path)
