"""What a network costs: its learned numbers, and the multiply-accumulates of its two branches."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from irtrack_core.experiments.compared.nets import HISTORY
from irtrack_core.network.siamese_net import blank, eval_mode


def parameters(net):
    """Number of learned numbers."""
    return sum(p.numel() for p in net.parameters())


@torch.no_grad()
def macs(net):
    """(template, search): multiply-accumulates of one template crop and of one search crop, the correlation included.

    net: one of these, or a SiameseNet.
    """
    template, search = blank(net)
    counters = [FlopCounterMode(display=False) for _ in range(2)]
    with eval_mode(net):
        with counters[0]:
            kept = net.template(template)
        with counters[1]:
            net.search(search, kept)
    once, each = (counter.get_total_flops() // 2 for counter in counters)
    # the counter does not see into an LSTM: four gates, each a product with the input and one with the memory
    cells = [m for m in net.modules() if isinstance(m, nn.LSTM)]
    recurrent = sum(4 * HISTORY * m.hidden_size * (m.input_size + m.hidden_size) for m in cells)
    return once, each + recurrent
