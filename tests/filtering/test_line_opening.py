"""line_opening: its passes against OpenCV's openings and plain sets of pixels."""

import threading
from functools import reduce

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import filtering
from irtrack_core.filtering import line_opening
from irtrack_core.filtering.elements import line_element, line_elements, rectangle, shape_element
from irtrack_core.filtering.morphology import family

DTYPES = [np.uint8, np.uint16]


def pixels(element):
    return frozenset(map(tuple, np.argwhere(element).tolist()))


def by_opencv(image, elements, dark=False):
    operation, best = (cv2.MORPH_CLOSE, np.minimum) if dark else (cv2.MORPH_OPEN, np.maximum)
    return reduce(best, [cv2.morphologyEx(image, operation, element) for element in elements])


def by_passes(image, elements, dark=False):
    """The result of the second call: the first one only notes the size."""
    line_opening.largest_opening(image, family(elements), dark=dark)
    return line_opening.largest_opening(image, family(elements), dark=dark)


@pytest.fixture(autouse=True)
def own_memory(monkeypatch):
    """No program of another test is there."""
    monkeypatch.setattr(line_opening, "_local", threading.local())


@given(length=st.sampled_from([1, 3, 5, 9, 15, 21]), angle=st.floats(0, 180))
@settings(max_examples=60, deadline=None)
def test_a_chain_builds_its_element_from_one_pixel(length, angle):
    element = pixels(line_element(length, angle))
    built = None
    for part, (dy, dx), extra in line_opening.decomposition(element):
        assert built is None and len(part) == 1 or part == built
        built = part | {(y + dy, x + dx) for y, x in part} | set(extra)
    assert (built or element) == element


def test_chains_are_short():
    for element, most in [
        (line_element(15, 0), 4),
        (line_element(15, 45), 4),
        (line_element(15, 22.5), 6),
        (line_element(63, 45), 6),
    ]:
        assert sum(1 + len(extra) for _, _, extra in line_opening.decomposition(pixels(element))) <= most


def test_equals_opencv():
    """Random sizes, lines, types and polarities."""
    rng = np.random.default_rng(0)
    for case in range(240):
        dtype, dark = DTYPES[case % 2], bool(case // 2 % 2)
        height, width = rng.integers(1, 90, 2)
        image = rng.normal(100, 60, (height, width)).clip(0, 255).astype(dtype) * dtype(np.iinfo(dtype).max // 255)
        longest = (min(height, width) - 1) // 2
        lengths = 2 * rng.integers(0, min(longest, 12) + 1, rng.integers(1, 5)) + 1
        elements = [line_element(int(length), rng.uniform(0, 180)) for length in lengths]
        largest = by_passes(image, elements, dark)
        assert largest.dtype == dtype and largest.flags.c_contiguous
        np.testing.assert_array_equal(largest, by_opencv(image, elements, dark), err_msg=str(case))


@pytest.mark.parametrize("image", [np.zeros((40, 50), np.float32), np.zeros((1025, 1024), np.uint8)])
def test_where_nothing_is_gained_it_is_left_to_opencv(image):
    assert by_passes(image, line_elements(9, 4)) is None


def test_a_size_pays_from_its_second_use_on():
    image = np.zeros((40, 50), np.uint8)
    lines = family(line_elements(9, 4))
    assert line_opening.largest_opening(image, lines) is None
    assert line_opening.largest_opening(image, lines).shape == (40, 50)
    assert line_opening.largest_opening(image.astype(np.uint16), lines) is None


def test_the_filter_uses_it_without_a_difference():
    """multilevel_filter's first call goes through OpenCV, the next ones through the passes; other shapes never do."""
    rng = np.random.default_rng(2)
    image, s = rng.integers(0, 256, (200, 220)).astype(np.uint8), rectangle(3, 3)
    for elements in (
        line_elements(15, 8),
        [*line_elements(7, 2), shape_element("ring", 9)],
        [shape_element("disc", 9)],
    ):
        for polarity in ("bright", "dark", "both"):
            results = [filtering.multilevel_filter(image, elements, s, polarity=polarity) for _ in range(3)]
            for first, *others in zip(*results):
                assert all(np.array_equal(first, other) for other in others)


def test_threads_do_not_share_memory():
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (4, 90, 120)).astype(np.uint8)
    elements = line_elements(9, 4)
    expected = [by_opencv(image, elements) for image in images]
    wrong = []

    def work(i):
        wrong.extend(i for _ in range(30) if not np.array_equal(by_passes(images[i], elements), expected[i]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_few_programs_are_kept():
    elements = line_elements(5, 2)
    for width in range(20, 20 + 2 * line_opening.KEPT):
        by_passes(np.zeros((20, width), np.uint8), elements)
    assert len(line_opening._local.kept) == line_opening.KEPT
