"""The documentation names what exists: modules, functions, files, links; examples run, and numbers are the stored ones."""

import csv
import doctest
import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from irtrack_core.experiments import dependencies

ROOT = Path(__file__).resolve().parents[1]
DOCS = sorted(
    [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("data/**/README.md"), *ROOT.glob("findings/*.md")]
)
OTHERS = [ROOT / "Makefile", ROOT / "pyproject.toml", *ROOT.glob("notebooks/src/*.py"), *ROOT.glob("benchmarks/*.py")]
OTHERS += [path for path in ROOT.glob("workflow/**/*") if path.is_file()]
MODULES = {}  # rooms and modules by their own name: paths from the package on
for _path in dependencies.HERE.rglob("*.py"):
    _name = dependencies.module_name(_path)
    MODULES.setdefault(_name.rpartition(".")[2], set()).add(_name)


def ids(path):
    return str(path.relative_to(ROOT))


def text(path):
    return path.read_text(encoding="utf-8")


def exists(name):
    """Whether `irtrack_core.a.b.c` is a module or an attribute of one."""
    parts = name.split(".")
    count = next(n for n in range(len(parts), 0, -1) if dependencies.module_path(".".join(parts[:n])))
    found = importlib.import_module(".".join(parts[:count]))
    for part in parts[count:]:
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def named(path):
    """Full names of this package in a file: a.b.c wherever it stands, and what is imported from a module."""
    found = {name.rstrip(".") for name in re.findall(r"\birtrack_core(?:\.[A-Za-z_]\w*)+", text(path))}
    for module, imported in re.findall(r"from (irtrack_core[\w.]*) import ([\w, ]+)", text(path)):
        found |= {f"{module}.{one.split(' as ')[0].strip()}" for one in imported.split(",")}
    return sorted(name for name in found if ".mine" not in name)  # the module of an example


@pytest.mark.parametrize("path", [*DOCS, *OTHERS], ids=ids)
def test_every_module_and_function_with_its_full_name_exists(path):
    assert not [name for name in named(path) if not exists(name)]


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_every_function_named_by_its_module_exists(path):
    """`training.loop.train` or `loop.train`: read from the package, or from any module of that name."""
    missing = []
    for name in re.findall(r"`((?:[a-z_]\w*\.)+[A-Za-z_]\w*)(?:\(.*?\))?`", text(path)):
        first, _, rest = name.partition(".")
        if (
            first in MODULES
            and rest not in ("py", "md", "csv", "zip", "html")
            and not any(exists(f"{one}.{rest}") for one in MODULES[first])
        ):
            missing.append(name)
    assert not missing


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_every_link_leads_to_a_file(path):
    links = re.findall(r"\]\(([^)#\s]+)", text(path))
    assert not [link for link in links if "://" not in link and not (path.parent / link).exists()]


@pytest.mark.parametrize("path", [*DOCS, *OTHERS], ids=ids)
def test_every_file_with_its_path_exists(path):
    folders = "irtrack_core|benchmarks|docs|data|notebooks|tests|workflow|findings"
    found = set(re.findall(rf"(?<![\w/.-])((?:{folders})/[\w./-]+\.\w+)", text(path)))
    assert not [name for name in sorted(found) if "/mine." not in name and not (ROOT / name).exists()]


def test_the_table_of_equations_covers_all_and_names_functions_that_exist():
    rows = re.findall(
        r"^\| (\(.*?\)) \| .*? \| (.*) \|$", text(ROOT / "docs/reading_the_paper.md").split("## Choices")[0], re.M
    )
    numbers = [[int(number) for number in re.findall(r"\d+", equations)] for equations, _ in rows]
    covered = {
        n
        for ends, (equations, _) in zip(numbers, rows)
        for n in (range(ends[0], ends[-1] + 1) if "-" in equations else ends)
    }
    assert covered == set(range(1, 17))
    for _, code in rows:
        names = re.findall(r"`(\w+(?:\.\w+)+)`", code)
        assert names and all(exists(f"irtrack_core.{name}") for name in names), code


def test_examples_of_the_conventions_hold():
    blocks = re.findall(r"```python\n(.*?)```", text(ROOT / "docs/conventions.md"), re.S)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "conventions", None, 0)
    assert len(examples.examples) > 20 and doctest.DocTestRunner().run(examples).failed == 0


def script(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pictures_of_the_networks_have_the_networks_sizes():
    pytest.importorskip("torch")
    drawn = script(ROOT / "docs/who_is_who.py")
    page = text(ROOT / "docs/who_is_who.md")
    assert sorted(path.stem for path in drawn.FOLDER.glob("*.svg")) == sorted(drawn.PICTURES)
    for name in drawn.PICTURES:
        assert f"(networks/{name}.svg)" in page
        assert text(drawn.FOLDER / f"{name}.svg") == drawn.picture(name), (
            "the networks changed: python docs/who_is_who.py"
        )


def test_the_claims_of_the_page_are_those_of_the_report():
    assert script(ROOT / "docs/who_is_who.py").page(text(ROOT / "docs/who_is_who.md")) == text(
        ROOT / "docs/who_is_who.md"
    ), "the claims changed: python docs/who_is_who.py"


def test_the_picture_of_the_rooms_is_drawn_from_the_imports():
    architecture = script(ROOT / "docs/architecture.py")
    drawn = text(architecture.PICTURE)
    assert drawn == architecture.picture(), "the imports have changed: python docs/architecture.py"
    described = re.findall(r"^\| `(\w+)` \|", text(ROOT / "docs/architecture.md"), re.M)
    assert sorted(described) == sorted(architecture.arrows())


def test_the_tables_of_real_sequences_are_those_of_the_stored_results():
    """Every `mean (low to high)`, exact ones too, stands in the printed tables, to 0.005 for the resamples."""
    number, intervals = r"([+-]?\d\.\d{3})", script(ROOT / "benchmarks/real_intervals.py")
    tables = {
        f"{folder}: {title}": rows
        for folder in ("real", "motion", "paper_real")
        for title, rows in intervals.tables(ROOT / "data/results" / folder).items()
    }
    cell = re.compile(rf"\| {number} \((?:exact |range )?{number} to {number}\) (?=\|)")
    printed = [[*map(float, found)] for rows in tables.values() for row in rows for found in cell.findall(row)]
    for page, least in (("README.md", 12), ("docs/results.md", 80)):
        real = re.sub(r"^## Changing shape$.*?(?=^## |\Z)", "", text(ROOT / page), flags=re.M | re.S)
        shown = [[*map(float, found)] for found in cell.findall(real)]
        assert len(shown) >= least
        for one in shown:
            assert any(max(abs(a - b) for a, b in zip(one, other)) < 0.005 for other in printed), f"{page}: {one}"


def test_the_table_of_changing_shapes_is_the_stored_one():
    with open(ROOT / "data/results/changing_shape/siamese.csv", newline="") as lines:
        stored = {(row["change"], row["method"]): row for row in csv.DictReader(lines) if row["measure"] == "aor"}
    number = r"([+-]?\d\.\d{3})"
    rows = re.findall(rf"^\| (\w+) \| {number} \| {number} \| {number} \| (.*)", text(ROOT / "docs/results.md"), re.M)
    assert len(rows) == 8
    for change, held, fixed, every, cells in rows:
        best = stored[change, "all"]
        names = [f"{name}{end}" for name in ("gain", "behind", "undeformed") for end in ("", "_low", "_high")]
        shown = [float(one) for one in (held, fixed, every, *re.findall(number, cells))]
        known = [best["held"], stored[change, "fixed"]["value"], best["value"], *(best[name] for name in names)]
        assert shown == pytest.approx([float(one) for one in known], abs=6e-4)


def test_the_readme_is_short():
    assert len(text(ROOT / "README.md").splitlines()) <= 90
