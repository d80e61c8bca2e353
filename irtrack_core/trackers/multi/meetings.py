r"""Two tracks that met and parted: did they keep their targets? Their strengths before and after tell, where these differ.

While two targets are together their sightings are one, and afterwards motion alone says which is which: it takes for crossing
what has turned back. Each track's logarithm of strength from before, a, is compared with the mean of the first frames after
they parted, a'. The odds that they have been exchanged are

.. math:: \frac{(a_1' - a_1)^2 + (a_2' - a_2)^2 - (a_1' - a_2)^2 - (a_2' - a_1)^2}{2 s^2}

and 0 for targets of equal contrast, of which motion decides.
"""

import numpy as np

from irtrack_core.trackers.multi.assignment import STRENGTH_STD

MARGIN = 2.0  # px between boxes up to which two tracks are together
WATCHED = 6  # sightings of each after they parted that are compared
SURE = 3.0  # logarithm of the odds from which they are exchanged
EXCHANGED = ("id", "given", "size", "offset", "strength")  # columns that belong to the target, not to the way


class Meetings:
    """Remembers which confirmed tracks of a TrackTable are together, or were lately."""

    def __init__(self):
        self.before = {}  # (number, number): their log-strengths before

    def watch(self, table):
        """Look at the tracks of one frame; those that were exchanged get their own number, size and strength again."""
        rows = np.flatnonzero(table.confirmed)
        if len(rows) < 2:
            self.before.clear()
            return
        where = dict(zip(table.id[rows].tolist(), rows))
        for i, j in rows[np.argwhere(np.triu(_together(table, rows), 1))]:
            pair = tuple(sorted((int(table.id[i]), int(table.id[j]))))
            self.before.setdefault(pair, [table.strength[where[number]] for number in pair])
            table.later[[i, j]] = table.sightings[[i, j]] = 0  # still together: what is seen is of both
        for pair, before in list(self.before.items()):
            if not all(number in where for number in pair):
                del self.before[pair]
                continue
            both = [where[number] for number in pair]
            if table.sightings[both].min() >= WATCHED:
                del self.before[pair]
                if odds(before, table.later[both] / table.sightings[both]) > SURE:
                    for name in EXCHANGED:
                        table.rows[name][both] = table.rows[name][both[::-1]]


def odds(before, after):
    """Logarithm of the odds that two tracks of log-strengths `before` (2,) and `after` (2,) have exchanged their targets.

    >>> round(odds([2.0, 3.0], [3.0, 2.0]), 2), odds([2.0, 2.0], [2.5, 2.0])
    (6.25, 0.0)
    """
    (a, b), (c, d) = before, after
    return float(((c - a) ** 2 + (d - b) ** 2 - (c - b) ** 2 - (d - a) ** 2) / (2 * STRENGTH_STD**2))


def _together(table, rows):
    """(k, k) bool: whose boxes touch."""
    apart = np.abs(table.place[rows][:, None] - table.place[rows])
    return (apart <= (table.size[rows][:, None] + table.size[rows]) / 2 + MARGIN).all(axis=2)
