"""The paper's own sets in the experiments, on files made here: what is there, what is said, and means over recordings."""

import media
import numpy as np
import pandas as pd
import pytest

from irtrack_core import metrics
from irtrack_core.datasets import ArrayFrames, Sequence
from irtrack_core.evaluation import TrackResult
from irtrack_core.experiments import real_sets, study

BOX = np.array([10.0, 10, 8, 8])


def sequence(name, recording, frames=5, dataset="hui"):
    images = ArrayFrames(np.zeros((frames, 48, 64), np.uint8))
    return Sequence(name, dataset, images, np.tile(BOX, (frames, 1)), recording=recording)


def result(one, error, tracker="mine"):
    """A tracker that is off by `error` px to the right in every frame, with boxes twice as large."""
    boxes = np.tile(BOX + [error - 4, -4, 8, 8], (len(one), 1))
    return TrackResult(one.name, one.dataset, tracker, boxes, np.ones(len(one)), 1.0, len(one) - 1)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Hui's data1 in two pieces and data2; a KAIST video whose images are single ones; no OSU folder."""
    monkeypatch.setenv("IRTRACK_DATA", str(tmp_path))
    for folder, numbers in (("data1", [*range(12), *range(90, 102)]), ("data2", range(12))):
        place = media.write_images(
            tmp_path / "hui_dimsmall" / folder, media.clip(len(numbers)), ".bmp", name=lambda i, n=numbers: n[i]
        )
        rows = [f"{n}.bmp {20 + n % 9},10,{28 + n % 9},18,0" for n in numbers]
        (place / "gt.txt").write_text("\n".join(rows))
    media.write_images(tmp_path / "kaist/images/set00/V000/lwir", media.clip(3), name=lambda i: f"I{900 * i:05d}")
    place = tmp_path / "kaist/annotations/set00/V000"
    place.mkdir(parents=True)
    for i in range(3):
        (place / f"I{900 * i:05d}.txt").write_text("% bbGt version=3\nperson 5 20 6 9 0 0 0 0 0 0 0")
    return tmp_path


def test_what_is_there_is_cut_and_what_is_not_is_said(data):
    sequences, told = real_sets.real_sets(6)
    assert [(one.name, one.recording, len(one)) for one in sequences] == [
        ("data1", "data1", 6), ("data1-2", "data1", 6), ("data2", "data2", 6)]  # fmt: skip
    assert told[0] == "hui: 3 of 3 sequences, 2 recordings"
    assert told[1] == "kaist: there, but no target is annotated in enough images in a row to be tracked"
    assert told[2].startswith("otcbvs: no folder") and "IRTRACK_DATA" in told[2] and str(data) not in "".join(told)
    some, told = real_sets.real_sets(most=2)
    assert [one.name for one in some] == ["data1", "data2"] and "2 of 3" in told[0] and len(some[0]) == 12


def test_without_data_it_says_how_to_get_them(monkeypatch):
    monkeypatch.delenv("IRTRACK_DATA", raising=False)
    assert real_sets.real_sets() == ([], [study.HOW_TO_GET_DATA])


def test_damaged_labels_are_no_missing_set(data):
    (data / "hui_dimsmall/data2/gt.txt").write_text("0.bmp 1,2,3")
    with pytest.raises(ValueError, match="line 1"):
        real_sets.real_sets()


def test_means_are_taken_within_a_recording_first():
    """Two cuts of one recording, one lost, and another recording: 1/2 of 1/2 + 1/2 of 1, not 2/3."""
    sequences = [sequence("a", "a"), sequence("a-2", "a", frames=9), sequence("b", "b")]
    results = [result(one, error) for one, error in zip(sequences, (4, 30, 2))]
    table = real_sets.measure(results, sequences)
    assert table["recording"].tolist() == ["a", "a", "b"] and table["aor"].isna().all()
    (row,) = real_sets.means(table).to_dict("records")
    assert (row["recordings"], row["sequences"], row["p5"], row["p3"]) == (2, 3, 0.75, 0.5)
    assert row["p5_lowest"] == 0.5 and np.isnan(row["aor"])
    curve = real_sets.precision(results, sequences).set_index("error")["value"]
    assert curve.index.tolist() == metrics.PIXEL_THRESHOLDS.tolist()
    assert [curve[at] for at in (1, 2, 4, 29, 30)] == [0, 0.5, 0.75, 0.75, 1]


def test_overlap_is_kept_where_boxes_have_a_size():
    sequences = [sequence("a", "a"), sequence("p", "p", dataset="kaist")]
    table = real_sets.measure([result(one, 0) for one in sequences], sequences).set_index("dataset")
    assert np.isnan(table.loc["hui", "aor"]) and table.loc["kaist", "aor"] == pytest.approx(0.25)
    means = real_sets.means(table.reset_index())
    assert isinstance(means, pd.DataFrame) and means["dataset"].tolist() == ["hui", "kaist"]
