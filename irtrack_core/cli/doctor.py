"""`irtrack doctor`: what is wrong with an installation, and the command that mends it."""

import importlib
import json
import os
import platform
import re
import shutil
import sys
from pathlib import Path

FRONT_END = {"jupyterlab": "jupyterlab", "jupyterlab-widgets": "the sliders", "ipyevents": "clicks on pictures"}
EXTRAS = ("workbook", "evaluation", "train", "readers", "runtime")  # in the order of what they are asked for
DISK, MEMORY = 2.0, 2.0  # GB that the notebooks need


def add_parser(commands):
    """Add the command to the parsers of `irtrack`."""
    one = commands.add_parser("doctor", help="say what is wrong with this installation, and how to mend it")
    one.set_defaults(command=run)


def run(_=None):
    """Print every check; returns 0, or 1 where something that every command needs is wrong."""
    worst = 0
    for needed, name, found, mend in checks():
        state = "ok" if not mend else "WRONG" if needed else "missing"
        worst = max(worst, int(state == "WRONG"))
        print(f"{state:8}{name:14}{found}" + (f"\n{'':22}mend: {mend}" if mend else ""))
    return worst


def checks():
    """Yields (is it needed by all, what, what was found, the command that mends it or "") of every check."""
    version = platform.python_version()
    yield (
        True,
        "Python",
        f"{version}, {sys.executable}",
        "" if sys.version_info >= (3, 11) else "install Python 3.11 or later",
    )
    yield _opencv()
    yield from _packages()
    yield _kernel()
    yield _front_end()
    yield _writing(Path.cwd())
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    yield (
        False,
        "disk",
        f"{free:.1f} GB free here",
        "" if free >= DISK else f"free {DISK:g} GB: results and figures go here",
    )
    yield _memory()


def _opencv():
    try:
        cv2 = importlib.import_module("cv2")
    except ImportError as error:
        if re.search(r"lib(GL|gthread|glib)", str(error)):
            return True, "OpenCV", str(error), "on Debian, Ubuntu: sudo apt install libgl1 libglib2.0-0"
        return True, "OpenCV", str(error), f"{sys.executable} -m pip install opencv-python"
    return True, "OpenCV", cv2.__version__, ""


def _packages():
    """One check of the base, one of each extra."""
    from importlib import metadata  # takes as long as all that a wrong word of any command needs

    try:
        asked = metadata.requires("irtrack-core") or []
    except metadata.PackageNotFoundError:
        yield (
            False,
            "packages",
            "irtrack-core is not installed, only imported",
            f"{sys.executable} -m pip install -e .[workbook]",
        )
        return
    for extra in ("", *EXTRAS):
        lines = [line for line in asked if (f'extra == "{extra}"' in line if extra else "extra ==" not in line)]
        names = [re.match(r"[\w.-]+", line)[0] for line in lines]
        missing = [name for name in names if not name.startswith("irtrack") and not _version(name)]
        command = f'{sys.executable} -m pip install "irtrack-core{f"[{extra}]" if extra else ""}"'
        text = f"without {', '.join(missing)}" if missing else f"all of {len(names)} packages"
        yield not extra, f"[{extra}]" if extra else "packages", text, command if missing else ""


def _kernel():
    """Does the kernel "python3", which the notebooks ask for, run this Python?"""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        return False, "kernel", "Jupyter is not installed", f'{sys.executable} -m pip install "irtrack-core[workbook]"'
    install = f"{sys.executable} -m ipykernel install --sys-prefix"
    try:
        first = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except (NoSuchKernel, OSError, json.JSONDecodeError) as error:
        return False, "kernel", f"python3 cannot be used: {error}", install
    plain = re.fullmatch(r"python(3(\.\d+)?)?", first)  # Jupyter takes its own Python for it
    path = sys.executable if plain else shutil.which(first) or first
    same = Path(path).parent.resolve() == Path(sys.executable).parent.resolve()
    return False, "kernel", f"python3 runs {path}", "" if same else f"{install}  (notebooks would run another Python)"


def _front_end():
    missing = {name: what for name, what in FRONT_END.items() if not _version(name)}
    found = ", ".join(f"{name} ({what})" for name, what in missing.items())
    mend = f"{sys.executable} -m pip install {' '.join(missing)}, then reload the browser's page" if missing else ""
    return False, "demos", f"without {found}" if missing else "JupyterLab with sliders and clicks", mend


def _writing(folder):
    good = os.access(folder, os.W_OK)
    return False, "writing", str(folder), "" if good else f"go to a folder of your own, or: sudo chown $USER {folder}"


def _memory():
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):  # Windows
        return False, "memory", "unknown", ""
    return (
        False,
        "memory",
        f"{total:.1f} GB",
        "" if total >= MEMORY else f"{MEMORY:g} GB are needed: set IRTRACK_THREADS=1",
    )


def _version(name):
    """The version of an installed package, or None."""
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
