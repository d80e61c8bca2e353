"""Laying the target's picture over the template's: shifts known by construction, and when it must not move."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core.trackers.registration import Alignment, patch


def blob(size, center, sigma=(4.0, 3.0), gain=1.0, offset=0.0):
    """A Gaussian spot at `center` crop pixels from the middle of a (size, size) channel."""
    u = np.arange(size) - (size - 1) / 2
    spot = np.exp(-(((u[None] - center[0]) / sigma[0]) ** 2 + ((u[:, None] - center[1]) / sigma[1]) ** 2) / 2)
    return (offset + gain * spot).astype(np.float32)


ALIGNMENT = Alignment(blob(47, (0, 0)), (16, 12))


@settings(max_examples=60, deadline=None)
@given(st.floats(-2.5, 2.5), st.floats(-2.5, 2.5), st.floats(0.2, 5), st.floats(-3, 3))
def test_finds_a_shift_whatever_gain_and_offset(dx, dy, gain, offset):
    center, likeness = ALIGNMENT(
        blob(95, (dx, dy), gain=gain, offset=offset), (0, 0), np.array([16.0, 12.0]), rounds=10
    )
    assert center == pytest.approx((dx, dy), abs=0.05)
    assert likeness > 0.99


@settings(max_examples=60, deadline=None)
@given(st.floats(-12, 12), st.floats(-12, 12))
def test_a_wrong_place_is_not_like_the_template(dx, dy):
    center, likeness = ALIGNMENT(blob(95, (dx, dy)), (0, 0), np.array([16.0, 12.0]), rounds=10)
    assert likeness < 0.9 or center == pytest.approx((dx, dy), abs=0.3)


def test_starts_where_it_is_told():
    far = blob(95, (20, -15))
    center, likeness = ALIGNMENT(far, (18.5, -13), np.array([16.0, 12.0]), rounds=10)
    assert center == pytest.approx((20, -15), abs=0.05)
    assert likeness > 0.99


def test_a_target_that_has_grown_is_looked_at_in_its_new_size():
    larger = blob(95, (2, 1), sigma=(6.0, 4.5))
    center, likeness = ALIGNMENT(larger, (0, 0), np.array([24.0, 18.0]), rounds=10)
    assert center == pytest.approx((2, 1), abs=0.1)
    assert likeness > 0.99


def test_error_in_noise_is_near_the_bound():
    """The bound for a Gaussian spot of known shape in white noise: sigma_x >= sqrt(2 / pi) noise / peak."""
    rng, noise, errors = np.random.default_rng(0), 0.1, []
    for _ in range(200):
        seen = blob(95, (0.6, -0.4)) + rng.normal(0, noise, (95, 95)).astype(np.float32)
        errors.append(ALIGNMENT(seen, (0, 0), np.array([16.0, 12.0]), rounds=6)[0] - (0.6, -0.4))
    # in a spot of sigmas 4, 3: sigma_x^2 = noise^2 2 sigma_x / (pi sigma_y)
    bound = noise * np.sqrt(2 / np.pi * np.array([4 / 3, 3 / 4]))
    spread = np.std(errors, axis=0)
    assert (spread > 0.85 * bound).all() and (spread < 1.8 * bound).all()
    assert np.abs(np.mean(errors, axis=0)).max() < 0.03


@pytest.mark.parametrize("seen", [-blob(95, (0, 0)), np.zeros((95, 95), np.float32)])
def test_the_negative_and_nothing_are_not_like_the_template(seen):
    center, likeness = ALIGNMENT(seen, (1, 2), np.array([16.0, 12.0]))
    assert likeness == -1
    assert center == pytest.approx((1, 2))


def test_a_flat_template_moves_nothing():
    center, _ = Alignment(np.full((47, 47), 2.0, np.float32), (16, 12))(
        blob(95, (3, 0)), (1, 2), np.array([16.0, 12.0])
    )
    assert np.isfinite(center).all()
    assert np.abs(center - (1, 2)).max() < 1


def test_patch_is_centred():
    ramp = np.tile(np.arange(31, dtype=np.float32) - 15, (31, 1))
    samples = patch(ramp, (2, 0), np.array([5.0, 4.0]), samples=11)
    assert samples[5] == pytest.approx(np.linspace(-3, 7, 11), abs=0.05)
