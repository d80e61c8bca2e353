import pickle

import cv2
import numpy as np
import pytest
from toys import moving_spot, spot

from irtrack_core import boxes as bx
from irtrack_core import filtering
from irtrack_core.config import FilterSettings, SamplingSettings, network_preset
from irtrack_core.datasets import Sequence
from irtrack_core.experiments import recipes
from irtrack_core.network import anchors as an
from irtrack_core.network.crops import CropMaker, arcsinh, block_means, crop, standardize, template_side
from irtrack_core.training.sampling import MixedSampler, Pair, PairSampler, SequenceStream, misdrawn

COMPACT = network_preset("compact")


def naive_crop(image, center, side, size):
    """Bilinear sampling, pixel by pixel, the border repeated."""
    out = np.zeros((size, size))
    for i, j in np.ndindex(size, size):
        y, x = (center[1 - k] + ((v + 0.5) / size - 0.5) * side - 0.5 for k, v in enumerate((i, j)))
        y0, x0 = int(np.floor(y)), int(np.floor(x))
        for dy, dx in np.ndindex(2, 2):
            weight = abs(1 - dy - (y - y0)) * abs(1 - dx - (x - x0))
            out[i, j] += (
                weight * image[np.clip(y0 + dy, 0, image.shape[0] - 1), np.clip(x0 + dx, 0, image.shape[1] - 1)]
            )
    return out


@pytest.mark.parametrize(("center", "side"), [((12.3, 9.8), 14.0), ((1.0, 19.5), 20.0), ((12.5, 10.5), 21.0)])
def test_crop_equals_bilinear_sampling(center, side):
    image = np.random.default_rng(0).random((20, 24)).astype(np.float32)
    # OpenCV interpolates in steps of 1/32 pixel
    np.testing.assert_allclose(crop(image, center, side, 21), naive_crop(image, center, side, 21), atol=0.04)


def test_a_crop_of_whole_pixels_is_the_slice():
    image = np.random.default_rng(0).random((20, 24)).astype(np.float32)
    np.testing.assert_array_equal(crop(image, (10.5, 8.5), 7, 7), image[5:12, 7:14])


@pytest.mark.parametrize("side", [30.0, 95.0, 300.0])
def test_a_target_lands_where_the_formula_says(side):
    center, target = np.array([201.4, 190.7]), np.array([204.9, 187.2])
    image = spot((400, 400), target, sigma=side / 15)
    out = crop(image, center, side, 95)
    y, x = np.mgrid[:95, :95] + 0.5
    found = np.array([(x * out).sum(), (y * out).sum()]) / out.sum()
    np.testing.assert_allclose(found, 47.5 + (target - center) * 95 / side, atol=0.1)


def test_standardize():
    image = np.random.default_rng(0).normal(1000, 30, (50, 50)).astype(np.float32)
    out = standardize(image)
    assert out.mean() == pytest.approx(0, abs=1e-4)
    assert out.std() == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(standardize(3 * image + 7), out, atol=1e-3)  # gain and level drop out
    assert (standardize(np.full((5, 5), 9.0, np.float32)) == 0).all()


def test_template_side_and_its_floor():
    assert template_side((20, 20), COMPACT) == pytest.approx(60)  # context 1: three times the box
    assert template_side((40, 40), network_preset("paper")) == pytest.approx(80)  # context 0.5: twice
    assert template_side((2, 2), COMPACT) == COMPACT.window_floor


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("center", [(60, 50), (0, 0), (119, 99)])
def test_filtering_the_window_equals_filtering_the_frame(dtype, center):
    rng = np.random.default_rng(0)
    frame = (rng.random((100, 120)) * 200).astype(dtype)
    settings = COMPACT.replace(inputs=("image", "suppressed", "filtered"), squash=False, unit="crop")
    maker = CropMaker(settings, (6, 6), (100, 120))
    _, suppressed, filtered = filtering.multilevel_filter(frame, maker.elements, maker.rectangle)
    crops = [crop(frame, center, 30.0, 95)]
    crops += [crop(u, center, 30.0, 95, border=cv2.BORDER_CONSTANT) for u in (suppressed, filtered)]
    expected = np.stack([standardize(c) for c in crops])
    np.testing.assert_allclose(maker(frame, center, 30.0), expected, atol=2e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_block_means_are_means_over_blocks(dtype):
    image = (np.random.default_rng(0).random((23, 31)) * 200).astype(dtype)
    expected = image[:21, :30].reshape(7, 3, 10, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(block_means(image, 3), expected, atol=1e-3 if dtype == np.float32 else 0.51)
    np.testing.assert_array_equal(block_means(image, 1), image)


def test_small_targets_are_not_reduced():
    frame = np.random.default_rng(0).random((100, 120)).astype(np.float32)
    plain, reduced = (CropMaker(COMPACT.replace(reduce=on), (20, 20), frame.shape) for on in (False, True))
    assert reduced.block == 1
    np.testing.assert_array_equal(plain(frame, (50, 50), 60.0), reduced(frame, (50, 50), 60.0))


@pytest.mark.parametrize("center", [(200.3, 180.6), (31.0, 370.2)])
def test_a_reduced_window_shows_the_same_at_the_same_place(center):
    """Averaged before the filter or after it: a smooth target's crop is nearly equal, and not displaced."""
    center, settings = np.array(center), COMPACT.replace(squash=False)
    frame = 100 * spot((400, 400), center, sigma=12.0) + 20 * np.sin(np.arange(400) / 40)[None].astype(np.float32)
    plain, reduced = (CropMaker(settings.replace(reduce=on), (50, 50), frame.shape) for on in (False, True))
    assert (plain.block, reduced.block) == (1, 3)
    one, two = (maker(frame, center, 300.0) for maker in (plain, reduced))
    for a, b in zip(one, two):
        assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.995
    y, x = np.mgrid[:95, :95] - 47.0
    places = []
    for crops in (one, two):
        weight = np.clip(crops[1] - 0.5 * crops[1].max(), 0, None)
        places.append(np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum())
    np.testing.assert_allclose(*places, atol=0.1)


def test_where_to_look_is_told_in_pixels_of_the_frame():
    frame = spot((400, 400), (300.0, 120.0), sigma=12.0)
    residual, block = CropMaker(COMPACT, (50, 50), frame.shape).residual(frame, (200, 40, 200, 300))
    assert block == 3 and residual.shape == (100, 66)
    y, x = np.unravel_index(residual.argmax(), residual.shape)
    np.testing.assert_allclose((np.array([x, y]) + 0.5) * block + (200, 40), (300, 120), atol=3)


def test_a_long_target_in_a_narrow_frame():
    frame = np.random.default_rng(0).random((2, 200)).astype(np.float32)
    maker = CropMaker(COMPACT, (150, 2), frame.shape)
    assert maker.block == 2 and np.isfinite(maker(frame, (100, 1), 300.0)).all()


def test_the_template_is_the_middle_of_the_search_crop():
    frame = np.random.default_rng(0).random((100, 120)).astype(np.float32)
    maker = CropMaker(COMPACT, (10, 10), (100, 120))
    template = maker.template(frame, (50, 50), 47.0)
    np.testing.assert_array_equal(template, maker(frame, (50, 50), 95.0)[:, 24:71, 24:71])


def test_pairs_hold_the_target_where_truth_says():
    sampler = PairSampler([moving_spot()], COMPACT, 13, loose=False, sampling=SamplingSettings(noise=0, negatives=0))
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:95, :95] + 0.5 - 47.5
    for _ in range(20):
        pair = sampler.draw(rng)
        weight = np.clip(pair.search[1] - 0.5 * pair.search[1].max(), 0, None)  # the suppressed image: the spot alone
        found = np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
        np.testing.assert_allclose(found, pair.truth[:2], atol=0.6)
        assert (pair.labels == 1).any()
        # every positive anchor's deltas lead to the truth
        anchors = an.make_anchors([pair_anchor(pair)], 13, 4)
        boxes = an.decode(np.moveaxis(pair.deltas, 0, -1), anchors)[pair.labels == 1]
        np.testing.assert_allclose(boxes, np.broadcast_to(pair.truth, boxes.shape), atol=1e-3)


def pair_anchor(pair):
    size = 8 * 47 / template_side((8, 8), COMPACT)
    return (size, size)


def test_negative_pairs_have_no_positive_label():
    sampler = PairSampler([moving_spot()], COMPACT, 13, sampling=SamplingSettings(negatives=1.0))
    pairs = [sampler.draw(np.random.default_rng(k)) for k in range(20)]
    absent = [pair for pair in pairs if pair.truth is None]
    assert len(absent) > 10
    assert all((pair.labels == -1).all() for pair in absent)


def test_a_batch_depends_on_seed_and_index_alone():
    make = lambda seed: PairSampler([moving_spot()], COMPACT, 13, seed=seed)  # noqa: E731
    first, again = make(3).batch(5, 2), make(3).batch(5, 2)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(make(4).batch(5, 2)[1], first[1])
    assert not np.array_equal(make(3).batch(6, 2)[1], first[1])
    assert [a.shape for a in first] == [(2, 2, 47, 47), (2, 2, 95, 95), (2, 1, 13, 13), (2, 4, 1, 13, 13)]


def test_looseness_is_one_for_both_frames():
    sampler = PairSampler([moving_spot()], COMPACT, 13, sampling=SamplingSettings(looseness=(0.8, 2.0)))
    boxes = np.array([[10, 20, 4, 6], [50, 60, 4, 6]], float)
    redrawn = sampler._annotated_again(boxes, np.random.default_rng(0))
    np.testing.assert_allclose(redrawn[0, 2:], redrawn[1, 2:])
    np.testing.assert_allclose(
        bx.centers(redrawn) - bx.centers(boxes), np.tile(bx.centers(redrawn[0]) - [12, 23], (2, 1))
    )


def test_errors():
    with pytest.raises(ValueError, match="no sequences"):
        PairSampler([], COMPACT, 13)
    empty = Sequence(name="e", dataset="t", frames=np.zeros((3, 9, 9), np.uint8), boxes=np.full((3, 4), np.nan))
    with pytest.raises(ValueError, match="no annotated frame"):
        PairSampler([empty], COMPACT, 13).batch(0, 1)


def test_filter_settings_reach_the_crop():
    frame = np.random.default_rng(0).random((100, 120)).astype(np.float32)
    plain = CropMaker(COMPACT, (6, 6), (100, 120))(frame, (50, 50), 60)
    other = CropMaker(COMPACT.replace(filter=FilterSettings(length=5, angles=2)), (6, 6), (100, 120))(
        frame, (50, 50), 60
    )
    np.testing.assert_array_equal(plain[0], other[0])
    assert not np.array_equal(plain[1], other[1])


def test_a_stream_keeps_few_sequences_and_repeats_itself():
    made = []

    def make(number):
        made.append(number)
        return moving_spot()

    batches = []
    for order in ([0, 1, 2], [2, 0]):  # whoever computes batch 2, and whatever came before
        stream = SequenceStream(make, pool=4)
        sampler = PairSampler(stream, COMPACT, 13)
        batches.append({k: sampler.batch(k, 6)[1] for k in order})
    np.testing.assert_array_equal(batches[0][2], batches[1][2])
    assert set(made) <= set(range(6))
    assert stream.get.cache_info().currsize <= 4


def test_a_pickled_sampler_draws_the_same():
    """Where workers are not forked they get the sampler in a pickle."""
    sampler = recipes.compact_sampler(COMPACT, 13, real=[moving_spot()], seed=1)
    for a, b in zip(pickle.loads(pickle.dumps(sampler)).batch(0, 4), sampler.batch(0, 4), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_mixture_draws_in_the_given_shares():
    class Constant:
        def __init__(self, value):
            self.value = value

        def draw(self, rng, index):
            return Pair(*[np.full(1, self.value)] * 4, None)

    template = MixedSampler([Constant(0), Constant(1)], [1, 3]).batch(0, 400)[0]
    assert 0.68 < template.mean() < 0.82
    with pytest.raises(ValueError, match="one share"):
        MixedSampler([Constant(0)], [1, 2])


def test_arcsinh_is_numpys():
    x = np.concatenate([[0, -0.0, 1e-8, -1e-8, 1e15, -1e15], np.linspace(-50, 50, 1001)]).astype(np.float32)
    np.testing.assert_allclose(arcsinh(x), np.arcsinh(x.astype(np.float64)), rtol=1e-6, atol=3e-7)
    assert arcsinh(x).dtype == np.float32


def test_a_misdrawn_box_cuts_the_template_alone():
    """The search crop and the truth in it stay the target's own; the template is off, within what a hurry does."""
    options = dict(loose=False, sampling=SamplingSettings(noise=0, negatives=0, scale=0))
    right = PairSampler([moving_spot()], COMPACT, 13, **options)
    wrong = PairSampler([moving_spot()], COMPACT, 13, **options | {"sampling": right.sampling.replace(misdrawn=1.0)})
    pairs = [[one.draw(np.random.default_rng(k)) for one in (right, wrong)] for k in range(20)]
    for before, after in pairs:
        assert before.template.shape == after.template.shape
        assert np.abs(before.template - after.template).max() > 0.1
        assert after.view.side == pytest.approx(before.view.side)  # the search window is as wide as it was
        assert after.truth[2:] == pytest.approx(before.truth[2:])  # and the target in it as large


def test_misdrawn_boxes_are_right_on_the_mean():
    box, rng = np.array([40.0, 30, 12, 8]), np.random.default_rng(0)
    drawn = np.array([misdrawn(box, rng) for _ in range(4000)])
    off = (drawn[:, :2] + drawn[:, 2:] / 2 - [46, 34]) / box[2:]
    growth = np.log(drawn[:, 2:] / box[2:])
    for values, deviation in ((off, 0.1), (growth, 0.25)):
        assert np.abs(values.mean(0)).max() < 4 * deviation / np.sqrt(4000)
        assert values.std(0) == pytest.approx(deviation, rel=0.06)
    assert np.abs(growth).max() <= np.log(2) + 1e-12
