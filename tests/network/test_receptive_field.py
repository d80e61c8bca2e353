import re

import pytest
import torch

from irtrack_core.config import network_preset
from irtrack_core.network import receptive_field
from irtrack_core.network.receptive_field import Reach
from irtrack_core.training.loop import new_net

PRESETS = ("paper", "compact")


def crops(settings, generator=None):
    return [
        torch.randn(1, len(settings.inputs), size, size, generator=generator)
        for size in (settings.template_size, settings.search_size)
    ]


def test_the_budget_of_compact():
    """One new frame of the shipped design costs at most 45 million multiplications: above 1000 frames a second on a core."""
    assert sum(receptive_field.search_macs(new_net(network_preset("compact"))).values()) <= 45e6


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("head", ["up-channel", "depthwise", "score map"])
def test_every_multiplication_has_a_part(preset, head):
    """Convolution by convolution, by hand: a filter's weights, once for every number of the layer's output."""
    net = new_net(network_preset(preset, width=0.125, **({"region": False} if head == "score map" else {"head": head})))
    template, search = crops(net.settings)
    parts, by_hand = receptive_field.search_macs(net), {}

    def count(part, layer, output):
        by_hand[part] = by_hand.get(part, 0) + layer.weight[0].numel() * output.numel()

    with torch.no_grad():
        kernels = net.eval().template(template)
        for name, layer in net.named_modules():
            if isinstance(layer, torch.nn.Conv2d):
                part = re.sub(r"\.\d+$", "", name).removeprefix("backbone.")
                layer.register_forward_hook(lambda layer, _, output, part=part: count(part, layer, output))
        scores = net.search(search, kernels)[0]
    by_hand["correlation"] = sum(kernel[0].numel() for kernel in kernels) * scores.shape[-1] ** 2
    assert list(parts.items()) == list(by_hand.items())


def test_counting_leaves_the_net_in_its_mode():
    net = new_net(network_preset("compact", width=0.125)).train()
    receptive_field.search_macs(net)
    assert net.training
    receptive_field.search_macs(net.eval())
    assert not net.training


def sight(net, level):
    """(first, last) column of the search crop that a middle cell of a level depends on, found by gradients."""
    generator = torch.Generator().manual_seed(0)
    touched, s = 0, net.settings
    with torch.no_grad():
        for parameter in net.parameters():  # positive weights: no part of the field can cancel
            parameter.abs_()
    for _ in range(6):  # a maximum passes the gradient to one cell only: several crops show them all
        template, search = (crop.abs() for crop in crops(s, generator))
        search.requires_grad_()
        if level == "R":
            output = net(template, search)[0]
        else:
            output = net.backbone(search)[2] if level == "conv5" else net.features(search)
        row, column = output.shape[-2] // 2, output.shape[-1] // 2
        output[0, :, row, column].sum().backward()
        touched = touched + search.grad.abs().sum(dim=(0, 1, 2))
    columns = torch.nonzero(touched).ravel().tolist()
    return column, columns[0], columns[-1]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("head", ["up-channel", "depthwise"])
@pytest.mark.parametrize("level", ["conv5", "F'", "R"])
def test_reach_is_what_gradients_show(preset, level, head):
    net = new_net(network_preset(preset, width=0.0625, head=head)).eval()
    reach = receptive_field.reach(net)[level]
    cell, first, last = sight(net, level)
    middle = reach.first + cell * reach.stride
    assert (first, last + 1) == (middle - reach.field / 2, middle + reach.field / 2)


def test_reach_of_the_paper():
    reach = receptive_field.reach(new_net(network_preset("paper", width=0.0625)))
    assert reach["conv5"] == Reach(field=87, stride=8, first=43.5)  # AlexNet as Siamese trackers use it
    assert reach["R"].field == 127  # one score compares one template's size


def test_padding_is_refused():
    net = new_net(network_preset("compact", width=0.1))
    net.backbone.conv3[0].padding = (1, 1)
    with pytest.raises(ValueError, match="padded"):
        receptive_field.reach(net)
