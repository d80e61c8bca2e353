"""Controls over a picture: the base of every demo."""

import os
from html import escape

import cv2
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np

from irtrack_core.figures import again, style
from irtrack_core.widgets.recorded import Recorded, record

WHOLE = "calc(100% - 4px)"  # of what a control lies in, on a phone; 2 px are around each


def live():
    """True where a person can move the controls, that is, outside batch runs."""
    return not os.environ.get("IRTRACK_BATCH")


def recording():
    """True in a batch run that records the demos, as `workbook site` does."""
    return os.environ.get("IRTRACK_BATCH") == "record"


class Pen:
    """What a demo draws with: `png(draw)` takes 40 to 60 % of the time of drawing each figure by itself.

    Figures are emptied and used again, those with the same axes and labels get the places that the first one was given, and
    texts that were rendered are kept (`figures.again`).
    """

    def __init__(self):
        self.kept, self.places, self.renderers = {}, {}, {}

    def png(self, draw):
        """PNG bytes of the figure that draw() makes with `style.new`; what draw() raises is raised."""
        with style.LOCK, style.detached(self.kept):  # two threads must not fill the same figure
            figure = draw()
            again.hold_titles(figure)
            return png(figure, places=self.places, renderers=self.renderers)


def png(figure, dpi=80, places=None, renderers=None):
    """The figure, of `style.detached`, as PNG bytes. places, renderers: dicts of a Pen, or None."""
    with style.LOCK:
        figure.set_dpi(dpi)
        canvas = again.Canvas(figure, {} if renderers is None else renderers)
        if places is not None:
            _place(figure, canvas, places)
        canvas.draw()  # once; savefig draws twice, to measure the layout beforehand
        pixels = cv2.cvtColor(np.asarray(canvas.buffer_rgba()), cv2.COLOR_RGBA2BGR)
    return cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def _place(figure, canvas, places):
    """Put the axes where those of an equal figure were, or find their places and keep them."""
    labels = [
        (bool(axes.get_title(loc="left")), bool(axes.get_xlabel()), bool(axes.get_ylabel())) for axes in figure.axes
    ]
    digits = [[len(f"{limit:.0f}") for limit in (*axes.get_xlim(), *axes.get_ylim())] for axes in figure.axes]
    key = (*figure.get_size_inches(), bool(figure.get_suptitle()), str(labels), str(digits))
    if key not in places:
        canvas.draw()
        places[key] = [axes.get_position(original=True) for axes in figure.axes]
        return
    figure.set_layout_engine("none")
    for axes, place in zip(figure.axes, places[key]):
        axes.set_position(place)


def slider(value, low, high, description, *, step=1, **options):
    """A slider over low to high: of floats when the value or the step is one, else of integers.

    options: of ipywidgets. It reports its value when it is released, unless continuous_update=True.
    """
    kind = ipywidgets.FloatSlider if isinstance(value, float) or isinstance(step, float) else ipywidgets.IntSlider
    options = {"continuous_update": False} | options
    return kind(value=value, min=low, max=high, step=step, description=description, **options)


def demo(draw, values=None, *, plays=None, note="", **controls):
    """Controls over a picture: draw(**settings) -> matplotlib Figure is called again whenever one of them moves.

    controls: ipywidgets by parameter name. A ValueError from `draw` is shown as a sentence instead of the picture.
    values, plays, note: for `recorded.record`, in a batch run that records; without values nothing is recorded.
    Returns a widget when live; in a batch run the figure of the first settings, as a Recorded where demos are recorded.
    """
    if not live():
        figure = draw(**{name: control.value for name, control in controls.items()})
        plt.close(figure)  # else the notebook would show it twice
        if not (values and recording()):
            return figure
        return Recorded(figure, record(draw, controls, values, plays=plays, note=note))
    image, message, pen = ipywidgets.Image(format="png"), ipywidgets.HTML(), Pen()

    def redraw(_=None):
        try:
            image.value = pen.png(lambda: draw(**{name: control.value for name, control in controls.items()}))
            message.value = ""
        except ValueError as error:
            message.value = impossible(error)

    for control in controls.values():
        control.style.description_width = "11em"
        control.layout.width, control.layout.max_width = "32em", WHOLE
        control.observe(redraw, names="value")
    redraw()
    box = ipywidgets.VBox([*controls.values(), message, image])
    box.add_class("irtrack-demo")
    return box


def impossible(error):
    """HTML of a sentence that says why settings cannot be used."""
    return f"<b>Not possible:</b> {escape(str(error), quote=False)}"
