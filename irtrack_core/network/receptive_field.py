"""How far a network sees and what it costs: receptive field, stride, centre of the first cell; multiply-accumulates.

All of it is computed from the live modules, so that it stays true when a preset changes.
"""

from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from irtrack_core.network import layers
from irtrack_core.network.siamese_net import Branch, DepthwiseSelection, blank, eval_mode


@dataclass(frozen=True)
class Reach:
    """Which part of the crop one cell of a feature map depends on, in crop pixels."""

    field: int  # receptive field: side of the square that one cell sees
    stride: int  # distance of the squares of neighbouring cells
    first: float  # centre of the first cell's square, from the crop's edge

    def through(self, kernel, stride=1):
        """The Reach after one more unpadded layer of this kernel and stride.

        >>> Reach(1, 1, 0.5).through(3, 2).through(3)
        Reach(field=7, stride=2, first=3.5)
        """
        grown = (kernel - 1) * self.stride
        return Reach(self.field + grown, self.stride * stride, self.first + grown / 2)


def reach(net):
    """{"conv1": Reach, ..., "conv5", "F'", "R"} of a SiameseNet: backbone, fused map, and one score with its template.

    "R" is the part of the search crop that one score depends on: a template's width of fused cells, and the 3x3
    convolutions around it. Raises ValueError for a padded or dilated layer, for which the sums here would be wrong.
    """
    now, found = Reach(1, 1, 0.5), {}
    for name, stage in net.backbone.named_children():
        for layer in stage:
            if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
                now = now.through(*_kernel_stride(layer))
        found[name] = now
    # from conv3 and conv4 the pools of stride 1 reach as far as the convolutions in parallel to them
    fused = found["F'"] = now.through(net.fusion.conv.kernel_size[0])
    kernel = 3 if net.settings.region else 1  # of the convolutions before the correlation; a score map has none
    score = fused.through(kernel).through(layers.cells(net.settings.template_size, net.settings) - kernel + 1)
    if isinstance(
        net.region, DepthwiseSelection
    ):  # its towers begin with a padded 3x3 convolution: a cell on every side
        score = replace(score, field=score.field + 2 * score.stride)
    return found | {"R": score}


def _kernel_stride(layer):
    def one(value):
        return value if isinstance(value, int) else value[0]

    if one(layer.padding) or one(layer.dilation) != 1:
        raise ValueError(f"{layer} is padded or dilated: its receptive field is not counted here")
    return one(layer.kernel_size), one(layer.stride)


@torch.no_grad()
def search_macs(net):
    """{part: multiply-accumulates} for one new frame: the layers of the search branch, and "correlation".

    The template's branch runs once a target and is left out. The sum, over 1e6, is the cost in MMAC.
    """
    with eval_mode(net):
        template, search = blank(net)
        kernels = net.template(template)
        with FlopCounterMode(display=False) as counter:
            Branch(net, "search")(search, kernels)
    counts = {name: sum(each.values()) // 2 for name, each in counter.get_flop_counts().items()}  # 2 flops a product
    # "Branch.net.backbone.conv1" and the like: the network's parts, neither what holds them nor what is in them
    parts = {name.split(".", 2)[2]: count for name, count in counts.items() if name.count(".") == 3}
    parts = {name.removeprefix("backbone."): count for name, count in parts.items()}
    return parts | {"correlation": counts["Global"] - sum(parts.values())}
