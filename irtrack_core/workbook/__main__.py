"""Notebooks in batch, and what make does without make: `python -m irtrack_core.workbook run|build|results|site|...`."""

import argparse
import os
import sys
from pathlib import Path

PROFILES = ("quick", "medium", "full")  # of config.PROFILES, which takes longer to load than a wrong word to answer

# jsonschema, by which nbformat checks notebooks, would spend seconds at import on a grammar for addresses that none has
sys.modules.setdefault("rfc3987_syntax", None)


def main(arguments=None):
    """Runs the command line; returns the exit status."""
    os.environ["IRTRACK_BATCH"] = "1"  # demos draw their static figure, for nobody is there to move a slider
    os.environ.pop("MPLBACKEND", None)  # any but the kernel's own would leave the notebooks without figures
    chosen = _parser().parse_args(_shielded(sys.argv[1:] if arguments is None else arguments))
    try:
        _settle_places()
        return chosen.call(chosen) or 0
    except (ValueError, OSError, ModuleNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 128 + (stop.args[0] if stop.args else 2)


def _shielded(words):
    """The words; a VALUE after `-p NAME` that begins with a dash, an option to argparse, is marked, see `_run`."""
    words = list(words)
    for k in range(2, len(words)):
        if words[k - 2] == "-p" and words[k].startswith("-"):
            words[k] = f"\0{words[k]}"
    return words


def _settle_places():
    """Makes the folders that the environment names absolute: notebooks run in the repository, not where the user stands."""
    for name in ("IRTRACK_DATA", "IRTRACK_RESULTS", "IRTRACK_FIGURES"):
        value = os.environ.get(name, "").strip()
        if value:
            os.environ[name] = os.path.abspath(os.path.expanduser(value))
            if name == "IRTRACK_DATA" and not Path(os.environ[name]).is_dir():
                raise FileNotFoundError(
                    f"IRTRACK_DATA names {value!r}, which is not a folder (seen from {Path.cwd()}): correct it, or unset it"
                )


def _parser():
    parser = argparse.ArgumentParser(prog="python -m irtrack_core.workbook", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(call, text, name=""):
        one = commands.add_parser(name or call.__name__.lstrip("_"), help=text)
        one.set_defaults(call=call)
        return one

    one = command(_run, "execute a notebook with parameters")
    one.add_argument("notebook")
    one.add_argument("output")
    one.add_argument("-p", dest="parameters", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    one.add_argument(
        "--record", action="store_true", help="record the demos over a few values of their controls, as site does"
    )
    one = command(_build, "make and execute the stored notebooks from notebooks/src/*.py")
    one.add_argument("names", nargs="*", help="beginnings of names, e.g. 02; none: all")
    one.add_argument("--keep", action="store_true", help="keep the stored outputs: for a change of text alone")
    one.add_argument("--no-execute", action="store_true", help="write code and text only")
    one = command(_results, "run all notebooks that are not up to date, and say where report, tables and figures are")
    one.add_argument("--cores", type=int, default=2)
    one.add_argument("--dry-run", action="store_true", help="only say what would run, and how long it took last time")
    command(_where, "say where report, tables and figures are")
    command(_figures, "put the figures of the last results that look otherwise in place of those in figures/")
    command(_site, "make a web site of the executed notebooks")
    command(_slides, "make slides of the stored notebooks, and their figures as PNG")
    one = command(_colab, "write copies of notebooks that install themselves in Colab")
    one.add_argument("address", help="of a clone that everybody can read, https://...")
    one.add_argument("names", nargs="*", help="beginnings of names, e.g. 02; none: all")
    _tasks(commands, command)
    for name in ("results", "plan", "where", "site", "baselines"):
        commands.choices[name].add_argument("--profile", default="quick", choices=PROFILES)
    return parser


def _tasks(commands, command):
    """The commands that do what make's targets of the same names do; each is a function of `tasks`."""
    for name, text, *options in (
        ("test", "run all tests", ("--cores", 2)),
        ("lab", "open JupyterLab on the first notebook"),
        (
            "demo",
            "serve the sandbox as a page: a clip, a box, a filter, a tracker",
            ("--port", 8866),
            ("--no-browser",),
        ),
        ("baselines", "track by OpenCV's CSRT, KCF and MIL, in an environment of their own"),
        ("wheelhouse", "collect all wheels, for rooms without a network", ("--index", "")),
        ("bench", "run all benchmarks"),
        ("fuzz", "run the fuzz cases", ("--minutes", 60)),
        ("kill", "stop work at random moments and start it again"),
        ("findings", "run the scripts in findings/, which alone need bash"),
        ("clean", "remove what the other commands made"),
    ):
        one = command(_task, text, name)
        one.set_defaults(task=name)
        for option, *default in options:
            kind = dict(type=type(default[0]), default=default[0]) if default else dict(action="store_true")
            one.add_argument(option, **kind)
    for name in ("release", "teach", "grade"):
        one = command(_task, f"the same as python -m irtrack_core.teaching {name}", name)
        one.add_argument("words", nargs="*")
        one.set_defaults(task=name)
    one = command(_results, "say what results would run now, and how long each part took last time", "plan")
    one.set_defaults(cores=2, dry_run=True)


def _run(chosen):
    from irtrack_core.provenance import find_root
    from irtrack_core.workbook import parameters

    names = [name for name, _ in chosen.parameters]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"parameter given twice: {', '.join(sorted(twice))}")
    given = {name: value.removeprefix("\0") for name, value in chosen.parameters}
    values = parameters.check(chosen.notebook, given, find_root())
    _check_output(Path(chosen.output), Path(chosen.notebook))
    os.environ["IRTRACK_BATCH"] = "record" if chosen.record else "run"
    from irtrack_core.workbook import runner

    return runner.run(chosen.notebook, chosen.output, values)


def _check_output(path, notebook):
    """Raises ValueError or OSError where the executed notebook cannot be written, or would replace the notebook itself."""
    if path.is_dir() or path.resolve() == notebook.resolve():
        raise ValueError(f"{path} would be overwritten: name another file for the executed notebook")
    there = next(folder for folder in path.resolve().parents if folder.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"cannot write {path}: {there} is not a folder")
    if not os.access(path if path.exists() else there, os.W_OK):
        raise PermissionError(f"cannot write {path}: name another place")


def _build(chosen):
    from irtrack_core.workbook import book, runner

    os.environ.setdefault("IRTRACK_FIGURES", str(book.find_root() / "figures"))  # stored beside the notebooks
    for path in runner.sources(chosen.names):
        print(f"wrote {runner.build(path, execute=not chosen.no_execute, keep=chosen.keep)}", flush=True)


def _results(chosen):
    from irtrack_core.workbook import batch

    return (batch.plan if chosen.dry_run else batch.results)(chosen.profile, chosen.cores)


def _where(chosen):
    from irtrack_core.workbook import batch

    batch.where(chosen.profile)


def _figures(chosen):
    from irtrack_core.workbook import book

    changed = book.keep_figures()
    print(*changed or ["every figure is as it was"], sep="\n")


def _site(chosen):
    from irtrack_core.workbook import batch

    batch.executed(chosen.profile)  # before all that draws pages is loaded
    from irtrack_core.workbook import site

    print(f"open {site.make(chosen.profile) / 'index.html'}")


def _slides(chosen):
    from irtrack_core.workbook import slides

    print(f"a deck for each notebook in {slides.make()}: arrow keys turn the pages")


def _colab(chosen):
    from irtrack_core.workbook import elsewhere

    print("\n".join(f"wrote {path}" for path in elsewhere.colab(chosen.address, chosen.names)))


def _task(chosen):
    from irtrack_core.workbook import tasks

    known = {name: value for name, value in vars(chosen).items() if name not in ("call", "task", "words")}
    if "no_browser" in known:
        known["browser"] = not known.pop("no_browser")
    if chosen.task in ("release", "teach", "grade"):
        return tasks.teaching(chosen.task, *chosen.words)
    return getattr(tasks, chosen.task)(**known)


if __name__ == "__main__":
    sys.exit(main())
