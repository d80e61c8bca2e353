"""A report as one HTML file that needs no network, and tables as Markdown: what `irtrack evaluate` and `compare` write."""

import base64
from html import escape
from pathlib import Path

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .8rem;border-bottom:1px solid #ddd;text-align:left;white-space:nowrap}
.wide{overflow-x:auto}img{max-width:100%;height:auto}.note{color:#555;font-size:.9em}
"""


def markdown(rows):
    """A Markdown table of a list of dicts with the same keys; "" for none."""
    if not rows:
        return ""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    return "".join(f"| {' | '.join(word.replace('|', '/') for word in line)} |\n" for line in lines)


def html_table(rows):
    """An HTML table of a list of dicts with the same keys."""
    if not rows:
        return ""
    head = "".join(f"<th>{escape(str(key))}</th>" for key in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(str(v))}</td>" for v in row.values()) + "</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def picture(path, text):
    """An <img> that holds the PNG file itself. text: what is said instead of it."""
    data = base64.b64encode(Path(path).read_bytes()).decode()
    return f'<p><img alt="{escape(text)}" src="data:image/png;base64,{data}"></p>'


def page(title, parts):
    """A whole HTML page of parts of HTML."""
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )


def paragraphs(lines):
    """Notes as HTML."""
    return "".join(f'<p class="note">{escape(line)}</p>' for line in lines)
