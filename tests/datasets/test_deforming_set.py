"""The set sim-deforming: each change happens, and the same targets without it differ in nothing else."""

import numpy as np
import pytest

from irtrack_core import boxes as bx
from irtrack_core import datasets
from irtrack_core.datasets.shape_changes import CHANGES, deforming_set


def pair(change, **options):
    options = dict(changes=[change], frames=60, sequences=2) | options
    return [deforming_set(**options, deformed=deformed)[1] for deformed in (True, False)]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_happens_to_the_one_and_not_to_the_other(change):
    changed, held = pair(change)
    np.testing.assert_allclose(bx.centers(changed.boxes), bx.centers(held.boxes))
    np.testing.assert_array_equal(changed.frames[0], held.frames[0])
    np.testing.assert_allclose(changed.boxes[:16], held.boxes[:16])
    assert changed.notes != held.notes and "keeps its shape" in held.notes[0]
    ratio = changed.boxes[:, 2:] / held.boxes[:, 2:]
    target = changed.components(59).target
    if change in ("fades", "polarity"):
        np.testing.assert_allclose(ratio, 1)
        share = max(target.ravel(), key=abs) / max(held.components(59).target.ravel(), key=abs)
        assert (share < -0.5) if change == "polarity" else (0.15 < share < 0.4)  # the AGC stretches both differently
    else:
        assert np.exp(np.abs(np.log(ratio))).max() > 1.7


def test_the_set_by_name_and_sequence_k_however_many_are_asked_for():
    sequences = datasets.load("sim-deforming", frames=60)
    assert [one.name for one in sequences] == [f"sim-deforming-{name}-00" for name in CHANGES]
    (_, one), (_, two, _) = (deforming_set(changes=["grows"], sequences=n, frames=60) for n in (2, 3))
    np.testing.assert_array_equal(one.boxes, two.boxes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(changes=["melts"]), "unknown change 'melts'"),
        (dict(frames=59), "at least 60 frames"),
        (dict(sequences=0), "one sequence of each"),
        (dict(seed=-1), "seed"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        deforming_set(**options)
