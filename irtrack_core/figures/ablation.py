"""Figures of the ablation: the mean of each combination of parts, and the effect of each part."""

import numpy as np

from irtrack_core.evaluation import intervals

OFF, ON = "#888888", "#0072B2"


def cells(axes, means, *, measure="AOR"):
    """Mean and interval of each combination of parts, best on top. means: of `ablation.cell_means`, one world.

    Filled: with region selection; hollow: a score map and a pyramid of scales. Returns the axes.
    """
    table = means.sort_values("mean").reset_index(drop=True)
    for place, row in table.iterrows():
        tint = ON if row["filter"] else "#D55E00"
        axes.plot([row["low"], row["high"]], [place, place], color=tint, linewidth=1.4)
        axes.plot(row["mean"], place, "o", color=tint, mfc=tint if row["region"] else "white", ms=7)
        axes.text(row["high"] + 0.01, place, f"{row['mean']:.2f}", va="center", fontsize=8)
    axes.set_yticks(range(len(table)), table["cell"])
    axes.set(xlabel=f"{measure}, mean over recordings\n{intervals.label(means)}", ylim=(-0.6, len(table) - 0.4))
    for tint, label in ((ON, "filter on"), ("#D55E00", "filter off")):
        axes.plot([], [], "o-", color=tint, label=label)
    axes.plot([], [], "o", color="#555555", mfc="white", label="no region selection")
    axes.legend(fontsize=8, loc="lower left", bbox_to_anchor=(-0.02, 1.06), ncols=3, frameon=False)  # above the title
    axes.margins(x=0.12)
    return axes


def effects(axes, table, *, measure="AOR"):
    """The change when each part is switched on, and the interactions, with intervals; table: of `ablation.effects`.

    Grey: the interval contains 0, or there is a range alone, so that no effect was shown. Ticks: smallest and largest single
    seed. Returns the axes.
    """
    axes.axvline(0, color="#333333", linewidth=0.8)
    for place, row in enumerate(table.to_dict("records")[::-1]):
        shown = row["clear"]
        tint = ON if shown else OFF
        axes.plot([row["low"], row["high"]], [place, place], color=tint, linewidth=2 if shown else 1.4)
        axes.plot(row["change"], place, "o", color=tint, ms=6)
        if row["seeds"] > 1:
            axes.plot([row["seed_low"], row["seed_high"]], [place, place], "|", color=tint, ms=9)
        axes.text(row["high"], place + 0.14, f" {row['change']:+.2f}", fontsize=8, color=tint)
    axes.set_yticks(range(len(table)), table["effect"][::-1])
    kinds = intervals.label(table.rename(columns={"change": "mean"}))
    axes.set(xlabel=f"change of {measure} when it is switched on\n{kinds}", ylim=(-0.6, len(table) - 0.2))
    limit = 1.15 * max(np.abs(axes.get_xlim()))
    axes.set_xlim(-limit, limit)
    axes.locator_params(axis="x", nbins=6)
    return axes
