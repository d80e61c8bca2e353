"""Demo of notebook 08: when does a moving point stand out?"""

import ipywidgets
import numpy as np

from irtrack_core.experiments.in_time import responses_of
from irtrack_core.figures import in_time as figures
from irtrack_core.widgets.base import demo, slider

VALUES = {"speed": [0.0, 0.5, 1.0, 2.0], "pan": [0.0, 1.5], "longest": [8, 20], "model": ["still", "translation"]}


def moving_point(*, speed=1.0, pan=1.5, longest=20):
    """Demo: I, U and D of a point over rough ground, by its speed, the camera's pan, the longest gap and the registration."""

    def draw(speed, pan, longest, model):
        image, found, box = responses_of(speed, pan, longest, model)
        figure = figures.responses(image, found, box, margin=60)
        row, column = np.unravel_index(np.argmax(found["D"]), image.shape)
        hit = np.abs(np.array([column, row]) + 0.5 - box[:2] - box[2:] / 2).max() <= 3
        figure.suptitle(f"strongest D: {'the target' if hit else 'background'}", fontsize=9)
        return figure

    controls = {
        "speed": slider(speed, 0.0, 3.0, "speed, px a frame", step=0.1),
        "pan": slider(pan, 0.0, 3.0, "pan, px a frame", step=0.1),
        "longest": slider(longest, 5, 25, "longest gap, frames"),
        "model": ipywidgets.Dropdown(options=["translation", "still"], value="translation", description="background"),
    }
    return demo(draw, VALUES, **controls)
