# %% [markdown]
# # Lab 4 · Evaluate: how a metric lies
#
# **You will** count detections at a given rate of false alarms, raise the decibels of a filter that finds nothing more, compute the overlap (14), see what a loose label does to a perfect
# tracker, and find a leak in a table of results, as we once found it in our own. **You need** NumPy, pandas, and notebooks 10 to 12. **Time:** 90 minutes. 14 points by the computer, 4 by hand.
#
# Put your id into the next cell first. Replace each `raise NotImplementedError` by your own code. The cells marked *try it* test a part of what is graded; one that prints nothing is content.
# A ready-made function for a task, of this package or another, earns nothing.

# %% tags=["student"]
STUDENT = ""  # your id, e.g. "s1234567"

# %% tags=["setup"]
import zlib

import numpy as np
import pandas as pd


if not STUDENT:
    print("Write your id into the cell above first: your numbers follow from it.")
rng = np.random.default_rng(zlib.crc32(STUDENT.encode()))
background = rng.gumbel(0, 1, 2000)  # the strongest pixel of each of 2000 boxes of background
targets = rng.normal(4.5, 1.5, 80)  # the strongest pixel of each target's box
response = rng.rayleigh(1.0, (64, 64))  # what a filter made of a frame
y, x = (int(v) for v in rng.integers(10, 50, 2))
response[y : y + 3, x : x + 3] += 3  # the target
side = int(rng.integers(6, 14))  # of a target
margin = int(rng.integers(1, 4))  # by how much its label is too large on each side
seen = ["field 2", "coast 1"]  # recordings that the tracker was trained on
names = ["field 1", "field 2", "coast 1", "coast 2", "town 1"]
rows = []  # [clip, recording, overlap]
for name in names:
    for k in range(int(rng.integers(1, 6))):
        ao = rng.uniform(0.75, 0.95) if name in seen else rng.uniform(0.4, 0.8)
        rows.append([f"{name}, clip {k}", name, float(ao)])

# %% tags=["look"]
from irtrack_core.figures import style

figure, axis = style.new(width=5)
axis.hist([background, targets], bins=40, density=True, label=["background", "targets"])
axis.set(xlabel="strongest pixel of a box")
axis.legend()
pd.DataFrame(rows, columns=["clip", "recording", "ao"])

# %% [markdown]
# ## 1. Pd at Pfa
#
# The threshold is the value that a share `pfa` of the *background* exceeds: `np.quantile` gives it. Pd is the share of targets above it.


# %% tags=["task"]
# task: detection (3 points)
def detection(targets, background, pfa):
    """Pd, a share from 0 to 1."""
    ### BEGIN SOLUTION
    threshold = np.quantile(background, 1 - pfa)
    return (targets > threshold).mean()
    ### END SOLUTION


# %% tags=["try"]
# try it
assert 0 <= detection(targets, background, 0.01) <= 1

# %% tags=["check"]
OWN = []
MISTAKES = [
    ("the threshold is the lower quantile: a share pfa of the background lies *above* it", 0, "1 - pfa", "pfa"),
    (
        "the threshold is taken from the targets: it belongs to the background",
        0,
        "np.quantile(background",
        "np.quantile(targets",
    ),
    ("this counts targets below the threshold", 0, "targets > threshold", "targets < threshold"),
    ("this is a number of targets: Pd is a share", 0, ".mean()", ".sum()"),
    ("this is in percent: Pd is a share, from 0 to 1", 0, ".mean()", ".mean() * 100"),
    (
        "the threshold is the background's maximum, whatever pfa is",
        1,
        "np.quantile(background, 1 - pfa)",
        "background.max()",
    ),
]


def check(marks):
    more = np.random.default_rng([zlib.crc32(STUDENT.encode()), 1])
    few, many = more.normal(2, 2, 60), more.normal(0, 1, 999)
    marks.same("detection", few, np.array([0.0, 1.0]), 0, points=1, what="no false alarm at all")
    marks.same("detection", few, many, 0.1, points=1, what="one false alarm in ten")
    marks.same("detection", targets, background, 0.02, points=1, what="your data, one in fifty")


# %% [markdown]
# ## 2. Decibels for nothing
#
# Change the response so that its SNR (peak of the target above the background's mean, over its deviation) rises by 6 dB or more, and yet nothing more is found: the order of
# the pixels stays: where one was larger than another, it is afterwards larger or equal, and the target keeps its place above all that it was above. You know the box.


# %% tags=["task"]
# task: gamed (2 points)
def gamed(response, box):
    """A response (H, W) with more decibels and no more information; box: x, y, w, h."""
    ### BEGIN SOLUTION
    return response**4
    ### END SOLUTION


# %% tags=["try"]
# try it
assert gamed(response, (x, y, 3, 3)).shape == response.shape

# %% tags=["check"]
OWN = []
MISTAKES = [
    (
        "the SNR is as it was: a factor or a constant changes peak, mean and deviation alike",
        0,
        "response**4",
        "response * 10",
    ),
    (
        "the order of the pixels has changed: you added to the target, which needs to know where it is",
        0,
        "response**4",
        "response + 50 * (np.indices(response.shape)[0] // box[3] == (box[1] + 1) // box[3]) * (np.indices(response.shape)[1] // box[2] == (box[0] + 1) // box[2])",
    ),
    ("the SNR rises by less than 6 dB", 0, "response**4", "response**1.2"),
    ("the SNR falls: the root brings the target nearer to the background", 0, "response**4", "np.sqrt(response)"),
    ("the order of the pixels has changed: it is turned round", 0, "response**4", "-(response**4)"),
]


def gain(before, after, inside):
    def snr(image):
        return (image[inside].max() - image[~inside].mean()) / image[~inside].std()

    return 20 * np.log10(max(snr(after), 1e-9) / snr(before))


def check(marks):
    inside = np.zeros(response.shape, bool)
    inside[y : y + 3, x : x + 3] = True
    order = np.argsort(response.ravel())

    def run(call):
        return np.asarray(call("gamed", response, (x, y, 3, 3)), float)

    def kept(found):
        peak = response[inside].max()
        rising = (np.diff(found.ravel()[order]) >= 0).all()
        return (
            rising
            and (found[inside].max() > found[response < peak - 1e-9]).mean() > 0.9
            and found.shape == response.shape
        )

    def good(found):
        return kept(found) and gain(response, found, inside) >= 6

    marks.ranks(
        run,
        good,
        points=2,
        what="6 dB more, in the same order",
        why="the order of the pixels changes, or the SNR does not rise by 6 dB",
    )


# %% [markdown]
# ## 3. Average overlap, eq. (14)
#
# The mean IoU over the frames, but for the first (which was given) and those whose true box is NaN (no target there). A prediction that is NaN counts as 0. Boxes are x, y, w, h.


# %% tags=["task"]
# task: average_overlap (3 points)
def average_overlap(predicted, truth):
    """The mean IoU of boxes (N, 4) and (N, 4)."""
    ### BEGIN SOLUTION
    counted = np.isfinite(truth).all(axis=1)
    counted[0] = False
    a, b = predicted[counted], truth[counted]
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
    both = np.clip(high - low, 0, None).prod(axis=1)
    iou = both / (a[:, 2:].prod(axis=1) + b[:, 2:].prod(axis=1) - both)
    return np.nan_to_num(iou).mean()
    ### END SOLUTION


# %% tags=["try"]
# try it
assert average_overlap(np.array([[0, 0, 4, 4.0]] * 3), np.array([[0, 0, 4, 4.0]] * 3)) == 1

# %% tags=["check"]
OWN = ["irtrack_core.boxes:iou", "irtrack_core.metrics:aor"]
FIRST = "the first frame counts: there the box was given, and its overlap says nothing"
MISTAKES = [
    (FIRST, 2, "counted[0] = False", "pass"),
    (
        "a frame without a prediction is left out: it counts as 0, or a tracker that gives up would win",
        2,
        "np.nan_to_num(iou).mean()",
        "np.nanmean(iou)",
    ),
    (
        "frames without a target count as 0: they are left out",
        2,
        "counted = np.isfinite(truth).all(axis=1)",
        "counted = np.full(len(truth), True)",
    ),
    ("this is the median: eq. (14) takes the mean", 0, "np.nan_to_num(iou).mean()", "np.median(np.nan_to_num(iou))"),
    ("the intersection is counted twice in the union", 0, "b[:, 2:].prod(axis=1) - both)", "b[:, 2:].prod(axis=1))"),
]


def check(marks):
    more = np.random.default_rng([zlib.crc32(STUDENT.encode()), 3])
    truth = more.uniform(5, 12, (9, 4))
    predicted = truth + more.uniform(-3, 3, truth.shape)
    predicted[0] = truth[0]
    gaps, gone = predicted.copy(), truth.copy()
    gaps[4], gone[6] = np.nan, np.nan
    marks.same(
        "average_overlap",
        np.concatenate([truth[:1] + 99, predicted]),
        np.concatenate([truth[:1], truth]),
        points=1,
        what="the first frame, wholly wrong",
    )
    marks.same("average_overlap", gaps, truth, points=1, what="a frame without a prediction", once=FIRST)
    marks.same("average_overlap", predicted, gone, points=1, what="a frame without a target", once=FIRST)


# %% [markdown]
# ## 4. A perfect tracker against a loose label
#
# Your target is a square of `side` pixels. Its label is too large by `margin` pixels on *every* side. Which overlap does a tracker reach that finds the target exactly?

# %% tags=["task"]
# task: ceiling (2 points)
# compute the overlap here, and call it `ceiling`
### BEGIN SOLUTION
ceiling = side**2 / (side + 2 * margin) ** 2
### END SOLUTION

# %% tags=["check"]
OWN = []
MISTAKES = [
    ("the label grows on both sides: by 2 margins in width and in height", 0, "2 * margin", "margin"),
    (
        "this is the ratio of the sides: the overlap is one of areas",
        0,
        "side**2 / (side + 2 * margin) ** 2",
        "side / (side + 2 * margin)",
    ),
    (
        "an overlap is never above 1: the union is the larger area",
        0,
        "side**2 / (side + 2 * margin) ** 2",
        "(side + 2 * margin) ** 2 / side**2",
    ),
    (
        "this is the area of the label's border: divide the target's area by the label's",
        0,
        "side**2 / (side + 2 * margin) ** 2",
        "1 - side**2 / (side + 2 * margin) ** 2",
    ),
    (
        "the label is larger than the target, not smaller",
        0,
        "side**2 / (side + 2 * margin) ** 2",
        "(side - 2 * margin) ** 2 / side**2",
    ),
]


def check(marks):
    marks.value("ceiling", points=2, what="the overlap of the exact box")


# %% [markdown]
# ## 5. A leak
#
# `rows` holds a tracker's overlap on each clip; it was trained on other clips of the recordings `seen`. Give the mean overlap over recordings that no training saw, each recording counting once,
# however many clips it has: first the mean over its clips, then over recordings.


# %% tags=["task"]
# task: honest (4 points)
def honest(rows, seen):
    """The mean overlap over unseen recordings. rows: a list of [clip, recording, overlap]; seen: a list of recordings."""
    ### BEGIN SOLUTION
    table = pd.DataFrame(rows, columns=["clip", "recording", "ao"])
    unseen = table[~table["recording"].isin(seen)]
    return unseen.groupby("recording")["ao"].mean().mean()
    ### END SOLUTION


# %% tags=["try"]
# try it
assert 0 < honest(rows, seen) < 1

# %% tags=["check"]
OWN = []
MISTAKES = [
    (
        "recordings of the training are in it: that is the leak",
        0,
        'unseen = table[~table["recording"].isin(seen)]',
        "unseen = table",
    ),
    (
        "each clip counts once: a recording with many clips weighs more",
        2,
        'unseen.groupby("recording")["ao"].mean().mean()',
        'unseen["ao"].mean()',
    ),
    (
        "these are the recordings of the training alone",
        0,
        '~table["recording"].isin(seen)',
        'table["recording"].isin(seen)',
    ),
    ("this is the best clip of each recording: take its mean", 2, '["ao"].mean().mean()', '["ao"].max().mean()'),
    ("this is a sum over recordings: take the mean", 0, '["ao"].mean().mean()', '["ao"].mean().sum()'),
]


def check(marks):
    plain = [[f"c{k}", f"r{k}", 0.1 * k] for k in range(1, 6)]
    for some, left_out, what in ((plain, ["r2", "r5"], "one clip a recording"), (rows, seen, "your table")):
        marks.same("honest", some, left_out, points=2, what=what)


# %% [markdown] tags=["answer"]
# **Answer trick (2 points)** A paper reports 40 dB after its filter and no rate of false alarms. What would you ask its authors for, and why?

# %% [markdown] tags=["rubric"]
# 1 point: Pd at a stated Pfa (or a curve), on frames that the settings were not chosen on. 1 point: because decibels rise by any operation that flattens the background, without a
# change in which pixels are stronger than the target.

# %% [markdown] tags=["answer"]
# **Answer labels (2 points)** Two trackers reach 0.62 and 0.60 against loose labels whose ceiling is 0.64. What can be said, and what would you measure instead?

# %% [markdown] tags=["rubric"]
# 1 point: both are at the ceiling; the difference may be in how they fit the label's margin, not the target. 1 point: centre error or precision at few pixels, or labels made tight.

# %% [markdown]
# ## Hand in
#
# Restart the kernel and run all cells: what only worked by a leftover of an older cell shows now. Save, and hand in this notebook alone.
