"""The fit behind sureness: known deviations come back, and its radii hold as many as they say."""

import numpy as np
import pandas as pd
import pytest

from irtrack_core import datasets, evaluation
from irtrack_core.boxes import centers
from irtrack_core.experiments import sureness_fit
from irtrack_core.trackers import create
from irtrack_core.trackers.sureness import FITTED, LEVELS


def test_known_deviations_are_recovered():
    rng, count = np.random.default_rng(0), 6000
    x = np.column_stack([np.ones(count), rng.normal(-3, 0.5, (count, 2)), rng.normal(2, 0.5, count), np.zeros(count)])
    place, size = np.array([0.2, 0.5, 0.3, -0.2, 0]), np.array([-2.0, 0, 0.2, 0.3, 0])
    table = pd.DataFrame(x, columns=sureness_fit.X).assign(iou=0.5, dataset="sim-otcbvs", sequence="one")
    for names, a in ((("dx", "dy"), place), (("dw", "dh"), size)):
        law = rng.standard_t(4, (count, 2)) * np.exp(x @ a)[:, None]
        table = table.assign(**dict(zip(names, law.T)))
    table.loc[::50, ["iou", "dx"]] = 0, 100  # off the target: not counted
    found = sureness_fit.fit(table)
    assert np.abs(x @ found.place - x @ place).max() < 0.15 and np.abs(x @ found.size - x @ size).max() < 0.15
    on = table[table["iou"] > 0]
    for names, a, radii in (
        (["dx", "dy"], found.place, found.place_radii),
        (["dw", "dh"], found.size, found.size_radii),
    ):
        far = np.hypot(*on[names].to_numpy().T) / np.exp(on[sureness_fit.X].to_numpy() @ a)
        for level, radius in zip(LEVELS, radii):
            assert np.mean(far <= radius) == pytest.approx(level, abs=0.01)


def test_each_sequence_counts_alike_and_recordings_as_much_as_simulation():
    """Two simulated sequences with errors of 0.1, a long and a short one, and a recording with 0.4."""
    rng, parts = np.random.default_rng(1), []
    for dataset, name, count, std in (
        ("random", "a", 3000, 0.1),
        ("random", "b", 300, 0.1),
        ("svanstrom", "c", 500, 0.4),
    ):
        x = np.tile([1.0, -3, -3, 2, 0], (count, 1))
        errors = dict(zip(("dx", "dy", "dw", "dh"), rng.normal(0, std, (4, count))))
        parts.append(pd.DataFrame(x, columns=sureness_fit.X).assign(dataset=dataset, sequence=name, iou=0.5, **errors))
    table = pd.concat(parts, ignore_index=True)
    found, far = sureness_fit.fit(table), np.hypot(table["dx"], table["dy"])
    radius = found.place_radii[0] * np.exp(np.dot(found.place, [1.0, -3, -3, 2, 0]))
    held = [(far[table["sequence"] == name] <= radius).mean() for name in "abc"]
    assert (held[0] + held[1]) / 4 + held[2] / 2 == pytest.approx(0.68, abs=0.03)


def test_a_row_is_what_the_tracker_said_and_how_it_erred():
    one = datasets.load("sim-otcbvs", frames=5, sequences=1)[0]
    table = sureness_fit.collect(create("siamese"), [one])
    boxes = evaluation.run(create("siamese"), one).boxes
    side = np.sqrt(boxes[1:, 2:].prod(axis=1))
    off = (centers(boxes) - centers(one.boxes))[1:] / side[:, None]
    np.testing.assert_allclose(table[["dx", "dy"]], off, atol=1e-6)
    np.testing.assert_allclose(table[["dw", "dh"]], np.log(boxes[1:, 2:] / one.boxes[1:, 2:]), atol=1e-6)
    np.testing.assert_allclose(np.exp(table["x3"]), side)
    assert (table["x0"] == 1).all() and (table["x2"] <= 0).all() and set(FITTED) == {"siamese", "motion"}
