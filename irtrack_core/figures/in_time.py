"""Figures of notebook 08: the filter in time."""

import numpy as np

from irtrack_core.figures.style import draw_box, new, show_image


def responses(image, found, box, *, margin=44, top=None):
    """A figure: the image (H, W) and its responses, name -> (H, W), about the target in `box` xywh.

    top: the response that is shown white; None: the largest of each.
    """
    x, y = (int(v) for v in box[:2] + np.asarray(box[2:]) / 2)
    top, left = max(y - margin, 0), max(x - margin, 0)
    part = np.s_[top : y + margin, left : x + margin]
    shifted = np.asarray(box, dtype=float) - [left, top, 0, 0]
    figure, axes = new(1, 1 + len(found), width=2.5, height=2.8, squeeze=False)
    for one, (name, response) in zip(axes[0], {"I": image, **found}.items()):
        limits = None if name == "I" else (0, top or float(response[part].max()) or 1.0)
        show_image(one, response[part], name, limits=limits)
        draw_box(one, shifted, "truth")
    return figure


def lines(axes, x, curves, *, xlabel, ylabel, title="", dashed=()):
    """Draw curves, name -> (N,), over x (N,) into the axes; names in `dashed` are theory. Returns the axes."""
    for k, (name, values) in enumerate(curves.items()):
        style = (
            dict(linestyle="--", color="#555555") if name in dashed else dict(marker="o", markersize=3, color=f"C{k}")
        )
        axes.plot(x, values, label=name, **style)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title, ylim=(0, None))
    axes.legend(fontsize=8)
    return axes


def shares(table, order):
    """A figure: the share of frames in which the target is the strongest, a group of bars a dataset; see `in_time.table`."""
    names = list(dict.fromkeys(table["dataset"]))
    figure, axes = new(1, 1, width=1.6 + 2.0 * len(names), height=3.0)
    wide = 0.8 / len(order)
    for k, response in enumerate(order):
        rows = table[table["response"] == response].set_index("dataset")["strongest"].reindex(names)
        at = np.arange(len(names)) + (k - (len(order) - 1) / 2) * wide
        bars = axes.bar(at, rows, wide, label=response, color=f"C{k}", edgecolor="white")
        axes.bar_label(bars, [f"{v:.2f}" for v in rows], fontsize=7)
    axes.set(xticks=np.arange(len(names)), xticklabels=names, ylabel="strongest within 16 px", ylim=(0, 1.15))
    axes.legend(ncols=len(order), fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure
