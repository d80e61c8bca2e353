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
# **You will** measure on *your* machine: the numbers stored here are one machine's. **You need** notebooks 05 and 07. **To study:** about 20 minutes. **Run time:** about
# two minutes.

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of the sequences
baselines: list = ["peak", "siamese", "ref4"]  # trackers without a fold of their own
methods: list = ["paper", "ref8", "ref9", "ref10", "ref11", "ref12", "ref14", "ref15", "ref16"]  # each as published
frames: int = 10  # of each sequence
repeats: int = 3  # runs, of which the median is taken
real_count: int = 4  # real sequences, from the head of the list

# %%
import pandas as pd
import torch

from irtrack_core import workbook
from irtrack_core.experiments import protocol, published, speed, study
from irtrack_core.figures import experiments, style

options = dict(baselines=baselines, methods=methods, frames=frames, repeats=repeats, real_count=real_count)
book = workbook.start("13_experiment_speed", profile=profile, seed=seed, **options)
both = [name for method in methods for name in protocol.pairs_of_inputs(method)]
# the filter takes a fraction of a millisecond from whichever network it serves: the paper's shows it, notebook 07 times all
names = baselines + [name for name in both if name == "paper-image" or not protocol.is_swapped(name)]
condition = experiments.caption(book.profile)
machine = speed.hardware()
print(f"{machine}; torch {torch.__version__} on {torch.get_num_threads()} thread(s)")

# %% [markdown]
# ## Measure
#
# The trackers take turns, so that a busy spell of the machine hits all of them alike. With IRTRACK_DATA set, a few real sequences are
# a fourth set. Ten frames of each sequence are timed, no more, since so many trackers take part: the whiskers below show how far
# apart single runs lie, and `frames` takes more. OpenCV's trackers are timed in their own environment (`make baselines`) and join the table where that was done: at another
# time, so compare them by the last columns, frames per second over those of `peak` in the same run.

# %%
sequences = [study.head(one, frames) for one in study.test_folds(book.profile, seed)[0][2]]
sequences += study.real_sequences(frames)[:real_count]
bar = workbook.progress
turns = speed.measure(sequences, names, book.results, seed=seed, repeats=repeats, progress=bar)
turns = turns.assign(hardware=machine, run="this notebook")
theirs = book.results / "opencv__speed.csv"
if theirs.exists():
    turns = pd.concat([turns, pd.read_csv(theirs).assign(run="make baselines")], ignore_index=True)
book.save_table(turns, "turns")
if "svanstrom" not in set(turns["dataset"]):
    print(study.HOW_TO_GET_DATA)

# %% tags=["nbval-check-output"]
timed = turns[turns["tracker"] == "peak"].groupby("dataset", sort=False)["frames"].first()
print(f"timed {repeats} times, frames: {timed[timed.index.str.startswith('sim-')].to_dict()}")

# %% [markdown]
# ## Beside the paper's Table 1
#
# The columns marked *paper* are the printed numbers, on the paper's machine and data.

# %%
groups = turns.groupby(["dataset", "tracker", "run", "hardware"], sort=False)["fps"]
table = groups.agg(mean="median", low="min", high="max").reset_index()
peak = table[table["tracker"] == "peak"].set_index(["dataset", "run"])["mean"].rename("peak")
table = table.join(peak, on=["dataset", "run"]).assign(of_peak=lambda rows: rows["mean"] / rows["peak"])
table = table[(table["tracker"] != "peak") | (table["run"] == "this notebook")].drop(columns="peak")
book.save_table(table)

# %%
order = list(table["tracker"].unique())
ours = table.pivot(index="dataset", columns="tracker", values="mean").round(0)[order]
paper = pd.DataFrame(published.SPEED).T.rename(index=lambda name: f"sim-{name}")
paper.columns = [f"paper: {'its method' if name == 'method' else f'[{name[3:]}]'}" for name in paper]
ours.join(paper).T

# %% [markdown]
# In frames of `peak`: how many frames a tracker does while `peak` does one.

# %%
table.pivot(index="dataset", columns="tracker", values="of_peak").round(3)[order].T

# %%
figure, axis = style.new(width=11.5, height=4)
experiments.speed_bars(axis, table, hardware=machine)
experiments.bar_legend(axis)
others = [name for name in order if name in protocol.OPENCV]
apart = f"; {', '.join(others)}: another run" if others else ""
style.note(figure, f"{condition}; median of {repeats}, whiskers: slowest and fastest{apart}")
book.save_figure(figure, "fps", of_machine=True)

# %% [markdown]
# ## Where does the time go?
#
# The same trackers with a clock inside: the filter of eqs. (2)-(4), the rest of the work on crops, the network, and everything else. The filter
# works on the search window alone, so it costs a fraction of a millisecond; three scales cost three crops and three passes of the network.
#
# **Predict, then run:** what share of the paper's method's time does the filter take?
#
# <details><summary>Answer</summary>A few hundredths: it works on the search window alone, the network takes most.</details>

# %%
stages = speed.stages(sequences, names, book.results, seed=seed, progress=bar)
book.save_table(stages.assign(hardware=machine), "stages")
figure, axis = style.new(width=8, height=0.32 * len(names) + 1.2)
experiments.stage_bars(axis, stages)
axis.set_title(f"one thread on {machine}")
style.note(figure, condition)
book.save_figure(figure, "stages", of_machine=True)

# %%
wide = stages.pivot(index="tracker", columns="stage", values="ms").loc[names, list(speed.STAGES)]
wide.assign(sum=wide.sum(axis=1)).round(2)

# %% [markdown]
# ## What to remember
#
# - Eq. (16) is only as good as its conditions: what is timed, on what, how often.
# - A tracker without a network is many times faster: speed alone says nothing.
# - One crop a frame against three: that, and no added module, is what makes a tracker with proposals faster than a pyramid.
# - `quick` times *narrow* versions of the compared networks. For the width they were published with, see `full`.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("13_experiment_speed")

# %% [markdown]
# **Exercises.**
#
# 1. Start Jupyter with the environment variable `IRTRACK_THREADS=2` and measure again.
# 2. Why is the frame's size nearly without influence on `peak`, although it filters? (Read `filtering.filter_window`.)
# 3. Multiply-accumulates stand in notebook 07: which network runs slower than they let one expect, and which layers could be the reason?
