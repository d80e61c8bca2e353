"""flat.py: the passes, compiled or in NumPy, against OpenCV's openings and plain sets of pixels."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import filtering, flat
from irtrack_core.elements import line_element, line_elements, rectangle, shape_element


def pixels(element):
    return frozenset(map(tuple, np.argwhere(element).tolist()))


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


@given(seed=st.integers(0, 10_000), dtype=st.sampled_from([np.uint8, np.uint16, np.float32]))
@settings(max_examples=80, deadline=None)
def test_equals_opencv(seed, dtype):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(15, 60, 2)
    image = (
        rng.normal(0, 100, (height, width)) if dtype == np.float32 else rng.integers(0, 256, (height, width))
    ).astype(dtype)
    elements = [line_element(int(2 * rng.integers(0, 8) + 1), rng.uniform(0, 180)) for _ in range(rng.integers(1, 5))]
    elements.append(shape_element("ring", 5) if seed % 2 else rectangle(3, 5))
    largest = flat.max_of_openings(image, elements)
    assert largest.dtype == dtype and largest.flags.c_contiguous
    np.testing.assert_array_equal(largest, filtering.background(image, elements))


def test_numpy_and_compiled_passes_agree():
    rng = np.random.default_rng(0)
    a, b, c, d, start = rng.integers(0, 256, (5, 999)).astype(np.uint8)
    for name, best_of, keep in [
        ("_lower", np.minimum, False),
        ("_higher", np.maximum, False),
        ("_sink", np.minimum, True),
        ("_raise", np.maximum, True),
    ]:
        expected = best_of.reduce([a, b, c, d, start] if keep else [a, b, c, d])
        for run in (getattr(flat, name), flat._in_numpy(best_of, keep)):
            out = start.copy()
            run(a, b, c, d, out)
            np.testing.assert_array_equal(out, expected)


def test_the_filter_uses_it_without_a_difference(monkeypatch):
    """multilevel_filter on both sides of the choice, whether or not numba is installed."""
    image = np.random.default_rng(1).integers(0, 256, (200, 220)).astype(np.uint8)
    elements, s = line_elements(15, 8), rectangle(3, 3)
    results = []
    for compiled in (True, False):
        monkeypatch.setattr(flat, "COMPILED", compiled)
        results.append(filtering.multilevel_filter(image, elements, s))
    for one, other in zip(*results):
        np.testing.assert_array_equal(one, other)


def test_threads_do_not_share_buffers():
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (4, 90, 120)).astype(np.uint8)
    elements = line_elements(9, 4)
    expected = [filtering.background(image, elements) for image in images]
    wrong = []

    def work(i):
        wrong.extend(i for _ in range(30) if not np.array_equal(flat.max_of_openings(images[i], elements), expected[i]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_few_workspaces_are_kept():
    for width in range(20, 20 + 2 * flat.KEPT):
        flat.max_of_openings(np.zeros((20, width), np.uint8), line_elements(5, 2))
    assert len(flat._local.kept) == flat.KEPT


def test_compiled_when_numba_is_there():
    if not flat.COMPILED:
        pytest.skip("numba is not installed: pip install numba, for faster whole frames")
    assert hasattr(flat._lower, "py_func")
