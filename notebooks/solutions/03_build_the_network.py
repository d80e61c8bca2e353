# %% [markdown]
# # Solutions to the exercises of 03 · Build the network
#
# ## 1
# The pools bring conv3 and conv4 to the size of conv5, cell upon cell. A stride of 2 would halve them: the cells of the three stages would no longer lie on each other, and could not be stacked (5).
#
# ## 2

# %%
from irtrack_core.config import network_preset
from irtrack_core.network.siamese_net import SiameseNet

settings = network_preset("paper")
whole, bare = (
    sum(p.numel() for p in SiameseNet(one).parameters()) for one in (settings, settings.replace(fusion=False))
)
print(f"{whole:,} with fusion, {bare:,} without: {whole - bare:,} fewer, {100 * (whole - bare) / whole:.0f} %")
assert bare < whole

# %% [markdown]
# ## 3
# With padding, features near the border are computed from invented zeros. They differ from those of the same target in the middle, so the score depends on where it stands: the network learns to prefer the
# middle, and the target is missed when it moves.
#
# ## 4
# Adaptive pooling divides the map of conv3 into as many windows as conv5 has cells, from border to border. The cells of conv5, made without padding, look only at the middle part: a pooled cell of the border looks at pixels that the cell of conv5 below it
# does not see. `centred` takes the windows round the very places of conv5's cells.
