"""Simulated sets beside real ones: the table's numbers, and what happens without real data."""

import numpy as np
import pytest

from irtrack_core import datasets
from irtrack_core.datasets import Sequence, sim_to_real
from irtrack_core.datasets.recordings import check_split


def row(**changes):
    return dict.fromkeys(sim_to_real.MEASURES, 2.0) | changes


def test_real_counterparts_are_looked_for_and_may_be_missing(monkeypatch, tmp_path):
    monkeypatch.delenv("IRTRACK_DATA", raising=False)
    assert sim_to_real.counterpart("sim-aircraft") == []
    monkeypatch.setenv("IRTRACK_DATA", str(tmp_path))
    assert sim_to_real.counterpart("sim-pedestrian") == []
    simulated, real = sim_to_real.training_samples(3)
    assert len(simulated) == 3 and real == []
    with pytest.raises(ValueError, match="sim-boats"):
        sim_to_real.counterpart("sim-boats")


def test_the_difference_is_stated():
    ours = [row(width=w, slope=-2.5) for w in (2.0, 4.0, 30.0)]
    table = {r["measure"]: r for r in sim_to_real.compare(ours, [row(width=8.0, slope=-3.0, step=np.nan)])}
    assert table["width, px"]["difference"] == "x 0.50" and table["width, px"]["real"] == "8.00"
    assert table["width, px"]["simulated"] == "4.00 (2.40 to 24.80)"
    assert table["slope of the spectrum"]["difference"] == "+0.50"
    assert table["step, px a frame"]["real"] == "-" and table["step, px a frame"]["difference"] == "not measured"
    assert {r["difference"] for r in sim_to_real.compare(ours, [])} == {"not measured"}


def test_every_sequence_that_shows_its_target_is_measured():
    frames = np.random.default_rng(0).integers(0, 255, (4, 64, 64), dtype=np.uint8)
    boxes = np.tile([20.0, 20.0, 5.0, 6.0], (4, 1)) + np.arange(4)[:, None] * [3, 4, 0, 0]
    found = sim_to_real.measure([Sequence("a", "b", frames, boxes), Sequence("c", "b", frames, boxes * np.nan)])
    assert [(r["sequence"], r["frames"], r["width"], r["height"], r["step"]) for r in found] == [("a", 4, 5, 6, 5)]
    assert set(sim_to_real.MEASURES) < set(found[0])


def test_statistics_of_a_sequence_made_for_it():
    rng = np.random.default_rng(0)
    frames = rng.normal(100, 4, (6, 128, 128)).astype(np.float32)
    path = np.array([[40.0 + 3 * i, 50.0 + 4 * i] for i in range(6)])
    for frame, (x, y) in zip(frames, path.astype(int)):
        frame[y - 3 : y + 3, x - 2 : x + 2] += 80
    sequence = Sequence("made", "test", frames, np.column_stack([path - [2, 3], np.tile([4.0, 6.0], (6, 1))]))
    found = sim_to_real.statistics(sequence)
    assert (found["width"], found["height"]) == (4, 6)
    assert found["step"] == pytest.approx(5.0)
    assert found["contrast"] == pytest.approx(80 / 4, rel=0.2)
    assert found["noise"] == pytest.approx(4.0, rel=0.05)
    absent = Sequence("gone", "test", frames, np.full((6, 4), np.nan))
    with pytest.raises(ValueError, match="never shows"):
        sim_to_real.statistics(absent)


@pytest.mark.parametrize("speed", [0.3, 0.45, 1.7])
def test_the_step_of_a_slow_target_survives_annotation_in_whole_pixels(speed):
    frames = np.zeros((60, 64, 256), np.uint8) + np.arange(256, dtype=np.uint8)
    x = np.floor(20.3 + speed * np.arange(60))
    boxes = np.column_stack([x, np.full(60, 30.0), np.full(60, 8.0), np.full(60, 8.0)])
    assert sim_to_real.statistics(Sequence("a", "b", frames, boxes))["step"] == pytest.approx(speed, abs=0.1)


def test_the_step_is_measured_between_the_frames_that_show_the_target():
    frames = np.random.default_rng(0).integers(0, 255, (9, 64, 64), dtype=np.uint8)
    boxes = np.tile([20.0, 20.0, 5.0, 6.0], (9, 1)) + np.arange(9)[:, None] * [3, 4, 0, 0]
    for shown, step in (([0, 1], 5), ([0, 2, 4], 5), ([3], np.nan), ([0, 8], np.nan)):
        part = np.full_like(boxes, np.nan)
        part[shown] = boxes[shown]
        assert sim_to_real.statistics(Sequence("a", "b", frames, part))["step"] == pytest.approx(step, nan_ok=True)


@pytest.mark.realdata
def test_the_validation_list_is_left_alone(realdata):
    _, real = sim_to_real.training_samples(40)
    if not real:
        pytest.skip("IRTRACK_DATA has no Svanstrom set")
    assert 40 <= len(real) < 80
    check_split(real, datasets.load("svanstrom"))


@pytest.mark.realdata
def test_simulated_aircraft_resemble_the_real_ones(realdata):
    real = sim_to_real.counterpart("sim-aircraft")
    if not real:
        pytest.skip("IRTRACK_DATA has no dim-small aircraft")
    measured = sim_to_real.measure(real)
    simulated = sim_to_real.measure(datasets.load("sim-aircraft", frames=12))
    for name in ("contrast", "noise", "spread", "step"):
        low, high = np.percentile([s[name] for s in simulated], [0, 100])
        assert 0.5 * low <= np.median([m[name] for m in measured]) <= 2 * high, name
