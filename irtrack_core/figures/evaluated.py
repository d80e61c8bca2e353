"""Success and precision curves of trackers on one set, as benchmarks draw them."""

import numpy as np

from irtrack_core import metrics
from irtrack_core.figures import style

DASHES = ("-", (0, (5, 2)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (3, 1, 1, 1, 1, 1)))
TONES = tuple(dict.fromkeys([style.COLORS[name] for name in ("siamese", "peak", "paper", "ref10", "ref8", "ref9")]))


def lines(names):
    """{name: options of its line}: colours and dashes that differ, whatever the names are; known ones keep their colour."""
    free = [tone for tone in TONES if tone not in {style.COLORS.get(name) for name in names}]
    found, fresh = {}, 0
    for place, name in enumerate(names):
        tone = style.COLORS.get(name)
        if tone is None:
            tone, fresh = (free or TONES)[fresh % len(free or TONES)], fresh + 1
        found[name] = {"color": tone, "linestyle": DASHES[place % len(DASHES)]}
    return found


def success(axes, curves, title=""):
    """Share of frames whose overlap exceeds a threshold, a line a tracker. curves: of `evaluation.curves`."""
    return _draw(
        axes, curves, metrics.IOU_THRESHOLDS, title, "overlap threshold (IoU)", "share of frames above it", None
    )


def precision(axes, curves, title="", mark=5):
    """Share of frames whose centre error is within a threshold, a line a tracker; the legend has the value at `mark` px."""
    name = "centre error threshold, pixels"
    return _draw(axes, curves, metrics.PIXEL_THRESHOLDS, title, name, "share of frames within it", mark)


def _draw(axes, curves, x, title, xlabel, ylabel, mark):
    options = lines(list(curves))
    value = {name: np.mean(curve) if mark is None else curve[mark] for name, curve in curves.items()}
    for name in sorted(curves, key=lambda name: -value[name]):
        axes.plot(x, curves[name], label=f"{style.plain(name)}: {value[name]:.2f}", **options[name])
    if mark is not None:
        axes.axvline(mark, color="#888888", linewidth=0.8, linestyle=":")
    axes.set(xlabel=xlabel, ylabel=ylabel, title=style.plain(title), xlim=(x[0], x[-1]), ylim=(0, 1.02))
    place = "best" if mark is None else "lower right"
    axes.legend(loc=place, fontsize=8, title="mean" if mark is None else f"at {mark} px", title_fontsize=8)
    return axes
