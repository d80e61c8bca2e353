# %% [markdown]
# # Solutions to the exercises of 06 · Track a sequence
#
# ## 1
# Where the target's size changes: a pedestrian who comes nearer outgrows the box that was given, one who walks away leaves it half empty. What the fixed size costs is the difference to boxes at the same places with the true size.

# %%
import numpy as np

from irtrack_core import boxes as bx
from irtrack_core import datasets, evaluation, trackers

rows = []
for one in datasets.load("sim-pedestrian", frames=40)[:4]:
    held = datasets.in_memory(one)
    result = evaluation.run(trackers.create("peak"), held)
    truth, found = held.boxes[result.start :], result.boxes
    sized = np.column_stack([bx.centers(found) - truth[:, 2:] / 2, truth[:, 2:]])
    rows.append((bx.iou(found, truth)[1:].mean(), bx.iou(sized, truth)[1:].mean()))
    growth = truth[-1, 2] / truth[0, 2]
    print(f"{one.name}: overlap {rows[-1][0]:.2f}, with the true size {rows[-1][1]:.2f}; width times {growth:.2f}")
assert np.mean(rows, axis=0)[1] > np.mean(rows, axis=0)[0]

# %% [markdown]
# ## 2
# Look for the first frame in which the centres lie 5 px apart, then dissect it as the notebook does. In what was looked at, ask in turn: was the target in the window (step 1)? Did the filter keep it (3)? Were the scores highest there (4)?
# Did the weighing take it away (5)? The first "no" is the reason.

# %%
target = datasets.in_memory(datasets.load("sim-aircraft", frames=40)[4])
peak, siamese = (evaluation.run(trackers.create(name), target) for name in ("peak", "siamese"))
apart = bx.center_error(peak.boxes, siamese.boxes)
frame = int(np.argmax(apart > 5)) if (apart > 5).any() else None
print("first frame in which they differ by more than 5 px:", frame)
if frame is not None:
    tracker = trackers.create("siamese")
    tracker.init(target.frames[0], target.boxes[0])
    for number in range(1, frame + 1):
        tracker.update(target.frames[number])
    inside = np.abs(bx.centers(target.boxes[frame]) - tracker.observation.center).max() < tracker.observation.side / 2
    print("the target was in siamese's window:", bool(inside))

# %% [markdown]
# ## 3
# With one box there is no velocity to know, so this one is told the first step. It beats the identity wherever the target keeps its course for longer than it takes to leave its own box; it would lose where the target turns back at once.


# %%
class Straight:
    """Moves on by the same step for ever."""

    def __init__(self, step):
        self.name, self.step, self.score = "straight", np.asarray(step), 1.0

    def init(self, frame, box):
        self.box = np.array(box, dtype=float)

    def update(self, frame):
        self.box[:2] += self.step
        return self.box.copy()


better = {}
for name in datasets.SIMULATED:
    better[name] = 0
    for one in datasets.load(name, frames=40):
        truth, steps = one.boxes, np.arange(40)[:, None]
        step = (bx.centers(truth[5]) - bx.centers(truth[0])) / 5
        straight, still = Straight(step), truth[0]
        straight.init(None, truth[0])
        moved = np.array([truth[0], *(straight.update(None) for _ in range(39))])
        better[name] += bool(bx.iou(moved, truth).mean() > bx.iou(np.tile(still, (40, 1)), truth).mean())
print("sequences of ten in which it beats the identity:", better)
assert sum(better.values()) > 15
