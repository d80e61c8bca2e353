"""Tables that compare trackers: resets, paired differences, and strata of easy and hard sequences."""

import numpy as np

from irtrack_core import metrics
from irtrack_core.datasets.unreadable import readable
from irtrack_core.evaluation.grouping import recording_means, recording_of, with_recording
from irtrack_core.evaluation.intervals import COLUMNS, bounds_of, interval
from irtrack_core.evaluation.runs import by_key, overlaps
from irtrack_core.optional import Lazy

pd = Lazy("pandas", "evaluation")

MEASURES = ("aor", "sr50", "sr75", "p3", "p5", "p20", "norm_auc", "rmse", "rmse_d", "loss_rate", "first_loss")
FACTORS = {"snr": "SNR", "size": "size, px", "oversampling": "samples per detector", "clutter": "clutter / noise"}


def measures(table, names=None):
    """Mean of every measure over recordings, a row a tracker, in the order of `names`; column recordings: their number.

    table: of `evaluation.evaluate`. rmse and rmse_d are the means of the recordings that have one.
    """
    groups = recording_means(table, MEASURES, ["tracker"]).groupby("tracker", sort=False)
    means = groups[list(MEASURES)].mean()
    means.insert(0, "recordings", groups.size())
    return means if names is None else means.reindex([name for name in names if name in means.index])


def resets(results, sequences, *, burn_in=10):
    """Accuracy, failures and robustness of runs that were started anew after each failure, a row a tracker.

    results: of `study.track(..., resets=n)`. Accuracy and robustness are means over recordings (VOT 2015: exp(-30 failures
    / frames)), failures the sum over sequences of the mean over seeds, with `frames`, the number they happened in.
    """
    known, rows = by_key(sequences), []
    for result in results:
        sequence = known[result.dataset, result.sequence]
        found = reset_summary(overlaps(result, sequence), burn_in=burn_in)
        place = {"tracker": result.tracker, "dataset": result.dataset, "sequence": result.sequence}
        place |= {"recording": recording_of(sequence)}
        rows.append(place | found | {"frames": len(result.boxes)})
    table, shares = pd.DataFrame(rows), ["accuracy", "robustness"]
    means = recording_means(table, shares, ["tracker"]).groupby("tracker", sort=False)[shares].mean()
    each = table.groupby(["tracker", "dataset", "sequence"], sort=False)[["failures", "frames"]].mean()
    sums = each.groupby("tracker", sort=False).sum()
    return means.join(sums)[["accuracy", "failures", "frames", "robustness"]]


def differences(table, reference, rng, measure="aor", by="tracker"):
    """`reference` minus each other tracker, paired: tracker, sequences, recordings, difference, low, high, kind, clear.

    table: of `evaluation.evaluate`; seeds are averaged first, then what both have of each recording. low, high, kind: of
    `evaluation.interval`; clear: an interval of 10 recordings or more that leaves out 0. Several rows are several tests: of
    twenty without any true difference, one is clear by chance. by: column that holds the trackers' names.
    Raises ValueError when the reference is not in the table, or shares no sequence with another tracker.
    """
    table = with_recording(table)
    wide = table.pivot_table(index=["dataset", "recording", "sequence"], columns=by, values=measure, sort=False)
    if reference not in wide:
        raise ValueError(f"no results of {reference!r} in the table; it has {', '.join(map(str, wide.columns))}")
    bounds, rows = bounds_of(measure) and (-1, 1), []
    for name in table[by].unique():
        if name == reference:
            continue
        pairs = (wide[reference] - wide[name]).dropna()
        if pairs.empty:
            raise ValueError(f"{name} and {reference} have no sequence in common: they cannot be paired")
        means = pairs.groupby(level=["dataset", "recording"], sort=False).mean()
        found = interval(means, rng=rng, bounds=bounds)
        rows.append((name, len(pairs), *found.row(), found.clear))
    names = ["difference" if name == "mean" else name for name in COLUMNS]
    return pd.DataFrame(rows, columns=[by, "sequences", *names, "clear"])


def conditions(sequence, frames=3):
    """Conditions of a sequence, a dict: dataset, sequence, snr, size (px), oversampling (samples per detector), clutter.

    Means over `frames` annotated frames. snr: the target's peak over the frame's noise; clutter: deviation of the
    background round the target over that noise. Of simulated sequences target and background are known exactly; of real
    ones the peak is that above the mean of the surroundings, the clutter holds their noise too, and the sensor is unknown.
    """
    present, rows = np.flatnonzero(sequence.present), []
    for index, image in readable(sequence, present[np.linspace(0, len(present) - 1, frames).astype(int)]):
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
    """Means among easy and hard sequences: factor, stratum, tracker, sequences, recordings, mean, low, high, kind.

    table: of `evaluation.evaluate`, seeds are averaged first; members: of `strata_of`.
    """
    rows, table = [], with_recording(table)
    for (factor, stratum), part in members.groupby(["factor", "stratum"], sort=False):
        chosen = recording_means(table.merge(part, on=["dataset", "sequence"]), [measure], ["tracker"])
        for tracker, group in chosen.groupby("tracker", sort=False):
            found = interval(group[measure], rng=rng, bounds=bounds_of(measure))
            rows.append((factor, stratum, tracker, group["sequences"].sum(), *found.row()))
    return pd.DataFrame(rows, columns=["factor", "stratum", "tracker", "sequences", *COLUMNS])


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
