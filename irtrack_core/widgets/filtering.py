"""Demo of notebook 02: the multi-level filter."""

import ipywidgets
import numpy as np

from irtrack_core.elements import drawn_element, line_elements, rectangle, shape_element
from irtrack_core.evaluation import evaluate_filter
from irtrack_core.figures import filtering as filter_figures
from irtrack_core.filtering import multilevel_filter
from irtrack_core.metrics import noise_sigma
from irtrack_core.widgets.base import live

__all__ = ["filter_an_image", "ElementPad"]


def filter_an_image(image, box, *, target=None, length=15, angles=4, side=3):
    """Demo of notebook 02: the filter's levels I, E, U, M on any image, with a cut and the SNR, as its settings change.

    image (H, W) uint8, uint16 or float32; box xywh of a target in it; target (H, W): the target alone, when known.
    length, angles, side: first settings of the lines and the square s. The shape "drawn" takes the pad's pixels.
    """
    panel, floor = filter_figures.Panel(), noise_sigma(image)

    def compute(shape, length, angles, side, drawing):
        if shape == "lines":
            elements = line_elements(length, angles)
        else:
            elements = [drawn_element(drawing) if shape == "drawn" else shape_element(shape, length)]
        results = multilevel_filter(image, elements, rectangle(side, side))
        responses = {"U": results[1], "M": results[2]}
        return results, evaluate_filter(image, responses, box, target=target, floor=floor)

    if not live():
        results, measures = compute("lines", length, angles, side, "")
        return panel.draw(image, results, box, measures=measures)

    pad = ElementPad()
    shapes = ["lines", "square", "cross", "disc", "diamond", "ring", "drawn"]
    settings = {
        "shape": ipywidgets.Dropdown(options=shapes, description="element a"),
        "length": ipywidgets.IntSlider(value=length, min=3, max=41, step=2, description="its length"),
        "angles": ipywidgets.IntSlider(value=angles, min=1, max=16, description="angles n"),
        "side": ipywidgets.IntSlider(value=side, min=1, max=11, step=2, description="side of s"),
    }
    middle = int(np.clip(box[1] + box[3] / 2, 0, image.shape[0] - 1))
    row = ipywidgets.IntSlider(value=middle, min=0, max=image.shape[0] - 1, description="row of the cut")
    zoom = ipywidgets.Checkbox(value=True, description="zoom in on the target")
    picture, text = ipywidgets.Image(format="png"), ipywidgets.HTML()

    def redraw(_=None):
        pad.box.layout.display = "" if settings["shape"].value == "drawn" else "none"
        settings["angles"].disabled = settings["shape"].value != "lines"
        settings["length"].disabled = settings["shape"].value == "drawn"
        try:
            values = {name: control.value for name, control in settings.items()}
            results, measures = compute(**values, drawing=pad.text)
        except ValueError as error:
            text.value = f"<b>Not possible:</b> {error}"
            return
        panel.draw(image, results, box, row=row.value, zoom=zoom.value)
        picture.value, text.value = panel.png(), _measures_table(measures)

    for control in (*settings.values(), row, zoom, *pad.buttons):
        control.observe(redraw, names="value")
    redraw()
    left = ipywidgets.VBox([*settings.values(), row, zoom])
    demo = ipywidgets.VBox([ipywidgets.HBox([left, pad.box, text]), picture])
    demo.add_class("irtrack-demo")
    return demo


class ElementPad:
    """A pad of small buttons to draw an element by hand; pressing one presses the opposite one: point symmetry."""

    def __init__(self, size=9):
        look = {"width": "20px", "height": "20px", "padding": "0", "margin": "1px"}
        first = (line_elements(size, 4)[1] | shape_element("cross", size)).astype(bool).ravel()
        self.size = size
        self.buttons = [
            ipywidgets.ToggleButton(value=bool(on), layout=look, button_style="warning" if on else "") for on in first
        ]
        for button, opposite in zip(self.buttons, self.buttons[::-1]):
            button.observe(lambda change, other=opposite: self._press(change, other), names="value")
        rows = [ipywidgets.HBox(self.buttons[i : i + size]) for i in range(0, size * size, size)]
        self.box = ipywidgets.VBox([ipywidgets.HTML("draw the element"), *rows])

    def _press(self, change, opposite):
        change["owner"].button_style = "warning" if change["new"] else ""
        opposite.value = change["new"]

    @property
    def text(self):
        """The drawing as `drawn_element` reads it."""
        pixels = ["x" if button.value else "." for button in self.buttons]
        return " ".join("".join(pixels[i : i + self.size]) for i in range(0, len(pixels), self.size))


def _measures_table(measures):
    """HTML table of the rows of evaluation.evaluate_filter."""
    cells = [("", "SNR", "dB", "peak kept", "zeros", "false pixels")]
    for row, name in zip(measures, ("I", "U", "M")):
        decibels = f"{row['db']:.1f}" if np.isfinite(row["db"]) else "none"
        kept, zeros, false = f"{100 * row['retention']:.0f} %", f"{100 * row['zero_share']:.0f} %", f"{row['pfa']:.1e}"
        cells.append((name, f"{row['snr']:.1f}", decibels, "" if name == "I" else kept, zeros, false))
    style = "padding: 2px 10px; text-align: right"
    lines = ["<tr>" + "".join(f'<td style="{style}">{cell}</td>' for cell in line) + "</tr>" for line in cells]
    return f"<table>{''.join(lines)}</table>"
