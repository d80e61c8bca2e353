"""The paper's own sets beside the Svanström list: aircraft (Hui et al.), KAIST and OSU pedestrians, each a set of its own.

Numbers and curves alone: no licence of theirs lets their pixels be shown. Means are over recordings, first within each.
"""

import numpy as np
import pandas as pd

from irtrack_core import evaluation, metrics
from irtrack_core.datasets import NothingToTrack, data_root, load
from irtrack_core.evaluation.runs import by_key
from irtrack_core.experiments import study

SETS = ("hui", "kaist", "otcbvs")
CENTRES = ("hui",)  # its boxes are a fixed 8 x 8 px round an annotated point: a place, no size, so no overlap
FRAMES = 250  # of each sequence, as in notebook 11
MEASURES = ("p3", "p5", "p20", "aor")


def real_sets(frames=0, *, most=30):
    """(sequences, told): of SETS what IRTRACK_DATA holds, and a sentence on each set and on all that is left out.

    frames: of each sequence, from its first box on; 0: all. most: sequences of a set, evenly spread over it. A set that is
    not there, or whose images are single ones, gives none, and the sentence says so.
    """
    if data_root() is None:
        return [], [study.HOW_TO_GET_DATA]
    sequences, told = [], []
    for name in SETS:
        try:
            found = [one for one in load(name) if one.present.sum() > 1]
        except FileNotFoundError as error:
            told.append(f"{name}: {str(error).replace(str(data_root()), 'IRTRACK_DATA')}")
            continue
        except NothingToTrack:
            told.append(f"{name}: there, but no target is annotated in enough images in a row to be tracked")
            continue
        cut = [study.head(one, frames) for one in found]
        cut = [one for one in cut if one.present.sum() > 1]
        kept = [cut[i] for i in np.unique(np.linspace(0, len(cut) - 1, min(most, len(cut))).round().astype(int))]
        sequences += kept
        told.append(f"{name}: {len(kept)} of {len(found)} sequences, {len({one.recording for one in kept})} recordings")
    return sequences, told


def measure(results, sequences):
    """Table dataset, recording, sequence, tracker, annotated, p3, p5, p20, aor; aor is NaN where boxes give no size."""
    table, known = evaluation.evaluate(results, sequences), by_key(sequences)
    table["recording"] = [known[key].recording for key in zip(table["dataset"], table["sequence"])]
    table.loc[table["dataset"].isin(CENTRES), "aor"] = np.nan
    return table[["dataset", "recording", "sequence", "tracker", "annotated", *MEASURES]]


def means(table):
    """Table dataset, tracker, recordings, sequences, p3, p5, p20, aor, p5_lowest: means over recordings, first within each.

    table: of `measure`. p5_lowest: of the recording on which the tracker does worst; so few recordings get no interval.
    """
    keys = ["dataset", "tracker"]
    each = table.groupby([*keys, "recording"], sort=False)[list(MEASURES)].mean()
    groups = each.groupby(level=keys, sort=False)
    counts = table.groupby(keys, sort=False).agg(recordings=("recording", "nunique"), sequences=("sequence", "nunique"))
    return counts.join(groups.mean()).assign(p5_lowest=groups["p5"].min()).reset_index()


def precision(results, sequences):
    """Table dataset, tracker, error (px), value: the share of frames with a centre error of at most `error`.

    Means over recordings, first within each.
    """
    known, rows = by_key(sequences), []
    for result in results:
        one = known[result.dataset, result.sequence]
        (values,) = evaluation.curves([result], [one], metrics.precision_curve).values()
        rows.append([result.dataset, result.tracker, one.recording, *values])
    keys = ["dataset", "tracker", "recording"]
    table = pd.DataFrame(rows, columns=[*keys, *metrics.PIXEL_THRESHOLDS])
    mean = table.groupby(keys, sort=False).mean().groupby(level=keys[:2], sort=False).mean()
    return mean.rename_axis("error", axis=1).stack().rename("value").reset_index()
