"""Readers of files that were valid once, cut, overwritten or in another order: right frames, or one clear error."""

import json
import warnings

import cv2
import media
import numpy as np
import pytest
from fuzzing import cases
from hypothesis import given
from hypothesis import strategies as st

from irtrack_core.config import network_preset
from irtrack_core.datasets import load
from irtrack_core.datasets.box_file import read_boxes
from irtrack_core.datasets.frames import DTYPES
from irtrack_core.datasets.open_frames import open_frames
from irtrack_core.network.header import check_header
from irtrack_core.network.weights import card_text, network_settings, read_tensors, write_tensors
from irtrack_core.workbook import parameters

DOCUMENTED = (ValueError, TypeError, OSError)
FILES = ("0.png", "0.tiff", "0.pgm", "0.bmp", "0.jpg", "pages.tiff", "film.npy", "film.avi", "film.mp4")


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """name -> bytes of a small valid file of each kind."""
    folder, frames = tmp_path_factory.mktemp("valid"), media.clip(4)
    for name in FILES[:5]:
        assert cv2.imwrite(str(folder / name), frames[0])
    assert cv2.imwritemulti(str(folder / "pages.tiff"), [frame.astype(np.uint16) * 200 for frame in frames])
    np.save(folder / "film.npy", frames)
    for name in FILES[-2:]:
        media.write_video(folder / name, frames)
    return {name: (folder / name).read_bytes() for name in FILES}.get  # its repr is short, unlike a dict's


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@st.composite
def changes(draw):
    """A list of (kind, share of the file, bytes): what happens to a file's content."""
    kinds = st.sampled_from(("cut", "zero", "write", "insert", "remove", "repeat"))
    one = st.tuples(kinds, st.floats(0, 1), st.binary(min_size=1, max_size=12))
    return draw(st.lists(one, min_size=1, max_size=3))


def changed(content, steps, only=None):
    content = bytearray(content)
    for kind, share, new in steps:
        at = int(share * len(content))
        kind = kind if only is None or kind in only else "cut"
        if kind == "cut":
            del content[at:]
        elif kind == "zero":
            content[at : at + 64] = bytes(len(content[at : at + 64]))
        elif kind == "write":
            content[at : at + len(new)] = new
        elif kind == "insert":
            content[at:at] = new
        elif kind == "remove":
            del content[at : at + len(new)]
        else:
            content[at:at] = content[at : at + 40]
    return bytes(content)


def every_frame(frames):
    """Reads all; each is as promised or raises what the readers document. Returns how many could be read."""
    good = 0
    for index in range(min(len(frames), 40)):
        try:
            frame = frames[index]
        except (ValueError, OSError) as error:
            assert str(error)
        else:
            assert frame.shape == frames.shape and frame.dtype == frames.dtype and frame.dtype in DTYPES
            good += 1
    return good


@cases(350)
@given(st.sampled_from(FILES), changes())
def test_frames_of_a_changed_file(valid, place, name, steps):
    # the bytes of a video are decoded by a library of its own: only what happens to files by accident is done to them
    content = changed(valid(name), steps, ("cut", "zero") if name.endswith(("avi", "mp4")) else None)
    folder = place / "images"
    folder.mkdir(exist_ok=True)
    path = folder / name if name.startswith("0.") else place / name
    for old in folder.iterdir():
        old.unlink()
    path.write_bytes(content)
    if name.startswith("0."):
        (folder / "1.png").write_bytes(valid("0.png"))
        path = folder
    try:
        frames = open_frames(path)
    except DOCUMENTED as error:
        assert str(error)
        return
    assert every_frame(frames) or name != "0.png"  # 1.png is whole


NUMBERS = st.one_of(
    st.integers(-3, 70).map(str),
    st.floats(-3, 70).map(lambda value: f"{value:.2f}"),
    st.sampled_from(("", "nan", "NaN", "inf", "1e2", "-0", "1,5", "x", "1e999", "0x1", "١", '"3"', "None")),
)
HEADERS = ("", "x,y,w,h", "frame,x,y,w,h", "X;Y;W;H", "left,top,width,height", "a,b,c,d", "# x y w h", ",x,y,w,h")


@st.composite
def box_texts(draw):
    """Texts that might be box files: rows of about the right length, some separators, encodings and ends of lines."""
    width, mark = draw(st.sampled_from((4, 4, 5, 6, 1))), draw(st.sampled_from((",", ";", "\t", " ", ", ", "|")))
    rows = draw(st.lists(st.lists(NUMBERS, min_size=width - (width > 4), max_size=width), max_size=8))
    if width == 5 and draw(st.booleans()):
        rows = [[str(i), *row[1:]] for i, row in enumerate(rows)]
    lines = [header for header in [draw(st.sampled_from(HEADERS))] if header] + [mark.join(row) for row in rows]
    text = draw(st.sampled_from(("\n", "\r\n", "\r", "\n\n"))).join(lines) + draw(
        st.sampled_from(("", "\n", "\x00", "\n\n"))
    )
    return text.encode(draw(st.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32"))))


@cases(400)
@given(box_texts(), st.one_of(st.just([]), changes()), st.integers(0, 9))
def test_a_box_file_is_understood_or_refused(place, content, steps, count):
    file = place / "boxes.csv"
    file.write_bytes(changed(content, steps))
    try:
        found = read_boxes(file, count, (48, 64))
    except ValueError as error:
        assert "boxes.csv" in str(error) and "\n" not in str(error)
        return
    found = found[0] if isinstance(found, tuple) else found
    absent = np.isnan(found)
    assert found.shape == (count, 4) and found.dtype == np.float64
    assert (absent.all(axis=1) == absent.any(axis=1)).all()  # a row is a box, or absent
    assert np.isfinite(found[~absent]).all() and (found[~absent.any(axis=1), 2:] > 0).all()


ORDERS = st.permutations(range(6))
FORMS = st.sampled_from([(",", "frame,x,y,w,h"), (";", "frame;x;y;w;h"), ("\t", ""), (" ", ""), (",", "h,w,y,x,frame")])


@cases(150)
@given(
    ORDERS, FORMS, st.sampled_from(("utf-8", "utf-8-sig")), st.sampled_from(("\n", "\r\n")), st.sets(st.integers(0, 5))
)
def test_a_valid_box_file_in_any_form_gives_the_same_boxes(place, order, form, encoding, end, absent):
    """Rows in any order, columns in any order that the header says, any separator."""
    (mark, header), truth = form, np.arange(24.0).reshape(6, 4) + 1
    truth[list(absent)] = np.nan
    rows = []
    for i in order:
        row = [str(i), *("" if np.isnan(value) else f"{value:g}" for value in truth[i])]
        if i in absent and mark == " ":
            continue  # runs of blanks cannot say that a field is empty
        rows.append(mark.join(row[::-1] if header.startswith("h") else row))
    if not rows:
        return
    file = place / "form.csv"
    file.write_bytes((end.join([*filter(None, [header]), *rows]) + end).encode(encoding))
    found = read_boxes(file, 6, (48, 64))
    np.testing.assert_array_equal(found[0] if isinstance(found, tuple) else found, truth)


@cases(100)
@given(changes())
def test_a_folder_with_a_changed_box_file(place, steps):
    folder = place / "whole"
    if not folder.exists():
        media.write_images(folder, media.clip(4))
    (folder / "boxes.csv").write_bytes(changed(b"frame,x,y,w,h\n0,5,5,4,4\n1,6,5,4,4\n2,,,,\n3,8,5,4,4\n", steps))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            (sequence,) = load("folder", folder)
        except DOCUMENTED as error:
            assert str(error)
            return
    assert len(sequence) == 4 and sequence.boxes.shape == (4, 4)


@cases(150)
@given(changes())
def test_changed_weights(place, steps):
    file = place / "w.safetensors"
    if not file.exists():
        settings = network_preset("compact").model_dump(mode="json")
        write_tensors(place / "whole.safetensors", {"a": np.arange(6.0)}, {"settings": settings, "card": {"data": "x"}})
    file.write_bytes(changed((place / "whole.safetensors").read_bytes(), steps))
    for read in (check_header, read_tensors, card_text, lambda path: network_settings(path, read_tensors(path)[1])):
        try:
            read(file)
        except (ValueError, FileNotFoundError) as error:
            assert "w.safetensors" in str(error)


@cases(100)
@given(changes(), st.dictionaries(st.sampled_from(("seed", "share", "video", "sizes", "x")), st.text(max_size=8)))
def test_a_changed_notebook_and_any_parameters(place, steps, texts):
    source = "seed: int = 0\nshare: float = 0.5  # 0 to 1\nvideo: str = ''  # a file\nsizes: list[int] = []\n"
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source, "outputs": []}
    whole = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    for content in (whole, changed(whole, steps)):
        (place / "n.ipynb").write_bytes(content)
        try:
            values = parameters.check(place / "n.ipynb", texts, place)
        except (ValueError, OSError) as error:
            assert str(error)
        else:
            assert set(values) == set(texts)
