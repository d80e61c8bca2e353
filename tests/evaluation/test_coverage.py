"""Sureness: what a tracker says of its own errors, counted with a stand-in whose errors are known."""

import numpy as np
import pytest

from irtrack_core import datasets, trackers
from irtrack_core.boxes import from_centers
from irtrack_core.evaluation import coverage
from irtrack_core.trackers import sureness as sure
from irtrack_core.trackers.kalman import Kalman


class Erring:
    """Errs by a normal law of known deviations: of the place 0.2 sides, of the sides' logarithms 0.1."""

    name, missed, score = "erring", 0, 0.9

    def init(self, frame, box):
        self.rng, self.truth, self.at = np.random.default_rng(0), box, 0
        self.size, self.side, self.observation = box[2:], 10.0, None
        self.motion = Kalman(box[:2], self.side, 1.0)

    def update(self, frame):
        self.at, self.observation = self.at + 1, True
        center = self.truth[:2] + self.truth[2:] / 2 + [self.at, 0]
        self.size = self.truth[2:] * np.exp(self.rng.normal(0, 0.1, 2))
        return from_centers(center + self.rng.normal(0, 2.0, 2), self.size)


RADII = tuple(np.sqrt(-2 * np.log(1 - np.array(sure.LEVELS))))  # of a normal law in two dimensions


@pytest.fixture
def moving():
    boxes = np.array([[10.0 + t, 20, 10, 10] for t in range(600)])
    return datasets.sequence.Sequence("one", "made", np.zeros((600, 40, 40), np.uint8), boxes)


def test_true_deviations_cover_what_they_should(moving, monkeypatch):
    place, size = (np.log(0.2), 0, 0, 0, 0), (np.log(0.1), 0, 0, 0, 0)
    monkeypatch.setitem(sure.FITTED, "erring", sure.Fitted(place, size, RADII, RADII))
    (row,) = coverage.coverage(Erring(), [moving]).to_dict("records")
    allowed = 4 * np.sqrt(0.68 * 0.32 / 599)
    assert row["frames"] == 599 and row["on_target"] == 1
    for what in ("place", "size"):
        assert row[f"{what}_68"] == pytest.approx(0.68, abs=allowed) and row[f"{what}_95"] == pytest.approx(
            0.95, abs=0.035
        )
    monkeypatch.setitem(sure.FITTED, "erring", sure.Fitted((np.log(0.1), 0, 0, 0, 0), size, RADII, RADII))
    (row,) = coverage.coverage(Erring(), [moving]).to_dict("records")
    assert row["place_68"] < 0.3 and row["size_68"] > 0.6  # too sure of the place


def test_trackers_without_measured_errors_say_nothing(moving):
    frame = np.zeros((40, 40), np.uint8)
    frame[20:24, 20:24] = 200
    peak = trackers.create("peak")
    peak.init(frame, [20, 20, 4, 4])
    peak.update(frame)
    assert sure.sureness(peak) is None
    with pytest.raises(ValueError, match="'peak'"):
        coverage.errors(trackers.create("peak"), datasets.load("sim-otcbvs", frames=3, sequences=1)[0])


@pytest.mark.parametrize("name", ["siamese", "motion"])
def test_the_less_a_tracker_sees_the_less_sure_it_is(name):
    one = datasets.load("sim-pedestrian", frames=8, sequences=1)[0]
    tracker = trackers.create(name)
    tracker.init(one.frames[0], one.boxes[0])
    assert sure.sureness(tracker) is None
    for number in range(1, 5):
        tracker.update(one.frames[number])
    seen = sure.sureness(tracker)
    assert seen.covariance.shape == (4, 4) and (np.diag(seen.covariance) > 0).all()
    assert (seen.axes(0.95) > seen.axes(0.68)).all() and seen.axes(0.95).max() < tracker.side
    for _ in range(6):  # the target is gone
        tracker.update(np.full_like(one.frames[0], int(np.median(one.frames[0]))))
    assert sure.sureness(tracker).axes(0.68)[0] > 2 * seen.axes(0.68)[0]
