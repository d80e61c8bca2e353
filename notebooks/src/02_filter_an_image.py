# %% [markdown]
# # 02 · Filter an image
#
# A small target hides in clouds, edges and noise. The paper removes them on several levels: what a *line* can lie under is
# background, the rest is kept, and what is smaller than a *rectangle* is taken for noise.
#
# **You will** work out erosion, dilation and opening by hand, build the filter of eqs. (2), (3) and (4) from them, and try its
# settings on a simulated frame or on an image of your own. **You will learn** why the elements are lines, why there are several,
# why the largest opening is taken, when the rectangle helps or kills the target, and how the best elements are looked for without
# deceiving oneself. **You need** NumPy; notebook 01 shows where the frame comes from. **To study:** about 60 minutes. **Run time:** about a minute.
#
# | symbol | name in the code | meaning |
# |---|---|---|
# | $I$ | `image` | the frame, eq. (1) |
# | $a_i$ | `elements` | $n$ line elements |
# | $I \circ a$ | `opening` | erosion, then dilation |
# | $E$ | `background` | largest of the openings, eq. (2) |
# | $U$ | `suppressed` | $I - E$, eq. (3) |
# | $s$ | `rectangle` | no larger than the target |
# | $M$ | `filtered` | $U \circ s$, eq. (4) |

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of the simulated frame
length: int = 15  # pixels of a line element, odd
angles: int = 4  # n, number of line elements
side: int = 3  # of the square s, odd; 1: none
frames_searched: int = 3  # of each sequence, in the search for the best elements
image_file: str = ""  # an image of your own for the last demo; empty: a simulated one until you upload yours
image_box: list[float] = []  # x, y, w, h of a target in it; empty: its strongest spot

# %%
import numpy as np
import pandas as pd

from irtrack_core import filtering, widgets, workbook
from irtrack_core.figures import filtering as figures
from irtrack_core.figures import style
from irtrack_core.filtering import background, dilation, erosion, multilevel_filter, opening

book = workbook.start("02_filter_an_image", profile=profile, seed=seed, length=length, angles=angles, side=side)

# %% [markdown]
# ## Erosion and dilation by hand
#
# Here are 5 × 5 pixels: a dark surrounding, one bright point, and a bright row at the bottom, and a structuring element of three
# pixels in a row.

# %%
image = np.array([[1, 2, 1, 3, 1], [2, 1, 2, 1, 2], [1, 2, 9, 2, 1], [2, 1, 2, 1, 2], [7, 7, 8, 7, 7]], np.uint8)
element = np.ones((1, 3), np.uint8)
image

# %% [markdown]
# **Erosion**: lay the element's centre on a pixel and take the *smallest* value under it. On the point (row 2, column 2) the
# element covers 2, 9, 2, so the point becomes 2. Outside the frame nothing is covered: at the border the rest decides.

# %% tags=["nbval-check-output"]
print(image[2, 1:4], "-> smallest", image[2, 1:4].min())
eroded = erosion(image, element)
print(eroded)

# %% [markdown]
# **Dilation** is the same with the *largest* value. Dilating what was eroded brings back all that was wide enough to survive, and
# nothing else.

# %% tags=["nbval-check-output"]
opened = dilation(eroded, element)
print(opened)
assert (opened == opening(image, element)).all()

# %%
point = image == 9
figure = figures.numbers_row(
    {"I": image, "eroded": eroded, "then dilated: opening": opened, "I - opening": image - opened},
    marks={"I": point, "I - opening": point},
)
book.save_figure(figure, "by_hand")
# %% [markdown]
# ## Opening: what the element fits under
#
# Think of the grey values as hills. The opening is the highest surface that the element, held flat, can touch from below. The bright
# row is as long as the element, so it stays. The point is narrower, so it is cut off; it is what $I - (I \circ a)$ keeps. The
# opening never rises above the image, and opening twice changes nothing more:

# %% tags=["nbval-check-output"]
print("below the image:", (opened <= image).all(), " twice is once:", (opening(opened, element) == opened).all())

# %% [markdown]
# The border mode matters for this. Outside the frame an erosion meets $+\infty$ and a dilation $-\infty$ (OpenCV's default), so that
# pixels outside never decide. Other libraries mirror the image there, and then $E \le I$ can fail at the border.
#
# ## The line elements $a_i$
#
# Each has an odd number of pixels, the same at every angle, and is symmetric about its centre. OpenCV does not mirror the element
# for the dilation: with an unsymmetric one the result would not be an opening. The package refuses such elements.

# %%
elements = filtering.line_elements(length, angles)
figure = figures.elements(elements, figures.angle_titles(angles))
book.save_figure(figure, "elements")
# %% [markdown]
# ## Why lines, and not a square?
#
# Take a thin bright wire or the rim of a cloud, and a target. A square does not fit under the wire any more than under the
# target, so both end up in $U$. A line along the wire fits under it: the wire is background, the target is not.

# %%
scene = np.full((41, 41), 20, np.uint8)
scene[30, :] = scene[:, 33] = 120
scene[np.arange(41), np.arange(41)[::-1]] = 120
scene[9:12, 9:12] = 150
square = [filtering.shape_element("square", 9)]
lines = filtering.line_elements(9, 4)

# %%
images = {"image": scene} | {"U, a square": scene - background(scene, square)}
images |= {f"U, {n} angle{'s' * (n > 1)}": scene - background(scene, filtering.line_elements(9, n)) for n in (1, 2, 4)}
figure = figures.pictures(images, limits=(0, 150), width=2.2)
book.save_figure(figure, "why_lines")
# %% [markdown]
# ## Why several, and why the largest?
#
# One line follows only structures of its own direction. With $n$ directions, a pixel is background as soon as *one* of the lines
# fits under it: that is the maximum in
#
# $$E = \max_i\,(I \circ a_i) \qquad (2)$$
#
# A target is shorter than the line in *every* direction, so no line fits under it and the maximum does not keep it. The minimum
# would keep as background only what lines of *every* direction fit under: all three wires would be left in $U$.

# %%
workbook.show_source(filtering.background)

# %% [markdown]
# **Predict, then run:** three wires: level, upright and diagonal. What share of them is left in U with one line, of angle 0?
#
# <details><summary>Answer</summary>Two of three, 66 %: only the level wire has a line that fits under it.</details>

# %% tags=["nbval-check-output"]
wires = scene == 120
for n in (1, 2, 4):
    U = scene - background(scene, filtering.line_elements(9, n))
    print(f"{n} angles: {np.mean(U[wires] > 0):4.0%} of the wires are left, target {U[10, 10]} of {150 - 20}")

# %% [markdown]
# ## How long?
#
# Longer than the target in every direction, or else the target becomes background. Here squares of 3 to 17 pixels stand under lines
# of 9, 15 and 21. A longer line is safe for the target, but follows curved edges less well.

# %%
rows = []
for size in (3, 7, 9, 13, 15, 17):
    plate = np.zeros((61, 61), np.uint8)
    plate[20 : 20 + size, 20 : 20 + size] = 100
    for pixels in (9, 15, 21):
        U = plate - background(plate, filtering.line_elements(pixels, angles))
        rows.append({"target": size, "line": pixels, "kept": U.max()})
kept = pd.DataFrame(rows).pivot(index="target", columns="line", values="kept")

# %% [markdown]
# **Predict, then run:** a target of 9 pixels, lines of 9 and of 15. How much of its contrast of 100 does each keep?
#
# <details><summary>Answer</summary>0 and 100. A line of 9 fits under it, so that it counts as background.</details>

# %% tags=["nbval-check-output"]
print(kept.to_string())

# %% [markdown]
# When the target's size is known, `element_length` gives the length, and the trackers use it:

# %% tags=["nbval-check-output"]
print({size: filtering.element_length((size, size)) for size in (3, 10, 14, 30)})

# %% [markdown]
# ## The three levels on a simulated frame
#
# The simulator of notebook 01 gives a frame of an oversampled scan together with its parts, so that we know what the target alone
# looks like.

# %%
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.imaging.scan import simulate

sensor = ScanSettings(bits=8, output="agc", agc_noise=4.0)
clouds = SceneSettings(kind="cloud_edges", std=0.06, outer_scale=80)
frame = simulate(sensor, clouds, TargetSettings(kind="aircraft", size=7, snr=16), frames=5, seed=seed).components(2)
print(frame.image.shape, frame.image.dtype, "target's box:", frame.box.round(1))

# %%
workbook.show_source(multilevel_filter)

# %%
elements, s = filtering.line_elements(length, angles), filtering.rectangle(side, side)
E, U, M = multilevel_filter(frame.image, elements, s)

# %% tags=["nbval-check-output"]
print(f"E <= I: {(E <= frame.image).all()}, I = E + U: {(E + U == frame.image).all()}, M <= U: {(M <= U).all()}")
print(f"pixels that are exactly 0: U {np.mean(U == 0):.0%}, M {np.mean(M == 0):.0%}")

# %% [markdown]
# Much of $U$ and most of $M$ is exactly 0. Remember it when you read a signal-to-noise ratio of a filtered image: where nothing is left,
# $\sigma$ is 0 and the ratio infinite. Notebook 10 shows what to do about it; here $\sigma$ is never taken below the noise of the
# raw frame.
#
# ## Try it
#
# Move the controls. The cut runs through the target; the table gives the SNR by eq. (13), above the local mean, the share of
# the target's peak that is kept, and the share of *false boxes*: of the target's size, with a pixel at least as strong as the
# target's. Below it stand the elements $a_i$ and, in green, $s$. Choose *drawn* to draw an element by hand.

# %%
first = dict(length=length, angles=angles, side=side)
demo = widgets.filter_an_image(frame.image, frame.box, target=frame.target, **first)
demo

# %% [markdown]
# The whole frame, for the settings in the parameters cell; on the screen each block of pixels is shown by its largest value.

# %%
from irtrack_core.evaluation import evaluate_filter

empty = frame.image - frame.target  # what the target itself adds shows beside the frame without it
without = empty, dict(zip("UM", filtering.multilevel_filter(empty, elements, s)[1:]))
measures = pd.DataFrame(evaluate_filter(frame.image, {"U": U, "M": M}, frame.box, without=without))
book.save_table(measures)
records = measures.to_dict("records")
figure = figures.Panel().draw(frame.image, (E, U, M), frame.box, measures=records, zoom=False)
book.save_figure(figure, "levels")
figure
# %% tags=["nbval-check-output"]
print(measures[["filter", "snr", "db", "retention", "zero_share"]].round(1).to_string(index=False))

# %% [markdown]
# ## Why a rectangle afterwards, and what it costs
#
# $U$ still holds every bright spot shorter than the lines, single noisy pixels included. Opening with $s$ removes what $s$ does not
# fit under:
#
# $$M = U \circ s \qquad (4)$$
#
# A spike of one pixel goes. But so does a *target* of one or two pixels, whatever its brightness:
#
# **Predict, then run:** a target of 2 × 2, as bright as you like. What does s = 3 × 3 leave?
#
# <details><summary>Answer</summary>Nothing: s does not fit under it.</details>

# %% tags=["nbval-check-output"]
for size in (1, 2, 3, 5):
    spot = np.zeros((31, 31), np.uint8)
    spot[14 : 14 + size, 14 : 14 + size] = 200
    left = [multilevel_filter(spot, elements, filtering.rectangle(k, k))[2].max() for k in (1, 3, 5)]
    print(f"target {size} x {size}: peak left without s {left[0]}, s = 3 x 3 {left[1]}, s = 5 x 5 {left[2]}")

# %% [markdown]
# A real spot is blurred, so it fades instead of vanishing at once. The next figure gives the share of the peak that is left, for
# a point and compact targets (vehicles) of the simulator. Oversampling helps here: it spreads a point over several samples, a spike over one.

# %%
from irtrack_core.experiments.snr import survival_table

survived = survival_table(sizes=(1, 2, 4, 6, 9, 13, 18), sides=(1, 3, 5, 7), seed=seed)
book.save_table(survived, "survival")
figure, axes = style.new(width=6, height=3.6)
figures.survival(axes, survived)
book.save_figure(figure, "survival")
# %% [markdown]
# **Rule.** $s$ must be smaller than the target's narrowest part. For a point target leave it out (a 1 × 1 rectangle).
#
# ## An element of your own
#
# Any point-symmetric set of pixels is an element. Draw one with `x` and `.`; what it lacks of symmetry is added.

# %%
mine = filtering.drawn_element("""
....x
...x.
..x..
.....
.....
""")
figure = figures.elements([mine, *(filtering.shape_element(name, 9) for name in ("cross", "disc", "ring"))])

# %% [markdown]
# ## Which elements are best?
#
# "The optimum structuring element is looked for", the paper says, and not how. Here is one way that can be checked: try many
# families of elements with many rectangles, and take the pair with the highest *criterion*: the share of targets found (Pd) when
# one box in a hundred of the target's size may be false (Pfa = 10⁻²), the threshold set frame by frame; equal shares, and targets in
# frames too small to tell, are decided by the Pfa at which each target is found, and what
# still ties by the number of pixels. Why not the SNR? Because it can be raised without finding anything: notebook 10.

# %%
from irtrack_core import datasets
from irtrack_core.experiments import element_search

sequences = datasets.load("sim-aircraft")
train, test = sequences[0::2], sequences[1::2]
families = element_search.candidates()
found = element_search.search(train, families, count=frames_searched)

# %% tags=["nbval-check-output"]
print(len(families), "families,", len(found.ranking), "pairs; best on the training sequences:", found)
print(found.ranking.head(6).round(2).to_string(index=False))

# %% [markdown]
# With many pairs some look good by chance: the winner is flattered by the frames it was chosen on. So it is judged on sequences
# that took no part:

# %% tags=["nbval-check-output"]
pairs = {
    "search": (found.elements, found.rectangle),
    "default": (filtering.line_elements(15, 4), filtering.rectangle(3, 3)),
}
for name, (family, sides) in pairs.items():
    for part, some in (("training", train), ("test", test)):
        measured = element_search.measure(some, {name: family}, [sides.shape], count=frames_searched)
        print(f"{name:8} on the {part:8} sequences: Pd {element_search.ranking(measured).pd[0]:.2f}")

# %% [markdown]
# Five sequences are few. *Cross-validation* uses all of them: the sequences are dealt into five folds, the elements for each fold are
# chosen on the four others. "Best here" is the best pair for each sequence itself, which nobody knows beforehand: no choice can do better.

# %%
names = ("sim-aircraft", "sim-pedestrian", "sim-otcbvs")
parts = [element_search.cross_validate(datasets.load(name), families, count=frames_searched) for name in names]
searched = pd.concat(parts, ignore_index=True)
book.save_table(searched, "search")

# %%
figure, axes = style.new(1, 2, width=5.2, height=3.2)
figures.search_gain(axes, searched, rng=np.random.default_rng(seed))
book.save_figure(figure, "search")
# %% tags=["nbval-check-output"]
print(searched.pivot_table(index="dataset", columns="by", values="pd", sort=False).round(2).to_string())
chosen = searched[searched["by"] == "search"]
print(chosen.groupby(["dataset", "elements"], sort=False).size().to_string())

# %% tags=["nbval-check-output"]
from irtrack_core.evaluation import paired_interval

found_by = searched.pivot(index=["dataset", "sequence"], columns="by", values="pd").dropna()
for other in ("default", "default, no s"):
    pair = found_by["search"], found_by[other]
    gain = paired_interval(*pair, rng=np.random.default_rng(seed), bounds=(0, 1))
    print(f"Pd of the search less Pd of the {other}, with 95 % interval: {gain.text()}")

# %% [markdown]
# Read it with care. Most of the gain on dim aircraft is the rectangle that is *left out*; on pedestrians, which are large, a large $s$
# wins. The lines chosen for aircraft are shorter than the rule above asks for: they keep only part of the peak, but less clutter beside
# it. The training and test sequences are different scenes, but of one simulator and one kind of target: elements chosen here promise
# nothing for another camera. And the default was never chosen for these sets.
#
# ## Only a window
#
# A tracker needs the filter only where it searches. `filter_window` reads the window and a halo of `support` pixels and gives the
# very same bits as the whole frame would:

# %% tags=["nbval-check-output"]
x, y = (int(v) for v in frame.box[:2] - 28)
window = filtering.filter_window(frame.image, (x, y, 64, 64), elements, s)
same = [np.array_equal(part, whole[y : y + 64, x : x + 64]) for part, whole in zip(window, (E, U, M))]
print("halo", filtering.support(elements, s), "px; window equal to the whole frame's:", same)

# %% [markdown]
# ## A video
#
# `filter_stack` takes a stack of frames (N, H, W), or anything that gives one frame after the other, and filters each by itself:

# %% tags=["nbval-check-output"]
video = [sequences[0].frames[i] for i in range(8)]
stack = filtering.filter_stack(video, elements, s)
alone = [multilevel_filter(one, elements, s) for one in video]
print("E, U, M:", [level.shape for level in stack], stack[0].dtype)
print("equal frame by frame:", all(np.array_equal(level, one) for level, one in zip(stack, zip(*alone))))

# %% [markdown]
# ## On your own image
#
# Press *your image* and choose a file (any image OpenCV reads; colour is turned into grey), or set `image_file` in the parameters. The
# target's box is put around the strongest spot; move it with *target x*, *target y* and *its size*. Until then you see a pedestrian.

# %%
walk = datasets.load("sim-pedestrian")[0]
example = walk.frames[10], walk.boxes[10]
demo = widgets.filter_your_image(image_file, image_box, example=example, **first)
demo

# %% [markdown]
# ## What to remember
#
# - An opening keeps what the element fits under; lines in several directions, and the largest of their openings, make the
#   background $E$; $U = I - E$ holds the target and small clutter.
# - The lines must be longer than the target, $s$ smaller than its narrowest part. $s$ removes spikes and destroys point targets.
# - The best elements depend on target and scene. A search finds them; only sequences that took no part in it can tell what it gained.
# - All of it is exact: uint8, uint16 and float32 give the same values, a window and a video the same as the single frames.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("02_filter_an_image")

# %% [markdown]
# **Exercises.**
#
# 1. Predict by hand the opening of the 5 × 5 image with a *vertical* element of three pixels; check it with `opening`.
# 2. In the demo, find the shortest line that keeps the target's whole peak. How does it compare with the box?
# 3. Set *height* and *width of s* to 1, 3, 5 and watch peak and false boxes: when is $s$ worth it?
# 4. Why does `polarity="dark"` in `multilevel_filter` use the *minimum* of closings?
