"""Work that is stopped at some moment, and disks that are full: nothing is lost, the next run comes to the same end.

`make kill` stops at 60 random moments; here are a few. Training is killed in training/test_loop.py.
"""

import os
import signal
import subprocess

import kills
import media
import numpy as np
import pytest

from irtrack_core.__main__ import main


@pytest.mark.parametrize(
    "kind, moments",
    [
        (kills.Track, [(signal.SIGKILL, 0.9), (signal.SIGTERM, 0.8)]),
        (kills.Study, [(signal.SIGKILL, 0.9)]),
        (kills.Notebook, [(signal.SIGTERM, 0.6)]),
        (kills.Fetch, [(signal.SIGKILL, 0.7), (signal.SIGTERM, 0.8)]),
    ],
)
def test_stopped_and_started_again(tmp_path, kind, moments):
    stopped = kills.Stopped(kind(), tmp_path)
    for number, share in moments:
        stopped.moment(number, share)
    stopped.compare(stopped.finish())


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own with room for 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told_and_leaves_what_was_there(small_disk, tmp_path, monkeypatch, capsys):
    from irtrack_core import evaluation, whole_files
    from irtrack_core.network.weights import read_tensors, write_tensors

    frames = np.random.default_rng(0).integers(0, 99, (300, *media.SHAPE), dtype=np.uint8)
    np.save(tmp_path / "film.npy", frames)
    monkeypatch.chdir(small_disk)
    write_tensors("w.safetensors", {"a": np.arange(9.0)}, {"old": 1})
    for name in ("b.csv", "o.avi"):
        (small_disk / name).write_text("precious")
    track = ["track", str(tmp_path / "film.npy"), "--box", "9,9,9,9", "--tracker", "identity"]
    assert main([*track, "--csv", str(tmp_path / "b.csv"), "--out", "o.avi"]) == 2
    assert "o.avi" in capsys.readouterr().err.strip().splitlines()[-1]
    (small_disk / "fill").write_bytes(bytes(40_000))
    assert main([*track, "--csv", "b.csv"]) in (0, 2)
    with pytest.raises(OSError, match="cannot write w.safetensors.*No space"):
        write_tensors("w.safetensors", {"a": np.zeros(20_000)}, {})
    with pytest.raises(OSError):
        whole_files.write_whole(small_disk / "figure.png", bytes(100_000))
    many = np.random.default_rng(0).random((4000, 4)) + 1
    result = evaluation.TrackResult("s", "d", "t", many, many[:, 0], 1.0, 3999)
    with pytest.raises(OSError):
        evaluation.save_boxes([result], small_disk / "boxes.csv")
    assert read_tensors("w.safetensors")[1] == {"old": 1} and (small_disk / "o.avi").read_text() == "precious"
    assert sorted(os.listdir()) == ["b.csv", "fill", "o.avi", "w.safetensors"]
