# %% [markdown]
# # Solutions to the exercises of 13 · Experiment: speed
#
# ## 1
# Only what runs in the network becomes faster, and that by less than two. If a share $p$ of a frame's time is divided by two, the frame becomes $1 / (1 - p/2)$ times as fast at best (Amdahl). From the stored table of stages:

# %%
siamese, paper = {"network": 1.63, "sum": 3.72}, {"network": 6.29, "sum": 7.70}
for name, times in (("siamese", siamese), ("paper", paper)):
    share = times["network"] / times["sum"]
    print(f"{name}: the network takes {share:.0%}; at best {1 / (1 - share / 2):.2f} times as fast")
assert 1 / (1 - siamese["network"] / siamese["sum"] / 2) < 1.3

# %% [markdown]
# `peak` has no network and does not change. Batches of one crop are small work for two threads: less than the bound is usual.
#
# ## 2
# `filter_window` reads the window and a halo as wide as the elements reach, and nothing else: the same bits, whatever lies around.

# %%
import numpy as np

from irtrack_core import filtering

elements, s = filtering.line_elements(15, 4), filtering.rectangle(3, 3)
large = np.random.default_rng(0).integers(0, 255, (600, 800)).astype(np.uint8)
reach = filtering.support(elements, s)
part = large[300 - reach : 364 + reach, 400 - reach : 464 + reach]
of_large = filtering.filter_window(large, (400, 300, 64, 64), elements, s)
of_part = filtering.filter_window(part, (reach, reach, 64, 64), elements, s)
print(f"read are {part.shape[0]} x {part.shape[1]} pixels of {large.shape[0]} x {large.shape[1]}")
assert all((a == b).all() for a, b in zip(of_large, of_part))

# %% [markdown]
# ## 3
# Time of the network a frame over its millions of multiply-accumulates (notebook 07, width 0.125; times as stored):

# %%
times = {"paper": 6.29, "ref8": 14.83, "ref9": 10.42, "ref10": 31.33, "ref11": 22.16}
work = {"paper": 95, "ref8": 244, "ref9": 78, "ref10": 369, "ref11": 279}
slow = {name: 1000 * times[name] / work[name] for name in times}
print({name: f"{value:.0f} us a million" for name, value in slow.items()})
assert max(slow, key=slow.get) == "ref9"

# %% [markdown]
# ref9 has the least work and twice the time for it: its LSTM takes eight steps one after the other, its backbone is half as wide, and so many small layers cost more to call than to compute. Few multiplications are not speed.
