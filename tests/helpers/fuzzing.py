"""How many cases the tests in tests/fuzz try: 2,000 in all, the same ones in every run; IRTRACK_FUZZ times as many, drawn
from pytest's --hypothesis-seed, in `make fuzz`. There no case may take more than two seconds of processor time: a busy
machine must not fail it."""

import os
import time
from functools import wraps

from hypothesis import HealthCheck, settings

LIMIT = 2  # seconds
TIMES = int(os.environ.get("IRTRACK_FUZZ", 0))


def cases(number, **more):
    """Settings of a test that tries this many cases, and in `make fuzz` the limit of their time."""
    found = settings(
        max_examples=number * max(TIMES, 1),
        derandomize=not TIMES,
        database=None if not TIMES else settings.default.database,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )
    return _Limited(found) if TIMES and not more else found


class _Limited:
    """Settings that also hold each case of the test that they are given to below LIMIT."""

    def __init__(self, found):
        self.found = found

    def __call__(self, test):
        inner = test.hypothesis.inner_test

        @wraps(inner)
        def limited(*given, **named):
            begin = time.process_time()
            inner(*given, **named)
            spent = time.process_time() - begin
            assert spent < LIMIT, f"this case took {spent:.1f} s of processor time"

        test.hypothesis.inner_test = limited
        return self.found(test)
