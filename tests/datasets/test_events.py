"""The set of events: in each sequence that very thing happens, whatever the seed and the length."""

import numpy as np
import pytest

from irtrack_core import boxes, datasets
from irtrack_core.datasets.events import EVENTS


def one(event, **options):
    (sequence,) = datasets.load("sim-events", events=[event], **options)
    return sequence


def runs(present):
    """Lengths of the runs of one value, the first of them a run of presence."""
    edges = np.flatnonzero(np.diff(np.concatenate([[-1], present.astype(int), [-1]])))
    return np.diff(edges).tolist()


def test_the_contract_of_a_dataset():
    sequences = datasets.load("sim-events", frames=60)
    assert [s.name for s in sequences] == [f"sim-events-{name}" for name in EVENTS]
    assert {s.dataset for s in sequences} == {"sim-events"} and "sim-events" in datasets.available()
    for sequence in sequences:
        assert sequence.shape == (256, 320) and sequence.oversampling == (2.0, 2.0) and len(sequence) == 60
        assert sequence.notes[0].startswith("the target")
        for box in sequence.boxes[sequence.present]:
            boxes.check_box(box, sequence.shape)
        parts = sequence.components(59)
        np.testing.assert_array_equal(parts.image, parts.target + parts.background + parts.clutter)
        np.testing.assert_array_equal(parts.image, sequence.frames[59])


@pytest.mark.parametrize("frames, seed", [(60, 0), (60, 3), (150, 1), (400, 2)])
def test_it_leaves_and_comes_back(frames, seed):
    sequence = one("leave", frames=frames, seed=seed)
    assert sequence.present[:5].all()
    lengths = runs(sequence.present)
    assert any(away >= 5 and back >= 5 for away, back in zip(lengths[1::2], lengths[2::2]))
    gone = np.flatnonzero(~sequence.present)
    x, y = sequence.components(gone[len(gone) // 2]).target.shape
    assert (x, y) == (256, 320)


def test_it_is_hidden_for_a_fifth_of_the_frames():
    sequence = one("occlusion", frames=100)
    lengths = runs(sequence.present)
    assert len(lengths) == 3 and abs(lengths[1] - 20) <= 2 and not sequence.components(50).target.any()


def test_it_is_crossed_by_its_like():
    sequence = one("crossing", frames=100)
    meeting = sequence.components(0)
    assert meeting.target.max() > 0
    # the distractor is in the background: somewhere it comes within reach of the target with a contrast like its own
    near = []
    for index in range(0, 100, 3):
        parts, (x, y, w, h) = sequence.components(index), sequence.boxes[index]
        rows, columns = slice(max(int(y), 0), int(y + h) + 1), slice(max(int(x), 0), int(x + w) + 1)
        around = parts.background[rows, columns]
        near.append(around.max() - np.median(parts.background) > 0.7 * parts.target.max())
    assert 0 < sum(near) < len(near) / 2


def test_it_is_cold_grows_flickers_and_turns():
    assert one("cold", frames=60).components(10).target.min() < -10
    growth = np.sqrt(one("growth", frames=60).boxes[:, 2:].prod(axis=1))
    assert growth[-1] > 3 * growth[0] * 0.7
    flapping = one("flapping", frames=60)
    assert np.ptp(flapping.boxes[:20, 2:], axis=0).max() > 2
    path = boxes.centers(one("manoeuvre", frames=120).boxes)
    heading = np.unwrap(np.arctan2(*np.diff(path, axis=0).T[::-1]))
    assert np.ptp(heading) > np.pi
    steps = {
        name: np.hypot(*np.diff(boxes.centers(one(name, frames=60).boxes), axis=0).T) for name in ("shaking", "cold")
    }
    assert steps["shaking"].std() > 5 * steps["cold"].std()


def test_its_scanner_is_poor():
    frame = one("sensor", frames=60).frames[0].astype(float)
    assert (np.ptp(frame, axis=1) == 0).sum() == round(0.02 * 256)  # dead rows


@pytest.mark.parametrize(
    "options, message",
    [(dict(frames=20), "60 frames"), (dict(events=["rain"]), "unknown event 'rain'"), (dict(seed=-1), "seed")],
)
def test_bad_requests_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        datasets.load("sim-events", **options)
