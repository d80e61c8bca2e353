"""Files that claim to be larger, deeper or elsewhere than they should: refused by our own guards, before memory is taken.

Harmless stand-ins that this test makes itself: they hold nothing but a few bytes, or a hole.
"""

import hashlib
import json
import struct
import zipfile

import cv2
import numpy as np
import pytest
from processes import python

GIGABYTE = 2**30
DEEP = "[" * 200_000

# what reads the file, and how its refusal begins; run in a process of its own, which knows how much memory it took
READ = """
import resource, sys
sys.path.insert(0, "")
from pathlib import Path
import cv2, numpy, pydantic, safetensors.numpy
{prepare}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    {read}
except (ValueError, OSError) as error:
    print(f"{{type(error).__name__}}: {{error}}"[:300])
else:
    print("taken")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
TENSORS = ("from irtrack_core.network.weights import read_tensors", "read_tensors('w.safetensors')")
TRACKER = (
    "from irtrack_core import trackers; from irtrack_core.trackers import siamese",
    "trackers.create('siamese', weights='w.safetensors', backend='opencv')",
)
NPY = ("from irtrack_core.datasets.open_frames import open_frames", "open_frames('a.npy')")
BOXES = ("from irtrack_core.datasets import load", "load('cptv', 'clip.cptv')")
BOOK = ("from irtrack_core.workbook import parameters", "parameters.check('n.ipynb', {}, '.')")
ZIP = ("from irtrack_core.datasets.fetch import unpack", "unpack(Path('a.zip'), Path('out'))")


def hole(path, head, size=GIGABYTE):
    """A file that begins with some bytes and has this size, without taking that room."""
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(size)


def weights(folder, header):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    (folder / "w.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)


def card(**graphs):
    from irtrack_core.config import network_preset

    settings = json.dumps(network_preset("compact").model_dump(mode="json"))
    return {"__metadata__": {"settings": settings, "card": json.dumps({"graphs": graphs})}}


def header_of_a_gigabyte(folder):
    hole(folder / "w.safetensors", struct.pack("<Q", GIGABYTE - 8) + b"{")


def header_that_is_not_there(folder):
    (folder / "w.safetensors").write_bytes(struct.pack("<Q", GIGABYTE) + b"{}")


def deep_header(folder):
    weights(folder, DEEP.encode())


def tensor_that_is_not_there(folder):
    weights(folder, {"a": {"dtype": "F32", "shape": [2**28], "data_offsets": [0, 2**30]}})


def graph_of_a_gigabyte(folder):
    weights(folder, card(template="0" * 64))
    hole(folder / "w.template.onnx", b"")


def graph_with_numbers_elsewhere(folder):
    model = b"\x0a\x08location\x12\x0e../../elsewhere"
    weights(folder, card(template=hashlib.sha256(model).hexdigest()))
    (folder / "w.template.onnx").write_bytes(model)


def graph_that_is_none(folder):
    weights(folder, card(**dict.fromkeys(("template", "search"), hashlib.sha256(b"no graph").hexdigest())))
    for name in ("template", "search"):
        (folder / f"w.{name}.onnx").write_bytes(b"no graph")


def settings_of_a_giant(folder):
    words = card(template="0" * 64)["__metadata__"]
    words["settings"] = json.dumps(json.loads(words["settings"]) | {"search_size": 10**9})
    weights(folder, {"__metadata__": words})


def npy(folder, header, size=None):
    text = f"{header:<117}\n".encode()
    hole(folder / "a.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text, size or len(text) + 10)


def array_that_is_not_there(folder):
    npy(folder, "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 16384, 16384), }")


def array_of_objects(folder):
    np.save(folder / "a.npy", np.array([[["x"]]], dtype=object), allow_pickle=True)


def array_header_of_a_gigabyte(folder):
    hole(folder / "a.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", GIGABYTE - 12))


def deep_array_header(folder):
    npy(folder, "{'descr': '|u1', 'fortran_order': False, 'shape': " + "(" * 5000 + ")" * 5000 + "}")


def notebook_of_a_gigabyte(folder):
    hole(folder / "n.ipynb", b'{"cells": [')


def deep_notebook(folder):
    (folder / "n.ipynb").write_text('{"cells": ' + DEEP)


def deep_parameters(folder):
    source = "x: int = " + "(" * 3000 + "1" + ")" * 3000
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source}
    (folder / "n.ipynb").write_text(json.dumps({"cells": [cell]}))


def zip_of_a_gigabyte(folder):
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("Video_IR/IR_DRONE_001.mp4", "w") as file:
            for _ in range(101):
                file.write(bytes(10**6))


def picture(folder, name, content):
    (folder / name).write_bytes(content)


def png_with_a_part_that_is_not_there(folder):
    content = cv2.imencode(".png", np.zeros((48, 64), np.uint8))[1].tobytes()
    at = content.find(b"IDAT") - 4
    picture(folder, "a.png", content[:at] + struct.pack(">I", 10_000) + content[at + 4 :])


def jpeg_larger_than_its_bytes(folder):
    content = bytearray(cv2.imencode(".jpg", np.zeros((48, 64), np.uint8))[1].tobytes())
    struct.pack_into(">HH", content, content.find(b"\xff\xc0") + 5, 1600, 1600)
    picture(folder, "a.jpg", content)


def pgm_larger_than_its_bytes(folder):
    picture(folder, "a.pgm", b"P5 1600 1600 255\n" + bytes(100))


def image(name):
    return "from irtrack_core.datasets.pictures import read_image", f"read_image('{name}')"


CASES = [
    (png_with_a_part_that_is_not_there, image("a.png"), "FrameError: a.png is not a readable image"),
    (jpeg_larger_than_its_bytes, image("a.jpg"), "FrameError: a.jpg is not a readable image"),
    (pgm_larger_than_its_bytes, image("a.pgm"), "FrameError: a.pgm is not a readable image"),
    (header_of_a_gigabyte, TENSORS, "ValueError: w.safetensors is not a whole safetensors file"),
    (header_that_is_not_there, TENSORS, "ValueError: w.safetensors is not a whole safetensors file"),
    (deep_header, TENSORS, "ValueError: w.safetensors is not a whole safetensors file"),
    (tensor_that_is_not_there, TENSORS, "ValueError: w.safetensors is not a whole safetensors file"),
    (graph_of_a_gigabyte, TRACKER, "ValueError: w.template.onnx is missing or not the graph"),
    (graph_with_numbers_elsewhere, TRACKER, "ValueError: w.template.onnx keeps its numbers in another file"),
    (graph_that_is_none, TRACKER, "ValueError: opencv cannot load the network's graphs"),
    (settings_of_a_giant, TRACKER, "ValueError: "),
    (array_that_is_not_there, NPY, "ValueError: a.npy cannot be read as a NumPy array"),
    (array_of_objects, NPY, "ValueError: a.npy cannot be read as a NumPy array"),
    (array_header_of_a_gigabyte, NPY, "ValueError: a.npy cannot be read as a NumPy array"),
    (deep_array_header, NPY, "ValueError: a.npy cannot be read as a NumPy array"),
    (notebook_of_a_gigabyte, BOOK, "ValueError: n.ipynb is no notebook"),
    (deep_notebook, BOOK, "ValueError: n.ipynb is no notebook"),
    (deep_parameters, BOOK, "ValueError: the parameters of the notebook are not Python"),
    (zip_of_a_gigabyte, ZIP, "ValueError: a.zip is not the set's archive"),
]


@pytest.mark.parametrize("make, reader, refusal", CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_refused_before_it_costs_anything(tmp_path, make, reader, refusal):
    make(tmp_path)
    before = {file.name for file in tmp_path.iterdir()}
    done = python("-c", READ.format(prepare=reader[0], read=reader[1]), cwd=tmp_path, timeout=30)
    assert done.returncode == 0, done.stderr[-2000:]
    told, megabytes = done.stdout.splitlines()
    assert told.startswith(refusal), told
    assert float(megabytes) < 200
    assert {file.name for file in tmp_path.iterdir()} == before


def test_an_archive_writes_nowhere_else(tmp_path):
    from irtrack_core.datasets.fetch import unpack

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in (
            "Video_IR/IR_DRONE_001.mp4",
            "../Video_IR/IR_DRONE_002.mp4",
            "/Video_IR/IR_DRONE_003.mp4",
            "../../x.mp4",
        ):
            archive.writestr(name, name)
    unpack(tmp_path / "a.zip", tmp_path / "in" / "set")
    written = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file())
    assert written == ["a.zip", *(f"in/set/videos/IR_DRONE_00{i}.mp4" for i in (1, 2, 3))]
