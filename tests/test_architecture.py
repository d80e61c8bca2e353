"""The house stays in order: imports run one way, torch stays out of the light modules, the three package lists agree."""

import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from irtrack_core import depends

# A module may import from its own row and from the rows above it.
TIERS = [
    "boxes config config_scan config_track published depends provenance kept",
    "optics scene targets shapes readout scan probes elements flat morphology filtering clutter anchors metrics datasets",
    "augment alignment jumps motion crops network losses sampling transplant weights geometry compared proposals",
    "training runtime insight",
    "trackers",
    "evaluation protocol",
    "recipes learning calibration kaist_pairs filter_study filter_maps element_search study tracking comparison speed "
    "ablation convergence",
    "figures report",
    "player widgets workbook runner site batch peers",
    "__main__ cli_track",
]
TIER = {name: number for number, row in enumerate(TIERS) for name in row.split()}
LIGHT = [
    "boxes",
    "config",
    "optics",
    "scene",
    "targets",
    "scan",
    "filtering",
    "clutter",
    "metrics",
    "datasets",
    "workbook",
    "trackers",
]
MODULES = sorted(path for path in depends.HERE.rglob("*.py") if path != depends.HERE / "__init__.py")


def area(name):
    """`irtrack_core.datasets.frames` -> `datasets`."""
    return name.split(".")[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(depends.HERE)))
def test_imports_run_one_way(path):
    own = area(depends.module_name(path))
    assert own in TIER, f"new module {own}: give it its place in TIERS"
    for name in depends.imports(path):
        if name == depends.PACKAGE:
            continue
        assert TIER[area(name)] <= TIER[own], f"{path.name} imports {name}, which stands further down"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(depends.HERE)))
def test_modules_stay_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 330


def test_only_widgets_imports_ipywidgets():
    users = [path.parent.name for path in MODULES if re.search(r"^\s*(import|from) ipywidgets", path.read_text(), re.M)]
    assert set(users) == {"widgets"}


def test_light_modules_never_load_torch():
    for name in ("scan", "filtering", "clutter", "metrics", "datasets"):
        if depends.module_path(f"irtrack_core.{name}") is None:
            continue
        file = depends.module_path(f"irtrack_core.{name}")
        files = file.parent.glob("*.py") if file.name == "__init__.py" else [file]
        for used in (path for one in files for path in {one} | depends.closure(one)):
            assert not re.search(r"^\s*(import|from) torch\b", used.read_text(), re.M), f"{used} imports torch"
    present = [f"irtrack_core.{name}" for name in LIGHT if depends.module_path(f"irtrack_core.{name}")]
    code = f"import sys, {', '.join(present)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


def parsed(lines):
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): one for one in found}


def project(root):
    meta = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return parsed(meta["dependencies"] + meta["optional-dependencies"]["dev"])


def test_conda_environment_lists_the_same_packages(root):
    lines = (root / "environment.yml").read_text().splitlines()
    pip = [line.strip().removeprefix("- ") for line in lines[lines.index("  - pip:") + 1 :]]
    assert pip.pop() == "--editable ."
    assert {name: str(one) for name, one in parsed(pip).items()} == {n: str(r) for n, r in project(root).items()}
    assert "  - python>=3.11" in lines


def test_lock_pins_every_package_but_torch(root):
    lines = [line for line in (root / "requirements.lock").read_text().splitlines() if not line.startswith("#")]
    locked = parsed(lines)
    assert all(re.fullmatch(r"[A-Za-z0-9_.\-\[\]]+==[^\s@;]+", line) for line in lines)
    needed = project(root)
    torch = needed.pop("torch")
    assert "torch" not in locked and "irtrack-core" not in locked
    assert str(torch) in (root / "Makefile").read_text()
    for name, requirement in needed.items():
        assert name in locked, f"{name} is missing from requirements.lock"
        (pin,) = locked[name].specifier
        assert requirement.specifier.contains(pin.version), (
            f"{name}: the lock has {pin}, the project asks {requirement}"
        )
