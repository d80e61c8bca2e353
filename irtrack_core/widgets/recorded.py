"""Films: a demo drawn beforehand over a few values of its controls, for pages behind which no kernel runs.

Which values is each demo's choice: few enough that a film takes under ten seconds of one core and three megabytes.
"""

import base64
import html
import io
import itertools

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np

from irtrack_core.widgets import replay

__all__ = ["Film", "record", "spread"]

QUALITY, DPI = 75, 90  # of WebP; a picture of 10 inches is as wide as a page and takes 20 to 60 kB
ABOUT = "Recorded for this page, at the values where its controls stop; in the notebook this demo is live."


class Film:
    """What a demo returns where films are recorded: its figure of the first settings, and the film as `player` shows it."""

    def __init__(self, figure, data):
        self.figure, self.data = figure, data

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The still picture for whoever shows notebooks, the film for `site.make`."""
        self.figure.savefig(buffer := io.BytesIO(), format="png", bbox_inches="tight")
        still = base64.b64encode(buffer.getvalue()).decode()
        return {"image/png": still, "text/plain": "<Figure>", replay.MIME: self.data}


def spread(count, most):
    """At most `most` of the numbers 0 to count - 1, evenly, with the first and the last."""
    return sorted(set(np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()))


def record(draw, controls, grid, *, note="", plays=None):
    """Draw a demo for every combination of a few values; returns the film's data (see `player`).

    draw(**values): a matplotlib Figure, or (its bytes as WebP, (width, height), HTML beside it). A ValueError or OSError
    becomes a sentence in place of the picture, but for the first settings, where it is raised.
    controls: ipywidgets by parameter name. grid: name -> values; those that a control cannot take are left out, and its
    first value is always there. Controls that are not in it stay as they are. note: what else a reader should know;
    plays: name of the control that can be played.
    """
    first = {name: control.value for name, control in controls.items()}
    shown = {name: _values(controls[name], values) for name, values in grid.items()}
    pictures, shots, size = {}, [], None
    for values in itertools.product(*(one.values() for one in shown.values())):
        settings = first | dict(zip(shown, values))
        try:
            drawn = draw(**settings)
        except (ValueError, OSError) as error:  # settings that do not go together, a damaged frame
            if settings == first:
                raise
            shots.append([None, f"<b>Not possible:</b> {html.escape(str(error))}"])
            continue
        picture, size, beside = drawn if isinstance(drawn, tuple) else webp(drawn)
        shots.append([pictures.setdefault(picture, len(pictures)), beside])
    fixed = [
        f"{control.description}: {_text(control, control.value)}"
        for name, control in controls.items()
        if name not in grid and control.description
    ]
    others = f"Fixed here: {'; '.join(fixed)}." if fixed else ""
    return {
        "controls": [_control(controls[name], values, first[name]) for name, values in shown.items()],
        "shots": shots,
        "pictures": [base64.b64encode(picture).decode() for picture in pictures],
        "size": size,
        "plays": None if plays is None else list(shown).index(plays),
        "note": " ".join(filter(None, (ABOUT, note, others))),
    }


def webp(figure):
    """(bytes, (width, height), "") of a figure, which is closed."""
    figure.savefig(buffer := io.BytesIO(), format="webp", dpi=DPI, pil_kwargs={"quality": QUALITY})
    plt.close(figure)
    return buffer.getvalue(), [round(DPI * side) for side in figure.get_size_inches()], ""


def _values(control, values):
    """Text -> value of the chosen values that the control can take, and of the one it has, in its own order."""
    if hasattr(control, "options"):
        possible = [one[1] if isinstance(one, tuple) else one for one in _options(control)]
        chosen = [value for value in possible if value in values or value == control.value]
    else:
        chosen = sorted({value for value in values if control.min <= value <= control.max} | {control.value})
    return {_text(control, value): value for value in chosen} | {_text(control, control.value): control.value}


def _options(control):
    return list(control.options.items()) if isinstance(control.options, dict) else list(control.options)


def _text(control, value):
    for one in _options(control) if hasattr(control, "options") else ():
        if isinstance(one, tuple) and one[1] == value:
            return one[0]
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _control(control, values, value):
    kind = "select" if isinstance(control, ipywidgets.Dropdown) else "range"
    return {
        "name": control.description,
        "kind": kind,
        "values": list(values),
        "at": list(values.values()).index(value),
    }
