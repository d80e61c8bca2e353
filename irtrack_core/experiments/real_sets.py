"""The paper's own sets beside the Svanström list: aircraft (Hui et al.), KAIST and OSU pedestrians, each a set of its own.

Numbers and curves alone: no licence of theirs lets their pixels be shown. Means are over recordings, first within each.
"""

import numpy as np
import pandas as pd

from irtrack_core import evaluation, metrics
from irtrack_core.datasets import NothingToTrack, data_root, load
from irtrack_core.evaluation.grouping import recording_means
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
    table = evaluation.evaluate(results, sequences)
    table.loc[table["dataset"].isin(CENTRES), "aor"] = np.nan
    return table[["dataset", "recording", "sequence", "tracker", "annotated", *MEASURES]]


def means(table):
    """Table dataset, tracker, recordings, sequences, p3, p5, p20, aor, p5_lowest: means over recordings, first within each.

    table: of `measure`. p5_lowest: of the recording on which the tracker does worst; so few recordings get no interval.
    """
    keys = ["dataset", "tracker"]
    groups = recording_means(table, MEASURES, keys).groupby(keys, sort=False)
    counts = {"recordings": groups.size(), "sequences": groups["sequences"].sum()}
    return pd.DataFrame(counts).join(groups[list(MEASURES)].mean()).assign(p5_lowest=groups["p5"].min()).reset_index()


def precision(results, sequences):
    """Table dataset, tracker, error (px), value: the share of frames with a centre error of at most `error`.

    Means over recordings, first within each.
    """
    parts = []
    for dataset in dict.fromkeys(result.dataset for result in results):
        rates = evaluation.curves([r for r in results if r.dataset == dataset], sequences, metrics.precision_curve)
        for tracker, values in rates.items():
            part = pd.DataFrame({"error": metrics.PIXEL_THRESHOLDS, "value": values})
            parts.append(part.assign(dataset=dataset, tracker=tracker))
    return pd.concat(parts, ignore_index=True)[["dataset", "tracker", "error", "value"]]
