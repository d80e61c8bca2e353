# %% [markdown]
# # Solutions to the exercises of 04 · Match and learn
#
# ## 1
# The anchor is 8 × 4 at (10, 10): x = 10, y = 10 − 0.5 · 4 = 8, w = 8, h = 4 · 0.5 = 2.

# %%
import numpy as np

from irtrack_core.network import anchors

assert anchors.decode([0, -0.5, 0, np.log(0.5)], [10, 10, 8, 4]).round(9).tolist() == [10, 8, 8, 2]

# %% [markdown]
# ## 2
# Else a target between two positions, or of a shape that no anchor has, would have no positive at all, and the network would learn that it is background. With one anchor of 8 × 8 at a stride of 8 it matters for a target of 4 × 4, which an
# anchor overlaps by a quarter, and for one of 8 × 8 in the middle of four positions.

# %%
from irtrack_core import boxes as bx

grid = anchors.make_anchors([(8, 8)], 5, 8)
for truth in ([0, 0, 4, 4], [4, 4, 8, 8]):
    overlap = bx.iou(bx.from_centers(grid[..., :2], grid[..., 2:]), bx.from_centers(np.array(truth[:2]), truth[2:]))
    print(truth, f"largest overlap {overlap.max():.2f}, positives {(anchors.labels(grid, truth) == 1).sum()}")
    assert overlap.max() < 0.5 and (anchors.labels(grid, truth) == 1).sum() == 1

# %% [markdown]
# ## 3
# Nearly nothing: the term is $\ln(1 + e^{-qz}) \approx e^{-qz}$, and so is its gradient. The loss forgets what is right and works on what is not.

# %%
import torch

z = torch.tensor([10.0], requires_grad=True)
torch.nn.functional.softplus(-z).sum().backward()
print(z.grad.item())
assert abs(z.grad.item()) < 1e-4

# %% [markdown]
# ## 4
# Without the factor the loss, and with it the gradient, is |D| times as large: the rate must be |D| times smaller. For a map of 17 × 17 with 5 anchors and a batch of 8 that is a factor of 11 560 when all count.

# %%
from irtrack_core.network.losses import logistic_loss

scores, q = torch.randn(40, requires_grad=True), torch.tensor([1, -1, 0, -1] * 10)
lengths = []
for mean in (True, False):
    (gradient,) = torch.autograd.grad(logistic_loss(scores, q, mean=mean), scores)
    lengths.append(gradient.norm().item())
assert abs(lengths[1] / lengths[0] - (q != 0).sum().item()) < 1e-3
