"""What make does without make: every target has its command, each starts what the target starts, and the demo's page runs."""

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

# pytest takes a fixture from where it is imported
from test_browser import chromium  # noqa: F401

from irtrack_core import workbook
from irtrack_core.workbook import tasks
from irtrack_core.workbook.__main__ import _parser, main

ROOT = workbook.find_root()
SAME = {"notebooks": "build"}  # targets whose command has another name
needs_voila = pytest.mark.skipif(
    importlib.util.find_spec("voila") is None, reason="voila is not installed: pip install 'irtrack-core[demo]'"
)


def test_every_target_of_make_has_its_command():
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split()
    (commands,) = (action for action in _parser()._actions if hasattr(action, "choices") and action.choices)
    assert not {SAME.get(name, name) for name in phony} - set(commands.choices)


@pytest.fixture
def started(monkeypatch):
    """The commands that would have been started; each goes well."""
    words = []

    def run(command, **_):
        words.append([str(word) for word in command[1:]])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(tasks.subprocess, "run", run)
    monkeypatch.setenv("IRTRACK_BATCH", "")
    return words


@pytest.mark.parametrize(
    ("command", "first", "last"),
    [
        (["test", "--cores", "3"], "-m ruff check .", "-m pytest -n 3 --dist loadfile"),
        (["lab"], "-m jupyterlab notebooks/00_start_here.ipynb", ""),
        (["fuzz", "--minutes", "2"], "tests/fuzz/run.py --minutes 2", ""),
        (["release", "lab1"], "-m irtrack_core.teaching release lab1", ""),
        (["wheelhouse", "--index", "there"], "-m pip wheel -q -w wheelhouse", "-m pip wheel"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_a_command_starts_what_make_starts(started, command, first, last):
    assert main(command) == 0
    assert " ".join(started[0]).startswith(first) and " ".join(started[-1]).startswith(last)
    if command[0] == "wheelhouse":
        assert "--extra-index-url there" in " ".join(started[0]) and started[-1][-1] == ".[workbook,runtime]"


def test_a_step_that_fails_is_the_last(monkeypatch):
    monkeypatch.setenv("IRTRACK_BATCH", "")
    monkeypatch.setattr(tasks.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 3))
    assert main(["test"]) == 3


def test_the_demo_without_voila_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setenv("IRTRACK_BATCH", "")
    monkeypatch.setitem(sys.modules, "voila", None)
    assert main(["demo"]) == 2
    assert "irtrack-core[demo]" in capsys.readouterr().err


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The address of a demo that is served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("demo") / "voila.log"
    with log.open("w") as output:
        command = [sys.executable, "-m", "irtrack_core.workbook", "demo", "--no-browser", "--port", str(port)]
        own = dict(start_new_session=True) if os.name != "nt" else {}
        run = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, **own)
    try:
        yield _answered(f"http://127.0.0.1:{port}/", run, log)
    finally:
        # not SIGINT: a shell that starts the tests in the background has it ignored
        os.killpg(run.pid, signal.SIGTERM) if own else run.terminate()
        run.wait(timeout=60)


def _answered(address, run, log):
    end = time.monotonic() + 90
    while time.monotonic() < end and run.poll() is None:
        try:
            with socket.create_connection(address.split("/")[2].split(":"), timeout=5):
                return address
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"the demo did not start: {log.read_text()[-2000:]}")


@needs_voila
def test_the_demo_answers(page):
    with urllib.request.urlopen(page, timeout=240) as answer:
        text = answer.read().decode()
    assert "Track a small target" in text and "sandbox()" not in text  # the page, not the notebook


@needs_voila
@pytest.mark.browser
def test_a_visitor_tracks_a_clip(page, chromium):  # noqa: F811
    sheet = chromium.new_page(viewport={"width": 1300, "height": 1200})
    asked = []
    sheet.route(
        re.compile("^https?://(?!127)"), lambda route: (asked.append(route.request.url), route.abort())
    )  # nothing from elsewhere is needed
    sheet.goto(page, wait_until="domcontentloaded", timeout=240_000)
    box = sheet.locator(".irtrack-sandbox")
    picture = box.locator("img").first
    picture.wait_for(timeout=240_000)
    before = picture.get_attribute("src")
    box.locator("select").nth(1).select_option(index=1)  # the filtered frames
    sheet.wait_for_function(
        "old => document.querySelector('.irtrack-sandbox img')?.src !== old", arg=before, timeout=60_000
    )
    box.locator("select").nth(2).select_option("peak")
    sheet.wait_for_timeout(2000)
    box.get_by_role("button", name="Track it").click()
    box.get_by_text("frames followed").wait_for(timeout=120_000)
    if os.environ.get("IRTRACK_SCREENSHOTS"):
        sheet.screenshot(path=os.path.join(os.environ["IRTRACK_SCREENSHOTS"], "demo.png"), full_page=True)
    sheet.close()


@needs_voila
@pytest.mark.browser
def test_the_demo_fits_a_phone_and_a_dark_screen(page, chromium):  # noqa: F811
    sheet = chromium.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    sheet.goto(page, wait_until="domcontentloaded", timeout=240_000)
    sheet.locator(".irtrack-sandbox img").first.wait_for(timeout=240_000)
    sheet.locator(".irtrack-sandbox .widget-readout").nth(3).wait_for(timeout=60_000)
    right, inner, grey = sheet.evaluate(
        """() => {
        const parts = document.querySelectorAll('.irtrack-sandbox .jupyter-widgets, .irtrack-sandbox .widget-readout');
        const grey = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
        return [Math.max(...[...parts].map(part => part.getBoundingClientRect().right)), innerWidth, Math.max(...grey)]; }"""
    )
    assert right <= inner and grey < 60
    sheet.close()
