"""Processes that are stopped at random moments and started again: they must come to the same end, and lose nothing.

    python tests/helpers/kills.py [--moments 60] [--seed N]     (make kill)

At each moment one of the kinds of work below is started, and stopped by SIGKILL, SIGTERM or SIGINT at a random time of its
usual length. What lies there then must be whole; what is started again goes on; where a run gets through, its results are
those of one that nobody stopped, and nothing else is left.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import media
from processes import environment

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
OLD = "frame,x,y,w,h,score\n0,1.00,2.00,3.00,4.00,0.5000\n"  # what was there before
# signals that the shell may have told us to ignore go to their usual place first
START = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
TRAIN = """
from toys import moving_spot
import torch
from irtrack_core.config import TrainingSettings, network_preset
from irtrack_core.network.weights import save_weights
from irtrack_core.training.loop import new_net, train
from irtrack_core.training.sampling import PairSampler
torch.set_num_threads(1)
small = network_preset("compact", width=0.25)
net = new_net(small)
settings = TrainingSettings(iterations=24, batch=2, checkpoint_every=3)
train(net, PairSampler([moving_spot()], small, 13), settings, checkpoint="run.safetensors", progress=False)
save_weights(net, "final.safetensors")
"""
STUDY = """
from dataclasses import replace
from toys import moving_spot
from irtrack_core.experiments import study
spot = moving_spot(60)
study.track([replace(spot, name=str(i)) for i in range(8)], ["identity", "peak"], ".")
"""
IRTRACK = "import sys\nfrom irtrack_core.cli.main import main\nsys.exit(main(sys.argv[1:]))"
NOTEBOOK = """import sys
from irtrack_core.workbook.__main__ import main
sys.exit(main(["run", "source/90_small.ipynb", "out.ipynb", "-p", "seed", "3"]))"""


class Work:
    """One kind of work: `words` to run in a folder that `prepare` made, `results` to compare, `check` after a stop."""

    def prepare(self, folder):
        folder.mkdir()

    def begin(self, folder):
        """Called before each start."""

    def check(self, folder, number):
        """Raises AssertionError where something was lost."""

    def results(self, folder):
        """{name: bytes} of all files."""
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        return {str(file.relative_to(folder)): self.content(file) for file in files}

    content = staticmethod(Path.read_bytes)


class Training(Work):
    words = ["-c", START + TRAIN]

    @staticmethod
    def content(file):  # the order of the words in the header is any
        from irtrack_core.network.weights import read_tensors

        tensors, words = read_tensors(file)
        words.pop("provenance", None)
        return repr((sorted((k, v.tobytes()) for k, v in tensors.items()), sorted(words.items()))).encode()


class Study(Work):
    words = ["-c", START + STUDY]

    @staticmethod
    def content(file):  # times differ from run to run
        rows = [line.split(",") for line in file.read_text().splitlines()]
        seconds = rows[0].index("seconds")
        return str([row[:seconds] + row[seconds + 1 :] for row in rows]).encode()


class Track(Work):
    words = ["-c", START + IRTRACK, "track", "film.avi", "--box", "26,16,9,9", "--csv", "b.csv", "--out", "o.avi"]

    def prepare(self, folder):
        folder.mkdir()
        y, x = np.mgrid[:96, :128] + 0.5
        spots = [60 + 150 * np.exp(-((x - 30.5 - i / 4) ** 2 + (y - 20.5 - i / 8) ** 2) / 8) for i in range(150)]
        media.write_video(folder / "film.avi", np.array(spots).astype(np.uint8))
        (folder / "b.csv").write_text(OLD)
        (folder / "o.avi").write_text(OLD)

    def begin(self, folder):
        self.before = (folder / "b.csv").read_text()
        self.there = {file.name for file in folder.iterdir()}  # parts of a run that was killed, until one gets as far

    def check(self, folder, number):
        text, whole = (folder / "b.csv").read_text(), self.reference["b.csv"].decode()
        kept = number != signal.SIGKILL and whole.startswith(text) and text.endswith("\n")
        assert kept or text in (self.before, whole), "the boxes that were there are lost, or a row is cut"
        if number != signal.SIGKILL:
            left = {file.name for file in folder.iterdir()} - self.there
            assert not left, f"left behind: {left}"


class Notebook(Work):
    words = ["-c", START + NOTEBOOK]
    cells = [
        "seed: int = 0",
        "import time\ntime.sleep(0.4)\nprint(seed)",
        "time.sleep(0.4)\nopen('done.txt', 'w').write('done')",
    ]

    def prepare(self, folder):
        from irtrack_core.workbook import runner

        source = folder / "notebooks" / "src" / "90_small.py"
        source.parent.mkdir(parents=True)
        tags = [' tags=["parameters"]', "", ""]
        source.write_text("\n".join(f"# %%{tag}\n{cell}" for tag, cell in zip(tags, self.cells)))
        (folder / "pyproject.toml").write_text('name = "irtrack-core"\n')  # the notebook runs in here
        (folder / "source").mkdir()
        shutil.move(runner.build(source, execute=False), folder / "source")

    @staticmethod
    def content(file):
        return b"" if file.suffix == ".ipynb" else file.read_bytes()  # it holds times


class Fetch(Work):
    """From a server in this process, which sends slowly."""

    def __init__(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.zip"
            with zipfile.ZipFile(path, "w") as archive:
                for i in range(3):
                    for end in (".mp4", "_LABELS.mat"):
                        archive.writestr(f"Data/Video_IR/IR_DRONE_00{i}{end}", random.Random(i).randbytes(200_000))
            archive = path.read_bytes()

        class Slow(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                first = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
                self.send_response(206 if first else 200)
                self.send_header("Content-Length", str(len(archive) - first))
                self.end_headers()
                for at in range(first, len(archive), 50_000):
                    self.wfile.write(archive[at : min(at + 50_000, len(archive))])
                    time.sleep(0.03)

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except ConnectionError:  # its client was killed
                    self.close_connection = True

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = ["--url", f"http://127.0.0.1:{server.server_port}/a.zip"]
        source += ["--checksum", f"sha256:{hashlib.sha256(archive).hexdigest()}"]
        self.words = ["-c", START + IRTRACK, "fetch", "svanstrom", "--to", ".", *source]

    def check(self, folder, number):
        for file in (folder / "svanstrom_ir").rglob("IR_*"):
            assert file.stat().st_size == 200_000, f"half of {file.name}"


KINDS = (Training, Study, Track, Notebook, Fetch)


class Stopped:
    """A kind of work that is stopped again and again; `folder` is its place."""

    def __init__(self, work, folder):
        self.work, self.place, self.runs = work, Path(folder), 0
        begin = time.monotonic()
        self.reference = self.work.reference = self.finish("reference")
        self.seconds = time.monotonic() - begin
        self.begin_anew()

    def begin_anew(self):
        self.runs += 1
        self.folder = self.place / f"run{self.runs}"
        self.work.prepare(self.folder)

    def start(self, folder):
        self.work.begin(folder)
        return subprocess.Popen(
            [sys.executable, *self.work.words],
            cwd=folder,
            env=environment(OMP_NUM_THREADS="1", IRTRACK_RESULTS=str(folder / "results")),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self, name=None):
        """The results of a run that nobody stops; name: in a new folder of this name."""
        if name:
            self.folder = self.place / name
            self.work.prepare(self.folder)
        run = self.start(self.folder)
        try:
            errors = run.communicate(timeout=120)[1]
        finally:
            end(run)
        assert run.returncode == 0, errors.decode()[-2000:]
        return self.work.results(self.folder)

    def moment(self, number, share):
        """Start, and send the signal after this share of the usual time; returns what became of it, as a word."""
        run = self.start(self.folder)
        try:
            try:
                run.wait(share * self.seconds)
            except subprocess.TimeoutExpired:
                run.send_signal(number)
            try:
                errors = run.communicate(timeout=30)[1].decode()
            except subprocess.TimeoutExpired:
                raise AssertionError(f"goes on, or leaves processes, 30 s after {number!r}") from None
        finally:
            end(run)
        if run.returncode == 0:
            self.compare(self.work.results(self.folder))
            self.begin_anew()
            return "through"
        assert run.returncode in (-number, 128 + number, 1), f"ended with {run.returncode} {errors[-2000:]}"
        self.work.check(self.folder, number)
        return "stopped"

    def compare(self, found):
        assert set(found) == set(self.reference), f"left behind: {set(found) ^ set(self.reference)}"
        different = [name for name, content in found.items() if content != self.reference[name]]
        assert not different, f"other bytes than in one go: {different}"


def end(run):
    try:
        os.killpg(run.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=[kind.__name__ for kind in KINDS], metavar="KIND")
    options = parser.parse_args()
    rng, failed = random.Random(options.seed), []
    with tempfile.TemporaryDirectory() as place:
        kinds = [kind for kind in KINDS if kind.__name__ in options.kinds]
        for turn, kind in enumerate(kinds):
            folder = Path(place) / kind.__name__
            folder.mkdir()
            stopped = Stopped(kind(), folder)
            for k in range(turn, options.moments, len(kinds)):
                number, share = rng.choice(SIGNALS), rng.uniform(0.1, 1.0)
                try:
                    word = stopped.moment(number, share)
                except AssertionError as error:
                    word = f"FAILED: {error}"
                    failed.append(k)
                    stopped.begin_anew()
                print(f"{k:3} {kind.__name__:9} {number.name} at {share * stopped.seconds:5.2f} s: {word}", flush=True)
            stopped.compare(stopped.finish())
    print(f"{options.moments} moments, {len(failed)} failed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
