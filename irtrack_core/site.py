"""A small web site from executed notebooks: one page each and an index. Sliders show their static figure."""

import html
from pathlib import Path

from irtrack_core import workbook

__all__ = ["make"]

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>irtrack</title>
<style>body{font:18px/1.5 sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}li{margin:.4rem 0}</style></head><body>
"""


def make(profile, folder=None):
    """Write site/index.html and a page for each executed notebook of a profile; returns the folder.

    Raises FileNotFoundError when nothing was run yet. Equations are set by MathJax, which a browser loads from the web.
    """
    from nbconvert import HTMLExporter

    root = workbook.find_root()
    results, _ = workbook.folders(profile)
    notebooks = sorted((results / "notebooks").glob("*.ipynb"))
    if not notebooks:
        raise FileNotFoundError(
            f"no executed notebooks in {results / 'notebooks'}: first `make results PROFILE={profile}`"
        )
    folder = Path(folder or root / "site")
    exporter = HTMLExporter(embed_images=True)
    lines = [HEAD, f"<h1>irtrack</h1><p>Executed with the profile <em>{profile}</em>.</p><ul>"]
    for path in notebooks:
        body, _ = exporter.from_filename(str(path))
        workbook._write(folder / f"{path.stem}.html", body.encode())
        lines.append(f'<li><a href="{path.stem}.html">{html.escape(path.stem.replace("_", " "))}</a></li>')
        print(f"wrote {folder / path.stem}.html", flush=True)
    workbook._write(folder / "index.html", ("\n".join(lines) + "</ul></body></html>\n").encode())
    return folder
