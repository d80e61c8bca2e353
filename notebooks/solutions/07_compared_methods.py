# %% [markdown]
# # Solutions to the exercises of 07 · Compared methods
#
# ## 1
# There is no single answer; a good one names an assumption, the direction, and what would settle it. For instance: all methods look at three scales with a step that suits targets which grow slowly. For targets of a few pixels whose size hardly
# changes the scales are chances to err: with one scale the compared methods would be three times as fast, and their overlap would probably rise on `sim-aircraft` and fall on `sim-pedestrian`. To settle it, run notebook 11 with one scale.
#
# ## 2
# At 0 the block passes its input on unchanged, so that training begins with a network that works as if it were not there. At 1 noise is added that is as strong as what untrained values give: the first steps go into undoing it.

# %%
import torch

from irtrack_core.experiments.compared.nets import SelfAttention

torch.manual_seed(0)
block, x = SelfAttention(32).eval(), torch.randn(1, 32, 6, 6)
with torch.no_grad():
    off = block(x) - x
    block.gamma.fill_(1)
    on = block(x) - x
print(f"gamma 0: changed by {off.std():.2f}; gamma 1: by {on.std():.2f} of an input of deviation {x.std():.2f}")
assert off.abs().max() == 0 and on.std() > 0
(part,) = torch.autograd.grad(block(x).square().mean(), block.query.weight)
block.gamma.data.zero_()
(none,) = torch.autograd.grad(block(x).square().mean(), block.query.weight)
assert none.abs().max() == 0 < part.abs().max()  # at 0 only gamma itself learns at first

# %% [markdown]
# ## 3
# Pairs: for each infrared image the visible one of the same instant, laid onto it pixel by pixel, in training and in test alike; and the same person's box in enough images in a row, so that template and search crop show one target.
# `python -m irtrack_core.experiments.compared.kaist_pairs` trains it where the folder holds whole KAIST sets.
