"""Figures of tracking: one step in detail, candidates in a frame, boxes on a frame and near the target."""

import numpy as np
from matplotlib.patheffects import withStroke

from irtrack_core.boxes import centers, from_centers
from irtrack_core.figures import network as network_figures
from irtrack_core.figures.style import draw_box, new, plain, show_image

WINDOW, CANDIDATE = "#56B4E9", "#F0E442"


def dissection(frame, seen, *, truth=None, shown=12):
    """A figure of one step of a Siamese tracker: window, its two input channels, scores, weighted scores, proposals.

    frame: (H, W); seen: the tracker's `Seen` of it; truth: the true box xywh or None; shown: number of proposals drawn.
    """
    figure, axes = new(2, 3, width=3.7, height=3.5)
    (whole, image, filtered), (response, penalised, last) = axes
    show_image(whole, frame, "1 the frame and its window")
    draw_box(whole, from_centers(seen.center, seen.side), edgecolor=WINDOW, linewidth=1.6)
    names = [] if truth is None else ["truth"]
    true = [] if truth is None else [np.concatenate([centers(truth) - seen.center, truth[2:]]) * seen.zoom]
    network_figures.crop_box(image, seen.crop[0], true, names, title="2 the window, resampled")
    network_figures.crop_box(filtered, seen.crop[-1], true, names, title="3 the window, filtered")
    where = np.unravel_index(seen.best, seen.scores.shape)
    network_figures.score_map(response, seen.scores[where[0]], title="4 response: P(target)", best=where[1:])
    title, weighted = "5 weighted by the prediction, relative", seen.penalised[where[0]]
    network_figures.score_map(penalised, weighted / weighted.max(), title=title, best=where[1:])
    network_figures.crop_box(last, seen.crop[0], title="6 proposals, and the chosen one")
    proposals = seen.proposals.reshape(-1, 4)
    boxes = from_centers(proposals[:, :2], proposals[:, 2:])
    strongest = np.argsort(seen.penalised.ravel())[::-1][:shown]
    draw_box(last, boxes[strongest], edgecolor=CANDIDATE, linewidth=0.8, alpha=0.7)
    draw_box(last, boxes[seen.best], "siamese", linewidth=2)
    return figure


def candidates(axes, frame, boxes, strengths):
    """Draw a frame with numbered candidate boxes (k, 4) and their strengths, of `candidates.propose`. Returns the axes."""
    show_image(axes, frame, "candidates of the filter, and their strength")
    for rank, (box, strength) in enumerate(zip(boxes, strengths, strict=True), start=1):
        draw_box(axes, box, edgecolor=CANDIDATE)
        left = box[0] > 0.75 * frame.shape[1]  # the text stands on the side where there is room
        x, side = (box[0] - 2, "right") if left else (box[0] + box[2] + 2, "left")
        options = dict(color=CANDIDATE, fontsize=9, va="center", ha=side)
        text = axes.text(x, box[1] + box[3] / 2, f"#{rank}: {strength:.1f}", **options)
        text.set_path_effects([withStroke(linewidth=2, foreground="black")])
    return axes


def preview(frame, box, boxes=(), strengths=()):
    """A figure of the box (4,) that will be tracked, in the whole frame with the candidates, and enlarged."""
    figure, (whole, near) = new(1, 2, width=4.8, height=3.9)
    candidates(whole, frame, boxes, strengths)
    draw_box(whole, box, "siamese", linewidth=2)
    return _near(figure, near, frame, box, {"siamese": box})


def pointed_at(figure, across, down):
    """(axes, x, y) of a point of a drawn figure, in the coordinates of the axes there; None outside all axes.

    across, down: 0 to 1, from the upper left corner of the figure.
    """
    display = np.array([across, 1 - down]) * figure.bbox.size
    for axes in figure.axes:
        if axes.bbox.contains(*display):
            return axes, *axes.transData.inverted().transform(display).tolist()
    return None


def whole_and_near(frame, boxes, *, truth=None, title="", side=96):
    """A figure of a frame with boxes (tracker -> (4,)), whole and enlarged at the target; truth: the true box or None."""
    figure, (whole, near) = new(1, 2, width=4.8, height=3.9)
    show_image(whole, frame, plain(title))
    if truth is not None:
        draw_box(whole, truth, "truth", edgecolor="white", linestyle=":")
    for name, box in boxes.items():
        draw_box(whole, box, name, label=plain(name))
    if whole.get_legend_handles_labels()[0]:
        whole.legend(fontsize=8, loc="upper right", labelcolor="white", frameon=True, facecolor="black", framealpha=0.6)
    known = truth if truth is not None and np.isfinite(truth).all() else next(iter(boxes.values()))
    return _near(figure, near, frame, known, boxes, side, truth)


def _near(figure, axes, frame, around, boxes, side=96, truth=None):
    """Draw the part of the frame around the box `around`, `side` px wide or three times the box. Returns the figure."""
    if not np.isfinite(around).all():  # the place is unknown
        axes.set_axis_off()
        return figure
    side = max(side, 3 * around[2:].max())
    x, y = centers(around)
    show_image(axes, frame, "near the target")
    # grey outside the frame
    axes.set(xlim=(x - side / 2, x + side / 2), ylim=(y + side / 2, y - side / 2), facecolor="#d0d0d0")
    if truth is not None:
        draw_box(axes, truth, "truth", edgecolor="white", linestyle=":", linewidth=2)
    for name, box in boxes.items():
        draw_box(axes, box, name, linewidth=1.8)
    return figure
