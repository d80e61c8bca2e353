r"""Backgrounds: power-law fields and scenes made of them, in kelvin about the scene's mean.

A scene is a texture larger than the frame, on a grid of `FINE` cells a pixel, already blurred by the sensor's h; the
scanner reads it at any sub-pixel position. It is periodic, so that a panning view never reaches an end.
"""

import cv2
import numpy as np

from irtrack_core.imaging import optics
from irtrack_core.optional import Lazy

fft = Lazy("scipy.fft", "evaluation")  # in single precision, faster than NumPy's

FINE = 2  # cells a pixel: cubic interpolation between them keeps the spectrum, wherever the view lies
WAVES = 8  # of the wind in leaves
LAYERED = ("horizon", "buildings", "trees")  # have an up and a down: the view must not wrap vertically


def power_law(shape, beta, k0, rng, *, stretch=(1.0, 1.0), fine=1):
    r"""Gaussian random field (H, W) float32 of unit variance with P(k) ~ (k0^2 + k^2)^(-beta/2), periodic.

    k0 in cycles per pixel. stretch: (y, x) factors by which structures are elongated. fine > 1 samples the same field
    more finely, (fine H, fine W): nothing is added above the pixels' Nyquist frequency.
    Raises ValueError when k0 is not above 0, which would leave the variance undefined.
    """
    if not k0 > 0:
        raise ValueError(f"k0 must be above 0 cycles per pixel; got {k0}")
    height, width = shape
    ky = np.fft.fftfreq(height).astype(np.float32)[:, None] * np.float32(stretch[0])
    kx = np.fft.rfftfreq(width).astype(np.float32)[None] * np.float32(stretch[1])
    amplitude = (np.float32(k0 * k0) + ky * ky + kx * kx) ** np.float32(-beta / 4)
    amplitude[0, 0] = 0
    spectrum = fft.rfft2(rng.standard_normal(shape, dtype=np.float32)) * amplitude
    if fine > 1:  # zeros above the old Nyquist frequency
        half = height // 2
        padded = np.zeros((fine * height, spectrum.shape[1]), spectrum.dtype)
        padded[:half], padded[-half:] = spectrum[:half], spectrum[-half:]
        spectrum = padded
    return _unit(fft.irfft2(spectrum, (fine * height, fine * width)))


def texture(scene, sensor, shape, rng):
    """The scene's texture, (FINE H, FINE W) float32 K, blurred by h; its rms before the blur is `scene.std`.

    shape: (H, W) pixels, larger than the frame by what the view moves.
    """
    cells = (shape[0] * FINE, shape[1] * FINE)
    if scene.kind == "flat" or scene.std == 0:
        field = np.zeros(cells, np.float32)
    else:
        field = np.float32(scene.std) * _unit(_SCENES[scene.kind](scene, cells, rng).astype(np.float32))
    if scene.hot_spots:
        field = field + _hot_spots(scene, cells, rng)
    if not field.any():
        return field
    spectrum = fft.rfft2(field) * optics.otf_grid(sensor, *cells, FINE)
    return fft.irfft2(spectrum, cells)


def wind(rms, view, shape, index, seed):
    """(right, down): by how many px the scene's parts sway in frame `index`, (H, W) float32 each.

    Eight waves of 15 to 60 px and 12 to 40 frames run over the scene, whose sum has this rms along each axis: neighbours sway
    together, crowns apart. view: x, y of the frame's corner over the scene, with which the waves go, px.
    """
    if not rms:
        return np.broadcast_to(np.float32(0), (2, *shape))
    rng = np.random.default_rng([seed, 2])
    length, heading, period = rng.uniform(15, 60, WAVES), rng.uniform(0, 2 * np.pi, WAVES), rng.uniform(12, 40, WAVES)
    phase = rng.uniform(0, 2 * np.pi, (2, WAVES)) - 2 * np.pi * index / period
    x, y = (start + np.arange(n) for start, n in zip(view, shape[::-1]))
    # cos(a + b) of a column and a row: a sum of products
    across = np.exp(2j * np.pi * np.outer(np.cos(heading) / length, x))
    along = np.exp(2j * np.pi * np.outer(y, np.sin(heading) / length))
    sways = [((along * np.exp(1j * turn)) @ across).real for turn in phase]
    return (rms * np.sqrt(2 / WAVES) * np.array(sways)).astype(np.float32)


def _unit(field):
    """Mean 0, standard deviation 1."""
    mean, std = cv2.meanStdDev(field)
    return (field - np.float32(mean.item())) * np.float32(1 / max(std.item(), 1e-12))


def _field(scene, cells, rng, *, beta=None, scale=1.0, stretch=(1.0, 1.0)):
    pixels = (cells[0] // FINE, cells[1] // FINE)
    beta = scene.beta if beta is None else beta
    return power_law(pixels, beta, 1 / (scene.outer_scale * scale), rng, stretch=stretch, fine=FINE)


def _remap(field, skew):
    """Log-normal remap: bright patches on a dim ground for skew > 0."""
    return _unit(np.exp(np.float32(skew) * field)) if skew else field


def _clouds(scene, cells, rng):
    return _remap(_field(scene, cells, rng), scene.skew)


def _edge(field, softness=0.15):
    """1 where field > 0, 0 below, over a narrow smooth step."""
    step = np.clip(field / softness + 0.5, 0, 1)
    return step * step * (3 - 2 * step)


def _cloud_edges(scene, cells, rng):
    inner = _clouds(scene, cells, rng)
    return _edge(_field(scene, cells, rng, beta=max(scene.beta, 2.8)) - 0.2) * (2 + inner) + 0.15 * inner


def _terrain(scene, cells, rng):
    """Soil and vegetation: a rough field, patches of two kinds, and shading of the relief."""
    relief = _field(scene, cells, rng, beta=3.8)
    shade = relief - np.roll(relief, FINE, axis=1)
    patches = _edge(_field(scene, cells, rng, beta=3.6, scale=0.5), 0.1)
    return _remap(_field(scene, cells, rng, beta=max(scene.beta, 2.6)), scene.skew) + 1.5 * patches + 0.3 * _unit(shade)


def _line(cells, rng, *, beta, height, center):
    """A rough horizontal line: its row (W,) in cells; height: rms of its ups and downs, in rows of the texture."""
    k = np.fft.rfftfreq(cells[1])
    k[0] = 1
    spectrum = fft.rfft(rng.standard_normal(cells[1])) * (k + 2 / cells[1]) ** (-beta / 2)
    spectrum[0] = 0
    line = fft.irfft(spectrum, cells[1])
    return (center + height * line / max(line.std(), 1e-12)) * cells[0]


def _below(cells, line, softness=2.0):
    """1 below the line, 0 above, over `softness` cells."""
    rows = np.arange(cells[0], dtype=np.float32)[:, None]
    return np.clip((rows - line[None].astype(np.float32)) / softness + 0.5, 0, 1)


def _sky(scene, cells, rng):
    """Colder towards the zenith, with faint clouds."""
    elevation = np.linspace(-1, 1, cells[0], dtype=np.float32)[:, None]
    return 0.8 * elevation + 0.3 * _clouds(scene, cells, rng)


def _horizon(scene, cells, rng):
    ground = _below(cells, _line(cells, rng, beta=2.5, height=0.02, center=rng.uniform(0.5, 0.6)))
    hills = _below(cells, _line(cells, rng, beta=3.0, height=0.04, center=rng.uniform(0.38, 0.48)), 4.0)
    scenery = _sky(scene, cells, rng) + hills * 1.2
    return scenery * (1 - ground) + ground * (2.6 + 0.6 * _terrain(scene, cells, rng))


def _trees(scene, cells, rng):
    """A row of round crowns before the sky, a meadow below."""
    height, width = cells
    x = np.arange(width)
    line = np.full(width, 0.5 * height)
    for _ in range(int(rng.integers(15, 40))):
        radius, tall = rng.uniform(0.03, 0.1) * height, rng.uniform(0.02, 0.2) * height
        away = np.abs((x - rng.uniform(0, width) + width / 2) % width - width / 2) / radius
        crown = 0.5 * height - tall - radius * np.sqrt(np.clip(1 - away * away, 0, None))
        line = np.where(away < 1, np.minimum(line, crown), line)
    ragged = _line(cells, rng, beta=1.2, height=0.004, center=0.0)
    crowns = _below(cells, line + ragged, 3.0)
    meadow = _below(cells, _line(cells, rng, beta=2.5, height=0.01, center=rng.uniform(0.55, 0.62)), 3.0)
    foliage = 1.8 + 0.4 * _field(scene, cells, rng, beta=3.0, scale=0.3)
    picture = _sky(scene, cells, rng) * (1 - crowns) + crowns * foliage
    return picture * (1 - meadow) + meadow * (2.4 + 0.3 * _terrain(scene, cells, rng))


def _buildings(scene, cells, rng):
    """House fronts with rows of windows between a sky and a street."""
    height, width = cells
    street = int(height * rng.uniform(0.52, 0.62))
    picture = _sky(scene, cells, rng)
    left = 0
    while left < width:
        right = min(width, left + int(rng.uniform(0.08, 0.25) * width) + 2)
        roof = int(street - height * rng.uniform(0.15, 0.55))
        wall = rng.uniform(0.8, 2.2)
        picture[max(roof, 0) : street, left:right] = wall
        pitch = max(6, int(height * rng.uniform(0.04, 0.07)))
        glass = wall + rng.choice([-0.7, 0.8])
        for top in range(max(roof, 0) + pitch // 2, street - pitch, pitch):
            for start in range(left + pitch // 2, right - pitch // 2, pitch):
                picture[top : top + pitch // 2, start : start + pitch // 2] = glass + rng.uniform(-0.3, 0.3)
        left = right + int(rng.uniform(0, 0.05) * width)
    depth = np.linspace(0.0, 1.0, height - street, dtype=np.float32)[:, None]
    picture[street:] = 1.4 + 0.5 * depth
    return picture + 0.15 * _field(scene, cells, rng, beta=2.4)


def _sea(scene, cells, rng):
    """Waves longer across than along the view, with sparse glints."""
    waves = _field(scene, cells, rng, beta=2.2, scale=0.15, stretch=(1.0, 4.0))
    glints = np.maximum(_field(scene, cells, rng, beta=1.2, scale=0.05, stretch=(1.0, 3.0)) - 2.2, 0)
    return waves + 3.0 * glints + 0.6 * _field(scene, cells, rng)


_SCENES = {
    "clouds": _clouds,
    "cloud_edges": _cloud_edges,
    "terrain": _terrain,
    "horizon": _horizon,
    "trees": _trees,
    "buildings": _buildings,
    "sea": _sea,
}


def _hot_spots(scene, cells, rng):
    """Small warm rectangles: lamps, chimneys, engines; one to six pixels a side, some scene contrasts warm."""
    field = np.zeros(cells, np.float32)
    for _ in range(scene.hot_spots):
        height, width = rng.integers(FINE, 6 * FINE, 2)
        y, x = rng.integers(0, cells[0] - height), rng.integers(0, cells[1] - width)
        field[y : y + height, x : x + width] += max(scene.std, 0.02) * rng.uniform(1, 4)
    return field
