"""Pictures of the network: its structure drawn from the live shapes, feature maps, scores, anchors, pairs, learning."""

import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle

from irtrack_core.figures.style import color

__all__ = ["structure", "map_grid", "score_map", "draw_anchors", "crop_box", "learning_curve", "loss_curve"]


def structure(axes, rows, title=""):
    """The paper's Fig. 1 from `network.shapes`: template branch above, search branch below, one block a stage.

    rows: (name, template shape, search shape). A block's height grows with the map's width in cells; its label is
    channels x height x width. Returns the axes.
    """
    lookup = {name: (template, search) for name, template, search in rows}
    columns = ["crop", "conv1", "conv2", "conv3", "conv4", "conv5", "F'"]
    largest = lookup["crop"][1][1]

    def block(x, y, shape, name, tint, width=0.62, height=None):
        height = height or 0.35 + 1.15 * np.sqrt(shape[1] / largest)
        axes.add_patch(Rectangle((x - width / 2, y - height / 2), width, height, facecolor=tint, edgecolor="#333333"))
        axes.text(x, y, name, ha="center", va="center", fontsize=9)
        axes.text(x, y - height / 2 - 0.08, "×".join(map(str, shape)), ha="center", va="top", fontsize=7.5)

    def arrow(a, b, bend=0.0, tint="#333333"):
        style = f"arc3,rad={bend}"
        patch = FancyArrowPatch(a, b, arrowstyle="-|>", mutation_scale=9, color=tint, connectionstyle=style, lw=1)
        axes.add_patch(patch)

    for branch, y, label in ((0, 3.0, "template x"), (1, 0.9, "search y")):
        for x, name in enumerate(columns):
            pooled = name in ("conv3", "conv4", "conv5")
            block(x, y, lookup[name][branch], name, "#dbe9f6" if pooled else "#f2f2f2" if x < 6 else "#fde3cf")
            if x:
                arrow((x - 1 + 0.33, y), (x - 0.33, y))
        for x, tint in ((3, "#0072B2"), (4, "#0072B2")):  # the shallow maps, pooled, join conv5 (eqs. 5-7)
            arrow((x, y + 0.45), (5.9, y + 0.5), bend=-0.28, tint=tint)
        axes.text(-0.45, y + 1.05, label, fontsize=10, ha="left")
    axes.text(4.9, 4.35, "pool, bn, concat, conv  (5)-(7)", ha="center", fontsize=8.5, color="#0072B2")
    for head, up, tint in (("gamma1", 0.5, "#e3f1dc"), ("gamma2", -0.5, "#efe1f2")):
        for branch, y in ((0, 3.0), (1, 0.9)):
            block(7.5, y + up, lookup[head][branch], f"γ{head[-1]}", tint, height=0.5)
            arrow((6.33, y), (7.17, y + up))
    for name, y, what, tint in (("R_2m", 2.6, "class (8)", "#5b8c3e"), ("R_4m", 1.2, "box (9)", "#8a5a96")):
        block(9.6, y, lookup[name][1], f"$R_{{{name[2:]}}}$", "#fff3b8", width=0.7)
        axes.text(9.6, y + 0.6, what, ha="center", fontsize=8.5)
        for branch_y in (3.0, 0.9):
            arrow((7.83, branch_y + (0.5 if name == "R_2m" else -0.5)), (9.23, y), tint=tint)
    axes.set(xlim=(-0.6, 10.2), ylim=(-0.15, 4.6), title=title, xticks=[], yticks=[])
    axes.axis("off")
    return axes


def map_grid(figure, maps, titles, *, channels=6):
    """Feature maps as rows of small images: the channels that vary most. maps: arrays (C, H, W); returns the figure."""
    axes = figure.subplots(len(maps), channels, squeeze=False)
    for row, array, title in zip(axes, maps, titles, strict=True):
        order = np.argsort(array.reshape(len(array), -1).std(axis=1))[::-1][:channels]
        for ax in row:
            ax.axis("off")
        for ax, channel in zip(row, order, strict=False):
            ax.imshow(array[channel], cmap="gray")
            ax.set_title(f"channel {channel}", fontsize=7, loc="center")
        row[0].text(-0.12, 0.5, title, transform=row[0].transAxes, ha="right", va="center", fontsize=9)
    return figure


def score_map(axes, scores, *, title="", best=None, limits=(0, 1)):
    """A map of scores (n, n) as a heat map with its colour bar; best: (row, column) to be marked. Returns the axes."""
    shown = axes.imshow(scores, cmap="viridis", vmin=limits[0], vmax=limits[1])
    axes.figure.colorbar(shown, ax=axes, shrink=0.8)
    if best is not None:
        axes.plot(best[1], best[0], "o", mfc="none", mec="white", ms=11, mew=1.6)
    axes.set(title=title, xticks=[], yticks=[])
    axes.grid(False)
    return axes


def crop_box(axes, crop, boxes=(), names=(), *, title=""):
    """A crop (S, S) with boxes (cx, cy, w, h) given about its centre, in the colours of `names`. Returns the axes."""
    size = crop.shape[-1]
    half = size / 2
    low, high = np.percentile(crop, [0.5, 99.8])
    axes.imshow(crop, cmap="gray", vmin=low, vmax=max(high, low + 1e-6), extent=(-half, half, half, -half))
    for box, name in zip(boxes, names, strict=True):
        x, y, w, h = box
        # black, the colour of truth in plots, would not show on a crop
        tint = "#F0E442" if name == "truth" else color(name)
        options = dict(edgecolor=tint, facecolor="none", linewidth=1.6)
        axes.add_patch(Rectangle((x - w / 2, y - h / 2), w, h, label=name, **options))
    axes.set(title=title, xticks=[], yticks=[], xlim=(-half, half), ylim=(half, -half))
    axes.grid(False)
    if names:
        axes.legend(fontsize=8, loc="upper right", labelcolor="white")
    return axes


def draw_anchors(axes, anchors, position, *, labels=None):
    """The grid of anchor centres and the m anchors of one position. anchors: (m, n, n, 4); position: (row, column).

    labels: (m, n, n) of +1, 0, -1 colours the centres by the best label of their anchors. Returns the axes.
    """
    x, y = anchors[0, ..., 0], anchors[0, ..., 1]
    if labels is None:
        axes.plot(x.ravel(), y.ravel(), ".", color="#56B4E9", ms=3)
    else:
        best = labels.max(axis=0)
        for value, tint, name in ((-1, "#56B4E9", "negative"), (0, "#bbbbbb", "left out"), (1, "#D55E00", "positive")):
            axes.plot(x[best == value], y[best == value], ".", color=tint, ms=4, label=name)
        axes.legend(fontsize=8, loc="upper left", labelcolor="white")
    for cx, cy, w, h in anchors[:, position[0], position[1]]:
        axes.add_patch(Rectangle((cx - w / 2, cy - h / 2), w, h, edgecolor="#F0E442", facecolor="none", linewidth=1.2))
    return axes


def learning_curve(axes, history, *, columns=("classification", "regression"), window=20):
    """Losses of a training history against the iteration, faint as they were and smoothed. Returns the axes."""
    for column, tint in zip(columns, ("#0072B2", "#D55E00", "#009E73"), strict=False):
        axes.plot(history.iteration, history[column], color=tint, alpha=0.2, lw=0.8)
        smooth = history[column].rolling(window, min_periods=1, center=True).mean()
        axes.plot(history.iteration, smooth, color=tint, label=column)
    axes.set(xlabel="iteration", ylabel="loss", yscale="log")
    axes.legend()
    return axes


def loss_curve(axes, z, curves):
    """Loss terms against the score z; curves: name -> values. Returns the axes."""
    for (name, values), tint in zip(curves.items(), ("#0072B2", "#56B4E9", "#D55E00", "#E69F00"), strict=False):
        axes.plot(z, values, color=tint, label=name)
    axes.set(xlabel="score z(v), foreground − background", ylabel="loss at one position")
    axes.legend()
    return axes
