"""Interactive demos. Each is a tested function that draws a figure, with sliders over it; the only importer of ipywidgets.

In a live front end a demo shows its controls and redraws as they move. In a batch run (IRTRACK_BATCH is set) nobody is there
to move them, and it returns the figure of its first settings, which is also what readers on the web see.
"""

import io
import os

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np

from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings, network_preset
from irtrack_core.elements import drawn_element, line_elements, rectangle, shape_element
from irtrack_core.evaluation import evaluate_filter
from irtrack_core.figures import experiments, style
from irtrack_core.figures import filtering as filter_figures
from irtrack_core.figures import network as network_figures
from irtrack_core.figures import scan as scan_figures
from irtrack_core.filtering import multilevel_filter
from irtrack_core.metrics import noise_sigma
from irtrack_core.network import SiameseNet, shapes

__all__ = ["demo", "filter_an_image", "live", "network_shapes", "scan_an_image"]

TARGETS = ["point", "aircraft", "drone", "bird", "pedestrian", "vehicle"]


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
        figure = draw(**values)
        plt.close(figure)  # else the notebook would show it twice
        return figure
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


def scan_an_image(*, scene=None, seed=0):
    """Demo of notebook 01: a frame, its target and the row through it, as the sensor's settings change.

    scene: SceneSettings, faint clouds when None; seed: of the scene, the path and the noise.
    """
    scene = scene or SceneSettings(std=0.06)

    def draw(oversampling, f_number, psf, jitter, netd, snr, kind, size, frame):
        m = dict(oversampling_scan=oversampling, oversampling_cross=oversampling)
        sensor = ScanSettings(shape=(128, 128), f_number=f_number, psf=psf, jitter=jitter, netd=netd, **m)
        # the target keeps its temperature: more noise is a lower SNR
        target = TargetSettings(kind=kind, size=size, snr=snr * 30 / netd, speed=1.5)
        return scan_figures.live_view(sensor, scene, target, frame=frame, seed=seed)

    slider = {"continuous_update": False}
    return demo(
        draw,
        oversampling=ipywidgets.FloatSlider(value=2, min=1, max=4, step=0.5, description="oversampling M", **slider),
        f_number=ipywidgets.FloatSlider(value=2.5, min=1, max=8, step=0.5, description="optics F", **slider),
        psf=ipywidgets.Dropdown(options=["gaussian", "airy"], description="blur"),
        jitter=ipywidgets.FloatSlider(value=0.05, min=0, max=0.4, step=0.05, description="jitter, d rms", **slider),
        netd=ipywidgets.FloatSlider(value=30, min=5, max=100, step=5, description="NETD, mK", **slider),
        snr=ipywidgets.FloatSlider(value=12, min=-30, max=60, step=1, description="SNR at 30 mK", **slider),
        kind=ipywidgets.Dropdown(options=TARGETS, description="target"),
        size=ipywidgets.FloatSlider(value=10, min=2, max=40, step=1, description="its size, px", **slider),
        frame=ipywidgets.IntSlider(value=5, max=29, description="frame", **slider),
    )


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
