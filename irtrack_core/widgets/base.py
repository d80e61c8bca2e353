"""Controls over a picture: the base of every demo."""

import io
import os

import ipywidgets
import matplotlib.pyplot as plt

from irtrack_core.figures import style
from irtrack_core.widgets.recorded import Recorded, record


def live():
    """True where a person can move the controls, that is, outside batch runs."""
    return not os.environ.get("IRTRACK_BATCH")


def recording():
    """True in a batch run that records the demos, as `workbook site` does."""
    return os.environ.get("IRTRACK_BATCH") == "record"


def png(figure, dpi=80):
    """The figure, of `style.detached`, as PNG bytes."""
    with style.LOCK:
        figure.savefig(buffer := io.BytesIO(), format="png", dpi=dpi)
    return buffer.getvalue()


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
    image, message = ipywidgets.Image(format="png"), ipywidgets.HTML()

    @style.detached()
    def redraw(_=None):
        try:
            image.value = png(draw(**{name: control.value for name, control in controls.items()}))
            message.value = ""
        except ValueError as error:
            message.value = impossible(error)

    for control in controls.values():
        control.style.description_width = "9em"
        control.layout.width = "30em"
        control.observe(redraw, names="value")
    redraw()
    box = ipywidgets.VBox([*controls.values(), message, image])
    box.add_class("irtrack-demo")
    return box


def impossible(error):
    """HTML of a sentence that says why settings cannot be used."""
    return f"<b>Not possible:</b> {error}"
