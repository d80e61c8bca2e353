"""Recorded demos: drawn beforehand over a few values of their controls, for pages without a kernel.

Each demo chooses these values: few enough that a recording takes under ten seconds of one core and three megabytes.
"""

import base64
import html
import io
import itertools

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np

from irtrack_core.widgets import replay

QUALITY, DPI = 75, 90  # of WebP; a picture of 10 inches is as wide as a page and takes 20 to 60 kB
ABOUT = "Recorded for this page, at the values where its controls stop; in the notebook this demo is live."


class Recorded:
    """A recorded demo: its figure of the first settings, and the data that `replay` shows."""

    def __init__(self, figure, data):
        self.figure, self.data = figure, data

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The still picture for viewers of notebooks, the recorded data for `site.make`."""
        self.figure.savefig(buffer := io.BytesIO(), format="png", bbox_inches="tight")
        still = base64.b64encode(buffer.getvalue()).decode()
        return {"image/png": still, "text/plain": "<Figure>", replay.MIME: self.data}


def spread(count, most):
    """At most `most` of the numbers 0 to count - 1, evenly, with the first and the last."""
    return sorted(set(np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()))


def record(draw, controls, values, *, note="", plays=None):
    """Draw a demo for every combination of a few values of its controls; returns the data that `replay` shows.

    draw(**settings): a matplotlib Figure, or (its bytes as WebP, (width, height), HTML beside it). A ValueError or OSError
    becomes a sentence in place of the picture; for the first settings it is raised.
    controls: ipywidgets by parameter name. values: name -> values; those outside the control's range are left out, and its
    present value is always added. Controls that it does not name stay as they are. note: a sentence for the reader;
    plays: name of the control that can be played.
    """
    first = {name: control.value for name, control in controls.items()}
    shown = {name: _choices(controls[name], some) for name, some in values.items()}
    pictures, shots, size = {}, [], None
    for combination in itertools.product(*(one.values() for one in shown.values())):
        settings = first | dict(zip(shown, combination))
        try:
            drawn = draw(**settings)
        except (ValueError, OSError) as error:  # settings that do not go together, a damaged frame
            if settings == first:
                raise
            shots.append([None, f"<b>Not possible:</b> {html.escape(str(error))}"])
            continue
        picture, size, beside = drawn if isinstance(drawn, tuple) else webp(drawn)
        shots.append([pictures.setdefault(picture, len(pictures)), beside])
    others = {control.description: control for name, control in controls.items() if name not in values}
    fixed = "; ".join(f"{text}: {next(iter(_choices(control)))}" for text, control in others.items() if text)
    return {
        "controls": [_control(controls[name], some) for name, some in shown.items()],
        "shots": shots,
        "pictures": [base64.b64encode(picture).decode() for picture in pictures],
        "size": size,
        "plays": None if plays is None else list(shown).index(plays),
        "note": " ".join(filter(None, (ABOUT, note, fixed and f"Fixed here: {fixed}."))),
    }


def webp(figure):
    """(bytes as WebP, (width, height), "") of a figure, which is closed."""
    figure.savefig(buffer := io.BytesIO(), format="webp", dpi=DPI, pil_kwargs={"quality": QUALITY})
    plt.close(figure)
    return buffer.getvalue(), [round(DPI * side) for side in figure.get_size_inches()], ""


def _choices(control, values=()):
    """Text -> value, of those of `values` that the control can take and of its present value, in the control's order."""
    if hasattr(control, "options"):
        options = control.options.items() if isinstance(control.options, dict) else control.options
        pairs = [one if isinstance(one, tuple) else (_text(one), one) for one in options]
        return {text: value for text, value in pairs if value in values or value == control.value}
    chosen = {value for value in values if control.min <= value <= control.max} | {control.value}
    return {_text(value): value for value in sorted(chosen)}


def _text(value):
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _control(control, values):
    kind, at = (
        "select" if isinstance(control, ipywidgets.Dropdown) else "range",
        list(values.values()).index(control.value),
    )
    return {"name": control.description, "kind": kind, "values": list(values), "at": at}
