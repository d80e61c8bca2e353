"""The filter's demo (widgets) and figures, without a browser: controls are set, the results looked at."""

import datetime
import io

import cv2
import ipywidgets
import numpy as np
import pandas as pd
import pytest

from irtrack_core import widgets
from irtrack_core.evaluation import evaluate_filter
from irtrack_core.figures import filtering as figures
from irtrack_core.filtering import multilevel_filter
from irtrack_core.filtering.elements import drawn_element, line_elements, rectangle


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    image = rng.integers(90, 110, (120, 160)).astype(np.uint8)
    image[60:65, 80:85] = 200
    return image, np.array([80, 60, 5, 5.0])


def inside(widget):
    """The widget and all that it holds."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child)


class Handles:
    """What a person sees of a demo: controls by their name, the pad's buttons, the text, the pictures."""

    def __init__(self, widget):
        parts = list(inside(widget))
        self.controls = {one.description: one for one in parts if getattr(one, "description", "")}
        self.buttons = [one for one in parts if isinstance(one, ipywidgets.ToggleButton)]
        self.pad = next(one for one in parts if getattr(getattr(one, "children", "-")[0], "value", 0) == PAD_TITLE)
        self.text = next(one for one in parts if isinstance(one, ipywidgets.HTML) and one.value != PAD_TITLE)
        self.elements, self.picture = (one for one in parts if isinstance(one, ipywidgets.Image))

    def set(self, **values):
        """Set controls; an underscore stands for a blank, and the unit is left out."""
        for name, value in values.items():
            name = name.replace("_", " ")
            self.controls[name if name in self.controls else f"{name}, px"].value = value


PAD_TITLE = "draw the element"


@pytest.fixture
def demo(frame, monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    return Handles(widgets.filter_an_image(*frame))


def pixels(picture):
    return cv2.imdecode(np.frombuffer(picture.value, np.uint8), cv2.IMREAD_COLOR)


def test_every_control_changes_the_picture(demo):
    assert "Not possible" not in demo.text.value and "peak kept" in demo.text.value
    changes = {"its length, px": 5, "angles n": 1, "height of s, px": 1, "width of s, px": 1, "row of cut, px": 10}
    changes |= {"zoom in on the target": False, "look for": "both", "element a": "ring"}
    for name, value in changes.items():
        before = pixels(demo.picture)
        demo.controls[name].value = value
        assert (pixels(demo.picture) != before).any(), name
    assert not [name for name in demo.controls if name not in (*changes, "clear")]


def test_numbers_shown_are_those_of_the_filter(demo, frame):
    demo.set(its_length=9, height_of_s=5, width_of_s=3)
    E, U, M = multilevel_filter(frame[0], line_elements(9, 4), rectangle(5, 3))
    row = evaluate_filter(frame[0], {"M": M}, frame[1])[1]
    assert f">{row['snr']:.1f}<" in demo.text.value and f">{row['db']:.1f}<" in demo.text.value
    demo.set(height_of_s=7)  # larger than the target
    assert multilevel_filter(frame[0], line_elements(9, 4), rectangle(7, 3))[2][60:65, 80:85].max() < 20
    assert f">{row['snr']:.1f}<" not in demo.text.value.rsplit("<tr>", 1)[1]


@pytest.mark.parametrize("polarity", ["bright", "dark"])
def test_dark_targets_are_found_when_asked_for(frame, monkeypatch, polarity):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    demo = Handles(widgets.filter_an_image(255 - frame[0], frame[1]))
    demo.set(look_for=polarity)
    M = multilevel_filter(255 - frame[0], line_elements(15, 4), rectangle(3, 3), polarity=polarity)[2]
    row = evaluate_filter(255 - frame[0], {"M": M}, frame[1], dark=polarity == "dark")[1]
    assert f">{row['pfa_frame']:.1e}<" in demo.text.value.rsplit("<tr>", 1)[1]
    assert (row["pfa_frame"] == row["pfa_frame_least"]) == (polarity == "dark")


def test_an_element_drawn_by_hand(demo, frame):
    assert demo.pad.layout.display == "none"
    demo.set(element_a="drawn")
    assert demo.pad.layout.display == ""
    before, drawn = pixels(demo.picture), demo.elements.value
    first, last = demo.buttons[0], demo.buttons[-1]
    first.value = not first.value
    assert first.value == last.value and (pixels(demo.picture) != before).any() and demo.elements.value != drawn
    demo.controls["clear"].click()
    assert [button.value for button in demo.buttons] == [i == 40 for i in range(81)]
    assert ">0 %<" in demo.text.value  # an element of one pixel leaves nothing of the target


def test_one_stroke_is_one_drawing(demo, monkeypatch):
    demo.set(element_a="drawn")
    drawn = []
    monkeypatch.setattr(figures.Panel, "png", lambda self: drawn.append(1) or b"")
    demo.buttons[0].value = not demo.buttons[0].value
    assert len(drawn) == 1
    demo.controls["clear"].click()
    assert len(drawn) == 2


def test_moving_the_cut_does_not_filter_again(demo, monkeypatch):
    monkeypatch.setattr("irtrack_core.widgets.filtering.multilevel_filter", None)  # calling it would raise
    before = pixels(demo.picture)
    demo.set(row_of_cut=30)
    assert (pixels(demo.picture) != before).any()


def uploaded(image, name="mine.png"):
    """What ipywidgets.FileUpload holds after a person has chosen a file."""
    content = memoryview(image if isinstance(image, bytes) else cv2.imencode(".png", image)[1].tobytes())
    return ({"name": name, "type": "image/png", "size": len(content), "content": content, "last_modified": NOW},)


NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def test_an_image_of_the_readers_own(frame, monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    demo = Handles(widgets.filter_your_image(example=frame))
    mine = np.random.default_rng(1).integers(20, 40, (200, 300)).astype(np.uint8)
    mine[150:154, 200:204] = 250
    before = pixels(demo.picture)
    demo.set(your_image=uploaded(np.dstack([mine] * 3)))  # a colour image
    assert (pixels(demo.picture) != before).any()
    # the box is around the strongest spot; the sliders span the new image
    box = [198, 148, 7, 7]
    x, y, size, row = (
        demo.controls[name] for name in ("target x, px", "target y, px", "its size, px", "row of cut, px")
    )
    assert abs(x.value - 202) <= 2 and abs(y.value - 152) <= 2 and size.value == 7
    assert (x.max, y.max, row.max) == (299, 199, 199)
    _, U, M = multilevel_filter(mine, line_elements(15, 4), rectangle(3, 3))
    best = evaluate_filter(mine, {"M": M}, box)[1]
    assert best["pfa_frame"] == best["pfa_frame_least"] and f">{best['pfa_frame']:.1e}<" in demo.text.value
    # another target: the table is about that one
    shown = demo.text.value
    demo.set(target_x=60, target_y=60)
    assert demo.text.value != shown and row.value == 60
    mine_again = evaluate_filter(mine, {"U": U, "M": M}, [57, 57, 7, 7])
    assert all(f">{one['snr']:.1f}<" in demo.text.value for one in mine_again)
    # a smaller image after a larger one
    demo.set(your_image=uploaded(np.ascontiguousarray(mine[130:170, 180:230])))
    assert (x.max, y.max, row.max) == (49, 39, 39) and "Not possible" not in demo.text.value


def test_a_file_that_is_no_image_leaves_the_demo_as_it_is(frame, monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    demo = Handles(widgets.filter_your_image(example=frame))
    before = demo.picture.value
    demo.set(your_image=uploaded(b"not an image", "notes.txt"))
    assert "notes.txt is not a readable image" in demo.text.value and demo.picture.value == before
    demo.set(its_length=9)
    assert "Not possible" not in demo.text.value and demo.picture.value != before


@pytest.mark.parametrize("batch", [True, False])
def test_a_file_by_its_path(frame, tmp_path, monkeypatch, batch):
    monkeypatch.setenv("IRTRACK_BATCH", "1") if batch else monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    image = frame[0].astype(np.uint16) * 100
    cv2.imwrite(str(tmp_path / "a.png"), image)
    shown = widgets.filter_your_image(tmp_path / "a.png", example=frame)
    if batch:
        np.testing.assert_allclose(shown.axes[0].images[0].get_extent(), (34, 130, 98, 26), atol=3)
    else:
        assert abs(Handles(shown).controls["target x, px"].value - 82) <= 2
    with pytest.raises(FileNotFoundError):
        widgets.filter_your_image(tmp_path / "none.png", example=frame)
    with pytest.raises(ValueError, match="outside"):
        widgets.filter_your_image(tmp_path / "a.png", [500, 2, 3, 4], example=frame)
    (tmp_path / "b.png").write_text("no image")
    with pytest.raises(ValueError, match="not a readable image"):
        widgets.filter_your_image(tmp_path / "b.png", example=frame)


def test_the_pad_gives_an_element():
    pad = widgets.ElementPad(5)
    element = drawn_element(pad.text)
    assert element.shape == (5, 5)
    assert element.ravel().tolist() == [int(button.value) for button in pad.buttons]


def test_an_impossible_setting_is_a_sentence(monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    image = np.random.default_rng(0).integers(0, 99, (30, 60)).astype(np.uint8)
    demo = Handles(widgets.filter_an_image(image, [28, 14, 3, 3]))
    shown = demo.picture.value
    demo.set(its_length=31)
    assert "Not possible" in demo.text.value and "larger than the image" in demo.text.value
    assert demo.picture.value == shown
    demo.set(its_length=9)
    assert "Not possible" not in demo.text.value


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


def test_the_gain_of_a_search_is_drawn_as_it_is():
    table = pd.DataFrame(
        {"dataset": dataset, "sequence": str(k), "by": by, "pd": value + 0.1 * (k - 0.5), "log_pfa": -3 * value}
        for dataset, values in (("sim-a", (0.2, 0.3, 0.6, 0.9)), ("sim-b", (0.1, 0.2, 0.3, 0.4)))
        for by, value in zip(figures.SEARCHED, values)
        for k in (0, 1)
    )
    figure, axes = figures.new(1, 2)
    figures.search_gain(axes, table, rng=np.random.default_rng(0))
    drawn = {container.get_label(): container.lines[0].get_ydata() for container in axes[0].containers}
    assert list(drawn) == list(figures.SEARCHED)
    np.testing.assert_allclose(drawn["search"], [0.6, 0.3])
    np.testing.assert_allclose(axes[1].containers[3].lines[0].get_ydata(), [-2.7, -1.2])
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["a", "b"]
