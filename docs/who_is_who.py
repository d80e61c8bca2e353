"""Draws the pictures of docs/who_is_who.md, one a network, with the sizes that it really has, and writes its tables.

    python docs/who_is_who.py

A box is a part, below its name the size of what comes out of it, as a run of the network at full width gives it.
"""

from html import escape
from pathlib import Path

FOLDER = Path(__file__).parent / "networks"
STEP, BOX = (160, 74), (136, 46)
FILL = {"in": "#eeeeee", "part": "#dbe9f6", "own": "#fde3cf", "out": "#e3f1dc"}

# name: (boxes, arrows). A box: (column, row, kind, text, module, run); module: whose output is shown, or text; run 0: on the
# template, 1: on the search crop. Orange: what sets the network apart.
BACKBONE = {
    "z": (0, 0, "in", "template", "1 × 127 × 127", 0),
    "x": (0, 2, "in", "search crop", "1 × 255 × 255", 1),
    "fz": (1, 0, "part", "five stages", "backbone", 0),
    "fx": (1, 2, "part", "the same", "backbone", 1),
}
TWO = ["z fz", "x fx"]


def _ends(column):
    """The correlation and the score map, which most share."""
    return {
        "c": (column, 1, "part", "correlation", "1 × 17 × 17", 1),
        "s": (column + 1, 1, "out", "score × 3 scales", "2 × 17 × 17", 1),
    }


def _both(column, module, text):
    """The same own part on both branches."""
    return {"oz": (column, 0, "own", text, module, 0), "ox": (column, 2, "own", text, module, 1)}


PICTURES = {
    "paper": (
        BACKBONE
        | _both(2, "fusion", "last three fused")
        | {
            "k": (3, 0, "part", "kernels of anchors", "region.gamma1_x", 0),
            "g": (3, 2, "part", "search branches", "region.gamma1_y", 0),
            "c": (4, 0.5, "out", "class of 5 anchors", "10 × 17 × 17", 1),
            "r": (4, 1.6, "out", "box of 5 anchors", "20 × 17 × 17", 1),
        },
        [*TWO, "fz oz", "fx ox", "oz k", "ox g", "k c", "g c", "k r", "g r"],
    ),
    "ref8": (BACKBONE | _ends(2), [*TWO, "fz c", "fx c", "c s"]),
    "ref9": (
        BACKBONE
        | {
            "h": (0, 1, "in", "last 8 states", "8 × 5", 0),
            "t": (1, 1, "own", "LSTM", "64", 0),
            "u": (2, 1, "own", "two layers", "fuse", 0),
            "g": (3, 0, "own", "gate of channels", "gate", 0),
            "p": (3, 2, "own", "hill of motion", "prior", 0),
        }
        | _ends(4),
        [*TWO, "h t", "t u", "fz u", "u g", "u p", "fz g", "g c", "p s", "fx c", "c s"],
    ),
    "ref10": (
        {
            "z": (0, 0, "in", "infrared", "1 × 255 × 255", 1),
            "v": (0, 2, "in", "visible, or gradient", "1 × 255 × 255", 1),
            "a": (1, 0, "own", "stream A, residual", "a.4", 1),
            "b": (1, 2, "own", "stream B, residual", "b.4", 1),
            "f": (1, 1, "own", "C: all, each stage", "c.4", 1),
            "m": (2, 1, "part", "1 × 1 convolution", "conv", 1),
        }
        | _ends(3),
        ["z a", "v b", "a f", "b f", "f m", "a m", "b m", "m c", "c s"],
    ),
    "ref11": (
        BACKBONE
        | _both(2, "fusion", "last three fused")
        | {
            "w": (3, 0, "own", "transform, channels", "aware", 0),
            "tz": (4, 0, "own", "self-attention", "attention", 0),
            "tx": (4, 2, "own", "self-attention", "attention", 1),
            "c": (4, 1, "part", "two correlations", "1 × 17 × 17", 1),
            "s": (5, 1, "out", "mixed, × 3 scales", "2 × 17 × 17", 1),
        },
        [*TWO, "fz oz", "fx ox", "oz w", "w tz", "ox tx", "w c", "ox c", "tz c", "tx c", "c s"],
    ),
    "ref12": (
        {
            "b": (0, 0, "in", "first box", "", 0),
            "m": (1, 0, "own", "mask, by ridge", "64 × 64", 0),
            "x": (0, 1, "in", "window × 3 scales", "64 × 64", 0),
            "w": (2, 1, "part", "weighted cells", "64 × 64", 0),
            "k": (3, 1, "part", "Gaussian kernel", "64 × 64", 0),
            "a": (3, 0, "own", "filter, closed form", "64 × 64", 0),
            "s": (4, 1, "out", "peak: place", "64 × 64", 0),
        },
        ["b m", "m w", "x w", "w k", "k s", "a s"],
    ),
    "ref14": (
        BACKBONE
        | {
            "kz": (2, 0, "part", "kernels", "region.gamma1_x", 0),
            "kx": (2, 2, "part", "search branches", "region.gamma1_y", 0),
            "c": (3, 0.5, "own", "class, quality", "region.classify", 0),
            "d": (3, 1.6, "own", "four distances", "region.measure", 0),
            "s": (4, 1, "out", "class × quality, box", "17 × 17", 1),
        },
        [*TWO, "fz kz", "fx kx", "kz c", "kx c", "kz d", "kx d", "c s", "d s"],
    ),
    "ref15": (
        BACKBONE | _both(2, "attention", "channels, then places") | _ends(3),
        [*TWO, "fz oz", "fx ox", "oz c", "ox c", "c s"],
    ),
    "ref16": (
        BACKBONE | _both(2, "fusion", "weighted sum of three") | _ends(3),
        [*TWO, "fz oz", "fx ox", "oz c", "ox c", "c s"],
    ),
}


def sizes(name):
    """{module: [size of each output, in the order of the calls]} of a network at full width: template first, then search."""
    import torch

    from irtrack_core.experiments.compared.train_methods import network_settings, new_network
    from irtrack_core.network.siamese_net import blank

    net, found = new_network(network_settings(name)).eval(), {}

    def note(path):
        def hook(_, __, out):
            out = out[-1] if isinstance(out, (list, tuple)) else out
            if torch.is_tensor(out):
                found.setdefault(path, []).append(" × ".join(map(str, out.shape[1:])))

        return hook

    for path, module in net.named_modules():
        module.register_forward_hook(note(path))
    template, search = blank(net)
    with torch.no_grad():
        net.search(search, net.template(template))
    return found


def picture(name):
    """The SVG of one network as text."""
    boxes, arrows = PICTURES[name]
    found = sizes(name) if any(module[:1].islower() for *_, module, _ in boxes.values()) else {}
    (dx, dy), (w, h) = STEP, BOX
    where = {key: ((column + 0.5) * dx, (row + 0.5) * dy) for key, (column, row, *_) in boxes.items()}
    width, height = (max(place[axis] for place in where.values()) + STEP[axis] / 2 for axis in (0, 1))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-family="sans-serif">',
        '<defs><marker id="end" markerWidth="7" markerHeight="6" refX="7" refY="3" orient="auto">'
        '<path d="M0,0 L7,3 L0,6 z" fill="#777777"/></marker></defs>',
        f'<rect width="{width:g}" height="{height:g}" fill="white"/>',
    ]
    for one, other in (pair.split() for pair in arrows):
        lines.append(_arrow(where[one], where[other], w, h))
    for key, (_, _, kind, text, module, run) in boxes.items():
        x, y = where[key]
        size = found[module][run] if module[:1].islower() else module
        lines.append(
            f'<rect x="{x - w / 2:g}" y="{y - h / 2:g}" width="{w}" height="{h}" rx="5" fill="{FILL[kind]}" '
            'stroke="#333333"/>'
        )
        for line, shift, points in ((text, -4, 11), (size, 13, 12)):
            lines.append(
                f'<text x="{x:g}" y="{y + shift:g}" text-anchor="middle" font-size="{points}">{escape(line)}</text>'
            )
    return "\n".join([*lines, "</svg>"]) + "\n"


def _arrow(begin, end, w, h):
    (x0, y0), (x1, y1) = begin, end
    if x1 > x0:
        x0, x1 = x0 + w / 2, x1 - w / 2
    else:
        y0, y1 = (y0 + h / 2, y1 - h / 2) if y1 > y0 else (y0 - h / 2, y1 + h / 2)
    return f'<line x1="{x0:g}" y1="{y0:g}" x2="{x1:g}" y2="{y1:g}" stroke="#777777" marker-end="url(#end)"/>'


def page(text):
    """The page's text with its tables as `compared.who_is_who` has them, between the marks."""
    from irtrack_core.experiments.compared import who_is_who

    for name, rows in (("detectors", who_is_who.DETECTORS), ("trackers", who_is_who.TRACKERS)):
        lines = ["| Cited | What its authors claim | Here | Why they differ |", "|---|---|---|---|"]
        lines += [f"| {one.cited} | {one.claims} | {one.here} | {one.why} |" for one in rows]
        before, mark, rest = text.partition(f"<!-- {name} -->\n")
        text = before + mark + "\n".join(lines) + "\n" + rest[rest.index("<!-- end -->") :]
    return text


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in PICTURES:
        (FOLDER / f"{each}.svg").write_text(picture(each), encoding="utf-8")
    place = FOLDER.with_name("who_is_who.md")
    place.write_text(page(place.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {len(PICTURES)} pictures to {FOLDER}, and the tables of {place.name}")
