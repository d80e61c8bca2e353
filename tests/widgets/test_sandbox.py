"""The sandbox: what is chosen is what is tracked, and a clip that cannot be read is told."""

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
