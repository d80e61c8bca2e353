"""Figures of the experiments: overlap (Fig. 4), boxes on frames (Fig. 5), precision (Fig. 6), speed (Table 1).

A colour is a method; filled bars and solid lines are its own input. `paper` and `paper-image` differ only in the filter.
"""

import numpy as np
from matplotlib.patches import Patch

from irtrack_core.boxes import centers
from irtrack_core.experiments import protocol, published
from irtrack_core.experiments.calibration import calibration_error
from irtrack_core.experiments.compared.notes import CAPTION
from irtrack_core.figures.style import color, draw_box, profile_note, show_image

STAGE_COLORS = {"filter": "#009E73", "crops": "#56B4E9", "network": "#D55E00", "rest": "#999999"}

MANY = 8  # curves, whose names find room among them


def caption(profile, *more):
    """Text under a figure with compared methods: folds, seeds, size and training of the networks, what ref8-ref16 are."""
    text = f"{profile_note(profile)}; compared networks at width {profile.width:g}, {profile.iterations} training steps"
    return "; ".join([text, *more]) + f"\nref8-ref16: {CAPTION}"


def in_panel(names, filtered):
    """Those of the trackers `names` that belong in the panel with (or without) the filter: baselines belong in both."""
    wanted = "filtered" if filtered else "image"
    return [name for name in names if name not in protocol.STUDIED or protocol.parse(name)[1] == wanted]


def title(filtered):
    """Title of the panel with, or without, the filter."""
    return "with the filter, eq. (4)" if filtered else "plain image"


def _short(name):
    return protocol.parse(name)[0] if name in protocol.STUDIED else name


def _line(name):
    """Colour and line style of a tracker: solid for compared methods, broken for baselines."""
    other = {"identity": ":", "peak": "--", "siamese": "-.", "ref4": (0, (3, 2))}.get(name, (0, (1, 1)))
    return {"color": color(_short(name)), "linestyle": "-" if name in protocol.STUDIED else other}


def _limit(axes, limit):
    """A dashed line at the AOR that noise allows; None: no line."""
    if limit is not None:
        axes.axhline(limit, color=color("limit"), linestyle=(0, (5, 3)), linewidth=1, label="limit by noise")


def overlap_by_frame(axes, table, *, limit=None, smooth=5):
    """AOR against frames since the start, one line per tracker: mean over sequences, moving average over `smooth` frames.

    table: of `study.overlap_by_frame`. limit: the AOR that noise allows, drawn as a dashed line.
    """
    for tracker, part in table.groupby("tracker", sort=False):
        mean = part.groupby("frame")["iou"].mean().rolling(smooth, center=True, min_periods=1).mean()
        axes.plot(mean.index, mean, label=_short(tracker), **_line(tracker))
    _limit(axes, limit)
    if limit is not None:
        place, side = (limit - 0.015, "top") if limit > 0.95 else (limit + 0.012, "bottom")
        axes.text(0.99, place, f"{limit:.2f}", transform=axes.get_yaxis_transform(), ha="right", va=side, fontsize=8)
    axes.set(xlabel="frames since the start", ylabel="mean overlap (IoU)", ylim=(0, 1.02))
    return axes


def overlap_by_step(axes, table, *, others=None, limit=None):
    """AOR against training step, one line per method. table: tracker, step, mean, low, high; others: tracker -> AOR."""
    for tracker, part in table.groupby("tracker", sort=False):
        axes.fill_between(part["step"], part["low"], part["high"], color=color(_short(tracker)), alpha=0.1, linewidth=0)
        axes.plot(part["step"], part["mean"], marker="o", markersize=3.5, label=_short(tracker), **_line(tracker))
    for tracker, value in (others or {}).items():
        axes.axhline(value, linewidth=1.2, label=tracker, **_line(tracker))
    _limit(axes, limit)
    axes.set(xlabel="training step", ylabel="AOR, mean over recordings", ylim=(0, 1.02))
    return axes


def curves(axes, table, *, x, xlabel, ylabel, marks=(), unit="px"):
    """One success or precision curve per tracker. table: tracker, `x`, value; marks: values of x that the legend quotes.

    Without marks the legend gives each curve's mean; more than `MANY` curves have it beside the axes. unit: of x.
    """
    for tracker, part in table.groupby("tracker", sort=False):
        at = ", ".join(f"{100 * np.interp(mark, part[x], part['value']):.0f}" for mark in marks)
        label = f"{at} %" if marks else f"{part['value'].mean():.2f}"
        axes.plot(part[x], part["value"], label=f"{_short(tracker)}: {label}", **_line(tracker))
    for mark in marks:
        axes.axvline(mark, color="#888888", linewidth=0.8, linestyle=":")
    axes.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 1.02), xlim=(table[x].min(), table[x].max()))
    heading = "at " + ", ".join(f"{mark:g}" for mark in marks) + f" {unit}" if marks else "area under"
    place = dict(loc="lower right" if marks else "lower left", frameon=True, framealpha=0.8, edgecolor="none")
    if table["tracker"].nunique() > MANY:  # it would hide them
        place = dict(loc="upper left", bbox_to_anchor=(1.0, 1.02), frameon=False)
    axes.legend(fontsize=7.5, title=heading, title_fontsize=8, **place)
    return axes


def boxes_on_frame(axes, image, truth, boxes, *, side, title=""):
    """A window of `side` px around the true box with every tracker's box, as in the paper's Fig. 5.

    boxes: tracker -> box (4,). A tracker whose box lies wholly outside the window is named in a corner.
    """
    show_image(axes, image, title)
    x, y = centers(truth)
    left, top = x - side / 2, y - side / 2
    axes.set(xlim=(left, left + side), ylim=(top + side, top))
    draw_box(axes, truth, "truth", edgecolor="white", linewidth=2.2, linestyle=(0, (1, 1)))
    outside = []
    for tracker, box in boxes.items():
        if np.isfinite(box).all() and (np.abs(centers(box) - (x, y)) < (side + box[2:]) / 2).all():
            draw_box(axes, box, _short(tracker))
        else:
            outside.append(tracker)
    if outside:
        axes.text(0.02, 0.02, "elsewhere: " + ", ".join(outside), transform=axes.transAxes, color="white", fontsize=8,
                  bbox={"facecolor": "black", "alpha": 0.6, "linewidth": 0, "pad": 2})  # fmt: skip
    return axes


def difference_bars(axes, table, *, reference, measure):
    """Paired differences with their intervals, a filled dot: 0 lies outside; ranges are dotted lines.

    table: of `statistics.differences`.
    """
    for place, row in enumerate(table.itertuples()):
        tone = color(_short(row.tracker))
        axes.plot([row.low, row.high], [place, place], ":" if row.kind == "range" else "-", color=tone, linewidth=2)
        axes.plot(row.difference, place, "o", markersize=6, color=tone, markerfacecolor=tone if row.clear else "white")
    axes.axvline(0, color="#333333", linewidth=0.8)
    axes.set_yticks(range(len(table)), table["tracker"])
    axes.invert_yaxis()
    axes.set(xlabel=f"{measure} of {reference} minus that of the other")
    return axes


def strata_lines(axes, table, *, factor):
    """The mean of a measure in each stratum of one factor, one line per tracker. table: of `statistics.strata`."""
    part = table[table["factor"] == factor]
    order = list(dict.fromkeys(part["stratum"]))
    counts = part.groupby("stratum")["recordings"].max()
    for tracker, rows in part.groupby("tracker", sort=False):
        rows = rows.set_index("stratum").reindex(order)
        axes.plot(range(len(order)), rows["mean"], marker="o", markersize=4, label=_short(tracker), **_line(tracker))
    axes.set_xticks(range(len(order)), [f"{name}\n(n = {counts[name]})" for name in order])
    axes.set(title=factor, ylim=(0, 1.02), xlim=(-0.3, len(order) - 0.7))
    return axes


def precision_bars(axes, table, *, paper=True):
    """Precision at 20 px in percent, one group of bars per set. table: dataset, tracker, mean, low, high (shares).

    paper: add the values that can be read from the paper's Fig. 6, as a group of hollow bars.
    """
    _grouped(axes, table, scale=100)
    if paper:
        start = table["dataset"].nunique() + 0.1
        for place, (method, (text, height)) in enumerate(published.PRECISION.items()):
            x = start - 0.4 + place * 0.17
            tone = color("paper" if method == "method" else method)
            axes.bar(x, height, 0.14, facecolor="none", edgecolor=tone, linestyle="--", linewidth=1.4)
            name = "its method" if method == "method" else f"[{method[3:]}]"
            axes.text(x, 2, f"{name}: {text} %", rotation=90, ha="center", va="bottom", fontsize=7, color="#333333")
        ticks, texts = axes.get_xticks(), [text.get_text() for text in axes.get_xticklabels()]
        axes.set_xticks([*ticks, start], [*texts, "paper's Fig. 6"])
    axes.set(ylabel="precision at 20 px, %", ylim=(0, 105))
    return axes


def speed_bars(axes, table, *, hardware):
    """Frames per second, one group of bars per set, on a logarithmic scale. table: dataset, tracker, mean, low, high.

    The paper's own method is a dotted line over each group; it ran on other hardware and cannot be compared.
    """
    _grouped(axes, table, numbers=True)
    for place, dataset in enumerate(table["dataset"].unique()):
        value = published.SPEED.get(dataset.removeprefix("sim-"), {}).get("method")
        if value:
            axes.hlines(value, place - 0.45, place + 0.45, color="#333333", linestyle=":", linewidth=1.6, zorder=2,
                        label=f"paper, on its {published.SPEED_HARDWARE}" if place == 0 else None)  # fmt: skip
    axes.set_yscale("log")
    axes.set(ylabel="frames per second, eq. (16)", title=f"one thread on {hardware}")
    axes.set_ylim(top=axes.get_ylim()[1] * 1.6)  # room for the numbers
    return axes


def stage_bars(axes, table):
    """Milliseconds per frame, one bar per tracker, divided into its stages. table: of `speed.stages`."""
    wide = table.pivot(index="tracker", columns="stage", values="ms").loc[list(dict.fromkeys(table["tracker"]))]
    left = np.zeros(len(wide))
    for stage, tone in STAGE_COLORS.items():
        axes.barh(wide.index, wide[stage], left=left, color=tone, label=stage, height=0.7)
        left += wide[stage].to_numpy()
    for place, value in enumerate(left):
        axes.text(value, place, f" {value:.1f}", va="center", fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="milliseconds a frame", xlim=(0, 1.12 * left.max()))
    axes.grid(axis="y", visible=False)
    axes.legend(fontsize=8, loc="lower right")
    return axes


def reliability(axes, tables):
    """Reliability diagram: the share of correct boxes against the score; a calibrated score lies on the diagonal.

    tables: tracker -> table of `calibration.reliability`. A dot's area grows with its number of frames. Bins of fewer than
    5 frames are not drawn, but the calibration error includes them.
    """
    axes.plot([0, 1], [0, 1], color=color("limit"), linestyle=":", linewidth=1, label="calibrated")
    for name, table in tables.items():
        error, table = calibration_error(table), table[table.frames >= 5]
        area = 8 + 120 * table.frames / table.frames.sum()
        label = f"{name}, error {error:.2f}"
        axes.plot(table.score, table.right, color=color(name), linewidth=1, label=label)
        axes.scatter(table.score, table.right, s=area, color=color(name), zorder=3)
    axes.set(xlabel="score", ylabel="share of boxes with IoU > 0.5", xlim=(0, 1.02), ylim=(0, 1.02), aspect="equal")
    axes.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, columnspacing=1)
    return axes


def _grouped(axes, table, *, scale=1, numbers=False):
    """Bars with intervals: one group per dataset, one bar per tracker; hatched where the input is not its own."""
    datasets, names = list(table["dataset"].unique()), list(table["tracker"].unique())
    width = 0.86 / len(names)
    for number, tracker in enumerate(names):
        part = table[table["tracker"] == tracker].set_index("dataset").reindex(datasets)
        x = np.arange(len(datasets)) - 0.43 + (number + 0.5) * width
        mean = scale * part["mean"].to_numpy()
        error = np.abs(scale * part[["low", "high"]].to_numpy().T - mean)
        tone, swapped = color(_short(tracker)), protocol.is_swapped(tracker)
        fill = dict(facecolor="white", edgecolor=tone, hatch="////", linewidth=0.8) if swapped else dict(color=tone)
        axes.bar(x, mean, 0.9 * width, label=None if swapped else tracker, **fill)
        axes.errorbar(x, mean, error, fmt="none", ecolor="#333333", elinewidth=0.8, capsize=1.5)
        if numbers:
            for place, value, top in zip(x, mean, mean + error[1]):
                if np.isfinite(value):
                    axes.text(place, top * 1.1, f"{value:.0f}", ha="center", va="bottom", fontsize=6.5, rotation=90,
                              bbox={"facecolor": "white", "linewidth": 0, "pad": 0.6}, zorder=4)  # fmt: skip
    axes.set_xticks(np.arange(len(datasets)), datasets)
    axes.grid(axis="x", visible=False)


def bar_legend(axes, **options):
    """The legend of grouped bars: methods by colour, and what filled and hatched mean."""
    handles, labels = axes.get_legend_handles_labels()
    handles += [Patch(color="#666666"), Patch(facecolor="white", edgecolor="#666666", hatch="////")]
    labels += ["input as published", "the other input:\npaper without the filter,\nref8-ref16 with it"]
    return axes.legend(handles, labels, **(dict(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1)) | options))
