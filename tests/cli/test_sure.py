"""`irtrack track --sure`: how sure the place is, as columns and as ellipses in the video."""

import csv

import cv2
import numpy as np
import pytest

from irtrack_core.__main__ import main
from irtrack_core.cli import output
from irtrack_core.datasets import load
from irtrack_core.trackers.sureness import Sureness


@pytest.fixture
def film(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    y, x = np.mgrid[:96, :128] + 0.5
    noise = np.random.default_rng(1).normal(0, 3, (8, 96, 128))
    spots = [50 + 120 * np.exp(-((x - 40.5 - i) ** 2 + (y - 40.5) ** 2) / 4.5) for i in range(8)]
    np.save("film.npy", np.clip(spots + noise, 0, 255).astype(np.uint8))
    return tmp_path


def rows_of(file):
    with open(file, newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_columns_are_px_and_the_file_is_still_one_of_boxes(film, capsys):
    words = ["track", "film.npy", "--box", "37,37,7,7", "--tracker", "siamese", "--csv", "sure.csv"]
    assert main([*words, "--sure", "--out", "sure.mp4"]) == 0
    rows = rows_of("sure.csv")
    assert [*rows[0]] == ["frame", "x", "y", "w", "h", "score", "sx", "sy", "sw", "sh", "r68", "r95"]
    assert {rows[0][name] for name in output.CsvOutput.SURE} == {""}  # the given box: nothing was found yet
    known = np.array([[float(row[name]) for name in output.CsvOutput.SURE] for row in rows[1:]])
    assert (known > 0).all() and (known[:, 4] < known[:, 5]).all() and (known[:, 5] < 20).all()
    assert main(words[:-1] + ["plain.csv"]) == 0
    for row, plain in zip(rows, rows_of("plain.csv"), strict=True):
        assert plain.items() <= row.items()  # what is asked for beside them changes no box
    assert np.isfinite(load("folder", "film.npy", boxes="sure.csv")[0].boxes).all()
    assert main([*words, "--sure"]) == 0  # and it may be replaced


@pytest.mark.parametrize(
    "more, message",
    [
        (["--tracker", "peak"], "'peak' have not been measured: use siamese or motion"),
        (["--all"], "--sure is about one target"),
    ],
)
def test_where_nothing_is_known_it_says_so_at_once(film, capsys, more, message):
    box = [] if "--all" in more else ["--box", "37,37,7,7"]
    assert main(["track", "film.npy", "--sure", *box, *more]) != 0
    assert message in capsys.readouterr().err and not list(film.glob("*.csv"))


def test_the_ellipse_lies_where_its_axes_say(film):
    known = Sureness(np.diag([16.0, 4.0, 1.0, 1.0]), (2.0, 3.0), (2.0, 3.0))
    with output.VideoOutput(film / "drawn.avi", 25) as video:
        video.write(np.zeros((96, 128), np.uint8), np.array([60.0, 45, 5, 5]), rings=[known.axes(0.68)])
    blue = cv2.VideoCapture(str(film / "drawn.avi")).read()[1][..., 0]
    rows, columns = np.nonzero(blue > 100)
    assert (columns.min() + columns.max() + 1) / 2 == pytest.approx(62.5, abs=1)
    assert (rows.min() + rows.max() + 1) / 2 == pytest.approx(47.5, abs=1)
    assert np.ptp(columns) + 1 == pytest.approx(16, abs=3) and np.ptp(rows) + 1 == pytest.approx(8, abs=3)
