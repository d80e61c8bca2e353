"""Lazy frames of videos through PyAV: every bit depth as it is, numbered by what the container holds and by time stamps."""

from array import array
from contextlib import contextmanager

import cv2
import numpy as np

from irtrack_core.datasets.containers import (
    avi_chunks,
    few,
    frames_left_out,
    is_cut,
    nameless,
    repeat_note,
    repeats,
)
from irtrack_core.datasets.frames import FrameError
from irtrack_core.datasets.names import for_decoders
from irtrack_core.datasets.no_video import not_a_video
from irtrack_core.datasets.video import SequentialFrames
from irtrack_core.optional import need

HOLE = 64  # bytes between two packets that no header of a cluster explains


class AvFrames(SequentialFrames):
    """Frames of a video file as (H, W) uint8, uint16 (9 to 16 bits, values as stored) or float32, turned upright.

    Of deep colours given as brightness and two differences the brightness is kept as it is, other deep colours become grey;
    8 bits come out as OpenCV decodes them. An edit list is followed. An empty chunk of an AVI repeats the picture before it;
    elsewhere frames that a recorder left out are not counted, those that damage lost are. Raises FileNotFoundError,
    ValueError when it is no video, FrameError for a frame that is damaged or when the file breaks off.
    """

    def __init__(self, path, *, cache_bytes=16 * 2**20):
        super().__init__(path, cache_bytes)
        self._found, self._cut, self._torn, self._surplus = (), is_cut(self.path), False, 0
        with self._opened() as (container, stream):
            codec, name = stream.codec_context, stream.codec_context.name
            if name == "rawvideo" and (codec.pix_fmt or "")[3:6] in ("555", "565"):
                raise ValueError(nameless(self.path))
            self.fps = float(stream.average_rate or stream.guessed_rate or 30)
            others = [one for one in container.streams.video if not one.disposition & one.disposition.attached_pic]
            if len(others) > 1:
                self._found += (f"the file holds {len(others)} videos: the first is read",)
            self._tick = float(stream.time_base or 1 / self.fps)
            self._clock = container.format.name == "avi"
            room = stream.frames or round(self.fps * (container.duration or 0) / 1e6)
            self._whole = codec.codec.intra_only or (codec.codec.lossless and not codec.codec.lossy)
            self._give_numbers(*self._stamps(container, stream), room)
        if not self._length:
            raise ValueError(f"{self.path} holds no video frame: it may be truncated; copy or download it again")
        first = next(self._start(), None)
        if first is None:
            unnamed = "; or its raw pixels have no name that is known: record it as FFV1" if name == "rawvideo" else ""
            raise ValueError(f"{self.path} holds no frame that can be decoded: it is damaged, copy it again{unnamed}")
        model = picture(first)
        self.shape, self.dtype = model.shape, model.dtype
        if self._cut:
            self._length = max(room, self._length + 1)

    @property
    def notes(self):
        """What was found about the recording so far, one sentence each."""
        return (*self._found, *repeat_note(self._repeated))

    @contextmanager
    def _opened(self):
        """(container, video stream) for the time of a `with` block."""
        av = need("av", "media")
        if not self.path.is_file():
            raise FileNotFoundError(f"no video {self.path}")
        name = for_decoders(self.path)
        try:
            container = av.open(name)
        except (av.FFmpegError, ValueError) as error:
            raise ValueError(not_a_video(self.path)) from error
        with container:
            if not container.streams.video:
                raise ValueError(f"{self.path} holds no video, only {container.format.long_name}: name another file")
            stream = container.streams.video[0]
            if stream.codec_context is None:
                raise ValueError(
                    f"{self.path} is of a codec that FFmpeg cannot decode: let the program that recorded it save FFV1, or an "
                    "array (N, H, W) in .npy"
                )
            stream.thread_type = "AUTO"
            yield container, stream

    def _stamps(self, container, stream):
        """(time stamps of the frames, of empty packets, of packets after damage), in ticks of the stream.

        Where each packet holds one frame, as in all codecs without loss, nothing is decoded.
        """
        stamps, empty, hurt, end, place = array("q"), [], [], None, None
        packed = container.format.name.startswith("matroska")  # packets lie one behind the other, with little between
        for packet in self._packets(container):
            if packed and packet.size and packet.pos is not None:
                if end is not None and packet.pos - end > HOLE and packet.pts is not None:
                    hurt.append(packet.pts * packet.time_base / stream.time_base)
                end, place = (
                    packet.size + (end if packet.pos == place else packet.pos),
                    packet.pos,
                )  # one block, many packets
            if packet.stream is not stream:
                continue
            if not stamps and stream.codec_context.name == "jpeg2000":
                self._surplus = jpeg2000_surplus(bytes(packet))
            if self._whole and packet.pts is not None and not (packet.is_discard or packet.is_corrupt):
                (stamps if packet.size else empty).append(packet.pts)
            elif not self._whole:
                for frame in _decoded(packet, hurt):
                    stamps.append(frame.pts if frame.pts is not None else stamps[-1] + 1 if stamps else 0)
        return np.array(sorted(stamps) if self._whole else stamps, dtype=np.int64), empty, hurt

    def _give_numbers(self, stamps, empty, hurt, room):
        """Number the frames with these time stamps; see `_stamps`. room: frames that the container says it has, or 0."""
        even = len(stamps) > 0 and bool((np.diff(stamps) > 0).all())
        times = np.union1d(stamps, np.array(empty, dtype=np.int64)) if even else stamps
        places = (times - times[:1]) * self._tick * self.fps  # in frames
        numbers, chunks = np.arange(len(times)), avi_chunks(self.path) if self._clock else None
        if even and self._clock:
            ticks = np.round(places if chunks is None or not self._whole else times * self._tick * self.fps).astype(int)
            most = (
                max(room, 4 * len(times)) if chunks is None else max(len(chunks), len(times))
            )  # else the clock is damaged
            numbers = ticks if (np.diff(ticks) > 0).all() and 0 <= ticks[0] and ticks[-1] < most else numbers
        elif even:
            numbers = numbers + np.cumsum(self._lost(times, places, hurt, max(room, len(times))))
        real = np.isin(times, stamps)
        self._times, self._numbers = times[real] if even else None, numbers[real]
        self._length = max(int(numbers[-1]) + 1 if len(numbers) else 0, 0 if chunks is None else len(chunks))
        pictures = np.isin(np.arange(self._length), self._numbers)
        if chunks is not None:
            empty = np.flatnonzero(np.append(chunks, np.ones(self._length - len(chunks))) == 0)
        elif self._clock:
            empty = np.flatnonzero(~pictures)
        else:
            empty = numbers[~real]
        shown = repeats(pictures)
        self._repeated = {int(k): shown[k] for k in empty if k in shown}
        self._damaged = set(np.flatnonzero(~pictures).tolist()).difference(self._repeated)
        if self._clock and room not in (0, self._length) and not self._cut:  # elsewhere an edit list may hide some
            self._found += (f"the file says that it has {room} frames; {self._length} are shown",)

    def _lost(self, times, places, hurt, room):
        """(n,) frames that damage lost before each of the n time stamps; those that a recorder left out are told alone."""
        lost = frames_left_out(places / self.fps, self.fps, room)
        if lost is None:
            if hurt:
                after = int(np.searchsorted(times, float(min(hurt))))
                told = "frames may be missing there, and the numbers after them be too low; copy it again"
                self._found += (f"the file is damaged before frame {after}: {told}",)
            return np.zeros(len(times), dtype=np.int64)
        late = 16 / (self._tick * self.fps)  # frames are stored in another order than they are shown, but not by more
        gaps = np.flatnonzero(lost).tolist()
        dropped = [k for k in gaps if not any(times[k - 1] <= stamp <= times[k] + late for stamp in hurt)]
        if dropped:
            self._found += (
                f"the recorder left out {lost[dropped].sum()} frame(s) before frame {few(dropped)}, as the time stamps tell: "
                "frames are numbered as they follow each other",
            )
            lost[dropped] = 0
        return lost

    def _start(self):
        """A generator of the decoded frames."""
        with self._opened() as (container, stream):
            for packet in self._packets(container, stream):
                yield from _decoded(packet, [])

    def _packets(self, container, *streams):
        """The packets of a container, up to its end or to where it cannot be read on."""
        import av

        places = {}
        if self._clock and self._whole:  # after damage the clock of an AVI goes wrong, its index does not
            places = {entry.pos + 8: entry.timestamp for entry in container.streams.video[0].index_entries}
        try:
            for packet in container.demux(*streams):
                if packet.size and packet.pos in places:
                    packet.pts = places[packet.pos]
                yield packet
        except av.FFmpegError:  # what is missing is told by number
            return

    def _release(self, decoder):
        decoder.close()

    def _advance(self):
        """Decode one more frame and return its index; that after the last one at the end of an undamaged file."""
        for frame in self._decoder:
            index = self._index(frame.pts)
            if index is not None and index >= self._next:
                lost = [k for k in range(self._next, index) if k not in self._repeated]
                self._damaged.update(lost)
                # what builds on a lost frame of a codec without loss is not that frame; the decoder does not tell
                self._torn = self._whole and not frame.key_frame and (bool(lost) or self._torn and self._next > 0)
                if self._torn:
                    self._damaged.add(index)
                self._latest, self._next = frame, index + 1
                return index
        if self._cut:
            missing = self._length - self._next
            raise FrameError(
                f"{self.path} breaks off: {missing} of its {self._length} frames are missing at its end; copy it again",
                self._next,
                final=True,
            )
        self._damaged.update(k for k in range(self._next, self._length) if k not in self._repeated)
        return self._length

    def _index(self, stamp):
        """Number of the frame with a time stamp; None when no frame of the file has it."""
        if self._times is None or stamp is None:
            place = np.searchsorted(self._numbers, self._next)
        else:
            place = np.searchsorted(self._times, stamp)
            if place < len(self._times) and self._times[place] != stamp:
                return None
        return int(self._numbers[place]) if place < len(self._numbers) else None

    def _retrieve(self, index):
        image = picture(self._latest)
        return self._checked(image >> self._surplus if self._surplus else image, index)


def _decoded(packet, hurt):
    """The frames of a packet, none for an empty or damaged one; the time stamp of a damaged one is added to `hurt`."""
    import av

    if not packet.size and packet.pts is not None:  # the decoder would take it for the end
        return ()
    try:
        return packet.decode()
    except av.FFmpegError:
        hurt += [packet.pts] if packet.pts is not None else []
        return ()


def jpeg2000_surplus(content):
    """By how many bits FFmpeg makes the grey values of a JPEG 2000 code stream larger: it moves 9 to 15 bits up to 16.

    The depth stands in the stream's SIZ marker (ISO/IEC 15444-1, A.5.1). 0 for other depths, and for colour.
    """
    at = content.find(b"\xff\x4f\xff\x51")  # SOC, and SIZ behind it
    if at < 0 or len(content) < at + 43 or content[at + 40 : at + 42] != b"\0\x01":  # components: one
        return 0
    bits = (content[at + 42] & 0x7F) + 1
    return 16 - bits if 8 < bits < 16 else 0


def picture(frame):
    """(H, W) of a decoded PyAV frame, upright: uint8; uint16 for 9 to 16 bits, values as stored; or float32."""
    kind, bits = frame.format, max(part.bits for part in frame.format.components)
    if kind.name == "gray" or (kind.name.startswith("gray") and 9 <= bits <= 16 and "f" not in kind.name):
        image = _plane(frame, bits)
    elif bits > 8 and kind.is_planar and not kind.is_rgb:
        image = _plane(frame, bits)
    elif "f16" in kind.name or "f32" in kind.name:
        image = frame.to_ndarray(format="grayf32le")
    elif bits <= 8:
        image = cv2.cvtColor(frame.to_ndarray(format="bgr24"), cv2.COLOR_BGR2GRAY)
    else:
        image = cv2.cvtColor(frame.to_ndarray(format="rgb48le"), cv2.COLOR_RGB2GRAY)
    return np.ascontiguousarray(np.rot90(image, frame.rotation // 90 % 4))


def _plane(frame, bits):
    """The first plane of a frame, as an array of its own."""
    order = ">" if frame.format.is_big_endian else "<"
    kind, plane = np.dtype("u1" if bits <= 8 else order + "u2"), frame.planes[0]
    rows = np.frombuffer(plane, kind)[: plane.height * (plane.line_size // kind.itemsize)]
    return rows.reshape(plane.height, -1)[:, : frame.width].astype(kind.newbyteorder("="))
