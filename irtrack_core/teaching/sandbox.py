"""Starts a student's process in a box: no network, its own file system, limits of time, memory, processes and output.

With bubblewrap where it is installed, else with Linux's namespaces by `unshare` (util-linux). Where neither works `start`
refuses, unless `unprotected` is asked for: then only the limits hold; files and network are open to the student's code.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import irtrack_core

MEMORY = 2 << 30  # bytes that a process may hold
PROCESSOR = 240  # seconds of a process
FILES = 64 << 20  # bytes of a file that it may write
PROCESSES = 64  # threads included
FIRST_USER = 61_000  # without a name: when the grader runs as root, each box has a user of its own
HERE = Path(__file__).resolve().parent
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
LIBRARY = "/box/library"
# bubblewrap's words for another user and for root, who needs no name space of users and then gives up its rights
UNSHARED = (
    ["--unshare-all"],
    [*"--unshare-ipc --unshare-pid --unshare-net --unshare-uts --cap-drop ALL".split()]
    + [word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")],
)

# Makes a root of its own, enters it and gives up all rights. $1: the new root; pairs "source target"; -- and the command.
ENTER = """set -e
root=$1; shift
mount --make-rprivate /
mount -t tmpfs -o size=256m,mode=755 box "$root"
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")"; : > "$root$2"; fi
    mount --rbind "$1" "$root$2"
    case $1 in /dev/*) ;; *) mount -o remount,bind,ro,nosuid,nodev "$root$2" ;; esac
    shift 2
done
shift
mkdir -p "$root/tmp" "$root/proc" "$root{library}/irtrack_core/teaching"
mount -t tmpfs -o size=1m,mode=755 none "$root{library}/irtrack_core/teaching"
chmod 1777 "$root/tmp"
mount -t proc proc "$root/proc"
exec chroot "$root" "$@"
""".replace("{library}", LIBRARY)


def as_root():
    """True where the grader runs as root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


@cache
def way():
    """How a box is made here: "bubblewrap", "namespaces", or "" where neither works."""
    for name, test in (("bubblewrap", _bubblewrap), ("namespaces", _namespaces)) if sys.platform == "linux" else ():
        with tempfile.TemporaryDirectory() as folder:
            try:
                words = [*test(Path(folder), 0), sys.executable, "-c", "print(1)"]
                done = subprocess.run(
                    words, capture_output=True, timeout=30, stdin=subprocess.DEVNULL, env=_surroundings()
                )
            except (OSError, subprocess.TimeoutExpired):
                continue
            if done.returncode == 0 and done.stdout.strip() == b"1":
                return name
    return ""


def start(folder, channel, *, slot=0, unprotected=False):
    """Start student.py in a box; returns the Popen. Its output goes to pipes, its requests come over the socket `channel`.

    folder: an empty one for this process alone; slot: number of the worker, no two at a time with the same.
    Raises RuntimeError where no box can be made, unless `unprotected`.
    """
    made = "" if unprotected else way()
    if not (made or unprotected):
        raise RuntimeError(
            "no box can be made here, so a submission could read the tests, your files and the network: install bubblewrap "
            "(Debian, Ubuntu: apt install bubblewrap), or grade in a container and ask for --unprotected"
        )
    if os.name == "nt":
        raise RuntimeError(
            "submissions are graded on Linux (or macOS, unprotected), not on Windows: use WSL or a container"
        )
    copy = shutil.copy(HERE / "student.py", folder)
    library, script = (LIBRARY, "/box/student.py") if made else (str(HERE.parents[1]), str(copy))
    box = {"bubblewrap": _bubblewrap, "namespaces": _namespaces}[made](Path(folder), slot) if made else []
    return subprocess.Popen(
        [*box, sys.executable, "-I", script, str(channel.fileno()), library],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[channel.fileno()],
        env=_surroundings(),
        cwd="/" if made else folder,
        start_new_session=True,
        preexec_fn=_limits,
    )


def shows(path):
    """True where a box shows a file or folder of this machine."""
    return any(Path(path).resolve().is_relative_to(source.resolve()) for source, _ in _seen())


def end(process):
    """Kill a process that `start` started, and all that it started in its box."""
    # a change of user has cut the first process of the box, whose end is that of all others there, loose from its parent
    for pid in [*_inside(process), -process.pid]:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def processor_time(process):
    """Seconds of the processor that a process and all that it started have taken."""
    total = 0
    for pid in [process.pid, *_inside(process)]:
        with suppress(OSError, IndexError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))  # of user and system, its own and its children's
    return total / os.sysconf("SC_CLK_TCK")


def _inside(process):
    """Process numbers of all that a process has started, directly or not."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found, new = set(), {process.pid}
    while new:
        found |= new
        new = {pid for pid, parent in parents.items() if parent in new} - found
    return found - {process.pid}


def _surroundings():
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "IRTRACK_THREADS")}
    known = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}
    return (
        known
        | threads
        | {"MPLBACKEND": "agg", "MPLCONFIGDIR": "/tmp", "IRTRACK_BATCH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    )


def _limits():
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILES, FILES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _seen():
    """(source, target) of all that a box shows, read-only: the system, Python with its packages, this package."""
    paths = [Path(name) for name in SYSTEM if Path(name).exists()]
    packages = {
        Path(name).resolve() for name in sys.path if name and "site-packages" in name or "dist-packages" in name
    }
    for path in sorted({Path(sys.prefix), Path(sys.base_prefix), *packages}, key=lambda path: len(path.parts)):
        if path.is_dir() and not any(path.is_relative_to(one) for one in paths):
            paths.append(path)
    return [(path, path) for path in paths] + [(HERE.parent, Path(LIBRARY) / irtrack_core.__name__)]


def _bubblewrap(folder, slot):
    """The words before a command that runs it in a box made by bubblewrap."""
    words = [shutil.which("bwrap") or "bwrap", *UNSHARED[as_root()], "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in _surroundings().items():
        words += ["--setenv", name, value]
    folders = sorted({str(one) for _, target in _seen() for one in target.parents} - {"/"})
    for one in folders:  # else nobody but root could enter them
        words += ["--perms", "0755", "--dir", one]
    for source, target in _seen():
        if source.is_symlink():
            words += ["--symlink", os.readlink(source), str(target)]
        else:
            words += ["--ro-bind", str(source), str(target)]
    words += ["--tmpfs", f"{LIBRARY}/irtrack_core/teaching", "--dev", "/dev", "--proc", "/proc"]
    words += ["--size", str(256 << 20), "--perms", "1777", "--tmpfs", "/tmp"]
    if (folder / "student.py").exists():
        words += ["--ro-bind", str(folder / "student.py"), "/box/student.py"]
    return [*words, "--chdir", "/tmp", *_dropped(slot, wrapped=True)]


def _namespaces(folder, slot):
    """The words before a command that runs it in a box made by unshare and mount."""
    root, pairs = folder / "root", []
    root.mkdir(exist_ok=True)
    for source, target in [*_seen(), *((Path(name), Path(name)) for name in DEVICES)]:
        pairs += [str(source), str(target)]
    if (folder / "student.py").exists():
        pairs += [str(folder / "student.py"), "/box/student.py"]
    user = [] if as_root() else ["--map-root-user"]
    words = [
        "unshare",
        *user,
        "--mount",
        "--net",
        "--ipc",
        "--uts",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        ENTER,
    ]
    return [*words, "sh", str(root), *pairs, "--", *_dropped(slot)]


def _dropped(slot, wrapped=False):
    """The words that take all rights from a command: for root also those of a user, for whom the number of processes counts.

    wrapped: bubblewrap has taken those of another user than root already.
    """
    user = FIRST_USER + slot
    words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if as_root() else ["setpriv"]
    words += ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
    count = PROCESSES if as_root() else _present() + PROCESSES
    return [*(words if as_root() or not wrapped else []), "prlimit", f"--nproc={count}", "--"]


def _present():
    """Threads that this user runs now: for another user than root the limit counts them, too."""
    count = 0
    for one in Path("/proc").glob("[0-9]*/status"):
        try:
            if one.stat().st_uid == os.getuid():
                count += int(one.read_text().split("Threads:")[1].split()[0])
        except (OSError, IndexError):  # it has ended
            continue
    return count
