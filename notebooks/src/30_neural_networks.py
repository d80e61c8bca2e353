# %% [markdown]
# # 30 · Neural networks in half an hour
#
# A primer for notebooks 03 to 05: tensors, convolution, gradient and normalisation, each on a target of a few pixels.
#
# **You will** turn frames into tensors, find a target by a convolution, let a kernel be *learned* by gradient descent, and see why features are normalised.
# **You will learn** what a layer computes and what training changes. **You need** NumPy and notebook 02; nothing about neural networks.
# **Reading time:** 30 minutes. **Run time:** a few seconds.
#
# Under most questions stands a folded answer: say yours first, then open it.

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of the frames and of the first kernel

# %%
import torch
from torch.nn import functional as F

from irtrack_core import workbook
from irtrack_core.figures import style

book = workbook.start("30_neural_networks", profile=profile, seed=seed)

# %% [markdown]
# ## Tensors
#
# A *tensor* is an array with any number of axes. Networks take frames in batches, as (batch, channels, height, width): how many, how many maps each, and
# how large. Here are 64 noisy frames of one channel; every other one holds a target somewhere.

# %%
frames = torch.from_numpy(book.rng.normal(0, 1, (64, 1, 24, 24))).float()
spot = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])
for frame in frames[::2, 0]:
    row, column = book.rng.integers(0, 22, 2)
    frame[row : row + 3, column : column + 3] += spot

# %% tags=["nbval-check-output"]
print(tuple(frames.shape), frames.dtype)

# %%
figure, axes = style.new(1, 8, width=1.4, height=1.6)
for ax, frame in zip(axes, frames[:8]):
    style.show_image(ax, frame[0].numpy())
book.save_figure(figure, "frames")

# %% [markdown]
# ## Convolution
#
# A *kernel* is a small array of weights. It is laid on every place of the frame; weights times pixels, summed, is the output there. One kernel of 3 × 3 has nine weights,
# however large the frame is: the same question is asked everywhere.
#
# **Predict:** the frame is 24 × 24 and the kernel must fit whole. How large is the output?
#
# <details><summary>Answer</summary>22 × 22: there are 24 − 3 + 1 places in each direction. With a border of one pixel of zeros (padding 1) it would be 24 × 24.</details>

# %% tags=["nbval-check-output"]
kernel = spot[None, None] / spot.norm()  # (kernels, channels, height, width)
scores = F.conv2d(frames, kernel)
print(tuple(scores.shape))

# %%
figure, axes = style.new(1, 8, width=1.4, height=1.6)
for ax, score in zip(axes, scores[:8]):
    style.show_image(ax, score[0].numpy(), limits=(-3, 7))
style.note(figure, "the kernel's output: bright where the frame looks like the target")
book.save_figure(figure, "scores")

# %% [markdown]
# A Siamese tracker does just this, on features instead of pixels, with the template as the kernel: the *cross-correlation* of eqs. (8) and (9).
#
# Convolutions alone could be merged into one. So a *nonlinearity* follows each: ReLU, which turns negative values into 0. Layer after layer sees a larger part of the frame and
# answers a more involved question.
#
# ## A kernel that is learned
#
# We knew the target's shape. Let us pretend that we do not, and start from a kernel of small positive numbers. The score of a frame is its largest output, the *label* is +1 with a target and −1 without. The
# *loss* says in one number how wrong the scores are: the logistic loss of eq. (11), the mean of $\ln(1 + e^{-q z})$.
#
# The *gradient* says how the loss changes with each weight. A step against it makes the loss smaller: that is all that training does. PyTorch computes the gradient,
# `loss.backward()`; the length of the step is the *learning rate*.

# %%
labels = torch.tensor([1.0, -1.0]).repeat(32)
learned = torch.from_numpy(book.rng.uniform(0, 0.2, (1, 1, 3, 3))).float().requires_grad_()
bias = torch.zeros(1, requires_grad=True)
losses = []
for _ in range(200):
    z = F.conv2d(frames, learned, bias).amax(dim=(1, 2, 3))
    loss = F.softplus(-labels * z).mean()
    loss.backward()
    with torch.no_grad():
        for weight in (learned, bias):
            weight -= 0.2 * weight.grad
            weight.grad = None
    losses.append(loss.item())

# %% [markdown]
# **Predict:** what will the learned kernel look like?
#
# <details><summary>Answer</summary>Bright in the middle, like the target, but a little noisy: it has seen 32 targets. It was never told the shape, nor the places; the loss and 64 labels sufficed.</details>

# %%
figure, axes = style.new(1, 3, width=3, height=2.6)
axes[0].plot(losses)
axes[0].set(xlabel="step", ylabel="loss")
style.show_image(axes[1], spot.numpy(), "the target")
style.show_image(axes[2], learned.detach()[0, 0].numpy(), "the learned kernel")
book.save_figure(figure, "learned")

# %% tags=["nbval-check-output"]
print("the loss fell to less than half:", losses[-1] < losses[0] / 2)
alike = torch.corrcoef(torch.stack([spot.ravel(), learned.detach().ravel()]))[0, 1].item()
print("the kernel resembles the target:", alike > 0.5)

# %% [markdown]
# **Predict:** 64 frames, ten weights. Does it find targets in new frames as surely as in these?
#
# <details><summary>Answer</summary>Nearly, for ten weights cannot learn much by heart; a network with a million could learn the noise of these 64 frames. How well it does is asked on frames that took no part: the *test set* (notebook 05).</details>
#
# ## Normalisation
#
# A camera that counts twice as high would double all scores, and the right learning rate with them. So inputs are *standardised*: less their mean, over their deviation. Between layers
# *batch normalisation* does the same for each channel, over the frames of a batch; a learned scale and shift follow.

# %% tags=["nbval-check-output"]
loud = 200 + 30 * frames
quiet = (loud - loud.mean()) / loud.std()
print(
    "standardised, the camera's gain and offset are gone:",
    torch.allclose(quiet, (frames - frames.mean()) / frames.std(), atol=1e-3),
)
per_channel = F.batch_norm(scores, None, None, training=True)
print(
    "mean and deviation after batch normalisation:",
    abs(round(per_channel.mean().item(), 3)),
    round(per_channel.std().item(), 2),
)

# %% [markdown]
# ## What to remember
#
# - A network is a chain of convolutions, normalisations and nonlinearities on tensors (batch, channels, height, width).
# - Its weights are found by steps against the gradient of a loss; the learning rate is the step's length.
# - What it learned is judged on data that took no part.
#
# The networks of this workbook: `paper` is the paper's, with conv1 to conv5, fusion and region selection; `compact` is our smaller one, which reads image and filtered image and comes trained
# as the tracker `siamese`. Notebook 03 builds both.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("30_neural_networks")

# %% [markdown]
# **Exercises.**
#
# 1. Set the learning rate to 2: what does the loss do?
# 2. Give the targets half their contrast: does the kernel still resemble them?
# 3. Make 64 new frames with another seed, and count how many the learned kernel gets right.
