"""A student's notebook as the grader sees it: cells and functions run in a box (`Boxed`), or in this process (`Inside`)."""

import json
import socket
import tempfile
import threading
import time

from irtrack_core.teaching import sandbox
from irtrack_core.teaching.student import Interpreter, Other, pack, unpack

SECONDS = 20  # of the processor, for a cell or a call
SLOWER = 6  # times as long by the clock: other programs may keep the processor busy, and a cell may sleep
ALL = 1200  # by the clock, for a whole submission
STARTS = 4  # processes: one that ends, or has to be ended, is started again without the cell that did it
OUTPUT = 20 << 20  # bytes that all cells together may print; what is beyond KEPT is thrown away
KEPT = 20_000
ENDED = "it ended its own process: by an exit, a crash, a window that it could not open, or recursion far too deep"
LINE = 128 << 20  # bytes of a reply


class Failed(Exception):
    """What a cell or a call of the student's did instead of its work, in a sentence.

    in_cell: Python code raised it, and its process goes on; else the process had to be ended, or gave nothing of use.
    """

    in_cell = False


def _raised(text):
    error = Failed(text)
    error.in_cell = not text.startswith(("SyntaxError", "IndentationError", "TabError"))  # then nothing was run
    return error


class Inside:
    """The student's cells in this very process: for labs and wrong answers of our own, never for a submission."""

    output = ""

    def __init__(self):
        self.interpreter = Interpreter()

    def request(self, **message):
        """The reply to a request (see student.py). Raises Failed with what the student's code raised."""
        reply = self.interpreter.handle(json.loads(json.dumps(message)))
        if "error" in reply:
            raise _raised(reply["error"])
        return reply

    def guard(self, names):
        """Make functions "module:name" ready to be refused; before any cell is run."""
        self.request(do="guard", names=list(names))

    def refuse(self, names):
        """Let these of the guarded functions, and no others, fail from here on when a cell calls them."""
        self.request(do="refuse", names=list(names))

    def begin(self):
        """Give Python's own names back, before a task: a cell may have called a variable `sum`."""
        self.request(do="begin")

    def run(self, source, label):
        """Run a cell. Raises Failed."""
        self.request(do="run", source=source, label=label)

    def call(self, name, *args, keep="", watch=False):
        """What the student's function returns for copies of `args`; keep: nothing, it stays there under that name.

        Raises Failed; with `watch` also where the function changes its arguments.
        """
        packed = json.loads(json.dumps(pack(list(args))))
        return _plain(self.request(do="call", name=name, args=packed, keep=keep, watch=watch).get("value"))

    def get(self, name):
        """The value of the student's variable."""
        return _plain(self.request(do="get", name=name)["value"])

    def has(self, name):
        """Whether the student's cells have defined this name."""
        try:
            self.request(do="get", name=name)
        except Failed:
            return False
        return True

    def close(self):
        """End it."""
        self.interpreter.close()


class Boxed(Inside):
    """The student's cells in a box. A process that hangs, prints without end or dies is replaced, without that cell."""

    def __init__(self, *, slot=0, unprotected=False):
        self.slot, self.unprotected = slot, unprotected
        self.done, self.starts, self.process, self.end = [], 0, None, time.monotonic() + ALL
        self.kept, self.printed = bytearray(), 0
        self._start()

    @property
    def output(self):
        """What the cells printed, its beginning."""
        text = self.kept.decode(errors="replace")
        return "".join(line for line in text.splitlines(True) if not line.startswith("unshare: "))  # the box's own word

    def request(self, **message):
        if self.process is None:
            raise Failed(self.why)
        reply = self._ask(message, min(SLOWER * SECONDS, self.end - time.monotonic()))
        if reply is None:
            why = self._stop()
            self._again(why)
            raise Failed(why)
        if "error" in reply:
            raise _raised(str(reply["error"])[:2000])
        if message["do"] in ("run", "guard", "refuse", "begin"):
            self.done.append(message)
        return reply

    def close(self):
        if self.process is not None:
            self._stop()
            self.process = None

    def _start(self):
        self.starts += 1
        self.folder = tempfile.TemporaryDirectory(prefix="irtrack-box-", ignore_cleanup_errors=True)
        self.channel, other = socket.socketpair()
        try:
            self.process = sandbox.start(self.folder.name, other, slot=self.slot, unprotected=self.unprotected)
        finally:
            other.close()
        self.buffer = b""
        self.reader = threading.Thread(target=self._read_output, args=(self.process,), daemon=True)
        self.reader.start()

    def _read_output(self, process):
        while block := process.stdout.read1(65536):
            self.printed += len(block)
            self.kept += block[: max(KEPT - len(self.kept), 0)]
            if self.printed > OUTPUT:
                sandbox.end(process)
                return

    def _ask(self, message, seconds):
        """The reply; None when there is none in time, or it is no reply at all."""
        end, self.late = time.monotonic() + seconds, False
        most = sandbox.processor_time(self.process) + SECONDS
        try:
            self.channel.settimeout(seconds)
            self.channel.sendall(json.dumps(message).encode() + b"\n")
            self.channel.settimeout(1)
            while not self.buffer.endswith(b"\n"):
                try:
                    block = self.channel.recv(1 << 20)
                except TimeoutError:
                    self.late = time.monotonic() > end or sandbox.processor_time(self.process) > most
                    if self.late:
                        return None
                    continue
                if not block or len(self.buffer) > LINE:
                    return None
                self.buffer += block
        except OSError:
            return None
        line, self.buffer = self.buffer, b""
        try:
            reply = json.loads(line)
            return reply if isinstance(reply, dict) and ("error" in reply or reply.get("ok") is True) else None
        except (ValueError, RecursionError):
            return None

    def _stop(self):
        """End the process; returns why it had to end."""
        sandbox.end(self.process)
        self.channel.close()
        self.reader.join(timeout=10)
        self.process.stdout.close()
        self.folder.cleanup()
        if time.monotonic() >= self.end:
            return f"stopped: the whole notebook took longer than {ALL} s"
        if self.printed > OUTPUT:
            return f"stopped: it printed more than {OUTPUT >> 20} MB"
        late = f"stopped: no end after {SECONDS} s of the processor (an endless loop?)"
        return late if self.late else ENDED

    def _again(self, why):
        """A new process with all that was done so far; none after too many, or when the time or the output is used up."""
        self.process, self.why = (
            None,
            f"not run: {why} before, {self.starts} times" if self.starts > 1 else f"not run: {why}",
        )
        if self.starts >= STARTS or time.monotonic() >= self.end:
            return
        self.printed, again, self.done = 0, self.done, []
        self._start()
        for message in again:
            try:
                self.request(**message)
            except Failed:
                return


def _plain(packed):
    """A value from the other side; Failed for what is none."""
    try:
        found = unpack(packed)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Failed("it returned something that is no value") from error
    if isinstance(found, Other):
        raise Failed(f"it returned an object of the class {found.kind} instead of numbers")
    return found
