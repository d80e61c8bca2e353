"""The parameters of a notebook and the values that are given for them, checked before anything is loaded or run.

What a parameter may be stands in its own line in the cell tagged "parameters": `sequence: int = 4  # number of it, 0 to 9`.
"""

import ast
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

LARGEST = 50_000_000  # bytes of a notebook; those with all their figures have some 5 million
KINDS = {"int": int, "float": float, "bool": bool, "list": list, "tuple": tuple, "str": str}
CHOICE = re.compile(r"\s*([\w-]+(?:\s*\|\s*[\w-]+)+)\s*")  # a comment that names the values: quick | medium | full
RANGE = re.compile(r"\b(\d+) to (\d+)\b")
A_PATH = re.compile(r"\b(file|folder|video|image)\b")


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name, its type as annotated, e.g. "list[float]" ("None": any), its default and its comment."""

    name: str
    kind: str
    default: object
    comment: str


def read_notebook(path):
    """The notebook at `path`, as JSON. Raises FileNotFoundError, or ValueError where it is none."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no notebook {path}")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path} is no notebook that can be read: it has {path.stat().st_size:,} bytes")
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(notebook, dict) and "worksheets" in notebook:
            raise ValueError("it is of an old kind, nbformat 3; open it in JupyterLab and save it")
        cells = [(cell["cell_type"], cell.get("metadata", {}), cell["source"]) for cell in notebook["cells"]]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no notebook: {str(error)[:200] or type(error).__name__}") from error
    if not cells:
        raise ValueError(f"{path} is a notebook without cells")
    return notebook


def parameters(notebook):
    """{name: Parameter} of the cell tagged "parameters"; {} where there is none."""
    tagged = (cell for cell in notebook["cells"] if "parameters" in cell.get("metadata", {}).get("tags", ()))
    cell = next((cell for cell in tagged if cell["cell_type"] == "code"), None)
    if cell is None:
        return {}
    source = "".join(cell["source"])
    lines, found = source.splitlines(), {}
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(f"the parameters of the notebook are not Python: {str(error)[:200]}") from error
    for node in tree.body:
        if isinstance(node, ast.AnnAssign):
            target, kind = node.target, ast.unparse(node.annotation)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, kind = node.targets[0], "None"
        else:
            continue
        try:
            default = ast.literal_eval(node.value)
        except (ValueError, TypeError):
            default = None
        comment = lines[node.end_lineno - 1][node.end_col_offset :].partition("#")[2]
        found[target.id] = Parameter(target.id, kind, default, comment)
    return found


def check(path, texts, root):
    """Values for the parameters of the notebook at `path` from text, each of the type that its annotation says.

    texts: dict name -> text, as typed after `-p`; root: the folder in which the notebook will run. A file or folder is looked
    for from where the user stands, then from `root`, and becomes an absolute path. Raises FileNotFoundError, or ValueError
    for a name that the notebook does not have, a text of the wrong type and a value that its comment rules out.
    """
    known, values = parameters(read_notebook(path)), {}
    for name, text in texts.items():
        if name not in known:
            raise ValueError(f"{Path(path).name} has no parameter {name!r}; it has: {', '.join(known) or 'none'}")
        values[name] = _allowed(known[name], _value(known[name], text), root)
    return values


def _value(one, text):
    """The value that a text stands for, of the parameter's type."""
    if one.kind == "str":
        return text
    problem = ValueError(f"parameter {one.name} must be {one.kind}; got {text!r}")
    try:
        value = ast.literal_eval({"true": "True", "false": "False", "none": "None"}.get(text.lower(), text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise problem from None
    if one.kind == "float" and type(value) is int:
        value = float(value)
    outer, _, inner = one.kind.partition("[")
    if outer in KINDS and type(value) is not KINDS[outer]:
        raise problem
    element = KINDS.get(inner.rstrip("]"))
    if element in (int, float) and any(isinstance(each, bool) or not isinstance(each, int | element) for each in value):
        raise problem
    return value


def _allowed(one, value, root):
    """The value, where the parameter's comment allows it; a path made absolute."""
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if numeric and not abs(value) < float("inf"):
        raise ValueError(f"parameter {one.name} is {value}: it must be a finite number")
    if one.name == "seed" and numeric and value < 0:
        raise ValueError(f"seed must be 0 or above; got {value}")
    if numeric and (limits := RANGE.findall(one.comment)):
        low, high = map(int, limits[-1])
        if not low <= value <= high:
            raise ValueError(f"parameter {one.name} must be {low} to {high}; got {value}")
    if choice := CHOICE.fullmatch(one.comment):
        choices = [word.strip() for word in choice[1].split("|")]
        if value not in choices:
            raise ValueError(f"unknown {one.name} {value!r}: use one of {', '.join(choices)}")
    elif isinstance(value, str) and value and one.default == "":
        return _place(one, value, root)
    return value


def _place(one, text, root):
    """An absolute path where the text names a file or folder that is there; else the text, where it need not be a path."""
    for place in (Path.cwd(), Path(root)):
        path = place / os.path.expanduser(text)
        if path.exists():
            return str(path.resolve())
    if A_PATH.search(f"{one.name.replace('_', ' ')} {one.comment}"):
        raise FileNotFoundError(f"parameter {one.name}: no file or folder {text!r} (seen from {Path.cwd()})")
    return text
