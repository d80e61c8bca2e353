# %% [markdown]
# # Solutions to the exercises of 20 · Report
#
# ## 1
# A good answer names a row, a reason and a deciding experiment. Ours: Fig. 3. It is a *best* value, so it grows with the number of frames looked at; its background region and its frames are not stated; and decibels can be made.
# To settle it one needs the paper's frames, the region, and the response of each filter, to compute Pd at a given Pfa for all.
#
# How a best value grows with the number of tries, even where nothing differs:

# %%
import numpy as np

rng = np.random.default_rng(0)
best = {frames: float(rng.normal(25, 3, (2000, frames)).max(axis=1).mean()) for frames in (1, 10, 100, 1000)}
print({frames: f"{value:.1f} dB" for frames, value in best.items()})
assert best[1000] > best[10] + 3 > best[1] + 3

# %% [markdown]
# ## 2
# `full` trains at full width, on a GPU or for days. What should move: the overlap and precision of the networks (more steps, and five folds instead of one), and their speed, downwards (more channels). What should not: the rows of `peak` and of
# the filters, which learn nothing, except that more sequences make their intervals narrower. If one of those moves by more than its interval says, something else has changed.
