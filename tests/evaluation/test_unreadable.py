"""One frame that cannot be read costs one frame, in every loop that reads frames, and it is told."""

import pickle
import warnings
from dataclasses import replace
from functools import partial

import cv2
import media
import numpy as np
import pytest

from irtrack_core import evaluation, trackers
from irtrack_core.datasets import FrameError, FunctionFrames, Sequence, in_memory, load
from irtrack_core.datasets.sim_to_real import statistics as difficulty
from irtrack_core.evaluation.statistics import conditions
from irtrack_core.experiments import element_search, real_sets, study
from irtrack_core.training.sampling import PairSampler

N = 12
BOXES = np.column_stack([28 + np.arange(N), np.full((N, 1), 18), np.full((N, 2), 8)]).astype(float)


def pictures():
    """(12, 48, 64) uint16: a spot of 4 px that moves by one a frame."""
    frames = np.full((N, *media.SHAPE), 7000, np.uint16)
    for i, frame in enumerate(frames):
        frame[20:24, 30 + i : 34 + i] = 7100
    return frames


def folder(tmp_path, bad):
    """A folder sequence whose frames `bad` are cut short, no picture, of another depth or of another size, in turn."""
    place = media.write_images(tmp_path / "s", pictures(), ".tiff")
    for kind, number in enumerate(bad):
        file = place / f"{number}.tiff"
        if kind % 4 == 0:
            media.truncate(file, 0.1)
        elif kind % 4 == 1:
            file.write_text("no picture")
        else:
            other = (pictures()[number] // 30).astype(np.uint8) if kind % 4 == 2 else pictures()[number][:, :50]
            assert cv2.imwrite(str(file), other)
    rows = [f"{i},{','.join(map(str, box))}" for i, box in enumerate(BOXES)]
    (place / "boxes.csv").write_text("\n".join(["frame,x,y,w,h", *rows]))
    return load("folder", place)[0]


def test_a_frame_that_cannot_be_read_is_a_miss_and_told(tmp_path):
    with pytest.warns(UserWarning, match=r"folder/s: frames that cannot be used count as missed.*: 5, 8; the first: "):
        result = evaluation.run(trackers.create("peak"), folder(tmp_path, [5, 8]))
    assert np.flatnonzero(np.isnan(result.boxes).any(axis=1)).tolist() == [5, 8]
    assert result.scores[[5, 8]].tolist() == [0, 0] and result.frames == N - 3 and result.unreadable == 2
    (row,) = evaluation.evaluate([result], [load("folder", tmp_path / "s")[0]]).to_dict("records")
    assert row["unreadable"] == 2 and row["annotated"] == N - 1
    assert row["p20"] == pytest.approx((N - 3) / (N - 1))  # the others are hits
    path = evaluation.save_boxes([result], tmp_path / "b.csv")
    (again,) = evaluation.load_boxes(path)
    assert again.unreadable == 2
    np.testing.assert_array_equal(again.boxes, result.boxes)


def test_the_boxes_of_the_other_frames_are_those_without_the_bad_one(tmp_path):
    with pytest.warns(UserWarning, match=": 11; the first"):
        bad = evaluation.run(trackers.create("peak"), folder(tmp_path, [N - 1]))
    whole = evaluation.run(trackers.create("peak"), Sequence("s", "x", pictures(), BOXES))
    np.testing.assert_array_equal(bad.boxes[:-1], whole.boxes[:-1])


@pytest.mark.parametrize("resets", [None, 3])
def test_a_run_starts_on_the_first_frame_that_can_be_read(tmp_path, resets):
    with pytest.warns(UserWarning, match=": 0, 1, 6; the first"):
        result = evaluation.run(trackers.create("peak"), folder(tmp_path, [0, 1, 6]), resets=resets)
    assert result.start == 2 and result.boxes[0].tolist() == BOXES[2].tolist() and len(result.boxes) == N - 2
    given = BOXES[0] + [1, -1, 0, 0]
    with pytest.warns(UserWarning):
        result = evaluation.run(trackers.create("peak"), folder(tmp_path, [0]), box=given)
    assert result.boxes[0].tolist() == (BOXES[1] + [1, -1, 0, 0]).tolist()  # as wrong as the box that was asked for
    none = FunctionFrames(N, media.SHAPE, "uint8", lambda i: np.zeros((2, 2), np.uint8))
    with pytest.raises(FrameError, match="frame 0"):
        evaluation.run(trackers.create("peak"), Sequence("s", "x", none, BOXES))


def test_a_recording_that_breaks_off_is_read_up_to_there():
    read = []

    def frame(index):
        read.append(index)
        if index >= 7:
            raise FrameError("it breaks off", index, final=True)
        return pictures()[index]

    cut = Sequence("s", "x", FunctionFrames(N, media.SHAPE, "uint16", frame), BOXES)
    with pytest.warns(UserWarning, match=": 7, 8, 9, 10, 11; the first"):
        result = evaluation.run(trackers.create("peak"), cut)
    assert max(read) == 7 and result.unreadable == 5 and np.isnan(result.boxes[7:]).all()
    assert (result.scores[7:] == 0).all()
    read.clear()
    held = in_memory(cut)
    assert max(read) == 7
    with pytest.raises(FrameError, match="breaks off"):
        held.frames[9]


def test_nan_is_a_miss_and_an_error_of_the_tracker_is_one():
    frames = pictures().astype(np.float32)
    frames[4] = np.nan
    with pytest.warns(UserWarning, match=": 4; the first: .*NaN"):
        result = evaluation.run(trackers.create("peak"), Sequence("s", "x", frames, BOXES))
    assert result.unreadable == 1 and result.frames == N - 1

    class Broken(trackers.IdentityTracker):
        def update(self, frame):
            raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        evaluation.run(Broken(), Sequence("s", "x", pictures(), BOXES))


@pytest.mark.parametrize("processes", [1, 2])
def test_all_protocols_go_on(tmp_path, processes):
    one = folder(tmp_path, [0, 5, 9])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = evaluation.run_all(
            partial(trackers.create, "peak"), [one], ("OPE", "TRE", "SRE"), (1, 2), processes=processes
        )
    assert len(results) == 26 and {r.unreadable for r in results if r.stride == 1 and r.protocol == "OPE"} == {3}
    assert {r.start for r in results if r.protocol != "TRE"} == {1}
    told = [str(one.message) for one in caught if "cannot be used count" in str(one.message)]
    assert told and all("folder/s: frames" in text for text in told)
    assert processes == 1 or len(told) == len(set(told)) < 26  # of a sequence in another process each once


def test_the_studies_go_on(tmp_path, monkeypatch):
    one = folder(tmp_path, [0, 6])
    monkeypatch.setattr(real_sets, "data_root", lambda: tmp_path)
    monkeypatch.setattr(real_sets, "load", lambda name: [one] if name == "hui" else [])
    sequences, told = real_sets.real_sets(10)
    with pytest.warns(UserWarning, match=": 0, 6; the first"):
        results = study.track(sequences, ["identity"], tmp_path / "results")
    assert results[0].unreadable == 2 and told[0].startswith("hui: 1 of 1")
    with pytest.warns(UserWarning, match="are left out"):
        assert conditions(one)["snr"] > 1
    with pytest.warns(UserWarning, match="are left out"):
        assert difficulty(one)["width"] == 8
    families = element_search.candidates(lengths=(9,), angles=(4,), shapes=(), sizes=())
    with pytest.warns(UserWarning, match="are left out"):
        assert set(element_search.measure([one], families, [(1, 1)], count=N)["frame"]) == set(range(N)) - {0, 6}


def test_training_never_draws_an_unreadable_frame(tmp_path):
    from irtrack_core.config import network_preset

    with pytest.warns(UserWarning, match="are left out: 3; the first"):
        held = in_memory(folder(tmp_path, [3]), to_learn=True)
    assert np.flatnonzero(~held.present).tolist() == [3]
    sampler = PairSampler([pickle.loads(pickle.dumps(held))], network_preset("compact", width=0.25), 13)
    assert len(sampler.batch(0, 30)[0]) == 30
    kept = in_memory(replace(held, boxes=BOXES))
    with pytest.raises(FrameError, match="3.tiff"):
        kept.frames[3]


@pytest.mark.parametrize("odd", [(0,), (0, 1), (3, 4, 5), (11,)])
@pytest.mark.parametrize("kind", ["depth", "size"])
def test_a_few_images_unlike_the_others_cost_themselves_alone_wherever_they_are(tmp_path, odd, kind):
    place = media.write_images(tmp_path / "s", pictures(), ".tiff")
    for number in odd:
        frame = pictures()[number]
        frame = (frame // 30).astype(np.uint8) if kind == "depth" else frame[:, :50]
        assert cv2.imwrite(str(place / f"{number}.tiff"), frame)
    (place / "boxes.csv").write_text("\n".join(f"{i},{','.join(map(str, box))}" for i, box in enumerate(BOXES)))
    (one,) = load("folder", place)
    assert (one.frames.shape, one.frames.dtype) == (media.SHAPE, np.uint16)
    with pytest.warns(UserWarning, match="count as missed"):
        result = evaluation.run(trackers.create("peak"), one)
    first = next(i for i in range(N) if i not in odd)
    assert result.start == first and result.unreadable == len(odd)
    assert np.flatnonzero(np.isnan(result.boxes[:, 0])).tolist() == [i - first for i in odd if i > first]


def test_a_missing_image_is_told_with_the_box_that_has_none(tmp_path):
    place = media.write_images(tmp_path / "s", pictures())
    (place / "boxes.csv").write_text("\n".join(f"{i},{','.join(map(str, box))}" for i, box in enumerate(BOXES)))
    (place / "5.png").unlink()
    with pytest.raises(
        ValueError, match="a box for frame 11, but there are 11 frames.*; images missing from the numbering: 5"
    ):
        load("folder", place)
