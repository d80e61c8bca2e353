"""Figures of the imaging model, eq. (1): its parts, its laws beside measurements, its scenes and targets."""

import numpy as np

from irtrack_core.boxes import centers
from irtrack_core.config import SceneSettings, TargetSettings
from irtrack_core.figures.style import color, draw_box, new, show_image
from irtrack_core.imaging import image_statistics, optics
from irtrack_core.imaging.scan import sigma_w, simulate

SHADES = ("#999999", "#0072B2", "#D55E00")
PARTS = {"image": "image $I$", "background": "background $I_b$", "target": "target $I_e$", "clutter": "clutter $I_n$"}


def components(axes, frame, *, side=None):
    """The four images of eq. (1) on four axes: image and background share one scale of grey, target and clutter another.

    frame: `scan.Components`; side: show only a window of this many pixels round the target.
    """
    corner, cut = (0, 0), np.s_[:, :]
    if side is not None and np.isfinite(frame.box).all():
        corner = window(frame.image.shape, frame.box, side)
        cut = np.s_[corner[1] : corner[1] + side, corner[0] : corner[0] + side]
    parts = {name: getattr(frame, name)[cut].astype(np.float64) for name in PARTS}
    low, high = np.percentile(parts["image"], [0.2, 99.9])
    reach = max(np.abs(parts["target"]).max(), np.percentile(np.abs(parts["clutter"]), 99.5))
    for axis, (name, title) in zip(np.ravel(axes), PARTS.items()):
        limits = (low, high) if name in ("image", "background") else (-reach, reach)
        show_image(axis, parts[name], title, limits=limits, bar="counts")
    draw_box(np.ravel(axes)[0], frame.box - [*corner, 0, 0], "target")
    return axes


def window(shape, box, side):
    """Corner (x, y) of a square of `side` pixels round a box, shifted to lie inside the frame (H, W)."""
    center = centers(box)
    limit = np.maximum(np.array([shape[1], shape[0]]) - side, 0)
    return tuple(int(v) for v in np.clip(np.rint(center - side / 2), 0, limit))


def _show_window(axes, image, box, corner, side, title="", limits=None):
    """Show the square of `side` pixels whose upper left corner is (x, y), with the box in it."""
    x, y = corner
    show_image(axes, image[y : y + side, x : x + side], title, limits=limits)
    draw_box(axes, box - [x, y, 0, 0], "target")


def line_profile(axes, simulation, index=0, *, reach=8.0):
    """Samples of one row through a point target, and the erf closed form they lie on."""
    frame, sensor = simulation.components(index), simulation.sensor
    x0, y0 = centers(frame.box)
    row = int(y0)
    scale = (2**sensor.bits - 1) / sensor.span * sigma_w(sensor)  # counts of one sigma_w, radiometric output
    fine = np.linspace(-reach, reach, 400)
    scan, cross = optics.point_profiles(sensor, fine, [row + 0.5 - y0])
    samples = np.arange(sensor.shape[1]) + 0.5 - x0
    near = np.abs(samples) <= reach
    axes.plot(fine, simulation.target.snr * scale * scan * cross, color=color("target"), label="erf closed form")
    axes.plot(samples[near], frame.target[row, near], "o", color=color("truth"), markersize=5, label="target $I_e$")
    noisy = frame.image[row] - frame.background[row]
    axes.plot(samples[near], noisy[near], "x", color=color("clutter"), label="image $I$ − background $I_b$")
    m = sensor.oversampling_scan
    top = axes.secondary_xaxis("top", functions=(lambda samples: samples / m, lambda widths: widths * m))
    top.set(xlabel="detector widths d", xticks=np.arange(-np.floor(reach / m), np.floor(reach / m) + 1))
    axes.set(xlabel="samples from the target's centre", ylabel="counts")
    axes.legend(fontsize=8)
    return axes


def oversampling(axes, simulations, *, width=8.0):
    """The target component of several simulations, each over `width` detector widths."""
    for axis, simulation in zip(np.ravel(axes), simulations):
        frame, sensor = simulation.components(0), simulation.sensor
        side = int(round(width * sensor.oversampling_scan))
        corner, title = window(frame.image.shape, frame.box, side), f"M = {sensor.oversampling_scan:g}"
        _show_window(axis, frame.target, frame.box, corner, side, title, (0, frame.target.max()))
        axis.set_xlabel(f"{side} samples", fontsize=8)
    return axes


def spectrum(axes, field, scene, sensor, *, fit=(0.03, 0.3)):
    """Radial power spectrum of a background, its closed form with the MTF H, and the scene's own spectrum without H."""
    k, power = image_statistics.radial_spectrum(field)
    form_k, form = image_statistics.expected_spectrum(scene, sensor)
    scene_k, own = image_statistics.radial_spectrum(field, sensor=sensor)
    exponent, factor = image_statistics.fit_slope(scene_k, own, *fit)
    inside = (k > fit[0]) & (k < fit[1])
    level = np.exp(np.mean(np.log(power[inside] / np.interp(k[inside], form_k, form))))
    axes.loglog(form_k, level * form, color=color("limit"), label=r"$(k_0^2 + k^2)^{-\beta/2}\,|H|^2$")
    axes.loglog(k, power, "o", color=color("background"), markersize=4, label="background $I_b$")
    axes.loglog(scene_k, own, "x", color=color("target"), markersize=4, label="the same, divided by $|H|^2$")
    line = np.array(fit)
    axes.loglog(line, factor * line**exponent, "--", color=color("target"), label=f"fit to it: $k^{{{exponent:.2f}}}$")
    axes.set(xlabel="spatial frequency k, cycles per pixel", ylabel="power, counts²", ylim=(power[-1] / 3, None))
    axes.legend(fontsize=8)
    return axes


def slopes(axes, table, *, allowed=0.1):
    """Measured minus nominal spectral slope, by frame size; table: rows with shape, beta, off (the difference), error."""
    shapes = list(dict.fromkeys(row["shape"] for row in table))
    for number, shape in enumerate(shapes):
        rows = [row for row in table if row["shape"] == shape]
        beta = np.array([row["beta"] for row in rows]) + 0.02 * (number - (len(shapes) - 1) / 2)
        off, error = ([row[key] for row in rows] for key in ("off", "error"))
        axes.errorbar(beta, off, error, fmt="o", markersize=4, capsize=2, label=f"{shape[1]} × {shape[0]}")
    axes.axhspan(-allowed, allowed, color=color("limit"), alpha=0.08, zorder=0)
    axes.axhline(0, color=color("limit"), linewidth=0.8)
    axes.set(xlabel=r"$\beta$ asked for", ylabel=r"$\beta$ measured − asked", ylim=(-2 * allowed, 2 * allowed))
    axes.legend(fontsize=8, ncols=2)
    return axes


def row_noise(axes, f, power, knee):
    """Measured spectrum of the noise along rows, and its closed form 1 + f_k / f."""
    axes.loglog(f, 1 + knee / f, color=color("limit"), label="$1 + f_k / f$")
    axes.loglog(f, power, "o", color=color("target"), markersize=4, label="measured")
    axes.axvline(knee, color=color("clutter"), linestyle=":", label=f"$f_k$ = {knee:g}")
    axes.set(xlabel="frequency along the row, cycles per sample", ylabel=r"power, $\sigma_w^2$")
    axes.legend(fontsize=8)
    return axes


def tdi_noise(axes, stages, measured, netd):
    """Measured noise against the number of TDI stages N, and NETD / sqrt(N). measured, netd in mK."""
    fine = np.geomspace(min(stages), max(stages), 50)
    axes.loglog(fine, netd / np.sqrt(fine), color=color("limit"), label=r"NETD / $\sqrt{N}$")
    axes.loglog(stages, measured, "o", color=color("target"), label="measured")
    axes.set(xlabel="TDI stages N", ylabel=r"noise $\sigma_w$, mK")
    axes.set_xticks(stages, [str(n) for n in stages])
    axes.minorticks_off()
    ticks = [netd / np.sqrt(n) for n in stages[::2]]
    axes.set_yticks(ticks, [f"{tick:.1f}" for tick in ticks])
    axes.legend(fontsize=8)
    return axes


def tdi_loss(axes, stages, measured):
    """MTF along the scan when the TDI step is wrong; measured: mismatch in d -> (f, ratio) of `image_statistics.scan_mtf`."""
    f = np.linspace(0, 1, 300)
    for number, (mismatch, (at, ratio)) in enumerate(measured.items()):
        shade = SHADES[number % len(SHADES)]
        axes.plot(f, np.abs(optics.tdi_mtf(f, stages, mismatch)), color=shade, label=f"$\\delta$ = {mismatch:g} d")
        shown = np.searchsorted(at, np.linspace(0.03, 0.95, 24))
        axes.plot(at[shown], ratio[shown], "o", color=shade, markersize=4)
    axes.plot([], [], "o", color=color("clutter"), markersize=4, label="measured")
    axes.set(xlabel="frequency along the scan, cycles per d", ylabel="MTF", ylim=(0, 1.05))
    axes.legend(fontsize=8)
    return axes


def contact_sheet(axes, sequences, index=0):
    """One frame of each sequence with its true box."""
    images = {sequence.name: sequence.frames[index] for sequence in sequences}
    return gallery(axes, images, {sequence.name: sequence.boxes[index] for sequence in sequences})


def gallery(axes, images, boxes=None):
    """Images {title: (H, W)} on as many axes, with their boxes {title: xywh} where given; unused axes are hidden."""
    for axis in np.ravel(axes)[len(images) :]:
        axis.set_visible(False)
    for axis, (title, image) in zip(np.ravel(axes), images.items()):
        show_image(axis, image, title)
        if boxes is not None:
            draw_box(axis, boxes[title], "target")
    return axes


def target_sheet(axes, sensor, kinds, sizes, *, moments=(0, 4, 8), cadence=0.06, seed=0):
    """Target components: a row for each kind, of growing size, then its largest at later moments of its motion."""
    side = int(1.3 * max(sizes)) + 8
    sensor = sensor.replace(shape=(side, side))
    cases = [(size, 0) for size in sizes] + [(sizes[-1], moment) for moment in moments[1:]]
    rows = [np.hstack([_target(sensor, kind, *case, cadence, seed) for case in cases]) for kind in kinds]
    show_image(axes, np.vstack(rows), limits=(0, 1))
    labels = [f"{size:g} px" for size in sizes] + [f"{moment} frames later" for moment in moments[1:]]
    axes.set_xticks(side * (np.arange(len(labels)) + 0.5), labels)
    axes.set_yticks(side * (np.arange(len(kinds)) + 0.5), kinds)
    axes.tick_params(length=0)
    return axes


def _target(sensor, kind, size, index, cadence, seed):
    """One target component, peak 1, in the middle of a small frame."""
    settings = TargetSettings(kind=kind, size=size, snr=500.0, speed=0.0, cadence=cadence)
    shown = simulate(sensor, SceneSettings(kind="flat"), settings, frames=max(index, 20) + 1, seed=seed)
    part, (x, y) = shown.components(index).target, np.rint(centers(shown.boxes[index])).astype(int)
    return np.roll(part, (sensor.shape[0] // 2 - y, sensor.shape[1] // 2 - x), (0, 1)) / part.max()


def strips(axes, sequences, indices, *, side=72):
    """A row for each sequence: windows of `side` px round the target, or its last known place, with its box."""
    for row, sequence in zip(axes, sequences):
        limits = np.percentile(sequence.frames[indices[0]], [0.5, 99.9])
        for axis, index in zip(row, indices):
            last = np.flatnonzero(sequence.present[: index + 1])[-1]
            corner = window(sequence.shape, sequence.boxes[last], side)
            title = f"frame {index}{'' if last == index else ', absent'}"
            _show_window(axis, sequence.frames[index], sequence.boxes[index], corner, side, title, limits)
        row[0].set_ylabel(sequence.name.removeprefix("sim-events-"))
    return axes


def live_view(sensor, scene, target, *, frame=0, frames=30, seed=0, side=32):
    """A figure of one frame: whole, a window of `side` pixels round the target, and the row through it."""
    simulation = simulate(sensor, scene, target, frames=frames, seed=seed)
    shown = simulation.components(frame)
    corner = window(shown.image.shape, shown.box, side)
    figure, (whole, near, cut) = new(1, 3, width=3.8, height=3.4, width_ratios=(1, 1, 1.3))
    show_image(whole, shown.image, f"frame {frame}")
    draw_box(whole, shown.box, "target")
    _show_window(near, shown.image, shown.box, corner, side, f"{side} px round it, own grey scale")
    row = int(centers(shown.box)[1])
    x = np.arange(corner[0], corner[0] + side)
    cut.plot(x, shown.background[row, x], color=color("background"), label=PARTS["background"])
    cut.plot(x, shown.image[row, x], "o-", color=color("truth"), markersize=3, label=PARTS["image"])
    cut.plot(x, (shown.background + shown.target)[row, x], color=color("target"), label="target + background")
    cut.set(title=f"row {row}", xlabel="column", ylabel="counts")
    cut.legend(fontsize=8)
    return figure
