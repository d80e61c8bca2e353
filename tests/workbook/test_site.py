"""The web site of executed notebooks: whole without a network, equations and search included, and readable on a phone."""

import re

import nbformat
import pytest

# pytest takes a fixture from where it is imported
from test_browser import chromium  # noqa: F401

from irtrack_core import workbook
from irtrack_core.workbook import site

TABLE = "| what | paper | ours | why they differ |\n|---|---|---|---|\n" + f"| a | b | {'ours ' * 40} | {'why ' * 40} |"
EQUATIONS = r"""## The lines $a_i$

Of a heading.

## Where `words` stand

Inline $a_i * b * c \le \sigma$, a price of \$5, code `$HOME$`, and a block with | bars |:

$$E = \max_i\,(I \circ a_i) \qquad (2)$$
"""
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one pixel
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A site of one executed notebook with a wide table of text, a wide table of numbers, long code and a picture."""
    monkeypatch.setenv("IRTRACK_RESULTS", str(tmp_path))
    numbers = "<table class='dataframe'><tr>" + "".join(f"<td>{0.123456 + k}</td>" for k in range(20)) + "</tr></table>"
    data = [{"text/markdown": TABLE}, {"text/html": numbers}, {"image/png": PICTURE}]
    outputs = [nbformat.v4.new_output("display_data", data=one) for one in data]
    bar = [f"\r{share:3d}%|#" for share in (0, 50, 100)] + ["\n"]
    outputs += [nbformat.v4.new_output("stream", name="stderr", text=text) for text in bar]
    code = nbformat.v4.new_code_cell(f"x = '{'long ' * 30}'", execution_count=1, outputs=outputs)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# 20 · Report & more\n\n**To study:** about 20 minutes."), code]
    )
    path = tmp_path / "quick" / "notebooks" / "20_report.ipynb"
    path.parent.mkdir(parents=True)
    notebook.cells.append(nbformat.v4.new_markdown_cell(EQUATIONS))
    nbformat.write(notebook, path)
    return site.make("quick", tmp_path / "site")


def test_index_names_the_notebooks_and_pages_ask_for_nothing(folder):
    index = (folder / "index.html").read_text()
    assert '<a href="20_report.html">20 · Report &amp; more</a> <small>20 minutes</small>' in index
    assert "<em>quick</em>" in index and index.index("Search all pages") < index.index('20_report.html">20')
    page = (folder / "20_report.html").read_text()
    assert 'href="index.html"' in page and page.count('name="viewport"') >= 1
    asked = re.findall(r'(?:src|href)="(https?:[^"]+)"', page)
    pytest.importorskip("latex2mathml", reason="without it pages keep their TeX: pip install latex2mathml")
    assert not asked and "MathJax" not in page
    assert 'src=""' not in page


def test_labs_lie_beside_the_pages_without_their_solutions(folder):
    linked = re.findall(r'href="labs/([^"]+)" download>([^<]+)<', (folder / "index.html").read_text())
    sources = sorted(path.stem for path in (workbook.find_root() / "notebooks" / "labs").glob("*.py"))
    assert [name for name, _ in linked] == [f"{name}.ipynb" for name in sources]
    assert linked[0][1].startswith("Lab 1")
    text = (folder / "labs" / linked[0][0]).read_text()
    assert "raise NotImplementedError" in text and "ipynb_checkpoints" not in text and "hidden" not in text.lower()


def test_pages_lead_to_pages(tmp_path):
    text = "[04](04_match_and_learn.ipynb) · [Glossary](../docs/glossary.md) · [Solutions](solutions/03_x.py)"
    path = tmp_path / "03_x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)]), path)
    page = site.write_page(path, tmp_path / "03_x.html").read_text()
    assert 'href="04_match_and_learn.html"' in page and 'href="glossary.html"' in page and "solutions/" not in page
    assert "Glossary" in page and "Solutions" in page


def test_the_glossary_is_a_page_that_the_search_knows(folder):
    page = (folder / "glossary.html").read_text()
    assert "虚警率" in page and 'href="index.html"' in page
    assert "虚警率" in (folder / "index.html").read_text()


def test_the_index_is_in_the_order_of_reading(tmp_path, monkeypatch):
    """The primer behind 02, the checks of the scan behind 01, as the links of the notebooks lead."""
    monkeypatch.setenv("IRTRACK_RESULTS", str(tmp_path))
    names = ["01_scan", "02_filter", "03_build", "30_primer", "31_checks"]
    (tmp_path / "quick" / "notebooks").mkdir(parents=True)
    for name in names:
        cell = nbformat.v4.new_markdown_cell(f"# {name}")
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "quick" / "notebooks" / f"{name}.ipynb")
    index = (site.make("quick", tmp_path / "site") / "index.html").read_text()
    found = re.findall(r'<li><a href="(\d\d_\w+).html">', index)
    assert found == ["01_scan", "31_checks", "02_filter", "30_primer", "03_build"]


def test_a_progress_bar_is_one_line(folder):
    page = (folder / "20_report.html").read_text()
    assert "100%|#" in page and " 0%|#" not in page and "50%|#" not in page


def test_without_a_run_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("IRTRACK_RESULTS", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="first `make results PROFILE=medium`"):
        site.make("medium", tmp_path / "site")


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_tables_scroll_in_their_box_and_pages_do_not(folder, chromium, width):  # noqa: F811
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.route(re.compile("^https?:"), lambda route: route.abort())
    page.goto((folder / "20_report.html").as_uri(), wait_until="domcontentloaded")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    boxes = page.evaluate(
        """[...document.querySelectorAll('table')].map(t =>
            [t.getBoundingClientRect().right, t.scrollWidth > t.clientWidth, getComputedStyle(t).overflowX])"""
    )
    assert len(boxes) == 2 and all(right <= width and how == "auto" for right, _, how in boxes)
    assert [scrolls for _, scrolls, _ in boxes] == [width == 390, True]
    narrowest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('.jp-RenderedMarkdown td')].map(t => t.clientWidth))"
    )
    assert narrowest > 90
    page.close()


def test_equations_are_mathml_and_dollars_elsewhere_stay(folder):
    pytest.importorskip("latex2mathml", reason="without it pages keep their TeX: pip install latex2mathml")
    page = (folder / "20_report.html").read_text()
    assert page.count("<math ") == 3 and page.count('display="block"') >= 1 and "irtrackequation" not in page
    assert "$HOME$" in page and r"\circ" not in page and "<em>" not in page.split("Inline")[1].split("</p>")[0]


@pytest.mark.browser
def test_code_in_text_is_not_broken_prompts_are_seen_in_the_dark_and_nothing_is_asked(tmp_path, chromium):  # noqa: F811
    cells = [
        nbformat.v4.new_markdown_cell(f"```python\nx = {'a ' * 80}\n```"),
        nbformat.v4.new_code_cell("1", execution_count=1),
    ]
    path = tmp_path / "x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    page, asked = chromium.new_page(viewport={"width": 390, "height": 900}, color_scheme="dark"), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.write_page(path, tmp_path / "x.html").as_uri())
    style = page.locator(".jp-RenderedMarkdown pre").evaluate(
        "p => [getComputedStyle(p).whiteSpace, getComputedStyle(p).fontFamily]"
    )
    assert style[0] == "pre" and "mono" in style[1]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert len(asked) == 1  # the page alone: without equations it needs nothing to draw them either
    color = page.get_by_text("In [1]:").evaluate("p => getComputedStyle(p).color")
    assert min(map(int, re.findall(r"\d+", color)[:3])) > 150
    page.close()


@pytest.mark.browser
def test_an_equation_in_a_heading_is_drawn_and_found(folder, chromium):  # noqa: F811
    page = chromium.new_page()
    page.goto((folder / "index.html").as_uri())
    page.get_by_label("Search all pages").fill("of a heading")
    page.locator("#found a").click()
    heading = page.locator("h2", has_text="The lines")
    assert heading.locator("math").count() == 1 and ">" not in heading.inner_text()
    assert heading.get_attribute("id") == page.evaluate("decodeURIComponent(location.hash.slice(1))")
    page.close()


@pytest.mark.browser
def test_the_index_finds_words_of_any_page_without_a_server(folder, chromium):  # noqa: F811
    page = chromium.new_page(viewport={"width": 390, "height": 900})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / "index.html").as_uri())
    page.get_by_label("Search all pages").fill("BARS block")
    link = page.locator("#found a")
    assert link.count() == 1 and "Where" in link.inner_text()
    link.click()
    assert page.url.endswith("20_report.html#Where-words-stand")
    assert page.evaluate("document.getElementById(decodeURIComponent(location.hash.slice(1))) !== null")
    page.go_back()
    page.get_by_label("Search all pages").fill("zzz")
    assert page.locator("#found").inner_text() == "nothing found"
    assert all(address.startswith(("file:", "data:")) for address in asked)
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_dark_screen_gets_a_dark_page(folder, chromium, scheme):  # noqa: F811
    page = chromium.new_page(color_scheme=scheme)
    page.goto((folder / "20_report.html").as_uri(), wait_until="domcontentloaded")
    grey = page.evaluate(
        """() => {
        const of = (e, what) => getComputedStyle(e)[what].match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0) / 3;
        return [of(document.body, 'backgroundColor'), of(document.querySelector('h1'), 'color')]; }"""
    )
    assert (grey[0] < 60 and grey[1] > 180) if scheme == "dark" else (grey[0] > 200 and grey[1] < 80)
    page.close()
