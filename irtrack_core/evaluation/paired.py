"""Two stored evaluations side by side: paired differences, their intervals, and the sequences that decide them."""

import numpy as np

from irtrack_core.evaluation.grouping import recording_means
from irtrack_core.evaluation.intervals import LEAST, bounds_of, interval
from irtrack_core.evaluation.stored import MEASURES, SEED
from irtrack_core.optional import Lazy

pd = Lazy("pandas", "evaluation")

CLEAR = ("ahead", "behind", "not told apart", f"too few recordings to say (fewer than {LEAST})")


def check_same(a, b, names=("the first", "the second")):
    """Raises ValueError where two evaluations were not made on the same sequences with the same truth.

    a, b: what `stored.load_evaluation` gives first; names: of the two, for the message.
    """
    one, two = a["sequences"], b["sequences"]
    for has, lacks, mine, other in ((one, two, *names), (two, one, *names[::-1])):
        only = sorted(set(has) - set(lacks))
        if only:
            more = f" and {len(only) - 3} more" if len(only) > 3 else ""
            raise ValueError(
                f"{mine} has sequences that {other} lacks: {', '.join(only[:3])}{more}: evaluate on the same"
            )
    differ = sorted(key for key in one if one[key].get("truth") != two[key].get("truth"))
    if differ:
        raise ValueError(
            f"{names[0]} and {names[1]} were measured against different truth in {len(differ)} sequences, "
            f"the first {differ[0]}: evaluate both on the same label files"
        )
    moved = sorted(key for key in one if one[key].get("recording") != two[key].get("recording"))
    if moved:
        raise ValueError(f"{moved[0]} is of another recording in {names[1]}: evaluate both with the same version")


def compare(a, b):
    """(differences, each): a minus b, of two tables of one tracker each on the same sequences (`stored.measured`).

    differences: dataset, measure, recordings, difference, low, high, kind, clear, word, without: the difference without
    the recording that decides most, and decides: that recording, or "". each: dataset, sequence, recording, measure, a, b,
    difference, the largest first within a set and measure. A measure that a set lacks is left out; points have no overlap.
    Raises ValueError where the tables differ in sequences.
    """
    keys = ["dataset", "sequence", "recording"]
    names = [name for name in MEASURES if name in a and name in b]
    both = a[[*keys, *names]].merge(b[[*keys, *names]], on=keys, suffixes=("_a", "_b"), validate="one_to_one")
    if not len(a) == len(b) == len(both):
        raise ValueError(
            f"the two have {len(a)} and {len(b)} sequences, and {len(both)} in common: evaluate on the same"
        )
    rows, each = [], []
    for dataset, part in both.groupby("dataset", sort=False):
        for name in names:
            known = part[keys].assign(measure=name, a=part[f"{name}_a"], b=part[f"{name}_b"]).dropna()
            if known.empty:
                continue
            known["difference"] = known["a"] - known["b"]
            means = recording_means(known, ["difference"], ["dataset"])
            rows.append({"dataset": dataset, "measure": name} | _row(means, name))
            each.append(known.sort_values("difference", key=np.abs, ascending=False, kind="stable"))
    return pd.DataFrame(rows), pd.concat(each, ignore_index=True)


def _row(means, name):
    """One row of the differences. means: a recording a row, with its difference."""
    values = means["difference"].to_numpy(np.float64)
    found = interval(values, rng=np.random.default_rng(SEED), bounds=bounds_of(name) and (-1, 1))
    row = dict(zip(("recordings", "difference", "low", "high", "kind"), found.row()))
    if found.clear:
        word = CLEAR[0] if found.mean > 0 else CLEAR[1]
    else:
        word = CLEAR[3] if found.n < LEAST else CLEAR[2]
    decides = int(np.argmax(np.abs(values)))
    rest = np.delete(values, decides)
    who = means["recording"].iloc[decides] if len(rest) and values.any() else ""
    more = {"without": float(rest.mean()) if len(rest) else float("nan"), "decides": who}
    return row | {"clear": found.clear, "word": word} | more
