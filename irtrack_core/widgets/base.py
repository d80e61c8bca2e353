"""Controls over a picture: what every demo stands on."""

import io
import os

import ipywidgets
import matplotlib.pyplot as plt

from irtrack_core.widgets.recorded import Film, record

__all__ = ["demo", "filmed", "live", "png"]


def live():
    """True when a person may move the controls."""
    return not os.environ.get("IRTRACK_BATCH")


def filmed():
    """True in a batch run that records films of the demos, as `workbook run` does for the web site."""
    return os.environ.get("IRTRACK_BATCH") == "films"


def png(figure, dpi=80):
    """The figure as PNG bytes; the figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    plt.close(figure)
    return buffer.getvalue()


def demo(draw, film=None, **controls):
    """Controls over a picture: draw(**values) -> matplotlib Figure is called again whenever one of them moves.

    controls: ipywidgets by parameter name. A ValueError from `draw` is shown as a sentence instead of the picture.
    film: arguments of `film.record`: which values of which controls are drawn where films are recorded.
    Returns a widget when live, the figure of the first settings otherwise, as a Film where films are recorded.
    """
    values = {name: control.value for name, control in controls.items()}
    if not live():
        figure = draw(**values)
        plt.close(figure)  # else the notebook would show it twice
        return Film(figure, record(draw, controls, **film)) if film and filmed() else figure
    image, message = ipywidgets.Image(format="png"), ipywidgets.HTML()

    def redraw(_=None):
        try:
            image.value = png(draw(**{name: control.value for name, control in controls.items()}))
            message.value = ""
        except ValueError as error:
            message.value = f"<b>Not possible:</b> {error}"

    for control in controls.values():
        control.style.description_width = "9em"
        control.layout.width = "30em"
        control.observe(redraw, names="value")
    redraw()
    box = ipywidgets.VBox([*controls.values(), message, image])
    box.add_class("irtrack-demo")
    return box
