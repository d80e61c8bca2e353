"""Downloads, from a server on this machine: good, wrong checksum, broken off, resumed."""

import hashlib
import http.server
import json
import threading
import zipfile

import media
import numpy as np
import pytest

from irtrack_core.__main__ import main
from irtrack_core.datasets import load
from irtrack_core.datasets.fetch import SOURCES, fetch, instructions, published, unpack


@pytest.fixture
def archive(tmp_path):
    """A zip file laid out like the set's own, with something beside the infrared part, and a name that climbs out."""
    video = media.write_video(tmp_path / "v.mp4", media.clip(4)).read_bytes()
    top = "DroneDetectionThesis-Drone-detection-dataset-e7a6eaf/Data"
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as content:
        content.writestr(f"{top}/Video_IR/IR_DRONE_001.mp4", video)
        content.writestr(f"{top}/Video_IR/IR_DRONE_001_LABELS.mat", b"labels")
        content.writestr(f"{top}/Video_V/V_DRONE_001.mp4", np.random.default_rng(0).bytes(400_000))
        content.writestr("../../Video_IR/../IR_DRONE_002.mp4", b"elsewhere")
    return (tmp_path / "set.zip").read_bytes()


class Handler(http.server.BaseHTTPRequestHandler):
    """The archive at /set.zip; /whole.zip cannot send parts; the first request to /flaky.zip and every one to /half.zip
    breaks off halfway; /record names /set.zip and its MD5, as the set's host does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server, data = self.server, self.server.archive
        asked = self.headers.get("Range")
        server.requests.append(f"{self.path} {asked or 'whole'}")
        if self.path == "/record":
            link = {"self": f"{server.url}/set.zip"}
            files = [{"key": "notes.txt"}, {"key": "x/set.zip", "checksum": server.checksum, "links": link}]
            return self.answer(200, json.dumps({"files": files}).encode())
        if self.path not in ("/set.zip", "/whole.zip", "/flaky.zip", "/half.zip"):
            return self.send_error(404)
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.path != "/whole.zip" else 0
        if begin >= len(data):
            return self.send_error(416)
        breaks = self.path == "/half.zip" or self.path == "/flaky.zip" and not begin
        self.answer(206 if begin else 200, data[begin:], cut=len(data) // 2 - begin if breaks else None)

    def answer(self, status, body, cut=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if cut is None else body[: max(cut, 0)])
        self.close_connection = cut is not None

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(archive):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.requests, running.archive = [], archive
        running.checksum = "md5:" + hashlib.md5(archive).hexdigest()
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def get(server, folder, path="set.zip", **options):
    options = dict(checksum=sha(server.archive), progress=False, pause=0) | options
    return fetch(folder, url=f"{server.url}/{path}", **options)


def kept(folder):
    """Files of the download store, but the lock."""
    return sorted(file.name for file in (folder / ".fetch").iterdir() if file.name != "lock")


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def test_download_check_and_unpack(server, archive, tmp_path):
    found = get(server, tmp_path / "data")
    assert sorted(p.name for p in found.rglob("*") if p.is_file()) == ["IR_DRONE_001.mp4", "IR_DRONE_001_LABELS.mat"]
    assert get(server, tmp_path / "data") == found
    assert server.requests == ["/set.zip whole"]  # what is there and right is not downloaded again
    (found / "videos/IR_DRONE_001.csv").write_text("frame,x,y,w,h\n0,10,12,4,5\n")
    (sequence,) = load("svanstrom", tmp_path / "data", names=["IR_DRONE_001"])
    assert media.number(sequence.frames[3]) == 3


def test_the_host_states_address_and_checksum(server, archive, tmp_path):
    folder, record = tmp_path / "data", f"{server.url}/record"
    assert published(record) == (f"{server.url}/set.zip", server.checksum)
    fetch(folder, record=record, progress=False)
    noted = (folder / ".fetch/Drone-detection-dataset.zip.sha256").read_text()
    assert noted.split()[0] == hashlib.sha256(archive).hexdigest()
    count = len(server.requests)
    fetch(folder, record=record, progress=False)  # its SHA-256 is known now: nothing is asked again
    assert len(server.requests) == count
    media.damage(folder / ".fetch/Drone-detection-dataset.zip", 0.3, 50)
    assert (fetch(folder, record=record, progress=False) / "videos/IR_DRONE_001.mp4").is_file()
    assert server.requests[count:] == ["/record whole", "/set.zip whole"]
    server.checksum = "md5:" + "0" * 32
    with pytest.raises(ValueError, match="hash"):
        fetch(tmp_path / "other", record=record, progress=False)
    with pytest.raises(OSError, match=r"record .*gone cannot be read(.|\n)*By hand"):
        fetch(tmp_path / "other", record=f"{server.url}/gone", progress=False)
    with pytest.raises(OSError, match="cannot be read"):  # no record at all
        fetch(tmp_path / "other", record=f"{server.url}/set.zip", progress=False)


def test_md5_is_taken_too(server, archive, tmp_path):
    assert get(server, tmp_path / "data", checksum=server.checksum.upper().replace("MD5", "md5")).is_dir()


def test_a_wrong_checksum_is_refused_and_nothing_stays(server, archive, tmp_path):
    with pytest.raises(ValueError, match="hash"):
        get(server, tmp_path / "data", checksum="sha256:" + "0" * 64)
    assert kept(tmp_path / "data") == [] and not (tmp_path / "data/svanstrom_ir").exists()
    assert get(server, tmp_path / "data").is_dir()


def test_a_wrong_checksum_leaves_the_archive_that_was_there(server, archive, tmp_path):
    get(server, tmp_path / "data")
    with pytest.raises(ValueError, match="hash"):
        get(server, tmp_path / "data", checksum="sha256:" + "0" * 64)
    assert (tmp_path / "data/.fetch/Drone-detection-dataset.zip").read_bytes() == archive


def test_a_lost_connection_is_taken_up_again(server, archive, tmp_path):
    get(server, tmp_path / "data", "flaky.zip")
    whole, rest = server.requests
    begin = int(rest.removeprefix("/flaky.zip bytes=").rstrip("-"))
    assert whole == "/flaky.zip whole" and 100_000 < begin <= len(archive) // 2


def test_a_download_that_broke_off_goes_on_the_next_time(server, archive, tmp_path):
    with pytest.raises(OSError, match="bytes are kept, the same command goes on there"):
        get(server, tmp_path / "data", "half.zip")
    assert kept(tmp_path / "data") == ["Drone-detection-dataset.zip.part"]
    size = (tmp_path / "data/.fetch/Drone-detection-dataset.zip.part").stat().st_size
    assert 100_000 < size <= len(archive) // 2
    server.requests.clear()
    assert (get(server, tmp_path / "data") / "videos/IR_DRONE_001.mp4").is_file()
    assert server.requests == [f"/set.zip bytes={size}-"]


@pytest.mark.parametrize("path", ["set.zip", "whole.zip"])
@pytest.mark.parametrize("rest", ["good", "complete", "foreign"])
def test_whatever_an_earlier_download_left(server, archive, tmp_path, path, rest):
    """A good beginning, a complete file, and the beginning of another file: refused once, then fetched anew."""
    store = tmp_path / "data/.fetch"
    store.mkdir(parents=True)
    left = {"good": archive[:100], "complete": archive, "foreign": b"something else"}[rest]
    (store / "Drone-detection-dataset.zip.part").write_bytes(left)
    (store / "tmpabc").write_bytes(b"")  # of a process that was killed
    if rest == "foreign" and path == "set.zip":
        with pytest.raises(ValueError, match="hash"):
            get(server, tmp_path / "data", path)
    get(server, tmp_path / "data", path)
    assert kept(tmp_path / "data") == ["Drone-detection-dataset.zip", "Drone-detection-dataset.zip.sha256"]


def test_a_killed_download_goes_on(server, archive, tmp_path):
    """Ctrl-C in the middle: what came stays, and nothing that looks finished is left."""

    def stop(self, size):
        yield archive[:500]
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("requests.Response.iter_content", stop)
        with pytest.raises(KeyboardInterrupt):
            get(server, tmp_path / "data")
    assert kept(tmp_path / "data") == ["Drone-detection-dataset.zip.part"]
    server.requests.clear()
    get(server, tmp_path / "data")
    assert server.requests == ["/set.zip bytes=500-"]


@pytest.mark.parametrize("checksum", ["abc", "md5:123", "sha256:" + "g" * 64, ""])
def test_a_malformed_checksum_is_told_before_any_download(server, tmp_path, checksum):
    with pytest.raises(ValueError, match="hexadecimal"):
        get(server, tmp_path / "data", checksum=checksum)
    assert server.requests == [] and not (tmp_path / "data").exists()


def test_damaged_and_foreign_archives(archive, tmp_path):
    (tmp_path / "cut.zip").write_bytes(archive[: len(archive) // 2])
    with pytest.raises(ValueError, match="damaged archive"):
        unpack(tmp_path / "cut.zip", tmp_path / "a")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as content:
        content.writestr("Data/Audio/DRONE_001.wav", b"")
    with pytest.raises(ValueError, match="holds no Video_IR"):
        unpack(tmp_path / "other.zip", tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_command(server, archive, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("IRTRACK_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    digest = hashlib.sha256(archive).hexdigest()
    assert main(["fetch", "svanstrom", "--record", f"{server.url}/record"]) == 0
    told = capsys.readouterr()
    assert "1 sequences in data/raw/svanstrom_ir" in told.out and digest in told.out
    assert "100%" in told.err  # the progress bar
    url = ["--url", f"{server.url}/set.zip"]
    assert main(["fetch", "svanstrom", "--no-checksum", "--to", "other", *url]) == 0
    assert main(["fetch", "svanstrom", "--checksum", f"sha256:{digest}", "--to", "again", *url]) == 0
    assert main(["fetch", "svanstrom", "--checksum", "md5:" + "0" * 32, "--to", "third", *url]) == 2
    assert "irtrack: error:" in capsys.readouterr().err
    assert main(["fetch", "svanstrom", "--checksum", sha(archive), "--url", f"{server.url}/gone", "--to", "f"]) == 2
    assert "404" in capsys.readouterr().err


def test_for_sets_behind_a_form_it_says_what_to_do(capsys):
    for name in SOURCES:
        assert "http" in instructions(name)
        if name != "svanstrom":
            assert main(["fetch", name]) == 0 and capsys.readouterr().out.strip() == instructions(name)
    assert main(["fetch", "imagenet"]) == 2
    assert "nothing is known about a set 'imagenet'" in capsys.readouterr().err
