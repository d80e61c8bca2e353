"""Reads a submitted notebook, whatever became of it: the student's id, the cells of each task, the written answers."""

import ast
import json
import re
from dataclasses import dataclass, field

from irtrack_core.teaching.lab import ANSWER, HEAD

LARGEST = 256 << 20  # bytes of a file that is read
LONG = 200_000  # characters of a cell that is run or compared
MERGE = re.compile(r"^(<{7} |>{7} )", re.MULTILINE)
GIVEN = ("setup", "look", "try", "student")


class Unusable(Exception):
    """Why a file cannot be graded, in a sentence."""


@dataclass
class Submission:
    """One student's work. cells[task]: sources to run; answers[name]: text; notes: for the lecturer.

    extra[task]: cells that the student added before it; after: those behind the last task. None costs anything itself.
    """

    student: str = ""
    cells: dict = field(default_factory=dict)
    extra: dict = field(default_factory=dict)
    after: list = field(default_factory=list)
    answers: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)


def read(path, lab):
    """The Submission in a file, of a Lab. Raises Unusable, saying why, for a file that cannot be graded."""
    content = _content(path)
    cells = [_cell(one) for one in content["cells"] if isinstance(one, dict)]
    known = content.get("metadata", {}) if isinstance(content.get("metadata"), dict) else {}
    found, of = Submission(), known.get("irtrack", {}).get("lab") if isinstance(known.get("irtrack"), dict) else None
    if of not in (None, lab.name):
        raise Unusable(f"it is of another lab: {str(of)[:60]}, not {lab.name}")
    language = str(
        known.get("kernelspec", {}).get("language", "python") if isinstance(known.get("kernelspec"), dict) else ""
    )
    if language.lower() not in ("python", ""):
        found.notes.append(f"saved with a kernel for {language[:30]}; graded as Python")
    found.student = _student(cells, found.notes)
    cells = [_as_code(one, lab, found.notes) for one in cells]
    places = [_place(one, lab) for one in cells]
    if not any(tag == "task" for tag, _ in places):
        raise Unusable(f"no cell of a task of {lab.name} is in it: another lab, or all task cells were deleted")
    _sort(cells, places, lab, found)
    return found


def _content(path):
    """The notebook as plain data, without its outputs."""
    try:
        if path.stat().st_size > LARGEST:
            raise Unusable(f"the file is larger than {LARGEST >> 20} MB")
        text = path.read_bytes().decode("utf-8-sig")  # Windows' editors begin a file with a mark
    except OSError as error:
        raise Unusable(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unusable("it is no notebook: not even text") from error
    if not text.strip():
        raise Unusable("the file is empty")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        if MERGE.search(text):
            raise Unusable(
                "it holds merge markers (<<<<<<< ...) of an unfinished merge: resolve them, save, hand in"
            ) from error
        raise Unusable("it is no notebook: the file is damaged, or of another kind") from error
    if isinstance(content, dict) and "worksheets" in content:
        content = _of_format_3(text)
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise Unusable("it is no notebook of format 4")
    return content


def _of_format_3(text):
    """The notebook of a file as IPython saved them before 2015."""
    import nbformat

    try:
        return nbformat.reads(text, as_version=4)
    except Exception as error:  # whatever its converter stumbles over
        raise Unusable("it is of an old format and damaged: open it in JupyterLab and save it again") from error


def _cell(raw):
    """(is it code, source, what our metadata say) of a cell."""
    source, known = raw.get("source", ""), raw.get("metadata", {})
    source = ("".join(map(str, source)) if isinstance(source, list) else str(source)).replace("\r\n", "\n")
    known = known.get("irtrack", {}) if isinstance(known, dict) else {}
    return raw.get("cell_type") == "code", source[:LONG], known if isinstance(known, dict) else {}


def _student(cells, notes):
    """The id that the student wrote."""
    found = []
    for code, source, _ in cells:
        match = code and re.search(r"^STUDENT\s*(?::[^=\n]+)?=\s*(.+?)\s*(#.*)?$", source, re.MULTILINE)
        if match:
            try:
                found.append(str(ast.literal_eval(match[1])).strip())
            except (ValueError, SyntaxError):
                notes.append("STUDENT is not plain text in quotes")
    ids = [one for one in found if one]
    if not ids:
        notes.append("no student id: graded with the numbers of an empty one")
    elif len(set(ids)) > 1:
        notes.append(f"several student ids: {', '.join(sorted(set(ids)))[:200]}; the first counts")
    return ids[0][:80] if ids else ""


def _as_code(cell, lab, notes):
    """The cell; one of a task that was turned into text (a key is enough, in JupyterLab) as code."""
    code, source, known = cell
    head = HEAD.match(source.lstrip())
    if code or not head or head[1] not in {task.name for task in lab.tasks}:
        return cell
    notes.append(f"the cell of {head[1]} was saved as text, not as code; run all the same")
    return True, source, known


def _place(cell, lab):
    """(tag, name) of a cell: by what it says itself, then by our metadata, then by what it defines."""
    code, source, known = cell
    tag, name, tasks = known.get("tag"), known.get("name"), {task.name: task for task in lab.tasks}
    head = HEAD.match(source.lstrip()) if code else ANSWER.search(source)
    if head and head[1] in (tasks if code else lab.answers):
        return ("task" if code else "answer"), head[1]
    if not code:
        return ("answer", name) if tag == "answer" and name in lab.answers else ("", "")
    if tag == "task" and name in tasks:
        return tag, name
    if tag in GIVEN:
        return tag, ""
    same = [one.tag for one in lab.cells if one.tag in GIVEN and one.source.strip() == source.strip()]
    if same:  # some programs drop the metadata
        return same[0], ""
    return next((("task", name) for name, task in tasks.items() if _defines(source, task)), ("extra", ""))


def _defines(source, task):
    """Whether a cell defines what the task asks for."""
    defined = re.findall(r"^(?:def|class) (\w+)", task.stub, re.MULTILINE)
    written = [rf"^(?:def|class) {one}\b" for one in defined] or [rf"^\s*{task.name}\s*="]
    return any(re.search(one, source, re.MULTILINE) for one in written)


def _sort(cells, places, lab, found):
    """Put each cell where it belongs."""
    order = [name for tag, name in places if tag == "task"]
    extra = []
    for (_, source, _), (tag, name) in zip(cells, places):
        if tag == "extra":
            extra.append(source)
        elif tag == "task":
            found.cells[name] = [*found.cells.get(name, []), source]
            found.extra[name] = [*found.extra.get(name, []), *extra]
            extra = []
        elif tag == "answer":
            found.answers[name] = source
    found.after = extra
    wanted = [task.name for task in lab.tasks]
    for task in lab.tasks:  # two cells that were joined: it is in the cell of another task
        joined = [source for name in wanted for source in found.cells.get(name, []) if _defines(source, task)]
        if task.name not in found.cells and joined:
            found.cells[task.name] = joined
            found.notes.append(f"{task.name} is in the cell of another task")
    missing = [name for name in wanted if name not in found.cells]
    doubled = sorted({name for name in order if order.count(name) > 1})
    if missing:
        found.notes.append(f"cells are missing: {', '.join(missing)}")
    if doubled:
        found.notes.append(f"more than one cell: {', '.join(doubled)}; all are run, the last one counts")
    if order != sorted(order, key=wanted.index):
        found.notes.append("the cells are in another order; graded in the lab's")
    given = [cell.source for cell in lab.cells if cell.tag in ("setup", "try")]
    present = {source for (_, source, _), (tag, _) in zip(cells, places) if tag in ("setup", "try")}
    if not present <= set(given):
        found.notes.append("given cells or visible tests were changed; graded with the lab's own")
