"""filter_study.py: experiment 1's tables, recomputed from raw arrays."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from irtrack_core import filter_study, metrics
from irtrack_core.datasets import load
from irtrack_core.elements import element_length, line_elements, rectangle
from irtrack_core.filtering import multilevel_filter


@pytest.fixture(scope="module")
def aircraft():
    return load("sim-aircraft", frames=6, sequences=2)


def test_pick_frames():
    boxes = np.full((10, 4), 5.0)
    boxes[[0, 1, 7]] = np.nan
    sequence = SimpleNamespace(boxes=boxes)
    assert filter_study.pick_frames(sequence, 3).tolist() == [2, 5, 9]
    assert filter_study.pick_frames(sequence, 99).tolist() == [2, 3, 4, 5, 6, 8, 9]


def test_frames_table_equals_the_raw_arrays(aircraft):
    table = filter_study.filter_frames(aircraft, count=2)
    assert table.groupby("filter").size().to_dict() == {"M": 4, "U": 4, "none": 4}
    sequence = aircraft[1]
    rows = table[(table["sequence"] == sequence.name) & (table["frame"] == 5)].set_index("filter")
    image, target, box = sequence.frames[5], sequence.components(5).target, sequence.boxes[5]
    E, U, M = multilevel_filter(image, line_elements(element_length(box[2:]), 4), rectangle(3, 3))
    region, floor = metrics.background_region(image.shape, box), metrics.noise_sigma(image)
    for name, response in (("none", image), ("U", U), ("M", M)):
        assert rows.loc[name, "snr"] == metrics.snr(response, box, region, floor=floor)
        assert rows.loc[name, "pfa"] == metrics.false_alarm_share(response, box)
        assert rows.loc[name, "retention"] == metrics.retention(target, response, box, region)
    assert rows.loc["U", "zero_share"] == np.mean(U == 0)
    assert rows.loc["U", "size"] == pytest.approx(np.sqrt(box[2] * box[3]))


def test_dark_targets_are_found_by_the_dual():
    image = np.random.default_rng(0).integers(100, 110, (60, 80)).astype(np.uint8)
    image[30:34, 40:44] = 60
    box = np.array([[40, 30, 4, 4.0]])
    sequence = SimpleNamespace(dataset="d", name="n", frames=[image], boxes=box, components=None)
    table = filter_study.filter_frames([sequence], count=1).set_index("filter")
    assert table["dark"].all() and (table["pfa"] == 0).all()
    assert table.loc["U", "snr"] > 3 * np.sqrt(12)


def test_by_sequence(aircraft):
    table = filter_study.filter_frames(aircraft, count=3)
    rows = filter_study.by_sequence(table)
    assert len(rows) == 6
    part = table[(table["sequence"] == aircraft[0].name) & (table["filter"] == "U")]
    row = rows[(rows["sequence"] == aircraft[0].name) & (rows["filter"] == "U")].iloc[0]
    assert row["snr"] == part["snr"].median() and row["db"] == part["db"].median()
    assert row["pd"] == np.mean(part["pfa"] <= 1e-3)


def test_grid_is_repeatable_and_finds_bright_targets():
    one = filter_study.grid([2, 40], [1, 6], repeats=2, seed=3)
    assert one.equals(filter_study.grid([2, 40], [1, 6], repeats=2, seed=3))
    assert len(one) == 2 * 2 * 2 * 3
    bright = one[(one["snr_in"] == 40) & (one["filter"] == "U")]
    faint = one[(one["snr_in"] == 2) & (one["filter"] == "U")]
    assert (bright["pfa"] < 1e-3).all() and (faint["pfa"] > 1e-3).any()
    assert not one.equals(filter_study.grid([2, 40], [1, 6], repeats=2, seed=4))


def test_sweep_sets_the_setting():
    table = filter_study.sweep("spikes", (0.0, 0.02), [12], snr=12, repeats=3)
    assert table["value"].unique().tolist() == [0.0, 0.02]
    found = table.groupby(["filter", "value"])["pfa"].median()
    assert found["U", 0.02] > found["U", 0.0]  # spikes are false alarms for U; the rectangle removes them
    assert found["M", 0.02] < found["U", 0.02]
    scene = filter_study.sweep("std", (0.0, 0.3), [6], snr=8, repeats=2)
    assert scene.groupby(["filter", "value"])["pfa"].median()["U", 0.3] > 0.01
    assert len(filter_study.sweep("oversampling", (1.0, 3.0), [6], repeats=1)) == 6
    with pytest.raises(ValueError):
        filter_study.sweep("spike", (0.0,), [6], repeats=1)


def test_survival_of_points_and_large_targets():
    table = filter_study.survival_table(sizes=(1, 18), sides=(1, 3, 5), repeats=2)
    kept = table.groupby(["size", "side"])["retention"].mean().unstack()
    point, large = kept.iloc[0], kept.iloc[1]
    assert point[1] == pytest.approx(1, abs=0.05) and point[3] < 0.3 and point[5] < 0.01
    assert large[1] > 0.9 and large[3] > 0.5 and (np.diff(large) < 0).all()


def test_the_game_raises_decibels_and_finds_nothing(aircraft):
    table = filter_study.game(load("sim-otcbvs", frames=6, sequences=2), cuts=(0, 0.5, 0.9), count=2)
    wide = table.pivot(index=["sequence", "frame"], columns="cut", values="pfa")
    assert len(wide) and (wide[0] == wide[0.5]).all() and (wide[0] == wide[0.9]).all()
    decibels = table.groupby("cut")["snr_no_floor"].median()
    assert decibels[0.9] > 1.5 * decibels[0]


def test_read_image(tmp_path):
    image = np.zeros((40, 60), np.uint16)
    image[20, 30] = 5000
    cv2.imwrite(str(tmp_path / "a.png"), image)
    read, box = filter_study.read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(read, image)
    assert box.tolist() == [27, 17, 7, 7]
    assert filter_study.read_image(tmp_path / "a.png", [1, 2, 3, 4])[1].tolist() == [1, 2, 3, 4]
    cv2.imwrite(str(tmp_path / "c.png"), np.dstack([image] * 3).astype(np.uint8))
    assert filter_study.read_image(tmp_path / "c.png")[0].shape == (40, 60)
    with pytest.raises(FileNotFoundError):
        filter_study.read_image(tmp_path / "none.png")
    (tmp_path / "b.png").write_text("no image")
    with pytest.raises(ValueError, match="not an image"):
        filter_study.read_image(tmp_path / "b.png")
    with pytest.raises(ValueError, match="outside"):
        filter_study.read_image(tmp_path / "a.png", [100, 2, 3, 4])
