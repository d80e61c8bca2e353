"""Figures of notebook 15: targets that change their shape."""

import numpy as np

from irtrack_core import boxes as bx
from irtrack_core.figures.style import color, draw_box, new, show_image

TRUTH = "#ffd54a"  # that of other figures is dark, as these frames are


def strip(sequences, numbers, *, side=44, boxes=None):
    """A figure: a row a sequence, a column a frame number, each about the target with its true box.

    sequences: {label: Sequence}; side: of what is shown, pixels; boxes: {label: {name: (N, 4)}} to draw as well.
    """
    figure, axes = new(len(sequences), len(numbers), width=1.35, height=1.45, squeeze=False)
    for row, (label, one) in zip(axes, sequences.items()):
        for k, (place, number) in enumerate(zip(row, numbers)):
            frame, box = np.asarray(one.frames[number]), one.boxes[number]
            limits = np.array(frame.shape[::-1]) - side
            x, y = np.clip(bx.centers(box) - side / 2, 0, np.maximum(limits, 0)).astype(int)
            show_image(place, frame[y : y + side, x : x + side], f"{number}" if row is axes[0] else "")
            for name, found in {"truth": one.boxes, **(boxes or {}).get(label, {})}.items():
                options = {"edgecolor": TRUTH} if name == "truth" else {}
                draw_box(place, found[number] - [x, y, 0, 0], name, **options)
            place.set(xlim=(0, side), ylim=(side, 0))
            if not k:
                place.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    return figure


def sizes(truth, found):
    """A figure: side of the box (root of its area) and overlap, frame by frame. truth (N, 4); found: {name: (N, 4)}."""
    figure, (left, right) = new(1, 2, width=4.0, height=2.8)
    left.plot(np.sqrt(truth[:, 2] * truth[:, 3]), color="#222222", linestyle="--", label="truth")
    for name, boxes in found.items():
        left.plot(np.sqrt(boxes[:, 2] * boxes[:, 3]), color=color(name), label=name)
        right.plot(bx.iou(boxes, truth), color=color(name), label=name)
    left.set(xlabel="frame", ylabel="side of the box, px", ylim=(0, None))
    right.set(xlabel="frame", ylabel="overlap", ylim=(0, 1.02))
    left.legend(fontsize=8)
    return figure


def behind(table, methods):
    """A figure: the mean overlap by change, a bar a method; lines: the fixed design on the same targets without the change.

    table: of `experiments.changing_shape.summary`.
    """
    changes = list(dict.fromkeys(table["change"]))
    figure, axes = new(1, 1, width=1.2 + 1.05 * len(changes), height=3.1)
    wide = 0.8 / len(methods)
    for k, method in enumerate(methods):
        rows = table[table["method"] == method].set_index("change")["value"].reindex(changes)
        at = np.arange(len(changes)) + (k - (len(methods) - 1) / 2) * wide
        axes.bar(at, rows, wide, label=method, color=color(method), edgecolor="white")
    held = table.drop_duplicates("change").set_index("change")["held"].reindex(changes)
    x = np.arange(len(changes))
    axes.hlines(held, x - 0.45, x + 0.45, color="#222222", linewidth=2, label="fixed, target unchanged")
    axes.set(xticks=x, xticklabels=changes, ylabel="average overlap", ylim=(0, 1))
    axes.legend(ncols=len(methods) + 1, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure
