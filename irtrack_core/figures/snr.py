"""Figures of experiment 1: signal to noise (Fig. 3), ways to inflate it, detection curves, and maps over conditions."""

import numpy as np

from irtrack_core.evaluation.detection import pd_at_pfa
from irtrack_core.evaluation.intervals import LEAST
from irtrack_core.experiments import published
from irtrack_core.figures.filtering import response_colors
from irtrack_core.figures.style import bare
from irtrack_core.metrics import decibel

NAMES = {"none": "no filter, I", "U": "background out, U", "M": "multi-level, M"}
PFA = np.geomspace(1e-5, 1, 121)
SETS = {
    "sim-aircraft": "aircraft",
    "sim-pedestrian": "pedestrian",
    "sim-otcbvs": "OTCBVS-like",
    "svanstrom": "Svanström",
}
SET_COLORS = {"sim-aircraft": "#E69F00", "sim-pedestrian": "#0072B2", "sim-otcbvs": "#CC79A7"}
# the multi-level filter has thick lines in its own colours; the others thin ones, a colour per family, a dash per filter
BLUE, PURPLE, BROWN, GREEN = "#4F7FB5", "#9B5FA5", "#A0741F", "#3F7D3A"
OTHERS = {
    "tophat": (BLUE, "-"),
    "max-mean": (BLUE, "--"),
    "max-median": (BLUE, ":"),
    "dog": ("#20A0A0", "-"),
    "log": ("#20A0A0", "--"),
    "tdlms": ("#20A0A0", ":"),
    "lcm": (PURPLE, "-"),
    "mpcm": (PURPLE, "--"),
    "rlcm": (PURPLE, ":"),
    "ipi": (BROWN, "-"),
    "pstnn": (BROWN, "--"),
    "lpwc": (GREEN, "-"),
    "nfo": (GREEN, "--"),
    "mff": (GREEN, ":"),
    "edges": (GREEN, "-."),
    "edge-s": (GREEN, (0, (1, 1))),
}
LOWEST = -12  # dB; an erased target is drawn here
# of the paper's Fig. 3: dB, whose, key in `published.SNR`, line
MARKS = ((35, "its method", "method", "-"), (30, "[8] [9]", "ref8", "--"), (25, "[10] [11]", "ref10", ":"))


def filter_style(name):
    """Line style of a filter as keywords of `axes.plot`: color, linestyle, linewidth, zorder."""
    if name in OTHERS:
        color, dash = OTHERS[name]
        return {"color": color, "linestyle": dash, "linewidth": 1.3, "zorder": 2}
    return {"color": response_colors(name), "linestyle": "-", "linewidth": 2.4, "zorder": 3}


def filter_legend(figure, axes):
    """Draw one legend for all filters in `axes`, at the right of the figure."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", fontsize=8, handlelength=2.6)


def paper_lines(axes, *, text=True):
    """The best values of the paper's Fig. 3 as lines at 35, 30 and 25 dB; text: with names at the right."""
    for value, who, key, dash in MARKS:
        axes.axhline(value, color="#CC79A7", linestyle=dash, linewidth=1.2, zorder=1)
        if text:
            axes.text(1.01, value, f"paper, {who}: {published.SNR[key]} dB", fontsize=8, color="#A0527F", va="center",
                      transform=axes.get_yaxis_transform())  # fmt: skip
    return axes


def by_filter(top, bottom, rows, shares, by_frame, *, rng, text=False):
    """The paper's Fig. 3 for one set, and the targets found: dB of each sequence on `top`, Pd on `bottom`.

    rows: filter, db, one row per sequence and filter. shares, by_frame: filter, mean, low, high of Pd with one threshold for
    all frames (bars) and with one set frame by frame (diamonds); none where there is too little background. A line is the
    median over the sequences, a triangle at the bottom an erased target. rng: spreads the dots sideways.
    """
    names = list(rows["filter"].unique())
    for place, name in enumerate(names):
        values = rows.loc[rows["filter"] == name, "db"].to_numpy()
        color, seen = filter_style(name)["color"], np.clip(values, LOWEST, None)
        x, gone = place + rng.uniform(-0.22, 0.22, len(values)), values < LOWEST
        top.plot(x[~gone], seen[~gone], "o", ms=3.2, mew=0, alpha=0.6, color=color)
        top.plot(x[gone], seen[gone], "v", ms=5, mew=0, alpha=0.8, color=color)
        middle = max(np.median(values), LOWEST)
        top.plot([place - 0.36, place + 0.36], [middle, middle], color=color, linewidth=2.4)
        for _, share in shares[shares["filter"] == name].iterrows():
            error = np.abs(share[["low", "high"]].astype(float) - share["mean"]).to_numpy()[:, None]
            whisker = dict(yerr=error, capsize=2, error_kw=dict(ecolor="#333333", lw=1))
            bottom.bar(place, share["mean"], 0.7, color=color, **whisker)
        free = by_frame.loc[by_frame["filter"] == name, "mean"]
        bottom.plot(np.full(len(free), place), free, "D", ms=4.5, mfc="white", mec="#333333")
    paper_lines(top, text=text)
    top.set(ylim=(LOWEST - 1.5, max(42, top.get_ylim()[1])), xticks=[])
    bottom.set(ylim=(0, 1.03))
    bottom.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
    for axes in (top, bottom):
        axes.set_xlim(-0.7, len(names) - 0.3)
        axes.grid(axis="x", visible=False)
    return top, bottom


def ranks(axes, table, *, title=""):
    """Filters by dB at the left and by Pd at the right, joined by lines: two lines cross where the orders disagree.

    table: filter, db, pd. Filters of equal Pd keep their order at the left.
    """
    left = table.sort_values("db").reset_index(drop=True)
    right = {name: place for place, name in enumerate(left.sort_values("pd", kind="stable")["filter"])}
    for place, row in enumerate(left.itertuples()):
        style, end = filter_style(row.filter), right[row.filter]
        axes.plot([0, 1], [place, end], **style)
        db = f"{row.db:.0f} dB" if np.isfinite(row.db) else "gone"
        axes.text(-0.04, place, f"{row.filter}, {db}", ha="right", va="center", fontsize=8, color=style["color"])
        axes.text(1.04, end, f"{row.pd:.2f} {row.filter}", ha="left", va="center", fontsize=8, color=style["color"])
    bare(axes, xlim=(-0.75, 1.7), ylim=(-0.6, len(left) + 0.4), title=title)
    axes.text(0, len(left), "SNR", ha="right", va="center", fontsize=8)
    axes.text(1, len(left), "Pd", ha="left", va="center", fontsize=8)
    axes.spines[:].set_visible(False)
    return axes


def detection_curves(axes, table, *, by="one", title=""):
    """Pd against Pfa for each filter; every sequence has equal weight.

    by: "one", one threshold for all frames, or "frame", set frame by frame. table: sequence, filter, pfa_`by` and
    pfa_`by`_least of each target. A curve begins at the least Pfa that every frame can tell; the diagonal is chance.
    """
    pfa, start = f"pfa_{by}", table[f"pfa_{by}_least"].max()
    shown = PFA[start <= PFA]
    for name, part in table.groupby("filter", sort=False):
        curves = [pd_at_pfa(rows[pfa], shown, rows[f"{pfa}_least"]) for _, rows in part.groupby("sequence")]
        axes.plot(shown, np.mean(curves, axis=0), label=NAMES.get(name, name), **filter_style(name))
    axes.plot(shown, shown, color="#888888", linewidth=1, linestyle=(0, (1, 3)), zorder=1)
    axes.set(xscale="log", xlabel="Pfa, share of false boxes", ylim=(-0.02, 1.02), xlim=(start / 1.2, 1), title=title)
    return axes


def _pd_lines(axes, part, x, name):
    """A filter's Pd at the places x; a band: the intervals of the multi-level filter's levels, where there are 10 scenes."""
    style = filter_style(name)
    axes.plot(x, part["pd"], label=NAMES.get(name, name), **style)
    if name in NAMES and (part["recordings"] >= LEAST).all():
        axes.fill_between(x, part["low"], part["high"], color=style["color"], alpha=0.15, linewidth=0)


def by_snr(axes, table, *, title=""):
    """Pd against the peak over white noise, one line per filter. table: of `filter_maps.found`, one size of target."""
    for name, part in table.groupby("filter", sort=False):
        _pd_lines(axes, part, part["snr_in"], name)
    axes.set(xlabel="SNR, peak over white noise", ylim=(-0.02, 1.02), title=title)
    return axes


def sweeps(axes, table, *, xlabel):
    """Pd for each value of a setting, one line per filter. table: of `filter_maps.found` with a column value."""
    values = sorted(table["value"].unique())
    for name, part in table.groupby("filter", sort=False):
        _pd_lines(axes, part.set_index("value").loc[values], range(len(values)), name)
    axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    axes.set(xlabel=xlabel, ylim=(-0.02, 1.02))
    return axes


def pd_map(axes, table, *, row, column, title=""):
    """Pd over two conditions, as shades and numbers. table: `row`, `column`, pd. Returns (axes, picture)."""
    wide = table.pivot(index=row, columns=column, values="pd")
    picture = _map(axes, wide, title, vmin=0, vmax=1, cmap="cividis")
    for (r, c), value in np.ndenumerate(wide.to_numpy()):
        text = f"{value:.2f}"[1 if value < 1 else 0 :][:4]
        _number(axes, r, c, text, "white" if value < 0.5 else "black")
    return axes, picture


def gain_map(axes, table, *, row, column, title=""):
    """The gain by the rectangle, Pd of M minus Pd of U, over two conditions. table: `row`, `column`, gain, clear.

    Bold: an interval, of 10 scenes or more, does not contain 0. Returns (axes, picture).
    """
    wide, clear = (table.pivot(index=row, columns=column, values=name) for name in ("gain", "clear"))
    picture = _map(axes, wide, title, vmin=-1, vmax=1, cmap="PuOr_r")
    for (r, c), value in np.ndenumerate(wide.to_numpy()):
        shown = clear.iat[r, c]
        text = "0" if abs(value) < 0.005 else f"{value:+.2f}".replace("0.", ".")
        tint = "white" if abs(value) > 0.7 else "black" if shown else "#777777"
        _number(axes, r, c, text, tint, weight="bold" if shown else "normal")
    return axes, picture


def _map(axes, wide, title, **options):
    height, width = wide.shape
    picture = axes.pcolormesh(np.arange(width + 1), np.arange(height + 1), wide, **options)
    axes.set_xticks(np.arange(width) + 0.5, [f"{value:g}" for value in wide.columns])
    axes.set_yticks(np.arange(height) + 0.5, [f"{value:g}" for value in wide.index])
    axes.set_title(title)
    axes.grid(False)
    return picture


def _number(axes, row, column, text, tint, **options):
    axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", size=8, color=tint, **options)


def gamed(axes, table):
    """Two ways to inflate dB, a threshold (left) and a power (middle), and Pd-Pfa of the same images (right), which coincide.

    axes: three. table: of `experiments.snr.game`. Infinite dB is drawn as a triangle at the top.
    """
    top = 62
    for axis, name in zip(axes, ("cut", "power")):
        played = table[table["game"] == name]
        for dataset, part in played.groupby("dataset", sort=False):
            color, groups = SET_COLORS.get(dataset, "#555555"), part.groupby("value")
            free, floored = (decibel(groups[column].median()) for column in ("snr_no_floor", "snr"))
            values = np.array(sorted(part["value"].unique()))
            axis.plot(values, np.minimum(free, top), "o-", ms=4, color=color, label=SETS.get(dataset, dataset))
            axis.plot(values[np.isinf(free)], np.full(np.isinf(free).sum(), top), "^", color=color, markersize=9)
            axis.plot(values, floored, ":", color=color)
        axis.axhline(35, color="#888888", linewidth=1, label=f"paper's best, {published.SNR['method']} dB")
        axis.set(ylabel="median SNR, dB", ylim=(0, top + 3))
    axes[0].plot([], [], ":", color="#555555", label="sigma floored by the raw noise")
    axes[0].plot([], [], "^", color="#555555", label="infinite")
    axes[0].set(xlabel="cut off below this share of the peak", title="Cut and stretch U: the decibels climb")
    axes[0].legend(fontsize=8, loc="lower center", ncols=2)
    axes[1].set(xlabel="power", title="Square it: they double")
    axes[1].set_xticks(sorted(table.loc[table["game"] == "power", "value"].unique()))
    shown = PFA[table["pfa_frame_least"].max() <= PFA]
    games = list(table.groupby(["game", "value"]))  # cut at 0 and power 1 are U itself
    for i, (_, part) in enumerate(games):
        left = i / max(len(games) - 1, 1)
        label = {0: "U itself", len(games) - 1: f"{len(games) - 2} gamed ones, thinner and thinner"}.get(i)
        curve = np.mean([pd_at_pfa(shares, shown) for _, shares in part.groupby("sequence")["pfa_frame"]], axis=0)
        axes[2].plot(shown, curve, color=str(0.85 - 0.85 * left), lw=11 - 10 * left, label=label)
    axes[2].set(
        xscale="log", xlabel="Pfa, share of false boxes, frame by frame", ylabel="Pd, all sets", ylim=(-0.02, 1.02)
    )
    axes[2].set_title("... and not one more target is found")
    axes[2].legend(fontsize=8, loc="lower right")
    return axes
