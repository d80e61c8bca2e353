"""Figures of the experiments: overlap (Fig. 4), boxes on frames (Fig. 5), precision (Fig. 6), speed (Table 1)."""

import numpy as np

from irtrack_core import published
from irtrack_core.boxes import centers
from irtrack_core.calibration import calibration_error
from irtrack_core.figures.style import color, draw_box, show_image

__all__ = [
    "boxes_on_frame",
    "curves",
    "overlap_by_frame",
    "overlap_by_step",
    "precision_bars",
    "reliability",
    "speed_bars",
]


def overlap_by_frame(axes, table, *, limit=None, smooth=5):
    """AOR against frames since the start, a line a tracker: mean over sequences, moving average over `smooth` frames.

    table: of `study.overlap_by_frame`. limit: the AOR that noise allows, drawn as a dashed line.
    """
    for tracker, part in table.groupby("tracker", sort=False):
        mean = part.groupby("frame")["iou"].mean()
        axes.plot(mean.index, mean, color=color(tracker), alpha=0.25, linewidth=1)
        axes.plot(
            mean.index, mean.rolling(smooth, center=True, min_periods=1).mean(), color=color(tracker), label=tracker
        )
    if limit is not None:
        axes.axhline(limit, color=color("limit"), linestyle="--", linewidth=1, label="limit by noise")
        axes.text(
            1, limit - 0.02, f"{limit:.2f}", transform=axes.get_yaxis_transform(), ha="right", va="top", fontsize=8
        )
    axes.set(xlabel="frames since the start", ylabel="mean overlap (IoU)", ylim=(0, 1.02))
    return axes


def overlap_by_step(axes, table, *, others=None, limit=None):
    """AOR against training step of the paper's network. table: step, mean, low, high; others: tracker -> AOR."""
    axes.fill_between(table["step"], table["low"], table["high"], color=color("paper"), alpha=0.2, linewidth=0)
    axes.plot(table["step"], table["mean"], "o-", color=color("paper"), label="paper (95 % interval)")
    for tracker, value in (others or {}).items():
        axes.axhline(value, color=color(tracker), linewidth=1.2, label=tracker)
    if limit is not None:
        axes.axhline(limit, color=color("limit"), linestyle="--", linewidth=1, label="limit by noise")
    axes.set(xlabel="training step", ylabel="AOR, mean over sequences", ylim=(0, 1.02))
    return axes


def curves(axes, table, *, x, xlabel, ylabel, marks=()):
    """A success or precision curve a tracker. table: tracker, `x`, value; the legend gives the mean or P at the marks."""
    for tracker, part in table.groupby("tracker", sort=False):
        if marks:
            at = ", ".join(f"{100 * np.interp(mark, part[x], part['value']):.0f}" for mark in marks)
            label = f"{tracker}: {at} %"
        else:
            label = f"{tracker}: {part['value'].mean():.2f}"
        axes.plot(part[x], part["value"], color=color(tracker), label=label)
    for mark in marks:
        axes.axvline(mark, color="#888888", linewidth=0.8, linestyle=":")
    axes.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 1.02), xlim=(table[x].min(), table[x].max()))
    axes.legend(fontsize=8, title="at " + ", ".join(f"{mark:g}" for mark in marks) + " px" if marks else "area under")
    return axes


def boxes_on_frame(axes, image, truth, boxes, *, side, title=""):
    """A window of `side` px around the true box with every tracker's box: the paper's Fig. 5.

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
            draw_box(axes, box, tracker)
        else:
            outside.append(tracker)
    if outside:
        axes.text(0.02, 0.02, "elsewhere: " + ", ".join(outside), transform=axes.transAxes, color="white", fontsize=8,
                  bbox={"facecolor": "black", "alpha": 0.6, "linewidth": 0, "pad": 2})  # fmt: skip
    return axes


def precision_bars(axes, table, *, paper=True):
    """Precision at 20 px in percent, a group of bars a set. table: dataset, tracker, mean, low, high (shares).

    paper: the values that the paper's Fig. 6 lets one read, as hollow bars of their own, labelled so.
    """
    _grouped(axes, table, scale=100)
    if paper:
        start = table["dataset"].nunique() + 0.1
        for place, (method, (text, height)) in enumerate(published.PRECISION.items()):
            x = start - 0.4 + place * 0.22
            axes.bar(x, height, 0.18, facecolor="none", edgecolor="#555555", linestyle=":", linewidth=1.2)
            name = "its method" if method == "method" else f"[{method[3:]}]"
            axes.text(x, 2, f"{name}: {text} %", rotation=90, ha="center", va="bottom", fontsize=7, color="#333333")
        axes.set_xticks([*axes.get_xticks(), start], [*(t.get_text() for t in axes.get_xticklabels()), "paper"])
    axes.set(ylabel="precision at 20 px, %", ylim=(0, 105))
    return axes


def speed_bars(axes, table, *, hardware):
    """Frames per second, a group of bars a set, on a logarithmic scale. table: dataset, tracker, mean, low, high.

    The paper's own method on its own hardware is a dotted line over each group: another machine, not a comparison.
    """
    _grouped(axes, table, numbers=True)
    for place, dataset in enumerate(table["dataset"].unique()):
        value = published.SPEED.get(dataset.removeprefix("sim-"), {}).get("method")
        if value:
            axes.hlines(value, place - 0.45, place + 0.45, color="#333333", linestyle=":", linewidth=1.6,
                        label=f"paper, on its {published.SPEED_HARDWARE}" if place == 0 else None)  # fmt: skip
    axes.set_yscale("log")
    axes.set(ylabel="frames per second, eq. (16)", title=f"one thread on {hardware}")
    return axes


def reliability(axes, tables):
    """Reliability diagram: the share of right boxes against the score, on the diagonal when the score is honest.

    tables: tracker -> table of `calibration.reliability`; a dot's area grows with the number of its frames. Intervals of
    fewer than 5 frames are not drawn; the error counts them.
    """
    axes.plot([0, 1], [0, 1], color=color("limit"), linestyle=":", linewidth=1, label="honest")
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
    """Bars with intervals: a group for each dataset, a bar for each tracker."""
    datasets, names = list(table["dataset"].unique()), list(table["tracker"].unique())
    width = 0.8 / len(names)
    for number, tracker in enumerate(names):
        part = table[table["tracker"] == tracker].set_index("dataset").reindex(datasets)
        x = np.arange(len(datasets)) - 0.4 + (number + 0.5) * width
        mean = scale * part["mean"].to_numpy()
        error = np.abs(scale * part[["low", "high"]].to_numpy().T - mean)
        axes.bar(x, mean, 0.9 * width, color=color(tracker), label=tracker)
        axes.errorbar(x, mean, error, fmt="none", ecolor="#333333", elinewidth=1, capsize=2)
        if numbers:
            for place, value, top in zip(x, mean, mean + error[1]):
                if np.isfinite(value):
                    axes.text(place, top * 1.08, f"{value:.0f}", ha="center", va="bottom", fontsize=7)
    axes.set_xticks(np.arange(len(datasets)), datasets)
    axes.grid(axis="x", visible=False)
