# %% [markdown]
# # 09 · Your own data
#
# You have a folder: images or videos of your camera, and boxes that somebody drew. What is the tracker worth on them, and does it get
# better when it learns from them?
#
# **You will** find out which format a folder is in, measure trackers on it, split it so that nothing leaks, train the shipped network on,
# and read a comparison that may well say "not shown". **You will learn** why a loss that falls proves nothing, and how many recordings it
# takes to say that something is better. **You need** notebook 06. **To study:** about 30 minutes. **Run time:** about a minute in `quick`.
#
# The same on the command line, in [Your own data](../docs/own_data.md): `irtrack check`, `evaluate`, `train`, `compare`.

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of the split, the pairs and the simulated recordings
data: str = ""  # path of a folder of your own; empty: one is simulated
recordings: int = 10  # simulated recordings, where no folder is given

# %%
import tempfile
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from irtrack_core import datasets, trackers, workbook
from irtrack_core.datasets.formats.recognise import certainty, detect
from irtrack_core.datasets.writers import write_sequence
from irtrack_core.evaluation import curves, stored
from irtrack_core.evaluation.intervals import texts
from irtrack_core.experiments import fine_tune
from irtrack_core.figures import evaluated, style
from irtrack_core.network.weights import SHIPPED

book = workbook.start("09_your_own_data", profile=profile, seed=seed, data=data, recordings=recordings)
steps, frames = {"quick": (12, 24), "medium": (120, 60), "full": (600, 60)}[profile]
place = Path(tempfile.mkdtemp())  # all that is made here is thrown away

# %% [markdown]
# ## A folder
#
# Where no folder is given, one is made: walking people before a static camera, in the layout of GOT-10k. A folder a recording, numbered
# images, `groundtruth.txt` with one row `x,y,w,h` a frame.

# %%
folder = Path(data) if data else place / "mine"
if not data:
    for one in datasets.load("sim-otcbvs", frames=frames, sequences=recordings, seed=seed + 40):
        write_sequence("got10k", folder / one.name, one)
        for k in range(len(one)):
            cv2.imwrite(str(folder / one.name / f"{k + 1:08d}.png"), one.frames[k])
name, sure, why = detect(folder)[0]
sequences = [one for one in datasets.load(name, folder) if one.present.sum() > 1]
print(f"{name} ({certainty(sure)}): {why}; {len(sequences)} sequences")
figure, panels = style.new(1, 3, width=3, height=2.6)
for axes, one in zip(panels, sequences):
    style.show_image(axes, one.frames[one.first], one.name)
    style.draw_box(axes, one.boxes[one.first], "target")
book.save_figure(figure, "first_frames")
# %% [markdown]
# **Look at the boxes before anything else.** A file whose pixels are counted from 1, or whose corners are taken for sizes, gives numbers
# too. What a file betrays is told: here the same rows, with corners instead of sizes.

# %% tags=["nbval-check-output"]
truth = np.array([[20 + k, 30, 6, 8] for k in range(20)], dtype=float)
wrong = place / "wrong"
wrong.mkdir()
np.savetxt(wrong / "groundtruth.txt", np.c_[truth[:, :2], truth[:, :2] + truth[:, 2:]], delimiter=",", fmt="%g")
for k in range(20):
    cv2.imwrite(str(wrong / f"{k + 1:08d}.png"), np.full((96, 128), k, np.uint8))
for note in datasets.load("got10k", wrong)[0].notes:
    print(note)

# %% [markdown]
# ## What the trackers are worth
#
# Each gets the first true box and then frames alone; the first frame does not count. `irtrack evaluate siamese,peak FOLDER --out evaluated`
# does the same and writes a report.

# %%
before = SHIPPED / "compact.safetensors"
makers = {name: partial(trackers.create, name) for name in ("siamese", "peak")}
results = stored.track_all(makers, sequences, place / "evaluated", progress=workbook.progress)
table = stored.measured(results, sequences)
found = stored.summary(table)
book.save_table(found, "trackers")
found.assign(value=texts(found, 3)).pivot(index="tracker", columns="measure", values="value")[
    ["aor", "auc", "p5", "p20"]
]

# %%
figure, (left, right) = style.new(1, 2)
evaluated.success(left, curves(results, sequences), "overlap")
evaluated.precision(right, curves(results, sequences, stored.metrics.precision_curve), "centre error")
book.save_figure(figure, "curves")
# %% [markdown]
# ## Three parts
#
# To learn from, to stop by, to judge by. They are dealt by *recording*: two clips of one recording are almost copies, and a network that
# learned from one has seen the other. `Sequence.recording` says what belongs together; if your clips are cuts, name it there.
#
# **Predict, then run:** of 10 recordings, how many are left to judge by? And of 33?
#
# <details><summary>Answer</summary>Three of 10, and 10 of 33: half or a little more are for learning, the rest is shared between stopping and judging, and judging gets the larger part.</details>

# %% tags=["nbval-check-output"]
frame, box = np.zeros((2, 20, 20), np.uint8), np.full((2, 4), 5.0)
for count in (3, 10, 33):
    parts = fine_tune.split([datasets.Sequence(f"r{k}", "mine", frame, box) for k in range(count)])
    print(f"{count} recordings:", ", ".join(f"{len(part)} to {what}" for what, part in zip(parts._fields, parts)))

# %% [markdown]
# ## Train on
#
# From the shipped weights, with a small rate. Half of the pairs are simulated, so that the network does not forget what your folder does
# not show. The loss on the stopping part is looked at six times, and the step with the least is kept, be it the start. Then scores and
# sizes are calibrated anew, on the stopping part and on simulation.

# %%
parts = fine_tune.split(sequences, seed)
out = place / "mine.safetensors"
net, checks = fine_tune.learn(parts, before, out, iterations=steps, seed=seed)
count = {"quick": (2, 16), "medium": (6, 40), "full": (10, 40)}[profile]
simulated = dict(
    sequences=count[0], frames=count[1]
)  # for the calibration of scores and sizes, and for the judgement below
card = fine_tune.write(net, checks, out, before, parts, "notebook 09", **simulated)
checks = pd.DataFrame(checks, columns=["step", "loss"])
book.save_table(checks, "stopping")
figure, axes = style.new()
axes.plot(checks["step"], checks["loss"], "o-", color=style.color("siamese"))
axes.plot(card["kept_step"], checks["loss"].min(), "o", markersize=11, markerfacecolor="none", color="#333333")
axes.set(xlabel="step", ylabel="loss on the stopping part", title=f"kept: step {card['kept_step']}")
book.save_figure(figure, "stopping")
# %% [markdown]
# A loss that falls is no proof: it is the loss on pairs of crops, and on recordings that chose the step.
#
# ## Better?
#
# Both sets of weights track what was held back, and simulated sets that no training has seen. Differences are paired by recording. *Ahead*
# needs ten recordings and an interval that leaves out zero.

# %%
table, said = fine_tune.judge(out, before, parts, place / "judged", **simulated)
book.save_table(table, "judged")
table = table[table["measure"].isin(["aor", "p5"])].rename(columns={"difference": "mean"})
table["after - before"] = texts(table, 3, sign="+")
table[["where", "dataset", "measure", "after - before", "word"]].reset_index(drop=True)

# %%
print(said)

# %% [markdown]
# In `quick` the answer can only be "not shown": a dozen steps, and three recordings held back. This is the usual case with a folder of one's
# own, too. The honest ways out are more recordings, not more clips of the same ones, and not another seed until it works.
#
# ## What to remember
#
# - First the boxes, then the trackers: wrong conventions give plausible numbers.
# - Split by recording; one part to learn, one to stop, one to judge, and the last is looked at once.
# - Fewer than ten held-back recordings show no gain, however large the mean. And what was gained may have been lost elsewhere.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("09_your_own_data")

# %% [markdown]
# **Exercises.**
#
# 1. Cut every recording into two clips, and split by clip instead of by recording. Which way does the comparison err?
# 2. Leave the simulated pairs out (`fine_tune.sampler_of(..., simulated=False)`). What do a few steps of a large rate then do to the loss on simulated pairs?
# 3. Train with five seeds and report only the best. How often would a network that learned nothing look better than before?
