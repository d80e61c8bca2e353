import cv2
import numpy as np
import pytest

from irtrack_core.training import augment


def picture(seed=0, shape=(60, 70)):
    return (np.random.default_rng(seed).random(shape) * 255).astype(np.float32)


def test_augmentation_repeats_itself_and_leaves_its_input_alone():
    patches, boxes = [picture(0), picture(1, (50, 80))], np.array([[20, 20, 10, 6], [30, 22, 10, 6]], float)
    before = [patch.copy() for patch in patches]
    for seed in range(20):
        first, again = (augment.photometric(patches, boxes, np.random.default_rng(seed), share=1.0) for _ in range(2))
        for a, b, patch in zip(first, again, before):
            np.testing.assert_array_equal(a, b)
            assert a.shape == patch.shape and a.dtype == np.float32 and 0 <= a.min() and a.max() <= 255
    for patch, kept in zip(patches, before):
        np.testing.assert_array_equal(patch, kept)


def test_pairs_without_augmentation_are_only_rescaled_together():
    patches = [picture(0) / 255, 3 + picture(1) / 255]
    out = augment.photometric(patches, np.full((2, 4), 5.0), np.random.default_rng(0), share=0.0)
    low, high = patches[0].min(), patches[1].max()
    for a, patch in zip(out, patches):
        np.testing.assert_allclose(a, (patch - low) * 255 / (high - low), rtol=1e-4, atol=1e-2)


def test_nothing_moves_the_target():
    """The centroid of a spot stays where it was, whatever is drawn (symbols and text aside, which add to it)."""
    y, x = np.mgrid[:61, :61]
    spot = (200 * np.exp(-((x - 30) ** 2 + (y - 30) ** 2) / 18)).astype(np.float32)
    for changed in (augment.blur(spot, 2.0), augment.stretch(spot, gain=1.4, gamma=0.8), augment.compress(spot, 60)):
        weight = np.clip(changed - 0.5 * changed.max(), 0, None)
        assert (weight * x).sum() / weight.sum() == pytest.approx(30, abs=0.1)
        assert (weight * y).sum() / weight.sum() == pytest.approx(30, abs=0.1)


@pytest.mark.parametrize("angle", [0.0, 0.8, np.pi / 2])
def test_motion_blur_keeps_the_sum_and_runs_along_its_angle(angle):
    point = np.zeros((41, 41), np.float32)
    point[20, 20] = 100
    out = augment.blur(point, 2.0, angle=angle)
    assert out.sum() == pytest.approx(100, rel=1e-4)
    rows, columns = np.nonzero(out)
    assert np.hypot(rows - 20, columns - 20).max() >= 3
    across = (columns - 20) * np.sin(angle) - (rows - 20) * np.cos(angle)
    assert np.abs(across).max() <= 1.0


def test_stretch_by_hand():
    np.testing.assert_allclose(augment.stretch(np.float32([[0, 128, 255]]), gain=2.0), [[0, 128, 255]])
    np.testing.assert_allclose(augment.stretch(np.float32([[100]]), gain=2.0, level=10), [[2 * (100 - 128) + 138]])
    np.testing.assert_allclose(augment.stretch(np.float32([[63.75]]), gamma=0.5), [[127.5]])


def test_symbols_are_drawn_about_the_place_and_alike_for_a_seed():
    kinds = set()
    for seed in range(30):
        blank = np.full((120, 120), 77, np.float32)
        draw = lambda: augment.overlay(blank, np.random.default_rng(seed), near=(50, 50, 20, 20))  # noqa: B023, E731
        out = draw()
        np.testing.assert_array_equal(out, draw())
        assert (blank == 77).all()
        drawn = out != 77
        kinds.add(int(drawn.any()))
        colours = np.unique(out[drawn])
        assert len(colours) <= 1
        if drawn.any():
            count, _, stats, _ = cv2.connectedComponentsWithStats(drawn.astype(np.uint8), connectivity=8)
            assert count >= 2 and stats[1:, 4].sum() == drawn.sum()
    assert kinds >= {1}
