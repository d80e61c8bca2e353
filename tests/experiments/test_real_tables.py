"""The tables of benchmarks/real_sequences.py: a tracker can be added to those that are stored."""

import importlib.util
import json
import zipfile

import pandas as pd
import pytest

from irtrack_core.provenance import find_root


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("tables", find_root() / "benchmarks" / "real_sequences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table(script, rows):
    """A row a pass of (set, tracker, AO); the rest of it is the same everywhere."""
    fixed = dict(recording="007", sequence="clip", protocol="OPE", trial=0, stride=1, annotated=9)
    made = pd.DataFrame([fixed | {"set": one, "tracker": name, "aor": value} for one, name, value in rows])
    return made.reindex(columns=script.KEPT + script.MEASURES)


def read(folder):
    passes = pd.read_csv(folder / "passes.csv", dtype={"recording": str})
    with zipfile.ZipFile(folder / "boxes.zip") as archive:
        boxes = {name: archive.read(name).decode() for name in archive.namelist()}
    return passes, boxes, json.loads((folder / "card.json").read_text())


def test_trackers_are_added_to_a_table_or_take_their_place_in_it(script, tmp_path):
    first = [("a", "peak", 0.1), ("a", "mine", 0.2), ("b", "peak", 0.3), ("b", "mine", 0.4)]
    boxes = {f"{one}__{name}.csv": f"{value}" for one, name, value in first}
    script.keep(tmp_path, table(script, first), boxes, {"commit": "one", "weights": {"mine": "x"}})
    second = [("a", "mine", 0.5), ("a", "new", 0.6)]
    script.keep(tmp_path, table(script, second), {"a__mine.csv": "5"}, {"commit": "two", "weights": {}}, add=True)
    passes, kept, card = read(tmp_path)
    expected = [("a", "peak", 0.1), ("a", "mine", 0.5), ("a", "new", 0.6), ("b", "peak", 0.3), ("b", "mine", 0.4)]
    assert [*passes[["set", "tracker", "aor"]].itertuples(index=False, name=None)] == expected
    assert set(passes["recording"]) == {"007"}
    assert kept == boxes | {"a__mine.csv": "5"}
    assert card == {
        "commit": "two",
        "weights": {"mine": "x"},
        "others": {"a/peak": "one", "b/peak": "one", "b/mine": "one"},
    }
    script.keep(tmp_path, table(script, [("b", "mine", 0.7)]), {}, {"commit": "three", "weights": {}}, add=True)
    assert read(tmp_path)[2]["others"] == {"a/peak": "one", "a/mine": "two", "a/new": "two", "b/peak": "one"}


def test_without_being_asked_a_table_is_written_anew(script, tmp_path):
    script.keep(tmp_path, table(script, [("a", "peak", 0.1)]), {"a__peak.csv": "1"}, {"commit": "one", "weights": {}})
    script.keep(tmp_path, table(script, [("a", "mine", 0.2)]), {"a__mine.csv": "2"}, {"commit": "two", "weights": {}})
    passes, boxes, card = read(tmp_path)
    assert [*passes["tracker"]] == ["mine"] and [*boxes] == ["a__mine.csv"] and "others" not in card
