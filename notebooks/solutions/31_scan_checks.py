# %% [markdown]
# # Solutions to the exercises of 31 · Checks of the scan
#
# ## 1
# From about 1.4 on. The narrower the blob in samples, the more of its flanks falls between two of them.

# %%
import numpy as np

from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.imaging import image_statistics, optics, scan

quiet = dict(
    shape=(64, 64), bits=16, span=20.0, gain=0, offset=0, odd_even=0, knee=0, drift=0, spikes=0, jitter=0, stagger=0
)
flat, moving = SceneSettings(kind="flat"), TargetSettings(kind="point", snr=2000.0, speed=0.37)
off = {}
for m in (1.0, 1.2, 1.4, 1.6, 1.8, 2.0):
    sensor = ScanSettings(**quiet, oversampling_scan=m, oversampling_cross=m)
    measured = image_statistics.blob_width(scan.simulate(sensor, flat, moving, frames=60, seed=0))
    off[m] = float(np.abs(np.divide(measured, optics.blob_sigma(sensor)) - 1).max())
    print(f"M = {m}: off by {100 * off[m]:.1f} %")
assert off[1.0] > 0.03 and off[2.0] < 0.01

# %% [markdown]
# ## 2
# By about 0.03 d a stage. Over sixteen stages that is half a detector: the rule of thumb for TDI.

# %%
wrong = np.linspace(0, 0.1, 10001)
kept = np.abs(optics.tdi_mtf(0.5, 16, wrong))
most = float(wrong[kept >= 0.9].max())
print(f"{most:.4f} d a stage, {16 * most:.2f} d in all: contrast {abs(optics.tdi_mtf(0.5, 16, most)):.3f}")
assert abs(most - 0.0314) < 0.0005
