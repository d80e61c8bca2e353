r"""The search for the best structuring elements: which lines :math:`a_i` of eq. (2), which rectangle s of eq. (4).

The paper only says that "the optimum structuring element is looked for". Here that is an exhaustive search: every family of
elements with every rectangle is tried on the *training* frames, and the pair with the best criterion is taken.

criterion "pd" (default): the share of targets found at a fixed Pfa, the threshold set frame by frame; equal shares, and
    targets in frames too small to tell, are decided by the mean logarithm of the Pfa at which each target is found, lower
    first.
criterion "snr": the median SNR to a tenth of a dB, eq. (13) with sigma not below the raw frame's noise, among the pairs that
    keep at least half of the targets' peak on average. It can be gamed (notebook 10), which is why it is not the default.

Whatever still ties goes to the pair with the fewest pixels. All averages are over sequences, so that a long one counts no
more than a short one. `search` is given the training sequences only; `cross_validate` chooses on the other folds before
it looks at a fold, so that each sequence is judged by elements that were chosen without it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from irtrack_core.config import FilterSettings
from irtrack_core.datasets.unreadable import readable
from irtrack_core.evaluation import folds
from irtrack_core.evaluation.detection import detection, pfa_by_frame
from irtrack_core.experiments.snr import pick_frames
from irtrack_core.filtering import multilevel_filter, open_rectangle
from irtrack_core.filtering.elements import line_elements, rectangle, shape_element
from irtrack_core.metrics import background_region, decibel, levels, noise_sigma

RECTANGLES = ((1, 1), (1, 3), (3, 1), (3, 3), (5, 5))
PFA = 1e-2
KEPT = 0.5  # least mean retention that criterion "snr" accepts
DEFAULT = FilterSettings()


@dataclass(frozen=True, eq=False)
class Choice:
    """The elements and the rectangle that a search found, their names, and the table of all that it tried."""

    family: str
    elements: list
    rectangle: np.ndarray
    ranking: pd.DataFrame

    def __str__(self):
        return f"{self.family}, s = {_name(self.rectangle.shape)}"


def candidates(lengths=(7, 11, 15, 21, 31), angles=(1, 2, 4, 8), shapes=("square", "disc", "ring"), sizes=(7, 11, 15)):
    """Families of elements to try: name -> list of elements. Lines of each length and number, and single other shapes."""
    families = {_lines(n, length): line_elements(length, n) for length in lengths for n in angles}
    return families | {f"{shape} of {size}": [shape_element(shape, size)] for shape in shapes for size in sizes}


def measure(sequences, families, rectangles=RECTANGLES, *, count=3, polarity="bright", progress=None):
    """What every family and rectangle does on `count` frames of each sequence; nothing is chosen or averaged here.

    families: name -> list of elements (`candidates`); rectangles: (height, width) each, odd.
    Returns a DataFrame, a row for each frame, family and rectangle: dataset, sequence, frame, family, rectangle, pixels
    (of all elements), pfa_frame and pfa_frame_least (`detection.pfa_by_frame`), retention and snr. Raises ValueError for
    nothing to try.
    """
    sequences, families, rectangles = list(sequences), dict(families), [tuple(one) for one in rectangles]
    if not (sequences and families and rectangles):
        raise ValueError("a search needs at least one sequence, one family of elements and one rectangle")
    none, rows = rectangle(1, 1), []
    seconds = {sides: rectangle(*sides) for sides in rectangles}
    for sequence in sequences if progress is None else progress(sequences):
        for number, image in readable(sequence, pick_frames(sequence, count)):
            box = sequence.boxes[number]
            region, floor = background_region(image.shape, box), noise_sigma(image)
            # for dark targets retention is counted on the negative, in which they are bright
            before = levels(-image.astype(np.float32) if polarity == "dark" else image, box, region)
            head = {"dataset": sequence.dataset, "sequence": sequence.name, "frame": number}
            for name, elements in families.items():
                _, U, _ = multilevel_filter(image, elements, none, polarity=polarity)
                lines = sum(int(np.count_nonzero(element)) for element in elements)
                for sides, s in seconds.items():
                    M = open_rectangle(U, s)
                    found = levels(M, box, region)
                    row = {"family": name, "rectangle": _name(sides), "pixels": lines + s.size}
                    (pfa,), (least,) = pfa_by_frame([detection(M, box)])
                    row |= {"pfa_frame": pfa, "pfa_frame_least": least, "retention": found.retention(before)}
                    rows.append(head | row | {"snr": found.snr(floor=floor)})
    return pd.DataFrame(rows)


def ranking(table, *, criterion="pd", pfa=PFA):
    """The pairs in `measure`'s table, best first: family, rectangle, pd, log_pfa, db, retention, pixels.

    Raises ValueError for an unknown criterion.
    """
    if criterion not in ("pd", "snr"):
        raise ValueError(f"the criterion must be 'pd' or 'snr', not {criterion!r}")
    rows = table.assign(
        pd=(table["pfa_frame"] <= pfa).where(table["pfa_frame_least"] <= pfa).astype(float),
        log_pfa=np.log10(table["pfa_frame"]),
        db=decibel(table["snr"].to_numpy()).clip(-60),
    )
    measures = ["pd", "log_pfa", "retention", "pixels"]
    groups = ["family", "rectangle", "dataset", "sequence"]
    by_sequence = rows.groupby(groups, sort=False)
    per_sequence = by_sequence[measures].mean().join(by_sequence["db"].median())
    pairs = per_sequence.groupby(["family", "rectangle"], sort=False)
    ranked = pairs[measures].mean().join(pairs["db"].median()).reset_index()
    if criterion == "pd":
        return ranked.sort_values(["pd", "log_pfa", "pixels"], ascending=[False, True, True], ignore_index=True)
    ranked["guarded"] = ranked["db"].round(1).where(ranked["retention"] >= KEPT, -np.inf)
    ranked = ranked.sort_values(["guarded", "pixels"], ascending=[False, True], ignore_index=True)
    return ranked.drop(columns="guarded")


def choose(table, families, *, criterion="pd", pfa=PFA):
    """The best pair of `measure`'s table, as a Choice. Only the rows given here are looked at."""
    ranked = ranking(table, criterion=criterion, pfa=pfa)
    best = ranked.iloc[0]
    sides = map(int, best["rectangle"].split(" x "))
    return Choice(best["family"], families[best["family"]], rectangle(*sides), ranked)


def search(sequences, families=None, rectangles=RECTANGLES, *, criterion="pd", pfa=PFA, **options):
    """The best elements for these *training* sequences: `measure`, then `choose`. options: of `measure`.

    families: name -> list of elements, `candidates()` when None.
    """
    families = candidates() if families is None else families
    return choose(measure(sequences, families, rectangles, **options), families, criterion=criterion, pfa=pfa)


def cross_validate(sequences, families=None, rectangles=RECTANGLES, *, k=5, seed=0, criterion="pd", pfa=PFA, **options):
    """What a search gains on sequences it has not seen: k folds of whole sequences, chosen on k - 1, judged on the other.

    Returns a DataFrame with four rows for each sequence. by: "search", chosen without this sequence; "default", the
    filter of FilterSettings; "default, no s", the same without the rectangle; "best here", the best for this very
    sequence, which nobody knows beforehand: it bounds what a choice can bring. Columns: dataset, sequence, fold, by,
    elements (their name), pd, log_pfa, retention, db. options: of `measure`.
    """
    families = dict(candidates() if families is None else families)
    default = _lines(DEFAULT.angles, DEFAULT.length)
    families.setdefault(default, line_elements(DEFAULT.length, DEFAULT.angles))
    rectangles = list(dict.fromkeys([*map(tuple, rectangles), DEFAULT.rectangle, (1, 1)]))
    table, rows = measure(sequences, families, rectangles, **options), []
    for fold, (train, test) in enumerate(folds(sequences, k=k, seed=seed)):
        choice = choose(_of(table, train), families, criterion=criterion, pfa=pfa)
        for sequence in test:
            here = ranking(_of(table, [sequence]), criterion=criterion, pfa=pfa)
            pairs = {
                "search": (choice.family, _name(choice.rectangle.shape)),
                "default": (default, _name(DEFAULT.rectangle)),
                "default, no s": (default, "1 x 1"),
                "best here": tuple(here.loc[0, ["family", "rectangle"]]),
            }
            found = here.set_index(["family", "rectangle"])
            for by, pair in pairs.items():
                head = {"dataset": sequence.dataset, "sequence": sequence.name, "fold": fold, "by": by}
                head["elements"] = f"{pair[0]}, s = {pair[1]}"
                rows.append(head | found.loc[pair, ["pd", "log_pfa", "retention", "db"]].to_dict())
    return pd.DataFrame(rows)


def _lines(angles, length):
    return f"{angles} line{'s' if angles > 1 else ''} of {length}"


def _name(sides):
    return f"{sides[0]} x {sides[1]}"


def _of(table, sequences):
    """The rows of these sequences."""
    keys = {(one.dataset, one.name) for one in sequences}
    return table[[key in keys for key in zip(table["dataset"], table["sequence"])]]
