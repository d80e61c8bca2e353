"""Files that are written whole or not at all, whatever stops the writer."""

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: there an open file cannot be removed
    fcntl = None

BUSY = "another run is writing there: wait for it, stop it, or name another place"


@contextmanager
def whole_file(path):
    """A file beside `path` to write to; it takes the place of `path` when the block ends, and is gone when that raises.

    Folders are made. Readers, and whoever comes after a crash or a power cut, meet the old file or the new one. What a
    writer of the same `path` left behind when it was killed is removed. Raises OSError where it cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path)
    handle, part = _new_part(path)
    try:
        try:
            yield part
            os.fsync(handle)
        finally:
            if not fcntl:  # Windows moves no open file
                os.close(handle)
        os.chmod(part, 0o644)
        os.replace(part, path)
    finally:
        if fcntl:
            os.close(handle)
        part.unlink(missing_ok=True)


def write_whole(path, content):
    """The path of a file that holds these bytes, written by `whole_file`."""
    with whole_file(path) as part:
        part.write_bytes(content)
    return Path(path)


@contextmanager
def only_writer(path):
    """While its block runs no other process gets into one of the same folder, or the same file, be it there yet or not.

    The lock is the system's: it ends with the process, however that ends. Raises OSError at once where another has it; where
    the file system keeps no locks or the folder may not be written to, and on Windows, nobody is kept out. A device or pipe
    is everybody's.
    """
    path = Path(path).resolve()
    held = path if path.is_dir() else path.with_name(f".{path.name}.lock")
    if path.exists() and path != held and not path.is_file():
        yield
        return
    try:
        handle = lock(held, make=path != held)
    except BlockingIOError as error:
        raise OSError(f"cannot write {path}: {error.strerror}") from error
    except PermissionError:  # a file that may be written in a folder that may not
        handle = None
    try:
        yield
    finally:
        if handle is not None:
            if path != held:
                held.unlink(missing_ok=True)
            os.close(handle)


def lock(path, *, make=False):
    """A handle that keeps the file or folder `path` its holder's own until it is closed; None on Windows.

    make: a file is made where there is none. Raises BlockingIOError where another has it.
    """
    if not fcntl:
        return None
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT if make else os.O_RDONLY, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise BlockingIOError(error.errno, BUSY) from error
        except OSError:
            return handle  # no locks here
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        os.close(handle)  # the one before finished, and took its file away


def remove_abandoned(path):
    """Remove the parts that writers of `path` left who were killed; one that is at work keeps its own."""
    path = Path(path)
    for part in path.parent.glob(f".{_literal(path.name)}.*.part"):
        with suppress(OSError):  # on Windows: in use; elsewhere: removed by another
            if not fcntl:
                part.unlink()
                continue
            handle = os.open(part, os.O_RDWR)
            try:
                if _locked(handle):
                    part.unlink()
            finally:
                os.close(handle)


def _new_part(path):
    """(handle, path) of a new file that its writer keeps locked: the lock ends with the writer, however that ends."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        _locked(handle, wait=True)
        if os.path.exists(name):
            return handle, Path(name)
        os.close(handle)  # it was taken for abandoned before it was locked


def _literal(name):
    """A name as a pattern of itself."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)


def _locked(handle, wait=False):
    """True when the file is now ours alone; False where another has it, or the file system keeps no locks."""
    try:
        if fcntl:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return bool(fcntl)
