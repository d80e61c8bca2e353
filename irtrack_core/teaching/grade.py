"""Grades a folder of submissions in parallel, each in a box of its own; what is done is kept, and a stopped run goes on."""

import hashlib
import json
import multiprocessing
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from irtrack_core.provenance import limit_threads
from irtrack_core.teaching import feedback, sandbox, submission
from irtrack_core.teaching import lab as labs
from irtrack_core.teaching.marks import OTHER, Marks
from irtrack_core.teaching.session import Boxed, Failed, Inside
from irtrack_core.whole_files import write_whole
from irtrack_core.workbook.book import progress

HERE = Path(__file__).parent


def grade(folder, lab, out, *, workers=2, unprotected=False):
    """Grade all notebooks below `folder` as submissions of a Lab; returns a list of results, one a file, sorted by file.

    Writes into `out`: grades.csv, feedback/FILE.html, similar.csv. A result is a dict: file, student, tasks {name: rows},
    total, of, notes, error. What cannot be graded has an error, and total 0. Raises FileNotFoundError where there is nothing,
    RuntimeError where no box can be made.
    """
    folder, out = Path(folder), Path(out)
    files = find(folder, out)
    if not (unprotected or sandbox.way()):
        sandbox.start(None, None)  # says why
    for name, path in {"the labs": labs.folder(), "the submissions": folder, "the results": out}.items():
        if not unprotected and sandbox.shows(path):
            raise RuntimeError(
                f"{name} lie in {path}, which the students' code can read: move them out of the system's folders"
            )
    kept = out / ".graded"
    results, waiting = {}, {}
    for path in files:
        key = kept / f"{_key(path, lab)}.json"
        try:
            results[path] = json.loads(key.read_text())
        except (OSError, ValueError):
            waiting[path] = key
    with _pool(workers, lab) as pool:
        jobs = {pool.submit(_one, path, lab.name, unprotected): path for path in waiting}
        for job in progress(as_completed(jobs), total=len(jobs), unit="submission", desc=lab.name):
            path = jobs[job]
            results[path] = _finished(job)
            if not results[path].get("ours"):
                _keep(waiting[path], results[path])
    ordered = [results[path] | {"file": str(path.relative_to(folder))} for path in files]
    feedback.write(ordered, lab, out)
    return ordered


def find(folder, out):
    """Paths of what was handed in, sorted: every file, every folder without one. Raises FileNotFoundError for none."""
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}: SUBMISSIONS names the one that holds the students' notebooks")
    inside = [
        path
        for path in sorted(folder.rglob("*"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    inside = [path for path in inside if not path.is_relative_to(out) or out == folder]
    files = [path for path in inside if path.is_file() and path.suffix == ".ipynb"]
    other = [path for path in inside if path.parent == folder and path not in files]
    bare = [path for path in other if path.is_file() or not any(one.is_relative_to(path) for one in files)]
    if not files and not bare:
        raise FileNotFoundError(f"{folder} is empty: no submissions")
    return sorted(files + bare)


def one(path, lab, student):
    """The result of one submission, `student` being the session that runs its cells, or a function that starts one."""
    begin, result = (
        time.monotonic(),
        {"student": "", "tasks": {}, "total": 0, "of": lab.points, "notes": [], "error": ""},
    )
    result |= {"answers": {}, "cells": {}, "output": ""}
    try:
        if path.is_dir():
            raise submission.Unusable("no notebook is in it")
        if path.suffix != ".ipynb":
            raise submission.Unusable(f"a file {path.suffix or 'without a suffix'} is no notebook: hand in the .ipynb")
        read = submission.read(path, lab)
    except submission.Unusable as error:
        return result | {"error": str(error)}
    session = student()
    try:
        result["tasks"] = tasks(read, lab, session)
    finally:
        session.close()
    result |= {"student": read.student, "notes": read.notes, "answers": read.answers}
    result["cells"] = {name: read.extra.get(name, []) + cells for name, cells in read.cells.items()}
    result["total"] = sum(row["got"] for rows in result["tasks"].values() for row in rows)
    return result | {"output": session.output, "seconds": round(time.monotonic() - begin, 1)}


def tasks(read, lab, session, only=()):
    """{task: rows of its tests} of a Submission whose cells the session runs; only: of these tasks, where given."""
    solved, found = labs.Solved(lab, read.student), {}
    _quiet(session.guard, sorted({name for task in lab.tasks for name in task.given["OWN"]}))
    for task in lab.tasks:
        _quiet(session.begin)
        # anew for each task, for the cells of another one may have changed what was given
        for source in (f"STUDENT = {read.student!r}", *task.before):
            _quiet(session.run, source, "given cell")
        if only and task.name not in only:
            continue  # no task's cell uses what another one defined
        found[task.name] = _task(task, read, solved, session)
    return found


def _task(task, read, solved, session):
    """The rows of one task's tests."""
    cells = read.cells.get(task.name, [])
    missing = {"got": 0, "of": task.points, "what": "the task's cell"}
    if not cells:
        return [missing | {"why": "its cell is missing"}]
    marks, failed = Marks(session, solved.after[task.name], lambda: solved.mistakes(task)), ""
    try:
        session.refuse(task.given["OWN"])
        for source in read.extra.get(task.name, []):
            _quiet(session.run, source, f"a cell before task {task.name}")
        for source in cells:
            session.run(source, f"task {task.name}")
        for source in read.after if task is solved.lab.tasks[-1] else []:
            _quiet(session.run, source, f"a cell after task {task.name}")
    except Failed as error:
        failed = str(error)
        if not (error.in_cell and session.has(task.name)):  # what it defined before it failed is graded
            return [missing | {"why": failed}]
        marks.give(0, 0, "the task's cell", "")
        marks.rows[-1].why = f"it fails in the end, and what it defined is graded: {failed}"
    try:
        solved.check(task, marks)
    except (
        Exception
    ):  # the tests stumble over a value that no test foresaw; the lab's own tests do not fail on a solution
        marks.give(0, task.points - sum(row.of for row in marks.rows), "the rest", OTHER)
    return marks.as_dicts()


def _quiet(call, *args):
    """Call; what fails shows in the tasks that need it."""
    try:
        call(*args)
    except Failed:
        pass


def points_of(lab, task, names):
    """Points of one task for a namespace that holds the student's work, as nbgrader's test cells ask; prints what is wrong.

    nbgrader runs the tests in the student's own process: unlike `grade` it neither hides the tests nor stops an endless loop.
    """
    lab = labs.load(lab)
    chosen = next(one for one in lab.tasks if one.name == task)
    session, solved = Inside(), labs.Solved(lab, str(names.get("STUDENT", "")))
    session.interpreter.names = names
    marks = Marks(session, solved.after[task], lambda: solved.mistakes(chosen))
    solved.check(chosen, marks)
    for row in marks.rows:
        if row.why:
            print(f"{row.what}: {row.why}")
    return sum(row.got for row in marks.rows)


def _pool(workers, lab):
    slots = multiprocessing.get_context("spawn").Queue()
    for slot in range(workers):
        slots.put(slot)
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(slots, lab))


def _begin(slots, lab):
    global _slot, _lab
    _slot, _lab = slots.get(), lab
    limit_threads()


def _one(path, name, unprotected):
    return one(path, _lab, lambda: Boxed(slot=_slot, unprotected=unprotected))


def _finished(job):
    """The result of a job; an error of ours is told, and costs nobody else anything."""
    try:
        return job.result()
    except Exception as error:
        traceback.print_exception(error)
        text = f"the grader failed, not the submission: {type(error).__name__}: {error}"
        return {
            "student": "",
            "tasks": {},
            "total": 0,
            "of": 0,
            "notes": [],
            "error": text,
            "ours": True,
            "answers": {},
            "cells": {},
        }


def _keep(path, result):
    """Keep a result for a later run; on a full disk that run grades it again."""
    try:
        write_whole(path, json.dumps(result).encode())
    except OSError as error:
        print(
            f"warning: {path} could not be written ({error.strerror}): this submission will be graded again",
            file=sys.stderr,
        )


def _key(path, lab):
    """Hash of all that a result depends on: the file, the lab, the grader."""
    total = hashlib.sha256(repr(lab).encode())
    for one in sorted(HERE.glob("*.py")):
        total.update(one.read_bytes())
    total.update(str(path).encode())
    try:
        total.update(path.read_bytes())
    except OSError:
        total.update(b"none")
    return total.hexdigest()[:24]
