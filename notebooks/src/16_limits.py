# %% [markdown]
# # 16 · How close could anyone come?
#
# A tracker misses its target by a quarter of a pixel. Is that bad? Noise alone may make it impossible to do better. Here we
# work out how precisely the scanner's images let a target be placed and sized by *anyone*, build an estimator that reaches this
# limit, and measure how far our trackers are from it.
#
# **You will** compute Cramér-Rao bounds for the image model of notebook 01; check them with a maximum-likelihood estimator; see what
# clutter, more frames, oversampling, 8 bits and whole-number boxes change; and put one number on each tracker, its distance from the limit in
# decibels. **You need** notebooks 01 and 06. **To study:** about 60 minutes. **Run time:** about a minute.
#
# This is not in the paper. It says what AOR, eq. (14), and precision, eq. (15), can be at best.
#
# | symbol | name in the code | meaning |
# |---|---|---|
# | $s(\theta)$ | `limits.gradients` | the target's samples |
# | $\theta$ | `PARAMETERS` | centre $x, y$, box $w, h$ in pixels, peak over $\sigma_w$ |
# | $C$ | `covariance` | covariance of noise and clutter |
# | $J$ | `limits.information` | Fisher information |

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of every random draw in this notebook
trials: int = 2000  # of maximum likelihood in a condition
sequences: int = 3  # that the trackers follow in a condition
frames: int = 30  # of such a sequence
found_trials: int = 80  # of track before detect at an SNR

# %%
import numpy as np
import pandas as pd

from irtrack_core import trackers, widgets, workbook
from irtrack_core.config import ScanSettings
from irtrack_core.experiments import against_limits
from irtrack_core.figures import limits as figures
from irtrack_core.imaging import limits

options = dict(trials=trials, sequences=sequences, frames=frames, found_trials=found_trials)
book = workbook.start("16_limits", profile=profile, seed=seed, **options)
more = {"quick": 1, "medium": 3, "full": 10}[book.profile.name]
sensor = ScanSettings()  # M = 2, Airy diameter about d

# %% [markdown]
# ## What an image knows of a place
#
# Move the target by a little: some samples rise, others fall. Only by these changes can a move be told from noise. Blue falls, red rises:

# %%
book.save_figure(figures.slopes("uniform", 2.0, 2.0), "slopes")
# %% [markdown]
# The sum of their squares over the noise is the **Fisher information**. For noise of covariance $C$
#
# $$J_{ij} = \frac{\partial s}{\partial\theta_i}^T C^{-1}\,\frac{\partial s}{\partial\theta_j}, \qquad \operatorname{cov}(\hat\theta) \ge J^{-1}.$$
#
# The inequality is the **Cramér-Rao bound**: no estimator that is right on average has smaller errors. A change in $x$ is odd about the centre, one
# in $w$ or in brightness is even: their product sums to nothing, so that an unknown size costs no precision of the place. Size and brightness are both even,
# and each makes the other harder to tell.

# %%
workbook.show_source(limits.information, docstring=False)

# %% [markdown]
# For a well sampled Gaussian spot in white noise the bound is $\sigma_x = \sqrt{2/\pi}\,/\,\mathrm{SNR} \approx 0.8 / \mathrm{SNR}$ pixels, however wide the spot is.
#
# **Predict, then run:** a wide spot has more pixels, a narrow one steeper sides. Why does it come out even? And is a scanned point at $M = 2$ better or worse?
#
# <details><summary>Answer</summary>Twice as wide means four times the pixels, each with half the slope: the sum of the squared slopes stays. The scanned point is a little better, for the detector's edges are steeper than a Gaussian of its width.</details>

# %% tags=["nbval-check-output"]
for name, kind, extent in (("point", "point", 0), ("uniform, 2 d", "uniform", 4), ("uniform, 5 d", "uniform", 10)):
    sides = limits.box_sides(sensor, extent)
    least = limits.mean_bound(sensor, kind, sides, 10.0)
    print(f"SNR 10, {name:12s}: sigma_x {least[0, 0] ** 0.5:.3f} px; Gaussian spot {np.sqrt(2 / np.pi) / 10:.3f} px")

# %% [markdown]
# A wide Gaussian has more pixels on its flanks, but these are less steep: both cancel. The scanned point is a little better than a Gaussian, for the detector's edges make its flanks steep; a large
# plate has four long edges, and the longer they are, the better.
#
# ## Can it be reached?
#
# A bound that nobody reaches says little. **Maximum likelihood** tries every place (a matched filter), takes the best, and improves it below a pixel. Its mean square
# error over the bound, from many trials:

# %%
cases = {
    "point, white noise": ("point", 0.0, limits.PLACE, None),
    "3 d, size unknown": ("uniform", 6.0, limits.PARAMETERS, None),
    "point, the sensor's own noise": ("point", 0.0, limits.PLACE, lambda shape: limits.of_settings(shape, sensor)),
}
rows = []
for name, (kind, extent, free, noise) in cases.items():
    known = dict(free=free, covariance=noise)
    errors = against_limits.likelihood_errors(sensor, kind, extent, 30.0, more * trials, book.rng, **known)
    least = np.diag(limits.mean_bound(sensor, kind, limits.box_sides(sensor, extent), 30.0, **known))
    square = (errors**2).mean(axis=0)
    rows.append({"case": name, "place": square[:2].sum() / least[:2].sum()})
    rows[-1]["size"] = square[2:4].sum() / least[2:4].sum() if "w" in free else np.nan
reached = pd.DataFrame(rows)
book.save_table(reached, "reached")
reached.round(3)

# %% tags=["nbval-check-output"]
allowed = 4 / np.sqrt(more * trials)  # a ratio over both axes scatters by 1 / sqrt(trials)
print("within what so many trials can tell:", bool((reached[["place", "size"]] - 1).abs().max(axis=None) < allowed))

# %% [markdown]
# With 20,000 trials (`benchmarks/bounds.py`) all ten conditions with $M$ of 1.5 and more lie within 3 % of the bound: [the table](../docs/limits.md).
#
# ## The best AOR and precision
#
# Errors of this size in place and size leave an overlap: the best AOR. Move SNR and size, then the optics: a sharp image has steeper sides, until it is
# finer than the samples.

# %%
widgets.best_boxes()
# %%
sizes, snrs = (0.5, 1, 2, 4, 8), (4, 8, 16, 32)
best = against_limits.sizes_and_snrs(sizes, snrs, (1.5, 2.0, 4.0))
book.save_table(best, "best")
book.save_figure(figures.best_by_size(best), "best_by_size")
# %% [markdown]
# An AOR of 0.9 in a single frame asks a box of 1.7 d at $M = 2$ for an SNR of about 12, one of 4 d for 2. A tracker below 0.9 on large targets loses it
# by itself.

# %% tags=["nbval-check-output"]
fine = against_limits.sizes_and_snrs((0.5, 1.0, 2.0, 4.0), np.arange(2, 20, 0.5), (2.0,))
needed = fine[fine["aor"] >= 0.9].groupby("side_d")["snr"].min()
print("\n".join(f"box {side:.1f} d: AOR 0.9 needs an SNR of about {snr:.0f}" for side, snr in needed.items()))

# %% [markdown]
# ## Noise that has a colour
#
# Clutter is strong, but neighbours resemble each other, and $C^{-1}$ takes away what the surroundings foretell.
#
# **Predict, then run:** which correlation length hurts most: shorter than the target, as long, or longer?
#
# <details><summary>Answer</summary>About as long as the target's image. Longer clutter is a slope that the surroundings give away; shorter clutter is like white noise of its strength, which averages out.</details>

# %%
widgets.noise_with_colour()
# %% [markdown]
# ## More frames
#
# With known motion $T$ frames are $T$ times the information. With an unknown velocity the end of a straight line through $T$ places has the variance
# $\frac{2(2T - 1)}{T(T + 1)}$ of one: about $4/T$. And a target that manoeuvres makes old frames worthless: the curve becomes flat.

# %%
widgets.several_frames()
# %% tags=["nbval-check-output"]
one = limits.information(sensor, "point", limits.box_sides(sensor), 8.0)
for T in (2, 5, 20):
    whole = limits.track_information([one] * T, np.arange(1 - T, 1))
    least = limits.bound(whole, ("x", "y", "amplitude", "vx", "vy"), limits.TRACK)
    share = least[0, 0] / limits.bound(one)[0, 0]
    print(f"{T:2d} frames: variance of x {share:.3f} of one frame's; formula {2 * (2 * T - 1) / (T * (T + 1)):.3f}")

# %% [markdown]
# ## Where the bound ends
#
# The bound looks at small errors alone. In a weak image the strongest spot may be noise somewhere else, and the error is as large as the window that is
# searched: below a threshold the bound is far too kind.

# %%
widgets.where_it_ends()
# %% [markdown]
# Several frames move the threshold. **Track before detect** puts off the decision: each frame gives a map of log-likelihood ratios, and the path with the largest sum wins. There are very
# many paths, but the best one up to frame $t$ needs only the best ones up to $t - 1$ (dynamic programming, Viterbi):

# %%
workbook.show_source(limits.best_path)

# %%
counts = (1, 4, 12)
found = against_limits.found_by_frames(
    (0.75, 1.0, 1.5, 2.0, 3.0, 4.0), counts, trials=more * found_trials, seed=seed, progress=workbook.progress
)
book.save_table(found, "found")
book.save_figure(figures.found(found), "found")
# %% tags=["nbval-check-output"]
wide = found.pivot(index=["snr", "frames"], columns="way", values="found")
print(
    "SNR 1.5, 12 frames instead of one: found three times as often:",
    wide.loc[(1.5, 12), "path"] > 3 * wide.loc[(1.5, 1), "path"],
)
print("whoever knows the motion finds no fewer:", bool((wide["known motion"] >= wide["path"] - 0.12).all()))

# %% [markdown]
# Foretold is the share from the theory of maxima of random fields, for known motion. The path, which may turn at any time, pays for its freedom: each step multiplies the number of paths
# that noise can take.
#
# ## When does oversampling pay?
#
# **Equal detectors**: the same frame rate, so $M^2$ times as many samples. **Equal data rate**: as many samples a second, so that frames come $M^2/4$ times as seldom as at $M = 2$.
#
# **Predict, then run:** which $M$ is best in each case? What changes when the target manoeuvres?
#
# <details><summary>Answer</summary>With equal detectors the largest: every sample is one more. At an equal data rate a steady target hardly cares; one that manoeuvres wants its frames soon, and 1.5 is enough.</details>

# %%
table = against_limits.sampling((1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0), trials=more * 1000, seed=seed)
book.save_table(table, "sampling")
table.round(4)

# %%
book.save_figure(figures.sampled(table[table["factor"] > 1.1]), "sampling")
# %% tags=["nbval-check-output"]
later = table[table["factor"] > 1.1].set_index("factor")
print("equal detectors: more is better all the way:", bool(later["detectors_d"].is_monotonic_decreasing))
print(f"equal data rate: best at M = {later['rate_d'].idxmin():g}")

# %%
widgets.samples_per_detector()
# %% [markdown]
# At equal detectors each doubling of $M$ halves the error, as long as the samples' noise is independent: once their integrations overlap ($M > d / \ell$) the gain ends. At an equal data
# rate a target on a straight line cares little, $M^2$ more samples a frame and $M^2$ fewer frames cancel; one that manoeuvres wants frames, and $M$ of about 1.5 is enough.
#
# At $M = 1$, left out of the figure, a point in the middle of a sample lights up that sample alone, and nothing changes when it moves: no bound holds there that means anything, and maximum
# likelihood, which at least knows the sample, is 7 times as far off as at $M = 2$. The paper's oversampling pays most exactly there.
#
# ## Whole numbers
#
# A camera rounds grey values, and some trackers round boxes.

# %%
widgets.whole_numbers()
# %% tags=["nbval-check-output"]
wide = np.linspace(0, 5, 4096).reshape(64, 64)  # a background that spans 5 K
eight = sensor.replace(bits=8)
kinds = {"8 bits over 40 K": eight, "8 bits behind an AGC": eight.replace(output="agc"), "14 bits over 40 K": sensor}
for name, kind in kinds.items():
    steps = [limits.grey_step(kind, background) for background in (0 * wide, wide)]
    lost = [-10 * np.log10(limits.information_kept(step)) for step in steps]
    print(
        f"{name:20s}: calm {steps[0]:5.2f} sigma a step, {lost[0]:.2f} dB lost; before 5 K {steps[1]:5.2f}, {lost[1]:.2f} dB"
    )
print(
    f"whole-number boxes of 5 px: AOR {limits.rounded_overlap(5):.2f} at best, of 16 px {limits.rounded_overlap(16):.2f}"
)

# %% [markdown]
# So 8 bits cost nothing where an AGC stretches a calm sky, and several decibels where it squeezes a wide scene, or where 40 K have to fit. The **gain** itself costs little: it changes the
# brightness of target and noise alike. Who does not know it has to estimate the amplitude, and only the size pays for that:

# %% tags=["nbval-check-output"]
sides = limits.box_sides(sensor, 4.0)
known = limits.information(sensor, "uniform", sides, 10.0)
for name, free in (("gain known", ("x", "y", "w", "h")), ("gain unknown", limits.PARAMETERS)):
    least = np.sqrt(np.diag(limits.bound(known, free)))
    print(f"{name:12s}: sigma of x {least[0]:.3f} px, of w {least[2]:.3f} px")

# %% [markdown]
# ## Our trackers against the limit
#
# Now targets of constant size and velocity before a flat ground in white noise, nothing else. How many decibels of SNR could be given away by someone who reaches the bound of a single frame,
# until he errs as much as the tracker? `likelihood` is maximum likelihood in each frame alone, told the target's size and where to look.

# %%
made = {name: trackers.create(name) for name in ("peak", "siamese", "motion")}
distance = against_limits.distances(
    made, sequences=more * sequences, frames=frames, seed=seed, trials=600, progress=workbook.progress
)
book.save_table(distance, "distances")
distance.pivot(index="condition", columns="tracker", values="decibels").reindex(against_limits.CONDITIONS).round(1)

# %%
book.save_figure(figures.distances(distance), "distances")
# %%
shown = distance[distance["tracker"] != "likelihood"].pivot(index="condition", columns="tracker", values="aor")
limit = distance.groupby("condition")[["aor_limit", "aor_limit_size"]].first()
shown.join(limit).reindex(against_limits.CONDITIONS).round(3)

# %% tags=["nbval-check-output"]
each = distance.set_index(["condition", "tracker"])["decibels"]
print("likelihood within 1 dB of the bound:", bool((each.xs("likelihood", level="tracker").abs() < 1).all()))
middle = each.groupby("tracker").median()
print("peak is 2 dB farther from it than siamese, or more:", bool(middle["peak"] > middle["siamese"] + 2))

# %% [markdown]
# How to read it:
#
# - 0 dB is not the end: a tracker sees many frames, and the targets fly straight here. `siamese` and `motion` reach the single frame's bound on weak points and targets of 3 d, because they average.
# - `peak` takes the centroid of what stands above half of the peak. That throws away the flanks, where the information is: some 6 to 11 dB, and far more on a large flat target, whose strongest pixel is anywhere on it.
# - With growing SNR the distance grows: what is left is not noise but the tracker's own, a feature map's grid, a box that it learnt on other shapes.
# - The AOR shows little of all this: at an SNR of 12 on 3 d, 1 dB and 10 dB of distance are 0.98 and 0.94. On a point they are farther apart: 0.92 and 0.85.
# - `likelihood` is at 0 dB, within the 0.5 dB that so many trials scatter by.

# %% [markdown]
# ## What to remember
#
# - Place is told by the flanks of the target's image: $\sigma_x \approx 0.8 / \mathrm{SNR}$ pixels for a point in one frame; maximum likelihood reaches it.
# - The bound ends where noise elsewhere is as strong as the target, at an SNR of about 5 for a point in a window of 32 pixels; joining frames before deciding moves that down.
# - Clutter as coarse as the target hurts most. Unknown gain costs size, not place. Eight bits cost up to 9 dB or nothing: look at the grey step in units of the noise.
# - More samples a detector are always better when they are free; at an equal data rate 1.5 to 2 are enough for a target that manoeuvres.
# - Whole-number boxes cap the AOR at 0.82 for 5 pixels.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("16_limits")

# %% [markdown]
# **Exercises.**
#
# 1. Double the SNR. What happens to $\sigma_x$, to $\sigma_w$ and to the velocity's bound? Try it with `limits.mean_bound` and say why from $J$.
# 2. Give the optics F = 1, 2.5 and 8 at $M = 2$. Which places a point best at the same *peak* SNR, and which at the same energy?
# 3. A level of the background that is not known: `limits.level` in the covariance. What does it cost the place, and what the size?
# 4. Weak clouds (`SceneSettings(std=0.05)`) in `against_limits.sizes_and_snrs`: which sizes suffer most?
