"""What every notebook's first cell calls: checked parameters, a seed, the repository root, and where results go.

    from irtrack_core import workbook
    book = workbook.start("02_filter_an_image", profile=profile, seed=seed, length=length)
    book.save_table(table)                  # results/quick/02_filter_an_image.csv
    book.save_figure(figure, "background")  # results/quick/figures/02_filter_an_image__background.png, and manifest.json

Notebooks hand each other files under `results/<profile>/`, never variables. On the command line, `run` executes a
notebook with checked parameters and `build` makes the stored notebooks from their sources:

    python -m irtrack_core.workbook run notebooks/11_experiment_overlap.ipynb out.ipynb -p profile quick -p seed 3
    python -m irtrack_core.workbook build 02
"""

import inspect
import io
import json
import os
import re
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from filelock import FileLock

from irtrack_core import config
from irtrack_core.provenance import find_root, limit_threads, provenance
from irtrack_core.whole_files import write_whole

SLUG = re.compile(r"\d\d_[a-z0-9_]+")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
SAME = 8  # of 255: rounding in a curve's last digit moves its edge by a few grey values, another number a label by a hundred


def start(slug, *, profile="quick", seed=0, **parameters):
    """Open the workbook of one notebook: check its parameters and find where its files go.

    slug: the notebook's name without .ipynb, e.g. "02_filter_an_image". profile: "quick", "medium" or "full".
    seed: integer, 0 or above. Further keywords are the notebook's own parameters, recorded with every figure.
    Results and figures go where `folders` says.
    Raises ValueError or TypeError naming the parameter that cannot be used.
    """
    if not (isinstance(slug, str) and SLUG.fullmatch(slug)):
        raise ValueError(f"slug {slug!r} is not a notebook's name such as '02_filter_an_image'")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed must be an integer; got {seed!r}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or above; got {seed}")
    for name, value in parameters.items():
        _check_literal(name, value)
    chosen = config.profile(profile)
    root = find_root()
    results, figures = folders(chosen.name)
    results.mkdir(parents=True, exist_ok=True)
    figures.mkdir(parents=True, exist_ok=True)
    limit_threads()
    return Workbook(slug, root, chosen, results, figures, seed, dict(parameters))


@dataclass(frozen=True)
class Workbook:
    """One notebook's surroundings; made by `start`."""

    slug: str
    root: Path
    profile: config.Profile
    results: Path  # results/<profile>
    figures: Path
    seed: int
    parameters: dict
    rng: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "rng", np.random.default_rng(self.seed))

    def path(self, name, slug=None, suffix=""):
        """results/<profile>/<slug>[__name]<suffix>; slug: another notebook's, else this one's."""
        _check_name(name)
        return self.results / f"{slug or self.slug}{f'__{name}' if name else ''}{suffix}"

    def save_table(self, table, name=None):
        """Write a pandas DataFrame as results/<profile>/<slug>[__name].csv, all or nothing."""
        write_whole(self.path(name, suffix=".csv"), table.to_csv(index=False).encode())

    def save_json(self, value, name=None):
        """Write numbers, text, lists and dicts (NumPy's too) as results/<profile>/<slug>[__name].json."""
        text = json.dumps(value, indent=1, default=_plain, ensure_ascii=False) + "\n"
        write_whole(self.path(name, suffix=".json"), text.encode())

    def load_table(self, slug, name=None):
        """The table that notebook `slug` saved. Raises FileNotFoundError saying which notebook to run."""
        import pandas as pd

        return pd.read_csv(self.need(self.path(name, slug, ".csv"), slug))

    def load_json(self, slug, name=None):
        """What notebook `slug` saved as JSON. Raises FileNotFoundError saying which notebook to run."""
        return json.loads(self.need(self.path(name, slug, ".json"), slug).read_text())

    def need(self, path, slug):
        """`path` if it is there; else FileNotFoundError naming the notebook `slug` that makes it."""
        path = Path(path)
        if not path.exists():
            raise FileNotFoundError(
                f"{path} is not there yet: first run notebooks/{slug}.ipynb with profile = {self.profile.name!r}, "
                "or everything with `make results`"
            )
        return path

    def save_figure(self, figure, what, *, dpi=110, of_machine=False):
        """Writes <slug>__<what>.png, and what made it (parameters, commit, versions) to manifest.json, in `figures`.

        Where the same picture lies there already, both stay as they are: building a stored notebook anew changes no file but
        for a reason. of_machine: the figure shows times of this machine, and goes to results/<profile>/figures always.
        Notebooks that run at the same time may save at the same time: no entry is lost, no file is ever half written. Run by
        `workbook run` the saved picture is the one below the cell, too: to draw it once more takes as long again.
        """
        from irtrack_core.figures import style

        if not what:
            raise ValueError("name the figure: save_figure(figure, 'background')")
        _check_name(what)
        path = (self.results / "figures" if of_machine else self.figures) / f"{self.slug}__{what}.png"
        with style.LOCK:  # a demo may be redrawn meanwhile
            figure.savefig(
                buffer := io.BytesIO(), format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None}
            )
        if os.environ.get("IRTRACK_BATCH") == "run":
            _show(figure, buffer.getvalue(), figure.dpi / dpi)
        changed = not _same_picture(path, buffer)
        if changed:
            write_whole(path, buffer.getvalue())
        entry = {
            "notebook": f"notebooks/{self.slug}.ipynb",
            "parameters": {"profile": self.profile.name, "seed": self.seed} | self.parameters,
        }
        entry = json.loads(json.dumps(entry, default=_plain))
        manifest = path.parent / "manifest.json"
        with FileLock(path.parent / ".manifest.lock"):
            entries = json.loads(manifest.read_text()) if manifest.exists() else {}
            if changed or not entry.items() <= entries.get(path.name, {}).items():
                entries[path.name] = entry | provenance()
                write_whole(manifest, (json.dumps(dict(sorted(entries.items())), indent=1) + "\n").encode())


def _show(figure, picture, scale):
    """Show a picture (PNG bytes) below the cell, `scale` times as wide as it is, in place of its figure."""
    from IPython.display import Image, display
    from matplotlib import pyplot

    pyplot.close(figure)
    display(Image(picture, width=round(int.from_bytes(picture[16:20], "big") * scale)))


def folders(profile):
    """(results, figures) of a profile's name: no two runs write to the same, unless they are of one profile and place.

    Results: results/<profile>, below IRTRACK_RESULTS where that is set. Figures: their folder figures, for those in the
    repository's figures/ are the ones that documents show, and another processor draws other curves of a training;
    IRTRACK_FIGURES names another folder, that of the profile quick, with one below it for each other profile.
    """
    results = Path(os.environ.get("IRTRACK_RESULTS") or find_root() / "results").resolve() / profile
    if not (chosen := os.environ.get("IRTRACK_FIGURES")):
        return results, results / "figures"
    return results, Path(chosen).resolve() if profile == "quick" else Path(chosen).resolve() / profile


def keep_figures():
    """Names of the pictures in figures/ that the last `make results` drew otherwise; they are replaced, with their entries.

    Only a picture that is there already is: a new one comes with its stored notebook. Raises FileNotFoundError where
    `make results` has drawn none yet.
    """
    drawn, kept, changed = folders("quick")[0] / "figures", find_root() / "figures", []
    new = json.loads((drawn / "manifest.json").read_text()) if (drawn / "manifest.json").exists() else {}
    if not new:
        raise FileNotFoundError(f"no figures in {drawn}: first `make results`")
    entries = json.loads((kept / "manifest.json").read_text())
    for name, entry in new.items():
        picture = (drawn / name).read_bytes()
        if name in entries and not _same_picture(kept / name, io.BytesIO(picture)):
            write_whole(kept / name, picture)
            entries[name] = entry
            changed.append(name)
    write_whole(kept / "manifest.json", (json.dumps(dict(sorted(entries.items())), indent=1) + "\n").encode())
    return changed


def progress(iterable=None, **options):
    """A tqdm bar on the error stream, where it stays out of stored and compared outputs. Options: see tqdm."""
    from tqdm import tqdm

    return tqdm(iterable, **(dict(dynamic_ncols=True, mininterval=0.5, file=sys.stderr) | options))


def show_source(function, *, docstring=True):
    """A function's or class's source, rendered in the notebook, so that no cell repeats the package's code."""
    from IPython.display import Markdown

    source = textwrap.dedent(inspect.getsource(function)).rstrip()
    if not docstring and function.__doc__:
        source = re.sub(r'^\s*r?"""(?:.|\n)*?"""\n', "", source, count=1, flags=re.MULTILINE)
    return Markdown(f"`{function.__module__}`\n```python\n{source}\n```")


def _check_literal(name, value):
    if isinstance(value, list | tuple):
        for item in value:
            _check_literal(name, item)
    elif not isinstance(value, str | bool | int | float | None):
        raise TypeError(
            f"parameter {name} must be a number, text, true/false or a list of them; got {type(value).__name__}"
        )
    elif isinstance(value, float) and not np.isfinite(value):
        raise ValueError(f"parameter {name} is {value}: it must be a finite number")


def _check_name(name):
    if name is not None and not NAME.fullmatch(name):
        raise ValueError(f"name {name!r} must be letters, digits, _ . or -: it becomes part of a file's name")


def _same_picture(path, other):
    """True when the PNG file `path` is there and differs nowhere from `other` (a PNG in a buffer) by more than SAME."""
    from PIL import Image

    if not path.is_file():
        return False
    try:
        one, other = (np.asarray(Image.open(file).convert("RGBA"), dtype=np.int16) for file in (path, other))
    except OSError:  # half a file, or none of Pillow's
        return False
    return one.shape == other.shape and int(abs(one - other).max(initial=0)) <= SAME


def _plain(value):
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "model_dump"):
        return value.model_dump()
    raise TypeError(f"cannot be saved as JSON: {type(value).__name__}")
