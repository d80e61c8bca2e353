import math

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.nn import functional as F

from irtrack_core.losses import logistic_loss, regression_loss


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


def test_large_scores_do_not_overflow():
    assert logistic_loss(torch.tensor([-1e4]), torch.tensor([1])).item() == pytest.approx(1e4)


def test_gradients():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    q = torch.tensor([[1, -1, 0], [-1, 1, 1]])
    assert torch.autograd.gradcheck(lambda z: logistic_loss(z, q, base="10"), z)
    assert torch.autograd.gradcheck(lambda z: logistic_loss(z, q, balanced=True), z)
    deltas = torch.randn(1, 4, 1, 2, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    positive = torch.tensor([[[[True, False], [True, True]]]])
    assert torch.autograd.gradcheck(lambda d: regression_loss(d, torch.zeros_like(d), positive), deltas)


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
