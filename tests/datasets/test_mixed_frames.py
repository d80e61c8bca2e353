"""Pictures that are no frames among those that are, frames in another axis, names of any script: told, or in their place."""

import json

import cv2
import numpy as np
import pytest

from irtrack_core.cli.main import main
from irtrack_core.datasets import load
from irtrack_core.datasets.image_names import numbering_note
from irtrack_core.datasets.names import in_order
from irtrack_core.datasets.open_frames import open_frames


def spots(count=10, shape=(48, 64), scale=1):
    """(count, H, W) uint16 of a spot on rough ground that stands still."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    ground = np.random.default_rng(0).normal(500, 100, shape)
    return np.array(
        [scale * (ground + 900 * np.exp(-((x - 20 - k) ** 2 + (y - 20) ** 2) / 4)) for k in range(count)]
    ).astype(np.uint16)


def write(folder, names):
    for k, name in enumerate(names):
        cv2.imwrite(str(folder / "part.png"), spots(1)[0] + k)
        (folder / "part.png").rename(folder / f"{name}.png")


def test_masks_among_frames_are_told(tmp_path, capsys, monkeypatch):
    """Every second picture is a mask: boxes of frames 0, 1, 2 would lie on 0, mask 0, 1."""
    write(tmp_path, [name for k in range(3) for name in (f"{k:04d}", f"{k:04d}_mask")])
    (tmp_path / "boxes.csv").write_text("frame,x,y,w,h\n0,16,16,8,8\n1,17,16,8,8\n2,18,16,8,8\n")
    note = "names of 2 kinds: # (3), #_mask (3): every file is a frame"
    assert note in load("folder", tmp_path)[0].notes[0]
    monkeypatch.chdir(tmp_path)
    assert main(["track", ".", "--box", "16,16,8,8", "--tracker", "peak", "--csv", "out.csv"]) == 0
    assert note in capsys.readouterr().err


@pytest.mark.parametrize(
    "names, told",
    [
        (["1", "2", "3"], ""),
        (["a1", "b2", "c3", "d4", "e5"], ""),  # every name is its own
        (["noon", "evening", "night"], ""),
        (["cam1_1", "cam1_2", "cam2_1"], ""),
        (["1", "2", "3", "preview"], "names of 2 kinds: # (3), preview (1)"),
        (["1", "2", "2 - Copy", "3"], "names of 2 kinds: # (3), # - Copy (1)"),
        (["1_ir", "1_vis", "2_ir", "2_vis"], "names of 2 kinds: #_ir (2), #_vis (2)"),
        # time stamps whose step is not a whole number, and one picture left out of them
        (["760577.250000", "760577.283333", "760577.316666", "760577.350000"], ""),
        (["10", "20", "30", "60"], "images missing from the numbering: 40, 50"),
    ],
)
def test_what_the_names_of_a_folder_tell(names, told):
    note = "".join(numbering_note(names))
    assert note.startswith(told) if told else note == ""


@pytest.mark.parametrize("names", [["5²", "5²1", "5²10"], ["①", "②"], ["٠", "١", "٢"], ["1½", "2½"]])
def test_digits_that_are_no_numbers(tmp_path, names):
    """² is a digit to Python, and no number."""
    folder = tmp_path / "10²"
    folder.mkdir()
    write(folder, names)
    assert (
        [file.stem for file in open_frames(folder).files]
        == [f.stem for f in in_order([folder / n for n in names])]
        == names
    )
    (folder / "boxes.csv").write_text("frame,x,y,w,h\n²,16,16,8,8\n1,16,16,8,8\n")
    with pytest.raises(ValueError, match="line 2: frame number '²' is not a whole number"):
        load("folder", folder)


@pytest.mark.parametrize(
    "axes, shape, options, told",
    [
        ("TCYX", (5, 2), {"imagej": True}, "2 channels x 5 frames: each picture is a frame"),
        ("TZYX", (2, 5), {"imagej": True}, "5 slices x 2 frames"),
        ("TCYX", (5, 2), {"ome": True}, "2 channels"),
        ("TYX", (10,), {"imagej": True}, ""),
        ("ZYX", (10,), {"imagej": True}, ""),  # as ImageJ calls a stack of unknown kind
        ("TYX", (10,), {"ome": True}, ""),
    ],
)
def test_two_channels_are_not_taken_for_time_in_silence(tmp_path, axes, shape, options, told):
    tifffile = pytest.importorskip("tifffile", reason="needs tifffile (extra media)")
    content = spots().reshape(*shape, 48, 64)
    tifffile.imwrite(tmp_path / "a.tif", content, metadata={"axes": axes}, **options)
    frames = open_frames(tmp_path / "a.tif")
    np.testing.assert_array_equal(np.array(list(frames)), content.reshape(10, 48, 64))
    notes = "".join(getattr(frames, "notes", ()))
    assert told in notes if told else notes == ""


def test_an_array_whose_last_axis_is_time_is_asked_about(tmp_path):
    noise = np.random.default_rng(1).normal(0, 5, (40, 48, 64))
    right = (spots(40) + noise).astype(np.float32)
    np.save(tmp_path / "right.npy", right)
    np.save(tmp_path / "turned.npy", np.moveaxis(right, 0, 2))
    np.save(tmp_path / "noise.npy", noise.astype(np.float32))
    assert open_frames(tmp_path / "right.npy").notes == open_frames(tmp_path / "noise.npy").notes == ()
    (note,) = open_frames(tmp_path / "turned.npy").notes
    assert note.startswith("48 frames of 40 x 64, but the last axis changes least: is the array (H, W, N)?")


@pytest.mark.parametrize(
    "name, word", [("a.npz", "in a .npy file"), ("a.seq", "camera's own software"), ("a.MAT", ".npy")]
)
def test_files_of_other_programs_say_what_to_export(tmp_path, name, word):
    (tmp_path / name).write_bytes(b"FFF\0" + bytes(100))
    with pytest.raises(ValueError, match=f"{name} is not read: .*{word}"):
        open_frames(tmp_path / name)


def test_paths_as_windows_writes_them(tmp_path):
    (tmp_path / "images").mkdir()
    write(tmp_path / "images", ["0", "1"])
    images = [{"id": k, "file_name": f"images\\{k}.png"} for k in range(2)]
    boxes = [{"image_id": k, "bbox": [16 + k, 16, 8, 8], "category_id": 1} for k in range(2)]
    (tmp_path / "a.json").write_text(json.dumps({"images": images, "annotations": boxes}))
    (one,) = load("coco", tmp_path / "a.json")
    assert [file.name for file in one.frames.files] == ["0.png", "1.png"] and one.boxes[1].tolist() == [17, 16, 8, 8]
