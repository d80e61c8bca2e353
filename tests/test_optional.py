"""Packages that only some installs have: where one is missing, the error names the extra that brings it."""

import sys

import numpy as np
import pytest

from irtrack_core import datasets, evaluation
from irtrack_core.datasets import fetch, linking, open_frames, svanstrom_labels
from irtrack_core.evaluation.several import several
from irtrack_core.filtering import baselines
from irtrack_core.optional import Lazy, need
from irtrack_core.trackers.multi.assignment import match

SMALL = np.zeros((60, 60), np.uint8)


@pytest.mark.parametrize(
    "package, use, extra",
    [
        ("pandas", lambda: evaluation.load_boxes("boxes.csv"), "evaluation"),
        ("scipy", lambda: datasets.load("sim-aircraft", frames=1, sequences=1)[0].frames[0], "evaluation"),
        ("scipy", lambda: baselines.create("ipi")(SMALL), "evaluation"),
        ("scipy", lambda: linking.link([[[5, 5, 4, 4]]]), "readers"),
        ("cptv", lambda: open_frames.open_frames(__file__.replace("test_optional.py", "clip.cptv")), "thermal"),
        ("mcos_decoder", lambda: svanstrom_labels.read_mat("IR_DRONE_001_LABELS.mat"), "readers"),
        ("trackeval", lambda: several(np.ones((1, 1, 4)), {}), "several"),
        ("scipy", lambda: match(np.ones((1, 1))), "evaluation"),
        ("requests", lambda: fetch.published("http://localhost/record"), "readers"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, package, use, extra):
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)  # importing it raises ModuleNotFoundError
    if package == "cptv":
        monkeypatch.setattr("pathlib.Path.is_file", lambda path: True)
        monkeypatch.setattr("builtins.open", lambda *arguments: None)
    with pytest.raises(ModuleNotFoundError, match=rf"{package} is not installed.*irtrack-core\[{extra}\]"):
        use()


def test_what_a_package_itself_lacks_is_told_as_it_is(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import not_there_at_all")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="No module named 'not_there_at_all'"):
        need("half_there", "readers")


def test_a_stand_in_is_imported_at_its_first_use():
    sys.modules.pop("this_one", None)
    assert Lazy("math", "evaluation").sqrt(9) == 3
    lazy = Lazy("this_one", "evaluation")  # nothing happens yet
    with pytest.raises(ModuleNotFoundError, match="this_one is not installed"):
        lazy.anything()
