"""The house stays in order: imports run one way by room, torch stays out of the light rooms, the package lists agree."""

import ast
import re
import subprocess
import sys
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from irtrack_core.datasets import REGISTRY
from irtrack_core.experiments import dependencies
from irtrack_core.workbook import tasks

# a room may import from itself and from the rooms before it
ROOMS = (
    "optional whole_files provenance boxes metrics config imaging filtering datasets network training trackers evaluation "
    "experiments figures cli widgets workbook teaching"
).split()
LIGHT = "boxes metrics config imaging filtering datasets trackers cli".split()
MODULES = sorted(path for path in dependencies.HERE.rglob("*.py") if path.name != "__main__.py")


def room(name):
    """`irtrack_core.datasets.frames` -> its place among ROOMS; the package itself is the first."""
    return ROOMS.index(name.split(".")[1]) if "." in name else 0


def test_imports_run_one_way_by_room():
    for path in MODULES:
        own = dependencies.module_name(path)
        for name in dependencies.imports(path, named=False):
            assert room(name) <= room(own) or own == dependencies.PACKAGE, f"{own} imports {name}, a later room"


def test_modules_stay_short():
    assert not [path for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 300]


def test_readers_stay_short_and_state_their_conventions():
    """Readers of sets and of formats, and the modules beside them that read a set's labels or frames."""
    folder = dependencies.HERE / "datasets"
    readers = [folder / f"{name.replace('.', '/')}.py" for name in set(REGISTRY.values())]
    parts = [file for reader in readers for file in reader.parent.glob(f"{reader.stem}_*.py")]
    assert {file.name: n for file in readers + parts if (n := len(file.read_text("utf-8").splitlines())) > 80} == {}
    rows = ("pixels", "frames", "absent", "source")
    texts = {file.name: ast.get_docstring(ast.parse(file.read_text("utf-8"))) for file in readers}
    assert {(name, row) for name, text in texts.items() for row in rows if f"| {row} |" not in text} == set()


def test_functions_stay_short():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 60, f"{path.name}: {node.name}"


def test_no_two_modules_share_a_file_name_for_different_things():
    names = [
        path.stem
        for path in MODULES
        if path.parent.name not in ("config", "figures", "widgets") and path.stem != "__init__"
    ]
    assert len(names) == len(set(names)), sorted(name for name in set(names) if names.count(name) > 1)


def test_only_widgets_imports_ipywidgets():
    users = [path.parent.name for path in MODULES if re.search(r"^\s*(import|from) ipywidgets", path.read_text(), re.M)]
    assert set(users) == {"widgets"}


def test_light_rooms_never_load_torch():
    code = f"import sys, {', '.join(f'irtrack_core.{name}' for name in LIGHT)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


def test_nothing_heavy_is_loaded_before_it_is_used():
    """The rooms below the network load NumPy, OpenCV and pydantic alone, in whatever module."""
    modules = [dependencies.module_name(path) for path in MODULES]
    light = [name for name in modules if room(name) < ROOMS.index("network") or ".evaluation" in name]
    heavy = "{'torch', 'scipy', 'pandas', 'matplotlib', 'pooch', 'requests', 'filelock', 'cptv', 'mcos_decoder', 'av', 'PIL'}"
    code = f"import sys, {', '.join(light)}; print(*{heavy} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], timeout=120, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def parsed(lines):
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): one for one in found}


def project(root):
    """What pyproject.toml asks for, base and all extras together."""
    meta = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    found = parsed(sum(meta["optional-dependencies"].values(), meta["dependencies"]))
    return {name: one for name, one in found.items() if name != "irtrack-core"}


def test_conda_environment_is_the_union_of_all_extras(root):
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
    assert str(torch) == tasks.TORCH
    for name, requirement in needed.items():
        assert name in locked, f"{name} is missing from requirements.lock"
        (pin,) = locked[name].specifier
        assert requirement.specifier.contains(pin.version), (
            f"{name}: the lock has {pin}, the project asks {requirement}"
        )
