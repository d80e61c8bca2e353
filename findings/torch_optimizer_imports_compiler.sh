#!/bin/bash
# Making a torch.optim.SGD imports torch's compiler, several hundred modules, though nothing is compiled.
#
# Guess that was wrong: a plain optimizer costs next to nothing, and a program that never calls torch.compile never loads it.
# The constructor of every optimizer goes through a wrapper that keeps the compiler out of it, and the wrapper imports
# torch._dynamo to do so, at the first call. It takes longer than `import torch` itself, in every process that trains, however
# short the training: it is felt in tests, in notebooks and in workers.
# What to do: where start-up counts, call the function that does the step, torch.optim.sgd.sgd, and keep the momentum
# buffers; the results are the same to the bit.
. "$(dirname "$0")/common.sh"
setup torch==2.13.0 numpy==2.4.6
run <<'PYTHON'
import sys
import time

import torch
from finding import expect, versions
from torch.optim.sgd import sgd

versions("torch")
weight = torch.zeros(3, requires_grad=True)
weight.sum().backward()
expect("the compiler is imported by `import torch`", "torch._dynamo" in sys.modules, False)
how = dict(weight_decay=0.0, momentum=0.9, lr=0.1, dampening=0.0, nesterov=False, maximize=False)
with torch.no_grad():
    sgd([weight], [weight.grad], [None], **how)
expect("by a step of torch.optim.sgd.sgd", "torch._dynamo" in sys.modules, False)
before, begin = len(sys.modules), time.process_time()
torch.optim.SGD([weight], lr=0.1)
print(f"  torch.optim.SGD took {time.process_time() - begin:.1f} s of processor time")
expect("by torch.optim.SGD", "torch._dynamo" in sys.modules, True)
expect("more than 300 modules came with it", len(sys.modules) - before > 300, True)
PYTHON
