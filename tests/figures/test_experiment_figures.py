"""Figures of the experiments: what is drawn, under which name, and what a bar's filling says."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.cbook import is_math_text
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer

from irtrack_core import config, metrics
from irtrack_core.experiments import protocol
from irtrack_core.figures import ablation, evaluated, experiments, style

NAMES = ["identity", "peak", *protocol.pairs_of_inputs("paper"), *protocol.pairs_of_inputs("ref8")]


@pytest.fixture
def axes():
    figure, axis = plt.subplots()
    yield axis
    plt.close(figure)


def test_each_method_stands_once_in_a_panel():
    assert experiments.in_panel(NAMES, False) == ["identity", "peak", "paper-image", "ref8"]
    assert experiments.in_panel(NAMES, True) == ["identity", "peak", "paper", "ref8-filtered"]


def test_caption_says_how_small_the_study_was_and_that_they_are_reconstructions():
    text = experiments.caption(config.profile("quick"), "six sequences")
    assert "one fold, one seed" in text and "width 0.125" in text and "200 training steps" in text
    assert "six sequences" in text and text.endswith("reconstruction, not the authors' code or numbers")


def test_lines_of_both_inputs_have_the_colour_and_the_name_of_the_method(axes):
    table = pd.DataFrame({"tracker": np.repeat(NAMES, 3), "frame": [1, 2, 3] * 6, "iou": 0.5})
    experiments.overlap_by_frame(axes, table[table["tracker"].isin(["peak", "ref8-filtered"])], limit=0.97)
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert {"peak", "ref8", "limit by noise"} == set(lines)
    assert to_hex(lines["ref8"].get_color()) == style.COLORS["ref8"].lower() and lines["ref8"].get_linestyle() == "-"
    assert lines["peak"].get_linestyle() == "--"


def test_bars_are_hatched_where_the_input_is_not_the_method_s_own(axes):
    rows = [("sim-aircraft", name, 0.5, 0.4, 0.6) for name in NAMES]
    experiments.precision_bars(
        axes, pd.DataFrame(rows, columns=["dataset", "tracker", "mean", "low", "high"]), paper=False
    )
    bars = [container for container in axes.containers if isinstance(container, BarContainer)]
    hatched = [name for name, bar in zip(NAMES, bars) if bar.patches[0].get_hatch()]
    assert hatched == ["paper-image", "ref8-filtered"]
    assert [bar.patches[0].get_height() for bar in bars] == [50] * 6
    legend = experiments.bar_legend(axes)
    assert [text.get_text() for text in legend.get_texts()][:4] == ["identity", "peak", "paper", "ref8"]


def test_clear_differences_are_filled(axes):
    table = pd.DataFrame(
        [("peak", 0.2, 0.1, 0.3, "interval", True), ("ref8", 0.2, 0.1, 0.3, "range", False)],
        columns=["tracker", "difference", "low", "high", "kind", "clear"],
    )
    experiments.difference_bars(axes, table, reference="paper", measure="AOR")
    dots = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [False, True]
    assert [line.get_linestyle() for line in axes.get_lines() if len(line.get_xdata()) == 2][:2] == ["-", ":"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["peak", "ref8"]


def test_effects_without_a_clear_interval_are_grey(axes):
    effects = pd.DataFrame(
        [("filter", 12, 0.2, 0.1, 0.3, "interval", True), ("region", 6, 0.2, 0.1, 0.3, "range", False)],
        columns=["effect", "recordings", "change", "low", "high", "kind", "clear"],
    ).assign(seeds=1)
    ablation.effects(axes, effects)
    tones = [to_hex(line.get_color()) for line in axes.get_lines() if line.get_marker() == "o"]
    assert tones == [ablation.OFF, ablation.ON.lower()]  # the last row is drawn first
    assert axes.get_xlabel().endswith("95 % interval, n = 12; range, no interval, n = 6")


def test_cells_say_what_their_lines_are(axes):
    cells = pd.DataFrame(
        [("nothing", False, False, 6, 0.2, 0.1, 0.3, "range"), ("filter", True, False, 6, 0.3, 0.1, 0.4, "range")],
        columns=["cell", "filter", "region", "recordings", "mean", "low", "high", "kind"],
    )
    ablation.cells(axes, cells)
    assert axes.get_xlabel().endswith("range, no interval, n = 6")
    assert [text.get_text() for text in axes.get_yticklabels()] == ["nothing", "filter"]


def test_stages_stand_end_to_end(axes):
    table = pd.DataFrame(
        [("a", stage, ms) for stage, ms in zip(experiments.STAGE_COLORS, (1.0, 2.0, 3.0, 4.0))],
        columns=["tracker", "stage", "ms"],
    )
    experiments.stage_bars(axes, table)
    assert [bar.get_x() for bar in axes.patches] == [0, 1, 3, 6] and axes.texts[0].get_text().strip() == "10.0"


@pytest.mark.parametrize(("count", "beside"), [(3, False), (12, True)])
def test_names_of_many_curves_stand_beside_them(count, beside):
    table = pd.DataFrame({"tracker": np.repeat([f"method {k}" for k in range(count)], 3), "error": [0, 5, 9] * count})
    figure, axis = style.new(width=5.5, height=4)
    experiments.curves(axis, table.assign(value=0.5), x="error", xlabel="px", ylabel="share", marks=(3, 5))
    figure.canvas.draw()
    legend, plot = (part.get_window_extent() for part in (axis.get_legend(), axis))
    assert (legend.x0 >= plot.x1) == beside and plot.width > 0.4 * figure.bbox.width
    assert figure.bbox.x0 <= legend.x0 and legend.x1 <= figure.bbox.x1 and figure.bbox.y0 <= legend.y0
    plt.close(figure)


@pytest.mark.parametrize("width", [3.6, 5.2, 12.9])
def test_notes_are_as_wide_as_their_figures(width):
    figure, _ = style.new(width=width, height=3)
    style.note(
        figure, experiments.caption(config.profile("quick"), "the first 60 frames of each; dotted: truth") + "\nlast"
    )
    figure.canvas.draw()
    (text,) = [one for one in figure.texts if one.get_text()] or [figure._supxlabel]
    assert text.get_window_extent().x1 <= figure.bbox.x1 and text.get_text().endswith("\nlast")
    plt.close(figure)


@pytest.mark.parametrize("name", ["_best", r"$\frac$", "a$b$c", "price $5", "_$_"])
def test_a_name_is_shown_as_it_is(name):
    """Weights and sequences have the names that their files have; a first _ would hide the line, two $ begin a formula."""
    with style.detached():
        figure, axes = style.new()
        evaluated.success(axes, {name: np.linspace(1, 0, len(metrics.IOU_THRESHOLDS))}, name)
        figure.savefig(io.BytesIO())  # a formula that is none is found when it is drawn
        (label,) = axes.get_legend().get_texts()
        for text in (label.get_text(), axes.get_title(loc="left")):
            assert not is_math_text(text)
            assert text.strip().replace(r"\$", "$").removesuffix(": 0.50") == name
