# %% [markdown]
# # Solutions to the exercises of 15 · Changing shape
#
# ## 1
# The upright line is as long as 3 px need, but at least 9. A mast of 9 px and more holds that line, so it is background and goes. A shorter one stays in U, whatever the target's width.

# %%
import numpy as np

from irtrack_core.experiments.changing_shape import responses_of


def left_of_the_mast(mast):
    _, found, _ = responses_of(40, 3, mast, noise=0.0)
    return float(found["U, fitted lines"][60 - mast : 60, 66].max())


kept = {mast: left_of_the_mast(mast) for mast in (4, 8, 9, 12, 20)}
print("height of the mast: what is left of it in U", kept)
assert all((value == 0) == (mast >= 9) for mast, value in kept.items())

# %% [markdown]
# ## 2
# In the logarithm the size grows by $g = \ln(4)/30$ a frame. The mean follows with $m \leftarrow m + r\,(s - m)$; in the steady state it grows as fast as the size does, so that $r \cdot$ lag $= g$. That state takes about $1/r$ frames.

# %%
growth, lags = np.log(4) / 30, {}
for rate in (0.06, 0.35):
    mean = 0.0
    for frame in range(1, 31):
        mean += rate * (growth * frame - mean)
    lags[rate] = growth * 30 - mean
    print(
        f"rate {rate}: {lags[rate]:.2f} behind after 30 frames, {growth / rate:.2f} in the steady state (less one frame's growth)"
    )
assert abs(lags[0.35] - (growth / 0.35 - growth)) < 0.01 and 0.5 < lags[0.06] < 0.77

# %% [markdown]
# ## 3
# A turn mixes x and y: the covariance becomes $R\,C\,R^T$, whose trace is that of $C$. So the sum stays, and the box of the bar turns from wide to high with no frame in which it is as small as the bar is thin in both directions.

# %%
x, y = np.meshgrid(np.linspace(-12, 12, 97), np.linspace(-2, 2, 17))
points, sums = np.stack([x.ravel(), y.ravel()]), []
for angle in np.deg2rad([0, 30, 45, 60, 90]):
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ points
    variance = turned.var(axis=1)
    sums.append(variance.sum())
    print(
        f"{np.rad2deg(angle):3.0f} degrees: sigma {np.sqrt(variance).round(2)}, sum of variances {variance.sum():.2f}"
    )
assert np.ptp(sums) < 1e-9
