"""Demos of notebook 02: the multi-level filter on a given image, and on an image of the reader's own."""

import base64

import cv2
import ipywidgets
import numpy as np

from irtrack_core.boxes import check_box
from irtrack_core.datasets.pictures import decode_image, read_image
from irtrack_core.evaluation import evaluate_filter
from irtrack_core.figures import filtering as filter_figures
from irtrack_core.filtering import multilevel_filter
from irtrack_core.filtering.elements import drawn_element, line_elements, rectangle, shape_element
from irtrack_core.metrics import noise_sigma
from irtrack_core.widgets.base import impossible, live, recording, slider
from irtrack_core.widgets.pad import DRAWINGS, ElementPad
from irtrack_core.widgets.recorded import QUALITY, Recorded, record

SHAPES = ["lines", "square", "cross", "disc", "diamond", "ring", "drawn"]
POLARITIES = {"bright targets": "bright", "dark targets": "dark", "both": "both"}
# the values that are recorded
VALUES = {"shape": ["lines", "square", "disc", "ring", *DRAWINGS], "length": [5, 9, 15, 25], "side": [1, 3, 5]}
OWN_VALUES = {"shape": ["lines", "square", "disc", "drawn: X"], "length": [5, 9, 15, 25], "side": [1, 3, 5]}
BOX = {"x": "target x, px", "y": "target y, px", "size": "its size, px"}
GUESS = 7  # side in pixels of the box around the strongest spot, when the reader gives none
LOOK = {"style": {"description_width": "8em"}, "layout": {"width": "auto"}}


def filter_an_image(image, box, *, target=None, length=15, angles=4, side=3):
    """Demo of notebook 02: the filter's levels I, E, U, M of an image, with a cut and the SNR, over the filter's settings.

    image (H, W) uint8, uint16 or float32; box xywh of a target in it; target (H, W): the target alone, when known.
    length, angles, side: first settings of the lines and the square s. The shape "drawn" is the element drawn on the pad.
    """
    if not live():
        return _still(image, box, target, length, angles, side, VALUES)
    return _Demo(length, angles, side).show(image, box, target).widget


def filter_your_image(path="", box=(), *, example, length=15, angles=4, side=3):
    """The demo `filter_an_image` on an image of the reader's own: a file at `path`, or one uploaded in the demo.

    box: xywh of a target in it; empty: around the strongest spot of the filtered image; the demo's sliders move it.
    example: (image, box) that is shown first when there is no path. A colour image is converted to grey.
    Raises FileNotFoundError, or ValueError for a file that is no image or a box outside it.
    """
    image, box = _with_box(read_image(path), box) if path else example
    if not live():
        note = "In the notebook you also choose an image of your own and the target in it."
        return _still(image, box, None, length, angles, side, OWN_VALUES, note)
    return _OwnDemo(length, angles, side).show(image, box).widget


def _still(image, box, target, length, angles, side, values, note=""):
    """The figure for the first settings; where demos are recorded, a Recorded over `values`."""
    floor = noise_sigma(image)

    def filtered(shape, length, side, angles, polarity):
        drawn = DRAWINGS.get(shape, "")
        options = dict(length=length, angles=angles, height=side, width=side, polarity=polarity, drawn=drawn)
        return _filter(image, box, target, floor, shape="drawn" if drawn else shape, **options)

    _, _, results, measures = filtered("lines", length, side, angles, "bright")
    figure = filter_figures.Panel().draw(image, results, box, measures=measures)
    if not recording():
        return figure
    panel = filter_figures.Panel()  # without the numbers, which stand in a table beside it

    def draw(**settings):
        elements, s, results, measures = filtered(**settings)
        panel.draw(image, results, box)
        pixels = cv2.imdecode(np.frombuffer(panel.png(), np.uint8), cv2.IMREAD_COLOR)
        picture = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1].tobytes()
        shown = base64.b64encode(_thumbnails(elements, s)).decode()
        beside = f'<img alt="the elements, and s in green" src="data:image/png;base64,{shown}">'
        return picture, list(pixels.shape[1::-1]), _measures_table(measures) + beside

    controls = _controls(values["shape"], length, angles, side, {"side": "side of s, px"})
    fixed = "Height and width of s are equal here, the view is zoomed in, and the cut runs through the target."
    note = " ".join(filter(None, ("A drawn element keeps its own size; in the notebook you draw any.", note, fixed)))
    return Recorded(figure, record(draw, controls, values, note=note))


def _filter(image, box, target, floor, *, shape, length, angles, height, width, polarity, drawn):
    """(elements, s, (E, U, M), measures) of an image for a demo's settings; drawn: the text of a drawn element."""
    if shape == "lines":
        elements = line_elements(length, angles)
    else:
        elements = [drawn_element(drawn) if shape == "drawn" else shape_element(shape, length)]
    s = rectangle(height, width)
    results = multilevel_filter(image, elements, s, polarity=polarity)
    without = None
    if target is not None:
        empty = image - target
        without = empty, dict(zip("UM", multilevel_filter(empty, elements, s, polarity=polarity)[1:]))
    options = {"without": without, "floor": floor, "dark": polarity == "dark"}
    return elements, s, results, evaluate_filter(image, {"U": results[1], "M": results[2]}, box, **options)


def _with_box(image, box=()):
    """(image, box): the reader's box, checked, or one around the strongest spot of the filtered image."""
    if len(box) == 0:
        longest = min(15, min(image.shape) - 1 + min(image.shape) % 2)
        _, U, _ = multilevel_filter(image, line_elements(longest, 4), rectangle(1, 1))
        smooth = cv2.GaussianBlur(U.astype(np.float32), (0, 0), 2)  # its maximum is a spot, not a single noisy pixel
        row, column = np.unravel_index(int(smooth.argmax()), U.shape)
        box = (column - GUESS // 2, row - GUESS // 2, GUESS, GUESS)
    return image, check_box(box, image.shape)


class _Demo:
    """The live demo: controls, a table of measures and a picture; `show` puts an image into it."""

    def __init__(self, length, angles, side):
        self.panel, self.pad = filter_figures.Panel(), ElementPad(changed=self.redraw)
        self.quiet, self.computed = False, None
        self.settings = _controls(
            SHAPES, length, angles, side, {"height": "height of s, px", "width": "width of s, px"}
        )
        self.row = _slider(0, 0, 1, 1, "row of cut, px")
        self.zoom = ipywidgets.Checkbox(value=True, description="zoom in on the target")
        controls = [*self.settings.values(), self.row, self.zoom]
        for control in controls:
            control.observe(self.redraw, names="value")
        self.picture, self.text = ipywidgets.Image(format="png"), ipywidgets.HTML()
        layout = {"width": "auto", "height": "40px", "align_self": "flex-start"}
        self.elements = ipywidgets.Image(format="png", layout=layout)
        results = ipywidgets.HBox([self.pad.box, self.text, self.elements], layout={"align_items": "flex-start"})
        self.widget = ipywidgets.VBox([_grid(controls, 3), results, self.picture])
        self.widget.add_class("irtrack-demo")

    def show(self, image, box, target=None):
        """Put an image (H, W) with a target in `box` into the demo and draw it. Returns the demo."""
        self.image, self.target_box, self.target = image, np.asarray(box, float), target
        self.floor, self.computed = noise_sigma(image), None
        self._set(self.row, int(self.target_box[1] + self.target_box[3] / 2), len(image) - 1)
        self.redraw()
        return self

    def _set(self, control, value, most=None):
        """Set a control, and its maximum where given, without drawing."""
        self.quiet = True
        control.max = control.max if most is None else int(most)
        control.value = int(np.clip(round(value), control.min, control.max))
        self.quiet = False

    def redraw(self, _=None):
        """Filter and draw the image with the present settings."""
        if self.quiet:
            return
        shape = self.settings["shape"].value
        self.pad.box.layout.display = "" if shape == "drawn" else "none"
        self.settings["angles"].disabled, self.settings["length"].disabled = shape != "lines", shape == "drawn"
        try:
            results, measures = self.compute()
        except ValueError as error:
            self.text.value = impossible(error)
            return
        self.panel.draw(self.image, results, self.target_box, row=self.row.value, zoom=self.zoom.value)
        self.picture.value, self.text.value = self.panel.png(), _measures_table(measures)

    def compute(self):
        """(E, U, M) and the measures for the present settings; computed again only when these change."""
        values = {name: control.value for name, control in self.settings.items()}
        key = (*values.values(), self.pad.text if values["shape"] == "drawn" else "")
        if self.computed is None or self.computed[0] != key:
            known = self.image, self.target_box, self.target, self.floor
            elements, s, results, measures = _filter(*known, **values, drawn=self.pad.text)
            self.computed = key, results, measures
            self.elements.value = _thumbnails(elements, s)
        return self.computed[1:]


class _OwnDemo(_Demo):
    """The demo with a button to upload an image, and sliders for the target's box in it."""

    def __init__(self, *first):
        super().__init__(*first)
        self.upload = ipywidgets.FileUpload(accept="image/*", description="your image")
        self.upload.observe(self._uploaded, names="value")
        self.box = {name: _slider(1, 1, 2, 1, text) for name, text in BOX.items()}
        for control in self.box.values():
            control.observe(self._moved, names="value")
        self.widget.children = (_grid([self.upload, *self.box.values()], 4), *self.widget.children)

    def show(self, image, box):
        (height, width), (x, y, w, h) = image.shape, box
        self._set(self.box["x"], x + w / 2, width - 1)
        self._set(self.box["y"], y + h / 2, height - 1)
        self._set(self.box["size"], max(w, h), min(width, height) // 2)
        return super().show(image, box)

    def _uploaded(self, change):
        try:
            content = change["new"][-1]
            self.show(*_with_box(decode_image(bytes(content["content"]), content["name"])))
        except (ValueError, TypeError) as error:
            self.text.value = impossible(error)

    def _moved(self, _):
        if self.quiet:
            return
        x, y, size = (control.value for control in self.box.values())
        self.target_box, self.computed = np.array([x - size // 2, y - size // 2, size, size], float), None
        self._set(self.row, y)
        self.redraw()


def _controls(shapes, length, angles, side, sides):
    """Controls of the filter by setting; sides: names and descriptions of those for the square s."""
    return {
        "shape": _dropdown(shapes, "element a"),
        "length": _slider(length, 3, 41, 2, "its length, px"),
        "angles": _slider(angles, 1, 16, 1, "angles n"),
        **{name: _slider(side, 1, 11, 2, text) for name, text in sides.items()},
        "polarity": _dropdown(POLARITIES, "look for"),
    }


def _slider(value, low, high, step, description):
    return slider(value, low, high, description, step=step, continuous_update=True, **LOOK)


def _dropdown(options, description):
    return ipywidgets.Dropdown(options=options, description=description, **LOOK)


def _grid(controls, columns):
    """Controls in columns, as wide as the page allows."""
    layout = {"grid_template_columns": f"repeat({columns}, minmax(0, 1fr))", "width": "100%", "max_width": "900px"}
    return ipywidgets.GridBox(controls, layout=layout)


def _thumbnails(elements, s, high=44):
    """PNG, about `high` pixels high, of at most eight of the elements side by side, then of s in green."""
    shown = elements[:: -(-len(elements) // 8)]
    side = max(max(np.shape(element)) for element in [*shown, s]) + 2
    zoom, strips = max(high // side, 1), []
    for element, color, gap in [*((one, (40, 40, 40), 4) for one in shown), (s, (115, 158, 0), 16)]:
        tile = np.full((side, side, 3), 235, np.uint8)
        around = [((side - size) // 2, side - size - (side - size) // 2) for size in np.shape(element)]
        tile[np.pad(np.asarray(element), around) > 0] = color
        tile = tile.repeat(zoom, axis=0).repeat(zoom, axis=1)
        strips += [np.full((len(tile), gap, 3), 255, np.uint8), tile]
    return cv2.imencode(".png", np.concatenate(strips[1:], axis=1))[1].tobytes()


def _measures_table(measures):
    """HTML table of the rows of evaluation.evaluate_filter."""
    cells = [("", "SNR", "dB", "peak kept", "zeros", "false boxes")]
    for row, name in zip(measures, ("I", "U", "M")):
        decibels = f"{row['db']:.1f}" if np.isfinite(row["db"]) else "none"
        kept, zeros, false = (
            f"{100 * row['retention']:.0f} %",
            f"{100 * row['zero_share']:.0f} %",
            f"{row['pfa_frame']:.1e}",
        )
        cells.append((name, f"{row['snr']:.1f}", decibels, "" if name == "I" else kept, zeros, false))
    style = "padding: 1px 8px; text-align: right; line-height: 1.4"
    lines = ["<tr>" + "".join(f'<td style="{style}">{cell}</td>' for cell in line) + "</tr>" for line in cells]
    return f"<table>{''.join(lines)}</table>"
