# %% [markdown]
# # Solutions to the exercises of 11 · Experiment: overlap
#
# ## 1
# The dim aircraft: the smallest and faintest targets. The bound on the place is about the blob's width over the SNR, and the same error costs a small box more of its overlap.

# %%
import numpy as np

from irtrack_core import datasets, evaluation, metrics, trackers
from irtrack_core.experiments import study

limits = {
    name: float(np.mean([study.aor_limit(one) for one in datasets.load(name, frames=40)]))
    for name in datasets.SIMULATED
}
print({name: round(value, 3) for name, value in limits.items()})
assert min(limits, key=limits.get) == "sim-aircraft"

# %% [markdown]
# ## 2
# Boxes in, one number out. A file of raw boxes has a row a frame; the first frame, in which the tracker was given the truth, does not count, nor does a frame without a true box.

# %%
one = datasets.in_memory(datasets.load("sim-aircraft", frames=40)[0])
result = evaluation.run(trackers.create("peak"), one)
a, b = result.boxes[1:], one.boxes[result.start + 1 :]
low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
both = np.prod(np.clip(high - low, 0, None), axis=1)
iou = both / (np.prod(a[:, 2:], axis=1) + np.prod(b[:, 2:], axis=1) - both)
print(f"by hand {iou.mean():.4f}, of the package {evaluation.evaluate([result], [one])['aor'][0]:.4f}")
assert abs(iou.mean() - metrics.aor(a, b)) < 1e-12
assert abs(iou.mean() - evaluation.evaluate([result], [one])["aor"][0]) < 1e-12

# %% [markdown]
# ## 3
# A difference survives when it has the same sign with both seeds and its interval leaves out 0 in both. In `quick` there are six test sequences and ranges instead of intervals, so strictly none can: ask for the sign alone, and remember that
# of ten differences that are truly 0 about five keep their sign by chance. For intervals run `PROFILE=medium`.
