"""Frames, sequences, readers: good and bad files, made here with OpenCV."""

import os
import pickle
import struct
import tracemalloc

import cv2
import media
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import datasets
from irtrack_core.datasets import (
    ArrayFrames,
    FrameError,
    FunctionFrames,
    ImageFrames,
    Sequence,
    VideoFrames,
    load,
    open_video,
    subsample,
)
from irtrack_core.datasets.box_file import read_boxes
from irtrack_core.datasets.check import check
from irtrack_core.datasets.containers import frames_left_out
from irtrack_core.datasets.formats.recognise import detect
from irtrack_core.datasets.image_names import image_files, numbering_note
from irtrack_core.datasets.names import natural_key
from irtrack_core.datasets.open_frames import open_frames


def boxes_for(count):
    return np.tile([10.0, 12.0, 4.0, 5.0], (count, 1))


def box_lines(count):
    return "".join(f"{i},10,12,4,5\n" for i in range(count))


# --- frames -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return media.write_video(tmp_path_factory.mktemp("video") / "clip.mp4", media.clip(40))


def test_video_in_order(video):
    frames = VideoFrames(video)
    assert (len(frames), frames.shape, frames.dtype, frames.fps) == (40, media.SHAPE, np.uint8, 25)
    assert [media.number(frame) for frame in frames] == list(range(40))


@settings(max_examples=25, deadline=None)
@given(order=st.lists(st.integers(-40, 39), min_size=1, max_size=12), kept=st.sampled_from([0, 10_000, 10**7]))
def test_video_at_random_equals_in_order(video, order, kept):
    expected = list(VideoFrames(video))
    frames = VideoFrames(video, cache_bytes=kept)
    for index in order:
        np.testing.assert_array_equal(frames[index], expected[index])


def test_video_frames_are_the_callers_own(video):
    frames = VideoFrames(video)
    frames[3][:] = 0
    assert media.number(frames[3]) == 3


def test_video_survives_pickling_midway(video):
    frames = VideoFrames(video)
    frames[7]
    again = pickle.loads(pickle.dumps(frames))
    assert media.number(again[8]) == 8 and media.number(again[2]) == 2


def test_few_videos_are_open_at_one_time(tmp_path):
    files = [media.write_video(tmp_path / f"{i}.avi", media.clip(3)) for i in range(VideoFrames.MAX_OPEN + 3)]
    videos = [VideoFrames(file) for file in files]
    for frames in videos + videos[::-1]:
        assert media.number(frames[1]) == 1
    assert sum(frames._decoder is not None for frames in videos) <= VideoFrames.MAX_OPEN


def test_memory_stays_bounded_while_a_video_streams(tmp_path):
    rng = np.random.default_rng(0)
    file = media.write_video(tmp_path / "long.avi", rng.integers(0, 255, (150, 240, 320), dtype=np.uint8))
    frames = VideoFrames(file, cache_bytes=10 * 240 * 320)
    tracemalloc.start()
    for frame in frames:
        assert frame.shape == (240, 320)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * 240 * 320  # ten kept frames and a few in hand; the whole video is 150


@pytest.mark.parametrize("share", [0.0, 0.02, 0.6])
def test_truncated_mp4_is_refused_by_name(tmp_path, share):
    file = media.truncate(media.write_video(tmp_path / "cut.mp4", media.clip(20)), share)
    with pytest.raises(ValueError, match=r"cut\.mp4.*(truncated|video)"):
        VideoFrames(file)


def test_truncated_avi_gives_its_good_part_and_then_says_so(tmp_path):
    frames = VideoFrames(media.truncate(media.write_video(tmp_path / "cut.avi", media.clip(40))))
    assert [media.number(frames[i]) for i in range(10)] == list(range(10))
    with pytest.raises(FrameError, match=r"cut\.avi breaks off: \d+ of its 40 frames") as caught:
        frames[39]
    assert caught.value.final


def test_damage_in_the_middle_of_an_mp4_does_not_shift_the_frames_after_it(tmp_path):
    frames = VideoFrames(media.damage(media.write_video(tmp_path / "hurt.mp4", media.clip(40))))
    bad = []
    for index in range(40):
        try:
            frame = frames[index]
        except FrameError as error:
            assert error.index == index and not error.final
            bad.append(index)
            continue
        if not bad or index > bad[-1] + 4:  # pictures just after the gap are predicted from what was lost
            assert abs(media.number(frame) - index) <= 3
        if index > 35:
            assert media.number(frame) == index
    assert 0 < len(bad) < 10


COUNTED = [(".mkv", "mp4v"), (".mkv", "FFV1"), (".mkv", "MJPG"), (".webm", "VP80")]  # these store no count


def read_what_can_be_read(frames):
    """{index: frame} of the good frames; every other one must raise an error that names it."""
    good = {}
    for index in range(len(frames)):
        try:
            good[index] = frames[index]
        except FrameError as error:
            assert error.index == index and not error.final and f"frame {index} is damaged" in str(error)
    return good


@pytest.mark.parametrize("suffix, code", COUNTED)
@pytest.mark.parametrize("start", [0.3, 0.5, 0.7])
def test_damage_in_the_middle_of_a_counted_video_does_not_shift_the_frames_after_it(tmp_path, suffix, code, start):
    pytest.importorskip("av", reason="needs PyAV (extra media)")
    file = media.write_video(tmp_path / f"hurt{suffix}", media.clip(40), code=code)
    frames = open_video(media.damage(file, start))
    assert len(frames) == 40
    good = read_what_can_be_read(frames)
    assert 20 < len(good) < 40
    last = max(set(range(40)) - set(good))
    assert all(media.number(good[i]) == i for i in range(last + 1, 40))
    again = pickle.loads(pickle.dumps(frames))
    assert media.number(again[39]) == 39 and media.number(again[2]) == 2 and [*read_what_can_be_read(again)] == [*good]


def test_a_damaged_beginning_of_a_counted_video_is_told(tmp_path):
    file = media.write_video(tmp_path / "hurt.mkv", media.clip(40), code="FFV1")
    at = 900 / file.stat().st_size  # the first frame cannot be decoded, those after it until the next group not found
    pytest.importorskip("av", reason="needs PyAV (extra media)")
    frames = open_video(media.damage(file, at, 6000))
    good = read_what_can_be_read(frames)
    assert len(frames) == 40 and 0 not in good and all(media.number(good[i]) == i for i in good)


class Failing:
    """A decoder of which some grabs fail, and whose time stamps are those given."""

    def __init__(self, grabs, stamps):
        self.grabs, self.stamps = iter(grabs), iter(stamps)

    def grab(self):
        return next(self.grabs, False)

    def get(self, what):
        return next(self.stamps) * 1000 if what == cv2.CAP_PROP_POS_MSEC else 10


@pytest.mark.parametrize(
    "grabs, stamps, damaged",
    [
        ([1, 1, 0, 1, 0, 0, 1], [0, 0.05, 0.1, 0.3], {2, 4}),  # one at least a hole, where the time stamps are uneven
        ([1, 1, 0, 1, 1], [0, 0.04, 0.08, 0.12], set()),  # no frame is missing, whatever failed
        ([0, 1, 1], [0, 0.04], {0}),
        ([0] + [1] * 40, [i / 25 for i in range(5, 45)], {0}),  # more than the container's ten frames
        ([0, 0], [], set()),
    ],
)
def test_failed_grabs_are_counted(video, grabs, stamps, damaged):
    frames = VideoFrames(video)
    frames._count(Failing(grabs, stamps))
    assert frames._damaged == damaged and len(frames) == len(stamps) + len(damaged)


@pytest.mark.parametrize("suffix, code", COUNTED)
def test_good_counted_videos(tmp_path, suffix, code):
    frames = VideoFrames(media.write_video(tmp_path / f"good{suffix}", media.clip(40), fps=29.97, code=code))
    assert [media.number(frame) for frame in frames] == list(range(40))


def test_a_variable_frame_rate_is_no_damage(tmp_path):
    file = media.write_video(tmp_path / "varying.mkv", media.clip(40), code="MJPG")
    data = file.read_bytes()
    for before, after in ((40, 20), (80, 110)):  # the time stamps, in milliseconds, of two frames in each group of four
        old, new = (b"\x81" + struct.pack(">h", stamp) + b"\x80\xff\xd8" for stamp in (before, after))
        assert data.count(old) == 10
        data = data.replace(old, new)
    file.write_bytes(data)
    frames = VideoFrames(file)
    assert [media.number(frame) for frame in frames] == list(range(40))


def seconds(numbers, fps=25):
    """Time stamps as Matroska keeps them: rounded to milliseconds."""
    return [round(number / fps, 3) for number in numbers]


@pytest.mark.parametrize("fps", [25, 29.97, 60, 240])
def test_gaps_in_the_time_stamps_tell_the_missing_frames(fps):
    numbers = [i for i in range(1000) if i not in (30, 31, 500)]
    lost = frames_left_out(seconds(numbers, fps), fps, 1000)
    assert {k: lost[k] for k in np.flatnonzero(lost)} == {30: 2, 498: 1}
    assert not frames_left_out(seconds(range(1000), fps), fps, 1000).any()
    assert not frames_left_out(seconds(range(1000), fps), fps, 1100).any()  # the sound goes on longer


@pytest.mark.parametrize(
    "stamps, count",
    [
        (seconds([0, 1, 2.4] + list(range(4, 60))), 60),  # uneven
        (seconds([*range(30), *range(33, 60), 55]), 60),  # not in order
        (seconds([i + i // 9 for i in range(60)]), 66),  # gaps are the rule here
        (seconds([*range(59), 10**6]), 60),  # a damaged stamp, beyond the end
        (seconds([*range(30), *range(33, 60)]), -1),  # the container does not tell how long it is
        ([0.0] * 60, 60),
        ([0.0], 1),
        ([], 0),
    ],
)
def test_time_stamps_that_cannot_be_relied_on_tell_nothing(stamps, count):
    assert frames_left_out(stamps, 25, count) is None


def test_damage_in_the_middle_of_an_avi_says_that_numbers_after_it_may_be_wrong(tmp_path):
    frames = VideoFrames(media.damage(media.write_video(tmp_path / "hurt.avi", media.clip(40)), 0.5, 6000))
    with pytest.raises(FrameError, match="breaks off") as caught:
        list(frames)
    lost = 40 - caught.value.index
    assert lost > 0 and caught.value.final
    assert f"{lost} of its 40 frames are missing somewhere" in str(caught.value)
    assert f"may be too low by up to {lost}" in str(caught.value)


@pytest.mark.parametrize("name", ["12:30:05.avi", "pipe:0.avi", "a%03d.avi", "[1] #2?.avi"])
@pytest.mark.parametrize("alone", [False, True])
def test_a_video_is_no_address(tmp_path, monkeypatch, name, alone):
    """FFmpeg takes what stands before a colon for the kind of an address, unless the path begins at the root."""
    if alone:
        monkeypatch.setattr("irtrack_core.datasets.video.find_spec", lambda package: None)
    media.write_video(tmp_path / "plain.avi", media.clip(6))
    (tmp_path / "plain.avi").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(open_video(name)) == 6 and media.number(open_video(name)[3]) == 3


def test_a_name_that_is_no_utf_8_is_refused_before_opencv_sees_it(tmp_path, monkeypatch):
    """From a ZIP file of another system. Where the file system takes no such name, there can be none."""
    path = tmp_path / os.fsdecode(b"caf\xe9.avi")
    try:
        media.write_video(tmp_path / "plain.avi", media.clip(3)).rename(path)
        assert cv2.imwritemulti(str(tmp_path / "plain.tif"), list(media.clip(3)))
        (tmp_path / "plain.tif").rename(path.with_suffix(".tif"))
    except OSError:
        pytest.skip("names are UTF-8 on this file system")
    for name in ("VideoCapture", "imcount", "imreadmulti"):
        monkeypatch.setattr(cv2, name, lambda *_: pytest.fail("OpenCV was given the name"))
    for file in (path, path.with_suffix(".tif")):
        with pytest.raises(ValueError, match=r"caf\\udce9.*: the name is not UTF-8.*rename it"):
            open_frames(file)


def test_missing_and_foreign_videos(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.mp4"):
        VideoFrames(tmp_path / "nothing.mp4")
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(ValueError, match=r"text\.mp4 cannot be opened as a video"):
        VideoFrames(tmp_path / "text.mp4")


@pytest.mark.parametrize(
    "suffix, dtype", [(".bmp", np.uint8), (".png", np.uint8), (".png", np.uint16), (".tif", np.uint16)]
)
def test_lossless_images_come_back_as_they_were(tmp_path, suffix, dtype):
    array = media.clip(12).astype(dtype) * (257 if dtype == np.uint16 else 1)
    frames = ImageFrames(image_files(media.write_images(tmp_path / "a", array, suffix)))
    assert frames.dtype == dtype and frames.shape == media.SHAPE
    np.testing.assert_array_equal(np.stack(list(frames)), array)  # 10.png after 2.png


def test_float_tiff(tmp_path):
    array = media.clip(2).astype(np.float32) / 7
    frames = ImageFrames(image_files(media.write_images(tmp_path / "a", array, ".tif")))
    assert frames.dtype == np.float32
    np.testing.assert_array_equal(frames[1], array[1])


def test_colour_images_turn_grey_once(tmp_path):
    equal = np.repeat(media.clip(1)[0][..., None], 3, axis=2)
    colour = np.zeros((*media.SHAPE, 3), np.uint8)
    colour[..., 2] = 200  # red, in OpenCV's order
    frames = ImageFrames(image_files(media.write_images(tmp_path / "a", [equal, colour], ".bmp")))
    np.testing.assert_array_equal(frames[0], media.clip(1)[0])  # R = G = B is kept exactly
    assert np.all(np.abs(frames[1] - 0.299 * 200) <= 1)


def test_bad_images(tmp_path):
    folder = media.write_images(tmp_path / "a", media.clip(4))
    (folder / "1.png").write_bytes(b"\x89PNG then nothing")
    (folder / "2.png").write_bytes(b"")
    cv2.imwrite(str(folder / "3.png"), np.zeros((5, 5), np.uint8))
    frames = ImageFrames(image_files(folder))
    assert media.number(frames[0]) == 0
    for index, message in (
        (1, "not a readable image"),
        (2, "0 bytes"),
        (3, r"is \(5, 5\) uint8, but the sequence is of"),
    ):
        with pytest.raises(FrameError, match=message) as caught:
            frames[index]
        assert caught.value.index == index and f"{index}.png" in str(caught.value)
    (folder / "1.png").unlink()
    with pytest.raises(FrameError, match=r"no image .*1\.png"):
        frames[1]
    with pytest.raises(FileNotFoundError, match=r"1\.png"):
        ImageFrames([folder / "0.png", folder / "1.png"])
    with pytest.raises(ValueError, match="at least one"):
        ImageFrames([])


def test_a_damaged_first_image_is_reported_as_any_other(tmp_path):
    folder = media.write_images(tmp_path / "a", media.clip(4), ".bmp")
    head = bytearray((folder / "0.bmp").read_bytes())
    head[18:26] = b"\xff\xff\xff\x0f" * 2  # a size that OpenCV refuses
    (folder / "0.bmp").write_bytes(head)
    (folder / "1.bmp").write_bytes(b"")
    frames = ImageFrames(image_files(folder))
    assert (frames.shape, frames.dtype) == (media.SHAPE, np.uint8) and media.number(frames[2]) == 2
    for index in (0, 1):
        with pytest.raises(FrameError, match=rf"frame {index}: .*{index}\.bmp is not a readable image") as caught:
            frames[index]
        assert caught.value.index == index
    with pytest.raises(FrameError, match=r"no readable image among 2; the first: .*0\.bmp is not a readable"):
        ImageFrames(frames.files[:2])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_pages_of_a_tiff_are_frames(tmp_path, dtype):
    array = media.clip(5).astype(dtype) * (257 if dtype == np.uint16 else 1)
    cv2.imwritemulti(str(tmp_path / "stack.tif"), list(array))
    frames = pickle.loads(pickle.dumps(open_frames(tmp_path / "stack.tif")))
    assert (len(frames), frames.shape, frames.dtype) == (5, media.SHAPE, dtype)
    np.testing.assert_array_equal(np.stack(list(frames)), array)
    np.testing.assert_array_equal(frames[1], array[1])
    (tmp_path / "stack.csv").write_text(box_lines(5))
    assert len(load("folder", tmp_path / "stack.tif")[0].frames) == 5


def spoil_page(file, page, tag, value):
    """Change a number in the header of a page of a little-endian TIFF."""
    data = bytearray(file.read_bytes())
    (at,) = struct.unpack_from("<I", data, 4)
    for _ in range(page):
        (entries,) = struct.unpack_from("<H", data, at)
        (at,) = struct.unpack_from("<I", data, at + 2 + 12 * entries)
    (entries,) = struct.unpack_from("<H", data, at)
    (entry,) = (e for e in range(at + 2, at + 2 + 12 * entries, 12) if struct.unpack_from("<H", data, e)[0] == tag)
    struct.pack_into("<HII", data, entry + 2, 4, 1, value)
    file.write_bytes(data)


def test_damaged_and_odd_pages_of_a_tiff_are_told(tmp_path):
    file = tmp_path / "stack.tif"
    cv2.imwritemulti(str(file), [*media.clip(4), np.zeros((5, 5), np.uint8)])
    spoil_page(file, 0, 273, 10**8)  # where the pixels lie
    spoil_page(file, 2, 256, 2**31 - 1)  # the width
    frames = open_frames(file)
    assert len(frames) == 5 and media.number(frames[1]) == 1 and media.number(frames[3]) == 3
    unreadable = r"page {} of .*stack\.tif is not a readable image"
    for index, message in ((0, unreadable.format(0)), (2, unreadable.format(2)), (4, r"frame 4 came out as \(5, 5\)")):
        with pytest.raises(FrameError, match=message) as caught:
            frames[index]
        assert caught.value.index == index
    cv2.imwritemulti(str(file), list(media.clip(2)))
    for page in range(2):
        spoil_page(file, page, 273, 10**8)
    with pytest.raises(FrameError, match="no readable page among 2; the first: page 0 of"):
        open_frames(file)


def test_a_folder_of_tiffs_with_several_pages_is_refused(tmp_path):
    folder = media.write_images(tmp_path / "a", media.clip(3), ".tif")
    cv2.imwritemulti(str(folder / "1.tif"), list(media.clip(4)))
    with pytest.raises(ValueError, match=r"1\.tif holds 4 pages: .*that file itself.* split"):
        open_frames(folder)
    thumbnail = np.zeros((6, 8), np.uint8)  # some cameras put one behind the picture
    cv2.imwritemulti(str(folder / "1.tif"), [media.clip(3)[1], thumbnail])
    assert [media.number(frame) for frame in open_frames(folder)] == [0, 1, 2]
    for single, words in (
        ("0.tif", "is a single image: give"),
        ("1.tif", "a single image with a page of another size, .*: give"),
    ):
        with pytest.raises(ValueError, match=words):
            open_frames(folder / single)


@pytest.mark.parametrize("suffix", [".npy", ".tif"])
def test_a_folder_of_arrays_or_stacks_is_a_folder_of_sequences(tmp_path, suffix):
    for name, count in (("b10", 4), ("b9", 3)):
        if suffix == ".npy":
            np.save(tmp_path / f"{name}.npy", media.clip(count))
        else:
            cv2.imwritemulti(str(tmp_path / f"{name}.tif"), list(media.clip(count)))
        (tmp_path / f"{name}.csv").write_text("frame,x,y,w,h\n" + box_lines(count))
    assert detect(tmp_path)[0][:2] == ("folder", 0.7)
    assert [(one.name, len(one), media.number(one.frames[-1])) for one in load("folder", tmp_path)] == [
        ("b9", 3, 2),
        ("b10", 4, 3),
    ]
    assert check("folder", tmp_path).usable


def test_an_array_without_boxes_in_a_folder_is_told(tmp_path):
    np.save(tmp_path / "a.npy", media.clip(3))
    with pytest.raises(FileNotFoundError, match=r"no boxes for .*a\.npy: put a\.csv beside it"):
        load("folder", tmp_path)


def test_a_stack_alone_in_its_folder_is_that_folders_sequence(tmp_path):
    folder = tmp_path / "clip"
    folder.mkdir()
    cv2.imwritemulti(str(folder / "pages.tif"), list(media.clip(4)))
    (folder / "boxes.csv").write_text(box_lines(4))
    assert [media.number(frame) for frame in open_frames(folder)] == [0, 1, 2, 3]
    for root in (folder, tmp_path):
        assert [(one.name, len(one)) for one in load("folder", root)] == [("clip", 4)]
        assert detect(root)[0][0] == "folder"


def test_folders_named_like_files_are_no_files(tmp_path):
    folder = media.write_images(tmp_path / "a", media.clip(3))
    media.write_images(folder / "sub.png", media.clip(2))
    assert len(open_frames(folder)) == 3
    for name in ("film.avi", "b"):
        (media.write_images(tmp_path / "more" / name, media.clip(3)) / "boxes.csv").write_text(box_lines(3))
    assert sorted(sequence.name for sequence in load("folder", tmp_path / "more")) == ["b", "film.avi"]


def test_array_frames_check_their_array():
    with pytest.raises(TypeError, match="float64: convert"):
        ArrayFrames(np.zeros((2, 3, 4)))
    with pytest.raises(ValueError, match=r"\(N, H, W\)"):
        ArrayFrames(np.zeros((3, 4), np.uint8))
    frames = ArrayFrames(media.clip(3))
    assert media.number(frames[-1]) == 2
    with pytest.raises(IndexError, match="frame 3 of a sequence of 3"):
        frames[3]
    with pytest.raises(TypeError, match="one at a time"):
        frames[0:2]


def test_function_frames_hold_it_to_its_promise():
    frames = FunctionFrames(2, (2, 3), "uint16", lambda i: np.full((2, 3), i, np.uint16 if i == 0 else np.uint8))
    assert frames[0].dtype == np.uint16
    with pytest.raises(FrameError, match="frame 1 came out as"):
        frames[1]
    with pytest.raises(TypeError, match="float64"):
        FunctionFrames(2, (2, 3), float, None)


@given(st.lists(st.integers(0, 10**6), unique=True, min_size=2))
def test_natural_order_is_numeric_order(numbers):
    names = [f"img_{n}.bmp" for n in numbers]
    assert sorted(names, key=natural_key) == [f"img_{n}.bmp" for n in sorted(numbers)]


# --- sequences --------------------------------------------------------------------------------------------------------


def test_sequence_knows_its_target():
    boxes = boxes_for(4)
    boxes[[0, 2]] = np.nan
    sequence = Sequence("a", "b", media.clip(4), boxes)
    assert len(sequence) == 4 and sequence.shape == media.SHAPE and sequence.first == 1
    assert sequence.present.tolist() == [False, True, False, True]
    with pytest.raises(ValueError, match="read-only"):
        sequence.boxes[0] = 0
    boxes[1] = 0
    assert sequence.boxes[1, 0] == 10  # the caller's array is the caller's own


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda b: b[:3], "3 boxes for 4 frames"),
        (lambda b: b[:, :3], r"\(N, 4\)"),
        (lambda b: b * [1, 1, 0, 1], r"frame 0.* is empty"),
        (lambda b: b * [1, 1, 1, -1], r"frame 0.* is empty"),
        (lambda b: np.where(np.arange(16).reshape(4, 4) == 9, np.inf, b), r"frame 2.*infinity"),
        (lambda b: np.where(np.arange(16).reshape(4, 4) == 9, np.nan, b), r"frame 2.*NaN in part"),
    ],
)
def test_sequence_refuses_bad_boxes(change, message):
    with pytest.raises(ValueError, match=message):
        Sequence("a", "b", media.clip(4), change(boxes_for(4)))


def test_sequence_without_any_box_cannot_be_started():
    with pytest.raises(ValueError, match="no annotated frame"):
        _ = Sequence("a", "b", media.clip(2), np.full((2, 4), np.nan)).first


def test_subsample_takes_every_third():
    boxes = boxes_for(10) + np.arange(10)[:, None]
    sequence = Sequence("a", "b", media.clip(10), boxes, fps=30, components=lambda i: f"parts of {i}")
    fast = subsample(sequence, 3, start=1)
    assert [media.number(frame) for frame in fast.frames] == [1, 4, 7]
    assert fast.boxes[:, 0].tolist() == [11, 14, 17] and fast.fps == 10
    assert fast.components(2) == "parts of 7"
    with pytest.raises(ValueError, match="stride"):
        subsample(sequence, 0)


def test_subsampled_video_can_be_pickled(video):
    fast = subsample(Sequence("a", "b", VideoFrames(video), boxes_for(40)), 6)
    assert [media.number(frame) for frame in pickle.loads(pickle.dumps(fast)).frames] == list(range(0, 40, 6))


# --- box files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "frame,x,y,w,h\n0,1,2,3,4\n2,5,6,7,8\n",
        "frame0,x0,y0,w,h\n0,1,2,3,4\n1,,,,\n2,5,6,7,8\n",
        "x,y,w,h\n1,2,3,4\n\n5,6,7,8\n",
        "1,2,3,4\nnan,nan,nan,nan\n5,6,7,8\n\n\n",
        "1\t2\t3\t4\n\n5\t6\t7\t8",
        "0 1 2 3 4\n1\n2 5 6 7 8",
        "# made by hand\n2;5;6;7;8\n0;1;2;3;4 % first\n",
        "\ufeffframe,left,top,width,height,score\r\n0,1,2,3,4,1\r\n2,5,6,7,8,0.5\r\n",
        "1,2,3,4\n,,,\n5,6,7,8\n",
        "h,w,y,x\n4,3,2,1\n\n8,7,6,5\n",
    ],
)
def test_box_files_in_many_spellings(tmp_path, text):
    (tmp_path / "b.csv").write_text(text, encoding="utf-8")
    nan = [np.nan] * 4
    np.testing.assert_array_equal(read_boxes(tmp_path / "b.csv", 3), [[1, 2, 3, 4], nan, [5, 6, 7, 8]])


@pytest.mark.parametrize(
    "text, message",
    [
        ("x,y,w,h\n1,2,3,4\n1,2,0,4\n1,2,3,4", r"line 3: box \[1.0, 2.0, 0.0, 4.0\] is empty"),
        ("1,2,3,4\n1,2,3,4\n70,2,3,4", r"line 3: box .* outside the 64 x 48 frame"),
        ("1,2,3,4\n-9,2,3,4\n70,2,3,4", r"line 2: box .* outside the 64 x 48 frame.*2 bad boxes"),
        ("1,2,3,4\n1,2,3,inf\n1,2,3,4", "line 2: .*infinity"),
        ("1,2,3,4\n1,nan,3,4\n1,2,3,4", "line 2: .*NaN"),
        ("1,2,3,4\n1,2,3\n1,2,3,4", "line 2: 3 values"),
        ("1,2,3,4\n1,two,3,4\n1,2,3,4", "line 2: '1,two,3,4' is not four numbers"),
        ("1,2,3\n1,2,3\n", "rows of 3 values"),
        ("x1,y1,x2,y2\n1,2,3,4", "header 'x1,y1,x2,y2' is not understood"),
        ("1,2,3,4\n1,2,3,4", "2 boxes for 3 frames"),
        ("1,2,3,4\n" * 4, "line 4: a box for frame 3, but there are 3 frames"),
        ("3,1,2,3,4", "line 1: a box for frame 3, but there are 3"),
        ("0,1,2,3,4\n0,1,2,3,4", "line 2: a second box for frame 0; the first stands in line 1"),
        ("0.5,1,2,3,4", "line 1: frame number '0.5' is not a whole number"),
        ("", "0 boxes for 3 frames"),
    ],
)
def test_bad_box_files_are_told_by_file_and_line(tmp_path, text, message):
    (tmp_path / "b.csv").write_text(text)
    with pytest.raises(ValueError, match=rf"b\.csv.*{message}"):
        read_boxes(tmp_path / "b.csv", 3, media.SHAPE)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.none() | st.tuples(*[st.floats(0.01, 47)] * 4), min_size=1, max_size=8))
def test_written_boxes_are_read_back(tmp_path_factory, rows):
    file = tmp_path_factory.mktemp("boxes") / "b.csv"
    file.write_text(
        "x,y,w,h\n" + "".join(",".join(map(repr, row or [""] * 4)).replace("''", "") + "\n" for row in rows)
    )
    expected = np.array([row or [np.nan] * 4 for row in rows])
    np.testing.assert_array_equal(read_boxes(file, len(rows)), expected)


# --- folder -----------------------------------------------------------------------------------------------------------


def test_folder_of_images_video_and_collections(tmp_path):
    images = media.write_images(tmp_path / "images", media.clip(11), ".bmp")
    (images / "boxes.csv").write_text(box_lines(11))
    (images / "few.csv").write_text("1,10,12,4,5")
    media.write_video(tmp_path / "film.avi", media.clip(5))
    (tmp_path / "film.csv").write_text(box_lines(4))
    (one,) = load("folder", images)
    assert (one.name, len(one), one.fps) == ("images", 11, 30) and media.number(one.frames[10]) == 10
    (two,) = load("folder", tmp_path / "film.avi")
    assert (two.name, two.fps) == ("film", 25) and two.present.tolist() == [True] * 4 + [False]
    both = load("folder", tmp_path)
    assert [sequence.name for sequence in both] == ["film", "images"]
    (other,) = load("folder", tmp_path / "film.avi", boxes=images / "few.csv", fps=7)
    assert other.fps == 7 and other.present.tolist() == [False, True, False, False, False]


def test_folder_without_frames_or_boxes(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        load("folder", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="neither images nor videos"):
        load("folder", tmp_path)
    folder = media.write_images(tmp_path / "images", media.clip(2))
    with pytest.raises(FileNotFoundError, match=r"no boxes for .*images: put boxes\.csv in it"):
        load("folder", folder)
    (folder / "boxes.csv").write_text("0,60,2,30,4\n")
    with pytest.raises(ValueError, match=r"boxes\.csv, line 1.*outside"):
        load("folder", folder)


def test_a_missing_image_is_told(tmp_path):
    folder = media.write_images(tmp_path / "images", media.clip(12), name=lambda i: f"cam1_{i:04d}")
    (folder / "boxes.csv").write_text(box_lines(3))
    assert load("folder", folder)[0].notes == ()
    (folder / "cam1_0007.png").unlink()
    assert load("folder", folder)[0].notes == ("images missing from the numbering: 7",)


@pytest.mark.parametrize(
    "names, first, missing",
    [
        (["0", "1", "2", "3"], None, ""),
        (["3", "4", "5", "9"], None, "6, 7, 8"),
        (["3", "4", "5"], 0, "0, 1, 2"),
        (["I00019", "I00039", "I00079", "I00099"], None, "59"),  # every 20th is even too
        (["a", "b", "c", "d"], None, ""),
        (["x7_cam1", "x8_cam1", "x9_cam1"], None, ""),
        (["1", "50", "90", "1000"], None, ""),
        ([str(i) for i in range(20) if not 5 <= i <= 12], None, "5, 6, 7, 8, 9 and 3 more"),
    ],
)
def test_gaps_in_the_numbering(names, first, missing):
    found = numbering_note(names, first)
    assert found == ((f"images missing from the numbering: {missing}",) if missing else ())


# --- registry ---------------------------------------------------------------------------------------------------------


def test_missing_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("IRTRACK_DATA", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="IRTRACK_DATA names .*gone"):
        load("svanstrom")
    monkeypatch.delenv("IRTRACK_DATA")
    assert datasets.data_root() is None
    with pytest.raises(FileNotFoundError, match="set IRTRACK_DATA"):
        load("svanstrom")


def test_unknown_and_registered_names(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"unknown dataset 'imagenet'.*svanstrom"):
        load("imagenet")
    monkeypatch.setattr(datasets, "REGISTRY", dict(datasets.REGISTRY))

    @datasets.register("mine")
    def reader(root, *, count=2):
        return [Sequence(root.name, "mine", media.clip(count), boxes_for(count))]

    assert len(load("mine", tmp_path, count=3)[0]) == 3 and "mine" in datasets.available()
    assert [name for name, _ in datasets.items("mine", tmp_path)] == [tmp_path.name]
    for taken in ("mine", "sim-aircraft", "folder"):
        with pytest.raises(ValueError, match="taken"):
            datasets.register(taken, lambda root: [])


def test_simulated_sets_by_name():
    (sequence,) = load("sim-aircraft", frames=2, sequences=1, seed=3)
    parts = sequence.components(1)
    np.testing.assert_array_equal(parts.image, sequence.frames[1])
    with pytest.raises(ValueError, match="takes no root"):
        load("sim-aircraft", "somewhere")


# --- svanstrom --------------------------------------------------------------------------------------------------------


@pytest.fixture
def svanstrom_set(tmp_path):
    (tmp_path / "svanstrom_ir/videos").mkdir(parents=True)
    (tmp_path / "svanstrom_ir/boxes").mkdir()
    for seed, (name, labels) in enumerate((("IR_BIRD_019", 6), ("IR_BIRD_022", 7), ("IR_DRONE_999", 5))):
        media.write_video(tmp_path / f"svanstrom_ir/videos/{name}.mp4", media.clip(6, seed))
        rows = [f"{i},{10 + i}.000,12.000,4.000,5.000\n" for i in range(labels)]
        if labels == 7:
            rows[0] = "0,,,,\n"
        (tmp_path / f"svanstrom_ir/boxes/{name}.csv").write_text("frame0,x0,y0,w,h\n" + "".join(rows))
    return tmp_path


@pytest.mark.filterwarnings("ignore:.*validation sequences are missing")
def test_svanstrom_splits_and_label_counts(svanstrom_set):
    one, two = load("svanstrom", svanstrom_set)  # IRTRACK_DATA may name the folder above
    assert (one.name, two.name) == ("IR_BIRD_019", "IR_BIRD_022")
    assert one.notes == () and one.first == 0 and one.dataset == "svanstrom" and one.fps == 25
    assert "1 label(s) more" in two.notes[0] and len(two.boxes) == 6 and two.first == 1 and two.boxes[1, 0] == 11
    (three,) = load("svanstrom", svanstrom_set / "svanstrom_ir", split="train")
    assert three.name == "IR_DRONE_999" and "too few" in three.notes[0] and three.present.sum() == 5
    assert len(load("svanstrom", svanstrom_set, split="all")) == 3
    (shifted,) = load("svanstrom", svanstrom_set, names=["IR_BIRD_022"], shift_late=True)
    assert shifted.first == 0 and shifted.boxes[0, 0] == 11


def test_svanstrom_odd_label_files(svanstrom_set):
    file = svanstrom_set / "svanstrom_ir/boxes/IR_BIRD_019.csv"
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[:3] + lines[4:]))  # a lost row leaves its frame unlabelled and shifts nothing
    (sequence,) = load("svanstrom", svanstrom_set, names=["IR_BIRD_019"])
    assert np.flatnonzero(~sequence.present).tolist() == [2] and sequence.boxes[3, 0] == 13 and sequence.notes == ()
    file.write_text("\n".join(lines[:3]))
    (sequence,) = load("svanstrom", svanstrom_set, names=["IR_BIRD_019"])
    assert "4 label(s) too few" in sequence.notes[0] and "the video may be cut" in sequence.notes[0]
    file.write_text("\n".join([*lines[:3], "2,nan,12,4,5", *lines[4:]]))
    with pytest.raises(ValueError, match=r"IR_BIRD_019\.csv, line 4: box .* NaN"):
        load("svanstrom", svanstrom_set, names=["IR_BIRD_019"])


def test_svanstrom_warns_of_missing_validation_sequences(svanstrom_set):
    with pytest.warns(UserWarning, match="27 of the 29 validation sequences are missing"):
        load("svanstrom", svanstrom_set)


def test_svanstrom_bad_folders(svanstrom_set, tmp_path_factory):
    with pytest.raises(FileNotFoundError, match=r"no IR_\*\.mp4"):
        load("svanstrom", tmp_path_factory.mktemp("empty"))
    with pytest.raises(ValueError, match="unknown split 'test'"):
        load("svanstrom", svanstrom_set, split="test")
    file = svanstrom_set / "svanstrom_ir/boxes/IR_DRONE_999.csv"
    file.write_text(file.read_text().replace("3,13.000", "3,400"))
    with pytest.raises(ValueError, match=r"IR_DRONE_999\.csv, frame 3: box .* outside"):
        load("svanstrom", svanstrom_set, split="train")
    file.unlink()
    with pytest.raises(FileNotFoundError, match=r"no labels for .*IR_DRONE_999\.mp4"):
        load("svanstrom", svanstrom_set, split="train")
    (svanstrom_set / "svanstrom_ir/videos/IR_DRONE_999_LABELS.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    with pytest.raises(ValueError, match=r"IR_DRONE_999_LABELS\.mat .*(readable|decoded)"):
        load("svanstrom", svanstrom_set, split="train")


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_finds_what_is_good_and_what_is_wrong(tmp_path):
    for name, count in (("good", 6), ("short", 5), ("outside", 6), ("empty", 6), ("hurt", 6), ("never", 6)):
        folder = media.write_images(tmp_path / name, media.clip(count))
        (folder / "boxes.csv").write_text(box_lines(6))
    (tmp_path / "good/boxes.csv").write_text("0,-1,2,5,5\n3,1,2,5,5\n5,1,2,5,5\n")
    (tmp_path / "outside/boxes.csv").write_text("4,1,200,5,5\n")
    (tmp_path / "empty/boxes.csv").write_text("4,1,20,5,0\n")
    (tmp_path / "never/boxes.csv").write_text("frame,x,y,w,h\n")
    media.truncate(tmp_path / "hurt/3.png", 0.02)
    (tmp_path / "hurt/4.png").unlink()
    report = check("folder", tmp_path)
    found = {sequence.name: sequence for sequence in report.sequences}
    assert not report.usable and sorted(found) == ["empty", "good", "hurt", "never", "outside", "short"]
    good = found["good"]
    assert (good.frames, good.boxes, good.errors) == (6, 3, [])
    assert "2 gaps" in good.summary and any("1-2, 4" in text for text in good.warnings)
    assert any("1 boxes cross" in text for text in good.warnings)
    for name, text in (
        ("short", "frame 5, but there are 5 frames"),
        ("outside", "outside the 64 x 48 frame"),
        ("empty", "is empty"),
        ("never", "no frame is annotated"),
        ("hurt", "frame 5, but there are 5 frames"),  # the missing image shifts the count
    ):
        assert any(text in error for error in found[name].errors), name
    assert "5 of 6 cannot be used" in str(report) and "good: 6 frames 64 x 48 uint8" in str(report)


def test_check_reads_every_frame(tmp_path):
    folder = media.write_images(tmp_path / "hurt", media.clip(6))
    (folder / "boxes.csv").write_text(box_lines(6))
    assert check("folder", folder).usable
    media.truncate(folder / "3.png", 0.02)
    media.truncate(folder / "4.png", 0.02)
    report = check("folder", folder)
    assert "2 frame(s) cannot be used, the first: frame 3" in report.sequences[0].errors[0]
    assert check("folder", folder, decode=False).usable
    video = media.truncate(media.write_video(tmp_path / "cut.avi", media.clip(40)))
    (tmp_path / "cut.csv").write_text(box_lines(40))
    (error,) = check("folder", video).sequences[0].errors
    assert "breaks off" in error and int(error.split()[0]) > 10


def test_check_finds_nan_pixels(tmp_path):
    frames = media.clip(3).astype(np.float32)
    frames[1, 5, 5] = np.nan
    folder = media.write_images(tmp_path / "a", frames, ".tif")
    (folder / "boxes.csv").write_text(box_lines(3))
    assert "frame 1 holds pixels that are NaN" in check("folder", folder).sequences[0].errors[0]
