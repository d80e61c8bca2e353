"""The simulated sets and the random training sequences: contract, ranges, seeds."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import boxes, datasets
from irtrack_core.datasets import synthetic

SHAPES = {"sim-aircraft": (256, 256), "sim-pedestrian": (480, 640), "sim-otcbvs": (240, 320)}


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_set_keeps_the_dataset_contract(name):
    sequences = datasets.load(name, frames=7)
    assert [s.name for s in sequences] == [f"{name}-{k:02d}" for k in range(10)]
    for sequence in sequences:
        assert sequence.dataset == name and len(sequence) == 7 and sequence.shape == SHAPES[name]
        assert sequence.present.all()
        for box in sequence.boxes:
            boxes.check_box(box, sequence.shape)
    frame = sequences[0].frames[3]
    parts = sequences[0].components(3)
    assert frame.dtype == np.uint8 and frame.shape == SHAPES[name]
    np.testing.assert_array_equal(frame, parts.target + parts.background + parts.clutter)
    np.testing.assert_array_equal(parts.box, sequences[0].boxes[3])


def test_sizes_are_those_of_the_sets():
    sizes = {name: np.array([s.boxes[:, 2:].mean(axis=0) for s in datasets.load(name, frames=12)]) for name in SHAPES}
    assert (sizes["sim-aircraft"] > 2).all() and (sizes["sim-aircraft"] < 14).all()
    width, height = sizes["sim-pedestrian"].T
    assert (width > 6).all() and (width < 35).all() and (height > 15).all() and (height < 80).all()
    assert (height > 1.5 * width).all()
    width, height = sizes["sim-otcbvs"].T
    people = height > width
    assert people.sum() == 8  # and two vehicles
    assert (height[people] > 11).all() and (height[people] < 32).all()


def test_same_seed_same_numbers_whatever_is_asked_for_besides():
    few = datasets.load("sim-aircraft", frames=5, sequences=3, seed=4)
    many = datasets.load("sim-aircraft", frames=5, sequences=6, seed=4)
    for a, b in zip(few, many):
        np.testing.assert_array_equal(a.boxes, b.boxes)
    np.testing.assert_array_equal(few[2].frames[4], many[2].frames[4])
    other = datasets.load("sim-aircraft", frames=5, sequences=1, seed=5)
    assert not np.array_equal(few[0].boxes, other[0].boxes)


def test_sequences_of_a_set_differ():
    sequences = datasets.load("sim-otcbvs", frames=2, sequences=4)
    assert len({s.frames[0].tobytes() for s in sequences}) == 4


def test_a_simulated_sequence_can_be_pickled():
    sequence = datasets.load("sim-aircraft", frames=3, sequences=1)[0]
    copy = pickle.loads(pickle.dumps(sequence))
    np.testing.assert_array_equal(copy.frames[2], sequence.frames[2])


@pytest.mark.parametrize(
    "options, message", [(dict(frames=0), "frame"), (dict(sequences=0), "sequence"), (dict(seed=-2), "seed")]
)
def test_bad_counts_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        datasets.load("sim-aircraft", **options)


def test_unknown_set_is_named():
    with pytest.raises(ValueError, match="sim-boats"):
        synthetic.simulated_set("sim-boats")


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_random_sequences_are_usable(seed):
    sequence = synthetic.random_sequence(np.random.default_rng(seed), frames=3, shape=(96, 96))
    assert sequence.shape == (96, 96) and sequence.present.all()
    for box in sequence.boxes:
        boxes.check_box(box, (96, 96))
        # under a third of the frame, widened by h
        assert box[2:].min() > 0.5 and box[2:].max() < 0.3 * 96 * 3.5 * 1.3 + 20
    parts = sequence.components(2)
    np.testing.assert_array_equal(parts.image, parts.target + parts.background + parts.clutter)
    assert np.abs(parts.target).max() > 0


def test_random_sequences_are_reproducible_and_diverse():
    draw = lambda seed: synthetic.random_sequence(np.random.default_rng(seed), frames=2, shape=(96, 96))  # noqa: E731
    np.testing.assert_array_equal(draw(8).frames[1], draw(8).frames[1])
    drawn = [draw(seed) for seed in range(60)]
    sizes = np.array([np.sqrt(s.boxes[0, 2:].prod()) for s in drawn])
    assert sizes.min() < 5 and sizes.max() > 15
    assert {s.frames.dtype.name for s in drawn} == {"uint8", "uint16"}


def test_random_sequences_of_one_kind():
    walkers = [
        synthetic.random_sequence(np.random.default_rng(s), kind="pedestrian", frames=1, shape=(128, 128))
        for s in range(8)
    ]
    large = [s.boxes[0] for s in walkers if s.boxes[0, 3] > 12]
    assert large and all(box[3] > box[2] for box in large if box[3] > 20)
    with pytest.raises(ValueError, match="kind"):
        synthetic.random_sequence(np.random.default_rng(0), kind="ufo")
