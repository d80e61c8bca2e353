# %% [markdown]
# # Solutions to the exercises of 30 · Neural networks
#
# ## 1
# The steps are too long for the valley: the loss jumps about, above all at the beginning, and ends where it happens to be. At 0.2 it falls evenly.

# %%
import numpy as np
import torch
from torch.nn import functional as F

spot = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])


def frames_of(seed, contrast=1.0):
    rng = np.random.default_rng(seed)
    frames = torch.from_numpy(rng.normal(0, 1, (64, 1, 24, 24))).float()
    for frame in frames[::2, 0]:
        row, column = rng.integers(0, 22, 2)
        frame[row : row + 3, column : column + 3] += contrast * spot
    return frames, rng


labels = torch.tensor([1.0, -1.0]).repeat(32)


def learn(rate, contrast=1.0, steps=200):
    frames, rng = frames_of(0, contrast)
    kernel = torch.from_numpy(rng.uniform(0, 0.2, (1, 1, 3, 3))).float().requires_grad_()
    bias, losses = torch.zeros(1, requires_grad=True), []
    for _ in range(steps):
        loss = F.softplus(-labels * F.conv2d(frames, kernel, bias).amax(dim=(1, 2, 3))).mean()
        loss.backward()
        with torch.no_grad():
            for weight in (kernel, bias):
                weight -= rate * weight.grad
                weight.grad = None
        losses.append(loss.item())
    return kernel.detach(), bias.detach(), np.array(losses)


kernel, bias, calm = learn(0.2)
_, _, wild = learn(2.0)
print("steps at which the loss rose:", {"0.2": int((np.diff(calm) > 0).sum()), "2": int((np.diff(wild) > 0).sum())})
assert (np.diff(wild) > 0).sum() > (np.diff(calm) > 0).sum() and wild.max() > calm.max()

# %% [markdown]
# ## 2
# Less so: at half the contrast noise is often the largest output of a frame, and the kernel learns that noise, too.


# %%
def alike(kernel):
    return torch.corrcoef(torch.stack([spot.ravel(), kernel.ravel()]))[0, 1].item()


dim, _, _ = learn(0.2, contrast=0.5)
print(f"correlation with the target: {alike(kernel):.2f}; of half the contrast {alike(dim):.2f}")

# %% [markdown]
# ## 3

# %%
new, _ = frames_of(1)
right = {}
for name, frames in (("training", frames_of(0)[0]), ("new", new)):
    z = F.conv2d(frames, kernel, bias).amax(dim=(1, 2, 3))
    right[name] = int((z.sign() == labels).sum())
print(f"of 64 frames right: {right}")
assert right["new"] > 48
