"""Eq. (12): the steps of torch.optim.SGD, without its imports."""

import subprocess
import sys

import pytest
import torch

from irtrack_core.training.sgd import SGD

TRAIN = """
import sys
from irtrack_core.config import TrainingSettings, network_preset
from irtrack_core.datasets import in_memory, load
from irtrack_core.training.loop import new_net, train
from irtrack_core.training.sampling import PairSampler

settings = network_preset("compact", width=0.125)
net = new_net(settings)
sequences = [in_memory(one) for one in load("sim-aircraft", frames=3, sequences=1)]
train(net, PairSampler(sequences, settings, net.positions()), TrainingSettings(iterations=2, batch=2), progress=False)
print("torch._dynamo" in sys.modules)
"""


@pytest.mark.parametrize("momentum, weight_decay", [(0.0, 0.0), (0.9, 0.0), (0.9, 5e-4)])
def test_the_steps_are_torchs_own(momentum, weight_decay):
    nets = []
    for _ in range(2):
        torch.manual_seed(0)
        nets.append(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)))
    mine = SGD(nets[0].parameters(), momentum=momentum, weight_decay=weight_decay)
    theirs = torch.optim.SGD(nets[1].parameters(), lr=1, momentum=momentum, weight_decay=weight_decay)
    for step in range(6):
        rate, x = 0.1 / (1 + step), torch.randn(5, 3)
        theirs.param_groups[0]["lr"] = rate
        for net, optimizer in zip(nets, (mine, theirs)):
            optimizer.zero_grad()
            net(x).square().sum().backward()
        mine.step(rate)
        theirs.step()
        for a, b in zip(nets[0].parameters(), nets[1].parameters()):
            assert torch.equal(a, b)


def test_parameters_without_a_gradient_stay():
    used, unused = (torch.ones(2, requires_grad=True) for _ in range(2))
    optimizer = SGD([used, unused], momentum=0.9, weight_decay=0.1)
    used.sum().backward()
    optimizer.step(0.5)
    assert unused.tolist() == [1, 1] and used.tolist() != [1, 1] and unused not in optimizer.momenta


def test_training_does_not_import_torchs_compiler():
    done = subprocess.run([sys.executable, "-c", TRAIN], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "False"
