"""Command line: `irtrack track`, `check`, `convert`, `evaluate`, `compare`, `export`, `train`, `trax`, `fetch` and `doctor`.

Exit codes: 0 done; 1 a checked dataset cannot be used; 2 bad input, with a message on stderr; 130, 143 and 129: stopped by
Ctrl-C, SIGTERM or a closed terminal, and the rows written until then are kept; 141: nobody reads what is printed any more.
"""

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

# a damaged file is reported once, by us, and not by the libraries too; set before OpenCV is imported
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

from irtrack_core.cli.arguments import check_track, exit_code, joined, parser
from irtrack_core.optional import interrupted


def main(argv=None):
    """Run a command; returns the exit code."""
    for name in ("stdout", "stderr"):  # closed by the caller: the first file that is opened would take its place
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))
    arguments = parser(_track, _check, _fetch).parse_args(joined(sys.argv[1:] if argv is None else argv))
    try:
        with _stoppable():
            code = arguments.command(arguments)
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python tries once more at its end
        return 128 + signal.SIGPIPE
    except ImportError as error:
        if stop := interrupted(error):
            return _stopped(stop)
        if "libGL" in str(error) or "libgthread" in str(error) or "libglib" in str(error):
            return _fail(f"OpenCV lacks a system library ({error}); on Debian/Ubuntu: apt install libgl1 libglib2.0-0")
        more = "; or use another tracker or dataset" if isinstance(error, ModuleNotFoundError) else ""
        return _fail(f"{error}{more}")
    except (ValueError, TypeError, OSError, MemoryError) as error:
        return _fail(error or "there is not enough memory")
    except KeyboardInterrupt as stop:
        return _stopped(stop)
    except Exception as error:
        if type(error).__module__ != "cv2":  # OpenCV's own error, on frames that it cannot work on
            raise
        return _fail(f"OpenCV cannot work on these frames ({' '.join(str(error).split())})")


@contextmanager
def _stoppable():
    """SIGTERM, and SIGHUP where nothing else is to be done with it, raise KeyboardInterrupt inside, as Ctrl-C does."""

    def stop(number, _):
        raise KeyboardInterrupt(number)

    before = {}
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)):
        try:
            if number and signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, stop)
        except ValueError:  # signals are the main thread's affair
            break
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stopped(stop):
    print("irtrack: stopped", file=sys.stderr)
    return exit_code(stop)


def _fail(message):
    print(f"irtrack: error: {message}", file=sys.stderr)
    return 2


def _track(arguments):
    check_track(arguments)
    from irtrack_core.cli import track, track_all

    return (track_all if arguments.tracker == "multi" else track).run(arguments)


def _check(arguments):
    if arguments.path is not None and not os.path.exists(os.path.expanduser(arguments.path)):
        raise FileNotFoundError(f"no such file or folder: {arguments.path}")
    from irtrack_core.datasets import GENERATED, available

    if arguments.path is None and arguments.dataset not in available():
        arguments.path = Path(os.path.expanduser(arguments.dataset))
        if not arguments.path.exists():
            named = f", and no set of that name: {', '.join(available())}" if len(arguments.path.parts) == 1 else ""
            raise FileNotFoundError(f"no such file or folder: {arguments.dataset}{named}")
        from irtrack_core.cli.detected import detected

        arguments.dataset = detected(arguments.path)
    options = ({"split": "all"} if arguments.dataset == "svanstrom" else {}) | dict(arguments.option)
    if arguments.dataset in GENERATED and arguments.path is not None:
        raise ValueError(f"{arguments.dataset} is simulated: it has no path to check")
    from irtrack_core.datasets.check import check

    try:
        report = check(arguments.dataset, arguments.path, decode=not arguments.quick, progress=_bar, **options)
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise ValueError(f"dataset {arguments.dataset!r} has no option {str(error).split()[-1]}") from error
    print(report)
    return 0 if report.usable else 1


def _bar(sequences):
    from tqdm import tqdm

    return tqdm(sequences, unit="sequence", leave=False)


def _fetch(arguments):
    from irtrack_core.datasets import data_root
    from irtrack_core.datasets.fetch import RECORD, fetch, instructions

    if arguments.dataset != "svanstrom":
        print(instructions(arguments.dataset))
        return 0
    folder = arguments.to or data_root() or Path("data/raw")
    source = {"checksum": arguments.checksum, "url": arguments.url, "record": arguments.record or RECORD}
    found = fetch(folder, checked=not arguments.no_checksum, **source)
    noted = next((folder / ".fetch").glob("*.sha256")).read_text().split()[0]
    print(f"SHA-256 of the archive: {noted}")
    print(f"{len(list(found.glob('videos/*.mp4')))} sequences in {found}; now: export IRTRACK_DATA={folder.resolve()}")
    return 0
