r"""How far must something come, and how sure must it be, to be a target? More than the clutter, as far as that was measured.

Leaves in the wind, edges of clouds and glints give tracks as well: sightings that move together for a while, frame by frame.
What tells them from targets is that they come to nothing. Each track that would have been born but for the way it came is
remembered, when it ends, with the place and how far it had come; these *strays* move with the background. With n of them
within R of a place in T frames, whose ways have the mean square w^2, and ways that fall off as an exponential, so that

.. math:: F\,\frac{n}{T}\,\frac{A}{\pi R^2}\; e^{-d / c w} = 1

in F frames, a frame of the area A has one that comes farther than d. That is the way that a target has to come.

Its odds have to be better than those of clutter as well. Sightings of clutter persist from frame to frame, for as long as
the camera and the compression of its video let them, so that the odds of `multi.assignment`, which take frames for
independent, grow with every frame. With m tracks in T frames that came to nothing, and logits that exceed that of a birth by
b on the mean,

.. math:: F\,\frac{m}{T}\; e^{-x / c' b} = 1

gives the excess x that a target needs.

In compressed video clutter flares: a block stands out for a dozen frames, and no more. A track that leaps from one flare to
the next, farther off, comes far as well; `steady` tells it from a target by the frames without a sighting and by the leap.
"""

import numpy as np

HOUR = 108_000  # F: frames of an hour at 30 frames a second, in which there may be one false birth
REACH = 48.0  # px: R
MEMORY = 600, 1000  # frames, and strays, that are remembered
FIRST = 0.2, 0.4  # strays and the way, px, that are supposed about a place before any is seen
ELSEWHERE = 0.3  # weight of strays anywhere in the frame: a ground that was not in view before is like that beside it
TAIL = 1.3  # c: ways of clutter have a longer tail than an exponential of their rms
SOONEST = 30  # frames: T is no less, for a few frames measure nothing; before, the supposed way is so much longer
SELDOM = 3.0  # standard deviations by which a target may have been seen more seldom than is expected of one
UNEVEN = (
    0.3  # share of its way by which its mean place may lie aside of the middle; where it stood, then leapt, it is 0.5
)
MOVED = 2.0, 0.08, 0.5  # px, px a frame, and share of its speed, on the whole since its first sighting: edges stay
FIRST_ODDS = 0.2, 2.0  # tracks that came to nothing and their b that are supposed before any is seen
ODDS_TAIL = 2.0  # c'
MOST_ODDS = 110.0  # the most that is asked for: 14 sightings or more, which no clutter should stop
SLOW, SEVERAL = 0.6, 5  # px a frame, and tracks that are no faster: where all drift, the registration is a little off


def drift(table):
    """(2,) px by which the background, as its slow sightings show it, has moved farther than the registration says."""
    rows = (table.seen >= 3) & (table.lost == 0) & ~table.confirmed & (np.linalg.norm(table.velocity, axis=1) < SLOW)
    return np.median(table.velocity[rows], axis=0) if rows.sum() >= SEVERAL else np.zeros(2)


def steady(table, detection):
    """(n,) bool: which tracks were seen as often as a target is, in all their frames and in the last 32, and went evenly.

    detection: probability that a target gives a sighting in a frame.
    """
    often = np.ones(len(table), bool)
    for seen, frames in ((table.seen, table.age), (table.recent(32), np.minimum(table.age, 32))):
        expected, deviation = frames * detection, np.sqrt(frames * detection * (1 - detection))
        often &= seen >= expected - SELDOM * deviation
    way = table.place - table.birth
    share = (way * table.middle).sum(axis=1) / np.maximum((way * way).sum(axis=1), 1e-9)
    return often & (np.abs(share - 0.5) <= UNEVEN)


def moved(table):
    """(n,) bool: which tracks have moved against the background since their first sighting, and have not come to rest."""
    way, speed = np.linalg.norm(table.place - table.birth, axis=1), np.linalg.norm(table.velocity, axis=1)
    least, slowest, share = MOVED
    far = way >= np.maximum(least, np.maximum(slowest, share * speed) * table.age)
    return far & (speed >= share * way / table.age)


def likely(table, fit, far, strays, logit):
    """(n,) bool: which tracks are surer to be targets than clutter is.

    fit (n,): those that are targets if they are so; far (n,): those that have `moved`; logit: of a birth, where nothing is
    known of the clutter. Remembers the odds of the fit ones in the table.
    """
    table.odds = np.where(fit, np.maximum(table.odds, table.logit - logit), table.odds)
    return table.logit - logit >= strays.least_odds(table.odds[fit & ~far])


def came(table, fit, far, strays, area):
    """(n,) bool: which tracks have come farther than clutter does in a frame of `area` px.

    fit (n,): those that are targets if they have; far (n,): those that have `moved`. Remembers the way of the fit ones in the
    table.
    """
    way, far = np.linalg.norm(table.place - table.birth, axis=1), far.copy()
    table.way = np.where(fit, np.maximum(table.way, way), table.way)
    idle, rows = fit & ~far, np.flatnonzero(fit & far)
    least = strays.least_way(table.place[rows], area, table.place[idle], table.way[idle])
    far[rows] &= way[rows] >= MOVED[0] + least
    return far


class Strays:
    """Tracks that came to nothing: how far they had come, and how sure they had been.

    places (n, 2) in the present frame, ways (n,) px; odds (m,), the `odds` of their rows, and since (m,), frames ago.
    """

    def __init__(self):
        self.odds, self.since = np.zeros(0), np.zeros(0, int)
        self.places, self.ways, self.ages, self.frames = np.zeros((0, 2)), np.zeros(0), np.zeros(0, int), 0

    def go_on(self, shift):
        """Begin a frame in which the background has moved by `shift` (2,) px."""
        self.frames += 1
        kept = self.ages < MEMORY[0]
        self.places, self.ways, self.ages = self.places[kept] + shift, self.ways[kept], self.ages[kept] + 1
        kept = self.since < MEMORY[0]
        self.odds, self.since = self.odds[kept], self.since[kept] + 1

    def learn_odds(self, odds):
        """Remember the odds (k,) of tracks that came to nothing."""
        self.odds = np.concatenate([self.odds, odds])[-MEMORY[1] :]
        self.since = np.concatenate([self.since, np.zeros(len(odds), int)])[-MEMORY[1] :]

    def least_odds(self, others):
        """Excess of its logit that a track needs; others (k,): odds of those that are there still and came nowhere yet."""
        all_odds = np.minimum(np.concatenate([self.odds, others]), MOST_ODDS)
        n = FIRST_ODDS[0] + len(all_odds)
        mean = (FIRST_ODDS[0] * FIRST_ODDS[1] + all_odds.sum()) / n
        expected = HOUR * n / min(max(self.frames, SOONEST), MEMORY[0])
        return min(ODDS_TAIL * mean * np.log(max(expected, 1)), MOST_ODDS)

    def learn(self, places, ways):
        """Remember tracks that ended at `places` (m, 2) after `ways` (m,) px."""
        most = MEMORY[1]
        self.places = np.concatenate([self.places, places])[-most:]
        self.ways = np.concatenate([self.ways, ways])[-most:]
        self.ages = np.concatenate([self.ages, np.zeros(len(ways), int)])[-most:]

    def least_way(self, places, area, others, ways):
        """(k,) px that tracks at places (k, 2) of a frame of `area` px must have come.

        others (m, 2), ways (m,): tracks that are there still and have come nowhere yet.
        """
        share = ELSEWHERE * min(np.pi * REACH**2 / area, 1)
        n = FIRST[0] + share * (len(self.ways) + len(ways))
        early = max(SOONEST / max(self.frames, 1), 1)
        squares = FIRST[0] * (early * FIRST[1]) ** 2 + share * (self.ways @ self.ways + ways @ ways)
        for spots, far in ((self.places, self.ways), (others, ways)):
            near = ((places[:, None] - spots) ** 2).sum(axis=2) <= REACH**2
            n, squares = n + near.sum(axis=1), squares + near @ far**2
        expected = HOUR * n / min(max(self.frames, SOONEST), MEMORY[0]) * max(area / (np.pi * REACH**2), 1)
        return TAIL * np.sqrt(squares / n) * np.log(np.maximum(expected, 1))
