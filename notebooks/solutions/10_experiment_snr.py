# %% [markdown]
# # Solutions to the exercises of 10 · Experiment: signal to noise
#
# ## 1
# Those gain most of which the filter leaves least: where the ring is nearly all 0, $\sigma$ is as small as one likes. Not a target more is found, for Pfa never looks at $\sigma$.

# %%
import cv2
import numpy as np

from irtrack_core import datasets, metrics
from irtrack_core.config import TargetSettings
from irtrack_core.evaluation import detection
from irtrack_core.experiments import filter_maps, snr
from irtrack_core.filtering import baselines, element_length, line_elements, multilevel_filter, rectangle
from irtrack_core.imaging.scan import simulate

sequences = [one for name in datasets.SIMULATED for one in datasets.load(name, frames=40)[:3]]
table = snr.filter_frames(sequences, ("none", "U", "M"), count=1, window=128, variants=("size",))
table["gain"] = table["db_no_floor"] - table["db"]
print(table.groupby("filter")[["gain", "zero_share"]].max().round(2).to_string())
assert (table["gain"] >= -1e-9).all() and table[table["filter"] == "none"]["gain"].max() <= table["gain"].max()

# %% [markdown]
# ## 2
# Read it off a map of points alone: between 12 and 16. One threshold for all scenes, so a few restless clouds set it.

# %%
maps = filter_maps.grid((5, 8, 12, 16, 24), (1,), ("U",), repeats=10)
share = maps.assign(hit=maps["pfa_one"] <= 0.001).groupby("snr_in")["hit"].mean()
print(share.to_string())
assert share[12] < 0.5 < share[16]

# %% [markdown]
# ## 3
# Any function that rises strictly keeps the order of the pixels, so what was stronger than the target still is: Pfa and the detection curves stay. Here an exponential.

# %%
image, box = sequences[3].frames[20].astype(np.float32), sequences[3].boxes[20]
U = multilevel_filter(image, line_elements(element_length(box[2:]), 4), rectangle(1, 1))[1].astype(float)
region, peak = metrics.background_region(U.shape, box), U[metrics.target_mask(U.shape, box)].max()
steep = peak * np.expm1(4 * U / peak) / np.expm1(4)
db = [float(metrics.decibel(metrics.snr(one, box, region))) for one in (U, steep)]
pfa = [float(detection.pfa_by_frame([detection.detection(one, box)])[0][0]) for one in (U, steep)]
print(f"dB {db[0]:.1f} -> {db[1]:.1f}, Pfa {pfa[0]:.4f} -> {pfa[1]:.4f}")
assert db[1] > db[0] and pfa[0] == pfa[1]

# %% [markdown]
# ## 4
# It does not, and does worse than $U$ itself: averaging lowers the narrow point, and hardly the wider rest of the clouds that $U$ has left. log subtracts the surroundings as it averages; a plain Gaussian does not. Pfa of points at SNR 6, the
# median over scenes, the lower the better:

# %%
pfas = {"U": [], "U smoothed": [], "log": []}
for seed in range(20):
    point = TargetSettings(kind="point", snr=6)
    frame = simulate(filter_maps.SENSOR, filter_maps.CLOUDS, point, frames=1, seed=seed).components(0)
    U = multilevel_filter(frame.image, line_elements(element_length(frame.box[2:]), 4), rectangle(1, 1))[1]
    responses = {"U": U, "U smoothed": cv2.GaussianBlur(U.astype(np.float32), (0, 0), 0.8)}
    responses["log"] = baselines.create("log", target=tuple(frame.box[2:]))(frame.image)
    for name, response in responses.items():
        pfas[name].append(float(detection.pfa_by_frame([detection.detection(response, frame.box)])[0][0]))
middle = {name: float(np.median(values)) for name, values in pfas.items()}
print({name: round(value, 4) for name, value in middle.items()})
assert middle["log"] < middle["U"] < middle["U smoothed"]
