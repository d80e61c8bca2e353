"""What is written is read back the same, by our readers and by the toolkits' own; changed, it is read as meant or refused."""

import json
import re

import media
import numpy as np
import pytest
import sets
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core.cli.main import main
from irtrack_core.datasets import load
from irtrack_core.datasets.writers import WRITERS, write

NAN = [np.nan] * 4
FRAMES = 6
READERS = {name: name for name in WRITERS} | {"csv": "folder"}
TRUTH = {
    "otb": "groundtruth_rect.txt",
    "got10k": "groundtruth.txt",
    "lasot": "groundtruth.txt",
    "vot": "groundtruth.txt",
    "mot": "gt/gt.txt",
    "coco": "annotations.json",
    "csv": "boxes.csv",
}
ROWED = ("otb", "got10k", "lasot", "vot")  # a row a frame: a row more or less cannot be meant

box = st.tuples(
    st.floats(0, 30).map(lambda v: round(v, 4)),
    st.floats(0, 20).map(lambda v: round(v, 4)),
    st.floats(0.5, 30).map(lambda v: round(v, 4)),
    st.floats(0.5, 25).map(lambda v: round(v, 4)),
)
several = st.lists(st.none() | box, min_size=FRAMES, max_size=FRAMES).filter(
    lambda rows: sum(r is not None for r in rows) > 1
)


def as_array(rows):
    return np.array([NAN if row is None else row for row in rows])


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return sorted(sets.images(tmp_path_factory.mktemp("images"), FRAMES).glob("*.jpg"))


@pytest.fixture(scope="module")
def made(tmp_path_factory, images):
    """Function (format, boxes) -> folder with images and what was written."""

    def make(name, boxes):
        folder = tmp_path_factory.mktemp("set") / "one"
        place = {"mot": folder / "img1", "otb": folder / "img", "lasot": folder / "img"}.get(name, folder)
        place.mkdir(parents=True)
        for image in images:
            (place / image.name).symlink_to(image)
        write(name, folder, boxes, shape=media.SHAPE, files=images, fps=25)
        return folder

    return make


def back(name, folder):
    (one,) = load(READERS[name], folder)
    return one.boxes


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=10, deadline=None)
@given(rows=several)
def test_what_is_written_is_read_back(made, name, rows):
    np.testing.assert_allclose(back(name, made(name, as_array(rows))), as_array(rows), atol=1e-6)


def test_bad_boxes_and_formats_are_refused(tmp_path):
    for bad in ([1, 2, 0, 4], [1, 2, np.inf, 4], [1, np.nan, 3, 4]):
        with pytest.raises(ValueError, match="the box of frame 1"):
            write("otb", tmp_path / "a", [[1, 2, 3, 4], bad])
    with pytest.raises(ValueError, match="unknown format 'kitti': use one of otb"):
        write("kitti", tmp_path / "a", [[1, 2, 3, 4]])
    with pytest.raises(ValueError, match="size of the images"):
        write("coco", tmp_path / "a", [[1, 2, 3, 4]])


# --- changed files ----------------------------------------------------------------------------------------------------

SAME = {  # changes that mean the same
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "blank lines at the end": lambda text: text + "\n\n",
    "no newline at the end": lambda text: text.rstrip("\n"),
    "mark": lambda text: "\ufeff" + text,
    "tabs": lambda text: text.replace(",", "\t"),
    "semicolons": lambda text: text.replace(",", ";"),
    "semicolons and decimal commas": lambda text: text.replace(",", ";").replace(".", ","),
    "comma and blank": lambda text: text.replace(",", ", "),
}


def lines_of(text):
    return text.splitlines(keepends=True)


@settings(max_examples=60, deadline=None)
@given(rows=several, name=st.sampled_from([*ROWED, "mot", "csv"]), change=st.sampled_from(sorted(SAME)))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_changes_that_mean_the_same_change_nothing(made, rows, name, change, encoding):
    folder = made(name, as_array(rows))
    file = folder / TRUTH[name]
    text = SAME[change](file.read_text(encoding="utf-8"))
    file.write_bytes(text.encode(encoding))
    np.testing.assert_allclose(back(name, folder), as_array(rows), atol=1e-6)


def dropped(text, k):
    lines = lines_of(text)
    return "".join(lines[:k] + lines[k + 1 :])


def doubled(text, k):
    lines = lines_of(text)
    return "".join(lines[: k + 1] + lines[k:])


def field(text, k, j, new):
    """The text with field j of line k replaced, or taken out when new is None."""
    lines = lines_of(text)
    fields = lines[k].rstrip("\n").split(",")
    j %= len(fields)
    fields[j : j + 1] = [] if new is None else [new]
    lines[k] = ",".join(fields) + "\n"
    return "".join(lines)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(box, min_size=FRAMES, max_size=FRAMES), name=st.sampled_from([*ROWED, "mot", "csv"]), data=st.data()
)
def test_changes_that_cannot_be_meant_are_refused_by_file(made, rows, name, data):
    folder = made(name, as_array(rows))
    file = folder / TRUTH[name]
    text = file.read_text(encoding="utf-8")
    first = 1 if name == "csv" else 0
    k, j = data.draw(st.integers(first, FRAMES - 1 + first)), data.draw(st.integers(0, 8))
    kinds = ["word", "lost", "infinite", "nan", "doubled"] + (["dropped"] if name in ROWED else [])
    kind = data.draw(st.sampled_from(kinds))
    changed = {
        "word": lambda: field(text, k, j, "x1"),
        "lost": lambda: field(text, k, j, None),
        "infinite": lambda: field(text, k, j, "inf"),
        "nan": lambda: field(text, k, j, "nan"),
        "doubled": lambda: doubled(text, k),
        "dropped": lambda: dropped(text, k),
    }[kind]()
    file.write_text(changed, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(file.name)):
        found = back(name, folder)
        raise AssertionError(f"{kind} in line {k + 1}, field {j}: read as {found.tolist()}")


@settings(max_examples=60, deadline=None)
@given(rows=several, name=st.sampled_from(sorted(WRITERS)), share=st.floats(0, 1))
def test_a_truncated_file_is_refused_or_lacks_its_end_alone(made, rows, name, share):
    """A cut within the last number cannot be seen; everything before the cut is as it was."""
    folder = made(name, as_array(rows))
    file = folder / TRUTH[name]
    text = file.read_text(encoding="utf-8")
    kept = int(share * len(text))
    file.write_text(text[:kept], encoding="utf-8")
    try:
        (one,) = load(READERS[name], folder)
    except (ValueError, FileNotFoundError):
        return
    if any("only the first frame has a box, as in hidden test sets" in note for note in one.notes):
        return
    found = one.boxes
    whole = max(text[:kept].count("\n") - (name == "csv"), 0)
    truth = as_array(rows)
    if name in ("mot", "csv"):
        count = np.flatnonzero(np.isfinite(truth[:, 0]))[:whole][-1:] + 1 if name == "mot" else [whole]
        count = int(count[0]) if len(count) else 0
    else:
        count = FRAMES - 1
    if name == "coco":
        count = FRAMES if json.loads(text[:kept]) else 0
    np.testing.assert_allclose(found[:count], truth[:count], atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(rows=several, pair=st.tuples(st.sampled_from(sorted(WRITERS)), st.sampled_from(sorted(WRITERS))))
def test_another_formats_file_is_refused_or_means_the_same(made, rows, pair):
    name, other = pair
    boxes = as_array(rows)
    folder, foreign = made(name, boxes), made(other, boxes)
    (folder / TRUTH[name]).write_text((foreign / TRUTH[other]).read_text(encoding="utf-8"), encoding="utf-8")
    try:
        found = back(name, folder)
    except (ValueError, FileNotFoundError):
        return
    shift = {"otb": 1}.get(name, 0) - {"otb": 1}.get(other, 0)  # nothing in a row says whether pixels count from 0 or 1
    np.testing.assert_allclose(found + [shift, shift, 0, 0], boxes, atol=1e-6)


# --- the toolkits' own readers ----------------------------------------------------------------------------------------

BOXES = np.array([[10.5, 12, 5, 4], [13, 12.25, 5, 4], NAN, [19, 12, 5.125, 4], [22, 12, 5, 4], [25, 12, 5, 4]])


def test_got10k_reads_our_got10k_otb_and_lasot(made, tmp_path):
    datasets = pytest.importorskip("got10k.datasets", reason="the toolkit needs packages of its own")
    from got10k.utils.ioutils import compress  # noqa: F401  (the whole package is there)

    full = np.nan_to_num(BOXES)
    (tmp_path / "val").mkdir()
    (tmp_path / "val/one").symlink_to(made("got10k", BOXES))
    (tmp_path / "val/list.txt").write_text("one\n")
    files, boxes = datasets.GOT10k(str(tmp_path), subset="val", return_meta=False)[0]
    assert len(files) == FRAMES
    np.testing.assert_allclose(boxes, full)
    (tmp_path / "otb").mkdir()
    (tmp_path / "otb/Car4").symlink_to(made("otb", BOXES))
    otb = datasets.OTB.__new__(datasets.OTB)
    otb.seq_names, otb.seq_dirs = ["Car4"], [str(tmp_path / "otb/Car4")]
    otb.anno_files = [str(tmp_path / "otb/Car4/groundtruth_rect.txt")]
    np.testing.assert_allclose(otb[0][1], np.where(full.any(axis=1, keepdims=True), full + [1, 1, 0, 0], 0))


def test_vot_toolkit_reads_our_vot(made):
    io = pytest.importorskip("vot.region.io", reason="vot-toolkit has an environment of its own")
    regions = io.read_trajectory(str(made("vot", BOXES) / "groundtruth.txt"))
    assert [str(type(region).__name__) for region in regions] == ["Rectangle"] * 2 + ["Special"] + ["Rectangle"] * 3
    found = [[r.x, r.y, r.width, r.height] for r in regions if type(r).__name__ == "Rectangle"]
    np.testing.assert_allclose(found, BOXES[~np.isnan(BOXES[:, 0])])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # motmetrics 1.4.0 under pandas 3.1: its own, not ours
def test_motmetrics_reads_our_mot(made):
    io = pytest.importorskip("motmetrics.io", reason="motmetrics has an environment of its own")
    table = io.load_motchallenge(made("mot", BOXES) / "gt/gt.txt", min_confidence=1)
    np.testing.assert_allclose(table[["X", "Y", "Width", "Height"]].to_numpy(), BOXES[~np.isnan(BOXES[:, 0])])
    assert [frame for frame, _ in table.index] == [1, 2, 4, 5, 6]


def test_pycocotools_reads_our_coco(made):
    coco = pytest.importorskip("pycocotools.coco", reason="pycocotools has an environment of its own")
    found = coco.COCO(str(made("coco", BOXES) / "annotations.json"))
    boxes = [found.loadAnns(found.getAnnIds(imgIds=[k + 1])) for k in range(FRAMES)]
    assert [len(one) for one in boxes] == [1, 1, 0, 1, 1, 1]
    np.testing.assert_allclose([one[0]["bbox"] for one in boxes if one], BOXES[~np.isnan(BOXES[:, 0])])


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_knows_every_writer():
    from irtrack_core.cli import convert

    assert convert.FORMATS == tuple(WRITERS)


def test_convert_from_a_set_and_from_a_trackers_output(tmp_path, capsys):
    sets.make_otb(tmp_path / "otb")
    assert main(["convert", str(tmp_path / "otb"), str(tmp_path / "out"), "--to", "lasot"]) == 0
    out = capsys.readouterr().out
    assert "otb, sure" in out and "2 sequences as lasot" in out
    assert (tmp_path / "out/Jogging-1/groundtruth.txt").read_text().splitlines()[0] == "10,12,5,4"
    assert (tmp_path / "out/Jogging-2/out_of_view.txt").read_text() == "0,0,0,0,0,0\n"
    sets.write(tmp_path / "clip_peak.csv", "frame,x,y,w,h,score\n0,1.5,2,3,4,1.0\n1,,,,,0.0\n2,2,2,3,4,0.5\n")
    assert main(["convert", str(tmp_path / "clip_peak.csv"), str(tmp_path / "vot"), "--to", "vot"]) == 0
    assert (tmp_path / "vot/groundtruth.txt").read_text() == "1.5,2,3,4\n0\n2,2,3,4\n"
    assert (
        main(["convert", str(tmp_path / "clip_peak.csv"), str(tmp_path / "c"), "--to", "coco", "--size", "64x48"]) == 0
    )
    assert json.loads((tmp_path / "c/annotations.json").read_text())["images"][0]["width"] == 64


@pytest.mark.parametrize(
    "words, message",
    [
        (["gone", "new", "--to", "otb"], "no such file or folder: gone"),
        (["there", "there", "--to", "otb"], "is there already"),
        (["b.csv", "new", "--to", "coco"], "size of the images"),
        (["there", "new", "--to", "otb"], "in no format that is known"),
    ],
)
def test_convert_refuses_in_one_line(tmp_path, capsys, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    sets.write(tmp_path / "b.csv", "1,2,3,4\n")
    assert main(["convert", *words]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "new").exists() or words[-1] == "coco"


def test_the_lines_for_got10k(root, tmp_path, monkeypatch, capsys):
    """The docs' lines run in got10k's experiment, and its record is what `evaluation.run` gives."""
    pytest.importorskip("got10k.experiments", reason="the toolkit needs packages of its own")
    from irtrack_core import evaluation, trackers

    (sequence,) = load("sim-aircraft", frames=6, sequences=1, seed=4)
    folder = media.write_images(
        tmp_path / "SET/val/one", [sequence.frames[i] for i in range(6)], ".jpg", name=lambda i: f"{i + 1:08d}"
    )
    write("got10k", folder, sequence.boxes)
    (tmp_path / "SET/val/list.txt").write_text("one\n")
    code = re.search(r"```python\n(.*?)```", (root / "docs/formats.md").read_text(encoding="utf-8"), re.S)[1]
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    found = np.loadtxt("results/GOT-10k/peak/one/one_001.txt", delimiter=",")
    (one,) = load("got10k", tmp_path / "SET/val")
    ours = evaluation.run(trackers.create("peak"), one).boxes
    np.testing.assert_allclose(found, ours, atol=2e-3)  # it writes three decimals
