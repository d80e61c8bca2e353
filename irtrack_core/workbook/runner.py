"""Notebooks in batch: build the stored ones from their sources, run one with checked parameters.

Used as `python -m irtrack_core.workbook build|run|results|where|site`.
"""

import argparse
import ast
import hashlib
import os
import sys
import time
from pathlib import Path

import nbformat

from irtrack_core.workbook import batch, book, site

__all__ = ["build", "check_parameters", "main", "run", "sources"]

# ipykernel warns at every start that its local TCP connection is not encrypted, and reports its own orderly end as an error
QUIET_KERNEL = ["--IPKernelApp.log_level=CRITICAL"]
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
    seen = {}
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\0{cell.source}".encode()).hexdigest()[:10]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    return notebook


def build(path, *, execute=True):
    """Make notebooks/<slug>.ipynb from notebooks/src/<slug>.py and execute it; returns the path written.

    Outputs are stored without times, progress bars and widget state, so that a rebuilt notebook differs only where its
    results do. An error in a cell is raised, and the stored notebook stays as it was.
    """
    from nbclient import NotebookClient

    path = Path(path)
    notebook = from_source(path)
    target = path.parent.parent / f"{path.stem}.ipynb"
    if execute:
        client = NotebookClient(
            notebook,
            timeout=None,
            kernel_name="python3",
            extra_arguments=QUIET_KERNEL,
            store_widget_state=False,
            record_timing=False,
            resources={"metadata": {"path": str(target.parent)}},
        )
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
    book._write(target, (nbformat.writes(notebook) + "\n").encode())
    return target


def clean(notebook):
    """Drop from the outputs what differs between two equal runs: progress bars, object addresses, widget views."""
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
            kept.append(output)
        cell.outputs = kept
    notebook.metadata.pop("widgets", None)


def check_parameters(path, texts):
    """Values for a notebook's parameters from text, each of the type its annotation says.

    texts: dict name -> text, as typed after `-p`. Raises ValueError for a name that the notebook does not have and for
    a text of the wrong type: papermill alone would only warn, and compute with the default.
    """
    import papermill

    known = papermill.inspect_notebook(str(path))
    values = {}
    for name, text in texts.items():
        if name not in known:
            raise ValueError(f"{Path(path).name} has no parameter {name!r}; it has: {', '.join(known) or 'none'}")
        kind = known[name]["inferred_type_name"]
        values[name] = _parse(name, text, kind)
    return values


def _parse(name, text, kind):
    if kind == "str":
        return text
    try:
        value = ast.literal_eval({"true": "True", "false": "False", "none": "None"}.get(text.lower(), text))
    except (ValueError, SyntaxError):
        raise ValueError(f"parameter {name} must be {kind}; got {text!r}") from None
    if kind == "float" and type(value) is int:
        value = float(value)
    kinds = {"int": int, "float": float, "bool": bool, "list": list, "tuple": tuple}
    expected = kinds.get(kind.split("[")[0])
    if expected and type(value) is not expected:
        raise ValueError(f"parameter {name} must be {kind}; got {text!r}")
    return value


def run(path, output, texts):
    """Execute a notebook by papermill with checked parameters; returns 0, or 1 when a cell failed.

    The output notebook is written while it runs and kept when it fails. Progress goes to the error stream.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    values = check_parameters(path, texts)
    output = Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    watch = _follow(Path(path).stem)
    try:
        papermill.execute_notebook(
            str(path),
            str(output),
            parameters=values,
            kernel_name="python3",
            progress_bar=False,
            log_output=True,
            cwd=str(book.find_root()),
            extra_arguments=QUIET_KERNEL,
        )
    except PapermillExecutionError as error:
        watch(f"FAILED in cell [{error.exec_count}]: {error.ename}: {error.evalue}", always=True)
        print(f"the notebook up to the failed cell is kept: {output}", file=sys.stderr)
        return 1
    watch("done", always=True)
    return 0


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


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m irtrack_core.workbook", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="execute a notebook with parameters")
    one.add_argument("notebook")
    one.add_argument("output")
    one.add_argument("-p", dest="parameters", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    make = commands.add_parser("build", help="make and execute the stored notebooks from notebooks/src/*.py")
    make.add_argument("names", nargs="*", help="beginnings of names, e.g. 02; none: all")
    make.add_argument("--no-execute", action="store_true", help="write code and text only")
    look = commands.add_parser("where", help="say where tables and figures are")
    look.add_argument("--profile", default="quick")
    every = commands.add_parser("results", help="run all notebooks that are not up to date, and say where tables are")
    every.add_argument("--profile", default="quick")
    every.add_argument("--cores", type=int, default=2)
    every.add_argument("--dry-run", action="store_true", help="only say what would run, and how long it took last time")
    web = commands.add_parser("site", help="make a web site of the executed notebooks")
    web.add_argument("--profile", default="quick")
    options = parser.parse_args(arguments)
    # demos draw their static figure, for nobody is there to move a slider; a run also records them for the web site
    os.environ["IRTRACK_BATCH"] = "record" if options.command == "run" else "1"
    os.environ.pop("MPLBACKEND", None)  # any but the kernel's own would leave the notebooks without figures
    try:
        if options.command == "run":
            names = [name for name, _ in options.parameters]
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise ValueError(f"parameter given twice: {', '.join(sorted(twice))}")
            return run(options.notebook, options.output, dict(options.parameters))
        if options.command == "where":
            batch.where(options.profile)
            return 0
        if options.command == "results":
            return (batch.plan if options.dry_run else batch.results)(options.profile, options.cores)
        if options.command == "site":
            print(f"open {site.make(options.profile) / 'index.html'}")
            return 0
        os.environ.setdefault("IRTRACK_FIGURES", str(book.find_root() / "figures"))  # stored beside the notebooks
        for path in sources(options.names):
            print(f"wrote {build(path, execute=not options.no_execute)}", flush=True)
    except (ValueError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
