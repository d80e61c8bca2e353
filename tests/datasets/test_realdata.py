"""On real sequences, with IRTRACK_DATA; skipped without. Nothing here needs one certain copy of the data."""

import numpy as np
import pytest

from irtrack_core.boxes import center_error
from irtrack_core.datasets import load, subsample
from irtrack_core.datasets.check import check_sequence
from irtrack_core.datasets.kaist_files import pair
from irtrack_core.datasets.recordings import check_split, read_table
from irtrack_core.trackers import create

pytestmark = pytest.mark.realdata


def load_or_skip(name, root, **options):
    try:
        return load(name, root, **options)
    except FileNotFoundError as error:
        pytest.skip(f"IRTRACK_DATA holds no {name} set: {error}")


@pytest.fixture(scope="module")
def validation(realdata):
    return load_or_skip("svanstrom", realdata)


def test_validation_list_is_that_of_the_table(validation):
    assert {one.name for one in validation} <= {
        name for name, (_, part) in read_table().items() if part == "validation"
    }
    assert {sequence.shape for sequence in validation} == {(256, 320)}
    assert all(sequence.first < 60 and sequence.present.sum() > 60 for sequence in validation)


def test_splits_share_no_recording(realdata, validation):
    train = load_or_skip("svanstrom", realdata, split="train")
    check_split(train, validation)
    assert train


def test_native_labels_equal_the_decoded_ones(realdata, validation):
    compared = 0
    for sequence in validation:
        try:
            (native,) = load("svanstrom", realdata, names=[sequence.name], labels="mat")
            (decoded,) = load("svanstrom", realdata, names=[sequence.name], labels="csv")
        except FileNotFoundError:
            continue
        np.testing.assert_allclose(native.boxes, decoded.boxes, atol=1e-3)  # the CSV has three decimals
        compared += 1
    if not compared:
        pytest.skip("no sequence with both kinds of labels")


def test_a_real_sequence_is_sound(validation):
    sequence = next(s for s in validation if s.name == "IR_BIRD_071")
    report = check_sequence(sequence)
    assert not report.errors and report.frames == len(sequence)
    assert any("absent in frames" in text for text in report.warnings)  # it leaves the frame and comes back


@pytest.mark.parametrize("stride", [1, 6])
def test_peak_on_easy_real_sequences(validation, stride):
    """Four sequences without cut, occlusion or cover, which no tracker worth comparing with may lose."""
    for sequence in validation:
        if sequence.name in ("IR_DRONE_059", "IR_DRONE_108", "IR_BIRD_043", "IR_HELICOPTER_044"):
            short = subsample(sequence, stride)
            tracker, start = create("peak"), short.first
            stop = min(len(short), start + 120)
            tracker.init(short.frames[start], short.boxes[start])
            found = [tracker.update(short.frames[index]) for index in range(start + 1, stop)]
            error = center_error(found, short.boxes[start + 1 : stop])
            assert np.nanmean(error <= 5) > 0.95, sequence.name


def test_hui_centroid_lies_near_the_annotated_centre(realdata):
    (sequence,) = load_or_skip("hui", realdata)[:1]
    assert sequence.shape == (256, 256) and sequence.frames.dtype == np.uint8
    offsets = []
    for index in np.flatnonzero(sequence.present)[:26]:
        x, y, w, h = sequence.boxes[index].astype(int)
        part = sequence.frames[index][y : y + h, x : x + w].astype(float)
        weight = np.maximum(part - np.median(part), 0)
        rows, columns = np.mgrid[:h, :w] + 0.5
        offsets.append([(columns * weight).sum() / weight.sum() - w / 2, (rows * weight).sum() / weight.sum() - h / 2])
    assert np.abs(np.median(offsets, axis=0)).max() < 1.5  # a box that belonged to other frames would be off by more


def test_kaist_pairs_and_people(realdata):
    sequences = load_or_skip("kaist", realdata, min_length=1)
    sizes = np.array([sequence.boxes[0, 2:] for sequence in sequences])
    assert {sequence.shape for sequence in sequences} == {(512, 640)}
    assert np.all(np.median(sizes[:, 1] / sizes[:, 0]) > 1.5)  # people stand
    visible = pair(sequences[0])[0]
    assert visible.shape == (512, 640) and not np.array_equal(visible, sequences[0].frames[0])


def test_cptv_is_raw_sixteen_bit(realdata):
    for sequence in load_or_skip("cptv", realdata):
        assert sequence.frames.dtype == np.uint16 and sequence.shape == (120, 160)
        assert sequence.frames[len(sequence) - 1].max() > 255
        np.testing.assert_array_equal(sequence.frames[0], next(iter(sequence.frames)))
