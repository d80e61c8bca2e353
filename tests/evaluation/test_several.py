"""Measures of several targets: cases worked by hand, and the packages that are asked."""

import numpy as np
import pytest

from irtrack_core.evaluation.several import several

TRUTH = np.tile([[[10.0, 10, 4, 4]], [[50, 10, 4, 4]]], (1, 4, 1))  # two targets that stand for four frames
AWAY = TRUTH[:1] + [0, 60, 0, 0]

needs = pytest.mark.skipif(
    any(__import__("importlib.util").util.find_spec(name) is None for name in ("trackeval", "stonesoup")),
    reason="trackeval and Stone Soup are in the extra `several`",
)


@needs
def test_a_perfect_answer():
    found = several(TRUTH, {3: TRUTH[0], 8: TRUTH[1]})
    assert found == {
        "HOTA": 1, "DetA": 1, "AssA": 1, "IDF1": 1, "switches": 0, "GOSPA": 0, "false tracks": 0, "false tracks an hour": 0,
    }  # fmt: skip


@needs
def test_two_that_change_places_halfway():
    tracks = {1: np.r_[TRUTH[0, :2], TRUTH[1, 2:]], 2: np.r_[TRUTH[1, :2], TRUTH[0, 2:]]}
    found = several(TRUTH, tracks)
    # each pair holds for 2 of the 4 frames of either: A = 2 / (2 + 2 + 2); all are detected
    assert found["HOTA"] == pytest.approx(np.sqrt(1 / 3)) and found["DetA"] == 1
    # of 8 boxes on either side 4 go with their best identity: 2 * 4 / (8 + 8)
    assert found["IDF1"] == 0.5 and found["switches"] == 2 and found["GOSPA"] == 0


@needs
def test_one_that_is_off_and_one_that_is_missed():
    found = several(TRUTH, {1: TRUTH[0] + [3, 0, 0, 0]})
    assert found["GOSPA"] == pytest.approx(np.sqrt(3**2 + 6**2 / 2))
    assert found["IDF1"] == pytest.approx(2 * 4 / (8 + 4)) and found["switches"] == 0
    # 1 - 3 / 12 = 0.75: a pair at 15 of the 19 thresholds, one of two targets found without a false box
    assert found["DetA"] == pytest.approx(15 / 19 * 1 / 2) and found["AssA"] == pytest.approx(15 / 19)
    assert several(TRUTH, {1: TRUTH[0] + [6.5, 0, 0, 0]})["IDF1"] == 0


@needs
def test_nothing_found_and_a_false_track():
    assert several(TRUTH, {})["GOSPA"] == pytest.approx(np.sqrt(2 * 6**2 / 2))
    found = several(TRUTH, {1: TRUTH[0], 2: TRUTH[1], 9: AWAY[0]}, fps=4.0)
    assert found["false tracks"] == 1 and found["false tracks an hour"] == pytest.approx(3600)
    assert found["GOSPA"] == pytest.approx(np.sqrt(6**2 / 2))


@needs
def test_what_may_be_tracked_or_not_is_left_out():
    tracks = {1: TRUTH[0], 2: TRUTH[1], 9: AWAY[0]}
    assert several(TRUTH, tracks, left_out=AWAY) == several(TRUTH, {1: TRUTH[0], 2: TRUTH[1]})
    # a track that leaves its target for a decoy misses the target
    leaves = {1: np.r_[TRUTH[0, :2], AWAY[0, 2:]], 2: TRUTH[1]}
    found = several(TRUTH, leaves, left_out=AWAY)
    assert found["IDF1"] == pytest.approx(2 * 6 / (8 + 6)) and found["false tracks"] == 0


@needs
def test_absent_targets_and_motmetrics_agree():
    motmetrics = pytest.importorskip("motmetrics", reason="motmetrics has an environment of its own")
    rng = np.random.default_rng(0)
    truth = np.concatenate(
        [rng.uniform(0, 60, (3, 1, 2)) + np.arange(12)[None, :, None], np.full((3, 12, 2), 4.0)], axis=2
    )
    truth[0, 5:8] = np.nan
    tracks = {k: truth[k] + [*rng.normal(0, 1, 2), 0, 0] for k in range(3)}
    tracks[1][6:] = tracks[2][6:]
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for t in range(12):
        there = (
            [k for k in range(3) if np.isfinite(truth[k, t, 0])],
            [k for k in range(3) if np.isfinite(tracks[k][t, 0])],
        )
        apart = [[np.hypot(*(truth[i, t, :2] - tracks[j][t, :2])) for j in there[1]] for i in there[0]]
        accumulator.update(*there, np.where(np.array(apart) <= 6, apart, np.nan))
    summary = motmetrics.metrics.create().compute(accumulator, metrics=["idf1", "num_switches"], name="x")
    found = several(truth, tracks)
    assert found["IDF1"] == pytest.approx(summary.loc["x", "idf1"])
    assert found["switches"] == summary.loc["x", "num_switches"]


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match="no true box"):
        several(np.full((1, 4, 4), np.nan), {})
    with pytest.raises(ValueError, match="tracks have 3 frames and the truth 4"):
        several(TRUTH, {1: TRUTH[0, :3]})
