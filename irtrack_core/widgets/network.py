"""Demo of notebook 03: the network."""

import ipywidgets

from irtrack_core.config import network_preset
from irtrack_core.figures import network as network_figures
from irtrack_core.figures import style
from irtrack_core.network.siamese import SiameseNet, shapes
from irtrack_core.widgets.base import demo

__all__ = ["network_shapes"]


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
        film={
            "grid": {"preset": ["paper", "compact"], "width": [0.125, 0.25, 1.0], "template": [31, 63, 95, 127, 191]}
        },
        preset=ipywidgets.Dropdown(options=["paper", "compact"], description="preset"),
        width=ipywidgets.SelectionSlider(options=[0.125, 0.25, 0.5, 1.0], value=0.25, description="width"),
        template=slider(value=127, min=31, max=191, step=8, description="template crop", continuous_update=False),
        search=slider(value=255, min=63, max=383, step=8, description="search crop", continuous_update=False),
    )
