"""What a network costs and how far it sees: receptive field, stride, position of the first cell, multiplications.

All of it is computed from the live modules, so that it stays true when a preset changes.
"""

from dataclasses import dataclass, replace
from itertools import takewhile

import torch
from torch import nn

from irtrack_core.network.siamese_net import DepthwiseSelection

__all__ = ["Reach", "macs", "positions_by_hand", "reach", "search_macs"]


@dataclass(frozen=True)
class Reach:
    """How one cell of a feature map looks at the crop, in crop pixels."""

    field: int  # receptive field: side of the square that one cell sees
    stride: int  # distance of the squares of neighbouring cells
    first: float  # centre of the first cell's square, from the crop's edge

    def through(self, kernel, stride=1):
        """After one more unpadded layer of this kernel and stride.

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
    # pools of stride 1 reach, from conv3 and conv4, as far as the convolutions they stand beside
    fused = now.through(net.fusion.conv.kernel_size[0])
    found["F'"] = fused
    found["R"] = _selection(net, fused)
    if isinstance(
        net.region, DepthwiseSelection
    ):  # its towers begin with a padded 3x3 convolution: a cell more each way
        found["R"] = replace(found["R"], field=found["R"].field + 2 * fused.stride)
    return found


def _selection(net, fused):
    """Reach of one correlation: a convolution of kernel 3 (none for a score map alone), then a template's width of cells."""
    s, kernel = net.settings, 3 if net.settings.region else 1
    cells = (s.template_size - fused.field) // fused.stride + 1 - (kernel - 1)
    return fused.through(kernel).through(cells)


def positions_by_hand(net):
    """n of the score map, from the sizes alone: `SiameseNet.positions` finds the same by running the network."""
    s, score = net.settings, _selection(net, reach(net)["F'"])
    return (s.search_size - score.field) // score.stride + 1


@torch.no_grad()
def macs(net, template, search):
    """{part: multiply-accumulates} of one forward pass, counted in every convolution as it runs; keys of `search_macs`
    and those of the template's branch, "template: ...". template, search: crops (1, inputs, S, S)."""
    counts, branch, hooks = {}, ["template: "], []

    def count(name):
        def hook(layer, inputs, output):
            each = layer.weight[0].numel()  # multiplications for one output number
            key = branch[0] + name
            counts[key] = counts.get(key, 0) + each * output.numel()

        return hook

    for name, layer in net.named_modules():
        if isinstance(layer, nn.Conv2d):
            # a layer of a stage or a tower counts for that: backbone.conv1.0 -> conv1, region.classify.3 -> region.classify
            part = ".".join(takewhile(lambda word: not word.isdigit(), name.split(".")))
            hooks.append(layer.register_forward_hook(count(part.removeprefix("backbone."))))
    was_training = net.training
    try:
        kernels = net.eval().template(template)
        branch[0] = ""
        results = net.search(search, kernels)
    finally:
        net.train(was_training)
        for hook in hooks:
            hook.remove()
    score_map = results[0].shape[-2] * results[0].shape[-1]
    counts["correlation"] = sum(kernel.shape[1:].numel() for kernel in kernels) * score_map
    return counts


def search_macs(net):
    """{part: multiply-accumulates} for one new frame: the search branch and the correlations. The template's branch runs
    once a target and is left out. The sum, over 1e6, is the budget in MMAC."""
    s = net.settings
    crops = [torch.zeros(1, len(s.inputs), size, size) for size in (s.template_size, s.search_size)]
    crops = [crop.to(next(net.parameters())) for crop in crops]
    return {name: value for name, value in macs(net, *crops).items() if not name.startswith("template: ")}


def _kernel_stride(layer):
    def one(value):
        return value if isinstance(value, int) else value[0]

    if one(layer.padding) or one(layer.dilation) != 1:
        raise ValueError(f"{layer} is padded or dilated: its receptive field is not counted here")
    return one(layer.kernel_size), one(layer.stride)
