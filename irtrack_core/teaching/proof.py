"""Proves a lab before it is used: its solution gets all points, the untouched release none, each mistake what it says."""

from irtrack_core.teaching.grade import tasks
from irtrack_core.teaching.session import Inside
from irtrack_core.teaching.submission import Submission


def points(lab, cells, student, only=()):
    """{task: (points, reasons)} of a student whose cells are {task: source}, run in this process; only: of these tasks."""
    session = Inside()
    try:
        rows = tasks(Submission(student, {name: [source] for name, source in cells.items()}), lab, session, only)
    finally:
        session.close()
    return {name: (sum(r["got"] for r in some), [r["why"] for r in some if r["why"]]) for name, some in rows.items()}


def faults(lab, student="proof-1", mistakes=True):
    """Sentences on what is wrong with a Lab; none where all is as it should be. mistakes: look at these, too."""
    found = []
    right = {task.name: task.solution for task in lab.tasks}
    for name, (got, why) in points(lab, right, student).items():
        of = next(task.points for task in lab.tasks if task.name == name)
        if got != of:
            found.append(f"{name}: the solution gets {got} of {of}: {'; '.join(why)}")
    for name, (got, _) in points(lab, {task.name: task.stub for task in lab.tasks}, student).items():
        if got:
            found.append(f"{name}: the untouched release gets {got}")
    for task in lab.tasks if mistakes else ():
        found += _of_task(lab, task, right, student)
    return found


def _of_task(lab, task, right, student):
    found = []
    for number, (text, deserved, *_) in enumerate(task.given["MISTAKES"]):
        got, why = points(lab, right | {task.name: task.wrong(number)}, student, [task.name])[task.name]
        if got != deserved:
            found.append(f"{task.name}: {text!r} gets {got}, not {deserved}: {'; '.join(why)}")
        if text not in why and deserved < task.points:
            found.append(f"{task.name}: {text!r} is not said: {'; '.join(why)}")
    return found
