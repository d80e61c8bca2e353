"""Demos of notebook 16: each draws at both ends of its sliders, and what stands at the dot is the bound."""

import inspect

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest

from irtrack_core import widgets
from irtrack_core.figures import limits as figures
from irtrack_core.imaging import limits
from irtrack_core.widgets import limits as limits_demos
from irtrack_core.widgets.base import demo

DEMOS = ("best_boxes", "noise_with_colour", "several_frames", "where_it_ends", "samples_per_detector", "whole_numbers")


@pytest.mark.parametrize("name", DEMOS)
def test_a_slider_draws_anew_and_both_ends_can_be_drawn(name, monkeypatch):
    drawn = []
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    monkeypatch.setattr(
        limits_demos, "demo", lambda draw, *words, **more: drawn.append(draw) or demo(draw, *words, **more)
    )
    *controls, message, image = getattr(widgets, name)().children
    before = image.value
    assert all(isinstance(one, ipywidgets.IntSlider | ipywidgets.FloatSlider) for one in controls)
    controls[0].value = controls[0].max
    assert image.value not in (before, b"") and not message.value
    names = list(inspect.signature(drawn[0]).parameters)
    for end in ("min", "max"):
        drawn[0](*(getattr(one, end) for one in controls[: len(names)]))
    plt.close("all")


def dots(figure):
    return [line.get_xydata()[0] for axis in figure.axes for line in axis.get_lines() if line.get_markersize() == 9]


def test_dots_are_the_bounds():
    from irtrack_core.config import ScanSettings

    sensor = ScanSettings()
    sides = limits.box_sides(sensor, 4.0)
    least = limits.mean_bound(sensor, "uniform", sides, 8.0, free=limits.PARAMETERS, phases=3)
    aor, share = dots(figures.boxes_at_bound(2.0, 8.0, 2.0, 2.5))
    np.testing.assert_allclose(aor, [8, limits.best_overlap(sides, least)])
    np.testing.assert_allclose(share, [8, limits.best_precision(least, 0.25)])
    (lost, overlap) = dots(figures.rounding(1.0, 5.0))
    np.testing.assert_allclose(lost, [1, -10 * np.log10(limits.information_kept(1.0))])
    np.testing.assert_allclose(overlap, [5, limits.rounded_overlap(5)])
    (after,) = dots(figures.motion(5, 0.0, 8.0))
    one = limits.mean_bound(sensor, "point", limits.box_sides(sensor), 8.0)[0, 0]
    np.testing.assert_allclose(after, [5, np.sqrt(0.6 * one)], rtol=1e-5)
    plt.close("all")
