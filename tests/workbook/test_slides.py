"""Slides of notebooks: a page a figure, what is said with it, and keys that turn the pages, without a network."""

import base64
import re

import cv2
import nbformat
import numpy as np
import pytest

# pytest takes a fixture from where it is imported
from test_browser import chromium  # noqa: F401
from test_site import PICTURE

from irtrack_core.workbook import slides


@pytest.fixture
def deck(tmp_path):
    data = {"image/png": PICTURE}
    shows = nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output("display_data", data=data)] * 2)
    texts = [
        "# 90 · Toy & more\n\n$$a = 1$$\n\nThe *first* one:\n\nNot this.",
        "## Two `figures` of $a_i$\n\nBoth [here](x.ipynb).\n\n- a list",
    ]
    shows.outputs.append(nbformat.v4.new_output("display_data", {"text/html": '<table class="dataframe"></table>'}))
    texts += [
        "## What to remember\n\n- One.\n- Two.\n\n[01](x.ipynb) · [Glossary](y.md)",
        "## Check yourself\n\nChoose.",
    ]
    cells = [*map(nbformat.v4.new_markdown_cell, [*texts, "## Nothing"])]
    cells.insert(2, shows)
    (tmp_path / "notebooks").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "notebooks" / "90_toy.ipynb")
    return slides.make(tmp_path / "slides", tmp_path)


def test_each_figure_has_a_page_and_is_a_file(deck):
    page = (deck / "90_toy.html").read_text()
    assert page.count("<section>") == 5 and "Toy &amp; more" in page and "<em>first</em> one.</p>" in page
    assert page.count('display="block"') == 1 and "irtrackequation" not in page
    assert page.count("<p>Both here.</p>") == 3 and page.count('<table class="dataframe">') == 1
    assert "<li>Two.</li>" in page and not any(
        word in page for word in ("Not this", "Nothing", "a list", "Glossary", "Choose")
    )
    assert 'alt="Two figures of"' in page and page.count("<img ") == 2
    assert (deck / "90_toy" / "02.png").read_bytes() == base64.b64decode(PICTURE)
    assert not re.search(r"""(?:src|href|url)\W*https?:""", page)


@pytest.mark.browser
def test_reveal_turns_the_pages_without_a_network(deck, chromium):  # noqa: F811
    page, asked = chromium.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((deck / "90_toy.html").as_uri())
    assert page.evaluate("Reveal.isReady() && Reveal.getTotalSlides()") == 5
    now = page.locator("section.present")
    assert now.locator("h1").inner_text() == "90 · Toy & more"
    page.keyboard.press("ArrowRight")
    assert now.locator("h1").inner_text().startswith("Two figures")
    assert now.locator("img").evaluate("image => image.naturalWidth") == 1
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    assert page.locator(".slide-number").inner_text() == "5 / 5"
    page.wait_for_url("**/90_toy.html#/4")
    assert len(asked) >= 5 and all(address.startswith("file:") for address in asked)
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("width, height", [(1280, 720), (1024, 768)])
def test_a_tall_figure_stays_on_its_page(tmp_path, chromium, width, height):  # noqa: F811
    picture = base64.b64encode(cv2.imencode(".png", np.zeros((3000, 500), np.uint8))[1]).decode()
    shows = nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output("display_data", {"image/png": picture})])
    cells = [nbformat.v4.new_markdown_cell("# 90 · Tall\n\n" + "It has words above it. " * 20), shows]
    (tmp_path / "notebooks").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "notebooks" / "90_toy.ipynb")
    page = chromium.new_page(viewport={"width": width, "height": height})
    page.goto((slides.make(tmp_path / "slides", tmp_path) / "90_toy.html").as_uri())
    page.wait_for_function("Reveal.isReady() && document.querySelector('img').complete")
    top, bottom = page.locator("img").evaluate(
        "i => { const b = i.getBoundingClientRect(); return [b.top, b.bottom]; }"
    )
    below = page.locator("p").evaluate("p => p.getBoundingClientRect().bottom")
    assert below <= top and height / 3 < bottom - top and bottom <= height
    page.close()


@pytest.mark.browser
def test_it_prints_a_page_a_slide(deck, chromium):  # noqa: F811
    page = chromium.new_page()
    page.goto((deck / "90_toy.html").as_uri() + "?print-pdf")
    page.wait_for_function("document.querySelectorAll('.pdf-page').length === 5")
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 5
    page.close()
