# %% [markdown]
# # 01 · Scan an image
#
# Where do the images of this workbook come from? None of the public infrared sets is an oversampled scan, so we build the
# sensor: eq. (1) of the paper, $I = I_e + I_b + I_n$, target + background + clutter.
#
# **You will** sweep a line of detectors over a scene, take the image apart into its three parts, and check each against a
# formula: the shape of a point target, the noise, what a wrong clock costs, the spectrum of the clouds, the SNR. Then meet
# its scenes, its targets, what can happen to them, and how near the simulated sets come to real ones.
# **You learn** why a point target covers several samples, what the noise of such a sensor looks like, and which truth a
# simulated box carries. **You need** NumPy and the idea of a convolution. **To study:** about 60 minutes. **Run time:** under a minute.
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
from irtrack_core.imaging import image_statistics, optics, scan

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
# `components(i)` returns the frame and what it is made of.

# %%
frame = sequence.components(5)
figure, axes = style.new(2, 2, width=4.6, height=3.8)
draw.components(axes, frame)
book.save_figure(figure, "components")
# %% [markdown]
# The target is there, a dot in the third picture. Here is the same in a window of 40 pixels round it:

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

# %%
workbook.show_source(optics.footprint)

# %% [markdown]
# To see the samples lie on the curve we take a bright point and switch the scan's jitter off.

# %%
calm = sensor.replace(jitter=0.0)
bright = scan.simulate(calm, clouds, point.replace(snr=60.0), frames=2, seed=seed)

# %%
figure, axis = style.new(width=6.5, height=3.6)
draw.line_profile(axis, bright, 1)
book.save_figure(figure, "profile")
# %% [markdown]
# The width of the blob follows: $\sigma_\text{blob} = M\sqrt{\sigma^2 + d^2/12 + \ell^2/12}\,/\,d$, with $\ell$ the motion
# during one integration. We compare it with the second moment of simulated targets, averaged over 60 sub-pixel positions.
# At $M = 1$ a blob is too coarsely sampled for the two to agree exactly.

# %%
flat = SceneSettings(kind="flat")
quiet = dict(
    shape=(64, 64), bits=16, span=20.0, gain=0, offset=0, odd_even=0, knee=0, drift=0, spikes=0, jitter=0, stagger=0
)
moving = TargetSettings(kind="point", snr=2000.0, speed=0.37)


def blob(along, across):
    settings = ScanSettings(**quiet, oversampling_scan=along, oversampling_cross=across)
    return scan.simulate(settings, flat, moving, frames=60, seed=seed)


blobs = {m: blob(*m) for m in ((1, 1), (1.5, 2), (2, 2), (2.7, 1.4), (3, 3), (4, 4))}

# %% tags=["nbval-check-output"]
for (along, across), simulation in blobs.items():
    (fx, fy), (x, y) = optics.blob_sigma(simulation.sensor), image_statistics.blob_width(simulation)
    print(f"M_s {along:3g}, M_x {across:3g}: formula {fx:.2f} x {fy:.2f}, measured {x:.2f} x {y:.2f} samples")

# %%
figure, axes = style.new(1, 4, width=2.3, height=2.5)
draw.oversampling(axes, [blobs[m, m] for m in (1, 2, 3, 4)])
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

# %%
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

# %% [markdown]
# **Predict, then run:** one stage has a noise of 30 mK. How much do 16 leave?
#
# <details><summary>Answer</summary>7.5 mK: 30 / √16.</details>

# %% tags=["nbval-check-output"]
for n, value in zip(stages, noise):
    print(f"N = {n:2d}: noise {value:4.1f} mK, NETD/sqrt(N) {30 / n**0.5:4.1f} mK")

# %% [markdown]
# It has a price: if the stages' clock does not match the scan, by $\delta$ a stage, the sum is smeared along the scan and
# the contrast at frequency $f$ falls to $|\sin(\pi N f \delta) / (N \sin \pi f \delta)|$. To measure it, the same scene (white:
# all frequencies alike) is scanned with a right and with a wrong clock, and the spectra of the rows are divided.

# %%
white = SceneSettings(kind="clouds", beta=0.0, skew=0.0, std=0.5, pan=(0, 0))
clock = ScanSettings(**quiet | dict(shape=(128, 256), stages=16, oversampling_scan=4))
right = scan.simulate(clock, white, empty, frames=1, seed=seed)
wrong = {d: scan.simulate(clock.replace(mismatch=d), white, empty, frames=1, seed=seed) for d in (0.02, 0.05, 0.1)}
loss = {d: image_statistics.scan_mtf(simulation, right) for d, simulation in wrong.items()}

# %%
figure, axes = style.new(1, 2, width=4.4, height=3.2)
draw.tdi_noise(axes[0], stages, noise, 30.0)
draw.tdi_loss(axes[1], 16, loss)
book.save_figure(figure, "tdi")
# %% tags=["nbval-check-output"]
for d, (f, ratio) in loss.items():
    off = abs(ratio - abs(optics.tdi_mtf(f, 16, d)))[(f > 0.05) & (f < 0.9)].max()
    print(f"delta = {d:g} d: measured MTF within {off:.2f} of the formula up to 0.9 cycles per d")

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

# %%
figure, axes = style.new(1, 3, width=3.6, height=2.9)
for axis, (name, settings) in zip(axes, cases.items()):
    style.show_image(axis, scan.simulate(settings, house, empty, frames=1, seed=seed + 3).frame(0), name)
book.save_figure(figure, "defects")
# %% [markdown]
# The 1/f noise of a row follows $\sigma_w^2 (1 + f_k / f)$, independently in every row. Here a knee $f_k$ of 0.05:

# %%
drifting = scan.simulate(
    ScanSettings(**quiet | dict(shape=(256, 512), knee=0.05, netd=100.0)), flat, empty, frames=8, seed=seed
)
figure, axis = style.new(width=5.0, height=3.2)
draw.row_noise(axis, *image_statistics.row_spectrum(drifting, frames=8), 0.05)
book.save_figure(figure, "one_over_f")
# %% [markdown]
# ## Counts
#
# A camera hands out whole numbers: of 8, 14 or 16 bits; proportional to temperature (radiometric), or stretched frame by
# frame to fill the range (AGC). Rounding and clipping are part of the clutter, so the sum stays exact in all six cases.

# %%
outputs = [(bits, output) for bits in (8, 14, 16) for output in ("radiometric", "agc")]
warm = SceneSettings(kind="horizon", std=2.0)
shown = {
    f"{output}, {bits} bit": scan.simulate(
        sensor.replace(bits=bits, output=output), warm, frames=1, seed=seed
    ).components(0)
    for bits, output in outputs
}

# %% tags=["nbval-check-output"]
for name, part in shown.items():
    exact = bool((part.image == part.target + part.background + part.clutter).all())
    print(f"{name:20s} counts {part.image.min():5d} to {part.image.max():5d}, sum exact: {exact}")

# %% [markdown]
# The same frame as a person sees it: the radiometric image of 8 bits has a handful of levels for the whole scene, AGC
# spends them all on it.

# %%
figure, axes = style.new(1, 2, width=3.6, height=3.4)
for axis, name in zip(axes, ("radiometric, 8 bit", "agc, 8 bit")):
    style.show_image(axis, shown[name].image, name, limits=(0, 255))
book.save_figure(figure, "counts")
# %% [markdown]
# ## The background
#
# Clouds have no size of their own: their power spectrum is a power law, $P(k) \propto (k_0^2 + k^2)^{-\beta/2}$, with $\beta$
# between 2.6 and 3.4. The sensor sees it through $h$ like everything else, so the measured spectrum falls faster towards
# high $k$: it is the law times $|H|^2$. Divided by $|H|^2$, it must have the slope that was asked for.

# %%
open_sky = clouds.replace(outer_scale=1000.0, skew=0.0, std=0.5)
large = sensor.replace(shape=(512, 512))
background = scan.simulate(large, open_sky, empty, frames=1, seed=seed).components(0).background
figure, axis = style.new(width=5.5, height=3.8)
draw.spectrum(axis, background, open_sky, large)
book.save_figure(figure, "spectrum")
# %% [markdown]
# Is that so for every $\beta$ and frame size? Means over six skies; one frame of 192 pixels alone scatters by about 0.08,
# since it holds few structures of the largest sizes.


# %%
def slope(shape, beta, number):
    settings = sensor.replace(shape=shape)
    sky = scan.simulate(settings, open_sky.replace(beta=beta), empty, frames=1, seed=number).components(0).background
    return -image_statistics.fit_slope(*image_statistics.radial_spectrum(sky, sensor=settings), 0.03, 0.3)[0]


table = []
for shape in ((192, 192), (256, 256), (240, 320), (480, 640)):
    for asked in (2.6, 2.8, 3.0, 3.2, 3.4):
        off = pd.Series([slope(shape, asked, number) - asked for number in range(6)])
        table.append(dict(shape=shape, beta=asked, off=off.mean(), error=off.sem()))

# %%
figure, axis = style.new(width=6.0, height=3.2)
draw.slopes(axis, table)
book.save_figure(figure, "slopes")

# %% tags=["nbval-check-output"]
print(f"{len(table)} cases; largest error of the slope {max(abs(row['off']) for row in table):.2f}, allowed 0.10")

# %% [markdown]
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
# ## The SNR you ask for is the SNR you get
#
# With white noise alone, the brightest sample over many frames divided by the noise must be the SNR asked for.

# %% tags=["nbval-check-output"]
for asked in (3.0, 6.0, 12.0):
    target = TargetSettings(kind="point", snr=asked, speed=0.37, manoeuvre=0.0)
    measured = image_statistics.peak_snr(
        scan.simulate(ScanSettings(**quiet | dict(shape=(128, 128), span=60.0)), flat, target, frames=150, seed=seed)
    )
    print(f"asked {asked:4.1f}, measured {measured:4.1f}")

# %% [markdown]
# Over clouds this ratio says little: what hides the target there is the background, not the noise. Notebook 10 returns to it.
#
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
# and people and cars seen from a roof. Ten sequences each, made from the seed whenever they are read; nothing is stored.

# %%
names = ("sim-aircraft", "sim-pedestrian", "sim-otcbvs")
sets = {name: load(name, frames=book.profile.frames, seed=seed) for name in names}

# %%
figure, axes = style.new(3, 3, width=2.9, height=2.3)
draw.contact_sheet(axes, [sets[name][k] for name in names for k in (0, 1, 3)], 10)
book.save_figure(figure, "sets")
# %% [markdown]
# How near do they come to the sets they stand for? A few measures that make a set easy or hard, one row each: the median
# over sequences and the range from the 10th to the 90th percentile; beside it the real set, where the folder that
# IRTRACK_DATA names has it, and the difference (simulated over real, or minus for the slope). `SCR` is the target's largest
# contrast over the standard deviation of its surroundings. The last pair are the random sequences that networks are trained
# on and the training list of the Svanström set; its validation list is not looked at here.

# %%
from irtrack_core.datasets import sim_to_real

pairs = {f"{name} / {sim_to_real.COUNTERPARTS[name]}": (sets[name], sim_to_real.counterpart(name)) for name in names}
pairs["random / svanstrom, training list"] = sim_to_real.training_samples(40, seed=seed)
measured = {pair: (sim_to_real.measure(ours), sim_to_real.measure(real)) for pair, (ours, real) in pairs.items()}
comparison = pd.DataFrame(
    dict(pair=pair, real_sequences=len(real)) | row
    for pair, (ours, real) in measured.items()
    for row in sim_to_real.compare(ours, real)
)

# %%
book.save_table(comparison)
book.save_table(pd.DataFrame(row for both in measured.values() for rows in both for row in rows), "sequences")
comparison.set_index(["pair", "real_sequences", "measure"])

# %% [markdown]
# How to read it. The boxes of the aircraft set are 8 × 8 by convention and say nothing of the target's size; its sample here
# is one sequence. The samples of KAIST are single images, so that there is no step. No sample of OTCBVS is at hand: that
# twin follows published facts alone (`data/README.md` lists them). Where a difference is large, what a tracker
# achieves on the simulated set says little about the real one.

# %% tags=["nbval-check-output"]
for name in names:
    widths = [row["width"] for row in measured[f"{name} / {sim_to_real.COUNTERPARTS[name]}"][0]]
    print(f"{name}: {len(widths)} sequences, {min(widths):.0f} to {max(widths):.0f} px wide")

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

# %%
figure, axes = style.new(1, 3, width=3.4, height=2.8)
draw.gallery(
    axes, {mode: s.frames[10] for mode, s in fitted.items()}, {mode: s.boxes[10] for mode, s in fitted.items()}
)
book.save_figure(figure, "fitted")
# %% [markdown]
# Training data are made on the fly, so the simulator must be fast (`benchmarks/simulator.py` has more cases). In processor
# time, which other programs change less:

# %%
import time

default = scan.simulate(frames=30, seed=seed)
default.frame(0)  # the scene is made once
begin = time.perf_counter()
frames = [default.frame(i) for i in range(30)]
print(
    f"{frames[0].shape[1]} x {frames[0].shape[0]}: {30 / (time.perf_counter() - begin):.0f} frames a second, one thread"
)

# %% [markdown]
# ## What to remember
#
# - An oversampled scan turns a point into a small blob of known width; a noise spike stays one sample.
# - Noise is white within a row and patterned between rows; TDI of $N$ stages lowers the white part by $\sqrt N$.
# - The background is blurred with the same $h$ as the target.
# - Here every part is known exactly, and so are the box and the SNR.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("01_scan_an_image")

# %% [markdown]
# **Exercises.**
# 1. At which `f_number` is the blob at $M = 2$ twice as wide as at F/2.5? Check with `optics.blob_sigma`, then by simulation.
# 2. Set `oversampling` to 4. Noise spikes are still one sample: by how much does the blob's area in samples exceed a spike's?
# 3. The truth does not follow the scan's jitter. Measure the rms error of the blob's centroid for `jitter` 0 to 0.2 at a
#    high SNR, and say from which jitter on a 5-pixel box cannot be met with an overlap of 0.9.
# 4. Replace "clouds" by "sea" in the spectrum and measure the slope along rows and along columns. Why do they differ?
