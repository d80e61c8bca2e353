"""Demo of notebook 03: the shapes of the network."""

import ipywidgets

from irtrack_core.config import network_preset
from irtrack_core.figures import network as network_figures
from irtrack_core.figures import style
from irtrack_core.network.siamese_net import SiameseNet, shapes
from irtrack_core.widgets.base import demo, slider


def network_shapes():
    """Demo of notebook 03: the shape of every layer, over preset, width and crop sizes of the network."""

    def draw(preset, width, template, search):
        if search <= template:
            raise ValueError(f"the search crop ({search}) must be larger than the template crop ({template})")
        settings = network_preset(preset, width=width, template_size=template, search_size=search)
        try:
            rows = shapes(SiameseNet(settings))
        except RuntimeError as error:  # raised by torch when a map is smaller than the kernel
            raise ValueError(f"a template crop of {template} pixels leaves nothing for the last layers") from error
        figure, axes = style.new(width=10.5, height=4.4)
        network_figures.structure(axes, rows, f"preset {preset}, width × {width}")
        return figure

    return demo(
        draw,
        {"preset": ["paper", "compact"], "width": [0.125, 0.25, 1.0], "template": [31, 63, 95, 127, 191]},
        preset=ipywidgets.Dropdown(options=["paper", "compact"], description="preset"),
        width=ipywidgets.SelectionSlider(options=[0.125, 0.25, 0.5, 1.0], value=0.25, description="width"),
        template=slider(127, 31, 191, "template crop", step=8),
        search=slider(255, 63, 383, "search crop", step=8),
    )
