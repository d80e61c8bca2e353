"""Clips of one recording: found by their end frames, kept on one side of every split."""

import csv

import media
import numpy as np
import pytest

from irtrack_core import datasets, evaluation
from irtrack_core.datasets import Sequence, recordings
from irtrack_core.network.weights import SHIPPED, read_card


def scene(seed):
    """A scene of its own, (64, 80) uint8."""
    return np.random.default_rng(seed).integers(0, 255, (64, 80)).astype(np.uint8)


def clip(first, last):
    """Frames of a clip that begins in the scene `first` and ends in the scene `last`."""
    noise = np.random.default_rng(first * 100 + last).normal(0, 1, (2, 64, 80))
    return np.clip(np.stack([scene(first), scene(last)]) + noise, 0, 255).astype(np.uint8)


CHAIN = {"a": clip(1, 2), "b": clip(2, 3), "c": clip(4, 4), "d": clip(3, 5), "e": clip(6, 7)}


def test_clips_that_follow_each_other_are_one_recording():
    assert recordings.recordings(CHAIN) == {"a": 0, "b": 0, "c": 1, "d": 0, "e": 2}


def test_a_change_of_brightness_and_contrast_does_not_separate_clips():
    brighter = (0.5 * CHAIN["b"] + 100).astype(np.uint8)
    assert len(set(recordings.recordings({"a": CHAIN["a"], "b": brighter}).values())) == 1


def test_groups_are_the_components_of_the_links():
    from scipy.sparse.csgraph import connected_components

    for seed in range(20):
        links = np.random.default_rng(seed).random((30, 30)) < 0.03
        links |= links.T
        labels = connected_components(links)[1]
        found = recordings.groups(links)
        np.testing.assert_array_equal(found[:, None] == found, labels[:, None] == labels)


def test_new_clips_join_what_they_hang_on_and_none_joins_the_sides():
    table = {"train_end": ("1", "train"), "validation_end": ("2", "validation")}
    clips = {
        "train_end": clip(1, 2),
        "validation_end": clip(3, 4),
        "follows_training": clip(2, 20),
        "follows_validation": clip(4, 21),
        "between": clip(30, 31),
        "alone": clip(40, 41),
        "alone_too": clip(41, 42),
    }
    clips["between_and_training"] = np.stack([clips["follows_training"][1], clips["between"][0]])
    clips["between_and_validation"] = np.stack([clips["between"][1], clips["validation_end"][0]])
    extended = recordings.extend(table, clips)
    assert extended["alone"] == extended["alone_too"] == ("of alone", "train")
    assert extended["follows_validation"] == ("2", "unused")
    chain = ("follows_training", "between_and_training", "between", "between_and_validation")
    assert {extended[name] for name in chain} == {("2", "unused")}
    del clips["between_and_validation"]
    assert recordings.extend(table, clips)["between"] == ("1", "train")
    assert recordings.extend(table, {"train_end": clips["train_end"]}) == table


def test_the_shipped_table():
    table = recordings.read_table()
    parts = [part for _, part in table.values()]
    assert (parts.count("train"), parts.count("validation"), parts.count("unused")) == (180, 29, 51)
    assert len({recording for recording, part in table.values() if part == "validation"}) == 26
    unused = {recording for recording, part in table.values() if part == "unused"}
    assert unused <= {recording for recording, part in table.values() if part == "validation"}


@pytest.mark.parametrize(
    "rows, message",
    [
        ("a,1,train\nb,1,validation\n", "recording 1 is on both sides of the split: a is trained on and b is not"),
        ("a,1,train\nb,1,unused\n", "recording 1 is on both sides"),
        ("a,1,test\n", "unknown part 'test' of a"),
        ("a,1,train\na,2,train\n", "names a twice"),
        ("", "is no table of recordings"),
    ],
)
def test_a_bad_table_is_refused(tmp_path, rows, message):
    (tmp_path / "table.csv").write_text("clip,recording,part\n" + rows)
    with pytest.raises(ValueError, match=message):
        recordings.read_table(tmp_path / "table.csv")


def test_a_split_with_a_recording_on_both_sides_is_refused():
    one, two, three = (
        Sequence(name, "set", np.zeros((2, 8, 8), np.uint8), np.ones((2, 4)), recording=recording)
        for name, recording in (("one", "x"), ("two", "x"), ("three", ""))
    )
    recordings.check_split([one, two], [three])
    with pytest.raises(ValueError, match="set/x is on both sides of the split: one is trained on and two is not"):
        recordings.check_split([one], [two, three])
    assert three.recording == "three"


def test_folds_keep_recordings_together():
    cut = [
        Sequence(f"{recording}{i}", "set", np.zeros((2, 8, 8), np.uint8), np.ones((2, 4)), recording=recording)
        for recording in "abcdefg"
        for i in range(3)
    ]
    tested = []
    for train, test in evaluation.folds(cut, 3):
        recordings.check_split(train, test)
        assert len(train) + len(test) == len(cut)
        tested += test
    assert sorted(one.name for one in tested) == sorted(one.name for one in cut)
    with pytest.raises(ValueError, match="7 recordings cannot be split into 8 folds"):
        evaluation.folds(cut, 8)


@pytest.fixture
def further_clips(tmp_path):
    """A set with known clips and two that the table does not name, one of which follows a validation clip."""
    table = recordings.read_table()
    trained = next(name for name, (_, part) in table.items() if part == "train")
    tested = next(name for name, (_, part) in table.items() if part == "validation")
    big = {trained: clip(1, 2), tested: clip(3, 4), "IR_DRONE_998": clip(4, 5), "IR_DRONE_999": clip(8, 9)}
    for name, frames in big.items():
        frames = np.repeat(np.repeat(frames, 4, axis=1), 4, axis=2)
        media.write_video(tmp_path / f"{name}.mp4", frames)
        (tmp_path / f"{name}.csv").write_text("frame0,x0,y0,w,h\n0,10,12,4,5\n1,10,12,4,5\n")
    return tmp_path, trained, tested


@pytest.mark.filterwarnings("ignore:.*validation sequences are missing")
def test_the_reader_puts_further_clips_where_they_belong(further_clips):
    folder, trained, tested = further_clips
    split = {part: datasets.load("svanstrom", folder, split=part) for part in recordings.PARTS}
    assert [one.name for one in split["validation"]] == [tested]
    assert [one.name for one in split["unused"]] == ["IR_DRONE_998"]
    assert [one.name for one in split["train"]] == [trained, "IR_DRONE_999"]
    assert split["unused"][0].recording == split["validation"][0].recording
    recordings.check_split(split["train"], split["validation"] + split["unused"])
    assert len(datasets.load("svanstrom", folder, split="all")) == 4


def test_a_list_of_the_folder_takes_whole_recordings_out_of_the_training(further_clips):
    folder, trained, tested = further_clips
    (folder / "validation.txt").write_text("IR_DRONE_998\n")
    assert [one.name for one in datasets.load("svanstrom", folder)] == ["IR_DRONE_998"]
    assert [one.name for one in datasets.load("svanstrom", folder, split="unused")] == [tested]
    assert [one.name for one in datasets.load("svanstrom", folder, split="train")] == [trained, "IR_DRONE_999"]
    (folder / "validation.txt").write_text("IR_DRONE_1000\n")
    with pytest.raises(ValueError, match=r"validation\.txt names IR_DRONE_1000, which is no clip of the set"):
        datasets.load("svanstrom", folder)


def test_the_table_is_derived_from_the_videos(further_clips, capsys):
    folder, trained, tested = further_clips
    recordings.main([str(folder)])
    rows = {row["clip"]: row for row in csv.DictReader(capsys.readouterr().out.splitlines())}
    assert rows[tested]["recording"] == rows["IR_DRONE_998"]["recording"] and rows["IR_DRONE_998"]["part"] == "unused"
    assert rows[trained]["part"] == rows["IR_DRONE_999"]["part"] == "train" and rows[tested]["part"] == "validation"


def test_shipped_weights_saw_no_validation_recording():
    aside = {f"svanstrom/{recording}" for recording, part in recordings.read_table().values() if part != "train"}
    for file in SHIPPED.glob("*.safetensors"):
        seen = read_card(file)["recordings"]
        assert not aside & set(seen), file.name
        assert bool(seen) == ("Svanstrom" in read_card(file)["data"])


@pytest.mark.realdata
def test_the_rule_gives_the_shipped_table(realdata, capsys):
    videos = recordings.find_videos(realdata)
    table = recordings.read_table()
    if {path.stem for path in videos} != set(table):
        pytest.skip("IRTRACK_DATA does not hold exactly the clips of the table")
    recordings.main([str(realdata)])
    assert capsys.readouterr().out == recordings.TABLE.read_text()
