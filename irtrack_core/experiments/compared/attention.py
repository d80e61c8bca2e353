"""Parts of the compared networks: the attention of [11] and [15], and the fusion of [16]."""

import torch
from torch import nn
from torch.nn import functional as F

from irtrack_core.network.layers import scaled
from irtrack_core.network.siamese_net import FeatureFusion

LOCALISER = 20  # channels of ref11's localisation network, at full width


class SpatialAware(nn.Module):
    """Spatial transformer, then channel attention, on a template feature (B, C, 6, 6).

    Localiser: pool 2, conv 5x5 to 20, pool 2, conv 5x5 to 20 (padded by 2, or the 6 x 6 map would be used up), FC 50, six
    numbers of an affine map that starts as the identity. Attention: squeeze and excitation, reduction 16.
    """

    def __init__(self, channels, width):
        super().__init__()
        few = scaled(LOCALISER, width)
        self.localiser = nn.Sequential(
            nn.MaxPool2d(2), nn.Conv2d(channels, few, 5, padding=2), nn.ReLU(inplace=True),
            nn.MaxPool2d(2), nn.Conv2d(few, few, 5, padding=2), nn.ReLU(inplace=True), nn.Flatten(),
            nn.Linear(few, 50), nn.ReLU(inplace=True), nn.Linear(50, 6),
        )  # fmt: skip
        nn.init.zeros_(self.localiser[-1].weight)
        self.localiser[-1].bias.data.copy_(torch.tensor([1.0, 0, 0, 0, 1, 0]))
        squeezed = max(4, channels // 16)
        self.excite = nn.Sequential(
            nn.Linear(channels, squeezed), nn.ReLU(inplace=True), nn.Linear(squeezed, channels), nn.Sigmoid()
        )

    def forward(self, feature):
        theta = self.localiser(feature).view(-1, 2, 3)
        places = F.affine_grid(theta, feature.shape, align_corners=False)
        feature = F.grid_sample(feature, places, padding_mode="border", align_corners=False)
        return feature * self.excite(feature.mean(dim=(2, 3)))[..., None, None]


class SelfAttention(nn.Module):
    """Non-local block, x + gamma attention(x) with gamma = 0 at the start: it may learn to look everywhere."""

    def __init__(self, channels):
        super().__init__()
        inner = max(1, channels // 8)
        self.query, self.key = nn.Conv2d(channels, inner, 1), nn.Conv2d(channels, inner, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        query, key, value = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))  # (B, c, H W)
        weight = torch.softmax(query.transpose(1, 2) @ key, dim=-1)  # (B, H W, H W), rows sum to 1
        return x + self.gamma * (value @ weight.transpose(1, 2)).view_as(x)


class ChannelSpatial(nn.Module):
    """Channel attention, then spatial attention: gates from 0 to 2, which start at 1, so that the features start as they are.

    Channels: mean and largest value of each through two shared layers, reduction 16. Places: mean and largest value over the
    channels through a 3x3 convolution, less its mean over the map: places are weighed against each other. Without that the
    first steps at the paper's rate close all gates at once, for a response of 0 has a smaller loss than that of random
    weights, and closed gates do not learn.
    """

    def __init__(self, channels):
        super().__init__()
        squeezed = max(4, channels // 16)
        self.channel = nn.Sequential(
            nn.Linear(channels, squeezed), nn.ReLU(inplace=True), nn.Linear(squeezed, channels)
        )
        self.place = nn.Conv2d(2, 1, 3, padding=1, bias=False)
        for parameter in (*self.channel[-1].parameters(), self.place.weight):
            nn.init.zeros_(parameter)

    def forward(self, feature):
        seen = self.channel(feature.mean(dim=(2, 3))) + self.channel(feature.amax(dim=(2, 3)))
        feature = feature * (2 * torch.sigmoid(seen))[..., None, None]
        seen = torch.stack([feature.mean(dim=1), feature.amax(dim=1)], dim=1)
        seen = self.place(seen)
        return feature * (2 * torch.sigmoid(seen - seen.mean(dim=(2, 3), keepdim=True)))


class WeightedFusion(nn.Module):
    """Three maps, pooled as by eq. (5), each through a 1x1 convolution and batch norm, added with weights that sum to 1.

    before: their channels. The weights are a softmax of three learned numbers, which start equal.
    """

    def __init__(self, before, channels):
        super().__init__()
        self.reduce = nn.ModuleList(
            nn.Sequential(nn.Conv2d(count, channels, 1, bias=False), nn.BatchNorm2d(channels)) for count in before
        )
        self.weights = nn.Parameter(torch.zeros(len(before)))

    def forward(self, maps):
        pooled = [F.max_pool2d(f, k, stride=1) for f, k in zip(maps, FeatureFusion.POOL, strict=True)]
        parts = [layer(f) for layer, f in zip(self.reduce, pooled, strict=True)]
        return sum(share * part for share, part in zip(torch.softmax(self.weights, dim=0), parts))
