r"""Region selection without anchors, after SiamFC++: four distances, a class score and a quality score at every position.

Y. Xu, Z. Wang, Z. Li, Y. Yuan, G. Yu, "SiamFC++: Towards robust and accurate visual tracking with target estimation
guidelines", AAAI 2020, reference [14] of the paper. A reconstruction from that text in the frame of SiameseNet, not the
authors' code: `experiments.compared.notes` lists what differs.
"""

import torch
from torch import nn
from torch.nn import functional as F

CONVOLUTIONS = 3  # of each branch after the correlation
ALPHA, GAMMA = 0.25, 2.0  # of the focal loss
LEAST = 1e-6  # an overlap of 0 has no logarithm


def depthwise_correlation(search, kernel):
    """Each channel of search (B, C, H, W) correlated with its kernel (B, C, h, w): (B, C, H-h+1, W-w+1)."""
    batch, channels = kernel.shape[:2]
    if batch == 1:  # no size is written into an exported graph, which so takes crops of any
        return F.conv2d(search, kernel.transpose(0, 1), groups=channels)
    maps = F.conv2d(
        search.reshape(1, batch * channels, *search.shape[-2:]),
        kernel.reshape(batch * channels, 1, *kernel.shape[-2:]),
        groups=batch * channels,
    )
    return maps.reshape(batch, channels, *maps.shape[-2:])


class DistanceSelection(nn.Module):
    r"""The head "fcpp": correlation channel by channel, once to classify and once to measure, three convolutions after each.

    The class branch gives the logits c of target and q of quality, the other one :math:`d = e^{a y + b}`: the distances of
    the box's left, top, right and lower side from the position, in sides of `anchor_size`. The score of a position is
    :math:`p = \sigma(c)\,\sigma(q)`.
    """

    def __init__(self, channels):
        super().__init__()
        self.gamma1_x, self.gamma1_y, self.gamma2_x, self.gamma2_y = (
            nn.Conv2d(channels, channels, 3) for _ in range(4)
        )
        self.bn1, self.bn2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.classify, self.measure = self._tower(channels, 2), self._tower(channels, 4)
        self.a, self.b = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))

    @staticmethod
    def _tower(channels, out):
        layers = []
        for _ in range(CONVOLUTIONS):
            layers += [nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)]
            layers.append(nn.ReLU(inplace=True))
        return nn.Sequential(*layers, nn.Conv2d(channels, out, 1))

    def template(self, feature):
        """The kernels of both branches, (B, C, h-2, w-2) each."""
        return self.gamma1_x(feature), self.gamma2_x(feature)

    def answers(self, feature, kernels):
        """(c, q, d): logits of target and quality (B, 1, n, n), distances l, t, r, b (B, 4, n, n) > 0."""
        logits = self.classify(self.bn1(depthwise_correlation(self.gamma1_y(feature), kernels[0])))
        measured = self.measure(self.bn2(depthwise_correlation(self.gamma2_y(feature), kernels[1])))
        return logits[:, :1], logits[:, 1:], torch.exp((self.a * measured + self.b).clamp(-8, 8))

    def search(self, feature, kernels):
        """R_2 (B, 2, n, n), of which `foreground` makes the logit of p, and R_4 (B, 4, n, n): the distances as dx, dy, dw,
        dh of eq. (10) from a square anchor of side 1."""
        c, q, d = self.answers(feature, kernels)
        z = -torch.logsumexp(torch.cat([-c, -q, -c - q], dim=1), dim=1, keepdim=True)  # ln(p / (1 - p))
        return torch.cat([torch.zeros_like(z), z], dim=1), to_deltas(d)


def to_deltas(distances):
    """(dx, dy, dw, dh) (B, 4, ...) of boxes given by distances (B, 4, ...) from the middle of a square anchor of side 1."""
    near, far = distances.split(2, dim=1)
    return torch.cat([(far - near) / 2, torch.log(near + far)], dim=1)


def to_distances(deltas):
    """Inverse of `to_deltas`; a distance is negative where the box does not hold the position."""
    shift, half = deltas[:, :2], torch.exp(deltas[:, 2:]) / 2
    return torch.cat([half - shift, half + shift], dim=1)


def overlap(distances, target):
    """IoU (B, ...) of boxes given by distances (B, 4, ...) from the same positions."""
    sides = [d[:, :2] + d[:, 2:] for d in (distances, target)]
    shared = torch.minimum(distances, target)
    shared = (shared[:, :2] + shared[:, 2:]).clamp(min=0).prod(dim=1)
    return shared / (sides[0].prod(dim=1) + sides[1].prod(dim=1) - shared)


def quality(target):
    """How central the position lies in its true box, (B, ...), from 1 in the middle to 0 at the sides and beyond:
    the root of min(l, r) / max(l, r) x min(t, b) / max(t, b)."""
    near, far = target.split(2, dim=1)
    share = torch.minimum(near, far) / torch.maximum(near, far)
    return share.clamp(min=0).prod(dim=1).sqrt()


def distance_losses(c, q, distances, labels, deltas):
    r"""(classification, regression) of the head "fcpp", two scalars.

    classification: focal loss of c over all positions that are labelled, plus the cross-entropy of q with `quality` over the
    positive ones, both over the number of positives; regression: the mean of :math:`-\ln \mathrm{IoU}` over the positives.
    c, q (B, 1, n, n), distances (B, 4, n, n) of `answers`; labels (B, 1, n, n) of +1, -1, 0; deltas (B, 4, 1, n, n) of the
    true box.
    """
    positive, true = labels[:, 0] == 1, to_distances(deltas[:, :, 0])
    count = positive.sum().clamp(min=1)
    sign = labels.to(c.dtype)
    alpha = torch.where(labels == 1, ALPHA, 1 - ALPHA)
    focal = alpha * torch.sigmoid(-sign * c) ** GAMMA * F.softplus(-sign * c, threshold=40)
    focal = (focal * (labels != 0)).sum() / count
    if not positive.any():  # the log of an overlap with nothing has no gradient to speak of
        return focal + 0 * q.sum(), 0 * distances.sum()
    wanted = quality(true)[positive]
    central = F.binary_cross_entropy_with_logits(q[:, 0][positive], wanted, reduction="sum") / count
    return focal + central, -torch.log(overlap(distances, true)[positive].clamp(min=LEAST)).mean()
