"""The demo of notebook 15 and its figures: what they show is what was measured."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

matplotlib.use("Agg")

from irtrack_core import widgets
from irtrack_core.datasets import load
from irtrack_core.experiments.changing_shape import responses_of
from irtrack_core.figures import changing_shape as figures


def test_in_a_batch_run_it_is_one_figure(monkeypatch):
    monkeypatch.setenv("IRTRACK_BATCH", "1")
    assert isinstance(widgets.stretched_target(), Figure)


def test_every_slider_changes_the_picture(monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    *controls, message, image = widgets.stretched_target().children
    assert len(controls) == 3
    for control in controls:
        before = image.value
        control.value = control.max
        assert image.value != before and message.value == "", control.description


@pytest.mark.parametrize(
    ("width", "height", "mast", "fixed", "fitted"),
    [(5, 5, 0, 100, 100), (20, 5, 24, 0, 100), (40, 40, 0, 0, 100)],
)
def test_fixed_lines_lose_what_they_fit_under_and_fitted_ones_keep_it(width, height, mast, fixed, fitted):
    _, found, box = responses_of(width, height, mast, noise=0.0)
    x, y, w, h = box.astype(int)
    left = [U[y : y + h, x : x + w].max() for U in found.values()]
    assert left == [fixed, fitted]
    if mast >= 9:
        assert found["U, fitted lines"][60 - mast : 60, 66].max() == 0


def test_the_strip_has_a_row_a_sequence_with_its_boxes():
    one = load("sim-deforming", changes=["fades"], frames=60)[0]
    figure = figures.strip({"fades": one}, (0, 30), boxes={"fades": {"fixed": one.boxes}})
    assert len(figure.axes) == 2 and all(len(axes.patches) == 2 for axes in figure.axes)


def test_curves_and_bars_show_the_numbers():
    truth = np.tile([10.0, 10, 4, 9], (5, 1))
    left, right = figures.sizes(truth, {"fixed": truth}).axes
    np.testing.assert_allclose(left.lines[1].get_ydata(), 6)
    np.testing.assert_allclose(right.lines[0].get_ydata(), 1)
    rows = [
        dict(change=c, method=m, value=v, held=0.9)
        for c in ("grows", "fades")
        for m, v in (("fixed", 0.5), ("all", 0.8))
    ]
    axes = figures.behind(pd.DataFrame(rows), ("fixed", "all")).axes[0]
    assert sorted(bar.get_height() for bar in axes.patches) == [0.5, 0.5, 0.8, 0.8]
