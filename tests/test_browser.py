"""What a learner does: opens notebooks in JupyterLab, runs all cells, moves a slider, sees the picture change."""

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

import pytest

from irtrack_core import workbook

pytestmark = pytest.mark.browser
ROOT = workbook.find_root()
TOKEN = "test"
# a headless browser that asks nothing of the network but the server under test
ARGUMENTS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-dev-shm-usage""".split()
ALL_RUN = """() => { const shown = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.textContent);
    return shown.length && shown.every(text => /^\\[\\d+\\]/.test(text)); }"""
PICTURES = "() => [...document.querySelectorAll('.jp-OutputArea-output img')].map(image => image.src).join()"


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


def _copy(slug, folder):
    """Put a notebook without its outputs into the folder: only a live kernel can fill them again."""
    content = json.loads((ROOT / "notebooks" / f"{slug}.ipynb").read_text())
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


@pytest.mark.parametrize("slug", ["02_filter_an_image", "03_build_the_network"])
def test_a_learner_runs_all_and_moves_a_slider(slug, chromium, lab):
    address, folder = lab
    _copy(slug, folder)
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    shot = Path(os.environ.get("IRTRACK_SCREENSHOTS") or folder) / f"{slug}.png"
    try:
        page.goto(
            f"{address}/lab/workspaces/{slug}/tree/{slug}.ipynb?token={TOKEN}&reset", wait_until="domcontentloaded"
        )
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for(timeout=90_000)
        # the toolbar says idle before the kernel is connected; the status bar does not
        page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=90_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_function(ALL_RUN, timeout=240_000)
        errors = page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]')
        assert errors.count() == 0, errors.first.inner_text()[-1500:]

        handle = page.locator(".noUi-handle").first
        handle.wait_for(timeout=60_000)
        handle.scroll_into_view_if_needed()
        page.wait_for_timeout(1000)
        before, value = page.evaluate(PICTURES), handle.get_attribute("aria-valuenow")
        handle.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"old => ({PICTURES})() !== old", arg=before, timeout=60_000)
        assert handle.get_attribute("aria-valuenow") != value
        assert re.search("data:image/png|blob:", page.evaluate(PICTURES))
    finally:
        page.screenshot(path=str(shot))
        page.close()
    assert shot.stat().st_size > 10_000
