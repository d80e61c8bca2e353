"""Means of tables over recordings: over seeds, then over the sequences cut from one recording, then over recordings.

Clips of one recording resemble each other: each counts as one witness only together with the others.
"""

from irtrack_core.datasets.recordings import read_table

OF_SIZE = ("aor", "sr50", "sr75", "auc", "norm_auc", "loss_rate", "first_loss")  # measures that need the target's size


def recording_of(sequence):
    """Name of the recording that a sequence is cut from; its own where it says none."""
    return getattr(sequence, "recording", "") or sequence.name


def check_sized(sequence):
    """Raise ValueError where the truth is points: their boxes' size was chosen, and overlap with them says nothing."""
    if getattr(sequence, "points", False):
        where = f"{sequence.dataset}/{sequence.name}"
        raise ValueError(f"sequence {where} annotates points: measure centre errors (precision), not overlap")


def with_recording(table):
    """The table with a column `recording`, text: as it is there, or else of the sequence.

    table: with dataset and sequence. Tables written before there was that column, and rows without one, get the recording of
    Svanström's clips from `datasets.recordings`; any other sequence is a recording of its own.
    """
    known = {clip: recording for clip, (recording, _) in read_table().items()}
    default = [
        known.get(sequence, str(sequence)) if dataset == "svanstrom" else str(sequence)
        for dataset, sequence in zip(table["dataset"], table["sequence"])
    ]
    if "recording" not in table:
        return table.assign(recording=default)
    there = table["recording"].notna()
    # a column of numbers with gaps is read as 12.0
    text = [f"{one:.0f}" if isinstance(one, float) and one == one else str(one) for one in table["recording"]]
    return table.assign(recording=[one if ok else other for one, ok, other in zip(text, there, default)])


def recording_means(table, columns, by=()):
    """A DataFrame with a row a recording, for each value of `by`: by, dataset, recording, sequences, and means of `columns`.

    table: with dataset and sequence, and recording if it is known. Rows of one sequence (seeds) are averaged first.
    """
    keys = [*by, *(name for name in ("dataset", "recording") if name not in by)]
    columns = list(columns)
    each = with_recording(table).groupby([*keys, "sequence"], sort=False)[columns].mean().reset_index()
    groups = each.groupby(keys, sort=False)
    means = groups[columns].mean()
    means.insert(0, "sequences", groups.size())
    return means.reset_index()


def summarize(table, by=("tracker",)):
    """Macro average of `evaluate`'s table: means over recordings for each group, with their number and that of sequences.

    Rows of one sequence (seeds, trials) are averaged first: leave one protocol and stride in the table, or name them in `by`.
    fps is eq. (16), all frames over all seconds. rmse is the mean of the recordings that have one.
    """
    columns = table.select_dtypes("number").columns.drop(["trial", "stride", "fps"], errors="ignore").tolist()
    by = list(by)
    groups = recording_means(table, columns, by).groupby(by, sort=False)
    summary = groups[columns].mean()
    summary.insert(0, "recordings", groups.size())
    summary.insert(1, "sequences", groups["sequences"].sum())
    summed = table.groupby(by, sort=False)[["frames", "seconds"]].sum()
    summary["fps"] = summed["frames"] / summed["seconds"]
    return summary.reset_index()
