# %% [markdown]
# # Solutions to the exercises of 12 · Experiment: precision
#
# ## 1
# The order of the best is stable, that of the middle is not: with six recordings one lost sequence moves a network by a sixth. Look at the intervals before you tell a story.
#
# ## 2
# 3 px along one side: 1 · 4 of 16 square pixels are common, 28 are covered: 1/7. The same error counts as "within 5 px" in precision and as lost in success at 0.5: for small targets the two measures part.

# %%
from irtrack_core import boxes

print(float(boxes.iou([0, 0, 4, 4], [3, 0, 4, 4])))
assert abs(boxes.iou([0, 0, 4, 4], [3, 0, 4, 4]) - 1 / 7) < 1e-12

# %% [markdown]
# ## 3
# At small errors `peak` is ahead, for it takes the centre of the bright spot itself, to a fraction of a pixel, where a network's positions lie strides apart. At large errors the networks are: they lose the target less often. Where the curves cross is the
# error at which accuracy is paid for with robustness.
