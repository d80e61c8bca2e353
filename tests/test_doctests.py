"""The examples in docstrings give what they say."""

import doctest
from importlib import import_module

import pytest

from irtrack_core.experiments import dependencies

EXAMPLES = [
    dependencies.module_name(path)
    for path in sorted(dependencies.HERE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_give_what_they_say(name):
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0 and result.failed == 0
