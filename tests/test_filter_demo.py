"""The filter's demo (widgets) and figures, without a browser: controls are set, the results looked at."""

import io

import cv2
import numpy as np
import pytest

from irtrack_core import widgets
from irtrack_core.elements import drawn_element, line_elements, rectangle
from irtrack_core.evaluation import evaluate_filter
from irtrack_core.figures import filtering as figures
from irtrack_core.filtering import multilevel_filter


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    image = rng.integers(90, 110, (120, 160)).astype(np.uint8)
    image[60:65, 80:85] = 200
    return image, np.array([80, 60, 5, 5.0])


@pytest.fixture
def demo(frame, monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    (top, picture) = widgets.filter_an_image(*frame).children
    left, pad, text = top.children
    controls = {control.description: control for control in left.children}
    return controls, pad, text, picture


def pixels(picture):
    return cv2.imdecode(np.frombuffer(picture.value, np.uint8), cv2.IMREAD_COLOR)


def test_every_control_changes_the_picture(demo):
    controls, _, text, picture = demo
    assert "Not possible" not in text.value and "peak kept" in text.value
    changes = {"its length": 5, "angles n": 1, "side of s": 7, "row of the cut": 10, "zoom in on the target": False}
    for name, value in {**changes, "element a": "ring"}.items():
        before = pixels(picture)
        controls[name].value = value
        assert (pixels(picture) != before).any(), name


def test_numbers_shown_are_those_of_the_filter(demo, frame):
    controls, _, text, _ = demo
    controls["its length"].value, controls["side of s"].value = 9, 5
    E, U, M = multilevel_filter(frame[0], line_elements(9, 4), rectangle(5, 5))
    row = evaluate_filter(frame[0], {"M": M}, frame[1])[1]
    assert f">{row['snr']:.1f}<" in text.value and f">{row['db']:.1f}<" in text.value
    controls["side of s"].value = 7  # larger than the target
    assert multilevel_filter(frame[0], line_elements(9, 4), rectangle(7, 7))[2][60:65, 80:85].max() < 20
    assert f">{row['snr']:.1f}<" not in text.value


def test_an_element_drawn_by_hand(demo):
    controls, pad, _, picture = demo
    assert pad.layout.display == "none"
    controls["element a"].value = "drawn"
    assert pad.layout.display == ""
    before = pixels(picture)
    first, last = pad.children[1].children[0], pad.children[-1].children[-1]
    first.value = not first.value
    assert first.value == last.value and (pixels(picture) != before).any()


def test_the_pad_gives_an_element():
    pad = widgets.ElementPad(5)
    element = drawn_element(pad.text)
    assert element.shape == (5, 5)
    assert element.ravel().tolist() == [int(button.value) for button in pad.buttons]


def test_an_impossible_setting_is_a_sentence(monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    image = np.random.default_rng(0).integers(0, 99, (30, 60)).astype(np.uint8)
    top, picture = widgets.filter_an_image(image, [28, 14, 3, 3]).children
    left, _, text = top.children
    shown = picture.value
    left.children[1].value = 31
    assert "Not possible" in text.value and "larger than the image" in text.value and picture.value == shown
    left.children[1].value = 9
    assert "Not possible" not in text.value


def test_batch_gives_a_figure(frame, monkeypatch):
    monkeypatch.setenv("IRTRACK_BATCH", "1")
    figure = widgets.filter_an_image(*frame)
    figure.savefig(buffer := io.BytesIO(), format="png")
    assert len(buffer.getvalue()) > 10_000
    assert "SNR" in figure.axes[3].get_title(loc="left")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_redrawing_over_the_stored_picture_equals_drawing_anew(frame, dtype):
    image, box = frame
    image = image.astype(dtype)
    one, other = figures.Panel(), figures.Panel()
    for length in (5, 15):
        results = multilevel_filter(image, line_elements(length, 4), rectangle(3, 3))
        one.draw(image, results, box)
        one.png()
    other.draw(image, results, box)
    assert one.png() == other.png()


def test_shrinking_for_the_screen_keeps_a_small_target():
    image = np.zeros((480, 640), np.uint8)
    image[101, 333] = 255
    small = figures._shrink(image)
    assert small.shape == (160, 213) and small[33, 111] == 255 and np.count_nonzero(small) == 1


def test_numbers_and_elements_draw_what_they_are_given():
    figure = figures.numbers_row({"a": np.arange(6).reshape(2, 3)}, marks={"a": np.eye(2, 3, dtype=bool)})
    assert [text.get_text() for text in figure.axes[0].texts] == list("012345")
    assert len(figure.axes[0].patches) == 2
    figure = figures.elements(line_elements(5, 3), titles=figures.angle_titles(3))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["0°", "60°", "120°"]
