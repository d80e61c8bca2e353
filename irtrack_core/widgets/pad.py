"""Structuring elements drawn by hand: the pad of notebook 02's demos, and drawings for the recorded demos."""

import ipywidgets

from irtrack_core.filtering.elements import line_elements, shape_element

# in the form that `drawn_element` reads
DRAWINGS = {
    "drawn: X": "x.....x .x...x. ..x.x.. ...x... ..x.x.. .x...x. x.....x",
    "drawn: Z": "xxxxxxx .....x. ....x.. ...x... ..x.... .x..... xxxxxxx",
}


class ElementPad:
    """A pad of size x size buttons to draw an element; a button presses its opposite too, for point symmetry.

    changed: called after each stroke, that of a button and its opposite being one.
    """

    def __init__(self, size=9, changed=lambda: None):
        look = {"width": "20px", "height": "20px", "padding": "0", "margin": "1px"}
        first = (line_elements(size, 4)[1] | shape_element("cross", size)).astype(bool).ravel()
        self.size, self.changed, self._busy = size, changed, False
        self.buttons = [
            ipywidgets.ToggleButton(value=bool(on), layout=look, button_style="warning" if on else "") for on in first
        ]
        for button, opposite in zip(self.buttons, self.buttons[::-1]):
            button.observe(lambda change, other=opposite: self._press(change, other), names="value")
        rows = [ipywidgets.HBox(self.buttons[i : i + size]) for i in range(0, size * size, size)]
        clear = ipywidgets.Button(description="clear", layout={"width": "70px"})
        clear.on_click(lambda _: self.clear())
        self.box = ipywidgets.VBox([ipywidgets.HTML("draw the element"), *rows, clear])

    def clear(self):
        """Release all buttons but the centre."""
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
        self.changed()

    @property
    def text(self):
        """The drawn element, in the form that `drawn_element` reads."""
        pixels = ["x" if button.value else "." for button in self.buttons]
        return " ".join("".join(pixels[i : i + self.size]) for i in range(0, len(pixels), self.size))
