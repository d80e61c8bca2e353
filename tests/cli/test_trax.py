"""`irtrack trax`: what is answered to the VOT toolkit; with the package vot-trax a real client asks over its protocol."""

import subprocess
import sys
from collections import namedtuple

import media
import numpy as np
import pytest

from irtrack_core import trackers
from irtrack_core.cli import trax
from irtrack_core.cli.main import main

Request = namedtuple("Request", "type image objects")


class File:
    def __init__(self, path):
        self._path = path

    def path(self):
        return str(self._path)


class Bytes(File):
    path = None

    def __init__(self, path):
        self._path = path

    def buffer(self):
        return self._path.read_bytes()

    def __getattribute__(self, name):
        if name == "path":
            raise AttributeError(name)
        return super().__getattribute__(name)


class Box:
    def __init__(self, *numbers):
        self.numbers = numbers

    def bounds(self):
        return self.numbers


class Server:
    """Hands out the requests and keeps the answers, as (box, confidence)."""

    def __init__(self, requests):
        self.requests, self.answers = list(requests), []

    def wait(self):
        return self.requests.pop(0) if self.requests else Request("quit", None, None)

    def status(self, objects):
        self.answers.append([(region.bounds(), round(told["confidence"], 6)) for region, told in objects])


@pytest.fixture
def files(tmp_path):
    """Five frames of a bright square that moves two pixels a frame."""
    frames = np.full((5, 48, 64), 40, np.uint8)
    for i, frame in enumerate(frames):
        frame[20:24, 20 + 2 * i : 24 + 2 * i] = 200
    return sorted(media.write_images(tmp_path / "clip", frames).glob("*.png"))


def requests(files, image=File, start=None, channel="color"):
    yield Request("initialize", {channel: image(files[0])}, start or [(Box(20, 20, 4, 4), {})])
    for file in files[1:]:
        yield Request("frame", {channel: image(file)}, None)


@pytest.mark.parametrize("image, channel", [(File, "color"), (Bytes, "ir")])
def test_the_toolkit_gets_what_the_tracker_finds(files, image, channel):
    server = Server(requests(files, image, channel=channel))
    trax.serve(server, lambda: trackers.create("peak"), Box, channel)
    assert len(server.answers) == 5 and server.answers[0] == [((20, 20, 4, 4), 1.0)]
    for i, ((box, confidence),) in enumerate(server.answers):
        assert np.hypot(box[0] + box[2] / 2 - 22 - 2 * i, box[1] + box[3] / 2 - 22) < 1 and 0 < confidence <= 1


def test_several_objects_and_a_new_sequence(files):
    two = [(Box(20, 20, 4, 4), {}), (Box(40, 30, 6, 6), {})]
    more = Request("frame", {"color": File(files[1])}, [(Box(5, 5, 4, 4), {})])  # one comes in later
    server = Server([*requests(files[:1], start=two), more, *requests(files[:2])])
    trax.serve(server, lambda: trackers.create("identity"), Box)
    assert [len(answer) for answer in server.answers] == [2, 3, 1, 1]
    assert server.answers[1][2] == ((5, 5, 4, 4), 1.0)


def test_a_frame_that_cannot_be_read_is_answered_and_told(files, capsys):
    media.truncate(files[2], 0.1)
    server = Server(requests(files))
    trax.serve(server, lambda: trackers.create("peak"), Box)
    assert server.answers[2][0][1] == 0 and server.answers[2][0][0] == server.answers[1][0][0]
    assert server.answers[3][0][1] > 0 and "not a readable image" in capsys.readouterr().err
    media.truncate(files[0], 0.1)
    with pytest.raises(ValueError, match="not a readable image"):
        trax.serve(Server(requests(files)), lambda: trackers.create("peak"), Box)


def test_without_the_package_its_extra_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "trax", None)
    assert main(["trax", "--tracker", "peak"]) == 2
    assert "irtrack-core[vot]" in capsys.readouterr().err


def test_a_real_client_over_the_protocol(files):
    client = pytest.importorskip("trax.client", reason="vot-trax is in the extra vot")
    from trax import FileImage, Rectangle

    command = [sys.executable, "-m", "irtrack_core", "trax", "--tracker", "peak"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        asked = client.Client(stream=(process.stdin.fileno(), process.stdout.fileno()), log=lambda text: None)
        state = asked.initialize({"color": FileImage.create(str(files[0]))}, [(Rectangle.create(20, 20, 4, 4), {})], {})
        assert state
        for i, file in enumerate(files[1:], start=1):
            ((region, told),), _ = asked.frame({"color": FileImage.create(str(file))}, {}, [])
            x, _, w, _ = region.bounds()
            assert abs(x + w / 2 - 22 - 2 * i) < 1 and 0 < float(told["confidence"]) <= 1
        asked.quit()
