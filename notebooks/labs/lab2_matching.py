# %% [markdown]
# # Lab 2 · Siamese matching, anchors and the loss
#
# **You will** write the cross-correlation that a Siamese tracker rests on, turn its scores into a place and into boxes (10), label anchors, and compute the loss (11).
# **You need** NumPy and notebooks 03 and 04. **Time:** 90 minutes. 14 points by the computer, 4 by hand.
#
# Put your id into the next cell first. Replace each `raise NotImplementedError` by your own code. The cells marked *try it* test a part of what is graded; one that prints nothing is content.
# A ready-made function for a task, of this package or another, earns nothing.

# %% tags=["student"]
STUDENT = ""  # your id, e.g. "s1234567"

# %% tags=["setup"]
import zlib

import numpy as np


if not STUDENT:
    print("Write your id into the cell above first: your numbers follow from it.")
rng = np.random.default_rng(zlib.crc32(STUDENT.encode()))
search = rng.normal(0, 0.5, (2, 21, 21))
down, right = (int(v) for v in rng.integers(2, 13, 2))  # where your target lies in the search map
template = rng.normal(0, 1, (2, 5, 5))
search[:, down : down + 5, right : right + 5] += 2 * template
STRIDE = 8  # crop pixels from one position to the next

# %% tags=["look"]
from irtrack_core.figures import style

figure, axes = style.new(1, 2, width=3)
style.show_image(axes[0], template[0], "template, channel 0")
_ = style.show_image(axes[1], search[0], "search map, channel 0")

# %% [markdown]
# ## 1. Cross-correlation
#
# The template (C, h, w) is laid on every place of the search map (C, H, W) where it fits whole; the score of a place is the sum of all products, over the channels
# too. The result is (H − h + 1, W − w + 1). Loops over the places are welcome.


# %% tags=["task"]
# task: correlate (3 points)
def correlate(template, search):
    """Scores (H - h + 1, W - w + 1) of a template (C, h, w) on a search map (C, H, W)."""
    ### BEGIN SOLUTION
    _, h, w = template.shape
    _, high, wide = search.shape
    scores = np.zeros((high - h + 1, wide - w + 1))
    for i in range(high - h + 1):
        for j in range(wide - w + 1):
            scores[i, j] = (template * search[:, i : i + h, j : j + w]).sum()
    return scores
    ### END SOLUTION


# %% tags=["try"]
# try it
assert correlate(template, search).shape == (17, 17)

# %% tags=["check"]
OWN = [
    "irtrack_core.network.siamese_net:cross_correlation",
    "scipy.signal:correlate",
    "scipy.signal:correlate2d",
    "scipy.signal:fftconvolve",
    "scipy.signal:oaconvolve",
    "scipy.signal:convolve",  # with the template turned round
    "scipy.signal:convolve2d",
    "scipy.ndimage:correlate",
    "scipy.ndimage:convolve",
    "cv2:matchTemplate",
    "cv2:filter2D",
    "torch.nn.functional:conv2d",
    "torch.nn.functional:conv3d",
    "torch:conv2d",
    "torch:conv3d",
]
MISTAKES = [
    (
        "the template is turned round: this is a convolution, a correlation leaves it as it is",
        1,
        "(template * search",
        "(template[:, ::-1, ::-1] * search",
    ),
    (
        "only the first channel counts: sum over all channels",
        1,
        "(template * search[:, i : i + h, j : j + w]).sum()",
        "(template * search[:, i : i + h, j : j + w])[0].sum()",
    ),
    ("this is the mean of the products: the score is their sum", 1, ".sum()\n", ".mean()\n"),
    (
        "the last row and column of places are missing: there are H - h + 1 of them",
        0,
        "scores = np.zeros((high - h + 1, wide - w + 1))\n    for i in range(high - h + 1):\n        for j in range(wide - w + 1):",
        "scores = np.zeros((high - h, wide - w))\n    for i in range(high - h):\n        for j in range(wide - w):",
    ),
    ("rows and columns are exchanged in the result", 1, "return scores", "return scores.T"),
    (
        "the template also lies half outside the map: only places where it fits whole count",
        0,
        "_, high, wide = search.shape",
        "search = np.pad(search, ((0, 0), (h // 2, h // 2), (w // 2, w // 2)))\n    _, high, wide = search.shape",
    ),
]


def check(marks):
    more = np.random.default_rng([zlib.crc32(STUDENT.encode()), 1])
    one, other = more.normal(size=(3, 3, 5)), more.normal(size=(3, 9, 12))
    square = more.normal(size=(1, 3, 3)), more.normal(size=(1, 8, 8))
    marks.follows(lambda call: np.shape(call("correlate", *square)), points=1, what="the shape of the result")
    marks.same("correlate", one, other, points=1, what="three channels, a template that is no square")
    marks.same("correlate", template, search, points=1, what="your maps")


# %% tags=["look"]
# your scores: where the template fits, and how much better than elsewhere
scores = correlate(template, search)
row, column = np.argwhere(scores == scores.max())[0]
figure, axis = style.new(width=4, height=4)
style.show_image(axis, scores, f"highest score at row {row}, column {column}")
_ = axis.plot(column + 0.5, row + 0.5, "o", markersize=14, mfc="none", mec="#D55E00")

# %% [markdown]
# ## 2. From the best score to a place
#
# Position 0 of n is not the crop's edge: positions lie `stride` crop pixels apart, *symmetric about the crop's centre*. Return the shift (dx, dy) of the highest score from
# the centre, in crop pixels; x counts columns.


# %% tags=["task"]
# task: shift (2 points)
def shift(scores, stride):
    """(dx, dy) in crop pixels of the highest score (n, n) from the crop's centre."""
    ### BEGIN SOLUTION
    row, column = np.unravel_index(np.argmax(scores), scores.shape)
    middle = (len(scores) - 1) / 2
    return ((column - middle) * stride, (row - middle) * stride)
    ### END SOLUTION


# %% tags=["try"]
# try it
assert tuple(shift(np.eye(1), 8)) == (0, 0), "a single position is the centre"

# %% tags=["check"]
OWN = []
MISTAKES = [
    (
        "dx and dy are exchanged: x counts columns, the second index",
        0,
        "((column - middle) * stride, (row - middle) * stride)",
        "((row - middle) * stride, (column - middle) * stride)",
    ),
    (
        "the shift is counted from the first position, not from the centre",
        0,
        "middle = (len(scores) - 1) / 2",
        "middle = 0",
    ),
    (
        "the shift is in positions: times the stride it is in pixels",
        0,
        "((column - middle) * stride, (row - middle) * stride)",
        "(column - middle, row - middle)",
    ),
    (
        "the middle of n positions is (n - 1) / 2: with n / 2 everything is half a stride off",
        0,
        "(len(scores) - 1) / 2",
        "len(scores) / 2",
    ),
    ("this is the lowest score's place", 0, "np.argmax", "np.argmin"),
    (
        "this is the centre of mass of all scores: the place of the highest one is asked for",
        0,
        "row, column = np.unravel_index(np.argmax(scores), scores.shape)",
        "row, column = (np.indices(scores.shape) * scores).sum(axis=(1, 2)) / scores.sum()",
    ),
]


def check(marks):
    more = np.random.default_rng([zlib.crc32(STUDENT.encode()), 2])
    high, even = more.uniform(0, 1, (17, 17)), more.uniform(0, 1, (6, 6))
    high[more.integers(0, 7), more.integers(9, 17)], even[4, 1] = 3, 3
    marks.same("shift", high, STRIDE, points=1, what="17 x 17 scores")
    marks.same("shift", even, 4, points=1, what="an even number of positions")


# %% [markdown]
# ## 3. Proposals, eq. (10)
#
# An anchor is (cx, cy, w, h), an offset $d = (d_x, d_y, d_w, d_h)$: $x = x_a + d_x w_a$, $w = w_a e^{d_w}$, likewise y and h. Arrays (N, 4) in, (N, 4) out.


# %% tags=["task"]
# task: decode (2 points)
def decode(deltas, anchors):
    """Boxes (N, 4) as cx, cy, w, h, of offsets (N, 4) from anchors (N, 4)."""
    ### BEGIN SOLUTION
    centers = anchors[:, :2] + deltas[:, :2] * anchors[:, 2:]
    sizes = anchors[:, 2:] * np.exp(deltas[:, 2:])
    return np.concatenate([centers, sizes], axis=1)
    ### END SOLUTION


# %% tags=["try"]
# try it
anchor = np.array([[1.0, 2, 3, 4]])
assert np.allclose(decode(np.zeros((1, 4)), anchor), anchor), "no offset: the anchor itself"

# %% tags=["check"]
OWN = ["irtrack_core.network.anchors:decode"]
MISTAKES = [
    ("the size is multiplied by the offset itself: it is exp(d)", 1, "np.exp(deltas[:, 2:])", "(1 + deltas[:, 2:])"),
    (
        "the shift is in pixels: d counts in anchor sizes, multiply by w or h",
        0,
        "deltas[:, :2] * anchors[:, 2:]",
        "deltas[:, :2]",
    ),
    ("the anchor's centre is not added", 0, "centers = anchors[:, :2] + deltas", "centers = deltas"),
    (
        "width and height are exchanged in the shift",
        0,
        "deltas[:, :2] * anchors[:, 2:]",
        "deltas[:, :2] * anchors[:, :1:-1]",
    ),
    ("the shift has the wrong sign", 0, "anchors[:, :2] + deltas", "anchors[:, :2] - deltas"),
]


def check(marks):
    more = np.random.default_rng([zlib.crc32(STUDENT.encode()), 3])
    deltas, anchors = more.normal(0, 0.5, (6, 4)), more.uniform(5, 40, (6, 4))
    marks.follows(lambda call: np.asarray(call("decode", deltas, anchors))[:, :2], points=1, what="centres")
    marks.follows(lambda call: call("decode", deltas, anchors), points=1, what="centres and sizes")


# %% [markdown]
# ## 4. Overlap
#
# Intersection over union of two boxes (cx, cy, w, h), without adding 1 anywhere. Boxes that do not touch overlap by 0.


# %% tags=["task"]
# task: overlap (2 points)
def overlap(one, other):
    """IoU of two boxes (4,) as cx, cy, w, h."""
    ### BEGIN SOLUTION
    (x1, y1, w1, h1), (x2, y2, w2, h2) = one, other
    across = min(x1 + w1 / 2, x2 + w2 / 2) - max(x1 - w1 / 2, x2 - w2 / 2)
    down = min(y1 + h1 / 2, y2 + h2 / 2) - max(y1 - h1 / 2, y2 - h2 / 2)
    both = max(across, 0) * max(down, 0)
    return both / (w1 * h1 + w2 * h2 - both)
    ### END SOLUTION


# %% tags=["try"]
# try it
assert overlap((5, 5, 4, 4), (5, 5, 4, 4)) == 1

# %% tags=["check"]
OWN = [
    "irtrack_core.boxes:iou",
    "irtrack_core.metrics:aor",
    "irtrack_core.evaluation.toolkits:vot_overlaps",
]
MISTAKES = [
    (
        "the intersection is counted twice: subtract it from the sum of the areas",
        0,
        "(w1 * h1 + w2 * h2 - both)",
        "(w1 * h1 + w2 * h2)",
    ),
    (
        "boxes apart get a positive overlap: two negative sides make a positive product; cut them at 0",
        1,
        "max(across, 0) * max(down, 0)",
        "across * down",
    ),
    (
        "x and y are taken for the corner: here they are the centre",
        0,
        "(x1, y1, w1, h1), (x2, y2, w2, h2) = one, other",
        "(x1, y1, w1, h1), (x2, y2, w2, h2) = one, other\n    x1, y1, x2, y2 = x1 + w1 / 2, y1 + h1 / 2, x2 + w2 / 2, y2 + h2 / 2",
    ),
    ("the smaller area stands in place of the union", 0, "(w1 * h1 + w2 * h2 - both)", "min(w1 * h1, w2 * h2)"),
    (
        "1 is added to the sides: an old habit of whole pixels, not done here",
        0,
        "both = max(across, 0) * max(down, 0)",
        "both = max(across + 1, 0) * max(down + 1, 0)",
    ),
]


def check(marks):
    more = np.random.default_rng([zlib.crc32(STUDENT.encode()), 4])
    pairs = [(more.uniform(20, 24, 4), more.uniform(20, 24, 4) * [1, 1, 1, 0.5]) for _ in range(4)]
    marks.follows(lambda call: [call("overlap", *pair) for pair in pairs], points=1, what="boxes that overlap")
    marks.follows(
        lambda call: [call("overlap", *pairs[0]), call("overlap", (0, 0, 4, 4), (50, 60, 4, 4))],
        points=1,
        what="boxes apart, in both directions, and again some that overlap",
    )


# %% [markdown]
# ## 5. Labels
#
# From overlaps (N,): +1 from 0.5 on (0.5 included), −1 below 0.3, 0 between them: left out of the loss. The anchor of the largest overlap is always +1 (unless that is 0).


# %% tags=["task"]
# task: labels (2 points)
def labels(overlaps):
    """Labels (N,) of anchors with these overlaps: +1, 0 or -1."""
    ### BEGIN SOLUTION
    q = np.zeros(len(overlaps), int)
    q[overlaps >= 0.5] = 1
    q[overlaps < 0.3] = -1
    if overlaps.max() > 0:
        q[np.argmax(overlaps)] = 1
    return q
    ### END SOLUTION


# %% tags=["try"]
# try it
assert list(labels(np.array([0.9, 0.4, 0.1]))) == [1, 0, -1]

# %% tags=["check"]
OWN = ["irtrack_core.network.anchors:labels"]
MISTAKES = [
    (
        "a small target that no anchor overlaps by 0.5 has no positive: the best anchor is +1",
        1,
        "q[np.argmax(overlaps)] = 1",
        "pass",
    ),
    (
        "anchors between 0.3 and 0.5 are called negative: they are left out, 0",
        0,
        "q[overlaps < 0.3] = -1",
        "q[overlaps < 0.5] = -1",
    ),
    ("an overlap of exactly 0.5 is positive", 1, "overlaps >= 0.5", "overlaps > 0.5"),
    ("an overlap of exactly 0.3 is left out, not negative", 1, "overlaps < 0.3", "overlaps <= 0.3"),
    (
        "negatives are 0 and the doubtful ones -1: it is the other way round",
        0,
        "q[overlaps < 0.3] = -1",
        "q[(overlaps >= 0.3) & (overlaps < 0.5)] = -1",
    ),
]


def check(marks):
    more = np.random.default_rng([zlib.crc32(STUDENT.encode()), 5])
    plain = np.concatenate([more.uniform(0.31, 0.49, 3), more.uniform(0, 0.29, 4), [0.5, 0.3, 0.8]])
    if not marks.same("labels", plain, points=1, what="three kinds of anchors, and the limits themselves"):
        marks.follows(
            lambda call: call("labels", np.array([0.6, 0.4, 0.1, 0.7])), points=1, what="three kinds of anchors"
        )
        return
    marks.same("labels", np.array([0.1, 0.25, 0.05]), points=1, what="no anchor reaches 0.5")


# %% [markdown]
# ## 6. The loss, eq. (11)
#
# $L = \frac{1}{|D|} \sum_{v \in D} \ln(1 + e^{-q z})$, over the positions D whose label q is not 0. It must stay finite for scores of ±1000: `np.logaddexp` helps.


# %% tags=["task"]
# task: loss (3 points)
def loss(z, q):
    """The mean logistic loss of scores z (N,) with labels q (N,); those with q = 0 do not count."""
    ### BEGIN SOLUTION
    counted = q != 0
    terms = np.logaddexp(0, -q[counted] * z[counted])
    return terms.mean()
    ### END SOLUTION


# %% tags=["try"]
# try it
assert np.isclose(loss(np.zeros(4), np.array([1, -1, 0, 1])), np.log(2))

# %% tags=["check"]
OWN = [
    "irtrack_core.network.losses:logistic_loss",
    "torch.nn.functional:softplus",
    "torch.nn.functional:binary_cross_entropy_with_logits",
    "torch.nn.functional:soft_margin_loss",
    "torch.nn.functional:logsigmoid",
    "torch.nn:SoftMarginLoss",
    "torch.nn:BCEWithLogitsLoss",
    "torch.nn:Softplus",
    "torch.nn:LogSigmoid",
]
MISTAKES = [
    (
        "the sign is wrong: a high score of a positive must cost little; the exponent is -q z",
        0,
        "-q[counted] * z[counted]",
        "q[counted] * z[counted]",
    ),
    ("positions with label 0 count: leave them out", 1, "counted = q != 0", "counted = np.full(q.shape, True)"),
    ("this is the sum: divide by the number of positions that count", 0, "terms.mean()", "terms.sum()"),
    ("the sum is divided by all positions, also by those that do not count", 1, "terms.mean()", "terms.sum() / len(q)"),
    (
        "exp(1000) is too large for a number: np.logaddexp(0, x) is ln(1 + e^x) without that",
        2,
        "terms = np.logaddexp(0, -q[counted] * z[counted])",
        'with np.errstate(over="ignore"):\n        terms = np.log(1 + np.exp(-q[counted] * z[counted]))',
    ),
    (
        "this is the logarithm of base 10: take the natural one",
        0,
        "return terms.mean()",
        "return terms.mean() / np.log(10)",
    ),
]


def check(marks):
    more = np.random.default_rng([zlib.crc32(STUDENT.encode()), 6])
    z, q = more.normal(0, 3, 40), more.choice([-1, 1], 40)
    marks.same("loss", z, q, points=1, what="positives and negatives")
    marks.same("loss", z, q * more.choice([0, 1], 40), points=1, what="some positions left out")
    marks.same("loss", np.array([1000.0, -800, 3]), np.array([1, 1, 0]), points=1, what="scores of 1000")


# %% [markdown] tags=["answer"]
# **Answer centre (2 points)** Why must the search window be centred on the last place, and what happens to the scores when the target leaves the window?

# %% [markdown] tags=["rubric"]
# 1 point: the map is only as large as the window; positions outside are never scored. 1 point: some position always has the highest score: the tracker follows clutter,
# and only the height of the score can tell.

# %% [markdown] tags=["answer"]
# **Answer doubtful (2 points)** Why are anchors of overlap 0.3 to 0.5 left out of the loss instead of being negatives?

# %% [markdown] tags=["rubric"]
# 1 point: they hold much of the target: to call them background contradicts their neighbours. 1 point: with few positives these errors would dominate, or: small targets
# would lose most of their positives.

# %% [markdown]
# ## Hand in
#
# Restart the kernel and run all cells: what only worked by a leftover of an older cell shows now. Save, and hand in this notebook alone.
