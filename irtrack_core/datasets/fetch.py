"""Getting the real sets: a download where the licence and the host allow it, and what to do by hand elsewhere."""

import hashlib
import os
import re
import shutil
import zipfile
from pathlib import Path

import pooch

__all__ = ["SOURCES", "URL", "instructions", "fetch", "unpack"]

URL = "https://zenodo.org/records/5500576/files/DroneDetectionThesis/Drone-detection-dataset-v1.0.0.zip"
SOURCES = {
    "svanstrom": f"""Drone-detection-dataset, F. Svanstroem 2020/21, licence CC0, about 0.3 GB; doi 10.5281/zenodo.5500576
  Open https://doi.org/10.5281/zenodo.5500576, where the host shows the file's checksum, and run
    irtrack fetch svanstrom --checksum md5:THE_CHECKSUM_SHOWN
  (no checksum is built in: none could be verified when this was written). Or download the file yourself,
    {URL}
  and unzip it; Data/Video_IR with its IR_*.mp4 and IR_*_LABELS.mat is what is needed.""",
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
WANTED = re.compile(r"(?:^|/)Video_IR/(IR_[A-Z]+_\d+(?:\.mp4|_LABELS\.mat))$")


def instructions(name):
    """What to do to get the set `name`. Raises ValueError for an unknown one."""
    if name not in SOURCES:
        raise ValueError(f"nothing is known about a set {name!r}: use one of {', '.join(SOURCES)}")
    return SOURCES[name]


def fetch(folder, *, checksum, url=URL, progress=True):
    """Download the Svanström set into `folder`, check it, and unpack its infrared part; returns the set's folder.

    checksum: "sha256:..." or "md5:..." of the file, or None to take it as it comes (the caller should then show
    `sha256` of it). A download that was interrupted leaves nothing behind and starts again; a file that is there
    already with the right checksum is used. Raises ValueError for a wrong checksum or archive, OSError for the network.
    """
    folder = Path(folder)
    if checksum is not None and not re.fullmatch(r"(md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})", checksum.lower()):
        raise ValueError(f"checksum {checksum!r} is not md5: and 32, or sha256: and 64 hexadecimal digits")
    folder.mkdir(parents=True, exist_ok=True)
    archive = pooch.retrieve(
        url,
        known_hash=checksum.lower() if checksum else None,
        fname="Drone-detection-dataset.zip",
        path=folder,
        downloader=pooch.HTTPDownloader(progressbar=progress, timeout=60),
    )
    return unpack(archive, folder / "svanstrom_ir")


def unpack(archive, folder):
    """The IR_*.mp4 and IR_*_LABELS.mat of the set's zip file, into `folder`/videos; returns `folder`.

    A file is written beside its place and moved there when it is complete. Raises ValueError when the archive is
    damaged or holds none of them.
    """
    videos = Path(folder) / "videos"
    try:
        with zipfile.ZipFile(archive) as content:
            members = {match[1]: info for info in content.infolist() if (match := WANTED.search(info.filename))}
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


def sha256(path):
    """SHA-256 of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
