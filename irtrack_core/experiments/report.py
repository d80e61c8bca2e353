"""Tables and figures of all experiments, put side by side with the paper's: what notebook 20 prints."""

import json

from irtrack_core.evaluation import intervals

COLUMNS = ("what", "paper", "ours", "why they differ")
CITED = ("cited", "its authors claim", "here", "what ours does", "why they differ")


def comparison(rows, columns=COLUMNS):
    """A pandas DataFrame with the columns of the report. rows: tuples (what, paper, ours, why they differ), or of CITED.

    Raises ValueError for a row that lacks a part: a difference without its reason is no report.
    """
    import pandas as pd

    for row in rows:
        if len(row) != len(columns) or not all(str(part).strip() for part in row):
            raise ValueError(f"a row needs {', '.join(columns)}, none empty; got {row}")
    return pd.DataFrame(rows, columns=list(columns))


def markdown(table):
    """A table as Markdown text, with whole cells (pandas would cut long ones)."""
    lines = ["| " + " | ".join(map(str, table.columns)) + " |", "|" + "---|" * len(table.columns)]
    for row in table.itertuples(index=False):
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |")
    return "\n".join(lines)


def mean_text(table, tracker, dataset="all", *, by="tracker", scale=1, digits=2):
    """`0.62 (0.31 to 0.80, n = 26)`: mean and interval of one tracker, from a table of `study.with_intervals`.

    Raises ValueError when the table has not one row for it, or is of a time before ranges were told from intervals.
    """
    found = table[(table["dataset"] == dataset) & (table[by] == tracker)]
    if len(found) != 1:
        raise ValueError(f"the table has {len(found)} rows for {tracker} on {dataset}, not one")
    if not set(intervals.COLUMNS) <= set(found.columns):
        raise ValueError("the table says neither n nor the kind of its intervals: run the notebook that wrote it again")
    return intervals.texts(found, digits, scale=scale)[0]


def picture(book, slug, what):
    """The figure <slug>__<what>.png of another notebook, to be shown in this one.

    Raises FileNotFoundError when it is missing, ValueError when it was made with another profile: numbers of one study
    must not stand beside figures of another.
    """
    from IPython.display import Image

    name = f"{slug}__{what}.png"
    folder = next((one for one in _folders(book) if (one / name).is_file()), book.figures)
    path = book.need(folder / name, slug)
    made = _manifest(folder).get(name, {}).get("parameters", {}).get("profile")
    if made != book.profile.name:
        raise ValueError(
            f"{path.name} was made with profile {made!r}: run notebooks/{slug}.ipynb with {book.profile.name!r}"
        )
    return Image(filename=path)


def figures_table(book):
    """All figures recorded in manifest.json: figure, notebook, parameters, commit; `+` marks changed code."""
    import pandas as pd

    entries, rows = {}, []
    for folder in reversed(_folders(book)):
        entries |= _manifest(folder)
    for name, entry in sorted(entries.items()):
        settings = ", ".join(f"{key}={value}" for key, value in entry["parameters"].items())
        commit = f"{entry['commit'] or 'unknown'}{'+' if entry['dirty'] else ''}"
        rows.append((name, entry["notebook"].removeprefix("notebooks/"), settings, commit))
    return pd.DataFrame(rows, columns=["figure", "notebook", "parameters", "commit"])


def _folders(book):
    """Where figures lie: those of the last run, and, where a stored notebook is built, those that documents show."""
    return book.results / "figures", book.figures


def _manifest(folder):
    path = folder / "manifest.json"
    return json.loads(path.read_text()) if path.exists() else {}
