"""baselines.lowrank: proximal steps against a full SVD, recovery of known parts, patches there and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core.filtering.baselines import lowrank


def low_rank_plus_sparse(shape, rank, share, seed=0):
    rng = np.random.default_rng(seed)
    low = rng.standard_normal((shape[0], rank)) @ rng.standard_normal((rank, shape[1]))
    sparse = np.where(rng.random(shape) < share, rng.choice([-10.0, 10.0], shape), 0)
    return low, sparse


def test_shrunk_singular_values_by_hand():
    shrunk, rank = lowrank._shrink_singular(np.diag([5.0, 3.0, 1.0]), 2)
    np.testing.assert_allclose(shrunk, np.diag([3.0, 1.0, 0.0]), atol=1e-12)
    assert rank == 2
    shrunk, rank = lowrank._shrink_singular(np.diag([5.0, 3.0, 1.0]), 6)
    assert rank == 0 and not shrunk.any()
    tensor = np.diag([5.0, 3.0, 1.0])[None]  # one slice: the Fourier transform changes nothing
    np.testing.assert_allclose(lowrank._shrink_slices(tensor, 1, 2)[0], np.diag([5.0, 1.0, 0.0]), atol=1e-12)


def test_soft_threshold_by_hand():
    np.testing.assert_array_equal(lowrank._soft(np.array([-3.0, -1, 0, 1, 3]), 2), [-1, 0, 0, 0, 1])


@pytest.mark.parametrize("shape", [(30, 20), (20, 20)])
def test_shrunk_singular_values_against_a_full_svd(shape):
    matrix = np.random.default_rng(1).standard_normal(shape)
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    shrunk, rank = lowrank._shrink_singular(matrix, 3.0)
    np.testing.assert_allclose(shrunk, (u * np.maximum(s - 3, 0)) @ v, atol=1e-10)
    assert rank == (s > 3).sum()


@pytest.mark.parametrize("slices", [1, 4, 5])
def test_shrunk_slices_against_a_full_svd(slices):
    tensor = np.random.default_rng(2).standard_normal((slices, 7, 9))
    spectrum = np.fft.fft(tensor, axis=0)
    for k in range(slices):
        u, s, v = np.linalg.svd(spectrum[k], full_matrices=False)
        s[2:] = np.maximum(s[2:] - 1.5, 0)
        spectrum[k] = (u * s) @ v
    expected = np.fft.ifft(spectrum, axis=0)
    assert abs(expected.imag).max() < 1e-10
    np.testing.assert_allclose(lowrank._shrink_slices(tensor, 2, 1.5), expected.real, atol=1e-8)


@pytest.mark.parametrize("shape", [(80, 60), (60, 80)])
def test_known_parts_are_recovered(shape):
    low, sparse = low_rank_plus_sparse(shape, 3, 0.05)
    B, T = lowrank.low_rank_and_sparse(low + sparse, 1 / np.sqrt(80), least=1e-5, early=False)
    assert np.linalg.norm(B - low) < 0.01 * np.linalg.norm(low)
    assert np.linalg.norm(T - sparse) < 0.01 * np.linalg.norm(sparse)
    assert ((abs(T) > 1) == (sparse != 0)).all() and np.linalg.matrix_rank(B, tol=1e-3) == 3


def test_float32_stays_float32_and_gives_the_same():
    """At the end point: when the early stop comes, which counts entries, depends on the rounding, and so on the processor."""
    low, sparse = low_rank_plus_sparse((60, 40), 2, 0.05)
    single = lowrank.low_rank_and_sparse((low + sparse).astype(np.float32), 0.13, early=False)
    double = lowrank.low_rank_and_sparse(low + sparse, 0.13, early=False)
    for a, b in zip(single, double):
        assert a.dtype == np.float32 and b.dtype == np.float64
        np.testing.assert_allclose(a, b, atol=1e-3)


def test_the_end_point_is_a_minimum():
    """No small step away from the solution lowers the objective that it is said to minimise."""
    rng = np.random.default_rng(5)
    low, sparse = low_rank_plus_sparse((25, 20), 2, 0.05, seed=5)
    D, weight = low + sparse + 0.1 * rng.standard_normal((25, 20)), 0.2
    B, T = lowrank.low_rank_and_sparse(D, weight, least=0.05, early=False, tolerance=1e-9, iterations=5000)
    mu = 0.05 * np.linalg.svd(D, compute_uv=False)[3]

    def objective(B, T):
        fit = ((D - B - T) ** 2).sum() / 2
        return mu * (np.linalg.svd(B, compute_uv=False).sum() + weight * abs(T).sum()) + fit

    best = objective(B, T)
    for scale in (1e-3, 1e-2, 0.1):
        for _ in range(20):
            moved = objective(B + scale * rng.standard_normal(B.shape), T + scale * rng.standard_normal(B.shape))
            assert moved >= best - 1e-9 * best
    assert objective(low, sparse) > best


def test_known_tensor_parts_are_recovered():
    rng = np.random.default_rng(3)
    u, v = rng.standard_normal((8, 30, 2)), rng.standard_normal((8, 2, 30))
    low = np.fft.irfft(np.fft.rfft(u, axis=0) @ np.fft.rfft(v, axis=0), 8, axis=0)  # tubal rank 2
    sparse = np.where(rng.random(low.shape) < 0.03, rng.choice([-20.0, 20.0], low.shape), 0)
    weight = 1 / np.sqrt(30 * 8)
    B, T = lowrank.partial_sum_tensor(
        low + sparse, weight, kept=2, mu=1e-2, growth=1.1, tolerance=1e-7, reweighted=False
    )
    assert np.linalg.norm(B - low) < 0.01 * np.linalg.norm(low)
    assert np.linalg.norm(T - sparse) < 0.01 * np.linalg.norm(sparse)
    np.testing.assert_allclose(B + T, low + sparse, atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(height=st.integers(5, 23), width=st.integers(5, 23), patch=st.integers(1, 5), step=st.integers(1, 7))
def test_patches_there_and_back(height, width, patch, step):
    step = min(step, patch)  # no gaps
    image = np.random.default_rng(height).random((height, width))
    patches, corners = lowrank.cut_patches(image, patch, step)
    for median in (False, True):
        np.testing.assert_allclose(lowrank.place_patches(patches, corners, image.shape, median=median), image)


def test_place_patches_takes_the_median():
    corners = [(0, 0), (0, 1), (0, 2)]  # the pixel in the middle lies in all three
    patches = np.array([1.0, 2.0, 9.0])[:, None, None] * np.ones((3, 1, 3))
    np.testing.assert_array_equal(lowrank.place_patches(patches, corners, (1, 5), median=True), [[1, 1.5, 2, 5.5, 9]])
    np.testing.assert_array_equal(lowrank.place_patches(patches, corners, (1, 5)), [[1, 1.5, 4, 5.5, 9]])


def test_a_step_beyond_the_patch_is_refused_rather_than_leaving_gaps():
    with pytest.raises(ValueError, match="step"):
        lowrank.cut_patches(np.zeros((30, 30)), 5, 9)


@pytest.mark.parametrize("name", ["ipi", "pstnn"])
def test_a_spot_on_a_smooth_background(name):
    y, x = np.mgrid[:96, :112]
    image = (100 + 0.4 * x + 20 * np.sin(y / 25)).astype(np.float32)
    image += np.random.default_rng(0).standard_normal(image.shape).astype(np.float32)
    spot = 40 * np.exp(-((x - 70.3) ** 2 + (y - 41.2) ** 2) / (2 * 1.2**2))
    with_spot = image + spot.astype(np.float32)
    response = getattr(lowrank, name)(with_spot)
    assert np.unravel_index(response.argmax(), response.shape) == (41, 70)
    assert response.max() > 20 and np.percentile(response, 99) < 3


def test_pstnn_loses_a_bright_target_among_few_patches():
    """Why the patch shrinks with the image: kept singular values are not shrunk, whatever they hold."""
    y, x = np.mgrid[:160, :160]
    image = (100 + 0.3 * x + 20 * np.sin(y / 25)).astype(np.float32)
    image += np.random.default_rng(0).standard_normal(image.shape).astype(np.float32)
    image[41, 70] += 80
    assert lowrank.pstnn(image)[41, 70] > 60
    assert lowrank.pstnn(image, patch=40)[41, 70] == 0
