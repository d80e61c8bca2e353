"""The student's side of the grader: runs cells, calls what they defined, hands back plain values.

This file is copied into the box and run there alone (`python -I student.py SOCKET`): it imports nothing of this package and
knows neither expected values nor tests. One request a line, JSON; one reply a line.

    {"do": "guard", "names": ["module:function", ...]}     those can be made to fail when a cell calls them,
    {"do": "refuse", "names": [...]}                       and these do, from here on
    {"do": "begin"}     names that hide those of Python go: a task does not suffer from another one's `sum = 0`
    {"do": "run", "source": ..., "label": "task erosion"}   -> {"ok": true} or {"error": sentence}
    {"do": "call", "name": ..., "args": [...], "keep": ""}  -> {"value": packed}; keep: under this name instead;
                                                            "watch": true: an error where it changes its arguments
    {"do": "get", "name": ...}                             -> {"value": packed}
"""

import base64
import builtins
import json
import os
import sys
import traceback

LARGEST = 64 << 20  # bytes of a value
HERE = "<student "


def pack(value, room=None):
    """A value as JSON can hold it: numbers, text, lists, tuples, dicts, arrays (torch's and pandas' too); others by their
    type's name. Sets and ranges travel as lists, and so do lists and tuples of another name.

    Raises ValueError where it is larger than LARGEST bytes in all.
    """
    room = [LARGEST] if room is None else room
    room[0] -= 8
    if isinstance(value, range) and 8 * len(value) > room[0]:  # it takes no memory until it is a list
        raise ValueError(f"the value is larger than {LARGEST >> 20} MB")
    if value is None or isinstance(value, bool | int | float | str):
        room[0] -= len(value) if isinstance(value, str) else 0
        found = value
    elif isinstance(value, list | tuple):
        found = {"list" if isinstance(value, list) else "tuple": [pack(one, room) for one in value]}
    elif isinstance(value, set | frozenset | range):
        found = {"list": [pack(one, room) for one in _ordered(value)]}
    elif type(value).__name__ in ("Fraction", "Decimal"):
        found = float(value)
    elif isinstance(value, dict):
        found = {"dict": [[pack(key, room), pack(one, room)] for key, one in value.items()]}
    else:
        found = _pack_array(value, room)
    if room[0] < 0:
        raise ValueError(f"the value is larger than {LARGEST >> 20} MB")
    return found


def _ordered(values):
    try:
        return sorted(values)
    except TypeError:  # of several kinds
        return list(values)


def _pack_array(value, room):
    import numpy as np

    value = value.detach().cpu().numpy() if hasattr(value, "detach") else value
    value = value.to_numpy() if hasattr(value, "to_numpy") else value
    if not isinstance(value, np.ndarray | np.generic) or value.dtype.kind not in "biufc":
        return {"other": type(value).__name__}
    value = np.ascontiguousarray(value) if np.ndim(value) else np.asarray(value)
    room[0] -= value.nbytes
    if room[0] < 0:
        return None
    return {"array": [value.dtype.str, list(value.shape), base64.b64encode(value.tobytes()).decode()]}


def unpack(value):
    """What `pack` packed. Raises ValueError or KeyError for anything else: the other side is not to be trusted."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind in ("list", "tuple"):
        return {"list": list, "tuple": tuple}[kind](unpack(one) for one in content)
    if kind == "dict":
        return {_key(unpack(key)): unpack(one) for key, one in content}
    if kind == "array":
        import numpy as np

        dtype, shape, text = content
        if np.dtype(dtype).kind not in "biufc":
            raise ValueError("no array of numbers")
        return np.frombuffer(base64.b64decode(text), np.dtype(dtype)).reshape(shape).copy()
    if kind == "other":
        return Other(str(content))
    raise ValueError("not packed")


def _key(value):
    return value if isinstance(value, str | int | float | bool | None) else str(value)


class Other:
    """Stands for a value that does not travel: an object of the class `kind`."""

    def __init__(self, kind):
        self.kind = kind


class NotYourOwn(RuntimeError):
    """A cell called the function that it should have written."""


class Changed(RuntimeError):
    """A function changed what it was given, which its task forbids."""


class NoShell:
    """Stands for IPython in a cell: magics and shell commands do nothing, but the code below `%%time` and its like runs."""

    def __init__(self, run):
        self.run = run

    def run_cell_magic(self, name, line, body):
        """Runs the body where it is Python that the notebook would run, too."""
        if name in ("time", "capture", "prun"):
            self.run(body)

    def __getattr__(self, name):
        return lambda *args, **kwargs: []


class Interpreter:
    """Runs cells in one namespace; `handle` answers a request."""

    def __init__(self):
        self.names = {"__name__": "__main__", "display": lambda *_: None}
        self.undo, self.refused, self.waiting = [], set(), set()
        self.names["__builtins__"] = vars(builtins) | {"__import__": self._import}

    def handle(self, request):
        """The reply to a request, a dict; never raises what a cell raises."""
        try:
            return {"ok": True} | (getattr(self, f"_{request['do']}")(request) or {})
        except (Exception, SystemExit, KeyboardInterrupt, GeneratorExit) as error:
            return {"error": sentence(error)}

    def _run(self, request):
        self._put_guards()
        self._execute(request["source"], f"{HERE}{request['label']}>")

    def _execute(self, source, label):
        try:
            code = compile(source, label, "exec")
        except SyntaxError:
            try:  # it takes long to load, and few cells hold what is IPython's alone: `%`, `!`, `?`
                from IPython.core.inputtransformer2 import TransformerManager

                code = compile(TransformerManager().transform_cell(source), label, "exec")
            except (SyntaxError, ImportError):
                code = None
            if code is None:
                raise
            self.names["get_ipython"] = lambda: NoShell(lambda body: self._execute(body, label))
        exec(code, self.names)

    def _begin(self, request):
        for name in set(self.names) & set(vars(builtins)):
            if not name.startswith("__"):
                del self.names[name]

    def _call(self, request):
        found = self._find(request["name"])
        if not callable(found):
            raise TypeError(f"{request['name']} is no function, but {type(found).__name__}")
        args = unpack(request["args"])
        result = found(*args)
        if request.get("watch") and json.dumps(pack(args)) != json.dumps(request["args"]):
            raise Changed("it changes the arrays that it is given: return new ones")
        if request.get("keep"):
            self.names[request["keep"]] = result
            return None
        return {"value": pack(result)}

    def _get(self, request):
        return {"value": pack(self._find(request["name"]))}

    def _find(self, name):
        first, *rest = name.split(".")
        if first not in self.names:
            raise NameError(f"{first} is not defined: its cell is missing or failed")
        found = self.names[first]
        for part in rest:
            found = getattr(found, part)
        return found

    def _guard(self, request):
        self.waiting |= set(request["names"])
        self._put_guards()

    def _import(self, *args, **kwargs):
        """What `import` does in a cell: a module that has just been loaded gets its guards first."""
        try:
            return __import__(*args, **kwargs)
        finally:
            self._put_guards()

    def _put_guards(self):
        """Guard the waiting functions whose module is loaded; nobody can call one before."""
        for name in sorted(self.waiting):
            module, function = name.split(":")
            if not hasattr(sys.modules.get(module), function):
                continue
            self.waiting.discard(name)
            own = getattr(sys.modules[module], function)
            guarded = self._guarded(own, name)
            for one in [
                sys.modules[module],
                *(sys.modules[key] for key in list(sys.modules) if key.startswith("irtrack_core")),
            ]:
                for key, value in list(vars(one).items()):
                    if value is own:
                        self.undo.append((one, key, own))
                        setattr(one, key, guarded)

    def _refuse(self, request):
        self.refused = set(request["names"])

    def _guarded(self, own, name):
        """`own`, which where it is refused cannot be called by a cell, or from outside under the name that a cell gave it."""

        said = f"{name.replace(':', '.')} is the ready-made function for this task: write the steps yourself"

        def guarded(*args, **kwargs):
            caller = sys._getframe(1).f_code.co_filename
            if name in self.refused and (caller.startswith(HERE) or caller == __file__):
                raise NotYourOwn(said)
            return own(*args, **kwargs)

        def entries(bases):  # what Python asks where a class is made from `guarded`
            if name in self.refused:
                raise NotYourOwn(said)
            return (own,)

        guarded.__doc__, guarded.__mro_entries__ = own.__doc__, entries
        return guarded

    def close(self):
        """Take the guards away again, for those who run this in their own process."""
        for module, key, own in reversed(self.undo):
            setattr(module, key, own)
        self.undo, self.waiting = [], set()


def sentence(error):
    """What a cell raised, with the line of the cell, in a sentence or two."""
    if isinstance(error, SystemExit):
        return "the cell calls exit(): it ends the whole notebook; remove it"
    if isinstance(error, NotImplementedError):
        return "not done yet: `raise NotImplementedError` still stands there"
    if isinstance(error, NotYourOwn | Changed):
        return str(error)
    if isinstance(error, EOFError):
        return "it waits for input(), and nobody types while it is graded: write the value into the code"
    if isinstance(error, SyntaxError):
        place = f"{str(error.filename).removeprefix(HERE).removesuffix('>')}, line {error.lineno}"
        return f"{type(error).__name__}: {str(error.msg)[:500]} ({place})"
    text = f"{type(error).__name__}: {str(error)[:500]}"
    lines = [one for one in traceback.extract_tb(error.__traceback__) if one.filename.startswith(HERE)]
    return f"{text} ({lines[-1].filename[len(HERE) : -1]}, line {lines[-1].lineno})" if lines else text


def main():
    """Answer requests on the socket until it is closed."""
    import socket

    channel = socket.socket(fileno=int(sys.argv[1]))
    reader, writer = channel.makefile("r", encoding="utf-8"), channel.makefile("w", encoding="utf-8")
    sys.path[:0] = sys.argv[2:]
    interpreter, mine = Interpreter(), os.getpid()
    for line in reader:
        reply = interpreter.handle(json.loads(line))
        if os.getpid() != mine:  # a cell forked: the copy comes back here too, and is not asked anything
            os._exit(0)
        try:
            sys.stdout.flush()
        except Exception:  # a cell closed it
            pass
        writer.write(json.dumps(reply) + "\n")
        writer.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
