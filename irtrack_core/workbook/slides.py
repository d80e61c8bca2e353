"""Slides of the stored notebooks: a deck of plain HTML each, that needs no network, and its figures as PNG."""

import base64
import html
import re
from pathlib import Path

import nbformat

from irtrack_core.whole_files import write_whole
from irtrack_core.workbook import book, offline

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>TITLE</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body { margin: 0; font: 3.2vh/1.35 sans-serif; background: white; color: #1f2328; }
section { display: none; box-sizing: border-box; height: 100vh; padding: 4vh 5vw; overflow: auto; }
section.now { display: flex; flex-direction: column; gap: 2vh; }
h1 { font-size: 5.4vh; margin: 0; } p { margin: 0; max-width: 60em; }
img { max-width: 100%; min-height: 0; flex: 0 1 auto; object-fit: contain; align-self: flex-start; }
footer { position: fixed; right: 1.5vw; bottom: 1vh; font-size: 2vh; color: #57606a; }
@media print { section { display: flex; page-break-after: always; } footer { display: none; } }
</style></head><body>
BODY<footer></footer><script>
const slides = [...document.querySelectorAll('section')];
const show = number => {
  const at = Math.max(0, Math.min(slides.length - 1, number));
  slides.forEach((slide, k) => slide.classList.toggle('now', k === at));
  document.querySelector('footer').textContent = (at + 1) + ' / ' + slides.length;
  history.replaceState(null, '', '#' + (at + 1));
};
const now = () => slides.findIndex(slide => slide.classList.contains('now'));
addEventListener('keydown', event => {
  if (['ArrowRight', 'PageDown', ' '].includes(event.key)) show(now() + 1);
  if (['ArrowLeft', 'PageUp'].includes(event.key)) show(now() - 1);
  if (event.key === 'Home') show(0);
  if (event.key === 'End') show(slides.length - 1);
});
show((Number(location.hash.slice(1)) || 1) - 1);
</script></body></html>
"""


def slides_of(notebook):
    """A list of (heading, first paragraph, [PNG bytes]) of a stored notebook: one for each heading and figure below it."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for block in re.split(r"\n\s*\n", cell.source):
                begin = re.match(r"#+ (.*)", block)
                if begin:
                    found.append([begin[1], "", []])
                elif found and not found[-1][1] and not block.lstrip().startswith(("|", "<", "**Predict", "- ")):
                    found[-1][1] = " ".join(block.split())
                elif found and re.fullmatch(r"irtrackequation\d+x", block.strip()) and not found[-1][2]:
                    found[-1][1] += " " + block.strip()  # the sentence before leads to it
        for output in cell.get("outputs", []):
            picture = output.get("data", {}).get("image/png")
            if picture and found:
                found[-1][2].append(base64.b64decode(picture))
    return [(heading, text, pictures) for heading, text, pictures in found if pictures or text]


def make(folder=None, root=None):
    """Writes a deck for every stored notebook with figures, and the figures as PNG beside it; returns the folder."""
    root = Path(root or book.find_root())
    folder = Path(folder or root / "slides")
    for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        equations = offline.take_equations(notebook)
        body, number = [], 0
        for heading, text, pictures in slides_of(notebook):
            for some in [pictures[k : k + 1] for k in range(len(pictures))] or [[]]:
                shown = ""
                for picture in some:
                    number += 1
                    write_whole(folder / path.stem / f"{number:02d}.png", picture)
                    shown += f'<img src="{path.stem}/{number:02d}.png" alt="{html.escape(heading)}">'
                body.append(f"<section><h1>{_plain(heading)}</h1><p>{_plain(text)}</p>{shown}</section>\n")
        page = PAGE.replace("TITLE", path.stem).replace("BODY", "".join(body))
        write_whole(folder / f"{path.stem}.html", offline.put_equations(page, equations).encode())
    return folder


def _plain(text):
    """HTML of a line of Markdown: emphasis, code and links as what they show."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = html.escape(text, quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", re.sub(r"(?<!\w)\*([^*]+)\*", r"<em>\1</em>", text))
