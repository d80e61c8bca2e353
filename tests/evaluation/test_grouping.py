"""Means over recordings: seeds first, then the clips of a recording; tables from before the column `recording`."""

import numpy as np
import pandas as pd
import pytest

from irtrack_core import evaluation
from irtrack_core.datasets import Sequence
from irtrack_core.datasets.recordings import read_table
from irtrack_core.evaluation import TrackResult, statistics
from irtrack_core.evaluation.grouping import recording_means, with_recording

COLUMNS = ["dataset", "recording", "sequence", "tracker", "aor"]
# recording r: clips a (two seeds, mean 0.2) and b (0.4), so 0.3; recording s: clip c
ROWS = [
    ("d", "r", "a", "t", 0.1),
    ("d", "r", "a", "t", 0.3),
    ("d", "r", "b", "t", 0.4),
    ("d", "s", "c", "t", 0.9),
]


def test_seeds_then_clips_then_recordings():
    each = recording_means(pd.DataFrame(ROWS, columns=COLUMNS), ["aor"], ["tracker"])
    assert each["recording"].tolist() == ["r", "s"] and each["sequences"].tolist() == [2, 1]
    np.testing.assert_allclose(each["aor"], [0.3, 0.9])


def test_one_name_in_two_datasets_is_two_recordings():
    table = pd.DataFrame([*ROWS, ("e", "r", "a", "t", 0.5)], columns=COLUMNS)
    assert len(recording_means(table, ["aor"], ["tracker"])) == 3
    assert recording_means(table, ["aor"], ["dataset"])["dataset"].tolist() == ["d", "d", "e"]


def test_tables_without_recordings_get_those_of_svanstrom(tmp_path):
    clips = list(read_table())[:3]
    rows = [("svanstrom", clip) for clip in clips] + [("sim-aircraft", "sim-aircraft-04"), ("other", clips[0])]
    table = pd.DataFrame(rows, columns=["dataset", "sequence"])
    found = with_recording(table)["recording"].tolist()
    assert found == [*(read_table()[clip][0] for clip in clips), "sim-aircraft-04", clips[0]]
    # read again from a file, beside rows of a table that had none
    with_recording(table).iloc[:3].to_csv(tmp_path / "new.csv", index=False)
    both = pd.concat([pd.read_csv(tmp_path / "new.csv"), table.iloc[3:]])
    assert with_recording(both)["recording"].tolist() == found


def clip(name, recording=""):
    frames = np.zeros((3, 20, 40), np.uint8)
    return Sequence(name, "set", frames, np.tile([10.0, 5, 4, 4], (3, 1)), recording=recording)


def result(name, off):
    """Boxes whose overlap with the truth is (4 - off) / (4 + off) in every frame."""
    boxes = np.tile([10.0 + off, 5, 4, 4], (3, 1))
    return TrackResult(name, "set", "t", boxes, np.ones(3), 0.5, 2)


def test_every_mean_is_over_recordings():
    """Three clips of one recording with an overlap of 0 and one clip of another with 1: 0.5, not 0.25."""
    sequences = [clip("a", "r"), clip("b", "r"), clip("c", "r"), clip("alone")]
    results = [result(name, 8) for name in "abc"] + [result("alone", 0)]
    table = evaluation.evaluate(results, sequences)
    assert table["recording"].tolist() == ["r", "r", "r", "alone"]
    summary = evaluation.summarize(table).loc[0]
    assert (summary["aor"], summary["recordings"], summary["sequences"], summary["fps"]) == (0.5, 2, 4, 4)
    means = statistics.measures(table)
    assert means.loc["t", "aor"] == 0.5 and means.loc["t", "recordings"] == 2
    assert evaluation.curves(results, sequences)["t"][0] == 0.5
    assert statistics.resets(results, sequences).loc["t", "failures"] == 9
    members = statistics.strata_of(sequences).assign(factor="f", stratum="x").drop_duplicates()
    (row,) = statistics.strata(table, members, np.random.default_rng(0)).itertuples()
    assert (row.mean, row.sequences, row.recordings, row.kind) == (0.5, 4, 2, "exact")


def test_differences_are_over_the_recordings_of_both():
    rows = [("d", "r", f"r{k}", "one", 0.6) for k in range(30)] + [
        ("d", f"q{k}", f"q{k}", "one", 0.5) for k in range(8)
    ]
    rows += [(*row[:3], "two", 0.5 if row[1] == "r" else 0.51 + 0.001 * k) for k, row in enumerate(rows)]
    rows += [("d", "only", "only", "one", 0.0)]
    found = statistics.differences(pd.DataFrame(rows, columns=COLUMNS), "one", np.random.default_rng(0))
    (row,) = found.itertuples()
    # 30 clips of one recording do not make 38 witnesses: nine recordings give a range
    assert (row.sequences, row.recordings, row.kind, row.clear) == (38, 9, "range", False)
    assert row.high == pytest.approx(0.1) and row.difference < 0.01
