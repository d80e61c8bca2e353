# %% [markdown]
# # 11 · Experiment: region overlap (Fig. 4)
#
# How well do the boxes fit? The measure is the average overlap ratio, eq. (14): the mean of IoU over frames. The paper draws it
# against "iterations" and shows it falling for all methods. Training cannot make overlap fall, so we read the axis in two ways
# and draw both: overlap against *frames since the start*, where a tracker may drift, and against the *training step*.
#
# **You will** run four trackers over the test sequences of the simulated sets, see where each loses its target, and how far noise
# alone would let anyone go. **You need** notebook 05, which trains the paper's network. **Run time:** about two minutes (quick).

# %% tags=["parameters"]
profile: str = "quick"  # quick | full
seed: int = 0  # of the sequences, the folds and the training
names: list = ["identity", "peak", "siamese", "paper"]  # trackers
real_frames: int = 100  # frames of each real sequence; 0: all

# %%
import pandas as pd
from IPython.display import display

from irtrack_core import evaluation, metrics, study, workbook
from irtrack_core.figures import experiments, style

book = workbook.start("11_experiment_overlap", profile=profile, seed=seed, names=names, real_frames=real_frames)
condition = style.profile_note(book.profile)

# %% [markdown]
# ## Track, once
#
# Each of five folds holds back two of the ten sequences of every set: whole sequences, never single frames of one. The
# trackers:
#
# - `identity` never moves: the floor;
# - `peak` takes the brightest residual near a prediction: no learning, the honest baseline;
# - `siamese` is the network that we ship, trained on other data than these sequences;
# - `paper` is the paper's network, trained in notebook 05 on this fold's training sequences. In `quick` it is a narrow one,
#   trained for a few minutes: do not take it for the paper's result.
#
# The raw boxes are kept below `results/<profile>/boxes/`; notebooks 12 and 20 read them from there.

# %%
results, sequences = study.run_folds(book.profile, names, book.results, seed, progress=workbook.progress)
table = evaluation.evaluate(results, sequences)
book.save_table(table.drop(columns=["seconds", "fps"]))  # speed has its own experiment, measured with care
frames = int(table.groupby("sequence")["annotated"].first().sum())

# %% tags=["nbval-check-output"]
print(f"{condition}: {len(sequences)} test sequences, {frames} frames with a target")
fixed = table[table["tracker"].isin(["identity", "peak"])].groupby("tracker")["aor"].mean()
print("AOR:", ", ".join(f"{tracker} {value:.2f}" for tracker, value in fixed.items()))

# %% [markdown]
# ## The result, with its uncertainty
#
# Means over sequences, and where they would lie in 95 of 100 repetitions with other sequences (bootstrap by sequence). With two
# sequences a set the intervals are wide: differences smaller than they are mean nothing.

# %%
means = study.with_intervals(table, book.rng)
book.save_table(means, "aor")
means["AOR (95 % interval)"] = [f"{a:.2f} ({b:.2f}-{c:.2f})" for a, b, c in means[["mean", "low", "high"]].to_numpy()]
means.pivot(index="tracker", columns="dataset", values="AOR (95 % interval)").loc[names]

# %% [markdown]
# ## Against frames since the start
#
# The dashed line is the best that noise allows: the Cramér-Rao bound says how precisely the position of a spot can be known from one
# frame, and a box of the right size that errs by that much has this overlap. For targets of a few pixels it lies well below 1.

# %%
overlap = study.overlap_by_frame(results, sequences)
limits = {one.name: (one.dataset, study.aor_limit(one)) for one in sequences}
limit = pd.DataFrame(limits.values(), columns=["dataset", "limit"]).groupby("dataset")["limit"].mean()
sets = list(overlap["dataset"].unique())

figure, axes = style.new(1, len(sets), width=3.8, sharey=True)
for one, dataset in zip(axes, sets):
    experiments.overlap_by_frame(one, overlap[overlap["dataset"] == dataset], limit=limit[dataset])
    one.set(title=dataset, ylabel="mean overlap (IoU)" if one is axes[0] else "")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
style.note(figure, f"{condition}; thin: each frame, thick: moving average over 5 frames")
book.save_figure(figure, "by_frame")
# %% [markdown]
# ## Against the training step
#
# The weights that notebook 05 kept on its way, each tracking the same test sequences. This is where learning shows: it
# rises, or it does not.

# %%
by_step = study.by_step(study.test_folds(book.profile, seed)[0][2], book.results, seed=seed, progress=workbook.progress)
steps = study.with_intervals(by_step, book.rng, by="step").query("dataset == 'all'")
book.save_table(steps, "by_step")
others = {
    name: means.query("dataset == 'all' and tracker == @name")["mean"].item() for name in names if name != "paper"
}

figure, axis = style.new(width=5.5)
experiments.overlap_by_step(axis, steps, others=others, limit=limit.mean())
axis.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
style.note(figure, f"{condition}; fold 0; width factor of the paper's network {book.profile.width:g}")
book.save_figure(figure, "by_step")

# %% [markdown]
# ## Success curves
#
# The share of frames whose overlap is above a threshold, for all thresholds: an average hides whether a tracker is always a little off
# or sometimes lost; the curve shows it. The number in the legend is the area under it.


# %%
def success(results, sequences):
    rates = evaluation.curves(results, sequences)
    rows = [pd.DataFrame({"tracker": t, "threshold": metrics.IOU_THRESHOLDS, "value": r}) for t, r in rates.items()]
    return pd.concat(rows, ignore_index=True)


curves = success(results, sequences)
book.save_table(curves, "success")
figure, axis = style.new(width=5)
experiments.curves(axis, curves, x="threshold", xlabel="overlap threshold", ylabel="share of frames above it")
style.note(figure, f"{condition}; {len(sequences)} simulated sequences")
book.save_figure(figure, "success")
# %% [markdown]
# ## Real sequences
#
# The validation list of the Svanström set (drones, birds, aircraft, helicopters; hand-drawn boxes, loose by a few pixels), with the
# baseline and the shipped network side by side.

# %%
real = study.real_sequences(real_frames)
if real:
    real_results = study.track(real, ["peak", "siamese"], book.results, progress=workbook.progress)
    real_table = evaluation.evaluate(real_results, real).drop(columns=["seconds", "fps"])
    book.save_table(real_table, "real")
    display(real_table.groupby("tracker")[["aor", "sr50", "sr75", "loss_rate"]].mean().round(3))
    figure, axis = style.new(width=5)
    experiments.curves(
        axis, success(real_results, real), x="threshold", xlabel="overlap threshold", ylabel="share of frames"
    )
    style.note(
        figure, f"{len(real)} real sequences" + (f", the first {real_frames} frames of each" if real_frames else "")
    )
    book.save_figure(figure, "real_success")
else:
    print(study.HOW_TO_GET_DATA)

# %% [markdown]
# ## Summary
#
# - Overlap against frames shows drift; overlap against training steps shows learning. They are different figures.
# - The floor (`identity`) and the limit by noise frame every other curve: a tracker's number means little without them.
# - A learned tracker earns its cost only where it stands above `peak`.
#
# **Exercises.** 1. Which set has the lowest limit, and why? 2. Look up a sequence's raw boxes below `results/quick/boxes/` and compute its
# AOR with NumPy alone. 3. Take `seed=1`: which differences survive?
