"""[12] as a correlation filter: its closed form against the linear system it solves, its mask, and tracking with it."""

import numpy as np
import pytest
from toys import moving_spot

from irtrack_core import boxes as bx
from irtrack_core import evaluation, trackers
from irtrack_core.experiments.compared import kcf


def test_the_kernel_equals_the_loop():
    x, z = np.random.default_rng(0).normal(size=(2, 6, 6))
    found = kcf.kernel(x, z)
    for dy, dx in np.ndindex(6, 6):
        apart = ((x - np.roll(z, (dy, dx), (0, 1))) ** 2).mean()
        assert found[dy, dx] == pytest.approx(np.exp(-apart / kcf.WIDTH**2))


def test_the_closed_form_solves_kernel_ridge_regression():
    """alpha of (K + lambda) alpha = y with the kernel matrix of all shifts written out."""
    x, y = np.random.default_rng(1).normal(size=(2, 4, 4))
    shifts = [np.roll(x, shift, (0, 1)) for shift in np.ndindex(4, 4)]
    matrix = np.array([[np.exp(-((a - b) ** 2).mean() / kcf.WIDTH**2) for b in shifts] for a in shifts])
    expected = np.linalg.solve(matrix + kcf.RIDGE * np.eye(16), y.ravel())
    found = np.fft.irfft2(np.fft.rfft2(y) / (np.fft.rfft2(kcf.kernel(x, x)) + kcf.RIDGE))
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-6)


def test_a_shift_of_the_picture_is_the_place_of_the_peak():
    y, x = np.mgrid[:64, :64]

    def spot(cx, cy):
        return np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 18)

    still = spot(32, 32)
    np.testing.assert_allclose(kcf.place(kcf.kernel(spot(37.4, 29), still)), [5.4, -3], atol=0.05)
    np.testing.assert_allclose(kcf.place(kcf.kernel(spot(30, 33.5), still)), [-2, 1.5], atol=0.05)


def test_the_mask_tells_the_box_from_what_is_around():
    rng = np.random.default_rng(2)
    cells = rng.normal(size=(64, 64)).astype(np.float32)
    inside = np.zeros((64, 64), bool)
    inside[25:40, 20:44] = True
    cells[inside] += 4
    weight = kcf.weights(cells, kcf.fit_mask(cells, inside))
    assert weight[inside].mean() > 2.5 * weight[~inside].mean()
    assert weight.min() == pytest.approx(kcf.LEAST) and weight.max() <= 1
    moved = np.roll(cells, 9, axis=1)  # learned from what cells look like, not from where they are
    again = kcf.weights(moved, kcf.fit_mask(cells, inside))
    np.testing.assert_allclose(again[12:52, 21:52], np.roll(weight, 9, axis=1)[12:52, 21:52], atol=1e-5)


@pytest.mark.parametrize("filtered", [False, True])
@pytest.mark.parametrize("dtype, dark", [(np.uint8, False), (np.uint16, True), (np.float32, False)])
def test_it_follows_a_spot(filtered, dtype, dark):
    sequence = moving_spot(16)
    frames = [np.asarray(frame, dtype=np.float32) for frame in sequence.frames]
    low, high = min(f.min() for f in frames), max(f.max() for f in frames)
    frames = [((f - low) / (high - low) * 200 + 20) for f in frames]
    frames = [(240 - f if dark else f).astype(dtype) for f in frames]
    tracker = trackers.create("ref12-filtered" if filtered else "ref12")
    tracker.init(frames[0], sequence.boxes[0])
    found = np.array([tracker.update(frame) for frame in frames[1:]])
    assert tracker.name == ("ref12-filtered" if filtered else "ref12") and 0 <= tracker.score <= 1
    assert bx.iou(found, sequence.boxes[1:]).mean() > 0.6
    assert bx.iou(sequence.boxes[0], sequence.boxes[-1]) == 0  # standing still would have lost it


def test_a_growing_target_gets_a_larger_box():
    y, x = np.mgrid[:120, :120]
    sizes = 10 * 1.02 ** np.arange(25)
    frames = [
        (40 + 150 * np.exp(-(((x - 60) ** 2 + (y - 60) ** 2) / (2 * (s / 3) ** 2)))).astype(np.uint8) for s in sizes
    ]
    tracker = trackers.create("ref12")
    tracker.init(frames[0], [55.5, 55.5, 10, 10])
    last = [tracker.update(frame) for frame in frames[1:]][-1]
    assert last[2] > 1.25 * 10 and last[2] == pytest.approx(last[3])


def test_runs_repeat_and_borders_are_no_error():
    sequence = moving_spot(10)
    tracker = trackers.create("ref12")
    first, again = (evaluation.run(tracker, sequence) for _ in range(2))
    np.testing.assert_array_equal(first.boxes, again.boxes)
    frame = np.random.default_rng(3).integers(0, 255, (40, 50)).astype(np.uint8)
    for name in ("bright corner", "whole frame"):
        box = [0, 0, 4, 4] if name == "bright corner" else [0, 0, 50, 40]
        for filtered in (False, True):
            tracker = trackers.create("ref12", filtered=filtered)
            tracker.init(frame, box)
            assert np.isfinite([tracker.update(frame) for _ in range(3)]).all()
    flat = np.full((40, 50), 7, np.uint8)
    tracker.init(flat, [20, 20, 5, 5])
    assert np.isfinite(tracker.update(flat)).all()
    with pytest.raises(RuntimeError, match="init"):
        trackers.create("ref12").update(flat)
