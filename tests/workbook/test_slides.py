"""Slides of notebooks: a page a figure, what is said with it, and keys that turn the pages, without a network."""

import base64

import nbformat
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
        "# 90 · Toy & more\n\nThe *first* one.\n\nNot this.",
        "## Two `figures`\n\n- a list\n\nBoth [here](x.ipynb).",
    ]
    cells = [*map(nbformat.v4.new_markdown_cell, texts), shows, nbformat.v4.new_markdown_cell("## Nothing")]
    (tmp_path / "notebooks").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "notebooks" / "90_toy.ipynb")
    return slides.make(tmp_path / "slides", tmp_path)


def test_each_figure_has_a_page_and_is_a_file(deck):
    page = (deck / "90_toy.html").read_text()
    assert page.count("<section>") == 3 and "Toy &amp; more" in page and "<em>first</em>" in page
    assert page.count("<p>Both here.</p>") == 2 and "Not this" not in page and "Nothing" not in page
    assert (deck / "90_toy" / "02.png").read_bytes() == base64.b64decode(PICTURE) and "http" not in page


@pytest.mark.browser
def test_keys_turn_the_pages(deck, chromium):  # noqa: F811
    page = chromium.new_page()
    page.goto((deck / "90_toy.html").as_uri())
    assert page.locator("section.now h1").inner_text() == "90 · Toy & more"
    page.keyboard.press("ArrowRight")
    assert page.locator("section.now h1").inner_text() == "Two figures"
    assert page.evaluate("document.querySelector('section.now img').naturalWidth") == 1
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    assert page.locator("footer").inner_text() == "3 / 3"
    page.close()
