"""Points for what a student's code returns: compared with the solution's, with a reason for each point that is lost."""

import copy
from dataclasses import asdict, dataclass

import numpy as np

from irtrack_core.teaching.session import Failed

OTHER = "what it returned is of another kind than the task asks for"
NOTHING = "it gives None: is `return` missing?"
FEW = 4  # values that are shown where they are wrong


@dataclass
class Row:
    """One test: points got, points to get, what was tested, and why points are missing."""

    got: float
    of: float
    what: str
    why: str = ""


class Marks:
    """The points of one task. student: a session; names: the solution's; mistakes(): [(what is said, names)]."""

    def __init__(self, student, names, mistakes=lambda: []):
        self.student, self.names, self._make, self._mistakes, self.rows = student, names, mistakes, None, []
        self._last = ""  # what the student's function gave

    @property
    def mistakes(self):
        """[(what is said, names)]; made at the first wrong answer."""
        if self._mistakes is None:
            self._mistakes = self._make()
        return self._mistakes

    def give(self, points, of, what, why=""):
        """Note the points of one test; returns whether it was passed."""
        self.rows.append(Row(points, of, what, "" if points == of else why))
        return points == of

    def call(self, name, *args, **options):
        """What the student's function gives, for tests that `true` asks."""
        self._last = self.student.call(name, *args, **options)
        return self._last

    def _kind(self):
        """What is said of a value with which a test could do nothing."""
        return NOTHING if self._last is None else OTHER

    def same(self, name, *args, points, what, tolerance=1e-6, once="", watch=False):
        """`points` when the student's function returns what the solution's does; returns whether it does.

        once: what is said of a mistake for which a test before this one has taken points, and this one takes none.
        watch: no points where it changes its arguments.
        """
        expected = _call(self.names, name, args)
        return self._compare(
            lambda: self.student.call(name, *args, watch=watch),
            expected,
            lambda names: _call(names, name, args),
            points,
            what,
            tolerance,
            once,
        )

    def value(self, name, *, points, what, tolerance=1e-6):
        """`points` when the student's variable has the solution's value; returns whether it has."""
        return self._compare(
            lambda: self.student.get(name), self.names[name], lambda names: names[name], points, what, tolerance
        )

    def follows(self, run, *, points, what, tolerance=1e-6):
        """`points` when run(call) gives the same with the student's functions; call(name, *args, keep="") calls one.

        For objects: call("Tracker", keep="t") makes one, call("t.init", frame, box) calls its method.
        """
        return self._compare(
            lambda: run(self.call),
            run(_Local(self.names)),
            lambda names: run(_Local(names)),
            points,
            what,
            tolerance,
        )

    def ranks(self, run, good, *, points, what, why):
        """`points` when good(run(call)) is true; else the reason is the mistake that gives the same, or `why`."""
        try:
            found = run(self.call)
        except Failed as error:
            return self.give(0, points, what, str(error))
        except Exception:  # a value of another kind than the test expects
            return self.give(0, points, what, self._kind())
        if good(found):
            return self.give(points, points, what)
        return self.give(0, points, what, self._named(found, lambda names: run(_Local(names)), 1e-6) or why)

    def true(self, test, *, points, what, why):
        """`points` when test() is true; `why` is said when it is not."""
        try:
            return self.give(points if test() else 0, points, what, why)
        except Failed as error:
            return self.give(0, points, what, str(error))
        except Exception:  # a value of another kind than the test expects
            return self.give(0, points, what, self._kind())

    def _compare(self, ask, expected, other, points, what, tolerance, once=""):
        try:
            found = ask()
        except Failed as error:
            return self.give(0, points, what, str(error))
        except Exception:
            return self.give(0, points, what, self._kind())
        wrong = difference(found, expected, tolerance)
        if wrong:
            named = self._named(found, other, tolerance)
            wrong = "" if once and named == once and any(row.why == named for row in self.rows) else named or wrong
        return self.give(0 if wrong else points, points, what, wrong)

    def _named(self, found, other, tolerance):
        """What is said of the mistake that gives the same; "" for none."""
        for text, names in self.mistakes:
            try:
                if not difference(found, other(names), tolerance):
                    return text
            except Exception:  # this mistake ends in an error here
                continue
        return ""

    def as_dicts(self):
        """The rows as plain data."""
        return [asdict(row) for row in self.rows]


class _Local:
    """Calls functions of a namespace as a session calls the student's."""

    def __init__(self, names):
        self.names = dict(names)

    def __call__(self, name, *args, keep=""):
        result = _call(self.names, name, args)
        if keep:
            self.names[keep] = result
            return None
        return result


def _call(names, name, args):
    first, *rest = name.split(".")
    found = names[first]
    for part in rest:
        found = getattr(found, part)
    return found(*copy.deepcopy(args))


def difference(found, expected, tolerance=1e-6):
    """Where two values differ, in a sentence; "" where they agree: numbers within `tolerance`, whatever their types."""
    if found is None and expected is not None:
        return NOTHING
    if isinstance(expected, str | bool | None) or isinstance(found, str | None):
        if isinstance(expected, str | bool | None) and isinstance(found, np.bool | np.ndarray):
            found = found.item() if np.size(found) == 1 else found
        return (
            ""
            if type(found) is type(expected) and found == expected
            else f"expected another value than {_short(found)}"
        )
    if isinstance(expected, dict):
        if not isinstance(found, dict) or set(map(str, found)) != set(map(str, expected)):
            return f"expected a dict with the keys {', '.join(map(str, expected))}"
        return next(filter(None, (difference(found[key], expected[key], tolerance) for key in expected)), "")
    if isinstance(expected, list | tuple) and not _numbers(expected):
        if not isinstance(found, list | tuple) or len(found) != len(expected):
            return f"expected {len(expected)} values"
        return next(filter(None, (difference(*pair, tolerance) for pair in zip(found, expected))), "")
    return _arrays(found, np.asarray(expected), tolerance)


def _arrays(found, expected, tolerance):
    try:
        found = np.asarray(found, dtype=float if expected.dtype.kind != "c" else complex)
    except (TypeError, ValueError):
        return f"expected numbers, got {_short(found)}"
    if found.shape != expected.shape:
        return f"expected an array of shape {expected.shape}, got {found.shape}"
    close = np.isclose(found, expected.astype(found.dtype), rtol=tolerance, atol=tolerance, equal_nan=True)
    if close.all():
        return ""
    if not found.shape:
        return f"expected another value than {_short(found)}"
    if found.size <= FEW:
        return f"expected other values than {', '.join(f'{one:.6g}' for one in found.ravel())}"
    where = tuple(map(int, np.argwhere(~close)[0]))
    return f"{int((~close).sum())} of {close.size} values differ, the first at index {where}"


def _numbers(value):
    try:
        return np.asarray(value).dtype.kind in "biufc"
    except ValueError:
        return False


def _short(value):
    if isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and not value.shape):
        return f"{float(value):.6g}"
    return repr(value)[:60]
