# %% [markdown]
# # 10 · Experiment: signal to noise (Fig. 3)
#
# How far does the multi-level filter lift a target out of its surroundings, and is it found more often for it? The paper reports the
# signal-to-noise ratio, eq. (13): 35 dB at best for its filter, at most 30 dB for references [8] and [9], at most 25 dB for [10] and
# [11]. None of these four has such a filter. So we also build what the field would use instead: eleven published
# filters, and reconstructions of the detectors that the paper cites, [2], [5], [7] and [13].
#
# **You will** measure the background-suppressed $U$ of eq. (3) and the multi-level $M$ of eq. (4) beside them, on three simulated
# sets; see how a number in decibels can be raised at will; and find out with detection curves when the rectangle of eq. (4) helps
# and when it kills the target. **You need** notebook 02. **To study:** about 60 minutes. **Run time:** about three minutes (quick), longer
# with real sequences.

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of the sequences
angles: int = 4  # n, number of line elements
side: int = 3  # of the square s
sequences_each: int = 20  # simulated sequences of each set
frames_each: int = 1  # frames taken of each sequence; full takes ten times as many
window: int = 128  # pixels, side of the part around the target that all filters see; full takes twice as many
repeats: int = 20  # independent scenes for each point of the maps; full takes three times as many
pfa: float = 0.01  # share of false boxes at which targets are counted as found
slow: bool = False  # the five slowest filters through the maps, too: some ten minutes more; full always does

# %%
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from irtrack_core import datasets, evaluation, metrics, workbook
from irtrack_core.evaluation import detection, intervals
from irtrack_core.experiments import filter_maps, published, snr, study
from irtrack_core.figures import snr as figures
from irtrack_core.figures import style
from irtrack_core.filtering import baselines

settings = dict(angles=angles, side=side, sequences_each=sequences_each, frames_each=frames_each)
settings |= dict(window=window, repeats=repeats, pfa=pfa, slow=slow)
book = workbook.start("10_experiment_snr", profile=profile, seed=seed, **settings)
full = book.profile.name == "full"
count, repeats = (10 * frames_each, 3 * repeats) if full else (frames_each, repeats)
options = dict(angles=angles, side=side, progress=workbook.progress)

# %% [markdown]
# ## The filters
#
# Every one is a function from image to response, `clutter.create(name)(image)`; how to add your own: `docs/add_a_filter.md`.
#
# | | idea | from |
# |---|---|---|
# | none | the image itself: what [8] to [11] have | |
# | U, M | largest opening by lines taken off; then opened by a square | the paper, eqs. (3), (4) |
# | tophat | opening by one square taken off | Tom et al. 1993 |
# | max-mean, max-median | largest of four directional means, medians taken off | Deshpande et al. 1999 |
# | dog, log | difference of Gaussians, Laplacian of Gaussian | Marr and Hildreth 1980 |
# | tdlms | what an adaptive linear prediction does not foresee | Hadhoud and Thomas 1988 |
# | lcm, mpcm, rlcm | contrast of a cell to its eight neighbours | Chen 2014, Wei 2016, Han 2018 |
# | ipi, pstnn | patches = low rank + sparse, as a matrix, as a tensor | Gao 2013, Zhang and Peng 2019 |
# | lpwc | product of contrasts weighted by dissimilarity | after [2], Cai et al. 2021 |
# | nfo | second differences in four directions over clutter | after [5], Xu and Wang 2021 |
# | mff | contrast, Gaussian shape, unlikeness multiplied | after [7], Wu, Lin et al. 2022 |
# | edges, edge-s | morphological edges; M on the edges and U elsewhere | after [13], Wang et al. 2021 |
#
# Each runs twice: with its paper's own parameters, and told the target's size where it has a parameter for it. $U$ and $M$ are
# told it too: their lines are longer than the target. Nobody is told where the target is. Whether it is brighter or darker than its
# surroundings all are told, by being given the negative (what that is worth: below).

# %%
workbook.show_source(baselines.contrast.mpcm)

# %% [markdown]
# The last five are **reconstructions, not the authors' code or numbers**. What had to be assumed:

# %%
lists = {name: "\n".join(f"- {line}" for line in lines) for name, lines in baselines.cited.ASSUMPTIONS.items()}
Markdown("\n\n".join(f"**{name}**\n\n{text}" for name, text in lists.items()))

# %% [markdown]
# ## What is measured
#
# All measures use one background region, the ring of 3 to 23 pixels around the true box, chosen *before* filtering.
#
# - **SNR, literal**: eq. (13) as printed, $I/\sigma$: the target's peak over the standard deviation of the region.
# - **SNR**: the usable form, peak minus the region's mean over $\sigma$. In both, $\sigma$ is never taken below the white noise of the
#   raw frame (the *floor*): after filtering most background pixels are exactly 0 and $\sigma$ can be 0. For the floor to mean the
#   same for all, responses in squared grey values (mpcm) are brought back by a root, and linear filters are scaled to keep white noise.
# - **dB**: 20 log10 of the SNR, so 35 dB is a ratio of 56.
# - **SCRG**, gain in signal-to-clutter ratio; **BSF**, background suppression $\sigma_{in}/\sigma_{out}$; **retention**, what the target adds
#   to the response over what it adds to the image (each filter also sees the image without its target), so 1 without a filter; **zeros**, the
#   share of pixels that are exactly 0.
# - **Pfa of a target**: the share of background boxes of its size, 10 px and more from its own, whose largest pixel is at least as strong
#   as the target's. Boxes are compared with boxes, for the largest of many pixels stands out beside single ones even in pure noise. **Pd**
#   at a given Pfa: the share of targets that need no more than it.
#
# The threshold may be set *frame by frame*, each from its own background: then only ranks within a frame count (`pd_frame`). Or *one
# threshold* serves all frames of a set, from all their backgrounds together (`pd_one`), as in a detector whose threshold is fixed once:
# then a restless frame costs the targets of the calm ones. A frame in which n boxes have room side by side can tell no Pfa below
# 1 / (1 + n): where a target is large and the window small, Pd frame by frame stays open (NaN).

# %%
workbook.show_source(detection.pfa_by_frame)
workbook.show_source(detection.pfa_one_threshold)

# %% [markdown]
# ## Three simulated sets
#
# Twenty sequences a set, all different in scene, sensor and target. The raw table, a row a frame, variant and filter, goes to
# `results/<profile>/10_experiment_snr__frames.csv`; everything below can be computed again from it.

# %%
sequences = [
    one
    for name in datasets.SIMULATED
    for one in datasets.load(name, frames=book.profile.frames, sequences=sequences_each, seed=seed)
]
table = snr.filter_frames(sequences, count=count, window=window * (2 if full else 1), **options)
book.save_table(table, "frames")
print(f"{len(sequences)} sequences, {table.groupby(['dataset', 'sequence', 'frame']).ngroups} targets")

# %% [markdown]
# Which of its two variants a filter uses is chosen on *other* sequences: for each of five folds the one whose targets need the lower
# Pfa on the training sequences, frame by frame, is read off on the test sequences. So no filter profits from having been tried twice.

# %%
both = snr.by_sequence(table, pfa=pfa)
rows = snr.cross_validated(both, evaluation.folds(sequences, k=5, seed=seed))
book.save_table(both, "variants")
book.save_table(rows)
# only sets with as much background, in all frames together or in each, as such a Pfa takes
one, each = (
    rows[rows.groupby("dataset")[name].transform("count") == rows.groupby("dataset")[name].transform("size")]
    for name in ("pd_one", "pd_frame")
)
shares = study.with_intervals(one, book.rng, measure="pd_one", by="filter")
book.save_table(shares, "pd")
by_frame = study.with_intervals(each, book.rng, measure="pd_frame", by="filter")
by_frame = by_frame[by_frame["dataset"] != "all"]
book.save_table(by_frame, "pd_by_frame")

# %%
columns = ["snr_literal", "snr", "db", "scrg", "bsf", "retention", "zero_share"]
order = {name: place for place, name in enumerate(snr.FILTERS)}
rows = rows.sort_values("filter", key=lambda names: names.map(order), kind="stable")
summary = rows.groupby(["dataset", "filter"], sort=False)[columns].median()
for name, part in (("pd_one", shares), ("pd_frame", by_frame)):
    part = part.set_index(["dataset", "filter"])[[*intervals.COLUMNS]].add_prefix(f"{name}_")
    summary = summary.join(part)
summary.sort_index(level="dataset", sort_remaining=False).round(2)

# %% [markdown]
# Medians over the sequences; `pd_one` and `pd_frame` are the mean shares of targets found at the Pfa given above, with one threshold for the
# set and with one for each frame, and their 95 % intervals (BCa bootstrap over recordings; `exact`: binomial limits, where all were found
# or none; `range`: of fewer than ten recordings, no interval).
# Did the filters profit from knowing the size? The folds' choice:

# %%
rows.groupby("filter", sort=False)["variant"].value_counts().unstack(fill_value=0)

# %% tags=["nbval-check-output"]
wide = rows.pivot_table(index=["dataset", "sequence"], columns="filter", values="snr")
for dataset, part in wide.groupby("dataset", sort=False):
    better, worse = (part["U"] > part["none"]).sum(), (part["M"] < part["U"]).sum()
    print(f"{dataset}: U above no filter in {better} of {len(part)} sequences, M below U in {worse}")

# %% [markdown]
# ## In the manner of Fig. 3
#
# Above, decibels: a dot a sequence, a bar the median, the paper's values as lines. They are the best values that its text gives; on which
# frames they were reached, and with which background region, it does not say. Below, what the decibels leave out: the share of targets
# that are found when one box in a hundred may be false, with one threshold for all frames (bars), and frame by frame where that can be
# told (diamonds).

# %%
sets = list(datasets.SIMULATED)
figure, axes = style.new(2, 3, width=4.3, height=2.9, sharey="row")
for column, dataset in zip(axes.T, sets):
    part, found, free = (t[t["dataset"] == dataset] for t in (rows, shares, by_frame))
    figures.by_filter(*column, part, found, free, rng=np.random.default_rng(seed), text=dataset == sets[-1])
    column[0].set_title(figures.SETS[dataset])
axes[0, 0].set_ylabel("SNR, dB")
axes[1, 0].set_ylabel(f"Pd at Pfa = {pfa:g}")
style.note(
    figure,
    f"{sequences_each} sequences a set, {count} {'frame' if count == 1 else 'frames'} each; triangle: the target is gone; diamonds: threshold set frame by frame; lpwc to edge-s: reconstructions\nbars: one threshold, {intervals.label(shares[shares['dataset'] != 'all'])}",
)
book.save_figure(figure, "fig3")
# %%
best = rows.loc[np.isfinite(rows["db"])].groupby(["dataset", "filter"], sort=False)["db"].max().unstack()
book.save_json({"paper, best dB": published.SNR, "ours, best dB of a sequence": best.round(1).to_dict("index")}, "best")
best[list(snr.FILTERS)].round(1)

# %% tags=["nbval-check-output"]
top = best.max()
print(
    f"best sequence, to 2 dB: no filter {2 * round(top['none'] / 2)}, U {2 * round(top['U'] / 2)}, M {2 * round(top['M'] / 2)}"
)
print(f"35 dB reached by {sorted(top.index[top >= 35])}")

# %% [markdown]
# ## Decibels can be made
#
# Cut off all of $U$ below half of the target's peak and stretch the rest back. The target keeps its grey value, nearly all of the
# background becomes 0, and $\sigma$ with it: the decibels rise, beyond 35, to infinity where nothing is left in the region. The floor
# (dotted) limits this but does not prevent it. Or square the response, as filters do that multiply two contrasts: the decibels
# double. Yet no pixel has changed places with the target: whatever was stronger still is. The detection curves, frame by frame, coincide.

# %% [markdown]
# **Predict, then run:** square the response. What do the decibels do, and how many more targets are found at the same Pfa?
#
# <details><summary>Answer</summary>They double, and not one more is found.</details>

# %%
gamed = snr.game(sequences, count=count, angles=angles, progress=workbook.progress)
book.save_table(gamed, "gamed")
figure, axes = style.new(1, 3, width=4.6, height=3.8)
figures.gamed(axes, gamed)
book.save_figure(figure, "gamed")
# %% tags=["nbval-check-output"]
wide = gamed.pivot_table(index=["dataset", "sequence", "frame"], columns=["game", "value"], values="pfa_frame")
print("every target needs the same Pfa after every game:", bool((wide.nunique(axis=1) == 1).all()))
for game, part in gamed.groupby("game"):
    free = part.groupby("value")["snr_no_floor"].median()
    print(f"{game}: median gain without floor above 10 dB: {metrics.decibel(free.iloc[-1] / free.iloc[0]) > 10}")

# %% [markdown]
# Do decibels at least rank honest filters? At the left of each panel the filters are in order of their median SNR, at the right in
# order of the targets they find: every crossing is a pair that decibels put the wrong way round.

# %%
ranked = rows.groupby(["dataset", "filter"], sort=False).agg(db=("db", "median"), pd=("pd_one", "mean")).reset_index()
figure, axes = style.new(1, 3, width=4.2, height=3.8)
for axis, dataset in zip(axes, sets):
    part = ranked[ranked["dataset"] == dataset]
    agreement = part["db"].corr(part["pd"], method="spearman")
    figures.ranks(axis, part, title=f"{figures.SETS[dataset]}: rank correlation {agreement:.2f}")
book.save_figure(figure, "ranks")
# %% [markdown]
# ## What settles it: Pd against Pfa
#
# Take one threshold that lets a given share of all background boxes through: how many targets pass it? Dotted: chance, what would be
# found where nothing is.

# %%
chosen = table.merge(
    rows[["dataset", "sequence", "filter", "variant"]], on=["dataset", "sequence", "filter", "variant"]
)
chosen = chosen.sort_values("filter", key=lambda names: names.map(order), kind="stable")
figure, axes = style.new(1, 3, width=4, height=3.7, sharey=True)
for axis, dataset in zip(axes, sets):
    figures.detection_curves(axis, chosen[chosen["dataset"] == dataset], title=figures.SETS[dataset])
axes[0].set_ylabel("Pd, share of targets found")
figures.filter_legend(figure, axes[0])
book.save_figure(figure, "pd_pfa")
# %% [markdown]
# The differences in Pd with their uncertainty, paired: an interval that does not hold 0 is a difference (`clear`); fewer than
# ten recordings have a range instead. First the steps of the multi-level filter, then $U$ against each of the others over all sets.

# %%
found = rows.pivot_table(index=["dataset", "sequence"], columns="filter", values="pd_one")
rng, differences = book.rng, []
pairs = [("U", "none"), ("M", "U")] + [("U", name) for name in snr.FILTERS[3:]]
for dataset, part in [*found.groupby("dataset", sort=False), ("all", found)]:
    for a, b in pairs:
        one = evaluation.paired_interval(part[a], part[b], rng=rng, bounds=(0, 1))
        row = {"dataset": dataset, "Pd": f"{a} - {b}"} | dict(zip(intervals.COLUMNS, one.row())) | {"clear": one.clear}
        differences.append(row)
differences = pd.DataFrame(differences).rename(columns={"mean": "difference"})
book.save_table(differences, "differences")
differences[differences["Pd"].isin(["U - none", "M - U"]) | (differences["dataset"] == "all")].round(2)

# %% [markdown]
# ## One threshold, or one for each frame?
#
# The windows above are small for the sake of the slow filters. Whole frames, five of each sequence, tell more: what do the steps
# of the multi-level filter find at a Pfa of 0.01 and of 0.001, with both thresholds? A dash: the frames are too small to tell.

# %%
whole = snr.filter_frames(sequences, ("none", "U", "M"), count=5 * count, window=4096, variants=("size",), **options)
book.save_table(whole, "whole_frames")
levels = pd.concat([snr.by_sequence(whole, pfa=each).assign(pfa=each) for each in (0.01, 0.001)])
levels = levels.groupby(["dataset", "pfa", "filter"], sort=False)[["pd_frame", "pd_one"]].agg(
    lambda part: part.mean(skipna=False)
)
book.save_table(levels.reset_index(), "thresholds")

# %% tags=["nbval-check-output"]
print(levels.unstack("filter").round(2).to_string(na_rep="-"))

# %% [markdown]
# **Why has $U$ another Pd in each table?** The filter is the same. What changes is the background that a target has to beat:
#
# | where | frames | background of one target | so Pd of $U$ |
# |---|---|---|---|
# | first table, `pd_frame` | one a sequence, a window of 128 px | its own window | is high for dim aircraft: their sky is calm |
# | first table, `pd_one` | the same | the windows of all sequences of the set | is lower: the most restless window sets the threshold |
# | table above | five a sequence, whole frames | whole frames, one's own or all | is lower again for dim aircraft: a whole frame holds more that shines. It is higher for larger targets, of whose size a window has room for few boxes |
# | *Bright or dark?* below | one a sequence, whole frames | the whole frames of a set, bright and dark targets apart | differs once more: one frame in place of five, and fewer targets in a row |
#
# A Pd belongs to a Pfa *and* to a background. Compare filters within one table, never a number of one with a number of another. And with twenty
# sequences one target more or less is a step of 0.05.

# %% [markdown]
# ## Over SNR and size
#
# One target in clouds whose contrast is three times the white noise, 128 × 160 pixels. SNR here is the target's peak over the *white
# noise*, before clouds; size its extent before the optics blur it (1: a point, about 3 px across in the image). In quick the five
# slowest filters (tdlms, max-median, rlcm, ipi, pstnn) are left out here, unless `slow` is set.

# %%
names = [name for name in snr.FILTERS if full or slow or name not in ("tdlms", "max-median", "rlcm", "ipi", "pstnn")]
snrs, sizes = (1, 2, 3, 5, 8, 12), (1, 2, 4, 8, 12, 20)
maps = filter_maps.grid(snrs, sizes, names, repeats=repeats, seed=seed, **options)
book.save_table(maps, "grid")

# %%
over = filter_maps.found(maps, ["filter", "size", "snr_in"], pfa=pfa, rng=book.rng)
over = over.sort_values("filter", key=lambda names: names.map(order), kind="stable")
figure, axes = style.new(1, 3, width=4, height=3.5, sharey=True)
for axis, size in zip(axes, (1, 8, 20)):
    figures.by_snr(axis, over[over["size"] == size], title=f"{size} px" if size > 1 else "a point")
axes[0].set_ylabel(f"Pd at Pfa = {pfa:g}")
figures.filter_legend(figure, axes[0])
book.save_figure(figure, "by_snr")
# %%
figure, axes = style.new(1, 4, width=3.3, height=3.3, sharey=True)
strongest = over.groupby("filter")["pd"].mean().drop(["none", "U", "M"]).idxmax()
for axis, name in zip(axes, ("none", "U", "M", strongest)):
    part = over[over["filter"] == name]
    _, picture = figures.pd_map(axis, part, row="snr_in", column="size", title=figures.NAMES.get(name, name))
    axis.set_xlabel("target's size, pixels")
axes[0].set_ylabel("SNR, peak over white noise")
figure.colorbar(picture, ax=axes, label=f"Pd at Pfa = {pfa:g}", shrink=0.9)
book.save_figure(figure, "grid")
# %% tags=["nbval-check-output"]
bright = over[over["snr_in"] == 12].pivot(index="filter", columns="size", values="pd")
print(f"SNR 12, a point: U finds it more often than M: {bright.loc['U', 1] > bright.loc['M', 1] + 0.5}")
print(f"SNR 12: U finds more than no filter at each size: {bool((bright.loc['U'] > bright.loc['none']).all())}")
print(f"of the others, {strongest} finds most over the whole map")

# %% [markdown]
# ## Over sensor and scene
#
# The same at SNR 8 and sizes 1 to 20 together, over three conditions: spikes of single pixels, oversampling, and the slope $\beta$ of the
# clouds' spectrum (small: rough).

# %%
cases = {
    "spikes": ((0.0, 3e-4, 1e-3, 3e-3, 1e-2), "share of pixels with a spike"),
    "oversampling": ((1.0, 1.5, 2.0, 3.0, 4.0), "oversampling, samples per detector"),
    "beta": ((2.2, 2.6, 3.0, 3.4), "slope of the clouds' spectrum"),
}
swept = {
    name: filter_maps.sweep(name, values, (1, 4, 12), names, repeats=repeats, seed=seed, **options)
    for name, (values, _) in cases.items()
}
book.save_table(pd.concat(swept.values()), "sweeps")

# %%
figure, axes = style.new(1, 3, width=4, height=3.5, sharey=True)
for axis, (name, (_, label)) in zip(axes, cases.items()):
    part = filter_maps.found(swept[name], ["filter", "value"], pfa=pfa, rng=book.rng)
    part = part.sort_values("filter", key=lambda names: names.map(order), kind="stable")
    figures.sweeps(axis, part, xlabel=label)
axes[0].set_ylabel(f"Pd at Pfa = {pfa:g}")
figures.filter_legend(figure, axes[0])
book.save_figure(figure, "sweeps")
# %% tags=["nbval-check-output"]
spiky = filter_maps.found(swept["spikes"], ["filter", "value"], pfa=pfa, rng=book.rng)
spiky = spiky.pivot(index="filter", columns="value", values="pd")
print(
    f"M loses less than 0.1 of Pd from no spikes to one in 100 pixels: {spiky.loc['M', 0.0] - spiky.loc['M', 0.01] < 0.1}"
)
print(f"U loses more than 0.4: {spiky.loc['U', 0.0] - spiky.loc['U', 0.01] > 0.4}")

# %% [markdown]
# ## When does the rectangle help, when does it kill the target?
#
# Pd of $M$ less Pd of $U$, from the same scenes: orange, the second opening helps; purple, it kills. Bold numbers are differences
# (their 95 % interval over ten scenes or more lacks 0).

# %%
two = ("U", "M")
spiked = filter_maps.SENSOR.replace(spikes=3e-3)
noisy = filter_maps.grid(snrs, sizes, two, repeats=repeats, seed=seed, sensor=spiked, **options)
dirt = filter_maps.sweep("spikes", cases["spikes"][0], sizes, two, repeats=repeats, seed=seed, snr=12, **options)
book.save_table(noisy, "grid_spikes")
book.save_table(dirt, "sweep_spikes")

# %%
figure, axes = style.new(1, 3, width=4, height=3.4)
shown = (
    (maps, "snr_in", "few spikes (2 in 10,000 pixels)"),
    (noisy, "snr_in", "spikes in 3 of 1,000 pixels"),
    (dirt, "value", "SNR 12"),
)
for axis, (part, row, title) in zip(axes, shown):
    gain = filter_maps.gain(part, [row, "size"], pfa=pfa, rng=book.rng)
    _, picture = figures.gain_map(axis, gain, row=row, column="size", title=title)
    axis.set(xlabel="target's size, pixels", ylabel="SNR" if row == "snr_in" else "share of pixels with a spike")
figure.colorbar(picture, ax=axes, label="Pd of M - Pd of U", shrink=0.9)
book.save_figure(figure, "rectangle")
# %% tags=["nbval-check-output"]
calm, rough = (filter_maps.gain(part, ["snr_in", "size"], pfa=pfa, rng=book.rng) for part in (maps, noisy))
print(f"few spikes: M surely better in {(calm['clear'] & (calm['gain'] > 0)).sum()} of {len(calm)} cells")
print(f"spikes in 3 of 1,000 pixels: surely better somewhere {bool((rough['clear'] & (rough['gain'] > 0)).any())}")
point = dirt[dirt["size"] == 1].assign(hit=lambda t: t["pfa_one"] <= pfa).groupby("filter")["hit"].mean()
print(f"points at SNR 12: M finds fewer than one in five at any rate of spikes: {point['M'] < 0.2}")

# %% [markdown]
# Spikes harm $U$ as soon as the boxes that hold one are more frequent than the false alarms allowed: the larger the target, the fewer
# spikes it takes. They do nothing to $M$. But $M$ pays for it with every target that is not clearly wider than $s$ in the image.
# Oversampling spreads the target over more samples and leaves a spike at one: that is where the second opening comes into its own.
#
# ## Bright or dark?
#
# The paper's filter finds bright targets. What is it worth to know? Pd of $U$ and $M$ when the polarity is known, when bright is
# assumed, and when at each pixel the stronger of both answers counts:

# %%
polarity = snr.polarity_cost(sequences, count=count, **options)
book.save_table(polarity, "polarity")
hit = polarity.assign(hit=polarity["pfa_one"] <= pfa, target=np.where(polarity["dark"], "dark", "bright"))
hit = hit.groupby(["dataset", "target", "sequence", "filter", "polarity"], sort=False)["hit"].mean()
hit.groupby(["dataset", "target", "filter", "polarity"], sort=False).agg(["mean", "size"]).unstack().round(2)

# %% [markdown]
# ## Real sequences
#
# The validation list of the Svanström set: drones, birds, aircraft, helicopters; used here to report, nothing was chosen on it: each
# filter has the parameters that most folds chose on the simulated sets. No component is known, so the retention is measured against
# the raw peak, and boxes are loose by a few pixels. Compressed 8-bit video is smooth: the noise floor falls to the rounding to whole grey
# values, and the decibels rise far above the simulated ones with it. That alone shows how little one such number says without the
# data it comes from.

# %%
real = study.real_sequences()
if real:
    real_table = snr.filter_frames(real, count=2 * count, window=256 if full else window, **options)
    real_both = snr.by_sequence(real_table, pfa=pfa)
    choice = rows.groupby("filter")["variant"].agg(lambda variants: variants.mode()[0])
    real_rows = real_both[real_both["variant"] == real_both["filter"].map(choice)]
    real_shares = study.with_intervals(real_rows, book.rng, measure="pd_one", by="filter")
    real_shares = real_shares[real_shares["dataset"] == "all"]
    told = real_rows.groupby("dataset").filter(lambda part: part["pd_frame"].notna().all())
    real_free = told.groupby("filter")["pd_frame"].mean().rename("mean").reset_index()
    book.save_table(real_table, "real_frames")
    book.save_table(real_rows, "real")
else:
    print(study.HOW_TO_GET_DATA)

# %%
if real:
    figure, axes = style.new(1, 3, width=4.6, height=3.6)
    figures.by_filter(*axes[:2], real_rows, real_shares, real_free, rng=np.random.default_rng(seed))
    kept = real_table[real_table["variant"] == real_table["filter"].map(choice)]
    figures.detection_curves(axes[2], kept, title="targets found by false alarms, one threshold")
    axes[0].set(ylabel="SNR, dB", title="SNR of each sequence; the paper's values as lines")
    axes[1].set(ylabel=f"Pd at Pfa = {pfa:g}", title="targets found")
    figures.filter_legend(figure, axes[2])
    book.save_figure(figure, "real")

# %%
if real:
    real_summary = real_rows.groupby("filter", sort=False)[columns].median()
    pd_columns = real_shares.set_index("filter")[[*intervals.COLUMNS]].add_prefix("pd_one_")
    variants = real_both.pivot_table(index="filter", columns="variant", values="pd_one").add_prefix("pd_one, variant ")
    display(real_summary.join(pd_columns).join(variants).round(2))

# %% [markdown]
# With the data, as stored here: with one threshold for all sequences nothing is found without a filter, $U$ finds two thirds of the targets and $M$
# fewer. Several filters find at least as many as $U$. And the last two columns show that a filter's parameters can matter more than its name: told a size that is
# too large (the boxes are loose), the blob filters dog, log and mpcm lose nearly all of the targets that they find with their papers' own, while max-mean
# and max-median find far more when they are told it.

# %% [markdown]
# ## What to remember
#
# - Removing the background, eqs. (2) and (3), raises the SNR of nearly every sequence. Frame by frame $U$ finds far more dim aircraft
#   than no filter does. In the other sets, on larger targets, it finds no more than the image itself.
# - With one threshold for all frames much of that is lost: of the dim aircraft $U$ then finds a quarter, or an eighth in the whole frames, and none at
#   a Pfa of 0.001. What a frame's own background allows, the threshold of the most restless frame forbids; a detector needs a threshold
#   that follows the background.
# - Beside filters of the field it is one among several: over the three sets tophat, max-median, pstnn and mff are surely ahead of
#   $U$ with one threshold, lcm is behind it, and the others are not told apart. So the square chosen by the edges (edge-s) is not told apart from
#   $U$ either: on the point targets it stands between $U$ and $M$.
# - The second opening, eq. (4), has a price: it helps against single-pixel spikes, where the boxes that hold one are more frequent than the
#   false alarms allowed and the target is clearly wider than $s$; it loses the point targets that the paper is about.
# - 35 dB is no evidence by itself: $M$ reaches it here, on a large bright target; one line of code makes any number of decibels out of the
#   same detections. Read dB together with retention, zeros and Pd at a fixed Pfa.
# - Twenty sequences leave wide intervals: two filters whose bars differ by 0.1 are not told apart. Where none of twenty is found, one in six others
#   may still be: the exact limit is 0.17. `profile="full"` takes ten frames each, larger windows, and all filters through all maps.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("10_experiment_snr")

# %% [markdown]
# **Exercises.**
#
# 1. Remove the floor (`db_no_floor` in the saved table): which sequences gain most, and is anything found that was not before?
# 2. At which SNR does $U$ find half of the point targets at a Pfa of 0.001?
# 3. Write another stretch that raises the decibels, and say why the detection curves cannot change.
# 4. Add a filter of your own (`docs/add_a_filter.md`): average the residual $U$ over a small Gaussian. Does it reach log on points?
