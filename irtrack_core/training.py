"""Training, eq. (12): a plain loop of stochastic gradient descent, with checkpoints and exact resume."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from irtrack_core.config import NetworkSettings, TrainingSettings
from irtrack_core.losses import logistic_loss, regression_loss
from irtrack_core.network import SiameseNet, foreground
from irtrack_core.weights import read_tensors, write_tensors

__all__ = ["new_net", "learning_rates", "device", "step", "train"]


def device(name=None):
    """The device to compute on: `name` if given, else cuda or mps where there is one, else cpu."""
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return torch.device(name)


def new_net(settings: NetworkSettings, seed=0):
    """A SiameseNet with weights drawn from `seed` alone; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SiameseNet(settings)


def learning_rates(settings: TrainingSettings):
    """(iterations,) rates, log-spaced from lr_first to lr_last."""
    return np.geomspace(settings.lr_first, settings.lr_last, settings.iterations)


class _Batches(Dataset):
    """Batch k of a PairSampler, for DataLoader workers: the answer does not depend on who computes it."""

    def __init__(self, sampler, size, first, last):
        self.sampler, self.size, self.first, self.last = sampler, size, first, last

    def __len__(self):
        return self.last - self.first

    def __getitem__(self, index):
        return [torch.from_numpy(np.ascontiguousarray(a)) for a in self.sampler.batch(self.first + index, self.size)]


def step(net, batch, settings: TrainingSettings):
    """The two losses of one batch: eq. (11), and the smooth-L1 of the regression branch. No gradient step is taken.

    A net without region selection has no boxes to learn: its second loss is 0. What a batch holds after template, search,
    labels and offsets is given to the net too.
    """
    template, search, q, target, *more = batch
    r_2m, r_4m = net(template, search, *more)
    classification = logistic_loss(foreground(r_2m), q, base=settings.loss_base, balanced=settings.balanced)
    if r_4m is None:
        return classification, torch.zeros_like(classification)
    deltas = r_4m.unflatten(1, (4, -1))  # (B, 4, m, n, n)
    return classification, regression_loss(deltas, target, q == 1, beta=settings.regression_beta)


def freeze_statistics(net):
    """Let every batch norm use its stored statistics, as a tracker does; its scale and shift still learn."""
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()


def train(net, sampler, settings, *, checkpoint=None, workers=0, device_name=None, progress=True, stop_after=None):
    """Train `net` in place on pairs from `sampler`; returns the history, one row an iteration.

    settings: TrainingSettings. checkpoint: a path that is written every `checkpoint_every` iterations, and resumed from
    when it exists; after an interruption the rest runs as if nothing had happened, to the same bits on one machine.
    workers: processes that prepare batches. stop_after: stop (with a checkpoint) after this many iterations in all.
    Columns of the history: iteration, lr, loss, classification, regression.
    Raises ValueError when the checkpoint was made with other settings, FloatingPointError when the loss is not finite.
    """
    where = device(device_name)
    net.to(where, memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(
        net.parameters(), lr=settings.lr_first, momentum=settings.momentum, weight_decay=settings.weight_decay
    )
    rates, history = learning_rates(settings), []
    if checkpoint is not None and Path(checkpoint).is_file():
        history = _resume(checkpoint, net, optimizer, settings)
    first = len(history)
    last = max(first, min(settings.iterations, stop_after or settings.iterations))
    loader = DataLoader(
        _Batches(sampler, settings.batch, first, last), batch_size=None, num_workers=workers, worker_init_fn=_one_thread
    )
    bar = tqdm(loader, total=last, initial=first, desc="training", disable=not progress, mininterval=1.0)
    for index, batch in enumerate(bar, start=first):
        for group in optimizer.param_groups:
            group["lr"] = rates[index]
        if index >= settings.freeze * settings.iterations:
            freeze_statistics(net)
        batch = [part.to(where, non_blocking=True) for part in batch]
        classification, regression = step(net, batch, settings)
        loss = classification + settings.regression_weight * regression
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss.item()} at iteration {index}: lower lr_first or clip")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), settings.clip)
        optimizer.step()
        history.append([float(rates[index]), loss.item(), classification.item(), regression.item()])
        if progress and index % 10 == 0:
            bar.set_postfix(loss=f"{loss.item():.3f}")
        if checkpoint is not None and ((index + 1) % settings.checkpoint_every == 0 or index + 1 == last):
            _save(checkpoint, net, optimizer, settings, history)
    net.eval()
    table = pd.DataFrame(history, columns=["lr", "loss", "classification", "regression"])
    table.insert(0, "iteration", np.arange(len(table)))
    return table


def _one_thread(_):
    # threads of two workers on two cores only get in each other's way
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _save(path, net, optimizer, settings, history):
    tensors = {f"net.{name}": tensor for name, tensor in net.state_dict().items()}
    for name, parameter in net.named_parameters():
        buffer = optimizer.state[parameter].get("momentum_buffer")
        if buffer is not None:
            tensors[f"momentum.{name}"] = buffer
    metadata = {"network": net.settings.model_dump(mode="json"), "training": settings.model_dump(mode="json")}
    write_tensors(path, tensors, metadata | {"history": history})


def _resume(path, net, optimizer, settings):
    tensors, metadata = read_tensors(path)
    for key, mine in (("network", net.settings), ("training", settings)):
        theirs, mine = metadata.get(key, {}), mine.model_dump(mode="json")
        differ = sorted(name for name in mine if theirs.get(name) != mine[name])
        if differ:
            raise ValueError(
                f"the checkpoint {path} was made with other {key} settings ({', '.join(differ)}): "
                "use the same settings, or another checkpoint path to start afresh"
            )
    net.load_state_dict({name[4:]: tensor for name, tensor in tensors.items() if name.startswith("net.")})
    for name, parameter in net.named_parameters():
        if f"momentum.{name}" in tensors:
            optimizer.state[parameter]["momentum_buffer"] = tensors[f"momentum.{name}"].to(parameter.device)
    return metadata["history"]
