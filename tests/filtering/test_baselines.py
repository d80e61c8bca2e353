"""filtering.baselines: each filter against a case worked on paper and against plain loops, and what all have in common."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from irtrack_core import filtering
from irtrack_core.experiments import snr
from irtrack_core.filtering import baselines
from irtrack_core.filtering.baselines import cited, contrast, ranked, windows

NAMES = baselines.available()
SMALL = {"ipi": {"patch": 10, "step": 5}, "pstnn": {"patch": 6}, "edge-s": {"length": 9}}


def small(name, **options):
    """The filter with patches that fit into a small image."""
    return baselines.create(name, **(SMALL.get(name, {}) | options))


def noise(shape=(24, 30), seed=0, dtype=np.float32):
    return np.random.default_rng(seed).integers(50, 90, shape).astype(dtype)


# -- worked on paper


def test_tophat_by_hand():
    image = np.full((9, 9), 5, np.uint8)
    image[1, 1] = 9  # a point: no 3 x 3 square fits under it
    image[4:7, 4:7] = 8  # a block of 3 x 3: one does
    expected = np.zeros_like(image)
    expected[1, 1] = 4
    np.testing.assert_array_equal(windows.tophat(image, size=3), expected)
    expected[4:7, 4:7] = 3
    np.testing.assert_array_equal(windows.tophat(image, size=5), expected)


def test_max_mean_by_hand():
    image = np.zeros((3, 3), np.float32)
    image[1, 1] = 9  # each mean of 3 pixels through it is 3
    np.testing.assert_array_equal(windows.max_mean(image, length=3), [[-3, -3, -3], [-3, 6, -3], [-3, -3, -3]])
    edge = np.array([[0, 6, 6]] * 3, np.float32)  # along the edge the mean is the pixel itself
    np.testing.assert_array_equal(windows.max_mean(edge, length=3)[:, 1], [0, 0, 0])


def test_max_median_by_hand():
    image = np.zeros((5, 5), np.float32)
    image[2, 2] = 9
    np.testing.assert_array_equal(windows.max_median(image, length=3), image)  # a point is no median of a line of 3
    image[2] = 9
    np.testing.assert_array_equal(windows.max_median(image, length=3), 0 * image)  # a line is its own


def test_gaussian_filters_by_hand():
    image = np.zeros((41, 41), np.float32)
    image[20, 20] = 100
    u = np.arange(-20, 21)
    at = [np.exp(-(u**2) / (2 * s**2))[abs(u) <= np.ceil(4 * s)].sum() ** -2 for s in (1.5, 2.4)]
    assert windows.dog(image)[20, 20] == pytest.approx(100 * (at[0] - at[1]), rel=1e-5)
    # the Laplacian of x^2 is 2, blurred or not
    parabola = np.broadcast_to(np.arange(41, dtype=np.float32) ** 2, (41, 41))
    np.testing.assert_allclose(windows.log(parabola, sigma=2)[20, 12:29], -8, atol=2e-3)


def test_log_answers_best_to_a_disc_of_its_size():
    y, x = np.mgrid[-30:31, -30:31]
    disc = (100 * (x**2 + y**2 <= 8**2)).astype(np.float32)  # the area of a circle 15.8 px across
    answers = {sigma: windows.log(disc, sigma=sigma)[30, 30] for sigma in np.arange(3, 9, 0.5)}
    assert max(answers, key=answers.get) == pytest.approx(windows.fit_sigma((15.8, 15.8))["sigma"], abs=0.25)


def test_tdlms_by_hand():
    # mean 2, deviation 1: -1 1 / 1 -1; one weight, on the pixel up and to the left (mirrored at the border), always -1
    # W = 1: e = -1 + 1 = 0; e = 1 + 1 = 2, W = 1 - 1 = 0; e = 1, W = -0.5; e = -1 - 0.5
    image = np.array([[1, 3], [3, 1]], np.uint8)
    np.testing.assert_allclose(windows.tdlms(image, window=1, step=0.25), [[0, 2], [1, -1.5]])


def test_lcm_by_hand():
    image = np.array([[1, 2, 1], [2, 6, 3], [1, 1, 2]], np.uint8)
    assert contrast.lcm(image, cells=(1,))[1, 1] == 36 / 3
    image = np.full((9, 9), 2, np.float32)
    image[:3, :3], image[4, 5] = 4, 8  # a neighbour's mean is 4, the others' 2; the largest in the middle cell is 8
    assert contrast.lcm(image, cells=(3,))[4, 4] == 64 / 4
    assert contrast.lcm(image, cells=(1, 3))[4, 4] == 64 / 4  # the larger of 4 / 8 (scale 1) and 16
    dark = np.zeros((3, 3), np.uint8)
    dark[1, 1] = 5
    assert contrast.lcm(dark, cells=(1,))[1, 1] == 25  # a mean of 0 counts as one grey level


def test_mpcm_by_hand():
    image = np.array([[1, 2, 3], [4, 10, 6], [7, 8, 9]], np.uint8)  # 9 * 1, 8 * 2, 7 * 3, 4 * 6
    assert contrast.mpcm(image, cells=(1,))[1, 1] == 9
    image[1, 1] = 5  # 4 * -4, 3 * -3, 2 * -2, -1 * 1
    assert contrast.mpcm(image, cells=(1,))[1, 1] == -16
    image[1, 1] = 0  # darker than all: the products are positive again
    assert contrast.mpcm(image, cells=(1,))[1, 1] == 9


def test_rlcm_by_hand():
    image = np.array([[1, 2, 1], [2, 10, 5], [1, 1, 2]], np.uint8)
    assert contrast.rlcm(image, cell=1, counts=((1, 1),))[1, 1] == 10 / 5 * 10 - 10
    image = np.full((9, 9), 3, np.float32)
    image[4, 4], image[3, 4] = 8, 4  # two largest: mean 6; around: 3
    assert contrast.rlcm(image, cell=3, counts=((2, 2),))[4, 4] == pytest.approx(6 / 3 * 6 - 6)


def test_lpwc_by_hand():
    image = np.array([[1, 2, 3], [4, 10, 6], [7, 8, 9]], np.uint8)  # products 9 * 1, 8 * 2, 7 * 3, 4 * 6
    # 5 above the mean of the eight around; the variance of all nine is 360 / 9 - (50 / 9)^2
    weight = 25 / (25 + 40 - (50 / 9) ** 2)
    assert cited.lpwc(image, cells=(1,))[1, 1] == pytest.approx(9 * weight, rel=1e-5)
    image[0, 0] = 10  # one neighbour is as bright: an edge, not a target
    assert cited.lpwc(image, cells=(1,))[1, 1] == 0
    assert cited.lpwc(255 - image, cells=(1,))[1, 1] == 0  # a dark target is none


def test_nfo_by_hand():
    image = np.zeros((19, 19), np.float32)
    image[9, 9] = 8  # 8 above the mean of two opposite neighbours in all directions, and nothing in the ring
    np.testing.assert_allclose(cited.nfo(image, cells=(1,)), image)
    image[9, 12] = (
        8  # in the ring: 4 x 8 at the pixel, 4 in one direction at five of its neighbours; 56 pixels, 4 directions
    )
    assert cited.nfo(image, cells=(1,))[9, 9] == pytest.approx(64 / (8 + (4 * 8 + 5 * 4) / 56 / 4))
    image[9] = 8  # a line does not bend along itself
    np.testing.assert_array_equal(cited.nfo(image, cells=(1,)), 0 * image)


def test_mff_by_hand():
    image = np.zeros((15, 15), np.float32)
    image[7, 7] = 9  # the only place with contrast: 9, and 9 above each neighbour
    beside = np.exp(-1 / (2 * (1 / 3) ** 2))
    gauss = np.outer([beside, 1, beside], [beside, 1, beside])
    expected = 0 * image
    expected[7, 7] = 9 * np.corrcoef(gauss.ravel(), image[6:9, 6:9].ravel())[0, 1]
    np.testing.assert_allclose(cited.mff(image, cell=1), expected, atol=1e-5)
    image[7] = 9  # a line is like two of its neighbours
    np.testing.assert_allclose(cited.mff(image, cell=1), 0 * image, atol=1e-5)


def test_edges_by_hand():
    image = np.zeros((12, 12), np.uint8)
    image[:, 6:] = 4  # a step
    expected = np.zeros_like(image)
    expected[:, 5:7] = 4
    np.testing.assert_array_equal(cited.edges(image), expected)
    np.testing.assert_array_equal(cited.edge_mask(image), expected > 0)  # straight: nothing changes along it
    image[2:4, 1:3] = 4  # a spot of two pixels changes in all directions
    assert not cited.edge_mask(image)[2:4, 1:3].any() and cited.edges(image)[2:4, 1:3].all()


def test_the_edge_mask_chooses_s_of_eq_4():
    image = np.random.default_rng(5).integers(40, 60, (40, 44)).astype(np.uint8)
    image[:, 30:] += 100
    image[20:22, 10:12] = 200
    _, U, M = filtering.multilevel_filter(image, filtering.line_elements(9, 4), filtering.rectangle(3, 3))
    mask, response = cited.edge_mask(image), cited.edge_s(image, length=9)
    assert mask[:, 29:31].mean() > 0.9 and mask[:, :20].mean() < 0.1
    np.testing.assert_array_equal(response[mask], M[mask])
    np.testing.assert_array_equal(response[~mask], U[~mask])
    assert M[20:22, 10:12].max() < U[20:22, 10:12].max() == response[20:22, 10:12].max()  # the point stays


def test_assumptions_name_every_cited_filter():
    assert set(cited.ASSUMPTIONS) | {"edge-s"} == {
        n for n, f in baselines.REGISTRY.items() if "cited" in f.function.__module__
    }


def test_none_and_negative():
    image = noise(dtype=np.uint16)
    np.testing.assert_array_equal(baselines.none(image), image)
    np.testing.assert_array_equal(baselines.negative(baselines.negative(image)), image)
    real = noise()
    assert baselines.negative(real).min() == real.min() and baselines.negative(real).argmax() == real.argmin()


# -- the same in plain loops


def mirrored(image, y, x):
    """The pixel, the frame mirrored at its edges."""
    for size, at in zip(image.shape, (y, x)):
        assert -size <= at < 2 * size
    y, x = (-1 - v if v < 0 else 2 * n - 1 - v if v >= n else v for v, n in zip((y, x), image.shape))
    return float(image[y, x])


def cell(image, y, x, u):
    half = u // 2
    return [mirrored(image, y + i, x + j) for i in range(-half, half + 1) for j in range(-half, half + 1)]


def looped(image, function):
    return np.array([[function(y, x) for x in range(image.shape[1])] for y in range(image.shape[0])])


@pytest.mark.parametrize("reduce, name", [(np.mean, "max-mean"), (np.median, "max-median")])
@pytest.mark.parametrize("length", [3, 7])
def test_directional_filters_against_plain_loops(reduce, name, length):
    image, half = noise((11, 13)), length // 2

    def naive(y, x):
        lines = [[mirrored(image, y + k * i, x + k * j) for k in range(-half, half + 1)]
                 for i, j in ((0, 1), (1, 0), (1, 1), (1, -1))]  # fmt: skip
        return image[y, x] - max(reduce(line) for line in lines)

    np.testing.assert_allclose(baselines.create(name, length=length)(image), looped(image, naive), atol=1e-4)


def test_tdlms_against_plain_loops():
    image, window, delay, step = noise((9, 12), seed=3), 3, 2, 0.01
    values = (image - image.mean(dtype=float)) / image.std(dtype=float)
    weights, naive = np.full((window, window), 1 / window**2), np.zeros(image.shape)
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            seen = np.array(
                [[mirrored(values, y - delay - i, x - delay - j) for j in range(window)] for i in range(window)]
            )
            error = values[y, x] - (weights * seen).sum()
            weights += min(2 * step, 1 / (seen**2).sum()) * error * seen
            naive[y, x] = error * image.std(dtype=float)
    np.testing.assert_allclose(windows.tdlms(image, window=window, delay=delay, step=step), naive, atol=1e-3)


def test_tdlms_survives_a_target_of_a_hundred_sigma():
    image = noise((40, 50)) * np.float32(0.1)
    image[20:25, 20:25] += 120
    response = windows.tdlms(image, step=0.03)
    assert abs(response).max() < 1000 and abs(response[:15]).max() < 20


AROUND = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]


@pytest.mark.parametrize("cells", [(3,), (3, 5)])
def test_lcm_against_plain_loops(cells):
    image = noise((16, 17), seed=1)

    def naive(y, x):
        scales = []
        for u in cells:
            L = max(cell(image, y, x, u))
            scales.append(min(L * L / np.mean(cell(image, y + u * i, x + u * j, u)) for i, j in AROUND))
        return max(scales)

    np.testing.assert_allclose(contrast.lcm(image, cells=cells), looped(image, naive), rtol=1e-5)


@pytest.mark.parametrize("cells", [(3,), (3, 5)])
def test_mpcm_against_plain_loops(cells):
    image = noise((16, 17), seed=2)

    def naive(y, x):
        scales = []
        for u in cells:
            steps = {
                (i, j): np.mean(cell(image, y, x, u)) - np.mean(cell(image, y + u * i, x + u * j, u)) for i, j in AROUND
            }
            scales.append(min(steps[i, j] * steps[-i, -j] for i, j in AROUND))
        return max(scales)

    np.testing.assert_allclose(contrast.mpcm(image, cells=cells), looped(image, naive), atol=1e-2)


def test_rlcm_against_plain_loops():
    image, counts, u = noise((14, 15), seed=4), ((1, 3), (4, 2)), 5
    top = lambda values, k: np.mean(sorted(values)[-k:])  # noqa: E731

    def naive(y, x):
        scales = []
        for k1, k2 in counts:
            own = top(cell(image, y, x, u), k1)
            scales.append(min(own / top(cell(image, y + u * i, x + u * j, u), k2) * own - own for i, j in AROUND))
        return max(scales)

    np.testing.assert_allclose(contrast.rlcm(image, cell=u, counts=counts), looped(image, naive), atol=1e-3)


@pytest.mark.parametrize("cells", [(3,), (1, 3)])
def test_lpwc_against_plain_loops(cells):
    image = noise((16, 17), seed=6)

    def naive(y, x):
        scales = []
        for u in cells:
            steps = {
                (i, j): np.mean(cell(image, y, x, u)) - np.mean(cell(image, y + u * i, x + u * j, u)) for i, j in AROUND
            }
            product = min(max(steps[i, j], 0) * max(steps[-i, -j], 0) for i, j in AROUND)
            step = np.mean(list(steps.values())) ** 2
            scales.append(product * step / (step + np.var(cell(image, y, x, 3 * u))))
        return max(scales)

    np.testing.assert_allclose(cited.lpwc(image, cells=cells), looped(image, naive), atol=1e-2)


@pytest.mark.parametrize("cells", [(1,), (1, 3)])
def test_nfo_against_plain_loops(cells):
    image = noise((16, 17), seed=7)
    ways = ((0, 1), (1, 0), (1, 1), (1, -1))

    def bends(y, x, u):
        ends = [[np.mean(cell(image, y + k * u * i, x + k * u * j, u)) for k in (-1, 1)] for i, j in ways]
        return [np.mean(cell(image, y, x, u)) - np.mean(pair) for pair in ends]

    tables = {u: looped(image, lambda y, x: np.mean(np.abs(bends(y, x, u)))) for u in cells}  # noqa: B023

    def naive(y, x):
        scales = []
        for u in cells:
            curved = max(min(bends(y, x, u)), 0)
            ring = (np.sum(cell(tables[u], y, x, 9 * u)) - np.sum(cell(tables[u], y, x, 5 * u))) / (56 * u * u)
            scales.append(curved**2 / (curved + ring))
        return max(scales)

    np.testing.assert_allclose(cited.nfo(image, cells=cells), looped(image, naive), atol=1e-2)


def test_mff_against_plain_loops():
    image, u = noise((16, 17), seed=8), 3
    profile = np.exp(-(np.arange(-4, 5) ** 2) / 2)
    gauss = np.outer(profile, profile).ravel()

    def around(y, x):
        return [np.mean(cell(image, y + u * i, x + u * j, u)) for i, j in AROUND]

    mean = looped(image, lambda y, x: np.mean(cell(image, y, x, u)))
    contrast_map = np.maximum(mean - looped(image, lambda y, x: np.mean(around(y, x))), 0)
    unlike = np.maximum(mean - looped(image, lambda y, x: max(around(y, x))), 0)
    likeness = looped(image, lambda y, x: max(np.corrcoef(gauss, cell(image, y, x, 3 * u))[0, 1], 0))
    expected = contrast_map * likeness * unlike / unlike.max()  # both have their least, 0, somewhere
    assert contrast_map.min() == unlike.min() == 0
    np.testing.assert_allclose(cited.mff(image, cell=u), expected, atol=2e-3)


def test_rlcm_in_chunks_is_the_same(monkeypatch):
    image = noise((40, 50))
    whole = contrast.rlcm(image)
    monkeypatch.setattr(ranked, "CHUNK", 1000)
    np.testing.assert_array_equal(contrast.rlcm(image), whole)


@pytest.mark.parametrize(
    ("cell", "counts"), [(1, (1,)), (3, (2, 9)), (7, (1, 5, 16)), (9, (2, 4, 5, 9, 16)), (13, (4, 33))]
)
def test_largest_means_against_sorting(cell, counts):
    image = np.round(noise((23, 31)) / 7).astype(np.float32)  # with ties
    windows = np.lib.stride_tricks.sliding_window_view(image, (cell, cell)).reshape(24 - cell, 32 - cell, -1)
    fallen = np.sort(windows, axis=-1)[..., ::-1].astype(float)
    for k, found in zip(counts, ranked.largest_means(image, cell, counts), strict=True):
        np.testing.assert_array_equal(found, fallen[..., :k].mean(axis=-1).astype(np.float32))


@pytest.mark.parametrize("length", [1, 3, 9, 31])
def test_max_median_against_plain_loops(length):
    image, half = noise((20, 26)).astype(np.float32), length // 2
    padded = np.pad(image, half, mode="symmetric")
    for y, x in ((0, 0), (3, 25), (19, 7), (10, 12)):
        lines = [
            [padded[half + y + k * dy, half + x + k * dx] for k in range(-half, half + 1)]
            for dy, dx in ((0, 1), (1, -1), (1, 0), (1, 1))
        ]
        assert windows.max_median(image, length=length)[y, x] == image[y, x] - max(np.median(line) for line in lines)


# -- what all share


@pytest.mark.parametrize("name", NAMES)
def test_interface(name):
    image = (80 + np.arange(112) // 3 + noise((96, 112)) / 20).astype(np.uint8)
    image[32:34, 65:67] += 30
    kept = image.copy()
    for filtered in (baselines.create(name), baselines.create(name, target=(3, 3))):
        response = filtered(image)
        np.testing.assert_array_equal(image, kept)
        assert response.shape == image.shape and response.dtype in (np.float32, np.uint8)
        y, x = np.unravel_index(response.argmax(), response.shape)
        assert abs(y - 32) <= 4 and abs(x - 65) <= 4


@pytest.mark.parametrize("name", NAMES)
def test_equal_values_of_any_type_give_equal_results(name):
    results = [small(name)(noise(dtype=dtype)) for dtype in (np.uint8, np.uint16, np.float32)]
    for other in results[1:]:
        np.testing.assert_allclose(other.astype(float), results[0].astype(float), atol=1e-3)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("none", "lcm")])
def test_a_flat_image_gives_nothing(name):
    np.testing.assert_allclose(small(name)(np.full((20, 25), 77, np.uint8)), 0, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(
    image=arrays(np.uint8, (12, 14), elements=st.integers(1, 120)),
    gain=st.sampled_from([2, 5]),
    offset=st.integers(0, 60),
)
def test_gain_and_offset(image, gain, offset):
    """Linear filters and order filters follow the gain and ignore an offset; ratios follow the gain only."""
    real = image.astype(np.float32)
    for name in ("tophat", "max-mean", "max-median", "dog", "log", "tdlms", "mpcm", "lpwc", "nfo", "mff", "edges"):
        filtered, power = baselines.create(name), baselines.REGISTRY[name].power
        expected = gain**power * filtered(real).astype(float)
        np.testing.assert_allclose(
            filtered(gain * real + offset), expected, atol=2e-3 * gain**power * (1 + 20 * (power - 1))
        )
    for name in ("lcm", "rlcm"):
        filtered = baselines.create(name)
        np.testing.assert_allclose(filtered(gain * real), gain * filtered(real), rtol=1e-4, atol=1e-2)


@settings(max_examples=20, deadline=None)
@given(image=arrays(np.uint8, (13, 13), elements=st.integers(1, 255)))
def test_turned_images_give_turned_responses(image):
    for name in set(NAMES) - {"tdlms", "ipi", "pstnn"}:  # a raster scan, and patches in an order, have a direction
        filtered = small(name)
        np.testing.assert_allclose(
            filtered(np.ascontiguousarray(np.rot90(image))), np.rot90(filtered(image)), rtol=1e-4, atol=2e-2
        )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "image, error",
    [
        (np.zeros((20, 20, 3), np.uint8), "colour"),
        (np.zeros(20, np.uint8), "2-D"),
        (np.zeros((20, 20)), "float32"),
        (np.full((20, 20), np.nan, np.float32), "NaN"),
    ],
)
def test_bad_images_are_refused(name, image, error):
    with pytest.raises((TypeError, ValueError), match=error):
        small(name)(image)


@pytest.mark.parametrize(
    "name, options, error",
    [
        ("tophat", {"size": 4}, "odd"),
        ("tophat", {"size": 31}, "larger than the image"),
        ("max-mean", {"length": 4}, "odd"),
        ("max-median", {"length": 0}, "odd"),
        ("dog", {"sigma": 0}, "sigma"),
        ("dog", {"ratio": 1}, "ratio"),
        ("log", {"sigma": -1}, "sigma"),
        ("tdlms", {"step": 0.05}, "run away"),
        ("tdlms", {"delay": 0}, "delay"),
        ("lcm", {"cells": (4,)}, "odd"),
        ("mpcm", {"cells": ()}, "odd"),
        ("rlcm", {"counts": ((2, 100),)}, "counts"),
        ("lpwc", {"cells": (2,)}, "odd"),
        ("nfo", {"cells": ()}, "odd"),
        ("mff", {"cell": 4}, "odd"),
        ("edges", {"length": 4}, "odd"),
        ("edge-s", {"length": 31}, "larger than the image"),
        ("ipi", {"patch": 50}, "do not fit"),
        ("pstnn", {"step": -1}, "step"),
    ],
)
def test_bad_parameters_are_refused(name, options, error):
    with pytest.raises(ValueError, match=error):
        small(name, **options)(noise())


@pytest.mark.parametrize("name", ["lcm", "rlcm"])
def test_ratios_refuse_negative_grey_values(name):
    with pytest.raises(ValueError, match="negative"):
        baselines.create(name)(noise() - 60)


# -- the registry


def test_registry(monkeypatch):
    monkeypatch.setattr(baselines, "REGISTRY", dict(baselines.REGISTRY))
    with pytest.raises(ValueError, match="unknown filter 'tophta'"):
        baselines.create("tophta")

    @baselines.register("mine", fit=lambda size: {"k": size[0]})
    def mine(image, *, k=1):
        return image * np.float32(k)

    image = noise()
    np.testing.assert_array_equal(baselines.create("mine")(image), image)
    np.testing.assert_array_equal(baselines.create("mine", target=(3, 4))(image), 3 * image)
    np.testing.assert_array_equal(baselines.create("mine", target=(3, 4), k=2)(image), 2 * image)
    assert baselines.register("mine", mine) is mine  # again is no error
    for taken in ("mine", "log", "M"):
        with pytest.raises(ValueError, match="taken"):
            baselines.register(taken, lambda image: image)


def test_fits():
    assert windows.fit_tophat((5, 3)) == {"size": 15}
    assert windows.fit_line((4.2, 3)) == {"length": 11}
    assert windows.fit_delay((4.2, 3)) == {"delay": 5}
    assert contrast.fit_cells((3, 3)) == {"cells": (3, 5)} and contrast.fit_cells((10, 10)) == {"cells": (9, 11, 13)}
    assert contrast.fit_cell((4, 4)) == {"cell": 9, "counts": ((2, 4), (5, 9), (9, 16))}
    assert contrast.fit_cell((60, 30))["cell"] == 21


def test_add_a_filter_as_documented(root, monkeypatch, capsys):
    text = (root / "docs/add_a_filter.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) == 2 and len(text.splitlines()) <= 40
    monkeypatch.setattr(baselines, "REGISTRY", dict(baselines.REGISTRY))
    scope = {}
    for block in blocks:
        exec(compile(block, "docs/add_a_filter.md", "exec"), scope)
    assert scope["response"].shape == (256, 256) and scope["response"].max() > 2
    assert set(scope["table"]["filter"]) == {"none", "U", "M", "minus-mean"}
    assert (scope["table"]["filter"] == "minus-mean").sum() == 3 * 2 * len(snr.VARIANTS)
    out = capsys.readouterr().out
    assert "minus-mean paper" in " ".join(out.split())
