"""How sure a mean over recordings is: bootstrap intervals, exact limits of shares, and the range of a few recordings.

Every interval that the project prints or draws is one of these. `tests/evaluation/test_intervals.py` counts in simulations
how often they hold the true mean.
"""

from dataclasses import astuple, dataclass

import numpy as np

from irtrack_core.optional import need

LEAST = 10  # recordings: with fewer no interval is given, but their range
LEVEL = 0.95
RESAMPLES = 9999
NEAR = 0.05  # of 0 or 1: shares that all lie so near tell nothing of how far off others may be
COLUMNS = ("recordings", "mean", "low", "high", "kind")  # of an Interval in a table
KINDS = {"interval": "95 % interval", "exact": "exact binomial limits", "range": "range, no interval"}
# measures from 0 to 1
SHARES = (
    "aor",
    "auc",
    "sr50",
    "sr75",
    "p3",
    "p5",
    "p20",
    "norm_auc",
    "prec_auc",
    "state",
    "loss_rate",
    "pd",
    "pd_frame",
    "pd_one",
)


@dataclass(frozen=True)
class Interval:
    """A mean over n recordings, and how far it can be trusted: n, mean, low, high, kind.

    kind "interval": the 95 % interval by bootstrap; "exact": binomial limits, see `interval`; "range": the smallest and the
    largest of the recordings' values, no interval.
    """

    n: int
    mean: float
    low: float
    high: float
    kind: str

    @property
    def clear(self):
        """Whether 0 lies outside an interval of 10 recordings or more; a range is never clear."""
        return bool(self.n >= LEAST and self.kind != "range" and (self.low > 0 or self.high < 0))

    def row(self):
        """The values of the columns recordings, mean, low, high, kind."""
        return astuple(self)

    def text(self, digits=2, *, sign="", scale=1, count=True):
        """`0.62 (0.31 to 0.80, n = 26)`; ranges and exact limits are named. count: say n."""
        mean, low, high = (f"{scale * value:{sign}.{digits}f}" for value in (self.mean, self.low, self.high))
        name = "" if self.kind == "interval" else f"{self.kind} "
        return f"{mean} ({name}{low} to {high}{f', n = {self.n}' if count else ''})"


def texts(table, digits=2, **options):
    """`Interval.text` of each row of a table with the columns recordings, mean, low, high, kind: a list."""
    return [Interval(*row).text(digits, **options) for row in table[list(COLUMNS)].itertuples(index=False)]


def label(found):
    """What the whiskers of a figure are: `95 % interval, n = 26`; where several kinds occur, each with its n.

    found: a table with the columns recordings and kind, or rows of `Interval.row`.
    """
    rows = found[list(COLUMNS)].itertuples(index=False) if hasattr(found, "columns") else found
    counts = {}
    for n, *_, kind in rows:
        counts.setdefault(kind, set()).add(int(n))
    spans = {kind: " to ".join(map(str, sorted({min(each), max(each)}))) for kind, each in counts.items()}
    return "; ".join(f"{name}, n = {spans[kind]}" for kind, name in KINDS.items() if kind in spans)


def bounds_of(measure):
    """(0, 1) for the name of a measure that is a share, None for others."""
    return (0, 1) if measure in SHARES else None


def interval(values, *, rng, bounds=None, level=LEVEL):
    """The Interval of the mean of `values`, one for each recording.

    Of 10 recordings and more: bias-corrected and accelerated bootstrap (BCa) over recordings, 9999 resamples from `rng`, of a
    level that is raised as Student's t asks for: BCa alone is too narrow for so few (87 % instead of 95 on 10 skewed ones).
    Of fewer: the range.
    bounds: (least, greatest) that a value can be, (0, 1) for a share. Then there are exact limits, for any n. Of values that
    are all 0 or 1: those of Clopper and Pearson. Of values that are all equal, and of shares that all lie within 0.05 of 1,
    or of 0: n of n are alike, so up to 1 - 0.025^(1/n) of all recordings may differ, each as far as it can.
    Otherwise no interval knows of failures so rare that none is in the sample: those of differences are blind to them.
    Raises ValueError for no values, NaN or infinity, or a value outside the bounds.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError("an interval needs one finite number a recording, at least one, and no NaN")
    slack = 1e-9 * max(1.0, np.abs(values).max())
    if bounds is not None and (values.min() < bounds[0] - slack or values.max() > bounds[1] + slack):
        raise ValueError(f"values from {values.min():g} to {values.max():g} do not lie in the bounds {bounds}")
    n, mean = values.size, float(values.mean())
    equal = np.ptp(values) <= 1e-3 * slack  # but for rounding
    alike = equal or (bounds == (0, 1) and (values.min() >= 1 - NEAR or values.max() <= NEAR))
    if bounds is not None and (alike or bounds == (0, 1) and np.isin(values, bounds).all()):
        return Interval(n, mean, *_exact(values, bounds, alike, level), "exact")
    if n < LEAST or equal:
        return Interval(n, mean, float(values.min()), float(values.max()), "range")
    low, high = bca(values, rng=rng, level=level)
    return Interval(n, mean, float(low), float(high), "interval")


def paired_interval(a, b, *, rng, bounds=None, level=LEVEL):
    """The Interval of mean(a) - mean(b), a and b measured on the same recordings in the same order.

    A hard recording is hard for both, so that only differences count: `interval` of a - b. bounds: of a and of b.
    Raises ValueError when their shapes differ, and as `interval` does.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"paired values need one shape; got {a.shape} and {b.shape}")
    return interval(a - b, rng=rng, bounds=bounds and (bounds[0] - bounds[1], bounds[1] - bounds[0]), level=level)


def bca(values, *, rng, level=LEVEL, resamples=RESAMPLES):
    """(low, high), each (...): the bootstrap interval of the means of values (..., n) along the last axis.

    BCa (Efron 1987) with the level at which a normal interval is as wide as Student's with n values (Hesterberg 2015,
    "expanded"). NaN where all values of a row are equal.
    """
    stats, n = need("scipy.stats", "evaluation"), values.shape[-1]
    z = np.sqrt(n / (n - 1)) * stats.t.ppf((1 + level) / 2, n - 1)
    batch = max(1, int(1e7 / max(1, values.size)))
    options = dict(n_resamples=resamples, batch=batch, confidence_level=2 * stats.norm.cdf(z) - 1, method="BCa")
    return stats.bootstrap((values,), np.mean, axis=-1, rng=rng, **options).confidence_interval


def _exact(values, bounds, alike, level):
    """(low, high) of the mean: Clopper and Pearson's limits of values 0 and 1; of values that are alike, see `interval`."""
    binomtest, n = need("scipy.stats", "evaluation").binomtest, values.size
    if not alike:
        found = binomtest(int(values.sum()), n).proportion_ci(level, "exact")
        return float(found.low), float(found.high)
    differ = binomtest(0, n).proportion_ci(level, "exact").high
    least, most = values.min(), values.max()
    return float(least - differ * (least - bounds[0])), float(most + differ * (bounds[1] - most))
