"""What pages need to work without a network: equations as MathML, a search over all pages, light and dark."""

import json
import re

# code first, for a dollar there begins no equation
MATH = re.compile(r"```.*?```|`[^`\n]*`|\$\$(.+?)\$\$|(?<!\\)\$([^$\n]+(?:\n[^$\n]+)*)\$", re.S)
TOKEN = "irtrackequation{}x"
ATTRIBUTE = re.compile(r'\b(?:id|href)="[^"]*irtrackequation\d+x[^"]*"')  # of a heading with an equation in it
MATHJAX = re.compile(r"<!-- Load mathjax -->.*?<!-- End of mathjax configuration -->", re.S)

DARK = """<style>
:root { color-scheme: light dark; }
math[display="block"] { margin: .6em 0; overflow-x: auto; max-width: 100%; }
@media (prefers-color-scheme: dark) {
  :root, body.jp-Notebook {
    --jp-layout-color0: #15181c; --jp-layout-color1: #15181c; --jp-layout-color2: #252a31; --jp-layout-color3: #3a424c;
    --jp-content-font-color0: #f0f3f6; --jp-content-font-color1: #e6eaee; --jp-content-font-color2: #b9c0c8;
    --jp-content-font-color3: #8d96a0; --jp-ui-font-color0: #f0f3f6; --jp-ui-font-color1: #e6eaee;
    --jp-cell-editor-background: #1e2329; --jp-cell-editor-border-color: #3a424c; --jp-border-color0: #57606a;
    --jp-border-color1: #3a424c; --jp-border-color2: #3a424c; --jp-content-link-color: #79b8ff;
    --jp-rendermime-table-row-background: #1e2329; --jp-rendermime-table-row-hover-background: #2a313a;
    --jp-mirror-editor-keyword-color: #ff9da4; --jp-mirror-editor-string-color: #9ecbff;
    --jp-mirror-editor-number-color: #a5d6a7; --jp-mirror-editor-comment-color: #a2b1a2;
    --jp-mirror-editor-operator-color: #d2a8ff; --jp-mirror-editor-variable-color: #e6eaee;
    --jp-mirror-editor-punctuation-color: #c9d1d9; --jp-mirror-editor-bracket-color: #c9d1d9;
    --jp-cell-prompt-not-active-font-color: #b9c0c8;
    --jp-cell-inprompt-font-color: #79b8ff; --jp-cell-outprompt-font-color: #ff9da4;
    --jp-mirror-editor-def-color: #79c0ff; --jp-mirror-editor-builtin-color: #a5d6a7;
    background: #15181c; color: #e6eaee;
  }
  .jp-OutputArea-output img, .jp-RenderedImage img { background: white; }
  .irtrack-recorded { background: #e6eaee; }
}
</style>"""

SEARCH = """<p><label>Search all pages <input id="words" type="search" autocomplete="off" autofocus></label></p>
<ul id="found" aria-live="polite"></ul>
<script type="application/json" id="texts">DATA</script>
<script>
const texts = JSON.parse(document.getElementById('texts').textContent), found = document.getElementById('found');
document.getElementById('words').addEventListener('input', event => {
  const words = event.target.value.toLowerCase().split(/\\s+/).filter(Boolean);
  found.replaceChildren();
  if (!words.length) return;
  const hits = texts.filter(one => words.every(word => (one.title + ' ' + one.text).toLowerCase().includes(word)));
  for (const one of hits.slice(0, 30)) {
    const line = document.createElement('li'), link = document.createElement('a');
    const at = one.text.toLowerCase().indexOf(words[0]);
    link.href = one.page + (one.place ? '#' + encodeURIComponent(one.place) : '');
    link.textContent = one.title;
    line.append(link, ' … ' + one.text.slice(Math.max(0, at - 60), Math.max(0, at - 60) + 160));
    found.append(line);
  }
  if (!hits.length) found.textContent = 'nothing found';
});
</script>"""


def take_equations(notebook):
    """Replace the equations in a notebook's text by tokens, in place; returns {token: MathML}, for `put_equations`.

    Tokens, because Markdown would take the stars and bars of an equation for its own. Without the library latex2mathml (extra
    workbook) nothing is replaced, the page keeps its TeX, and None is returned.
    """
    try:
        from latex2mathml.converter import convert
    except ImportError:
        return None
    found = {}

    def take(match):
        block, inline = match.groups()
        if block is None and inline is None:
            return match[0]
        token = TOKEN.format(len(found))
        found[token] = convert(block or inline, display="block" if block else "inline")
        return token

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = MATH.sub(take, cell.source)
        for output in cell.get("outputs", []):
            if "text/markdown" in output.get("data", {}):
                output.data["text/markdown"] = MATH.sub(take, "".join(output.data["text/markdown"]))
    return found


def put_equations(page, found):
    """The page with the equations in place of their tokens, and without what MathJax would load from the web."""
    if found is None:
        return page
    page = ATTRIBUTE.sub(lambda match: re.sub(r"irtrackequation\d+x", "equation", match[0]), page)
    return MATHJAX.sub("", re.sub(r"irtrackequation\d+x", lambda match: found[match[0]], page))


def sections(notebook, page, title):
    """Texts of a notebook for the search: dicts page, place, title, text; one for each heading.

    page: the name of its file. A place is what nbconvert calls the heading: its words, joined by hyphens, and what
    `put_equations` puts there for an equation.
    """
    parts, place, heading = [], "", ""
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        for line in cell.source.splitlines():
            begin = re.match(r"#+ (.*)", line)
            if begin:
                heading = begin[1]
                place = (
                    MATH.sub(lambda match: "equation" if match[1] or match[2] else match[0], heading)
                    .replace("`", "")
                    .replace("*", "")
                    .replace(" ", "-")
                )
                parts.append({"page": page, "place": place, "title": title, "text": ""})
                if heading != title:
                    parts[-1]["title"] = f"{title}: {heading}"
            elif parts:
                plain = re.sub(r"<[^>]+>|[*`|]|\]\([^)]*\)|\[", " ", line)
                parts[-1]["text"] += " " + plain.strip()
    return [part | {"text": re.sub(r"\s+", " ", part["text"]).strip()} for part in parts]


def search(texts):
    """HTML of the search box over `texts`, dicts of `sections`; they stand in the page itself, so that no file is loaded."""
    return SEARCH.replace("DATA", json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c"))
