"""The maximum-likelihood estimate reaches its bound, and the best path is the best of all paths."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.imaging import limits, scan
from irtrack_core.imaging.limits import fisher

SENSOR = ScanSettings()


def patches(sensor, kind, sides, snr, count, seed, covariance=None):
    """(noisy patches (N, H, W), true parameters (N, 5), middle): places spread evenly over a pixel."""
    rng = np.random.default_rng(seed)
    shape, middle = limits.patch(sides)
    truth = np.column_stack([middle + rng.uniform(-0.5, 0.5, (count, 2)), np.tile([*sides, snr], (count, 1))])
    noise = rng.standard_normal((count, shape[0] * shape[1]))
    if covariance is not None:
        noise = noise @ np.linalg.cholesky(covariance(shape)).T
    return snr * limits.images(sensor, kind, truth[:, :4], shape) + noise.reshape(count, *shape), truth, middle


def colours(shape):
    return limits.of_settings(shape, SENSOR, SceneSettings(std=0.05))


@pytest.mark.parametrize(
    ("kind", "extent", "free", "noise"),
    [
        ("point", 0.0, limits.PLACE, None),
        ("uniform", (6.0, 4.0), limits.PARAMETERS, None),
        ("point", 0.0, limits.PLACE, colours),
    ],
    ids=["point", "size too", "coloured noise"],
)
def test_maximum_likelihood_reaches_the_bound(kind, extent, free, noise):
    """The mean square error over the bound; of n normal errors it scatters by sqrt(2 / n): four times that is allowed.

    The large run has thirteen times as many trials, and an allowance of 3 %.
    """
    sides, snr, count = limits.box_sides(SENSOR, extent), 30.0, 1500
    seen, truth, middle = patches(SENSOR, kind, sides, snr, count, 0, noise)
    covariance = None if noise is None else noise(seen.shape[1:])
    window = (*(middle - 1.5), *(middle + 1.5))
    found = limits.locate(seen, SENSOR, kind, sides, window=window, free=free, covariance=covariance)
    errors = found - truth
    least = np.diag(limits.mean_bound(SENSOR, kind, sides, snr, free=free, covariance=noise))
    chosen = [limits.PARAMETERS.index(one) for one in free]
    ratio = (errors[:, chosen] ** 2).mean(axis=0) / least[chosen]
    np.testing.assert_allclose(ratio, 1, atol=4 * np.sqrt(2 / count))
    known = [k for k in range(5) if k not in chosen]
    assert np.abs(errors[:, known]).max(initial=0) == 0


def test_simulated_frames_are_what_the_bound_is_for():
    """The simulator's own points, before a flat ground: places found within the bound, whatever of this module is wrong."""
    sensor = SENSOR.replace(
        shape=(64, 64), knee=0, offset=0, odd_even=0, drift=0, gain=0, spikes=0, jitter=0, stagger=0
    )
    target, sides = TargetSettings(kind="point", snr=25.0, speed=0.7), limits.box_sides(sensor)
    simulation = scan.simulate(sensor, SceneSettings(kind="flat"), target, frames=250, seed=3)
    count = scan.sigma_w(sensor) * (2**14 - 1) / 40  # grey values of sigma_w
    errors = []
    for frame, box in zip((simulation.frame(i) for i in range(250)), simulation.boxes):
        center = box[:2] + box[2:] / 2
        low = np.floor(center).astype(int) - 5
        part = frame[low[1] : low[1] + 11, low[0] : low[0] + 11]
        if part.shape == (11, 11):
            part = (part - (2**14 - 1) / 2) / count
            errors.append(limits.locate(part[None], sensor, "point", sides)[0, :2] + low - center)
    ratio = np.mean(np.square(errors), axis=0) / np.diag(limits.mean_bound(sensor, "point", sides, 25.0))[:2]
    assert len(errors) > 180
    np.testing.assert_allclose(ratio, 1, atol=4 * np.sqrt(2 / len(errors)))


def test_dark_targets_and_a_known_amplitude():
    sides = limits.box_sides(SENSOR)
    seen, truth, middle = patches(SENSOR, "point", sides, -40.0, 20, 1)
    found = limits.locate(seen, SENSOR, "point", sides)
    assert np.abs(found[:, :2] - truth[:, :2]).max() < 0.15 and (found[:, 4] < -30).all()
    given_ = limits.locate(seen, SENSOR, "point", sides, free=("x", "y"), amplitude=-40.0)
    assert (given_[:, 4] == -40).all() and np.abs(given_[:, :2] - truth[:, :2]).max() < 0.15
    with pytest.raises(ValueError, match="give it"):
        limits.locate(seen, SENSOR, "point", sides, free=("x", "y"))
    with pytest.raises(ValueError, match="holds no place"):
        limits.locate(seen, SENSOR, "point", sides, window=(5, 5, 4, 4))


def test_a_lifted_peak_is_of_noncentral_chi_squared():
    """The closed form for three degrees of freedom equals the general function, also where there is no peak."""
    peaks = (0.0, 1e-3, 0.3, 4.0, 60.0)
    u, lower = fisher._lifted(peaks)
    assert u.shape == lower.shape == (5, 2001)
    np.testing.assert_allclose(lower, special.chndtr(u**2, 3, np.square(peaks)[:, None]), atol=1e-9)


def test_share_of_outliers_is_foretold():
    """Far wrong places in a window of 15 px, by SNR, against the formula of maxima in a smooth random field."""
    sides, half, count = limits.box_sides(SENSOR), 7.0, 300
    for snr in (1.5, 2.5, 3.5):
        rng = np.random.default_rng(2)
        center = np.array([12.5, 12.5]) + rng.uniform(-0.5, 0.5, (count, 2))
        clean = [snr * limits.gradients(SENSOR, "point", (*one, *sides), (25, 25))[0] for one in center]
        seen = np.array(clean) + rng.standard_normal((count, 25, 25))
        window = (12.5 - half, 12.5 - half, 12.5 + half, 12.5 + half)
        # bright targets alone, as the formula counts
        places = limits.locate(seen, SENSOR, "point", sides, window=window, bright=True)[:, :2]
        wrong = np.mean(np.hypot(*(places - center).T) > 2.0)
        told = limits.outliers(SENSOR, "point", sides, snr, (2 * half) ** 2)
        assert wrong == pytest.approx(told, abs=0.05 + 3 * np.sqrt(told * (1 - told) / count))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(0, 2))
def test_best_path_is_the_best_of_all_paths(seed, frames, reach):
    ratios = np.random.default_rng(seed).normal(size=(frames, 3, 4)).astype(np.float32)
    places = list(itertools.product(range(4), range(3)))
    best, totals = -np.inf, [{place: float(ratios[0][place[1], place[0]]) for place in places}]
    for one in ratios[1:]:  # by plain recursion over all pairs
        before = totals[-1]
        totals.append(
            {
                (x, y): float(one[y, x])
                + max(v for (a, b), v in before.items() if abs(a - x) <= reach and abs(b - y) <= reach)
                for x, y in places
            }
        )
    best = max(totals[-1].values())
    path, score = limits.best_path(ratios, reach)
    assert score == pytest.approx(best, abs=1e-4)
    assert sum(float(one[y, x]) for one, (x, y) in zip(ratios, path)) == pytest.approx(score, abs=1e-4)
    assert np.abs(np.diff(path, axis=0)).max(initial=0) <= reach


def test_ratios_are_the_likelihood_s_and_paths_find_what_no_frame_shows():
    sides, snr, rng = limits.box_sides(SENSOR), 2.0, np.random.default_rng(0)
    found = {1: 0, 12: 0, "line": 0}
    for _ in range(16):
        start, velocity = rng.uniform(15, 33, 2), rng.uniform(-0.7, 0.7, 2)
        path = start + np.arange(12)[:, None] * velocity
        clean = [snr * limits.gradients(SENSOR, "point", (*at, *sides), (48, 48))[0] for at in path]
        frames = np.array(clean) + rng.standard_normal((12, 48, 48))
        ratios = limits.log_ratios(frames, SENSOR, "point", sides, snr)
        for count in (1, 12):
            place = limits.best_path(ratios[-count:], 1)[0][-1] + 0.5
            found[count] += np.hypot(*(place - path[-1])) < 2
        tried = np.stack(np.meshgrid(*[np.arange(-0.8, 0.81, 0.2)] * 2), -1).reshape(-1, 2)
        found["line"] += np.hypot(*(limits.stacked_places(ratios, tried)[0] + 0.5 - path[-1])) < 2
    image = limits.gradients(SENSOR, "point", (20.5, 22.5, *sides), (48, 48))[0]
    exact = snr * (frames[-1] * image).sum() - snr**2 * (image**2).sum() / 2
    assert ratios[-1, 22, 20] == pytest.approx(exact, rel=1e-4, abs=1e-3)
    assert found[1] <= 11 and found[12] >= 13 and found["line"] >= 14


def test_lines_move_by_whole_pixels():
    ratios = np.zeros((3, 9, 9), np.float32)
    for k, (x, y) in enumerate([(1, 6), (3, 5), (5, 4)]):
        ratios[k, y, x] = 1
    place, velocity, score = limits.stacked_places(ratios, [[0, 0], [2, -1], [-2, 1]])
    assert place.tolist() == [5, 4] and velocity.tolist() == [2, -1] and score == 3
    with pytest.raises(ValueError, match="T, H, W"):
        limits.best_path(ratios[0], 1)
