"""Vanishing targets: what is simulated vanishes as asked, and a tracker that is known gets the measures that it must."""

import numpy as np
import pandas as pd
import pytest

from irtrack_core.experiments import vanishing


class Told:
    """A tracker that knows the true path, but for `late` frames after the gap, in which it claims another place."""

    name = "told"

    def __init__(self, made, late=0, claim=0.9, lost=False):
        self.made, self.late, self.claim, self.number = made, late, claim, 0
        self.says, self.lost = lost, False
        gone = np.flatnonzero(np.isnan(made.boxes[:, 0]))
        self.first, self.end = gone[0], gone[-1] + 1

    def init(self, frame, box):
        self.number, self.score, self.size = 0, 1.0, np.asarray(box)[2:]

    def update(self, frame):
        self.number += 1
        away = self.first + 2 <= self.number < self.end + self.late
        self.score, self.lost = self.claim if away else 0.9, away and self.says
        center = self.made.objects[0].path[self.number] + (40 if away and self.late else 0)
        return np.concatenate([center - self.size / 2, self.size])


@pytest.fixture(scope="module")
def hidden():
    return vanishing.simulation("occlusion", 0, 5)


@pytest.mark.parametrize(("kind", "gap"), [("occlusion", 5), ("occlusion", 60), ("decoys", 20), ("exit", 5)])
def test_the_target_vanishes_once_for_the_frames_asked_for(kind, gap):
    made = vanishing.simulation(kind, 1, gap)
    gone = np.flatnonzero(np.isnan(made.boxes[:, 0]))
    assert gone[-1] - gone[0] == len(gone) - 1  # once
    most = 2 * gap if kind == "exit" else gap + 1
    assert gap - 1 <= len(gone) <= most and gone[0] >= 10
    assert len(made.objects) == (5 if kind == "decoys" else 1)


def test_who_knows_the_path_is_back_at_once_and_claims_nothing_false(hidden):
    row = vanishing.measure(Told(hidden), hidden)
    assert (row["recovered"], row["wait"], row["held"], row["false"]) == (1.0, 0.0, 1.0, 0)


def test_who_is_late_and_sure_waits_and_claims_once(hidden):
    row = vanishing.measure(Told(hidden, late=7), hidden)
    assert (row["recovered"], row["wait"], row["held"], row["false"]) == (1.0, 7.0, 1.0, 1)
    unsure = vanishing.measure(Told(hidden, late=7, claim=0.3), hidden)
    assert (unsure["wait"], unsure["false"]) == (7.0, 0)
    told = vanishing.measure(Told(hidden, late=7, lost=True), hidden)
    assert (told["wait"], told["false"]) == (7.0, 0)


def test_who_never_comes_back_is_not_recovered(hidden):
    row = vanishing.measure(Told(hidden, late=1000), hidden)
    assert row["recovered"] == 0 and np.isnan(row["wait"]) and row["held"] == 0


def test_rates_have_exact_poisson_limits():
    rows = pd.DataFrame([dict(kind="exit", asked=5, tracker="a", frames=108_000, recovered=1, held=1, wait=2, false=0)])
    row = vanishing.summary(rows).iloc[0]
    assert (row["hours"], row["false_per_hour"], row["low"]) == (1.0, 0.0, 0.0)
    assert row["high"] == pytest.approx(-np.log(0.025))  # of nothing seen in one hour
    rows["false"] = 10
    row = vanishing.summary(rows).iloc[0]
    assert row["low"] == pytest.approx(4.795, abs=0.01) and row["high"] == pytest.approx(18.39, abs=0.01)


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="unknown kind 'melting'"):
        vanishing.simulation("melting", 0, 5)
