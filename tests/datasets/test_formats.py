"""Formats of the field, a row a frame: each read as its source says, and its damaged twins refused by file and line."""

import json

import media
import numpy as np
import pytest
import sets
from sets import BOXES, COUNT

from irtrack_core.datasets import load

NAN = [np.nan] * 4


def absent(boxes, *frames):
    boxes = boxes.copy()
    boxes[list(frames)] = np.nan
    return boxes


def make_otb(root):
    sets.images(root / "Jogging/img", digits=4)
    sets.write(root / "Jogging/groundtruth_rect.1.txt", sets.lines(BOXES + [1, 1, 0, 0]))
    sets.write(root / "Jogging/groundtruth_rect.2.txt", sets.lines(BOXES + [4, 1, 0, 0], "\t"))
    return {"Jogging-1": BOXES, "Jogging-2": BOXES + [3, 0, 0, 0]}


def make_lsotb(root):
    sets.images(root / "TIR/cat_H_001/img", digits=5)
    sets.write(root / "anno/cat_H_001.txt", sets.lines(BOXES + [1, 1, 0, 0]))
    return {"cat_H_001": BOXES}


def make_got10k(root):
    sets.images(root / "GOT-10k_Val_000001")
    sets.write(root / "GOT-10k_Val_000001/groundtruth.txt", sets.lines(BOXES))
    sets.write(root / "GOT-10k_Val_000001/absence.label", "0\n0\n1\n0\n0\n0\n")
    return {"GOT-10k_Val_000001": absent(BOXES, 2)}


def make_lasot(root):
    sets.images(root / "drone/drone-1/img")
    rows = sets.lines(BOXES).splitlines()
    rows[3], rows[5] = "1,1,-1,-1", "0,0,0,0"
    sets.write(root / "drone/drone-1/groundtruth.txt", "\n".join(rows))
    sets.write(root / "drone/drone-1/full_occlusion.txt", "0,1,0,0,0,0")
    sets.write(root / "drone/drone-1/out_of_view.txt", "0,0,0,1,0,0")
    return {"drone-1": absent(BOXES, 1, 3, 5)}


def make_trackingnet(root):
    media.write_images(root / "TRAIN_0/frames/abc_0", media.clip(12), ".jpg")  # 0.jpg ... 11.jpg
    rows = np.array([[10.0 + 3 * i, 12.5, 5, 4] for i in range(12)])
    sets.write(root / "TRAIN_0/anno/abc_0.txt", sets.lines(rows))
    return {"abc_0": rows}


def make_uav123(root):
    sets.images(root / "data_seq/UAV123/bike1", digits=6)
    sets.images(root / "data_seq/UAV123/car16", 420, digits=6)
    sets.write(root / "anno/UAV123/bike1.txt", sets.lines(BOXES + [1, 1, 0, 0]).replace("20,13,5,4", "NaN,NaN,NaN,NaN"))
    sets.write(root / "anno/UAV123/car16_2.txt", sets.lines(BOXES[:4] + [1, 1, 0, 0]))
    return {"bike1": absent(BOXES, 3), "car16_2": BOXES[:4]}


def make_vot(root):
    sets.images(root / "boat/color")
    sets.write(root / "boat/sequence", "channels.color=color/%08d.jpg\nfps=30\n")
    polygon = "19,12,24,12,24,16,19,16"
    rotated = "24.5,12,27,14,24.5,16,22,14"
    mask = "m25,12,5,4,0,20"
    sets.write(root / "boat/groundtruth.txt", f"10,12,5,4\n0\n16,12,5,4\n{polygon}\n{rotated}\n{mask}\n")
    return {"boat": absent(BOXES, 1)}


def make_gtot(root):
    for name, mark in (("i", "i"), ("v", "v")):
        sets.images(root / f"Jogging/{name}", suffix=".png", digits=5)
        corners = np.column_stack([BOXES[:, :2] + BOXES[:, 2:], BOXES[:, :2]])  # in any order
        sets.write(root / f"Jogging/groundTruth_{mark}.txt", sets.lines(corners, " "))
    return {"Jogging": BOXES}


def make_lasher(root):
    for name, shift in (("infrared", 0), ("visible", 1)):
        sets.images(root / f"car/{name}", digits=6)
        sets.write(root / f"car/{name}.txt", sets.lines(BOXES + [shift, 0, 0, 0]))
    return {"car": BOXES}


def make_vtuav(root):
    sets.images(root / "bus_001/ir", 21, digits=6)
    sets.write(root / "bus_001/ir.txt", sets.lines(BOXES[:3], " "))
    boxes = np.full((21, 4), np.nan)
    boxes[::10] = BOXES[:3]
    return {"bus_001": boxes}


def make_antiuav(root):
    media.write_video(sets.write(root / "20190925/IR.mp4", ""), media.clip(COUNT))
    rects = [[int(value) for value in box] for box in BOXES]
    rects[1], rects[2], rects[4] = [], [0, 0, 0, 0], [0, 0, 0, 0]
    label = {"exist": [1, 0, 0, 0, 1, 1], "gt_rect": rects}
    sets.write(root / "20190925/IR_label.json", json.dumps(label))
    return {"20190925": absent(BOXES, 1, 2, 3, 4)}


MADE = {
    "otb": make_otb,
    "lsotb-tir": make_lsotb,
    "got10k": make_got10k,
    "lasot": make_lasot,
    "trackingnet": make_trackingnet,
    "uav123": make_uav123,
    "vot": make_vot,
    "gtot": make_gtot,
    "lasher": make_lasher,
    "vtuav": make_vtuav,
    "anti-uav": make_antiuav,
}


@pytest.mark.parametrize("name", MADE)
def test_read_as_the_format_says(tmp_path, name):
    expected = MADE[name](tmp_path)
    found = {one.name: one for one in load(name, tmp_path)}
    assert list(found) == list(expected)
    for title, boxes in expected.items():
        np.testing.assert_allclose(found[title].boxes, boxes, err_msg=title)
        assert found[title].dataset == name and media.number(found[title].frames[0]) == (
            414 % 48 if "car16" in title else 0
        )


# --- what is special about one format ---------------------------------------------------------------------------------


def test_what_looks_odd_is_told(tmp_path):
    (
        make_lasot(tmp_path / "lasot"),
        make_vot(tmp_path / "vot"),
        make_antiuav(tmp_path / "uav"),
        make_vtuav(tmp_path / "vtuav"),
    )
    assert load("lasot", tmp_path / "lasot")[0].notes == ()
    assert [note.split(": ")[1] for note in load("vot", tmp_path / "vot")[0].notes] == [
        "1 rotated polygons are read as the rectangles round them, the first in line 5",
        "1 masks are read as their boxes, the first in line 6",
    ]
    assert [note.split(": ", 1)[1] for note in load("anti-uav", tmp_path / "uav")[0].notes] == [
        "1 frames have exist 0 with a box: absent, the first is 3",
        "1 frames have exist 1 without a box: absent, the first is 4",
    ]
    assert "every 10th frame" in load("vtuav", tmp_path / "vtuav")[0].notes[0]


def test_a_row_without_a_size_that_no_file_calls_absent_is_told(tmp_path):
    make_lasot(tmp_path)
    for name in ("full_occlusion.txt", "out_of_view.txt"):
        (tmp_path / f"drone/drone-1/{name}").unlink()
    (one,) = load("lasot", tmp_path)
    np.testing.assert_array_equal(one.boxes, absent(BOXES, 3, 5))
    assert "1 rows without a size are taken as absent, the first: line 4" in one.notes[0]


def test_otb_folders_left_out_are_told_and_parts_of_images_are_known(tmp_path):
    from irtrack_core.datasets.check import check

    make_otb(tmp_path)
    sets.images(tmp_path / "Bare/img")
    sets.write(sets.images(tmp_path / "Human4/img").parent / "groundtruth_rect.1.txt", "")
    sets.write(tmp_path / "Human4/groundtruth_rect.2.txt", sets.lines(BOXES + [1, 1, 0, 0]))
    assert [one.name for one in load("otb", tmp_path)] == ["Human4", "Jogging-1", "Jogging-2"]
    report = str(check("otb", tmp_path))
    assert (
        "none Bare: 6 images, but no groundtruth_rect" in report
        and "groundtruth_rect.1.txt is empty: left out" in report
    )
    sets.images(tmp_path / "more/David/img", 305, digits=4)
    sets.write(tmp_path / "more/David/groundtruth_rect.txt", sets.lines(BOXES + [1, 1, 0, 0]))
    (david,) = load("otb", tmp_path / "more")
    assert david.first == 299 and "is about images 0300 to 0305" in david.notes[0]


def test_the_other_camera_of_a_pair(tmp_path):
    make_lasher(tmp_path), make_vtuav(tmp_path)
    (one,) = load("lasher", tmp_path / "car", modality="visible")
    np.testing.assert_array_equal(one.boxes, BOXES + [1, 0, 0, 0])
    with pytest.raises(FileNotFoundError, match=r"no rgb\.txt .* give modality=infrared"):
        load("vtuav", tmp_path / "bus_001", modality="visible")
    with pytest.raises(ValueError, match="modality must be"):
        load("lasher", tmp_path, modality="thermal")


# --- damaged twins ----------------------------------------------------------------------------------------------------

TRUTH = {
    "otb": "Jogging/groundtruth_rect.1.txt",
    "lsotb-tir": "anno/cat_H_001.txt",
    "got10k": "GOT-10k_Val_000001/groundtruth.txt",
    "lasot": "drone/drone-1/groundtruth.txt",
    "trackingnet": "TRAIN_0/anno/abc_0.txt",
    "uav123": "anno/UAV123/bike1.txt",
    "vot": "boat/groundtruth.txt",
    "gtot": "Jogging/groundTruth_i.txt",
    "lasher": "car/infrared.txt",
    "vtuav": "bus_001/ir.txt",
    "anti-uav": "20190925/IR_label.json",
}
DAMAGE = {
    "truncated": lambda text: text[: int(len(text) * 0.6)],
    "a row too few": lambda text: text.split("\n", 1)[1],
    "a row too many": lambda text: text + text.split("\n", 1)[0] + "\n",
    "NaN in a row": lambda text: text.replace("12", "nan", 1),
    "infinity": lambda text: text.replace("12", "inf", 1).replace("13", "inf", 1),
    "a word": lambda text: text.replace("12", "zwölf", 1).replace("13", "zwölf", 1),
    "a number lost": lambda text: text.replace("12,", "", 1).replace("13,", "", 1).replace("12 ", "", 1),
    "another format": lambda text: "<annotation><object/></annotation>\n",
    "empty": lambda text: "",
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", TRUTH)
def test_damaged_twins_are_refused_by_file(tmp_path, name, damage):
    MADE[name](tmp_path)
    file = tmp_path / TRUTH[name]
    text = file.read_text(encoding="utf-8")
    if name == "uav123":
        text = text.replace("NaN,NaN,NaN,NaN", "20,13,5,4")
    if name == "anti-uav" and damage in (
        "a row too few",
        "a row too many",
        "a number lost",
        "NaN in a row",
        "infinity",
    ):
        label = json.loads(text)
        label["gt_rect"] = {
            "a row too few": label["gt_rect"][1:],
            "a row too many": label["gt_rect"] + [[1, 2, 3, 4]],
            "a number lost": [box[1:] for box in label["gt_rect"]],
            "NaN in a row": [[float("nan"), 12, 5, 4], *label["gt_rect"][1:]],
            "infinity": [[1e999, 12, 5, 4], *label["gt_rect"][1:]],
        }[damage]
        changed = json.dumps(label)
    else:
        changed = DAMAGE[damage](text)
    if changed == text:
        pytest.skip("this damage does not apply here")
    if name == "otb" and damage == "empty":
        pytest.skip("the other target is read, and this one told: see above")
    file.write_text(changed, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{file.name}"):
        load(name, tmp_path)


@pytest.mark.parametrize(
    "text, message",
    [("0,0,0\n", "3 values for 6 images"), ("0,0,2,0,0,0\n", "line 1: '2' is neither 0 nor 1")],
)
def test_damaged_flags(tmp_path, text, message):
    make_lasot(tmp_path)
    (tmp_path / "drone/drone-1/out_of_view.txt").write_text(text)
    with pytest.raises(ValueError, match=rf"out_of_view\.txt.*{message}"):
        load("lasot", tmp_path)


@pytest.mark.parametrize("name", MADE)
def test_an_empty_folder_is_told(tmp_path, name):
    with pytest.raises(FileNotFoundError, match="no "):
        load(name, tmp_path)
