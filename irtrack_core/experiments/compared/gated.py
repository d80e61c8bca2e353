"""[4] as a tracker: detection by the filter in a predicted gate, confirmation by trajectory; a reconstruction, see `notes`.

Every frame gives points: the largest values of U, eq. (3), in the gate about the predicted place. Points that follow each
other make trajectories, M of the last N frames confirm one, and the target is on the confirmed one that goes on best.
There is nothing to learn, and nothing is compared with the first frame but the polarity.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from irtrack_core.boxes import centers, check_box, from_centers
from irtrack_core.filtering import element_length, filter_window, line_elements, rectangle, target_polarity
from irtrack_core.trackers.base import shape_of, to_gray

REACH, LEAST, GROWTH = 1.5, 16.0, 0.5  # of the gate: sides of the target, frame px, share it grows by a missed frame
WIDEST = 3.0  # times the gate's first width
POINTS, LEVEL = (
    5,
    3.0,
)  # points a frame at most; deviations above the mean of the gate (training sets of fold 0, as REACH)
STEP = 0.5  # a point belongs to a trajectory within so many of the gate's half widths of its prediction
M, N = 3, 5  # hits of the last frames that confirm
RATE = 0.4  # share of a new step in a trajectory's velocity


@dataclass(eq=False)  # two trajectories are two, wherever they are
class Path:
    """A trajectory: its last place and velocity (x, y), the hits of its last frames, newest last, its strength."""

    place: np.ndarray
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))
    hits: list = field(default_factory=lambda: [1])
    strength: float = 0.0

    @property
    def confirmed(self):
        return sum(self.hits) >= M

    def follow(self, point, strength):
        """Take over a point (x, y); None: none was found, and it coasts."""
        ahead = self.place + self.velocity
        if point is not None:
            self.velocity = self.velocity + RATE * (point - ahead)
            self.strength = strength
        self.place = ahead if point is None else point
        self.hits = [*self.hits, int(point is not None)][-N:]


class GatedTracker:
    """Tracks one target of constant size; `score` is the share of the last frames in which its trajectory was hit."""

    def __init__(self, *, name="ref4"):
        self.name, self.score = name, 0.0

    def init(self, frame, box):
        frame = to_gray(frame)
        box = check_box(box, frame.shape)
        self.shape, self.size, self.score = frame.shape, box[2:].copy(), 1.0
        self.polarity = target_polarity(frame, box)
        longest = min(frame.shape) - 1 + min(frame.shape) % 2
        self.lines = line_elements(min(element_length(self.size), longest), 4)
        self.paths, self.missed = [Path(centers(box), hits=[1] * N, strength=np.inf)], 0
        self.main = self.paths[0]

    def update(self, frame):
        """The target's box (4,) in the next frame; coasting where its trajectory was not hit."""
        frame = to_gray(frame, shape_of(self))
        reach = max(REACH * float(self.size.max()), LEAST) * min(1 + GROWTH * self.missed, WIDEST)
        points, strengths = self._points(frame, self.main.place + self.main.velocity, reach)
        self._associate(points, strengths, STEP * reach)
        alive = [path for path in self.paths if sum(path.hits) > 0 and self._inside(path.place)]
        going = [path for path in alive if path.confirmed]
        if self.main not in going and going:  # lost: the strongest confirmed trajectory in the gate
            self.main = max(going, key=lambda path: (sum(path.hits), path.strength))
        self.paths = [path for path in alive if path is self.main or path.confirmed or path.hits[-1]]
        if self.main not in self.paths:
            self.paths.append(self.main)
        self.missed = 0 if self.main.hits[-1] else self.missed + 1
        self.score = sum(self.main.hits) / len(self.main.hits)
        place = np.clip(self.main.place, 0, np.array(self.shape[::-1]) - 1e-6)
        return from_centers(place, self.size)

    def _inside(self, place):
        return bool((place >= 0).all() and (place < self.shape[::-1]).all())

    def _points(self, frame, expected, reach):
        """(places (k, 2), strengths (k,)) of the strongest points in the gate, strongest first."""
        height, width = frame.shape
        low = np.clip(np.floor(expected - reach), 0, [width - 1, height - 1]).astype(int)
        high = np.clip(np.ceil(expected + reach), low + 1, [width, height]).astype(int)
        window = (*low, *(high - low))
        _, U, _ = filter_window(frame, window, self.lines, rectangle(1, 1), polarity=self.polarity)
        U = U.astype(np.float32)
        # one point a target: the largest value within its size
        largest = cv2.dilate(U, np.ones([max(int(side) | 1, 3) for side in self.size[::-1]], np.uint8))
        rows, columns = np.nonzero((largest == U) & (U > U.mean() + LEVEL * U.std()))
        order = np.argsort(-U[rows, columns], kind="stable")[:POINTS]
        places = np.array([self._centroid(U, rows[i], columns[i]) for i in order]).reshape(-1, 2)
        return places + low, U[rows, columns][order]

    def _centroid(self, U, row, column):
        """Centre (x, y) of what stands above half a point, within half the target's size of it."""
        right, down = np.maximum(np.ceil(self.size / 2), 1).astype(int)
        top, left = max(row - down, 0), max(column - right, 0)
        part = U[top : row + down + 1, left : column + right + 1]
        weight = np.maximum(part - U[row, column] / 2, 0)
        x = weight.sum(axis=0) @ (np.arange(part.shape[1]) + left + 0.5)
        y = weight.sum(axis=1) @ (np.arange(part.shape[0]) + top + 0.5)
        return np.array([x, y]) / weight.sum()

    def _associate(self, points, strengths, near):
        """Each trajectory takes the nearest free point within `near` px, the surest first; what is left begins new ones."""
        free = list(range(len(points)))
        for path in sorted(self.paths, key=lambda path: (path is not self.main, -sum(path.hits))):
            apart = [float(np.linalg.norm(points[i] - path.place - path.velocity)) for i in free]
            best = int(np.argmin(apart)) if apart else -1
            if best >= 0 and apart[best] <= near:
                i = free.pop(best)
                path.follow(points[i], float(strengths[i]))
            else:
                path.follow(None, 0.0)
        self.paths += [Path(points[i], strength=float(strengths[i])) for i in free]
