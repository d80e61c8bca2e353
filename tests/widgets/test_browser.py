"""What a learner does: opens notebooks in JupyterLab, runs all cells, moves a slider, draws, uploads; the picture follows."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import cv2
import nbformat
import numpy as np
import pytest

from irtrack_core import config, datasets, workbook
from irtrack_core.boxes import centers
from irtrack_core.figures import tracking as figures
from irtrack_core.filtering.candidates import propose
from irtrack_core.widgets import quiz

pytestmark = pytest.mark.browser
ROOT = workbook.find_root()
TOKEN = "test"
# a headless browser that asks nothing of the network but the server under test
ARGUMENTS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-dev-shm-usage""".split()
# a cell that fails stops the others, whose prompts then stay empty
ALL_RUN = """() => { if (document.querySelector('[data-mime-type="application/vnd.jupyter.error"]')) return true;
    const shown = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.textContent);
    return shown.length && shown.every(text => /^\\[\\d+\\]/.test(text)); }"""
POLL = 200  # ms; by default a page is asked at every animation frame, which keeps a core busy for as long as one waits
PICTURES = "() => [...document.querySelectorAll('.jp-OutputArea-output img')].map(image => image.src).join()"

# the bytes of a picture as text
CONTENT = """async picture => {
    const bytes = new Uint8Array(await (await fetch(picture.src)).arrayBuffer());
    return [...bytes].map(byte => String.fromCharCode(byte)).join(""); }"""
SHOWS = f"async ([picture, content]) => await ({CONTENT})(picture) === content"


@pytest.fixture(scope="module")
def chromium():
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no chromium on this machine: on Debian, apt install chromium")
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab server over an empty folder; gives (address, folder)."""
    folder = tmp_path_factory.mktemp("lab")
    settings = folder / "settings"
    settings.mkdir()
    shutil.copy(ROOT / "overrides.json", settings)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [f"--port={port}", "--no-browser", "--ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}", "--allow-root"]
    words += [f"--notebook-dir={folder}", f"--LabApp.app_settings_dir={settings}", "--LabApp.news_url=None"]
    surroundings = {name: value for name, value in os.environ.items() if name not in ("IRTRACK_BATCH", "MPLBACKEND")}
    log = (folder / "lab.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *words], env=surroundings, stdout=log, stderr=log, cwd=folder
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api?token={TOKEN}", server, folder / "lab.log")
        yield address, folder
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


def _copy(slug, folder, cells=""):
    """Put a notebook without its outputs into the folder: only a live kernel can fill them again."""
    content = json.loads((ROOT / "notebooks" / f"{slug}.ipynb").read_text())
    content["cells"] = [cell for cell in content["cells"] if re.search(cells, "".join(cell["source"]))]
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    (folder / f"{slug}.ipynb").write_text(json.dumps(content))


def _wait_for(address, server, log):
    end = time.monotonic() + 90
    while time.monotonic() < end:
        if server.poll() is not None:
            pytest.fail(f"JupyterLab stopped: {log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"JupyterLab did not answer: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def context(chromium):
    """What the pages of one reader share: JupyterLab's scripts are loaded and compiled once."""
    context = chromium.new_context(viewport={"width": 1300, "height": 1000})
    yield context
    context.close()


@pytest.fixture
def page(context, request):
    """A page; what it shows at the end is kept as a picture where IRTRACK_SCREENSHOTS says."""
    page = context.new_page()
    yield page
    _shot(page, request.node.name)
    page.close()


def run_all(page, lab, slug, cells=""):
    """Open a notebook without outputs and run all its cells, or those that match `cells`; fails when a cell does."""
    address, folder = lab
    _copy(slug, folder, cells)
    begin(page, address, slug)
    page.wait_for_function(ALL_RUN, polling=POLL, timeout=240_000)
    errors = page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]')
    assert errors.count() == 0, errors.first.inner_text()[-1500:]


def begin(page, address, slug):
    """Open a notebook and start all its cells."""
    page.goto(f"{address}/lab/workspaces/{slug}/tree/{slug}.ipynb?token={TOKEN}&reset", wait_until="domcontentloaded")
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for(timeout=90_000)
    # the toolbar says idle before the kernel is connected; the status bar does not
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=90_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def changes_a_picture(page, act):
    """What `act` does to the page makes the kernel draw anew."""
    before = page.evaluate(PICTURES)
    act()
    page.wait_for_function(f"old => ({PICTURES})() !== old", arg=before, polling=POLL, timeout=60_000)
    assert re.search("data:image/png|blob:", page.evaluate(PICTURES))


def moves_its_first_slider(page, place):
    handle = place.locator(".noUi-handle").first
    handle.wait_for(timeout=60_000)
    handle.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    value = handle.get_attribute("aria-valuenow")
    handle.focus()
    changes_a_picture(page, lambda: page.keyboard.press("ArrowRight"))
    assert handle.get_attribute("aria-valuenow") != value


@pytest.mark.parametrize(
    ("slug", "cells", "demos"),
    [
        (
            "01_scan_an_image",
            r"^profile: str|^from irtrack_core import wo|^import pandas|^clouds =|^from .* import widgets",
            1,
        ),
        ("03_build_the_network", "", 2),
        ("04_match_and_learn", r"^profile: str|^import numpy|^widgets\.", 2),
        ("08_filter_in_time", r"^profile: str|^import numpy|^widgets\.", 1),
        ("15_changing_shape", r"^profile: str|^import|^widgets\.", 1),
        ("16_limits", r"^profile: str|^import|^widgets\.", 6),
    ],
    ids=["01", "03", "04", "08", "15", "16"],
)
def test_a_learner_runs_all_and_moves_a_slider(page, lab, slug, cells, demos):
    run_all(page, lab, slug, cells)
    places = page.locator(".irtrack-demo")
    assert places.count() == demos
    for number in range(demos):
        moves_its_first_slider(page, places.nth(number))
        _shot(page, f"{slug}_{number}")  # to look at


def test_a_learner_filters(page, lab, tmp_path):
    """Notebook 02: a slider, an element drawn by hand, an image of the learner's own; then nonsense instead of an image."""
    # without the search over all sets, half a minute that no demo waits for
    run_all(page, lab, "02_filter_an_image", r"(?s)^(?!.*\bsearched\b)")
    demo, own = page.locator(".irtrack-demo").nth(0), page.locator(".irtrack-demo").nth(1)
    moves_its_first_slider(page, demo)
    changes_a_picture(page, lambda: demo.locator("select").first.select_option("drawn"))
    pad = demo.locator(".jupyter-widgets.widget-toggle-button")
    assert pad.count() == 81
    changes_a_picture(page, lambda: pad.nth(0).click())
    assert "mod-active" in pad.nth(80).get_attribute("class")
    _shot(page, "filter_drawn")  # to look at

    image = np.random.default_rng(0).integers(40, 60, (300, 400)).astype(np.uint8)
    image[200:205, 100:105] = 220
    cv2.imwrite(str(tmp_path / "mine.png"), image)
    own.scroll_into_view_if_needed()
    changes_a_picture(page, lambda: uploads(page, own, tmp_path / "mine.png"))
    at = float(own.locator(".noUi-handle").first.get_attribute("aria-valuenow"))
    assert abs(at - 102) <= 1  # found at its strongest spot
    (tmp_path / "notes.png").write_text("no image")
    uploads(page, own, tmp_path / "notes.png")
    own.get_by_text("notes.png is not a readable image").wait_for(timeout=60_000)
    moves_its_first_slider(page, own)


def test_a_learner_clicks_on_a_target_and_tracks_it(page, lab):
    """Notebook 06: a click on the sky moves the box, one on the target takes it; then it is followed and scrubbed through."""
    # without what needs the training of notebook 05
    run_all(page, lab, "06_track_a_sequence", "^profile: str|^from irtrack_core|pick_and_track")
    demo = page.locator(".irtrack-pick")
    demo.scroll_into_view_if_needed()
    picture, handles = demo.locator("img").first, demo.locator(".noUi-handle")
    sequence = datasets.load("sim-aircraft", frames=config.profile("quick").frames)[4]
    frame = sequence.frames[0]
    figure = figures.preview(frame, propose(frame)[0][0], *propose(frame))  # as the kernel draws it
    figure.canvas.draw()

    def click(x, y):
        at = figure.axes[0].transData.transform((x, y)) / figure.bbox.size
        size = picture.bounding_box()
        place = {"x": float(at[0]) * size["width"], "y": float(1 - at[1]) * size["height"]}
        changes_a_picture(page, lambda: picture.click(position=place))
        x, y, w, h = (float(handles.nth(i).get_attribute("aria-valuenow")) for i in range(4))
        return x + w / 2, y + h / 2

    assert click(40, 120) == pytest.approx((40, 120), abs=1)
    assert demo.locator("select").input_value() == "by click or sliders"
    _shot(page, "picked_by_click")  # to look at
    target = tuple(centers(sequence.boxes[0]))
    assert click(target[0] + 2, target[1] - 2) == pytest.approx(target, abs=1)
    demo.get_by_role("button", name="Track it").click()
    demo.get_by_text("frames followed").wait_for(timeout=120_000)
    demo.locator(".irtrack-play img").scroll_into_view_if_needed()
    moves_its_first_slider(page, demo.locator(".irtrack-play"))
    _shot(page, "tracked_by_click")

    # a click while the result plays, which redraws all the time: its picture is the one that is drawn at rest
    places, shown = ((40, 120), target), {}
    for place in places:
        click(*place)
        shown[place] = page.evaluate(CONTENT, picture.element_handle())
    demo.locator(".irtrack-play button").first.click()
    for place in places * 2:
        click(*place)
        page.wait_for_function(SHOWS, arg=[picture.element_handle(), shown[place]], polling=POLL, timeout=30_000)


def test_a_learner_answers_a_quiz_with_the_keyboard(page, lab):
    """Tab goes from option to option, Space chooses; what is said to the choice and the count of first tries follow."""
    run_all(page, lab, "00_start_here", r"quiz\.ask")
    form = page.locator(".irtrack-quiz")
    form.locator("button").first.wait_for(timeout=60_000)
    questions = quiz.load(ROOT / "notebooks" / "quiz" / "00_start_here.toml")
    assert form.locator("button").count() == sum(len(one.options) for one in questions)
    form.locator("button").first.focus()
    page.keyboard.press("Space")
    form.get_by_text(questions[0].said[0]).wait_for(timeout=30_000)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    form.get_by_text(questions[0].said[1]).wait_for(timeout=30_000)
    assert form.get_by_text(questions[0].said[0]).count() == 0
    first = int(questions[0].options[0] == questions[0].right)
    assert f"1 of {len(questions)} answered, {first} right" in form.locator(".irtrack-quiz-total").inner_text()


LIVE = """
import time

import ipywidgets
import pandas as pd

from irtrack_core import widgets

curve, seen = widgets.LiveCurve(30, every=0.3), []
for k in range(1, 31):
    time.sleep(0.1)
    curve(pd.DataFrame({"iteration": range(k), "classification": [1 / (1 + i) for i in range(k)], "regression": 0.5}))
"""


def test_a_learning_curve_grows_while_the_cell_runs_and_the_state_survives_reload(page, lab):
    """The curve changes before its cell is done; a demo keeps value and picture when the saved notebook is reopened."""
    address, folder = lab
    cells = [LIVE.strip(), "widgets.stretched_target()"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "live.ipynb")
    begin(page, address, "live")
    curve = page.locator(".jp-OutputArea-output img").first
    curve.wait_for(timeout=90_000)
    first = page.evaluate(CONTENT, curve.element_handle())
    page.wait_for_function(
        f"async ([one, old]) => await ({CONTENT})(one) !== old", arg=[curve.element_handle(), first], polling=POLL
    )
    assert not page.evaluate(ALL_RUN)  # the cell was still running
    page.wait_for_function(ALL_RUN, polling=POLL, timeout=120_000)
    demo = page.locator(".irtrack-demo").nth(1)
    moves_its_first_slider(page, demo)
    value = demo.locator(".noUi-handle").first.get_attribute("aria-valuenow")
    kept = page.evaluate(CONTENT, demo.locator("img").element_handle())
    page.wait_for_timeout(1000)
    page.keyboard.press("Control+s")
    end = time.monotonic() + 30
    while "widgets" not in json.loads((folder / "live.ipynb").read_text())["metadata"] and time.monotonic() < end:
        time.sleep(0.3)
    page.goto("about:blank")
    kernels(address)  # as after a restart of the server: what is seen then comes from the file
    page.goto(f"{address}/lab/workspaces/live2/tree/live.ipynb?token={TOKEN}&reset", wait_until="domcontentloaded")
    demo = page.locator(".irtrack-demo").nth(1)
    demo.locator(".noUi-handle").first.wait_for(timeout=90_000)
    assert demo.locator(".noUi-handle").first.get_attribute("aria-valuenow") == value
    assert page.evaluate(CONTENT, demo.locator("img").element_handle()) == kept


def kernels(address):
    """End all kernels of the server."""
    headers = {"Authorization": f"token {TOKEN}"}
    with urllib.request.urlopen(urllib.request.Request(f"{address}/api/sessions", headers=headers)) as answer:
        for one in json.load(answer):
            request = urllib.request.Request(f"{address}/api/sessions/{one['id']}", headers=headers, method="DELETE")
            urllib.request.urlopen(request).close()


def uploads(page, demo, file):
    with page.expect_file_chooser() as chooser:
        demo.get_by_role("button", name="your image").click()
    chooser.value.set_files(str(file))


def _shot(page, name):
    folder = os.environ.get("IRTRACK_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))
