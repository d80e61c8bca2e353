"""filter_maps.py: targets under controlled conditions, intervals over scenes."""

import numpy as np
import pandas as pd
import pytest

from irtrack_core.config import TargetSettings
from irtrack_core.evaluation.detection import detection, pfa_by_frame
from irtrack_core.experiments import filter_maps
from irtrack_core.filtering import multilevel_filter
from irtrack_core.filtering.elements import element_length, line_elements, rectangle
from irtrack_core.imaging.scan import simulate

NAMES = ("none", "U", "M")


def test_grid_is_repeatable_and_finds_bright_targets():
    one = filter_maps.grid([2, 40], [1, 6], NAMES, repeats=2, seed=3)
    assert one.equals(filter_maps.grid([2, 40], [1, 6], NAMES, repeats=2, seed=3))
    assert len(one) == 2 * 2 * 2 * 3
    bright = one[(one["snr_in"] == 40) & (one["filter"] == "U")]
    faint = one[(one["snr_in"] == 2) & (one["filter"] == "U")]
    assert (bright["pfa_one"] == bright["pfa_one_least"]).all() and (faint["pfa_one"] > 0.02).any()
    assert (one.loc[one["filter"] == "none", "retention"] == 1).all()
    assert not one.equals(filter_maps.grid([2, 40], [1, 6], NAMES, repeats=2, seed=4))


def test_grid_equals_the_raw_arrays():
    row = filter_maps.grid([9], [6], NAMES, repeats=1, seed=5).set_index("filter")
    draw = int(np.random.default_rng([5, 0]).integers(2**31))
    target = TargetSettings(kind="vehicle", size=6, snr=9)
    frame = simulate(filter_maps.SENSOR, filter_maps.CLOUDS, target, frames=1, seed=draw).components(0)
    _, U, M = multilevel_filter(frame.image, line_elements(element_length(frame.box[2:]), 4), rectangle(3, 3))
    for name, response in (("none", frame.image), ("U", U), ("M", M)):
        (pfa,), (least,) = pfa_by_frame([detection(response, frame.box, guard=10)])
        assert row.loc[name, "pfa_frame"] == pfa and row.loc[name, "pfa_frame_least"] == least
        assert row.loc[name, "pfa_one"] == pytest.approx(pfa)  # of one scene


def test_sweep_sets_the_setting():
    table = filter_maps.sweep("spikes", (0.0, 0.02), [12], NAMES, snr=12, repeats=3)
    assert table["value"].unique().tolist() == [0.0, 0.02]
    share = table.groupby(["filter", "value"])["pfa_one"].median()
    assert share["U", 0.02] > share["U", 0.0]  # spikes are false alarms for U; the rectangle removes them
    assert share["M", 0.02] < share["U", 0.02]
    scene = filter_maps.sweep("std", (0.0, 0.3), [6], NAMES, snr=8, repeats=2)
    assert scene.groupby(["filter", "value"])["pfa_one"].median()["U", 0.3] > 0.05
    assert len(filter_maps.sweep("oversampling", (1.0, 3.0), [6], NAMES, repeats=1)) == 6
    with pytest.raises(ValueError):
        filter_maps.sweep("spike", (0.0,), [6], NAMES, repeats=1)


def made(u, m):
    """A table in which U and M find what the two lists say, a scene an entry."""
    rows = [{"filter": "U", "repeat": i, "size": 3, "pfa_one": 1e-4 if hit else 1.0} for i, hit in enumerate(u)]
    rows += [{"filter": "M", "repeat": i, "size": 3, "pfa_one": 1e-4 if hit else 1.0} for i, hit in enumerate(m)]
    return pd.DataFrame(rows).assign(pfa_one_least=1e-4)


def test_shares_and_their_intervals():
    u, m = [1] * 15 + [0] * 5, [1] * 10 + [0] * 10
    rng = np.random.default_rng(0)
    pd_ = filter_maps.found(made(u, m), ["filter", "size"], pfa=1e-3, rng=rng).set_index("filter")
    assert pd_.loc["U", "pd"] == 0.75 and pd_.loc["M", "pd"] == 0.5
    # Clopper and Pearson's limits of 15 of 20, from published tables
    assert pd_.loc["U", ["low", "high"]].tolist() == pytest.approx([0.509, 0.913], abs=5e-4)
    assert pd_.loc["U", ["kind", "recordings"]].tolist() == ["exact", 20]
    with pytest.raises(ValueError, match="too small for a Pfa of 1e-05"):
        filter_maps.found(made(u, m), ["filter", "size"], pfa=1e-5, rng=rng)


def test_gain_is_paired():
    u = [1] * 10 + [0] * 10
    rng = np.random.default_rng(0)
    same = filter_maps.gain(made(u, u), ["size"], pfa=1e-3, rng=rng).iloc[0]
    # no difference in 20 scenes: one in six others may yet show one
    assert (same["gain"], same["kind"], same["clear"]) == (0, "exact", False)
    assert (same["low"], same["high"]) == pytest.approx((-0.168, 0.168), abs=5e-4)
    other = filter_maps.gain(made(u, u[::-1]), ["size"], pfa=1e-3, rng=rng).iloc[0]
    assert other["gain"] == 0 and other["low"] < -0.3 and other["high"] > 0.3
    assert not other["clear"]
    better = filter_maps.gain(made(u, [1] * 20), ["size"], pfa=1e-3, rng=rng).iloc[0]
    assert better["gain"] == 0.5 and better["clear"] and 0.2 < better["low"] < 0.4
