"""A demo empties its last figure and fills it anew: it then shows what it shows when it begins with these settings."""

import cv2
import ipywidgets
import numpy as np
import pytest
from toys import moving_spot

from irtrack_core import widgets
from irtrack_core.config import network_preset
from irtrack_core.figures import network as figures
from irtrack_core.figures import style
from irtrack_core.training.loop import new_net
from irtrack_core.widgets import base

DEMOS = {
    "scan_an_image": lambda: widgets.scan_an_image(),
    "feature_maps": lambda: widgets.feature_maps(new_net(network_preset("compact", width=0.125)), moving_spot()),
    "anchors_on_frame": lambda: widgets.anchors_on_frame(moving_spot()),
    "response_maps": lambda: widgets.response_maps(new_net(network_preset("compact", width=0.125)), moving_spot()),
    "scrub": lambda: widgets.scrub(moving_spot(12), {"peak": moving_spot(12).boxes}),
    "stretched_target": lambda: widgets.stretched_target(),
    "best_boxes": lambda: widgets.best_boxes(),
    "where_it_ends": lambda: widgets.where_it_ends(),
}


def controls_and_image(demo):
    if isinstance(demo.children[0], ipywidgets.Play):
        demo = demo.children[1]
    *controls, _, image = demo.children
    return controls, image


def another(control):
    """A value that a control does not have now."""
    if hasattr(control, "options"):
        return next(value for _, value in control._options_full if value != control.value)
    return control.min if control.value != control.min else control.min + control.step


def pixels(content):
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR).astype(int)


@pytest.mark.parametrize("name", DEMOS)
def test_a_filled_figure_is_as_a_new_one(name, monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    drawn = []
    controls, image = controls_and_image(DEMOS[name]())
    for control in controls:  # every one is moved, then all is as it was but the first
        before = control.value
        control.value = another(control)
        drawn.append(image.value)
        control.value = before
    assert all(len(content) > 1000 for content in drawn)
    first, other = controls[0].value, another(controls[0])
    controls[0].value = other
    moved = pixels(image.value)
    monkeypatch.setattr(base.Pen, "png", alone)
    controls[0].value = first
    controls[0].value = other
    new = pixels(image.value)
    assert moved.shape == new.shape
    assert np.abs(moved - new).mean() < 1.0  # texts stand at whole pixels


def alone(pen, draw):
    """A new figure with all its texts rendered; only the places of its axes are the known ones (test_places.py)."""
    with style.detached():
        return base.png(draw(), places=pen.places)


def test_what_one_figure_had_is_not_in_the_next():
    """Everything that demos give their axes, and then an empty plot, beside one that is made by itself."""
    kept = {}
    with style.detached(kept):
        figure, (left, right) = style.new(1, 2)
        style.show_image(left, np.eye(5), "a frame", bar="counts")
        style.draw_box(left, [1, 1, 2, 2], label="box")
        left.legend()
        figures.score_map(right, np.eye(3), title="scores", best=(1, 1))
        right.set(xlabel="x", yscale="log", ylim=(9, 1))
        right.text(0, 0, "here")
        right.set_axis_off()
        figure.suptitle("all")
        style.note(figure, "a note")
        base.png(figure, places={})

        again, axes = style.new(1, 2)
        assert again is figure and list(axes) == [left, right]
        plot(axes)
        shown = base.png(again)
    with style.detached():
        other, axes = style.new(1, 2)
        plot(axes)
    np.testing.assert_array_equal(pixels(shown), pixels(base.png(other)))


def plot(axes):
    axes[0].plot([0, 1, 4], [3, 1, 2], label="a")
    axes[0].set(xlabel="x", title="first")
    axes[0].legend()
    axes[1].bar([1, 2], [5, 6])


def test_an_axis_that_a_draw_adds_makes_the_next_figure_a_new_one():
    with style.detached({}):
        figure, axes = style.new()
        axes.twinx()
        other, _ = style.new()
    assert other is not figure


def test_a_text_that_changes_is_rendered_anew():
    pen, shown = base.Pen(), []
    for text in ("one", "two", "one"):

        def draw(text=text):
            figure, axes = style.new(width=2, height=2)
            axes.set_title(text)
            return figure

        shown.append(pen.png(draw))
    assert shown[0] == shown[2] != shown[1]
