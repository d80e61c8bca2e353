"""What a network costs: its learned numbers, the multiply-accumulates of its two branches, and the time of a frame."""

from time import process_time

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from irtrack_core.config import PyramidSettings, TrackerSettings
from irtrack_core.experiments.compared.kcf import WeightedKCF
from irtrack_core.experiments.compared.nets import HISTORY
from irtrack_core.experiments.compared.notes import BARE, BARE_REGION
from irtrack_core.experiments.compared.tracker import ComparedTracker
from irtrack_core.experiments.compared.train_methods import network_settings, new_network
from irtrack_core.network.siamese_net import SiameseNet, blank, eval_mode
from irtrack_core.trackers.siamese import SiameseTracker


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


def untrained(name, width=1.0):
    """The tracker of a compared or cited method with weights drawn at random: as slow as a trained one."""
    if name.startswith("ref12"):
        return WeightedKCF(filtered=name.endswith("-filtered"))
    net = new_network(network_settings(name, width)).eval()
    if isinstance(net, SiameseNet):
        return SiameseTracker(net, settings=TrackerSettings(**BARE_REGION), name=name)
    return ComparedTracker(net, settings=PyramidSettings(**BARE), name=name)


def milliseconds(tracker, sequence, warmup=2):
    """Processor time of an update, ms: mean over the sequence without the first `warmup` frames. See `experiments.speed`."""
    tracker.init(sequence.frames[0], sequence.boxes[0])
    for number in range(1, 1 + warmup):
        tracker.update(sequence.frames[number])
    begin = process_time()
    for number in range(1 + warmup, len(sequence)):
        tracker.update(sequence.frames[number])
    return 1e3 * (process_time() - begin) / (len(sequence) - 1 - warmup)
