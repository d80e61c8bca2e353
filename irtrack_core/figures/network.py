"""Figures of the network: its structure, drawn from the shapes of its tensors, feature maps, scores, anchors, losses."""

from functools import partial

import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle

from irtrack_core.boxes import from_centers
from irtrack_core.figures.style import bare, color, draw_box, new

# a legend over a crop, which may be bright or dark there
DARK = {"frameon": True, "facecolor": "black", "edgecolor": "none", "framealpha": 0.45}


def structure(axes, rows, title=""):
    """The paper's Fig. 1: template branch above, search branch below, one block per tensor. Returns the axes.

    rows: (name, template shape, search shape), from `siamese_net.shapes`. A block's height grows with the map's width in
    cells; its label is channels x height x width. Works with and without fusion and region selection.
    """
    lookup = {name: (template, search) for name, template, search in rows}
    largest = lookup["crop"][1][1]
    axes.set(xlim=(-0.55, 12.75), ylim=(-0.45, 6.5), title=title, xticks=[], yticks=[])
    arrow = partial(_arrow, axes)

    def tall(shape):
        return 0.35 + 1.25 * np.sqrt(shape[1] / largest)

    def block(x, y, shape, name, tint, width=0.66, height=None):
        height = height or tall(shape)
        axes.add_artist(Rectangle((x - width / 2, y - height / 2), width, height, facecolor=tint, edgecolor="#333333"))
        axes.text(x, y, name, ha="center", va="center", fontsize=9)
        axes.text(x, y - height / 2 - 0.06, "×".join(map(str, shape)), ha="center", va="top", fontsize=7)

    ups = {name: up for name, up in (("gamma1", 0.62), ("gamma2", -0.62), ("gamma", 0.0)) if name in lookup}
    fused = lookup["concat"][0][0] > lookup["p(conv5)"][0][0]
    for branch, y, label in ((0, 4.6, "template x"), (1, 1.3, "search y")):
        for x, name in enumerate(("crop", "conv1", "conv2", "conv3", "conv4", "conv5")):
            block(x, y, lookup[name][branch], name, "#dbe9f6" if x > 2 else "#f2f2f2")
            if x:
                arrow((x - 0.67, y), (x - 0.33, y))
        for level, up in ((3, 0.95), (4, 0.0), (5, -0.95)) if fused else ((5, 0.0),):  # eq. (5), each map pooled
            block(6.45, y + up, lookup[f"p(conv{level})"][branch], f"p(conv{level})", "#dbe9f6", 0.85, 0.42)
            top = y + tall(lookup[f"conv{level}"][branch]) / 2
            start = (level, top) if level < 5 else (5.33, y)
            arrow(start, (6.02, y + up), bend={3: -0.25, 4: -0.4, 5: 0.0}[level], tint="#0072B2")
            arrow((6.88, y + up), (7.47, y + 0.3 * up), tint="#0072B2")
        block(7.8, y, lookup["concat"][branch], "concat", "#cfe0f2")
        block(9.0, y, lookup["F'"][branch], "F'", "#fde3cf")
        arrow((8.13, y), (8.67, y))
        axes.text(-0.4, y + 1.15, label, fontsize=10, ha="left")
        for head, up in ups.items():
            tint = "#efe1f2" if head == "gamma2" else "#e3f1dc"
            block(10.4, y + up, lookup[head][branch], head.replace("gamma", "γ"), tint, height=0.48)
            arrow((9.33, y), (10.07, y + up))
    steps = "pool (5), bn and concat (6), conv (7)" if fused else "no fusion: conv5 alone, bn (6), conv (7)"
    axes.text(7.1, 6.25, steps, ha="center", fontsize=8.5, color="#0072B2")
    ends = [("R_2m", 3.75, "class (8)", "#5b8c3e", "gamma1"), ("R_4m", 2.1, "box (9)", "#8a5a96", "gamma2")]
    for name, y, what, tint, head in ends:
        if name in lookup:
            block(12.1, y, lookup[name][1], f"$R_{{{name[2:]}}}$", "#fff3b8", 0.72)
            axes.text(12.1, y + 0.5, what if ups else "score map", ha="center", fontsize=8.5)
            for branch_y in (4.6, 1.3):
                start = (10.73, branch_y + ups.get(head, 0)) if ups else (9.33, branch_y)
                arrow(start, (11.74, y), tint=tint)
    axes.axis("off")
    return axes


def _arrow(axes, a, b, bend=0.0, tint="#555555"):
    """An arrow from a to b, both x, y, with gaps of 2 points, in axes whose limits are set and that fill the figure."""
    gaps = {}
    if not bend:  # a straight one begins and ends so much closer itself, for cutting a curve takes long
        a, b, gaps = np.array(a), np.array(b), dict(shrinkA=0, shrinkB=0)
        points = 72 * axes.figure.get_size_inches() / [np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())]
        gap = 2 * (b - a) / np.hypot(*((b - a) * points))
        a, b = a + gap, b - gap
    look = dict(arrowstyle="-|>", mutation_scale=8, color=tint, connectionstyle=f"arc3,rad={bend}", lw=0.9)
    # not add_patch, which would ask each curve for its extent
    axes.add_artist(FancyArrowPatch(a, b, **look, **gaps))


def map_grid(maps, titles, *, channels=6, first=0, like=None):
    """A figure of feature maps, one row for each array (C, H, W) of maps, the channels that vary most first.

    first: rank of the first channel shown; like: an array (C, H, W) whose order of channels all rows take.
    """
    figure, axes = new(len(maps), channels, width=1.5, height=1.55, squeeze=False)
    for row, array, title in zip(axes, maps, titles, strict=True):
        ranked = array if like is None else like
        order = np.argsort(ranked.reshape(len(ranked), -1).std(axis=1))[::-1]
        order = order[min(first, max(len(order) - channels, 0)) :][:channels]
        for ax in row:
            ax.axis("off")
        for ax, channel in zip(row, order, strict=False):
            ax.imshow(array[channel], cmap="gray")
            ax.set_title(f"channel {channel}", fontsize=7, loc="center")
        row[0].text(-0.12, 0.5, title, transform=row[0].transAxes, ha="right", va="center", fontsize=9)
    return figure


def score_map(axes, scores, *, title="", best=None, limits=(0, 1), settings=None):
    """A heat map of scores (n, n) with its colour bar; best: (row, column) to mark. Returns the axes.

    settings: NetworkSettings; with them the map is drawn where its positions lie in the search crop.
    """
    half = room = scores.shape[-1] / 2
    if settings is not None:
        half, room = half * settings.stride, settings.search_size / 2
    options = dict(zip(("vmin", "vmax"), limits), extent=(-half, half, half, -half), interpolation="nearest")
    axes.figure.colorbar(axes.imshow(scores, cmap="viridis", **options), ax=axes, shrink=0.8)
    if best is not None:
        cell = 2 * half / scores.shape[-1]
        place = [(index + 0.5) * cell - half for index in best]
        axes.plot(place[1], place[0], "o", mfc="none", mec="white", ms=11, mew=1.6)
    return bare(axes, title=title, xlim=(-room, room), ylim=(room, -room), facecolor="#dddddd")


def crop_box(axes, crop, boxes=(), names=(), *, title=""):
    """A crop (S, S) with boxes (cx, cy, w, h) relative to its centre, in the colours of `names`. Returns the axes."""
    size = crop.shape[-1]
    half = size / 2
    low, high = np.percentile(crop, [0.5, 99.8])
    axes.imshow(crop, cmap="gray", vmin=low, vmax=max(high, low + 1e-6), extent=(-half, half, half, -half))
    for box, name in zip(boxes, names, strict=True):
        # black, the colour of truth in plots, would not show on a crop
        tint = "#F0E442" if name == "truth" else color(name)
        draw_box(axes, from_centers(box[:2], box[2:]), label=name, edgecolor=tint, linewidth=1.6)
    bare(axes, title=title, xlim=(-half, half), ylim=(half, -half))
    if names:
        axes.legend(fontsize=8, loc="upper right", labelcolor="white", **DARK)
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
        axes.legend(fontsize=8, loc="upper left", labelcolor="white", **DARK)
    here = anchors[:, position[0], position[1]]
    draw_box(axes, from_centers(here[:, :2], here[:, 2:]), edgecolor="#F0E442", linewidth=1.2)
    return axes


def learning_curve(axes, history, *, columns=("classification", "regression"), window=20):
    """Losses of a training history against the iteration, as recorded (faint) and smoothed. Returns the axes."""
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
