"""Many sequences in step give the boxes of so many single trackers."""

import numpy as np
import pytest
from toys import moving_spot

from irtrack_core import datasets, trackers
from irtrack_core.trackers.batched import BatchedTracker


def test_same_boxes_as_one_by_one():
    sequences = [datasets.load(name, frames=12, sequences=2, seed=5)[1] for name in datasets.SIMULATED]
    single = []
    for one in sequences:
        tracker = trackers.create("siamese")
        tracker.init(one.frames[0], one.boxes[0])
        single.append([(tracker.update(one.frames[k]), tracker.score) for k in range(1, 12)])
    together = BatchedTracker(trackers.create("siamese"))
    together.init([one.frames[0] for one in sequences], [one.boxes[0] for one in sequences])
    for k in range(1, 12):
        boxes = together.update([one.frames[k] for one in sequences])
        assert boxes.shape == (3, 4)
        for box, score, alone in zip(boxes, together.scores, single):
            assert box == pytest.approx(alone[k - 1][0], abs=0.02)
            assert score == pytest.approx(alone[k - 1][1], abs=1e-3)


def test_bad_input_is_named():
    one = moving_spot(frames=3)
    frames, boxes = one.frames, one.boxes
    together = BatchedTracker(trackers.create("siamese"))
    with pytest.raises(ValueError, match="one box for each frame"):
        together.init([frames[0]], [])
    with pytest.raises(ValueError, match="sequence 1: "):
        together.init([frames[0], frames[0]], [boxes[0], np.array([-900.0, 0, 5, 5])])
    with pytest.raises(RuntimeError, match="call init"):
        together.update([])
    together.init([frames[0]], [boxes[0]])
    with pytest.raises(ValueError, match="sequence 1: "):
        together.init([frames[0], frames[0]], [boxes[0], np.array([-900.0, 0, 5, 5])])
    assert together.update([frames[1]]).shape == (1, 4)  # what it followed before
    with pytest.raises(ValueError, match="sequence 0: the frame is"):
        together.update([np.zeros((9, 9), np.uint8)])
    with pytest.raises(ValueError, match="1 sequences are tracked; got 2"):
        together.update([frames[1], frames[1]])
    with pytest.raises(ValueError, match="only a SiameseTracker"):
        BatchedTracker(trackers.create("peak"))
