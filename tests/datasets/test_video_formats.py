"""Videos of other depths than 8 bits, and containers whose counts mislead: the right frames under the right numbers."""

import tracemalloc

import cv2
import media
import numpy as np
import pytest

from irtrack_core.datasets import FrameError, VideoFrames, load, open_video
from irtrack_core.datasets import video as video_module
from irtrack_core.datasets.check import check
from irtrack_core.datasets.containers import avi_chunks, is_cut

NEEDS_AV = "needs PyAV (extra media)"


@pytest.fixture(params=["PyAV", "OpenCV alone"])
def reader(request, monkeypatch):
    """Both kinds of installs, with the extra `media` and without."""
    if request.param == "PyAV":
        pytest.importorskip("av", reason=NEEDS_AV)
    else:
        monkeypatch.setattr(video_module, "find_spec", lambda name: None)
    return request.param


def numbers(frames):
    return [media.number(frame) for frame in frames]


def levels(frames):
    """Numbers of the frames of `media.avi_with_empty_chunks`."""
    return [round(float(frame.mean()) / 8) for frame in frames]


# --- depth ------------------------------------------------------------------------------------------------------------

GREY = [
    *((".mkv", "ffv1", f"gray{bits}le", bits) for bits in (9, 10, 12, 14, 16)),
    *((".avi", "ffv1", f"gray{bits}le", bits) for bits in (10, 14, 16)),
    (".mp4", "ffv1", "gray12le", 12),
    (".avi", "ffvhuff", "gray16le", 16),
    (".avi", "ffvhuff", "gray", 8),
    (".mov", "tiff", "gray16le", 16),
    (".mov", "png", "gray16be", 16),
    (".mov", "rawvideo", "gray16be", 16),
    (".nut", "rawvideo", "gray16le", 16),
    (".nut", "rawvideo", "gray10le", 10),
    (".mkv", "jpeg2000", "gray12le", 12),
    (".mov", "jpeg2000", "gray16le", 16),
    (".mkv", "rawvideo", "gray", 8),
    (".avi", "ffv1", "gray", 8),
]


LOSSLESS = {"jpeg2000": {"pred": "dwt53"}}


@pytest.mark.parametrize("suffix, code, kind, bits", GREY)
def test_lossless_grey_of_every_depth_comes_back_as_it_was(tmp_path, suffix, code, kind, bits):
    pytest.importorskip("av", reason=NEEDS_AV)
    truth = media.deep_clip(12, bits)
    frames = open_video(media.write_deep_video(tmp_path / f"film{suffix}", truth, kind, code, **LOSSLESS.get(code, {})))
    assert (len(frames), frames.shape, frames.dtype) == (12, media.SHAPE, truth.dtype) and frames.notes == ()
    for index in (0, 1, 11, 3, 4):
        np.testing.assert_array_equal(frames[index], truth[index])


@pytest.mark.parametrize("suffix, code, kind", [
    (".mkv", "ffv1", "yuv420p16le"), (".mkv", "ffv1", "gbrp10le"), (".avi", "ffv1", "rgb48le"),
    (".mov", "v210", "yuv422p10le"), (".mov", "prores_ks", "yuv422p10le"), (".nut", "rawvideo", "rgb48le"),
    (".avi", "ffvhuff", "yuv444p12le"),
])  # fmt: skip
def test_deep_colour_is_not_cut_to_8_bits(tmp_path, suffix, code, kind):
    pytest.importorskip("av", reason=NEEDS_AV)
    frames = open_video(media.write_deep_video(tmp_path / f"film{suffix}", media.deep_clip(6, 16), kind, code))
    assert frames.dtype == np.uint16 and numbers(frames) == list(range(6))
    assert frames[0].max() > 255


def test_opencv_alone_keeps_16_bits_and_refuses_other_depths_by_name(tmp_path, monkeypatch):
    pytest.importorskip("av", reason=NEEDS_AV)
    truth = media.deep_clip(5, 16)
    sixteen = media.write_deep_video(tmp_path / "sixteen.mkv", truth)
    others = [
        media.write_deep_video(tmp_path / f"{kind}.mkv", media.deep_clip(5, 10), kind)
        for kind in ("gray10le", "gray12le", "gray14le", "yuv420p10le", "gbrp12le", "rgb48le")
    ] + [media.write_deep_video(tmp_path / "big.mov", truth, "gray16be", "png")]
    # FFmpeg does not tell that it stretches 12 bits to 16
    others.append(media.write_deep_video(tmp_path / "j2k.mkv", media.deep_clip(5, 12), "gray12le", "jpeg2000"))
    monkeypatch.setattr(video_module, "find_spec", lambda name: None)
    np.testing.assert_array_equal(list(open_video(sixteen)), truth)
    for file in others:
        with pytest.raises(ValueError, match=rf"{file.name} holds pixels of \d+ bits .*irtrack-core\[media\].*ffmpeg"):
            open_video(file)


def test_opencv_alone_reads_its_own_16_bit_videos(tmp_path, reader):
    truth, settings = media.deep_clip(8, 16), [cv2.VIDEOWRITER_PROP_DEPTH, cv2.CV_16U, cv2.VIDEOWRITER_PROP_IS_COLOR, 0]
    for suffix in (".mkv", ".avi"):
        code, size = cv2.VideoWriter.fourcc(*"FFV1"), media.SHAPE[::-1]
        writer = cv2.VideoWriter(str(tmp_path / f"y16{suffix}"), cv2.CAP_FFMPEG, code, 9, size, settings)
        for frame in truth:
            writer.write(frame)
        writer.release()
        np.testing.assert_array_equal(list(open_video(tmp_path / f"y16{suffix}")), truth)


def test_raw_16_bits_without_a_name_are_refused(tmp_path, reader):
    """FFmpeg takes them for colours of 5 bits."""
    pytest.importorskip("av", reason=NEEDS_AV)
    for suffix in (".avi", ".mov"):
        file = media.write_deep_video(tmp_path / f"raw{suffix}", media.deep_clip(4, 16), "gray16le", "rawvideo")
        with pytest.raises(ValueError, match=rf"raw{suffix} holds raw pixels of 16 bits without a name.*FFV1"):
            open_video(file)


def test_a_codec_that_is_not_known_is_refused_by_name(tmp_path, reader):
    file = media.avi_with_empty_chunks(tmp_path / "y16.avi", set())
    file.write_bytes(file.read_bytes().replace(b"MJPG", b"Y16 "))
    with pytest.raises(ValueError, match=r"y16\.avi .*(codec that FFmpeg cannot decode.*FFV1|unknown codec)"):
        open_video(file)


@pytest.mark.parametrize("suffix, code, kind", [
    (".mkv", "libx264", "yuv420p"), (".mkv", "mpeg4", "yuv420p"), (".mkv", "mjpeg", "yuvj420p"),
    (".webm", "libvpx-vp9", "yuv420p"), (".nut", "rawvideo", "bgr24"), (".mkv", "ffv1", "gray"),
    (".nut", "huffyuv", "yuv422p"),
])  # fmt: skip
def test_both_readers_give_the_same_8_bits(tmp_path, suffix, code, kind):
    pytest.importorskip("av", reason=NEEDS_AV)
    file = media.write_deep_video(tmp_path / f"film{suffix}", media.deep_clip(10, 8), kind, code)
    one, other = open_video(file), VideoFrames(file)
    assert type(one) is not type(other) and len(one) == len(other) == 10
    np.testing.assert_array_equal(list(one), list(other))


# --- containers -------------------------------------------------------------------------------------------------------


def test_empty_chunks_of_an_avi_repeat_the_frame_before(tmp_path, reader):
    truth = [0, 1, 2, 3, 4, 4, 4, 7, 8, 9, 10, 11, 11, *range(13, 30)]
    file = media.avi_with_empty_chunks(tmp_path / "null.avi", {5, 6, 12})
    frames = open_video(file)
    assert levels(frames) == truth
    assert frames.notes == ("3 frame(s) without a picture of their own show the one before: 5, 6, 12",)
    for index in (12, 5, 29, 6, 7):
        assert levels([open_video(file)[index]]) == [truth[index]]
    (tmp_path / "null.csv").write_text("frame,x,y,w,h\n0,5,5,5,5\n29,5,5,5,5\n")
    assert "show the one before: 5, 6, 12" in str(check("folder", file)) and check("folder", file).usable


def test_empty_chunks_before_the_first_picture_have_none_to_show(tmp_path, reader):
    frames = open_video(media.avi_with_empty_chunks(tmp_path / "late.avi", {0, 1, 9}))
    assert len(frames) == 30 and levels(frames[i] for i in (2, 9, 29)) == [2, 8, 29]
    for index in (0, 1):
        with pytest.raises(FrameError, match=rf"frame {index} is damaged") as caught:
            frames[index]
        assert caught.value.index == index and not caught.value.final


def test_empty_chunks_at_the_end_or_without_an_index(tmp_path, reader):
    end = open_video(media.avi_with_empty_chunks(tmp_path / "end.avi", {28, 29}))
    assert levels(end) == [*range(28), 27, 27]
    unfinished = open_video(media.avi_with_empty_chunks(tmp_path / "off.avi", {5, 12}, stored=0, index=False))
    assert levels(unfinished) == [0, 1, 2, 3, 4, 4, *range(6, 12), 11, *range(13, 30)]


@pytest.mark.parametrize("stored", [10, 0, 99])
def test_a_wrong_count_in_the_head_of_an_avi_is_told_and_not_believed(tmp_path, reader, stored):
    frames = open_video(media.avi_with_empty_chunks(tmp_path / "count.avi", set(), stored=stored))
    assert levels(frames) == list(range(30))
    assert not stored or str(stored) in frames.notes[0] and "30" in frames.notes[0]


def test_key_frames_and_others_of_an_avi_may_have_names_of_their_own(tmp_path, reader):
    file = media.avi_with_empty_chunks(tmp_path / "null.avi", {5, 6})
    content = file.read_bytes().replace(b"00dc", b"00db", 3)
    index = content.index(b"idx1")
    file.write_bytes(content[:index] + content[index:].replace(b"00dc", b"00db", 3))
    assert levels(open_video(file)) == [0, 1, 2, 3, 4, 4, 4, *range(7, 30)]


def test_empty_chunks_in_a_deep_avi(tmp_path):
    pytest.importorskip("av", reason=NEEDS_AV)
    stamps = [0, 1, 2, 5, 6, 9]
    file = media.write_deep_video(tmp_path / "null.avi", media.deep_clip(6, 12), "gray12le", stamps=stamps)
    frames = open_video(file)
    assert numbers(frames) == [0, 1, 2, 2, 2, 3, 4, 4, 4, 5] and sum(avi_chunks(file) == 0) == 4
    assert frames.notes == ("4 frame(s) without a picture of their own show the one before: 3, 4, 7, 8",)


@pytest.mark.parametrize("first, count", [(10, 20), (0, 20), (12, 5), (1, 29)])
@pytest.mark.parametrize("code", ["mp4v", "FFV1"])
def test_an_edit_list_is_followed(tmp_path, reader, code, first, count):
    file = media.edit(media.write_video(tmp_path / "trim.mp4", media.clip(30), 30, code), first, count, 30)
    frames = open_video(file)
    assert numbers(frames) == list(range(first, first + count))
    file.with_suffix(".csv").write_text("10,12,4,5\n" * count)
    assert check("folder", file).usable and len(load("folder", file)[0]) == count
    assert reader == "OpenCV alone" or frames.notes == ()


@pytest.mark.parametrize("first, count", [(10, 20), (3, 7)])
def test_an_edit_list_of_frames_in_another_order_is_followed(tmp_path, reader, first, count):
    pytest.importorskip("av", reason=NEEDS_AV)
    file = media.write_deep_video(tmp_path / "trim.mp4", media.deep_clip(30, 8), "yuv420p", "libx264", 30, bf=3, crf=1)
    frames = open_video(media.edit(file, first, count, 30))
    assert numbers(frames) == list(range(first, first + count))


def test_a_video_is_turned_upright(tmp_path, reader):
    lying = media.write_video(tmp_path / "lying.mp4", media.clip(5), code="FFV1")
    truth = list(open_video(lying))
    frames = open_video(media.turn(lying))
    assert frames.shape == media.SHAPE[::-1]
    np.testing.assert_array_equal(list(frames), np.rot90(truth, -1, axes=(1, 2)))


def test_a_deep_video_is_turned_upright(tmp_path, reader):
    pytest.importorskip("av", reason=NEEDS_AV)
    truth = media.deep_clip(5, 16)
    frames = open_video(media.turn(media.write_deep_video(tmp_path / "lying.mp4", truth)))
    np.testing.assert_array_equal(list(frames), np.rot90(truth, -1, axes=(1, 2)))


KEPT = [i for i in range(48) if i not in (10, 11)]


def test_frames_that_a_recorder_left_out_are_no_damage(tmp_path, reader):
    """The time stamps of a Matroska file have gaps, but nothing is missing from it."""
    pytest.importorskip("av", reason=NEEDS_AV)
    for code, kind in (("ffv1", "gray16le"), ("libx264", "yuv420p")):
        file = media.write_deep_video(tmp_path / f"{code}.mkv", media.deep_clip(46, 16), kind, code, stamps=KEPT)
        frames = open_video(file)
        assert len(frames) == 46 and (code != "ffv1" or numbers(frames) == list(range(46)))
        (note,) = frames.notes
        assert "left out" in note and "before frame 10" in note
        file.with_suffix(".csv").write_text("10,12,4,5\n" * 46)
        assert check("folder", file).usable


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".webm"])
def test_an_uneven_frame_rate_is_no_damage(tmp_path, reader, suffix):
    pytest.importorskip("av", reason=NEEDS_AV)
    stamps = np.cumsum(np.random.default_rng(0).integers(1, 5, 40)).tolist()
    code, kind = {".webm": ("libvpx-vp9", "yuv420p"), ".mkv": ("ffv1", "gray16le"), ".mp4": ("mpeg4", "yuv420p")}[
        suffix
    ]
    truth = media.deep_clip(40, 16 if kind == "gray16le" else 8)
    frames = open_video(media.write_deep_video(tmp_path / f"vfr{suffix}", truth, kind, code, 100, stamps))
    assert numbers(frames) == list(range(40)) and frames.notes == ()


# --- damage -----------------------------------------------------------------------------------------------------------

TWINS = [
    (".mkv", "ffv1", "gray16le"),
    (".avi", "ffv1", "gray12le"),
    (".mkv", "libx264", "yuv420p"),
    (".avi", "mjpeg", "yuvj420p"),
]


@pytest.mark.parametrize("suffix, code, kind", TWINS)
def test_a_cut_video_gives_its_good_part_and_then_says_so(tmp_path, suffix, code, kind):
    pytest.importorskip("av", reason=NEEDS_AV)
    truth = media.deep_clip(40, {"gray16le": 16, "gray12le": 12}.get(kind, 8))
    file = media.write_deep_video(tmp_path / f"cut{suffix}", truth, kind, code)
    assert not is_cut(file)
    frames = open_video(media.truncate(file, 0.6))
    assert is_cut(file) and numbers(frames[i] for i in range(8)) == list(range(8))
    with pytest.raises(FrameError, match=rf"cut{suffix} breaks off: \d+ of its 40 frames") as caught:
        frames[len(frames) - 1]
    assert caught.value.final and len(frames) == 40


@pytest.mark.parametrize("code, kind, bits", [("ffv1", "gray12le", 12), ("libx264", "yuv420p", 8)])
def test_a_cut_mp4_with_its_index_in_front(tmp_path, code, kind, bits):
    av = pytest.importorskip("av", reason=NEEDS_AV)
    source, file = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    media.write_deep_video(source, media.deep_clip(40, bits), kind, code)
    with av.open(str(source)) as given, av.open(str(file), "w", options={"movflags": "faststart"}) as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    frames = open_video(media.truncate(file, 0.7))
    assert len(frames) == 40 and numbers(frames[i] for i in range(8)) == list(range(8))
    with pytest.raises(FrameError, match=r"cut\.mp4 breaks off: \d+ of its 40 frames"):
        frames[39]


@pytest.mark.parametrize(
    "content, told",
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "Git LFS pointer stands in its place"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<title>Sign in</title>", "a web page stands in its place; download it again"),
        ("Größe, Ort\n".encode() * 99, "it is text that begins 'Größe, Ort'; copy it again"),
    ],
)
def test_text_in_the_place_of_a_video_is_told(tmp_path, reader, content, told):
    for name in ("film.mp4", "film.mkv"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} cannot be opened as a video .*{told}"):
            open_video(tmp_path / name)


def test_plain_pictures_under_another_ending_are_no_text(tmp_path):
    pytest.importorskip("av", reason=NEEDS_AV)
    frame = b"FRAME\n" + bytes([70]) * 64 * 48 + bytes([65]) * 2 * 32 * 24  # letters alone
    (tmp_path / "film.avi").write_bytes(b"YUV4MPEG2 W64 H48 F30:1 C420jpeg\n" + frame * 3)
    assert len(open_video(tmp_path / "film.avi")) == 3


@pytest.mark.parametrize("suffix, code, kind", TWINS)
@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"frame,x,y,w,h\n" * 300])
def test_what_is_no_video_is_refused_by_name(tmp_path, reader, suffix, code, kind, content):
    file = tmp_path / f"film{suffix}"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=rf"film{suffix} cannot be opened as a video .*copy it again"):
        open_video(file)


def test_damage_in_a_deep_avi_does_not_shift_the_frames_after_it(tmp_path):
    pytest.importorskip("av", reason=NEEDS_AV)
    file = media.write_deep_video(tmp_path / "hurt.avi", media.deep_clip(40, 12), "gray12le")
    frames = open_video(media.damage(file, 0.5, 20_000))
    good = {index: number for index, number in readable(frames)}
    bad = sorted(set(range(40)) - set(good))
    assert len(frames) == 40 and 5 < len(bad) < 20 and bad == list(range(bad[0], bad[-1] + 1))
    # of the first damaged picture the decoder shows what it has: the one before
    assert all(number == index or index == bad[0] - 1 for index, number in good.items())
    assert [index for index, _ in readable(frames)] == list(good)


def test_damage_where_the_time_stamps_cannot_count_is_told(tmp_path):
    pytest.importorskip("av", reason=NEEDS_AV)
    stamps = np.cumsum(np.random.default_rng(0).integers(1, 5, 40)).tolist()
    file = media.write_deep_video(tmp_path / "vfr.mkv", media.deep_clip(40, 16), fps=100, stamps=stamps)
    assert open_video(file).notes == ()
    (note,) = open_video(media.damage(file, 0.5, 20_000)).notes
    assert "the file is damaged before frame" in note and "too low" in note


def test_sound_in_blocks_of_many_packets_is_no_damage(tmp_path):
    """Gaps that a recorder left, beside a sound track."""
    av = pytest.importorskip("av", reason=NEEDS_AV)
    film = media.write_deep_video(tmp_path / "film.mkv", media.deep_clip(46, 16), stamps=KEPT)
    with av.open(str(film)) as given, av.open(str(tmp_path / "both.mkv"), "w") as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        sound = made.add_stream("pcm_s16le", rate=8000, layout="mono")
        for index, packet in enumerate(one for one in given.demux(video=0) if one.dts is not None):
            packet.stream = stream
            made.mux(packet)
            tone = av.AudioFrame.from_ndarray(np.full((1, 320), index, np.int16), format="s16", layout="mono")
            tone.sample_rate, tone.pts = 8000, 320 * index
            made.mux(sound.encode(tone))
    frames = open_video(tmp_path / "both.mkv")
    assert len(frames) == 46 and numbers(frames) == list(range(46))


@pytest.mark.parametrize("kept", [3, 20, 250])
def test_an_avi_cut_within_its_index(tmp_path, reader, kept):
    file = media.avi_with_empty_chunks(tmp_path / "cut.avi", {5})
    content = file.read_bytes()
    file.write_bytes(content[: content.index(b"idx1") + 8 + kept])
    assert levels(open_video(file)) == [0, 1, 2, 3, 4, 4, *range(6, 30)]


def readable(frames):
    """(index, number) of the frames that can be read; every other one must raise an error that names it."""
    for index in range(len(frames)):
        try:
            yield index, media.number(frames[index])
        except FrameError as error:
            assert error.index == index and not error.final and f"frame {index} is damaged" in str(error)


def test_a_sound_file_is_no_video(tmp_path):
    av = pytest.importorskip("av", reason=NEEDS_AV)
    with av.open(str(tmp_path / "sound.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux([*stream.encode(frame), *stream.encode()])
    with pytest.raises(ValueError, match=r"sound\.mkv holds no video"):
        open_video(tmp_path / "sound.mkv")


def test_memory_stays_bounded_while_a_deep_video_streams(tmp_path):
    pytest.importorskip("av", reason=NEEDS_AV)
    truth = np.random.default_rng(0).integers(0, 2**16, (150, 120, 160), dtype=np.uint16)
    frames = open_video(media.write_deep_video(tmp_path / "long.mkv", truth))
    frames.cache_bytes = 10 * truth[0].nbytes
    tracemalloc.start()
    for frame in frames:
        assert frame.shape == (120, 160)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * truth[0].nbytes


@pytest.mark.parametrize("head", [b"RIFF", b"\x1a\x45\xdf\xa3", b"\0\0\0\x20ftypisom", b"\0\0\0\1mdat"])
def test_a_few_bytes_of_a_video_are_refused_by_name(tmp_path, head):
    for length in range(len(head) + 14):
        file = tmp_path / f"{length}.avi"
        file.write_bytes((head + bytes(14))[:length])
        with pytest.raises(ValueError, match=f"{length}.avi"):
            open_video(file)
