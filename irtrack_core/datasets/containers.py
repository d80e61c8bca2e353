"""What the containers of videos tell before decoding: depth of the pixels, a file that is cut, gaps in the time stamps."""

import struct

import cv2
import numpy as np

COUNTING = (".mp4", ".m4v", ".mov", ".avi")  # these store the number of frames; for others OpenCV guesses it

# FFmpeg's four letters of the pixel formats that have 8 bits or fewer a channel
TAGS_OF_8_BITS = {
    *(
        tag.encode()
        for tag in "I420 IYUV YUV9 Y41B Y42B 411P 422P 440P 444P Y800 YUY2 UYVY YVYU UYY1 NV12 NV21".split()
    ),
    *(tag.encode() for tag in "B0W1 B1W0 B4BY R4BY RGBA BGRA ARGB ABGR NV16 NV24 NV42".split()),
    *(name + bytes([bits]) for name in (b"RGB", b"BGR") for bits in (0, 4, 8, 24)),
    *(b"\0RGB", b"\0BGR", b"PAL\x08", b"Y2\0\x08", b"G3\0\x08", b"Y4\x0b\x08", b"Y4\x0a\x08", b"Y4\0\x08"),
}
GRAY16 = b"Y1\0\x10"
NAMELESS = (b"RGB\x0f", b"RGB\x10", b"BGR\x0f", b"BGR\x10", b"\x0fBGR", b"\x10BGR", b"\x0fRGB", b"\x10RGB")
CONVERT = "ffmpeg -i IN -pix_fmt gray16le -c:v ffv1 OUT.mkv"


def pixel_tag(capture):
    """The four bytes by which FFmpeg calls the pixel format of an opened OpenCV capture."""
    return (int(capture.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT)) & 0xFFFFFFFF).to_bytes(4, "little")


def may_be_stretched(capture):
    """Whether an opened OpenCV capture is of JPEG 2000: FFmpeg makes grey values of 9 to 15 bits larger, up to 16 bits."""
    name = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    return name.to_bytes(4, "little").lower() in (b"mjp2", b"mj2c", b"mj2 ")


def nameless(path):
    """The sentence on raw video whose 16 bits a pixel have no name."""
    return (
        f"{path} holds raw pixels of 16 bits without a name, which FFmpeg takes for colours of 5 bits. If they are 16-bit "
        "grey, record them as FFV1 (gray16le) in .mkv, or save them as an array (N, H, W) in .npy"
    )


def too_deep(path, tag):
    """The sentence on a video that OpenCV would cut to 8 bits; tag: see `pixel_tag`."""
    if tag in NAMELESS:
        return nameless(path)
    bits = next((f" of {bits} bits" for bits in (tag[3], tag[0]) if bits in (9, 10, 12, 14, 16)), "")
    return (
        f"{path} holds pixels{bits} that OpenCV would cut to 8 or misread: pip install 'irtrack-core[media]' reads them as "
        f"they are; or convert them: {CONVERT}"
    )


def ends_as_stored(capture, count):
    """True when the last of the frames that the container stores can be reached, and none comes after it."""
    capture.set(cv2.CAP_PROP_POS_FRAMES, count - 1)
    return capture.grab() and not capture.grab()


def is_cut(path):
    """True when a file is shorter than its own head says: AVI, Matroska and WebM, MP4 and MOV; others: False."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(4096)
        if head[:4] == b"RIFF":
            return size < 8 or 8 + struct.unpack_from("<I", head, 4)[0] > size
        if head[:4] == b"\x1a\x45\xdf\xa3":
            return _matroska_is_cut(head, size)
        if head[4:8] not in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
            return False
        at = 0
        while at + 8 <= size:  # boxes: a length, four letters, the content
            file.seek(at)
            box = file.read(16)
            length = struct.unpack_from(">I", box)[0]
            if length == 1 and len(box) == 16:
                length = struct.unpack_from(">Q", box, 8)[0]
            if length < 8:  # 0: up to the end of the file
                return False
            at += length
        return at > size


def avi_chunks(path):
    """(n,) int, bytes of each picture in the index of an AVI, 0 for one that means: as before. None without such an index."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        at = 12 if file.read(4) == b"RIFF" else size
        while at + 8 <= size:  # chunks: four letters, a length, the content up to an even length
            file.seek(at)
            kind, length = struct.unpack("<4sI", file.read(8))
            if kind == b"idx1":
                if not 16 <= length <= size - at - 8 or at + 8 + length + length % 2 < size:
                    return None  # cut; or the file has a further part, which has no such index
                entry = [("chunk", "S4"), ("rest", "<u4", 2), ("size", "<u4")]
                index = np.frombuffer(file.read(length // 16 * 16), entry)
                kinds = np.unique(index["chunk"]).tolist()
                # the number of the first stream of pictures
                first = min((kind[:2] for kind in kinds if kind[2:] in (b"dc", b"db")), default=b"")
                pictures = np.isin(index["chunk"], [first + b"dc", first + b"db"])
                return index["size"][pictures] if pictures.any() else None
            at += 8 + length + length % 2
    return None


def _matroska_is_cut(head, size):
    at = head.find(b"\x18\x53\x80\x67") + 4  # the segment, then its length in as many bytes as the first one says
    if at < 4 or at >= len(head) or not head[at]:
        return False
    bytes_ = 9 - head[at].bit_length()
    length = int.from_bytes(head[at : at + bytes_], "big") & ((1 << 7 * bytes_) - 1)
    unknown = length == (1 << 7 * bytes_) - 1  # written live
    return not unknown and at + bytes_ + length > size


def frames_left_out(stamps, fps, count):
    """(n,) int, how many frames are missing before each of n time stamps; None where they cannot tell.

    stamps: seconds, in order. count: frames that the container has room for. The stamps must follow each other evenly but
    for a few gaps. With a variable frame rate a gap says nothing.
    """
    steps = np.diff(stamps) * fps
    whole = np.round(steps)
    if not len(steps) or np.any(np.abs(steps - whole) > 0.25) or np.any(whole < 1):  # rounded to milliseconds is even
        return None
    gaps = np.count_nonzero(whole > 1)
    # many gaps: frames were left out on purpose; some containers give the last frame no duration
    if 20 * gaps > len(steps) or abs(steps.sum() - whole.sum()) > 0.5 or (gaps and whole.sum() > count):
        return None
    return np.concatenate([[0], whole - 1]).astype(np.int64)


def repeats(real):
    """{number: that of the picture it shows} of frames without a picture of their own. real: (n,) bool, has one.

    Frames before the first picture are left out.

    >>> repeats([True, False, False, True])
    {1: 0, 2: 0}
    """
    shown = np.maximum.accumulate(np.where(real, np.arange(len(real)), -1))
    return {int(k): int(shown[k]) for k in np.flatnonzero(np.logical_not(real)) if shown[k] >= 0}


def repeat_note(repeated):
    """One sentence, in a tuple, on frames that show the picture before them; () when there are none.

    >>> repeat_note({5: 4, 6: 4})
    ('2 frame(s) without a picture of their own show the one before: 5, 6',)
    """
    if not repeated:
        return ()
    return (f"{len(repeated)} frame(s) without a picture of their own show the one before: {few(repeated)}",)


def few(numbers):
    """The first five of the numbers, as text."""
    numbers = sorted(numbers)
    return ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
