"""Builds the stored notebooks from their sources, and runs one with its parameters."""

import hashlib
import sys
import time
from pathlib import Path

import nbformat

from irtrack_core.whole_files import only_writer, write_whole
from irtrack_core.workbook import book

# ipykernel warns at every start that its local TCP connection is not encrypted, and reports its own orderly end as an error
QUIET_KERNEL = ["--IPKernelApp.log_level=CRITICAL"]
BEHIND = {"30": "02~", "31": "01~"}  # notebooks that are read behind others than their numbers say
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def sources(chosen=(), root=None):
    """Paths of notebooks/src/*.py, all or those whose name begins with one of `chosen` ("02", "02_filter…").

    Raises FileNotFoundError for a beginning that fits none.
    """
    folder = Path(root or book.find_root()) / "notebooks" / "src"
    found = sorted(folder.glob("[0-9][0-9]_*.py"))
    for begin in chosen:
        if not any(path.name.startswith(begin) for path in found):
            raise FileNotFoundError(f"no notebook source begins with {begin!r}; there are: {[p.stem for p in found]}")
    return [path for path in found if not chosen or path.name.startswith(tuple(chosen))]


def from_source(path):
    """The unexecuted notebook of a percent source, with ids and metadata that depend on nothing but the source."""
    import jupytext

    notebook = jupytext.read(path, fmt="py:percent")
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.cells.append(nbformat.v4.new_markdown_cell(links(path)))
    seen = {}
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\0{cell.source}".encode()).hexdigest()[:10]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    return notebook


def in_order(paths):
    """Paths of notebooks, or of their sources, in the order in which they are read."""
    return sorted(paths, key=lambda one: BEHIND.get(one.stem[:2], "") + one.stem)


def links(path):
    """Markdown that leads from a notebook to the one before it, to the contents, to the one after it and to the glossary.

    The primer 30 belongs behind 02, the checks of 31 behind 01.
    """
    path = Path(path)
    every = in_order(path.parent.glob("[0-9][0-9]_*.py"))
    place = every.index(path) if path in every else len(every)
    before, after = every[:place][-1:] if path in every else [], every[place + 1 : place + 2]
    parts = [f"← [{_title(one)}]({one.stem}.ipynb)" for one in before] + ["[Contents](00_start_here.ipynb)"]
    parts += [f"[{_title(one)}]({one.stem}.ipynb) →" for one in after]
    if (path.parent.parent / "solutions" / path.name).is_file():
        parts.append(f"[Solutions of the exercises](solutions/{path.name})")
    return " · ".join([*parts, "[Glossary](../docs/glossary.md)"])


def _title(path):
    first = path.read_text(encoding="utf-8").split("\n# # ", 1)
    return first[1].splitlines()[0] if len(first) == 2 else path.stem


def build(path, *, execute=True, keep=False):
    """Make notebooks/<slug>.ipynb from notebooks/src/<slug>.py and execute it; returns the path written.

    keep: keep the stored outputs instead, after a change of text alone; ValueError where a code cell has changed.

    Outputs are stored without times, progress bars and widget state, so that a rebuilt notebook differs only where its
    results do. An error in a cell is raised, and the stored notebook stays as it was.
    """
    path = Path(path)
    notebook = from_source(path)
    target = path.parent.parent / f"{path.stem}.ipynb"
    if keep:
        _keep(notebook, target)
    elif execute:
        client = _client(notebook, target.parent)
        number, total = 0, sum(cell.cell_type == "code" for cell in notebook.cells)

        def show(cell, cell_index):
            nonlocal number
            if cell.cell_type == "code":
                number += 1
                print(f"\r{path.stem}: cell {number} of {total} ", end="", file=sys.stderr, flush=True)

        client.on_cell_start = show
        try:
            client.execute()
        finally:
            print(file=sys.stderr)
    clean(notebook)
    write_whole(target, (nbformat.writes(notebook) + "\n").encode())
    return target


def _client(notebook, folder):
    """A client that executes the notebook in the folder."""
    from nbclient import NotebookClient

    return NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        extra_arguments=QUIET_KERNEL,
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )


def _keep(notebook, target):
    """Put the outputs of the stored notebook `target` into one with the same code cells; quizzes are made anew.

    A cell tagged "quiz" needs no other cell, and its questions stand in a file of their own.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    new = [cell for cell in code if not _is_quiz(cell)]
    stored = nbformat.read(target, as_version=4).cells
    old = [cell for cell in stored if cell.cell_type == "code" and not _is_quiz(cell)]
    if [cell.source for cell in old] != [cell.source for cell in new]:
        raise ValueError(
            f"{target.name}: its code has changed, so its outputs must be made again: build it without --keep"
        )
    for one, cell in zip(old, new):
        cell.outputs = one.outputs
    quizzes = nbformat.v4.new_notebook(cells=[cell for cell in code if _is_quiz(cell)], metadata=notebook.metadata)
    if quizzes.cells:
        _client(quizzes, target.parent).execute()
        clean(quizzes)
    for number, cell in enumerate(code, start=1):
        cell.execution_count = number
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number


def _is_quiz(cell):
    return "quiz" in cell.metadata.get("tags", [])


def clean(notebook):
    """Drop from the outputs what differs between two equal runs: progress bars, object addresses, widget views.

    Printed text that came in several parts, as on a busy machine, becomes one.
    """
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        kept = []
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                print(output.text.rsplit("\r", 1)[-1].rstrip(), file=sys.stderr)
                continue
            data = output.get("data", {})
            if "application/vnd.jupyter.widget-view+json" in data:  # sliders and bars: only a live kernel fills them
                continue
            if "image/png" in data:
                data["text/plain"] = "<Figure>"
            if output.output_type in ("display_data", "execute_result"):
                output.metadata = {}
            if kept and output.output_type == kept[-1].output_type == "stream":
                kept[-1].text += output.text
            else:
                kept.append(output)
        cell.outputs = kept
    notebook.metadata.pop("widgets", None)


def run(path, output, values):
    """Execute a notebook by papermill with parameters as `parameters.check` gives them; returns 0, or 1 when a cell failed.

    The output notebook is written while it runs and kept when it fails. Progress goes to the error stream. Raises OSError
    where another run is writing the same output.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    output = Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with only_writer(output):
        watch = _follow(Path(path).stem)
        try:
            papermill.execute_notebook(
                _as_it_is(path),
                _as_it_is(output),
                parameters=values,
                kernel_name="python3",
                language="python",  # some editors leave it out
                progress_bar=False,
                log_output=True,
                cwd=str(book.find_root()),
                extra_arguments=QUIET_KERNEL,
            )
        except (PapermillExecutionError, DeadKernelError) as error:
            what = ": the notebook's process was killed, or ended itself; was there too little memory?"
            if isinstance(error, PapermillExecutionError):
                what = f" in cell [{error.exec_count}]: {error.ename}: {error.evalue}"
            watch(f"FAILED{what}", always=True)
            print(f"the notebook up to the failed cell is kept: {output}", file=sys.stderr)
            return 1
        watch("done", always=True)
    return 0


def _as_it_is(path):
    """The text of a path for papermill, which takes braces in it for the names of parameters."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _follow(stem):
    """Show papermill's cells and the kernel's progress bars as whole lines, one in 5 to 10 seconds, silence included."""
    import logging
    from threading import Event, Thread

    begin, last, latest, over = time.monotonic(), [0.0], ["starts"], Event()

    def watch(text, always=False):
        now = time.monotonic()
        latest[0] = text
        if always and text != "starts":
            over.set()
        if always or now - last[0] >= 5:
            last[0] = now
            print(f"{stem} {now - begin:5.0f} s  {text}", file=sys.stderr, flush=True)

    class Lines(logging.Handler):
        def emit(self, record):
            text = record.getMessage().rsplit("\r", 1)[-1].strip()
            if text.startswith("Executing Cell"):
                watch(text.replace("Executing Cell", "cell").strip("- "))
            elif record.levelno >= logging.WARNING and text and not text.startswith("Passed unknown"):
                watch(text.splitlines()[-1])

    logger = logging.getLogger("papermill")
    logger.handlers, logger.propagate = [Lines()], False
    logger.setLevel(logging.INFO)
    watch("starts", always=True)

    def beat():  # a cell without a bar is not a stop
        while not over.wait(1):
            if time.monotonic() - last[0] >= 10:
                watch(f"{latest[0].removesuffix(' ...')} ...")

    Thread(target=beat, daemon=True).start()
    return watch
