import functools
import itertools
import math

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.nn import functional as F

from irtrack_core.config import network_preset
from irtrack_core.network.losses import logistic_loss, regression_loss
from irtrack_core.network.siamese_net import foreground
from irtrack_core.training.loop import new_net


def test_equation_11_by_hand():
    z, q = torch.tensor([2.0, -1.0]), torch.tensor([1, -1])
    expected = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))) / 2
    assert logistic_loss(z, q).item() == pytest.approx(expected, rel=1e-6)
    assert logistic_loss(z, q, base="10").item() == pytest.approx(expected / math.log(10), rel=1e-6)


@given(st.integers(0, 2**31))
@example(612907)  # a score above 20, where softplus is linear by default
def test_equals_the_softmax_of_two_classes(seed):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(3, 2, 5, 5, generator=generator, dtype=torch.float64) * 4
    q = torch.randint(0, 2, (3, 5, 5), generator=generator) * 2 - 1
    expected = F.cross_entropy(scores, (q > 0).long())  # class 1: foreground
    assert logistic_loss(scores[:, 1] - scores[:, 0], q).item() == pytest.approx(expected.item(), rel=1e-12)


def test_positions_labelled_0_do_not_count():
    z, q = torch.tensor([3.0, 100.0, -1.0]), torch.tensor([1, 0, 1])
    assert logistic_loss(z, q) == logistic_loss(z[[0, 2]], q[[0, 2]])
    assert logistic_loss(z, torch.zeros(3)) == 0


def test_balanced_is_the_mean_of_the_classes_means():
    z, q = torch.tensor([1.0, -2.0, 0.5, 0.1]), torch.tensor([1, -1, -1, -1])
    expected = (logistic_loss(z[:1], q[:1]) + logistic_loss(z[1:], q[1:])) / 2
    assert logistic_loss(z, q, balanced=True) == pytest.approx(expected.item())
    assert logistic_loss(z[1:], q[1:], balanced=True) == logistic_loss(z[1:], q[1:])


@pytest.mark.parametrize("balanced", [True, False])
def test_without_the_factor_in_front_it_is_a_sum(balanced):
    generator = torch.Generator().manual_seed(0)
    z, q = torch.randn(50, generator=generator), torch.randint(-1, 2, (50,), generator=generator)
    mean = logistic_loss(z, q, balanced=balanced)
    assert logistic_loss(z, q, balanced=balanced, mean=False).item() == pytest.approx(
        mean.item() * (q != 0).sum().item()
    )
    twice = logistic_loss(torch.cat([z, z]), torch.cat([q, q]), balanced=balanced)
    assert twice.item() == pytest.approx(mean.item())  # 1/F': a larger map or batch leaves the gradient's size


def test_large_scores_do_not_overflow():
    assert logistic_loss(torch.tensor([-1e4]), torch.tensor([1])).item() == pytest.approx(1e4)


def test_gradients():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    q = torch.tensor([[1, -1, 0], [-1, 1, 1]])
    for base, balanced, mean in itertools.product(("e", "10"), (False, True), (False, True)):
        options = dict(base=base, balanced=balanced, mean=mean)
        assert torch.autograd.gradcheck(functools.partial(logistic_loss, q=q, **options), z)
    # by hand: dL/dz = -q / (1 + exp(q z)) / |D|
    logistic_loss(z, q).backward()
    torch.testing.assert_close(z.grad, -q / (1 + torch.exp(q * z.detach())) / 5)
    deltas = torch.randn(1, 4, 1, 2, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    positive = torch.tensor([[[[True, False], [True, True]]]])
    for beta in (0.1, 1.0):
        options = dict(target=torch.zeros_like(deltas), positive=positive, beta=beta)
        assert torch.autograd.gradcheck(functools.partial(regression_loss, **options), deltas)


def test_gradients_of_the_network():
    """The whole net in double precision: from both losses back through correlation, fusion and backbone to the crops."""
    net = new_net(network_preset("compact", width=0.05)).double().eval()
    s, generator = net.settings, torch.Generator().manual_seed(1)
    crops = [
        torch.randn(1, len(s.inputs), size, size, generator=generator, dtype=torch.float64, requires_grad=True)
        for size in (s.template_size, s.search_size)
    ]
    n = net.positions()
    q = torch.randint(-1, 2, (1, s.m, n, n), generator=generator)
    target = torch.randn(1, 4, s.m, n, n, generator=generator, dtype=torch.float64)

    def loss(template, search):
        r_2m, r_4m = net(template, search)
        return logistic_loss(foreground(r_2m), q) + regression_loss(r_4m.unflatten(1, (4, -1)), target, q == 1)

    assert torch.autograd.gradcheck(loss, crops, fast_mode=True)


def test_regression_counts_positives_only():
    deltas, target = torch.zeros(1, 4, 1, 2, 2), torch.zeros(1, 4, 1, 2, 2)
    target[0, :, 0, 0, 0] = 2.0  # linear part: |2| - 0.5 each
    target[0, :, 0, 1, 1] = 99.0
    positive = torch.zeros(1, 1, 2, 2, dtype=torch.bool)
    assert regression_loss(deltas, target, positive) == 0
    positive[0, 0, 0, 0] = True
    assert regression_loss(deltas, target, positive).item() == pytest.approx(4 * 1.5)


def test_bad_arguments():
    with pytest.raises(ValueError, match="base"):
        logistic_loss(torch.zeros(2), torch.ones(2), base="2")
    with pytest.raises(ValueError, match="one shape"):
        logistic_loss(torch.zeros(2), torch.ones(3))
