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
        everyone = list(zip(self.trackers, frames, expected))
        cuts = [tracker.near.crops(tracker, frame, at) for tracker, frame, at in everyone]
        near = [
            answer and tracker.near.seen(tracker, at, *cut[1:], *answer)
            for (tracker, _, at), cut, answer in zip(everyone, cuts, self._search(cuts))
        ]
        # the whole window of those whose near window was not looked at, or not enough
        cuts = [None if one else tracker.crops(frame, [at]) for one, (tracker, frame, at) in zip(near, everyone)]
        boxes = []
        for one, (tracker, frame, at), cut, answer in zip(near, everyone, cuts, self._search(cuts)):
            if one is None:
                (one,) = tracker.decode([at], cut[1], cut[0], *answer, std=tracker.motion.std)
            boxes.append(tracker.accept(frame, at, one))
        return np.array(boxes)

    def _search(self, cuts):
        """The network's answers about cuts (crops, side), in one batch: (scores, deltas) of each, None for None."""
        asked = [k for k, cut in enumerate(cuts) if cut is not None]
        answers = [None] * len(cuts)
        if asked:
            kernels = [kernel[asked] for kernel in self.kernels]
            scores, deltas = self.model.engine.search(np.concatenate([cuts[k][0] for k in asked]), kernels)
            for i, k in enumerate(asked):
                answers[k] = scores[i : i + 1], deltas[i : i + 1]
        return answers

    @property
    def scores(self):
        """(N,) of the last update."""
        return np.array([tracker.score for tracker in self.trackers])


def _numbered(number, function, *arguments):
    """function(*arguments), whose ValueError names the sequence."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise ValueError(f"sequence {number}: {error}") from error
