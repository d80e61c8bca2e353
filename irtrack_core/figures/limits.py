"""Figures of notebook 16: what noise allows."""

from functools import cache, lru_cache

import numpy as np
from matplotlib.collections import PolyCollection

from irtrack_core.boxes import from_centers, to_xyxy
from irtrack_core.experiments.against_limits import sensor_of
from irtrack_core.figures.style import bare, color, draw_box, new, show_image
from irtrack_core.imaging import limits

ORDER = ("likelihood", "siamese", "motion", "peak")
# what boxes of these sides reach when they err with this covariance
REACH = {
    "best AOR": limits.best_overlap,
    "within 0.25 px": lambda sides, covariance: limits.best_precision(covariance, 0.25),
}


def lines(axes, x, curves, *, xlabel, ylabel, title="", theory=(), log="", marks=None, legend=True):
    """Draw curves, name -> (N,), over x into the axes; names in `theory` are lines without dots. Returns the axes.

    log: axes that are logarithmic, of "xy"; marks: {name: (x, y)}, a large dot each.
    """
    for k, (name, values) in enumerate(curves.items()):
        look = dict(linestyle="--" if k else "-") if name in theory else dict(marker="o", markersize=3.5)
        axes.plot(x, values, label=name, color=f"C{k}", **look)
    for name, (at, value) in (marks or {}).items():
        axes.plot([at], [value], marker="o", markersize=9, color="#111111", linestyle="none", label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if "x" in log:
        axes.set_xscale("log", base=2)
        axes.set_xticks([v for v in x if any(abs(v - t) < 1e-9 for t in _ticks(x))])
        axes.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
        axes.minorticks_off()
    if "y" in log:
        axes.set_yscale("log")
    if legend:
        axes.legend(fontsize=8)
    return axes


def _ticks(x):
    x = np.asarray(x, dtype=float)
    return x if len(x) <= 7 else x[:: -(-len(x) // 6)]


def slopes(kind, extent, factor):
    """A figure: a target (extent in d) and what its image changes by when x, y, w or the amplitude does."""
    sensor = sensor_of(factor)
    sides = limits.box_sides(sensor, extent * factor)
    shape, place = limits.patch(sides)
    image, by_x, by_y, by_w, _ = limits.gradients(sensor, kind, (*place, *sides), shape)
    figure, axes = new(1, 4, width=2.2, height=2.3)
    shown = {"image, peak 1": image, "a step in x": by_x, "a step in y": by_y, "a step in w": by_w}
    for one, (title, values) in zip(axes, shown.items()):
        most = np.abs(values).max()
        one.imshow(values, cmap="RdBu_r", vmin=-most, vmax=most, extent=(0, shape[1], shape[0], 0))
        bare(one, title=title)
    return figure


def boxes_at_bound(extent, snr, factor, f_number, *, seed=0, count=25):
    """A figure: a noisy target with boxes drawn as scattered as the bound says, and AOR and precision by SNR.

    extent: d. Raises ValueError where the size cannot be told.
    """
    sides, unit, snrs, curves = _reach(extent, factor, f_number)
    rng, (shape, place) = np.random.default_rng(seed), limits.patch(sides)
    (image,) = limits.images(sensor_of(factor, f_number=f_number), "uniform", [[*place, *sides]], shape)
    figure, axes = new(1, 3, width=3.4, height=3.1)
    show_image(
        axes[0], snr * image + rng.standard_normal(shape), f"SNR {snr:g}, box {sides[0]:.1f} x {sides[1]:.1f} px"
    )
    errors = rng.multivariate_normal(np.zeros(4), unit[:4, :4] / snr**2, count)
    found = from_centers(place + errors[:, :2], np.maximum(sides + errors[:, 2:], 0.3))
    corners = to_xyxy(found)[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]  # one collection: a demo draws them often
    look = dict(edgecolor=color("siamese"), facecolor="none", linewidth=0.6, alpha=0.5)
    axes[0].add_collection(PolyCollection(corners, **look), autolim=False)
    draw_box(axes[0], from_centers(place, sides), "truth", linewidth=1.6)
    for axis, (label, measure) in zip(axes[1:], REACH.items()):
        words = dict(xlabel="SNR", ylabel=label, log="x", legend=axis is axes[1], theory=tuple(curves[label]))
        lines(axis, snrs, curves[label], marks={"": (snr, measure(sides, unit / snr**2))}, **words)
        axis.set(ylim=(0, 1.03), xticks=[2, 4, 8, 16, 32, 64])
    return figure


@lru_cache(maxsize=16)  # another SNR leaves them as they are
def _reach(extent, factor, f_number):
    """(sides, bound (5, 5) at SNR 1, SNRs, {label: {"size known", "size unknown": values}}) for `boxes_at_bound`."""
    sensor = sensor_of(factor, f_number=f_number)
    sides, snrs = limits.box_sides(sensor, extent * factor), np.geomspace(2, 64, 11)
    unit = limits.mean_bound(sensor, "uniform", sides, 1.0, free=limits.PARAMETERS, phases=3)
    cases = {"size known": limits.mean_bound(sensor, "uniform", sides, 1.0, phases=3), "size unknown": unit}
    curves = {
        label: {case: [measure(sides, one / snr**2) for snr in snrs] for case, one in cases.items()}
        for label, measure in REACH.items()
    }
    return sides, unit, snrs, curves


def coloured(std, length, extent, *, seed=0):
    """A figure: a target (SNR 12, M = 2) in clutter, and how much the place's bound grows by its correlation length.

    extent: d; std: of the clutter in sigma_w; length: of its exponential correlation, px.
    """
    sensor = sensor_of(2.0)
    sides = limits.box_sides(sensor, extent * 2)
    shape, place = limits.patch(sides)

    def growth(std, length):
        def noise(size):
            return limits.white(size) + limits.exponential(size, std, length) + limits.level(size)

        return (limits.bound(limits.information(sensor, "uniform", sides, 12.0, covariance=noise))[0, 0] / white) ** 0.5

    white = limits.bound(limits.information(sensor, "uniform", sides, 12.0))[0, 0]
    figure, axes = new(1, 2, width=3.8, height=3.1)
    size = (41, 41)
    (image,) = limits.images(sensor, "uniform", [[20.5, 20.5, *sides]], size)
    drawn = _clutter(size, std, length, np.random.default_rng(seed)) + 12 * image
    show_image(axes[0], drawn, f"clutter {std:g} sigma_w, length {length:g} px")
    draw_box(axes[0], from_centers([20.5, 20.5], sides), "truth")
    lengths = np.geomspace(0.25, 64, 9)
    curves = {f"clutter {std:g} sigma_w": [growth(std, one) for one in lengths]}
    flat = {"white noise as strong": np.full(len(lengths), np.hypot(1, std))}
    lines(
        axes[1],
        lengths,
        curves | flat,
        xlabel="correlation length, px",
        ylabel="deviation of x, white noise = 1",
        log="x",
        theory=tuple(flat),
        marks={"": (length, growth(std, length))},
    )
    axes[1].set(ylim=(0, None), xticks=[0.25, 1, 4, 16, 64])
    return figure


def _clutter(shape, std, length, rng):
    """White noise and clutter of `limits.exponential`, to look at: (H, W), cut from a field that is periodic far outside."""
    side = max(shape) + 4 * int(np.ceil(length))
    lag = np.minimum(np.arange(side), side - np.arange(side))
    spectrum = np.fft.rfft2(std**2 * np.exp(-np.hypot(lag[:, None], lag) / length)).real
    field = np.fft.rfft2(rng.standard_normal((side, side))) * np.sqrt(np.maximum(spectrum, 0))
    return np.fft.irfft2(field, (side, side))[: shape[0], : shape[1]] + rng.standard_normal(shape)


def motion(frames, manoeuvre, snr):
    """A figure: deviation of a point's place (M = 2) by frames; motion known, straight, or with steps of `manoeuvre` px."""
    sensor = sensor_of(2.0)
    one = limits.mean_bound(sensor, "point", limits.box_sides(sensor), snr)[0, 0]
    count = np.arange(1, 41)
    straight, turning = (limits.filtered_covariances(one, q, 40)[:, 0, 0] for q in (0.0, manoeuvre))
    curves = {
        "motion known": np.sqrt(one / count),
        "velocity unknown": np.sqrt(straight),
        f"it changes by {manoeuvre:g} px a frame": np.sqrt(turning),
    }
    figure, axis = new(width=5.2, height=3.2)
    mark = {f"after {frames}: {turning[frames - 1] ** 0.5:.3f} px": (frames, turning[frames - 1] ** 0.5)}
    return lines(
        axis, count, curves, xlabel="frames", ylabel="deviation of x, px", log="y", theory=tuple(curves), marks=mark
    ).figure


def threshold(side, frames, snr):
    """A figure: root mean square error of the best place in a window of side x side px, by SNR and frames."""
    sensor = sensor_of(2.0)
    sides = limits.box_sides(sensor)
    unit = limits.mean_bound(sensor, "point", sides, 1.0)[0, 0]
    snrs = np.geomspace(0.5, 16, 21)

    def error(snr, count):
        wrong = limits.outliers(sensor, "point", sides, snr, side**2, frames=count)
        return ((1 - wrong) * unit / snr**2 / count + wrong * side**2 / 6) ** 0.5

    curves = {"bound, one frame": np.sqrt(unit) / snrs, "one frame": error(snrs, 1)}
    curves |= {f"{frames} frames, motion known": error(snrs, frames)}
    figure, axis = new(width=5.2, height=3.4)
    mark = {f"SNR {snr:g}: {error(snr, frames):.2f} px": (snr, error(snr, frames))}
    options = dict(xlabel="SNR", ylabel="error on one axis, px", log="xy", theory=tuple(curves), marks=mark)
    lines(axis, snrs, curves, **options)
    axis.set_xticks([0.5, 1, 2, 4, 8, 16])
    return figure


def sampled(table):
    """A figure of `against_limits.sampling`: one frame; and a filter at equal detectors and at equal data rate."""
    figure, axes = new(1, 2, width=4.2, height=3.3)
    curves = {"independent noise": table["bound_d"], "overlapping integration": table["overlapping_d"]}
    theory = tuple(curves)
    if "likelihood_d" in table:
        curves["maximum likelihood"] = table["likelihood_d"]
    words = dict(xlabel="M, samples per d", ylabel="error of x, d")
    lines(axes[0], table["factor"], curves, title="one frame", log="y", theory=theory, **words)
    curves = {"equal detectors": table["detectors_d"], "equal data rate": table["rate_d"]}
    lines(axes[1], table["factor"], curves, title="a filter, at any time", log="y", **words)
    return figure


def rounding(step, side):
    """A figure: decibels of SNR lost by grey steps of so many sigma, and the best AOR of whole-number boxes by their side."""
    steps, lost, places, overlaps = _rounded()
    here = -10 * np.log10(limits.information_kept(step))
    figure, axes = new(1, 2, width=4.0, height=3.1)
    curves = {"exact": lost, "rounding as added noise": 10 * np.log10(1 + steps**2 / 12)}
    words = dict(xlabel="grey step, sigma_w", ylabel="SNR lost, dB")
    lines(axes[0], steps, curves, theory=tuple(curves), marks={f"{here:.2f} dB": (step, here)}, **words)
    curves = {"whole-number corners": overlaps}
    best = limits.rounded_overlap(side)
    words = dict(xlabel="side of the box, px", ylabel="best AOR")
    lines(axes[1], places, curves, theory=tuple(curves), marks={f"{best:.2f}": (side, best)}, **words)
    axes[1].set_ylim(0, 1)
    return figure


@cache
def _rounded():
    """(grey steps, decibels lost, sides, best AOR): the curves of `rounding`, which no setting changes."""
    steps, places = np.linspace(0.05, 6, 40), np.linspace(1, 24, 47)
    lost = -10 * np.log10([limits.information_kept(step) for step in steps])
    return steps, lost, places, [limits.rounded_overlap(side, 100) for side in places]


def best_by_size(table):
    """A figure of `against_limits.sizes_and_snrs`: best AOR and the place's deviation by the box's side, a line an SNR."""
    factors = sorted(table["factor"].unique())
    figure, axes = new(2, len(factors), width=3.2, height=2.7, sharey="row", sharex=True)
    for column, factor in enumerate(factors):
        wide = table[table["factor"] == factor].pivot(index="side_d", columns="snr")
        for row, (measure, label) in enumerate((("aor", "best AOR"), ("sigma_d", "deviation of x, d"))):
            curves = {f"SNR {snr:g}": wide[measure][snr] for snr in wide[measure].columns}
            words = dict(xlabel="side of the box, d" if row else "", ylabel="" if column else label)
            lines(axes[row, column], wide.index, curves, legend=not (row or column), log="y" if row else "", **words)
        axes[0, column].set(title=f"M = {factor:g}", ylim=(0, 1.02))
    return figure


def found(table):
    """A figure of `against_limits.found_by_frames`: share of targets found by SNR, a panel a number of frames."""
    counts = sorted(table["frames"].unique())
    figure, axes = new(1, len(counts), width=3.3, height=3.0, sharey=True)
    for axis, count in zip(axes, counts):
        wide = table[table["frames"] == count].pivot(index="snr", columns="way", values="found")
        curves = {way: wide[way] for way in ("foretold", "known motion", "path")}
        title = f"{count} frame{'s' if count > 1 else ''}"
        words = dict(xlabel="SNR", ylabel="", title=title, theory=("foretold",), legend=axis is axes[-1])
        lines(axis, wide.index, curves, **words)
        axis.set_ylim(-0.03, 1.03)
    axes[0].set_ylabel("target found within 2 px")
    return figure


def distances(table):
    """A figure of `against_limits.distances`: decibels to the bound of one frame, a row a condition, a dot a tracker."""
    labels = list(dict.fromkeys(table["condition"]))
    figure, axis = new(width=6.4, height=0.8 + 0.36 * len(labels))
    for k, name in enumerate(name for name in ORDER if name in set(table["tracker"])):
        part = table[table["tracker"] == name].set_index("condition").reindex(labels)
        look = dict(color=color(name), marker="os^"[k % 3])
        if name == "likelihood":
            look = dict(color="#111111", marker="|", markersize=12)
        axis.plot(part["decibels"], np.arange(len(labels)), linestyle="none", label=name, **look)
    axis.axvline(0, color="#777777", linewidth=1)
    axis.set(yticks=np.arange(len(labels)), yticklabels=labels, xlabel="distance to the bound of one frame, dB of SNR")
    axis.invert_yaxis()
    axis.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
