"""The tables of notebook 15: whose frames are compared with whose, and what a difference is of what."""

import numpy as np
import pandas as pd
import pytest

from irtrack_core.experiments import changing_shape


class Wrong:
    """A tracker whose box is the given one, made larger by a factor."""

    name, score = "wrong", 1.0

    def __init__(self, factor):
        self.factor = factor

    def init(self, frame, box):
        self.box = np.asarray(box, float) * [1, 1, self.factor, self.factor]

    def update(self, frame):
        return self.box


def test_rows_hold_every_method_under_the_change_and_some_without():
    made = {"fixed": Wrong(1.0), "all": Wrong(1.2), "size": Wrong(1.1)}
    rows = pd.DataFrame(changing_shape.measure(made, 1, changes=["grows"], frames=60))
    assert list(zip(rows["deformed"], rows["method"])) == [
        (True, "fixed"),
        (True, "all"),
        (True, "size"),
        (False, "fixed"),
        (False, "all"),
    ]
    assert set(rows["sequence"]) == {"sim-deforming-grows-01"} and rows["aor"].between(0, 1).all()


def test_differences_are_paired_and_have_their_signs():
    rng, rows = np.random.default_rng(0), []
    for k in range(12):
        hard = rng.uniform(-0.1, 0.1)
        values = {(False, "fixed"): 0.8, (True, "fixed"): 0.5, (True, "all"): 0.77, (False, "all"): 0.795}
        for (deformed, method), value in values.items():
            name = f"sim-deforming-grows-{k:02d}"
            noise = rng.uniform(-0.01, 0.01)
            rows.append(dict(change="grows", sequence=name, deformed=deformed, method=method, aor=value + hard + noise))
    table = changing_shape.summary(pd.DataFrame(rows)).set_index("method")
    best = table.loc["all"]
    assert best["n"] == 12
    assert best["behind"] == pytest.approx(0.03, abs=0.01) and best["gain"] == pytest.approx(0.27, abs=0.01)
    assert best["undeformed"] == pytest.approx(-0.005, abs=0.01)
    # as narrow as the noise of the differences, not as wide as the sequences differ
    assert best["behind_high"] - best["behind_low"] < 0.02 and best["behind_clear"] and best["gain_clear"]
    assert table.loc["fixed", "gain"] == 0 and not table.loc["fixed", "gain_clear"]


def test_methods_by_name():
    made = changing_shape.create("size")
    assert made.name == "size" and made.settings.size and not made.settings.elements and not made.settings.template
    assert changing_shape.create("fixed").name == "fixed"
    with pytest.raises(ValueError, match="unknown method 'all2'"):
        changing_shape.create("all2")
