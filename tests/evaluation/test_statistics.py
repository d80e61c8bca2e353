"""Tables that compare trackers, against the same numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from irtrack_core import evaluation
from irtrack_core.datasets import Sequence, load
from irtrack_core.evaluation import statistics
from irtrack_core.experiments import study


def table(rows):
    return pd.DataFrame(rows, columns=["dataset", "sequence", "tracker", "aor"])


def many(differ, count=12, seed=0):
    rng = np.random.default_rng(seed)
    hard = rng.uniform(0.1, 0.9, count)
    rows = [("a", f"s{k}", "one", hard[k]) for k in range(count)]
    return table(rows + [("a", f"s{k}", "two", hard[k] - differ + rng.normal(0, 0.02)) for k in range(count)])


def test_differences_are_paired_by_sequence():
    (row,) = statistics.differences(many(0.1), "one", np.random.default_rng(0)).itertuples()
    assert (row.tracker, row.sequences, row.recordings, row.kind) == ("two", 12, 12, "interval") and row.clear
    assert row.difference == pytest.approx(0.1, abs=0.02) and row.low < row.difference < row.high
    (row,) = statistics.differences(many(0.0), "one", np.random.default_rng(0)).itertuples()
    assert not row.clear and row.low < 0 < row.high
    back = statistics.differences(many(0.1), "two", np.random.default_rng(0))
    assert back["difference"].item() < -0.08


def test_differences_average_seeds_and_refuse_what_cannot_be_paired():
    rows = [("a", "x", "one", 0.2), ("a", "x", "one", 0.4), ("a", "x", "two", 0.1), ("a", "y", "one", 0.5)]
    alone = statistics.differences(table(rows), "one", np.random.default_rng(0))  # y lacks its partner
    assert alone["difference"].item() == pytest.approx(0.2) and alone["recordings"].item() == 1
    with pytest.raises(ValueError, match="no sequence in common"):
        statistics.differences(table([*rows[:2], ("a", "z", "two", 0.1)]), "one", np.random.default_rng(0))
    both = table([*rows, ("a", "y", "two", 0.3)])
    assert statistics.differences(both, "one", np.random.default_rng(0))["difference"].item() == pytest.approx(0.2)
    with pytest.raises(ValueError, match="no results of 'three'"):
        statistics.differences(both, "three", np.random.default_rng(0))


class Leaves:
    """Answers the given box moved by 5 px a frame: 4 px boxes are lost at once."""

    name, score = "leaves", 1.0

    def init(self, frame, box):
        self.box = np.array(box, float)

    def update(self, frame):
        self.box = self.box + [5, 0, 0, 0]
        return self.box


def resting(name="one", frames=13):
    return Sequence(name, "set", np.zeros((frames, 30, 90), np.uint8), np.tile([10.0, 10, 4, 4], (frames, 1)))


def test_resets_count_failures_and_start_anew(tmp_path):
    sequences = [resting(), resting("two", frames=8)]
    made = {"leaves": Leaves(), "identity": study.make_tracker("identity", tmp_path)}
    results = study.track(sequences, list(made), tmp_path, resets=3, made=made)
    found = statistics.resets(results, sequences)
    # frames 1, 5, 9 fail, and a start follows three frames later: 4, 8, 12; of eight frames two failures
    assert found.loc["leaves", "failures"] == 5 and found.loc["leaves", "frames"] == 21
    assert found.loc["leaves", "robustness"] == pytest.approx(np.mean([np.exp(-90 / 13), np.exp(-60 / 8)]))
    assert found.loc["identity"].tolist() == [1.0, 0.0, 21.0, 1.0]
    assert len(list((tmp_path / "boxes" / "set").glob("*__resets.csv"))) == 4


def test_conditions_of_a_simulated_sequence():
    (sequence,) = load("sim-aircraft", frames=4, sequences=1)
    found = statistics.conditions(sequence, frames=4)
    sizes = np.sqrt(sequence.boxes[:, 2] * sequence.boxes[:, 3])
    assert found["size"] == pytest.approx(sizes.mean()) and found["oversampling"] == 3
    parts = [sequence.components(index) for index in range(4)]
    from irtrack_core import metrics

    peaks = [np.abs(p.target).max() / metrics.noise_sigma(p.image) for p in parts]
    assert found["snr"] == pytest.approx(np.mean(peaks)) and found["clutter"] > 0


def test_conditions_of_a_real_sequence():
    rng = np.random.default_rng(0)
    frames = rng.normal(100, 2, (3, 60, 60)).astype(np.float32)
    frames[:, 30:34, 30:34] = 150
    found = statistics.conditions(Sequence("r", "real", frames, np.tile([30.0, 30, 4, 4], (3, 1))))
    assert found["snr"] == pytest.approx(25, rel=0.1) and found["clutter"] == pytest.approx(1, rel=0.1)
    assert np.isnan(found["oversampling"])


def test_strata_split_sequences_and_keep_all_of_them():
    sequences = [one for name in ("sim-aircraft", "sim-otcbvs") for one in load(name, frames=2, sequences=3)]
    results = study_identity(sequences)
    each = evaluation.evaluate(results, sequences)
    found = statistics.strata(each, statistics.strata_of(sequences), np.random.default_rng(0))
    for factor, part in found.groupby("factor"):
        assert part["sequences"].sum() == 6, factor
        weighted = (part["mean"] * part["sequences"]).sum() / 6
        assert weighted == pytest.approx(each["aor"].mean())
    exact = found[found["factor"] == "samples per detector"]
    assert exact["stratum"].tolist() == ["2", "3"] and exact["sequences"].tolist() == [3, 3]
    names = found[found["factor"] == "size, px"]["stratum"].tolist()
    assert names[0].startswith("up to") and names[1].startswith("above")
    sizes = [statistics.conditions(one)["size"] for one in sequences]
    assert float(names[0].split()[-1]) == pytest.approx(np.median(sizes), rel=0.01)


def test_factors_that_split_alike_are_named():
    strata = {"SNR": "aabb", "size, px": "ssll", "clutter / noise": "abab"}
    rows = [("d", f"s{k}", factor, label) for factor, labels in strata.items() for k, label in enumerate(labels)]
    members = pd.DataFrame(rows, columns=["dataset", "sequence", "factor", "stratum"])
    assert statistics.confounded(members) == [["SNR", "size, px"]]
    assert statistics.confounded(members[members["factor"] != "SNR"]) == []
    # of simulated sequences: the small ones are also the faint ones
    sequences = [one for name in ("sim-aircraft", "sim-pedestrian") for one in load(name, frames=2, sequences=2)]
    assert {"SNR", "size, px"} <= set(statistics.confounded(statistics.strata_of(sequences))[0])


def study_identity(sequences):
    tracker = study.make_tracker("identity", None)
    return [evaluation.run(tracker, one) for one in sequences]


def test_measures_average_seeds_then_sequences():
    sequences = [resting(), resting("two")]
    results = study_identity(sequences)
    each = pd.concat([evaluation.evaluate(results, sequences)] * 2)
    means = statistics.measures(each, ["peak", "identity"])
    assert list(means.index) == ["identity"] and means.loc["identity", "aor"] == 1
    assert means.loc["identity", "rmse"] == 0 and np.isnan(means.loc["identity", "rmse_d"])
