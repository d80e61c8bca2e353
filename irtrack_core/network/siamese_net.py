"""The improved Siamese network, eqs. (5)-(9): five convolutions, feature fusion, region selection.

Reading guide: `SiameseNet.forward` is the whole network in four lines. Sizes in the comments are those of the preset
`paper` (template 127, search 255) and, after the bar, of `compact` (template 47, search 95).
"""

from contextlib import contextmanager

import torch
from torch import nn
from torch.nn import functional as F

from irtrack_core.config import NetworkSettings
from irtrack_core.network.distance_head import DistanceSelection, depthwise_correlation
from irtrack_core.network.layers import FUSED, LAYERS, positions, scaled


class Backbone(nn.Module):
    """Five unpadded convolutions with ReLU and pooling; gives the last three maps, the "shallow features" of eq. (5)."""

    def __init__(self, settings: NetworkSettings):
        super().__init__()
        stages, before = [], len(settings.inputs)
        for index, (channels, kernel, stride, pool) in enumerate(LAYERS[settings.preset]):
            channels, norm = scaled(channels, settings.width), settings.backbone_norm
            layers = [nn.Conv2d(before, channels, kernel, stride, bias=not norm)]
            layers += [nn.BatchNorm2d(channels)] if norm else []
            # pooled first: the same values and gradients to the bit, with a quarter of the ReLU's work
            layers += [nn.MaxPool2d(3, 2)] if pool else []
            layers += [nn.ReLU(inplace=True)] if index < 4 or settings.conv5_relu else []
            stages.append(nn.Sequential(*layers))
            before = channels
        self.conv1, self.conv2, self.conv3, self.conv4, self.conv5 = stages

    def forward(self, image):  # (B, inputs, 127, 127) or (B, inputs, 255, 255)
        shallow = self.conv2(self.conv1(image))  # (B, 256, 12, 12), (B, 256, 28, 28)
        conv3 = self.conv3(shallow)  # (B, 384, 10, 10), (B, 384, 26, 26) | (B, 48, 9, 9), (B, 48, 21, 21)
        conv4 = self.conv4(conv3)  # (B, 384, 8, 8), (B, 384, 24, 24) | (B, 48, 7, 7), (B, 48, 19, 19)
        conv5 = self.conv5(conv4)  # (B, 256, 6, 6), (B, 256, 22, 22) | (B, 48, 5, 5), (B, 48, 17, 17)
        return conv3, conv4, conv5


class FeatureFusion(nn.Module):
    r"""Feature fusion, eqs. (5)-(7): three maps pooled to the size of the deepest, normalised, concatenated, and mixed.

    .. math::
        p(f) &= \{p(f_{conv3}), p(f_{conv4}), p(f_{conv5})\} \quad (5) \\
        F_{fusion} &= \mathrm{concat}[\mathrm{bn}(p(f))] \quad (6) \\
        F' &= \mathrm{conv}(F_{fusion}) \quad (7)

    Each 3x3 convolution without padding takes 2 from a map's width, so that a 5x5 pool of stride 1 on conv3 and a 3x3 one
    on conv4 make all three equal, and leave every cell centred where it was. Shared by both branches.
    """

    POOL = (5, 3, 1)  # for conv3, conv4, conv5

    def __init__(self, settings: NetworkSettings):
        super().__init__()
        channels = [scaled(row[0], settings.width) for row in LAYERS[settings.preset][2:]]
        first = 0 if settings.fusion else 2  # without fusion: conv5 alone
        self.levels = range(first, 3)
        self.bn = nn.ModuleList(nn.BatchNorm2d(channels[level]) for level in self.levels)
        out = scaled(FUSED[settings.preset], settings.width)
        self.conv = nn.Conv2d(sum(channels[level] for level in self.levels), out, settings.fusion_kernel)
        self.adaptive = settings.fusion_pool == "adaptive"

    def pool(self, maps):
        """Three maps of conv5's height and width, eq. (5), of conv3, conv4 and conv5."""
        if self.adaptive:
            return [F.adaptive_max_pool2d(f, maps[-1].shape[-2:]) for f in maps]
        # the maximum of a square is that of its rows' maxima: the same numbers with 10 instead of 25 comparisons
        pooled = [F.max_pool2d(f, (1, k), stride=1) if k > 1 else f for f, k in zip(maps, self.POOL, strict=True)]
        return [F.max_pool2d(f, (k, 1), stride=1) if k > 1 else f for f, k in zip(pooled, self.POOL, strict=True)]

    def stack(self, maps):
        """The pooled maps normalised and concatenated, eqs. (5), (6)."""
        pooled = self.pool(maps)  # (5): 3 x (B, C_i, 6, 6) or (22, 22) | (5, 5) or (17, 17)
        return torch.cat([bn(pooled[level]) for bn, level in zip(self.bn, self.levels, strict=True)], dim=1)

    def forward(self, maps):
        """F' of eq. (7), (B, C, 6, 6) or (B, C, 22, 22)."""
        return self.conv(self.stack(maps))  # (6) 1024 -> (7) 256 channels | 144 -> 48


def cross_correlation(search, kernel, *, scale=True):
    r"""The product of eqs. (8), (9), (B, K, H-h+1, W-w+1): each sample's kernels correlated with its search features.

    search (B, C, H, W), kernel (B, K*C, h, w). scale: divide by :math:`\sqrt{C h w}`, the root of the number of terms, so
    that untrained scores are near 1 at every width (the paper does not say; it is a constant factor).
    """
    batch, channels, height, width = search.shape
    k_height, k_width = kernel.shape[-2:]
    kernel = kernel.reshape(-1, channels, k_height, k_width)  # (B*K, C, h, w)
    if batch == 1:  # no size is written into an exported graph, which so takes crops of any
        scores = F.conv2d(search, kernel)
    else:
        scores = F.conv2d(search.reshape(1, batch * channels, height, width), kernel, groups=batch)
        scores = scores.reshape(batch, -1, *scores.shape[-2:])
    return scores / (channels * k_height * k_width) ** 0.5 if scale else scores


class RegionSelection(nn.Module):
    r"""Region selection, eqs. (8), (9): up-channel cross-correlation with m anchors, as in SiamRPN.

    .. math:: R_{2m} = \gamma_1(x) \cdot \gamma_1(y), \qquad R_{4m} = \gamma_2(x) \cdot \gamma_2(y)

    x is the template, y the search region; each gamma is a learned 3x3 convolution. On the template's side it raises C
    channels to 2m C (classification: background, foreground) and 4m C (regression: dx, dy, dw, dh); on the search side the
    count stays.
    """

    def __init__(self, channels, m, *, scale=True):
        super().__init__()
        self.scale = scale
        self.gamma1_x = nn.Conv2d(channels, 2 * m * channels, 3)
        self.gamma1_y = nn.Conv2d(channels, channels, 3)
        self.gamma2_x = nn.Conv2d(channels, 4 * m * channels, 3)
        self.gamma2_y = nn.Conv2d(channels, channels, 3)

    def template(self, feature):  # (B, C, 6, 6) | (B, C, 5, 5)
        """The kernels of both branches: (B, 2m C, 4, 4), (B, 4m C, 4, 4). Constant while a target is tracked."""
        return self.gamma1_x(feature), self.gamma2_x(feature)

    def search(self, feature, kernels):  # (B, C, 22, 22) | (B, C, 17, 17)
        """R_2m (B, 2m, 17, 17) and R_4m (B, 4m, 17, 17) | (B, 2m, 13, 13) and (B, 4m, 13, 13)."""
        r_2m = cross_correlation(self.gamma1_y(feature), kernels[0], scale=self.scale)  # (8)
        r_4m = cross_correlation(self.gamma2_y(feature), kernels[1], scale=self.scale)  # (9)
        return r_2m, r_4m


class ScoreMap(nn.Module):
    r"""A score map without region selection, for the ablation: :math:`z = a\, (F'(x) \cdot F'(y)) + b`, as in SiamFC.

    One score a position and no box: `trackers.pyramid` finds the size by a pyramid of scales.
    """

    def __init__(self, *, scale=True):
        super().__init__()
        self.scale = scale
        self.a = nn.Parameter(torch.ones(1))
        self.b = nn.Parameter(torch.zeros(1))

    def template(self, feature):
        """The kernel, which is the feature itself."""
        return (feature,)

    def search(self, feature, kernels):
        """(R_2, None): background fixed at 0, foreground z, so that `foreground` gives z; no offsets."""
        z = self.a * cross_correlation(feature, kernels[0], scale=self.scale) + self.b  # (B, 1, n, n)
        return torch.cat([torch.zeros_like(z), z], dim=1), None


class DepthwiseSelection(nn.Module):
    r"""Region selection by depthwise correlation, as in SiamRPN++: C maps, then convolutions to scores and offsets.

    The up-channel head is linear in the products; here a ReLU follows the correlation, so that an offset may depend on the
    shape of its peak. One pair of gammas serves both branches.
    """

    def __init__(self, channels, m):
        super().__init__()
        self.gamma_x = nn.Conv2d(channels, channels, 3)
        self.gamma_y = nn.Conv2d(channels, channels, 3)
        self.bn = nn.BatchNorm2d(channels)
        self.classify = self._tower(channels, 2 * m)
        self.regress = self._tower(channels, 4 * m)

    @staticmethod
    def _tower(channels, out):
        return nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, out, 1),
        )

    def template(self, feature):  # (B, C, 5, 5)
        """The kernel of both branches: (B, C, 3, 3)."""
        return (self.gamma_x(feature),)

    def search(self, feature, kernels):  # (B, C, 17, 17)
        """R_2m (B, 2m, 13, 13) and R_4m (B, 4m, 13, 13)."""
        maps = self.bn(depthwise_correlation(self.gamma_y(feature), kernels[0]))  # (B, C, 13, 13)
        return self.classify(maps), self.regress(maps)


class SiameseNet(nn.Module):
    """The network: backbone and feature fusion, shared by both branches, and region selection."""

    def __init__(self, settings: NetworkSettings):
        super().__init__()
        self.settings = settings
        self.backbone = Backbone(settings)
        self.fusion = FeatureFusion(settings)
        channels, scale = scaled(FUSED[settings.preset], settings.width), settings.correlation_scale
        if not settings.region:
            self.region = ScoreMap(scale=scale)
        elif settings.head == "fcpp":
            self.region = DistanceSelection(channels)
        elif settings.head == "depthwise":
            self.region = DepthwiseSelection(channels, settings.m)
        else:
            self.region = RegionSelection(channels, settings.m, scale=scale)

    def features(self, crop):
        """F' of eq. (7) for a crop (B, inputs, S, S). Raises ValueError for a wrong number of channels."""
        if crop.ndim != 4 or crop.shape[1] != len(self.settings.inputs):
            raise ValueError(
                f"a crop must have shape (B, {len(self.settings.inputs)}, S, S), one channel each for "
                f"{self.settings.inputs}; got {tuple(crop.shape)}"
            )
        return self.fusion(self.backbone(crop))

    def template(self, crop):
        """The two kernels of a template crop (B, inputs, template_size, template_size)."""
        return self.region.template(self.features(crop))

    def search(self, crop, kernels):
        """(R_2m, R_4m) of a search crop (B, inputs, search_size, search_size)."""
        return self.region.search(self.features(crop), kernels)

    def forward(self, template, search):
        """(R_2m, R_4m): (B, 2m, n, n) and (B, 4m, n, n). Channel order: background then foreground, m anchors each;
        dx, dy, dw, dh, m anchors each. Without region selection R_4m is None."""
        return self.search(search, self.template(template))

    def positions(self):
        """n, the positions along a side of the score map."""
        return positions(self.settings)


class Branch(nn.Module):
    """One branch of a network as a module: its method `name`, "template" or "search"."""

    def __init__(self, net, name):
        super().__init__()
        self.net, self.name = net, name

    def forward(self, *inputs):
        return getattr(self.net, self.name)(*inputs)


def foreground(r_2m):
    """z of eq. (11), (B, m, n, n): foreground minus background score of R_2m (B, 2m, n, n)."""
    background, target = r_2m.chunk(2, dim=1)
    return target - background


@contextmanager
def eval_mode(net):
    """The net in eval mode for a `with` block, and afterwards in the mode it was in."""
    was_training = net.training
    try:
        yield net.eval()
    finally:
        net.train(was_training)


def blank(net):
    """(template, search) crops of zeros of the sizes that the net takes, (1, planes, S, S) each."""
    s, like = net.settings, next(net.parameters())
    return tuple(like.new_zeros(1, s.planes, size, size) for size in (s.template_size, s.search_size))


def stages(net, template, search):
    """Rows (name, template map, search map) of every stage for two crops (B, inputs, S, S), in the order of computation.

    Names: crop, conv1 ... conv5, p(conv3) ... p(conv5), concat, F'; one gamma for each kernel of the head, with the kernel
    itself as the template's map; R_2m and, with region selection, R_4m, which have no template's map (None).
    """
    pair = template, search
    rows = [("crop", *pair)]
    for name, stage in net.backbone.named_children():
        pair = [stage(maps) for maps in pair]
        rows.append((name, *pair))
    shallow = [[row[branch] for row in rows[-3:]] for branch in (1, 2)]
    rows += zip(("p(conv3)", "p(conv4)", "p(conv5)"), *map(net.fusion.pool, shallow), strict=True)
    rows.append(("concat", *map(net.fusion.stack, shallow)))
    fused = [net.fusion(maps) for maps in shallow]
    rows.append(("F'", *fused))
    kernels = net.region.template(fused[0])
    # two gammas in the up-channel head, one in the depthwise one, none in a score map
    gammas = [(name[:-2], gamma) for name, gamma in net.region.named_children() if name.endswith("_y")]
    rows += [(name, kernel, gamma(fused[1])) for (name, gamma), kernel in zip(gammas, kernels)]
    results = zip(("R_2m", "R_4m"), net.region.search(fused[1], kernels))
    return rows + [(name, None, result) for name, result in results if result is not None]


@torch.no_grad()
def shapes(net):
    """Rows (name, template shape, search shape) of `stages` for the net's own crop sizes; (C, H, W), or None."""
    with eval_mode(net):
        rows = stages(net, *blank(net))
    return [(name, *(maps if maps is None else tuple(maps.shape[1:]) for maps in pair)) for name, *pair in rows]
