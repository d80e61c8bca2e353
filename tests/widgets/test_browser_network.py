"""The demos of notebooks 03 and 04 in a real browser: every one of them answers its first slider."""

import pytest
from test_browser import _shot, chromium, lab, moves_its_first_slider, page, run_all  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("slug", "demos"), [("03_build_the_network", 2), ("04_match_and_learn", 2)])
def test_every_demo_answers_its_slider(page, lab, slug, demos):  # noqa: F811
    run_all(page, lab, slug)
    places = page.locator(".irtrack-demo")
    assert places.count() == demos
    for number in range(demos):
        moves_its_first_slider(page, places.nth(number))
        _shot(page, f"{slug}_{number}")  # to look at
