"""Recorded demos: what is drawn, the HTML of their replay, and a browser that moves its controls, without a network."""

import base64
import io
import json
import math
import re

import ipywidgets
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from PIL import Image

# pytest takes a fixture from where it is imported
from test_browser import chromium  # noqa: F401
from toys import moving_spot, spot

from irtrack_core import widgets
from irtrack_core.config import network_preset
from irtrack_core.training.loop import new_net
from irtrack_core.widgets import base, filtering, recorded, replay
from irtrack_core.workbook import site
from irtrack_core.workbook.__main__ import main

DEMO = """
import ipywidgets
import matplotlib.pyplot as plt

from irtrack_core import widgets


def draw(kind, power, offset):
    if kind == "root" and power == 3:
        raise ValueError("no <root> of 3")
    figure, axes = plt.subplots(figsize=(9, 3))
    axes.plot([0, 1, 2], [0, power, offset], color="red" if kind == "root" else "blue")
    return figure


widgets.demo(
    draw,
    {"kind": ["line", "root"], "power": [1, 2, 3]},
    plays="power",
    kind=ipywidgets.Dropdown(options=["line", "root"], description="kind"),
    power=ipywidgets.IntSlider(value=2, max=9, description="power"),
    offset=ipywidgets.FloatSlider(value=0.5, description="offset"),
)
"""


def steps(calls):
    """draw(a, b) of a toy demo that remembers its calls: a figure whose grey depends on a alone."""

    def draw(a, b, c=0):
        calls.append((a, b, c))
        if a == 3:
            raise ValueError("3 is <too> much")
        figure = plt.figure(figsize=(1, 0.5), facecolor=str(a / 4))
        return figure

    return draw


def sliders(a=1, b=0):
    return {
        "a": ipywidgets.IntSlider(value=a, min=0, max=3, description="grey"),
        "b": ipywidgets.FloatSlider(value=b, min=0, max=1, description="shift"),
        "c": ipywidgets.Dropdown(options=[("none", 0), ("all", 1)], description="rest"),
    }


def test_a_recording_is_the_product_of_its_values_last_one_fastest():
    calls, open_before = [], plt.get_fignums()
    data = recorded.record(steps(calls), sliders(), {"a": [3, 2, 9], "b": [0.5]}, note="More there.", plays="b")
    # 9 is out of the slider's reach; the first values, 1 and 0, are there though not asked for
    assert calls == [(1, 0, 0), (1, 0.5, 0), (2, 0, 0), (2, 0.5, 0), (3, 0, 0), (3, 0.5, 0)]
    assert data["controls"] == [
        {"name": "grey", "kind": "range", "values": ["1", "2", "3"], "at": 0},
        {"name": "shift", "kind": "range", "values": ["0", "0.5"], "at": 0},
    ]
    # equal pictures are kept once
    assert [number for number, _ in data["shots"]] == [0, 0, 1, 1, None, None]
    assert data["shots"][4][1] == "<b>Not possible:</b> 3 is &lt;too&gt; much"
    assert len(data["pictures"]) == 2 and data["size"] == [90, 45] and data["plays"] == 1
    assert data["note"].endswith("More there. Fixed here: rest: none.")
    for k, picture in enumerate(data["pictures"]):
        image = Image.open(io.BytesIO(base64.b64decode(picture)))
        assert image.format == "WEBP" and image.size == (90, 45)
        assert np.asarray(image).mean() == pytest.approx(255 * (k + 1) / 4, abs=3)
    assert plt.get_fignums() == open_before


def test_first_settings_that_cannot_be_drawn_are_an_error():
    with pytest.raises(ValueError, match="too"):
        recorded.record(steps([]), sliders(a=3), {"a": [1, 2]})


@pytest.mark.parametrize("count, most, expected", [(5, 9, [0, 1, 2, 3, 4]), (11, 3, [0, 5, 10]), (1, 4, [0])])
def test_spread(count, most, expected):
    assert recorded.spread(count, most) == expected


@pytest.fixture
def small(monkeypatch):
    """Demos are recorded at two values of their last control only; gives the values that were asked for."""
    asked = []

    def record(draw, controls, values, **options):
        asked.append(values)
        for name, some in values.items():  # a demo asks for nothing that its own control would refuse
            assert len(recorded._choices(controls[name], some)) == len({*some, controls[name].value}), name
        *others, last = values
        return recorded.record(draw, controls, {name: [] for name in others} | {last: values[last][-1:]}, **options)

    monkeypatch.setenv("IRTRACK_BATCH", "record")
    monkeypatch.setattr(base, "record", record)
    monkeypatch.setattr(filtering, "record", record)
    return asked


def frame_with_a_target():
    image = np.random.default_rng(0).integers(90, 110, (120, 160)).astype(np.uint8)
    image[60:65, 80:85] = 200
    return image, np.array([80, 60, 5, 5.0])


DEMOS = {
    "scan_an_image": lambda: widgets.scan_an_image(),
    "filter_an_image": lambda: widgets.filter_an_image(*frame_with_a_target()),
    "filter_your_image": lambda: widgets.filter_your_image(example=frame_with_a_target()),
    "feature_maps": lambda: widgets.feature_maps(new_net(network_preset("compact", width=0.5)), moving_spot()),
    "network_shapes": lambda: widgets.network_shapes(),
    "anchors_on_frame": lambda: widgets.anchors_on_frame(moving_spot()),
    "response_maps": lambda: widgets.response_maps(new_net(network_preset("compact", width=0.125)), moving_spot()),
    "scrub": lambda: widgets.scrub(moving_spot(50), {"peak": moving_spot(50).boxes}),
    "pick_and_track": lambda: widgets.pick_and_track(moving_spot(50).frames, tracker="peak"),
}


@pytest.mark.parametrize("name", DEMOS)
def test_every_demo_is_recorded(small, name):
    shown = DEMOS[name]()
    assert isinstance(shown, widgets.Recorded) and isinstance(shown.figure, plt.Figure)
    (values,) = small
    assert math.prod(map(len, values.values())) <= 120
    data = json.loads(json.dumps(shown._repr_mimebundle_()[replay.MIME]))  # plain data
    *others, last = data["controls"]
    assert len(last["values"]) == 2 and all(len(one["values"]) == 1 for one in others)
    assert len(data["pictures"]) == 2, f"{last['name']} does nothing"
    assert all(one["name"] for one in data["controls"]) and data["note"].startswith("Recorded for this page")
    assert (data["plays"] is not None) == (name in ("scrub", "pick_and_track"))


def test_the_recorded_filter_has_its_numbers_beside_it(small):
    image, box = frame_with_a_target()
    data = widgets.filter_an_image(image, box, side=1).data
    assert data["controls"][-1]["values"] == ["1", "5"]
    kept = [
        re.findall(r">(\d+) %<", beside)[0::2] for _, beside in data["shots"]
    ]  # of U and M, without the shares of zeros
    assert all("peak kept" in beside and beside.count("<img alt=") == 1 for _, beside in data["shots"])
    assert kept[0] != kept[1]
    assert data["note"].endswith("Fixed here: angles n: 4; look for: bright targets.")
    assert set(filtering.DRAWINGS) < set(filtering.VALUES["shape"])


def test_several_picks_are_followed_each_by_itself(monkeypatch):
    monkeypatch.setenv("IRTRACK_BATCH", "record")
    frames = np.stack([spot((80, 100), (20 + i, 20)) + spot((80, 100), (70, 60 - i)) for i in range(6)])
    frames = frames + np.random.default_rng(0).normal(0, 0.01, frames.shape).astype(np.float32)
    data = widgets.pick_and_track(frames.astype(np.float32), tracker="peak", start=1).data
    target, frame = data["controls"]
    assert target["values"][:2] == ["candidate 1", "candidate 2"] and frame["values"] == ["1", "2", "3", "4", "5"]
    numbers = np.array([number for number, _ in data["shots"]]).reshape(len(target["values"]), 5)
    assert len({*numbers[:2].ravel()}) == 10  # no two pictures of the two targets are the same


def toy(sentence="no <b>picture</b>"):
    picture = base64.b64encode(recorded.webp(plt.figure(figsize=(1, 1)))[0]).decode()
    return {
        "controls": [
            {"name": "a < b", "kind": "select", "values": ["<one>", "two"], "at": 1},
            {"name": "c", "kind": "range", "values": ["1", "2", "3"], "at": 2},
        ],
        "shots": [[0, ""]] * 3 + [[None, sentence]] * 2 + [[0, "last"]],
        "pictures": [picture],
        "size": [90, 90],
        "plays": None,
        "note": "note & more",
    }


def test_the_html_of_a_replay_needs_nothing_from_elsewhere():
    text = replay.STYLE + replay.markup(toy()) + replay.SCRIPT
    assert not re.search(r"https?:|@import|<link|import\(|require", text)
    assert all(address.startswith("data:") for address in re.findall(r'(?:src|href)="([^"]*)"', text))
    assert '<option value="1" selected>two<' in text and "&lt;one&gt;" in text and "note &amp; more" in text
    assert '<input type="range" min="0" max="2" step="1" value="2"' in text and "<output>3</output>" in text


def test_a_sentence_cannot_end_the_data_of_a_replay():
    inside = re.search(r'<script type="application/json">(.*?)</script>', replay.markup(toy("</script><b>x</b>")), re.S)
    assert json.loads(inside[1])["shots"][3][1] == "</script><b>x</b>"


def test_the_start_is_the_shot_of_the_first_settings():
    assert replay.start(toy()["controls"]) == 5
    assert '<div class="words" aria-live="polite">last</div>' in replay.markup(toy())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A site of one notebook with a demo, executed as `make results` executes it: the site records the demo."""
    place = tmp_path_factory.mktemp("recorded")
    cells = [nbformat.v4.new_markdown_cell("# A demo"), nbformat.v4.new_code_cell(DEMO)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), place / "01_demo.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IRTRACK_RESULTS", str(place / "results"))
        patch.setenv("IRTRACK_BATCH", "")  # so that what the command sets is undone
        done = place / "results" / "quick" / "notebooks" / "01_demo.ipynb"
        assert main(["run", str(place / "01_demo.ipynb"), str(done)]) == 0
        (output,) = nbformat.read(done, as_version=4).cells[1].outputs
        assert output.data["image/png"].startswith("iVBOR") and replay.MIME not in output.data
        made = site.make("quick", place / "site")
        again = place / "results" / "quick" / "recorded" / "01_demo.ipynb"
        (output,) = nbformat.read(again, as_version=4).cells[1].outputs
        assert output.data["image/png"].startswith("iVBOR") and output.data["text/plain"] == "<Figure>"
        assert len(output.data[replay.MIME]["pictures"]) == 5
        first = again.stat().st_mtime_ns
        site.make("quick", place / "site")
        assert again.stat().st_mtime_ns == first  # recorded once, and again when the notebook was run again
        return made


def test_a_page_holds_the_replay_in_place_of_the_figure(folder):
    page = (folder / "01_demo.html").read_text()
    assert [page.count(part) for part in ('class="irtrack-recorded"', replay.SCRIPT, replay.STYLE)] == [1, 1, 1]
    assert 'src="data:image/png' not in page


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_readers_controls_change_the_picture(folder, chromium, width):  # noqa: F811
    page = chromium.new_page(viewport={"width": width, "height": 900})
    errors, asked = [], []
    page.on("pageerror", lambda error: errors.append(error))
    page.route(re.compile("^https?:"), lambda route: (asked.append(route.request.url), route.abort()))
    page.goto((folder / "01_demo.html").as_uri(), wait_until="domcontentloaded")
    box = page.locator(".irtrack-recorded")
    picture, slider, menu = box.locator(".picture img"), box.get_by_label("power"), box.get_by_label("kind")
    assert picture.get_attribute("alt") == "the demo with kind line, power 2"
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 810

    def source():
        return picture.get_attribute("src")[-2000:]

    first = source()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert source() != first and box.locator("output").inner_text() == "3"
    assert slider.get_attribute("aria-valuetext") == "3"
    menu.select_option("root")
    assert box.locator(".words").inner_text() == "Not possible: no <root> of 3"
    slider.focus()
    page.keyboard.press("Home")
    assert picture.get_attribute("alt") == "the demo with kind root, power 1" and box.locator(".words").is_hidden()
    menu.select_option("line")
    box.get_by_role("button", name="play").click()
    page.wait_for_function("document.querySelector('.irtrack-recorded output').textContent === '3'", timeout=10_000)
    box.get_by_role("button", name="play").wait_for(timeout=10_000)  # it stops at the end

    assert page.evaluate("document.documentElement.scrollWidth") == width
    shown = picture.bounding_box()["width"]
    grow = box.locator(".grow")
    assert grow.is_visible() == (width == 390) and shown <= width
    if width == 390:
        grow.click()
        assert picture.bounding_box()["width"] == 810
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert not errors and all("mathjax" in address.lower() for address in asked)
    page.close()
