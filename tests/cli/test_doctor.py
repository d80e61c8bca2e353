"""`irtrack doctor` on installations that lack something."""

import importlib
from importlib import metadata

import pytest

from irtrack_core.cli import doctor
from irtrack_core.cli.main import main


def states(capsys):
    code = main(["doctor"])
    return code, capsys.readouterr().out


def test_every_part_is_looked_at(capsys):
    code, text = states(capsys)
    assert code == 0 and "WRONG" not in text
    for word in ("Python", "OpenCV", "kernel", "demos", "writing", "disk", "memory"):
        assert word in text


def test_a_system_library_that_opencv_lacks(monkeypatch, capsys):
    def lacking(name):
        raise ImportError("libGL.so.1: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", lacking)
    code, text = states(capsys)
    assert code == 1 and "WRONG   OpenCV" in text and "apt install libgl1" in text


def test_a_missing_extra_names_its_packages(monkeypatch):
    version = metadata.version

    def without(name):
        if name in ("scipy", "ipyevents"):
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", without)
    monkeypatch.setattr(metadata, "requires", lambda name: ["numpy>=2", 'scipy>=1.15 ; extra == "evaluation"'])
    found = {name: (needed, text, mend) for needed, name, text, mend in doctor.checks()}
    assert found["packages"][1:] == ("all of 1 packages", "")
    assert (
        found["[evaluation]"][:2] == (False, "without scipy")
        and '"irtrack-core[evaluation]"' in found["[evaluation]"][2]
    )
    assert "ipyevents" in found["demos"][2]


def test_another_python_behind_the_kernel(monkeypatch):
    spec = pytest.importorskip("jupyter_client.kernelspec")
    other = spec.KernelSpec(argv=["/usr/lib/other/python3", "-m", "ipykernel_launcher"])
    monkeypatch.setattr(spec.KernelSpecManager, "get_kernel_spec", lambda self, name: other)
    assert "another Python" in doctor._kernel()[3]


@pytest.mark.filterwarnings("ignore:IPython dir")  # it looks for a folder to write into, too
def test_a_full_disk_and_a_folder_of_somebody_else(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: type("usage", (), {"free": 1e8}))
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    found = {name: mend for _, name, _, mend in doctor.checks()}
    assert "free 2 GB" in found["disk"] and "folder of your own" in found["writing"]
