"""Demo of notebook 15: which lines hold a target that has changed its size?"""

from irtrack_core.experiments.changing_shape import responses_of
from irtrack_core.figures import in_time as figures
from irtrack_core.widgets.base import demo, slider

VALUES = {"width": [5, 14, 30], "height": [3, 8], "mast": [12, 24]}


def stretched_target(*, width=20, height=5, mast=24):
    """Demo: a bright target of any width and height beside a mast, and U by fixed and by fitted lines."""

    def draw(width, height, mast):
        image, found, box = responses_of(width, height, mast)
        return figures.responses(image, found, box, margin=40, top=100.0)

    return demo(
        draw,
        VALUES,
        width=slider(width, 1, 40, "target's width, px"),
        height=slider(height, 1, 40, "its height, px"),
        mast=slider(mast, 0, 40, "mast beside it, px"),
    )
