"""Networks of the compared methods [8]-[11], [15], [16]: reconstructions in the frame of Siamese tracking, see `notes`.

All take the crops of the preset `paper` (template 127, search 255) and give one score map (B, 1, 17, 17) of stride 8: no
anchors and no box regression, for region selection is the paper's own. Each has the interface of a SiameseNet with
region=False, so that the same loop trains it and `PyramidTracker` tracks with it. Channels follow the width factor.
"""

from abc import ABC, abstractmethod
from typing import Literal

import torch
from pydantic import Field, model_validator
from torch import nn
from torch.nn import functional as F

from irtrack_core.config import NetworkSettings
from irtrack_core.experiments.compared.attention import ChannelSpatial, SelfAttention, SpatialAware, WeightedFusion
from irtrack_core.network.anchors import grid
from irtrack_core.network.layers import FUSED, PAPER, positions, scaled
from irtrack_core.network.siamese_net import Backbone, FeatureFusion, ScoreMap

HISTORY = 8  # states that ref9 looks back on


class ComparedSettings(NetworkSettings):
    """NetworkSettings of the preset `paper`, without region selection, for one of the compared methods."""

    method: Literal["ref8", "ref9", "ref10", "ref11", "ref15", "ref16"]
    region: Literal[False] = False
    visible: bool = Field(False, description="ref10: a crop's last channel is the true visible image")

    @model_validator(mode="after")
    def _usable(self):
        if self.preset != "paper":
            raise ValueError(f"the compared methods have the crops of the preset 'paper', not {self.preset!r}")
        if self.visible and self.method != "ref10":
            raise ValueError(f"visible=True: only ref10 has a stream for the visible image, not {self.method}")
        return self

    @property
    def planes(self):
        """Channels of a crop."""
        return len(self.inputs) + self.visible


class Compared(nn.Module, ABC):
    """What they have in common: `template` once, `search` for each frame, a correlation with learned gain."""

    def __init__(self, settings):
        super().__init__()
        self.settings = settings
        self.channels = scaled(FUSED["paper"], settings.width)
        self.score = ScoreMap()

    @abstractmethod
    def features(self, crop):  # (B, planes, 127, 127) or (B, planes, 255, 255)
        """Feature map (B, C, 6, 6) or (B, C, 22, 22)."""

    def template(self, crop):
        """What is kept of the template: a tuple of tensors (B, ...), the first of them the kernel."""
        return (self.features(crop),)

    def search(self, crop, kept):
        """(R_2, None): R_2 (B, 2, 17, 17), background fixed at 0 and the score z of every position."""
        return self.score.search(self.features(crop), kept)

    def forward(self, template, search):
        return self.search(search, self.template(template))

    def positions(self):
        """n, the positions along a side of the score map."""
        return positions(self.settings)


class Ref8(Compared):
    """[8] is a review without an algorithm. Stand-in: plain SiamFC, the last feature maps of both crops correlated."""

    def __init__(self, settings):
        super().__init__(settings)
        self.backbone = Backbone(settings)

    def features(self, crop):
        return self.backbone(crop)[-1]


class Ref9(Compared):
    """[9]: a spatial CNN stream, a temporal stream over past measurements (LSTM), fused by fully connected layers.

    The fusion gives a gate for every channel of the template, and a motion prior: a Gaussian hill over the response
    whose place, width and height it chooses. states (B, 8, 5): offset from the window's centre in window sides, ln of
    width and height over the given ones, peak of the response; oldest first.
    """

    def __init__(self, settings):
        super().__init__(settings)
        half = settings.replace(width=settings.width / 2)
        self.backbone = Backbone(half)
        channels = scaled(PAPER[-1][0], half.width)
        self.temporal = nn.LSTM(5, 64, batch_first=True)
        self.fuse = nn.Sequential(nn.Linear(channels + 64, 128), nn.ReLU(inplace=True))
        self.gate, self.prior = nn.Linear(128, channels), nn.Linear(128, 4)
        for layer in (self.gate, self.prior):  # starts with open gates and a hill in the middle
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def features(self, crop):
        return self.backbone(crop)[-1]

    def template(self, crop):
        """The kernel and a history (B, 8, 5) at rest in the window's centre, which the tracker replaces by the true one."""
        return self.features(crop), crop.new_zeros(len(crop), HISTORY, 5)

    def forward(self, template, search, states):
        return self.search(search, (self.features(template), states))

    def search(self, crop, kept):
        kernel, states = kept
        _, (memory, _) = self.temporal(states)
        fused = self.fuse(torch.cat([kernel.mean(dim=(2, 3)), memory[-1]], dim=1))  # (B, 128)
        gate = 2 * torch.sigmoid(self.gate(fused))[..., None, None]
        scores, _ = self.score.search(self.features(crop), (kernel * gate,))
        hill = self.hill(self.prior(fused), scores.shape[-1])
        return scores + torch.cat([torch.zeros_like(hill), hill], dim=1), None

    def hill(self, numbers, n):
        """The prior (B, 1, n, n) from four numbers: x, y in search sides, ln of the width over 0.15, height."""
        s = self.settings
        places = torch.as_tensor(grid(n, s.stride) / s.search_size, dtype=numbers.dtype, device=numbers.device)
        x, y, spread, height = numbers.split(1, dim=1)  # (B, 1) each
        width = 0.15 * torch.exp(spread.clamp(-2, 2))[..., None, None]
        square = (places[None, None, None, :] - x[..., None, None]) ** 2
        square = square + (places[None, None, :, None] - y[..., None, None]) ** 2
        return F.softplus(height)[..., None, None] * torch.exp(-square / (2 * width**2))


class Stage(nn.Module):
    """One stage of a stream: convolution and batch norm, a shortcut where residual, ReLU and pooling as the backbone."""

    def __init__(self, before, channels, kernel, stride, pool, *, residual, last):
        super().__init__()
        self.main = nn.Sequential(nn.Conv2d(before, channels, kernel, stride, bias=False), nn.BatchNorm2d(channels))
        self.skip = nn.Conv2d(before, channels, 1, stride, bias=False) if residual else None
        self.margin, self.pool, self.last = kernel // 2, pool, last

    def forward(self, x):
        y = self.main(x)
        if self.skip is not None:  # unpadded: the shortcut loses the same margin as the convolution
            m = self.margin
            y = y + self.skip(x[..., m:-m, m:-m])
        y = F.max_pool2d(y, 3, 2) if self.pool else y
        return y if self.last else F.relu(y)  # the last keeps its sign: correlation needs both


class Ref10(Compared):
    """[10]: three parallel streams fused from the bottom up: C_{s+1} = conv(concat(C_s, A_s, B_s)).

    A and B are residual streams on the infrared and the visible image, C takes in both at every stage. Without a visible
    image the gradient magnitude of the infrared crop stands in its place. A 1x1 convolution replaces the classifier.
    """

    def __init__(self, settings):
        super().__init__(settings)
        self.a, self.b, self.c = (nn.ModuleList() for _ in range(3))
        before, count = 0, len(PAPER)
        for index, (channels, *shape) in enumerate(PAPER):
            channels = scaled(channels, settings.width / 2)
            last = index == count - 1
            for stream, planes in ((self.a, len(settings.inputs)), (self.b, 1)):
                stream.append(Stage(before or planes, channels, *shape, residual=True, last=last))
            fused = 3 * before or len(settings.inputs) + 1
            self.c.append(Stage(fused, channels, *shape, residual=False, last=last))
            before = channels
        self.conv = nn.Conv2d(3 * before, self.channels, 1)
        sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
        self.register_buffer("sobel", torch.stack([sobel, sobel.T])[:, None], persistent=False)

    def second(self, infrared):
        """The stand-in for the visible image (B, 1, S, S): |gradient| of the first plane, standardised."""
        padded = F.pad(infrared[:, :1], (1, 1, 1, 1), mode="replicate")
        magnitude = F.conv2d(padded, self.sobel).pow(2).sum(dim=1, keepdim=True).add(1e-8).sqrt()
        return F.instance_norm(magnitude)

    def features(self, crop):
        if self.settings.visible:
            a, b = crop[:, :-1], crop[:, -1:]
        else:
            a, b = crop, self.second(crop)
        c = None
        for stage_a, stage_b, stage_c in zip(self.a, self.b, self.c, strict=True):
            c = stage_c(torch.cat([a, b] if c is None else [c, a, b], dim=1))
            a, b = stage_a(a), stage_b(b)
        return self.conv(torch.cat([c, a, b], dim=1))


class Ref11(Compared):
    """[11], the one tracker among the four: last three layers fused, a spatial-aware template, self-attention on both
    branches, and the responses with and without attention fused by learned weights."""

    def __init__(self, settings):
        super().__init__(settings)
        self.backbone, self.fusion = Backbone(settings), FeatureFusion(settings)
        self.aware = SpatialAware(self.channels, settings.width)
        self.attention = SelfAttention(self.channels)
        self.share = nn.Parameter(torch.tensor([0.5, 0.5]))

    def features(self, crop):
        return self.fusion(self.backbone(crop))

    def template(self, crop):
        near = self.aware(self.features(crop))
        return near, self.attention(near)

    def search(self, crop, kept):
        feature = self.features(crop)
        near, _ = self.score.search(feature, kept[:1])
        everywhere, _ = self.score.search(self.attention(feature), kept[1:])
        return self.share[0] * near + self.share[1] * everywhere, None


class Ref15(Compared):
    """[15]: a Siamese network with several attention maps. SiamFC with channel and spatial attention on both branches."""

    def __init__(self, settings):
        super().__init__(settings)
        self.backbone, self.attention = Backbone(settings), ChannelSpatial(self.channels)

    def features(self, crop):
        return self.attention(self.backbone(crop)[-1])


class Ref16(Compared):
    """[16]: a feature-fusion Siamese network. SiamFC on the last three layers, added with one learned weight each."""

    def __init__(self, settings):
        super().__init__(settings)
        self.backbone = Backbone(settings)
        self.fusion = WeightedFusion([scaled(row[0], settings.width) for row in PAPER[2:]], self.channels)

    def features(self, crop):
        return self.fusion(self.backbone(crop))


NETS = {"ref8": Ref8, "ref9": Ref9, "ref10": Ref10, "ref11": Ref11, "ref15": Ref15, "ref16": Ref16}


def build(settings: ComparedSettings, seed=0):
    """The network of `settings.method` with weights drawn from `seed` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NETS[settings.method](settings)
