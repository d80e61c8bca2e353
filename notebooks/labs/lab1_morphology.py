# %% [markdown]
# # Lab 1 · Morphology and the multi-level filter
#
# **You will** write an erosion, build eqs. (2) to (4) from openings, measure the result in decibels (13), and find the rectangle that kills your
# target. **You need** NumPy and notebooks 01 and 02. **Time:** 90 minutes. 13 points by the computer, 4 by hand.
#
# Put your id into the next cell first: your frame, and so your numbers, follow from it. Replace each `raise NotImplementedError` by your own
# code. The cells marked *try it* test a part of what is graded; one that prints nothing is content. A ready-made function for a task, of this package or another, earns nothing.

# %% tags=["student"]
STUDENT = ""  # your id, e.g. "s1234567"

# %% tags=["setup"]
import zlib

import numpy as np

from irtrack_core.filtering import line_elements, opening, rectangle

if not STUDENT:
    print("Write your id into the cell above first: your numbers follow from it.")
rng = np.random.default_rng(zlib.crc32(STUDENT.encode()))
side = int(rng.choice([3, 5, 7]))  # of your target, in pixels
x, y = (int(v) for v in rng.integers(25, 70, 2))  # its upper left corner
rows, columns = np.mgrid[:96, :96]
clouds = 60 + 25 * np.sin(rows / rng.uniform(9, 14))
clouds = clouds + 20 * np.cos((rows + columns) / rng.uniform(11, 17))
frame = clouds + rng.normal(0, 1.5, clouds.shape)
frame[y : y + side, x : x + side] += 70
frame = frame.clip(0, 255).astype(np.uint8)
box = (x, y, side, side)  # x, y, w, h

# %% tags=["look"]
from irtrack_core.figures import style

figure, axes = style.new(width=4, height=4)
_ = style.draw_box(style.show_image(axes, frame, "your frame"), box, edgecolor="#D55E00")

# %% [markdown]
# ## 1. Erosion
#
# At each pixel the *smallest* value under the element, whose centre lies on that pixel. The element is an array of 0 and 1 with odd sides. Pixels outside
# the image never decide. The result has the image's shape. NumPy only, loops over the element's pixels are welcome.


# %% tags=["task"]
# task: erosion (3 points)
def erosion(image, element):
    """The smallest value under the element at each pixel; (H, W) like the image."""
    ### BEGIN SOLUTION
    element = np.asarray(element)
    high, wide = element.shape
    padded = np.pad(image.astype(float), ((high // 2, high // 2), (wide // 2, wide // 2)), constant_values=np.inf)
    result = np.full(image.shape, np.inf)
    for i in range(high):
        for j in range(wide):
            if element[i, j]:
                result = np.minimum(result, padded[i : i + image.shape[0], j : j + image.shape[1]])
    return result
    ### END SOLUTION


# %% tags=["try"]
# try it
assert np.shape(erosion(frame, np.ones((3, 3)))) == frame.shape
flat = np.full((9, 9), 5.0)
assert np.allclose(erosion(flat, np.ones((3, 3))), 5), "a flat image stays as it is, up to the border"

# %% tags=["check"]
OWN = [
    "irtrack_core.filtering.morphology:erosion",
    "irtrack_core.filtering.morphology:dilation",  # of the negative
    "cv2:erode",
    "cv2:dilate",
    "cv2:morphologyEx",
    "scipy.ndimage:grey_erosion",
    "scipy.ndimage:grey_dilation",
    "scipy.ndimage:minimum_filter",
    "scipy.ndimage:maximum_filter",
    "scipy.ndimage:rank_filter",
    "scipy.ndimage:percentile_filter",
    "scipy.ndimage:generic_filter",
    "torch.nn.functional:max_pool2d",
]
MISTAKES = [
    (
        "the smallest value is looked for from 0 on, and nothing is below 0: begin with infinity",
        0,
        "np.full(image.shape, np.inf)",
        "np.zeros(image.shape)",
    ),
    (
        "this is the largest value under the element: a dilation; an erosion takes the smallest",
        0,
        "np.minimum(result,",
        "np.maximum(-np.inf if np.isinf(result).all() else result,",
    ),
    (
        "the element is not centred on the pixel: its first pixel lies there instead of its middle",
        0,
        "((high // 2, high // 2), (wide // 2, wide // 2))",
        "((0, high - 1), (0, wide - 1))",
    ),
    (
        "outside the image you take 0, which then decides at the border: take infinity there",
        2,
        "constant_values=np.inf",
        "constant_values=0",
    ),
    (
        "you take every pixel of the element's array: leave out those where the element is 0",
        2,
        "if element[i, j]:",
        "if True:",
    ),
    (
        "the last row or column of the element is left out: its middle is at high // 2, and all rows from 0 to high - 1 belong to it",
        0,
        "range(high):\n        for j in range(wide)",
        "range(high - 1):\n        for j in range(wide - 1)",
    ),
]


def check(marks):
    more = np.random.default_rng([zlib.crc32(STUDENT.encode()), 1])
    image = more.integers(0, 200, (17, 23)).astype(np.uint8)
    inner = image.copy()
    inner[:4], inner[-4:], inner[:, :4], inner[:, -4:] = 0, 0, 0, 0
    marks.same("erosion", inner, np.ones((3, 5)), points=1, what="a rectangle of ones, away from the border")
    marks.same("erosion", image + 20, np.ones((3, 3)), points=1, what="up to the border")
    marks.same("erosion", inner, line_elements(7, 4)[1], points=1, what="a slanted line: an element with zeros")


# %% [markdown]
# ## 2. The background, eq. (2)
#
# $E = \max_i (I \circ a_i)$: what a line of at least one angle fits under. Use `opening(image, element)`, which is given.


# %% tags=["task"]
# task: background (2 points)
def background(image, elements):
    """E of eq. (2), (H, W), for a list of elements."""
    ### BEGIN SOLUTION
    openings = [opening(image, element) for element in elements]
    return np.max(openings, axis=0)
    ### END SOLUTION


# %% tags=["try"]
# try it
assert (background(frame, line_elements(15, 4)) <= frame).all(), "an opening never exceeds its image"

# %% tags=["check"]
OWN = [
    "irtrack_core.filtering.multilevel:background",
    "irtrack_core.filtering.multilevel:multilevel_filter",
    "irtrack_core.filtering.multilevel:filter_window",
]
MISTAKES = [
    (
        "this is the smallest of the openings: E is the largest, what at least one line fits under",
        0,
        "np.max(openings",
        "np.min(openings",
    ),
    (
        "this is the mean of the openings: E is the largest of them at each pixel",
        0,
        "np.max(openings",
        "np.mean(openings",
    ),
    (
        "only the first element counts: go through all of them",
        0,
        "for element in elements]",
        "for element in elements[:1]]",
    ),
    ("the last element is left out", 1, "for element in elements]", "for element in elements[:-1]]"),
    (
        "this is the largest number of all in one: take the maximum over the openings, pixel by pixel",
        0,
        "np.max(openings, axis=0)",
        "np.max(openings)",
    ),
]


def check(marks):
    marks.same("background", frame, line_elements(15, 4), points=1, what="your frame, four lines of 15 pixels")
    steep = np.zeros((31, 31), np.uint8)
    steep[:, 15] = 90  # an upright line: the angle that is neither first nor last
    marks.same(
        "background",
        steep,
        line_elements(9, 4)[1:] + line_elements(9, 4)[:1],
        points=1,
        what="an upright line stays in E",
    )


# %% [markdown]
# ## 3. What is left, eqs. (3) and (4)
#
# $U = I - E$, and $M = U \circ s$ with the rectangle $s$. Return both. Mind that `uint8` cannot hold negative numbers (here none should occur); of
# the others `opening` takes `uint16` and `float32`.


# %% tags=["task"]
# task: levels (3 points)
def levels(image, E, s):
    """(U, M) of eqs. (3) and (4), each (H, W), of the image's type."""
    ### BEGIN SOLUTION
    U = image - E
    M = opening(U, s)
    return U, M
    ### END SOLUTION


# %% tags=["try"]
# try it
U, M = levels(frame, opening(frame, np.ones((1, 15))), rectangle(3, 3))
assert (M <= U).all()

# %% tags=["check"]
OWN = [
    "irtrack_core.filtering.multilevel:suppress",
    "irtrack_core.filtering.multilevel:open_rectangle",
    "irtrack_core.filtering.multilevel:multilevel_filter",
]
MISTAKES = [
    (
        "U has the wrong sign: it is the image less its background",
        0,
        "U = image - E",
        "U = E.astype(np.int16) - image\n    U = U.astype(np.float32)",
    ),
    ("M opens the image: eq. (4) opens U", 1, "opening(U, s)", "opening(image, s)"),
    ("M is U unchanged: the second level, the opening by s, is missing", 1, "opening(U, s)", "U.copy()"),
    ("the background is not subtracted: U is the image less E", 0, "U = image - E", "U = image.copy()"),
    ("U and M are returned in the other order", 0, "return U, M", "return M, U"),
]


def check(marks):
    E, s = np.max([opening(frame, one) for one in line_elements(15, 4)], axis=0), rectangle(3, 3)
    marks.follows(lambda call: call("levels", frame, E, s)[0], points=1, what="U on your frame")
    marks.follows(lambda call: call("levels", frame, E, s)[1], points=2, what="M on your frame")


# %% tags=["look"]
# your levels: the clouds go into E, the target stays in M or not
E = background(frame, line_elements(15, 4))
U, M = levels(frame, E, rectangle(3, 3))
figure, axes = style.new(1, 4, width=2.2, height=2.5)
for axis, title, level in zip(axes, ("I", "E (2)", "U (3)", "M (4)"), (frame, E, U, M)):
    brightest = 255 if title[0] in "IE" else 80
    style.draw_box(style.show_image(axis, level, title, limits=(0, brightest)), box, edgecolor="#D55E00")

# %% [markdown]
# ## 4. Decibels, eq. (13)
#
# The SNR is the target's *peak* above the *mean* of the background, over the background's *standard deviation*; in decibels $20 \log_{10}$ of it. Background:
# all pixels of the image outside the box. The box is x, y, w, h, whole numbers here; x counts columns.


# %% tags=["task"]
# task: snr_db (3 points)
def snr_db(image, box):
    """The SNR of eq. (13) in decibels, a number."""
    ### BEGIN SOLUTION
    x, y, w, h = box
    inside = np.zeros(image.shape, bool)
    inside[y : y + h, x : x + w] = True
    around = image[~inside].astype(float)
    ratio = (image[inside].max() - around.mean()) / around.std()
    return 20 * np.log10(ratio)
    ### END SOLUTION


# %% tags=["try"]
# try it
assert np.size(snr_db(frame.astype(float), box)) == 1

# %% tags=["check"]
OWN = ["irtrack_core.metrics:snr", "irtrack_core.metrics:decibel", "irtrack_core.metrics:levels"]
MISTAKES = [
    (
        "10 log10 is for powers: grey values are amplitudes, so it is 20 log10",
        1,
        "20 * np.log10(ratio)",
        "10 * np.log10(ratio)",
    ),
    (
        "the background's mean is not subtracted from the peak",
        0,
        "(image[inside].max() - around.mean())",
        "float(image[inside].max())",
    ),
    ("eq. (13) takes the target's peak, not its mean", 1, "image[inside].max()", "image[inside].mean()"),
    (
        "mean and deviation are taken over the whole image: the target belongs to neither",
        1,
        "around = image[~inside].astype(float)",
        "around = image.astype(float)",
    ),
    (
        "x and y are exchanged: x counts columns, the second index",
        0,
        "inside[y : y + h, x : x + w]",
        "inside[x : x + w, y : y + h]",
    ),
]


def check(marks):
    more = np.random.default_rng([zlib.crc32(STUDENT.encode()), 4])
    image = more.normal(50, 4, (40, 60))
    image[12:15, 30:34] += more.uniform(20, 40, (3, 4))
    # wide enough for a deviation over n - 1
    marks.same("snr_db", image, (30, 12, 4, 3), points=2, what="a target in noise", tolerance=1e-3)
    fainter = image.copy()
    fainter[12:15, 30:34] -= 10

    def run(call):
        found = [call("snr_db", one, (30, 12, 4, 3)) for one in (image, image + 30, fainter)]
        return [found[0] - found[1], float(found[0] > found[2])]

    marks.follows(run, points=1, what="a brighter image has the same SNR, a fainter target a lower one")


# %% [markdown]
# ## 5. The rectangle that kills your target
#
# Use your functions, or `filtering.multilevel_filter`, which is allowed here. For which odd side of a square `s`, from 1 to 11, is the target *first* gone from M, that is,
# the largest value of M in the target's box below a tenth of that of U there? Lines of 15 pixels at 4 angles. Compute it; do not read it off.

# %% tags=["task"]
# task: killer (2 points)
from irtrack_core.filtering import multilevel_filter

# compute the side here, and call it `killer`
### BEGIN SOLUTION
killer = None
inside = (slice(y, y + side), slice(x, x + side))
for size in range(1, 12, 2):
    _, U, M = multilevel_filter(frame, line_elements(15, 4), rectangle(size, size))
    if M[inside].max() < 0.1 * U[inside].max():
        killer = size
        break
### END SOLUTION

# %% tags=["check"]
OWN = []
MISTAKES = [
    (
        "this is the largest side that the target survives: the next odd one kills it",
        0,
        "killer = size\n",
        "killer = size - 2\n",
    ),
    ("this is the first even side: elements have odd sides", 0, "killer = size\n", "killer = size - 1\n"),
    (
        "this is a grey value: the side of the square is asked for",
        0,
        "killer = size\n",
        "killer = int(U[inside].max())\n",
    ),
    (
        "M opens U, not the frame: under the frame's clouds any square still fits",
        0,
        "_, U, M = multilevel_filter(frame, line_elements(15, 4), rectangle(size, size))",
        "_, U, _ = multilevel_filter(frame, line_elements(15, 4), rectangle(size, size))\n    M = opening(frame, rectangle(size, size))",
    ),
    ("this is one odd side too many: the first that kills is asked for", 0, "killer = size\n", "killer = size + 2\n"),
]


def check(marks):
    marks.value("killer", points=2, what="the first side that kills your target")


# %% [markdown] tags=["answer"]
# **Answer lines (2 points)** Why are the elements of eq. (2) *lines*, and why several? What would a square of 15 × 15 do to an edge of a cloud?

# %% [markdown] tags=["rubric"]
# 1 point: a line fits along an edge or a ridge, so that these go into E and leave U; several, because edges have any direction. 1 point: a square fits
# under no edge's corner or thin ridge: those stay in U as false targets. No points for "because the paper says so".

# %% [markdown] tags=["answer"]
# **Answer decibels (2 points)** After which step did the decibels rise, and does that mean that more targets are found? Name one way to raise them without finding anything.

# %% [markdown] tags=["rubric"]
# 1 point: after U (and M): the background's deviation falls. 1 point: no: a threshold or a square of the response raises the SNR and changes no
# order of pixels (notebook 10).

# %% [markdown]
# ## Hand in
#
# Restart the kernel and run all cells: what only worked by a leftover of an older cell shows now. Save, and hand in this notebook alone.
