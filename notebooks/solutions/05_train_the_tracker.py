# %% [markdown]
# # Solutions to the exercises of 05 · Train the tracker
#
# ## 1
# From the last checkpoint. Steps since then are done again, on the same pairs, so that the weights come out the same to the bit. Here a training of 12 steps is stopped after 8:

# %%
import tempfile
from pathlib import Path

import numpy as np
import torch

from irtrack_core import datasets
from irtrack_core.config import SamplingSettings, TrainingSettings, network_preset
from irtrack_core.network.losses import logistic_loss
from irtrack_core.training.loop import new_net, train
from irtrack_core.training.sampling import PairSampler

settings = network_preset("compact", width=0.1)
sequence = datasets.in_memory(datasets.load("sim-aircraft", frames=12)[4])
net = new_net(settings, 0)
sampler = PairSampler([sequence], settings, net.positions(), seed=0)
plan = TrainingSettings(iterations=12, batch=2)
begun = []
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "checkpoint.safetensors"
    train(net, sampler, plan, checkpoint=file, progress=False, stop_after=8)
    again = new_net(settings, 0)
    train(again, sampler, plan, checkpoint=file, progress=False, watch=lambda history: begun.append(len(history)))
whole = new_net(settings, 0)
train(whole, sampler, plan, progress=False)
print("the second run's first step is number", begun[0] - 1)
assert begun[0] == 9
assert all(torch.equal(a, b) for a, b in zip(again.state_dict().values(), whole.state_dict().values()))

# %% [markdown]
# ## 2
# $\lg x = \ln x / \ln 10$: the classification's gradients become 0.434 times as long, and a learning rate 2.303 times as large takes the same steps. Not quite the same training, though: the regression loss has no logarithm, so it
# weighs 2.303 times as much beside it (divide `regression_weight` by that); and gradients above `clip` are shortened in either case.

# %%
z = torch.tensor([[0.3, -1.2], [2.0, 0.1]], requires_grad=True)
q = torch.tensor([[1, -1], [-1, 1]])
(natural,) = torch.autograd.grad(logistic_loss(z, q), z)
(lg,) = torch.autograd.grad(logistic_loss(z, q, base="10"), z)
print("ratio of the gradients", (lg / natural).unique().round(decimals=4))
assert torch.allclose(lg / natural, torch.tensor(0.4343), atol=1e-4)

# %% [markdown]
# ## 3
# In training a tenth of the pairs has no target in the search crop, and every label there says "background". Without them the network has learnt only *where* the target is, never *whether*: in an empty crop the place that looks most
# like the target still gets a high score. So a lost target is not noticed. Both samplers, and what they draw:

# %%
counts = {}
for share in (0.0, 0.3):
    sampling = SamplingSettings(negatives=share)
    pairs = PairSampler([sequence], settings, net.positions(), sampling=sampling, seed=0)
    drawn = [pairs.draw(np.random.default_rng(k)) for k in range(40)]
    counts[share] = sum(pair.truth is None for pair in drawn)
print("of 40 pairs without a target:", counts)
assert counts[0.0] == 0 < counts[0.3]
