"""Our grader beside nbgrader's own serial autograde: submissions of one lab, graded by both in one run.

    python benchmarks/grading.py                            # ours alone: 30 submissions of lab 1
    python benchmarks/grading.py --nbgrader /path/to/bin    # and nbgrader 0.9.6 in an environment that has irtrack, too

A third of the submissions is right, a third has one typical mistake a task, the rest is half done. Times are by the clock, of
one after the other on the same machine.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import nbformat

from irtrack_core.provenance import find_root
from irtrack_core.teaching import build, grade, lab


def cells(one, number):
    """{task: source} of submission `number`."""
    right = {task.name: task.solution for task in one.tasks}
    if number % 3 == 1:
        return {task.name: task.wrong(number // 3 % len(task.given["MISTAKES"])) for task in one.tasks}
    return right if number % 3 == 0 else dict(list(right.items())[: len(right) // 2])


def ours(one, count, folder, workers):
    """Seconds, and the points of each submission."""
    handed = folder / "handed_in"
    handed.mkdir()
    for number in range(count):
        made = build.filled(one, f"s{number}", cells(one, number))
        (handed / f"s{number:02}.ipynb").write_text(nbformat.writes(made))
    begin = time.perf_counter()
    results = grade.grade(handed, one, folder / "graded", workers=workers)
    return time.perf_counter() - begin, [result["total"] for result in results]


def theirs(one, count, folder, programs):
    """Seconds of nbgrader's autograde, and the points of each submission."""
    course = folder / "course"
    build.write(one, "nbgrader", course / "source" / one.name / f"{one.name}.ipynb")
    surroundings = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(find_root())}

    def nbgrader(*words):
        done = subprocess.run(
            [f"{programs}/nbgrader", *words], cwd=course, env=surroundings, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(done.stderr[-3000:])

    nbgrader("generate_assignment", one.name)
    for number in range(count):
        made = nbformat.read(course / "release" / one.name / f"{one.name}.ipynb", as_version=4)
        chosen = cells(one, number)
        for cell in made.cells:
            known = cell.metadata.get("irtrack", {})
            if known.get("tag") == "student":
                cell.source = cell.source.replace('STUDENT = ""', f'STUDENT = "s{number}"')
            if known.get("tag") == "task" and known["name"] in chosen:
                cell.source = chosen[known["name"]]
        path = course / "submitted" / f"s{number:02}" / one.name / f"{one.name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(made, path)
    begin = time.perf_counter()
    nbgrader("autograde", one.name)
    seconds = time.perf_counter() - begin
    nbgrader("export", "--to", "grades.csv")
    rows = [line.split(",") for line in (course / "grades.csv").read_text().splitlines()]
    place, who = rows[0].index("score"), rows[0].index("student_id")
    return seconds, [float(row[place]) for row in sorted(rows[1:], key=lambda row: row[who])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nbgrader", help="folder of nbgrader's programs")
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--lab", default="lab1")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    one, folder = lab.load(chosen.lab), Path(tempfile.mkdtemp())
    try:
        seconds, points = ours(one, chosen.count, folder, chosen.workers)
        print(
            f"irtrack: {chosen.count} of {one.name} in {seconds:.0f} s with {chosen.workers} workers, points {points}"
        )
        if chosen.nbgrader:
            others, known = theirs(one, chosen.count, folder, chosen.nbgrader)
            print(f"nbgrader autograde: {others:.0f} s, {others / seconds:.1f} x; points {known}")
            print(f"both give the same points: {known == points}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
