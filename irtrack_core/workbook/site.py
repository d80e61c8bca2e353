"""A small web site from executed notebooks: one page each and an index. Recorded demos keep working controls."""

import html
import re
from pathlib import Path

import nbformat

from irtrack_core.widgets import replay
from irtrack_core.workbook import book

__all__ = ["make"]

# wide tables scroll in their own box, text in their cells keeps a width that can be read, and figures shrink with the page
PAGE = """<meta name="viewport" content="width=device-width, initial-scale=1"><style>
.jp-RenderedHTMLCommon table { display: block; max-width: 100%; overflow-x: auto; }
.jp-RenderedMarkdown td { min-width: 7.5rem; vertical-align: top; }
.jp-RenderedMarkdown td:nth-child(n + 3) { min-width: 13rem; }
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
<style>body{font:18px/1.5 sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}li{margin:.4rem 0}</style></head><body>
"""


def make(profile, folder=None):
    """Write site/index.html and a page for each executed notebook of a profile; returns the folder.

    Pages hold all their figures and work offline, down to a phone's width, and so do the demos, over the values that a run
    recorded (`widgets.recorded`); only equations stay in their TeX there, for MathJax is loaded from the web. Raises
    FileNotFoundError when nothing was run yet.
    """
    from nbconvert import HTMLExporter

    root = book.find_root()
    results, _ = book.folders(profile)
    notebooks = sorted((results / "notebooks").glob("*.ipynb"))
    if not notebooks:
        raise FileNotFoundError(
            f"no executed notebooks in {results / 'notebooks'}: first `make results PROFILE={profile}`"
        )
    folder = Path(folder or root / "site")
    exporter = HTMLExporter(embed_images=True, require_js_url="")  # it is for widgets, which recorded demos do not need
    exporter.register_preprocessor("nbconvert.preprocessors.CoalesceStreamsPreprocessor", enabled=True)  # progress bars
    lines = [HEAD, f"<h1>irtrack</h1><p>Executed with the profile <em>{profile}</em>.</p><ul>"]
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        demos = _replay(notebook)
        body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": path.stem}})
        begin = re.search(r"<body[^>]*>", body).end()
        style = (replay.STYLE if demos else "") + PAGE
        head = body[:begin].replace('<script src=""></script>', "").replace("</head>", style, 1)
        body = head + BACK + body[begin:]
        if demos:
            end = body.rindex("</body>")
            body = body[:end] + replay.SCRIPT + body[end:]
        book._write(folder / f"{path.stem}.html", body.encode())
        title = notebook.cells[0].source.splitlines()[0].lstrip("# ") or path.stem
        lines.append(f'<li><a href="{path.stem}.html">{html.escape(title)}</a></li>')
        print(f"wrote {folder / path.stem}.html", flush=True)
    book._write(folder / "index.html", ("\n".join(lines) + "</ul></body></html>\n").encode())
    return folder


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
