# %% [markdown]
# # 01 · Scan an image
#
# Where do the images of this workbook come from? None of the public infrared sets is an oversampled scan, so we build the
# sensor: eq. (1) of the paper, $I = I_e + I_b + I_n$, target + background + clutter.
#
# **You will** sweep a line of detectors over a scene, take the image apart into its three parts, and meet its scenes, its
# targets, what can happen to them, and the sets that the experiments run on. [Notebook 31](31_scan_checks.ipynb) holds each
# part against a formula, and the sets against real ones.
# **You learn** why a point target covers several samples, what the noise of such a sensor looks like, and which truth a
# simulated box carries. **You need** NumPy and the idea of a convolution. **To study:** about 40 minutes. **Run time:** under a minute.
#
# | Symbol | Meaning | Setting |
# |---|---|---|
# | $d$ | side of a detector; one *sample* (pixel) is $d/M$ | `detector` |
# | $M_s, M_x$ | samples per $d$ along and across the scan | `oversampling_scan`, `oversampling_cross` |
# | $h$ | what one sample sees: optics ∗ detector ∗ motion during the integration | `f_number`, `smear`, … |
# | $N$ | stages of time-delayed integration (TDI) | `stages` |
# | $\sigma_w$ | white noise left after TDI, NETD/√N | `netd` |
# | $k$ | spatial frequency, cycles per pixel | |

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of every random draw in this notebook
oversampling: float = 2.0  # M, samples per detector side, 1 to 4
snr: float = 10.0  # peak of the target over the noise
beta: float = 3.0  # the clouds' power spectrum falls as k^-beta

# %%
from irtrack_core import workbook
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.datasets import load
from irtrack_core.figures import scan as draw
from irtrack_core.figures import style
from irtrack_core.imaging import image_statistics, scan

book = workbook.start("01_scan_an_image", profile=profile, seed=seed, oversampling=oversampling, snr=snr, beta=beta)

# %% [markdown]
# ## A sensor that sweeps
#
# A column of detectors moves over the scene. Each *row* of the image is one detector, a channel; each *column* is an
# instant. All settings are physical and have typical defaults.

# %%
import pandas as pd

sensor = ScanSettings(shape=(256, 256), oversampling_scan=oversampling, oversampling_cross=oversampling)
pd.set_option("display.max_colwidth", None)
pd.DataFrame(
    [(name, getattr(sensor, name), field.description) for name, field in ScanSettings.model_fields.items()],
    columns=["setting", "value", "meaning"],
).set_index("setting")

# %% [markdown]
# A scene and a target are described in the same way. `snr` is the target's peak over $\sigma_w$.

# %%
clouds = SceneSettings(kind="clouds", std=0.06, beta=beta, pan=(0.7, 0.2))
point = TargetSettings(kind="point", snr=snr, speed=1.5)
sequence = scan.simulate(sensor, clouds, point, frames=20, seed=seed)

# %% [markdown]
# Move the sliders (in JupyterLab, and some of them on the pages of `make site`; elsewhere this is a picture): what makes the
# target larger, what fainter, what ragged?

# %%
from irtrack_core import widgets

widgets.scan_an_image(scene=clouds, seed=seed)

# %% [markdown]
# ## Eq. (1): three parts, and their sum
#
# `components(i)` returns the frame and what it is made of. First the whole frame; the target is
# the dot in the third picture. Then a window of 40 pixels round it.

# %%
frame = sequence.components(5)
figure, axes = style.new(2, 2, width=4.6, height=3.8)
draw.components(axes, frame)
book.save_figure(figure, "components")

# %%
figure, axes = style.new(2, 2, width=4.6, height=3.8)
draw.components(axes, frame, side=40)
book.save_figure(figure, "components_near")

# %% [markdown]
# Clutter is everything the sensor adds: noise, offsets between channels (look for the comb of odd and even rows), spikes,
# and the rounding to whole counts. So the sum is not approximate; it is exact in every pixel:
#
# **Predict, then run:** the counts are whole numbers, the three parts are not. How far is the image from their sum?
#
# <details><summary>Answer</summary>0: rounding to whole counts belongs to the clutter.</details>

# %% tags=["nbval-check-output"]
difference = frame.image - (frame.target + frame.background + frame.clutter)
print("largest difference:", float(abs(difference).max()))

# %% [markdown]
# ## A point is not a pixel
#
# A sample sees the scene through $h$: the optics' blur, the detector's square, and the motion during one integration. For
# a point and a Gaussian blur of width $\sigma$ the response at distance $u$ is known in closed form,
#
# $$g(u) = \tfrac12\left[\mathrm{erf}\frac{u + d/2}{\sqrt2\,\sigma} - \mathrm{erf}\frac{u - d/2}{\sqrt2\,\sigma}\right],
# \qquad I_e(x, y) = A\, g(x - x_0)\, g(y - y_0).$$
#
# To see the samples lie on the curve we take a bright point and switch the scan's jitter off.

# %%
calm = sensor.replace(jitter=0.0)
bright = scan.simulate(calm, clouds, point.replace(snr=60.0), frames=2, seed=seed)

figure, axis = style.new(width=6.5, height=3.6)
draw.line_profile(axis, bright, 1)
book.save_figure(figure, "profile")

# %% [markdown]
# The width of the blob follows: $\sigma_\text{blob} = M\sqrt{\sigma^2 + d^2/12 + \ell^2/12}\,/\,d$, with $\ell$ the motion
# during one integration. It grows with the oversampling $M$. Here is the same point for four of them, without noise.

# %%
flat = SceneSettings(kind="flat")
quiet = dict(
    shape=(64, 64), bits=16, span=20.0, gain=0, offset=0, odd_even=0, knee=0, drift=0, spikes=0, jitter=0, stagger=0
)
moving = TargetSettings(kind="point", snr=2000.0, speed=0.37)
blobs = []
for m in (1, 2, 3, 4):
    settings = ScanSettings(**quiet, oversampling_scan=m, oversampling_cross=m)
    blobs.append(scan.simulate(settings, flat, moving, frames=60, seed=seed))
figure, axes = style.new(1, 4, width=2.3, height=2.5)
draw.oversampling(axes, blobs)
book.save_figure(figure, "oversampling")

# %% [markdown]
# The same point, seen over the same eight detector widths. At $M = 1$ it is one or two bright pixels, easily taken for a
# noise spike. At $M = 3$ it is a regular blob of known size, while a spike still covers one sample: that is what the
# filter of notebook 02 lives on.
#
# The box drawn is the truth a tracker is held to: the object's own extent $e$ widened by $h$,
# $\sqrt{e^2 + (4\sigma_\text{blob})^2}$ in each direction. A point gets its $\pm 2\sigma$; a large object its outline.
#
# ## Noise, and what TDI does about it
#
# In TDI every point of the scene is seen by $N$ detectors in turn, and the noise falls by $\sqrt N$.
#
# **Predict, then run:** one stage has a noise of 30 mK. How much do 16 leave?
#
# <details><summary>Answer</summary>7.5 mK: 30 / √16.</details>

# %% tags=["nbval-check-output"]
stages = [1, 2, 4, 8, 16, 32]
empty = TargetSettings(snr=0.0)
per_kelvin = (2**16 - 1) / quiet["span"]
noise = [
    1e3
    * image_statistics.clutter_deviation(
        scan.simulate(ScanSettings(**quiet | dict(shape=(256, 256), stages=n)), flat, empty, seed=seed)
    )
    / per_kelvin
    for n in stages
]
for n, value in zip(stages, noise):
    print(f"N = {n:2d}: noise {value:4.1f} mK, NETD/sqrt(N) {30 / n**0.5:4.1f} mK")

# %% [markdown]
# ## Rows that differ, columns that shake
#
# White noise is the harmless part. Channels have their own gain, offset and slow 1/f noise, so rows differ; a dead channel
# is a whole row. The scan does not move perfectly evenly either: its jitter is common to all rows at one instant. But odd
# and even rows stand on two staggered columns of detectors and look at different instants, so a vertical edge is
# *combed*. The same house three times, the defects exaggerated:

# %%
house = SceneSettings(kind="buildings", std=0.5)
cases = {
    "no defects": ScanSettings(**quiet | dict(shape=(96, 128))),
    "rows: offsets, 1/f, two dead": ScanSettings(
        **quiet | dict(shape=(96, 128), offset=8, odd_even=8, knee=0.4, dead=0.02)
    ),
    "jitter on staggered rows": ScanSettings(**quiet | dict(shape=(96, 128), jitter=0.5, jitter_length=8, stagger=4)),
}

figure, axes = style.new(1, 3, width=3.6, height=2.9)
for axis, (name, settings) in zip(axes, cases.items()):
    style.show_image(axis, scan.simulate(settings, house, empty, frames=1, seed=seed + 3).frame(0), name)
book.save_figure(figure, "defects")

# %% [markdown]
# ## Counts
#
# A camera hands out whole numbers: of 8, 14 or 16 bits; proportional to temperature (radiometric), or stretched frame by
# frame to fill the range (AGC). Rounding and clipping are part of the clutter, so the sum stays exact.
#
# The same frame twice, as a person sees it: the radiometric image of 8 bits has a handful of levels for the whole scene, AGC
# spends them all on it.

# %%
warm = SceneSettings(kind="horizon", std=2.0)
figure, axes = style.new(1, 2, width=3.6, height=3.4)
for axis, output in zip(axes, ("radiometric", "agc")):
    image = scan.simulate(sensor.replace(bits=8, output=output), warm, frames=1, seed=seed).frame(0)
    style.show_image(axis, image, f"{output}, 8 bit", limits=(0, 255))
book.save_figure(figure, "counts")

# %% [markdown]
# ## The background
#
# Clouds have no size of their own: their power spectrum is a power law, $P(k) \propto (k_0^2 + k^2)^{-\beta/2}$, with $\beta$
# between 2.6 and 3.4. The sensor sees it through $h$ like everything else.
#
# Not all is cloud. Seven kinds of scene, each with its contrast `std`, drifting, panning and shaking with the platform:

# %%
kinds = ("clouds", "cloud_edges", "horizon", "terrain", "buildings", "trees", "sea")
views = {
    kind: scan.simulate(sensor.replace(shape=(240, 320)), SceneSettings(kind=kind, std=1.0), empty, frames=1, seed=seed)
    for kind in kinds
}
figure, axes = style.new(2, 4, width=2.4, height=2.0)
draw.gallery(axes, {kind: view.frame(0) for kind, view in views.items()})
book.save_figure(figure, "scenes")

# %% [markdown]
# ## Targets, and what happens to them
#
# A point, or one of five bodies of 2 to 40 pixels and more, which beat their wings, walk and turn. Here without noise, each
# at its own brightness; below 3 pixels all are the same blob.

# %%
bodies = ("aircraft", "drone", "bird", "pedestrian", "vehicle")
figure, axis = style.new(width=9.0, height=6.6)
draw.target_sheet(axis, ScanSettings(**quiet), bodies, (2, 5, 10, 20, 40), seed=seed)
book.save_figure(figure, "targets")

# %% [markdown]
# The set `sim-events` has one sequence for each thing that makes trackers fail: the target leaves the frame and comes back,
# is hidden, crossed by its like, among its like, colder than the background, flaps and flickers, grows fourfold, turns
# sharply; the platform shakes; the scanner is a poor one. Where the target is out of sight there is no box.

# %%
events = load("sim-events", frames=120, seed=seed)
figure, axes = style.new(len(events), 5, width=1.35, height=1.45)
draw.strips(axes, events, (0, 20, 60, 80, 119))
book.save_figure(figure, "events")

# %% tags=["nbval-check-output"]
for one in events:
    print(f"{one.name:24s} {one.notes[0]}; absent in {(~one.present).sum()} of {len(one)} frames")

# %% [markdown]
# ## Three sets of sequences
#
# The experiments run on three simulated sets in the manner of the paper's: dim aircraft, pedestrians seen from a vehicle,
# and people and cars seen from a roof. Ten sequences each, made from the seed whenever they are read; nothing is stored. How near they come to the sets they
# stand for is measured in notebook 31.

# %%
names = ("sim-aircraft", "sim-pedestrian", "sim-otcbvs")
sets = {name: load(name, frames=book.profile.frames, seed=seed) for name in names}

figure, axes = style.new(3, 3, width=2.9, height=2.3)
draw.contact_sheet(axes, [sets[name][k] for name in names for k in (0, 1, 3)], 10)
book.save_figure(figure, "sets")

# %% [markdown]
# ## Real sets, and one size for all
#
# Real sets are read in their own layout, lazily: `load("kaist")`, `load("folder", root="film.mp4")`; `irtrack check` says
# what is there and what is wrong, `irtrack fetch` gets the free one or says how to get the others (`data/README.md`).
# The paper brings all frames to 640 × 480. A square frame fits with a border (`letterbox`, the default) or distorted
# (`stretch`, the paper's wording); the boxes follow exactly.

# %%
from irtrack_core.datasets import available
from irtrack_core.datasets.preprocess import resize

print("load() knows:", ", ".join(available()))
fitted = {mode: resize(sets["sim-aircraft"][0], (640, 480), mode) for mode in ("none", "letterbox", "stretch")}

figure, axes = style.new(1, 3, width=3.4, height=2.8)
draw.gallery(
    axes, {mode: s.frames[10] for mode, s in fitted.items()}, {mode: s.boxes[10] for mode, s in fitted.items()}
)
book.save_figure(figure, "fitted")

# %% [markdown]
# ## What to remember
#
# - An oversampled scan turns a point into a small blob of known width; a noise spike stays one sample.
# - Noise is white within a row and patterned between rows; TDI of $N$ stages lowers the white part by $\sqrt N$.
# - The background is blurred with the same $h$ as the target.
# - Here every part is known exactly, and so are the box and the SNR.
#
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("01_scan_an_image")

# %% [markdown]
# **Exercises.**
#
# 1. At which `f_number` is the blob at $M = 2$ twice as wide as at F/2.5? Check with `optics.blob_sigma`, then by simulation.
# 2. Set `oversampling=4`: noise spikes are still one sample. By how much does the blob's area in samples exceed a spike's?
# 3. The truth does not follow the scan's jitter. Measure the rms error of the blob's centroid for `jitter` 0 to 0.2 at a
#    high SNR, and say from which jitter on a 5-pixel box cannot be met with an overlap of 0.9.
# 4. Replace "clouds" by "sea" in the spectrum of notebook 31 and measure the slope along rows and along columns. Why do they differ?
