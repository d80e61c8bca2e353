"""A demo's pictures are drawn with the places of the first one: they must look as if these had been looked for anew."""

import cv2
import numpy as np
import pytest

from irtrack_core.figures import style
from irtrack_core.widgets import png


def figure(top, label="counts", shape=(40, 60)):
    with style.detached():
        made, (left, right) = style.new(1, 2, width=3, height=2.5)
    style.show_image(left, np.random.default_rng(top).normal(size=shape), "a frame")
    right.plot([0, 1], [0, top])
    right.set(xlabel="column", ylabel=label, title="a row")
    style.note(made, "a note")
    return made


def pixels(content):
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    "other", [figure(5), figure(90_000), figure(7, label="")], ids=["alike", "wide numbers", "no label"]
)
def test_a_later_picture_is_as_one_that_is_drawn_alone(other):
    places = {}
    png(figure(4), places=places)
    shown = pixels(png(other, places=places))
    other.set_layout_engine("constrained")
    assert np.abs(shown.astype(int) - pixels(png(other))).mean() < 1.0
    assert len(places) in (1, 2)


def test_equal_figures_share_their_places():
    places = {}
    for top in (4, 5, 6):
        png(figure(top), places=places)
    assert len(places) == 1
