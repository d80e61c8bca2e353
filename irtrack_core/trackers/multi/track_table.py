r"""All tracks as columns of one table, so that a frame costs few calls however many there are.

Each track has a Kalman filter at nearly constant velocity, as `trackers.kalman` has it, place x and velocity v against the
background with one covariance for both axes; the background's own step is added to all places. The velocity changes by the
target's turns, so that its noise is a share of the speed:

.. math:: q^2 = q_0^2 + (\mathrm{turn} \cdot |v|)^2

`logit` is the logarithm of the odds that the track is a target: each frame adds the logarithm of how much likelier it is with
the target than without (Musicki, Evans, Stanislav: Integrated probabilistic data association, IEEE TAC 1994).
"""

from typing import NamedTuple

import numpy as np

from irtrack_core.boxes import from_centers

RESTLESS = 0.1  # px a frame: q_0, of a target that stands
PLACE_NOISE = 0.4, 0.03  # px, and share of the side: standard deviation of a centroid
STRENGTH_RATE = 0.1  # share of a new strength, change and size in what is remembered
GIVEN, SURE, GONE = 6.0, 10.0, -6.0  # logit of a given box, the highest, and the lowest of a track once confirmed
LARGEST_VARIANCE = 1e6  # px^2: a track that is lost for long is anywhere


class Track(NamedTuple):
    """One target in one frame.

    id: whole number from 1, never used again. box: (4,) xywh; velocity: (2,) px a frame against the background. variances:
    of place, both, velocity along either axis, px^2. score: probability that the target is there, 0 to 1. lost: frames
    since it was last seen, 0 where it was seen in this one.
    """

    id: int
    box: np.ndarray
    velocity: np.ndarray
    variances: np.ndarray
    score: float
    lost: int

    @property
    def covariance(self):
        """(4, 4) of x, y, and their velocities."""
        place, both, velocity = self.variances
        return np.kron([[place, both], [both, velocity]], np.eye(2))


COLUMNS = {
    "id": (np.int64, ()),  # 0: not confirmed yet
    "place": (np.float64, (2,)),
    "birth": (np.float64, (2,)),  # where the first sighting would be now, had it stood before the background
    "velocity": (np.float64, (2,)),
    "variances": (np.float64, (3,)),
    "size": (np.float64, (2,)),
    "offset": (np.float64, (2,)),  # of the box's centre from the blob's: an annotator's convention
    "given": (np.bool_, ()),  # its box was given: the size stays
    "strength": (np.float64, ()),  # mean logarithm of the evidence
    "later": (np.float64, ()),  # sum of the logarithms of so many `sightings` since it parted from another track
    "sightings": (np.int64, ()),
    "change": (np.float64, ()),  # mean share of D in it
    "logit": (np.float64, ()),
    "middle": (np.float64, (2,)),  # mean of the way from `birth` over its frames: half of it where it goes on evenly
    "way": (np.float64, ()),  # px that it had come at most while it was fit to be born but for that; 0: never
    "odds": (np.float64, ()),  # most its `logit` exceeded that of a birth by, while fit to be born
    "hits": (np.uint32, ()),  # bits of the last frames, the newest lowest
    "seen": (np.int64, ()),  # frames in which it was
    "born": (np.int64, ()),  # `seen` when it got its number
    "age": (np.int64, ()),
    "lost": (np.int64, ()),
    "shared": (np.int64, ()),  # frames in a row in which another's sighting explained that it had none
}


ROW = np.dtype([(name, dtype, shape) for name, (dtype, shape) in COLUMNS.items()])


class TrackTable:
    """The columns of `COLUMNS` as attributes, one row a track; `rows` holds them all, so that rows come and go at once."""

    def __init__(self):
        self.rows = np.zeros(0, ROW)

    def __getattr__(self, name):
        if name not in COLUMNS:
            raise AttributeError(f"a TrackTable has no column {name!r}")
        return self.rows[name]

    def __setattr__(self, name, value):
        if name in COLUMNS:
            self.rows[name] = value
        else:
            super().__setattr__(name, value)

    def __len__(self):
        return len(self.rows)

    @property
    def confirmed(self):
        """(n,) bool."""
        return self.id > 0

    @property
    def side(self):
        """(n,) geometric mean of width and height, px."""
        return np.sqrt(self.size[:, 0] * self.size[:, 1])

    def keep(self, rows):
        """Keep the rows of a mask or of indices, and end the others."""
        self.rows = self.rows[rows]

    def add(self, places, sizes, strengths, changes, *, speed, **more):
        """Start tracks at places (m, 2) at rest as far as is known, with a standard deviation of `speed` / 2 a frame."""
        new = np.zeros(len(places), ROW)
        first = dict(place=places, birth=places, size=sizes, strength=np.log(strengths), change=changes)
        for name, value in (first | dict(hits=1, seen=1, age=1) | more).items():
            new[name] = value
        new["variances"][:, 0], new["variances"][:, 2] = _noise(new["size"]), speed * speed / 4
        self.rows = np.concatenate([self.rows, new])

    def noise(self, rows):
        """(k,) variance of the place of a sighting, px^2."""
        return _noise(self.size[rows])

    def predict(self, shift, turn):
        """Go on by one frame, in which the background moved by `shift` (2,)."""
        self.place, self.birth = self.place + self.velocity + shift, self.birth + shift
        place, both, velocity = self.variances.T
        q2 = RESTLESS**2 + turn**2 * (self.velocity**2).sum(axis=1)
        place, both, velocity = place + 2 * both + velocity + q2 / 4, both + velocity + q2 / 2, velocity + q2
        self.variances = np.minimum(np.stack([place, both, velocity], axis=1), LARGEST_VARIANCE)
        self.hits <<= np.uint32(1)
        self.age += 1
        self.middle += (self.place - self.birth - self.middle) / self.age[:, None]
        self.lost += 1

    def update(self, rows, places, noise):
        """Weigh the sightings' places (k, 2), of variance noise (k,), against those predicted for the rows (k,)."""
        place, both, velocity = self.variances[rows].T
        gain, gain_velocity = place / (place + noise), both / (place + noise)
        step = places - self.place[rows]
        self.place[rows] += gain[:, None] * step
        self.velocity[rows] += gain_velocity[:, None] * step
        after = place * (1 - gain), both * (1 - gain), velocity - gain_velocity * both
        self.variances[rows] = np.stack(after, axis=1)
        self.hits[rows] |= np.uint32(1)
        self.seen[rows] += 1
        self.lost[rows] = self.shared[rows] = 0

    def remember(self, rows, sizes, strengths, changes):
        """Take over what the sightings look like, a share each; of a young track the mean."""
        rate = np.maximum(STRENGTH_RATE, 1 / self.seen[rows])
        self.later[rows] += np.log(strengths)
        self.sightings[rows] += 1
        self.strength[rows] += rate * (np.log(strengths) - self.strength[rows])
        self.change[rows] += rate * (changes - self.change[rows])
        free = ~self.given[rows]
        self.size[rows[free]] += rate[free, None] * (sizes[free] - self.size[rows[free]])

    def recent(self, frames):
        """(n,): in how many of the last `frames` it was seen."""
        return np.bitwise_count(self.hits & np.uint32((1 << frames) - 1))

    def tracks(self, rows):
        """A list of `Track` of the rows (k,)."""
        boxes = from_centers(self.place[rows] + self.offset[rows], self.size[rows])
        scores = 1 / (1 + np.exp(-self.logit[rows]))
        columns = (self.id[rows], self.velocity[rows], self.variances[rows], scores, self.lost[rows])
        return [
            Track(int(who), box, velocity, variances, float(score), int(lost))
            for box, who, velocity, variances, score, lost in zip(boxes, *columns)
        ]


def _noise(sizes):
    least, share = PLACE_NOISE
    return (least + share * np.sqrt(sizes[:, 0] * sizes[:, 1])) ** 2
