# %% [markdown]
# # 04 · Match and learn
#
# The network of notebook 03 gives numbers at every position: two scores and four offsets for each anchor. This notebook says
# what those numbers *mean*, and what loss makes them mean it.
#
# **You will** cut template and search crops, lay anchors over them, label the anchors, decode a proposal by hand (eq. 10), and take the
# loss (eq. 11) apart.
# **You need** notebooks 02 and 03. **Run time:** about 20 seconds.

# %% tags=["parameters"]
profile: str = "quick"  # quick | full
seed: int = 0  # of the pair that is drawn
sequence: int = 2  # number of the simulated aircraft sequence, 0 to 9

# %%
import numpy as np
import torch

from irtrack_core import anchors, datasets, workbook
from irtrack_core import boxes as bx
from irtrack_core.config import SamplingSettings, network_preset
from irtrack_core.figures import network as figures
from irtrack_core.figures import style
from irtrack_core.losses import logistic_loss, regression_loss
from irtrack_core.network import foreground
from irtrack_core.sampling import CropMaker, PairSampler, template_side
from irtrack_core.trackers.siamese import WEIGHTS
from irtrack_core.training import new_net
from irtrack_core.weights import load_weights

book = workbook.start("04_match_and_learn", profile=profile, seed=seed, sequence=sequence)
settings = network_preset("compact")
aircraft = datasets.load("sim-aircraft", frames=40)[sequence]

# %% [markdown]
# ## Two crops
#
# A crop is a square of the frame, resampled to a fixed size. Its side follows the box: $\sqrt{(w+p)(h+p)}$ with $p = c\,(w+h)$,
# so that every target looks equally large to the network. Here $c = 1$: the template shows three times the target's width.
# Two channels go in: the image $I$ and the suppressed image $U$ of eq. (3).

# %%
first, later = 0, 8
box = aircraft.boxes[first]
side = template_side(box[2:], settings)
maker = CropMaker(settings, box[2:], aircraft.shape)
template = maker.template(aircraft.frames[first], bx.centers(box), side)
search = maker(aircraft.frames[later], bx.centers(box), side * settings.search_size / settings.template_size)

# %% tags=["nbval-check-output"]
print("template", template.shape, "search", search.shape, "dtype", search.dtype)
print(
    "mean 0:",
    np.allclose(search.mean(axis=(1, 2)), 0, atol=1e-3),
    " deviation 1:",
    np.allclose(search.std(axis=(1, 2)), 1, atol=1e-3),
)

# %% [markdown]
# The search crop is cut where the target *was*. Eight frames later it stands elsewhere: that shift is what the network has to find.

# %%
zoom = settings.search_size / (side * settings.search_size / settings.template_size)
truth = np.concatenate([(bx.centers(aircraft.boxes[later]) - bx.centers(box)) * zoom, aircraft.boxes[later, 2:] * zoom])
given = np.concatenate([[0, 0], box[2:] * zoom])
figure, axes = style.new(1, 4, width=3, height=3.1)
for ax, crop, title in zip(axes, (*template, *search), ("template, I", "template, U", "search, I", "search, U")):
    where, name = (given, "given box") if "template" in title else (truth, "truth")
    figures.crop_box(ax, crop, [where], [name], title=title)
book.save_figure(figure, "crops")

# %% [markdown]
# ## Anchors and labels
#
# At each of $n \times n$ positions stand $m$ **anchors**, boxes from which the network's offsets are counted. An anchor that overlaps
# the truth by half or more is a positive, $q = +1$; below 0.3 it is a negative, $q = -1$; in between it is left out.

# %%
net = new_net(settings, seed)
n = net.positions()
grid = anchors.make_anchors(anchors.anchor_sizes(settings, given[2:]), n, settings.stride)
q = anchors.labels(grid, truth)
figure, (left, right) = style.new(1, 2, width=4.2, height=4.2)
figures.crop_box(left, search[0], [truth], ["truth"], title="compact: one anchor, the given box")
figures.draw_anchors(left, grid, (n // 2, n // 2), labels=q)
paper = network_preset("paper")
grid_paper = anchors.make_anchors(anchors.anchor_sizes(paper), 17, paper.stride)
figures.crop_box(right, np.zeros((255, 255)), title="paper: five anchors of 64 px, stride 8, crop 255")
figures.draw_anchors(right, grid_paper, (8, 8))
book.save_figure(figure, "anchors")

# %% tags=["nbval-check-output"]
print("positions", n * n, " positive", int((q == 1).sum()) > 0, " negative share > 0.8:", bool((q == -1).mean() > 0.8))

# %% [markdown]
# ## From offsets to a box, eq. (10)
#
# $$x = x_a + d_x w_a, \qquad y = y_a + d_y h_a, \qquad w = w_a e^{d_w}, \qquad h = h_a e^{d_h}$$
#
# An anchor of 8 × 4 at (10, 10); the network says $d = (0.5, 0, \ln 2, 0)$: half a width to the right, twice as wide.

# %% tags=["nbval-check-output"]
print(anchors.decode([0.5, 0, np.log(2), 0], [10, 10, 8, 4]).round(6).tolist())

# %% [markdown]
# Training needs the way back: which offsets *should* the network give?

# %% tags=["nbval-check-output"]
print(np.exp(anchors.encode([14, 10, 16, 4], [10, 10, 8, 4])[2:]).round(6).tolist())

# %% [markdown]
# ## The loss, eq. (11)
#
# $$L = \frac{1}{|D|} \sum_{v} \lg\left(1 + e^{-q(v)\,z(v)}\right)$$
#
# $z$ is the foreground score minus the background score. The paper writes $1/F'$ for $1/|D|$, one over the number of
# positions, and `lg`, which in Chinese texts is the logarithm to base 10: 0.434 times the natural one, a factor the learning rate takes up.

# %%
z = torch.linspace(-5, 5, 201)
one = torch.ones(1)
curves = {
    f"q = {sign:+d}, base {base}": [logistic_loss(v[None], sign * one, base=base).item() for v in z]
    for sign in (1, -1)
    for base in ("e", "10")
}
figure, ax = style.new(width=5.5, height=3.2)
figures.loss_curve(ax, z, curves)
book.save_figure(figure, "loss")

# %% [markdown]
# On two classes it *is* the softmax cross-entropy: two names for one thing.

# %% tags=["nbval-check-output"]
scores = torch.tensor([[0.2, 1.5], [0.7, -0.4]])  # background, foreground of two positions
logistic = logistic_loss(scores[:, 1] - scores[:, 0], torch.tensor([1, -1]))
softmax = torch.nn.functional.cross_entropy(scores, torch.tensor([1, 0]))
print(f"logistic {logistic:.6f}  softmax {softmax:.6f}")

# %% [markdown]
# A target fills few positions. In the plain mean a network that always says "background" does well; `balanced=True` counts positives and
# negatives half each. Compare the loss of that lazy answer:

# %%
labels = torch.from_numpy(q)
lazy = torch.full(q.shape, -4.0)  # "background", everywhere, quite sure
print(f"plain {logistic_loss(lazy, labels):.2f}   balanced {logistic_loss(lazy, labels, balanced=True):.2f}")

# %% [markdown]
# The paper has a regression branch but no regression loss. We take SiamRPN's: smooth-L1 on the four offsets, positives only.
#
# ## Before and after learning
#
# One training pair, drawn as in training: the target is off centre, and the box is as loose as some annotators draw it. Left the
# scores of an untrained network, right those of the weights that come with this repository.

# %%
sampler = PairSampler([aircraft], settings, n, sampling=SamplingSettings(negatives=0, noise=0), seed=seed)
pair = sampler.draw(np.random.default_rng(seed))
figure, axes = style.new(1, 3, width=3.6, height=3.2)
figures.crop_box(axes[0], pair.search[0], [pair.truth], ["truth"], title="search crop, I")
losses = []
for ax, model, title in zip(axes[1:], (net, load_weights(WEIGHTS / "compact.safetensors")), ("untrained", "trained")):
    with torch.no_grad():
        r_2m, r_4m = model.eval()(torch.from_numpy(pair.template)[None], torch.from_numpy(pair.search)[None])
    response = foreground(r_2m)
    losses.append(logistic_loss(response[0], torch.from_numpy(pair.labels), balanced=True).item())
    figures.score_map(ax, torch.sigmoid(response)[0, 0], title=f"{title}: P(target)")
book.save_figure(figure, "scores")

# %% tags=["nbval-check-output"]
print("learning lowered the loss of this pair:", losses[1] < losses[0])

# %% [markdown]
# ## Summary
#
# Anchors turn a grid of numbers into boxes; labels say which anchors are right; eq. (11) pulls the scores of right ones up and of
# wrong ones down, and smooth-L1 pulls the offsets to the truth.
#
# **Exercises.** 1. Decode $d = (0, -0.5, 0, \ln 0.5)$ from the same anchor by hand. 2. Why is the best anchor always labelled
# positive, even below 0.5? Find a target size for which it matters. 3. What does the loss of eq. (11) do to a position that is
# already right by a wide margin?

# %%
target = torch.from_numpy(pair.deltas)[None]
box_loss = regression_loss(r_4m.unflatten(1, (4, -1)), target, torch.from_numpy(pair.labels)[None] == 1)
book.save_json({"untrained": losses[0], "trained": losses[1], "box_loss_trained": box_loss.item()})
