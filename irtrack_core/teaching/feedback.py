"""What the grader writes: grades.csv, a page for each student, and the list of submissions that resemble each other."""

import ast
import csv
import html
import inspect
import io
import re
import sys
from collections import Counter
from importlib import import_module
from itertools import combinations

from irtrack_core.whole_files import write_whole

ALIKE = 0.9  # share of equal pieces from which two cells are listed
PIECE, SHORT = 6, 40  # tokens of a piece; cells with fewer tokens than SHORT all look alike and are left out
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body {{ font: 16px/1.5 sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color: #1f2328; }}
td, th {{ text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }}
pre {{ white-space: pre-wrap; background: #f4f4f4; }}
.lost {{ color: #a33b00; }}
td:first-child {{ white-space: nowrap; }} td:nth-child(2) {{ min-width: 12em; }}
</style></head><body>{body}</body></html>
"""


def write(results, lab, out):
    """Write grades.csv, similar.csv and feedback/*.html into the folder `out`; a page that cannot be written is told."""
    same_ids = Counter(result["student"] for result in results if result["student"])
    for result in results:
        others = [
            one["file"] for one in results if one["student"] == result["student"] and one["file"] != result["file"]
        ]
        if same_ids[result["student"]] > 1:
            result["notes"] = [*result["notes"], f"the same student id is in {', '.join(others)}"]
    failed = []
    for path, content in (
        (out / "grades.csv", grades(results, lab)),
        (out / "similar.csv", similar(results, lab)),
        *((out / "feedback" / f"{_slug(result['file'])}.html", page(result, lab)) for result in results),
    ):
        try:
            write_whole(path, content.encode())
        except OSError as error:
            failed.append(f"{path}: {error.strerror}")
    if failed:
        print(f"error: {len(failed)} files could not be written, the first: {failed[0]}", file=sys.stderr)
    return not failed


def grades(results, lab):
    """The table as CSV: file, student, points of each task, total, of, points by hand (empty), reason."""
    text = io.StringIO()
    writer = csv.writer(text)
    tasks = [task.name for task in lab.tasks]
    writer.writerow(
        ["file", "student", *tasks, "total", "of", *(f"{name} (by hand)" for name in lab.answers), "reason"]
    )
    for result in results:
        got = [_number(sum(row["got"] for row in result["tasks"].get(task, []))) for task in tasks]
        lost = [f"{task}: {row['why']}" for task, rows in result["tasks"].items() for row in rows if row["why"]]
        reason = "; ".join(filter(None, [result["error"], *result["notes"], *dict.fromkeys(lost)]))
        row = [
            result["file"],
            result["student"],
            *got,
            _number(result["total"]),
            lab.points,
            *([""] * len(lab.answers)),
            reason,
        ]
        writer.writerow([_plain(one) for one in row])
    return text.getvalue()


def page(result, lab):
    """A student's page as HTML."""
    lines = [f"<h1>{html.escape(lab.title)}</h1><p>{html.escape(result['student'] or result['file'])}: "]
    by_hand = f", and up to {lab.by_hand} more for the written answers" if lab.by_hand else ""
    lines.append(f"<strong>{_number(result['total'])} of {lab.points}</strong> points{by_hand}.</p>")
    if result["error"]:
        lines.append(f'<p class="lost">Not graded: {html.escape(result["error"])}</p>')
    lines += [f"<p>Note: {html.escape(note)}</p>" for note in result["notes"]]
    for task in lab.tasks:
        rows = result["tasks"].get(task.name, [])
        lines.append(f"<h2>{task.name}: {_number(sum(row['got'] for row in rows))} of {task.points}</h2><table>")
        for row in rows:
            points = f"{_number(row['got'])} of {_number(row['of'])}" if row["of"] else ""  # a remark
            lines.append(f"<tr><td>{points}</td><td>{html.escape(row['what'])}</td>")
            lines.append(f'<td class="lost">{html.escape(row["why"])}</td></tr>')
        lines.append("</table>")
    for name, text in result["answers"].items():
        lines.append(f"<h2>{name}: graded by hand, {lab.answers[name]} points</h2><pre>{html.escape(text)}</pre>")
    if result.get("output"):
        lines.append(f"<h2>Printed while grading</h2><pre>{html.escape(result['output'][:4000])}</pre>")
    return PAGE.format(title=html.escape(lab.title), body="\n".join(lines))


def similar(results, lab):
    """CSV of pairs whose cells of a task are alike after names and comments are taken away: for the lecturer to look at."""
    found = []
    for task in lab.tasks:
        pieces = {r["file"]: _pieces("\n".join(r["cells"].get(task.name, []))) for r in results if not r["error"]}
        given = _pieces(task.stub)
        pieces |= {name: _pieces(source) for name, source in _own(task)}
        pieces = {name: some - given for name, some in pieces.items() if sum((some - given).values()) >= SHORT}
        sources = {name for name, _ in _own(task)}
        for one, other in combinations(pieces, 2):
            if {one, other} <= sources:
                continue
            both = sum((pieces[one] & pieces[other]).values())
            share = both / max(sum(pieces[one].values()), sum(pieces[other].values()))
            if share >= ALIKE:
                found.append((task.name, one, other, f"{share:.2f}"))
    text = io.StringIO()
    csv.writer(text).writerows(
        [("task", "one", "other", "share of equal pieces"), *sorted(found, key=lambda row: row[3])[::-1]]
    )
    return text.getvalue()


def _own(task):
    """[(name, source)] of the solution and of the package's own functions for a task."""
    found = [("the solution", task.solution)]
    for name in task.given["OWN"]:
        module, function = name.split(":")
        if module.startswith("irtrack_core"):
            found.append((name, inspect.getsource(getattr(import_module(module), function))))
    return found


def _pieces(source):
    """Counter of the PIECE-token runs of a source, in which all names are one."""
    try:
        source = ast.unparse(ast.parse(source))  # without comments, in one layout
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    source = re.sub(r'("""|\'\'\').*?\1', "", source, flags=re.DOTALL)
    tokens = ["n" if re.match(r"[A-Za-z_]", one) else one for one in re.findall(r"\w+|[^\w\s]", source)]
    return Counter(tuple(tokens[i : i + PIECE]) for i in range(len(tokens) - PIECE + 1))


def _slug(file):
    return re.sub(r"[^A-Za-z0-9_.-]", "_", file.replace("/", "__"))


def _number(value):
    return f"{value:g}"


def _plain(value):
    """Text that a table program does not take for a formula."""
    text = str(value).replace("\n", " ")
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
