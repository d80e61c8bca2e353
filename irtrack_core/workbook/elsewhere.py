"""Notebooks for Colab: copies whose first cell fetches this repository and installs what Colab lacks."""

import re
import tomllib
from pathlib import Path

import nbformat

from irtrack_core.whole_files import write_whole
from irtrack_core.workbook import book

LEFT_OUT = {
    "irtrack-core",
    "torch",
    "jupyterlab",
    "papermill",
    "nbval",
    "nbconvert",
    "jupytext",
    "snakemake",
    "jsonschema",
}
SETUP = """# In Colab: fetch the workbook and install what is missing, a minute or two. Elsewhere leave this cell out.
import os
import subprocess
import sys

if not os.path.isdir("irtrack"):
    subprocess.run(["git", "clone", "--depth", "1", ADDRESS, "irtrack"], check=True)
subprocess.run([sys.executable, "-m", "pip", "install", "-q", *PACKAGES], check=True)
os.chdir("irtrack/notebooks")
sys.path.insert(0, os.path.abspath(".."))
try:
    from google.colab import output

    output.enable_custom_widget_manager()
except ImportError:
    pass
"""


def colab(address, names=(), folder=None):
    """Writes colab/NB.ipynb of the stored notebooks, all or those whose names begin with one of `names`; returns the paths.

    address: of a clone that everybody can read; nothing else is needed at run time. torch, which Colab has, is left as it is.
    Raises ValueError where no notebook has such a name or the address is not one that git can clone.
    """
    if not re.match(r"(https://|git@|ssh://|file://)", address):
        raise ValueError(f"{address!r} is not an address that git clones, such as https://HOST/NAME/irtrack.git")
    root = book.find_root()
    paths = [
        path
        for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))
        if path.name.startswith(tuple(names or [""]))
    ]
    if not paths:
        raise ValueError(f"no notebook's name begins with {' or '.join(names)}")
    said = {"ADDRESS": repr(address), "PACKAGES": repr(packages(root))}
    setup = re.sub("|".join(said), lambda found: said[found[0]], SETUP)  # at once: an address may hold the other's name
    made = []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        notebook.cells.insert(0, nbformat.v4.new_code_cell(setup))
        text = nbformat.writes(notebook) + "\n"
        made.append(write_whole(Path(folder or root / "colab") / path.name, text.encode()))
    return made


def packages(root):
    """Requirements of the notebooks that Colab may lack, as texts: those of the project, of its notebooks and simulator."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = project["dependencies"] + [
        one for name in ("readers", "evaluation", "train", "workbook") for one in extras[name]
    ]
    return sorted({one for one in needed if re.match(r"[\w-]+", one)[0] not in LEFT_OUT})
