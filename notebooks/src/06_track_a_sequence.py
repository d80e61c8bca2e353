# %% [markdown]
# # 06 · Track a sequence
#
# All parts together: image, window, filter, network, best proposal, next frame.
#
# **You will** look inside one step of the tracker, follow a target through a sequence, and compare with a tracker that learnt nothing.
# **You need** notebooks 02 to 05. **Run time:** about 30 seconds.

# %% tags=["parameters"]
profile: str = "quick"  # quick | full
seed: int = 0  # of the simulated sequences
dataset: str = "sim-aircraft"  # sim-aircraft | sim-pedestrian | sim-otcbvs
sequence: int = 4  # number of the sequence, 0 to 9
step: int = 12  # frame that is dissected

# %%
import numpy as np

from irtrack_core import boxes as bx
from irtrack_core import datasets, evaluation, study, trackers, workbook
from irtrack_core.figures import experiments, style
from irtrack_core.figures import network as figures

options = dict(dataset=dataset, sequence=sequence, step=step)
book = workbook.start("06_track_a_sequence", profile=profile, seed=seed, **options)
target = datasets.load(dataset, frames=book.profile.frames, seed=seed)[sequence]

# %% [markdown]
# ## The protocol
#
# A tracker has two methods: `init(frame, box)` once, then `update(frame)`, which returns the box, for each frame after. The smallest one stays
# where it was:

# %%
workbook.show_source(trackers.IdentityTracker)

# %% [markdown]
# ## One step, dissected
#
# `siamese` is the tracker that comes with the repository. After each update it keeps what it saw.

# %%
tracker = trackers.create("siamese")
tracker.init(target.frames[0], target.boxes[0])
for i in range(1, step + 1):
    box = tracker.update(target.frames[i])
seen = tracker.seen

# %% tags=["nbval-check-output"]
print("search crop", seen.crop.shape, " scores", seen.scores.shape, " proposals", seen.proposals.shape)

# %% [markdown]
# 1. A window round the predicted position is cut and filtered: the search crop, channels $I$ and $U$.
# 2. The network scores every position (eq. 8).
# 3. The scores are damped far from the centre (the target will not jump) and for boxes of another size.
# 4. The best position's offsets (eq. 9) give the proposal (eq. 10).

# %%
truth = np.concatenate([(bx.centers(target.boxes[step]) - seen.center) * seen.zoom, target.boxes[step, 2:] * seen.zoom])
chosen = seen.proposals.reshape(-1, 4)[seen.best]
where = np.unravel_index(seen.best, seen.scores.shape)[1:]
figure, axes = style.new(1, 4, width=3, height=3)
figures.crop_box(axes[0], seen.crop[0], [truth, chosen], ["truth", "siamese"], title=f"frame {step}: search crop, I")
figures.crop_box(axes[1], seen.crop[1], [truth], ["truth"], title="suppressed, U")
figures.score_map(axes[2], seen.scores[0], title="P(target)", best=where)
figures.score_map(axes[3], seen.penalised[0], title="after window and penalty", best=where)
book.save_figure(figure, "dissected")

# %% [markdown]
# ## A whole sequence
#
# `evaluation.run` starts on the first annotated frame and collects the boxes. Beside `siamese` run the paper's network as notebook 05 trained
# it (on this very set, perhaps on this very sequence: a demonstration, not a measurement), the peak tracker and the identity.

# %%
book.need(study.weights_path(book.results, 0, seed), "05_train_the_tracker")
made = {name: study.make_tracker(name, book.results, 0, seed) for name in study.TRACKERS}
held = study.in_memory(target)
results = [evaluation.run(one, held) for one in made.values()]
table = evaluation.evaluate(results, [held])
book.save_table(table.drop(columns=["seconds", "fps"]))
table[["tracker", "aor", "p5", "p20"]].round(3)

# %%
last = len(held) - 1
figure, axes = style.new(1, 3, width=3.6, height=3.6)
for ax, i in zip(axes, (0, last // 2, last)):
    predicted = {result.tracker: result.boxes[i] for result in results if result.tracker != "identity"}
    experiments.boxes_on_frame(ax, held.frames[i], held.boxes[i], predicted, side=80, title=f"frame {i}")
style.note(figure, "dotted white: truth; blue: peak, orange: siamese, green: paper")
book.save_figure(figure, "sequence")

# %%
figure, axis = style.new(width=6, height=3)
for result in results:
    overlap = bx.iou(result.boxes, held.boxes)
    axis.plot(overlap, color=style.color(result.tracker), label=result.tracker)
axis.set(xlabel="frame", ylabel="overlap (IoU)", ylim=(0, 1.02))
axis.legend(fontsize=8)
book.save_figure(figure, "overlap")

# %% tags=["nbval-check-output"]
identity = table.set_index("tracker").aor["identity"]
print(f"identity AOR {identity:.2f}; the peak tracker is better: {table.set_index('tracker').aor['peak'] > identity}")

# %% [markdown]
# ## Scrub through it
#
# Drag the slider through the frames.

# %%
from irtrack_core import widgets

widgets.scrub(held, {result.tracker: result.boxes for result in results})

# %% [markdown]
# ## Your own video
#
# `irtrack track VIDEO_OR_FOLDER --box x,y,w,h --out boxes.csv` on the command line, or three lines of Python:
#
# ```python
# from irtrack_core import datasets, evaluation, trackers
# mine = datasets.load("folder", "my_video.mp4", boxes="my_boxes.csv")[0]
# result = evaluation.run(trackers.create("siamese"), mine)
# ```
#
# ## Summary
#
# A tracker is a loop over four small steps. All that changes from one tracker to the next is how the scores come about.
#
# **Exercises.** 1. Set `dataset="sim-pedestrian"`: where does the peak tracker's fixed box size cost it overlap? 2. Dissect a frame
# in which the trackers disagree. 3. Write a tracker that moves with constant velocity and never looks; on which sequences
# does it beat the identity?
