"""The labs as handed out: solution = full marks, untouched = 0, typical mistakes get what they deserve, by name."""

import json
import re
from collections import namedtuple
from decimal import Decimal
from fractions import Fraction

import labs as toy
import numpy as np
import pandas as pd
import pytest

from irtrack_core.teaching import build, lab, proof
from irtrack_core.teaching.marks import difference
from irtrack_core.teaching.student import pack, unpack


@pytest.mark.parametrize("name", lab.names())
def test_a_lab_is_graded_as_it_says(name):
    assert proof.faults(lab.load(name), "student-1") == []


@pytest.mark.parametrize("name", lab.names())
def test_a_lab_is_complete(name):
    one = lab.load(name)
    assert 5 <= len(one.tasks) <= 7 and one.by_hand > 0 and set(one.rubrics) == set(one.answers)
    for task in one.tasks:
        assert len({text for text, *_ in task.given["MISTAKES"]}) >= 4 and len(task.given["MISTAKES"]) >= 5
        assert "NotImplementedError" in task.stub
        names = {}
        if re.match(r".*\n(def|class) ", task.stub):  # what is not done yet is defined, so that what follows can say so
            exec(task.stub, names)
            assert task.name in names
        else:  # a student is told what the grader looks for
            assert f"call it `{task.name}`" in task.stub
    assert all(cell.source.startswith("# try it\n") for cell in one.cells if cell.tag == "try")


@pytest.mark.parametrize("name", lab.names())
def test_solutions_and_tests_are_in_no_release(name):
    one = lab.load(name)
    text = json.dumps(build.notebook(one, "release"))
    for task in one.tasks:
        for line in set(task.solution.splitlines()) - set(task.stub.splitlines()):
            assert json.dumps(line.strip())[1:-1] not in text or len(line.strip()) < 12, line
    for word in (
        "MISTAKES",
        "def check",
        "BEGIN SOLUTION",
        "HIDDEN",
        *(rubric[:40] for rubric in one.rubrics.values()),
    ):
        assert json.dumps(word)[1:-1] not in text
    assert "irtrack_core.teaching" not in text
    # nbgrader takes away what stands between its marks
    source = build.notebook(one, "nbgrader").cells
    graded = [cell for cell in source if cell.metadata.get("nbgrader", {}).get("grade")]
    assert sum(cell.metadata.nbgrader.points for cell in graded) == one.points + one.by_hand


def test_two_students_have_different_numbers():
    one = lab.load("lab1")
    frames = [lab.Solved(one, name).after["erosion"]["frame"] for name in ("a", "b", "a")]
    assert (frames[0] != frames[1]).any() and (frames[0] == frames[2]).all()


def test_the_package_own_function_earns_nothing_and_the_reason_is_said():
    one = lab.load("lab1")
    right = {task.name: task.solution for task in one.tasks}
    ways = [
        "from irtrack_core.filtering import erosion",
        "from irtrack_core import filtering\nerosion = filtering.erosion",
        "import functools\nfrom irtrack_core.filtering import morphology\nerosion = functools.partial(morphology.erosion)",
        "import cv2\ndef erosion(image, element):\n    return cv2.erode(image, element.astype('uint8'))",
        "import importlib\nimport irtrack_core.filtering.morphology as m\nerosion = lambda a, b: m.erosion(a, b)",
    ]
    for source in ways:
        got, why = proof.points(one, right | {"erosion": source}, "s", ["erosion"])["erosion"]
        assert got == 0 and all("is the ready-made function for this task" in text for text in why), source
    # other tasks may use it, and it works again afterwards
    from irtrack_core.filtering import erosion

    assert proof.points(one, right, "s")["background"][0] == 2 and erosion(one_pixel(), one_pixel()).sum() == 1


def one_pixel():
    import numpy as np

    return np.ones((1, 1), np.uint8)


def test_a_bad_source_is_refused():
    with pytest.raises(ValueError, match="tag 'tsak' is none of"):
        lab.parse('# %% tags=["tsak"]\n1', "x")
    with pytest.raises(ValueError, match="begins with its name and points"):
        lab.parse('# %% tags=["task"]\nx = 1', "x")
    with pytest.raises(FileNotFoundError, match="lab1_morphology"):
        lab.load("lab")
    with pytest.raises(ValueError, match="times in the solution, not once"):
        bad = toy.SOURCE.replace('"2 * x", "x * x"', '"x", "y"').replace("2 * x\n", "x + x\n")
        lab.parse(bad, "x").tasks[0].wrong(0)


def test_faults_are_found():
    bad = toy.SOURCE.replace('"five doubled"', '"five doubled"').replace('same("double", 5', 'same("double", 2')
    assert proof.faults(lab.parse(bad, "x")) == ["double: 'this is the square' gets 1, not 0: this is the square"]


def test_values_travel_and_nothing_else():
    values = [1, 2.5, "x", None, True, (1, [2]), {"a": np.arange(6.0).reshape(2, 3)}, np.float32(3), np.array(4)]
    assert difference(unpack(json.loads(json.dumps(pack(values)))), values) == ""
    assert unpack(pack(object())).kind == "object"
    point = namedtuple("Point", "x y")(1, 2.5)
    others = [{3, 1}, range(2), point, Fraction(1, 4), Decimal("0.5"), pd.Series([1.0, 2.0])]
    assert difference(unpack(json.loads(json.dumps(pack(others)))), [[1, 3], [0, 1], (1, 2.5), 0.25, 0.5, [1, 2]]) == ""
    with pytest.raises(ValueError, match="larger than 64 MB"):
        pack(range(10**12))
    with pytest.raises(ValueError, match="larger than 64 MB"):
        pack(np.zeros(9 << 20))
    for forged in ({"array": ["O", [1], "AAAA"]}, {"nothing": 1}, {"array": ["<f8", [1 << 40], "AAAA"]}):
        with pytest.raises((ValueError, KeyError)):
            unpack(forged)


@pytest.mark.parametrize(
    "found, expected",
    [
        (1, 2),
        ([1, 2], [1, 2, 3]),
        ("1", 1),
        (None, 1.0),
        ({"a": 1}, {"b": 1}),
        (float("nan"), 1),
        ([[1]], [1]),
        (1, "x"),
        (2, True),
    ],
)
def test_different_values_are_told(found, expected):
    assert difference(found, expected) and not difference(expected, expected)


@pytest.mark.parametrize("name", lab.names())
def test_a_student_runs_all_cells_of_the_solution_sheet(name):
    """Drawings and visible tests, too; in the untouched release each given cell runs, but for those of what is not done.

    These are marked so that JupyterLab's *Run all* goes on behind them: who leaves out a task can run the next one.
    """
    one, names = lab.load(name), {"__name__": "__main__"}
    for cell in build.notebook(one, "solution").cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
            assert "tags" not in cell.metadata
    names, failed = {"__name__": "__main__"}, []
    for cell in build.notebook(one, "release").cells:
        if cell.cell_type == "code":
            try:
                exec(cell.source, names)
            except (NotImplementedError, NameError):
                failed.append(cell)
    assert len(failed) >= len(one.tasks) - 1
    assert all(cell.metadata.get("tags") == ["raises-exception"] for cell in failed)


STRANGE = [
    "None",
    "'x'",
    "[]",
    "object()",
    "float('nan')",
    "{}",
    "np.zeros((2, 3, 4))",
    "[[1, 2], [3]]",
    "10**400",
    "iter([])",
    "-1",
]


@pytest.mark.parametrize("name", lab.names())
def test_strange_values_earn_nothing_and_stop_nothing(name):
    """Every function, method and variable of a lab gives a value of another kind."""
    one = lab.load(name)
    for value in STRANGE:
        cells = {}
        for task in one.tasks:
            heads = re.findall(r"^( *)def (\w+)\((.*)\):", task.solution, re.M)
            if "class " in task.solution:
                methods = f"    def init(self, *a): pass\n    def update(self, *a): return {value}"
                cells[task.name] = f"import numpy as np\nclass {task.name}:\n{methods}"
            elif heads:
                cells[task.name] = f"import numpy as np\ndef {heads[0][1]}(*a): return {value}"
            else:
                cells[task.name] = f"import numpy as np\n{task.name} = {value}"
        for task, (got, why) in proof.points(one, cells, "s").items():
            assert got == 0 and why and all(why), (task, value)


def test_arguments_that_are_changed_are_noticed():
    """Where a task forbids it; missing numbers, which equal nothing, are no change."""
    from irtrack_core.teaching.session import Failed, Inside

    session = Inside()
    session.run("def keep(a, b): return a + 1\ndef change(a, b): b['x'][0] = 5; return a + 1", "x")
    given = np.array([1, np.nan]), {"x": np.array([1.0, 2])}
    assert session.call("keep", *given, watch=True)[0] == 2 and session.call("change", *given)[0] == 2
    with pytest.raises(Failed, match="changes the arrays that it is given"):
        session.call("change", *given, watch=True)
    assert given[1]["x"][0] == 1
