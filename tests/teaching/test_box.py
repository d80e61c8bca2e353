"""Hostile submissions, or harmless stand-ins of them, each in a box as `make grade` makes it: they cost only themselves."""

import time

import labs as toy
import pytest

from irtrack_core.teaching import grade, lab, sandbox, session
from irtrack_core.teaching.session import Boxed

pytestmark = pytest.mark.skipif(
    not sandbox.way(), reason="no box can be made here: neither bubblewrap nor unshare works"
)


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    """Small ones, so that the tests are short."""
    monkeypatch.setattr(session, "SECONDS", 1)
    monkeypatch.setattr(session, "OUTPUT", 1 << 20)
    monkeypatch.setattr(sandbox, "MEMORY", 400 << 20)


def graded(tmp_path, before, task="double"):
    """(result, reasons) of a notebook that is right but for what its cell does first."""
    source = f"{before}\n{toy.RIGHT[task]}"
    result = grade.one(toy.put(tmp_path, "s", toy.notebook("s", **{task: source})), toy.LAB, Boxed)
    assert result["error"] == ""
    return result, [row["why"] for row in result["tasks"][task]]


@pytest.mark.parametrize(
    "code, why",
    [
        ("exit(0)", "calls exit()"),
        ("import os; os._exit(0)", "ended its own process"),
        ("while True: pass", "no end after 1 s of the processor"),
        ("while True: print('x' * 1000)", "printed more than 1 MB"),
        ("kept = []\nfor _ in range(100): kept.append(bytearray(8 << 20))", "MemoryError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("n = input('how many? ')", "it waits for input()"),
        ("import os; os.closerange(0, 99)", "ended its own process"),
        ('import os, sys; os.write(int(sys.argv[1]), b\'{"ok": true}\\n{"ok": true}\\n\')', "ended its own process"),
        ("import os; os.abort()", "ended its own process"),
        ("import sys; sys.setrecursionlimit(10**6); sys.stdout.close(); 1 / 0", "ZeroDivisionError"),
    ],
    ids="exit os-exit loop printer memory interrupt input closed-channel forged-reply abort closed-output".split(),
)
def test_it_costs_its_own_task_alone(tmp_path, code, why):
    result, reasons = graded(tmp_path, code)
    assert result["total"] == 1 and why in reasons[0]  # the other task, after it, has its point


@pytest.mark.parametrize(
    "code", ["import os; os.fork()", "import os; [os.fork() for _ in range(3)]"], ids=["one", "eight"]
)
def test_a_copy_of_the_process_answers_nothing(tmp_path, code):
    for turn in range(4):  # which of them is first is chance
        (tmp_path / str(turn)).mkdir()
        assert graded(tmp_path / str(turn), code)[0]["total"] == 3


def test_a_thread_that_ends_the_process_later_costs_its_student_alone(tmp_path):
    result, reasons = graded(tmp_path, "import os, threading; threading.Timer(0.01, os._exit, [0]).start()")
    assert result["total"] <= 3 and all("ended its own process" in why for why in reasons if why)


def test_a_plot_that_is_shown_and_a_thread_that_exits_stop_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "SECONDS", 10)
    monkeypatch.setattr(sandbox, "MEMORY", 2 << 30)
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    code += "\nimport sys, threading\nthreading.Thread(target=sys.exit).start()"  # ends its thread alone
    result, reasons = graded(tmp_path, code)
    assert result["total"] == 3, reasons


def test_a_function_that_never_returns_costs_its_own_tests(tmp_path):
    loop = "def double(x):\n    while x == 4: pass\n    return 2 * x"
    made = toy.notebook("s", double=loop)
    result = grade.one(toy.put(tmp_path, "s", made), toy.LAB, Boxed)
    assert result["total"] == 2 and "endless loop" in result["tasks"]["double"][0]["why"]


# each looks for something that is not there, and is graded as if it had not looked
LOOKS = {
    "tests": f"import os; assert not os.path.exists({str(lab.folder())!r})",
    "grader": "import os, irtrack_core; p = os.path.join(irtrack_core.__path__[0], 'teaching'); assert not os.listdir(p)",
    "frames": """import sys
frame = sys._getframe()
while frame:
    assert not {"check", "MISTAKES"} & {*frame.f_globals}
    frame = frame.f_back""",
    "home": "import os; assert os.environ['HOME'] == '/tmp' and os.listdir('/tmp') in ([], ['.config'])",
    "others": "import os; assert sum(name.isdigit() for name in os.listdir('/proc')) < 5",
    "network": """import socket
try:
    socket.create_connection(("127.0.0.1", 9), 1); raise SystemError
except OSError as error:
    refused = True
import os; assert sorted(os.listdir("/sys/class/net") if os.path.exists("/sys/class/net") else []) in ([], ["lo"])""",
    "writing": """import irtrack_core
for name in ("/usr/x", irtrack_core.__file__, "/box/student.py"):
    try:
        open(name, "a"); raise SystemError
    except OSError:
        pass
open("/tmp/x", "w").write("x")""",
    "rights": "assert open('/proc/self/status').read().split('CapEff:')[1].split()[0].strip('0') == ''",
}


@pytest.mark.parametrize("name", LOOKS)
def test_there_is_nothing_to_find(tmp_path, name):
    result, reasons = graded(tmp_path, LOOKS[name])
    assert result["total"] == 3, reasons


@pytest.mark.parametrize(
    "code",
    [
        "import numpy; numpy.isclose = numpy.allclose = lambda *a, **k: numpy.bool_(True)",
        "import builtins; builtins.isinstance = lambda *a: True",
        'import json; json.dumps = lambda *a, **k: \'{"ok": true, "value": 8}\'',
    ],
    ids="numpy builtins replies".split(),
)
def test_the_checker_cannot_be_changed_from_inside(tmp_path, code):
    """A function that returns nothing of use stays wrong, whatever the cell does to its own process."""
    made = toy.notebook("s", double=f"{code}\ndef double(x):\n    return 3 * x")
    result = grade.one(toy.put(tmp_path, "s", made), toy.LAB, Boxed)
    assert sum(row["got"] for row in result["tasks"]["double"]) <= 1  # a forged reply may guess one value, never both


def test_few_processes_at_a_time(tmp_path):
    code = """import subprocess
started = []
try:
    for _ in range(90): started.append(subprocess.Popen(["sleep", "30"]))
except OSError:
    pass
assert len(started) < 90
"""
    begin = time.monotonic()
    result, reasons = graded(tmp_path, code)
    assert result["total"] == 3, reasons
    assert time.monotonic() - begin < 25  # they end with their box


def test_a_folder_is_graded_and_the_hostile_cost_nobody_else(tmp_path, capsys):
    folder, out = tmp_path / "handed in", tmp_path / "graded"
    folder.mkdir()
    toy.put(folder, "a", toy.notebook("a"))
    toy.put(folder, "b", toy.notebook("b", double="import os; os._exit(0)"))
    toy.put(folder, "c", "no notebook")
    toy.put(folder, "d", toy.notebook("a"))
    found = {result["file"]: result for result in grade.grade(folder, toy.LAB, out)}
    assert [found[f"{name}.ipynb"]["total"] for name in "abcd"] == [3, 1, 0, 3]
    assert "the same student id is in d.ipynb" in found["a.ipynb"]["notes"]
    assert len(list((out / "feedback").glob("*.html"))) == 4 and len((out / "grades.csv").read_text().splitlines()) == 5
    capsys.readouterr()
    kept = sorted(path.stat().st_mtime_ns for path in (out / ".graded").iterdir())
    assert [one["total"] for one in grade.grade(folder, toy.LAB, out)] == [3, 1, 0, 3]
    assert kept == sorted(path.stat().st_mtime_ns for path in (out / ".graded").iterdir())  # nothing was graded twice


def test_results_that_a_box_would_show_are_refused(tmp_path, monkeypatch):
    toy.put(tmp_path, "a", toy.notebook("a"))
    monkeypatch.setattr(sandbox, "SYSTEM", (*sandbox.SYSTEM, str(tmp_path)))
    with pytest.raises(RuntimeError, match="the submissions lie in .* which the students' code can read"):
        grade.grade(tmp_path, toy.LAB, tmp_path.with_name("out"))


def test_without_a_box_grading_is_refused(tmp_path, monkeypatch):
    toy.put(tmp_path, "a", toy.notebook("a"))
    monkeypatch.setattr(sandbox, "way", lambda: "")
    with pytest.raises(RuntimeError, match="install bubblewrap"):
        grade.grade(tmp_path, toy.LAB, tmp_path / "out")
    (result,) = grade.grade(tmp_path, toy.LAB, tmp_path / "out", workers=1, unprotected=True)
    assert result["total"] == 3
