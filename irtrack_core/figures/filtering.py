"""Figures of the multi-level filter: numbers by hand, elements, the levels I, E, U, M with a cross-section."""

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from irtrack_core.boxes import centers
from irtrack_core.evaluation import grouping, intervals
from irtrack_core.figures import again
from irtrack_core.figures.style import LOCK, OneAtATime, bare, new, show_image, use

# one colour and name for each level of the filter, here and in the experiment
LEVELS = {"I": "#111111", "E": "#56B4E9", "U": "#D55E00", "M": "#009E73"}
# the structuring elements that are compared with those of a search
SEARCHED = {"default": "#999999", "default, no s": "#56B4E9", "search": "#D55E00", "best here": "#111111"}


def response_colors(name):
    """Colour of a filter's response: that of its level for "none", "U" and "M", grey for any other."""
    return LEVELS.get("I" if name == "none" else name, "#777777")


def numbers(axes, array, title="", *, mark=None, high=None):
    """A small array as a table of numbers on shades of grey. mark: bool array of pixels that get an orange frame."""
    array = np.asarray(array)
    high = max(float(array.max()), 1.0) if high is None else high
    rows, columns = array.shape
    axes.imshow(array, cmap="gray", vmin=-0.4 * high, vmax=1.1 * high, extent=(0, columns, rows, 0))
    for (r, c), value in np.ndenumerate(array):
        dark = value < 0.35 * high
        axes.text(c + 0.5, r + 0.5, f"{value:g}", ha="center", va="center", color="white" if dark else "black", size=11)
        if mark is not None and mark[r, c]:
            axes.add_patch(Rectangle((c + 0.04, r + 0.04), 0.92, 0.92, fill=False, edgecolor="#E69F00", linewidth=2.5))
    return bare(axes, title=title)


def numbers_row(arrays, *, marks=None, high=None):
    """A figure of several `numbers` side by side. arrays: title -> array; marks: title -> bool array."""
    high = max(float(np.max(array)) for array in arrays.values()) if high is None else high
    figure, axes = new(1, len(arrays), width=2.6, height=2.8, squeeze=False)
    for one, (title, array) in zip(axes[0], arrays.items()):
        numbers(one, array, title, mark=(marks or {}).get(title), high=high)
    return figure


def elements(items, titles=None, *, size=1.5):
    """A figure of structuring elements, their pixels dark, the centre marked."""
    figure, axes = new(1, len(items), width=size, height=size + 0.3, squeeze=False)
    for i, (one, element) in enumerate(zip(axes[0], items)):
        rows, columns = np.shape(element)
        one.imshow(element, cmap="gray_r", vmin=0, vmax=1.6, extent=(0, columns, rows, 0))
        one.plot(columns / 2, rows / 2, "+", color="#E69F00", markersize=8, markeredgewidth=2)
        bare(one, title="" if titles is None else titles[i]).spines[["top", "right"]].set_visible(True)
    return figure


def angle_titles(count):
    """Titles for the elements of line_elements(length, count)."""
    return [f"{180 * i / count:g}°" for i in range(count)]


def pictures(images, *, limits=None, width=2.6):
    """A figure of images side by side, title -> (H, W), all on one grey scale."""
    figure, axes = new(1, len(images), width=width, height=width + 0.2, squeeze=False)
    if limits is None:
        limits = (min(float(image.min()) for image in images.values()), max(float(i.max()) for i in images.values()))
    for one, (title, image) in zip(axes[0], images.items()):
        show_image(one, image, title, limits=limits)
    return figure


class Panel:
    """I, E, U, M around the target and a cut through them, in one figure that is made once and then updated.

    `draw` changes the data of its pictures and lines. `png` redraws only these, over a stored copy of the rest: text takes
    most of the time, and so a slider's move is answered within 100 ms.
    """

    def __init__(self):
        use()
        self.figure = OneAtATime(
            figsize=(11, 4.9)
        )  # not pyplot's, which would show it once more at the end of the cell
        FigureCanvasAgg(self.figure)
        grid = self.figure.add_gridspec(2, 4, height_ratios=[1.25, 1])
        axes, self.cut = [self.figure.add_subplot(grid[0, i]) for i in range(4)], self.figure.add_subplot(grid[1, :])
        for one in axes:
            bare(one, anchor="N")
        self.pictures = [one.imshow(np.zeros((2, 2)), cmap="gray", interpolation="nearest") for one in axes]
        self.titles = [one.set_title(" \n ", fontsize=9) for one in axes]
        self.rows = [one.axhline(0, color="#E69F00", linewidth=0.8) for one in axes]
        self.boxes = [one.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor="#E69F00")) for one in axes]
        self.lines = {k: self.cut.plot([], [], color=LEVELS[k], lw=2 if k in "EM" else 1.2, label=k)[0] for k in LEVELS}
        self.cut.legend(ncols=4, loc="upper right", fontsize=9)
        self.cut.set(xlabel="x, pixels", ylabel="grey value")
        self.cut_title = self.cut.text(0, 1.03, "cut", fontsize=9, transform=self.cut.transAxes)
        self.moving = [*self.pictures, *self.rows, *self.boxes, *self.lines.values(), self.cut_title]
        for artist in self.moving:
            artist.set_animated(True)
        self.frame = self.still = None

    def draw(self, image, results, box, *, measures=(), row=None, zoom=True, margin=(48, 36)):
        """Show image (H, W) and results (E, U, M), with `box` xywh. measures: rows of evaluation.evaluate_filter for I, U, M.

        row: of the cut; None: through the target. zoom: show only `margin` px around the target. Returns the figure.
        """
        levels = dict(zip(LEVELS, (image, *results)))
        x, y = centers(box)
        row = int(np.clip(y if row is None else row, 0, image.shape[0] - 1))
        left, right, top, bottom = 0, image.shape[1], 0, image.shape[0]
        if zoom:
            left, right = max(int(x) - margin[0], 0), min(int(x) + margin[0], right)
            top, bottom = max(int(y) - margin[1], 0), min(int(y) + margin[1], bottom)
        low, high = np.percentile(image[top:bottom, left:right], [0.5, 99.8])
        titles = _titles(measures)
        for i, (name, level) in enumerate(levels.items()):
            part = _shrink(level[top:bottom, left:right])
            self.pictures[i].set_data(part)
            self.pictures[i].set_extent((left, right, bottom, top))
            self.pictures[i].set_clim(*((low, high) if name in "IE" else (0, max(0.7 * float(part.max()), 1))))
            self.titles[i].set_text(titles[name])
            self.rows[i].set_ydata([row + 0.5, row + 0.5])
            self.boxes[i].set_bounds(box[0] - 1, box[1] - 1, box[2] + 2, box[3] + 2)
            self.lines[name].set_data(np.arange(left, right) + 0.5, level[row, left:right])
        self.cut_title.set_text(f"cut along row {row}")
        lowest, highest = float(min(image[top:bottom].min(), 0)), float(image[top:bottom, left:right].max())
        frame = (left, right, top, bottom, lowest, highest)
        if frame != self.frame:
            first, self.frame, self.still = self.frame is None, frame, None
            for picture in self.pictures:
                picture.axes.set(xlim=(left, right), ylim=(bottom, top))
            self.cut.set(xlim=(left, right), ylim=(lowest - 0.03 * highest, 1.1 * highest + 1))
            if first:  # the layout is found once
                self.figure.set_layout_engine("constrained")
                self.figure.draw_without_rendering()
                self.figure.set_layout_engine("none")
        return self.figure

    def png(self):
        """The figure as last drawn, as bytes of a PNG."""
        canvas = self.figure.canvas
        if not isinstance(canvas, again.Canvas):  # only here: in a figure that is saved, texts need no whole pixels
            canvas = again.Canvas(self.figure, {})
        with LOCK:
            if self.still is None:
                canvas.draw()  # leaves out what is animated
                self.still = canvas.copy_from_bbox(self.figure.bbox)
            canvas.restore_region(self.still)
            for artist in self.moving:
                artist.axes.draw_artist(artist)
            pixels = np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., 2::-1])
        return cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def _shrink(image, most=240):
    """The image reduced for the screen to the largest value of each k x k block, so that a small target stays visible."""
    k = -(-image.shape[1] // most)
    rows, columns = (size // k * k for size in image.shape)
    return image[:rows, :columns].reshape(rows // k, k, columns // k, k).max(axis=(1, 3)) if k > 1 else image


def _titles(measures):
    """Title of each level's picture; with measures also its SNR and the share of the target's peak that is kept."""
    titles = {"I": "I, image", "E": "E, background (2)", "U": "U, suppressed (3)", "M": "M, opened by s (4)"}
    for name, row in zip("IUM", measures):  # in the order of evaluate_filter
        kept = "" if name == "I" else f", kept {100 * row['retention']:.0f} %"
        gone = name != "I" and row["retention"] < 0.05
        titles[name] += "\nthe target is gone" if gone else f"\nSNR {row['snr']:.1f} = {row['db']:.0f} dB{kept}"
    return titles | ({"E": titles["E"] + "\n "} if measures else {})


def search_gain(axes, table, *, rng):
    """The gain by a search for elements, on held-out sequences: Pd (left) and the targets' Pfa (right), by dataset.

    axes: two. table: of `element_search.cross_validate`. Means over recordings (Pd: over those whose frames are large enough
    to tell), with their intervals.
    """
    datasets, found = list(dict.fromkeys(table["dataset"])), []
    for one, column in zip(axes, ("pd", "log_pfa")):
        for i, (by, color) in enumerate(SEARCHED.items()):
            rows = table[table["by"] == by].dropna(subset=[column])
            rows = grouping.recording_means(rows, [column]).groupby("dataset")[column]
            bounds = intervals.bounds_of(column)
            found += [intervals.interval(rows.get_group(name), rng=rng, bounds=bounds).row() for name in datasets]
            means, *ends = np.array(found[-len(datasets) :], dtype=object)[:, 1:4].T.astype(float)
            spread = np.abs(ends - means)
            x = np.arange(len(datasets)) + 0.16 * (i - 1.5)
            one.errorbar(x, means, spread, fmt="o", color=color, capsize=2, markersize=5, linewidth=1.2, label=by)
        one.set_xticks(range(len(datasets)), [name.removeprefix("sim-") for name in datasets])
        one.grid(axis="x", visible=False)
    axes[0].set(ylabel="Pd at Pfa $10^{-2}$", ylim=(-0.03, 1.05), title="targets found")
    axes[1].set(ylabel="mean $\\log_{10}$ Pfa", title="false boxes at each target, lower is better")
    axes[1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1), title="elements")
    axes[0].set_xlabel(intervals.label(found), fontsize=8)
    return axes


def survival(axes, table):
    """Share of the target's peak that remains after opening by a square s, against the target's size; a line per side of s.

    table: size, side, retention.
    """
    shades = {1: "#999999", 3: "#E69F00", 5: "#D55E00", 7: "#7B4173"}
    for side, part in table.groupby("side"):
        mean = part.groupby("size")["retention"].mean()
        label = "no s, U alone" if side == 1 else f"s = {side} x {side}"
        axes.plot(mean.index, mean, "o-", ms=4, color=shades.get(side, "#333333"), label=label)
    axes.set(xlabel="narrower side of the target's box, pixels", ylabel="share of the peak kept", ylim=(-0.05, None))
    axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1))
    return axes
