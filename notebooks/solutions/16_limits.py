# %% [markdown]
# # Solutions to the exercises of 16 · How close could anyone come?
#
# ## 1
# Each slope of the image by place or size is proportional to the peak, so that $J$ grows with the square of the SNR and all three deviations halve. The amplitude's own, in units of the noise, stays.

# %%
import numpy as np

from irtrack_core.config import ScanSettings, SceneSettings
from irtrack_core.experiments import against_limits
from irtrack_core.imaging import limits

sensor = ScanSettings()
sides = limits.box_sides(sensor, 4.0)
two = []
for snr in (10.0, 20.0):
    one = limits.information(sensor, "uniform", sides, snr)
    whole = limits.track_information([one] * 5, np.arange(-4, 1))
    two.append(np.sqrt(np.diag(limits.bound(whole, limits.TRACK, limits.TRACK))))
ratio = dict(zip(limits.TRACK, (two[0] / two[1]).round(3).tolist()))
print("deviations at SNR 10 over those at SNR 20:", ratio)
assert all(abs(v - (1 if name == "amplitude" else 2)) < 1e-6 for name, v in ratio.items())

# %% [markdown]
# ## 2
# F = 2.5 both times. At F = 1 the image is finer than the samples: in the middle between two flanks a point can move unseen. At F = 8 it is a broad Gaussian, for which the rule of thumb 0.8 / SNR holds at the same peak:
# what it loses in steepness it gains in pixels. At the same energy its peak is lower too, the light is spread over more noise, and it is far behind.

# %%
found = {}
for f in (1.0, 2.5, 8.0):
    optics = sensor.replace(f_number=f)
    box = limits.box_sides(optics)
    shape, place = limits.patch(box)
    light = limits.images(optics, "point", [[*place, *box]], shape).sum()
    same_peak = np.sqrt(limits.mean_bound(optics, "point", box, 10.0, phases=8)[0, 0])
    found[f] = same_peak, np.sqrt(limits.mean_bound(optics, "point", box, 60.0 / light, phases=8)[0, 0])
print(
    "F: sigma_x at one peak, at one energy:", {f: tuple(round(float(v), 3) for v in both) for f, both in found.items()}
)
assert found[2.5] == tuple(min(both) for both in zip(*found.values())) and abs(found[8.0][0] - 0.08) < 0.002

# %% [markdown]
# ## 3
# The place costs nothing: a constant is even about the centre, the place's slope is odd. Size and amplitude are even and pay.


# %%
def unknown(shape):
    return limits.white(shape) + limits.level(shape)


both = [
    np.sqrt(np.diag(limits.mean_bound(sensor, "uniform", sides, 10.0, free=limits.PARAMETERS, covariance=noise)))
    for noise in (None, unknown)
]
print("deviations with an unknown level over those with a known one:", (both[1] / both[0]).round(3))
assert abs(both[1][0] / both[0][0] - 1) < 0.01 and both[1][2] > 1.005 * both[0][2]

# %% [markdown]
# ## 4
# The large ones: clouds have most of their power at long waves, and the edges of a large target are of that scale. A point is much finer than they are.

# %%
clear = against_limits.sizes_and_snrs((0.5, 2.0, 4.0), (10.0,), (2.0,))
clouded = against_limits.sizes_and_snrs((0.5, 2.0, 4.0), (10.0,), (2.0,), scene=SceneSettings(std=0.05))
growth = (clouded["sigma_side"] / clear["sigma_side"]).round(2).tolist()
print("side of the box, d, and how much its deviation grows:", dict(zip(clear["side_d"].round(1).tolist(), growth)))
assert growth[2] > growth[0] > 1
