"""Interactive demos. Each is a tested function that draws a figure, with sliders over it; the only importer of ipywidgets.

In a live front end a demo shows its controls and redraws as they move. In a batch run (IRTRACK_BATCH is set) nobody is there
to move them, and it returns the figure of its first settings, which is also what readers on the web see.
"""

import io
import os

import ipywidgets
import matplotlib.pyplot as plt

from irtrack_core.config import network_preset
from irtrack_core.figures import network as network_figures
from irtrack_core.figures import style
from irtrack_core.network import SiameseNet, shapes

__all__ = ["demo", "live", "network_shapes"]


def live():
    """True when a person may move the controls."""
    return not os.environ.get("IRTRACK_BATCH")


def png(figure, dpi=80):
    """The figure as PNG bytes; the figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    plt.close(figure)
    return buffer.getvalue()


def demo(draw, **controls):
    """Controls over a picture: draw(**values) -> matplotlib Figure is called again whenever one of them moves.

    controls: ipywidgets by parameter name. A ValueError from `draw` is shown as a sentence instead of the picture.
    Returns a widget when live, the figure of the first settings otherwise.
    """
    values = {name: control.value for name, control in controls.items()}
    if not live():
        return draw(**values)
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


def network_shapes():
    """Demo of notebook 03: preset, width and crop sizes of the network, and the shape of every layer that follows."""

    def draw(preset, width, template, search):
        if search <= template:
            raise ValueError(f"the search crop ({search}) must be larger than the template crop ({template})")
        settings = network_preset(preset, width=width, template_size=template, search_size=search)
        try:
            rows = shapes(SiameseNet(settings))
        except RuntimeError as error:  # torch says so when a map would become smaller than the kernel
            raise ValueError(f"a template crop of {template} pixels leaves nothing for the last layers") from error
        figure, axes = style.new(width=10.5, height=4.4)
        network_figures.structure(axes, rows, f"preset {preset}, width × {width}")
        return figure

    slider = ipywidgets.IntSlider
    return demo(
        draw,
        preset=ipywidgets.Dropdown(options=["paper", "compact"], description="preset"),
        width=ipywidgets.SelectionSlider(options=[0.125, 0.25, 0.5, 1.0], value=0.25, description="width"),
        template=slider(value=127, min=31, max=191, step=8, description="template crop", continuous_update=False),
        search=slider(value=255, min=63, max=383, step=8, description="search crop", continuous_update=False),
    )
