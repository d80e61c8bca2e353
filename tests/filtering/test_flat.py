"""flat.py: the passes, compiled or in NumPy, against OpenCV's openings and plain sets of pixels."""

import threading
from functools import reduce

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import filtering
from irtrack_core.filtering import flat
from irtrack_core.filtering.elements import line_element, line_elements, rectangle, shape_element
from irtrack_core.filtering.morphology import family

DTYPES = [np.uint8, np.uint16, np.float32]


def pixels(element):
    return frozenset(map(tuple, np.argwhere(element).tolist()))


def by_opencv(image, elements, dark=False):
    operation, best = (cv2.MORPH_CLOSE, np.minimum) if dark else (cv2.MORPH_OPEN, np.maximum)
    return reduce(best, [cv2.morphologyEx(image, operation, element) for element in elements])


def by_passes(image, elements, dark=False):
    """The result of the second call: the first one only notes the size."""
    flat.extremal_opening(image, family(elements), dark=dark)
    return flat.extremal_opening(image, family(elements), dark=dark)


@pytest.fixture(params=["numpy", "numba"] if flat.COMPILED else ["numpy"])
def executor(request, monkeypatch):
    """The executors of the passes that are there, each with memory of its own."""
    monkeypatch.setattr(flat, "COMPILED", request.param == "numba")
    monkeypatch.setattr(flat, "_local", threading.local())


@given(length=st.sampled_from([1, 3, 5, 9, 15, 21]), angle=st.floats(0, 180))
@settings(max_examples=60, deadline=None)
def test_a_plan_builds_its_element_from_one_pixel(length, angle):
    element = pixels(line_element(length, angle))
    built = None
    for part, (dy, dx), extra in flat.plan(element):
        assert built is None and len(part) == 1 or part == built
        built = part | {(y + dy, x + dx) for y, x in part} | set(extra)
    assert (built or element) == element


def test_plans_are_short():
    for element, most in [(line_element(15, 0), 4), (line_element(15, 45), 4), (line_element(15, 22.5), 5)]:
        assert sum(1 + len(extra) for _, _, extra in flat.plan(pixels(element))) <= most


def test_equals_opencv(executor):
    """Random sizes, lines, types and polarities; the halves of the cases in one strip and in many."""
    rng = np.random.default_rng(0)
    for case in range(240):
        dtype, dark = DTYPES[case % 3], bool(case // 3 % 2)
        height, width = rng.integers(1, 90, 2)
        image = rng.normal(100, 60, (height, width)).clip(0, 255).astype(dtype)
        image -= 100 * (dtype == np.float32)
        longest = (min(height, width) - 1) // 2
        lengths = 2 * rng.integers(0, min(longest, 12) + 1, rng.integers(1, 5)) + 1
        elements = [line_element(int(length), rng.uniform(0, 180)) for length in lengths]
        largest = by_passes(image, elements, dark)
        assert largest.dtype == dtype and largest.flags.c_contiguous
        np.testing.assert_array_equal(largest, by_opencv(image, elements, dark), err_msg=str(case))


@pytest.mark.parametrize("strip", [500, 2000, 9000])
@pytest.mark.parametrize("dtype", DTYPES)
def test_strips_join_without_a_seam(executor, monkeypatch, strip, dtype):
    monkeypatch.setattr(flat, "STRIP", strip)
    flat._strips.cache_clear()
    image = np.random.default_rng(1).integers(0, 256, (187, 64)).astype(dtype)
    for elements in (line_elements(9, 5), line_elements(3, 2), line_elements(31, 3)):
        sizes, strips = flat._strips(*image.shape, image.itemsize, elements[0].shape[0] // 2)
        assert (
            len(sizes) <= len(strips) and sum(bottom - top for *_, top, bottom in (sizes[n] for _, n in strips)) == 187
        )
        result = by_passes(image, elements)
        if len(strips) > 1 and dtype != np.uint8 and not flat.COMPILED:
            assert result is None  # no faster than OpenCV: not done
        else:
            np.testing.assert_array_equal(result, by_opencv(image, elements))
    flat._strips.cache_clear()


def test_a_size_pays_from_its_second_use_on(executor):
    image = np.zeros((40, 50), np.uint8)
    lines = family(line_elements(9, 4))
    assert flat.extremal_opening(image, lines) is None
    assert flat.extremal_opening(image, lines).shape == (40, 50)
    assert flat.extremal_opening(image, lines, dark=True) is None


def test_the_filter_uses_it_without_a_difference(executor):
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


def test_threads_do_not_share_memory(executor):
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


def test_few_programs_are_kept(executor):
    elements = line_elements(5, 2)
    for width in range(20, 20 + 2 * flat.KEPT):
        by_passes(np.zeros((20, width), np.uint8), elements)
    assert len(flat._local.kept) == flat.KEPT


def test_compiled_steps_are_the_same_steps():
    """Two at a time, every step of the NumPy executor is in the compiled one's table, and sources stay inside."""
    program = flat.Program(50, 60, 0, 50, family(line_elements(15, 8)), np.uint8)
    fused = flat._fused(program.steps)
    assert len(fused) < 0.75 * len(program.steps)
    # run the fused steps by plain slices and compare
    image = np.random.default_rng(4).integers(0, 256, (50, 60)).astype(np.uint8)
    program.image[...] = image
    space = program.space
    for step in fused:
        if step.kind == flat.MARGIN:
            for row in range(step.count):
                at = step.out + row * program.pitch
                space[at : at + step.extent] = program.least
            continue
        best = (np.minimum, np.maximum)[step.kind]
        arrays = [space[at : at + step.count] for at in step.sources] + [space[step.out :][: step.count]] * step.extent
        assert all(array.size == step.count for array in arrays)
        space[step.out : step.out + step.count] = best.reduce(arrays)
    np.testing.assert_array_equal(program.result, by_opencv(image, line_elements(15, 8)))


def test_compiled_when_numba_is_there():
    if not flat.COMPILED:
        pytest.skip("numba is not installed: pip install -e .[fast], for faster whole frames")
    assert hasattr(flat._run, "py_func")
