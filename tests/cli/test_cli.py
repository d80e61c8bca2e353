"""The command line: what it writes, what it says about bad input, and that nothing that was there is lost."""

import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import cv2
import media
import numpy as np
import processes
import pytest

from irtrack_core.__main__ import main
from irtrack_core.cli import output
from irtrack_core.cli.track import track
from irtrack_core.datasets import ArrayFrames, VideoFrames, load
from irtrack_core.trackers import IdentityTracker

BOX = "27,17,7,7"  # round the spot in frame 0
PRECIOUS = "frame,x,y,w,h,score\n0,1,2,3,4,0.5\n"


def spot_frames(count=20):
    """A spot that starts at (30.5, 20.5) and moves by (1, 0.5) px a frame."""
    y, x = np.mgrid[: media.SHAPE[0], : media.SHAPE[1]] + 0.5
    frames = [50 + 150 * np.exp(-((x - 30.5 - i) ** 2 + (y - 20.5 - i / 2) ** 2) / 4.5) for i in range(count)]
    return np.array(frames).astype(np.uint8)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows_of(file):
    with open(file, newline="") as lines:
        return list(csv.DictReader(lines))


def test_track_a_video_and_draw_it(here, capsys):
    media.write_video(here / "film.avi", spot_frames())
    assert main(["track", "film.avi", "--box", BOX, "--out", "drawn.mp4", "--csv", "boxes.csv"]) == 0
    rows = rows_of("boxes.csv")
    assert [row["frame"] for row in rows] == [str(i) for i in range(20)]
    for i, row in enumerate(rows):
        assert abs(float(row["x"]) + 3.5 - 30.5 - i) < 1 and abs(float(row["y"]) + 3.5 - 20.5 - i / 2) < 1
        assert 0 <= float(row["score"]) <= 1
    drawn = cv2.VideoCapture("drawn.mp4")
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == 20 and drawn.get(cv2.CAP_PROP_FPS) == 25
    frame = drawn.read()[1].astype(int)
    assert frame[16, 30, 2] - frame[16, 30, 0] > 40  # yellow line just outside the box's upper edge, y = 17
    # in doubt, as in its second frame, a tracker says that it is lost
    told = r"20 frames, 0 of them unreadable(, target lost in [12])?; written: boxes.csv, drawn.mp4"
    assert re.search(told, capsys.readouterr().out)
    assert sorted(os.listdir()) == ["boxes.csv", "drawn.mp4", "film.avi"]


@pytest.fixture(params=["PyAV", "OpenCV alone"])
def writer(request, monkeypatch):
    """Both kinds of installs, with the extra `media` and without."""
    if request.param == "PyAV":
        pytest.importorskip("av", reason="needs PyAV (extra media)")
    else:
        monkeypatch.setattr(output, "find_spec", lambda name: None)
    return request.param


@pytest.mark.parametrize("name", ["images/boxes.csv", "images/1.png", "clip.avi"])
def test_boxes_replace_only_boxes(here, capsys, name):
    media.write_images(here / "images", spot_frames(3))
    (here / "images/boxes.csv").write_text("frame,x,y,w,h\n0,1,2,3,4\n")
    media.write_video(here / "clip.avi", media.clip(3))
    before = (here / name).read_bytes()
    words = ["track", "images", "--box", BOX, "--tracker", "identity", "--csv"]
    assert main([*words, name]) == 2
    assert f"{name} would be overwritten: name another file" in capsys.readouterr().err
    assert (here / name).read_bytes() == before
    (here / "empty.csv").touch()
    for other in ("empty.csv", "empty.csv", "/dev/null"):  # the second time it holds boxes
        assert main([*words, other]) == 0
    assert len((here / "empty.csv").read_text().splitlines()) == 4


def test_a_full_disk_is_told_with_the_name_of_the_file(here, capsys):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full on this machine")
    media.write_images(here / "images", spot_frames(3))
    assert main(["track", "images", "--box", BOX, "--tracker", "identity", "--csv", "/dev/full"]) == 2
    assert "cannot write /dev/full: No space left on device" in capsys.readouterr().err


@pytest.mark.parametrize("fps", [211.222, 66.667, 196.263, 1000 / 3, 29.97, 8.7])
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_drawn_video_of_any_frame_rate(here, writer, fps, suffix):
    with output.VideoOutput(here / f"drawn{suffix}", fps) as video:
        for frame in media.clip(7):
            video.write(frame, np.array([20.0, 20, 5, 5]))
    drawn = cv2.VideoCapture(str(here / f"drawn{suffix}"))
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == 7 and abs(drawn.get(cv2.CAP_PROP_FPS) / fps - 1) < 1e-3
    frames = VideoFrames(here / f"drawn{suffix}")
    assert [media.number(frame) for frame in frames] == list(range(7))


@pytest.mark.parametrize("fps", [999.5, 1000, 1001, 5000, 70000])
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_drawn_video_of_a_fast_camera_keeps_every_frame_and_tells_where_it_plays_slower(here, writer, fps, suffix):
    with output.VideoOutput(here / f"drawn{suffix}", fps) as video:
        for frame in media.clip(30):
            video.write(frame, np.array([20.0, 20, 5, 5]))
    drawn, most = cv2.VideoCapture(str(here / f"drawn{suffix}")), {".avi": 1000, ".mp4": 65535}[suffix]
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == 30 and drawn.get(cv2.CAP_PROP_FPS) == pytest.approx(min(fps, most))
    assert [media.number(frame) for frame in VideoFrames(here / f"drawn{suffix}")] == list(range(30))
    assert (f"plays at {most} frames a second, not {fps:g}" in video.note) == (fps > most)


def test_track_tells_that_a_drawn_video_plays_slower(here, capsys, monkeypatch):
    media.write_images(here / "images", spot_frames(3))
    monkeypatch.setitem(output.VideoOutput.MOST, ".avi", 20)  # images count as 30 frames a second
    assert main(["track", "images", "--box", BOX, "--tracker", "identity", "--out", "o.avi"]) == 0
    assert "irtrack: o.avi plays at 20 frames a second, not 30: .avi takes no more" in capsys.readouterr().err


def test_a_drawn_video_is_of_a_codec_that_browsers_play_or_says_so(here, writer, capsys):
    media.write_images(here / "images", spot_frames(4))
    assert main(["track", "images", "--box", BOX, "--tracker", "identity", "--out", "o.mp4"]) == 0
    told = (
        "o.mp4 is MPEG-4, which browsers and Jupyter do not play: pip install 'irtrack-core[media]'"
        in capsys.readouterr().err
    )
    assert told == (writer == "OpenCV alone")
    kind = int(cv2.VideoCapture("o.mp4").get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little")
    assert kind in ((b"mp4v", b"FMP4") if told else (b"avc1", b"h264", b"vp09"))


@pytest.mark.browser
def test_chromium_plays_a_drawn_video(here):
    av, chromium = pytest.importorskip("av", reason="needs PyAV (extra media)"), shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    del av
    with output.VideoOutput(here / "drawn.mp4", 211.222) as video:
        for frame in media.clip(7):
            video.write(frame, np.array([20.0, 20, 5, 5]))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        (here / "page.html").write_text("<video muted src='drawn.mp4'></video>")
        page.goto((here / "page.html").as_uri())
        seen = page.evaluate(PLAY)
        browser.close()
    assert seen["error"] is None and (seen["width"], seen["height"]) == media.SHAPE[::-1]
    assert seen["ended"] and abs(seen["duration"] - 7 / 211.222) < 0.01


PLAY = """async () => {
    const video = document.querySelector("video");
    const ended = await new Promise((done) => {
        video.onended = () => done(true);
        video.onerror = () => done(false);
        video.play().catch(() => done(false));
    });
    const {videoWidth: width, videoHeight: height, duration} = video;
    return {ended, width, height, duration, error: video.error && video.error.message};
}"""


def test_what_track_writes_the_folder_reader_reads(here):
    media.write_images(here / "images", spot_frames(5))
    assert main(["track", "images", "--box", BOX, "--tracker", "identity"]) == 0
    (sequence,) = load("folder", here / "images", boxes=here / "images_identity.csv")
    np.testing.assert_array_equal(sequence.boxes, np.tile([27, 17, 7, 7], (5, 1)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_an_array_is_followed(here, dtype):
    np.save(here / "film.npy", spot_frames(8).astype(dtype))
    assert main(["track", "film.npy", "--box", BOX, "--csv", "b.csv", "--out", "o.avi"]) == 0
    assert abs(float(rows_of("b.csv")[-1]["x"]) - 27 - 7) < 1 and len(VideoFrames("o.avi")) == 8


def test_a_box_that_begins_outside_the_frame(here):
    media.write_images(here / "images", spot_frames(3))
    assert main(["track", "images", "--box", "-3,17.5,7,7", "--tracker", "identity", "--csv", "b.csv"]) == 0
    assert rows_of("b.csv")[2]["x"] == "-3.000"


def test_shares_of_the_frame_instead_of_pixels_are_doubted(here, capsys):
    media.write_images(here / "images", spot_frames(3))
    assert main(["track", "images", "--box", "0.4,0.4,0.1,0.1", "--tracker", "peak", "--csv", "b.csv"]) == 0
    assert "smaller than a pixel" in capsys.readouterr().err


def test_other_weights(here):
    from irtrack_core.network.weights import SHIPPED

    media.write_images(here / "images", spot_frames(6))
    words = ["track", "images", "--box", BOX, "--weights", str(SHIPPED / "compact-sim.safetensors"), "--csv", "b.csv"]
    assert main(words) == 0 and abs(float(rows_of("b.csv")[-1]["x"]) - 27 - 5) < 1


@pytest.mark.parametrize("weights, tracker", [([], "motion"), (["--weights", "compact-sim"], "siamese")])
def test_weights_that_know_nothing_of_time_are_those_of_siamese(here, weights, tracker):
    from irtrack_core.network.weights import SHIPPED

    media.write_images(here / "images", spot_frames(6))
    weights = [str(SHIPPED / f"{word}.safetensors") if word == "compact-sim" else word for word in weights]
    assert main(["track", "images", "--box", BOX, *weights]) == 0
    assert abs(float(rows_of(f"images_{tracker}.csv")[-1]["x"]) - 27 - 5) < 1


def test_start_on_a_later_frame(here):
    media.write_images(here / "images", spot_frames(12))
    assert main(["track", "images", "--box", "32,19.5,7,7", "--start", "5", "--csv", "b.csv"]) == 0
    rows = rows_of("b.csv")
    assert [int(row["frame"]) for row in rows] == list(range(5, 12)) and abs(float(rows[-1]["x"]) - 38) < 1


def test_a_drawn_video_has_a_frame_for_each_and_nothing_is_cut_off(here):
    frames = np.pad(spot_frames(6), ((0, 0), (0, 1), (0, 1)), mode="edge")
    media.write_images(here / "images", frames)
    media.truncate(here / "images/3.png", 0.02)
    assert main(["track", "images", "--box", BOX, "--out", "o.avi", "--tracker", "identity"]) == 0
    drawn = VideoFrames("o.avi")
    assert len(drawn) == 6 and drawn[0].shape == (50, 66)


def test_nan_does_not_blacken_the_drawn_video(here):
    frames = np.pad(spot_frames(4).astype(np.float32), ((0, 0), (0, 0), (0, 100)), mode="edge")
    frames[:, 2, 150] = np.nan
    np.save(here / "film.npy", frames)
    assert main(["track", "film.npy", "--box", BOX, "--out", "o.avi"]) == 0
    assert VideoFrames("o.avi")[1].max() > 200


def test_a_video_that_cannot_be_read_back_was_not_written(here, capsys, monkeypatch):
    class Full:
        """A writer on a full disk: it takes every frame and says nothing."""

        def __init__(self, path, *rest):
            open(path, "wb").close()

        def isOpened(self):
            return True

        def write(self, picture):
            pass

        release = isOpened

    media.write_images(here / "images", spot_frames(4))
    (here / "o.mp4").write_text("precious")
    monkeypatch.setattr(output, "find_spec", lambda name: None)
    monkeypatch.setattr(cv2, "VideoWriter", type("Writer", (Full,), {"fourcc": cv2.VideoWriter.fourcc}))
    assert main(["track", "images", "--box", BOX, "--tracker", "identity", "--out", "o.mp4"]) == 2
    assert "cannot write o.mp4: of 4 frames only 0 can be read back" in capsys.readouterr().err
    assert (here / "o.mp4").read_text() == "precious" and len(rows_of("images_identity.csv")) == 4


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody can write to")
@pytest.mark.parametrize("option, file", [("--csv", "/proc/x.csv"), ("--out", "/proc/x.mp4")])
def test_what_cannot_be_written_is_named(here, capsys, option, file):
    media.write_images(here / "images", spot_frames(3))
    assert main(["track", "images", "--box", BOX, "--tracker", "identity", option, file]) == 2
    assert f"irtrack: error: cannot write {file}: " in capsys.readouterr().err


def test_a_link_stays_a_link_and_a_device_a_device(here):
    media.write_images(here / "images", spot_frames(3))
    (here / "far.csv").write_text("frame,x,y,w,h,score\n")
    (here / "near.csv").symlink_to("far.csv")
    for file in ("near.csv", os.devnull):
        assert main(["track", "images", "--box", BOX, "--tracker", "identity", "--csv", file]) == 0
    assert (here / "near.csv").is_symlink() and len(rows_of("far.csv")) == 3
    assert not os.path.isfile(os.devnull) and os.path.exists(os.devnull)
    assert sorted(os.listdir()) == ["far.csv", "images", "near.csv"]


def test_folders_that_differ_after_a_dot_have_files_of_their_own(here):
    for name in ("flight.01", "flight.02"):
        media.write_images(here / name, spot_frames(2))
        assert main(["track", name, "--box", BOX, "--tracker", "identity"]) == 0
    assert {"flight.01_identity.csv", "flight.02_identity.csv"} <= set(os.listdir())


def test_sixteen_bit_images_can_be_drawn(here):
    media.write_images(here / "images", spot_frames(4).astype(np.uint16) * 200)
    assert main(["track", "images", "--box", BOX, "--out", "o.avi"]) == 0
    assert VideoFrames("o.avi")[0].max() > 200


def test_a_corrupt_frame_is_reported_and_tracking_goes_on(here, capsys):
    media.write_images(here / "images", spot_frames(12))
    media.truncate(here / "images/6.png", 0.02)
    assert main(["track", "images", "--box", BOX, "--csv", "b.csv"]) == 0
    captured = capsys.readouterr()
    assert "6.png is not a readable image" in captured.err and "going on" in captured.err
    assert "12 frames, 1 of them unreadable" in captured.out
    rows = rows_of("b.csv")
    assert rows[6]["x"] == "" and rows[6]["score"] == "0.0000" and abs(float(rows[-1]["x"]) - 27 - 11) < 1
    (sequence,) = load("folder", here / "images", boxes=here / "b.csv")
    assert np.flatnonzero(~sequence.present).tolist() == [6]


def test_nan_frames_are_reported_and_tracking_goes_on(here, capsys):
    frames = spot_frames(8).astype(np.float32)
    frames[3, 2, 2] = np.nan
    media.write_images(here / "images", frames, ".tif")
    assert main(["track", "images", "--box", BOX, "--csv", "b.csv"]) == 0
    assert "frame 3: the image holds NaN" in capsys.readouterr().err and rows_of("b.csv")[3]["x"] == ""
    frames[0, 2, 2] = np.nan
    media.write_images(here / "bad", frames, ".tif")
    assert main(["track", "bad", "--box", BOX]) == 2


def test_what_a_video_hides_is_told(here, capsys):
    media.avi_with_empty_chunks(here / "null.avi", {5, 6})
    assert main(["track", "null.avi", "--box", BOX, "--tracker", "identity", "--csv", "b.csv"]) == 0
    told = capsys.readouterr().err
    assert "irtrack: 2 frame(s) without a picture of their own show the one before: 5, 6" in told
    assert len(rows_of("b.csv")) == 30


def test_a_video_that_breaks_off_keeps_what_could_be_read(here, capsys):
    media.truncate(media.write_video(here / "cut.avi", spot_frames(20)), 0.8)
    assert main(["track", "cut.avi", "--box", BOX, "--csv", "b.csv"]) == 0
    assert capsys.readouterr().err.count("copy it again; keeping the frames before it") == 1
    rows = rows_of("b.csv")
    assert 3 < len(rows) < 20 and rows[-2]["x"] and not rows[-1]["x"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["track", "gone.mp4", "--box", BOX], "no video gone.mp4"),
        (["track", "gone.png", "--box", BOX], "no image gone.png"),
        (["track", "gone.tif", "--box", BOX], "no image gone.tif"),
        (["track", "gone.hcc", "--box", BOX], "no recording gone.hcc"),
        (["track", "text.mp4", "--box", BOX], "text.mp4 cannot be opened as a video"),
        (["track", "empty", "--box", BOX], "no images"),
        (["track", "images/0.png", "--box", BOX], "is a single image"),
        (["track", "images", "--box", "1,1,0,5"], "is empty"),
        (["track", "images", "--box", "300,1,5,5"], "outside the 64 x 48 frame"),
        (["track", "images", "--box", "nan,1,5,5"], "NaN"),
        (["track", "nothing.mp4", "--box", BOX], "nothing.mp4 cannot be opened as a video (0 bytes)"),
        (["track", "images", "--box", BOX, "--list"], "leave --box out"),
        (["track", "images", "--pick", "7"], "no such candidate: choose 1 to"),
        (["track", "images", "--list", "--start", "3"], "start frame 3: there are 3 frames"),
        (["track", "flat"], "nothing stands out of frame 0: name the target with --box"),
        (["track", "images", "--box", BOX, "--tracker", "peak", "--backend", "openvino"], "'peak' has no backend"),
        (["track", "images", "--box", BOX, "--tracker", "peak", "--weights", "w"], "'peak' has no weights"),
        (["track", "images", "--box", BOX, "--weights", "gone.safetensors"], "gone.safetensors"),
        (["track", "images", "--box", BOX, "--tracker", "pyramid"], "'pyramid' needs weights"),
        (["track", "images", "--box", BOX, "--tracker", "ref8"], "notebook 07 trains them"),
        (["track", "images", "--box", "-30,1,5,5"], "outside the 64 x 48 frame"),
        (["track", "double.npy", "--box", BOX], "double.npy: frames must be uint8, uint16 or float32; got float64"),
        (["track", "colour.npy", "--box", BOX], "colour.npy holds colour frames (2, 48, 64, 3)"),
        (["track", "none.npy", "--box", BOX], "none.npy holds no frames"),
        (["track", "text.npy", "--box", BOX], "text.npy cannot be read as a NumPy array"),
        (["track", "gone.npy", "--box", BOX], "no array gone.npy"),
        (["track", "gone.png", "--box", BOX], "no image gone.png"),
        (["track", "images", "--box", "0,0,64,47", "--tracker", "mil"], "OpenCV's tracker 'mil' cannot start"),
        (["track", "images", "--box", BOX, "--weights", "text.npy"], "text.npy is not a whole safetensors file"),
        (["track", "images", "--box", BOX, "--backend", "tensorrt"], "unknown backend 'tensorrt'"),
        (["track", "images", "--box", BOX, "--backend", "opencv", "--precision", "int8"], "has no precision 'int8'"),
        (["track", "images", "--box", BOX, "--start", "9"], "start frame 9: there are 3 frames"),
        (["track", "images", "--box", BOX, "--tracker", "magic"], "unknown tracker 'magic'"),
        (["track", "images", "--box", BOX, "--out", "o.gif"], "written as .mp4 or .avi"),
        (["track", "images", "--box", BOX, "--csv", "nowhere/b.csv"], "no folder"),
        (["track", "film.avi", "--box", BOX, "--out", "film.avi"], "film.avi would be overwritten"),
        (["track", "images", "--box", BOX, "--out", "o.avi", "--csv", "o.avi"], "--csv and --out both name o.avi"),
        (
            ["track", "images", "--box", "-1e9,-1e9,2.00000004e9,2.00000004e9"],
            "many times as large as the 64 x 48 frame",
        ),
        (["check", "imagenet", "images"], "unknown dataset 'imagenet'"),
        (["check", "folder", "gone"], "no such file or folder: gone"),
        (["check", "svanstrom", "images"], "no IR_*.mp4"),
        (["check", "sim-aircraft", "images"], "simulated"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(here, capsys, arguments, message):
    media.write_images(here / "images", spot_frames(3))
    media.write_video(here / "film.avi", spot_frames(3))
    media.write_images(here / "flat", np.full((2, 48, 64), 7, np.uint8))
    (here / "empty").mkdir()
    (here / "nothing.mp4").touch()
    (here / "text.mp4").write_text("no video")
    (here / "text.npy").write_text("no array")
    for name, array in {"double": np.zeros((2, 48, 64)), "colour": np.zeros((2, 48, 64, 3), np.uint8)}.items():
        np.save(here / f"{name}.npy", array)
    np.save(here / "none.npy", np.zeros((0, 48, 64), np.uint8))
    (here / "images_peak.csv").write_text("precious")
    before = {file: file.read_bytes() for file in here.rglob("*") if file.is_file()}
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1 and error[0].startswith("irtrack: error: ") and message in error[0]
    assert {file: file.read_bytes() for file in here.rglob("*") if file.is_file()} == before


def two_spots(count=6):
    """The spot of `spot_frames` and a fainter one that stands still at (50.5, 10.5)."""
    y, x = np.mgrid[: media.SHAPE[0], : media.SHAPE[1]] + 0.5
    still = 80 * np.exp(-((x - 50.5) ** 2 + (y - 10.5) ** 2) / 4.5)
    return np.clip(spot_frames(count) + still, 0, 255).astype(np.uint8)


def last_center(file):
    row = rows_of(file)[-1]
    return float(row["x"]) + float(row["w"]) / 2, float(row["y"]) + float(row["h"]) / 2


def test_without_a_box_the_strongest_candidate_is_followed(here, capsys):
    media.write_images(here / "images", two_spots())
    assert main(["track", "images", "--csv", "b.csv"]) == 0
    captured = capsys.readouterr()
    assert "following the strongest candidate" in captured.err and "rank,x,y,w,h,strength" in captured.err
    assert last_center("b.csv") == pytest.approx((35.5, 23), abs=1)
    assert main(["track", "images", "--pick", "2", "--csv", "c.csv"]) == 0
    assert last_center("c.csv") == pytest.approx((50.5, 10.5), abs=1)


class Terminal:
    def __init__(self, answer):
        self.answer = answer

    def isatty(self):
        return True

    def readline(self):
        return self.answer


@pytest.mark.parametrize("answer, center", [("2\n", (50.5, 10.5)), ("\n", (35.5, 23)), ("q\n", None), ("99\n", None)])
def test_in_a_terminal_one_is_asked_which(here, capsys, monkeypatch, answer, center):
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    media.write_images(here / "images", two_spots())
    code = main(["track", "images", "--csv", "b.csv"])
    error = capsys.readouterr().err
    assert "Which one? 1-" in error
    if center is None:
        assert code == 2 and "no such candidate" in error and not (here / "b.csv").exists()
    else:
        assert code == 0 and last_center("b.csv") == pytest.approx(center, abs=1)


def test_list_prints_candidates_that_can_be_passed_on(here, capsys):
    media.write_images(here / "images", two_spots())
    assert main(["track", "images", "--list"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["rank"] for row in rows[:2]] == ["1", "2"] and float(rows[0]["strength"]) > float(rows[1]["strength"])
    assert os.listdir() == ["images"]
    box = ",".join(rows[1][name] for name in "xywh")
    assert main(["track", "images", "--box", box, "--csv", "b.csv"]) == 0
    assert last_center("b.csv") == pytest.approx((50.5, 10.5), abs=1)


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_backend_is_used_or_missed_with_a_message(here, capsys, monkeypatch, backend):
    from irtrack_core.network import inference

    media.write_images(here / "images", spot_frames(6))
    words = ["track", "images", "--box", BOX, "--backend", backend, "--csv"]
    assert main([*words, "a.csv"]) == 0
    assert ("going on with" in capsys.readouterr().err) == bool(inference.missing(backend))
    monkeypatch.setattr(inference, "missing", lambda name: name if name == backend else None)
    assert main([*words, "b.csv"]) == 0
    assert f"irtrack: backend '{backend}' needs {backend}" in capsys.readouterr().err
    for mine, other in zip(rows_of("a.csv"), rows_of("b.csv"), strict=True):
        assert all(abs(float(mine[name]) - float(other[name])) < 0.1 for name in "xywh")


def test_one_frame_is_nothing_to_follow(here, capsys):
    media.write_video(here / "one.avi", spot_frames(1))
    assert main(["track", "one.avi", "--box", BOX, "--csv", "b.csv"]) == 0
    captured = capsys.readouterr()
    assert "only one frame" in captured.err and "1 frame, 0 of them unreadable" in captured.out
    assert [row["x"] for row in rows_of("b.csv")] == ["27.000"]


def test_frames_of_another_size_are_reported_and_tracking_goes_on(here, capsys):
    media.write_images(here / "images", spot_frames(20))
    for i in range(3, 18):  # more of them than are told one by one
        cv2.imwrite(f"images/{i}.png", np.zeros((30, 40), np.uint8))
    assert main(["track", "images", "--box", BOX, "--csv", "b.csv", "--out", "o.avi"]) == 0
    captured = capsys.readouterr()
    assert (
        captured.err.count("is (30, 40) uint8, but the sequence is of (48, 64)") == 10 == captured.err.count("going on")
    )
    assert "further ones are only counted" in captured.err and "20 frames, 15 of them unreadable" in captured.out
    rows = rows_of("b.csv")
    assert [i for i, row in enumerate(rows) if not row["x"]] == list(range(3, 18)) and len(VideoFrames("o.avi")) == 20


@pytest.mark.parametrize("tracker", ["siamese", "peak"])
def test_a_box_of_one_pixel(here, tracker):
    media.write_images(here / "images", spot_frames(6))
    assert main(["track", "images", "--box", "30,20,1,1", "--tracker", tracker, "--csv", "b.csv"]) == 0
    assert len(rows_of("b.csv")) == 6 and last_center("b.csv") == pytest.approx((35.5, 23), abs=3)


class Unsure(IdentityTracker):
    """Loses the target in every other frame."""

    lost = False

    def update(self, frame):
        self.lost = not self.lost
        return super().update(frame)


def test_a_lost_target_is_counted_and_drawn_grey(here, capsys, monkeypatch):
    monkeypatch.setattr("irtrack_core.trackers.REGISTRY", {"unsure": Unsure})
    media.write_images(here / "images", spot_frames(5))
    assert main(["track", "images", "--box", BOX, "--tracker", "unsure", "--csv", "b.csv", "--out", "o.avi"]) == 0
    assert "target lost in 2;" in capsys.readouterr().out
    drawn = cv2.VideoCapture("o.avi")
    yellow = [int(frame[16, 30, 2]) - int(frame[16, 30, 0]) > 40 for frame in (drawn.read()[1] for _ in range(5))]
    assert yellow == [True, False, True, False, True]


@pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d", ""])
def test_a_box_needs_four_numbers(here, capsys, box):
    with pytest.raises(SystemExit) as caught:
        main(["track", "images", "--box", box])
    assert caught.value.code == 2 and "give four numbers" in capsys.readouterr().err


class Interrupted(IdentityTracker):
    """Ctrl-C comes in frame 4."""

    def update(self, frame):
        self.count = getattr(self, "count", 0) + 1
        if self.count == 4:
            raise KeyboardInterrupt
        return super().update(frame)


def test_ctrl_c_keeps_what_was_done(here, capsys, monkeypatch):
    monkeypatch.setattr("irtrack_core.trackers.REGISTRY", {"slow": Interrupted})
    media.write_images(here / "images", spot_frames(9))
    assert main(["track", "images", "--box", BOX, "--tracker", "slow", "--csv", "b.csv", "--out", "o.avi"]) == 130
    assert "stopped after 4 frames" in capsys.readouterr().err
    assert len(rows_of("b.csv")) == 4 and len(VideoFrames("o.avi")) == 4


def test_ctrl_c_before_the_first_row_leaves_the_old_file(here, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("irtrack_core.cli.output.CsvOutput.write", interrupted)
    media.write_images(here / "images", spot_frames(3))
    (here / "b.csv").write_text(PRECIOUS)
    assert main(["track", "images", "--box", BOX, "--tracker", "identity", "--csv", "b.csv"]) == 130
    assert (here / "b.csv").read_text() == PRECIOUS and sorted(os.listdir()) == ["b.csv", "images"]


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_stopped_from_outside(here, number, status):
    rng = np.random.default_rng(0)
    media.write_video(here / "film.avi", rng.integers(0, 99, (60, 240, 320), dtype=np.uint8))
    code = (
        "import signal, sys, time, irtrack_core.trackers as t\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background jobs start with it ignored
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # and those of nohup with this one
        "class Slow(t.IdentityTracker):\n"
        "    def update(self, frame):\n"
        "        print('busy', flush=True); time.sleep(0.2); return super().update(frame)\n"
        "t.REGISTRY['slow'] = Slow\n"
        "from irtrack_core.__main__ import main\n"
        "sys.exit(main(['track', 'film.avi', '--box', '9,9,9,9', '--tracker', 'slow', '--csv', 'b.csv']))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(3):
        assert process.stdout.readline() == "busy\n"
    time.sleep(0.05)
    process.send_signal(number)
    out, error = process.communicate(timeout=60)
    assert process.returncode == status and "Traceback" not in error and "they are kept" in error
    assert 3 <= len(rows_of("b.csv")) < 60


def test_an_error_in_between_leaves_the_old_file(here, monkeypatch):
    class Broken(IdentityTracker):
        def update(self, frame):
            raise RuntimeError("a bug")

    monkeypatch.setattr("irtrack_core.trackers.REGISTRY", {"broken": Broken})
    media.write_images(here / "images", spot_frames(3))
    (here / "b.csv").write_text(PRECIOUS)
    with pytest.raises(RuntimeError, match="a bug"):
        main(["track", "images", "--box", BOX, "--tracker", "broken", "--csv", "b.csv"])
    assert (here / "b.csv").read_text() == PRECIOUS and sorted(os.listdir()) == ["b.csv", "images"]


def test_track_is_lazy_and_checks_at_once():
    frames = ArrayFrames(spot_frames(5))
    with pytest.raises(ValueError, match="empty"):
        track(IdentityTracker(), frames, [1, 1, 0, 0])
    index, frame, box, score, problem = next(track(IdentityTracker(), frames, [30, 20, 5, 5], start=2))
    assert (index, score, problem) == (2, 1.0, "") and box.tolist() == [30, 20, 5, 5]
    np.testing.assert_array_equal(frame, frames[2])


def test_check_reports_and_sets_the_exit_code(here, capsys):
    folder = media.write_images(here / "good", spot_frames(4))
    (folder / "boxes.csv").write_text("0,27,17,7,7\n3,30,18,7,7\n")
    assert main(["check", "folder", "good"]) == 0
    out = capsys.readouterr().out
    assert "good: 4 frames 64 x 48 uint8, 2 boxes (median 7.0 x 7.0 px), 1 gaps" in out and "1-2" in out
    media.truncate(folder / "2.png", 0.02)
    assert main(["check", "folder", "good"]) == 1
    assert "1 frame(s) cannot be used" in capsys.readouterr().out
    assert main(["check", "folder", "good", "--quick"]) == 0
    assert main(["check", "folder", "~nobody-of-that-name/good"]) == 2
    assert "no such file or folder: ~nobody-of-that-name" in capsys.readouterr().err
    for words in (["check"], ["evaluate", "peak", "--out", "new"], ["train", "--out", "new.safetensors"]):
        for path in ("~nobody-of-that-name/good", "gone/good", "gone", "gone.mp4"):
            assert main([*words, path]) == 2
            error = capsys.readouterr().err
            assert path in error and error.count("\n") == 1, error
            assert words != ["check"] or error.startswith(f"irtrack: error: no such file or folder: {path}")


def test_check_when_no_target_lasts(here, capsys):
    """KAIST's relabelled samples are single frames: there are boxes, but nothing to track."""
    media.write_images(here / "images", spot_frames(1), name=lambda i: "set06_V001_I00459_lwir")
    (here / "annotations-xml").mkdir()
    box = "<bndbox><x>27</x><y>17</y><w>7</w><h>7</h></bndbox>"
    (here / "annotations-xml/set06_V001_I00459.xml").write_text(f"<a><object><name>person</name>{box}</object></a>")
    assert main(["check", "kaist", "."]) == 1
    out = capsys.readouterr().out
    assert "none set06_V001: 1 images, 1 boxes" in out and "no target is annotated in enough frames" in out
    assert main(["check", "kaist", ".", "--option", "min_length=1", "--option", "modality=lwir"]) == 0
    assert "ok   set06_V001-1: 1 frames 64 x 48" in capsys.readouterr().out
    assert main(["check", "kaist", ".", "--option", "length=1"]) == 2
    assert "dataset 'kaist' has no option 'length'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["check", "kaist", ".", "--option", "min_length"])
    assert "is not NAME=VALUE" in capsys.readouterr().err


def test_a_stop_leaves_no_half_row(here):
    """Each row goes out in one piece: Ctrl-C between two pieces left half of one."""

    class Pieces(list):
        write, close = list.append, list.clear

    with output.CsvOutput("a.csv") as rows, output.MotOutput("b.txt") as mot, output.TracksOutput("c.csv") as several:
        for one in (rows, mot, several):
            one.file.close()
            one.file = Pieces()
        rows.write(3, np.array([1, 2, 3, 4.5]), 0.5)
        track = SimpleNamespace(id=1, box=np.array([1, 2, 3, 4.5]), score=0.5, lost=0)
        mot.write(0, [track, track])
        several.write(0, [track, track])
        assert rows.file == ["3,1.000,2.000,3.000,4.500,0.5000\n"]
        for found in (mot.file, several.file):
            assert len(found) == 2 and all(row.endswith("\n") for row in found)


def test_a_name_that_cannot_be_printed_is_no_error(here):
    """Names whose bytes are no UTF-8, and any names where the terminal takes ASCII alone."""
    try:
        (here / os.fsdecode(b"caf\xe9")).mkdir()
    except OSError:
        pytest.skip("names are UTF-8 on this file system")
    media.write_images(here / "plain", spot_frames(2))
    for file in (here / "plain").iterdir():
        file.rename(here / os.fsdecode(b"caf\xe9") / file.name)
    words = [sys.executable, "-m", "irtrack_core", "track", b"caf\xe9", "--box", BOX, "--tracker", "identity"]
    done = subprocess.run(words, capture_output=True, env=processes.environment(PYTHONIOENCODING="ascii"), timeout=120)
    assert done.returncode == 0, done.stderr
    assert b"written: caf\\udce9_identity.csv" in done.stdout
    assert len(list(here.glob("caf*_identity.csv"))) == 1


def test_ctrl_c_at_any_time_is_no_traceback(monkeypatch, capsys):
    def interrupted(arguments):
        raise KeyboardInterrupt

    def in_an_import(arguments):  # what compiled modules make of it
        raise ImportError("initialization failed") from KeyboardInterrupt(signal.SIGTERM)

    for stopped, code in ((interrupted, 130), (in_an_import, 143)):
        monkeypatch.setattr("irtrack_core.cli.main._check", stopped)
        assert main(["check", "svanstrom"]) == code and capsys.readouterr().err == "irtrack: stopped\n"


def test_a_missing_system_library_is_told(here, monkeypatch, capsys):
    (here / "film.mp4").touch()

    def without(arguments):
        raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr("irtrack_core.cli.track.run", without)
    assert main(["track", "film.mp4", "--box", "1,2,3,4"]) == 2
    assert "apt install libgl1 libglib2.0-0" in capsys.readouterr().err


def test_as_a_program():
    result = subprocess.run(
        [sys.executable, "-m", "irtrack_core", "track", "gone.mp4", "--box", "1,2,3,4"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert result.returncode == 2 and result.stderr == "irtrack: error: no video gone.mp4\n" and not result.stdout


@pytest.mark.parametrize(
    "closed, code", [("| head -c 0", 141), (">&-", 0), ("2>&-", 0), (">&- 2>&-", 0), (">/dev/full", 2)]
)
def test_streams_that_nobody_reads(here, closed, code):
    """The files are whole all the same; what cannot be printed is no traceback."""
    media.write_images(here / "images", spot_frames(4))
    command = f"{sys.executable} -m irtrack_core track images --box {BOX} --tracker peak --csv b.csv"
    run = ["bash", "-c", f"{command} {closed}; exit ${{PIPESTATUS[0]}}"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, env=processes.environment())
    assert done.returncode in ((code, 0) if code == 141 else (code,)) and "Traceback" not in done.stderr, done.stderr
    assert len(rows_of("b.csv")) == 4 and sorted(os.listdir()) == ["b.csv", "images"]


def test_signals_are_as_they_were_after_a_command(here):
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    media.write_images(here / "images", spot_frames(2))
    assert main(["track", "images", "--box", BOX, "--tracker", "identity", "--csv", "b.csv"]) == 0
    assert before == [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]


@pytest.mark.parametrize("words", [["images", "--start", "3"], ["images", "--start", "-1"], ["page.avi"]])
def test_what_names_and_text_tell_is_told_before_numpy_is_loaded(tmp_path, words):
    (tmp_path / "images").mkdir()
    for k in range(3):
        (tmp_path / "images" / f"{k}.png").write_bytes(b"")
    (tmp_path / "page.avi").write_text("<!DOCTYPE html><html>")
    code = (
        "import sys\nfrom irtrack_core.cli.main import main\n"
        "code = main(sys.argv[1:])\nprint(code, 'numpy' in sys.modules or 'cv2' in sys.modules)"
    )
    run = processes.python("-c", code, "track", *words, "--box", "1,1,2,2", cwd=tmp_path)
    assert run.stdout == "2 False\n"
    assert ("there are 3 frames (0 to 2)" if words[0] == "images" else "a web page stands in its place") in run.stderr
