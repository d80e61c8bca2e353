"""Targets that change in flight: the true box, the picture and the contrast follow what was asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import boxes as bx
from irtrack_core.config import Deformation, ScanSettings, SceneSettings, TargetSettings
from irtrack_core.imaging import optics, shapes
from irtrack_core.imaging.scan import Simulation, sigma_w

FLAT = SceneSettings(kind="flat")
NOISELESS = dict(gain=0, offset=0, odd_even=0, knee=0, drift=0, spikes=0, jitter=0, stagger=0)


def sensor(**changes):
    return ScanSettings(**(dict(shape=(128, 128), bits=16, span=20.0) | NOISELESS | changes))


def simulation(change, *, kind="vehicle", size=20.0, **more):
    target = TargetSettings(kind=kind, size=size, speed=0.3, snr=500, deform=change, **more)
    return Simulation(sensor(), FLAT, target, frames=40, seed=4)


def extents(made):
    """Geometric extents (N, 2) of the boxes, the blur taken out again by the documented formula."""
    return np.sqrt(made.boxes[:, 2:] ** 2 - (4 * np.array(optics.blob_sigma(made.sensor))) ** 2)


@settings(max_examples=20, deadline=None)
@given(st.tuples(*[st.floats(-1.4, 1.4)] * 2), st.tuples(*[st.floats(-1.4, 1.4)] * 2))
def test_width_and_height_change_by_the_factors_asked_for(start, end):
    plain = extents(simulation(None))
    changed = extents(simulation(Deformation(begin=10, frames=20, start=start, end=end)))
    done = np.clip((np.arange(40) - 10) / 20, 0, 1)[:, None]
    factor = np.exp(np.array(start) + done * (np.array(end) - start))
    np.testing.assert_allclose(changed, plain * factor, rtol=1e-6)


def test_a_quarter_turn_swaps_the_sides():
    made = extents(simulation(Deformation(begin=5, frames=30, turn=np.pi / 2)))
    np.testing.assert_allclose(made[:6], np.repeat(made[:1], 6, axis=0), rtol=1e-9)
    np.testing.assert_allclose(made[35:], np.repeat(made[:1, ::-1], 5, axis=0), rtol=1e-9)
    assert made[20].min() > made[0].min() * 1.3  # on the way its upright box is wide and high


@given(st.floats(0, 6.3))
def test_a_turn_keeps_the_area_of_every_part(turn):
    def areas(parts):
        x, y = zip(*((p[:, 0], p[:, 1]) for p, _ in parts))
        return [abs(a @ np.roll(b, -1) - b @ np.roll(a, -1)) / 2 for a, b in zip(x, y)]

    for kind in shapes.KINDS:
        before = areas(shapes.shape(kind, 20.0, 0.1))
        np.testing.assert_allclose(areas(shapes.shape(kind, 20.0, 0.1, turn=turn)), before, rtol=1e-9)


def test_wings_shrink_and_return_with_the_cadence():
    flap = np.log(4)
    changed = simulation(Deformation(begin=10, flap=flap), kind="drone", cadence=0.1)
    ratio = (extents(changed) / extents(simulation(None, kind="drone", cadence=0.1)))[:, 1]
    assert ratio[[0, 10, 20, 30]] == pytest.approx([1, 1, 1, 1])
    assert ratio[[15, 25]] == pytest.approx([0.25, 0.25])


@pytest.mark.parametrize("contrast", [0.25, -1.0, 3.0])
def test_the_contrast_changes_evenly_to_the_share_asked_for(contrast):
    change = Deformation(begin=5, frames=20, contrast=contrast)
    made = simulation(change, kind="drone", size=40)  # so large that a sample lies near its peak
    scale = (2**16 - 1) / 20.0 * sigma_w(made.sensor) * 500
    signed = [max(made.components(i).target.ravel(), key=abs) / scale for i in (0, 15, 39)]
    assert signed == pytest.approx([1, (1 + contrast) / 2, contrast], rel=0.05, abs=0.01)
    np.testing.assert_array_equal(made.boxes, simulation(None, kind="drone", size=40).boxes)


@pytest.mark.parametrize("change", [dict(end=(1.4, -0.7)), dict(turn=1.0, start=(0.3, -0.6), end=(0.3, -0.6))])
def test_the_picture_fills_its_box_after_the_change(change):
    made = simulation(Deformation(begin=5, frames=20, **change))
    target = made.components(39).target
    rows, columns = np.nonzero(target > 0.15 * target.max())
    seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    np.testing.assert_allclose(bx.to_xyxy(made.boxes[39]), seen, atol=2.0)


def test_a_change_moves_neither_path_nor_noise():
    """Nothing is drawn for it: the same target without it has the same centres, scene and noise."""
    change = Deformation(begin=10, frames=20, end=(1.0, 1.0), contrast=0.5)
    one, other = simulation(change), simulation(change.held)
    np.testing.assert_allclose(bx.centers(one.boxes), bx.centers(other.boxes))
    np.testing.assert_array_equal(one.frame(3), other.frame(3))
    without = [made.components(39).image - made.components(39).target for made in (one, other)]
    assert np.abs(np.subtract(*without)).max() <= 1  # but for the rounding of the sum


def test_impossible_changes_are_named():
    with pytest.raises(ValueError, match="a point has no shape"):
        TargetSettings(kind="point", deform=Deformation(turn=1.0))
    assert TargetSettings(kind="point", deform=Deformation(contrast=0.1)).deform.contrast == 0.1
    with pytest.raises(ValueError, match="logarithms of a stretch"):
        Deformation(end=(5.0, 0.0))
