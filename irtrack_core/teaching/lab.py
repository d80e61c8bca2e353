"""Reads a lab's source, notebooks/labs/NAME.py: a percent script whose cells have one of these tags.

========  ==========================================================================================================
student   `STUDENT = ""`: the student writes their id; the numbers of the lab follow from it
setup     given code, run before the tasks below it
look      given code that only draws or prints: not run by the grader
task      `# task: NAME (POINTS points)`, then code; from ### BEGIN SOLUTION to ### END SOLUTION it is the student's
try       visible tests
check     for the grader alone: `OWN`, functions that the task's cell may not call; `MISTAKES`, (what is said, points that it
          gets, text of the solution, text in its place); `check(marks)`, the hidden tests
answer    Markdown, `**Answer NAME (POINTS points)**`: graded by hand
rubric    Markdown, for the grader alone: how the answer before it is graded
========  ==========================================================================================================

Any other Markdown is text. A solution may use all that the setup cells and the tasks before it define.
"""

import contextlib
import io
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from irtrack_core.provenance import find_root

TAGS = ("student", "setup", "look", "task", "try", "check", "answer", "rubric")
HEAD = re.compile(r"# task: (\w+) \((\d+) points?\)")
ANSWER = re.compile(r"\*\*Answer (\w+) \((\d+) points?\)\*\*")
SOLUTION = re.compile(r"^( *)### BEGIN SOLUTION\n(.*?)^ *### END SOLUTION\n?", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """One cell: its tag ("" for text), its source, and the task or answer it belongs to."""

    tag: str
    source: str
    name: str = ""


@dataclass(frozen=True)
class Task:
    """One task that is graded by the computer."""

    name: str
    points: int
    source: str  # with the solution
    check: str
    before: tuple  # sources of all setup cells before it

    @cached_property
    def solution(self):
        """Its cell with the solution, without the marks round it."""
        return SOLUTION.sub(lambda found: found[2], self.source)

    @cached_property
    def stub(self):
        """Its cell as students get it."""
        return SOLUTION.sub(lambda found: f'{found[1]}raise NotImplementedError("{self.name}")\n', self.source)

    @cached_property
    def given(self):
        """{OWN, MISTAKES} of its check cell."""
        names = {"OWN": [], "MISTAKES": []}
        exec(compile(self.check, f"<lab check of {self.name}>", "exec"), names)
        return {key: names[key] for key in ("OWN", "MISTAKES")}

    def wrong(self, number):
        """Its cell with the mistake `number` in place of the solution. ValueError where the text is not in it once."""
        old, new = self.given["MISTAKES"][number][2:]
        if self.solution.count(old) != 1:
            raise ValueError(f"{self.name}: {old!r} is {self.solution.count(old)} times in the solution, not once")
        return self.solution.replace(old, new)


@dataclass(frozen=True)
class Lab:
    """A lab: name, title, cells in order, tasks, {name: points} of the answers, rubrics by answer."""

    name: str
    title: str
    cells: tuple
    tasks: tuple
    answers: dict = field(default_factory=dict)
    rubrics: dict = field(default_factory=dict)

    @property
    def points(self):
        """Points that the computer gives."""
        return sum(task.points for task in self.tasks)

    @property
    def by_hand(self):
        """Points that the lecturer gives."""
        return sum(self.answers.values())


def folder(root=None):
    """notebooks/labs of this repository."""
    return Path(root or find_root()) / "notebooks" / "labs"


def names(root=None):
    """Names of all labs."""
    return sorted(path.stem for path in folder(root).glob("lab*.py"))


def load(name, root=None):
    """The Lab `name`, or the one whose name begins so ("lab1"). Raises FileNotFoundError, or ValueError for a bad source."""
    found = [one for one in names(root) if one.startswith(str(name))]
    if len(found) != 1:
        raise FileNotFoundError(f"no lab, or no single one, begins with {name!r}; there are: {', '.join(names(root))}")
    return parse((folder(root) / f"{found[0]}.py").read_text(encoding="utf-8"), found[0])


def parse(text, name):
    """The Lab of a source's text. Raises ValueError for a tag or a task that cannot be read."""
    import jupytext

    cells, tasks, answers, rubrics, before, last = [], [], {}, {}, [], ""
    read = jupytext.reads(text, fmt="py:percent").cells
    for number, cell in enumerate(read):
        (tag,) = cell.metadata.get("tags") or [""]
        if tag not in ("", *TAGS) or (not tag and cell.cell_type == "code"):
            raise ValueError(f"{name}, cell {number}: tag {tag!r} is none of {', '.join(TAGS)}")
        if tag in ("task", "answer"):
            found = (HEAD.match if tag == "task" else ANSWER.search)(cell.source)
            if not found:
                raise ValueError(f"{name}, cell {number}: a {tag} begins with its name and points")
            last = found[1]
        if tag == "setup":
            before.append(cell.source)
        if tag == "task":
            check = next((one.source for one in read[number:] if one.metadata.get("tags") == ["check"]), "")
            tasks.append(Task(last, int(found[2]), cell.source + "\n", check, tuple(before)))
        if tag == "answer":
            answers[last] = int(found[2])
        if tag == "rubric":
            rubrics[last] = cell.source
        cells.append(Cell(tag, cell.source, last if tag in ("task", "try", "check", "answer", "rubric") else ""))
    title = cells[0].source.splitlines()[0].lstrip("# ")
    return Lab(name, title, tuple(cells), tuple(tasks), answers, rubrics)


class Solved:
    """A lab with its solutions run for one student.

    before[task]: the names before the task's cell; after[task]: with its solution; mistakes[task]: a list of (what is said,
    names with that mistake), made when they are asked for.
    """

    def __init__(self, lab, student):
        self.lab, self.before, self.after = lab, {}, {}
        names = {"__name__": "__main__", "display": lambda *_: None, "STUDENT": student}
        for task in lab.tasks:
            for source in task.before:
                _run(source, names, "setup")
            self.before[task.name] = dict(names)
            _run(task.solution, names, task.name)
            self.after[task.name] = dict(names)

    def mistakes(self, task):
        """[(what is said, names)] of a Task; a mistake that does not even run is left out."""
        found = []
        for number, (text, *_) in enumerate(task.given["MISTAKES"]):
            names = dict(self.before[task.name])
            try:
                _run(task.wrong(number), names, task.name)
            except Exception:  # some mistakes end in an error of their own, which says enough
                continue
            found.append((text, names))
        return found

    def check(self, task, marks):
        """Run the hidden tests of a Task, which give `marks` its points."""
        names = dict(self.after[task.name])
        _run(task.check, names, task.name)
        names["check"](marks)


def _run(source, names, label):
    with contextlib.redirect_stdout(io.StringIO()):  # what a lab says to its students is not for whoever grades them
        exec(compile(source, f"<lab {label}>", "exec"), names)
