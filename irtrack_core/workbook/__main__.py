"""Notebooks in batch: `python -m irtrack_core.workbook run|build|results|where|site`."""

import argparse
import os
import sys

from irtrack_core.workbook import batch, book

# jsonschema, by which nbformat checks notebooks, would spend seconds at import on a grammar for addresses that none has
sys.modules.setdefault("rfc3987_syntax", None)


def main(arguments=None):
    """Runs the command line; returns the exit status."""
    os.environ["IRTRACK_BATCH"] = "1"  # demos draw their static figure, for nobody is there to move a slider
    os.environ.pop("MPLBACKEND", None)  # any but the kernel's own would leave the notebooks without figures
    chosen = _parser().parse_args(arguments)
    try:
        return chosen.call(chosen) or 0
    except (ValueError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser():
    parser = argparse.ArgumentParser(prog="python -m irtrack_core.workbook", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(call, text):
        one = commands.add_parser(call.__name__.lstrip("_"), help=text)
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
    command(_site, "make a web site of the executed notebooks")
    for name in ("results", "where", "site"):
        commands.choices[name].add_argument("--profile", default="quick")
    return parser


def _run(chosen):
    from irtrack_core.workbook import runner

    names = [name for name, _ in chosen.parameters]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"parameter given twice: {', '.join(sorted(twice))}")
    if chosen.record:
        os.environ["IRTRACK_BATCH"] = "record"
    return runner.run(chosen.notebook, chosen.output, dict(chosen.parameters))


def _build(chosen):
    from irtrack_core.workbook import runner

    os.environ.setdefault("IRTRACK_FIGURES", str(book.find_root() / "figures"))  # stored beside the notebooks
    for path in runner.sources(chosen.names):
        print(f"wrote {runner.build(path, execute=not chosen.no_execute, keep=chosen.keep)}", flush=True)


def _results(chosen):
    return (batch.plan if chosen.dry_run else batch.results)(chosen.profile, chosen.cores)


def _where(chosen):
    batch.where(chosen.profile)


def _site(chosen):
    from irtrack_core.workbook import site

    print(f"open {site.make(chosen.profile) / 'index.html'}")


if __name__ == "__main__":
    sys.exit(main())
