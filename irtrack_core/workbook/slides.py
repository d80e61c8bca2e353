"""Slides of the stored notebooks: a reveal.js deck each, that needs no network, and its figures as PNG."""

import base64
import re
import struct
from pathlib import Path

import nbformat

from irtrack_core.whole_files import write_whole
from irtrack_core.workbook import book, offline

EQUATION = offline.TOKEN.format(r"\d+")
REVEAL = Path(__file__).with_name("reveal")  # its README says whence, and why it lies here
# the theme: fonts of the system; a figure takes the room that its text leaves, and text that finds none scrolls
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>TITLE</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="reveal/reveal.css"><style>
.reveal-viewport { background: white; } .reveal { font: 25px/1.35 sans-serif; color: #1f2328; --r-controls-spacing: 12px; }
.reveal .slides { text-align: left; } .reveal .slide-number { right: auto; left: 12px; background: none; color: #57606a; }
.reveal .slides section { box-sizing: border-box; height: 100%; flex-direction: column; gap: 16px; overflow: auto; }
.reveal h1 { font-size: 40px; line-height: 1.2; margin: 0; } .reveal p { margin: 0; max-width: 60em; }
.reveal img { width: 100%; min-height: 0; flex: 1 1 0; object-fit: contain; object-position: left top; }
.reveal ul { margin: 0; max-width: 58em; } .reveal li { margin-bottom: 12px; } .reveal code { font-size: 0.9em; }
.reveal table { font-size: 18px; border-collapse: collapse; } .reveal td, .reveal th { padding: 4px 10px; text-align: right; }
.reveal tr { border-bottom: 1px solid #d0d7de; } .reveal math { font-size: 1.15em; }
.reveal .controls { color: #57606a; }
</style></head><body><div class="reveal"><div class="slides">
BODY</div></div><script src="reveal/reveal.js"></script><script>
Reveal.initialize({
  width: 1280, height: 760, margin: 0.05, center: false, display: 'flex', hash: true, slideNumber: 'c/t', transition: 'none',
});
</script></body></html>
"""


def slides_of(notebook):
    """A list of (heading, text, [shown]) of a stored notebook, for each heading with something to show or to say.

    text: Markdown, the first paragraph below the heading, with an equation beside it, and, where nothing is shown, the list
    after it. shown: bytes of a PNG or HTML of a table, in the order of the cells. Quizzes are left out: a lecturer asks them.
    """
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for block in re.split(r"\n\s*\n", cell.source):
                begin = re.match(r"#+ (.*)", block)
                if begin:
                    found.append([begin[1], [], "", []])
                elif found:
                    _say(found[-1], block.strip())
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            shown = data.get("image/png") or data.get("text/html", "")
            if found and ("image/png" in data or 'class="dataframe"' in shown):
                found[-1][3].append(base64.b64decode(shown) if "image/png" in data else shown)
    kept = []
    for heading, words, listed, shown in found:
        # the colon of a sentence led to code that a slide has no room for
        text = "\n\n".join(words if shown else [*words, listed]).strip()
        text = text if shown else re.sub(r":$", ".", text)
        if heading != "Check yourself" and (text or shown):
            kept.append((heading, text, shown))
    return kept


def _say(slide, block):
    """Add a block of Markdown to a slide of `slides_of` where it belongs on one."""
    _, words, listed, shown = slide
    if re.fullmatch(EQUATION, block):
        if not shown and not any(re.fullmatch(EQUATION, word) for word in words):
            words.append(block)
    elif block.startswith("- "):
        slide[2] = listed or block
    elif not listed and not re.match(r"\||<|\*\*Predict|.*\[Glossary\]", block):
        if not any(not re.fullmatch(EQUATION, word) for word in words):
            words.append(block)


def make(folder=None, root=None):
    """Writes a deck for every stored notebook, its figures as PNG and reveal.js beside them; returns the folder."""
    from nbconvert.filters import markdown2html

    root = Path(root or book.find_root())
    folder = Path(folder or root / "slides")
    for path in sorted(REVEAL.iterdir()):
        write_whole(folder / "reveal" / path.name, path.read_bytes())
    for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        equations = offline.take_equations(notebook)
        body, number = [], 0
        for heading, text, shown in slides_of(notebook):
            # links would lead out of the deck
            title, text = (markdown2html(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", words)) for words in (heading, text))
            title = re.sub(r"</?p>", "", title).strip()
            for one in shown or [""]:
                if isinstance(one, bytes):
                    number += 1
                    name = f"{path.stem}/{number:02d}.png"
                    write_whole(folder / name, one)
                    one = _image(one, name, re.sub(rf"<[^>]+>|{EQUATION}", "", title).strip())
                body.append(f"<section><h1>{title}</h1>{text}{one}</section>\n")
        page = PAGE.replace("TITLE", path.stem).replace("BODY", "".join(body))
        write_whole(folder / f"{path.stem}.html", offline.put_equations(page, equations).encode())
    return folder


def _image(png, name, says):
    """HTML of a figure that takes the room of its slide, but is not blown up beyond twice its size."""
    width, height = struct.unpack(">II", png[16:24])
    return f'<img src="{name}" alt="{says}" style="max-width: min(100%, {2 * width}px); max-height: {2 * height}px">'
