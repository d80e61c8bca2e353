"""filtering against naive loops, scikit-image and the algebra of openings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import morphology as sk

from irtrack_core.config import FilterSettings
from irtrack_core.filtering import (
    background,
    build,
    closing,
    dilation,
    drawn_element,
    element_length,
    erosion,
    filter_stack,
    filter_window,
    line_element,
    line_elements,
    line_opening,
    multilevel_filter,
    open_rectangle,
    opening,
    rectangle,
    shape_element,
    support,
    suppress,
)

DTYPES = [np.uint8, np.uint16, np.float32]
few = settings(max_examples=60, deadline=None)


def naive(image, element, operation, outside):
    """Local minimum or maximum over the element by plain loops; pixels outside the frame have the value `outside`."""
    ry, rx = np.array(element.shape) // 2
    padded = np.pad(np.asarray(image, float), ((ry, ry), (rx, rx)), constant_values=outside)
    out = np.empty(image.shape)
    for r in range(image.shape[0]):
        for c in range(image.shape[1]):
            patch = padded[r : r + element.shape[0], c : c + element.shape[1]]
            out[r, c] = operation(patch[element.astype(bool)])
    return out


def naive_opening(image, element):
    return naive(naive(image, element, np.min, np.inf), element, np.max, -np.inf)


def naive_closing(image, element):
    return naive(naive(image, element, np.max, -np.inf), element, np.min, np.inf)


def noise(seed, shape=(24, 31), dtype=np.uint8, high=256):
    return np.random.default_rng(seed).integers(0, high, shape).astype(dtype)


def test_three_levels_by_hand():
    """A 1 x 5 row: line of 3 level. Erosion 2 2 2 1 1, dilation 2 2 2 2 1, so U = 0 3 0 0 0."""
    image = np.array([[2, 5, 2, 2, 1]], np.uint8)
    E, U, M = multilevel_filter(image, [np.ones((1, 3))], np.ones((1, 1)))
    assert E.tolist() == [[2, 2, 2, 2, 1]]
    assert U.tolist() == [[0, 3, 0, 0, 0]]
    assert M.tolist() == U.tolist()
    # a rectangle wider than the target takes the target away
    assert multilevel_filter(image, [np.ones((1, 3))], np.ones((1, 3)))[2].max() == 0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("angles", [1, 4, 7])
def test_equals_naive_loops(dtype, angles):
    image, elements, s = noise(1, dtype=dtype), line_elements(7, angles), rectangle(3, 3)
    for _ in range(2):  # the first call of a size goes through OpenCV, the others through `line_opening`
        E, U, M = multilevel_filter(image, elements, s)
    expected = np.max([naive_opening(image, a) for a in elements], axis=0)
    assert E.dtype == U.dtype == M.dtype == dtype
    np.testing.assert_array_equal(E, expected)
    np.testing.assert_array_equal(U, image - expected)
    np.testing.assert_array_equal(M, naive_opening(U, s))


@pytest.mark.parametrize("dtype", DTYPES)
def test_equals_scikit_image(dtype):
    # mode "ignore": pixels outside the frame decide nothing, which is OpenCV's default border too
    image = noise(2, (64, 81), dtype)
    for angle in np.arange(0, 180, 11.25):
        a = line_element(15, angle)
        expected = sk.dilation(sk.erosion(image, a, mode="ignore"), a, mode="ignore")
        np.testing.assert_array_equal(opening(image, a), expected)


def test_dark_polarity_is_the_dual():
    image, elements, s = noise(3), line_elements(5, 4), rectangle(3, 3)
    E, U, M = multilevel_filter(image, elements, s, polarity="dark")
    np.testing.assert_array_equal(closing(image, elements[1]), naive_closing(image, elements[1]))
    negative = multilevel_filter(255 - image, elements, s)
    np.testing.assert_array_equal(E, 255 - negative[0])
    np.testing.assert_array_equal(U, negative[1])
    np.testing.assert_array_equal(M, negative[2])


@pytest.mark.parametrize("dtype", DTYPES)
def test_both_polarities(dtype):
    image = np.full((40, 40), 100, dtype)
    image[10:12, 10:12], image[25:27, 25:27] = 130, 60
    E, U, M = multilevel_filter(image, line_elements(9, 4), rectangle(1, 1), polarity="both")
    assert U[10, 10] == 30 and U[25, 25] == 40 and np.count_nonzero(U) == 8
    np.testing.assert_array_equal(E, 100)
    np.testing.assert_array_equal(U, np.abs(image.astype(float) - E))
    np.testing.assert_array_equal(M, U)


# -- elements


@given(length=st.integers(0, 20).map(lambda k: 2 * k + 1), angle=st.floats(-720, 720))
@few
def test_line_is_odd_symmetric_connected_and_of_its_length(length, angle):
    a = line_element(length, angle)
    assert a.shape == (length, length) and a.dtype == np.uint8
    assert a.sum() == length
    np.testing.assert_array_equal(a, a[::-1, ::-1])
    rows, columns = np.nonzero(a)
    # one pixel for each step of the longer axis, neighbours touching
    along, across = (rows, columns) if np.ptp(rows) >= np.ptp(columns) else (columns, rows)
    order = np.argsort(along, kind="stable")
    assert (np.diff(along[order]) == 1).all() and (np.abs(np.diff(across[order])) <= 1).all()


def test_line_angles():
    assert line_element(5, 0)[2].all() and line_element(5, 90)[:, 2].all()
    np.testing.assert_array_equal(line_element(5, 135), np.eye(5))
    np.testing.assert_array_equal(line_element(9, 30), line_element(9, 210))
    np.testing.assert_array_equal(line_element(9, 30).T[::-1, ::-1], line_element(9, 60))
    # measured direction: least squares through the pixels
    rows, columns = np.nonzero(line_element(41, 20))
    slope = -np.polyfit(columns, rows, 1)[0]
    assert abs(np.degrees(np.arctan(slope)) - 20) < 0.5


def test_family_spreads_over_half_a_turn():
    family = line_elements(15, 8)
    assert len(family) == 8 and len({a.tobytes() for a in family}) == 8
    np.testing.assert_array_equal(family[2], line_element(15, 45))
    assert line_elements()[0].shape == (15, 15) and len(line_elements()) == 4


def test_rectangle_build_and_length():
    assert rectangle(3, 5).shape == (3, 5) and rectangle(3, 5).all()
    elements, s = build(FilterSettings(length=9, angles=6, rectangle=(1, 3)))
    assert len(elements) == 6 and elements[0].shape == (9, 9) and s.shape == (1, 3)
    elements, _ = build(FilterSettings(length=None), size=(30, 12))
    assert elements[0].shape == (33, 33)
    with pytest.raises(ValueError, match="size"):
        build(FilterSettings(length=None))
    assert element_length((2, 2), minimum=4) == 5


@given(w=st.floats(0.5, 30), h=st.floats(0.5, 30), x=st.floats(0, 1), y=st.floats(0, 1), seed=st.integers(0, 9))
@few
def test_element_length_lets_no_line_fit_in_the_target(w, h, x, y, seed):
    """Every pixel that the box touches, anywhere on the grid, is bright: none of it may stay in E."""
    length = element_length((w, h), minimum=1)
    image = np.zeros((75, 75), np.uint8)
    x, y = 20 + x, 20 + y
    image[int(y) : int(np.ceil(y + h)), int(x) : int(np.ceil(x + w))] = 200
    angle = np.random.default_rng(seed).uniform(0, 180)
    assert opening(image, line_element(length, angle)).max() == 0
    assert length % 2 == 1


@pytest.mark.parametrize("size", [1, 3, 5, 9, 15])
def test_other_shapes(size):
    half = size // 2
    np.testing.assert_array_equal(shape_element("disc", size), sk.disk(half))
    np.testing.assert_array_equal(shape_element("diamond", size), sk.diamond(half))
    np.testing.assert_array_equal(shape_element("square", size), np.ones((size, size)))
    assert shape_element("cross", size).sum() == 2 * size - 1
    for shape in ("square", "cross", "disc", "diamond", "ring"):
        element = shape_element(shape, size)
        assert element.shape == (size, size) and element.dtype == np.uint8
        np.testing.assert_array_equal(element, element[::-1, ::-1])
        np.testing.assert_array_equal(element, element.T)
    # a ring is the disc without the pixels whose four neighbours all lie in the disc
    disc = np.pad(sk.disk(half), 1)
    inner = disc[1:-1, 1:-1] & disc[:-2, 1:-1] & disc[2:, 1:-1] & disc[1:-1, :-2] & disc[1:-1, 2:]
    np.testing.assert_array_equal(shape_element("ring", size), sk.disk(half) - inner)


def test_a_ring_is_a_background_that_looks_only_around():
    image = np.full((21, 21), 50, np.uint8)
    image[9:12, 9:12] = 200
    U = multilevel_filter(image, [shape_element("ring", 9)], rectangle(3, 3))[2]
    assert np.count_nonzero(U) == 9 and U.max() == 150


def test_drawn_by_hand():
    drawn = drawn_element("""
        ..x
        .x.
        ...
    """)
    np.testing.assert_array_equal(drawn, line_element(3, 45))
    image = noise(8)
    np.testing.assert_array_equal(opening(image, drawn), naive_opening(image, drawn))
    for bad in ("", "x. x", "xo x.", "xx", "...", "x x"):
        with pytest.raises(ValueError):
            drawn_element(bad)
    with pytest.raises(ValueError, match="shape"):
        shape_element("star", 5)
    with pytest.raises(ValueError, match="odd"):
        shape_element("disc", 4)


def test_erosion_and_dilation():
    image, element = noise(9), shape_element("cross", 5)
    np.testing.assert_array_equal(erosion(image, element), naive(image, element, np.min, np.inf))
    np.testing.assert_array_equal(dilation(image, element), naive(image, element, np.max, -np.inf))
    np.testing.assert_array_equal(opening(image, element), dilation(erosion(image, element), element))
    np.testing.assert_array_equal(closing(image, element), erosion(dilation(image, element), element))


# -- one window


@given(data=st.data(), dtype=st.sampled_from(DTYPES), polarity=st.sampled_from(["bright", "dark", "both"]))
@settings(max_examples=150, deadline=None)
def test_window_is_bit_identical_to_the_whole_frame(data, dtype, polarity):
    rows, columns = data.draw(st.integers(9, 70)), data.draw(st.integers(9, 70))
    length, angles = data.draw(st.sampled_from([1, 3, 5, 9])), data.draw(st.integers(1, 5))
    elements = line_elements(length, angles)
    s = rectangle(data.draw(st.sampled_from([1, 3, 5])), data.draw(st.sampled_from([1, 3, 7])))
    x, y = data.draw(st.integers(0, columns - 1)), data.draw(st.integers(0, rows - 1))
    window = (x, y, data.draw(st.integers(1, columns - x)), data.draw(st.integers(1, rows - y)))
    image = noise(data.draw(st.integers(0, 99)), (rows, columns), dtype)
    whole = multilevel_filter(image, elements, s, polarity=polarity)
    for _ in range(2):  # the second call takes the fast way
        part = filter_window(image, window, elements, s, polarity=polarity)
    x, y, w, h = window
    for a, b in zip(part, whole, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b[y : y + h, x : x + w])


@pytest.mark.parametrize("polarity", ["bright", "dark", "both"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_thousands_of_windows(dtype, polarity, monkeypatch):
    """Bit by bit (zeros of both signs included), a third of them at a border, small, large, of one pixel and whole."""
    monkeypatch.setattr(line_opening, "KEPT", 500)  # so that nearly all windows take the fast way, not OpenCV's
    rng, programs = np.random.default_rng([len(polarity), np.dtype(dtype).itemsize]), line_opening._local.__dict__
    image = noise(5, (90, 120), dtype)
    if dtype == np.float32:
        image = (image - 128) * np.float32(0.37)
        image[rng.random(image.shape) < 0.3] = 0
        image[rng.random(image.shape) < 0.5] *= -1
    families = [line_elements(15, 8), line_elements(7, 3), [*line_elements(9, 2), shape_element("ring", 7)]]
    for lines, s in zip(families, (rectangle(3, 3), rectangle(1, 5), rectangle(1, 1))):
        whole = multilevel_filter(image, lines, s, polarity=polarity)
        for _ in range(250):
            w, h = rng.integers(1, 121) if rng.random() < 0.3 else rng.integers(1, 40), rng.integers(1, 91)
            x, y = rng.integers(0, 121 - w), rng.integers(0, 91 - h)
            x, y = rng.choice([x, x, 0, 120 - w]), rng.choice([y, y, 0, 90 - h])
            for a, b in zip(filter_window(image, (x, y, w, h), lines, s, polarity=polarity), whole):
                assert a.dtype == dtype and a.tobytes() == b[y : y + h, x : x + w].tobytes()
    assert dtype == np.float32 or sum(program is not None for program in programs["kept"].values()) > 50


@pytest.mark.parametrize("dtype", DTYPES)
def test_windows_of_a_large_frame(dtype):
    """640 x 480: the windows go through `line_opening`, and the whole frame where it is small enough."""
    image, elements, s = noise(11, (480, 640), dtype, 200), line_elements(15, 4), rectangle(3, 3)
    rng = np.random.default_rng(6)
    for _ in range(2):
        whole = multilevel_filter(image, elements, s)
    for _ in range(100):
        x, y = int(rng.integers(0, 577)), int(rng.integers(0, 417))
        for a, b in zip(filter_window(image, (x, y, 64, 64), elements, s), whole):
            assert a.tobytes() == b[y : y + 64, x : x + 64].tobytes()


# -- a stack of frames


@pytest.mark.parametrize("polarity", ["bright", "dark", "both"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_stack_is_frame_after_frame(dtype, polarity):
    stack = noise(12, (7, 40, 50), dtype)
    elements, s = line_elements(9, 4), rectangle(3, 3)
    results = filter_stack(stack, elements, s, polarity=polarity)
    for i, frame in enumerate(stack):
        for result, level in zip(results, multilevel_filter(frame, elements, s, polarity=polarity)):
            assert result.shape == stack.shape and result.dtype == dtype
            assert result[i].tobytes() == level.tobytes()
    part = filter_stack(list(stack), iter(elements), s, polarity=polarity, window=(5, 0, 20, 11))
    for small, whole in zip(part, results):
        np.testing.assert_array_equal(small, whole[:, :11, 5:25])


def test_a_stack_may_be_lazy():
    class Lazy:
        read = 0

        def __len__(self):
            return 4

        def __getitem__(self, i):
            self.read += 1
            return noise(i, (30, 30))

    lazy, seen = Lazy(), []
    E, _, _ = filter_stack(lazy, line_elements(5, 2), rectangle(1, 1), progress=lambda x: seen.append(len(x)) or x)
    assert seen == [4] and lazy.read <= 5
    np.testing.assert_array_equal(E[3], background(noise(3, (30, 30)), line_elements(5, 2)))


def test_a_stack_that_cannot_be_filtered():
    elements, s = line_elements(5, 4), rectangle(3, 3)
    with pytest.raises(ValueError, match="no frames"):
        filter_stack(np.zeros((0, 20, 20), np.uint8), elements, s)
    with pytest.raises(ValueError, match="single frame"):
        filter_stack(np.zeros((20, 20), np.uint8), elements, s)
    with pytest.raises(ValueError, match="frame 0: a colour image"):
        filter_stack(np.zeros((4, 20, 20, 3), np.uint8), elements, s)
    with pytest.raises(ValueError, match="frame 1: .*differs from frame 0"):
        filter_stack([np.zeros((20, 20), np.uint8), np.zeros((20, 21), np.uint8)], elements, s)
    with pytest.raises(TypeError, match="frame 0: .*float64"):
        filter_stack(np.zeros((4, 20, 20)), elements, s)
    broken = np.zeros((4, 20, 20), np.float32)
    broken[2, 3, 3] = np.nan
    with pytest.raises(ValueError, match="frame 2: .*NaN"):
        filter_stack(broken, elements, s)


def test_support_is_needed_and_enough():
    """Changing a pixel just outside the support never changes the centre; some pixel at its edge does."""
    elements, s = line_elements(5, 4), rectangle(3, 3)
    halo = support(elements, s)
    assert (support(elements), halo) == (4, 6)
    image = noise(6, (41, 41))
    centre = [result[20, 20] for result in multilevel_filter(image, elements, s)]
    for r, c in [(20, 20 + halo + 1), (20 - halo - 1, 20), (20 + halo + 1, 20 + halo + 1)]:
        for value in (0, 255):
            changed = image.copy()
            changed[r, c] = value
            assert [result[20, 20] for result in multilevel_filter(changed, elements, s)] == centre
    row = np.zeros((9, 41), np.uint8)
    row[4, 20:23] = 9
    row[4, 24] = 9
    bridged = row.copy()
    bridged[4, 23] = 9  # three pixels away from column 20, it makes the run five long
    assert background(row, elements[:1])[4, 20] == 0 and background(bridged, elements[:1])[4, 20] == 9


@pytest.mark.parametrize("window", [(0, 0, 0, 5), (-1, 0, 5, 5), (0, 0, 42, 5), (0, 40, 5, 2), (0.5, 0, 5, 5)])
def test_window_outside_the_frame(window):
    with pytest.raises(ValueError, match="window"):
        filter_window(noise(0, (41, 41)), window, line_elements(5, 4), rectangle(3, 3))


def test_small_window_of_a_frame_smaller_than_the_element():
    with pytest.raises(ValueError, match="larger than the image of 10 x 50"):
        filter_window(noise(0, (10, 50)), (2, 2, 3, 3), line_elements(15, 4), rectangle(3, 3))


# -- the algebra

images = st.integers(0, 10_000).map(lambda seed: noise(seed, high=200))


@given(image=images, length=st.sampled_from([3, 5, 9]), angles=st.integers(1, 6))
@few
def test_below_the_image_and_idempotent(image, length, angles):
    elements, s = line_elements(length, angles), rectangle(3, 3)
    before = image.copy()
    E, U, M = multilevel_filter(image, elements, s)
    np.testing.assert_array_equal(image, before)
    assert (E <= image).all() and (M <= U).all()
    np.testing.assert_array_equal(E.astype(int) + U, image)
    np.testing.assert_array_equal(opening(opening(image, elements[0]), elements[0]), opening(image, elements[0]))
    np.testing.assert_array_equal(background(E, elements), E)  # a maximum of openings is an opening
    np.testing.assert_array_equal(open_rectangle(M, s), M)


@given(image=images, offset=st.integers(0, 55), scale=st.integers(1, 300), shift=st.integers(1, 5))
@few
def test_offset_scale_translation_and_type(image, offset, scale, shift):
    elements, s = line_elements(5, 4), rectangle(3, 3)
    E, U, M = multilevel_filter(image, elements, s)
    lifted = multilevel_filter(image + np.uint8(offset), elements, s)
    np.testing.assert_array_equal(lifted[0], E + np.uint8(offset))
    np.testing.assert_array_equal(lifted[2], M)
    scaled = multilevel_filter(image.astype(np.uint16) * np.uint16(scale), elements, s)
    for a, b in zip(scaled, (E, U, M)):
        np.testing.assert_array_equal(a, b.astype(int) * scale)
    halo = support(elements, s)
    shifted = multilevel_filter(np.roll(image, shift, axis=1), elements, s)
    inner = (slice(halo, -halo), slice(halo + shift, -halo))
    np.testing.assert_array_equal(shifted[2][inner], np.roll(M, shift, axis=1)[inner])
    for dtype in DTYPES:
        for a, b in zip(multilevel_filter(image.astype(dtype), elements, s), (E, U, M)):
            assert a.dtype == dtype
            np.testing.assert_array_equal(a, b)


@given(image=images)
@few
def test_more_angles_raise_the_background_and_longer_lines_lower_it(image):
    few_angles, more_angles = background(image, line_elements(9, 4)), background(image, line_elements(9, 8))
    assert (more_angles >= few_angles).all()
    assert (background(image, line_elements(11, 1)) <= background(image, line_elements(9, 1))).all()


def test_float_values_and_strided_views():
    image = np.random.default_rng(0).normal(-5, 3, (60, 80)).astype(np.float32)
    elements, s = line_elements(7, 4), rectangle(3, 3)
    E, U, M = multilevel_filter(image, elements, s)
    np.testing.assert_array_equal(E, np.max([naive_opening(image, a) for a in elements], axis=0).astype(np.float32))
    assert (E <= image).all() and (U >= 0).all() and (M <= U).all()
    for view in (image[::-1], image[:, ::-1], image[::2, 1::3], image.T):
        np.testing.assert_array_equal(
            multilevel_filter(view, elements, s)[2], multilevel_filter(view.copy(), elements, s)[2]
        )


# -- bad input

BAD_IMAGES = [
    (np.zeros((20, 20)), TypeError, "float64.*float32"),
    (np.zeros((20, 20), bool), TypeError, "bool"),
    (np.zeros((20, 20), np.int16), TypeError, r"int16.*astype\(np.uint8\)"),
    (np.full((20, 20), 300), TypeError, r"300 to 300, fit: image.astype\(np.uint16\)"),
    (np.full((20, 20), 70_000), TypeError, r"wrap round in uint16: use image.astype\(np.float32\)"),
    (np.full((20, 20), -5), TypeError, r"wrap round in uint16: use image.astype\(np.float32\)"),
    (np.full((20, 20), 1 << 25), TypeError, "overflow uint16 and are rounded in float32: scale"),
    (np.zeros((20, 20), complex), TypeError, "complex128"),
    (np.array([["a"]]), TypeError, "uint8"),
    (np.tile(np.float32([3e38, -3e38]), (20, 10)), ValueError, "too large to compute with"),
    (np.tile(np.float32([np.inf, -np.inf]), (20, 10)), ValueError, "infinity"),
    (np.zeros((20, 20), ">u2"), TypeError, ">u2"),
    (np.full((20, 20), np.nan, np.float32), ValueError, "NaN"),
    (np.full((20, 20), np.inf, np.float32), ValueError, "infinity"),
    (np.zeros((20, 20, 3), np.uint8), ValueError, "colour"),
    (np.zeros((20, 20, 4), np.uint16), ValueError, "colour"),
    (np.zeros((5, 20, 20), np.uint8), ValueError, "2-D.*filter_stack"),
    (np.uint8(7), ValueError, "2-D"),
    ([[1.0, 2.0], [3.0, 4.0]], TypeError, "float64"),
    (np.zeros(20, np.uint8), ValueError, "2-D"),
    (np.zeros((0, 20), np.uint8), ValueError, "empty"),
]


@pytest.mark.parametrize("image, error, message", BAD_IMAGES)
def test_bad_images(image, error, message):
    with pytest.raises(error, match=message):
        multilevel_filter(image, line_elements(5, 4), rectangle(3, 3))
    with pytest.raises(error, match=message):
        opening(image, line_element(5, 0))
    with pytest.raises(error, match=message):
        filter_window(image, (0, 0, 5, 5), line_elements(5, 4), rectangle(3, 3))


BAD_ELEMENTS = [
    (np.ones((2, 3)), "odd"),
    (np.ones((3, 4)), "odd"),
    (np.zeros((3, 3)), "non-zero"),
    (np.array([[1, 1, 0]]), "symmetric"),
    (np.ones(3), "2-D"),
    (np.ones((21, 3)), "larger than the image"),
    (np.ones((0, 3)), "odd"),
]


@pytest.mark.parametrize("element, message", BAD_ELEMENTS)
def test_bad_elements(element, message):
    image = noise(0, (20, 20))
    with pytest.raises(ValueError, match=message):
        background(image, [element])
    with pytest.raises(ValueError, match=message):
        multilevel_filter(image, line_elements(5, 4), element)


@pytest.mark.parametrize("element", [np.ones((1, 21)), np.ones((21, 1)), line_element(21, 45), line_element(21, 0)])
def test_an_element_larger_than_the_image(element):
    image = noise(0, (20, 20))
    for call in (
        lambda: opening(image, element),
        lambda: background(image, [element]),
        lambda: multilevel_filter(image, [element], rectangle(1, 1)),
        lambda: multilevel_filter(image, line_elements(5, 2), element),
        lambda: filter_window(image, (0, 0, 5, 5), [element], rectangle(1, 1)),
        lambda: filter_window(image, (0, 0, 5, 5), line_elements(5, 2), element),
    ):
        with pytest.raises(ValueError, match="larger than the image of 20 x 20"):
            call()


def test_a_broken_pixel_outside_the_window_does_not_matter():
    image = noise(13, (90, 90), np.float32)
    image[80, 80] = np.nan
    assert np.isfinite(filter_window(image, (0, 0, 20, 20), line_elements(5, 4), rectangle(3, 3))[2]).all()
    with pytest.raises(ValueError, match="NaN"):
        filter_window(image, (60, 60, 20, 20), line_elements(5, 4), rectangle(3, 3))


def test_other_bad_arguments():
    image = noise(0, (20, 20))
    with pytest.raises(ValueError, match="at least one element"):
        background(image, [])
    with pytest.raises(ValueError, match="polarity"):
        multilevel_filter(image, line_elements(5, 4), rectangle(3, 3), polarity="grey")
    for length in (4, 0, -3, 2.5):
        with pytest.raises(ValueError, match="odd"):
            line_element(length, 0)
    for angles in (0, 1.5):
        with pytest.raises(ValueError, match="angles"):
            line_elements(5, angles)
    with pytest.raises(ValueError, match="odd"):
        rectangle(2, 3)
    for size in ((0, 3), (np.nan, 3)):
        with pytest.raises(ValueError, match="size"):
            element_length(size)
    with pytest.raises(ValueError, match="above the image"):
        suppress(image, np.full_like(image, 255))
    with pytest.raises(ValueError, match="one type"):
        suppress(image, image.astype(np.uint16))
    np.testing.assert_array_equal(
        suppress(image, background(image, line_elements(5, 4))),
        multilevel_filter(image, line_elements(5, 4), rectangle(1, 1))[1],
    )
