"""Tables that compare trackers: resets, paired differences, and strata of easy and hard sequences."""

import numpy as np

from irtrack_core import metrics
from irtrack_core.evaluation.runs import by_key, overlaps
from irtrack_core.optional import Lazy

pd = Lazy("pandas", "evaluation")

MEASURES = ("aor", "sr50", "sr75", "p3", "p5", "p20", "norm_auc", "rmse", "rmse_d", "loss_rate", "first_loss")
FACTORS = {"snr": "SNR", "size": "size, px", "oversampling": "samples per detector", "clutter": "clutter / noise"}


def bootstrap_interval(values, *, rng, n=2000, level=0.95):
    """(low, high) of the bootstrap interval of the mean of `values`, one a sequence, at confidence `level`.

    n resamples with replacement, percentile interval. Raises ValueError for no values or NaN.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or np.isnan(values).any():
        raise ValueError("a bootstrap needs one number a sequence, at least one, and no NaN")
    means = values[rng.integers(0, values.size, (n, values.size))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired_bootstrap(a, b, *, rng, n=2000, level=0.95):
    """(difference, low, high) of mean(a) - mean(b), a and b measured on the same sequences in the same order.

    The sequences are drawn together, so that a hard sequence is hard for both: an interval without 0 is a difference.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"paired values need one shape; got {a.shape} and {b.shape}")
    return float(np.mean(a - b)), *bootstrap_interval(a - b, rng=rng, n=n, level=level)


def measures(table, names=None):
    """Mean of every measure over sequences, a row a tracker, in the order of `names`; seeds are averaged first.

    table: of `evaluation.evaluate`. rmse and rmse_d are the means of the sequences that have one.
    """
    each = table.groupby(["tracker", "dataset", "sequence"], sort=False)[list(MEASURES)].mean()
    means = each.groupby("tracker", sort=False).mean()
    return means if names is None else means.reindex([name for name in names if name in means.index])


def resets(results, sequences, *, burn_in=10):
    """Accuracy, failures and robustness of runs that were started anew after each failure, a row a tracker.

    results: of `study.track(..., resets=n)`. Accuracy and robustness are means over sequences (VOT 2015: exp(-30 failures
    / frames)), failures the sum over sequences of the mean over seeds, with `frames`, the number they happened in.
    """
    known, rows = by_key(sequences), []
    for result in results:
        found = reset_summary(overlaps(result, known[result.dataset, result.sequence]), burn_in=burn_in)
        place = {"tracker": result.tracker, "dataset": result.dataset, "sequence": result.sequence}
        rows.append(place | found | {"frames": len(result.boxes)})
    each = pd.DataFrame(rows).groupby(["tracker", "dataset", "sequence"], sort=False).mean()
    groups = each.groupby("tracker", sort=False)
    sums = groups[["failures", "frames"]].sum()
    return groups[["accuracy", "robustness"]].mean().join(sums)[["accuracy", "failures", "frames", "robustness"]]


def differences(table, reference, rng, measure="aor", n=4000):
    """`reference` minus each other tracker, paired by sequence: tracker, sequences, difference, low, high, clear.

    table: of `evaluation.evaluate`; seeds are averaged first. low, high: 95 % by bootstrap over sequences; clear: the
    interval leaves out 0. Several rows are several tests: of twenty without any true difference, one is clear by chance.
    Raises ValueError when the reference is not in the table, or a tracker lacks some of its sequences.
    """
    wide = table.pivot_table(index=["dataset", "sequence"], columns="tracker", values=measure, sort=False)
    if reference not in wide:
        raise ValueError(f"no results of {reference!r} in the table; it has {', '.join(map(str, wide.columns))}")
    rows = []
    for name in table["tracker"].unique():
        if name == reference:
            continue
        if wide[name].isna().any() or wide[reference].isna().any():
            raise ValueError(f"{name} and {reference} were not measured on the same sequences: they cannot be paired")
        pair = wide[reference].to_numpy(), wide[name].to_numpy()
        difference, low, high = paired_bootstrap(*pair, rng=rng, n=n)
        rows.append((name, len(wide), difference, low, high, bool(low > 0 or high < 0)))
    return pd.DataFrame(rows, columns=["tracker", "sequences", "difference", "low", "high", "clear"])


def conditions(sequence, frames=3):
    """Conditions of a sequence, a dict: dataset, sequence, snr, size (px), oversampling (samples per detector), clutter.

    Means over `frames` annotated frames. snr: the target's peak over the frame's noise; clutter: deviation of the
    background round the target over that noise. Of simulated sequences target and background are known exactly; of real
    ones the peak is that above the mean of the surroundings, the clutter holds their noise too, and the sensor is unknown.
    """
    present, rows = np.flatnonzero(sequence.present), []
    for index in present[np.linspace(0, len(present) - 1, frames).astype(int)]:
        image = np.asarray(sequence.frames[int(index)])
        box = sequence.boxes[index]
        region = metrics.background_region(image.shape, box)
        noise = max(metrics.noise_sigma(image), 1e-9)
        if sequence.components:
            parts = sequence.components(int(index))
            peak, around = np.abs(parts.target).max(), parts.background[region]
        else:
            inside = image[metrics.target_mask(image.shape, box)].astype(float)
            around = image[region].astype(float)
            peak = np.abs(inside - around.mean()).max()
        rows.append((peak / noise, np.sqrt(box[2] * box[3]), around.std() / noise))
    snr, size, clutter = np.mean(rows, axis=0)
    known = float(np.sqrt(np.prod(sequence.oversampling))) if sequence.oversampling else float("nan")
    place = {"dataset": sequence.dataset, "sequence": sequence.name}
    return place | {"snr": snr, "size": size, "oversampling": known, "clutter": clutter}


def strata_of(sequences, parts=None):
    """The stratum of every sequence: dataset, sequence, factor, stratum; strata of a factor rise.

    parts: strata a factor, at quantiles of the sequences; None: three, or two where there are fewer than a dozen. A factor
    whose values are few (the oversampling of simulated sets) is taken value by value; one that is unknown for some sequence
    leaves that sequence out.
    """
    known, tables = pd.DataFrame([conditions(one) for one in sequences]), []
    parts = parts or (2 if len(sequences) < 12 else 3)
    for factor, title in FACTORS.items():
        chosen = known.dropna(subset=factor).sort_values(factor)
        values = chosen[factor]
        if values.nunique() <= parts:
            labels = [f"{value:.3g}" for value in values]
        else:
            edges = np.quantile(values, np.arange(1, parts) / parts)
            labels = np.array(_names(edges))[np.searchsorted(edges, values)]
        tables.append(chosen[["dataset", "sequence"]].assign(factor=title, stratum=labels))
    return pd.concat(tables, ignore_index=True)


def confounded(members):
    """Lists of confounded factors, which split the sequences in the same way, so that their effects cannot be told apart.

    members: of `strata_of`. The names of the strata do not matter, and the factors of a list keep their order.
    """
    splits = {}
    for factor, part in members.groupby("factor", sort=False):
        names = part["dataset"] + "/" + part["sequence"]
        split = frozenset(frozenset(names[part["stratum"] == stratum]) for stratum in part["stratum"].unique())
        splits.setdefault(split, []).append(factor)
    return [factors for factors in splits.values() if len(factors) > 1]


def strata(table, members, rng, measure="aor"):
    """Means of a measure among easy and hard sequences: factor, stratum, tracker, sequences, mean, low, high.

    table: of `evaluation.evaluate`, seeds are averaged first; members: of `strata_of`.
    """
    each = table.groupby(["dataset", "sequence", "tracker"], sort=False, as_index=False)[measure].mean()
    rows = []
    for (factor, stratum), part in members.groupby(["factor", "stratum"], sort=False):
        chosen = each.merge(part, on=["dataset", "sequence"])
        for tracker, values in chosen.groupby("tracker", sort=False)[measure]:
            low, high = bootstrap_interval(values.to_numpy(), rng=rng)
            rows.append((factor, stratum, tracker, len(values), float(values.mean()), low, high))
    return pd.DataFrame(rows, columns=["factor", "stratum", "tracker", "sequences", "mean", "low", "high"])


def _names(edges):
    """Names of the strata between edges: `up to 8`, `8 to 20`, `above 20`."""
    text = [f"{edge:.3g}" for edge in edges]
    middle = [f"{low} to {high}" for low, high in zip(text, text[1:])]
    return [f"up to {text[0]}", *middle, f"above {text[-1]}"]


def reset_summary(overlaps, *, burn_in=10):
    """Accuracy, failures and robustness of a run that is started afresh after each failure (VOT's resets).

    overlaps (N,): raw IoU of each frame; 0 is a failure, NaN a frame not tracked (absent, or waiting to start again).
    Accuracy is the mean overlap, leaving out failures and the `burn_in` frames after each start, which are easy;
    robustness is exp(-30 failures / frames), as in VOT 2015.
    """
    overlaps = metrics._filled(overlaps, "frames")
    counted, since = np.zeros(len(overlaps), bool), 0
    for i, value in enumerate(overlaps):
        if value == 0:
            since = 0
        elif not np.isnan(value):
            counted[i] = since >= burn_in
            since += 1
    failures = int(np.sum(overlaps == 0))
    return {
        "accuracy": float(overlaps[counted].mean()) if counted.any() else float("nan"),
        "failures": failures,
        "robustness": float(np.exp(-30 * failures / len(overlaps))),
    }
