"""Stochastic gradient descent with momentum and weight decay, eq. (12).

The steps are those of torch.optim.SGD, by the function it calls itself. The class imports torch's compiler when one of it
is made, which takes seconds in every process that trains and is of no use here.
"""

import torch
from torch.optim.sgd import sgd


class SGD:
    """Descends along the gradients of `parameters`; momentum and weight_decay as in torch.optim.SGD.

    momenta: {parameter: momentum buffer} of those that have moved.
    """

    def __init__(self, parameters, *, momentum=0.0, weight_decay=0.0):
        self.parameters, self.momentum, self.weight_decay = list(parameters), momentum, weight_decay
        self.momenta = {}

    def zero_grad(self):
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, rate):
        """Move every parameter that has a gradient, by the learning rate `rate`."""
        moved = [parameter for parameter in self.parameters if parameter.grad is not None]
        buffers = [self.momenta.get(parameter) for parameter in moved]
        gradients = [parameter.grad for parameter in moved]
        how = dict(weight_decay=self.weight_decay, momentum=self.momentum, lr=rate, dampening=0.0)
        sgd(moved, gradients, buffers, **how, nesterov=False, maximize=False)
        if self.momentum:
            self.momenta.update(zip(moved, buffers))
