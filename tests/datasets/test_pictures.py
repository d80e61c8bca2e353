"""Image files of thermal cameras and their programs: upright, values as stored, in the order of recording."""

import io
import pickle
import struct
import zlib

import cv2
import media
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from irtrack_core import datasets, trackers
from irtrack_core.datasets import FrameError
from irtrack_core.datasets.check import check
from irtrack_core.datasets.claims import claims_too_much
from irtrack_core.datasets.image_names import image_files
from irtrack_core.datasets.names import in_order
from irtrack_core.datasets.open_frames import open_frames
from irtrack_core.datasets.pictures import decode_image, page_count, read_image

SMALL = (np.arange(24, dtype=np.uint8) * 10).reshape(4, 6)


def saved(image, kind, **options):
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


# --- one image --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    "kind, dtype", [("JPEG", np.uint8), ("PNG", np.uint8), ("PNG", np.uint16), ("TIFF", np.uint16)]
)
def test_pictures_are_turned_as_their_mark_says(kind, dtype, orientation):
    """Beside what Pillow makes of the same file."""
    mark = Image.Exif()
    mark[0x0112] = orientation
    content = saved(
        Image.fromarray(SMALL.astype(dtype)), kind, exif=mark, **({"quality": 100} if kind == "JPEG" else {})
    )
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))
    np.testing.assert_array_equal(decode_image(content), expected)


def test_boxes_drawn_on_the_upright_picture_fit(tmp_path):
    folder, mark = tmp_path / "phone", Image.Exif()
    folder.mkdir()
    mark[0x0112] = 6
    for index, frame in enumerate(media.clip(5)):
        Image.fromarray(np.rot90(frame)).save(folder / f"{index}.jpg", exif=mark, quality=95)
    frames = open_frames(folder)
    assert frames.shape == media.SHAPE and [media.number(frame) for frame in frames] == list(range(5))


def test_alpha_and_palettes():
    grey = Image.fromarray(SMALL)
    palette = Image.fromarray(SMALL // 10)
    palette.putpalette([10 * (i % 24) for i in range(256) for _ in range(3)])
    alpha = Image.fromarray(np.dstack([SMALL, SMALL // 2]))
    colour = Image.fromarray(np.dstack([SMALL, SMALL, SMALL, SMALL // 3]))
    for content in (
        saved(grey, "PNG"), saved(alpha, "PNG"), saved(colour, "PNG"), saved(palette, "PNG"),
        saved(palette, "PNG", transparency=3), saved(palette, "BMP"), saved(palette, "TIFF"),
    ):  # fmt: skip
        np.testing.assert_array_equal(decode_image(content), SMALL)


def test_sixteen_bits_with_alpha():
    deep = SMALL.astype(">u2") * 257
    rows = b"".join(b"\0" + np.dstack([row, row // 2]).astype(">u2").tobytes() for row in deep)
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in (
        (b"IHDR", struct.pack(">IIBBBBB", 6, 4, 16, 4, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""),
    ):  # fmt: skip
        content += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    np.testing.assert_array_equal(decode_image(content), deep)


@pytest.mark.parametrize("most", [100, 255, 1023, 16383, 65535])
def test_pgm_of_any_depth_keeps_its_values(most):
    counts = np.arange(24).reshape(4, 6) * most // 23
    head = f"6 4\n{most}\n"
    binary = f"P5\n# by a camera\n{head}".encode() + counts.astype(">u2" if most > 255 else "u1").tobytes()
    text = (f"P2\n# by a camera\n{head}" + " ".join(map(str, counts.ravel()))).encode()
    for content in (binary, text):
        image = decode_image(content)
        assert image.dtype == (np.uint16 if most > 255 else np.uint8)
        np.testing.assert_array_equal(image, counts)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_white_as_zero(tmp_path, dtype):
    tifffile = pytest.importorskip("tifffile", reason="needs tifffile (extra media)")
    frames = np.array([SMALL.astype(dtype) * (1 if dtype == "u1" else 200) + k for k in range(5)], dtype=dtype)
    most = np.iinfo(dtype).max
    for name, array in {"one": frames[:1], "pages": frames, "stack": frames}.items():
        tifffile.imwrite(tmp_path / f"{name}.tif", array, photometric="miniswhite", truncate=name == "stack")
    np.testing.assert_array_equal(read_image(tmp_path / "one.tif"), most - frames[0])
    for name in ("pages", "stack"):
        np.testing.assert_array_equal(list(open_frames(tmp_path / f"{name}.tif")), most - frames)


@pytest.mark.parametrize("dtype", ["i1", "i2", "f8"])
def test_what_float32_holds_exactly_becomes_float32(tmp_path, dtype):
    tifffile = pytest.importorskip("tifffile", reason="needs tifffile (extra media)")
    counts = SMALL.astype(dtype) - 50
    tifffile.imwrite(tmp_path / "a.tif", counts)
    image = read_image(tmp_path / "a.tif")
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, counts)
    tifffile.imwrite(tmp_path / "b.tif", SMALL.astype("u4") * 70_000)
    with pytest.raises(FrameError, match="holds uint32 pixels; .*convert"):
        read_image(tmp_path / "b.tif")


# --- FLIR -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [1, 6])
def test_radiometric_jpeg_gives_temperatures(tmp_path, orientation):
    pytest.importorskip("flyr", reason="needs flyr (extra thermal)")
    counts = np.linspace(12_000, 20_000, 480 * 3, dtype=np.uint16).reshape(24, 60)
    image = decode_image(media.flir_jpeg(counts, orientation))
    expected = np.rot90(1396.6 / np.log(14911.1846 / (0.01088 * (counts - 7261.0)) + 1), -1 if orientation == 6 else 0)
    assert image.dtype == np.float32 and len(np.unique(image)) > 1000  # the drawn picture has 32 grey levels
    assert np.abs(image - expected).max() < 3  # the atmosphere on the way is left out here
    assert np.corrcoef(image.ravel(), expected.ravel())[0, 1] > 0.9999


def test_radiometric_jpeg_without_its_reader_or_damaged(tmp_path, monkeypatch):
    content = media.flir_jpeg(np.full((24, 60), 15_000, np.uint16))
    if not pytest.importorskip("flyr", reason="needs flyr (extra thermal)"):
        return
    with pytest.raises(FrameError, match=r"a\.jpg holds FLIR's counts, which cannot be read"):
        decode_image(content[:400], "a.jpg")
    monkeypatch.setitem(__import__("sys").modules, "flyr", None)
    with pytest.raises(ModuleNotFoundError, match=r"flyr is not installed.*irtrack-core\[thermal\]"):
        decode_image(content)


# --- TIFF stacks ------------------------------------------------------------------------------------------------------

PLANES = {
    "photometric": "rgb",
    "planarconfig": "separate",
}  # what tifffile makes of 3 or 4 frames unless told otherwise
STACKS = {
    "planes of 3": (3, PLANES),
    "planes of 4": (4, PLANES),
    "planes, compressed": (3, PLANES | {"compression": "zlib"}),
    "one page": (7, {"truncate": True}),
    "one page, big-endian": (7, {"truncate": True, "byteorder": ">"}),
    "one page of ImageJ": (7, {"truncate": True, "imagej": True}),
    "more planes than colours": (5, {"photometric": "minisblack", "planarconfig": "separate"}),
    "pages": (7, {}),
    "pages of ImageJ": (7, {"imagej": True}),
    "pages of BigTIFF": (7, {"bigtiff": True}),
    "pages, compressed": (7, {"compression": "zlib"}),
}


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_tiff_stacks_however_they_are_stored(tmp_path, name, dtype):
    tifffile = pytest.importorskip("tifffile", reason="needs tifffile (extra media)")
    count, options = STACKS[name]
    truth, file = media.clip(count).astype(dtype) * 2, tmp_path / "stack.tif"
    tifffile.imwrite(file, truth, **options)
    assert page_count(file) == count
    frames = open_frames(file)
    assert (len(frames), frames.shape, frames.dtype) == (count, media.SHAPE, dtype)
    for again in (frames, pickle.loads(pickle.dumps(frames))):
        np.testing.assert_array_equal(list(again), truth)


def test_a_stack_without_its_reader_is_told(tmp_path, monkeypatch):
    tifffile = pytest.importorskip("tifffile", reason="needs tifffile (extra media)")
    tifffile.imwrite(tmp_path / "stack.tif", media.clip(3), **PLANES)
    monkeypatch.setitem(__import__("sys").modules, "tifffile", None)
    with pytest.raises(ModuleNotFoundError, match=r"tifffile is not installed.*irtrack-core\[media\]"):
        open_frames(tmp_path / "stack.tif")


def test_a_stack_as_one_image_of_a_folder_is_refused(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="needs tifffile (extra media)")
    for index in range(3):
        tifffile.imwrite(tmp_path / f"{index}.tif", media.clip(3), **PLANES)
    with pytest.raises(ValueError, match=r"0\.tif holds 3 pages: give that file itself"):
        open_frames(tmp_path)


@pytest.mark.parametrize("options", [{"truncate": True}, PLANES, {"compression": "zlib"}])
def test_a_damaged_stack_is_told_by_name(tmp_path, options):
    tifffile = pytest.importorskip("tifffile", reason="needs tifffile (extra media)")
    file = tmp_path / "stack.tif"
    tifffile.imwrite(file, media.clip(4 if options == PLANES else 7), **options)
    media.truncate(file, 0.5)
    with pytest.raises((ValueError, FileNotFoundError), match=r"stack\.tif"):
        for frame in open_frames(file):
            assert frame.shape == media.SHAPE


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg", ".pgm", ".bmp"])
@pytest.mark.parametrize("content", [b"", bytes(3000), b"frame,x,y,w,h\n" * 20, b"II*\0" + b"\xff" * 40])
def test_what_is_no_picture_is_told_by_name(tmp_path, suffix, content):
    folder = media.write_images(tmp_path / "a", media.clip(3))
    (folder / f"1{suffix}").write_bytes(content)
    if suffix != ".png":
        (folder / "1.png").unlink()
    frames = open_frames(folder)
    with pytest.raises(
        FrameError, match=rf"1\{suffix} is not a readable image \({len(content)} bytes\).*copy it again"
    ) as caught:
        frames[1]
    assert caught.value.index == 1


# --- Telops -----------------------------------------------------------------------------------------------------------


def hcc(path, counts, **options):
    pytest.importorskip("fasthcc", reason="needs fasthcc (extra thermal)").write_hcc(path, counts, **options)
    return path


def test_recordings_of_telops_cameras(tmp_path):
    counts = media.deep_clip(6, 16)
    file = hcc(tmp_path / "a.hcc", counts, calibration_mode=2, data_offset=250.0, data_exp=-8, frame_rate=100.0)
    frames = open_frames(file)
    assert (len(frames), frames.shape, frames.dtype, frames.fps) == (6, media.SHAPE, np.float32, 100)
    for again in (frames, pickle.loads(pickle.dumps(frames))):
        np.testing.assert_allclose(list(again), counts / 256 + 250.0, rtol=1e-6)
    raw = open_frames(hcc(tmp_path / "raw.hcc", counts, calibration_mode=0))
    assert raw.dtype == np.uint16
    np.testing.assert_array_equal(list(raw), counts)
    for name in ("a", "raw"):
        (tmp_path / f"{name}.csv").write_text("frame,x,y,w,h\n0,10,12,4,5\n5,10,12,4,5\n")
    assert [(one.name, len(one), one.fps) for one in datasets.load("folder", tmp_path)] == [
        ("a", 6, 100),
        ("raw", 6, 2000),
    ]


def test_a_recording_whose_reader_is_missing_does_not_hide_the_others(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("10,12,4,5\n" * 6)
    media.write_video(tmp_path / "a.avi", media.clip(6))
    (tmp_path / "b.hcc").write_bytes(b"TC")
    monkeypatch.setitem(__import__("sys").modules, "fasthcc", None)
    good, bad = check("folder", tmp_path).sequences
    assert good.name == "a" and not good.errors
    assert bad.name == "b" and "fasthcc is not installed" in bad.errors[0] and "irtrack-core[thermal]" in bad.errors[0]


def test_a_short_recalibration_within_a_recording_does_not_show(tmp_path):
    """The reader's own conversion looks at three headers alone."""
    counts = np.full((30, *media.SHAPE), 5000, np.uint16)
    counts[7:9] = 2500
    heads = [{"DataOffset": 200.0, "DataExp": -7 if k in (7, 8) else -8} for k in range(30)]
    frames = open_frames(hcc(tmp_path / "a.hcc", counts, metadata=heads))
    np.testing.assert_allclose([frame.mean() for frame in frames], 200 + 5000 / 256)


def test_damaged_recordings_of_telops_cameras(tmp_path):
    file = media.truncate(hcc(tmp_path / "cut.hcc", media.deep_clip(6, 16)), 0.6)
    frames = open_frames(file)
    assert media.number(frames[2]) == 2 and "ends within frame 3" in frames.notes[0]
    with pytest.raises(FrameError, match=r"cut\.hcc breaks off within frame 3") as caught:
        frames[3]
    assert caught.value.final
    hcc(file, media.deep_clip(6, 16))
    media.damage(file, 0.5, 4000)
    with pytest.raises(FrameError, match=r"cut\.hcc: the header of frame 3 is damaged") as caught:
        open_frames(file)[3]
    assert caught.value.index == 3 and media.number(open_frames(file)[5]) == 5
    for content in (b"", bytes(3000), b"RIFF" * 500):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r"cut\.hcc is not a readable \.hcc recording .*copy it again"):
            open_frames(file)


# --- names ------------------------------------------------------------------------------------------------------------

ORDERS = [
    "0.5 0.75 1 1.05 1.1 1.15 1.2 2",  # seconds
    "1700000000.5 1700000000.55 1700000000.6 1700000001",  # of a clock
    "img_1.8 img_1.9 img_1.10 img_1.11 img_2.1",  # clip and frame
    "9 10 11 100",
    "2024-01-09T23-59-59.5 2024-01-09T23-59-59.75 2024-01-10T00-00-00",
    "31-01-2024_9-00-00 01-02-2024_8-00-00 02-02-2024_7-00-00",  # the day first
    "01-31-2024_9-00-00 02-01-2024_8-00-00",  # the month first
    "5-10-1999 31-12-1999 1-1-2000",
    "2024-03-01_11-59-59AM 2024-03-01_12-00-00PM 2024-03-01_1-00-00PM 2024-03-01_11-00-00PM",
    "2024-03-01_12-30-00AM 2024-03-01_1-30-00AM",
    "cam2_9 cam2_10 cam10_1",
    "t1.000 t1.500 t2.250",
]


@pytest.mark.parametrize("order", ORDERS)
def test_names_with_time_stamps_are_in_the_order_of_time(tmp_path, order):
    names = [f"{name}.png" for name in order.split()]
    assert in_order(sorted(names)) == names and in_order(names[::-1]) == names
    for name in names:
        (tmp_path / name).touch()
    assert [file.name for file in image_files(tmp_path)] == names


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1_600_000_000_000, 1_600_000_100_000), min_size=2, max_size=30, unique=True))
def test_unpadded_seconds_of_a_clock_are_in_the_order_of_time(milliseconds):
    names = [f"frame_{time / 1000}.png" for time in sorted(milliseconds)]
    assert in_order(names[::-1]) == names


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(2, 120))
def test_counters_of_clip_and_frame_are_no_decimal_numbers(clips, frames):
    names = [f"c{clip}.{frame}.png" for clip in range(1, clips + 1) for frame in range(1, frames + 1)]
    assert in_order(sorted(names)) == names


def test_what_file_managers_leave_behind_is_left_out(tmp_path):
    folder = media.write_images(tmp_path / "set/images", media.clip(4))
    media.write_video(tmp_path / "set/film.avi", media.clip(4))
    for where in (folder, folder.parent):
        for name in ("._0.png", "._film.avi", "._boxes.csv", "Thumbs.db", ".DS_Store", "desktop.ini"):
            (where / name).write_bytes(b"\0\5\x16\7 of another program")
    media.write_images(folder.parent / "__MACOSX", media.clip(1))
    (folder / "boxes.csv").write_text("10,12,4,5\n" * 4)
    (folder.parent / "film.csv").write_text("10,12,4,5\n" * 4)
    assert [sequence.name for sequence in datasets.load("folder", folder.parent)] == ["film", "images"]
    assert check("folder", folder.parent).usable and len(open_frames(folder)) == 4


def test_a_folder_given_by_a_dot_has_a_name(tmp_path, monkeypatch):
    folder = media.write_images(tmp_path / "flight", media.clip(3))
    (tmp_path / "flight.csv").write_text("10,12,4,5\n" * 3)
    (folder / "sub").mkdir()
    for here, dot in ((folder, "."), (folder / "sub", "..")):
        monkeypatch.chdir(here)
        assert datasets.load("folder", dot)[0].name == "flight" and "flight: 3 frames" in str(check("folder", dot))


# --- narrow ranges ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["siamese", "peak"])
@pytest.mark.parametrize(
    "widen",
    [
        lambda frames: frames.astype(np.uint16) + 7300,  # few counts of a 14-bit camera
        lambda frames: frames.astype(np.uint16) * 200,
        lambda frames: frames.astype(np.float32) * np.float32(0.0625) + 290,  # kelvin
    ],
)
def test_deep_frames_of_a_narrow_range_give_the_boxes_of_the_same_in_8_bits(name, widen):
    y, x = np.mgrid[:96, :128] + 0.5
    rng = np.random.default_rng(0)
    scene = cv2.GaussianBlur(rng.normal(0, 1, (96, 128)), (0, 0), 8) * 100
    frames = [
        100 + scene + 60 * np.exp(-((x - 30 - i) ** 2 + (y - 40 - 0.3 * i) ** 2) / 5) + rng.normal(0, 4, (96, 128))
        for i in range(25)
    ]
    plain = np.array(frames).clip(0, 255).round().astype(np.uint8)
    boxes = []
    for version in (plain, widen(plain)):
        tracker = trackers.create(name)
        tracker.init(version[0], [26, 36, 8, 8])
        boxes.append([tracker.update(frame) for frame in version[1:]])
    np.testing.assert_allclose(boxes[1], boxes[0], atol=0.02)
    assert np.abs(boxes[0][-1][:2] - [50, 43.2]).max() < 2


# --- TIFFs whose values are packed ------------------------------------------------------------------------------------


def packed_tiff(values, bits, white_is_zero=False):
    """The bytes of a TIFF of one page (H, W) that stores `bits` bits a pixel, rows padded to whole bytes."""
    height, width = values.shape
    each = np.unpackbits(values.astype(">u2").view(np.uint8).reshape(height, width, 2), axis=2)[:, :, 16 - bits :]
    rows = each.reshape(height, -1)
    data = np.packbits(np.pad(rows, ((0, 0), (0, -rows.shape[1] % 8))), axis=1).tobytes()
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: int(not white_is_zero), 273: 8, 277: 1, 278: height}
    entries = b"".join(struct.pack("<HHII", tag, 4 if tag == 273 else 3, 1, value) for tag, value in tags.items())
    entries += struct.pack("<HHII", 279, 4, 1, len(data)) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags) + 1) + entries


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("white_is_zero", [False, True])
def test_values_packed_in_10_12_and_14_bits_come_out_as_stored(tmp_path, bits, white_is_zero):
    values = np.random.default_rng(0).integers(0, 2**bits, (5, 7)).astype(np.uint16)
    (tmp_path / "0.tif").write_bytes(packed_tiff(values, bits, white_is_zero))
    frame = read_image(tmp_path / "0.tif")
    assert frame.dtype == np.uint16
    np.testing.assert_array_equal(frame, 2**bits - 1 - values if white_is_zero else values)


def test_images_of_one_name_are_told(tmp_path):
    media.write_images(tmp_path / "images", media.clip(3))
    media.write_images(tmp_path / "images", media.clip(3), ".jpg")
    (tmp_path / "images/boxes.csv").write_text("x,y,w,h\n" + "9,9,5,5\n" * 6)
    (one,) = datasets.load("folder", tmp_path / "images")
    assert len(one) == 6
    assert one.notes == ("3 names stand for several images each, the first: 0: every file is a frame",)


def test_a_tiff_with_pages_of_several_sizes_says_so(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for width in (64, 32):
            file.write(np.zeros((48, width), np.uint16), contiguous=False, metadata=None)
    with pytest.raises(ValueError, match="a.tif is a single image with a page of another size"):
        open_frames(tmp_path / "a.tif")


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 255), st.booleans())
def test_no_whole_picture_claims_too_much(height, width, grey, noise):
    rng = np.random.default_rng(height)
    frame = (
        np.full((height, width), grey, np.uint8) if not noise else rng.integers(0, 256, (height, width)).astype("u1")
    )
    for suffix, options in ((".png", []), (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 1]), (".jpg", [])):
        content = cv2.imencode(suffix, frame, options)[1].tobytes()
        assert not claims_too_much(content) and decode_image(content).shape == frame.shape


def test_a_large_even_jpeg_is_read():
    options = [cv2.IMWRITE_JPEG_QUALITY, 1, cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    for chosen in (options, options[:2]):
        content = cv2.imencode(".jpg", np.full((4000, 5000), 7, np.uint8), chosen)[1].tobytes()
        assert decode_image(content).shape == (4000, 5000)


@pytest.mark.parametrize("options", [{}, {"metadata": None}, {"byteorder": ">"}, {"compression": "zlib"}], ids=str)
def test_float16_tiffs_are_read_in_full(tmp_path, options):
    tifffile = pytest.importorskip("tifffile", reason="needs tifffile (extra media)")
    truth = np.random.default_rng(0).uniform(250, 320, (4, 24, 32)).astype(np.float16)
    tifffile.imwrite(tmp_path / "stack.tif", truth, photometric="minisblack", **options)
    folder = tmp_path / "images"
    folder.mkdir()
    for k, frame in enumerate(truth):
        tifffile.imwrite(folder / f"{k}.tif", frame, **options)
    for frames in (open_frames(tmp_path / "stack.tif"), open_frames(folder)):
        assert frames.dtype == np.float32
        np.testing.assert_array_equal(np.array(frames), truth.astype(np.float32))


def test_pixels_that_no_reader_takes_are_not_called_damaged(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="needs tifffile (extra media)")
    tifffile.imwrite(tmp_path / "a.tif", np.ones((8, 8), np.complex64))
    with pytest.raises(FrameError, match="a.tif holds complex64 pixels; uint8, uint16 and float32 are supported"):
        read_image(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "b.tif", np.ones((8, 8), np.float16))
    content = (tmp_path / "b.tif").read_bytes()
    (tmp_path / "b.tif").write_bytes(content[: len(content) - 64])
    with pytest.raises(FrameError, match="b.tif is not a readable image .*copy it again"):
        read_image(tmp_path / "b.tif")
