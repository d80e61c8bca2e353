"""Binder and Colab: the steps that they take name what is there, and a copy's first cell does what it says."""

import ast
import os
import subprocess
import sys

import nbformat

from irtrack_core import workbook
from irtrack_core.workbook import elsewhere, tasks
from irtrack_core.workbook.__main__ import main

ROOT = workbook.find_root()


def test_binders_steps_are_those_of_make():
    steps = (ROOT / "binder" / "postBuild").read_text()
    assert f" {tasks.TORCH}\n" in steps and os.access(ROOT / "binder" / "postBuild", os.X_OK)
    subprocess.run(["sh", "-n", "binder/postBuild"], cwd=ROOT, check=True)
    for name in ("requirements.lock", "overrides.json"):
        assert name in steps and (ROOT / name).is_file()


def test_a_copy_for_colab_fetches_and_installs(tmp_path, monkeypatch):
    (path,) = elsewhere.colab("https://example.org/irtrack.git", ["02"], tmp_path)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[1:] == nbformat.read(ROOT / "notebooks" / path.name, as_version=4).cells
    ran = []

    def run(command, check):
        ran.append(command)
        if command[0] == "git":
            (tmp_path / "irtrack" / "notebooks").mkdir(parents=True)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    exec(compile(notebook.cells[0].source, "setup", "exec"), {})
    assert ran[0] == ["git", "clone", "--depth", "1", "https://example.org/irtrack.git", "irtrack"]
    assert ran[1][:5] == [sys.executable, "-m", "pip", "install", "-q"]
    assert os.getcwd() == str(tmp_path / "irtrack" / "notebooks") and sys.path[0] == str(tmp_path / "irtrack")
    ast.parse(notebook.cells[0].source)


def test_any_address_is_the_one_that_is_fetched(tmp_path):
    for address in ("https://example.org/PACKAGES/ADDRESS.git", 'https://example.org/it\'s\\n"it".git'):
        (path,) = elsewhere.colab(address, ["02"], tmp_path)
        tree = ast.parse(nbformat.read(path, as_version=4).cells[0].source)
        assert address in [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]


def test_colab_gets_what_the_notebooks_import():
    names = " ".join(elsewhere.packages(ROOT))
    assert all(name in names for name in ("opencv-python", "pandas", "scipy", "ipyevents", "matplotlib", "safetensors"))
    assert "torch" not in names and "snakemake" not in names and "irtrack" not in names


def test_what_cannot_be_written_is_told(monkeypatch, capsys):
    monkeypatch.setenv("IRTRACK_BATCH", "")
    assert main(["colab", "somewhere"]) == 2 and "not an address" in capsys.readouterr().err
    assert main(["colab", "https://example.org/x.git", "77"]) == 2 and "77" in capsys.readouterr().err
