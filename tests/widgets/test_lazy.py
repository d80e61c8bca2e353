"""Demos are imported when they are used."""

import subprocess
import sys

import pytest

from irtrack_core import widgets


@pytest.mark.parametrize(
    ("place", "name"), [(place, name) for place, names in widgets.PLACES.items() for name in names]
)
def test_every_demo_is_where_the_list_says(place, name):
    assert name in dir(widgets)
    assert getattr(widgets, name) is getattr(getattr(widgets, place), name)


def test_unknown_names_are_told():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        widgets.nothing  # noqa: B018


def test_a_quiz_and_the_filter_need_no_torch():
    code = (
        "import sys; from irtrack_core import widgets; from irtrack_core.widgets import quiz; widgets.filter_an_image"
    )
    subprocess.run([sys.executable, "-c", f"{code}; assert 'torch' not in sys.modules"], check=True)
