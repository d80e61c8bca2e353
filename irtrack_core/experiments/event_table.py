"""What happens to a tracker when something happens: one row for each event of `datasets.events` and each tracker."""

import numpy as np
import pandas as pd

from irtrack_core import evaluation
from irtrack_core.boxes import center_error
from irtrack_core.evaluation.runs import by_key

WITHIN = 30  # frames in which a target must be found again
NEAR = 5.0  # px: a box whose centre is off by no more, or by half the target's longer side, is on the target


def on_target(boxes, truth):
    """(N,) bool: the centre is off by no more than 5 px or half the longer side of the true box, whichever is more."""
    near = np.maximum(NEAR, np.max(truth[:, 2:], axis=1) / 2)
    return np.nan_to_num(center_error(boxes, truth), nan=np.inf) <= near


def found_again(boxes, truth, within=WITHIN):
    """(times, found): how often the target had to be found again, and how often it was within `within` frames.

    boxes, truth: (N, 4), NaN where there is none. It has to be found when it is back after frames without it, and when
    the box leaves it. What happens so late that fewer frames are left counts as not found unless it was found in them.
    """
    here = ~np.isnan(truth).any(axis=1)
    on = here & on_target(boxes, truth)
    back = here[1:] & ~here[:-1]
    left = here[1:] & ~on[1:] & on[:-1]
    starts = np.flatnonzero(back | left) + 1
    return len(starts), sum(bool(on[start : start + within].any()) for start in starts)


def event_table(results, sequences):
    """Table event, tracker, p5, aor, times, found, one row for each result on the sequences of `load("sim-events")`.

    times, found: of `found_again`.
    """
    known, rows = by_key(sequences), []
    measured = evaluation.evaluate(results, sequences)
    for result, p5, aor in zip(results, measured["p5"], measured["aor"]):
        one = known[result.dataset, result.sequence]
        truth = one.boxes[result.start :: result.stride][: len(result.boxes)]
        event = result.sequence.removeprefix(f"{result.dataset}-")
        rows.append([event, result.tracker, p5, aor, *found_again(result.boxes, truth)])
    return pd.DataFrame(rows, columns=["event", "tracker", "p5", "aor", "times", "found"])


def side_by_side(table):
    """The same to be read: one row an event, for each tracker P@5, AO and "found again", as "1 of 2" ("-": never lost)."""
    again = [f"{found} of {times}" if times else "-" for times, found in zip(table["times"], table["found"])]
    shown = table[["event", "tracker"]].assign(**{"P@5": table["p5"], "AO": table["aor"], "found again": again})
    wide = shown.pivot(index="event", columns="tracker").swaplevel(axis=1)
    order = [(t, m) for t in table["tracker"].unique() for m in ("P@5", "AO", "found again")]
    return wide.loc[table["event"].unique(), order].round(2)
