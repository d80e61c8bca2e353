"""The sandbox: what is chosen is what is tracked, and a clip that cannot be read is told."""

import sys

import numpy as np
import pytest
from toys import moving_spot

from irtrack_core import datasets
from irtrack_core.filtering import line_elements, multilevel_filter, rectangle
from irtrack_core.widgets import sandbox


@pytest.fixture
def demo(monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)
    monkeypatch.setattr(sandbox, "_simulated", lambda name: moving_spot(8).frames)
    return sandbox.sandbox().sandbox


def picker(demo):
    return demo.place.children[0].picker


def uploaded(name, content):
    return {"new": ({"name": name, "content": memoryview(content)},)}


def test_the_clips_are_there_without_a_download():
    assert set(sandbox.CLIPS) <= set(datasets.GENERATED)


def test_filter_and_tracker_are_those_chosen(demo):
    first = picker(demo).picture.value
    demo.filter.value, demo.tracker.value = "M", "peak"
    assert picker(demo).picture.value != first
    frame = moving_spot(8).frames[0]
    np.testing.assert_array_equal(
        picker(demo).first, multilevel_filter(frame, line_elements(15, 4), rectangle(3, 3))[2]
    )
    picker(demo)._track(None)
    assert "8 frames followed" in picker(demo).text.value
    assert "peak" in str(picker(demo).follow)


def test_an_uploaded_clip_is_tracked_and_nonsense_told(demo, tmp_path):
    np.save(tmp_path / "mine.npy", np.asarray(moving_spot(5).frames))
    demo._uploaded(uploaded("../mine.npy", (tmp_path / "mine.npy").read_bytes()))
    assert demo.clip.value == "mine.npy" and len(demo._frames()) == 5 and demo.text.value == ""
    demo._uploaded(uploaded("notes.npy", b"no array"))
    assert "Not possible" in demo.text.value and demo.clip.value == "mine.npy"
    demo.clip.value = sandbox.CLIPS[0]
    assert len(demo._frames()) == 8


def test_a_clip_of_the_same_name_is_another_clip(demo, tmp_path):
    """What is shown is read from the file: the second upload must not be written over it."""
    clips = np.full((6, 300, 300), 50, np.uint8), np.full((2, 40, 40), 90, np.uint8)
    for clip in clips:
        clip[:, 18:22, 18:22] = 200
        np.save(tmp_path / "mine.npy", clip)
        demo._uploaded(uploaded("mine.npy", (tmp_path / "mine.npy").read_bytes()))
        if clip is clips[0]:
            first = demo._frames()
            demo.clip.value = sandbox.CLIPS[0]
    assert demo.clip.value == "mine.npy" and len(demo._frames()) == 2
    np.testing.assert_array_equal(first[5], clips[0][5])


@pytest.mark.parametrize("name", ["..", "x" * 300 + ".npy", "", "a.hcc", "a.cptv", "a.avi"])
def test_whatever_is_uploaded_is_told_when_it_is_no_clip(demo, name, monkeypatch):
    for package in ("fasthcc", "cptv"):  # as in an installation without what reads these kinds
        monkeypatch.setitem(sys.modules, package, None)
    demo._uploaded(uploaded(name, b"no clip"))
    assert "Not possible" in demo.text.value and demo.clip.value == sandbox.CLIPS[0]
    demo._uploaded({"new": ()})  # the list of uploads was emptied


def test_names_are_shown_as_they_are(demo, tmp_path):
    """No formula, no HTML."""
    np.save(tmp_path / "mine.npy", np.asarray(moving_spot(5).frames))
    content = (tmp_path / "mine.npy").read_bytes()
    demo._uploaded(uploaded(r"$\frac$<b>.npy", content))
    picker(demo)._track(None)
    assert "5 frames followed" in picker(demo).text.value
    assert picker(demo).result.children[0].children[1].children[-1].value  # the picture was drawn
    demo._uploaded(uploaded("<img src=x>.npy", b"none"))
    assert "<img" not in demo.text.value and "&lt;img" in demo.text.value
