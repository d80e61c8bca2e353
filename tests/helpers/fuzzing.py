"""How many cases the tests in tests/fuzz try: 2,000 in all, the same ones in every run; IRTRACK_FUZZ times as many, drawn
from pytest's --hypothesis-seed, in `make fuzz`."""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("IRTRACK_FUZZ", 0))


def cases(number, **more):
    """Settings of a test that tries this many cases."""
    return settings(
        max_examples=number * max(TIMES, 1),
        derandomize=not TIMES,
        database=None if not TIMES else settings.default.database,
        deadline=2000 if TIMES else None,  # no case may take longer; in the daily run a busy machine must not fail it
        suppress_health_check=list(HealthCheck),
        **more,
    )
