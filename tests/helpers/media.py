"""Tiny videos and image folders that the tests of readers make for themselves."""

import struct

import cv2
import numpy as np

SHAPE = (48, 64)  # H, W of every clip


def clip(count, seed=0):
    """(count, 48, 64) uint8: noise, and in the six left columns a white row that gives the frame's number away."""
    frames = np.random.default_rng(seed).integers(0, 40, (count, *SHAPE), dtype=np.uint8)
    frames[:, :, :6] = 0
    for index, frame in enumerate(frames):
        frame[index, :6] = 255
    return frames


def number(frame):
    """The number that `clip` wrote into a frame; survives lossy coding."""
    return int(frame[:, :6].mean(axis=1).argmax())


def write_video(path, frames, fps=25.0, code=None):
    """A video of grey frames (N, H, W) uint8, lossy unless `code` says otherwise: .mp4, .avi or what OpenCV can write."""
    code = cv2.VideoWriter.fourcc(*(code or ("MJPG" if path.suffix == ".avi" else "mp4v")))
    writer = cv2.VideoWriter(str(path), code, fps, frames.shape[:0:-1])
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def write_images(folder, frames, suffix=".png", name=str):
    """A folder of images 0.png, 1.png, ... without leading zeros, so that sorting by name alone would be wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, frame in enumerate(frames):
        assert cv2.imwrite(str(folder / f"{name(index)}{suffix}"), frame)
    return folder


def damage(path, start=0.5, length=3000):
    """Zeros in the middle of a file."""
    data = bytearray(path.read_bytes())
    at = int(len(data) * start)
    data[at : at + length] = bytes(len(data[at : at + length]))
    path.write_bytes(data)
    return path


def truncate(path, share=0.5):
    """Only the first part of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def deep_clip(count, bits, seed=0):
    """`clip` with `bits` bits a pixel, uint16 above 8: noise over the lowest sixth of the range, the white row at its top."""
    frames = np.random.default_rng(seed).integers(0, 2**bits // 6, (count, *SHAPE), dtype=np.uint16)
    frames[:, :, :6] = 0
    for index, frame in enumerate(frames):
        frame[index, :6] = 2**bits - 1
    return frames if bits > 8 else frames.astype(np.uint8)


def write_deep_video(path, frames, kind="gray16le", code="ffv1", fps=25, stamps=None, **options):
    """A video by PyAV of grey frames (N, H, W); kind: FFmpeg's name of the pixel format, which begins with "gray" where the
    values shall stay as they are. stamps: time stamps of the frames, in frames."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(code, rate=fps, options={key: str(value) for key, value in options.items()})
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:], kind
        for index, pixels in enumerate(frames):
            if kind.startswith("gray"):
                frame = av.VideoFrame(stream.width, stream.height, kind)
                dtype = pixels.dtype.newbyteorder(">" if kind.endswith("be") else "<")
                plane = frame.planes[0]
                rows = np.frombuffer(plane, dtype)[: plane.height * (plane.line_size // dtype.itemsize)]
                rows.reshape(plane.height, -1)[:, : stream.width] = pixels
            else:
                name = "gray16le" if pixels.dtype == np.uint16 else "gray"
                frame = av.VideoFrame.from_ndarray(pixels, format=name).reformat(format=kind)
            frame.pts = index if stamps is None else stamps[index]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def avi_with_empty_chunks(path, empty, count=30, stored=None, index=True):
    """An AVI of `count` chunks, Motion JPEG of grey level 8 x number, those in `empty` without data, as capture programs
    write them for "as before". stored: the count in its head; index=False: as left by a recorder that was switched off."""
    pictures = [
        b"" if i in empty else cv2.imencode(".jpg", np.full(SHAPE, 8 * i, np.uint8))[1].tobytes() for i in range(count)
    ]

    def chunk(kind, data):
        return struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) % 2)

    movi, entries = b"movi", b""
    for picture in pictures:
        entries += struct.pack("<4sIII", b"00dc", 16 * bool(picture), len(movi), len(picture))
        movi += chunk(b"00dc", picture)
    height, width = SHAPE
    stored = count if stored is None else stored
    head = struct.pack("<14I", 33333, 0, 0, 16, stored, 0, 1, 99999, width, height, 0, 0, 0, 0)
    zeros = (0, 0, 0, 0, 1, 30, 0, stored, 99999, 0xFFFFFFFF, 0, 0, 0, width, height)
    stream = struct.pack("<4s4sIHH8I4h", b"vids", b"MJPG", *zeros)
    kind = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
    lists = chunk(
        b"LIST",
        b"hdrl" + chunk(b"avih", head) + chunk(b"LIST", b"strl" + chunk(b"strh", stream) + chunk(b"strf", kind)),
    )
    path.write_bytes(
        chunk(b"RIFF", b"AVI " + lists + chunk(b"LIST", movi) + (chunk(b"idx1", entries) if index else b""))
    )
    return path


def edit(path, first, count, fps):
    """The same MP4 whose edit list shows `count` frames from frame `first` on, as after trimming without encoding anew."""
    data = bytearray(path.read_bytes())
    entry, clock, movie = data.find(b"elst") + 12, data.find(b"mdhd") + 16, data.find(b"mvhd") + 16
    ticks = [struct.unpack_from(">I", data, at)[0] for at in (movie, clock)]
    delay = struct.unpack_from(">i", data, entry + 4)[0]  # of frames stored in another order than shown
    struct.pack_into(">Ii", data, entry, ticks[0] * count // fps, delay + round(ticks[1] * first / fps))
    path.write_bytes(data)
    return path


def turn(path):
    """The same MP4 with the mark "to be turned by 90 degrees clockwise"."""
    data, one = bytearray(path.read_bytes()), 1 << 16
    struct.pack_into(">9i", data, data.find(b"tkhd") + 44, 0, one, 0, -one, 0, 0, SHAPE[0] * one, 0, 1 << 30)
    path.write_bytes(data)
    return path


def flir_jpeg(counts, orientation=1):
    """The bytes of a radiometric JPEG: a drawn picture, and beside it the counts (H, W) uint16 and the constants that make
    them temperatures, in the two records of FLIR's APP1 segment that are needed."""
    height, width = counts.shape
    raw = struct.pack("<3H26x", 2, width, height) + counts.astype("<u2").tobytes()
    camera = bytearray(900)
    for place, values in {
        32: (1.0, 1.0, 293.15, 293.15, 293.15, 1.0),  # emissivity, distance, temperatures, transmission of the window
        60: (0.5,),  # humidity
        88: (14911.1846, 1396.6, 1.0),  # Planck's R1, B, F
        112: (0.006569, 0.01262, -0.002276, -0.00667, 1.9),  # the atmosphere's
    }.items():
        struct.pack_into(f"<{len(values)}f", camera, place, *values)
    struct.pack_into("<if", camera, 776, -7261, 0.01088)  # Planck's O, R2
    records, at = b"", 64 + 4 * 32
    for kind, data in ((1, raw), (32, bytes(camera))):
        records += struct.pack(">HHIIII12x", kind, 2, 100, 1, at, len(data))
        at += len(data)
    body = (
        b"FFF\0" + bytes(16) + struct.pack(">III", 100, 64, 4) + bytes(32) + records + bytes(64) + raw + bytes(camera)
    )
    parts = [body[k : k + 65_000] for k in range(0, len(body), 65_000)]
    segments = b"".join(
        b"\xff\xe1" + struct.pack(">H", len(part) + 10) + b"FLIR\0\x01" + bytes([k, len(parts) - 1]) + part
        for k, part in enumerate(parts)
    )
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHIHxxI", 1, 0x0112, 3, 1, orientation, 0)
    drawn = cv2.imencode(".jpg", (counts >> 8).astype(np.uint8))[1].tobytes()
    return drawn[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + segments + drawn[2:]
