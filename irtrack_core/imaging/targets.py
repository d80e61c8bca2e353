"""Moving targets: smooth manoeuvring paths, true boxes, and their image through the sensor's h at any sub-pixel place."""

import math
from functools import lru_cache

import cv2
import numpy as np

from irtrack_core.imaging import optics, shapes
from irtrack_core.optional import Lazy

fft = Lazy("scipy.fft", "evaluation")  # in single precision, faster than NumPy's


def path(rng, frames, shape, target, margin=8.0):
    """A smooth path (frames, 2) of centres x, y in pixels in a frame (H, W), and its velocity (frames, 2).

    target: TargetSettings. The speed is steady within 20 %; the turn rate is a first-order Markov process of rms
    `manoeuvre` radians a frame. Near the margin, or the region's top and bottom, the target is turned back; where it may
    leave, only well outside the frame.
    """
    speed, vertical, region, leave = target.speed, target.vertical, target.region, target.leave
    width, height = float(shape[1]), float(shape[0])
    edge = (min(margin, 0.3 * width), min(margin, 0.3 * height))
    low = (edge[0], max(edge[1], region[0] * height))
    high = (width - edge[0], min(height - edge[1], region[1] * height))
    high = (high[0], max(high[1], low[1] + 1.0))  # a thin region at the border leaves one row
    start = rng.uniform(low, high)
    if leave:
        low, high = (-0.15 * width, -0.15 * height), (1.15 * width, 1.15 * height)
    heading, memory, turn = rng.uniform(0, 2 * math.pi), 0.95, 0.0
    noise = (rng.standard_normal(frames) * target.manoeuvre * math.sqrt(1 - memory**2)).tolist()
    pace = 1 + 0.2 * np.sin(2 * np.pi * (np.arange(frames) / max(frames, 60) + rng.uniform()))
    ahead = max(12 * speed, 1e-9)  # looks twelve frames ahead for the border

    def push(at, toward, below, above):
        beyond = at + toward * ahead
        return 0.25 * min(2.0, max(0.0, below - beyond) / ahead) - 0.25 * min(2.0, max(0.0, beyond - above) / ahead)

    (x, y), positions, velocities = start.tolist(), [], []
    for kick, rate in zip(noise, (speed * pace).tolist()):
        turn = memory * turn + kick
        heading += turn
        dx, dy = math.cos(heading), math.sin(heading) * vertical
        dx, dy = dx + push(x, dx, low[0], high[0]), dy + push(y, dy, low[1], high[1])
        # the course after the push; the vertical share is taken out again, so that the heading itself keeps its pace
        heading = math.atan2(dy / max(vertical, 1e-3), dx)
        vx, vy = rate * math.cos(heading), rate * math.sin(heading) * vertical
        positions.append((x, y))
        velocities.append((vx, vy))
        x, y = x + vx, y + vy
        if not leave:
            x, y = min(max(x, 1.0), width - 1.0), min(max(y, 1.0), height - 1.0)
    return np.array(positions), np.array(velocities)


class MovingObject:
    """A moving object: its path (N, 2) and velocity in pixels, its sizes and phases, and its image of peak 1."""

    def __init__(self, settings, sensor, path, velocity, rng):
        count = len(path)
        self.settings, self.sensor, self.path, self.velocity = settings, sensor, path, velocity
        time = np.arange(count) / max(count - 1, 1)
        self.size = settings.size * np.exp(settings.growth * time)
        self.phase = rng.uniform() + settings.cadence * np.arange(count)
        self.sigma = np.array(optics.blob_sigma(sensor))
        # how much of it is seen: fades over three frames to nothing behind an obstacle in the middle of the sequence
        hidden = 0.5 * settings.occlusion * count
        away = np.abs(np.arange(count) - count / 2)
        self.visible = np.clip((away - hidden) / 3 + 0.5, 0, 1) if hidden else np.ones(count)
        flicker = np.exp(settings.flicker * rng.standard_normal(count)) if settings.flicker else 1.0
        self.contrast = settings.snr * self.visible * flicker
        self.stretch, self.turn = None, np.zeros(count)
        if settings.deform:
            self._deform(settings.deform, np.arange(count))

    def _deform(self, change, frames):
        """Set stretch (N, 2) and turn (N,), and change the contrast, as a `Deformation` says."""
        done = np.clip((frames - change.begin) / change.frames, 0, 1)
        start, end = np.array(change.start), np.array(change.end)
        log = start + done[:, None] * (end - start)
        beats = self.settings.cadence * np.maximum(frames - change.begin, 0)
        log[:, 1] -= change.flap * np.sin(np.pi * beats) ** 2
        self.stretch, self.turn = np.exp(log), change.turn * done
        self.contrast = self.contrast * (1 + (change.contrast - 1) * done)

    def parts(self, i):
        """Polygons about the centre in frame i; none for a point."""
        if self.settings.kind == "point":
            return []
        vx, vy = self.velocity[i]
        aspect = self.sensor.oversampling_scan / self.sensor.oversampling_cross
        stretch = (1.0, 1.0) if self.stretch is None else self.stretch[i]
        place = (self.settings.kind, self.size[i], self.phase[i], np.arctan2(vy, vx), aspect)
        return shapes.shape(*place, stretch=stretch, turn=self.turn[i])

    def extents(self, i):
        """Geometric width and height (2,) in pixels."""
        parts = self.parts(i)
        return np.subtract(*shapes.extent(parts)[::-1]) if parts else np.zeros(2)

    def box(self, i):
        """True box xywh: the geometric extent, widened by h to sqrt(extent^2 + (4 blob sigma)^2).

        NaN when the centre is out of the frame, or less than half of the contrast is left behind an obstacle.
        """
        (x, y), (height, width) = self.path[i], self.sensor.shape
        if not (0 <= x < width and 0 <= y < height) or self.visible[i] < 0.5:
            return np.full(4, np.nan)
        w, h = np.hypot(self.extents(i), 4 * self.sigma)
        return np.array([x - w / 2, y - h / 2, w, h])

    def render(self, i, shifts, lag):
        """Its image in frame i: (rows, columns, samples), slices of the frame and (h, w) float32, of peak 1 between samples.

        shifts: (2, W) scan errors of even and odd rows in pixels; lag: odd rows look this share of a frame later.
        """
        parts = self.parts(i)
        reach = self.extents(i) / 2 + 4 * self.sigma + 2
        low = np.maximum(np.floor(self.path[i] - reach), 0).astype(int)
        high = np.minimum(np.ceil(self.path[i] + reach) + 1, self.sensor.shape[::-1]).astype(int)
        (x0, y0), (x1, y1) = low, np.maximum(low, high)
        columns, rows = np.arange(x0, x1), np.arange(y0, y1)
        samples = np.zeros((len(rows), len(columns)), np.float32)
        if not samples.size:
            return slice(y0, y1), slice(x0, x1), samples
        exact = not parts and self.sensor.psf == "gaussian"
        drawn = None if exact else silhouette(self.sensor, parts, self.path[i] - (x0, y0), reach)
        for odd in (0, 1):
            mine = np.flatnonzero(rows % 2 == odd)
            x = columns + 0.5 + shifts[odd, x0:x1] - self.path[i, 0] - odd * lag * self.velocity[i, 0]
            y = rows[mine] + 0.5 - self.path[i, 1] - odd * lag * self.velocity[i, 1]
            if exact:
                scan, cross = optics.point_profiles(self.sensor, x, y)
                samples[mine] = cross[:, None] * scan
            elif len(mine):
                fine, origin, step = drawn
                u = ((x - origin[0]) * step).astype(np.float32)
                v = ((y - origin[1]) * step).astype(np.float32)
                samples[mine] = cv2.remap(fine, np.tile(u, (len(v), 1)), np.tile(v[:, None], len(u)), cv2.INTER_LINEAR)
        return slice(y0, y1), slice(x0, x1), samples


def silhouette(sensor, parts, center, reach):
    """Polygons (or, when there are none, a point) seen through h, finely sampled: (image, origin (x, y), cells a pixel).

    center: x, y in pixels, only its fraction matters; reach: half width, half height in pixels that the image covers.
    Cell (0, 0) lies `origin` pixels from the centre. The peak is 1.
    """
    polygons = tuple((np.asarray(polygon, np.float64).tobytes(), float(warmth)) for polygon, warmth in parts)
    return _silhouette(sensor, polygons, tuple(np.asarray(center, np.float64) % 1), tuple(map(float, reach)))


@lru_cache(maxsize=1)  # simulations that differ in the target's contrast alone, one after the other, have the same
def _silhouette(sensor, parts, center, reach):
    step = 8 if max(reach) < 16 else 4
    width, height = (fft.next_fast_len(int(np.ceil(2 * r * step)) + 2, real=True) for r in reach)
    # a pixel's centre falls on a cell
    origin = np.array([-(width // 2), -(height // 2)]) / step + (0.5 - np.array(center))
    if parts:
        canvas = np.zeros((height, width), np.uint8)
        for polygon, warmth in parts:
            cells = np.rint((np.frombuffer(polygon).reshape(-1, 2) - origin) * step * 64).astype(np.int32)
            cv2.fillPoly(canvas, [cells], float(round(255 * warmth)), cv2.LINE_AA, 6)
        spectrum = fft.rfft2(canvas.astype(np.float32))
    else:
        x, y = -origin * step
        spectrum = np.exp(-2j * np.pi * y * np.fft.fftfreq(height))[:, None] * np.exp(
            -2j * np.pi * x * np.fft.rfftfreq(width)
        )
    image = fft.irfft2(spectrum * optics.otf_grid(sensor, height, width, step), (height, width)).astype(np.float32)
    return image / max(float(image.max()), 1e-12), origin, step
