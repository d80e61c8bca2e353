"""Figures of training: the loss around the weights, validation, convergence, scores of target and background, kernels."""

import numpy as np

from irtrack_core.figures.style import bare

BLUE, RED, GREY = "#0072B2", "#D55E00", "#888888"


def surface(axes, steps, losses):
    """Contours of `inspection.loss_surface` on a logarithmic scale, the network's weights marked. Returns the axes."""
    levels = np.geomspace(max(losses.min(), 1e-6), losses.max(), 16)
    shown = axes.contourf(steps, steps, losses.T, levels=levels, cmap="viridis_r")
    bar = axes.figure.colorbar(shown, ax=axes, label="loss", shrink=0.9)
    bar.set_ticks(levels[::3], labels=[f"{float(f'{level:.2g}'):g}" for level in levels[::3]])
    middle = len(steps) // 2
    axes.plot(0, 0, "o", mfc="none", mec="black", ms=9, mew=1.8)
    axes.annotate(f"{losses[middle, middle]:.2f}", (0, 0), (8, 8), textcoords="offset points", fontsize=9)
    axes.set(xlabel="step along one random direction", ylabel="along another", aspect="equal")
    axes.grid(False)
    return axes


def validation(axes, table, *, measures=(("aor", "AOR"), ("p5", "precision, 5 px"), ("p20", "precision, 20 px"))):
    """Mean of each measure over held-out sequences against the training step, single sequences faint. Returns the axes.

    table: step, sequence and the measures, one row per sequence and step.
    """
    for (name, label), tint in zip(measures, (BLUE, RED, "#009E73"), strict=False):
        for _, part in table.groupby("sequence"):
            axes.plot(part["step"], part[name], color=tint, alpha=0.15, linewidth=0.8)
        mean = table.groupby("step")[name].mean()
        axes.plot(mean.index, mean, "o-", color=tint, label=label, markersize=4)
    axes.set(xlabel="training step", ylabel="on held-out sequences", ylim=(-0.02, 1.02))
    axes.legend(fontsize=8, loc="lower right")
    return axes


def by_sequence(axes, table, *, measure="aor", label="AOR"):
    """A measure of each held-out sequence at each training step, as numbers on colours. table: as for `validation`.

    It shows which sequence was lost when a mean of few sequences changes. Returns the axes.
    """
    wide = table.pivot(index="sequence", columns="step", values=measure)
    axes.imshow(wide, cmap="viridis", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(wide.to_numpy()):
        tint = "white" if value < 0.6 else "black"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=tint, fontsize=8)
    axes.set_xticks(range(len(wide.columns)), wide.columns)
    axes.set_yticks(range(len(wide)), [name.removeprefix("sim-") for name in wide.index], fontsize=8)
    axes.set(xlabel="training step", title=label)
    axes.grid(False)
    return axes


def convergence(axes, table, measure, *, label="", limit=1000):
    """Mean of a measure against the training step, one colour per network; dashed: the paper's schedule.

    table: of `convergence.run`; limit: the paper's largest number of iterations, a vertical line. Returns the axes.
    """
    for (network, tint), mark in zip((("region selection", BLUE), ("score map", RED)), "os", strict=True):
        for schedule, line in (("paper", "--"), ("convergence", "-")):
            part = table[(table["network"] == network) & (table["schedule"] == schedule)]
            mean = part.groupby("step")[measure].mean()
            if len(mean) and mean.abs().max() > 0:  # a score map has no regression loss
                name = f"{network}, {part['iterations'].iloc[0]} iterations"
                axes.plot(mean.index, mean, mark + line, color=tint, label=name, markersize=5)
    axes.axvline(limit, color=GREY, linewidth=0.8, linestyle=":")
    axes.set(xlabel="training step", ylabel=label or measure, xscale="log")
    axes.set_xticks(sorted(table["step"].unique()), sorted(table["step"].unique()))
    axes.minorticks_off()
    return axes


def separation(axes, positive, negative, share, *, title=""):
    """Distributions of the score z at the target and elsewhere, from `inspection.separation`. Returns the axes."""
    low, high = np.quantile(np.concatenate([positive, negative]), [0.001, 0.999])
    bins = np.linspace(low - 0.5, high + 0.5, 50)
    axes.hist(negative, bins, density=True, color=GREY, alpha=0.7, label="background")
    axes.hist(positive, bins, density=True, color=RED, alpha=0.6, label="target")
    axes.axvline(0, color="#333333", linewidth=0.8, linestyle=":")
    axes.set(xlabel="score z", yticks=[], title=f"{title}: {100 * share:.1f} % in the right order")
    axes.legend(fontsize=8)
    return axes


def kernels(axes, weights, *, columns=8):
    """The first layer's kernels (C, k, k) of one input channel, each scaled by its own maximum. Returns the axes."""
    weights = np.asarray(weights)
    weights = weights / np.maximum(np.abs(weights).max(axis=(1, 2), keepdims=True), 1e-12)
    rows, side = -(-len(weights) // columns), weights.shape[-1] + 1
    empty = dict(constant_values=np.nan)
    tiles = np.pad(weights, ((0, rows * columns - len(weights)), (1, 0), (1, 0)), **empty)
    sheet = tiles.reshape(rows, columns, side, side).swapaxes(1, 2).reshape(rows * side, columns * side)
    axes.imshow(np.pad(sheet, ((0, 1), (0, 1)), **empty), cmap="RdBu_r", vmin=-1, vmax=1)
    bare(axes).spines[:].set_visible(False)
    return axes
