import media
import numpy as np
import pandas as pd
import pytest

from irtrack_core import config, evaluation, metrics
from irtrack_core.boxes import iou
from irtrack_core.datasets import Sequence, in_memory
from irtrack_core.experiments import jobs, protocol, real_sets, speed, study
from irtrack_core.network.weights import SHIPPED


def sequence(name="one", dataset="set", frames=6, step=1.0, absent=()):
    """A bright 3 px square that moves right by `step` px a frame."""
    images, boxes = np.zeros((frames, 24, 40), np.uint8), np.full((frames, 4), np.nan)
    for number in range(frames):
        x = 4 + round(step * number)
        if number not in absent:
            images[number, 10:13, x : x + 3] = 200
            boxes[number] = (x, 10, 3, 3)
    return Sequence(name, dataset, images, boxes)


def test_head_starts_at_the_first_annotated_frame():
    one = sequence(absent=(0, 1))
    cut = study.head(one, 3)
    assert len(cut) == 3 and len(study.head(one, 0)) == 4
    np.testing.assert_array_equal(cut.frames[0], one.frames[2])
    np.testing.assert_array_equal(cut.boxes, one.boxes[2:5])
    held = in_memory(cut)
    np.testing.assert_array_equal(np.stack(list(held.frames)), np.stack([one.frames[i] for i in (2, 3, 4)]))


def test_pictures_are_drawn_by_lot_and_late_enough():
    sequences = [sequence("one", frames=30), sequence("two", frames=30, absent=range(12)), sequence("short", frames=5)]
    drawn = [pair for seed in range(60) for pair in study.random_frames(sequences, 2, np.random.default_rng(seed))]
    assert len(drawn) == 120 and {one.name for one, _ in drawn} == {"one", "two", "short"}
    frames = {name: {frame for one, frame in drawn if one.name == name} for name in ("one", "two", "short")}
    assert min(frames["one"]) == 10 and max(frames["one"]) == 29 and len(frames["one"]) > 10
    assert min(frames["two"]) >= 22 and frames["short"] == {4}
    first, second = (study.random_frames(sequences, 9, np.random.default_rng(1)) for _ in range(2))
    assert first == second and len(first) == 3  # the seed alone decides


def test_raw_boxes_go_round_and_give_the_same_table(tmp_path):
    sequences = [sequence("one"), sequence("two", step=2)]
    results = study.track(sequences, ["identity", "peak"], tmp_path)
    loaded = study.load_results(sequences, ["identity", "peak"], tmp_path)
    pd.testing.assert_frame_equal(evaluation.evaluate(results, sequences), evaluation.evaluate(loaded, sequences))
    # and by hand, from the CSV alone: the identity tracker keeps the first box
    rows = pd.read_csv(protocol.boxes_path(tmp_path, "set", "two", "identity"))
    assert (rows[["x", "y", "w", "h"]].to_numpy() == sequences[1].boxes[0]).all()


def test_missing_or_stale_boxes_are_refused(tmp_path):
    study.track([sequence("one")], ["identity"], tmp_path)
    with pytest.raises(
        FileNotFoundError, match="first run notebooks/11_experiment_overlap.ipynb with this profile and seed"
    ):
        study.load_results([sequence("two")], ["identity"], tmp_path)
    moved = sequence("one")
    moved = Sequence("one", "set", moved.frames, moved.boxes + [0.5, 0, 0, 0])
    with pytest.raises(ValueError, match="another version of the sequence"):
        study.load_results([moved], ["identity"], tmp_path)


def test_overlap_by_frame_counts_from_the_start_and_skips_absent_frames(tmp_path):
    one = sequence(absent=(0, 3))
    table = study.overlap_by_frame(study.track([one], ["identity"], tmp_path), [one])
    assert table["frame"].tolist() == [1, 3, 4]  # since frame 1, where the box was given
    np.testing.assert_allclose(table["iou"], iou(one.boxes[1], one.boxes[[2, 4, 5]]))


def test_intervals_average_seeds_first_and_hold_the_mean():
    rng = np.random.default_rng(0)
    rows = [("a", f"s{k}", "peak", k / 10, 0) for k in range(6)] + [("b", "s0", "peak", 1.0, 0)]
    rows += [("b", "s0", "peak", 0.0, 1)]  # a second seed of the same sequence
    table = pd.DataFrame(rows, columns=["dataset", "sequence", "tracker", "aor", "seed"])
    means = study.with_intervals(table, rng).set_index("dataset")
    assert means.loc["a", "mean"] == pytest.approx(0.25) and means.loc["b", "mean"] == pytest.approx(0.5)
    assert means.loc["all", "sequences"] == 7 and means.loc["all", "recordings"] == 7
    assert (means["low"] <= means["mean"]).all() and (means["mean"] <= means["high"]).all()
    assert means.loc["a", "low"] < 0.25 < means.loc["a", "high"]


def test_folds_are_those_of_the_profile_and_keep_sequences_apart():
    quick = config.profile("quick").replace(frames=2)
    ((number, train, test),) = study.test_folds(quick)
    assert number == 0 and len(test) == 6 and len(train) == 24
    assert not {one.name for one in train} & {one.name for one in test}
    assert sorted({one.dataset for one in test}) == ["sim-aircraft", "sim-otcbvs", "sim-pedestrian"]
    every = [one.name for _, _, part in study.test_folds(quick.replace(folds=5)) for one in part]
    assert len(every) == len(set(every)) == 30


def test_weights_are_found_by_step(tmp_path):
    quick, medium = config.profile("quick"), config.profile("medium")
    for name in ("paper", "ref8"):
        for step in (200, 0, 50):
            path = protocol.weights_path(tmp_path, 1, 2, step, name)
            path.parent.mkdir(exist_ok=True)
            path.touch()
        assert protocol.shown_steps(tmp_path, 1, 2, name, quick) == [0, 50, 200]
    for step in (20, 100):
        for name in ("paper", "ref8"):
            protocol.weights_path(tmp_path, 1, 2, step, name).touch()
    assert protocol.shown_steps(tmp_path, 1, 2, "ref8", quick) == [0, 50, 200]
    for profile, name in ((quick, "paper"), (medium, "ref8")):
        assert protocol.shown_steps(tmp_path, 1, 2, name, profile) == [0, 20, 50, 100, 200]
    for path in tmp_path.glob("weights/*_step00020.*"), tmp_path.glob("weights/*_step00100.*"):
        [one.unlink() for one in path]
    protocol.weights_path(tmp_path, 1, 2).touch()
    assert protocol.steps(tmp_path, 1, 2) == [0, 50, 200]
    assert protocol.steps(tmp_path, 0, 2) == [] and study.by_step([], tmp_path).empty
    with pytest.raises(FileNotFoundError, match="notebook 05"):
        study.make_tracker("paper", tmp_path, fold=3)


def test_limit_falls_with_the_target_and_stays_below_one():
    quick = config.profile("quick").replace(frames=3)
    limits = {one.dataset: study.aor_limit(one) for _, _, test in study.test_folds(quick) for one in test}
    assert all(0 < value < 1 for value in limits.values())
    assert limits["sim-aircraft"] < limits["sim-pedestrian"]  # 3 px against 25 px


def test_speed_counts_every_frame_of_every_repeat():
    sequences = [sequence("one"), sequence("two"), sequence("three", dataset="other")]
    table = speed.measure(sequences, ["identity", "peak"], None, repeats=3, warmup=2)
    assert len(table) == 2 * 2 * 3
    assert table.query("dataset == 'set'")["frames"].unique().tolist() == [10]
    one = table.iloc[0]
    assert one["fps"] == pytest.approx(metrics.fps([one["frames"]], [one["seconds"]]))


def test_no_real_sequences_without_the_variable(monkeypatch, tmp_path):
    monkeypatch.delenv("IRTRACK_DATA", raising=False)
    assert study.real_sequences() == []
    monkeypatch.setenv("IRTRACK_DATA", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="IRTRACK_DATA"):
        study.real_sequences()


def test_a_folder_of_other_sets_alone_is_said_and_stops_nothing(monkeypatch, tmp_path):
    media.write_images(tmp_path / "hui_dimsmall/data5", media.clip(4), ".bmp")
    (tmp_path / "hui_dimsmall/labels").mkdir()
    rows = [f"{i}.bmp {20 + i},20" for i in range(4)]
    (tmp_path / "hui_dimsmall/labels/data5.txt").write_text("\n".join(rows))
    monkeypatch.setenv("IRTRACK_DATA", str(tmp_path))
    with pytest.warns(UserWarning, match="no Svanstrom set, which is left out: no IR_.*mp4 in"):
        assert study.real_sequences(5) == []
    assert jobs.REAL not in jobs.sets_of("peak", 0, 0)
    own, told = real_sets.real_sets(5)
    assert [one.dataset for one in own] == ["hui"] and "hui: 1 of 1 sequences" in told[0]


@pytest.mark.realdata
def test_real_sequences_are_the_validation_list(realdata):
    real = study.real_sequences(5)
    assert len(real) == 29 and all(len(one) <= 5 and np.isfinite(one.boxes[0]).all() for one in real)


def test_raw_boxes_that_are_there_are_read_and_not_made_again(tmp_path, monkeypatch):
    sequences, calls = [sequence("one"), sequence("two")], []
    run = evaluation.run
    monkeypatch.setattr(evaluation, "run", lambda *a, **o: calls.append(a[1].name) or run(*a, **o))
    first = study.track(sequences[:1], ["identity", "peak"], tmp_path)
    again = study.track(sequences, ["identity", "peak"], tmp_path)  # as after a kill: the rest is made
    assert calls == ["one"] * 2 + ["two"] * 2
    for a, b in zip(first, again):
        np.testing.assert_array_equal(a.boxes, b.boxes)
    moved = Sequence("one", "set", sequences[0].frames, sequences[0].boxes + [0.5, 0, 0, 0])
    study.track([moved], ["identity"], tmp_path)
    study.track([moved], ["identity"], tmp_path, resets=4)
    assert calls[4:] == ["one", "one"]


def test_other_pixels_under_the_same_name_and_boxes_are_tracked_anew(tmp_path):
    one = sequence("one")
    study.track([one], ["peak"], tmp_path)
    path = protocol.boxes_path(tmp_path, "set", "one", "peak")
    before = evaluation.provenance_of(path)
    study.track([in_memory(one)], ["peak"], tmp_path)
    assert evaluation.provenance_of(path) == before  # the same pixels, held in memory
    for index in (0, len(one) // 2, len(one) - 1):
        frames = np.stack(list(one.frames))
        frames[index, 0, 0] += 1
        study.track([Sequence("one", "set", frames, one.boxes)], ["peak"], tmp_path)
        assert evaluation.provenance_of(path) != before


def test_other_shipped_weights_are_tracked_anew(tmp_path, monkeypatch):
    assert protocol.SHIPPED == SHIPPED / "compact.safetensors"
    one, kept = sequence("one"), tmp_path / "compact.safetensors"
    monkeypatch.setattr(protocol, "SHIPPED", kept)
    path = protocol.boxes_path(tmp_path, "set", "one", "siamese")
    keys = []
    for content in (b"first", b"second", b"first"):
        kept.write_bytes(content)
        study.track([one], ["siamese"], tmp_path)
        keys.append(evaluation.provenance_of(path))
    assert keys[0] == keys[2] != keys[1]


def test_the_weights_of_simulation_alone_are_a_tracker_of_their_own(tmp_path):
    assert protocol.weights_of("compact-sim", tmp_path, 0, 0) == SHIPPED / "compact-sim.safetensors"
    tracker = study.make_tracker("compact-sim", tmp_path)
    other = study.make_tracker("siamese", tmp_path)
    assert (tracker.name, other.name, type(tracker)) == ("compact-sim", "siamese", type(other))
    one = sequence()
    results = study.track([one], ["compact-sim"], tmp_path, made={"compact-sim": tracker})
    assert results[0].tracker == "compact-sim"
    for made in (tracker, other):
        made.init(one.frames[0], one.boxes[0])
        made.update(one.frames[1])
    assert tracker.score != other.score


def test_stages_add_up_to_the_whole(tmp_path):
    one = sequence(frames=40)
    names = ["identity", "peak", "ref4", "ref12-filtered"]
    table = speed.stages([one], names, tmp_path, warmup=2).set_index(["tracker", "stage"])["ms"]
    assert (table >= 0).all() and table["identity", "filter"] == table["peak", "network"] == 0
    assert all(table[name, "filter"] > 0 and table[name, "rest"] > 0 for name in names[1:])


def test_the_clock_gives_each_stage_its_own_time(monkeypatch):
    now = iter([0.0, 1.0, 3.0, 3.5, 4.5, 10.0])
    monkeypatch.setattr(speed, "perf_counter", lambda: next(now))
    clock = speed.Clock()
    inner = clock.timed(lambda: None, "filter")
    clock.timed(lambda: [inner(), inner()], "rest")()
    assert clock.seconds == {"filter": 3.0, "crops": 0.0, "network": 0.0, "rest": 7.0}
