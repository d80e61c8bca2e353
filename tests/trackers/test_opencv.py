"""OpenCV's trackers under our protocol: those that the installed build has, and a clear word about the others."""

import json

import numpy as np
import pytest
from toys import moving_spot

from irtrack_core import evaluation, trackers
from irtrack_core.boxes import center_error, centers
from irtrack_core.config import profile
from irtrack_core.experiments import opencv_baselines, protocol
from irtrack_core.trackers import Tracker, opencv

HERE = opencv.available()
MISSING = [name for name in opencv.MAKERS if name not in HERE]


class Follows:
    """Stands for OpenCV's object: notes what it is given, and answers the box moved by (3, -2)."""

    def __init__(self):
        self.frames, self.found = [], True

    def init(self, frame, box):
        self.given = self.box = box
        self.frames.append(frame)

    def update(self, frame):
        self.frames.append(frame)
        self.box = (self.box[0] + 3, self.box[1] - 2, *self.box[2:])
        return self.found, self.box


def wrapped():
    made = []

    def make():
        made.append(Follows())
        return made[-1]

    return opencv.OpenCVTracker("csrt", make=make), made


def test_small_boxes_are_widened_and_narrowed_again():
    tracker, made = wrapped()
    tracker.init(np.zeros((80, 100), np.uint8), [40.3, 30.7, 5, 14])
    x, y, w, h = made[0].given
    assert (w, h) == (12, 14) and all(isinstance(v, int) for v in made[0].given)
    assert abs(x + w / 2 - 42.8) <= 0.5 and abs(y + h / 2 - 37.7) <= 0.5
    np.testing.assert_allclose(tracker.update(np.zeros((80, 100), np.uint8)), [43.3, 28.7, 5, 14])
    assert tracker.score == 1


def test_a_lost_target_keeps_its_box_with_score_0():
    tracker, made = wrapped()
    tracker.init(np.zeros((80, 100), np.uint8), [40, 30, 20, 14])
    made[0].found = False
    np.testing.assert_array_equal(tracker.update(np.zeros((80, 100), np.uint8)), [40, 30, 20, 14])
    assert tracker.score == 0


@pytest.mark.parametrize("corner", [(-2, -2), (95, 75)])
def test_a_box_at_the_border_stays_in_the_frame(corner):
    tracker, made = wrapped()
    tracker.init(np.zeros((80, 100), np.uint8), [*corner, 6, 6])
    x, y, w, h = made[0].given
    assert x >= 0 and y >= 0 and x + w <= 100 and y + h <= 80 and w >= 1 and h >= 1
    np.testing.assert_allclose(tracker.update(np.zeros((80, 100), np.uint8)), [corner[0] + 3, corner[1] - 2, 6, 6])


def test_deep_frames_are_scaled_by_the_first_one():
    tracker, made = wrapped()
    ramp = np.linspace(1000, 3000, 80 * 100).reshape(80, 100)
    tracker.init(ramp.astype(np.uint16), [40, 30, 20, 14])
    tracker.update((ramp * 2).astype(np.uint16))
    first, second = made[0].frames
    assert first.dtype == np.uint8 and first.shape == (80, 100, 3)
    assert first.min() == 0 and first.max() == 255 and second.max() == 255 and second.min() > 100


@pytest.mark.parametrize("name", HERE)
def test_those_that_are_here_follow_a_spot(name):
    sequence = moving_spot(8)
    scaled = np.clip(40 + 180 * np.asarray(sequence.frames.array), 0, 255).astype(np.uint8)
    tracker = trackers.create(name)
    assert isinstance(tracker, Tracker) and tracker.name == name
    tracker.init(scaled[0], sequence.boxes[0])
    found = np.array([tracker.update(frame) for frame in scaled[1:]])
    assert center_error(found, sequence.boxes[1:]).max() < 6


@pytest.mark.parametrize("name", MISSING)
def test_those_that_are_not_say_where_to_get_them(name):
    with pytest.raises(ImportError, match=f"no tracker {name!r}: `make baselines`"):
        trackers.create(name)


def test_nanotrack_asks_for_its_weights(tmp_path):
    with pytest.raises(ValueError, match="needs its weights"):
        trackers.create("nanotrack")
    with pytest.raises(FileNotFoundError, match="none.onnx"):
        trackers.create("nanotrack", backbone=tmp_path / "none.onnx", head=tmp_path / "none.onnx")


def test_baselines_leave_raw_boxes_and_a_card(tmp_path, monkeypatch):
    monkeypatch.delenv("IRTRACK_DATA", raising=False)
    monkeypatch.setattr(opencv_baselines.config, "profile", lambda name: profile(name).replace(frames=4))
    monkeypatch.setattr(opencv_baselines.trackers, "create", lambda name, **_: wrapped()[0])
    assert opencv_baselines.main(["csrt", "--results", str(tmp_path)]) == 0
    card = json.loads((tmp_path / "opencv.json").read_text())
    assert card["trackers"] == ["csrt"] and card["opencv"] == opencv.version() and card["sequences"] == 6
    assert {"commit", "versions", "least_side"} <= set(card)
    ((_, _, test),) = protocol.test_folds(profile("quick").replace(frames=4))
    (result,) = evaluation.load_boxes(protocol.boxes_path(tmp_path, test[0].dataset, test[0].name, "csrt"))
    np.testing.assert_allclose(centers(result.boxes[1]) - centers(result.boxes[0]), [3, -2])
    assert opencv_baselines.there(test, tmp_path) == ["csrt"] and opencv_baselines.there([], tmp_path) == []
    assert (tmp_path / "opencv__speed.csv").exists()


def test_baselines_say_what_is_missing(tmp_path, capsys):
    assert opencv_baselines.main(["nanotrack", "--results", str(tmp_path)]) == 1
    assert "needs its weights" in capsys.readouterr().err
    assert opencv_baselines.main(["--peer", "lighttrack", "one.onnx", "--results", str(tmp_path)]) == 1
    assert "lighttrack runs from 2 files, template search in this order; got 1" in capsys.readouterr().err


def test_baselines_take_peers_with_their_files(tmp_path, monkeypatch):
    made = {}
    monkeypatch.delenv("IRTRACK_DATA", raising=False)
    monkeypatch.setattr(opencv_baselines.config, "profile", lambda name: profile(name).replace(frames=4))
    monkeypatch.setattr(opencv_baselines.opencv, "available", lambda: [])
    monkeypatch.setattr(
        opencv_baselines.trackers, "create", lambda name, **options: made.update({name: options}) or wrapped()[0]
    )
    (tmp_path / "net.onnx").touch()
    words = ["--peer", "vittrack", str(tmp_path / "net.onnx"), "--results", str(tmp_path)]
    assert opencv_baselines.main(words) == 0 and made == {"vittrack": {"net": tmp_path / "net.onnx"}, "peak": {}}
    ((_, _, test),) = protocol.test_folds(profile("quick").replace(frames=4))
    assert opencv_baselines.there(test, tmp_path) == ["vittrack"]


def test_nanotracks_files_must_be_onnx(tmp_path):
    files = {name: tmp_path / f"{name}.onnx" for name in ("backbone", "head")}
    for file in files.values():
        file.write_text("this is no graph\n")
    with pytest.raises(ValueError, match=r"cannot read NanoTrack from .*backbone\.onnx and .*head\.onnx"):
        trackers.create("nanotrack", **files)
