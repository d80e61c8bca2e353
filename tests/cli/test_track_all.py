"""`irtrack track --all`: what it writes, and what it says about bad input."""

import csv
import os

import cv2
import numpy as np
import pytest

from irtrack_core import boxes as bx
from irtrack_core.__main__ import main
from irtrack_core.datasets import load

COUNT, SHAPE = 30, (96, 128)


def places(t):
    return [(20.5 + 2 * t, 30.5), (100.5 - 2 * t, 70.5)]


def frames():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    scene = 80 + rng.normal(0, 1, SHAPE).cumsum(axis=0).cumsum(axis=1) * 0.1
    for t in range(COUNT):
        spots = sum(80 * np.exp(-((x - u) ** 2 + (y - v) ** 2) / 4.5) for u, v in places(t))
        yield np.clip(scene + rng.normal(0, 2, SHAPE) + spots, 0, 255).astype(np.uint8)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("film.npy", np.array(list(frames())))
    return tmp_path


def rows_of(file):
    with open(file, newline="") as lines:
        return list(csv.DictReader(lines))


def place(row):
    return bx.centers([float(row[name]) for name in "xywh"])


def test_all_are_found_and_written_under_numbers_of_their_own(here, capsys):
    assert main(["track", "film.npy", "--all", "--csv", "all.csv", "--out", "drawn.avi", "--mot", "all.txt"]) == 0
    rows = rows_of("all.csv")
    assert list(rows[0]) == ["frame", "id", "x", "y", "w", "h", "score", "lost"]
    last = [row for row in rows if row["frame"] == "29"]
    assert sorted(row["id"] for row in last) == ["1", "2"]
    found = sorted(place(row).tolist() for row in last)
    np.testing.assert_allclose(found, sorted(places(29)), atol=1.5)
    out, err = capsys.readouterr()
    assert "30 frames, 0 of them unreadable, 2 targets; written: all.csv, all.txt, drawn.avi" in out
    drawn = cv2.VideoCapture("drawn.avi")
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == COUNT
    picture = [drawn.read()[1] for _ in range(COUNT)][-1].astype(int)
    assert np.ptp(picture, axis=2).max() > 60  # the boxes are coloured
    assert sorted(os.listdir()) == ["all.csv", "all.txt", "drawn.avi", "film.npy"]


def test_dark_ones_are_found_where_they_are_asked_for(here):
    np.save("dark.npy", 255 - np.load("film.npy"))
    assert main(["track", "dark.npy", "--all", "--polarity", "dark", "--csv", "dark.csv"]) == 0
    last = [place(row).tolist() for row in rows_of("dark.csv") if row["frame"] == "29"]
    np.testing.assert_allclose(sorted(last), sorted(places(29)), atol=1.5)


def test_the_mot_rows_are_read_back(here):
    (here / "img1").mkdir()
    for t, frame in enumerate(frames()):
        cv2.imwrite(str(here / f"img1/{t + 1:06d}.png"), frame)
    assert main(["track", "img1", "--all", "--csv", "all.csv", "--mot", "film.txt"]) == 0
    one, two = load("mot", here / "film.txt")
    ours = {row["id"]: row for row in rows_of("all.csv") if row["frame"] == "29"}
    for number, sequence in zip(("1", "2"), (one, two)):
        np.testing.assert_allclose(sequence.boxes[29], [float(ours[number][name]) for name in "xywh"], atol=1e-3)


def test_several_boxes_are_followed_in_their_order_and_no_other(here, capsys):
    boxes = ["--box", "97,67,7,7", "--box", "3,3,5,5"]
    assert main(["track", "film.npy", *boxes]) == 0
    rows = rows_of("film_multi.csv")
    assert {row["id"] for row in rows} == {"1", "2"}
    (mine,) = [row for row in rows if row["frame"] == "29" and row["id"] == "1"]
    np.testing.assert_allclose(place(mine), places(29)[1], atol=1.5)
    assert float(mine["w"]) == 7 and mine["lost"] == "0"


@pytest.mark.parametrize(
    "words, message",
    [
        (["--all", "--tracker", "peak"], "--tracker is about one target"),
        (["--all", "--pick", "2"], "--pick"),
        (["--box", "5,5,9,9", "--box", "50,50,9,9", "--backend", "opencv"], "--backend is about one target"),
        (["--box", "5,5,9,9", "--box", "5,5,9,9"], "boxes 0 and 1 .* same target"),
        (["--box", "5,5,9,9", "--box", "500,5,9,9"], r"box 1 of 2 .*outside the 128 x 96 frame"),
        (["--box", "5,5,9,9", "--mot", "x.txt"], "--mot is about several targets"),
        (["--box", "5,5,9,9", "--polarity", "dark"], "--polarity is about several targets"),
        (["--all", "--csv", "a.csv", "--mot", "a.csv"], "--mot names a file that is written too"),
        (["--all", "--csv", "film.npy"], "film.npy would be overwritten"),
        (["--all", "--start", "30"], "start frame 30: there are 30 frames"),
    ],
)
def test_what_cannot_be_right_is_told_and_nothing_is_written(here, capsys, words, message):
    assert main(["track", "film.npy", *words]) == 2
    assert __import__("re").search(message, capsys.readouterr().err)
    assert os.listdir() == ["film.npy"]


def test_a_file_that_is_anothers_is_kept_and_an_own_one_replaced(here):
    (here / "truth.csv").write_text("frame,id,x,y,w,h\n0,1,2,3,4,5\n")
    assert main(["track", "film.npy", "--all", "--csv", "truth.csv"]) == 2
    assert main(["track", "film.npy", "--all", "--csv", "ours.csv"]) == 0
    assert main(["track", "film.npy", "--all", "--csv", "ours.csv"]) == 0


def test_nothing_that_moves_and_frames_that_cannot_be_used(here, capsys):
    still = np.full((4, *SHAPE), 9, np.uint8)
    np.save("still.npy", still)
    assert main(["track", "still.npy", "--all"]) == 0
    out, err = capsys.readouterr()
    assert "4 frames, 0 of them unreadable, 0 targets" in out and "nothing small was seen to move" in err
    folder = here / "images"
    folder.mkdir()
    for t, frame in enumerate(frames()):
        cv2.imwrite(str(folder / f"{t:03d}.png"), frame[:60] if t == 12 else frame)
    assert main(["track", "images", "--all", "--csv", "i.csv"]) == 0
    out, err = capsys.readouterr()
    assert "30 frames, 1 of them unreadable, 2 targets" in out and "frame 12" in err and "going on" in err
    assert not [row for row in rows_of("i.csv") if row["frame"] == "12"]
