import numpy as np
import pytest
from toys import spot

from irtrack_core import boxes as bx
from irtrack_core.datasets import Sequence
from irtrack_core.training.paste_targets import cut_out, paste, transplant


def sequence(level=40.0, amplitude=100.0, frames=6, name="s"):
    centers = np.stack([40.5 + 2 * np.arange(frames), np.full(frames, 50.5)], axis=1)
    images = np.stack([level + amplitude * spot((100, 120), c, sigma=2.0) for c in centers])
    return Sequence(
        name=name,
        dataset="t",
        frames=np.rint(images).astype(np.uint8),
        boxes=bx.from_centers(centers, np.array([10.0, 10.0])),
    )


def test_cut_out_takes_the_target_without_its_ground():
    one = sequence()
    residual = cut_out(one.frames[0], one.boxes[0])
    n = len(residual)
    assert n % 2 == 1 and residual.shape == (n, n)
    assert residual[n // 2, n // 2] == pytest.approx(100, abs=1)
    assert np.abs(residual[0]).max() <= 1 and np.abs(residual[:, -1]).max() <= 1
    dark = cut_out((255 - one.frames[0]).astype(np.uint8), one.boxes[0])
    np.testing.assert_allclose(dark, -residual, atol=1e-4)  # the sign of the contrast is kept


@pytest.mark.parametrize("corner", [(3, 4), (-2, -3), (18, 17), (40, 40)])
def test_paste_equals_the_loop(corner):
    frame = np.random.default_rng(0).random((20, 22)).astype(np.float32)
    residual = np.random.default_rng(1).random((5, 5)).astype(np.float32)
    expected = frame.copy()
    for i, j in np.ndindex(5, 5):
        y, x = corner[1] + i, corner[0] + j
        if 0 <= y < 20 and 0 <= x < 22:
            expected[y, x] += residual[i, j]
    before = frame.copy()
    np.testing.assert_array_equal(paste(frame, residual, corner), expected)
    np.testing.assert_array_equal(frame, before)


def test_the_target_stands_where_the_boxes_say():
    scene = Sequence(name="g", dataset="t", frames=np.full((4, 90, 90), 60, np.uint8), boxes=np.full((4, 4), np.nan))
    moved = transplant(sequence(), scene, np.random.default_rng(3), gain=(1.0, 1.0))
    assert moved.frames.dtype == np.uint8 and len(moved) == 4 and moved.present.all()
    y, x = np.mgrid[:90, :90] + 0.5
    for frame, box in zip(moved.frames, moved.boxes):
        weight = np.clip(frame.astype(float) - 80, 0, None)
        if weight.max() < 70:  # pasted over the border
            continue
        found = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        inside = (box[:2] > 5).all() and (box[:2] + box[2:] < 85).all()
        if inside:
            np.testing.assert_allclose(found, bx.centers(box), atol=0.3)


def test_repeats_and_refuses():
    scene = sequence(amplitude=0, name="g")
    a, b = (transplant(sequence(), scene, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(a.boxes, b.boxes)
    np.testing.assert_array_equal(np.stack(list(a.frames)), np.stack(list(b.frames)))
    empty = Sequence(name="e", dataset="t", frames=np.zeros((3, 9, 9), np.uint8), boxes=np.full((3, 4), np.nan))
    with pytest.raises(ValueError, match="no annotated frame"):
        transplant(empty, scene, np.random.default_rng(0))
