"""Downloads, from a server on this machine: good, wrong checksum, broken off, resumed by starting again."""

import hashlib
import http.server
import threading
import zipfile

import media
import pytest

from irtrack_core.__main__ import main
from irtrack_core.datasets import load
from irtrack_core.datasets.fetch import SOURCES, fetch, instructions, unpack


@pytest.fixture
def archive(tmp_path):
    """A zip file laid out like the set's own, with something beside the infrared part, and a name that climbs out."""
    video = media.write_video(tmp_path / "v.mp4", media.clip(4)).read_bytes()
    top = "DroneDetectionThesis-Drone-detection-dataset-e7a6eaf/Data"
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as content:
        content.writestr(f"{top}/Video_IR/IR_DRONE_001.mp4", video)
        content.writestr(f"{top}/Video_IR/IR_DRONE_001_LABELS.mat", b"labels")
        content.writestr(f"{top}/Video_V/V_DRONE_001.mp4", b"visible")
        content.writestr("../../Video_IR/../IR_DRONE_002.mp4", b"elsewhere")
    return (tmp_path / "set.zip").read_bytes()


@pytest.fixture
def server(archive):
    """Serves the archive at /set.zip, and only its first half, under the full length, at /half.zip."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.requests.append(self.path)
            if self.path not in ("/set.zip", "/half.zip"):
                return self.send_error(404)
            self.send_response(200)
            self.send_header("Content-Length", str(len(archive)))
            self.end_headers()
            self.wfile.write(archive if self.path == "/set.zip" else archive[: len(archive) // 2])

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.requests = []
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def test_download_check_and_unpack(server, archive, tmp_path):
    found = fetch(tmp_path / "data", checksum=sha(archive), url=f"{server.url}/set.zip", progress=False)
    assert sorted(p.name for p in found.rglob("*") if p.is_file()) == ["IR_DRONE_001.mp4", "IR_DRONE_001_LABELS.mat"]
    again = fetch(tmp_path / "data", checksum=sha(archive), url=f"{server.url}/set.zip", progress=False)
    assert again == found and server.requests == ["/set.zip"]  # what is there and right is not downloaded again
    (found / "videos/IR_DRONE_001.csv").write_text("frame,x,y,w,h\n0,10,12,4,5\n")
    (sequence,) = load("svanstrom", tmp_path / "data", names=["IR_DRONE_001"])
    assert media.number(sequence.frames[3]) == 3


def test_md5_is_taken_too(server, archive, tmp_path):
    md5 = "md5:" + hashlib.md5(archive).hexdigest().upper()
    assert fetch(tmp_path / "data", checksum=md5, url=f"{server.url}/set.zip", progress=False).is_dir()


def test_a_wrong_checksum_is_refused_and_nothing_stays(server, archive, tmp_path):
    with pytest.raises(ValueError, match="hash"):
        fetch(tmp_path / "data", checksum="sha256:" + "0" * 64, url=f"{server.url}/set.zip", progress=False)
    assert list((tmp_path / "data").iterdir()) == []


def test_a_download_that_breaks_off_starts_again(server, archive, tmp_path):
    with pytest.raises((OSError, ValueError)):
        fetch(tmp_path / "data", checksum=sha(archive), url=f"{server.url}/half.zip", progress=False)
    assert list((tmp_path / "data").iterdir()) == []
    found = fetch(tmp_path / "data", checksum=sha(archive), url=f"{server.url}/set.zip", progress=False)
    assert (found / "videos/IR_DRONE_001.mp4").is_file()


@pytest.mark.parametrize("checksum", ["abc", "md5:123", "sha256:" + "g" * 64, ""])
def test_a_malformed_checksum_is_told_before_any_download(server, tmp_path, checksum):
    with pytest.raises(ValueError, match="hexadecimal"):
        fetch(tmp_path / "data", checksum=checksum, url=f"{server.url}/set.zip")
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
    url = ["--url", f"{server.url}/set.zip"]
    assert main(["fetch", "svanstrom", "--checksum", sha(archive), *url]) == 0
    assert "1 sequences in data/raw/svanstrom_ir" in capsys.readouterr().out
    assert main(["fetch", "svanstrom", "--no-checksum", "--to", "other", *url]) == 0
    assert sha(archive).removeprefix("sha256:") in capsys.readouterr().out
    assert main(["fetch", "svanstrom", "--checksum", "md5:" + "0" * 32, "--to", "third", *url]) == 2
    assert "irtrack: error:" in capsys.readouterr().err
    assert main(["fetch", "svanstrom", "--checksum", sha(archive), "--url", f"{server.url}/gone", "--to", "f"]) == 2
    assert "404" in capsys.readouterr().err


def test_without_a_checksum_and_for_sets_behind_a_form_it_says_what_to_do(capsys):
    assert main(["fetch", "svanstrom"]) == 2
    assert "--checksum" in capsys.readouterr().out
    for name in SOURCES:
        assert "http" in instructions(name)
    assert main(["fetch", "kaist"]) == 0
    assert "soonminhwang" in capsys.readouterr().out
    assert main(["fetch", "imagenet"]) == 2
    assert "nothing is known about a set 'imagenet'" in capsys.readouterr().err
