"""Front ends redraw a demo in a thread beside the cells: neither draws while the other does, nor shares pyplot's figures."""

import threading

import ipywidgets
import matplotlib.pyplot as plt
import pytest
from matplotlib.text import Text

from irtrack_core import widgets
from irtrack_core.figures import filtering, style


class Slow(Text):
    """A text that waits, the first time it is drawn or measured, whether another one is meanwhile."""

    at_once, most, waited, another = 0, 0, True, threading.Event()

    def draw(self, renderer):
        self.wait()

    def get_window_extent(self, renderer=None, dpi=None):
        self.wait()
        return super().get_window_extent(renderer, dpi)

    def wait(self):
        Slow.at_once += 1
        Slow.most = max(Slow.most, Slow.at_once)
        if Slow.at_once > 1:
            Slow.another.set()
        elif not Slow.waited:
            Slow.waited = True
            Slow.another.wait(timeout=1)
        Slow.at_once -= 1


def slow(**_):
    figure, _ = style.new(width=1, height=1)
    figure.add_artist(Slow(0.5, 0.5, "slow"))
    return figure


def together(one, other):
    """The largest number of figures that were drawn at the same time while both run."""
    Slow.most, Slow.waited, Slow.another = 0, False, threading.Event()
    threads = [threading.Thread(target=act) for act in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return Slow.most


@pytest.fixture
def slider(monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    control = ipywidgets.IntSlider(value=1, max=10)
    widgets.demo(slow, step=control)
    return control


def test_a_cells_figure_is_measured_while_no_demo_is_drawn(slider):
    figure = slow()  # a cell that shows or saves it asks first how large it is
    assert together(lambda: setattr(slider, "value", 5), figure.get_tightbbox) == 1
    plt.close(figure)


def test_the_filter_demo_waits_for_a_cell():
    panel, figure = filtering.Panel(), slow()
    panel.png()
    panel.moving = [panel.cut.add_artist(Slow(0, 0, "slow"))]
    assert together(panel.png, figure.canvas.draw) == 1
    plt.close(figure)


def test_pyplot_knows_no_figure_of_a_demo(monkeypatch):
    """pyplot numbers its figures for all threads together: two threads that ask at once get the same one."""
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    known, before = [], plt.get_fignums()

    def draw(step):
        figure = slow()
        known.append(plt.get_fignums())
        return figure

    control = ipywidgets.IntSlider(value=1, max=10)
    widgets.demo(draw, step=control)
    control.value = 5
    assert known == [before, before]
    figure, _ = style.new()  # and a cell's own figures are shown as ever
    assert plt.fignum_exists(figure.number)
    plt.close(figure)
