"""Tables that are kept: made once, whole or not at all, with a card."""

import json

import pandas as pd
import pytest

from irtrack_core.experiments import cached


def test_a_table_is_made_once_and_read_back(tmp_path):
    calls = []

    def make():
        calls.append(1)
        return pd.DataFrame({"aor": [0.5, 1 / 3], "name": ["one", "two"]})

    path = tmp_path / "cells" / "one.csv"
    first, second = cached.table(path, make), cached.table(path, make)
    assert calls == [1] and list(path.parent.iterdir()) == [path]
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(first, make())


def test_a_failure_leaves_no_table(tmp_path):
    with pytest.raises(ZeroDivisionError):
        cached.table(tmp_path / "one.csv", lambda: 1 / 0)
    assert not list(tmp_path.iterdir())


def test_the_card_stands_beside_the_table(tmp_path):
    cached.write_card(tmp_path / "one.csv", "python make.py", {"commit": "abc", "dirty": False}, sequences=3)
    card = json.loads((tmp_path / "one.json").read_text())
    assert card == {"command": "python make.py", "sequences": 3, "commit": "abc", "dirty": False}


def test_a_table_is_gone_on_with_at_its_own_commit_alone(tmp_path):
    path, card = tmp_path / "rows.csv", tmp_path / "rows.json"
    assert cached.rows_so_far(path, card, {"commit": "one"}) == []
    pd.DataFrame([{"clip": 0, "ao": 0.5}]).to_csv(path, index=False)
    cached.write_card(card, "python it.py", {"commit": "one"})
    assert cached.rows_so_far(path, card, {"commit": "one"}) == [{"clip": 0, "ao": 0.5}]
    with pytest.raises(ValueError, match="rows of commit one, this is two"):
        cached.rows_so_far(path, card, {"commit": "two"})
    card.unlink()
    with pytest.raises(ValueError, match="rows of commit None"):
        cached.rows_so_far(path, card, {"commit": "two"})
