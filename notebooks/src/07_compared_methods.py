# %% [markdown]
# # 07 · The compared methods [8]-[11], and the trackers cited beside them
#
# The paper compares itself with four references. It names them and does not say what was run: [8] is a review, [9] forecasts
# sunshine, [10] classifies visibility; only [11] is a tracker. This notebook rebuilds each as an honest stand-in in one and the same
# Siamese frame, and trains it exactly as notebook 05 trains the paper's network. **They are reconstructions, not the authors' code
# or numbers.** So are `ref12`, `ref14`, `ref15` and `ref16`, for trackers that the paper cites without comparing itself with them: what they
# assume and cost stands here, too, and [who is who](../docs/who_is_who.md) says what they find.
#
# **You will** read what had to be assumed, see what each network costs, and train all of them, with the filter and without.
# **You need** notebooks 03-05. **To study:** about 40 minutes. **Run time:** about five minutes in `quick`; with `make results` the trainings run beside each other.

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of the sequences, the folds, the weights and the pairs
workers: int = 0  # processes that prepare pairs beside the training; 0: none

# %%
import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown

from irtrack_core import workbook
from irtrack_core.datasets import in_memory
from irtrack_core.experiments import protocol, study
from irtrack_core.experiments.compared import cost, nets, notes, train_methods
from irtrack_core.figures import experiments, network, style
from irtrack_core.network.siamese_net import foreground

book = workbook.start("07_compared_methods", profile=profile, seed=seed, workers=workers)

# %% [markdown]
# ## What was assumed
#
# Common to all:

# %%
Markdown("\n".join(f"- {line}" for line in notes.COMMON))

# %% [markdown]
# And method by method:

# %%
lists = {method: "\n".join(f"- {line}" for line in lines) for method, lines in notes.ASSUMPTIONS.items()}
Markdown("\n\n".join(f"**{method}**, for {notes.TITLES[method]}\n\n{text}" for method, text in lists.items()))

# %% [markdown]
# ## Two of the ideas in code
#
# [10] takes in all streams at every stage, from the bottom up; [11] looks everywhere at once, if it learns to:

# %%
workbook.show_source(nets.Ref10.features)

# %%
workbook.show_source(nets.SelfAttention.forward)

# %% [markdown]
# ## What they cost
#
# Learned numbers, and multiply-accumulates in millions: of the template, once a target, and of every new frame. The compared
# methods look at three scales a frame, the paper's network and `ref14` at one crop: their boxes carry the size. `ref12` has no network.

# %% [markdown]
# **Predict, then run:** the compared methods are smaller networks, but look at three scales. Which costs most a frame?
#
# <details><summary>Answer</summary>ref10: it takes in all streams at each stage, three times.</details>


# %%
def cost_of(name, width):
    net = train_methods.new_network(train_methods.network_settings(name, width))
    once, crop = (value / 1e6 for value in cost.macs(net))
    crops = 1 if name in ("paper", "ref14") else 3
    return {"parameters": cost.parameters(net), "template": once, "crop": crop, "crops": crops}


shown = [method for method in protocol.METHODS + protocol.CITED if method not in protocol.UNTRAINED]
costs = pd.DataFrame({(width, name): cost_of(name, width) for width in (1.0, book.profile.width) for name in shown})
costs = costs.T.rename_axis(["width", "method"]).assign(frame=lambda table: table["crop"] * table["crops"])
book.save_table(costs.reset_index())

# %% tags=["nbval-check-output"]
print(costs.round(0).astype(int).to_string())

# %% [markdown]
# And the processor's time a frame, in milliseconds, at this profile's width, with the filter and without. The weights are random: they make no
# difference to the time. Notebook 13 measures with more care; the crops and three looks at them cost as much here as the narrow networks.

# %%
clip = in_memory(study.head(protocol.test_folds(book.profile, seed)[0][2][0], 10))
both = {name: protocol.pairs_of_inputs(name) for name in (*shown, *protocol.CITED)}
times = {
    name: [cost.milliseconds(cost.untrained(one, book.profile.width), clip) for one in pair]
    for name, pair in both.items()
}
times = pd.DataFrame.from_dict(times, orient="index", columns=["without the filter", "with it"]).rename_axis(
    "ms a frame"
)
book.save_table(times.reset_index(), "milliseconds")
times.round(1)

# %% [markdown]
# ## Train
#
# Each on two inputs: the plain image, as published, and our filtered one (`-filtered`); and the paper's network without its
# filter (`paper-image`). Otherwise one could not tell the filter's part from the network's. Same folds, seeds, steps, crops and
# augmentation; what is on disk already, made by the same code, is left as it is. Those that learn from the same crops follow
# each other and share them.

# %%
histories, others = [], [name for name in protocol.TRAINED if name != "paper"]  # notebook 05 trains that one
for name, fold, run_seed in workbook.progress(protocol.runs(book.profile, train_methods.by_crops(others), seed)):
    options = dict(fold=fold, seed=run_seed, study_seed=seed, workers=workers, progress=False, keep=True)
    table = train_methods.learn(name, book.profile, book.results, **options)
    histories.append(table.assign(name=name, fold=fold, seed=run_seed))
train_methods.crops_of.cache_clear()
history = pd.concat(histories, ignore_index=True)
book.save_table(history, "history")

# %% tags=["nbval-check-output"]
per_run = history.groupby(["name", "fold", "seed"])["classification"]
fell = per_run.apply(lambda loss: loss.tail(20).mean() < loss.head(10).mean())
print(
    f"{len(fell)} trainings of {book.profile.iterations} steps; the loss fell in {fell.sum()}, finite: {history['loss'].notna().all()}"
)

# %%
figure, axes = style.new(1, 2, width=4.4, sharey=True)
for axis, filtered in zip(axes, (False, True)):
    for name in experiments.in_panel(others, filtered):
        loss = history[history["name"] == name].groupby("iteration")["classification"].mean()
        method = protocol.parse(name)[0]
        axis.plot(loss.rolling(20, min_periods=1).mean(), color=style.color(method), label=method)
    axis.set(title=experiments.title(filtered), xlabel="training step", yscale="log")
axes[0].set_ylabel("loss of eq. (11), mean of 20 steps")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
style.note(figure, experiments.caption(book.profile, "`paper` with the filter: notebook 05"))
book.save_figure(figure, "learning")

# %% [markdown]
# ## What do they answer?
#
# The same pair of crops, of a *test* sequence, shown to each. Bright: probability of target. The white cross is where it is.


# %%
def answer(name, template, search, history):
    net = study.make_tracker(name, book.results, 0, seed).net
    kept = net.template(torch.from_numpy(template)[None])
    kept = (kept[0], torch.from_numpy(history)[None]) if name.startswith("ref9") else kept
    with torch.no_grad():
        return torch.sigmoid(foreground(net.search(torch.from_numpy(search)[None], kept)[0]))[0, 0].numpy()


test = protocol.test_folds(book.profile, seed)[0][2]
held = [in_memory(one, train_methods.STRIDE) for one in test[-2:]]
tracks = {(one.dataset, one.name): one.boxes for one in test}
blank = train_methods.new_network(train_methods.network_settings("ref9", book.profile.width))
sampler = train_methods.sampler_of(blank, held, tracks, seed)
pair = next(p for p in (sampler.draw(np.random.default_rng(k)) for k in range(99)) if p.truth is not None)
past = sampler.history(pair.view, np.random.default_rng(0))

# %%
figure, axes = style.new(1, 5, width=2.3, height=2.6)
network.crop_box(axes[0], pair.search[0], [pair.truth], ["truth"], title="search crop")
for axis, method in zip(axes[1:], protocol.METHODS[1:]):
    network.score_map(axis, answer(method, pair.template, pair.search, past), title=method)
    # cells of 8 crop pixels, counted from the middle of 17
    axis.plot(*(pair.truth[:2] / 8 + 8), "x", color="white", markersize=9, markeredgewidth=2)
style.note(figure, experiments.caption(book.profile))
book.save_figure(figure, "answers")

# %% [markdown]
# ## What to remember
#
# - Three of the four references are no trackers: whoever compares with them compares with a reading, and should say which.
# - All five networks now differ in their layers alone; notebooks 11-13 run them in one frame, with the filter and without.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("07_compared_methods")

# %% [markdown]
# **Exercises.**
#
# 1. Which assumption would you change first, and which way would the result move?
# 2. Let the `gamma` of [11] start at 1: what happens in the first steps?
# 3. `compared.pairs.with_visible` gives [10] a true visible image: what does KAIST need to be trained on?
