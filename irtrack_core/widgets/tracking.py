"""Demo of notebook 06: a tracked sequence."""

import ipywidgets
import numpy as np

from irtrack_core.figures import experiments, style
from irtrack_core.widgets.base import demo

__all__ = ["scrub"]


def scrub(sequence, boxes, *, side=96):
    """Demo of notebook 06: any frame of a sequence, with every tracker's box, whole and close to the target.

    boxes: tracker -> (N, 4), as `TrackResult.boxes`.
    """

    def draw(frame):
        figure, (whole, near) = style.new(1, 2, width=4.6, height=4.2)
        image, truth = sequence.frames[frame], sequence.boxes[frame]
        style.show_image(whole, image, f"{sequence.name}, frame {frame}")
        style.draw_box(whole, truth, "truth", edgecolor="white", linestyle=":")
        for name, path in boxes.items():
            style.draw_box(whole, path[frame], name, label=name)
        whole.legend(fontsize=8, loc="upper right", labelcolor="white")
        seen = truth if np.isfinite(truth).all() else next(iter(boxes.values()))[frame]
        experiments.boxes_on_frame(near, image, seen, {k: v[frame] for k, v in boxes.items()}, side=side)
        return figure

    last = len(sequence) - 1
    return demo(
        draw,
        frame=ipywidgets.IntSlider(value=last // 2, max=last, description="frame", continuous_update=False),
    )
