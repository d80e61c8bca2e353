"""The near window shows the middle of the whole one, and is enough only where the target is seen as clearly as before."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import moving_spot

from irtrack_core import datasets, trackers
from irtrack_core.config import TrackerSettings, network_preset
from irtrack_core.network import inference
from irtrack_core.network.crops import CropMaker
from irtrack_core.network.weights import SHIPPED, load_graphs, load_weights
from irtrack_core.trackers import near_window
from irtrack_core.trackers.batched import BatchedTracker
from irtrack_core.trackers.siamese import SiameseTracker
from irtrack_core.training.export import graphs
from irtrack_core.training.loop import new_net

NET = network_preset("compact")
WHOLE, NEAR = 95, 71  # crop pixels


def follow(tracker, frames, box):
    """(boxes (N, 4), whether the near window decided each frame)."""
    tracker.init(frames[0], box)
    boxes, near = [], []
    for frame in list(frames)[1:]:
        boxes.append(tracker.update(frame))
        near.append(tracker.near.frames > 0)
    return np.array(boxes), near


@pytest.fixture
def clip():
    one = moving_spot(frames=30)
    return list(one.frames), one.boxes


def never(monkeypatch):
    monkeypatch.setattr(near_window, "WHOLE", 0)


@given(
    center=st.tuples(st.floats(-5, 160), st.floats(-5, 160)),
    side=st.floats(40, 140),
    target=st.tuples(st.floats(3, 60), st.floats(3, 60)),
    seed=st.integers(0, 5),
)
def test_its_crop_is_the_middle_of_the_whole_one(center, side, target, seed):
    frame = np.random.default_rng(seed).normal(100, 20, (160, 160)).astype(np.float32)
    maker = CropMaker(NET, target, frame.shape)
    maker.template(frame, (80, 80), 47.0)
    whole, near = maker(frame, center, side), maker(frame, center, side, NEAR)
    margin = (WHOLE - NEAR) // 2
    assert near.shape == (2, NEAR, NEAR)
    inside = whole[:, margin:-margin, margin:-margin]
    np.testing.assert_array_equal(near[0], inside[0])
    # OpenCV rounds places to a 32nd of a pixel
    np.testing.assert_allclose(near[1], inside[1], atol=0.25)
    assert np.abs(near[1] - inside[1]).mean() < 0.01


def test_nan_in_the_window_is_refused_whichever_part_is_filtered():
    frame = np.random.default_rng(0).normal(100, 20, (160, 160)).astype(np.float32)
    maker = CropMaker(NET, (10, 10), frame.shape)
    maker.template(frame, (80, 80), 40.0)
    frame[45, 80] = np.nan  # in the window of 80 pixels, not in its middle, nor in the halo of the filter about that
    for size in (None, NEAR):
        with pytest.raises(ValueError, match="NaN"):
            maker(frame, (80, 80), 80.0, size)


@pytest.mark.parametrize("backend", inference.PRECISIONS)
def test_its_scores_are_those_of_the_whole_window(backend):
    if lacking := inference.missing(backend):
        pytest.skip(f"{lacking} not installed")
    path = SHIPPED / "compact.safetensors"
    engine = inference.engine(load_weights(path) if backend == "torch" else load_graphs(path), backend)
    rng = np.random.default_rng(0)
    engine.template(rng.normal(size=(2, 47, 47)).astype(np.float32))
    crops = rng.normal(size=(2, 2, WHOLE, WHOLE)).astype(np.float32)
    margin, trusted = (WHOLE - NEAR) // 2, near_window.TRUSTED
    assert engine.takes(NEAR)
    whole = engine.search(crops)
    near = engine.search(np.ascontiguousarray(crops[..., margin:-margin, margin:-margin]))
    for large, small in zip(whole, near):
        assert small.shape[-2:] == (near_window.POSITIONS,) * 2
        cells = slice(6 - trusted, 7 + trusted), slice(3 - trusted, 4 + trusted)
        a, b = large[..., cells[0], cells[0]], small[..., cells[1], cells[1]]
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert engine.search(crops)[0].shape == whole[0].shape  # and the whole window again


@pytest.mark.parametrize("name", ["siamese", "motion"])
def test_a_clear_target_has_the_same_boxes_for_less_work(name, clip, monkeypatch):
    frames, boxes = clip
    mine, near = follow(trackers.create(name), frames, boxes[0])
    assert sum(near) > len(near) / 2
    never(monkeypatch)
    plain, near = follow(trackers.create(name), frames, boxes[0])
    assert not any(near)
    np.testing.assert_allclose(mine, plain, atol=0.02)


@pytest.mark.parametrize("name", ["siamese", "motion"])
@pytest.mark.parametrize("number", [0, 1])  # a small one whose place the matched filter tells, and one before clutter
def test_a_simulated_one_has_the_same_boxes(name, number, monkeypatch):
    one = datasets.load("sim-aircraft", seed=(77, 78)[number], sequences=9, frames=40)[(5, 6)[number]]
    mine, near = follow(trackers.create(name), one.frames, one.boxes[0])
    assert any(near)
    never(monkeypatch)
    plain, _ = follow(trackers.create(name), one.frames, one.boxes[0])
    np.testing.assert_allclose(mine, plain, atol=0.02)


def test_the_whole_window_is_looked_at_now_and_then(clip):
    frames, boxes = clip
    _, near = follow(trackers.create("siamese"), frames, boxes[0])
    runs = "".join("n" if one else "w" for one in near).split("w")
    assert max(map(len, runs)) == near_window.WHOLE - 1


def test_a_target_that_vanishes_is_looked_for_in_the_whole_window_at_once(clip):
    frames, boxes = clip
    tracker = trackers.create("siamese")
    _, near = follow(tracker, frames[:20], boxes[0])
    assert any(near[-2:])
    for _ in range(2):
        tracker.update(np.full_like(frames[0], int(np.median(frames[0]))))
        assert tracker.near.frames == 0 and tracker.observation.crop.shape[-1] == WHOLE


def test_a_jump_of_level_and_gain_is_seen_through(clip, monkeypatch):
    frames, boxes = clip
    changed = [
        frame.astype(np.float32) * (1 if k < 15 else 0.6) + (0 if k < 15 else 40) for k, frame in enumerate(frames)
    ]
    mine, _ = follow(trackers.create("siamese"), changed, boxes[0])
    never(monkeypatch)
    plain, _ = follow(trackers.create("siamese"), changed, boxes[0])
    np.testing.assert_allclose(mine, plain, atol=0.02)


def test_where_there_is_none(clip):
    frames, boxes = clip
    for tracker in (
        trackers.create("siamese", settings=TrackerSettings(kalman=False)),
        SiameseTracker(new_net(network_preset("paper", width=0.03)).eval()),
        SiameseTracker(new_net(network_preset("compact", width=0.1, search_size=71)).eval()),
    ):
        tracker.init(frames[0], boxes[0])
        assert tracker.near.size is None
        assert tracker.near.look(tracker, frames[1], tracker.expected) is None


@pytest.mark.parametrize("backend", [name for name in inference.PRECISIONS if name != "torch"])
def test_graphs_that_take_one_size_of_crops_go_on_with_the_whole_window(backend, clip, monkeypatch):
    if lacking := inference.missing(backend):
        pytest.skip(f"{lacking} not installed")
    fixed = graphs(load_weights(SHIPPED / "compact.safetensors"), fixed=True)
    frames, boxes = clip
    tracker = SiameseTracker(fixed, backend=backend)
    mine, near = follow(tracker, frames[:12], boxes[0])
    if not tracker.engine.takes(NEAR):
        assert not any(near)
    never(monkeypatch)
    plain, _ = follow(SiameseTracker(fixed, backend=backend), frames[:12], boxes[0])
    np.testing.assert_allclose(mine, plain, atol=0.02)


@pytest.mark.parametrize("backend", inference.PRECISIONS)
@pytest.mark.parametrize("way", [copy.deepcopy, lambda tracker: pickle.loads(pickle.dumps(tracker)), copy.copy])
def test_a_copy_goes_on_with_it(backend, way, clip):
    if lacking := inference.missing(backend):
        pytest.skip(f"{lacking} not installed")
    frames, boxes = clip
    tracker = trackers.create("siamese", backend=backend)
    follow(tracker, frames[:8], boxes[0])
    other = way(tracker)
    for frame in frames[8:12]:
        np.testing.assert_array_equal(other.update(frame), tracker.update(frame))
        assert other.near.frames == tracker.near.frames
    assert tracker.near.frames > 0


def test_several_sequences_in_step_use_it_too():
    sequences = [datasets.load(name, frames=24, sequences=1, seed=5)[0] for name in datasets.SIMULATED]
    single = [follow(trackers.create("siamese"), one.frames, one.boxes[0]) for one in sequences]
    assert any(any(near) for _, near in single)
    together = BatchedTracker(trackers.create("siamese"))
    together.init([one.frames[0] for one in sequences], [one.boxes[0] for one in sequences])
    for k in range(1, 24):
        boxes = together.update([one.frames[k] for one in sequences])
        assert [t.near.frames > 0 for t in together.trackers] == [near[k - 1] for _, near in single]
        for box, (alone, _) in zip(boxes, single):
            assert box == pytest.approx(alone[k - 1], abs=0.02)
