# %% [markdown]
# # 03 · Build the network
#
# The filter of notebook 02 makes a target visible; the network has to *recognise* it from frame to frame. It looks at two
# crops: the **template**, cut once round the given box, and the **search region**, cut from every new frame. Both pass the same
# layers (hence *Siamese*), and where their features agree, there is the target.
#
# **You will** build the improved Siamese network, follow the shape of every tensor, and check the two new modules by hand:
# feature fusion (eqs. 5-7) and region selection (eqs. 8-9).
# **You need** notebook 02, and an idea of what a convolution is. **Run time:** about 20 seconds.
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
profile: str = "quick"  # quick | full
seed: int = 0  # of the untrained weights
preset: str = "paper"  # paper | compact

# %%
import torch

from irtrack_core import workbook
from irtrack_core.config import network_preset
from irtrack_core.figures import network as figures
from irtrack_core.figures import style
from irtrack_core.network import FeatureFusion, RegionSelection, SiameseNet, cross_correlation, shapes
from irtrack_core.training import new_net

book = workbook.start("03_build_the_network", profile=profile, seed=seed, preset=preset)
settings = network_preset(preset)

# %% [markdown]
# ## The whole network
#
# The picture is drawn from the live network: each label is the shape of a tensor that really passed through it,
# channels × height × width. Blue: the maps that are fused. Green and violet: the two branches of region selection.

# %%
net = new_net(settings, seed)
figure, axes = style.new(width=10.5, height=4.4)
figures.structure(axes, shapes(net), f"The improved Siamese network, preset {preset} (the paper's Fig. 1)")
book.save_figure(figure, "structure")

# %% [markdown]
# The paper names no backbone. Its description fits the one most Siamese trackers of its time use: AlexNet *without padding*,
# because padding would tell the network where the border is, and the score would then depend on where the target stands.

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
# Pooling by hand, on one channel of a 3×3 map, with a 3×3 window: one number is left, the largest.

# %% tags=["nbval-check-output"]
f = torch.tensor([[[[1.0, 5.0, 2.0], [0.0, 3.0, 4.0], [2.0, 2.0, 9.0]]]])
print("pooled:", torch.nn.functional.max_pool2d(f, 3, stride=1).item())

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
# The code divides by $\sqrt{\text{terms}} = \sqrt{4} = 2$ so that scores start near unit size.

# %% tags=["nbval-check-output"]
y = torch.tensor([[[[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [2.0, 0.0, 1.0]]]])
x = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])
print(2 * cross_correlation(y, x)[0, 0])

# %% [markdown]
# "Up-channel" means: before the correlation, a 3×3 convolution raises the *template's* channels from $C$ to $2m\,C$ and
# $4m\,C$. It then acts as $2m$ (or $4m$) different kernels at once: for each of $m$ anchors, one for background and one for
# target, and four for the box.

# %%
workbook.show_source(RegionSelection)

# %% [markdown]
# ## How large is it?

# %% tags=["nbval-check-output"]
for name in ("paper", "compact"):
    parts = dict(SiameseNet(network_preset(name)).named_children())
    counts = {part: sum(p.numel() for p in module.parameters()) for part, module in parts.items()}
    print(f"{name:8}", counts, "total", sum(counts.values()))

# %% [markdown]
# Most of the preset `paper` sits in $\gamma_1$ and $\gamma_2$: 30 kernels of 256 channels, made by 3×3 convolutions. The preset
# `compact` keeps every module and fits the *targets*: stride 4 instead of 8, because a target of 16 crop pixels would fill only two
# cells at stride 8; a crop of 95 pixels instead of 255; and one anchor, the given box itself.
#
# ## Try it
#
# Move the sliders: at which template size does nothing remain of conv5? What does `width` change, and what not?

# %%
from irtrack_core import widgets

widgets.network_shapes()

# %% [markdown]
# ## Summary
#
# Three maps of different depth are pooled to one size, normalised, stacked and mixed; two pairs of convolutions turn template
# and search features into class scores and box offsets for $m$ anchors at each of $n \times n$ positions.
#
# **Exercises.** 1. Why must the pools have stride 1? 2. With `fusion=False` only conv5 is used; how many parameters does that
# save? 3. Derive the 17 positions of the preset `paper` from 127 and 255. 4. What would padding change for a target at the
# border of the search crop?

# %%
rows = [(name, *map(str, (template, search))) for name, template, search in shapes(net)]
book.save_json({"preset": preset, "shapes": rows, "parameters": sum(p.numel() for p in net.parameters())})
