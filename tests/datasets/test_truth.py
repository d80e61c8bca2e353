"""Truth is read as meant, or told: box files of other programs and places, and the mistakes that a file betrays."""

import tracemalloc

import media
import numpy as np
import pytest
import sets
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import evaluation, trackers
from irtrack_core.datasets import Sequence, load
from irtrack_core.datasets.box_file import read_alone, read_boxes, read_truth
from irtrack_core.datasets.check import check, check_sequence
from irtrack_core.datasets.suspicions import suspicions

NAN = [np.nan] * 4
ROWS = [[1.5, 2, 3, 4], NAN, [5, 6.25, 7, 8]]


# --- as other programs write them -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "frame;x;y;w;h\n0;1,5;2;3;4\n2;5;6,25;7;8\n",  # a spreadsheet where the comma is the decimal mark
        "frame\tx\ty\tw\th\n0\t1,5\t2\t3\t4\n2\t5\t6,25\t7\t8\n",
        "1,5;2;3;4\n\n5;6,25;7;8\n",
        '"frame","x","y","w","h"\n"0","1.5","2","3","4"\n"2","5","6.25","7","8"\n',  # R
        '"0","1,5","2","3","4"\n"2","5","6,25","7","8"\n',
        ",frame,x,y,w,h\n0,0,1.5,2,3,4\n1,2,5,6.25,7,8\n",  # pandas, with its index
        "Unnamed: 0,frame,x,y,w,h\n0,0,1.5,2,3,4\n1,2,5,6.25,7,8\n",
        ",x,y,w,h\n0,1.5,2,3,4\n1,,,,\n2,5,6.25,7,8\n",
        ",x,y,w,h\n0,1.5,2,3,4\n2,5,6.25,7,8\n",  # after dropna(): the index is the frame
        "cx,cy,w,h\n3,4,3,4\n\n8.5,10.25,7,8\n",
        "1.5,\t2,\t3,\t4\n\n5,\t6.25,\t7,\t8\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_box_files_as_other_programs_write_them(tmp_path, text, encoding):
    (tmp_path / "b.csv").write_text(text, encoding=encoding)
    np.testing.assert_array_equal(read_boxes(tmp_path / "b.csv", 3), ROWS)


@pytest.mark.parametrize(
    "text, message",
    [
        ("1,5 2,5 3,0 4,0\n" * 3, "line 1: .* commas and blanks"),  # pairs, or decimal commas?
        ("x,y,w,h\n1,5,2,5,3,0,4,0\n", "line 2: 8 values.*for decimal commas put ;"),
        ("frame,x,y,w,h\n0,1,5,2,3,4\n", "line 2: 6 values.*for decimal commas put ;"),
        (
            "frame,x,y,w,h\n" + "\n".join(f"{i + 1},1,2,3,4" for i in range(3)),
            "frame 3, but .*counted from 1.*first_frame=1",
        ),
        ("x,y\n1,2\n1,2\n1,2\n", "points without a size: give size="),
    ],
)
def test_what_could_mean_two_things_is_refused(tmp_path, text, message):
    (tmp_path / "b.csv").write_text(text)
    with pytest.raises(ValueError, match=rf"b\.csv.*{message}"):
        read_boxes(tmp_path / "b.csv", 3)


def test_a_binary_file_is_no_box_file(tmp_path):
    (tmp_path / "b.csv").write_bytes(bytes(range(256)) * 4)
    with pytest.raises(ValueError, match="is not a text file"):
        read_boxes(tmp_path / "b.csv", 3)


NUMBER = st.floats(-50, 50).map(lambda value: round(value, 3))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(NUMBER, NUMBER, st.floats(0.5, 60).map(lambda v: round(v, 2)), st.integers(1, 40)), min_size=1),
    st.sampled_from(
        [(";", ","), ("\t", ","), (";", "."), ("\t", "."), (",", "."), (", ", "."), (" ", "."), ("  ", ".")]
    ),
    st.booleans(),
)
def test_every_separator_and_decimal_mark_gives_the_same_numbers(tmp_path_factory, rows, marks, header):
    mark, point = marks
    text = mark.join("xywh") + "\n" if header else ""
    text += "".join(mark.join(str(value).replace(".", point) for value in row) + "\n" for row in rows)
    file = sets.write(tmp_path_factory.mktemp("b") / "b.txt", text)
    np.testing.assert_array_equal(read_boxes(file, len(rows)), np.array(rows, dtype=float))


# --- a tracker's output is not the truth ------------------------------------------------------------------------------


def test_only_a_file_that_is_named_as_the_truth_is_taken_for_it(tmp_path):
    folder = media.write_images(tmp_path / "seq", media.clip(3))
    for name in ("seq_siamese.csv", "other.csv"):
        sets.write(folder / name, "frame,x,y,w,h\n0,10,10,5,5\n")
    with pytest.raises(FileNotFoundError, match="no boxes.*not taken without being named: other.csv, seq_siamese.csv"):
        load("folder", folder)
    (one,) = load("folder", folder, boxes=folder / "other.csv")
    assert one.present.tolist() == [True, False, False] and one.notes == ()


@pytest.mark.parametrize("name", ["seq/boxes.csv", "seq.csv", "clip.csv"])
def test_a_table_with_scores_is_no_truth_unless_it_is_named(tmp_path, name):
    media.write_images(tmp_path / "seq", media.clip(3))
    media.write_video(tmp_path / "clip.avi", media.clip(3))
    file = sets.write(tmp_path / name, "frame,x,y,w,h,score\n0,10,10,5,5,0.9\n")
    place = tmp_path / ("clip.avi" if "clip" in name else "seq")
    with pytest.raises(FileNotFoundError, match="no boxes"):
        load("folder", place)
    (one,) = load("folder", place, boxes=file)
    assert "looks like a tracker's output" in one.notes[0]


# --- frame numbers ----------------------------------------------------------------------------------------------------


def numbered(tmp_path, numbers):
    folder = media.write_images(tmp_path / "clip", media.clip(12), name=lambda i: f"{i + 1:04d}")
    sets.write(folder / "boxes.csv", "frame,x,y,w,h\n" + "".join(f"{n},{10 + 3 * n},12,5,4\n" for n in numbers))
    return folder


def test_frames_counted_from_1_are_asked_about(tmp_path):
    folder = numbered(tmp_path, range(1, 11))
    (late,) = load("folder", folder)
    assert any("counted from 1? Then give first_frame=1" in note for note in late.notes)
    assert "counted from 1?" in str(check("folder", folder))
    (right,) = load("folder", folder, first_frame=1)
    assert right.notes == () and right.boxes[0].tolist() == [13, 12, 5, 4]
    with pytest.raises(ValueError, match=r"a box for frame 13, but there are 12 frames \(1 to 12\)"):
        load("folder", numbered(tmp_path, [13]), first_frame=1)


@pytest.mark.parametrize("numbers", [range(0, 12), range(2, 12), [0, 1, 5]])
def test_frames_counted_from_0_are_not(tmp_path, numbers):
    assert load("folder", numbered(tmp_path, numbers))[0].notes == ()


def test_every_third_frame_annotated_is_told(tmp_path):
    assert "only every 3rd frame has a box" in load("folder", numbered(tmp_path, [0, 3, 6, 9]))[0].notes[0]
    sets.write(tmp_path / "clip/boxes.csv", "1,2,3,4\n" * 4)
    with pytest.raises(ValueError, match="4 boxes for 12 frames.*only every 3rd frame annotated"):
        load("folder", tmp_path / "clip")


# --- what the numbers betray ------------------------------------------------------------------------------------------

SHAPE = (480, 640)


def moving(count=20, size=(12, 9), start=(100, 80), step=(7, 2)):
    place = np.array(start) + np.outer(np.arange(count), step)
    return np.column_stack([place, np.tile(size, (count, 1))]).astype(float)


@pytest.mark.parametrize(
    "start, step", [((100, 80), (7, 2)), ((20, 40), (0, 3)), ((400, 300), (1, 0)), ((350, 260), (0, 0))]
)
def test_corners_given_as_sizes_are_told(start, step):
    boxes = moving(start=start, step=step)
    assert suspicions(boxes, SHAPE) == ()
    corners = np.column_stack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])
    assert "look like corners" in suspicions(corners, SHAPE)[0]
    assert "look like corners" in str(
        check_sequence(Sequence("a", "own", np.zeros((20, *SHAPE), np.uint8), corners)).warnings
    )


@pytest.mark.parametrize(
    "boxes", [moving(size=(200, 160), start=(5, 5)), moving(size=(300, 300), start=(1, 2), step=(1, 1))]
)
def test_large_targets_near_the_origin_are_no_corners(boxes):
    assert suspicions(boxes, SHAPE) == ()


def test_shares_given_as_pixels_are_told(tmp_path):
    shares = moving() / (640, 480, 640, 480)
    assert "shares of the frame" in suspicions(shares, SHAPE)[0]


def test_x_and_y_swapped_are_told_in_the_error(tmp_path):
    boxes = moving(start=(500, 80))
    file = sets.write(tmp_path / "b.csv", sets.lines(boxes[:, [1, 0, 3, 2]]))
    with pytest.raises(ValueError, match="outside.*only with x and y swapped"):
        read_boxes(file, 20, SHAPE)
    assert suspicions(boxes, SHAPE) == ()


# --- points -----------------------------------------------------------------------------------------------------------


def test_points_need_a_size_and_have_no_overlap(tmp_path):
    folder = media.write_images(tmp_path / "clip", media.clip(8))
    sets.write(folder / "boxes.csv", "frame,x,y\n" + "".join(f"{i},{20 + i},15\n" for i in range(8)))
    with pytest.raises(ValueError, match="points without a size: give size="):
        load("folder", folder)
    (one,) = load("folder", folder, size=6)
    assert one.points and one.boxes[0].tolist() == [17, 12, 6, 6]
    result = evaluation.run(trackers.create("identity"), one)
    with pytest.raises(ValueError, match="annotates points"):
        evaluation.overlaps(result, one)
    with pytest.raises(ValueError, match="annotates points"):
        evaluation.curves([result], [one])
    row = evaluation.evaluate([result], [one]).iloc[0]
    assert row[["aor", "auc", "sr50", "norm_auc", "loss_rate"]].isna().all() and row["p20"] == 1
    assert not read_truth(sets.write(tmp_path / "b.csv", "1,2,3,4\n"), 1)[2]


# --- several truths, of which one is read -----------------------------------------------------------------------------


def test_further_box_files_are_told(tmp_path):
    folder = media.write_images(tmp_path / "clip", media.clip(3))
    sets.write(folder / "boxes.csv", "frame,x,y,w,h\n0,10,10,5,5\n")
    sets.write(tmp_path / "clip.txt", "11,10,5,5\n" * 3)
    (one,) = load("folder", folder)
    assert one.notes == ("boxes.csv is read, and not clip.txt",)
    (folder / "boxes.csv").unlink()
    sets.write(folder / "groundtruth.txt", "10,10,5,5\n" * 3)
    sets.write(folder / "groundtruth_rect.txt", "11,11,5,5\n" * 3)
    told = "groundtruth.txt is read, and not groundtruth_rect.txt"
    assert load("got10k", folder)[0].notes == (told,)
    assert set(load("folder", folder)[0].notes) == {
        told,
        "groundtruth.txt is read, and not groundtruth_rect.txt, clip.txt",
    }


@pytest.mark.parametrize("column", ["confidence", "conf", "score"])
def test_scores_by_any_name_are_a_trackers(tmp_path, column):
    folder = media.write_images(tmp_path / "clip", media.clip(3))
    sets.write(folder / "boxes.csv", f"frame,x,y,w,h,{column}\n0,10,10,5,5,1\n")
    with pytest.raises(FileNotFoundError, match="no boxes"):
        load("folder", folder)


def test_frames_that_begin_elsewhere_are_asked_about(tmp_path):
    folder = media.write_images(tmp_path / "clip", media.clip(12), name=lambda i: str(100 + i))
    sets.write(folder / "boxes.csv", "frame,x,y,w,h\n" + "".join(f"{100 + i},10,10,5,5\n" for i in range(10)))
    with pytest.raises(ValueError, match="frame 100, .*counted from 100. Then give first_frame=100"):
        load("folder", folder)
    assert load("folder", folder, first_frame=100)[0].present.sum() == 10


def test_an_infinite_frame_number_is_none(tmp_path):
    file = sets.write(tmp_path / "b.csv", "frame,x,y,w,h\n1e999,1,2,3,4\n")
    with pytest.raises(ValueError, match="line 2: frame number '1e999' is not a whole number"):
        read_boxes(file, 3)


@pytest.mark.parametrize("numbered", [True, False])
def test_a_box_file_of_hours_takes_little_memory(tmp_path, numbered):
    count, file = 20_000, tmp_path / "boxes.csv"
    file.write_text("".join(f"{k}," * numbered + f"{k % 300},20,6,6\n" for k in range(count)))
    tracemalloc.start()
    boxes = read_boxes(file, count, (300, 400))
    most = tracemalloc.get_traced_memory()[1] / count
    tracemalloc.stop()
    assert boxes[:, 0].tolist() == [k % 300 for k in range(count)]
    assert most < 250, most  # bytes a row; the fields of all rows together take 500 and more


LINES = ["10,20,6,5", "11,20.5,6,5", "12,21,6,5"]
THREE = np.array([[10, 20, 6, 5], [11, 20.5, 6, 5], [12, 21, 6, 5]])


@pytest.mark.parametrize("header", ["", "frame,x,y,w,h", "Frame, X, Y, Width, Height,"])
@pytest.mark.parametrize(("old", "new"), [(",", ","), (",", ";"), (",", "\t"), (".", ".")])
def test_a_separator_at_the_end_of_every_row_says_nothing(tmp_path, header, old, new):
    text = "\n".join([header] * bool(header) + [f"{k},{line}," for k, line in enumerate(LINES)])
    (tmp_path / "b.csv").write_text(text.replace(old, new))
    np.testing.assert_array_equal(read_boxes(tmp_path / "b.csv", 3), THREE)
    absent = text.replace("1,11,20.5,6,5,", "1,,,,,").replace(old, new)
    (tmp_path / "b.csv").write_text(absent)
    np.testing.assert_array_equal(read_boxes(tmp_path / "b.csv", 3), [THREE[0], NAN, THREE[2]])


def test_a_row_that_may_lack_its_last_value_is_refused(tmp_path):
    for text in (
        "10,20,6,5,\n11,20,6,5,\n",
        "0,10,20,6,\n1,11,20,6,\n",
    ):  # four and a separator, or five without the last
        (tmp_path / "b.csv").write_text(text)
        with pytest.raises(
            ValueError, match="ends in a separator or lacks its last value: leave the last separator out"
        ):
            read_boxes(tmp_path / "b.csv", 2)
    (tmp_path / "b.csv").write_text("x,y,w,h\n10,20,6,5,\n11,20.5,6,5,\n")
    np.testing.assert_array_equal(read_boxes(tmp_path / "b.csv", 2), THREE[:2])


@pytest.mark.parametrize("word", ["nan", "NaN", "NA", "None", "null", "NULL", ""])
@pytest.mark.parametrize("row", [0, 1])
def test_words_for_no_number_mean_absent(tmp_path, word, row):
    lines = LINES.copy()
    lines[row] = ",".join([word] * 4)
    for text in ("\n".join(lines), "frame,x,y,w,h\n" + "\n".join(f"{k},{line}" for k, line in enumerate(lines))):
        (tmp_path / "b.csv").write_text(text)
        boxes = read_boxes(tmp_path / "b.csv", 3)
        assert np.isnan(boxes[row]).all() and np.isfinite(boxes).all(axis=1).sum() == 2


def test_what_savetxt_writes_is_read(tmp_path):
    np.savetxt(tmp_path / "b.txt", np.column_stack([np.arange(3), THREE]))
    np.testing.assert_array_equal(read_boxes(tmp_path / "b.txt", 3), THREE)
    np.testing.assert_array_equal(read_alone(tmp_path / "b.txt"), THREE)
    (tmp_path / "b.txt").write_text("5.0e-01,10,20,6,5\n")
    with pytest.raises(ValueError, match="line 1: frame number '5.0e-01' is not a whole number"):
        read_boxes(tmp_path / "b.txt", 3)


@pytest.mark.parametrize("names", ["x1,y1,x2,y2", "xmin,ymin,xmax,ymax", "left,top,right,bottom"])
def test_a_header_of_corners_says_how_to_write_sizes(tmp_path, names):
    (tmp_path / "b.csv").write_text(f"frame,{names}\n0,10,20,16,25\n")
    with pytest.raises(
        ValueError, match="line 1: header .* is not understood; .* of corners write the size, w = x2 - x1"
    ):
        read_boxes(tmp_path / "b.csv", 1)


@pytest.mark.parametrize(
    "name, text",
    [
        ("boxes.csv", "frame,x,y,w,h\n" + "".join(f"{i},1_{i},2,3,4\n" for i in range(4))),
        ("boxes.txt", "".join(f"1_{i} 2 3 4\n" for i in range(4))),
        ("groundtruth.txt", "".join(f"1_{i},2,3,4\n" for i in range(4))),
    ],
)
def test_a_digit_that_became_an_underscore_is_no_number(tmp_path, name, text):
    """Python's float takes 1_0 for 10, and so did every reader of text."""
    media.write_images(tmp_path / "a", media.clip(4))
    (tmp_path / "a" / name).write_text(text)
    with pytest.raises(ValueError, match=r"1_0"):
        load("folder", tmp_path / "a")


def test_label_files_of_objects_take_no_underscore_either(tmp_path):
    sets.make_yolo(tmp_path)
    file = sorted(tmp_path.rglob("labels/*.txt"))[0]
    file.write_text("0 0.5 0.5 0.1_0 0.1\n")
    with pytest.raises(ValueError, match=r"0\.1_0"):
        load("yolo", tmp_path)
