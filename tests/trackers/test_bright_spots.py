"""Spots of known places and brightness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core.trackers.bright_spots import alone, bright_spots

SIZE = np.array([16.0, 12.0])


def channel(places, levels, side=95):
    """(side, side) float32 with soft spots of SIZE at places (x, y), crop pixels from the first one's corner."""
    y, x = np.mgrid[:side, :side] + 0.5
    blobs = [np.exp(-3 * (((x - a) / SIZE[0]) ** 2 + ((y - b) / SIZE[1]) ** 2)) for a, b in places]
    return sum(level * blob for level, blob in zip(levels, blobs)).astype(np.float32)


def test_each_spot_is_found_where_it_is():
    places = [(47.5, 47.5), (75.5, 30.5), (20.5, 70.5)]
    found, brightness = bright_spots(channel(places, [1, 0.8, 1.3]), (47.5, 47.5), SIZE)
    np.testing.assert_allclose(sorted(map(tuple, found)), sorted(places), atol=0.5)
    assert 0.7 < brightness < 1  # a blur lowers it


@pytest.mark.parametrize("level, count", [(0.3, 1), (0.5, 2)])
def test_a_faint_spot_does_not_count(level, count):
    picture = channel([(30.5, 47.5), (70.5, 47.5)], [1, level])
    assert len(bright_spots(picture, (30.5, 47.5), SIZE)[0]) == count
    assert alone(picture, (30.5, 47.5), SIZE, 1.0) == (count == 1)


@given(power=st.integers(-6, 6), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_the_unit_does_not_matter(power, seed):
    gain = 2.0**power  # exact in floating point
    rng = np.random.default_rng(seed)
    places = rng.uniform(10, 85, (4, 2))
    picture, place = channel(places, rng.uniform(0.5, 1.5, 4)), places[0]
    spots, brightness = bright_spots(picture, place, SIZE)
    others, scaled = bright_spots(np.float32(gain) * picture, place, SIZE)
    assert scaled == gain * brightness
    np.testing.assert_array_equal(others, spots)


def test_a_known_brightness_is_kept():
    picture = channel([(30.5, 47.5)], [1])
    spots, brightness = bright_spots(picture, (80.0, 80.0), SIZE, 10.0)
    assert (len(spots), brightness) == (0, 10.0)


def test_nothing_but_the_target_and_what_lies_at_the_edge():
    assert alone(channel([(47.5, 47.5)], [1]), (47.5, 47.5), SIZE, 1.0)
    assert not alone(channel([(47.5, 47.5)], [1]), (200.0, 200.0), SIZE, 1.0)  # a target outside is not seen
    assert len(bright_spots(channel([(0.5, 40.5)], [1]), (47.5, 47.5), SIZE, 1.0)[0]) == 0
