"""Draws docs/architecture.svg, the rooms of the package and their imports, from the source: python docs/architecture.py

An arrow from A down to B: A imports B. Where A imports B and B imports C, the arrow from A to C is not drawn. A room stands
one step above the highest room that it imports.
"""

from pathlib import Path

from irtrack_core.experiments.dependencies import HERE, imports, module_name

PICTURE = Path(__file__).with_suffix(".svg")
WIDTH, STEP, BOX = 860, 84, (104, 34)
COLOURS = {
    "#eeeeee": "optional whole_files provenance boxes config metrics",
    "#dbe9f6": "imaging filtering datasets network training trackers evaluation",
    "#fde3cf": "experiments figures",
    "#e3f1dc": "cli widgets workbook teaching",
}


def room(name):
    """The room of a module `irtrack_core.room.module`; "" for the package itself and its __main__."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "__main__" else ""


def arrows():
    """{room: the rooms that it imports}."""
    found = {}
    for path in sorted(HERE.rglob("*.py")):
        own = room(module_name(path))
        if own:
            found.setdefault(own, set()).update(room(name) for name in imports(path, named=False))
    return {own: others - {own, ""} for own, others in found.items()}


def below(uses, own):
    """All rooms that a room needs, directly or not."""
    return set().union(*({one} | below(uses, one) for one in uses[own]))


def reduced(uses):
    """The arrows that do not follow from others."""
    return {own: {b for b in others if not any(b in below(uses, c) for c in others)} for own, others in uses.items()}


def levels(uses):
    """Lists of rooms from the bottom up."""
    height = {}
    while len(height) < len(uses):
        for own in sorted(uses):
            if own not in height and uses[own] <= height.keys():
                height[own] = 1 + max((height[one] for one in uses[own]), default=-1)
    return [sorted(one for one in height if height[one] == level) for level in range(1 + max(height.values()))]


def places(rows, drawn):
    """{room: (x, y)} of the boxes' centres; a room stands near the middle of those that it imports."""
    found = {}
    for level, row in enumerate(rows):
        wanted = {one: [found[other][0] for other in drawn[one]] for one in row}
        row = sorted(row, key=lambda one: sum(wanted[one]) / len(wanted[one]) if wanted[one] else 0)
        for number, one in enumerate(row):
            found[one] = WIDTH * (number + 0.5) / len(row), STEP * (len(rows) - level - 0.5)
    return found


def picture():
    """The SVG as text."""
    uses = arrows()
    drawn, rows = reduced(uses), levels(uses)
    where, (w, h) = places(rows, drawn), BOX
    fill = {one: colour for colour, names in COLOURS.items() for one in names.split()}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {STEP * len(rows)}" font-family="sans-serif">',
        '<defs><marker id="end" markerWidth="7" markerHeight="6" refX="7" refY="3" orient="auto">'
        '<path d="M0,0 L7,3 L0,6 z" fill="#777777"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{STEP * len(rows)}" fill="white"/>',
    ]
    for own in sorted(drawn):
        for other in sorted(drawn[own]):
            (x0, y0), (x1, y1) = where[own], where[other]
            y0, y1 = y0 + h / 2, y1 - h / 2
            bend = (y1 - y0) / 2
            path = f"M{x0:g},{y0:g} C{x0:g},{y0 + bend:g} {x1:g},{y1 - bend:g} {x1:g},{y1:g}"
            lines.append(f'<path d="{path}" fill="none" stroke="#777777" marker-end="url(#end)"/>')
    for one, (x, y) in sorted(where.items()):
        box = f'x="{x - w / 2:g}" y="{y - h / 2:g}" width="{w}" height="{h}" rx="5"'
        lines.append(f'<rect {box} fill="{fill.get(one, "white")}" stroke="#333333"/>')
        lines.append(f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle" font-size="15">{one}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    print(f"wrote {PICTURE}")
