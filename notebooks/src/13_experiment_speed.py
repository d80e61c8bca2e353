# %% [markdown]
# # 13 · Experiment: speed (Table 1)
#
# How many frames per second? Eq. (16) divides all frames by all seconds. We time the whole method end to end: filter, crops, network,
# decoding; the reading of files is left out. First calls are not counted, every run is repeated, and the median is reported.
#
# The paper's Table 1 was measured on a GTX 980M. Frames per second on different machines are not a comparison of methods; the table
# shows both so that one can see the order of magnitude. The paper explains its speed by its added modules. More modules cannot make
# a network faster; a search on one scale instead of a pyramid of scales can.
#
# **You will** measure on *your* machine: the numbers stored here are one machine's. **You need** notebook 05. **Run time:** about a minute.

# %% tags=["parameters"]
profile: str = "quick"  # quick | full
seed: int = 0  # of the sequences
names: list = ["peak", "siamese", "paper"]  # trackers
frames: int = 40  # of each sequence
repeats: int = 3  # runs, of which the median is taken
real_frames: int = 40  # frames of each real sequence

# %%
import pandas as pd
import torch

from irtrack_core import published, speed, study, workbook
from irtrack_core.figures import experiments, style

book = workbook.start("13_experiment_speed", profile=profile, seed=seed, names=names, frames=frames, repeats=repeats)
machine = speed.hardware()
print(f"{machine}; torch {torch.__version__} on {torch.get_num_threads()} thread(s)")

# %% [markdown]
# ## Measure
#
# The trackers take turns, so that a busy spell of the machine hits all of them alike. With IRTRACK_DATA set, the real sequences are
# a fourth set.

# %%
sequences = [study.head(one, frames) for one in study.test_folds(book.profile, seed)[0][2]]
sequences += study.real_sequences(real_frames)
turns = speed.measure(sequences, names, book.results, seed=seed, repeats=repeats, progress=workbook.progress)
book.save_table(turns, "turns")
if "svanstrom" not in set(turns["dataset"]):
    print(study.HOW_TO_GET_DATA)

# %% tags=["nbval-check-output"]
timed = turns.groupby("dataset", sort=False)["frames"].first()
print(f"timed {repeats} times, frames: {timed[timed.index.str.startswith('sim-')].to_dict()}")

# %% [markdown]
# ## Beside the paper's Table 1
#
# The columns marked *paper* are the printed numbers, on the paper's machine and data.

# %%
groups = turns.groupby(["dataset", "tracker"], sort=False)["fps"]
table = groups.agg(mean="median", low="min", high="max").reset_index()
table["hardware"] = machine
book.save_table(table)
ours = table.pivot(index="dataset", columns="tracker", values="mean").round(0)[names]
paper = pd.DataFrame(published.SPEED).T.rename(index=lambda name: f"sim-{name}")
paper.columns = [f"paper: {'its method' if name == 'method' else f'[{name[3:]}]'}" for name in paper]
ours.join(paper)

# %%
figure, axis = style.new(width=8, height=3.6)
experiments.speed_bars(axis, table, hardware=machine)
axis.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
width = f"; the paper's network at width factor {book.profile.width:g}" if book.profile.width != 1 else ""
style.note(figure, f"{style.profile_note(book.profile)}; median of {repeats}, whiskers: slowest and fastest{width}")
book.save_figure(figure, "fps")

# %% [markdown]
# ## Summary
#
# - Eq. (16) is only as good as its conditions: what is timed, on what, how often.
# - A tracker without a network is a hundred times faster: speed alone says nothing.
# - `quick` times a *narrow* version of the paper's network. For the width it was published with, see `full`.
#
# **Exercises.** 1. Start Jupyter with the environment variable `IRTRACK_THREADS=2` and measure again. 2. Why is the frame's size nearly without influence on
# `peak`, although it filters? (Read `filtering.filter_window`.)
