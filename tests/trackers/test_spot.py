"""The place of a target of a few pixels: found to a fraction of a pixel, believed as far as the window's noise allows."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irtrack_core import evaluation, metrics, trackers
from irtrack_core.datasets import in_memory
from irtrack_core.trackers import spot
from irtrack_core.trackers.kalman import Kalman
from irtrack_core.trackers.spot import Response, Spot

ZOOM, SIDE = 1.5, 4.0
MIDDLE = np.zeros(2)


def window(place=(0.0, 0.0), amplitude=8.0, seed=0, size=95):
    """A crop's channel: noise of deviation 1, smoothed a little as crops are, and a spot at `place`, frame pixels."""
    x, y = (np.arange(size) - (size - 1) / 2 - ZOOM * c for c in place)
    noise = np.random.default_rng(seed).normal(size=(size, size))
    return (amplitude * np.exp(-(x[None] ** 2 + y[:, None] ** 2) / (2 * (0.6 * ZOOM) ** 2)) + noise).astype(np.float32)


def measured(channel, *, predicted=MIDDLE, found=MIDDLE, variance=4.0, score=0.5, share=0.0, first=None):
    """What a Spot says of a channel; first: the channel about the target at first."""
    made = Spot(window(seed=9) if first is None else first, SIDE, ZOOM)
    return made(channel, SIDE, ZOOM, np.asarray(predicted), variance, np.asarray(found), score, share)


def tail_of(values):
    """(edge, rate) of the exponential tail of `values`."""
    edge = np.quantile(values, spot.QUANTILE)
    return edge, 1 / (values[values > edge] - edge).mean()


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.7, -1.2), (-1.5, 1.5)])
def test_a_clear_spot_is_found_to_a_fraction_of_a_pixel(place):
    found, variance, _ = measured(window(place, amplitude=40.0))
    np.testing.assert_allclose(found, place, atol=0.15)
    assert variance < 0.3


def test_where_the_target_does_not_show_the_prediction_stays():
    answers = [measured(window(amplitude=0.0, seed=seed), variance=0.5) for seed in range(40)]
    places, variances = np.array([place for place, _, _ in answers]), np.array([variance for _, variance, _ in answers])
    # noise draws it about, without a preferred side, and no farther than the prior lets it
    assert np.abs(places.mean(axis=0)).max() < 0.35 and np.hypot(*places.T).max() < 3 * (0.5 * spot.SPREAD) ** 0.5
    clear = [measured(window(amplitude=15.0, seed=seed), variance=0.5)[1] for seed in range(40)]
    assert np.mean(variances) > 1.5 * np.mean(clear)
    assert np.mean([shown for _, _, shown in answers]) < 0.8 and measured(window(amplitude=15.0))[2] > 0.99


@pytest.mark.parametrize("amplitude", [3.0, 6.0])
def test_it_is_no_surer_than_it_is_right(amplitude):
    errors, told = [], []
    for seed in range(150):
        truth = np.random.default_rng(seed).normal(0, 1.0, 2)  # as the prior says, before it is widened
        channel = window(truth, amplitude=amplitude, seed=seed + 1000)
        place, variance, _ = measured(channel, variance=1.0 / spot.SPREAD, score=0.0, first=window(amplitude=amplitude))
        errors.append(np.square(place - truth).sum() / 2)
        told.append(variance)
    assert np.mean(errors) < 1.3 * np.mean(told) < 1.0, (np.mean(errors), np.mean(told))


def test_whole_pixels_of_the_crop_shift_the_place_by_as_much():
    channel, shift = window((0.4, 0.3), amplitude=20.0), np.array([3, -2]) / ZOOM
    place, variance, _ = measured(channel)
    moved = np.roll(channel, (-2, 3), axis=(0, 1))
    there, same, _ = measured(moved, predicted=shift, found=shift)
    np.testing.assert_allclose(there, place + shift, atol=0.02)
    assert same == pytest.approx(variance, rel=0.1)


@given(st.floats(2, 20), st.integers(0, 50), st.floats(2, 30))
def test_a_stronger_response_never_speaks_against_the_target(amplitude, seed, freedom):
    elsewhere = np.random.default_rng(seed).standard_t(freedom, 2000)
    elsewhere /= 1.4826 * np.median(np.abs(elsewhere))
    made = Spot()
    made.amplitude = amplitude
    ratio = made._ratio(np.linspace(0, 3 * amplitude, 200), *tail_of(elsewhere))
    assert (np.diff(ratio) >= -0.3).all()  # where the tail begins


def test_the_longer_the_tail_elsewhere_the_less_the_same_response_says():
    made, rng, response = Spot(), np.random.default_rng(0), np.array([6.0])
    made.amplitude = 6.0
    calm, clutter = (made._ratio(response, *tail_of(v)) for v in (rng.normal(size=5000), rng.standard_t(2, 5000)))
    assert clutter < calm - 3


def test_the_tail_is_told_without_the_target():
    channel = window(amplitude=60.0)
    response = Response(channel, SIDE, ZOOM)
    edge, rate = response.tail(slice(38, 57))
    values = (response.few - response.middle).ravel() / response.noise
    assert 1.1 < edge < 1.5 and 1.7 < rate < 2.6  # of a normal law: 1.28 and 2.1
    assert tail_of(values)[1] < rate  # with the target in it


def test_in_clutter_nothing_is_said():
    clutter = window() + 3 * np.random.default_rng(3).standard_t(1.5, (95, 95)).astype(np.float32)
    assert measured(window()) is not None and measured(cv2.GaussianBlur(clutter, (0, 0), 1.0)) is None


def test_a_target_that_the_net_sees_clearly_elsewhere_has_manoeuvred():
    channel, place = window((6.0, 0.0), amplitude=20.0), (6.0, 0.0)
    held, *_ = measured(channel, found=place, variance=0.2, score=0.9, share=0.0)
    followed, *_ = measured(channel, found=place, variance=0.2, score=0.9, share=1.0)
    assert held[0] < 4 and followed[0] == pytest.approx(6.0, abs=0.3)


def test_nothing_is_said_of_a_flat_window_or_a_place_outside():
    assert measured(np.full((95, 95), 3.0, np.float32)) is None
    quiet = np.zeros((95, 95), np.float32)
    quiet[20:24, 20:24] = 9.0  # more than half of it is flat
    assert measured(quiet) is None and measured(quiet, first=quiet) is None
    assert measured(window(), predicted=(500.0, 0.0)) is None


def test_a_window_half_outside_of_the_frame_is_no_error():
    channel = window()
    channel[50:] = channel[50]  # as crops are filled beyond the border
    place, variance, _ = measured(channel, variance=300.0)
    assert np.isfinite([*place, variance]).all()


def test_assimilating_a_posterior_is_an_update_by_its_measurement():
    one, two = (Kalman((10.0, 20.0), 5.0, 0.95) for _ in range(2))
    for k in range(6):
        expected, place = one.center + one.velocity, one.variance
        noise = ((spot_noise := 0.03 + (1 - 0.7) ** 2) * 5.0) ** 2
        center = expected + [0.3, -0.2 + 0.05 * k]
        one.update(expected, center, 0.7, 1.0, 5.0)
        gain = place / (place + noise)
        two.assimilate(expected, expected + gain * (center - expected), place * (1 - gain), 1.0, 5.0)
        two.process_noise = one.process_noise  # each learns it in its own way
        np.testing.assert_allclose(two.center, one.center)
        np.testing.assert_allclose(two.velocity, one.velocity)
        np.testing.assert_allclose(two.covariance, one.covariance)
        assert spot_noise > 0 and np.linalg.eigvalsh(two.covariance).min() > 0


@pytest.mark.parametrize("name", ["siamese", "motion"])
def test_a_faint_point_is_followed(name):
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    import limits

    found = []
    for repeat in (300, 301, 302):  # of no table
        sequence = in_memory(limits.sequence_of("point", 3, repeat))
        boxes = evaluation.run(trackers.create(name), sequence).boxes
        found.append((metrics.aor(boxes[1:], sequence.boxes[1:]), metrics.precision(boxes[1:], sequence.boxes[1:], 3)))
    overlap, near = np.mean(found, axis=0)
    assert overlap > 0.5 and near > 0.8  # by the network and the alignment alone: 0.3 and 0.8
