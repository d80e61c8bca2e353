"""filter_study.py: experiment 1's tables, recomputed from raw arrays."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from irtrack_core import metrics
from irtrack_core.datasets import load
from irtrack_core.evaluation.detection import detection, pfa_by_frame, pfa_one_threshold
from irtrack_core.experiments import snr
from irtrack_core.filtering import baselines, multilevel_filter
from irtrack_core.filtering.baselines import contrast, windows
from irtrack_core.filtering.elements import element_length, line_elements, rectangle


def pfa_of(response, box):
    return pfa_by_frame([detection(response, box, guard=10)])[0][0]


@pytest.fixture(scope="module")
def aircraft():
    return load("sim-aircraft", frames=6, sequences=2)


def test_pick_frames():
    boxes = np.full((10, 4), 5.0)
    boxes[[0, 1, 7]] = np.nan
    sequence = SimpleNamespace(boxes=boxes)
    assert snr.pick_frames(sequence, 3).tolist() == [2, 5, 9]
    assert snr.pick_frames(sequence, 99).tolist() == [2, 3, 4, 5, 6, 8, 9]


def test_one_frame_of_several():
    assert snr.pick_frames(SimpleNamespace(boxes=np.full((9, 4), 5.0)), 1).tolist() == [4]


def test_frames_table_equals_the_raw_arrays(aircraft):
    table = snr.filter_frames(aircraft, ("none", "U", "M", "mpcm", "dog"), count=2)
    assert table.groupby(["filter", "variant"]).size().to_dict() == {
        (name, variant): 4
        for name in ("none", "U", "M", "mpcm", "dog")
        for variant in ("size", "paper")
        if name != "none" or variant == "size"
    }
    sequence = aircraft[1]
    rows = table[(table["sequence"] == sequence.name) & (table["frame"] == 5)]
    image, target, box = sequence.frames[5], sequence.components(5).target, sequence.boxes[5]
    region, floor = metrics.background_region(image.shape, box), metrics.noise_sigma(image)
    for variant, length in (("size", element_length(box[2:])), ("paper", 15)):
        E, U, M = multilevel_filter(image, line_elements(length, 4), rectangle(3, 3))
        patches = contrast.mpcm(image, **(contrast.fit_cells(box[2:]) if variant == "size" else {}))
        patches = np.sign(patches) * np.sqrt(abs(patches))  # back from squared grey values
        others = snr.responses(image - target, box[2:], ("none", "U", "M", "mpcm"), variant=variant)
        got = rows[rows["variant"] == variant].set_index("filter")
        for name, response in (("none", image), ("U", U), ("M", M), ("mpcm", patches)):
            if name == "none" and variant == "paper":
                continue
            assert got.loc[name, "snr"] == pytest.approx(metrics.snr(response, box, region, floor=floor), rel=1e-6)
            assert got.loc[name, "pfa_frame"] == pfa_of(response, box)
            inside = metrics.target_mask(image.shape, box)
            adds = (response.astype(float) - others[name])[inside].max()
            assert got.loc[name, "retention"] == pytest.approx(adds / target[inside].max(), rel=1e-5)
        assert got.loc["U", "zero_share"] == np.mean(U == 0)
        assert got.loc["U", "size"] == pytest.approx(np.sqrt(box[2] * box[3]))


def test_every_filter_sees_the_same_window(aircraft):
    table = snr.filter_frames(aircraft[:1], ("none", "U", "tophat"), count=1, window=120, variants=("size",))
    (sequence, number) = aircraft[0], int(table["frame"].iloc[0])
    area, box = snr._window((256, 256), sequence.boxes[number], 120)
    image = sequence.frames[number][area]
    assert image.shape == (120, 120)
    np.testing.assert_allclose(box[:2] + (area[1].start, area[0].start), sequence.boxes[number, :2])
    response = windows.tophat(image, size=element_length(box[2:]))
    row = table.set_index("filter").loc["tophat"]
    assert row["pfa_frame"] == pfa_of(response, box)
    assert row["zero_share"] == np.mean(response == 0)


def test_window_stays_inside_the_frame():
    for box in ([0, 0, 4, 4], [250, 3, 4, 4], [120, 250.5, 5, 5]):
        (rows, columns), moved = snr._window((256, 256), np.array(box, float), 100)
        assert rows.start >= 0 and rows.stop <= 256 and columns.start >= 0 and columns.stop <= 256
        assert rows.stop - rows.start == 100 and (moved[:2] >= 0).all() and (moved[:2] + moved[2:] <= 100).all()
    assert snr._window((80, 90), np.array([5.0, 5, 4, 4]), 100)[0] == (slice(0, 80), slice(0, 90))


def test_linear_filters_keep_the_noise():
    noise = np.random.default_rng(0).normal(1000, 5, (200, 200)).astype(np.float32)
    for variant in snr.VARIANTS:
        found = snr.responses(noise, (6.0, 7.0), ("dog", "log"), variant=variant)
        for response in found.values():
            assert response.std() == pytest.approx(5, rel=0.05)


def test_all_filters_of_the_registry_are_compared():
    assert set(snr.FILTERS) == {"U", "M", *baselines.available()}
    found = snr.responses(np.full((60, 70), 9, np.uint8), (3, 3), variant="size")
    assert list(found) == list(snr.FILTERS) and all(one.shape == (60, 70) for one in found.values())
    with pytest.raises(ValueError, match="variant"):
        snr.responses(np.full((60, 70), 9, np.uint8), (3, 3), variant="sizes")


def test_dark_targets_are_found_in_the_negative_by_all():
    image = np.random.default_rng(0).integers(100, 110, (60, 80)).astype(np.uint8)
    image[30:34, 40:44] = 60
    box = np.array([[40, 30, 4, 4.0]])
    sequence = SimpleNamespace(dataset="d", name="n", frames=[image], boxes=box, components=None)
    names = [name for name in snr.FILTERS if name not in ("ipi", "pstnn")]
    table = snr.filter_frames([sequence], names, count=1, variants=("size",)).set_index("filter")
    assert table["dark"].all() and (table["pfa_frame"] == table["pfa_frame_least"]).all()
    assert table.loc["U", "snr"] > 3 * np.sqrt(12)
    _, U, M = multilevel_filter(image, line_elements(15, 4), rectangle(3, 3), polarity="dark")  # by the dual, too
    region = metrics.background_region(image.shape, box[0])
    for name, response in (("U", U), ("M", M)):
        assert table.loc[name, "snr"] == metrics.snr(response, box[0], region, floor=metrics.noise_sigma(image))


def test_what_polarity_costs():
    image = np.random.default_rng(0).integers(100, 110, (60, 80)).astype(np.uint8)
    image[30:34, 40:44] = 60
    box = np.array([[40, 30, 4, 4.0]])
    sequence = SimpleNamespace(dataset="d", name="n", frames=[image], boxes=box, components=None)
    table = snr.polarity_cost([sequence], count=1).set_index(["polarity", "filter"])
    for pfa, least in (("pfa_frame", "pfa_frame_least"), ("pfa_one", "pfa_one_least")):
        found = table[pfa] == table[least]
        assert found["known", "U"] and found["known", "M"] and found["both", "U"]
        assert table[pfa]["bright", "U"] > 0.3


def test_by_sequence(aircraft):
    table = snr.filter_frames(aircraft, ("none", "U", "M"), count=3)
    rows = snr.by_sequence(table, pfa=0.02)
    assert len(rows) == 2 * 5 and rows["pd_frame"].notna().all()
    part = table[(table["sequence"] == aircraft[0].name) & (table["filter"] == "U") & (table["variant"] == "size")]
    row = rows[(rows["sequence"] == aircraft[0].name) & (rows["filter"] == "U") & (rows["variant"] == "size")].iloc[0]
    assert row["snr"] == part["snr"].median() and row["db"] == part["db"].median()
    assert row["pd_frame"] == np.mean(part["pfa_frame"] <= 0.02) and row["pd_one"] == np.mean(part["pfa_one"] <= 0.02)
    assert snr.by_sequence(table, pfa=1e-5)[["pd_frame", "pd_one"]].isna().all(axis=None)  # nobody can tell


def test_one_threshold_is_pooled_over_the_frames_of_a_set(aircraft):
    table = snr.filter_frames(aircraft, ("none",), count=2, variants=("size",))
    found = []
    for row in table.itertuples():
        (sequence,) = [one for one in aircraft if one.name == row.sequence]
        found.append(detection(sequence.frames[row.frame], sequence.boxes[row.frame], guard=10))
    pfa, least = pfa_one_threshold(found)
    np.testing.assert_allclose(table["pfa_one"], pfa)
    np.testing.assert_allclose(table["pfa_one_least"], least)


def test_pd_of_empty_frames_is_the_pfa():
    """Frames of noise with a box around nothing: what the table calls Pd is then chance, whatever the filter."""
    rng = np.random.default_rng(0)
    sequences = [
        SimpleNamespace(
            dataset="noise",
            name=str(k),
            components=None,
            frames=rng.normal(100, 5, (10, 96, 96)).astype(np.float32),
            boxes=np.array([[*rng.uniform(0, 80, 2), 9, 13.0]] * 10),
        )
        for k in range(40)
    ]
    rows = snr.by_sequence(snr.filter_frames(sequences, ("none", "U", "dog"), count=10, variants=("size",)), pfa=0.05)
    for name, part in rows.groupby("filter"):
        for by in ("pd_frame", "pd_one"):
            assert 0.02 < part[by].mean() < 0.085, (name, by)  # 400 frames: 0.05 +- 3 * 0.011


def test_variants_are_chosen_on_other_sequences():
    table = [
        {"dataset": "d", "sequence": sequence, "filter": name, "variant": variant, "pd_one": pfa, "pfa_frame": pfa}
        for name, variant, values in (
            ("a", "size", {"x": 1e-4, "y": 1.0}),  # best on x, worst on y
            ("a", "paper", {"x": 0.1, "y": 0.01}),
            ("b", "size", {"x": 0.5, "y": 0.5}),  # a tie: the first
            ("b", "paper", {"x": 0.5, "y": 0.5}),
            ("none", "size", {"x": 0.1, "y": 0.2}),
        )
        for sequence, pfa in values.items()
    ]
    x, y = (SimpleNamespace(dataset="d", name=name) for name in "xy")
    chosen = snr.cross_validated(pd.DataFrame(table), [([x], [y]), ([y], [x])])
    got = {(row.sequence, row.filter): (row.variant, row.pfa_frame, row.fold) for row in chosen.itertuples()}
    assert got == {
        ("y", "a"): ("size", 1.0, 0),  # the choice on x was wrong for y: that is the point
        ("x", "a"): ("paper", 0.1, 1),
        ("x", "b"): ("size", 0.5, 1),
        ("y", "b"): ("size", 0.5, 0),
        ("x", "none"): ("size", 0.1, 1),
        ("y", "none"): ("size", 0.2, 0),
    }


def test_survival_of_points_and_large_targets():
    table = snr.survival_table(sizes=(1, 18), sides=(1, 3, 5), repeats=2)
    kept = table.groupby(["size", "side"])["retention"].mean().unstack()
    point, large = kept.iloc[0], kept.iloc[1]
    assert point[1] == pytest.approx(1, abs=0.05) and point[3] < 0.3 and point[5] < 0.01
    assert large[1] > 0.9 and large[3] > 0.5 and (np.diff(large) < 0).all()


def test_the_games_raise_decibels_and_find_nothing():
    table = snr.game(load("sim-otcbvs", frames=6, sequences=2), cuts=(0, 0.5, 0.9), powers=(1, 3), count=2)
    for name, played in table.groupby("game"):
        wide = played.pivot(index=["sequence", "frame"], columns="value", values="pfa_frame")
        assert len(wide) and (wide.nunique(axis=1) == 1).all()
        decibels = played.groupby("value")["snr_no_floor"].median()
        assert decibels.iloc[-1] > 1.5 * decibels.iloc[0], name
    start = table[table["value"] == table["game"].map({"cut": 0, "power": 1})]
    both = start.pivot(index=["sequence", "frame"], columns="game", values="snr")
    np.testing.assert_allclose(both["cut"], both["power"])


def test_a_simulated_target_is_dark_or_bright_by_its_truth(aircraft, monkeypatch):
    """Not by what stands out in its box: beside a dim bright target that may be dark."""
    monkeypatch.setattr(snr, "target_polarity", lambda image, box: "dark")
    assert not snr.filter_frames(aircraft, ("none",), count=1)["dark"].any()
    recorded = [replace(one, components=None) for one in aircraft]
    assert snr.filter_frames(recorded, ("none",), count=1)["dark"].all()
