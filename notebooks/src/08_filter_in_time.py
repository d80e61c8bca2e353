# %% [markdown]
# # 08 · Filter in time
#
# The filter of the paper looks at one frame. A point before trees or rough ground looks like one leaf or stone more, and no
# filter in space can tell. But the ground stays where it is, and the point moves.
#
# **You will** lay past frames onto the present one, build a response $D$ from them, see where it wins and where it is blind, and
# join it with $U$ of eq. (3). **You will learn** what registration has to be good for, why a hovering target is not found this way, and
# how two filters are added up without a weight to tune. **You need** notebook 02. **To study:** about 40 minutes. **Run time:** about a minute.
#
# This is not in the paper. It stands beside eqs. (2)-(4) as the filter's third level.
#
# | symbol | name in the code | meaning |
# |---|---|---|
# | $I_t$ | `frame` | the present frame |
# | $B$ | `median` | median over past frames, laid onto the present one |
# | $s$ | `deviation` | their standard deviation, pixel by pixel |
# | $\rho$ | `rho` | root mean square of $I - B$ about the target |
# | $D$ | `residual` | $\max(I - B, 0) / (s + 3\rho)$ |

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of the simulated sequences
sequences: int = 2  # of each simulated set, in the table
speed: float = 1.0  # of the demo's target over the ground, pixels a frame
pan: float = 1.5  # of the demo's camera, pixels a frame

# %%
import numpy as np
import pandas as pd

from irtrack_core import datasets, widgets, workbook
from irtrack_core.experiments import in_time, real_sets
from irtrack_core.figures import in_time as figures
from irtrack_core.figures import style
from irtrack_core.filtering import TemporalFilter
from irtrack_core.filtering.background_motion import STILL, Pyramid, Registration

options = dict(sequences=sequences, speed=speed, pan=pan)
book = workbook.start("08_filter_in_time", profile=profile, seed=seed, **options)

# %% [markdown]
# ## A point over ground
#
# The camera pans, so every pixel changes from frame to frame. $U$ has the point, and a hundred other spots as strong.

# %%
image, found, box = in_time.responses_of(speed, pan, 20, "translation")
book.save_figure(figures.responses(image, found, box, margin=60), "point_over_ground")
# %% [markdown]
# ## Three steps
#
# 1. **Register.** Past frames, 4, 8, 12, 16 and 20 back, are laid onto the present one. Only a tile about the target is looked at; the
#    target itself, sparks, and stripes that stay with the sensor do not count (`background_motion`).
# 2. **Compare.** $B$ is the median of the past frames at each pixel: what was there before, for a target that passed by is in one or two
#    of five and not in the median.
# 3. **Divide.** A leaf that trembles differs from its past all the time. Its own deviation $s$ says so. And a change must stand out from
#    the changes elsewhere in the scene, $\rho$: in a calm 8-bit sky $s$ is 0 at most pixels, and one grey step would be infinitely strong.

# %%
workbook.show_source(TemporalFilter.residual, docstring=False)

# %% [markdown]
# ## What noise leaves
#
# The present frame has noise of variance $\sigma^2$, and so has the median of $K$ frames: for normal noise about $\pi \sigma^2 / 2K$ when $K$ is
# large.
#
# **Predict, then run:** how much weaker does a target get against the noise by five frames instead of infinitely many?
#
# <details><summary>Answer</summary>The noise of the difference has a variance of about 1 + π / 10 = 1.31 instead of 1: its deviation is a seventh larger, and the target stands out an eighth less.</details>

# %% tags=["nbval-check-output"]
rng, rows = np.random.default_rng(0), []
for K in (1, 3, 5, 9, 25):
    middle = np.median(rng.normal(size=(K, 200_000)), axis=0)
    rows.append({"K": K, "variance of I - B": round(1 + middle.var(), 2), "1 + pi / 2K": round(1 + np.pi / (2 * K), 2)})
print(pd.DataFrame(rows).to_string(index=False))

# %% [markdown]
# By a factor of $\sqrt{1.29} = 1.13$: five frames are nearly enough, one costs 1.41. More frames would make the background no
# better and the memory longer.
#
# ## What registration leaves
#
# Where the picture has a slope of $g$ grey values a pixel, an error of $e$ pixels leaves $g\,e$. So registration has to be as good as
# the noise asks: with a slope of 20 and noise of 2, a tenth of a pixel.

# %%
frames, _ = in_time.scene_video(0.0, 0.0, frames=1, noise=0.0)
ground = frames[0]
middle = np.s_[8:-8, 8:-8]
slope = np.sqrt((np.gradient(ground)[1][middle] ** 2).mean())
errors = np.array([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
left = []
for error in errors:
    moved = (1 - error) * ground[:, :-1] + error * ground[:, 1:]
    left.append(float(np.sqrt(((moved - ground[:, :-1])[:, 8:-8][8:-8] ** 2).mean())))
figure, axes = style.new()
curves = {"left of the background": left, "slope times error": slope * errors}
figures.lines(axes, errors, curves, xlabel="error, pixels", ylabel="grey values (rms)", dashed=["slope times error"])
book.save_figure(figure, "registration_error")
# %% [markdown]
# And how good is it? The ground is shifted by known amounts, with noise, and the shift is measured:

# %% tags=["nbval-check-output"]
video, _ = in_time.scene_video(0.0, 0.73, frames=12)
measured = []
for before, now in zip(video[:-1], video[1:]):
    (_, _, right), (_, _, down) = Registration(Pyramid(now))(Pyramid(before), STILL)[0]
    measured.append([right, down])
error = np.array(measured) - [0.73, 0.0]
print("largest error below a tenth of a pixel:", bool(np.abs(error).max() < 0.1))

# %% [markdown]
# ## Where it is blind
#
# A target that does not move against the background is in the median too. Move the speed to 0 in the demo: $D$ forgets it, $U$ keeps it.
# Then choose `still`, which registers nothing: plain frame differences, as of a camera that stands.

# %%
widgets.moving_point(speed=speed, pan=pan)
# %% [markdown]
# The same for a range of speeds: the share of $D$ that is left, of that at 2 pixels a frame.
#
# **Predict, then run:** at which speed over the ground does D reach half of its full strength? Think of the target's width and of the longest gap.
#
# <details><summary>Answer</summary>Well below a pixel a frame: it has to have left its place in three of five past frames. With gaps up to 20 frames that takes less speed than with 10.</details>

# %%
speeds = np.array([0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0])
curves = {}
for longest in (10, 20):
    strength = []
    for each in speeds:
        _, found, at = in_time.responses_of(float(each), pan, longest, "translation")
        row, column = (int(v) for v in (at[:2] + at[2:] / 2)[::-1])
        strength.append(float(found["D"][row - 2 : row + 3, column - 2 : column + 3].max()))
    curves[f"longest gap {longest} frames"] = np.array(strength) / strength[-1]
figure, axes = style.new()
figures.lines(axes, speeds, curves, xlabel="speed over the ground, pixels a frame", ylabel="share of D")
book.save_figure(figure, "speed")
# %% [markdown]
# ## Adding two filters up
#
# Neither cue is enough alone. Away from targets the values of a response fall off about exponentially: chance reaches $x$ with probability
# $e^{-x/\mu}$, $\mu$ its mean in the window. So $U/\mu_U + D/\mu_D$ is the joint evidence against chance (Fisher's method). Nothing is to
# tune: over trees $\mu_U$ is large and $U$ counts for little; before boiling clouds $\mu_D$ is large and $D$ does.
#
# Now on the simulated sets, and on the paper's own aircraft where they are: in what share of the frames is the target stronger than all
# else within 16 pixels? $P_d$ is the probability of detection at one false alarm in a hundred boxes, with a threshold a frame
# and with one for the sequence (notebook 10). "difference" is $D$ without registration. Two more come from elsewhere: "TPS", after
# reference [3], lays the past frames by a thin-plate spline through matched corners, and "profile" shows each pixel's values along time to a
# one-dimensional network of 168 numbers, trained here on scenes as in the demo. **Both are reconstructions, not the authors' code or
# numbers**; what they assume stands in notebook 07 and in `compared.profile_net`.

# %%
count = {"quick": 1, "medium": 3, "full": 5}[profile] * sequences
sets = [one for name in datasets.SIMULATED for one in datasets.load(name, frames=41, sequences=count, seed=seed)]
real, told = real_sets.real_sets(150, most=8)
real = [one for one in real if one.present.sum() > 24]
table = in_time.table(sets + real, progress=workbook.progress)
book.save_table(table)
print("\n".join(told))
table.round(2)

# %%
book.save_figure(figures.shares(table, in_time.RESPONSES), "strongest")
# %% [markdown]
# The spline and the network along time find about what $D$ finds; with two sequences a set they are not told apart. $D$ leads where the ground is
# rough and the target moves, $U$ where it hovers. Their sum is seldom far below the better of the two. A
# tracker can use it at once: `peak-motion` is `peak` on this sum, and learns nothing. The network gets $D$ as one more input
# (`inputs=("image", "suppressed", "temporal")`).
#
# ## What to remember
#
# - What moves against the registered background is a target, however small and whatever it looks like.
# - Registration has to be better than noise over slope; a tenth of a pixel mostly is.
# - A target that hovers is invisible to $D$; the joint evidence of $U$ and $D$ keeps both kinds.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("08_filter_in_time")

# %% [markdown]
# **Exercises.**
#
# 1. In the demo, find the slowest speed at which the point is still the strongest. How does it change with the longest gap, and why?
# 2. Choose `still` and pan slowly. From which pan on is the target lost? Relate it to the slope of the ground.
# 3. A shutter covers the lens for one frame. What would $B$ and $s$ become if its picture were remembered, and for how long? What does
#    `TemporalFilter` do instead?
