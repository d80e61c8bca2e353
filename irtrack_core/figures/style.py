"""What all figures share: sizes, colours that mean the same everywhere, frames shown as images, boxes drawn on them."""

import textwrap
import threading
from contextlib import contextmanager

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from irtrack_core.boxes import as_boxes
from irtrack_core.figures import again

# Okabe-Ito colours, which most colour-blind readers can tell apart
COLORS = {
    "truth": "#111111",
    "identity": "#999999",
    "peak": "#0072B2",
    "siamese": "#D55E00",
    "compact-sim": "#8C6D1F",
    "paper": "#009E73",
    "ref4": "#3D3D3D",
    "ref8": "#E69F00",
    "ref9": "#56B4E9",
    "ref10": "#CC79A7",
    "ref11": "#5B3FA0",
    "ref12": "#4B6FA8",
    "ref14": "#A63A2B",
    "ref15": "#2B7A78",
    "ref16": "#7A6A00",
    "csrt": "#7B4173",
    "kcf": "#93B000",
    "mil": "#6B4A12",
    "nanotrack": "#843C39",
    "target": "#D55E00",
    "background": "#56B4E9",
    "clutter": "#999999",
    "limit": "#111111",
}
SPARE = ("#7B4173", "#93B000", "#6B4A12", "#843C39")
LOCK = threading.RLock()  # matplotlib draws one figure at a time, and demos are redrawn in a thread beside the cells
_own = threading.local()
SETTINGS = {
    "figure.dpi": 80,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "image.cmap": "gray",
    "image.interpolation": "nearest",
    "lines.linewidth": 1.6,
}


def use():
    """Apply the project's settings to all figures from here on."""
    mpl.rcParams.update(SETTINGS)


def color(name):
    """The fixed colour of a tracker or component; an unknown name gets one of a few spare colours, always the same."""
    return COLORS.get(name) or SPARE[sum(name.encode()) % len(SPARE)]


def plain(name):
    r"""The text that matplotlib shows as this name: dollars begin no formula, and a first underscore hides no line's label.

    >>> plain("_a$b$")
    ' _a\\$b\\$'
    """
    text = str(name).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


class OneAtATime(Figure):
    """A figure that is drawn and measured while no other one is."""

    def draw(self, renderer):
        """Draw it; waits while another thread draws."""
        with LOCK:
            super().draw(renderer)

    def get_tightbbox(self, *arguments, **options):
        """The bounding box of what is drawn, in inches; matplotlib's own lock leaves out this step of saving."""
        with LOCK:
            return super().get_tightbbox(*arguments, **options)


def new(rows=1, columns=1, *, width=4.2, height=3.2, **options):
    """A figure and its axes (rows, columns as plt.subplots gives them); width, height in inches of one axes."""
    use()
    size = (columns * width, rows * height)
    if getattr(_own, "detached", False):
        kept, key = _own.kept, (rows, columns, *size, str(options))
        if kept is not None and key in kept and again.emptied(*kept[key]):
            return kept[key]
        figure = OneAtATime(figsize=size)
        made = figure, figure.subplots(rows, columns, **options)
        if kept is not None:
            kept[key] = made
        return made
    return plt.subplots(rows, columns, figsize=size, FigureClass=OneAtATime, **options)


@contextmanager
def detached(kept=None):
    """Within it `new` makes figures, in this thread, that pyplot does not know: it neither shows nor has to close them.

    Every live demo draws so. pyplot counts its figures for all threads together, and two may get the same one.
    kept: a dict of one that draws the same figure again and again, one at a time: `new` then empties the last one.
    """
    before = getattr(_own, "detached", False), getattr(_own, "kept", None)
    _own.detached, _own.kept = True, kept
    try:
        yield
    finally:
        _own.detached, _own.kept = before


def bare(axes, **settings):
    """Set properties of axes that have neither ticks nor a grid. Returns the axes."""
    axes.set(xticks=[], yticks=[], **settings)
    axes.grid(False)
    return axes


def show_image(axes, image, title="", *, limits=None, bar=""):
    """Show a frame (H, W) in grey with pixel (0, 0) over [0, 1)², the convention of boxes.

    limits: (low, high) grey values for black and white; None: the 0.5 and 99.9 percentiles, so that a single hot pixel
    does not blacken the rest. bar: label of a scale of grey values beside it; empty: none.
    """
    image = np.asarray(image)
    height, width = image.shape
    low, high = limits if limits is not None else np.nanpercentile(image, [0.5, 99.9])
    if high <= low:
        high = max(float(np.nanmax(image)), low + 1)
    shown = axes.imshow(image, vmin=low, vmax=high, cmap="gray", extent=(0, width, height, 0))
    bare(axes, title=title).spines[:].set_visible(False)
    if bar:
        axes.figure.colorbar(shown, ax=axes, shrink=0.85).set_label(bar, fontsize=8)
    return axes


def draw_box(axes, box, name="", *, label=None, **options):
    """Draw xywh boxes (4,) or (N, 4) in the colour of `name`; NaN rows (target absent) are left out."""
    options = dict(edgecolor=color(name), facecolor="none", linewidth=1.4) | options
    for row in as_boxes(box):
        if np.isfinite(row).all():
            axes.add_patch(Rectangle(row[:2], row[2], row[3], label=label, **options))
            label = None
    return axes


def legend_line(name):
    """A line in the colour of `name`, for a legend of boxes."""
    return Line2D([], [], color=color(name), linewidth=2, label=name)


def note(figure, text):
    """Small lines under a figure, wrapped to its width: conditions, or where a number is from."""
    lines = (textwrap.fill(line, max(int(15 * figure.get_figwidth()), 20)) for line in text.split("\n"))
    figure.supxlabel("\n".join(lines), fontsize=8, color="#555555", x=0.01, ha="left")
    return figure


def profile_note(profile):
    """Profile, folds and seeds with which a figure was made, e.g. `quick: one fold, one seed`."""
    number, counted = (
        {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"},
        {"fold": profile.folds, "seed": profile.seeds},
    )
    parts = (f"{number.get(count, count)} {word}{'s' if count > 1 else ''}" for word, count in counted.items())
    return f"{profile.name}: {', '.join(parts)}"
