# %% [markdown]
# # 03 · Build the network
#
# The filter of notebook 02 makes a target visible; the network has to *recognise* it from frame to frame. It looks at two
# crops: the **template**, cut once round the given box, and the **search region**, cut from every new frame. Both pass the same
# layers (hence *Siamese*), and where their features agree, there is the target.
#
# **You will** build the improved Siamese network, follow the shape of every tensor, check the two new modules by hand, feature
# fusion (eqs. 5-7) and region selection (eqs. 8-9), see what each stage makes of a target, and work out how far the network
# sees and what it costs. **You need** notebook 02, and what a tensor, a
# convolution, a gradient and a normalisation are: [the primer](30_neural_networks.ipynb) takes half an hour. **To study:** about 45 minutes. **Run time:** about 30 seconds.
#
# | Symbol | Meaning |
# |---|---|
# | $x$, $y$ | template crop, search crop |
# | $f_{conv3}, f_{conv4}, f_{conv5}$ | the last three feature maps |
# | $F'$ | fused feature map |
# | $\gamma_1, \gamma_2$ | learned convolutions of the class and the box branch |
# | $m$ | number of anchors at one position |
# | $R_{2m}, R_{4m}$ | class scores, box offsets |

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of the untrained weights
preset: str = "paper"  # paper | compact

# %%
import pandas as pd
import torch

from irtrack_core import datasets, widgets, workbook
from irtrack_core.config import network_preset
from irtrack_core.figures import network as figures
from irtrack_core.figures import style
from irtrack_core.network.layers import positions
from irtrack_core.network.receptive_field import reach, search_macs
from irtrack_core.network.siamese_net import FeatureFusion, RegionSelection, SiameseNet, cross_correlation, shapes
from irtrack_core.network.weights import SHIPPED, load_weights
from irtrack_core.training import inspection
from irtrack_core.training.loop import new_net
from irtrack_core.training.sampling import template_side

book = workbook.start("03_build_the_network", profile=profile, seed=seed, preset=preset)
settings = network_preset(preset)

# %% [markdown]
# ## The whole network
#
# The picture is drawn from the live network: each label is the shape of a tensor that really passed through it,
# channels × height × width. Blue: the maps that are fused. Green and violet: the two branches of region selection.

# %%
net = new_net(settings, seed)
figure, axes = style.new(width=11.5, height=5)
figures.structure(axes, shapes(net), f"The improved Siamese network, preset {preset} (the paper's Fig. 1)")
book.save_figure(figure, "structure")

# %% [markdown]
# The paper names no backbone. Its description fits the one most Siamese trackers of its time use: AlexNet *without padding*,
# because padding would tell the network where the border is, and the score would then depend on where the target stands.
#
# **Predict, then run:** the last maps are 4 × 4 of the template and 20 × 20 of the search crop. At how many places can the one lie on the other?
#
# <details><summary>Answer</summary>17 × 17: 20 − 4 + 1 in each direction.</details>

# %% tags=["nbval-check-output"]
for name, template, search in shapes(SiameseNet(network_preset("paper"))):
    print(f"{name:9} {'×'.join(map(str, template or ['-'])):>12} {'×'.join(map(str, search)):>12}")

# %% [markdown]
# ## Feature fusion, eqs. (5)-(7)
#
# A shallow map knows *where* an edge is, a deep one knows *what* it belongs to. Each 3×3 convolution without padding makes a
# map 2 cells narrower, so conv3, conv4, conv5 are 10, 8, 6 cells wide. The paper pools the shallow maps "to the deep layer's
# resolution": a 5×5 pool with stride 1 takes 10 to 6, a 3×3 pool takes 8 to 6.

# %%
workbook.show_source(FeatureFusion)

# %%
with torch.no_grad():
    crop = torch.randn(1, len(settings.inputs), settings.template_size, settings.template_size)
    maps = net.backbone(crop)
    pooled = net.fusion.pool(maps)

# %%
for before, after in zip(maps, pooled):
    print(tuple(before.shape[1:]), "->", tuple(after.shape[1:]))

# %% [markdown]
# Now by hand, with one channel: conv4 is a 3×3 map, conv5 has a single cell. The 3×3 pool leaves conv4's largest number, 9. Batch
# norm, eq. (6), subtracts the stored mean and divides by the stored deviation; let conv4's be 5 and 2, conv5's 0 and 1. The 1×1
# convolution, eq. (7), weighs the two; let the weights be 3 and −1, the bias 0.5:
#
# $$F' = 3 \cdot \frac{9 - 5}{2} - 1 \cdot \frac{4 - 0}{1} + 0.5 = 2.5$$
#
# **Predict, then run:** let conv4's deviation be 4 and not 2. What is F'?
#
# <details><summary>Answer</summary>−0.5: 3 · (9 − 5)/4 − 4 + 0.5.</details>

# %% tags=["nbval-check-output"]
conv4 = torch.tensor([[[[1.0, 5.0, 2.0], [0.0, 3.0, 4.0], [2.0, 2.0, 9.0]]]])
conv5 = torch.tensor([[[[4.0]]]])
pooled = torch.nn.functional.max_pool2d(conv4, 3, stride=1)
normal = torch.cat([(pooled - 5) / 2, (conv5 - 0) / 1], dim=1)
fused = torch.nn.functional.conv2d(normal, torch.tensor([3.0, -1.0]).reshape(1, 2, 1, 1), torch.tensor([0.5]))
print("pooled", pooled.item(), " normalised", normal.flatten().tolist(), " F'", fused.item())

# %% [markdown]
# And the module itself, given those statistics and weights. Its maps have four channels at least; only the first counts here, and
# conv3 has the weight 0.

# %%
module = FeatureFusion(network_preset("paper", width=0.001)).eval()
for bn, mean, deviation in zip(module.bn, (0, 5, 0), (1, 2, 1)):
    bn.running_mean.fill_(mean)
    bn.running_var.fill_(deviation**2 - bn.eps)
with torch.no_grad():
    module.conv.weight.zero_()
    module.conv.weight[0, [4, 8]] = torch.tensor([[[3.0]], [[-1.0]]])  # the first channel of conv4, of conv5
    module.conv.bias.fill_(0.5)

# %% tags=["nbval-check-output"]
maps_by_hand = [f.expand(1, 4, -1, -1) for f in (torch.zeros(1, 1, 5, 5), conv4, conv5)]
print("F' of FeatureFusion:", round(module(maps_by_hand)[0, 0].item(), 4))

# %% [markdown]
# ## Region selection, eqs. (8)-(9)
#
# The dot in $R_{2m} = [\gamma_1(x)] \cdot [\gamma_1(y)]$ is a cross-correlation: the template's features slide over the search
# features, and each position gets the sum of products. First by hand, one channel, a 2×2 template on a 3×3 search map:
#
# $$y = \begin{pmatrix} 1 & 2 & 0 \\ 0 & 1 & 3 \\ 2 & 0 & 1 \end{pmatrix}, \quad
# x = \begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}, \quad
# R = \begin{pmatrix} 1 + 1 & 2 + 3 \\ 0 + 0 & 1 + 1 \end{pmatrix}$$
#
# The code divides by $\sqrt{\text{terms}} = \sqrt{4} = 2$ so that scores start near unit size; `scale=False` leaves that out.

# %% tags=["nbval-check-output"]
y = torch.tensor([[[[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [2.0, 0.0, 1.0]]]])
x = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])
print("R          ", cross_correlation(y, x, scale=False)[0, 0].tolist())
print("R / sqrt(4)", cross_correlation(y, x)[0, 0].tolist())

# %% [markdown]
# "Up-channel" means: before the correlation, a 3×3 convolution raises the *template's* channels from $C$ to $2m\,C$ and
# $4m\,C$. It then acts as $2m$ (or $4m$) different kernels at once: for each of $m$ anchors, one for background and one for
# target, and four for the box.

# %%
workbook.show_source(RegionSelection)

# %% [markdown]
# ## How large is it, and how far does it see?
#
# A cell of a map looks at a square of the crop, its **receptive field**; neighbouring cells look at squares one **stride** apart. Both
# follow from kernels and strides alone. One correlation compares the template with a part of the search crop that is exactly as
# large as the template crop: R of the preset `paper` sees 127 pixels. The head of `compact` has a convolution after the
# correlation, which adds a cell on either side.

# %% tags=["nbval-check-output"]
for name in ("paper", "compact"):
    print(
        f"{name:8}", ", ".join(f"{k}: {r.field}/{r.stride}" for k, r in reach(SiameseNet(network_preset(name))).items())
    )

# %% [markdown]
# The price of a frame is what the search branch multiplies; the template's branch runs once a target. The budget of the preset
# `compact` is 45 million multiplications, which one CPU core does about a thousand times a second.

# %% tags=["nbval-check-output"]
for name in ("paper", "compact"):
    model = SiameseNet(network_preset(name))
    cost, numbers = search_macs(model), sum(p.numel() for p in model.parameters())
    shares = ", ".join(f"{part} {100 * v / sum(cost.values()):.0f} %" for part, v in cost.items())
    print(
        f"{name}: {numbers / 1e6:.2f} M parameters, {sum(cost.values()) / 1e6:.0f} M multiplications a frame\n  {shares}"
    )

# %% [markdown]
# Most parameters of the preset `paper` sit in $\gamma_1$ and $\gamma_2$ (30 kernels of 256 channels), most multiplications in conv2.
#
# ## A network for small targets
#
# The preset `compact` keeps every module and is laid out from the targets. What a target of a given size becomes in either preset:


# %%
def seen(preset, size):
    s = network_preset(preset)
    zoom = s.template_size / template_side((size, size), s)
    cells, window = size * zoom / s.stride, s.search_size / zoom
    room = (positions(s) - 1) / 2 * s.stride / zoom  # from the crop's centre to the outermost position
    return {
        "preset": preset,
        "target, px": size,
        "cells wide": cells,
        "search window, px": window,
        "may move, px": room,
    }


pd.DataFrame([seen(p, size) for p in ("paper", "compact") for size in (3, 6, 12, 24)]).round(1)

# %% [markdown]
# - *Window and motion*: the search crop follows the target's size, but never below a floor in frame pixels: a target of 3 px would
#   else have no room to move.
# - *Scale and stride*: the paper's crop shows a target 64 crop pixels wide, eight cells (less where the floor holds the window); a
#   target of a few samples has no more to tell than those. Here a target fills about four cells of stride 4.
# - *Anchors*: one, the given box itself, in place of five of a fixed size. The network learns how the target differs from the
#   box it was given, and keeps the annotator's convention.
# - *Head*: the correlation channel by channel, with a small tower of convolutions after it for scores and offsets (`head="depthwise"`),
#   in place of the many kernels of the up-channel head: fewer parameters, and offsets that may depend on how the maps peak.
#
# ## What the stages hold
#
# Trained weights, the preset `compact`, a simulated aircraft eight frames after the template was cut: the six channels of each stage
# that vary most over the search crop. Whether the fused map F' tracks better than conv5 alone is measured in notebook 14.

# %%
aircraft = datasets.load("sim-aircraft", frames=12)[2]
trained = load_weights(SHIPPED / "compact.safetensors")
template, search, *_ = inspection.crops(aircraft, trained.settings, frame=8)
maps = inspection.layers(trained, template, search)
names = ("crop", "conv1", "conv3", "conv5", "F'")
figure = figures.map_grid([maps[name][1] for name in names], names)
book.save_figure(figure, "stages")

# %% [markdown]
# Any stage, channel and frame:

# %%
widgets.feature_maps(trained, aircraft)

# %% [markdown]
# ## Try other sizes
#
# Move the sliders: at which template size does nothing remain of conv5? What does `width` change, and what not?

# %%
widgets.network_shapes()

# %% [markdown]
# ## What to remember
#
# - Template and search crop pass the same layers; the template's features slide over the others, and where they agree is the target.
# - Fusion: three maps of different depth are pooled to one size, normalised, stacked and mixed.
# - Region selection: two correlations give scores and box offsets for $m$ anchors at each of $n \times n$ positions.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("03_build_the_network")

# %% [markdown]
# **Exercises.**
#
# 1. Why must the pools have stride 1?
# 2. With `fusion=False` only conv5 is used; how many parameters does that save?
# 3. What would padding change for a target at the border of the search crop?
# 4. Take `fusion_pool="adaptive"`: which cells does a pooled cell of conv3 then look at?

# %%
rows = [(name, *map(str, (template, search))) for name, template, search in shapes(net)]
book.save_json({"preset": preset, "shapes": rows, "parameters": sum(p.numel() for p in net.parameters())})
