"""Demos of notebook 06 without a browser: controls are set, the results looked at."""

import io

import cv2
import ipywidgets
import matplotlib.pyplot as plt
import media
import numpy as np
import pytest
from toys import moving_spot

from irtrack_core import boxes as bx
from irtrack_core import trackers, widgets
from irtrack_core.datasets.open_frames import open_frames
from irtrack_core.figures import experiments, style
from irtrack_core.figures import tracking as figures


@pytest.fixture
def live(monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)


@pytest.fixture
def clip(tmp_path):
    """Frames of a bright spot that moves, in files; frame 3 is damaged."""
    spot = moving_spot(8)
    frames = np.clip(40 + 180 * np.array([spot.frames[i] for i in range(8)]), 0, 255).astype(np.uint8)
    folder = media.write_images(tmp_path / "clip", frames)
    media.truncate(folder / "3.png", 0.02)
    return open_frames(folder), spot.boxes


def parts(widget, kind):
    found = [widget] if isinstance(widget, kind) else []
    return found + [one for child in getattr(widget, "children", ()) for one in parts(child, kind)]


def pixels(picture):
    return cv2.imdecode(np.frombuffer(picture.value, np.uint8), cv2.IMREAD_COLOR)


def test_scrub_plays_and_shows_other_frames(live):
    sequence = moving_spot(9)
    box = widgets.scrub(sequence, {"peak": sequence.boxes})
    (play,), (slider,), (picture,) = (
        parts(box, kind) for kind in (ipywidgets.Play, ipywidgets.IntSlider, ipywidgets.Image)
    )
    assert (play.max, slider.max, play.value, slider.value) == (8, 8, 4, 4)
    before = pixels(picture)
    slider.value = 8
    assert not np.array_equal(pixels(picture), before)


def test_in_batch_a_figure_is_shown(monkeypatch, clip):
    monkeypatch.setenv("IRTRACK_BATCH", "1")
    sequence = moving_spot(5)
    assert isinstance(widgets.scrub(sequence, {"peak": sequence.boxes}), plt.Figure)
    assert isinstance(widgets.pick_and_track(clip[0]), plt.Figure)


def test_a_recording_goes_on_after_a_damaged_frame(monkeypatch, clip):
    monkeypatch.setenv("IRTRACK_BATCH", "record")
    data = widgets.pick_and_track(clip[0], tracker="peak").data
    missing = [k % 8 for k, (number, _) in enumerate(data["shots"]) if number is None]
    assert data["controls"][1]["values"] == list("01234567") and missing and set(missing) == {3}


def test_pick_a_candidate_and_follow_it(live, clip):
    frames, truth = clip
    box = widgets.pick_and_track(frames, tracker="peak", name="clip")
    sliders = parts(box, ipywidgets.FloatSlider)
    picked = np.array([slider.value for slider in sliders])
    assert bx.center_error(picked, truth[0]) < 1.5  # the strongest candidate is the spot
    (button,), (text,) = parts(box, ipywidgets.Button), parts(box, ipywidgets.HTML)[-1:]
    button.click()
    assert text.value == "8 frames followed, 1 of them unreadable; target lost in 0" and not button.disabled
    (play,) = parts(box, ipywidgets.Play)
    assert play.max == 7
    button.click()  # a second time replaces the first
    assert len(parts(box, ipywidgets.Play)) == 1


def test_sliders_override_the_candidate_and_choosing_one_sets_them(live, clip):
    box = widgets.pick_and_track(clip[0], tracker="identity")
    sliders, (choice,) = parts(box, ipywidgets.FloatSlider), parts(box, ipywidgets.Dropdown)
    first = [slider.value for slider in sliders]
    sliders[0].value += 7
    assert choice.value == 0
    choice.value = 1
    assert [slider.value for slider in sliders] == first and choice.value == 1


def click(box, axes, point):
    """A click of the browser on a point of the picture, in the coordinates of one of its two axes."""
    picker = box.picker
    x, y = picker.figure.axes[axes].transData.transform(point) / picker.figure.bbox.size
    event = {"relativeX": 300 * x, "relativeY": 200 * (1 - y), "boundingRectWidth": 300, "boundingRectHeight": 200}
    picker.clicks._dom_handlers({"type": "click"} | event)  # as it is called with the browser's message


def test_a_click_takes_what_stands_out_there_and_else_moves_the_box(live, clip):
    frames, truth = clip
    box = widgets.pick_and_track(frames, tracker="identity")
    sliders, (choice,), (picture,) = (
        parts(box, kind) for kind in (ipywidgets.FloatSlider, ipywidgets.Dropdown, ipywidgets.Image)
    )
    spot = np.array([slider.value for slider in sliders])
    click(box, 0, (90, 20))  # sky: the box as it is, there
    there, before = np.array([slider.value for slider in sliders]), picture.value
    np.testing.assert_allclose([*bx.centers(there), *there[2:]], [90, 20, *spot[2:]], atol=0.11)
    assert choice.value == 0
    click(box, 0, bx.centers(truth[0]) + 1.5)  # beside the spot's middle: the spot
    assert bx.center_error([slider.value for slider in sliders], truth[0]) < 1 and picture.value != before
    click(box, 1, bx.centers(truth[0]) + 1.5)  # near by: just there
    np.testing.assert_allclose(bx.centers([slider.value for slider in sliders]), bx.centers(truth[0]) + 1.5, atol=0.11)
    before = picture.value
    click(box, 1, (1e4, 0))  # beside the pictures: nothing
    assert picture.value == before


def test_a_box_that_cannot_be_used_is_told(live, clip):
    box = widgets.pick_and_track(clip[0], tracker="peak")
    for slider in parts(box, ipywidgets.FloatSlider)[:2]:
        slider.value = slider.min
    (button,) = parts(box, ipywidgets.Button)
    button.click()
    assert any("outside" in one.value for one in parts(box, ipywidgets.HTML)) and not parts(box, ipywidgets.Play)
    with pytest.raises(ValueError, match="start frame 8: there are 8 frames"):
        widgets.pick_and_track(clip[0], start=8)


def test_a_step_is_dissected():
    sequence = moving_spot(4)
    tracker = trackers.create("siamese")
    tracker.init(sequence.frames[0], sequence.boxes[0])
    tracker.update(sequence.frames[1])
    figure = figures.dissection(sequence.frames[1], tracker.observation, truth=sequence.boxes[1])
    titles = [ax.get_title(loc="left")[:1] for ax in figure.axes if ax.get_title(loc="left")]
    assert titles == list("123456")
    window = figure.axes[0].patches[0]
    assert window.get_width() == pytest.approx(tracker.observation.side)
    assert len(figure.axes[5].patches) == 13  # twelve proposals and the chosen one
    x, y = np.array(figure.axes[5].patches[-1].get_center()) / tracker.observation.zoom + tracker.observation.center
    np.testing.assert_allclose([x, y], tracker.observation.found[0])
    figure.savefig(io.BytesIO())
    plt.close(figure)


def test_reliability_diagram_names_its_error():
    import pandas as pd

    table = pd.DataFrame({"low": [0.5], "high": [1.0], "frames": [10], "score": [0.9], "right": [0.6]})
    figure, axes = style.new()
    experiments.reliability(axes, {"peak": table})
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["calibrated", "peak, error 0.30"]
    plt.close(figure)
