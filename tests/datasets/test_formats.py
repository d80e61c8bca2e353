"""Formats of the field, a row a frame: each read as its source says, and its damaged twins refused by file and line."""

import json
import re

import cv2
import media
import numpy as np
import pytest
import sets
from sets import BOXES, COUNT, MADE, absent

from irtrack_core.datasets import FrameError, load

NAN = [np.nan] * 4


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
        sets.make_lasot(tmp_path / "lasot"),
        sets.make_vot(tmp_path / "vot"),
        sets.make_antiuav(tmp_path / "uav"),
        sets.make_vtuav(tmp_path / "vtuav"),
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
    sets.make_lasot(tmp_path)
    for name in ("full_occlusion.txt", "out_of_view.txt"):
        (tmp_path / f"drone/drone-1/{name}").unlink()
    (one,) = load("lasot", tmp_path)
    np.testing.assert_array_equal(one.boxes, absent(BOXES, 3, 5))
    assert "1 rows without a size are taken as absent, the first: line 4" in one.notes[0]


def test_otb_folders_left_out_are_told_and_parts_of_images_are_known(tmp_path):
    from irtrack_core.datasets.check import check

    sets.make_otb(tmp_path)
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
    sets.make_lasher(tmp_path), sets.make_vtuav(tmp_path)
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
    "NaN in a row": lambda text: re.sub(r"\b1[23]\b", "nan", text, count=1),
    "infinity": lambda text: re.sub(r"\b1[23]\b", "inf", text, count=1),
    "a word": lambda text: re.sub(r"\b1[23]\b", "zwölf", text, count=1),
    "a number lost": lambda text: re.sub(r"\b1\d[,\t ]", "", text, count=1),
    "another format": lambda text: "<annotation><object/></annotation>\n",
    "empty": lambda text: "",
}


# one of OTB's two files may be empty: told, see above
TWINS = [(name, damage) for name in TRUTH for damage in DAMAGE if (name, damage) != ("otb", "empty")]


@pytest.mark.parametrize("name, damage", TWINS)
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
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{file.name}"):
        load(name, tmp_path)


@pytest.mark.parametrize(
    "name, file, old, new, message",
    [
        ("mot", "MOT-01/gt/gt.txt", "2,1,14", "2,14", "line 2: 8 values; 9 as in the first row"),
        ("mot", "MOT-01/gt/gt.txt", "2,1,14", "9,1,14", r"line 2: frame 9, but there are 6 frames \(1 to 6\)"),
        ("mot", "MOT-01/gt/gt.txt", "2,1,14", "1,1,14", "object 1 has two boxes in frame 0"),
        ("mot", "MOT-01/gt/gt.txt", "2,1,14", "2,1,nan", "line 2: .*numbers"),
        ("mot", "MOT-01/gt/gt.txt", ",", ";", None),  # another separator: read as meant
        ("mot", "MOT-01/gt/gt.txt", "2,1,14,", "2,1,zwei,", "line 2: .*not all numbers"),
        ("coco", "clip.json", '"annotations"', '"boxes"', "no lists 'images' and 'annotations'"),
        ("coco", "clip.json", '"images"', '"image', "line 1: not readable JSON"),
        ("coco", "clip.json", '"image_id": 11', '"image_id": 99', "annotation 1: image_id 99 is not there"),
        ("coco", "clip.json", '"bbox": [13.0, ', '"bbox": [', "annotation 1: .*bbox .* is not x,y,w,h"),
        ("coco", "clip.json", '"bbox": [13.0, ', '"bbox": [NaN, ', "annotation 1: .*numbers"),
        ("coco", "clip.json", '"image_id": 11', '"image_id": 10', "object 1 has two boxes in frame 0"),
        ("coco", "clip.json", '{"track_id": 2}', "null", "5 of 10 boxes have no identity"),
        ("yolo", "flight/labels/0001.txt", "0.", "1", "line 1: .*shares of the frame"),
        ("yolo", "flight/labels/0001.txt", "0 0.", "0 nan ", "line 1: .*shares"),
        ("yolo", "flight/labels/0001.txt", "0 0.", "drone 0.", "line 1: .*not .* numbers"),
        ("cvat", "task/annotations.xml", "<size>6", "<size>7", "the task has 7 frames, but there are 6"),
        ("cvat", "task/annotations.xml", "<start_frame>0", "<start_frame>5", "leaves frames out"),
        ("cvat", "task/annotations.xml", 'frame="5"', 'frame="6"', "track 1: frame 6, but there are 6"),
        ("cvat", "task/annotations.xml", 'frame="3"', 'frame="0"', "track 1: two boxes in frame 0"),
        ("cvat", "task/annotations.xml", 'ytl="12.0"', 'ytl="nan"', "track 1: .*numbers"),
        ("cvat", "task/annotations.xml", "</annotations>", "", "not readable XML"),
        ("cvat", "task/annotations.xml", "<meta>", "<image/><meta>", "export the task as 'CVAT for video 1.1'"),
        ("label-studio", "clip.json", '"frame": 4', '"frame": 7', r"region r1: frame 7, .*\(1 to 6\)"),
        ("label-studio", "clip.json", '"width"', '"w"', "region r1: .*numbers"),
        ("label-studio", "clip.json", '"sequence"', '"ranges"', "no regions of a video"),
        ("label-studio", "clip.json", "[{", "{", "not readable JSON"),
        ("darklabel", "clip.txt", "2,drone,1,", "2,drone,", "line 2: 6 values for the columns"),
        ("darklabel", "clip.txt", "2,drone,1,", "7,drone,1,", "line 2: frame 7, but there are 6"),
        ("darklabel", "clip.txt", "2,drone,1,16", "2,drone,1,nan", "line 2: .*numbers"),
        ("darklabel", "clip.txt", "2,drone,1,", "a.png,drone,1,", "line 2: there is no image 'a.png'"),
        ("voc", "clip/Annotations/000002.xml", "<xmin>13", "<xmin>nan", "object 1: .*numbers"),
        ("voc", "clip/Annotations/000002.xml", "ymax", "y2", "object 1: .*numbers"),
        ("voc", "clip/Annotations/000002.xml", "annotation", "annotations", "begins with <annotations>"),
        ("voc", "clip/Annotations/000002.xml", "</annotation>", "", "not readable XML"),
        ("voc", "clip/Annotations/000002.xml", "<trackid>2</trackid>", "", "1 of 11 boxes have no identity"),
    ],
)
def test_damaged_label_files(tmp_path, name, file, old, new, message):
    MADE[name](tmp_path)
    text = (tmp_path / file).read_text()
    assert old in text
    everywhere = message is None or old in ("annotation", "ymax", '"sequence"', '{"track_id": 2}', "0.")
    (tmp_path / file).write_text(text.replace(old, new, -1 if everywhere else 1))
    if message is None:
        assert len(load(name, tmp_path)) == 2
        return
    with pytest.raises(
        ValueError, match=rf"{'|'.join(part.replace('.', '[.]') for part in file.split('/')[-2:])}.*"
    ) as error:
        load(name, tmp_path)
    assert re.search(message, str(error.value)), error.value


@pytest.mark.parametrize(
    "text, message",
    [("0,0,0\n", "3 values for 6 images"), ("0,0,2,0,0,0\n", "line 1: '2' is neither 0 nor 1")],
)
def test_damaged_flags(tmp_path, text, message):
    sets.make_lasot(tmp_path)
    (tmp_path / "drone/drone-1/out_of_view.txt").write_text(text)
    with pytest.raises(ValueError, match=rf"out_of_view\.txt.*{message}"):
        load("lasot", tmp_path)


@pytest.mark.parametrize("name", MADE)
def test_an_empty_folder_is_told(tmp_path, name):
    with pytest.raises(FileNotFoundError, match="no "):
        load(name, tmp_path)


# --- found out from the folder alone ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MADE)
def test_the_format_is_found_out(tmp_path, name):
    from irtrack_core.datasets import FORMATS
    from irtrack_core.datasets.formats.recognise import detect

    MADE[name](tmp_path)
    family = next(names for names in FORMATS.values() if name in names)
    (best, sure, why), *others = detect(tmp_path)
    assert best == family[0] and sure >= 0.6 and why, (best, others)
    assert all(other[1] < sure for other in others), others


def test_check_finds_the_format_and_says_how_sure_it_is(tmp_path, capsys, monkeypatch):
    from irtrack_core.cli.main import main

    sets.make_otb(tmp_path / "set")
    assert main(["check", str(tmp_path / "set")]) == 0
    out = capsys.readouterr().out
    assert "set: otb, sure: groundtruth_rect.txt" in out and "ok   Jogging-2: 6 frames" in out
    sets.images(tmp_path / "bare/img")
    assert main(["check", str(tmp_path / "bare")]) == 2
    assert "in no format that is known" in capsys.readouterr().err
    media.write_images(tmp_path / "own", media.clip(3))
    sets.write(tmp_path / "own/boxes.csv", "frame,x,y,w,h\n0,10,10,5,5\n")
    monkeypatch.chdir(tmp_path)
    assert main(["check", "own"]) == 0
    assert "own: folder, likely: boxes.csv" in capsys.readouterr().out


def test_a_benchmarks_folder_read_as_any_folder_keeps_its_conventions(tmp_path):
    """groundtruth_rect.txt counts from 1, and absence.label counts, whatever the reader is called."""
    sets.images(tmp_path / "a")
    sets.write(tmp_path / "a/groundtruth_rect.txt", sets.lines(BOXES + [1, 1, 0, 0]))
    np.testing.assert_array_equal(load("folder", tmp_path / "a")[0].boxes, BOXES)
    sets.make_got10k(tmp_path / "b")
    (one,) = load("folder", tmp_path / "b/GOT-10k_Val_000001")
    np.testing.assert_array_equal(one.boxes, absent(BOXES, 2))
    assert one.dataset == "folder"


# --- the tables -------------------------------------------------------------------------------------------------------


def test_every_format_stands_in_the_docs_and_has_its_table(root):
    from importlib import import_module

    from irtrack_core.datasets import FORMATS

    text = (root / "docs/formats.md").read_text(encoding="utf-8")
    for module, names in FORMATS.items():
        assert all(f"`{name}`" in text for name in names), module
        table = import_module(f"irtrack_core.datasets.formats.{module}").__doc__
        assert all(f"\n| {row}" in table for row in ("pixels", "frames", "absent", "source")), module


@pytest.mark.parametrize("name", ["coco", "cvat", "label-studio", "voc", "darklabel"])
def test_labels_choose_and_one_alone_is_no_list_of_letters(tmp_path, name):
    MADE[name](tmp_path)
    alike = load(name, tmp_path, labels=("drone",)) if name != "darklabel" else load(name, tmp_path, labels=["drone"])
    assert [one.name for one in load(name, tmp_path, labels="drone")] == [one.name for one in alike] and len(alike) == 2
    for other in ("d", "bird", ("bird",)):
        with pytest.raises(ValueError, match="no box"):
            load(name, tmp_path, labels=other)


@pytest.mark.parametrize("name", ["mot", "coco", "cvat", "label-studio", "voc", "darklabel"])
def test_one_track_is_chosen_by_its_identity(tmp_path, name):
    names = list(MADE[name](tmp_path))
    (one,) = load(name, tmp_path, track="r2" if name == "label-studio" else 2)
    assert one.name == names[1] and one.recording == names[1].rsplit("-", 1)[0]
    with pytest.raises(ValueError, match="no track '?9'?: it has"):
        load(name, tmp_path, track=9)


# --- further conventions of one format --------------------------------------------------------------------------------


def test_masks_that_do_not_fit_their_images(tmp_path):
    MADE["irdst"](tmp_path)
    mask = tmp_path / "masks/4/2.bmp"
    good = mask.read_bytes()
    cv2.imwrite(str(mask), np.zeros((10, 12), np.uint8))
    with pytest.raises(ValueError, match=r"2\.bmp is 12 x 10, its image 64 x 48"):
        load("irdst", tmp_path)
    mask.write_bytes(good[:200])
    with pytest.raises(ValueError, match=r"2\.bmp is not a readable image"):
        load("irdst", tmp_path)
    mask.unlink()
    with pytest.raises(ValueError, match=r"1 of 6 images have no mask in .*4, the first: 2\.bmp"):
        load("irdst", tmp_path)


def make_mirsdt(root, truth="masks", stack=3, dot=False):
    """NUDT-MIRSDT as it is given out: SEQ/Mix/00001.mat with the frames up to this one, and a mask an image."""
    io = pytest.importorskip("scipy.io")
    for folder in ("Mix", truth):
        (root / "Sequence1" / folder).mkdir(parents=True)
    video = media.clip(COUNT)
    for i, (x, y, w, h) in enumerate(BOXES.astype(int)):
        before = [video[max(0, i - k)] for k in reversed(range(stack))]
        io.savemat(root / f"Sequence1/Mix/{i + 1:05d}.mat", {"Mix": np.array(before, np.uint8)})
        mask = np.zeros(media.SHAPE, np.uint8)
        mask[y : y + 1 if dot else y + h, x : x + 1 if dot else x + w] = 255 * (i != 3)
        if truth.startswith("Mix_"):
            io.savemat(root / f"Sequence1/{truth}/{i + 1:05d}.mat", {"mask": mask})
        else:
            cv2.imwrite(str(root / f"Sequence1/{truth}/{i + 1:05d}.png"), mask)


@pytest.mark.parametrize("truth", ["masks", "Mix_masks"])
def test_frames_and_masks_of_matlab_files(tmp_path, truth):
    make_mirsdt(tmp_path, truth)
    (one,) = load("nudt-mirsdt", tmp_path)
    np.testing.assert_array_equal(one.boxes, absent(BOXES, 3))
    assert (one.name, one.dataset, one.points, one.frames.dtype) == ("Sequence1", "nudt-mirsdt", False, np.uint8)
    assert [media.number(frame) for frame in one.frames] == list(range(COUNT))  # the last of each stack


def test_centres_need_a_size_and_are_points(tmp_path):
    make_mirsdt(tmp_path, "masks_centroid", dot=True)
    with pytest.raises(ValueError, match="masks_centroid holds centres alone: give size="):
        load("nudt-mirsdt", tmp_path)
    (one,) = load("nudt-mirsdt", tmp_path, size=5)
    assert one.points
    np.testing.assert_array_equal(one.boxes, absent(np.column_stack([BOXES[:, :2] - 2, np.full((COUNT, 2), 5)]), 3))


def test_damaged_matlab_files_are_refused_by_name(tmp_path):
    io = pytest.importorskip("scipy.io")
    make_mirsdt(tmp_path)
    file = tmp_path / "Sequence1/Mix/00002.mat"
    good = file.read_bytes()
    file.write_bytes(good[:150])
    frames = load("nudt-mirsdt", tmp_path)[0].frames
    with pytest.raises(FrameError, match=r"frame 1: .*00002\.mat is not a readable .mat file"):
        frames[1]
    io.savemat(file, {"Mix": np.zeros((2, 48, 64), np.uint8), "other": np.zeros((3, 3))})
    with pytest.raises(FrameError, match="holds 2 arrays that may be pictures"):
        frames[1]
    io.savemat(file, {"Mix": np.zeros((48, 64, 3), np.uint8)})  # time last
    with pytest.raises(FrameError, match=r"frame 1, .* but the sequence is of \(48, 64\)"):
        frames[1]
    file.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + bytes(400))
    with pytest.raises(FrameError, match="MATLAB 7.3, which is not read"):
        frames[1]


def test_two_parts_of_a_mask_are_two_targets(tmp_path):
    MADE["irdst"](tmp_path)
    for i in range(COUNT):
        mask = np.zeros(media.SHAPE, np.uint8)
        mask[12:16, 10 + 3 * i : 15 + 3 * i] = 255
        mask[30, 40] = mask[31, 41] = 1  # touching at a corner: one part
        cv2.imwrite(str(tmp_path / f"masks/4/{i + 1}.bmp"), mask)
    one, two = load("irdst", tmp_path)
    assert {tuple(s.boxes[0]) for s in (one, two)} == {(10, 12, 5, 4), (40, 30, 2, 2)}
    assert (one.name, two.recording) == ("4-1", "4")


def test_voc_that_counts_from_1_and_includes_the_last_pixel(tmp_path):
    MADE["voc"](tmp_path)
    one, _ = load("voc", tmp_path, first_pixel=1)
    np.testing.assert_array_equal(one.boxes, BOXES + [-1, -1, 1, 1])


def test_turned_boxes_are_told(tmp_path):
    MADE["cvat"](tmp_path)
    file = tmp_path / "task/annotations.xml"
    file.write_text(file.read_text().replace('frame="0"', 'frame="0" rotation="90"'))
    one = load("cvat", tmp_path)[0]
    np.testing.assert_allclose(one.boxes[0], [10.5, 11.5, 4, 5])  # about its centre
    assert any("1 turned boxes are read as the rectangles round them" in note for note in one.notes)
    MADE["label-studio"](tmp_path)
    file = tmp_path / "clip.json"
    file.write_text(file.read_text().replace('"rotation": 0', '"rotation": 90', 1))
    one = load("label-studio", tmp_path / "clip.json")[0]
    np.testing.assert_allclose(one.boxes[0], [6, 12, 4, 5])  # about its upper left corner
    assert any("turned" in note for note in one.notes)


def test_key_frames_are_told_and_the_last_one_stays(tmp_path):
    MADE["label-studio"](tmp_path)
    file = tmp_path / "clip.json"
    content = json.loads(file.read_text())
    value = content[0]["annotations"][0]["result"][0]["value"]
    value["sequence"] = value["sequence"][:1]
    value["framesCount"] = 7
    file.write_text(json.dumps(content))
    one = load("label-studio", tmp_path, track="r1")[0]
    np.testing.assert_allclose(one.boxes, np.tile(BOXES[0], (COUNT, 1)))
    assert any("is about 7 frames, the video has 6" in note for note in one.notes)
    MADE["cvat"](tmp_path)
    assert "2 frames between key frames are interpolated" in load("cvat", tmp_path)[0].notes[0]


def test_scores_in_label_files_are_a_detectors_or_trackers(tmp_path):
    MADE["mot"](tmp_path / "a")
    file = tmp_path / "a/MOT-01/gt/gt.txt"
    file.write_text(file.read_text().replace(",1,1,1", ",0.93,-1,-1"))
    assert "looks like a tracker's output" in load("mot", tmp_path / "a")[0].notes[0]
    MADE["yolo"](tmp_path / "b")
    for file in (tmp_path / "b/flight/labels").glob("*.txt"):
        file.write_text(file.read_text().replace("\n", " 0.87\n"))
    assert "look like a detector's output" in load("yolo", tmp_path / "b")[0].notes[0]
    MADE["coco"](tmp_path / "c")
    (file,) = (tmp_path / "c").rglob("*.json")
    content = json.loads(file.read_text())
    content["annotations"][-1]["score"] = 0.4
    file.write_text(json.dumps(content))
    assert "look like a detector's output" in load("coco", file)[0].notes[0]


def test_anti_uav_absent_as_null(tmp_path):
    MADE["anti-uav"](tmp_path)
    file = next(tmp_path.rglob("IR_label.json"))
    content = json.loads(file.read_text())
    content["exist"][2], content["gt_rect"][2] = 0, None
    file.write_text(json.dumps(content))
    assert not load("anti-uav", tmp_path)[0].present[2]


def test_labels_without_an_image_are_told(tmp_path):
    MADE["yolo"](tmp_path)
    sets.write(tmp_path / "flight/labels/0099.txt", "0 0.5 0.5 0.1 0.1\n")
    assert "labels without an image are left out: 1, the first 0099.txt" in load("yolo", tmp_path)[0].notes[0]
    for file in (tmp_path / "flight/images").iterdir():
        file.rename(file.with_name(f"x{file.name}"))
    with pytest.raises(ValueError, match="0001.txt has no image of its name"):
        load("yolo", tmp_path)


def test_darklabel_of_other_columns(tmp_path):
    MADE["darklabel"](tmp_path)
    rows = [f"{i},1,7,{x:g},{y:g},{x + w:g},{y + h:g},drone" for i, (x, y, w, h) in enumerate(BOXES)]
    rows[2] = "2,0"
    sets.write(tmp_path / "clip.txt", "\n".join(rows))
    (one,) = load("darklabel", tmp_path, columns="fn,n,id,x1,y1,x2,y2,cname")
    np.testing.assert_array_equal(one.boxes, absent(BOXES, 2))
    with pytest.raises(ValueError, match="line 1: 8 values for the columns .*give columns="):
        load("darklabel", tmp_path)
    with pytest.raises(ValueError, match="columns='fn,box': use the names"):
        load("darklabel", tmp_path, columns="fn,box")


def test_a_damaged_seqinfo_is_told(tmp_path):
    MADE["mot"](tmp_path)
    assert load("mot", tmp_path)[0].fps == 14
    (tmp_path / "MOT-01/seqinfo.ini").write_text("frameRate 14")
    with pytest.raises(ValueError, match=r"seqinfo\.ini is not readable"):
        load("mot", tmp_path)


# --- folders of folders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["otb", "got10k", "vot"])
def test_sequences_one_folder_deeper_are_found(tmp_path, name):
    from irtrack_core.datasets.formats.recognise import detect

    expected = MADE[name](tmp_path / "part")
    assert [one.name for one in load(name, tmp_path)] == list(expected)
    assert detect(tmp_path)[0][0] == name


def test_a_header_in_a_benchmarks_file_is_no_box(tmp_path):
    MADE["got10k"](tmp_path)
    file = tmp_path / "GOT-10k_Val_000001/groundtruth.txt"
    file.write_text("x,y,w,h\n" + file.read_text())
    np.testing.assert_array_equal(load("got10k", tmp_path)[0].boxes, absent(BOXES, 2))
    file.write_text(file.read_text().replace("x,y,w,h", "x1,y1,x2,y2"))
    with pytest.raises(ValueError, match=r"groundtruth\.txt, line 1: header 'x1,y1,x2,y2' is not understood"):
        load("got10k", tmp_path)


def test_a_folder_whose_images_lie_deeper_is_told(tmp_path):
    from irtrack_core.datasets.check import check

    media.write_images(tmp_path / "own", media.clip(3))
    sets.write(tmp_path / "own/boxes.csv", "frame,x,y,w,h\n0,10,10,5,5\n")
    sets.make_otb(tmp_path)
    assert [one.name for one in load("folder", tmp_path)] == ["own"]
    assert "none Jogging: left out, for its images lie in img" in str(check("folder", tmp_path))


@pytest.mark.parametrize(
    "row",
    ["m0,0,99999,99999,0,9999800001", "m0,0,4,4,0,99", "m1,2,3,4,0,5,-2", "m" + "9" * 30 + ",0,2,2,0,4", "m0,0,2"],
)
def test_masks_of_absurd_sizes_are_refused_at_once(tmp_path, row):
    MADE["vot"](tmp_path)
    file = tmp_path / "boat/groundtruth.txt"
    file.write_text(file.read_text().replace("m25,12,5,4,0,20", row))
    with pytest.raises(ValueError, match=r"groundtruth\.txt, line 6: the mask is not"):
        load("vot", tmp_path)


def test_json_nested_deeply_is_refused(tmp_path):
    from irtrack_core.datasets.formats.recognise import detect

    for depth in (300, 100_000):
        sets.write(tmp_path / "clip.json", "[" * depth + "]" * depth)
        assert detect(tmp_path) == []
        for name in ("label-studio", "coco"):
            with pytest.raises(ValueError, match=r"clip\.json"):
                load(name, tmp_path)


def test_a_frame_number_that_is_none_costs_no_memory(tmp_path):
    from irtrack_core.datasets.box_file import read_alone

    file = sets.write(tmp_path / "b.csv", "frame,x,y,w,h\n999999999999,1,2,3,4\n")
    with pytest.raises(ValueError, match=r"b\.csv: a box for frame 999999999999"):
        read_alone(file)


# --- labels of frames of another size ---------------------------------------------------------------------------------


def say_another_size(name, root):
    """Make the labels say that their frames are 640 x 480."""
    if name == "coco":
        (file,) = root.rglob("*.json")
        content = json.loads(file.read_text())
        for image in content["images"]:
            image.update(width=640, height=480)
        file.write_text(json.dumps(content))
    elif name == "mot":
        (folder,) = (p.parent.parent for p in root.rglob("gt.txt"))
        (folder / "seqinfo.ini").write_text("[Sequence]\nimWidth=640\nimHeight=480\n")
    else:
        size = "<size><width>640</width><height>480</height></size>"
        if name == "cvat":
            size = "<meta><task>" + size.replace("size>", "original_size>") + "</task></meta>"
        for file in root.rglob("*.xml"):
            text = re.sub(r"<meta>.*?</meta>|<size>.*?</size>", "", file.read_text(), flags=re.S)
            file.write_text(re.sub(r"(<annotations?>)", rf"\1{size}", text, count=1))


@pytest.mark.parametrize("name", ["coco", "mot", "cvat", "voc"])
def test_labels_of_frames_of_another_size_are_told(tmp_path, name):
    MADE[name](tmp_path)
    told = "the labels are of 640 x 480 frames, these are 64 x 48: resized? Boxes are read as they stand"
    assert not any(told in one.notes for one in load(name, tmp_path))
    say_another_size(name, tmp_path)
    assert all(told in one.notes for one in load(name, tmp_path))


# --- what file managers leave behind ----------------------------------------------------------------------------------


def litter(root):
    """Beside every file ._NAME as macOS writes it to foreign disks; in every folder .DS_Store, Thumbs.db and a __MACOSX."""
    for path in sorted(root.rglob("*")):
        twin = path.with_name(f"._{path.name}")
        if path.is_file():
            twin.write_bytes(b"\0\5\26\7\0\2\0\0Mac OS X        " + bytes(80))
        else:
            twin.mkdir()
            (twin / "x.txt").write_bytes(b"\0\5\26\7")
    for folder in [root, *(p for p in root.rglob("*") if p.is_dir())]:
        for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
            (folder / name).write_bytes(b"\0\0\0\1Bud1" + bytes(80))
    made = [p for p in sorted(root.rglob("*")) if p.is_file()]
    for path in made:
        copy = root / "__MACOSX" / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(b"\0\5\26\7" + bytes(80))


@pytest.mark.parametrize("name", MADE)
def test_what_file_managers_leave_behind_is_ignored(tmp_path, name):
    from irtrack_core.datasets.formats.recognise import detect

    MADE[name](tmp_path)
    before, known = load(name, tmp_path), detect(tmp_path)
    litter(tmp_path)
    after = load(name, tmp_path)
    assert [(one.name, len(one), one.notes) for one in after] == [(one.name, len(one), one.notes) for one in before]
    for one, other in zip(after, before):
        np.testing.assert_array_equal(one.boxes, other.boxes)
    assert detect(tmp_path) == known


def test_readers_list_folders_in_one_way():
    """So that what file managers leave behind is nobody's frame, label or folder."""
    from pathlib import Path

    import irtrack_core.datasets

    own = {"names.py", "fetch.py"}  # the way itself; a download's own files
    for file in Path(irtrack_core.datasets.__file__).parent.rglob("*.py"):
        assert file.name in own or not re.search(r"\.(r?glob|iterdir)\(|listdir|scandir", file.read_text()), file
