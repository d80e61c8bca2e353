"""Label files with random changes: read, or refused with the errors that the readers document, and nothing else."""

import shutil

import pytest
import sets
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core.datasets import load
from irtrack_core.datasets.check import check
from irtrack_core.datasets.formats.recognise import detect

TEXT = (".txt", ".json", ".xml", ".csv", ".label", ".ini")
NAMES = ["folder", *sorted(set(sets.MADE) - {"uav123", "irdst"})]  # 420 images; no text
PIECES = [
    "",
    ",",
    ";",
    "\t",
    "\n",
    "\n\n",
    '"',
    "nan",
    "inf",
    "-1",
    "1e999",
    "0",
    "9" * 30,
    "x",
    "null",
    "[]",
    "{}",
    "<",
    "\0",
    "é",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """{format: folder}, made once."""
    folders = {name: tmp_path_factory.mktemp(name.replace("-", "")) for name in NAMES}
    for name, make in sets.MADE.items():
        if name in folders:
            make(folders[name])
    sets.images(folders["folder"] / "clip")
    sets.write(folders["folder"] / "clip/boxes.csv", "frame,x,y,w,h\n0,10,12,5,4\n1,,,,\n3,19,12.5,5,4\n")
    return folders


@st.composite
def changes(draw):
    """A list of (where as a share of the file, how many characters go, what comes in their place)."""
    one = st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES))
    return draw(st.lists(one, min_size=1, max_size=4))


@settings(max_examples=120, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    which=st.integers(0, 10),
    changed=changes(),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
)
def test_only_documented_errors(made, tmp_path_factory, name, which, changed, encoding):
    folder = tmp_path_factory.mktemp("changed") / "set"
    shutil.copytree(made[name], folder)
    files = sorted(file for file in folder.rglob("*") if file.suffix in TEXT)
    file = files[which % len(files)]
    text = file.read_text(encoding="utf-8")
    for share, gone, new in changed:
        at = int(share * len(text))
        text = text[:at] + new + text[at + gone :]
    file.write_bytes(text.encode(encoding))
    for action in (lambda: load(name, folder), lambda: str(check(name, folder, decode=False)), lambda: detect(folder)):
        try:
            action()
        except (ValueError, FileNotFoundError) as error:
            assert str(error)
    shutil.rmtree(folder.parent)
