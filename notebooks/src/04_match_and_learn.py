# %% [markdown]
# # 04 · Match and learn
#
# The network of notebook 03 gives numbers at every position: two scores and four offsets for each anchor. This notebook says
# what those numbers *mean*, and what loss makes them mean it.
#
# **You will** cut template and search crops, lay anchors over them, label the anchors, go from scores to box and loss by hand
# (eqs. 10, 11), take the loss apart, and look at its surface. **You need** notebooks 02 and 03. **To study:** about 45 minutes. **Run time:** about a minute.

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of the pair that is drawn
sequence: int = 2  # number of the simulated aircraft sequence, 0 to 9

# %%
import numpy as np
import pandas as pd
import torch

from irtrack_core import boxes as bx
from irtrack_core import datasets, widgets, workbook
from irtrack_core.config import SamplingSettings, TrainingSettings, network_preset
from irtrack_core.figures import learning, style
from irtrack_core.figures import network as figures
from irtrack_core.network import anchors
from irtrack_core.network.losses import logistic_loss, regression_loss
from irtrack_core.network.siamese_net import foreground
from irtrack_core.network.weights import SHIPPED, load_weights
from irtrack_core.training import inspection
from irtrack_core.training.loop import new_net, train
from irtrack_core.training.sampling import CropMaker, PairSampler, template_side

book = workbook.start("04_match_and_learn", profile=profile, seed=seed, sequence=sequence)
shipped = load_weights(SHIPPED / "compact.safetensors")
settings = shipped.settings  # of the preset compact
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

# %% [markdown]
# The level and the gain of a camera must not matter: the image loses its mean and is divided by its deviation. `compact` then takes the
# inverse hyperbolic sine, so that one hot roof does not dwarf a faint target; undone, the numbers are what they should be:

# %% tags=["nbval-check-output"]
image = np.sinh(search[0]) if settings.squash else search[0]
print("template", template.shape, "search", search.shape, "dtype", search.dtype)
print("image: mean 0:", abs(image.mean()) < 1e-3, " deviation 1:", abs(image.std() - 1) < 1e-3)

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
grid_paper = anchors.make_anchors(anchors.anchor_sizes(paper, (64, 64)), 17, paper.stride)
figures.crop_box(right, np.zeros((255, 255)), title="paper: five anchors of 64 px, stride 8, crop 255")
figures.draw_anchors(right, grid_paper, (8, 8))
book.save_figure(figure, "anchors")

# %% tags=["nbval-check-output"]
print("positions", n * n, " positive", int((q == 1).sum()) > 0, " negative share > 0.8:", bool((q == -1).mean() > 0.8))

# %% [markdown]
# SiamRPN's anchors of 64 pixels are no accident: its window follows the target, so that every target *is* 64 pixels wide in the template
# crop. Our window stops shrinking at 16 frame pixels, to leave a small target room to move, and a target of 4 pixels is then 32 wide.
# An anchor of 64 overlaps it by a quarter at best, wherever it stands around it: no place is better than another, and the label
# "positive" says nothing of where the target is. So anchors shrink as the target does (`anchor_base="nominal"`; `"fixed"` is SiamRPN's rule
# to the letter), and of anchors that overlap equally the nearest is the positive.

# %%
tiny = np.array([4.0, 4.0]) * paper.template_size / template_side((4, 4), paper)
target = np.array([11, -14, *tiny])
figure, axes = style.new(1, 2, width=4.2, height=4.2)
for ax, base in zip(axes, ("fixed", "nominal")):
    around = anchors.make_anchors(anchors.anchor_sizes(paper.replace(anchor_base=base), tiny), 17, paper.stride)
    figures.crop_box(ax, np.zeros((255, 255)), [target], ["truth"], title=f"paper, a target of 4 px: {base} anchors")
    figures.draw_anchors(ax, around, (8, 8), labels=anchors.labels(around, target))
book.save_figure(figure, "small_target")

# %% [markdown]
# On the frame itself, for any frame, preset, position and thresholds. How few anchors are positive, and how does that change when a
# positive needs less overlap?

# %%
widgets.anchors_on_frame(aircraft)

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
#
# By hand, with the one channel of notebook 03. Its correlation gave $R = \begin{pmatrix} 2 & 5 \\ 0 & 2 \end{pmatrix}$; take that as $z$ at
# four positions, stride 4, one anchor of 8 × 8 at each. Positions are laid symmetrically: the anchors stand at ±2. The largest score,
# 5, belongs to the anchor at $(2, -2)$. With the offsets $d = (0.25, 0.5, \ln 1.5, 0)$ there, eq. (10) gives
# $x = 2 + 0.25 \cdot 8 = 4$, $y = -2 + 0.5 \cdot 8 = 2$, $w = 8 \cdot 1.5 = 12$, $h = 8$.

# %% tags=["nbval-check-output"]
z = np.array([[[2.0, 5.0], [0.0, 2.0]]])
four = anchors.make_anchors([[8, 8]], 2, 4)
best = np.unravel_index(np.argmax(z), z.shape)
print("anchor", four[best].tolist(), " box", anchors.decode([0.25, 0.5, np.log(1.5), 0], four[best]).round(6).tolist())

# %% [markdown]
# Let that position be the positive, the others negatives. The terms of eq. (11) are $\ln(1 + e^{2})$, $\ln(1 + e^{-5})$, $\ln 2$ and
# $\ln(1 + e^{2})$: 2.1269, 0.0067, 0.6931, 2.1269. Their mean is 1.2384; with lg it is $0.4343 \cdot 1.2384 = 0.5378$; and with
# both classes weighing the same, $(0.0067 + (2.1269 + 0.6931 + 2.1269)/3)/2 = 0.8279$.

# %% tags=["nbval-check-output"]
z, right = torch.tensor([[2.0, 5.0], [0.0, 2.0]]), torch.tensor([[-1, 1], [-1, -1]])
print("natural ", round(logistic_loss(z, right).item(), 4))
print("lg      ", round(logistic_loss(z, right, base="10").item(), 4))
print("balanced", round(logistic_loss(z, right, balanced=True).item(), 4))

# %% [markdown]
# Both bases, for one position:

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
#
# **Predict, then run:** of all positions few hold the target. Which of the two losses does the lazy answer please?
#
# <details><summary>Answer</summary>The plain one: 0.07 against 2.02.</details>

# %%
labels = torch.from_numpy(q)
lazy = torch.full(q.shape, -4.0)  # "background", everywhere, quite sure
print(f"plain {logistic_loss(lazy, labels):.2f}   balanced {logistic_loss(lazy, labels, balanced=True):.2f}")

# %% [markdown]
# ## What 1/F' does
#
# The factor in front makes the loss a mean. Without it the loss, and with it the gradient, grows with the number of positions and with
# the batch, and the same learning rate takes steps hundreds of times as long. The length of the gradient at the first layer:
#
# **Predict, then run:** four pairs instead of one, without the factor. What does the length of the gradient do?
#
# <details><summary>Answer</summary>It grows, though not quite four times: the gradients of different pairs do not point the same way. With the factor it stays below 1.</details>

# %%
pairs = PairSampler([aircraft], settings, n, sampling=SamplingSettings(negatives=0, noise=0), seed=seed)
rows = []
for count in (1, 4, 16):
    batch = [torch.from_numpy(part) for part in pairs.batch(0, count)]
    for mean in (True, False):
        net.zero_grad()
        response = foreground(net.train()(*batch[:2])[0])
        logistic_loss(response, batch[2], mean=mean).backward()
        length = net.backbone.conv1[0].weight.grad.norm().item()
        rows.append({"pairs": count, "1/F'": "mean" if mean else "left out", "gradient": round(length, 2)})
pd.DataFrame(rows).pivot(index="pairs", columns="1/F'", values="gradient")

# %% [markdown]
# And forty steps of training with either, from the same weights on the same pairs (a narrow network; no gradient is shortened here). The
# loss is drawn for one position, so that the two can be compared:


# %%
def forty_steps(mean):
    narrow, seen = new_net(settings.replace(width=0.25), seed), []
    plan = TrainingSettings(
        iterations=40, batch=4, clip=1e9, loss_mean=mean, balanced=False, regression_weight=0, seed=seed
    )
    try:
        train(narrow, pairs, plan, progress=False, watch=lambda history: seen.append(history.loss.iloc[-1]))
    except FloatingPointError as error:
        print("without 1/F':" if not mean else "with it:", error)
    return np.array(seen) / (1 if mean else 4 * n * n)


# %%
figure, ax = style.new(width=5.5, height=3.0)
for mean, label in ((True, "mean: 1/F' = 1/|D|"), (False, "sum: 1/F' left out")):
    ax.semilogy(np.maximum(forty_steps(mean), 1e-6), label=label)
ax.set(xlabel="step, at learning rates from 0.05", ylabel="loss for one position")
ax.legend()
book.save_figure(figure, "factor")

# %% [markdown]
# The paper has a regression branch but no regression loss. We take SiamRPN's: smooth-L1 on the four offsets, positives only.
#
# ## Before and after learning
#
# One training pair, drawn as in training: the target is off centre, and the box is as loose as some annotators draw it. Left the
# scores of an untrained network, right those of the weights that come with this repository, drawn where the positions lie in the crop.

# %%
sampler = PairSampler([aircraft], settings, n, sampling=SamplingSettings(negatives=0, noise=0), seed=seed)
pair = sampler.draw(np.random.default_rng(seed))
figure, axes = style.new(1, 3, width=3.6, height=3.2)
figures.crop_box(axes[0], pair.search[0], [pair.truth], ["truth"], title="search crop, I")
losses = []
for ax, model, title in zip(axes[1:], (net, shipped), ("untrained", "trained")):
    with torch.no_grad():
        r_2m, r_4m = model.eval()(torch.from_numpy(pair.template)[None], torch.from_numpy(pair.search)[None])
    response = foreground(r_2m)
    losses.append(logistic_loss(response[0], torch.from_numpy(pair.labels), balanced=True).item())
    figures.score_map(ax, torch.sigmoid(response)[0, 0], title=f"{title}: P(target)", settings=settings)
book.save_figure(figure, "scores")

# %% tags=["nbval-check-output"]
print("learning lowered the loss of this pair:", losses[1] < losses[0])

# %% [markdown]
# The window can be moved, and the score follows the target. Where does it fail?

# %%
widgets.response_maps(shipped, aircraft)

# %% [markdown]
# ## The surface of the loss
#
# The loss of that one pair, classification and boxes, on a plane through the weights: two random directions, each filter of a direction as
# long as the network's own filter, so that a step of 1 replaces the weights by others of the same size. Training looks for
# low ground on such a surface, in a quarter of a million dimensions at once. The circle is where the network stands.

# %%
figure, axes = style.new(1, 2, width=4.4, height=3.7)
for ax, model, title in zip(axes, (net, shipped), ("untrained", "trained")):
    steps, surface = inspection.loss_surface(model, inspection.tensors(pair), np.random.default_rng(seed), n=13)
    learning.surface(ax, steps, surface)
    ax.set(title=title)
book.save_figure(figure, "surface")

# %% tags=["nbval-check-output"]
higher = (surface > surface[6, 6]).mean()
print(f"trained: {higher:.1f} of the surroundings lie higher than the middle")

# %% [markdown]
# Not all of them: training went down the mean over all pairs, and the lowest place of one pair lies beside it.

# %% [markdown]
# ## What to remember
#
# - Anchors turn a grid of numbers into boxes: offsets of 0 are the anchor itself.
# - Labels say which anchors are right; those in between are left out, and right and wrong ones weigh half each.
# - Eq. (11) pulls the scores of right ones up and of wrong ones down; smooth-L1 pulls the offsets to the truth.
# - The loss is a mean. Left out, the factor in front makes the same learning rate hundreds of times too large.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("04_match_and_learn")

# %% [markdown]
# **Exercises.**
#
# 1. Decode $d = (0, -0.5, 0, \ln 0.5)$ from the same anchor by hand.
# 2. Why is the best anchor always labelled positive, even below 0.5? Find a target size for which it matters.
# 3. What does the loss of eq. (11) do to a position that is already right by a wide margin?
# 4. Without 1/F', which learning rate would give the first step the length it has with it?

# %%
target = torch.from_numpy(pair.deltas)[None]
box_loss = regression_loss(r_4m.unflatten(1, (4, -1)), target, torch.from_numpy(pair.labels)[None] == 1)
book.save_json({"untrained": losses[0], "trained": losses[1], "box_loss_trained": box_loss.item()})
