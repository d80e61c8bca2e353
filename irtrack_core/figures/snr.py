"""Figures of experiment 1: signal to noise (Fig. 3), how it can be gamed, and the detection curves that settle it."""

import numpy as np

from irtrack_core import published
from irtrack_core.figures.filtering import response_colors
from irtrack_core.metrics import decibel, pd_at_pfa

__all__ = ["NAMES", "SETS", "best_snr", "detection_curves", "gamed", "pd_map", "sweeps"]

NAMES = {"none": "no filter, I", "U": "background out, U", "M": "multi-level, M"}
PFA = np.geomspace(1e-5, 1, 121)
SETS = {
    "sim-aircraft": "aircraft",
    "sim-pedestrian": "pedestrian",
    "sim-otcbvs": "OTCBVS-like",
    "svanstrom": "Svanström",
}


def best_snr(axes, table, *, sets=None):
    """The paper's Fig. 3 in our data: SNR in dB of each sequence, before and after the filter; the paper's values marked.

    table: one row a sequence and filter: dataset, sequence, filter, db. Sequences are sorted by their SNR unfiltered.
    """
    position, ticks = 0, []
    for dataset in sets or table["dataset"].unique():
        wide = table[table["dataset"] == dataset].pivot(index="sequence", columns="filter", values="db")
        wide = wide.sort_values("none")
        x = position + np.arange(len(wide))
        for name in ("none", "U", "M"):
            values = wide[name].clip(lower=-12)
            axes.plot(x, values, "o-", color=response_colors(name), ms=4, lw=1, label=None if position else NAMES[name])
            gone = ~np.isfinite(wide[name].to_numpy())
            axes.plot(x[gone], values[gone], "v", color=response_colors(name), ms=8)
        ticks.append((x.mean(), SETS.get(dataset, dataset)))
        position += len(wide) + 1.5
    for value, text, style in (
        (35, f"paper, its method: {published.SNR['method']} dB", "-"),
        (30, f"paper, [8] [9]: {published.SNR['ref8']} dB", "--"),
        (25, f"paper, [10] [11]: {published.SNR['ref10']} dB", ":"),
    ):
        axes.axhline(value, color="#CC79A7", linestyle=style, linewidth=1.3, label=text)
    axes.set_xticks(*zip(*ticks))
    highest = table.loc[np.isfinite(table["db"]), "db"].max()
    axes.set(ylabel="SNR, dB", xlabel="sequences of each set, sorted", ylim=(-13.5, max(41, highest + 3)))
    axes.grid(axis="x", visible=False)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    return axes


def detection_curves(axes, table, *, title=""):
    """Pd against Pfa for each filter. table: columns filter, pfa (of each target)."""
    for name, part in table.groupby("filter", sort=False):
        axes.plot(PFA, pd_at_pfa(part["pfa"], PFA), color=response_colors(name), label=NAMES.get(name, name))
    axes.set(xscale="log", xlabel="Pfa, share of false pixels", ylim=(-0.02, 1.02), title=title)
    return axes


def pd_map(axes, table, name, *, pfa):
    """Pd at `pfa` over target size and SNR for one filter. table: size, snr_in, filter, pfa. Returns (axes, picture)."""
    part = table[table["filter"] == name].assign(found=lambda t: t["pfa"] <= pfa)
    wide = part.pivot_table(index="snr_in", columns="size", values="found")
    picture = axes.pcolormesh(
        np.arange(wide.shape[1] + 1), np.arange(wide.shape[0] + 1), wide, vmin=0, vmax=1, cmap="cividis"
    )
    for (r, c), value in np.ndenumerate(wide.to_numpy()):
        axes.text(c + 0.5, r + 0.5, f"{value:.2f}"[1 if value < 1 else 0 :][:4], ha="center", va="center", size=8,
                  color="white" if value < 0.5 else "black")  # fmt: skip
    axes.set_xticks(np.arange(wide.shape[1]) + 0.5, [f"{size:g}" for size in wide.columns])
    axes.set_yticks(np.arange(wide.shape[0]) + 0.5, [f"{snr:g}" for snr in wide.index])
    axes.set(title=NAMES.get(name, name), xlabel="target's size, pixels")
    axes.grid(False)
    return axes, picture


def gamed(axes, table):
    """How dB can be gamed: (left) dB against the share cut off, (right) Pd-Pfa of the very same pictures, which coincide.

    axes: two. table: dataset, cut, snr, snr_no_floor, pfa, one row a target and cut. Infinite dB is drawn as a triangle.
    """
    left, right = axes
    top = 62
    for dataset, part in table.groupby("dataset", sort=False):
        free = decibel(part.groupby("cut")["snr_no_floor"].median())
        color = {"sim-aircraft": "#E69F00", "sim-pedestrian": "#0072B2"}.get(dataset, "#CC79A7")
        cuts = part.groupby("cut")["snr"].median().index
        left.plot(cuts, np.minimum(free, top), "o-", color=color, label=SETS.get(dataset, dataset))
        left.plot(cuts[np.isinf(free)], np.full(np.isinf(free).sum(), top), "^", color=color, markersize=10)
        floored = decibel(part.groupby("cut")["snr"].median())
        left.plot(cuts, floored, ":", color=color)
    left.axhline(35, color="#888888", linewidth=1, label=f"paper's best, {published.SNR['method']} dB")
    left.plot([], [], ":", color="#555555", label="sigma floored by the raw noise")
    left.plot([], [], "^", color="#555555", label="infinite")
    left.set(xlabel="cut off below this share of the target's peak", ylabel="median SNR, dB", ylim=(0, top + 3))
    left.set_title("The decibels climb ...")
    left.legend(fontsize=8, loc="lower center", ncols=2)
    cuts = sorted(table["cut"].unique())
    for i, cut in enumerate(cuts):
        shade, width = 0.85 - 0.85 * i / max(len(cuts) - 1, 1), 9 - 8 * i / max(len(cuts) - 1, 1)
        part = table[table["cut"] == cut]
        right.plot(PFA, pd_at_pfa(part["pfa"], PFA), color=str(shade), lw=width, label=f"cut at {100 * cut:.0f} %")
    right.set(xscale="log", xlabel="Pfa, share of false pixels", ylabel="Pd, all sets", ylim=(-0.02, 1.02))
    right.set_title("... and not one more target is found")
    right.legend(fontsize=8)
    return axes


def sweeps(axes, table, *, pfa, xlabel):
    """Pd at `pfa` for each value of a setting, a line for each filter. table: of `filter_study.sweep`."""
    values = sorted(table["value"].unique())
    for name, part in table.groupby("filter", sort=False):
        found = part.assign(found=part["pfa"] <= pfa).groupby("value")["found"].mean()[values]
        axes.plot(range(len(values)), found, "o-", ms=4, color=response_colors(name), label=NAMES.get(name, name))
    axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    axes.set(xlabel=xlabel, ylim=(-0.03, 1.03))
    return axes
