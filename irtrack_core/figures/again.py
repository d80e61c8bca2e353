"""Figures drawn again and again, by demos: emptied instead of made anew, on a canvas that remembers how its texts look.

Making axes with their ticks, measuring texts and rendering them take most of the time of a small figure. A picture is the
same to the eye as one that is drawn alone (tests/widgets/test_again.py).
"""

import math

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.transforms import Bbox

MOST = 500  # texts that a canvas remembers


class Canvas(FigureCanvasAgg):
    """A canvas of figures of one size after another; `renderers` keeps what was measured and rendered for the last one."""

    def __init__(self, figure, renderers):
        super().__init__(figure)
        self.renderers = renderers

    def get_renderer(self):
        """The renderer of this size, from the last figure where it had the same."""
        key = (*self.figure.bbox.size, self.figure.dpi)
        if key not in self.renderers:
            self.renderers.clear()
            self.renderers[key] = _Renderer(*key)
        self.renderer = self.renderers[key]
        return self.renderer


class _Renderer(RendererAgg):
    """Puts a text that was rendered before where it is needed, at whole pixels."""

    def __init__(self, width, height, dpi):
        super().__init__(width, height, dpi)
        self.known = {}

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        key = (s, hash(prop), angle, bool(ismath))
        if key not in self.known:
            if len(self.known) >= MOST:
                self.known.clear()
            self.known[key] = self._rendered(s, prop, angle, ismath, mtext)
        bitmap, right, down = self.known[key]
        if bitmap.size:
            self._renderer.draw_text_image(bitmap, round(x) + right, round(y) + down, 0, gc)

    def _rendered(self, s, prop, angle, ismath, mtext):
        """(opacity (H, W) uint8, left edge, lower edge) of a text, relative to its anchor."""
        width, height, below = self.get_text_width_height_descent(s, prop, ismath)
        room = int(math.hypot(width, height + below)) + 8
        alone = RendererAgg(2 * room, 2 * room, self.dpi)
        black = alone.new_gc()
        black.set_foreground((0, 0, 0, 1), isRGBA=True)
        alone.draw_text(black, room, room, s, prop, angle, ismath, mtext)
        opacity = np.asarray(alone.buffer_rgba())[..., 3]
        rows, columns = np.flatnonzero(opacity.any(axis=1)), np.flatnonzero(opacity.any(axis=0))
        if not len(rows):
            return opacity[:0, :0], 0, 0
        part = opacity[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return np.ascontiguousarray(part), int(columns[0]) - room, int(rows[-1]) + 1 - room


def hold_titles(figure):
    """Say where the titles of axes stand, just above them: looking for what might be in their way takes longer than drawing.

    For axes without ticks at their top.
    """
    for axes in figure.axes:
        for place in ("left", "center", "right"):
            if axes.get_title(loc=place):
                axes.set_title(axes.get_title(loc=place), loc=place, y=1.0)


def emptied(figure, axes):
    """Whether the figure could be made as new, with its `axes`; not where further axes than colour bars came to them."""
    axes = list(np.ravel(axes))
    for image in [image for one in axes for image in one.images if image.colorbar is not None]:
        image.colorbar.remove()
    if figure.axes != axes:
        return False
    for text in list(figure.texts):
        text.remove()
    figure._suptitle = figure._supxlabel = figure._supylabel = None
    figure.set_layout_engine("constrained" if mpl.rcParams["figure.constrained_layout.use"] else "none")
    for one in axes:
        _empty(one)
    return True


def _empty(axes):
    for artist in [*axes.lines, *axes.patches, *axes.images, *axes.collections, *axes.texts, *axes.artists]:
        artist.remove()
    if axes.legend_ is not None:
        axes.legend_.remove()
    for place in ("left", "center", "right"):
        axes.set_title("", loc=place)
    axes.set_axis_on()
    # a scale brings its own ticks
    axes.set(xlabel="", ylabel="", xscale="linear", yscale="linear", aspect="auto", anchor="C", in_layout=True)
    axes.set_facecolor(mpl.rcParams["axes.facecolor"])
    axes.dataLim, axes.ignore_existing_data_limits = Bbox.null(), True
    axes.set_xlim(0, 1, auto=True)
    axes.set_ylim(0, 1, auto=True)
    axes.set_prop_cycle(None)
    axes.grid(mpl.rcParams["axes.grid"])
    for side, spine in axes.spines.items():
        spine.set_visible(mpl.rcParams[f"axes.spines.{side}"])
