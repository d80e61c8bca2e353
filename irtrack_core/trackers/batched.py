"""Many sequences at once: one call of the network for the windows of all."""

import copy

import numpy as np

from irtrack_core.trackers.siamese import SiameseTracker


class BatchedTracker:
    """Tracks one target in each of several sequences, in step; the boxes are those of so many single trackers.

    model: a SiameseTracker, as `trackers.create("siamese")` gives it. The windows that they look at in every frame go through
    the network as one batch, which gains time on torch; what only a tracker in doubt looks at stays its own affair.
    Frames may differ in size and type from sequence to sequence. Raises ValueError for another kind of tracker.
    """

    def __init__(self, model):
        if type(model) is not SiameseTracker:
            raise ValueError(f"only a SiameseTracker can track many sequences at once, not a {type(model).__name__}")
        self.model, self.trackers = model, []

    def init(self, frames, boxes):
        """Start on a target in each of the frames. Raises ValueError for an unusable frame or box, naming its number."""
        if len(frames) != len(boxes) or not len(frames):
            raise ValueError(f"one box for each frame, at least one; got {len(frames)} frames and {len(boxes)} boxes")
        trackers = []
        for number, (frame, box) in enumerate(zip(frames, boxes)):
            tracker = copy.copy(self.model)
            tracker.engine = _sharing(self.model.engine)
            _numbered(number, tracker.init, frame, box)
            trackers.append(tracker)
        kernels = zip(*(tracker.engine.kernels for tracker in trackers))
        self.trackers, self.kernels = (
            trackers,
            [np.concatenate([np.asarray(part) for part in parts]) for parts in kernels],
        )

    def update(self, frames):
        """The targets' boxes (N, 4) in the next frames, in the order of `init`. Raises ValueError for another number of
        frames or an unusable one, naming its number, and RuntimeError before `init`."""
        if not self.trackers:
            raise RuntimeError("nothing is tracked yet: call init(frames, boxes) first")
        if len(frames) != len(self.trackers):
            raise ValueError(f"{len(self.trackers)} sequences are tracked; got {len(frames)} frames")
        pairs = enumerate(zip(self.trackers, frames))
        frames = [_numbered(number, tracker.read, frame, tracker.shape) for number, (tracker, frame) in pairs]
        expected = [tracker.expected for tracker in self.trackers]
        for tracker, frame, at in zip(self.trackers, frames, expected):
            tracker.attend(frame, at)
        cuts = [tracker.crops(frame, [at]) for tracker, frame, at in zip(self.trackers, frames, expected)]
        scores, deltas = self.model.engine.search(np.concatenate([crops for crops, _ in cuts]), self.kernels)
        boxes = []
        for k, (tracker, frame, at, (crops, side)) in enumerate(zip(self.trackers, frames, expected, cuts)):
            part, std = slice(k, k + 1), tracker.motion.std
            (seen,) = tracker.decode([at], side, crops, scores[part], deltas[part], std=std)
            boxes.append(tracker.accept(frame, at, seen))
        return np.array(boxes)

    @property
    def scores(self):
        """(N,) of the last update."""
        return np.array([tracker.score for tracker in self.trackers])


def _sharing(engine):
    """An engine that shares the network of another, and has a template's kernels of its own."""
    new = object.__new__(type(engine))
    new.__dict__.update(engine.__dict__)
    return new


def _numbered(number, function, *arguments):
    """function(*arguments), whose ValueError names the sequence."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise ValueError(f"sequence {number}: {error}") from error
