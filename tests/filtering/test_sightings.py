"""Small things in whole frames: where something moves or stands out, and nowhere else."""

import numpy as np
import pytest
from toys import spot

from irtrack_core.filtering import TemporalFilter, line_elements
from irtrack_core.filtering.sightings import change_map, sightings

LINES, SHAPE = line_elements(15, 4), (96, 128)
SCENE = np.random.default_rng(5).normal(0, 1, SHAPE).cumsum(axis=0).cumsum(axis=1) * 0.05


def video(places, count=20, *, still=(), seed=0, height=60.0, scene=SCENE):
    """Frames (count, H, W) uint8 with spots at places(t), a list of (x, y), and at the still ones."""
    rng = np.random.default_rng(seed)
    for t in range(count):
        image = 100 + scene + rng.normal(0, 2, SHAPE)
        image = image + sum(height * spot(SHAPE, at, 1.3) for at in [*places(t), *still])
        yield np.clip(image, 0, 255).astype(np.uint8)


def looked(frames, model="translation", **options):
    """(temporal, sightings) of the last frame."""
    temporal = TemporalFilter(gaps=(4, 8, 12), tile=64, model=model)
    temporal = TemporalFilter(temporal.settings, block=2)
    for frame in frames:
        temporal.push(frame, (SHAPE[1] / 2, SHAPE[0] / 2))
    return temporal, sightings(frame, temporal, LINES, **options)


def test_what_moves_and_what_stands_are_seen_where_they_are_and_told_apart():
    _, seen = looked(video(lambda t: [(20.5 + 2 * t, 30.5)], still=[(90.5, 70.5)]), least=10)
    moving, lamp = (np.linalg.norm(seen.places - at, axis=1) for at in ((58.5, 30.5), (90.5, 70.5)))
    assert moving.min() < 0.5 and lamp.min() < 0.5
    shares = seen.changes / seen.strengths
    assert shares[moving.argmin()] > 0.6 and shares[lamp.argmin()] < 0.3
    assert (seen.sizes[moving.argmin()] > 3).all() and (seen.sizes[moving.argmin()] < 10).all()


def test_noise_gives_few_and_a_flat_frame_none():
    _, seen = looked(video(lambda t: []))
    assert len(seen.places) <= 3
    _, seen = looked([np.full(SHAPE, 7, np.uint8)] * 3)
    assert len(seen.places) == 0 and seen.left_out == 0


def test_dark_things_are_the_bright_ones_of_the_negative():
    frames = list(video(lambda t: [(20.5 + 2 * t, 30.5), (90.5 - 3 * t, 60.5)]))
    _, bright = looked(frames)
    _, dark = looked([255 - frame for frame in frames], polarity="dark")
    # of two that are about as strong either may come first; means of blocks of whole numbers are rounded, upwards in both
    order, other = bright.places[:, 0].argsort(), dark.places[:, 0].argsort()
    np.testing.assert_allclose(bright.places[order], dark.places[other], atol=0.25)
    np.testing.assert_allclose(bright.strengths[order], dark.strengths[other], rtol=0.1)


@pytest.mark.parametrize("polarity", ["bright", "dark", "both"])
def test_the_change_is_the_median_over_the_nearer_neighbour(polarity):
    temporal, _ = looked(video(lambda t: [(20.5 + 3 * t, 40.5)]), model="still")
    planes = np.array([one.tile + level for one, level in zip(temporal.chosen, temporal.level)])
    low, middle, high = np.sort(planes, axis=0)
    rise = {"bright": 1, "dark": -1}.get(polarity, 0) * (temporal.tile - middle)
    rise = np.abs(temporal.tile - middle) if polarity == "both" else np.maximum(rise, 0)
    expected = rise / (np.minimum(middle - low, high - middle) + 3 * temporal.rho + 1e-6)
    np.testing.assert_allclose(change_map(temporal, polarity), expected, rtol=1e-4, atol=1e-4)


def test_at_the_edge_that_the_past_did_not_see_nothing_has_changed():
    scene, rng = np.random.default_rng(1).normal(0, 20, (96, 260)), np.random.default_rng(2)
    frames = [np.clip(100 + scene[:, 3 * t : 3 * t + 128] + rng.normal(0, 1, SHAPE), 0, 255) for t in range(16)]
    temporal, _ = looked([frame.astype(np.uint8) for frame in frames])
    D = change_map(temporal)
    np.testing.assert_allclose(temporal.shift, [-3, 0], atol=0.2)
    assert (D[:, -18:] == 0).all() and (D[:, :-20] > 0).any()  # 12 frames of 3 px, in blocks of 2


def test_only_the_strongest_are_kept_and_the_others_counted():
    places = [(x + 0.5, y + 0.5) for x in range(16, 120, 16) for y in range(16, 90, 16)]
    _, all_of_them = looked(video(lambda t: [], still=places, count=2), least=5)
    _, few = looked(video(lambda t: [], still=places, count=2), least=5, most=4)
    assert len(few.places) == 4 and few.left_out == len(all_of_them.places) - 4 > 20
    np.testing.assert_array_equal(few.strengths, all_of_them.strengths[:4])


def test_the_refreshed_blocks_of_a_compressed_video_are_no_targets():
    """Where nothing changes but a step here and there, one step is no evidence."""
    frames, rng = [np.full(SHAPE, 80, np.uint8) for _ in range(20)], np.random.default_rng(0)
    for frame in frames:
        x, y = rng.integers(0, 15), rng.integers(0, 11)
        frame[8 * y : 8 * y + 8, 8 * x : 8 * x + 8] += rng.integers(0, 2, (8, 8), np.uint8)
    assert len(looked(frames)[1].places) == 0


def test_unknown_pixels_are_background():
    frames = [frame.astype(np.float32) for frame in video(lambda t: [(20.5 + 2 * t, 30.5)])]
    for frame in frames:
        frame[50:60, 50:60], frame[5, 5] = np.nan, np.inf
    _, seen = looked(frames)
    assert np.linalg.norm(seen.places - (58.5, 30.5), axis=1).min() < 0.5
    assert all(np.isfinite(part).all() for part in seen)
