"""Image files as (H, W) uint8, uint16 or float32: upright, values as stored, colour turned grey."""

import io
import re
import struct
from mmap import ACCESS_READ, mmap
from pathlib import Path

import cv2
import numpy as np

from irtrack_core.datasets.claims import claims_too_much
from irtrack_core.datasets.names import for_decoders
from irtrack_core.optional import need

DTYPES = tuple(np.dtype(name) for name in ("uint8", "uint16", "float32"))
EXACT = tuple(np.dtype(name) for name in ("int8", "int16", "float16"))  # float32 holds each of their values
IMAGE_SUFFIXES = (".bmp", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pgm")
KINDS = {1: "uint", 2: "int", 3: "float", 5: "complex int", 6: "complex"}  # a TIFF's names of them
SUPPORTED = "pixels; uint8, uint16 and float32 are supported: convert them first"
KEEP = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR  # as stored, but turned upright, which IMREAD_UNCHANGED does not


class FrameError(ValueError):
    """The error of a frame that cannot be read: `index` tells which. `final`: nothing after it can be read either."""

    def __init__(self, message, index=None, final=False):
        super().__init__(message)
        self.index, self.final = index, final

    def __reduce__(self):
        return type(self), (self.args[0], self.index, self.final)


def gray(frame):
    """(H, W) of a decoded OpenCV frame: BGR(A) by luminance weights, which keep R = G = B exactly."""
    if frame.ndim == 2:
        return frame
    if frame.shape[2] == 1:
        return np.ascontiguousarray(frame[..., 0])
    return cv2.cvtColor(np.ascontiguousarray(frame[..., :3]), cv2.COLOR_BGR2GRAY)


def read_image(path):
    """One image file as (H, W) uint8, uint16 or float32; see `decode_image`. Raises FileNotFoundError, FrameError.

    A MATLAB file, .mat, may hold one picture, or a stack (T, H, W), of which it is the last; needs the extra `evaluation`.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no image {path}")
    if path.suffix.lower() == ".mat":
        return _matlab(path)
    return decode_image(path.read_bytes(), path)  # OpenCV's own reader cannot open every Unicode path


def _matlab(path):
    """(H, W) of the only picture or stack in a .mat file."""
    io = need("scipy.io", "evaluation")
    try:
        content = io.loadmat(path)
    except NotImplementedError as error:
        raise FrameError(f"{path} is of MATLAB 7.3, which is not read: save it with -v7") from error
    except Exception as error:  # scipy raises whatever a damaged file makes it
        raise FrameError(f"{path} is not a readable .mat file ({error}): copy it again") from error
    found = {name: value for name, value in content.items() if getattr(value, "ndim", 0) in (2, 3) and value.size > 1}
    found = {name: value for name, value in found.items() if value.dtype.kind in "buif"}
    if len(found) != 1:
        raise FrameError(f"{path} holds {len(found)} arrays that may be pictures ({', '.join(found)}); one is needed")
    (picture,) = found.values()
    picture = picture[-1] if picture.ndim == 3 else picture
    picture = picture.astype(np.uint8) if picture.dtype == bool else picture
    return np.ascontiguousarray(as_grey(picture, path))


def decode_image(content, name="the file"):
    """The bytes of an image file as (H, W) uint8, uint16 or float32; `name` stands in the error's text.

    The picture is turned as its EXIF orientation says. FLIR's radiometric JPEG gives temperatures in K (needs the extra
    `thermal`). int16 and float64 become float32. Raises FrameError when it cannot be read as it is.
    """
    if content[:2] == b"\xff\xd8" and b"FLIR\0" in content[:100_000]:
        return _flir(content, name)
    head = tiff_head(content)
    if head and head.planes > 1:
        raise FrameError(f"{name} is stored as {head.planes} planes: give that file itself to read them as frames")
    if head and head.pixels == "float16":
        return _half_floats(content, name)
    if content[:2] == b"P2":
        return _pgm_text(content, name)
    try:
        usable = len(content) and not claims_too_much(content)
        frame = cv2.imdecode(np.frombuffer(content, np.uint8), KEEP) if usable else None
    except cv2.error:  # a damaged header may ask for an absurd size
        frame = None
    if frame is None:
        if head and head.pixels.startswith("complex"):
            raise FrameError(f"{name} holds {head.pixels} {SUPPORTED}")
        raise FrameError(f"{name} is not a readable image ({len(content)} bytes): it may be damaged; copy it again")
    return as_grey(frame, name, head)


def as_grey(frame, name, head=None):
    """(H, W) uint8, uint16 or float32 of what OpenCV decoded. name: in the error's text. head: a TIFF file's `tiff_head`.

    Raises FrameError for pixels of another kind.
    """
    if frame.dtype in EXACT or frame.dtype == np.float64:
        frame = frame.astype(np.float32)
    if frame.dtype not in DTYPES:
        raise FrameError(f"{name} holds {frame.dtype} {SUPPORTED}")
    frame = gray(frame)
    if head and frame.dtype == np.uint16:
        frame = np.uint16(65535) - frame if head.white_is_zero else frame  # OpenCV does so for 8 bits alone
        frame = frame >> head.shift if head.shift else frame
    return frame


def _half_floats(content, name):
    """(H, W) float32 of a TIFF of float16, which OpenCV does not read; needs the extra `media`."""
    tifffile = need("tifffile", "media")
    try:
        frame = tifffile.imread(io.BytesIO(content))
    except Exception as error:  # struct, value, key and its own errors
        raise FrameError(f"{name} is not a readable image ({error}): it may be damaged; copy it again") from error
    if frame.ndim != 2:
        raise FrameError(f"{name} holds an array {frame.shape} of float16, not (H, W): save one plane, or float32")
    return frame.astype(np.float32)


def _pgm_text(content, name):
    """(H, W) uint8 or uint16 of a PGM written as text, which OpenCV stretches to 255 where its values have fewer bits."""
    try:
        width, height, most, *counts = map(int, re.sub(rb"#[^\n]*", b" ", content).split()[1:])
        return np.array(counts, np.uint8 if most < 256 else np.uint16).reshape(height, width)
    except (ValueError, OverflowError) as error:
        raise FrameError(f"{name} is not a readable image ({error}): it may be damaged; copy it again") from error


def _flir(content, name):
    """(H, W) float32, K, of a JPEG that holds a FLIR camera's counts beside the picture drawn from them."""
    flyr, pillow = need("flyr", "thermal"), need("PIL.Image", "thermal")
    try:
        kelvin = flyr.unpack(io.BytesIO(content)).kelvin.astype(np.float32)
        turned = pillow.open(io.BytesIO(content)).getexif().get(0x0112, 1)
    except Exception as error:  # struct, key, index and its own errors
        raise FrameError(f"{name} holds FLIR's counts, which cannot be read ({error!r}): copy it again") from error
    turns, mirrored = {2: (0, 1), 3: (2, 0), 4: (2, 1), 5: (3, 1), 6: (3, 0), 7: (1, 1), 8: (1, 0)}.get(turned, (0, 0))
    upright = np.rot90(kelvin, turns)
    return np.ascontiguousarray(upright[:, ::-1] if mirrored else upright)


class TiffHead:
    """What the first page of a TIFF says: planes, frames (of a stack stored as one page, else 1), white_is_zero, pixels.

    shift: by how many bits OpenCV makes the values larger, which it does with those packed in 10, 12 or 14 bits.
    axes: {"channels", "slices", "frames": count} of those above 1, as ImageJ and OME write them.
    """

    def __init__(self, tags, text):
        self.white_is_zero = tags.get(262) == 0
        self.pixels = f"{KINDS.get(tags.get(339, 1), 'uint')}{tags.get(258, 1)}"
        self.shift = 16 - tags.get(258, 1) if tags.get(258, 1) in (10, 12, 14) and tags.get(277, 1) == 1 else 0
        self.planes = tags.get(277, 1) if tags.get(284) == 2 else 1
        named = re.search(rb"^ImageJ=.*?^images=(\d+)", text, re.M | re.S)
        shaped = re.search(rb'"shape": \[([\d, ]+)\]', text)
        self.frames = self.planes
        counts = re.findall(rb"^(channels|slices|frames)=(\d+)" if named else rb'\bSize([CZT])="(\d+)"', text, re.M)
        names = {b"C": "channels", b"Z": "slices", b"T": "frames"}
        self.axes = {names.get(name, name.decode()): int(count) for name, count in counts if int(count) > 1}
        if named:
            self.frames = int(named[1])
        elif shaped and tags.get(277, 1) == 1:
            self.frames = int(np.prod([int(n) for n in re.findall(rb"\d+", shaped[1])][:-2]))


def tiff_head(content):
    """The TiffHead of the bytes of a file, or of as much of its beginning as holds the first page's tags; None: no TIFF."""
    order = {b"II": "<", b"MM": ">"}.get(content[:2])
    if order is None or len(content) < 16 or struct.unpack_from(order + "H", content, 2)[0] not in (42, 43):
        return None
    big = struct.unpack_from(order + "H", content, 2)[0] == 43
    at, count, entry, value = ("Q", 8), ("Q", 8), 20, 12
    if not big:
        at, count, entry, value = ("I", 4), ("H", 2), 12, 8
    tags, text = {}, b""
    try:
        start = struct.unpack_from(order + at[0], content, 8 if big else 4)[0]
        for k in range(min(struct.unpack_from(order + count[0], content, start)[0], 1000)):
            place = start + count[1] + k * entry
            tag, kind, length = struct.unpack_from(order + "HH" + at[0], content, place)
            if tag == 270 and length > at[1]:
                where = struct.unpack_from(order + at[0], content, place + value)[0]
                text = content[where : where + min(length, 10_000)]
            elif kind == 3:
                tags[tag] = struct.unpack_from(order + "H", content, place + value)[0]
    except struct.error:  # damaged, or the tags stand behind the pixels: see `page_count`
        pass
    return TiffHead(tags, text)


def page_count(path):
    """Number of frames in an image file: the pages or planes of a TIFF, 1 for any other image.

    A second page of another size is no frame but a thumbnail, or the same image made smaller: that counts 1, too.
    """
    head = read_head(path)
    if head is None:
        return 1
    count = _count(path, head) if head.frames == 1 else 1
    if count < 2 or head.pixels == "float16":
        return max(count, head.frames)
    sizes = {page.shape[:2] for page in _pages(path, 0, 2)}
    return count if len(sizes) < 2 else 1


def _count(path, head):
    if head.pixels != "float16":
        return cv2.imcount(for_decoders(path))
    try:
        with need("tifffile", "media").TiffFile(path) as file:
            return len(file.pages)
    except ModuleNotFoundError:
        raise
    except Exception:  # damaged: told when it is read
        return 1


def read_head(path):
    """The TiffHead of a file; None where it is no TIFF, or not there."""
    path = Path(path)
    if path.suffix.lower() not in (".tif", ".tiff") or not path.is_file() or not path.stat().st_size:
        return None
    with open(path, "rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return tiff_head(content)


def _pages(path, start, count):
    """Pages of a TIFF file as OpenCV decodes them; fewer than `count` when they are damaged."""
    try:
        return cv2.imreadmulti(for_decoders(path), start, count, flags=KEEP)[1]
    except cv2.error:  # as in `decode_image`
        return ()


def read_page(path, index):
    """One page of a TIFF file, counted from 0, as (H, W) uint8, uint16 or float32. Raises FrameError when unreadable."""
    pages = _pages(path, index, 1)
    if not pages:
        raise FrameError(
            f"page {index} of {path} is not a readable image: it may be damaged; copy the file again", index
        )
    return as_grey(pages[0], f"page {index} of {path}", read_head(path))
