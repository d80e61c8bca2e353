"""A small web site from executed notebooks: one page each and an index. Recorded demos keep working controls."""

import html
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from irtrack_core.whole_files import write_whole
from irtrack_core.widgets import replay
from irtrack_core.workbook import book, offline, runner
from irtrack_core.workbook.batch import executed

# wide tables scroll in their own box, text in their cells keeps a width that can be read, and figures shrink with the page
PAGE = """<meta name="viewport" content="width=device-width, initial-scale=1"><style>
.jp-RenderedHTMLCommon table { display: block; max-width: 100%; overflow-x: auto; }
.jp-RenderedMarkdown td { min-width: 7.5rem; vertical-align: top; }
.jp-RenderedMarkdown td:nth-child(n + 3) { min-width: 13rem; }
.jp-RenderedMarkdown pre { white-space: pre; overflow-x: auto; font-family: var(--jp-code-font-family); }
.jp-OutputArea-output img, .jp-RenderedImage img { max-width: 100%; height: auto; }
.irtrack-back { font: 15px sans-serif; padding: 0.6rem 1rem 0; }
@media (max-width: 700px) {
  body.jp-Notebook { padding: 0.5rem; }
  .jp-InputPrompt, .jp-OutputPrompt { display: none; }
  .jp-Cell { padding-left: 0; padding-right: 0; }
}
</style></head>"""
BACK = '<p class="irtrack-back"><a href="index.html">all notebooks</a></p>'

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>irtrack</title>
<style>body{font:18px/1.5 sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}li{margin:.4rem 0}
:root{color-scheme:light dark}input{font:inherit;padding:.2rem;width:min(22rem,100%)}small{opacity:.75}</style></head><body>
<h1>Tracking of small infrared targets</h1>
"""


def make(profile, folder=None):
    """Writes site/index.html and a page for each executed notebook of a profile; returns the folder.

    Pages hold all their figures and work offline, down to a phone's width, and so do the demos, over the values that are
    recorded here (`recorded`); equations are MathML, the index searches all pages, and dark screens get dark pages. The
    labs lie beside them to be downloaded. Raises FileNotFoundError when nothing was run yet.
    """
    notebooks = executed(profile)
    folder = Path(folder or book.find_root() / "site")
    texts, lines = [], ["<h2>Notebooks</h2>", f"<p>Executed with the profile <em>{profile}</em>.</p><ul>"]
    for path in runner.in_order(notebooks):
        page = write_page(recorded(path), folder / f"{path.stem}.html", BACK)
        notebook = nbformat.read(path, as_version=4)
        title = notebook.cells[0].source.splitlines()[0].lstrip("# ") or path.stem
        texts += offline.sections(notebook, f"{path.stem}.html", title)
        time = re.search(r"\*\*To study:\*\* about (\d+ minutes)", notebook.cells[0].source)
        time = f" <small>{time[1]}</small>" if time else ""
        lines.append(f'<li><a href="{path.stem}.html">{html.escape(title)}</a>{time}</li>')
        print(f"wrote {page}", flush=True)
    lines += ["</ul>", *_labs(folder), *_glossary(folder, texts)]
    # the search first: what it finds is seen below it at once, on a phone, too
    write_whole(folder / "index.html", "\n".join([HEAD, offline.search(texts), *lines, "</body></html>\n"]).encode())
    return folder


def _labs(folder):
    """Writes the students' versions of the labs into labs/; returns the lines of the index that lead to them."""
    lines = ["<h2>Labs</h2><p>Notebooks to download: code to write, plots to read, questions to answer.</p><ul>"]
    with tempfile.TemporaryDirectory() as place:
        # by the command, for the room of labs lies above this one
        command = [sys.executable, "-m", "irtrack_core.teaching", "release", "--out", place]
        subprocess.run(command, cwd=book.find_root(), check=True, stdout=subprocess.DEVNULL)
        for lab in sorted(Path(place).glob("release/*.ipynb")):
            title = nbformat.read(lab, as_version=4).cells[0].source.splitlines()[0].lstrip("# ")
            write_whole(folder / "labs" / lab.name, lab.read_bytes())
            lines.append(f'<li><a href="labs/{lab.name}" download>{html.escape(title)}</a></li>')
    return [*lines, "</ul>"]


def _glossary(folder, texts):
    """Writes the glossary's page and adds its text to those of the search; returns the lines of the index that lead to it."""
    source = (book.find_root() / "docs" / "glossary.md").read_text(encoding="utf-8")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source)])
    texts += offline.sections(notebook, "glossary.html", "Glossary")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "glossary.ipynb"
        nbformat.write(notebook, path)
        write_page(path, folder / "glossary.html", BACK)
    return ['<h2>Words</h2><p><a href="glossary.html">Glossary</a>, with the Chinese terms</p>']


def recorded(path):
    """The notebook of an executed one whose demos are recorded; `path` itself where it shows none.

    It lies in the folder recorded/ beside notebooks/, and is made by running the notebook again, with the same parameters,
    when it is missing or older. Raises RuntimeError when that fails.
    """
    notebook = nbformat.read(path, as_version=4)
    if not any(cell.cell_type == "code" and "widgets" in cell.source for cell in notebook.cells):
        return path
    target = path.parents[1] / "recorded" / path.name
    if not target.is_file() or target.stat().st_mtime < path.stat().st_mtime:
        known, part = notebook.metadata["papermill"], target.with_name(f".{target.name}")
        command = [sys.executable, "-m", "irtrack_core.workbook", "run", "--record", known["input_path"], str(part)]
        for name, value in known["parameters"].items():
            command += ["-p", name, str(value)]
        if subprocess.run(command, cwd=book.find_root()).returncode:
            raise RuntimeError(f"{path.name} could not be run again to record its demos; its failed cell is in {part}")
        part.replace(target)
    return target


def write_page(path, target, top=""):
    """Writes an executed notebook as one page of HTML, `top` at its beginning; returns the page's path, `target`."""
    from nbconvert import HTMLExporter

    notebook = nbformat.read(path, as_version=4)
    demos = _replay(notebook)
    exporter = HTMLExporter(embed_images=True, require_js_url="")  # it is for widgets, which recorded demos do not need
    exporter.register_preprocessor("nbconvert.preprocessors.CoalesceStreamsPreprocessor", enabled=True)  # progress bars
    for cell in notebook.cells:
        if cell.cell_type == "markdown":  # pages lead to pages; what is not on the site stays text
            cell.source = re.sub(r"\]\((\d\d_\w+)\.ipynb\)", r"](\1.html)", cell.source)
            cell.source = cell.source.replace("](../docs/glossary.md)", "](glossary.html)")
            cell.source = re.sub(r"\[([^\]]+)\]\((?:\.\./|solutions/)[^)]*\)", r"\1", cell.source)
    equations = offline.take_equations(notebook)
    body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": target.stem}})
    body = offline.put_equations(body, equations)
    begin, end = re.search(r"<body[^>]*>", body).end(), body.rindex("</body>")
    style = (replay.STYLE if demos else "") + offline.DARK + PAGE
    head = body[:begin].replace('<script src=""></script>', "").replace("</head>", style, 1)
    return write_whole(target, (head + top + body[begin:end] + (replay.SCRIPT if demos else "") + body[end:]).encode())


def _replay(notebook):
    """Replace the figure of each recorded demo by its replay; returns their number. Other output of widgets is dropped."""
    notebook.metadata.pop("widgets", None)
    count = 0
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        demo = output.get("data", {}).get(replay.MIME)
        if demo is not None:
            output.data = {"text/html": replay.markup(demo)}
            count += 1
    return count
