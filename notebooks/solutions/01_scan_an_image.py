# %% [markdown]
# # Solutions to the exercises of 01 · Scan an image
#
# ## 1
# The optics' part of the width grows in proportion to F, the detector's stays: more than twice the F-number is needed.

# %%
import numpy as np

from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.imaging import image_statistics, optics, scan

quiet = dict(shape=(64, 64), bits=16, span=20.0, gain=0, offset=0, odd_even=0, knee=0, drift=0, spikes=0, jitter=0)
quiet |= dict(stagger=0)
flat, bright = SceneSettings(kind="flat"), TargetSettings(kind="point", snr=2000.0, speed=0.37)


def across(f_number):
    return optics.blob_sigma(ScanSettings(**quiet, f_number=f_number))[1]


numbers = np.arange(2.5, 12, 0.05)
twice = float(numbers[np.argmin(np.abs([across(f) - 2 * across(2.5) for f in numbers]))])
simulated = scan.simulate(ScanSettings(**quiet, f_number=twice), flat, bright, frames=30, seed=0)
measured = image_statistics.blob_width(simulated)[1]
print(f"F/2.5: {across(2.5):.2f} px; F/{twice:.1f}: {across(twice):.2f} px, simulated {measured:.2f} px")
assert twice > 5 and abs(measured - across(twice)) < 0.05 * measured

# %% [markdown]
# ## 2
# As many samples as a blob of Gaussian shape is "worth": $(\sum I)^2 / \sum I^2 = 4 \pi \sigma_x \sigma_y$.

# %%
along, cross = optics.blob_sigma(ScanSettings(oversampling_scan=4, oversampling_cross=4))
area = 4 * np.pi * along * cross
print(f"the blob is worth {area:.0f} samples, a spike 1")
assert 20 < area < 27

# %% [markdown]
# ## 3
# The scan's jitter moves all samples of an instant alike, along the scan. What is left of it in the centroid is measured without noise, from the target's own part.


# %%
def error(jitter):
    settings = ScanSettings(**quiet | dict(jitter=jitter))
    simulation = scan.simulate(settings, flat, bright, frames=60, seed=1)
    off = []
    for number in range(60):
        parts = simulation.components(number)
        x = np.arange(parts.target.shape[1]) + 0.5
        weights = parts.target.sum(axis=0)
        off.append((weights * x).sum() / weights.sum() - (parts.box[0] + parts.box[2] / 2))
    return float(np.sqrt(np.mean(np.square(off))))


errors = {jitter: error(jitter) for jitter in (0.0, 0.05, 0.1, 0.15, 0.2)}
print({jitter: round(value, 2) for jitter, value in errors.items()})
allowed = 5 * (1 - 0.9) / (1 + 0.9)  # a shift s leaves (5 - s) / (5 + s)
print(f"an overlap of 0.9 allows a shift of {allowed:.2f} px")
assert errors[0.0] < 0.05 < errors[0.2]

# %% [markdown]
# The first jitter whose rms error is above the shift allowed is the answer: from there on an overlap of 0.9 is missed in a good part of the frames, whatever the tracker does.
#
# ## 4
# Waves are seen at a grazing angle: far apart along a row, close together from row to row. So the structures are wide and low, and the spectrum falls sooner along rows than along columns.

# %%
sensor = ScanSettings(**quiet | dict(shape=(256, 256)))
sky = scan.simulate(sensor, SceneSettings(kind="sea", std=0.5), TargetSettings(snr=0.0), frames=1, seed=0)
sea = sky.components(0).background[128:]  # below the horizon
width = {}
for name, axis in (("along rows", 1), ("along columns", 0)):
    power = (np.abs(np.fft.rfft(sea - sea.mean(axis=axis, keepdims=True), axis=axis)) ** 2).mean(axis=1 - axis)
    k = np.fft.rfftfreq(sea.shape[axis])
    width[name] = float((k * power).sum() / power.sum())
    print(f"{name}: slope {image_statistics.fit_slope(k, power, 0.03, 0.25)[0]:.1f}, mean frequency {width[name]:.3f}")
assert width["along rows"] < width["along columns"]
