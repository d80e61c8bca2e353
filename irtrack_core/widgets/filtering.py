"""Demos of notebook 02: the multi-level filter on a given image, and on the reader's own."""

import cv2
import ipywidgets
import numpy as np

from irtrack_core.boxes import check_box
from irtrack_core.datasets.frames import decode_image, read_image
from irtrack_core.elements import drawn_element, line_elements, rectangle, shape_element
from irtrack_core.evaluation import evaluate_filter
from irtrack_core.figures import filtering as filter_figures
from irtrack_core.filtering import multilevel_filter
from irtrack_core.metrics import noise_sigma
from irtrack_core.widgets.base import live

__all__ = ["ElementPad", "filter_an_image", "filter_your_image"]

SHAPES = ["lines", "square", "cross", "disc", "diamond", "ring", "drawn"]
POLARITIES = {"bright targets": "bright", "dark targets": "dark", "both": "both"}
BOX = {"x": "target x", "y": "target y", "size": "its size"}
GUESS = 7  # pixels of the box that is put around the strongest spot when the reader gives none


def filter_an_image(image, box, *, target=None, length=15, angles=4, side=3):
    """Demo of notebook 02: the filter's levels I, E, U, M on an image, with a cut and the SNR, as its settings change.

    image (H, W) uint8, uint16 or float32; box xywh of a target in it; target (H, W): the target alone, when known.
    length, angles, side: first settings of the lines and the square s. The shape "drawn" takes the pad's pixels.
    """
    if not live():
        return _still(image, box, target, length, angles, side)
    return _Demo(length, angles, side).show(image, box, target).widget


def filter_your_image(path="", box=(), *, example, length=15, angles=4, side=3):
    """The same demo on an image of the reader's: a file at `path`, or one that is uploaded in the demo.

    box: xywh of a target in it, empty: around the strongest spot of the filtered image; the demo's sliders move it.
    example: (image, box) to begin with while there is no path. A colour image is turned into grey.
    Raises FileNotFoundError, or ValueError for a file that is no image and a box outside it.
    """
    image, box = _with_box(read_image(path), box) if path else example
    if not live():
        return _still(image, box, None, length, angles, side)
    return _Demo(length, angles, side, own=True).show(image, box).widget


def _still(image, box, target, length, angles, side):
    """The figure for the first settings."""
    results = multilevel_filter(image, line_elements(length, angles), rectangle(side, side))
    measures = evaluate_filter(image, {"U": results[1], "M": results[2]}, box, target=target)
    return filter_figures.Panel().draw(image, results, box, measures=measures)


def _with_box(image, box=()):
    """(image, box): the reader's box, checked, or one around the strongest spot of the filtered image."""
    if len(box) == 0:
        longest = min(15, min(image.shape) - 1 + min(image.shape) % 2)
        _, U, _ = multilevel_filter(image, line_elements(longest, 4), rectangle(1, 1))
        smooth = cv2.GaussianBlur(U.astype(np.float32), (0, 0), 2)  # the middle of a spot, not a pixel of noise
        row, column = np.unravel_index(int(smooth.argmax()), U.shape)
        box = (column - GUESS // 2, row - GUESS // 2, GUESS, GUESS)
    return image, check_box(box, image.shape)


class _Demo:
    """Controls, a table of measures and a picture; `show` puts an image into it."""

    def __init__(self, length, angles, side, own=False):
        self.panel, self.pad, self.quiet, self.computed = filter_figures.Panel(), ElementPad(), False, None
        self.settings = {
            "shape": _dropdown(SHAPES, "element a"),
            "length": _slider(length, 3, 41, 2, "its length"),
            "angles": _slider(angles, 1, 16, 1, "angles n"),
            "height": _slider(side, 1, 11, 2, "height of s"),
            "width": _slider(side, 1, 11, 2, "width of s"),
            "polarity": _dropdown(POLARITIES, "look for"),
        }
        self.row = _slider(0, 0, 1, 1, "row of cut")
        self.zoom = ipywidgets.Checkbox(value=True, description="zoom in on the target")
        self.box = {name: _slider(1, 1, 2, 1, text) for name, text in BOX.items()} if own else {}
        self.upload = ipywidgets.FileUpload(accept="image/*", description="your image") if own else None
        self.picture, self.text = ipywidgets.Image(format="png"), ipywidgets.HTML()
        self.shown = ipywidgets.Image(
            format="png", layout={"width": "auto", "height": "40px", "align_self": "flex-start"}
        )
        for control in (*self.settings.values(), self.row, self.zoom, *self.box.values()):
            control.observe(self.redraw, names="value")
        self.pad.on_change(self.redraw)
        if own:
            self.upload.observe(self._uploaded, names="value")

    @property
    def widget(self):
        named = self.settings
        grid = [named["shape"], named["length"], named["angles"], named["height"], named["width"], named["polarity"]]
        grid += [self.row, self.zoom]
        results = ipywidgets.HBox([self.pad.box, self.text, self.shown], layout={"align_items": "flex-start"})
        parts = [_grid(grid, 3), results, self.picture]
        demo = ipywidgets.VBox([_grid([self.upload, *self.box.values()], 4), *parts] if self.upload else parts)
        demo.add_class("irtrack-demo")
        return demo

    def show(self, image, box, target=None):
        """Put an image (H, W) with a target in `box` into the demo, and draw it. Returns the demo."""
        self.image, self.target_box, self.target = image, np.asarray(box, float), target
        self.floor, self.computed = noise_sigma(image), None
        x, y, w, h = self.target_box
        height, width = image.shape
        self.quiet = True  # one drawing for all of these
        self.row.max, self.row.value = height - 1, int(np.clip(y + h / 2, 0, height - 1))
        if self.box:
            limits = {
                "x": (x + w / 2, width - 1),
                "y": (y + h / 2, height - 1),
                "size": (max(w, h), min(width, height) // 2),
            }
            for name, (value, most) in limits.items():
                self.box[name].max = int(most)
                self.box[name].value = int(np.clip(round(value), self.box[name].min, most))
        self.quiet = False
        self.redraw()
        return self

    def _uploaded(self, change):
        try:
            content = change["new"][-1]
            image, box = _with_box(decode_image(bytes(content["content"]), content["name"]))
        except (ValueError, TypeError) as error:
            self.text.value = f"<b>Not possible:</b> {error}"
            return
        self.show(image, box)

    def redraw(self, change=None):
        if self.quiet:
            return
        if self.box and change and change["owner"] in self.box.values():
            x, y, size = (self.box[name].value for name in ("x", "y", "size"))
            self.target_box, self.computed = np.array([x - size // 2, y - size // 2, size, size], float), None
            self.quiet, self.row.value = True, y
            self.quiet = False
        shape = self.settings["shape"].value
        self.pad.box.layout.display = "" if shape == "drawn" else "none"
        self.settings["angles"].disabled, self.settings["length"].disabled = shape != "lines", shape == "drawn"
        try:
            results, measures = self.compute()
        except ValueError as error:
            self.text.value = f"<b>Not possible:</b> {error}"
            return
        self.panel.draw(self.image, results, self.target_box, row=self.row.value, zoom=self.zoom.value)
        self.picture.value, self.text.value = self.panel.png(), _measures_table(measures)

    def compute(self):
        """(E, U, M) and the measures for the present settings; computed once as long as they stay."""
        values = {name: control.value for name, control in self.settings.items()}
        key = (*values.values(), self.pad.text if values["shape"] == "drawn" else "")
        if self.computed is None or self.computed[0] != key:
            if values["shape"] == "lines":
                elements = line_elements(values["length"], values["angles"])
            elif values["shape"] == "drawn":
                elements = [drawn_element(self.pad.text)]
            else:
                elements = [shape_element(values["shape"], values["length"])]
            s, polarity = rectangle(values["height"], values["width"]), values["polarity"]
            results = multilevel_filter(self.image, elements, s, polarity=polarity)
            options = {"target": self.target, "floor": self.floor, "dark": polarity == "dark"}
            measures = evaluate_filter(self.image, {"U": results[1], "M": results[2]}, self.target_box, **options)
            self.computed = key, results, measures
            self.shown.value = _thumbnails(elements, s)
        return self.computed[1:]


def _slider(value, low, high, step, description):
    return ipywidgets.IntSlider(
        value=value,
        min=low,
        max=high,
        step=step,
        description=description,
        style={"description_width": "6em"},
        layout={"width": "auto"},
    )


def _dropdown(options, description):
    look = {"style": {"description_width": "6em"}, "layout": {"width": "auto"}}
    return ipywidgets.Dropdown(options=options, description=description, **look)


def _grid(controls, columns):
    """Controls side by side, as wide as the page lets them."""
    layout = {"grid_template_columns": f"repeat({columns}, minmax(0, 1fr))", "width": "100%", "max_width": "900px"}
    return ipywidgets.GridBox(controls, layout=layout)


class ElementPad:
    """A pad of small buttons to draw an element by hand; pressing one presses the opposite one: point symmetry."""

    def __init__(self, size=9):
        look = {"width": "20px", "height": "20px", "padding": "0", "margin": "1px"}
        first = (line_elements(size, 4)[1] | shape_element("cross", size)).astype(bool).ravel()
        self.size, self._calls, self._busy = size, [], False
        self.buttons = [
            ipywidgets.ToggleButton(value=bool(on), layout=look, button_style="warning" if on else "") for on in first
        ]
        for button, opposite in zip(self.buttons, self.buttons[::-1]):
            button.observe(lambda change, other=opposite: self._press(change, other), names="value")
        rows = [ipywidgets.HBox(self.buttons[i : i + size]) for i in range(0, size * size, size)]
        clear = ipywidgets.Button(description="clear", layout={"width": "70px"})
        clear.on_click(lambda _: self.clear())
        self.box = ipywidgets.VBox([ipywidgets.HTML("draw the element"), *rows, clear])

    def on_change(self, call):
        """call() after each stroke: a button and its opposite are one."""
        self._calls.append(call)

    def clear(self):
        """Leave the centre alone."""
        self._busy = True
        for i, button in enumerate(self.buttons):
            button.value = i == len(self.buttons) // 2
        self._done()

    def _press(self, change, opposite):
        change["owner"].button_style = "warning" if change["new"] else ""
        if not self._busy:
            self._busy, opposite.value = True, change["new"]
            self._done()

    def _done(self):
        self._busy = False
        for call in self._calls:
            call()

    @property
    def text(self):
        """The drawing as `drawn_element` reads it."""
        pixels = ["x" if button.value else "." for button in self.buttons]
        return " ".join("".join(pixels[i : i + self.size]) for i in range(0, len(pixels), self.size))


def _thumbnails(elements, s, high=44):
    """PNG, about `high` pixels high, of the elements side by side, at most eight of them, and of s, set off and in green."""
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
    cells = [("", "SNR", "dB", "peak kept", "zeros", "false pixels")]
    for row, name in zip(measures, ("I", "U", "M")):
        decibels = f"{row['db']:.1f}" if np.isfinite(row["db"]) else "none"
        kept, zeros, false = f"{100 * row['retention']:.0f} %", f"{100 * row['zero_share']:.0f} %", f"{row['pfa']:.1e}"
        cells.append((name, f"{row['snr']:.1f}", decibels, "" if name == "I" else kept, zeros, false))
    style = "padding: 1px 8px; text-align: right; line-height: 1.4"
    lines = ["<tr>" + "".join(f'<td style="{style}">{cell}</td>' for cell in line) + "</tr>" for line in cells]
    return f"<table>{''.join(lines)}</table>"
