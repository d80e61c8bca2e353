"""Getting the real sets: a download where the licence and the host allow it, and what to do by hand elsewhere."""

import os
import re
import shutil
import time
import zipfile
from pathlib import Path

from irtrack_core.optional import Lazy

pooch, requests, filelock = (Lazy(name, "readers") for name in ("pooch", "requests", "filelock"))

RECORD = "https://zenodo.org/api/records/5500576"
SOURCES = {
    "svanstrom": """Drone-detection-dataset, F. Svanstroem 2020/21, licence CC0, about 0.3 GB; doi 10.5281/zenodo.5500576
  By hand: download the archive from https://doi.org/10.5281/zenodo.5500576 and unzip it; Data/Video_IR with its IR_*.mp4
  and IR_*_LABELS.mat is what is needed.""",
    "hui": """Dim-small aircraft in infrared sequences, Hui Bingwei et al.; Science Data Bank, doi 10.11922/sciencedb.902
  Register at https://www.scidb.cn, download data1 ... data22, and put the folders into DATA/hui_dimsmall/.""",
    "kaist": """KAIST multispectral pedestrian set; licence CC BY-NC-SA; https://soonminhwang.github.io/rgbt-ped-detection/
  Follow that page's links, and put images/ and annotations*/ into DATA/kaist/.""",
    "otcbvs": """OTCBVS 01, OSU thermal pedestrians; http://vcipl-okstate.org/pbvs/bench/
  Download set 01 there, and unpack the folders 00001 ... 00010 into DATA/otcbvs/.""",
    "cptv": """Cacophony Project thermal clips; https://cacophony.org.nz
  Clips are released by the project; put *.cptv into DATA/cptv/ and install the package cptv.""",
    "got10k": """GOT-10k; http://got-10k.aitestunion.com (registration)
  Unpack it and give its folder: irtrack check got10k FOLDER. Visible light: it serves to test the reader only.""",
}
LARGEST = 100_000_000  # bytes of a file of the set; its clips have some 1 million
WANTED = re.compile(r"(?:^|/)Video_IR/(IR_[A-Z]+_\d+(?:\.mp4|_LABELS\.mat))$")


def instructions(name):
    """What to do to get the set `name`. Raises ValueError for an unknown one."""
    if name not in SOURCES:
        raise ValueError(f"nothing is known about a set {name!r}: use one of {', '.join(SOURCES)}")
    return SOURCES[name]


def published(record=RECORD):
    """(address, checksum "md5:...") of the set's zip file, as its host's record states them (Zenodo's JSON).

    Raises OSError when the record cannot be read or names no zip file.
    """
    try:
        answer = requests.get(record, timeout=60)
        answer.raise_for_status()
        files = [file for file in answer.json()["files"] if file["key"].endswith(".zip")]
        return files[0]["links"]["self"], files[0]["checksum"]
    except (requests.RequestException, ValueError, KeyError, IndexError, TypeError) as error:
        raise OSError(
            f"the set's record {record} cannot be read ({error}); try again, or give --checksum and --url, or:\n"
            + instructions("svanstrom")
        ) from error


class Resuming:
    """A downloader for pooch that goes on where an earlier download broke off.

    What has come so far stays in `part` until it is complete: across lost connections, which are tried ATTEMPTS times,
    and across Ctrl-C or a killed process. A server that cannot send the rest sends the whole again.
    """

    ATTEMPTS = 4

    def __init__(self, part, *, progress=True, pause=2.0):
        self.part, self.progress, self.pause = Path(part), progress, pause

    def __call__(self, url, output_file, caller):
        for attempt in range(1, self.ATTEMPTS + 1):
            try:
                self._receive(url)
                break
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                if attempt == self.ATTEMPTS:
                    told = f"{self._have()} bytes are kept, the same command goes on there"
                    raise OSError(f"{url}: the connection was lost ({error}); {told}") from error
                time.sleep(self.pause * attempt)
        os.replace(self.part, output_file)

    def _have(self):
        return self.part.stat().st_size if self.part.exists() else 0

    def _receive(self, url):
        from tqdm import tqdm  # it takes longer than to say that a set is unknown

        have = self._have()
        with requests.get(url, headers={"Range": f"bytes={have}-"} if have else {}, stream=True, timeout=60) as answer:
            if have and answer.status_code == 416:
                return  # nothing is left to send; the checksum will tell whether it is right
            answer.raise_for_status()
            have = have if answer.status_code == 206 else 0
            left = answer.headers.get("Content-Length")
            size = have + int(left) if left else None
            bar = tqdm(total=size, initial=have, unit="B", unit_scale=True, disable=not self.progress)
            with open(self.part, "ab" if have else "wb") as file, bar:
                for chunk in answer.iter_content(2**16):
                    file.write(chunk)
                    bar.update(len(chunk))


def fetch(folder, *, checksum=None, url=None, record=RECORD, checked=True, progress=True, pause=2.0):
    """Download the Svanström set into `folder`, check it, and unpack its infrared part; returns the set's folder.

    checksum: "sha256:..." or "md5:..." of the file; None: the one its host publishes in `record`, or, for an archive that
    was fetched before, the SHA-256 noted then. url: another place that has the same file. checked=False takes the file
    as it comes. An interrupted download goes on where it stopped; a complete archive with the right checksum is not
    downloaded again. The archive stays in `folder`/.fetch with its SHA-256 beside it.
    Raises ValueError for a wrong checksum or archive, OSError for the network.
    """
    if checksum is not None and not re.fullmatch(r"(md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})", checksum.lower()):
        raise ValueError(f"checksum {checksum!r} is not md5: and 32, or sha256: and 64 hexadecimal digits")
    store = Path(folder) / ".fetch"
    archive = store / "Drone-detection-dataset.zip"
    note, part = (archive.with_name(archive.name + end) for end in (".sha256", ".part"))
    store.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(store / "lock"):
        for stray in store.glob("tmp*"):  # pooch's own, of a process that was killed
            stray.unlink()
        noted = archive.exists() and note.exists() and note.read_text().split()[0]
        if checksum or not checked or not noted or pooch.file_hash(archive) != noted:
            if checked and not (checksum and url):
                address, stated = published(record)
                url, checksum = url or address, checksum or stated
            if not checked:  # nothing would tell that the rest belongs to another file
                part.unlink(missing_ok=True)
            try:
                pooch.retrieve(
                    url or published(record)[0],
                    known_hash=checksum.lower() if checksum else None,
                    fname=archive.name,
                    path=store,
                    downloader=Resuming(part, progress=progress, pause=pause),
                )
            except requests.RequestException as error:
                raise OSError(f"cannot be downloaded: {error}") from error
            note.write_text(f"{pooch.file_hash(archive)}  {archive.name}\n")
        return unpack(archive, Path(folder) / "svanstrom_ir")


def unpack(archive, folder):
    """The IR_*.mp4 and IR_*_LABELS.mat of the set's zip file, into `folder`/videos; returns `folder`.

    A file is written beside its place and moved there when it is complete. Raises ValueError when the archive is
    damaged or holds none of them.
    """
    videos = Path(folder) / "videos"
    try:
        with zipfile.ZipFile(archive) as content:
            members = {match[1]: info for info in content.infolist() if (match := WANTED.search(info.filename))}
            if too_large := [name for name, info in members.items() if info.file_size > LARGEST]:
                raise ValueError(
                    f"{archive} is not the set's archive: {too_large[0]} would have more than {LARGEST:,} bytes"
                )
            if not members:
                raise ValueError(f"{archive} holds no Video_IR/IR_*.mp4: it is not the set's archive")
            videos.mkdir(parents=True, exist_ok=True)
            for name, info in members.items():
                part = videos / f".{name}.part"
                with content.open(info) as source, open(part, "wb") as target:
                    shutil.copyfileobj(source, target)
                os.replace(part, videos / name)
    except (zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{archive} is a damaged archive ({error}): delete it and fetch again") from error
    return Path(folder)
