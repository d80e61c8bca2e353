"""The demo of notebook 01: still in a batch run, redrawn when a control moves, clear on impossible settings."""

import ipywidgets
import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

matplotlib.use("Agg")

from irtrack_core import widgets
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.figures import scan as draw
from irtrack_core.imaging.shapes import KINDS


def test_in_a_batch_run_it_is_one_figure(monkeypatch):
    monkeypatch.setenv("IRTRACK_BATCH", "1")
    assert isinstance(widgets.scan_an_image(), Figure)


def test_every_control_changes_the_picture(monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    box = widgets.scan_an_image(scene=SceneSettings(std=0.06))
    *controls, message, image = box.children
    assert isinstance(image, ipywidgets.Image) and len(controls) == 9
    moves = {"target": "drone", "blur": "airy"}
    for control in controls:
        before = image.value
        name = control.description
        control.value = moves[name] if name in moves else (control.min if control.value > control.min else control.max)
        assert image.value != before, f"{name} does nothing"
        assert message.value == ""


def test_the_menu_offers_every_target():
    assert set(widgets.TARGETS) == {"point", *KINDS}


@pytest.mark.parametrize("shape", [(48, 64), (128, 128)])
def test_live_view_shows_the_row_through_the_target(shape):
    figure = draw.live_view(ScanSettings(shape=shape), SceneSettings(kind="flat"), TargetSettings(snr=80.0), frame=3)
    cut = figure.axes[2]
    image = next(line for line in cut.lines if line.get_label().startswith("image"))
    background = next(line for line in cut.lines if line.get_label().startswith("background"))
    rise = np.asarray(image.get_ydata(), float) - background.get_ydata()
    assert rise.max() > 10 * np.median(np.abs(rise))
    assert image.get_xdata()[rise.argmax()] == pytest.approx(np.mean(image.get_xdata()), abs=16)
