"""The paper's preprocessing for tracking: boxes come back to the native frame, and changes are paired by recording."""

import numpy as np
import pandas as pd
import pytest

from irtrack_core.datasets import ArrayFrames, Sequence, preprocess
from irtrack_core.experiments import preprocessing


class Follows:
    """Gives the box of the brightest pixels: of a square that fills its box exactly, in whatever frame."""

    name = "follows"

    def init(self, frame, box):
        self.shapes = [frame.shape]

    def update(self, frame):
        self.shapes.append(frame.shape)
        weight = np.float64(frame) / frame.max()
        rows, columns = weight.sum(axis=1), weight.sum(axis=0)
        w, h = np.sqrt((weight**2).sum()), np.sqrt((weight**2).sum())
        y, x = (np.average(np.arange(len(v)) + 0.5, weights=v) for v in (rows, columns))
        return np.array([x - w / 2, y - h / 2, w, h])


def sequence(name="one", shape=(60, 80), dataset="set", frames=4):
    """A square of 12 px that moves by 3 px a frame."""
    images, boxes = np.zeros((frames, *shape), np.float32), []
    for i in range(frames):
        x = 10 + 3 * i
        images[i, 20:32, x : x + 12] = 1
        boxes.append([x, 20, 12, 12])
    return Sequence(name, dataset, ArrayFrames(images), np.array(boxes, float))


class Fixed:
    """Goes right by `step` px of the frame that it sees."""

    name = "fixed"

    def __init__(self, step):
        self.step = step

    def init(self, frame, box):
        self.box = box

    def update(self, frame):
        self.box = self.box + [self.step, 0, 0, 0]
        return self.box


def test_errors_are_those_of_the_native_frame():
    """12 px a frame in 640 x 480 are 1.5 px in 80 x 60: the error grows by half of the target's 3 px a frame."""
    one, made = sequence(frames=5), {"half": Fixed(12.0)}
    table = preprocessing.compare([one], made, modes=("letterbox", "stretch")).set_index("mode")
    assert table["tracker"].unique().tolist() == ["half"]
    for mode in ("letterbox", "stretch"):  # errors 1.5, 3, 4.5, 6
        assert table.loc[mode, ["p3", "p5", "p20"]].tolist() == [0.5, 0.75, 1.0]


def test_frames_have_the_size_of_each_mode_and_native_ones_are_untouched():
    one, tracker = sequence(shape=(64, 64)), Follows()
    for mode, shape in (("none", (64, 64)), ("letterbox", (480, 640)), ("stretch", (480, 640))):
        table = preprocessing.compare([one], {"it": tracker}, modes=(mode,))
        assert set(tracker.shapes) == {shape}
        if mode != "letterbox":  # whose grey borders pull at the centroid
            assert table["p3"].item() == 1 and (mode != "none" or table["aor"].item() == pytest.approx(1))


def test_sequences_that_have_the_size_are_left_out():
    both = [sequence(shape=(480, 640), name="large"), sequence()]
    assert preprocessing.compare(both, {"f": Fixed(3)}, modes=("none",))["sequence"].tolist() == ["one"]


def test_changes_are_paired_by_recording_and_few_give_a_range():
    rows = []
    for count, dataset in ((3, "hui"), (12, "many")):
        for k in range(count):
            for mode in preprocess.MODES:
                gain = {"none": 0, "letterbox": 0.1 + 0.01 * (k % 2), "stretch": -0.1}[mode]
                aor = np.nan if dataset == "hui" else 0.5 + 0.5 * gain
                rows.append([mode, dataset, f"r{k}", f"s{k}", "t", 10, 0, k / 20 + gain, 1, aor])
    columns = ["mode", "dataset", "recording", "sequence", "tracker", "annotated", "p3", "p5", "p20", "aor"]
    table = pd.DataFrame(rows, columns=columns)
    found = preprocessing.changes(table, np.random.default_rng(0)).set_index(["dataset", "mode", "measure"])
    assert ("hui", "letterbox", "aor") not in found.index and len(found) == 2 + 4
    row = found.loc["hui", "letterbox", "p5"]
    assert (row["kind"], row["recordings"]) == ("range", 3)
    np.testing.assert_allclose([row["mean"], row["low"], row["high"]], [0.31 / 3, 0.1, 0.11])
    row = found.loc["many", "letterbox", "p5"]
    assert row["kind"] == "interval" and 0.1 <= row["low"] < row["mean"] < row["high"] <= 0.11
    means = preprocessing.means(table).set_index(["dataset", "mode"])
    assert means.loc[("hui", "stretch"), "p5"] == pytest.approx(0.05 - 0.1)
    assert means["recordings"].tolist() == [3] * 3 + [12] * 3
