"""Readers of the real sets, on tiny copies of each native layout: good and damaged."""

import re
from datetime import UTC, datetime, timedelta

import cptv
import media
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import datasets
from irtrack_core.datasets import FrameError, load
from irtrack_core.datasets.check import check
from irtrack_core.datasets.kaist_files import pair
from irtrack_core.datasets.kaist_labels import read_text, read_vbb, read_xml
from irtrack_core.datasets.linking import by_identity, link

NAN = [np.nan] * 4

# --- linking ----------------------------------------------------------------------------------------------------------


def test_two_crossing_tracks_are_kept_apart_by_overlap():
    left = [[10 + 2 * i, 10, 6, 6] for i in range(10)]
    right = [[40 - 2 * i, 13, 6, 6] for i in range(10)]
    frames = [[a, b] if i % 2 else [b, a] for i, (a, b) in enumerate(zip(left, right))]
    tracks = link(frames)
    assert len(tracks) == 2
    assert {tuple(t[0]) + tuple(t[-1]) for t in tracks} == {
        tuple(left[0]) + tuple(left[-1]),
        tuple(right[0]) + tuple(right[-1]),
    }


def test_gaps_end_a_track_or_are_bridged():
    frames = [[[5, 5, 4, 4]], [], [], [[5, 5, 4, 4]]]
    assert len(link(frames)) == 2 and len(link(frames, max_gap=1)) == 2
    (track,) = link(frames, max_gap=2)
    np.testing.assert_array_equal(track, [[5, 5, 4, 4], NAN, NAN, [5, 5, 4, 4]])
    assert link([[], []]).shape == (0, 2, 4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.tuples(*[st.integers(0, 50)] * 2), max_size=4), min_size=1, max_size=8), st.integers(0, 3))
def test_linking_loses_and_doubles_nothing(places, gap):
    frames = [[[x, y, 5, 5] for x, y in here] for here in places]
    tracks = link(frames, max_gap=gap)
    for index, boxes in enumerate(frames):
        linked = [list(map(int, t[index])) for t in tracks if np.isfinite(t[index, 0])]
        assert sorted(linked) == sorted(boxes)
    lengths = [np.isfinite(t[:, 0]).sum() for t in tracks]
    assert lengths == sorted(lengths, reverse=True)


def test_identities():
    tracks = by_identity([[(7, [1, 2, 3, 4])], [], [(7, [2, 2, 3, 4]), (1, [9, 9, 3, 4])]])
    np.testing.assert_array_equal(tracks[7], [[1, 2, 3, 4], NAN, [2, 2, 3, 4]])
    with pytest.raises(ValueError, match="object 7 has two boxes in frame 0"):
        by_identity([[(7, [1, 2, 3, 4]), (7, [1, 2, 3, 4])]])


# --- hui --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def hui(tmp_path):
    return media.write_images(tmp_path / "hui_dimsmall/data2", media.clip(12), ".bmp").parent


@pytest.mark.parametrize(
    "line",
    ["{i}.bmp {a},10,{b},18,0", "{i}.bmp {c},14", "{i} {c} 14", "{i}.bmp {a}, 10, {b}, 18, 0"],
)
def test_hui_in_each_syntax(hui, line):
    rows = [line.format(i=i, a=20 + i, b=28 + i, c=24 + i) for i in range(12)]
    (hui / "data2/groundtruth.txt").write_text("\n".join(rows))
    (sequence,) = load("hui", hui.parent)
    assert (sequence.name, sequence.dataset) == ("data2", "hui") and media.number(sequence.frames[10]) == 10
    np.testing.assert_array_equal(sequence.boxes, [[20 + i, 10, 8, 8] for i in range(12)])
    assert sequence.points == ("{c}" in line)  # of a centre nobody knows the size


def test_hui_labels_beside_several_targets_and_missing_images(hui):
    (hui / "labels").mkdir()
    rows = [
        f"{i}.bmp 20,10,28,18,0 40,{20 + i},48,{28 + i},0" if i > 3 else f"{i}.bmp 20,10,28,18,0" for i in range(12)
    ]
    (hui / "labels/data2.txt").write_text("\n".join(rows))
    (hui / "data2/6.bmp").unlink()
    one, two = load("hui", hui)
    assert (one.name, two.name, len(one)) == ("data2", "data2-2", 11)
    assert one.present.all() and two.present.sum() == 7
    assert two.boxes[6, 1] == 27 and media.number(two.frames[6]) == 7  # boxes follow the names, not the count
    assert any("missing from the numbering: 6" in note for note in one.notes)
    assert any("1 labelled images are not there" in note for note in one.notes)
    report = check("hui", hui)
    assert report.usable and len(report.sequences) == 2


def test_hui_one_box_a_frame_is_one_target_however_far_it_jumps(hui):
    """A box of 8 px that moves by 19 px, and a frame without any: linked by overlap this was three targets."""
    left = {i: 8 + 19 * (i % 3) for i in range(12) if i not in (4, 5, 6, 7, 8, 9)}  # absent longer than max_gap
    (hui / "data2/gt.txt").write_text("\n".join(f"{i}.bmp {x},10,{x + 8},18,0" for i, x in left.items()))
    (sequence,) = load("hui", hui)
    assert (sequence.name, sequence.recording, len(sequence), sequence.notes) == ("data2", "data2", 12, ())
    assert np.flatnonzero(sequence.present).tolist() == list(left)
    np.testing.assert_array_equal(sequence.boxes[sequence.present, 0], list(left.values()))


def test_hui_pieces_far_apart_in_number_are_sequences_of_one_recording(hui):
    """Images 0-4 without 2, then 305-311: the first gap is a missing frame, the second a cut."""
    for i in range(5, 12):
        (hui / f"data2/{i}.bmp").rename(hui / f"data2/{i + 300}.bmp")
    (hui / "data2/2.bmp").unlink()
    numbers = [0, 1, 3, 4, *range(305, 312)]
    (hui / "data2/gt.txt").write_text("\n".join(f"{n}.bmp {n % 50},10,{n % 50 + 8},18,0" for n in numbers))
    one, two = load("hui", hui)
    assert [(s.name, s.recording, len(s)) for s in (one, two)] == [("data2", "data2", 4), ("data2-2", "data2", 7)]
    assert one.boxes[:, 0].tolist() == [0, 1, 3, 4] and media.number(one.frames[2]) == 3
    assert two.boxes[:, 0].tolist() == list(range(5, 12)) and media.number(two.frames[0]) == 5
    assert one.notes == ("images missing from the numbering: 2", "images 0 to 4 of data2: 300 are missing after them")
    assert two.notes == ("images 305 to 311 of data2: 300 are missing before them",)
    (whole,) = load("hui", hui, max_gap=300)
    assert len(whole) == 11 and "images missing from the numbering: 2, 5, 6, 7, 8 and 296 more" in whole.notes
    assert [name for name, _ in datasets.items("hui", hui)] == ["data2"]  # pieces of one folder are read together


def test_hui_a_piece_with_two_targets_is_linked_and_one_without_any_left_out(hui):
    for i in range(4, 12):
        (hui / f"data2/{i}.bmp").rename(hui / f"data2/{i + (100 if i < 8 else 200)}.bmp")
    rows = [f"{i}.bmp 10,10,18,18,0 40,20,48,28,0" for i in range(4)]
    rows += [f"{n}.bmp {5 + 20 * (n % 2)},10,{13 + 20 * (n % 2)},18,0" for n in range(208, 212)]
    (hui / "data2/gt.txt").write_text("\n".join(rows))
    found = load("hui", hui)
    assert [(s.name, len(s)) for s in found] == [("data2", 4), ("data2-2", 4), ("data2-3", 4)]
    assert {s.recording for s in found} == {"data2"}
    assert found[0].boxes[0, 0] != found[1].boxes[0, 0] and found[2].boxes[:, 0].tolist() == [5, 25, 5, 25]
    assert all("images 104 to 107 of data2 are left out: no target is annotated in them" in s.notes for s in found)


@pytest.mark.parametrize(
    "text, message",
    [
        ("0.bmp 1,2,3", r"line 1: '1,2,3' is neither"),
        ("0.bmp 10,10,18,18,0\n1.bmp 90,10,98,18,0", "line 2: .* outside the 64 x 48 frame"),
        ("0.bmp 10,10,10,18,0", "line 1: .* is empty"),
        ("90.bmp 10,10,18,18,0", "names none of the images 0 to 11"),
        ("", "annotates no target"),
    ],
)
def test_hui_bad_labels(hui, text, message):
    (hui / "data2/gt.txt").write_text(text)
    with pytest.raises(ValueError, match=rf"gt\.txt.*{message}"):
        load("hui", hui)


def test_hui_without_labels_or_segments(hui, tmp_path_factory):
    with pytest.raises(FileNotFoundError, match="no labels for .*data2"):
        load("hui", hui)
    with pytest.raises(FileNotFoundError, match="no folder data1"):
        load("hui", tmp_path_factory.mktemp("empty"))


# --- kaist ------------------------------------------------------------------------------------------------------------

XYWH = "<bndbox><x>{}</x><y>{}</y><w>6</w><h>9</h></bndbox>"
CORNERS = "<bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>"


def person(x, y, dialect):
    box = XYWH.format(x, y) if dialect == "xywh" else CORNERS.format(x, y, x + 6, y + 9)
    return f"<object><name>person</name>{box}</object>"


@pytest.fixture
def kaist(tmp_path):
    root = tmp_path / "kaist"
    for modality, seed in (("lwir", 0), ("visible", 1)):
        folder = root / "images/set00/V000" / modality
        media.write_images(folder, media.clip(12, seed), name=lambda i: f"I{i:05d}")
    return root


def annotate(root, kind):
    """A person who walks right, another who comes in frame 2, and a cyclist, in one of the annotation formats."""
    folder = root / f"annotations-{kind}/set00/V000"
    folder.mkdir(parents=True)
    for i in range(12):
        if kind == "text":
            lines = ["% bbGt version=3", f"person {5 + i} 20 6 9 0 0 0 0 0 0 0", "cyclist 30 2 9 9 0 0 0 0 0 0 0"]
            lines += [f"person 40 {20 + i} 6 9 0 0 0 0 0 0 0"] * (i > 1) + ["person 9 2 3 4 0 0 0 0 0 1 0"]
            (folder / f"I{i:05d}.txt").write_text("\n".join(lines))
        else:
            people = person(5 + i, 20, kind) + person(40, 20 + i, kind) * (i > 1)
            cyclist = person(30, 2, kind).replace("person", "cyclist")
            (folder / f"I{i:05d}.xml").write_text(f"<annotation>{people}{cyclist}</annotation>")


@pytest.mark.parametrize("kind", ["text", "xywh", "corners"])
def test_kaist_people_become_sequences(kaist, kind):
    annotate(kaist, kind)
    one, two = load("kaist", kaist.parent)
    assert (one.name, len(one), two.name, len(two)) == ("set00_V000-1", 12, "set00_V000-2", 10)
    np.testing.assert_array_equal(one.boxes, [[5 + i, 20, 6, 9] for i in range(12)])
    np.testing.assert_array_equal(two.boxes, [[40, 20 + i, 6, 9] for i in range(2, 12)])
    assert media.number(two.frames[0]) == 2 and {one.recording, two.recording} == {"set00_V000"}
    visible = pair(two)
    assert media.number(visible[0]) == 2 and not np.array_equal(visible[0], two.frames[0])
    (again, _) = load("kaist", kaist, modality="visible", sets=("set00",))
    np.testing.assert_array_equal(pair(again)[3], one.frames[3])
    assert len(load("kaist", kaist, labels=("person", "cyclist"))) == len(load("kaist", kaist, labels=None)) == 3
    assert any("boxes left out: 12 of 'cyclist'; labels= chooses" in note for note in two.notes)
    assert len(load("kaist", kaist, labels="person")) == 2  # one label alone
    with pytest.raises(ValueError, match="nobody has 10"):
        load("kaist", kaist, labels="per")


def test_kaist_flat_layout(tmp_path):
    for modality in ("lwir", "visible"):
        media.write_images(tmp_path / "images", media.clip(3), name=lambda i, m=modality: f"set06_V001_I{i:05d}_{m}")
    (tmp_path / "annotations-xml").mkdir()
    for i in range(3):
        (tmp_path / f"annotations-xml/set06_V001_I{i:05d}.xml").write_text(f"<a>{person(5, 20, 'xywh')}</a>")
    (sequence,) = load("kaist", tmp_path, min_length=3)
    assert len(sequence) == 3 and pair(sequence).files[1].name == "set06_V001_I00001_visible.png"
    with pytest.raises(ValueError, match="lower min_length"):
        load("kaist", tmp_path)


def test_kaist_tells_what_is_missing(kaist):
    annotate(kaist, "text")
    (kaist / "images/set00/V000/lwir/I00006.jpg").unlink(missing_ok=True)
    (kaist / "images/set00/V000/lwir/I00006.png").unlink()
    (kaist / "images/set00/V000/visible/I00004.png").unlink()
    (kaist / "annotations-text/set00/V000/I00008.txt").unlink()
    one, two = load("kaist", kaist, min_length=8)
    assert len(one) == 11 and one.boxes[6, 0] == 12 and media.number(one.frames[6]) == 7  # boxes follow the names
    assert np.flatnonzero(~one.present).tolist() == [7]  # unknown there, and the same person afterwards
    told = " ".join(one.notes)
    assert (
        "missing from the numbering: 6" in told and "1 of 11 images have no annotation file, the first: I00008" in told
    )
    assert "1 images lack their partner" in told and len(two) == 9
    with pytest.raises(FileNotFoundError, match="I00004"):
        pair(one)


def test_kaist_does_not_follow_a_person_over_a_jump(kaist):
    """Relabelled samples are single images of one video: the man in the next one is another, wherever he stands."""
    annotate(kaist, "text")
    for folder, suffix in (("images/set00/V000/lwir", "png"), ("annotations-text/set00/V000", "txt")):
        for i in range(6, 12):
            (kaist / folder / f"I{i:05d}.{suffix}").rename(kaist / folder / f"I{i + 800:05d}.{suffix}")
    found = load("kaist", kaist, min_length=4)
    assert sorted(len(sequence) for sequence in found) == [4, 6, 6, 6]
    report = check("kaist", kaist)
    assert not report.usable and "none set00_V000: 12 images, 22 boxes; nobody has 10 of them" in str(report)
    assert "no target is annotated in enough frames" in str(report)


def test_kaist_vbb_knows_identities(kaist):
    """A file of the same structure as the toolbox writes; a real one was not at hand."""
    from scipy.io import savemat

    objects = np.empty((1, 12), dtype=object)
    for i in range(12):
        entries = [(1, [5.0 + i, 20.0, 6.0, 9.0])] + [(2, [40.0 - 3 * i, 20.0, 6.0, 9.0])]
        array = np.zeros((1, 2), dtype=[("id", object), ("pos", object), ("occl", object)])
        for k, (identity, pos) in enumerate(entries):
            array[0, k] = (identity, np.array([pos]), 0)
        objects[0, i] = array if i != 4 else np.zeros((0, 0))
    labels = np.array([["person", "person"]], dtype=object)
    folder = kaist / "annotations-vbb/set00"
    folder.mkdir(parents=True)
    with open(folder / "V000.vbb", "wb") as file:
        savemat(file, {"A": {"nFrame": 12, "objLists": objects, "objLbl": labels}})
    assert [len(frame) for frame in read_vbb(folder / "V000.vbb")] == [2] * 4 + [0] + [2] * 7
    one, two = load("kaist", kaist)
    assert one.boxes[11, 0] == 16 and two.boxes[11, 0] == 7 and not one.present[4]  # they crossed, each kept its name
    (folder / "V000.vbb").write_bytes(b"MATLAB")
    with pytest.raises(ValueError, match=r"V000\.vbb is not a readable"):
        load("kaist", kaist)


def test_kaist_bad_annotations(kaist, tmp_path):
    with pytest.raises(FileNotFoundError, match="no annotations"):
        load("kaist", kaist)
    file = tmp_path / "a.txt"
    for text, message in (("person 1 2 3 4", "does not begin"), ("% bbGt version=3\nperson 1 2 3", "line 2")):
        file.write_text(text)
        with pytest.raises(ValueError, match=message):
            read_text(file)
    file = tmp_path / "a.xml"
    for text, message in (
        ("<annotation><object>", "not readable XML"),
        ("<a><object><name>person</name></object></a>", "object 1"),
        (
            "<a><object><bndbox><x>1</x></bndbox></object></a>",
            "xmin, ymin, xmax, ymax of bndbox are not all numbers",
        ),
    ):
        file.write_text(text)
        with pytest.raises(ValueError, match=message):
            read_xml(file)
    annotate(kaist, "text")
    broken = kaist / "annotations-text/set00/V000/I00003.txt"
    broken.write_text("% bbGt version=3\nperson 400 20 6 9 0 0 0 0 0 0 0")
    with pytest.raises(ValueError, match="I00003: box .* outside"):
        load("kaist", kaist)
    with pytest.raises(FileNotFoundError, match="set03"):
        load("kaist", kaist, sets=("set03",))
    with pytest.raises(ValueError, match="modality"):
        load("kaist", kaist, modality="thermal")


# --- otcbvs -----------------------------------------------------------------------------------------------------------


def test_otcbvs(tmp_path):
    folder = media.write_images(tmp_path / "otcbvs/00001", media.clip(6), ".bmp", name=lambda i: f"img_{i + 1:05d}")
    lines = ["% OSU thermal", "% name count boxes"]
    for i in range(6):
        lines.append(f"img_{i + 1:05d}.bmp 2 ({5 + i} 6 {11 + i} 18) (46 {20 + i} 40 {10 + i})" if i < 4 else
                     f"img_{i + 1:05d}.bmp 1 ({5 + i} 6 {11 + i} 18)")  # fmt: skip
    truth = folder / "groundTruth.txt"
    truth.write_text("\n".join(lines))
    one, two = load("otcbvs", tmp_path)
    assert (one.name, two.name) == ("00001-1", "00001-2") and media.number(one.frames[5]) == 5
    assert one.recording == two.recording == "00001" and len(load("otcbvs", tmp_path / "otcbvs")) == 2
    np.testing.assert_array_equal(one.boxes[:2], [[5, 6, 6, 12], [6, 6, 6, 12]])
    np.testing.assert_array_equal(two.boxes[3:5], [[40, 13, 6, 10], NAN])  # corners in either order
    for bad, message in (
        ("img_00001.bmp 2 (1 2 3 4)", "line 1: 2 targets are announced, 1 given"),
        ("img_00001.bmp 1 (1 2 3)", "line 1: .* does not read"),
        ("img_00009.bmp 1 (1 2 3 4)", "line 1: there is no image"),
        ("%\nimg_00001.bmp 1 (100 2 130 4)", "line 2: .* outside"),
    ):
        truth.write_text(bad)
        with pytest.raises(ValueError, match=rf"groundTruth\.txt, {message}"):
            load("otcbvs", tmp_path)
    truth.write_text("img_00001.bmp 1 (5 6 11 18)\nimg_00004.bmp 1 (40 6 51 18)\n")
    with pytest.raises(ValueError, match="nobody has 2 of them"):
        load("otcbvs", tmp_path)
    assert "none 00001: 6 frames, 2 boxes; nobody has 2 of them" in str(check("otcbvs", tmp_path))
    truth.unlink()
    with pytest.raises(FileNotFoundError, match="groundTruth.txt"):
        load("otcbvs", tmp_path)


# --- got10k -----------------------------------------------------------------------------------------------------------


def test_got10k_and_otb_folders(tmp_path):
    one = media.write_images(tmp_path / "a", media.clip(3), ".jpg", name=lambda i: f"{i + 1:08d}")
    (one / "groundtruth.txt").write_text("10.5,12,4,5\n11,12,4,5\n12,12,4,5\n")
    (one / "absence.label").write_text("0\n1\n0\n")
    two = media.write_images(tmp_path / "b/img", media.clip(3), ".jpg", name=lambda i: f"{i + 1:04d}").parent
    (two / "groundtruth_rect.txt").write_text("11\t13\t4\t5\n0\t0\t0\t0\n13 13 4 5\n")
    three = media.write_images(tmp_path / "c", media.clip(3), ".jpg")
    (three / "groundtruth.txt").write_text("10,12,4,5\n")
    a, b, c = load("got10k", tmp_path)
    np.testing.assert_array_equal(a.boxes, [[10.5, 12, 4, 5], NAN, [12, 12, 4, 5]])
    np.testing.assert_array_equal(b.boxes, [[10, 12, 4, 5], NAN, [12, 12, 4, 5]])  # OTB counts pixels from 1
    np.testing.assert_array_equal(c.boxes, [[10, 12, 4, 5], NAN, NAN])
    (shifted,) = load("got10k", one, first_pixel=1)
    assert shifted.boxes[0].tolist() == [9.5, 11, 4, 5]


@pytest.mark.parametrize(
    "text, message",
    [
        ("1,2,3,4\n1,2,3,4", "2 rows for 3 images"),
        ("1,2,3,4\n" * 4, "4 rows for 3 images"),
        ("1,2,3,4\n1,2,3\n1,2,3,4", "line 2: 3 values"),
        ("1,2,3,4\n1,b,3,4\n1,2,3,4", "line 2: .* not four numbers"),
        ("1,2,3,4\n1,2,3,4\n1,200,3,4", "line 3: .* outside"),
        ("1,2,3,4\n1,nan,3,4\n1,20,3,4", "line 2: .* NaN"),
    ],
)
def test_got10k_bad_truth(tmp_path, text, message):
    folder = media.write_images(tmp_path / "a", media.clip(3), ".jpg")
    (folder / "groundtruth.txt").write_text(text)
    with pytest.raises(ValueError, match=rf"groundtruth\.txt.*{message}"):
        load("got10k", tmp_path)
    (folder / "groundtruth.txt").unlink()
    with pytest.raises(FileNotFoundError, match="no folder with groundtruth"):
        load("got10k", tmp_path)


# --- cptv -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def cptv_clip(tmp_path):
    frames = np.random.default_rng(0).integers(2000, 3000, (70, 120, 160)).astype(np.uint16)
    with open(tmp_path / "clip.cptv", "wb") as file:
        writer = cptv.CPTVWriter(file)
        writer.timestamp = datetime(2020, 1, 1, tzinfo=UTC)
        writer.write_header()
        for index, frame in enumerate(frames):
            step = timedelta(milliseconds=111 * index)
            writer.write_frame(cptv.Frame(frame, step, step, 20.0, 20.0))
        writer.close()
    return tmp_path / "clip.cptv", frames


def test_cptv_is_raw_and_at_random(cptv_clip):
    import pickle

    from irtrack_core.datasets.open_frames import open_frames

    path, truth = cptv_clip
    frames = open_frames(path)
    assert frames.dtype == np.uint16 and frames.shape == (120, 160) and len(frames) == 70
    for index in (0, 5, 4, 69, 1, 68):
        np.testing.assert_array_equal(frames[index], truth[index])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(frames))[7], truth[7])


def test_cptv_tracks_beside_it_and_damage(cptv_clip):
    path, _ = cptv_clip
    (sequence,) = load("cptv", path.parent)
    assert not sequence.present.any() and "no boxes" in sequence.notes[0]
    spot = '{"x": 5, "y": 6, "width": 7, "height": 8, "frame_number": 3, "blank": false}'
    path.with_suffix(".txt").write_text(f'{{"tracks": [{{"positions": [{spot}]}}]}}')
    (sequence,) = load("cptv", path)
    assert sequence.boxes[3].tolist() == [5, 6, 7, 8] and "not truth" in sequence.notes[0]
    path.with_suffix(".txt").write_text("{}")
    with pytest.raises(ValueError, match="clip.txt is not a CPTV track file"):
        load("cptv", path)
    path.with_suffix(".txt").unlink()
    media.truncate(path)
    (sequence,) = load("cptv", path)
    assert len(sequence) < 70 and any("breaks off" in note for note in sequence.notes)
    media.truncate(path, 0.001)
    with pytest.raises((ValueError, FrameError), match="clip.cptv"):
        load("cptv", path)


# --- the documentation's own example ----------------------------------------------------------------------------------


def test_add_a_dataset_as_documented(root, tmp_path, monkeypatch, capsys):
    blocks = re.findall(r"```python\n(.*?)```", (root / "docs/add_a_dataset.md").read_text(), re.S)
    assert len(blocks) == 2 and all(len(block.splitlines()) <= 40 for block in blocks)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets, "REGISTRY", dict(datasets.REGISTRY))
    media.write_images(tmp_path / "my_set/street/frames", media.clip(12))
    (tmp_path / "my_set/street/target.json").write_text('{"0": [20, 10, 6, 6], "11": [22, 11, 6, 6]}')
    scope = {}
    exec(compile(blocks[0], "docs/add_a_dataset.md", "exec"), scope)
    exec(compile(blocks[1], "docs/add_a_dataset.md", "exec"), scope)
    out = capsys.readouterr().out
    assert "street: 12 frames 64 x 48 uint8, 2 boxes" in out and "everything can be used" in out
    assert scope["sequence"].shape == (480, 640) and len(out.splitlines()[-11:]) == 11 and out.count("[") == 11
