"""Which modules of this package a notebook or module uses, read from the source: a change re-runs only what it touches.

Imports inside functions count. A package that picks its submodules by name at run time (datasets, trackers) counts whole, and
so does what a text such as "irtrack_core.trackers.peak:PeakTracker" names.
"""

import ast
import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path

PACKAGE = "irtrack_core"
# the command line behind `python -m irtrack_core.workbook`: it cannot change what a notebook computes
TOOLS = {f"{PACKAGE}.workbook.{name}" for name in ("__main__", "runner", "site", "batch", "parameters")}
NAMED = re.compile(rf"^({PACKAGE}(?:\.\w+)+):\w+$")
HERE = Path(__file__).resolve().parents[1]


def code_of(path):
    """Python code of a module, or of a notebook's code cells (without lines that only IPython understands)."""
    path = Path(path)
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    lines = "\n".join("".join(cell["source"]) for cell in cells).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))


@lru_cache(maxsize=4096)
def module_path(name):
    """File of module `irtrack_core.x.y`, or None when there is none."""
    base = HERE.joinpath(*name.split(".")[1:])
    for path in (base.with_suffix(".py") if base != HERE else None, base / "__init__.py"):
        if path and path.is_file():
            return path
    return None


def module_name(path):
    """`irtrack_core.x.y` of a file in the package; None for any other."""
    path = Path(path).resolve()
    if not path.is_relative_to(HERE):
        return None
    parts = path.relative_to(HERE).with_suffix("").parts
    return ".".join((PACKAGE, *(part for part in parts if part != "__init__")))


def imports(path, *, named=True):
    """Names of this package's modules that a file imports, in functions too; named=False: but for those picked by name."""
    own, found = module_name(path), set()
    for node in ast.walk(ast.parse(code_of(path))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and named:
            found.update(NAMED.findall(node.value))
        elif isinstance(node, ast.Name) and node.id == "import_module" and own and named:
            found.update(map(module_name, Path(path).parent.glob("*.py")))
    return {name for name in found if name.split(".")[0] == PACKAGE and module_path(name)} - {own}


def closure(path):
    """Files of this package that `path` uses, directly or not; without `path` itself."""
    seen, waiting = set(), [Path(path).resolve()]
    while waiting:
        path = waiting.pop()
        for name in _known_imports(path, path.stat().st_mtime_ns) - TOOLS:
            parts = name.split(".")
            # importing a.b.c runs a and a.b first
            for file in (module_path(".".join(parts[:count])) for count in range(1, len(parts) + 1)):
                if file and file not in seen:
                    seen.add(file)
                    waiting.append(file)
    return seen - {Path(path).resolve()}


@lru_cache(maxsize=512)
def _known_imports(path, modified):
    """`imports` of a file as it is: most notebooks use the same modules, and parsing takes nearly all of the time."""
    return frozenset(imports(path))


def digest(path):
    """Short hash of a notebook's code and of all modules it uses; saved outputs and text do not change it."""
    total = hashlib.sha256(code_of(path).encode())
    for file in sorted(closure(path)):
        total.update(f"\0{file.relative_to(HERE)}\0".encode() + file.read_bytes())
    return total.hexdigest()[:12]
