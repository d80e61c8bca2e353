"""Figures of the imaging model, eq. (1): components, line profile, oversampling, background spectrum, contact sheet."""

import numpy as np

from irtrack_core import optics, probes
from irtrack_core.boxes import centers
from irtrack_core.figures.style import color, draw_box, new, show_image
from irtrack_core.scan import noise_sigma, simulate

__all__ = [
    "components",
    "window",
    "line_profile",
    "oversampling",
    "spectrum",
    "tdi_noise",
    "tdi_loss",
    "contact_sheet",
    "live_view",
]


def _image(axes, image, title, limits, label):
    show_image(axes, image, title, limits=limits)
    bar = axes.figure.colorbar(axes.images[0], ax=axes, shrink=0.85)
    bar.set_label(label, fontsize=8)
    return axes


def components(axes, frame, *, side=None):
    """The four images of eq. (1) on four axes: image and background share one scale, target and clutter another.

    frame: `scan.Components`; side: show only a window of this many pixels round the target.
    """
    names = ("image", "background", "target", "clutter")
    parts = {name: getattr(frame, name).astype(np.float64) for name in names}
    corner = (0, 0)
    if side is not None and np.isfinite(frame.box).all():
        parts, corner = {}, window(frame.image.shape, frame.box, side)
        cut = np.s_[corner[1] : corner[1] + side, corner[0] : corner[0] + side]
        parts = {name: getattr(frame, name)[cut].astype(np.float64) for name in names}
    low, high = np.percentile(parts["image"], [0.2, 99.9])
    reach = max(np.abs(parts["target"]).max(), np.percentile(np.abs(parts["clutter"]), 99.5))
    titles = {
        "image": "image $I$",
        "background": "background $I_b$",
        "target": "target $I_e$",
        "clutter": "clutter $I_n$",
    }
    for axis, name in zip(np.ravel(axes), names):
        limits = (low, high) if name in ("image", "background") else (-reach, reach)
        _image(axis, parts[name], titles[name], limits, "counts")
    draw_box(np.ravel(axes)[0], frame.box - [*corner, 0, 0], "target")
    return axes


def window(shape, box, side):
    """Corner (x, y) of a square of `side` pixels round a box, shifted to lie inside the frame (H, W)."""
    center = centers(box)
    limit = np.maximum(np.array([shape[1], shape[0]]) - side, 0)
    return tuple(int(v) for v in np.clip(np.rint(center - side / 2), 0, limit))


def line_profile(axes, simulation, index=0, *, reach=8.0):
    """Samples of one row through a point target, and the erf closed form they lie on."""
    frame, sensor = simulation.components(index), simulation.sensor
    x0, y0 = centers(frame.box)
    row = int(y0)
    scale = (2**sensor.bits - 1) / sensor.span * noise_sigma(sensor)  # counts of one sigma_w, radiometric output
    fine = np.linspace(-reach, reach, 400)
    scan, cross = optics.point_profiles(sensor, fine, [row + 0.5 - y0])
    samples = np.arange(sensor.shape[1]) + 0.5 - x0
    near = np.abs(samples) <= reach
    axes.plot(fine, simulation.target.snr * scale * scan * cross, color=color("target"), label="erf closed form")
    axes.plot(samples[near], frame.target[row, near], "o", color=color("truth"), markersize=5, label="target $I_e$")
    noisy = frame.image[row] - frame.background[row]
    axes.plot(samples[near], noisy[near], "x", color=color("clutter"), label="image $I$ − background $I_b$")
    half = reach / sensor.oversampling_scan
    top = axes.secondary_xaxis(
        "top", functions=(lambda v: v / sensor.oversampling_scan, lambda v: v * sensor.oversampling_scan)
    )
    top.set(xlabel="detector widths d", xticks=np.arange(-np.floor(half), np.floor(half) + 1))
    axes.set(xlabel="samples from the target's centre", ylabel="counts")
    axes.legend(fontsize=8)
    return axes


def oversampling(axes, simulations, *, width=8.0):
    """The target component of several simulations, each over `width` detector widths: what oversampling adds."""
    for axis, simulation in zip(np.ravel(axes), simulations):
        frame, sensor = simulation.components(0), simulation.sensor
        side = int(round(width * sensor.oversampling_scan))
        x, y = window(frame.image.shape, frame.box, side)
        show_image(
            axis,
            frame.target[y : y + side, x : x + side],
            f"M = {sensor.oversampling_scan:g}",
            limits=(0, frame.target.max()),
        )
        draw_box(axis, frame.box - [x, y, 0, 0], "target")
        axis.set_xlabel(f"{side} samples", fontsize=8)
    return axes


def spectrum(axes, field, *, beta=None, fit=(0.02, 0.12), label="background $I_b$"):
    """Radial power spectrum of an image with its fitted slope, and the slope -beta that was asked for."""
    k, power = probes.radial_spectrum(field)
    exponent, factor = probes.fit_slope(k, power, *fit)
    axes.loglog(k, power, "o", color=color("background"), markersize=4, label=label)
    line = np.array(fit)
    axes.loglog(line, factor * line**exponent, color=color("truth"), label=f"fit: k^{exponent:.2f}")
    if beta is not None:
        middle = np.sqrt(fit[0] * fit[1])
        asked = 3 * factor * middle ** (exponent + beta) * line**-beta
        axes.loglog(line, asked, "--", color=color("target"), label=f"asked: k^{-beta:.2f} (shifted up)")
    axes.set(xlabel="spatial frequency k, cycles per pixel", ylabel="power, counts²")
    axes.legend(fontsize=8)
    return axes


def tdi_noise(axes, stages, measured, netd):
    """Measured noise against the number of TDI stages, over NETD / sqrt(N). measured, netd in mK."""
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


def tdi_loss(axes, stages, mismatches):
    """MTF along the scan of TDI stages that step by (1 + delta) instead of 1, for several delta."""
    f = np.linspace(0, 1, 300)
    for number, mismatch in enumerate(mismatches):
        shade = str(0.75 * (1 - (number + 1) / len(mismatches)))
        axes.plot(f, np.abs(optics.tdi_mtf(f, stages, mismatch)), color=shade, label=f"$\\delta$ = {mismatch:g} d")
    axes.set(xlabel="frequency along the scan, cycles per d", ylabel="MTF", ylim=(0, 1.05))
    axes.legend(fontsize=8)
    return axes


def contact_sheet(axes, sequences, index=0):
    """One frame of each sequence with its true box."""
    for axis, sequence in zip(np.ravel(axes), sequences):
        show_image(axis, sequence.frames[index], sequence.name)
        draw_box(axis, sequence.boxes[index], "target")
    return axes


def live_view(sensor, scene, target, *, frame=0, frames=30, seed=0, side=32):
    """A figure of one frame: whole, a window of `side` pixels round the target, and the row through it."""
    simulation = simulate(sensor, scene, target, frames=frames, seed=seed)
    shown = simulation.components(frame)
    corner = window(shown.image.shape, shown.box, side)
    figure, (whole, near, cut) = new(1, 3, width=3.8, height=3.4, width_ratios=(1, 1, 1.3))
    show_image(whole, shown.image, f"frame {frame}")
    draw_box(whole, shown.box, "target")
    part = np.s_[corner[1] : corner[1] + side, corner[0] : corner[0] + side]
    show_image(near, shown.image[part], f"{side} px round it, own grey scale")
    draw_box(near, shown.box - [*corner, 0, 0], "target")
    row = int(centers(shown.box)[1])
    x = np.arange(corner[0], corner[0] + side)
    for name, values in (("background", shown.background), ("truth", shown.image)):
        label = "background $I_b$" if name == "background" else "image $I$"
        cut.plot(x, values[row, x], "o-" if name == "truth" else "-", color=color(name), markersize=3, label=label)
    cut.plot(x, (shown.background + shown.target)[row, x], color=color("target"), label="target + background")
    cut.set(title=f"row {row}", xlabel="column", ylabel="counts")
    cut.legend(fontsize=8)
    return figure
