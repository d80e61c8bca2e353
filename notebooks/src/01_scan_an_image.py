# %% [markdown]
# # 01 · Scan an image
#
# Where do the images of this workbook come from? None of the public infrared sets is an oversampled scan, so we build the
# sensor: eq. (1) of the paper, $I = I_e + I_b + I_n$, target + background + clutter.
#
# **You will** sweep a line of detectors over a scene, take the image apart into its three parts, and check each against a
# formula: the shape of a point target, the noise, the spectrum of the clouds, the SNR.
# **You learn** why a point target covers several samples, what the noise of such a sensor looks like, and which truth a
# simulated box carries. **You need** NumPy and the idea of a convolution. **Run time:** under a minute.
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
profile: str = "quick"  # quick | full
seed: int = 0  # of every random draw in this notebook
oversampling: float = 2.0  # M, samples per detector side, 1 to 4
snr: float = 10.0  # peak of the target over the noise
beta: float = 3.0  # the clouds' power spectrum falls as k^-beta

# %%
from irtrack_core import optics, probes, scan, workbook
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.datasets import load
from irtrack_core.figures import scan as draw
from irtrack_core.figures import style

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
# Move the sliders (in JupyterLab; on a web page this is a picture): what makes the target larger, what fainter, what
# ragged?

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


def blob(m):
    return scan.simulate(
        ScanSettings(**quiet, oversampling_scan=m, oversampling_cross=m), flat, moving, frames=60, seed=seed
    )


blobs = [blob(m) for m in (1, 2, 3, 4)]

# %% tags=["nbval-check-output"]
for simulation in blobs:
    formula, measured = optics.blob_sigma(simulation.sensor)[0], probes.blob_width(simulation)[0]
    print(f"M = {simulation.sensor.oversampling_scan:g}: formula {formula:.2f}, measured {measured:.2f} samples")

# %%
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

# %%
stages = [1, 2, 4, 8, 16, 32]
empty = TargetSettings(snr=0.0)
per_kelvin = (2**16 - 1) / quiet["span"]
noise = [
    1e3
    * probes.noise_sigma(
        scan.simulate(ScanSettings(**quiet | dict(shape=(256, 256), stages=n)), flat, empty, seed=seed)
    )
    / per_kelvin
    for n in stages
]

# %% tags=["nbval-check-output"]
for n, value in zip(stages, noise):
    print(f"N = {n:2d}: noise {value:4.1f} mK, NETD/sqrt(N) {30 / n**0.5:4.1f} mK")

# %% [markdown]
# It has a price: if the stages' clock does not match the scan, by $\delta$ a stage, the sum is smeared along the scan and
# the contrast at frequency $f$ falls to $|\sin(\pi N f \delta) / (N \sin \pi f \delta)|$.

# %%
figure, axes = style.new(1, 2, width=4.4, height=3.2)
draw.tdi_noise(axes[0], stages, noise, 30.0)
draw.tdi_loss(axes[1], 16, [0.02, 0.05, 0.1])
book.save_figure(figure, "tdi")
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
# ## The background
#
# Clouds have no size of their own: their power spectrum is a power law, $P(k) \propto (k_0^2 + k^2)^{-\beta/2}$, with $\beta$
# between 2.6 and 3.4. Towards high $k$ the measured spectrum falls faster, because $h$ blurs the background too.

# %%
wide = scan.simulate(
    sensor.replace(shape=(512, 512)), clouds.replace(outer_scale=1000.0, skew=0.0), empty, frames=1, seed=seed
)
background = wide.components(0).background
figure, axis = style.new(width=5.5, height=3.8)
draw.spectrum(axis, background, beta=beta)
book.save_figure(figure, "spectrum")
# %% [markdown]
# One frame holds few structures of the largest sizes, so a single fit scatters by about 0.1. The mean over eight frames
# comes out a little steep, by what $h$ takes away at the upper end of the fit:

# %% tags=["nbval-check-output"]
slopes = []
for number in range(8):
    clear = scan.simulate(
        sensor.replace(shape=(512, 512)), clouds.replace(outer_scale=1000.0, skew=0.0), empty, frames=1, seed=number
    )
    slopes.append(probes.fit_slope(*probes.radial_spectrum(clear.components(0).background), 0.02, 0.1)[0])
print(f"slope asked for {-beta:.1f}, measured {sum(slopes) / len(slopes):.1f}")

# %% [markdown]
# ## The SNR you ask for is the SNR you get
#
# With white noise alone, the brightest sample over many frames divided by the noise must be the SNR asked for.

# %% tags=["nbval-check-output"]
for asked in (3.0, 6.0, 12.0):
    target = TargetSettings(kind="point", snr=asked, speed=0.37, manoeuvre=0.0)
    measured = probes.peak_snr(
        scan.simulate(ScanSettings(**quiet | dict(shape=(128, 128), span=60.0)), flat, target, frames=150, seed=seed)
    )
    print(f"asked {asked:4.1f}, measured {measured:4.1f}")

# %% [markdown]
# Over clouds this ratio says little: what hides the target there is the background, not the noise. Notebook 10 returns to it.
#
# ## Three sets of sequences
#
# The experiments run on three simulated sets in the manner of the paper's: dim aircraft, pedestrians seen from a vehicle,
# and people and cars seen from a roof. Ten sequences each, made from the seed whenever they are read; nothing is stored.

# %%
names = ("sim-aircraft", "sim-pedestrian", "sim-otcbvs")
sets = {name: load(name, frames=book.profile.frames, seed=seed) for name in names}

# %%
figure, axes = style.new(3, 3, width=3.6, height=2.8)
draw.contact_sheet(axes, [sets[name][k] for name in names for k in (0, 1, 3)], 10)
book.save_figure(figure, "sets")
# %% [markdown]
# How near do they come to the sets they stand for? A few numbers that make a set easy or hard, medians over sequences; beside
# them the real set, where the folder that IRTRACK_DATA names has it. `contrast` is the target's against its surroundings,
# `spread` and `noise` are grey values, `slope` is that of the frame's spectrum.

# %%
from irtrack_core.datasets.synthetic import TWINS, real_twin

groups = [pair for name in names for pair in ((name, sets[name]), (TWINS[name], real_twin(name)))]
table = pd.DataFrame(
    dict(dataset=name, sequence=s.name, frames=len(s)) | probes.sequence_statistics(s)
    for name, found in groups
    for s in found
)
book.save_table(table)
table.groupby("dataset", sort=False).median(numeric_only=True).round(2)

# %% tags=["nbval-check-output"]
simulated = table[table["dataset"].isin(names)]
for name, part in simulated.groupby("dataset", sort=False):
    print(f"{name}: {len(part)} sequences, {part['width'].min():.0f} to {part['width'].max():.0f} px wide")

# %% [markdown]
# ## Summary
#
# An oversampled scan turns a point into a small blob of known width, adds noise that is white within a row and patterned
# between rows, and blurs the background with the same $h$. Here every part is known exactly, and so are the box and the SNR.
#
# **Exercises.**
# 1. At which `f_number` is the blob at $M = 2$ twice as wide as at F/2.5? Check with `optics.blob_sigma`, then by simulation.
# 2. Set `oversampling` to 4. Noise spikes are still one sample: by how much does the blob's area in samples exceed a spike's?
# 3. The truth does not follow the scan's jitter. Measure the rms error of the blob's centroid for `jitter` 0 to 0.2 at a
#    high SNR, and say from which jitter on a 5-pixel box cannot be met with an overlap of 0.9.
# 4. Replace "clouds" by "sea" in the spectrum and measure the slope along rows and along columns. Why do they differ?
